/* asynchron/pq_query.h: what asynchron/pq.h keeps of a query. Include that instead: nothing here is for its user but
 * the name of asynchron_pq_t.
 *
 * A query is handed over in the list `begun`, and from there on only the thread touches it, but for what says "under
 * the lock". It goes in one of three ways: it has results; its asynchron was completed by others, who put it in the
 * list `stopped`; or the thread ends.
 *
 * Nothing is called under the lock but write(), to a pipe that never blocks.
 */
#ifndef ASYNCHRON_PQ_QUERY_H
#define ASYNCHRON_PQ_QUERY_H

#include "posix.h"

#include <asynchron.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What a connection is doing, and what has come of a request to cancel. It rolls back what a query has left open. */
enum { ASYNCHRON_PQ_NONE, ASYNCHRON_PQ_CONNECTING, ASYNCHRON_PQ_IDLE, ASYNCHRON_PQ_BUSY, ASYNCHRON_PQ_ROLLING_BACK };
enum { ASYNCHRON_PQ_NO_ANSWER, ASYNCHRON_PQ_HEARD, ASYNCHRON_PQ_UNHEARD };

struct asynchron_pq_t;

/* One query. It belongs to the thread, and to the callback that is told of the completion. */
typedef struct asynchron_pq_query_t {
    struct asynchron_pq_query_t *previous, *next;  /* in `waiting`, and by `next` in `begun`, under the lock */
    struct asynchron_pq_query_t *after_stopped;    /* in `stopped`: under the lock */
    struct asynchron_pq_t *p;
    struct asynchron_pq_connection_t *on;          /* that runs it; NULL: it waits */
    uint64_t since;                                /* that it waits */
    int references;                                /* under the lock */
    int over;                                      /* nobody need stop it any more: the thread's, under the lock */
    asynchron_promise_t *promise;
    const char *sql;                               /* this and all below lie behind the struct */
    int n_params;                                  /* below 0: without parameters, and any number of statements */
    const char **values;
    int *lengths, *formats;
    int result_format;
} asynchron_pq_query_t;

/* One connection: all the thread's, but for `answer`, and while it is asking, what the request needs. */
typedef struct asynchron_pq_connection_t {
    struct asynchron_pq_t *p;
    PGconn *conn;
    int state;
    short events;                /* that it waits for */
    int is_lost;                 /* the server has said so */
    asynchron_pq_query_t *query; /* NULL, though busy: it was stopped */
    PGresult *result;            /* the last one, or the first failure */
    int has_failed;
    uint64_t since, moved;       /* connecting: when it began, and when libpq last had something to do */
    uint64_t due;                /* connecting: until when; busy for nobody: when to ask again to cancel; 0: never */
    uint64_t pause;              /* before that */
    int is_asking;               /* to cancel */
    PGcancel *cancel;
    int is_heard;
    int answer;                  /* to the request: under the lock */
    int known;                   /* what the thread has read of that */
} asynchron_pq_connection_t;

/** A thread that drives connections. Opaque, for any thread. */
typedef struct asynchron_pq_t {
    pthread_mutex_t lock;
    pthread_t thread;
    int wake[2];                         /* a pipe; -1 once the thread is through with it: under the lock */
    int references;                      /* the user's, the thread's, each query's, each request's: under the lock */
    int ending;                          /* under the lock */
    asynchron_pq_query_t *begun, **end;  /* handed over, in order: under the lock */
    asynchron_pq_query_t *stopped;       /* completed by others: under the lock */
    asynchron_pq_query_t *waiting, *last; /* for a connection, in order: this and all below are the thread's alone */
    size_t n_waiting;
    asynchron_executor_t *executor;      /* where requests to cancel may block */
    uint64_t assigned;                   /* when it was last seen what connections are missing */
    uint64_t retry;                      /* no new connection before; 0: at once */
    size_t n_spared;                     /* refused, though nothing has failed, as others are connecting */
    size_t n_hung;                       /* given up for others since a connection was last made */
    uint64_t limit;                      /* the end waits no longer; 0: it is not the end */
    size_t n;
    asynchron_pq_connection_t *connections;
    struct pollfd *polled;
    char *conninfo;
} asynchron_pq_t;

/* Frees what was made of it. */
static inline void asynchron_pq_free(asynchron_pq_t *p)
{
    if (p->wake[0] >= 0) {
        (void)close(p->wake[0]);
        (void)close(p->wake[1]);
    }
    asynchron_executor_release(p->executor);
    free(p->connections);
    free(p->polled);
    free(p->conninfo);
    free(p);
}

/* Lets go of `p`, whose lock is held. */
static inline void asynchron_pq_unlock_and_unref(asynchron_pq_t *p)
{
    const int is_last = --p->references == 0;

    (void)pthread_mutex_unlock(&p->lock);
    if (is_last) {
        (void)pthread_mutex_destroy(&p->lock);
        asynchron_pq_free(p);
    }
}

/* Lets go of a query, and of its share in `p`, whose lock is held. */
static inline void asynchron_pq_unlock_and_forget(asynchron_pq_query_t *q)
{
    asynchron_pq_t *p = q->p;

    if (--q->references > 0) {
        (void)pthread_mutex_unlock(&p->lock);
        return;
    }
    free(q);
    asynchron_pq_unlock_and_unref(p);
}

/* The thread has something to do. The lock is held. If the pipe is full, it has been told. */
static inline void asynchron_pq_wake(asynchron_pq_t *p)
{
    if (p->wake[1] >= 0 && write(p->wake[1], "", 1) < 0)
        return;
}

static inline void asynchron_pq_cancelled(asynchron_t *a, void *query)
{
    (void)a, (void)query; /* the drop, which comes next, does all */
}

/* The asynchron is complete, whoever did that. This is the drop of a callback for cancels alone: such a callback is no
   interest in the value, and its drop comes also if there was a failure or a value. */
static inline void asynchron_pq_completed(void *query)
{
    asynchron_pq_query_t *q = (asynchron_pq_query_t *)query;
    asynchron_pq_t *p = q->p;

    (void)pthread_mutex_lock(&p->lock);
    if (q->over) {
        asynchron_pq_unlock_and_forget(q);
        return;
    }
    if (p->begun == NULL && p->stopped == NULL)
        asynchron_pq_wake(p);
    q->after_stopped = p->stopped; /* with the callback's reference */
    p->stopped = q;
    (void)pthread_mutex_unlock(&p->lock);
}

/* The bytes of a parameter: 0 for NULL, and with the end of a text. -1: none that libpq would take. */
static inline long asynchron_pq_param_size(const char *const *values, const int *lengths, const int *formats, int i)
{
    size_t len;

    if (values[i] == NULL)
        return 0;
    if (formats != NULL && formats[i] != 0)
        return lengths == NULL || lengths[i] < 0 ? -1 : (long)lengths[i];
    len = strlen(values[i]);
    return len < INT_MAX ? (long)len + 1 : -1;
}

/* A copy of the query in one piece; NULL: it is none, or there is no memory. */
static inline asynchron_pq_query_t *asynchron_pq_copy(const char *sql, int n_params, const char *const *values,
                                                      const int *lengths, const int *formats, int result_format)
{
    const size_t n = n_params < 0 ? 0 : (size_t)n_params;
    size_t size = sizeof(asynchron_pq_query_t) + n * (sizeof(char *) + 2 * sizeof(int)), len = strlen(sql) + 1;
    asynchron_pq_query_t *q;
    char *bytes;
    size_t i;

    for (i = 0; i < n; i++) {
        const long more = asynchron_pq_param_size(values, lengths, formats, (int)i);

        if (more < 0 || size + (size_t)more < size)
            return NULL;
        size += (size_t)more;
    }
    q = size + len < size ? NULL : (asynchron_pq_query_t *)malloc(size + len);
    if (q == NULL)
        return NULL;
    memset(q, 0, sizeof *q);
    q->n_params = n_params;
    q->result_format = result_format;
    q->values = (const char **)(void *)(q + 1);
    q->lengths = (int *)(void *)(q->values + n);
    q->formats = q->lengths + n;
    bytes = (char *)(void *)(q->formats + n);
    for (i = 0; i < n; i++) {
        const size_t more = (size_t)asynchron_pq_param_size(values, lengths, formats, (int)i);

        q->values[i] = values[i] == NULL ? NULL : bytes;
        q->formats[i] = formats == NULL ? 0 : formats[i];
        q->lengths[i] = (int)more; /* of a text libpq ignores it */
        if (more > 0)
            memcpy(bytes, values[i], more);
        bytes += more;
    }
    memcpy(bytes, sql, len);
    q->sql = bytes;
    return q;
}

/* In milliseconds. */
static inline uint64_t asynchron_pq_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Adds one to those that wait, or takes it out. */
static inline void asynchron_pq_add(asynchron_pq_query_t *q)
{
    asynchron_pq_t *p = q->p;

    q->since = asynchron_pq_now();
    q->next = NULL;
    q->previous = p->last;
    if (p->last != NULL)
        p->last->next = q;
    else
        p->waiting = q;
    p->last = q;
    p->n_waiting++;
}

static inline void asynchron_pq_take(asynchron_pq_query_t *q)
{
    asynchron_pq_t *p = q->p;

    if (q->next != NULL)
        q->next->previous = q->previous;
    else
        p->last = q->previous;
    if (q->previous != NULL)
        q->previous->next = q->next;
    else
        p->waiting = q->next;
    p->n_waiting--;
}

static inline void asynchron_pq_clear(void *result)
{
    PQclear((PGresult *)result);
}

/* Fails it, with libpq's message, but for the end of its last line. */
static inline void asynchron_pq_fail(asynchron_t *a, int32_t code, const char *message, PGresult *result)
{
    size_t len = strlen(message);
    char *line;

    while (len > 0 && message[len - 1] == '\n')
        len--;
    line = (char *)malloc(len + 1);
    if (line != NULL) {
        memcpy(line, message, len);
        line[len] = '\0';
    }
    if (asynchron_fail_with(a, code, "pq", line != NULL ? line : message, result, asynchron_pq_clear) ==
        ASYNCHRON_E_NOMEM)
        (void)asynchron_fail(a, code, NULL);
    free(line);
}

/* Fails it, as it cannot go on after the release. Without memory the promise does so, with another message. */
static inline void asynchron_pq_fail_released(asynchron_t *a)
{
    (void)asynchron_fail_with(a, ASYNCHRON_E_BROKEN, "asynchron", "the client of PostgreSQL was released", NULL, NULL);
}

/* Ends a query that neither waits nor is on a connection, on the thread. With a message it fails; else it becomes the
   result; without both, and if it is not complete, the release has broken it. Callbacks run in here. */
static inline void asynchron_pq_finish(asynchron_pq_query_t *q, int32_t code, const char *message, PGresult *result)
{
    asynchron_pq_t *p = q->p;
    asynchron_t *a = asynchron_promise_asynchron(q->promise);

    (void)pthread_mutex_lock(&p->lock);
    q->over = 1;
    (void)pthread_mutex_unlock(&p->lock);
    if (message != NULL)
        asynchron_pq_fail(a, code, message, result);
    else if (result != NULL)
        (void)asynchron_set_pointer(a, result, asynchron_pq_clear);
    else
        asynchron_pq_fail_released(a);
    asynchron_promise_release(q->promise);
    (void)pthread_mutex_lock(&p->lock);
    asynchron_pq_unlock_and_forget(q);
}

#endif /* ASYNCHRON_PQ_QUERY_H */
