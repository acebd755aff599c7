/* notify.c: callbacks, instead of waiting.
 *
 * Callbacks run in the order in which they were registered, each exactly once, on the thread that
 * delivers. One registered after delivery runs at once, on the thread that registers it.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <pthread.h>
#include "check.h"

/* What one callback has seen. */
struct seen {
    int order; /* 0: not called yet */
    int degrees;
    pthread_t thread;
};

static int calls;

/* Inside a callback the asynchron is complete, so asynchron_get does not block. The handle is
 * borrowed: to keep it longer, retain it. */
static void on_weather(asynchron_t *weather, void *ctx)
{
    struct seen *seen = ctx;
    asynchron_value_t value;

    CHECK(asynchron_get(weather, &value) == ASYNCHRON_OK);
    seen->order = ++calls;
    seen->degrees = *(const int *)value.data;
    seen->thread = pthread_self();
    printf("callback %d: %d degrees\n", seen->order, seen->degrees);
}

static void *weather_station(void *weather)
{
    const int degrees = 21;

    CHECK(asynchron_set_bytes(weather, &degrees, sizeof degrees) == ASYNCHRON_OK);
    return NULL; /* the callbacks have run by now */
}

int main(void)
{
    asynchron_t *weather = asynchron_create("weather");
    struct seen first = {0}, second = {0}, late = {0};
    pthread_t station;

    CHECK(weather != NULL);
    CHECK(asynchron_notify(weather, on_weather, &first) == ASYNCHRON_OK);
    CHECK(asynchron_notify(weather, on_weather, &second) == ASYNCHRON_OK);
    CHECK(calls == 0);

    CHECK(pthread_create(&station, NULL, weather_station, weather) == 0);
    CHECK(pthread_join(station, NULL) == 0); /* and so what it wrote is ours to read */
    CHECK(first.order == 1 && second.order == 2);
    CHECK(first.degrees == 21 && second.degrees == 21);
    CHECK(pthread_equal(first.thread, second.thread));
    CHECK(!pthread_equal(first.thread, pthread_self()));

    CHECK(asynchron_notify(weather, on_weather, &late) == ASYNCHRON_OK);
    CHECK(late.order == 3 && late.degrees == 21); /* has run before notify returned */
    CHECK(pthread_equal(late.thread, pthread_self()));

    asynchron_release(weather);
    return EXIT_SUCCESS;
}
