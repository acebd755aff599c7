/*
 * GLib 2.74: a future of GMutex and GCond, callbacks in a GSList, GAsyncQueue for completion order,
 * GThreadPool for tasks.
 */
#include "harness.h"

#include <glib.h>
#include <stddef.h>

typedef struct future future;
typedef void (*callback)(future *, void *);
typedef int32_t (*function)(future *, void *);

struct listener {
    callback fn;
    void *ctx;
};

struct future {
    GMutex lock;
    GCond changed;
    gboolean done;
    GSList *listeners;
    unsigned char value[];
};

OWN future *create(size_t room)
{
    future *f = g_malloc(offsetof(future, value) + room);
    g_mutex_init(&f->lock);
    g_cond_init(&f->changed);
    f->done = FALSE;
    f->listeners = NULL;
    return f;
}

/* Wakes under the lock: a waiter may free it as soon as that is free. */
OWN void set(future *f, const void *data, size_t len)
{
    GSList *listeners;
    g_mutex_lock(&f->lock);
    memcpy(f->value, data, len);
    f->done = TRUE;
    listeners = f->listeners;
    f->listeners = NULL;
    g_cond_broadcast(&f->changed);
    g_mutex_unlock(&f->lock);
    while (listeners != NULL) {
        struct listener *l = listeners->data;
        l->fn(f, l->ctx);
        g_free(l);
        listeners = g_slist_delete_link(listeners, listeners);
    }
}

OWN void get(future *f, void *to, size_t len)
{
    g_mutex_lock(&f->lock);
    while (!f->done)
        g_cond_wait(&f->changed, &f->lock);
    memcpy(to, f->value, len);
    g_mutex_unlock(&f->lock);
}

OWN int is_done(future *f)
{
    gboolean done;
    g_mutex_lock(&f->lock);
    done = f->done;
    g_mutex_unlock(&f->lock);
    return done;
}

OWN void release(future *f)
{
    g_cond_clear(&f->changed);
    g_mutex_clear(&f->lock);
    g_free(f);
}

#define HAS_NOTIFY
OWN void notify(future *f, callback fn, void *ctx)
{
    struct listener *l = g_new(struct listener, 1);
    gboolean done;
    l->fn = fn;
    l->ctx = ctx;
    g_mutex_lock(&f->lock);
    done = f->done;
    if (!done)
        f->listeners = g_slist_prepend(f->listeners, l);
    g_mutex_unlock(&f->lock);
    if (done) {
        g_free(l);
        fn(f, ctx);
    }
}

/* ---- completion order ---- */

#define HAS_ORDER
typedef GAsyncQueue queue;

static queue *queue_create(void)
{
    return g_async_queue_new();
}

static void queue_push(future *f, void *q)
{
    g_async_queue_push(q, f);
}

OWN void queue_add(queue *q, future *f)
{
    notify(f, queue_push, q);
}

OWN future *queue_next(queue *q)
{
    return g_async_queue_pop(q);
}

static void queue_release(queue *q)
{
    g_async_queue_unref(q);
}

/* ---- tasks ---- */

struct task {
    future *f;
    function fn;
    void *ctx;
};

static void run_task(gpointer data, gpointer nothing)
{
    struct task *task = data;
    (void)nothing;
    task->fn(task->f, task->ctx);
    g_free(task);
}

#define HAS_TASKS
static void spawn(future *f, function fn, void *ctx)
{
    static GThreadPool *pool;
    struct task *task = g_new(struct task, 1);
    if (pool == NULL)
        pool = g_thread_pool_new(run_task, NULL, 2, TRUE, NULL);
    *task = (struct task){f, fn, ctx};
    g_thread_pool_push(pool, task, NULL);
}

#include "program.h"
