/*
 * The figures that the library is held to, measured through its C interface, in one run.
 *
 * Each timed figure is the median of interleaved rounds, pinned to one processor. A wrong value
 * ends the program: a wrong result is not a fast one.
 */
#define _GNU_SOURCE
#include "asynchron.h"

#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 41

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "figures: wrong: %s\n", what);
        exit(1);
    }
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *all, size_t n)
{
    qsort(all, n, sizeof *all, ascending);
    return all[n / 2];
}

/* ---- one asynchron's life, and the least that any such thing costs ---- */

#define LIVES 200000

static double lifecycle(void)
{
    double start = now();
    for (uint64_t i = 0; i < LIVES; i++) {
        asynchron_value_t value;
        asynchron_t *a = asynchron_create(NULL);
        asynchron_set_bytes(a, &i, sizeof i);
        must(asynchron_get(a, &value) == ASYNCHRON_OK && *(const uint64_t *)value.data == i, "value");
        asynchron_release(a);
    }
    return (now() - start) / LIVES;
}

struct least {
    uint64_t value;
    _Atomic uint32_t state;
    void *rest[3]; /* as large as floor's future, see floor.c */
};

static double least(void)
{
    double start = now();
    for (uint64_t i = 0; i < LIVES; i++) {
        struct least *volatile place = malloc(sizeof(struct least)); /* not to be optimised away */
        struct least *a = place;
        atomic_init(&a->state, 0);
        a->value = i;
        atomic_exchange_explicit(&a->state, 2, memory_order_acq_rel); /* publish */
        must(atomic_load_explicit(&a->state, memory_order_acquire) == 2 && a->value == i, "least");
        free(a);
    }
    return (now() - start) / LIVES;
}

/* ---- memory ---- */

static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

#define MANY 1000000

static double bytes_each(asynchron_t **all)
{
    size_t before = in_use();
    for (size_t i = 0; i < MANY; i++)
        all[i] = asynchron_create(NULL);
    return (double)(in_use() - before) / MANY;
}

/* ---- a chain of a million, on a small stack ---- */

static int32_t add_one(asynchron_t *self, asynchron_t *const *sources, size_t n, void *ctx)
{
    asynchron_value_t value;
    uint64_t next;
    (void)n, (void)ctx;
    if (asynchron_get(sources[0], &value) != ASYNCHRON_OK)
        return ASYNCHRON_E_INTERNAL;
    next = *(const uint64_t *)value.data + 1;
    return asynchron_set_bytes(self, &next, sizeof next);
}

static void *chain(void *out)
{
    uint64_t zero = 0;
    asynchron_value_t value;
    double start = now();
    asynchron_t *first = asynchron_create(NULL), *last = asynchron_retain(first);
    for (int i = 0; i < MANY; i++) {
        asynchron_t *next = asynchron_then(last, NULL, add_one, NULL, NULL);
        asynchron_release(last);
        last = next;
    }
    asynchron_set_bytes(first, &zero, sizeof zero);
    must(asynchron_get(last, &value) == ASYNCHRON_OK, "chain");
    must(*(const uint64_t *)value.data == MANY, "chain's end");
    asynchron_release(first);
    asynchron_release(last);
    *(double *)out = (now() - start) / MANY;
    return NULL;
}

/* ---- a report over n, completed in shuffled order by another thread ---- */

struct shuffled {
    asynchron_t **all;
    size_t n;
};

static void *complete_shuffled(void *ctx)
{
    struct shuffled *work = ctx;
    for (size_t i = 0; i < work->n; i++)
        asynchron_set_bytes(work->all[i], &i, sizeof i);
    return NULL;
}

static double report(size_t n)
{
    asynchron_t **all = malloc(n * sizeof *all);
    struct shuffled work;
    asynchron_report_t *r;
    asynchron_item_t item;
    pthread_t thread;
    double start;
    size_t got = 0;
    unsigned seed = 1;

    must(all != NULL, "memory");
    for (size_t i = 0; i < n; i++)
        all[i] = asynchron_create(NULL);
    start = now();
    r = asynchron_report_create(all, n);
    start = now() - start;
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(((uint64_t)rand_r(&seed) << 16 ^ (uint64_t)rand_r(&seed)) % i);
        asynchron_t *swap = all[i - 1];
        all[i - 1] = all[j];
        all[j] = swap;
    }
    work.all = all;
    work.n = n;
    start = now() - start;
    must(pthread_create(&thread, NULL, complete_shuffled, &work) == 0, "thread");
    while (asynchron_report_next(r, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        must(item.asynchron == all[got++], "order");
        asynchron_release(item.asynchron);
    }
    start = now() - start;
    must(got == n, "all of them");
    pthread_join(thread, NULL);
    asynchron_report_release(r);
    for (size_t i = 0; i < n; i++)
        asynchron_release(all[i]);
    free(all);
    return start / (double)n;
}

/* ---- tasks that sleep where the library cannot see it ---- */

#define SLEEPERS 1000

static int32_t sleep_elsewhere(asynchron_t *self, void *ctx)
{
    struct timespec time = {0, 50 * 1000 * 1000};
    (void)self, (void)ctx;
    return nanosleep(&time, NULL);
}

/* In seconds: of all of them, spawned at once. */
static double sleepers(void)
{
    static asynchron_t *all[SLEEPERS];
    double start = now();
    for (size_t i = 0; i < SLEEPERS; i++) {
        all[i] = asynchron_create(NULL);
        must(asynchron_spawn(all[i], sleep_elsewhere, NULL, NULL) == ASYNCHRON_OK, "spawn");
    }
    must(asynchron_wait_all(all, SLEEPERS, ASYNCHRON_FOREVER) == ASYNCHRON_OK, "wait_all");
    start = now() - start;
    for (size_t i = 0; i < SLEEPERS; i++) {
        must(asynchron_poll(all[i]) == ASYNCHRON_OK, "a sleeper");
        asynchron_release(all[i]);
    }
    return start / 1e9;
}

int main(void)
{
    static double with[ROUNDS], without[ROUNDS], ratio[ROUNDS];
    asynchron_t **all = malloc(MANY * sizeof *all);
    pthread_attr_t attr;
    pthread_t thread;
    cpu_set_t all_cpus, one;
    double each;
    size_t flat;

    must(all != NULL, "memory");
    sched_getaffinity(0, sizeof all_cpus, &all_cpus);
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    lifecycle(), least();
    for (int i = 0; i < ROUNDS; i++) {
        with[i] = lifecycle();
        without[i] = least();
        ratio[i] = with[i] / without[i];
    }
    printf("lifecycle (create, set 8 bytes, get, release), one thread, one processor:\n");
    printf("  asynchron %.1f ns, malloc + free + one atomic operation %.1f ns, ratio %.2f (goal: 1.6)\n",
           median(with, ROUNDS), median(without, ROUNDS), median(ratio, ROUNDS));

    each = bytes_each(all);
    printf("a pending, unnamed one: %zu usable bytes, %.1f of the heap each (goal: 64 in one block)\n",
           malloc_usable_size(all[0]), each);
    for (size_t i = 0; i < MANY; i++)
        asynchron_release(all[i]);
    free(all);
    malloc_trim(0);

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    must(pthread_create(&thread, &attr, chain, &each) == 0, "thread");
    pthread_join(thread, NULL);
    printf("a chain of %d thens on a stack of 256 KiB: %.0f ns a link\n", MANY, each);
    malloc_trim(0);

    sched_setaffinity(0, sizeof all_cpus, &all_cpus);
    for (size_t n = 1000; n <= MANY; n *= 10) {
        double times[9];
        size_t rounds = n >= MANY ? 3 : 9;
        for (size_t i = 0; i < rounds; i++)
            times[i] = report(n);
        printf("a report over %7zu, completed in shuffled order by another thread: %.0f ns an item\n",
               n, median(times, rounds));
    }

    {
        asynchron_t *waited[64];
        size_t index, before;
        for (size_t i = 0; i < 64; i++)
            waited[i] = asynchron_create(NULL);
        for (int i = 0; i < 1000; i++) {
            must(asynchron_wait_any(waited, 64, 1, &index) == ASYNCHRON_TIMEOUT, "wait_any");
        }
        before = in_use();
        each = now();
        for (int i = 0; i < MANY; i++)
            must(asynchron_wait_any(waited, 64, i % 2, &index) == ASYNCHRON_TIMEOUT, "wait_any");
        each = (now() - each) / MANY;
        flat = in_use() - before;
        for (size_t i = 0; i < 64; i++)
            asynchron_release(waited[i]);
        printf("wait_any over the same 64, %d times: %.0f ns each, the heap grew by %zu bytes (goal: 0)\n",
               MANY, each, flat);
    }

    printf("%d tasks that each sleep 50 ms, spawned at once: %.2f s (goal: 1.3)\n", SLEEPERS, sleepers());
    return flat != 0;
}
