/* on_demand.c: a value that is computed when it is first asked for, once, and never if nobody asks.
 *
 * The settings of a program: costly to read, and needed by several threads or by none.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <pthread.h>
#include <string.h>
#include "check.h"

enum { THREADS = 4 };

/* Counts how often the settings are read. It needs no lock: the function runs once, and what it
 * does happens before every get that returns its value. */
static int reads;

static int32_t read_settings(asynchron_t *self, void *path)
{
    static const char text[] = "colour = blue";

    CHECK(strcmp(path, "settings.ini") == 0);
    reads++;
    (void)asynchron_set_bytes(self, text, sizeof text);
    return 0;
}

/* One of these threads runs read_settings; the others wait for it to finish. Which one it is, none
 * of them can tell. */
static void *use_settings(void *settings)
{
    asynchron_value_t value;

    CHECK(asynchron_get(settings, &value) == ASYNCHRON_OK);
    CHECK(strcmp(value.data, "colour = blue") == 0);
    CHECK(reads == 1);
    return NULL;
}

static asynchron_t *settings_create(void)
{
    asynchron_options_t options = {.size = sizeof options};
    asynchron_t *settings;

    options.name = "settings";
    options.on_demand = read_settings;
    options.on_demand_ctx = "settings.ini"; /* a constant: nothing to free, so no drop function */
    CHECK(asynchron_create_with(&options, &settings) == ASYNCHRON_OK);
    return settings;
}

int main(void)
{
    asynchron_t *settings = settings_create();
    asynchron_t *unused = settings_create();
    pthread_t threads[THREADS];

    /* A poll does not start it, nor does a timeout of 0. */
    CHECK(asynchron_poll(settings) == ASYNCHRON_PENDING);
    CHECK(asynchron_wait(settings, 0) == ASYNCHRON_TIMEOUT);
    CHECK(reads == 0);

    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, use_settings, settings) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%d threads, settings read %d time\n", THREADS, reads);

    asynchron_release(settings);
    asynchron_release(unused); /* nobody asked, so nothing was read */
    CHECK(reads == 1);
    return EXIT_SUCCESS;
}
