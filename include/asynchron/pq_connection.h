/* asynchron/pq_connection.h: what asynchron/pq.h does with one connection, on its thread. Include that instead: nothing
 * here is for its user but asynchron_pq_code().
 */
#ifndef ASYNCHRON_PQ_CONNECTION_H
#define ASYNCHRON_PQ_CONNECTION_H

#include "pq_query.h"

/* In milliseconds: how long after a failure to try again to connect, if other connections serve, or will; after how
   long without an answer a connection that is being made is no longer counted on, so that another one is begun; and
   after how long it may have to make room for another one. */
#define ASYNCHRON_PQ_RETRY 1000
#define ASYNCHRON_PQ_SLOW 1000
#define ASYNCHRON_PQ_HUNG 3000

/**
 * The code of a failure with this SQLSTATE, as PostgreSQL's MAKE_SQLSTATE: asynchron_pq_code("40001"), say.
 *
 * - Needs: five digits or capital letters.
 * - Returns: the code; 0 for anything else.
 */
static inline int32_t asynchron_pq_code(const char *sqlstate)
{
    int32_t code = 0;
    int i;

    if (sqlstate == NULL || strlen(sqlstate) != 5)
        return 0;
    for (i = 4; i >= 0; i--)
        code = (code << 6) + ((sqlstate[i] - '0') & 0x3f);
    return code;
}

/* Libpq prints what the server has to say unless it is given this. Results call it, too, long after the connection is
   gone; but never with an end. */
static inline void asynchron_pq_noticed(void *connection, const PGresult *notice)
{
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
        ((asynchron_pq_connection_t *)connection)->is_lost = 1;
}

static inline void asynchron_pq_drop(asynchron_pq_connection_t *c)
{
    PQclear(c->result);
    c->result = NULL;
    c->has_failed = 0;
    PQfinish(c->conn);
    c->conn = NULL;
    c->state = ASYNCHRON_PQ_NONE;
    c->due = 0;
}

/* Takes the query off that a connection runs; NULL if nobody wants it any more. */
static inline asynchron_pq_query_t *asynchron_pq_leave(asynchron_pq_connection_t *c)
{
    asynchron_pq_query_t *q = c->query;

    if (q != NULL)
        q->on = NULL;
    c->query = NULL;
    return q;
}

/* Closes a connection, and fails its query. */
static inline void asynchron_pq_give_up(asynchron_pq_connection_t *c, const char *sqlstate, const char *message)
{
    asynchron_pq_query_t *q = asynchron_pq_leave(c);

    c->state = ASYNCHRON_PQ_NONE;
    if (q != NULL)
        asynchron_pq_finish(q, asynchron_pq_code(sqlstate), message, NULL);
    asynchron_pq_drop(c);
}

/* Whether it is in a transaction of which the next query is no part. With one connection it may be. */
static inline int asynchron_pq_is_open(const asynchron_pq_connection_t *c)
{
    return c->p->n > 1 && PQtransactionStatus(c->conn) != PQTRANS_IDLE;
}

/* All results have come: the query is over. */
static inline void asynchron_pq_finished(asynchron_pq_connection_t *c)
{
    asynchron_pq_query_t *q = asynchron_pq_leave(c);
    PGresult *result = c->result;
    const int was_rolling_back = c->state == ASYNCHRON_PQ_ROLLING_BACK;
    const int has_failed = c->has_failed || result == NULL;
    const int is_lost = c->is_lost || PQstatus(c->conn) != CONNECTION_OK;
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    c->result = NULL;
    c->has_failed = 0;
    c->state = ASYNCHRON_PQ_IDLE;
    c->events = POLLIN;
    c->due = 0;
    if (is_lost || (was_rolling_back && asynchron_pq_is_open(c)))
        asynchron_pq_drop(c);
    if (q == NULL)
        PQclear(result);
    else if (has_failed)
        asynchron_pq_finish(q, asynchron_pq_code(sqlstate == NULL && is_lost ? "08006" : sqlstate),
                            PQresultErrorMessage(result), result);
    else
        asynchron_pq_finish(q, 0, NULL, result);
}

/* Sends what is left, if the connection takes it now. */
static inline int asynchron_pq_flush(asynchron_pq_connection_t *c)
{
    const int left = PQflush(c->conn);

    c->events = (short)(left > 0 ? POLLIN | POLLOUT : POLLIN);
    return left >= 0;
}

/* Reads what there is. After a loss libpq still has a result, which says so. */
static inline void asynchron_pq_read(asynchron_pq_connection_t *c)
{
    const int is_read = PQconsumeInput(c->conn) && asynchron_pq_flush(c);
    PGresult *result;

    if (!is_read && PQstatus(c->conn) == CONNECTION_OK) {
        asynchron_pq_give_up(c, "53200", PQerrorMessage(c->conn));
        return;
    }
    while (!is_read || !PQisBusy(c->conn)) {
        result = PQgetResult(c->conn);
        if (result == NULL) {
            asynchron_pq_finished(c);
            return;
        }
        switch (PQresultStatus(result)) {
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT:
        case PGRES_COPY_BOTH:
            PQclear(result);
            asynchron_pq_give_up(c, "0A000", "COPY from or to the client is not offered");
            return;
        default:
            if (c->has_failed) { /* the first failure tells why */
                PQclear(result);
                break;
            }
            PQclear(c->result);
            c->result = result;
            c->has_failed = PQresultStatus(result) == PGRES_FATAL_ERROR ||
                            PQresultStatus(result) == PGRES_BAD_RESPONSE;
        }
    }
}

/* Whether an idle connection is still good. What it was notified of is for nobody. */
static inline int asynchron_pq_is_good(asynchron_pq_connection_t *c)
{
    const int is_read = PQconsumeInput(c->conn);
    PGnotify *notification;

    while ((notification = PQnotifies(c->conn)) != NULL)
        PQfreemem(notification);
    if (is_read && !c->is_lost && PQstatus(c->conn) == CONNECTION_OK)
        return 1;
    asynchron_pq_drop(c);
    return 0;
}

/* Has an idle connection leave a transaction before it serves again. */
static inline void asynchron_pq_roll_back(asynchron_pq_connection_t *c)
{
    c->state = ASYNCHRON_PQ_ROLLING_BACK;
    if (!PQsendQuery(c->conn, "ROLLBACK") || !asynchron_pq_flush(c))
        asynchron_pq_drop(c);
}

/* Sends a query over a connection that is idle. */
static inline void asynchron_pq_send(asynchron_pq_connection_t *c, asynchron_pq_query_t *q)
{
    asynchron_t *a = asynchron_promise_asynchron(q->promise);
    int is_sent;

    asynchron_pq_take(q);
    if (asynchron_poll(a) != ASYNCHRON_PENDING) {
        asynchron_pq_finish(q, 0, NULL, NULL);
        return;
    }
    (void)asynchron_start(a);
    if (q->n_params < 0)
        is_sent = PQsendQuery(c->conn, q->sql);
    else
        is_sent = PQsendQueryParams(c->conn, q->sql, q->n_params, NULL, q->values, q->lengths, q->formats,
                                    q->result_format);
    c->state = ASYNCHRON_PQ_BUSY;
    c->query = q;
    q->on = c;
    if (!is_sent || !asynchron_pq_flush(c))
        asynchron_pq_give_up(c, PQstatus(c->conn) == CONNECTION_OK ? "53200" : "08006", PQerrorMessage(c->conn));
}

/* Whether a connection is being made, and has been silent for less than so long. */
static inline int asynchron_pq_is_coming(const asynchron_pq_connection_t *c, uint64_t now, uint64_t silence)
{
    return c->state == ASYNCHRON_PQ_CONNECTING && now < c->moved + silence;
}

/* The first in the queue has failed for want of a connection. */
static inline void asynchron_pq_fail_first(asynchron_pq_t *p, const char *message)
{
    asynchron_pq_query_t *q = p->waiting;

    asynchron_pq_take(q);
    asynchron_pq_finish(q, asynchron_pq_code("08001"), message, NULL);
}

/* A connection cannot be made. What waits is served by others, if there are any, or by those that are being made; when
   none is left, as many have failed as were refused. */
static inline void asynchron_pq_refused(asynchron_pq_connection_t *c, const char *message)
{
    asynchron_pq_t *p = c->p;
    const uint64_t now = asynchron_pq_now();
    size_t i, n_serving = 0, n_coming = 0, n_failed;

    c->state = ASYNCHRON_PQ_NONE;
    for (i = 0; i < p->n; i++) {
        n_serving += p->connections[i].state >= ASYNCHRON_PQ_IDLE;
        n_coming += (size_t)asynchron_pq_is_coming(&p->connections[i], now, ASYNCHRON_PQ_HUNG);
    }
    if (n_serving + n_coming > 0) {
        p->retry = now + ASYNCHRON_PQ_RETRY;
        p->n_spared += n_serving == 0 && p->n_spared < p->n - 1;
    } else {
        p->retry = 0;
        n_failed = p->n_spared + 1;
        p->n_spared = 0;
        for (; n_failed > 0 && p->waiting != NULL; n_failed--)
            asynchron_pq_fail_first(p, message);
    }
    asynchron_pq_drop(c);
}

/* A connection was not made in time. That is no failure of a query that waits for less long. */
static inline void asynchron_pq_late(asynchron_pq_connection_t *c)
{
    asynchron_pq_t *p = c->p;
    size_t i;

    for (i = 0; i < p->n && p->connections[i].state < ASYNCHRON_PQ_IDLE; i++)
        continue;
    p->n_spared = 0;
    if (i < p->n)
        p->retry = asynchron_pq_now() + ASYNCHRON_PQ_RETRY;
    else if (p->waiting != NULL && p->waiting->since <= c->since)
        asynchron_pq_fail_first(p, "no connection was made within connect_timeout");
    asynchron_pq_drop(c);
}

/* Until when it may take to connect: PQconnectPoll() knows no limit. As libpq has it, at least two seconds. */
static inline uint64_t asynchron_pq_limit(PGconn *conn)
{
    PQconninfoOption *options = PQconninfo(conn), *option;
    long seconds = 0;

    for (option = options; option != NULL && option->keyword != NULL; option++)
        if (strcmp(option->keyword, "connect_timeout") == 0 && option->val != NULL)
            seconds = strtol(option->val, NULL, 10);
    PQconninfoFree(options);
    if (seconds <= 0 || seconds > INT_MAX)
        return 0;
    return asynchron_pq_now() + (uint64_t)(seconds < 2 ? 2 : seconds) * 1000;
}

static inline void asynchron_pq_connect(asynchron_pq_connection_t *c)
{
    c->conn = PQconnectStart(c->p->conninfo);
    c->is_lost = 0;
    if (c->conn == NULL || PQstatus(c->conn) == CONNECTION_BAD) {
        asynchron_pq_refused(c, PQerrorMessage(c->conn));
        return;
    }
    (void)PQsetNoticeReceiver(c->conn, asynchron_pq_noticed, c);
    c->state = ASYNCHRON_PQ_CONNECTING;
    c->since = c->moved = asynchron_pq_now();
    c->events = POLLOUT;
    c->due = asynchron_pq_limit(c->conn);
}

/* Goes on connecting. The socket may be another one afterwards, also with the same number. */
static inline void asynchron_pq_go_on(asynchron_pq_connection_t *c)
{
    c->moved = asynchron_pq_now();
    switch (PQconnectPoll(c->conn)) {
    case PGRES_POLLING_READING:
        c->events = POLLIN;
        break;
    case PGRES_POLLING_WRITING:
        c->events = POLLOUT;
        break;
    case PGRES_POLLING_OK:
        if (PQsetnonblocking(c->conn, 1) == 0) {
            c->state = ASYNCHRON_PQ_IDLE;
            c->events = POLLIN;
            c->due = 0;
            c->p->retry = 0;
            c->p->n_spared = 0;
            c->p->n_hung = 0;
            break;
        }
        asynchron_pq_refused(c, PQerrorMessage(c->conn));
        break;
    default:
        asynchron_pq_refused(c, PQerrorMessage(c->conn));
    }
}

#endif /* ASYNCHRON_PQ_CONNECTION_H */
