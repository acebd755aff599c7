/*
 * The floor: raw atomics, a raw futex, one malloc, inlined into the workload. No reference count,
 * no cancel, no check of anything; waiting threads or one listener, not both. With -DSPIN a waiter
 * never sleeps, for comparison in handoff@2 only.
 */
#include "harness.h"

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>

/* So many bytes more than a future needs, to see what a larger block costs by itself. */
#ifndef ROOM
#define ROOM 0
#endif

enum { PENDING, WAITED, LISTENED, DONE };

typedef struct future future;
typedef void (*callback)(future *, void *);
typedef int32_t (*function)(future *, void *);

struct future {
    _Atomic uint32_t state;
    union {
        callback listener;
        function task;
    };
    void *ctx; /* the listener's, or the task's */
    future *next; /* in a queue */
    unsigned char value[];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t expected)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL);
}

static void futex_wake(_Atomic uint32_t *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count);
}

OWN future *create(size_t room)
{
    future *f = malloc(offsetof(future, value) + room + ROOM);
    atomic_init(&f->state, PENDING);
    return f;
}

OWN void set(future *f, const void *data, size_t len)
{
    uint32_t was;
    memcpy(f->value, data, len);
    was = atomic_exchange_explicit(&f->state, DONE, memory_order_acq_rel);
    if (was == WAITED)
        futex_wake(&f->state, INT_MAX);
    else if (was == LISTENED)
        f->listener(f, f->ctx);
}

static __attribute__((noinline)) void sleep_for(future *f)
{
    uint32_t state = PENDING;
#ifdef SPIN
    while (state != DONE) {
        __builtin_ia32_pause();
        state = atomic_load_explicit(&f->state, memory_order_acquire);
    }
#endif
    while (state != DONE) {
        if (state == WAITED || atomic_compare_exchange_strong(&f->state, &state, WAITED))
            futex_wait(&f->state, WAITED);
        state = atomic_load_explicit(&f->state, memory_order_acquire);
    }
}

OWN int is_done(future *f)
{
    return atomic_load_explicit(&f->state, memory_order_acquire) == DONE;
}

OWN void get(future *f, void *to, size_t len)
{
    if (!is_done(f))
        sleep_for(f);
    memcpy(to, f->value, len);
}

OWN void release(future *f)
{
    free(f);
}

#define HAS_NOTIFY
OWN void notify(future *f, callback fn, void *ctx)
{
    uint32_t state = PENDING;
    f->listener = fn;
    f->ctx = ctx;
    if (!atomic_compare_exchange_strong(&f->state, &state, LISTENED))
        fn(f, ctx);
}

/* ---- a chain: the listener of each is known, and runs in a loop, not inside the one before ---- */

#define HAS_CHAIN
OWN future *then(future *last)
{
    future *next = create(sizeof(uint64_t));
    notify(last, NULL, next);
    return next;
}

static void run_chain(future *first)
{
    uint64_t value = 0;
    for (;;) {
        future *next = first->ctx;
        memcpy(first->value, &value, sizeof value);
        if (atomic_exchange_explicit(&first->state, DONE, memory_order_acq_rel) != LISTENED)
            return;
        get(first, &value, sizeof value);
        value++;
        release(first);
        first = next;
    }
}

/* ---- a queue: those that complete push themselves, the taker swaps all of them out ---- */

#define HAS_ORDER
typedef struct {
    _Atomic(future *) arrived; /* the newest first */
    _Atomic uint32_t asleep;
    future *taken; /* the oldest first; the taker's */
} queue;

static queue *queue_create(void)
{
    return calloc(1, sizeof(queue));
}

static void queue_push(future *f, void *ctx)
{
    queue *q = ctx;
    future *newest = atomic_load_explicit(&q->arrived, memory_order_relaxed);
    do
        f->next = newest;
    while (!atomic_compare_exchange_weak(&q->arrived, &newest, f));
    if (newest == NULL && atomic_load(&q->asleep) && atomic_exchange(&q->asleep, 0))
        futex_wake(&q->asleep, 1);
}

OWN void queue_add(queue *q, future *f)
{
    notify(f, queue_push, q);
}

OWN future *queue_next(queue *q)
{
    future *f;
    while (q->taken == NULL) {
        future *newest = NULL;
        if (atomic_load_explicit(&q->arrived, memory_order_relaxed) != NULL)
            newest = atomic_exchange(&q->arrived, NULL);
        if (newest == NULL) {
            atomic_store(&q->asleep, 1);
            if (atomic_load(&q->arrived) == NULL)
                futex_wait(&q->asleep, 1);
            atomic_store(&q->asleep, 0);
        }
        while (newest != NULL) {
            future *next = newest->next;
            newest->next = q->taken;
            q->taken = newest;
            newest = next;
        }
    }
    f = q->taken;
    q->taken = f->next;
    return f;
}

static void queue_release(queue *q)
{
    free(q);
}

/* ---- two threads that swap out all tasks there are ---- */

static _Atomic(future *) tasks;
static _Atomic uint32_t idle; /* threads asleep, or about to be */

static void *worker(void *arg)
{
    for (;;) {
        future *task = atomic_exchange(&tasks, NULL);
        if (task == NULL) {
            atomic_store(&idle, 1);
            if (atomic_load(&tasks) == NULL)
                futex_wait(&idle, 1);
        }
        while (task != NULL) {
            future *next = task->next; /* once done the task may be gone */
            task->task(task, task->ctx);
            task = next;
        }
    }
    return arg;
}

#define HAS_TASKS
static void spawn(future *f, function fn, void *ctx)
{
    static int started;
    future *newest = atomic_load_explicit(&tasks, memory_order_relaxed);
    while (started < 2) {
        pthread_t thread;
        pthread_create(&thread, NULL, worker, NULL);
        started++;
    }
    f->task = fn;
    f->ctx = ctx;
    do
        f->next = newest;
    while (!atomic_compare_exchange_weak(&tasks, &newest, f));
    if (newest == NULL && atomic_load(&idle) && atomic_exchange(&idle, 0))
        futex_wake(&idle, INT_MAX);
}

#include "program.h"
