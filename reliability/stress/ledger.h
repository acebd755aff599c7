/* ledger.h: what is counted, what each thread is doing, and random numbers.
 *
 * Counting is relaxed throughout: an order made here would hide one that the library fails to make. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define ACCOUNTS(X) \
    X(HANDLES_MADE) X(HANDLES_GONE) \
    X(WON) X(LATE) X(WON_BY_HANDLES) X(WON_UNNAMED) X(RETURNED) X(BROKEN) X(PASSED_ON) X(UNDELIVERED) \
    X(EXPIRED) X(UNWANTED) X(SHUT_DOWN) X(UNNEEDED) \
    X(BOXES_MADE) X(BOXES_GONE) \
    X(CALLBACKS) X(CALLBACKS_RAN) X(CALLBACKS_UNRUN) X(TAKEN_BACK) X(NOT_TAKEN) X(UNASKED) X(DISCARDED) \
    X(CONTEXTS_MADE) X(CONTEXTS_GONE) X(FUNCTIONS_RAN) X(FUNCTIONS_UNRUN) X(UNRUN_AFTERS) \
    X(SPAWNED) X(SPAWNED_GONE) X(RETURNS) \
    X(EXECUTORS_MADE) X(EXECUTORS_GONE) X(SHUTDOWNS) X(REFUSED) X(POSTED) X(TASKS_RAN) X(TASKS_DISCARDED) \
    X(WAITS) X(WAITS_OVER) X(TIMEOUTS) X(DEADLOCKS) X(ENDLESS) \
    X(ADDED) X(YIELDED) X(REMOVED) X(LEFT) X(WAKES) X(WOKEN) X(REPORTS_MADE) X(REPORTS_GONE) \
    X(DUELS) X(DUELS_OVER) X(FOLLOWS) X(PROMISES_MADE) X(PROMISES_GONE) X(DEADLINES) X(TIMERS) X(PROGRESSES) \
    X(FAULTS)

#define NUMBER(name) name,
enum account { NONE, ACCOUNTS(NUMBER) ACCOUNT_COUNT }; /* nothing is ever counted under NONE */

static struct {
    _Alignas(64) atomic_long n;
} ledger[ACCOUNT_COUNT];

static void count_many(enum account which, long n)
{
    atomic_fetch_add_explicit(&ledger[which].n, n, memory_order_relaxed);
}

static void count(enum account which)
{
    count_many(which, 1);
}

static long total(enum account which)
{
    return atomic_load_explicit(&ledger[which].n, memory_order_relaxed);
}

/* A promise that was seen broken: the first few are printed, all are counted. */
static void fault(const char *format, ...)
{
    va_list arguments;
    if (atomic_fetch_add_explicit(&ledger[FAULTS].n, 1, memory_order_relaxed) >= 20)
        return;
    va_start(arguments, format);
    flockfile(stderr);
    fputs("stress: fault: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    funlockfile(stderr);
    va_end(arguments);
}

#define REQUIRE(claim) ((claim) ? (void)0 : fault("%s:%d: does not hold: %s", __FILE__, __LINE__, #claim))

/* A thread that the watchdog watches. */
struct worker {
    _Alignas(64) atomic_ulong steps;
    _Atomic(const char *) doing;
    atomic_bool over;
};

static _Thread_local struct worker *me; /* NULL on the library's threads */
static _Thread_local int inside;        /* callbacks around this point, one in the other */
static _Thread_local int computing;     /* the same of functions */

static void doing(const char *what)
{
    if (me == NULL)
        return;
    atomic_store_explicit(&me->doing, what, memory_order_relaxed);
    atomic_store_explicit(&me->steps, atomic_load_explicit(&me->steps, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

static uint64_t seed;
static atomic_uint threads_seen;
static _Thread_local uint64_t random_state;

/* xorshift64*; each thread has a sequence of its own from the seed. */
static uint64_t random_number(void)
{
    uint64_t x = random_state;
    if (x == 0) {
        x = seed + UINT64_C(0x9e3779b97f4a7c15)
            * (1 + atomic_fetch_add_explicit(&threads_seen, 1, memory_order_relaxed));
        x = x == 0 ? 1 : x;
    }
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random_state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

/* 0 to n - 1. */
static unsigned pick(unsigned n)
{
    return (unsigned)(random_number() % n);
}

static bool one_in(unsigned n)
{
    return pick(n) == 0;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
    struct timespec t = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };
    nanosleep(&t, NULL);
}

#endif
