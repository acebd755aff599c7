/* asynchron/pq.h: queries of PostgreSQL as asynchrons, over libpq.
 *
 *     asynchron_pq_create("host=127.0.0.1 dbname=shop", 4, &p);
 *     a = asynchron_pq_query(p, "SELECT name FROM goods WHERE price < $1", 1, values, NULL, NULL, 0);
 *     ...
 *     if (asynchron_get(a, &value) == ASYNCHRON_OK)
 *         puts(PQgetvalue((const PGresult *)value.data, 0, 0));
 *     asynchron_release(a);                         // and with that PQclear()
 *     asynchron_pq_release(p);
 *
 * A thread of its own drives the connections, which it makes when queries need them, and makes anew when one was lost.
 * Any thread may ask. What holds:
 *
 *   - The value is the PGresult, set by asynchron_set_pointer(): borrowed with the handle, freed with the asynchron,
 *     or taken out by asynchron_take(). That may still say ASYNCHRON_ALREADY for a moment after asynchron_get(), until
 *     the thread that has delivered lets go of its reference: then call it again, a little later.
 *   - A failure has the domain "pq" and libpq's message. Its code is the SQLSTATE as a number: compare it with
 *     asynchron_pq_code("23505"), say. Its payload is the PGresult, for PQresultErrorField(), or NULL if
 *     there is none. The adapter itself has the codes 08001: no connection could be made; 08006: the connection was
 *     lost; 0A000: COPY; 53200: libpq has no memory. 0: libpq has no code.
 *   - Queries begin in their order, each on the first connection that is free, whichever that is. So what
 *     belongs to a session, such as SET, PREPARE or a temporary table, needs `connections` = 1. On one of several
 *     connections it stays for whatever comes next there: use SET LOCAL, and ON COMMIT DROP.
 *   - A transaction is best asked whole, by one asynchron_pq_exec(): "BEGIN; ...; COMMIT", or the statements alone,
 *     which are one transaction. With several connections, what is still open when all its results have come, as it
 *     has failed, was stopped, or has no COMMIT, is rolled back before the connection serves again. That a COMMIT is
 *     missing is no failure. A connection that cannot roll back is closed.
 *   - For a transaction over several queries create another `p`, with `connections` = 1. There nothing is rolled
 *     back but by you: once one of them has failed or was stopped, all fail with 25P02 until you ask ROLLBACK, which
 *     does no harm if no transaction is left. Ask each when the one before has its result: what you ask in advance
 *     is done alone, outside of the transaction, if the connection is lost.
 *   - A query is sent once. If its connection is lost, it has failed, and may have been done. The next one gets
 *     another.
 *   - A connection that cannot be made is the failure of the query that has waited longest. But if other connections
 *     serve, as when the server has no more than these, or are being made, queries wait for those, and it is tried
 *     again after a second.
 *   - connect_timeout holds, for all addresses together; a query that came later than the connection was begun does
 *     not fail by it. A connection that is silent for a second while it is made is not counted on: the query has
 *     another one begun, up to `connections`. If there are no more, a query that comes later has one given up that has
 *     been silent for three seconds, and for longer the more often that was in vain.
 *   - Whatever else completes the asynchron stops the query: asynchron_cancel(), asynchron_expire_after(), a value that
 *     you deliver. If it waits, it never begins. If it runs, the server is asked to cancel it, and the connection is
 *     free when the request has returned and the results were read, so no request meets the next query. What the query
 *     has done by then may be done: outside of a transaction a cancel is no rollback.
 *     asynchron_cancel_pending() takes out only a query that waits.
 *   - Releasing the handle stops nothing: an INSERT of which nobody asks any more is done. If releasing is to stop it,
 *     say so: asynchron_promise_release(asynchron_promise_create(a, ASYNCHRON_PROMISE_CANCEL_UNWANTED)).
 *   - COPY from or to the client is refused with 0A000, and its connection closed. Notices and notifications are
 *     dropped.
 *   - Callbacks and steps of the asynchron run on the thread that completes it. Of a result or a failure that is the
 *     thread of the connections: while one runs, no connection goes on, so do not wait in there, or give it an
 *     executor. After asynchron_cancel() it is the thread that called that; after asynchron_expire_after() the one
 *     that serves deadlines, or the caller's if no time is left. What is registered after the completion runs at
 *     once, on the thread that registers it. On each of them they may ask, and release `p`.
 *   - A server that falls silent, as when its machine is gone, is waited for as long as the system does: keepalives and
 *     tcp_user_timeout of `conninfo` shorten that. Until then its connection serves nobody, also after a cancel.
 *   - Libpq looks a host's name up on that thread, and blocks it meanwhile: give hostaddr, too, if that takes long.
 *   - That thread has all signals blocked. Requests to cancel, which block, run on an executor of its own.
 *   - fork(): the child has no such thread. There, do not use the parent's `p`, not even to release it, and do not wait
 *     for what it asked. The child may create one of its own.
 *
 * A loop of your own needs no libpq in it: add the asynchrons to a report, and attach that, as with asynchron/uv.h.
 *
 * Needs libpq (tried with that of PostgreSQL 15) and POSIX threads. With -std=c99, set _POSIX_C_SOURCE to 200809L.
 */
#ifndef ASYNCHRON_PQ_H
#define ASYNCHRON_PQ_H

#include "pq_thread.h"

/* A pipe that never blocks, and that no program inherits which is started later. */
static inline int asynchron_pq_pipe(int wake[2])
{
    int i, failed = 0;

    if (pipe(wake) != 0) {
        wake[0] = wake[1] = -1;
        return 0;
    }
    for (i = 0; i < 2; i++)
        failed |= fcntl(wake[i], F_SETFD, FD_CLOEXEC) < 0 || fcntl(wake[i], F_SETFL, O_NONBLOCK) < 0;
    return !failed;
}

/**
 * Starts a thread that drives connections. None is made yet.
 *
 * - Needs: `conninfo`, as for PQconnectdb(), also ""; `connections`, how many there are at most, at least 1; `out`
 *   writable.
 * - Ownership: `conninfo` is copied. What is returned is yours: asynchron_pq_release() it.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, or no connections; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no
 *   thread or no descriptor can be had. What libpq does not understand in `conninfo` is the failure of the queries.
 */
static inline asynchron_status_t asynchron_pq_create(const char *conninfo, unsigned connections, asynchron_pq_t **out)
{
    asynchron_executor_options_t options;
    asynchron_pq_t *p;
    sigset_t all, before;
    size_t i;
    int refused;

    if (conninfo == NULL || connections == 0 || out == NULL)
        return ASYNCHRON_E_INVALID;
    p = (asynchron_pq_t *)calloc(1, sizeof *p);
    if (p == NULL)
        return ASYNCHRON_E_NOMEM;
    p->wake[0] = p->wake[1] = -1;
    p->n = connections;
    p->end = &p->begun;
    p->references = 2;
    p->connections = (asynchron_pq_connection_t *)calloc(p->n, sizeof *p->connections);
    p->polled = (struct pollfd *)calloc(p->n + 1, sizeof *p->polled);
    p->conninfo = (char *)malloc(strlen(conninfo) + 1);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.name = "asynchron/pq";
    options.threads = 4;
    if (p->connections == NULL || p->polled == NULL || p->conninfo == NULL ||
        asynchron_executor_create(&options, &p->executor) != ASYNCHRON_OK || pthread_mutex_init(&p->lock, NULL) != 0) {
        asynchron_pq_free(p);
        return ASYNCHRON_E_NOMEM;
    }
    memcpy(p->conninfo, conninfo, strlen(conninfo) + 1);
    for (i = 0; i < p->n; i++)
        p->connections[i].p = p;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    refused = !asynchron_pq_pipe(p->wake) || pthread_create(&p->thread, NULL, asynchron_pq_run, p) != 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (refused) {
        (void)pthread_mutex_destroy(&p->lock);
        asynchron_pq_free(p);
        return ASYNCHRON_E_SYSTEM;
    }
    *out = p;
    return ASYNCHRON_OK;
}

/**
 * Ends it, and closes the connections. Queries that are not over fail: domain "asynchron", code ASYNCHRON_E_BROKEN, and
 * a message which says that the client was released. The server is asked to cancel what runs. When it returns, all are
 * complete, and the thread has ended.
 *
 * - Needs: `p`, or NULL, which is ignored.
 * - Ownership: `p` is gone: no other call may use it at that time or later. Only callbacks that run on its thread may
 *   still ask, which then is broken at once.
 * - Threads: any. Blocks until the thread has ended, and so for its callbacks, and until the server has cancelled what
 *   runs, but for no more than a second: what is left of a request then is freed when the server answers that. On that
 *   thread itself, inside a callback, it returns at once, and the thread ends later.
 */
static inline void asynchron_pq_release(asynchron_pq_t *p)
{
    pthread_t thread;

    if (p == NULL)
        return;
    thread = p->thread;
    (void)pthread_mutex_lock(&p->lock);
    p->ending = 1;
    asynchron_pq_wake(p);
    asynchron_pq_unlock_and_unref(p);
    if (pthread_equal(thread, pthread_self()))
        (void)pthread_detach(thread);
    else
        (void)pthread_join(thread, NULL);
}

/* Hands a query over. */
static inline asynchron_t *asynchron_pq_begin(asynchron_pq_t *p, asynchron_pq_query_t *q)
{
    asynchron_notify_options_t options;
    asynchron_t *a;

    if (q == NULL)
        return NULL;
    a = asynchron_create(NULL);
    q->promise = asynchron_promise_create(a, 0);
    if (q->promise == NULL) {
        asynchron_release(a);
        free(q);
        return NULL;
    }
    q->p = p;
    q->references = 2; /* the thread's and the callback's */
    (void)pthread_mutex_lock(&p->lock);
    p->references++;
    (void)pthread_mutex_unlock(&p->lock);

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.fn = asynchron_pq_cancelled;
    options.ctx = q;
    options.drop_ctx = asynchron_pq_completed;
    options.flags = ASYNCHRON_ON_CANCEL;
    q->over = 1; /* for a drop that comes at once */
    if (asynchron_notify_with(a, &options, NULL) != ASYNCHRON_OK) {
        asynchron_release(a);
        a = NULL;
    } else {
        (void)pthread_mutex_lock(&p->lock);
        if (!p->ending) {
            if (p->begun == NULL && p->stopped == NULL)
                asynchron_pq_wake(p);
            q->over = 0;
            *p->end = q;
            p->end = &q->next;
            (void)pthread_mutex_unlock(&p->lock);
            return a;
        }
        (void)pthread_mutex_unlock(&p->lock);
        asynchron_pq_fail_released(a);
    }
    asynchron_promise_release(q->promise); /* it is broken, if there is one */
    (void)pthread_mutex_lock(&p->lock);
    asynchron_pq_unlock_and_forget(q);
    return a;
}

/**
 * Asks one statement with parameters, as PQsendQueryParams(). The server chooses their types: write $1::int4 for
 * another.
 *
 * - Needs: `p`; `sql`, one statement; `n_params`, 0 to 65535; `values`, of which each is a text, bytes, or NULL for the
 *   SQL NULL; `lengths`, needed for bytes alone; `formats`, 0 for a text and 1 for bytes, or NULL: all are texts;
 *   `result_format`, 0 for texts and 1 for bytes. With no parameters all arrays may be NULL.
 * - Ownership: all is copied. The reference returned is yours: asynchron_release() it.
 * - Threads: any. Does not block.
 * - Returns: the asynchron, which becomes the PGresult, or fails; NULL for a NULL or other bad arguments, or if there
 *   is no memory.
 */
static inline asynchron_t *asynchron_pq_query(asynchron_pq_t *p, const char *sql, int n_params,
                                              const char *const *values, const int *lengths, const int *formats,
                                              int result_format)
{
    if (p == NULL || sql == NULL || n_params < 0 || n_params > 65535 || (n_params > 0 && values == NULL))
        return NULL;
    return asynchron_pq_begin(p, asynchron_pq_copy(sql, n_params, values, lengths, formats, result_format));
}

/**
 * Asks any number of statements, as PQexec(): they are one transaction unless they say otherwise. The value is the
 * result of the last one. The first one that fails is the failure of all, and ends them.
 *
 * - Needs: `p`; `sql`.
 * - Ownership: `sql` is copied. The reference returned is yours: asynchron_release() it.
 * - Threads: any. Does not block.
 * - Returns: as asynchron_pq_query().
 */
static inline asynchron_t *asynchron_pq_exec(asynchron_pq_t *p, const char *sql)
{
    if (p == NULL || sql == NULL)
        return NULL;
    return asynchron_pq_begin(p, asynchron_pq_copy(sql, -1, NULL, NULL, NULL, 0));
}

#endif /* ASYNCHRON_PQ_H */
