/* asynchron/pq_thread.h: what asynchron/pq.h does on its thread. Include that instead: nothing here is for its user.
 *
 * A connection serves the next query only when two things are over: all results of the query before it were read, and
 * every request to cancel that one has returned. So no request, however late, meets a query for which it was not meant.
 * If it is in a transaction then, and there are others, it rolls back first: the next query is somebody else's.
 */
#ifndef ASYNCHRON_PQ_THREAD_H
#define ASYNCHRON_PQ_THREAD_H

#include "pq_connection.h"

/* In milliseconds: how long a query may go on after a request to cancel it before the next one, at first and at most;
   and how long the end waits for what runs. */
#define ASYNCHRON_PQ_PAUSE 100
#define ASYNCHRON_PQ_MAX_PAUSE 5000
#define ASYNCHRON_PQ_LAST 1000

/* Asks the server to cancel, which blocks: so this runs on the executor. The server closes only after it has passed the
   request on, and libpq waits for that. */
static inline int32_t asynchron_pq_ask(asynchron_t *self, void *connection)
{
    asynchron_pq_connection_t *c = (asynchron_pq_connection_t *)connection;
    char message[256];
    sigset_t pipe, before;

    (void)self;
    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, &before);
    c->is_heard = PQcancel(c->cancel, message, (int)sizeof message);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return 0;
}

/* The request is over, or could not be made. */
static inline void asynchron_pq_asked(void *connection)
{
    asynchron_pq_connection_t *c = (asynchron_pq_connection_t *)connection;
    asynchron_pq_t *p = c->p;

    PQfreeCancel(c->cancel);
    (void)pthread_mutex_lock(&p->lock);
    c->answer = c->is_heard ? ASYNCHRON_PQ_HEARD : ASYNCHRON_PQ_UNHEARD;
    asynchron_pq_wake(p);
    asynchron_pq_unlock_and_unref(p);
}

/* Has the server asked to cancel what a connection runs. */
static inline void asynchron_pq_cancel(asynchron_pq_connection_t *c)
{
    asynchron_t *a = asynchron_create(NULL);
    asynchron_status_t status;

    c->is_asking = 1;
    c->is_heard = 0;
    c->due = 0;
    c->cancel = PQgetCancel(c->conn);
    (void)pthread_mutex_lock(&c->p->lock);
    c->p->references++;
    (void)pthread_mutex_unlock(&c->p->lock);
    if (a == NULL || c->cancel == NULL) {
        asynchron_pq_asked(c);
    } else {
        status = asynchron_spawn_on(c->p->executor, a, asynchron_pq_ask, c, asynchron_pq_asked);
        (void)status; /* if it was refused, the drop has said so */
    }
    asynchron_release(a);
}

/* What has come of a request, if the query is not over by now. It may have come too early for the query to notice: then
   another one is made. If the server cannot be asked, only the connection can be given up. */
static inline void asynchron_pq_answered(asynchron_pq_connection_t *c)
{
    c->is_asking = 0;
    if (c->state != ASYNCHRON_PQ_BUSY)
        return;
    if (c->known == ASYNCHRON_PQ_UNHEARD) {
        asynchron_pq_drop(c);
        return;
    }
    c->due = asynchron_pq_now() + c->pause;
    c->pause = c->pause * 2 < ASYNCHRON_PQ_MAX_PAUSE ? c->pause * 2 : ASYNCHRON_PQ_MAX_PAUSE;
}

/* Ends a query that somebody else has completed. */
static inline void asynchron_pq_stop(asynchron_pq_query_t *q)
{
    asynchron_pq_connection_t *c = q->on;

    if (c == NULL) {
        asynchron_pq_take(q);
    } else {
        (void)asynchron_pq_leave(c);
        c->pause = ASYNCHRON_PQ_PAUSE;
        asynchron_pq_cancel(c);
    }
    asynchron_pq_finish(q, 0, NULL, NULL);
}

/* Does what other threads have asked for. False: it is to end. */
static inline int asynchron_pq_serve(asynchron_pq_t *p)
{
    asynchron_pq_query_t *begun, *stopped;
    int ending;
    size_t i;

    (void)pthread_mutex_lock(&p->lock);
    begun = p->begun;
    p->begun = NULL;
    p->end = &p->begun;
    stopped = p->stopped;
    p->stopped = NULL;
    ending = p->ending;
    for (i = 0; i < p->n; i++) {
        p->connections[i].known = p->connections[i].answer;
        p->connections[i].answer = ASYNCHRON_PQ_NO_ANSWER;
    }
    (void)pthread_mutex_unlock(&p->lock);

    for (i = 0; i < p->n; i++)
        if (p->connections[i].known != ASYNCHRON_PQ_NO_ANSWER)
            asynchron_pq_answered(&p->connections[i]);
    while (begun != NULL) {
        asynchron_pq_query_t *q = begun;

        begun = q->next;
        asynchron_pq_add(q);
    }
    while (stopped != NULL) {
        asynchron_pq_query_t *q = stopped;

        stopped = q->after_stopped;
        if (!q->over) /* only this thread sets it */
            asynchron_pq_stop(q);
        (void)pthread_mutex_lock(&p->lock);
        asynchron_pq_unlock_and_forget(q);
    }
    return !ending;
}

/* If no connection can be begun, as all are in use or hang, gives up the one that has hung the longest. It must have
   hung before the last query came, so that nothing is given up for what waits anyway; and each time for longer, so that
   also a server that takes long is reached in the end. */
static inline void asynchron_pq_make_room(asynchron_pq_t *p)
{
    const size_t n_times = p->n_hung / p->n;
    const uint64_t patience = (uint64_t)ASYNCHRON_PQ_HUNG << (n_times < 8 ? n_times : 8);
    asynchron_pq_connection_t *hung = NULL;
    size_t i;

    for (i = 0; i < p->n; i++) {
        asynchron_pq_connection_t *c = &p->connections[i];

        if (c->state == ASYNCHRON_PQ_NONE)
            return;
        if (c->state == ASYNCHRON_PQ_CONNECTING && (hung == NULL || c->moved < hung->moved))
            hung = c;
    }
    if (hung == NULL || p->last->since < hung->moved + patience)
        return;
    p->n_hung++;
    p->n_spared = 0;
    asynchron_pq_drop(hung);
    asynchron_pq_connect(hung);
}

/* Sends what waits over the connections that are free, and begins to make as many as are missing. */
static inline void asynchron_pq_assign(asynchron_pq_t *p)
{
    const uint64_t now = asynchron_pq_now();
    size_t i, n_coming = 0;

    p->assigned = now;
    if (now >= p->retry)
        p->retry = 0;
    for (i = 0; i < p->n; i++) {
        asynchron_pq_connection_t *c = &p->connections[i];

        if (c->state == ASYNCHRON_PQ_IDLE && !c->is_asking && asynchron_pq_is_open(c))
            asynchron_pq_roll_back(c);
        while (p->waiting != NULL && c->state == ASYNCHRON_PQ_IDLE && !c->is_asking && asynchron_pq_is_good(c))
            asynchron_pq_send(c, p->waiting);
        n_coming += (size_t)asynchron_pq_is_coming(c, now, ASYNCHRON_PQ_SLOW);
    }
    for (i = 0; i < p->n; i++) {
        asynchron_pq_connection_t *c = &p->connections[i];

        /* One that is refused at once takes a query with it, or has the others wait. */
        while (n_coming < p->n_waiting && p->retry == 0 && c->state == ASYNCHRON_PQ_NONE && !c->is_asking) {
            asynchron_pq_connect(c);
            n_coming += c->state == ASYNCHRON_PQ_CONNECTING;
        }
    }
    if (n_coming < p->n_waiting && p->retry == 0)
        asynchron_pq_make_room(p);
}

/* The sooner of two times, of which 0 is never. */
static inline uint64_t asynchron_pq_sooner(uint64_t a, uint64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Sleeps until there is something to do. */
static inline void asynchron_pq_sleep(asynchron_pq_t *p)
{
    const uint64_t now = asynchron_pq_now();
    uint64_t due = asynchron_pq_sooner(p->limit, p->n_waiting > 0 ? p->retry : 0);
    size_t i;

    for (i = 0; i < p->n; i++) {
        asynchron_pq_connection_t *c = &p->connections[i];

        p->polled[i].fd = c->conn == NULL ? -1 : PQsocket(c->conn); /* never one that was asked for before */
        p->polled[i].events = c->events;
        p->polled[i].revents = 0;
        due = asynchron_pq_sooner(due, c->due);
        if (p->n_waiting > 0 && asynchron_pq_is_coming(c, p->assigned, ASYNCHRON_PQ_SLOW))
            due = asynchron_pq_sooner(due, c->moved + ASYNCHRON_PQ_SLOW); /* then another one is begun */
        if (c->conn != NULL && p->polled[i].fd < 0) /* it is lost */
            due = now;
    }
    p->polled[p->n].fd = p->wake[0];
    p->polled[p->n].events = POLLIN;
    p->polled[p->n].revents = 0;
    if (due > now && due - now > 60000)
        due = now + 60000;
    if (poll(p->polled, (nfds_t)(p->n + 1), due == 0 ? -1 : due > now ? (int)(due - now) : 0) < 0)
        (void)poll(NULL, 0, 10); /* without memory: later */
}

/* Does what a connection has slept for. */
static inline void asynchron_pq_step(asynchron_pq_connection_t *c, int is_ready, uint64_t now)
{
    const int is_due = c->due != 0 && now >= c->due;

    if (c->state == ASYNCHRON_PQ_CONNECTING && is_due)
        asynchron_pq_late(c);
    else if (c->state == ASYNCHRON_PQ_CONNECTING && is_ready)
        asynchron_pq_go_on(c);
    else if (c->state == ASYNCHRON_PQ_IDLE && is_ready)
        (void)asynchron_pq_is_good(c);
    else if (c->state >= ASYNCHRON_PQ_BUSY && is_ready)
        asynchron_pq_read(c);
    else if (c->state == ASYNCHRON_PQ_BUSY && is_due)
        asynchron_pq_cancel(c);
}

/* Sleeps, and has each connection do what it has slept for. */
static inline void asynchron_pq_turn(asynchron_pq_t *p)
{
    char bytes[64];
    uint64_t now;
    size_t i;

    asynchron_pq_sleep(p);
    while (read(p->wake[0], bytes, sizeof bytes) == (ssize_t)sizeof bytes)
        continue;
    now = asynchron_pq_now();
    for (i = 0; i < p->n; i++) {
        asynchron_pq_connection_t *c = &p->connections[i];

        asynchron_pq_step(c, c->conn != NULL && (p->polled[i].revents != 0 || PQsocket(c->conn) < 0), now);
    }
}

/* All that is not over is broken, and the server asked to cancel it. Closes the connections that run nothing. */
static inline void asynchron_pq_break(asynchron_pq_t *p)
{
    asynchron_pq_query_t *q;
    size_t i;

    for (i = 0; i < p->n; i++) {
        asynchron_pq_connection_t *c = &p->connections[i];

        q = asynchron_pq_leave(c);
        if (c->state != ASYNCHRON_PQ_BUSY) {
            asynchron_pq_drop(c);
        } else if (!c->is_asking) {
            c->pause = ASYNCHRON_PQ_PAUSE;
            asynchron_pq_cancel(c);
        }
        if (q != NULL)
            asynchron_pq_finish(q, 0, NULL, NULL);
    }
    while ((q = p->waiting) != NULL) {
        asynchron_pq_take(q);
        asynchron_pq_finish(q, 0, NULL, NULL);
    }
}

/* Whether the server runs something, or is asked to cancel it. */
static inline int asynchron_pq_is_busy(const asynchron_pq_t *p)
{
    size_t i;

    for (i = 0; i < p->n; i++)
        if (p->connections[i].state == ASYNCHRON_PQ_BUSY || p->connections[i].is_asking)
            return 1;
    return 0;
}

/* Closes all. A request that has not returned keeps what it needs. */
static inline void asynchron_pq_close(asynchron_pq_t *p)
{
    int wake[2];
    size_t i;

    for (i = 0; i < p->n; i++)
        asynchron_pq_drop(&p->connections[i]);
    (void)asynchron_executor_shutdown(p->executor, 0, 0);
    asynchron_executor_release(p->executor);
    p->executor = NULL;
    (void)pthread_mutex_lock(&p->lock);
    wake[0] = p->wake[0];
    wake[1] = p->wake[1];
    p->wake[0] = p->wake[1] = -1;
    (void)pthread_mutex_unlock(&p->lock);
    (void)close(wake[0]);
    (void)close(wake[1]);
}

static inline void *asynchron_pq_run(void *pointer)
{
    asynchron_pq_t *p = (asynchron_pq_t *)pointer;

    while (asynchron_pq_serve(p)) {
        asynchron_pq_assign(p);
        asynchron_pq_turn(p);
    }
    asynchron_pq_break(p);
    p->limit = asynchron_pq_now() + ASYNCHRON_PQ_LAST;
    while (asynchron_pq_is_busy(p) && asynchron_pq_now() < p->limit) {
        asynchron_pq_turn(p);
        (void)asynchron_pq_serve(p);
    }
    asynchron_pq_close(p);

    /* A completion by others may still have put one here. */
    (void)asynchron_pq_serve(p);
    (void)pthread_mutex_lock(&p->lock);
    asynchron_pq_unlock_and_unref(p);
    return NULL;
}

#endif /* ASYNCHRON_PQ_THREAD_H */
