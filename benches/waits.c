/*
 * How waits end that are not one of two threads: what a wait that learns must not cost where it cannot help. waits.py
 * runs it with two builds of the library, one of which never spins.
 *
 *     build/waits WORKLOAD [EFFORT]
 *
 * Each prints its time and its processor time, in nanoseconds a wait, and how many waits that were.
 */
#include "pair.h"

#include <sys/resource.h>

static double used(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e9 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

static void report(const char *name, double time, double processor, double waits)
{
    printf("%s/time %.3f\n%s/processor %.3f\n", name, time / waits, name, processor / waits);
    printf("%s/waits %.0f\n", name, waits);
}

/* Placed by the system, as in a program that places nothing. */
static pthread_t begin(void *(*main)(void *), void *arg)
{
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 * 1024);
    must(pthread_create(&thread, &attr, main, arg) == 0, "thread");
    pthread_attr_destroy(&attr);
    return thread;
}

/* ---- crowd: many threads, whose waits last for some milliseconds ---- */

#define CROWD 1000

/* What each waits for at the moment. */
static asynchron_t *awaited[CROWD];

/* Each waits for one after the other: the next is there before the one is completed. */
static void *member(void *of)
{
    size_t i = (size_t)(uintptr_t)of;
    asynchron_t *a = awaited[i];
    for (;;) {
        asynchron_t *next = NULL;
        asynchron_value_t value;
        must(asynchron_get(a, &value) == ASYNCHRON_OK, "value");
        memcpy(&next, value.data, sizeof next);
        asynchron_release(a);
        if (next == NULL)
            return NULL;
        a = next;
    }
}

static void crowd(void)
{
    pthread_t threads[CROWD];
    size_t rounds = 3 + share(60);
    double time, processor;
    for (size_t i = 0; i < CROWD; i++)
        awaited[i] = asynchron_retain(made());
    for (size_t i = 0; i < CROWD; i++)
        threads[i] = begin(member, (void *)(uintptr_t)i);
    usleep(20000);
    time = now();
    processor = used();
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < CROWD; i++) {
            asynchron_t *next = round + 1 < rounds ? asynchron_retain(made()) : NULL;
            set(awaited[i], &next, sizeof next);
            awaited[i] = next;
        }
        usleep(3000);
    }
    for (size_t i = 0; i < CROWD; i++)
        pthread_join(threads[i], NULL);
    report("crowd", now() - time, used() - processor, (double)(rounds * CROWD));
}

/* ---- pairs: eight pairs hand over, on two processors ---- */

#define PAIRS 8

static struct pair pairs[PAIRS];

static void eight_pairs(void)
{
    pthread_t threads[2 * PAIRS];
    size_t hops = 20 + share(4000);
    double time = now(), processor = used();
    for (size_t i = 0; i < PAIRS; i++) {
        pairs[i].first = made();
        pairs[i].hops = hops;
        threads[2 * i] = begin(far_side, &pairs[i]);
        threads[2 * i + 1] = begin(near_side, &pairs[i]);
    }
    for (size_t i = 0; i < 2 * PAIRS; i++)
        pthread_join(threads[i], NULL);
    report("pairs", now() - time, used() - processor, (double)(PAIRS * hops));
}

/* ---- tick: one thread that waits for something every 10 milliseconds ---- */

static asynchron_t *ticks[1000];
static size_t tick_count;

static void *listener(void *nothing)
{
    for (size_t i = 0; i < tick_count; i++)
        must(asynchron_wait(ticks[i], ASYNCHRON_FOREVER) == ASYNCHRON_OK, "tick");
    return nothing;
}

static void tick(void)
{
    pthread_t thread;
    double time, processor;
    tick_count = 2 + share(40);
    for (size_t i = 0; i < tick_count; i++)
        ticks[i] = made();
    thread = begin(listener, NULL);
    usleep(10000);
    time = now();
    processor = used();
    for (size_t i = 0; i < tick_count; i++) {
        usleep(10000);
        set(asynchron_retain(ticks[i]), &i, sizeof i);
    }
    pthread_join(thread, NULL);
    report("tick", now() - time, used() - processor, (double)tick_count);
    for (size_t i = 0; i < tick_count; i++)
        asynchron_release(ticks[i]);
}

int main(int argc, char **argv)
{
    static const struct workload all[] = {{"crowd", 2, crowd}, {"pairs", 2, eight_pairs}, {"tick", 2, tick}};
    return bench(all, sizeof all / sizeof *all, argc, argv);
}
