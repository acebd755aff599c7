/*
 * What a C programmer writes: a mutex, a condition variable, malloc; a list of callbacks; a queue
 * with a mutex and a condition variable of its own; a pool of two threads over such a queue.
 */
#include "harness.h"

#include <stddef.h>

typedef struct future future;
typedef void (*callback)(future *, void *);
typedef int32_t (*function)(future *, void *);

struct listener {
    struct listener *next;
    callback fn;
    void *ctx;
};

struct future {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done;
    struct listener *listeners;
    unsigned char value[];
};

OWN future *create(size_t room)
{
    future *f = malloc(offsetof(future, value) + room);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    f->done = 0;
    f->listeners = NULL;
    return f;
}

/* Wakes under the lock: a waiter may free it as soon as that is free. */
OWN void set(future *f, const void *data, size_t len)
{
    struct listener *l;
    pthread_mutex_lock(&f->lock);
    memcpy(f->value, data, len);
    f->done = 1;
    l = f->listeners;
    f->listeners = NULL;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    while (l != NULL) {
        struct listener *next = l->next;
        l->fn(f, l->ctx);
        free(l);
        l = next;
    }
}

OWN void get(future *f, void *to, size_t len)
{
    pthread_mutex_lock(&f->lock);
    while (!f->done)
        pthread_cond_wait(&f->changed, &f->lock);
    memcpy(to, f->value, len);
    pthread_mutex_unlock(&f->lock);
}

OWN int is_done(future *f)
{
    int done;
    pthread_mutex_lock(&f->lock);
    done = f->done;
    pthread_mutex_unlock(&f->lock);
    return done;
}

OWN void release(future *f)
{
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

#define HAS_NOTIFY
OWN void notify(future *f, callback fn, void *ctx)
{
    struct listener *l = malloc(sizeof *l);
    int done;
    l->fn = fn;
    l->ctx = ctx;
    pthread_mutex_lock(&f->lock);
    done = f->done;
    if (!done) {
        l->next = f->listeners;
        f->listeners = l;
    }
    pthread_mutex_unlock(&f->lock);
    if (done) {
        free(l);
        fn(f, ctx);
    }
}

/* ---- a queue of what to run, or of what is complete ---- */

struct item {
    struct item *next;
    future *f;
    function fn;
    void *ctx;
};

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct item *first, *last;
} queue;

static void queue_put(queue *q, future *f, function fn, void *ctx)
{
    struct item *i = malloc(sizeof *i);
    *i = (struct item){NULL, f, fn, ctx};
    pthread_mutex_lock(&q->lock);
    if (q->first == NULL)
        q->first = i;
    else
        q->last->next = i;
    q->last = i;
    pthread_cond_signal(&q->changed);
    pthread_mutex_unlock(&q->lock);
}

static struct item queue_take(queue *q)
{
    struct item *i, taken;
    pthread_mutex_lock(&q->lock);
    while (q->first == NULL)
        pthread_cond_wait(&q->changed, &q->lock);
    i = q->first;
    q->first = i->next;
    pthread_mutex_unlock(&q->lock);
    taken = *i;
    free(i);
    return taken;
}

#define HAS_ORDER
static queue *queue_create(void)
{
    queue *q = calloc(1, sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    return q;
}

static void queue_push(future *f, void *q)
{
    queue_put(q, f, NULL, NULL);
}

OWN void queue_add(queue *q, future *f)
{
    notify(f, queue_push, q);
}

OWN future *queue_next(queue *q)
{
    return queue_take(q).f;
}

static void queue_release(queue *q)
{
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

/* ---- a pool ---- */

static queue *tasks;

static void *worker(void *arg)
{
    for (;;) {
        struct item task = queue_take(tasks);
        task.fn(task.f, task.ctx);
    }
    return arg;
}

#define HAS_TASKS
static void spawn(future *f, function fn, void *ctx)
{
    if (tasks == NULL) {
        pthread_t thread;
        tasks = queue_create();
        pthread_create(&thread, NULL, worker, NULL);
        pthread_create(&thread, NULL, worker, NULL);
    }
    queue_put(tasks, f, fn, ctx);
}

#include "program.h"
