/* pq_connecting.h: connections that hang, or are refused, while others serve or are made. */
#ifndef PQ_CONNECTING_H
#define PQ_CONNECTING_H

#include "pq_base.h"

/* The conninfo of a port where something listens, and never says a word. */
static int open_silent(char *conninfo, size_t size, const char *more)
{
    int port, silent = open_port(1, &port);

    snprintf(conninfo, size, "host=127.0.0.1 port=%d %s", port, more);
    return silent;
}

/* A query that nobody waits for any longer, when its connection has been begun. */
static void ask_and_cancel(asynchron_pq_t *p)
{
    const int before = flag_of(&begun_connections);
    asynchron_t *a = asked(p, "SELECT 1");

    COMES_TRUE(flag_of(&begun_connections) > before);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
    asynchron_release(a);
}

static void a_connection_that_was_late_fails_no_query_that_came_later(void)
{
    asynchron_pq_t *p = new_pq(1);
    char conninfo[100];
    int silent = open_silent(conninfo, sizeof conninfo, "connect_timeout=2");

    lead_elsewhere("", 0, conninfo, 1);
    ask_and_cancel(p);
    usleep(100000);
    CHECK(serves(p) && flag_of(&begun_connections) == 2);
    asynchron_pq_release(p);
    close(silent);
}

static void one_that_hangs_holds_up_no_query_if_another_can_be_made(void)
{
    int is_first;

    for (is_first = 0; is_first < 2; is_first++) {
        asynchron_pq_t *p = new_pq(2);
        char conninfo[100];
        int silent = open_silent(conninfo, sizeof conninfo, "");

        lead_elsewhere("", 0, conninfo, 1);
        if (!is_first)
            ask_and_cancel(p);
        CHECK(serves(p) && flag_of(&begun_connections) == 2);
        asynchron_pq_release(p);
        close(silent);
    }
}

static void if_all_hang_one_is_given_up_for_a_query_that_comes_later(void)
{
    asynchron_pq_t *p = new_pq(2);
    char conninfo[100];
    int silent = open_silent(conninfo, sizeof conninfo, "");
    asynchron_t *a;

    lead_elsewhere("", 0, conninfo, 2);
    a = asked(p, "SELECT 41");
    COMES_TRUE(flag_of(&begun_connections) == 2);
    usleep(ASYNCHRON_PQ_HUNG * 1000 + 100000);
    CHECK(flag_of(&begun_connections) == 2 && asynchron_poll(a) == ASYNCHRON_PENDING);
    CHECK(serves(p) && is_text(a, "41"));
    asynchron_release(a);
    asynchron_pq_release(p);
    close(silent);
}

static void with_one_that_hangs_after_one_was_refused_the_thread_sleeps(void)
{
    asynchron_pq_t *p = new_pq(2);
    char conninfo[100];
    int silent = open_silent(conninfo, sizeof conninfo, "");
    asynchron_t *slow = slow_one(p), *a;
    clockid_t clock;
    uint64_t before;

    lead_elsewhere("host=/no/such/directory", 1, conninfo, 1);
    a = asked(p, "SELECT 41");
    COMES_TRUE(flag_of(&begun_connections) == 2);
    CHECK(pthread_getcpuclockid(p->thread, &clock) == 0);
    before = used_by(clock);
    usleep(800000);
    CHECK(used_by(clock) - before < 200000000u && asynchron_poll(a) == ASYNCHRON_PENDING);
    CHECK(asynchron_cancel(slow) == ASYNCHRON_OK && is_text(a, "41"));
    asynchron_release(slow);
    asynchron_release(a);
    asynchron_pq_release(p);
    close(silent);
}

static void all_of_20_come(asynchron_pq_t *p)
{
    asynchron_t *as[20];
    int i;

    for (i = 0; i < 20; i++)
        as[i] = asked(p, "SELECT 41");
    for (i = 0; i < 20; i++) {
        CHECK(is_text(as[i], "41"));
        asynchron_release(as[i]);
    }
}

/* Ends a connection. Its room is free when its process is gone, and not before. */
static void end_of(PGconn *conn)
{
    const int backend = PQbackendPID(conn);

    PQfinish(conn);
    COMES_TRUE(backend == 0 || kill((pid_t)backend, 0) != 0);
}

/* The server has room for one, and refuses all others, some before it has accepted that one. */
static void refused_while_another_is_made_no_query_fails(void)
{
    PGconn *others[64];
    int i, n, backend;

    COMES_TRUE(connections() == 0); /* which has `side` be one of them */
    for (n = 0; n < 64; n++) {
        others[n] = PQconnectdb("");
        if (PQstatus(others[n]) != CONNECTION_OK)
            break;
    }
    CHECK(n > 0 && n < 64);
    end_of(others[n]);
    end_of(others[--n]);
    for (i = 0; i < 20; i++) {
        asynchron_pq_t *p = new_pq(4);

        all_of_20_come(p);
        backend = number_of("SELECT pid FROM pg_stat_activity WHERE application_name = 'tested'");
        asynchron_pq_release(p);
        COMES_TRUE(kill((pid_t)backend, 0) != 0);
    }
    while (n > 0)
        PQfinish(others[--n]);
}

/* As if there were no descriptor for any but the first. */
static void refused_at_once_while_another_is_made_no_query_fails(void)
{
    int i;

    for (i = 0; i < 20; i++) {
        asynchron_pq_t *p = new_pq(4);

        lead_elsewhere("", 1, "host=/no/such/directory", 1000);
        all_of_20_come(p);
        asynchron_pq_release(p);
    }
    lead_elsewhere("", 0, "", 0);
}

/* As many as were refused, though each counts on those that are not refused yet. */
static void refused_one_after_another_all_fail(void)
{
    char conninfo[100];
    int port, taken = open_port(0, &port), i;
    asynchron_pq_t *p;
    asynchron_t *as[20];

    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d", port);
    p = pq_of(conninfo, 4);
    for (i = 0; i < 20; i++)
        as[i] = asked(p, "SELECT 1");
    for (i = 0; i < 20; i++) {
        CHECK(has_failed_by(as[i], "08001", "onnection refused"));
        asynchron_release(as[i]);
    }
    asynchron_pq_release(p);
    close(taken);
}

#endif
