/* While there is no memory at all: delivering, cancelling, waiting and releasing go on, callbacks and what was
   registered before learn, and a report gives its items. "sleep" makes this thread sleep before that: where there are
   no futexes, its first sleep needs memory. */
#include "failing_malloc.h"
#include <asynchron.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 200
#define KINDS 9

static int called, joined;
static void count(asynchron_t *a, void *p)
{
    (void)p;
    if (asynchron_poll(a) != ASYNCHRON_PENDING)
        called++;
}
static int32_t count_join(asynchron_t *into, asynchron_t *const *sources, size_t n, void *p)
{
    (void)into, (void)sources, (void)n, (void)p;
    joined++;
    return 0;
}
static void drop(void *p) { ++*(int *)p; }
static int32_t nothing(asynchron_t *a, void *p) { (void)a, (void)p; return 0; }
static int32_t five(asynchron_t *a, void *p) { (void)a, (void)p; return 5; }

static void complete(asynchron_t *a, int kind, int *drops)
{
    static const char text[16] = "sixteen bytes..";
    asynchron_status_t status = ASYNCHRON_OK;
    switch (kind) {
    case 0: status = asynchron_set_bytes(a, text, sizeof text); break;
    case 1: status = asynchron_set_bytes(a, NULL, 0); break;
    case 2: status = asynchron_set_pointer(a, drops, drop); break;
    case 3: status = asynchron_set_buffer(a, text, sizeof text, drops, drop); break;
    case 4: status = asynchron_cancel(a); break;
    case 5: status = asynchron_cancel_with(a, NULL); break;
    case 6: status = asynchron_call(a, nothing, NULL); break;
    case 7: status = asynchron_call(a, five, NULL); break;
    default: return; /* nobody is left to deliver: the release completes it */
    }
    CHECK(status == ASYNCHRON_OK);
}

static void one_round(int kind)
{
    static asynchron_t *many[100];
    asynchron_t *a = asynchron_create(NULL), *after, *then;
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    asynchron_item_t item = { NULL, NULL };
    asynchron_error_t error;
    asynchron_value_t value;
    int drops = 0;
    char buffer[16];
    size_t index;

    for (int i = 0; i < 100; i++)
        many[i] = a;
    CHECK(asynchron_notify(a, count, NULL) == ASYNCHRON_OK);
    after = asynchron_after(&a, 1, NULL, count_join, NULL, NULL);
    then = asynchron_then(a, NULL, count_join, NULL, NULL);
    if (kind < 8)
        CHECK(asynchron_report_add(report, a, NULL) == ASYNCHRON_OK);
    called = joined = 0;

    allocations_left = 0;
    CHECK(asynchron_wait(a, 0) == ASYNCHRON_TIMEOUT && asynchron_wait(a, 1000) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_get_timeout(a, 1000, &value) == ASYNCHRON_TIMEOUT);
    /* This one asks for a block to be on the safe side of a host that leaves it by longjmp(), and does without. */
    CHECK(allocations_failed == 0);
    CHECK(asynchron_wait_any(many, 2, 1000, NULL) == ASYNCHRON_TIMEOUT);
    allocations_failed = 0;
    CHECK(asynchron_wait_all(many, 100, 1000) == ASYNCHRON_TIMEOUT);
    if (kind < 8)
        CHECK(asynchron_report_next(report, 1000, &item) == ASYNCHRON_TIMEOUT);
    complete(a, kind, &drops);
    if (kind < 8) {
        CHECK(asynchron_poll(a) != ASYNCHRON_PENDING);
        CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        CHECK(asynchron_get(a, &value) == asynchron_poll(a));
        CHECK(asynchron_get_bytes(a, buffer, sizeof buffer, NULL) == asynchron_poll(a));
        asynchron_error(a, &error);
        CHECK(asynchron_wait_any(many, 2, ASYNCHRON_FOREVER, &index) == ASYNCHRON_OK && index == 0);
        CHECK(asynchron_wait_all(many, 100, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        CHECK(asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK);
        CHECK(item.asynchron == a);
        asynchron_release(asynchron_retain(item.asynchron));
    }
    asynchron_release(a);
    asynchron_release(item.asynchron);
    asynchron_report_release(report);
    CHECK(called == 1);
    CHECK(asynchron_poll(after) == ASYNCHRON_OK);
    CHECK(joined == (asynchron_poll(then) == ASYNCHRON_OK ? 2 : 1));
    if (kind >= 7) {
        CHECK(asynchron_error(then, &error) == ASYNCHRON_OK);
        CHECK(error.code == (kind == 7 ? 5 : ASYNCHRON_E_BROKEN));
        CHECK(kind != 8 || (strcmp(error.domain, "asynchron") == 0 && error.message[0]));
    }
    asynchron_release(after);
    asynchron_release(then);
    CHECK(allocations_failed == 0);
    CHECK(drops == (kind == 2 || kind == 3));
    allocations_left = -1;
}

static asynchron_t *awaited;

static void *wait_for_it(void *unused)
{
    CHECK(asynchron_wait(awaited, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    return unused;
}

/* However many are woken. */
static void many_sleep(void)
{
    pthread_t threads[40];

    awaited = asynchron_create(NULL);
    for (int i = 0; i < 40; i++)
        CHECK(pthread_create(&threads[i], NULL, wait_for_it, NULL) == 0);
    usleep(20000); /* Most sleep by then. */
    allocations_left = 0;
    CHECK(asynchron_set_bytes(awaited, NULL, 0) == ASYNCHRON_OK);
    CHECK(allocations_failed == 0);
    allocations_left = -1;
    for (int i = 0; i < 40; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    asynchron_release(awaited);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "sleep") == 0) {
        asynchron_t *never = asynchron_create(NULL);
        CHECK(asynchron_wait(never, 20000000) == ASYNCHRON_TIMEOUT);
        asynchron_release(never);
    }
    for (int round = 0; round < ROUNDS; round++)
        for (int kind = 0; kind < KINDS; kind++)
            one_round(kind);
    many_sleep();
    return 0;
}
