/* pq_losing.h: connections that cannot be made, or are lost; and a server that is killed, full, or deaf. */
#ifndef PQ_LOSING_H
#define PQ_LOSING_H

#include "pq_base.h"

static void a_refused_connection_fails_its_query_with_the_message_of_libpq(void)
{
    char conninfo[100];
    int port, taken = open_port(0, &port), i;
    asynchron_pq_t *p;

    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d", port);
    p = pq_of(conninfo, 3);
    for (i = 0; i < 5; i++) {
        asynchron_t *a = asked(p, "SELECT 1");
        asynchron_error_t error;

        CHECK(has_failed_by(a, "08001", "onnection refused"));
        CHECK(asynchron_error(a, &error) == ASYNCHRON_OK && error.payload == NULL);
        asynchron_release(a);
    }
    asynchron_pq_release(p);
    p = pq_of("nonsense=1", 1);
    {
        asynchron_t *a = asked(p, "SELECT 1");

        CHECK(has_failed_by(a, "08001", "nonsense"));
        asynchron_release(a);
    }
    asynchron_pq_release(p);
    close(taken);
}

/* A socket that is not there is refused inside PQconnectStart(), and nothing comes later that could wake the thread. */
static void refused_at_once_all_that_wait_fail(void)
{
    int i, round;

    for (round = 0; round < 50; round++) {
        asynchron_pq_t *p = pq_of("host=/no/such/directory", 1);
        asynchron_t *as[20];

        for (i = 0; i < 20; i++)
            as[i] = asked(p, "SELECT 1");
        for (i = 0; i < 20; i++) {
            CHECK(has_failed_by(as[i], "08001", "No such file"));
            asynchron_release(as[i]);
        }
        asynchron_pq_release(p);
    }
}

/* Libpq then goes on with another socket, which has the same number. */
static void of_two_addresses_the_one_that_is_not_refused_serves(void)
{
    char conninfo[200];
    int port, taken = open_port(0, &port), i;

    for (i = 0; i < 20; i++) {
        asynchron_pq_t *p;

        snprintf(conninfo, sizeof conninfo, "host=127.0.0.1,127.0.0.1 port=%d,%s application_name=tested", port,
                 getenv("PGPORT"));
        p = pq_of(conninfo, 2);
        CHECK(serves(p));
        asynchron_pq_release(p);
    }
    close(taken);
}

/* One backend stands still with a query of which it has read little. */
static void a_query_that_the_server_does_not_read_holds_up_no_other(void)
{
    enum { LEN = 20000000 };
    asynchron_pq_t *p = new_pq(2);
    char *text = (char *)malloc(LEN + 1);
    const char *values[1];
    asynchron_t *a;
    int backend;

    memset(text, 'x', LEN);
    text[LEN] = '\0';
    values[0] = text;
    CHECK(serves(p));
    backend = number_of("SELECT pid FROM pg_stat_activity WHERE application_name = 'tested'");
    CHECK(kill((pid_t)backend, SIGSTOP) == 0);
    a = asynchron_pq_query(p, "SELECT length($1)", 1, values, NULL, NULL, 0);
    CHECK(a != NULL && serves(p) && asynchron_poll(a) == ASYNCHRON_PENDING);
    CHECK(kill((pid_t)backend, SIGCONT) == 0);
    CHECK(is_text(a, "20000000"));
    free(text);
    asynchron_release(a);
    asynchron_pq_release(p);
}

/* Something listens there, and never says a word. */
static void connect_timeout_holds_and_so_does_the_time_limit_of_a_query(void)
{
    const uint64_t since = now_ns();
    char conninfo[100];
    int port, silent = open_port(1, &port);
    asynchron_pq_t *p;
    asynchron_t *timed_out, *expired;

    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d connect_timeout=1", port); /* 2, as libpq has it */
    p = pq_of(conninfo, 2);
    timed_out = asked(p, "SELECT 1");
    expired = asked(p, "SELECT 1");
    CHECK(asynchron_expire_after(expired, 100000000) == ASYNCHRON_OK);
    CHECK(has_failed(expired, "asynchron", ASYNCHRON_TIMEOUT));
    CHECK(has_failed_by(timed_out, "08001", "connect_timeout"));
    CHECK(now_ns() - since >= 2000000000u);
    asynchron_release(expired);
    asynchron_release(timed_out);
    asynchron_pq_release(p);
    close(silent);
}

/* Libpq has two results then, of which the second one only says that the connection is gone. */
static void of_a_terminated_backend_the_first_result_tells_why_once(void)
{
    asynchron_pq_t *p = new_pq(1);
    int i;

    for (i = 0; i < 10; i++) {
        asynchron_t *a = slow_one(p), *next = asked(p, "SELECT 41");

        do_it("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tested'");
        CHECK(has_failed_by(a, "57P01", "administrator command") && is_text(next, "41"));
        asynchron_release(a);
        asynchron_release(next);
    }
    asynchron_pq_release(p);
}

static void lost_without_a_query_a_connection_is_replaced_and_none_fails(void)
{
    asynchron_pq_t *p = new_pq(1);
    int i;

    for (i = 0; i < 30; i++) {
        CHECK(serves(p));
        do_it("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tested'");
        COMES_TRUE(connections() == 0); /* it says so before that */
        usleep((useconds_t)(i * 100));
    }
    CHECK(serves(p));
    asynchron_pq_release(p);
}

typedef struct {
    asynchron_pq_t *p;
    asynchron_t *next;
    int is_over;
} lost_t;

static void lose_and_ask(asynchron_t *a, void *pointer)
{
    lost_t *lost = (lost_t *)pointer;

    (void)a;
    do_it("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tested'");
    COMES_TRUE(connections() == 0);
    lost->next = asked(lost->p, "SELECT 41");
    raise_flag(&lost->is_over);
}

static void lost_while_the_thread_was_busy_it_is_noticed_before_the_next_query(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *slow = slow_one(p), *a = asked(p, "SELECT 1");
    lost_t lost;

    memset(&lost, 0, sizeof lost);
    lost.p = p;
    CHECK(asynchron_notify(a, lose_and_ask, &lost) == ASYNCHRON_OK && asynchron_cancel(slow) == ASYNCHRON_OK);
    COMES_TRUE(flag_of(&lost.is_over));
    CHECK(is_text(lost.next, "41"));
    asynchron_release(lost.next);
    asynchron_release(slow);
    asynchron_release(a);
    asynchron_pq_release(p);
}

/* While it recovers the server refuses. */
static void comes_to_serve(asynchron_pq_t *p)
{
    for (;;) {
        asynchron_t *a = asked(p, "SELECT 41");
        const asynchron_status_t status = asynchron_get(a, NULL);

        asynchron_release(a);
        if (status == ASYNCHRON_OK)
            return;
        usleep(20000);
    }
}

static void a_backend_that_is_killed_is_a_failure_and_later_all_is_well(void)
{
    asynchron_pq_t *p = new_pq(2);
    asynchron_t *killed = slow_one(p), *other;
    const int backend = number_of("SELECT pid FROM pg_stat_activity WHERE application_name = 'tested'");

    other = slow_one(p);
    CHECK(kill((pid_t)backend, SIGKILL) == 0);
    CHECK(has_failed_by(killed, "08006", "server closed the connection unexpectedly"));
    CHECK(asynchron_get(other, NULL) == ASYNCHRON_FAILED); /* the server ends all, as they share its memory */
    comes_to_serve(p);
    asynchron_release(killed);
    asynchron_release(other);
    asynchron_pq_release(p);
}

static void a_server_that_stops_in_the_middle_is_a_failure_and_serves_when_it_is_back(void)
{
    asynchron_pq_t *p = new_pq(3);
    asynchron_t *as[10], *a;
    int i;

    for (i = 0; i < 10; i++)
        as[i] = i < 3 ? slow_one(p) : asked(p, "SELECT 1");
    have_server("stop");
    for (i = 0; i < 10; i++) {
        CHECK(asynchron_get(as[i], NULL) == ASYNCHRON_FAILED);
        asynchron_release(as[i]);
    }
    a = asked(p, "SELECT 1");
    CHECK(has_failed_by(a, "08001", "onnection"));
    asynchron_release(a);
    have_server("start");
    comes_to_serve(p);
    asynchron_pq_release(p);
}

static void of_a_full_server_the_connections_that_are_there_serve_all(void)
{
    PGconn *others[64];
    asynchron_pq_t *p = new_pq(1), *late = new_pq(1), *many = new_pq(30);
    asynchron_t *as[100], *a;
    int i, n;

    CHECK(serves(p) && serves(many));
    for (n = 0; n < 64; n++) {
        others[n] = PQconnectdb("");
        if (PQstatus(others[n]) != CONNECTION_OK)
            break;
    }
    CHECK(n < 64);
    a = asked(late, "SELECT 1");
    CHECK(has_failed_by(a, "08001", "too many clients"));
    CHECK(serves(p));
    for (i = 0; i < 100; i++)
        as[i] = asked(many, "SELECT 41 FROM pg_sleep(0.001)");
    for (i = 0; i < 100; i++) {
        CHECK(is_text(as[i], "41"));
        asynchron_release(as[i]);
    }
    for (i = 0; i <= n; i++)
        PQfinish(others[i]);
    comes_to_serve(late);
    asynchron_release(a);
    asynchron_pq_release(p);
    asynchron_pq_release(late);
    asynchron_pq_release(many);
}

static void a_connection_of_which_the_query_was_cancelled_serves_the_next(void)
{
    asynchron_pq_t *p = new_pq(2);
    int i;

    for (i = 0; i < 50; i++) {
        asynchron_t *a = asked(p, "SELECT 1");

        usleep((useconds_t)(i * 50));
        (void)asynchron_cancel(a);
        asynchron_release(a);
    }
    CHECK(serves(p) && connections() <= 2);
    asynchron_pq_release(p);
}

/* The server takes the request, and does not go on. */
static void a_server_that_hears_no_request_holds_the_release_up_for_a_second_alone(void)
{
    const int before = flag_of(&freed_requests);
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *a = slow_one(p);
    char path[1000];
    FILE *file;
    int server;

    snprintf(path, sizeof path, "%s/data/postmaster.pid", getenv("PQ_AT"));
    file = fopen(path, "r");
    CHECK(file != NULL && fscanf(file, "%d", &server) == 1);
    fclose(file);
    CHECK(kill((pid_t)server, SIGSTOP) == 0);
    asynchron_pq_release(p);
    CHECK(flag_of(&freed_requests) == before && is_broken(a));
    CHECK(kill((pid_t)server, SIGCONT) == 0);
    COMES_TRUE(flag_of(&freed_requests) > before && connections() == 0);
    usleep(100000); /* and with it the rest is freed */
    asynchron_release(a);
}

#endif
