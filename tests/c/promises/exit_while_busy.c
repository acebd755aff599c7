/* The process exits while other threads, the background's among them, do all that they can, and no sooner than that
   they do. An atexit handler uses the library, too. argv[1] says who calls exit(). */
#include <asynchron.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

enum { STATUS = 7 };
static const uint64_t LIMIT = UINT64_C(60000000000);
static atomic_long rounds, calls;
static asynchron_report_t *shared;
static asynchron_t *a;

static void count(asynchron_t *a, void *p) { (void)a, (void)p; calls++; }
static int32_t compute(asynchron_t *self, void *p)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 10000; i++)
        sum += i * i;
    (void)p;
    return asynchron_set_bytes(self, &sum, sizeof sum);
}
static int32_t wait_for(asynchron_t *self, void *other)
{
    (void)self;
    CHECK(asynchron_wait(other, LIMIT) == ASYNCHRON_OK);
    asynchron_release(other);
    return 0;
}
static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *p)
{
    (void)self, (void)sources, (void)n, (void)p;
    return 0;
}

static void once(void)
{
    asynchron_t *first = asynchron_create("a name"), *b = asynchron_create(NULL), *c;
    asynchron_item_t item;

    CHECK(asynchron_notify(first, count, NULL) == ASYNCHRON_OK);
    c = asynchron_then(first, NULL, join, NULL, NULL);
    CHECK(asynchron_report_add(shared, c, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_spawn(first, compute, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_spawn(b, wait_for, asynchron_retain(first), NULL) == ASYNCHRON_OK);
    asynchron_wait_any((asynchron_t *[]){ b, c }, 2, 1000, NULL);
    CHECK(asynchron_get_timeout(b, LIMIT, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_report_next(shared, LIMIT, &item) == ASYNCHRON_OK);
    asynchron_release(item.asynchron);
    asynchron_release(first);
    asynchron_release(b);
    asynchron_release(c);
    rounds++;
}

static void *busy(void *unused)
{
    for (;;)
        once();
    return unused;
}

/* Others are busy meanwhile. */
static void at_exit(void)
{
    for (int i = 0; i < 20; i++)
        once();
}

static void leave(asynchron_t *self, void *p) { (void)self, (void)p; exit(STATUS); }
static int32_t leave_in_the_background(asynchron_t *self, void *p) { leave(self, p); return 0; }

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "";
    pthread_t thread;

    a = asynchron_create(NULL);
    shared = asynchron_report_create(NULL, 0);
    CHECK(asynchron_report_fd(shared) >= 0 && atexit(at_exit) == 0);
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&thread, NULL, busy, NULL) == 0);
    while (rounds < 300)
        usleep(100);
    if (strcmp(way, "exit") == 0)
        exit(STATUS);
    if (strcmp(way, "callback") == 0) {
        CHECK(asynchron_notify(a, leave, NULL) == ASYNCHRON_OK);
        asynchron_cancel(a);
    } else if (strcmp(way, "background") == 0) {
        CHECK(asynchron_spawn(a, leave_in_the_background, NULL, NULL) == ASYNCHRON_OK);
        asynchron_wait(a, ASYNCHRON_FOREVER);
    }
    return STATUS;
}
