/* Signals interrupt every kind of wait, all the time. It goes on: to what it waits for, or to its original deadline. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

#define MS UINT64_C(1000000)

/* What there is to wait for. */
static asynchron_t *a;
static asynchron_report_t *report;
static uint64_t token;

static atomic_int entered, leave;
static atomic_int signals; /* those that have come to the thread that waits */

static void count(int number) { (void)number; signals++; }

/* A callback and a function that last until they are told to leave. */
static void last(asynchron_t *unused, void *ctx)
{
    (void)unused, (void)ctx;
    entered = 1;
    while (!leave)
        usleep(1000);
}
static int32_t last_and_deliver(asynchron_t *self, void *ctx)
{
    last(self, ctx);
    return 0;
}
static void *complete(void *unused) { asynchron_cancel(a); return unused; }
static void *ask_first(void *unused) { asynchron_wait(a, ASYNCHRON_FOREVER); return unused; }

static int release_item(asynchron_status_t status, asynchron_t *yielded)
{
    if (status == ASYNCHRON_OK)
        asynchron_release(yielded);
    return status;
}

/* The waits. Those without a limit do not look at the number. */
static int get(uint64_t ns) { (void)ns; return asynchron_get(a, NULL); }
static int get_timeout(uint64_t ns) { return asynchron_get_timeout(a, ns, NULL); }
static int get_bytes(uint64_t ns) { char byte; (void)ns; return asynchron_get_bytes(a, &byte, 1, NULL); }
static int wait_one(uint64_t ns) { return asynchron_wait(a, ns); }
static int wait_any(uint64_t ns)
{
    asynchron_t *never = asynchron_create(NULL), *both[2] = { never, a };
    int status = asynchron_wait_any(both, 2, ns, NULL);
    asynchron_release(never);
    return status;
}
static int wait_all(uint64_t ns) { asynchron_t *both[2] = { a, a }; return asynchron_wait_all(both, 2, ns); }
static int next(uint64_t ns)
{
    asynchron_item_t item = { NULL, NULL };
    int status = asynchron_report_next(report, ns, &item);
    return release_item(status, item.asynchron);
}
static int next_batch(uint64_t ns)
{
    asynchron_item_t item = { NULL, NULL };
    size_t n;
    int status = asynchron_report_next_batch(report, ns, &item, 1, &n);
    return release_item(status, item.asynchron);
}
static int unnotify(uint64_t ns) { (void)ns; return asynchron_unnotify(a, token) == ASYNCHRON_ALREADY ? 0 : -1; }

enum { COMPLETED = 1, TIMED = 2, RUNNING = 4, ON_DEMAND = 8 };
static const struct { const char *name; int (*wait)(uint64_t); int kinds; } waits[] = {
    { "get", get, COMPLETED | ON_DEMAND }, { "get_timeout", get_timeout, COMPLETED | TIMED | ON_DEMAND },
    { "get_bytes", get_bytes, COMPLETED | ON_DEMAND }, { "wait", wait_one, COMPLETED | TIMED | ON_DEMAND },
    { "wait_any", wait_any, COMPLETED | TIMED }, { "wait_all", wait_all, COMPLETED | TIMED },
    { "report_next", next, COMPLETED | TIMED }, { "report_next_batch", next_batch, COMPLETED | TIMED },
    { "unnotify", unnotify, RUNNING },
};

/* The thread that waits. */
static struct { int (*wait)(uint64_t); uint64_t ns; int status; double took; atomic_int begun, over; } waiter;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void *run_waiter(void *unused)
{
    double begin = now();
    waiter.begun = 1;
    waiter.status = waiter.wait(waiter.ns);
    waiter.took = now() - begin;
    waiter.over = 1;
    return unused;
}

/* Has a thread wait, and interrupts it so many times, unless it ends before. */
static pthread_t interrupted(int (*wait)(uint64_t), uint64_t ns, int times)
{
    pthread_t thread;
    signals = 0;
    waiter.wait = wait, waiter.ns = ns, waiter.begun = waiter.over = 0;
    CHECK(pthread_create(&thread, NULL, run_waiter, NULL) == 0);
    while (!waiter.begun)
        usleep(100);
    for (int i = 0; i < times && !waiter.over; i++) {
        CHECK(pthread_kill(thread, SIGUSR1) == 0);
        while (signals <= i && !waiter.over)
            usleep(100);
        usleep(500); /* it sleeps again */
    }
    return thread;
}

/* For ever: it is still there after all the signals, and learns. */
static void goes_on(const char *name, int (*wait)(uint64_t), int kind)
{
    asynchron_options_t options = { sizeof options, NULL, NULL, NULL, last_and_deliver, NULL, NULL, 0, 0 };
    asynchron_notify_options_t callback = { sizeof callback, last, NULL, NULL, 0, NULL };
    pthread_t other, thread;
    int running = kind != COMPLETED;

    a = asynchron_create(NULL);
    entered = leave = 0;
    if (kind == ON_DEMAND) {
        asynchron_release(a);
        CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
    }
    report = asynchron_report_create(&a, 1);
    CHECK(asynchron_notify_with(a, &callback, &token) == ASYNCHRON_OK);
    if (running) {
        CHECK(pthread_create(&other, NULL, kind == RUNNING ? complete : ask_first, NULL) == 0);
        while (!entered)
            usleep(100);
    }
    thread = interrupted(wait, ASYNCHRON_FOREVER, 200);
    if (waiter.over) {
        fprintf(stderr, "%s: a signal ended it: %d\n", name, waiter.status);
        _exit(1);
    }
    leave = 1;
    if (!running)
        CHECK(asynchron_set_bytes(a, "x", 1) == ASYNCHRON_OK);
    else
        pthread_join(other, NULL);
    pthread_join(thread, NULL);
    if (waiter.status != ASYNCHRON_OK) {
        fprintf(stderr, "%s: status %d\n", name, waiter.status);
        _exit(1);
    }
    asynchron_report_release(report);
    asynchron_release(a);
}

/* Signals come for ten seconds, unless it ends: at its time, not early, and not a time later. */
static void keeps_its_deadline(const char *name, int (*wait)(uint64_t))
{
    a = asynchron_create(NULL);
    report = asynchron_report_create(&a, 1);
    pthread_join(interrupted(wait, 150 * MS, 20000), NULL);
    if (waiter.status != ASYNCHRON_TIMEOUT || signals == 0 || waiter.took < 0.150 || waiter.took > 5) {
        fprintf(stderr, "%s: status %d after %.3f s and %d signals\n", name, waiter.status, waiter.took, signals);
        _exit(1);
    }
    asynchron_report_release(report);
    asynchron_release(a);
}

int main(void)
{
    /* Whether the system would restart what it can is all the same. */
    for (int flags = 0; flags < 2; flags++) {
        struct sigaction action = { .sa_handler = count, .sa_flags = flags ? SA_RESTART : 0 };
        CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
        for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
            for (int kind = COMPLETED; kind <= ON_DEMAND; kind *= 2)
                if (kind != TIMED && (waits[i].kinds & kind))
                    goes_on(waits[i].name, waits[i].wait, kind);
            if (waits[i].kinds & TIMED)
                keeps_its_deadline(waits[i].name, waits[i].wait);
        }
    }
    return 0;
}
