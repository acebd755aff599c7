/*
 * nsync: a future of nsync_mu and nsync_cv, and for nsync_wait_n an nsync_note beside them, made
 * when first needed. wait_n looks from the front each time and so does not tell completion order:
 * there is no report.
 */
#include "harness.h"

#include <nsync.h>
#include <stddef.h>

typedef struct {
    nsync_mu lock;
    nsync_cv changed;
    int done;
    nsync_note note;
    unsigned char value[];
} future;

OWN future *create(size_t room)
{
    future *f = malloc(offsetof(future, value) + room);
    nsync_mu_init(&f->lock);
    nsync_cv_init(&f->changed);
    f->done = 0;
    f->note = NULL;
    return f;
}

/* Wakes under the lock: a waiter may free it as soon as that is free. */
OWN void set(future *f, const void *data, size_t len)
{
    nsync_mu_lock(&f->lock);
    memcpy(f->value, data, len);
    f->done = 1;
    nsync_cv_broadcast(&f->changed);
    if (f->note != NULL)
        nsync_note_notify(f->note);
    nsync_mu_unlock(&f->lock);
}

OWN void get(future *f, void *to, size_t len)
{
    nsync_mu_lock(&f->lock);
    while (!f->done)
        nsync_cv_wait(&f->changed, &f->lock);
    memcpy(to, f->value, len);
    nsync_mu_unlock(&f->lock);
}

OWN void release(future *f)
{
    if (f->note != NULL)
        nsync_note_free(f->note);
    free(f);
}

/* ---- several ---- */

/* What wait_n takes: an array of pointers to pairs. */
struct waits {
    struct nsync_waitable_s at[1024], *ptr[1024];
};

static void wait_too(struct waits *w, size_t i, future *f)
{
    nsync_mu_lock(&f->lock);
    if (f->note == NULL) {
        nsync_time never = f->done ? nsync_time_zero : nsync_time_no_deadline;
        f->note = nsync_note_new(NULL, never);
    }
    nsync_mu_unlock(&f->lock);
    w->at[i].v = f->note;
    w->at[i].funcs = &nsync_note_waitable_funcs;
    w->ptr[i] = &w->at[i];
}

#define HAS_ANY
static size_t any(future **all, size_t n, int block)
{
    static struct waits w;
    nsync_time until = block ? nsync_time_no_deadline : nsync_time_zero;
    for (size_t i = 0; i < n; i++)
        wait_too(&w, i, all[i]);
    return (size_t)nsync_wait_n(NULL, NULL, NULL, until, (int)n, w.ptr);
}

typedef struct {
    struct waits waits;
    future *all[1024];
    size_t n;
} queue;

static queue *queue_create(void)
{
    return calloc(1, sizeof(queue));
}

static void queue_add(queue *q, future *f)
{
    q->all[q->n] = f;
    wait_too(&q->waits, q->n++, f);
}

static future *queue_next(queue *q)
{
    int i = nsync_wait_n(NULL, NULL, NULL, nsync_time_no_deadline, (int)q->n, q->waits.ptr);
    future *f = q->all[i];
    q->all[i] = q->all[--q->n];
    q->waits.at[i] = q->waits.at[q->n];
    return f;
}

#include "program.h"
