/* pq_stopping.h: what stops a query, and what comes of its connection. */
#ifndef PQ_STOPPING_H
#define PQ_STOPPING_H

#include "pq_base.h"

static void cancelled_while_it_waits_it_never_begins(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *slow = slow_one(p), *as[10], *last;
    int i;

    do_it("CREATE TABLE begun (n int)");
    for (i = 0; i < 10; i++)
        as[i] = asked(p, "INSERT INTO begun VALUES (1)");
    last = asked(p, "SELECT 41");
    for (i = 9; i >= 0; i--)
        CHECK(asynchron_cancel(as[i]) == ASYNCHRON_OK);
    CHECK(asynchron_cancel(slow) == ASYNCHRON_OK);
    CHECK(is_text(last, "41") && number_of("SELECT count(*) FROM begun") == 0);
    for (i = 0; i < 10; i++)
        asynchron_release(as[i]);
    asynchron_release(slow);
    asynchron_release(last);
    asynchron_pq_release(p);
    do_it("DROP TABLE begun");
}

/* Of a cancel inside a callback everybody knows at once, and what was registered is told after that callback. */
static void cancel_before_its_turn(asynchron_t *self, void *p)
{
    asynchron_t *a = asked((asynchron_pq_t *)p, "INSERT INTO untold VALUES (1)"), *next;

    (void)self;
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
    next = asked((asynchron_pq_t *)p, "SELECT 41");
    do_it("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'tested'");
    COMES_TRUE(asynchron_poll(next) == ASYNCHRON_OK); /* so the other had its turn; a wait would tell of it */
    asynchron_release(next);
    asynchron_release(a);
}

static void cancelled_and_not_told_of_yet_it_does_not_begin_either(void)
{
    asynchron_t *self = asynchron_create(NULL), *slow;
    asynchron_pq_t *p = new_pq(1);

    do_it("CREATE TABLE untold (n int)");
    slow = slow_one(p);
    CHECK(asynchron_notify(self, cancel_before_its_turn, p) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(self, NULL, 0) == ASYNCHRON_OK);
    CHECK(has_failed_by(slow, "57014", "user request") && number_of("SELECT count(*) FROM untold") == 0);
    asynchron_release(self);
    asynchron_release(slow);
    asynchron_pq_release(p);
    do_it("DROP TABLE untold");
}

static void only_one_that_waits_is_taken_out_by_cancel_pending(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *slow = slow_one(p), *next = asked(p, "SELECT 1");

    CHECK(asynchron_cancel_pending(slow, NULL) == ASYNCHRON_ALREADY);
    CHECK(asynchron_cancel_pending(next, NULL) == ASYNCHRON_OK);
    CHECK(running_queries() == 1 && asynchron_poll(slow) == ASYNCHRON_PENDING);
    asynchron_release(slow);
    asynchron_release(next);
    asynchron_pq_release(p);
}

static int backend_of(asynchron_pq_t *p)
{
    asynchron_t *a = asked(p, "SELECT pg_backend_pid()");
    const int backend = atoi(PQgetvalue(result_of(a), 0, 0));

    asynchron_release(a);
    return backend;
}

static void cancelled_while_it_runs_the_server_stops_and_the_connection_serves_on(void)
{
    asynchron_pq_t *p = new_pq(1);
    const int backend = backend_of(p);
    asynchron_t *a = slow_one(p);

    CHECK(asynchron_cancel(a) == ASYNCHRON_OK && asynchron_poll(a) == ASYNCHRON_CANCELLED);
    CHECK(backend_of(p) == backend && running_queries() == 0);
    asynchron_release(a);
    asynchron_pq_release(p);
}

static void expired_failed_or_delivered_by_others_it_is_stopped_as_well(void)
{
    asynchron_pq_t *p = new_pq(3);
    asynchron_t *expired = slow_one(p), *failed = slow_one(p), *delivered = slow_one(p);

    CHECK(asynchron_expire_after(expired, 1000000) == ASYNCHRON_OK);
    CHECK(asynchron_fail(failed, 7, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(delivered, "abc", 3) == ASYNCHRON_OK);
    COMES_TRUE(running_queries() == 0);
    CHECK(has_failed(expired, "asynchron", ASYNCHRON_TIMEOUT) && has_failed(failed, "", 7));
    asynchron_release(expired);
    asynchron_release(failed);
    asynchron_release(delivered);
    asynchron_pq_release(p);
}

static void released_it_goes_on_unless_that_is_to_stop_it(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *a;
    asynchron_promise_t *promise;

    do_it("CREATE TABLE kept (n int)");
    asynchron_release(slow_one(p));
    CHECK(running_queries() == 1);
    asynchron_release(asked(p, "INSERT INTO kept VALUES (1)"));
    do_it("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'tested'");
    COMES_TRUE(number_of("SELECT count(*) FROM kept") == 1);

    a = slow_one(p);
    promise = asynchron_promise_create(a, ASYNCHRON_PROMISE_CANCEL_UNWANTED);
    CHECK(promise != NULL);
    asynchron_promise_release(promise);
    CHECK(running_queries() == 1);
    asynchron_release(a);
    COMES_TRUE(running_queries() == 0);
    CHECK(serves(p));
    asynchron_pq_release(p);
    do_it("DROP TABLE kept");
}

/* The query is over at about the time when it is cancelled. */
static void a_cancel_that_comes_too_late_never_meets_the_next_query(void)
{
    asynchron_pq_t *p = new_pq(1);
    int i;

    for (i = 0; i < 200; i++) {
        asynchron_t *a = asked(p, "SELECT pg_sleep(0.002)"), *next = asked(p, "SELECT 41 FROM pg_sleep(0.002)");

        usleep((useconds_t)(1000 + i % 50 * 50));
        (void)asynchron_cancel(a);
        CHECK(is_text(next, "41"));
        asynchron_release(a);
        asynchron_release(next);
    }
    asynchron_pq_release(p);
}

/* As above, but the request is held up until the query is long over. */
static void no_query_begins_on_a_connection_of_which_a_request_has_not_returned(void)
{
    asynchron_pq_t *p = new_pq(1);
    const int before = flag_of(&begun_requests);
    asynchron_t *a = asked(p, "SELECT pg_sleep(0.1)"), *next = asked(p, "SELECT 41");

    COMES_TRUE(running_queries() == 1);
    __atomic_store_n(&requests_wait, 1, __ATOMIC_SEQ_CST);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
    COMES_TRUE(flag_of(&begun_requests) > before && running_queries() == 0);
    usleep(200000);
    CHECK(asynchron_poll(next) == ASYNCHRON_PENDING && asynchron_cancel_pending(next, NULL) == ASYNCHRON_OK);
    asynchron_release(next);
    next = asked(p, "SELECT 41");
    __atomic_store_n(&requests_wait, 0, __ATOMIC_SEQ_CST);
    CHECK(is_text(next, "41"));
    asynchron_release(a);
    asynchron_release(next);
    asynchron_pq_release(p);
}

static void held_up_requests_hold_up_no_other_query(void)
{
    asynchron_pq_t *p = new_pq(2);
    asynchron_t *a = slow_one(p);

    __atomic_store_n(&requests_wait, 1, __ATOMIC_SEQ_CST);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK && serves(p));
    __atomic_store_n(&requests_wait, 0, __ATOMIC_SEQ_CST);
    asynchron_release(a);
    asynchron_pq_release(p);
}

static void if_the_server_cannot_be_asked_the_connection_is_given_up(void)
{
    int how; /* 2: not even without asking */

    for (how = 1; how <= 2; how++) {
        asynchron_pq_t *p = new_pq(1);
        const int backend = backend_of(p);
        asynchron_t *a = slow_one(p);

        __atomic_store_n(&requests_fail, how, __ATOMIC_SEQ_CST);
        CHECK(asynchron_cancel(a) == ASYNCHRON_OK && backend_of(p) != backend);
        __atomic_store_n(&requests_fail, 0, __ATOMIC_SEQ_CST);
        do_it("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tested'");
        asynchron_release(a);
        asynchron_pq_release(p);
    }
}

/* The request may reach the server before it has begun the query, and then does nothing: so it must be made again. */
static void a_cancel_that_comes_too_early_is_made_again(void)
{
    asynchron_pq_t *p = new_pq(1);
    int i;

    CHECK(serves(p));
    for (i = 0; i < 60; i++) {
        asynchron_t *a = i == 0 ? slow_one(p) : asked(p, "SELECT pg_sleep(1000)");

        __atomic_store_n(&requests_lost, i == 0 ? 2 : 0, __ATOMIC_SEQ_CST);
        usleep((useconds_t)(i * 10));
        CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
        asynchron_release(a);
        CHECK(serves(p));
    }
    asynchron_pq_release(p);
}

static void *cancel_it(void *a)
{
    (void)asynchron_cancel((asynchron_t *)a);
    asynchron_release((asynchron_t *)a);
    return NULL;
}

static void a_cancel_and_the_result_at_the_same_time_are_one_of_both(void)
{
    asynchron_pq_t *p = new_pq(2);
    int i;

    for (i = 0; i < 200; i++) {
        asynchron_t *a = asked(p, "SELECT 41");
        pthread_t thread;

        usleep((useconds_t)(i * 5));
        thread = start(cancel_it, asynchron_retain(a));
        CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        finish(thread);
        CHECK(asynchron_poll(a) == ASYNCHRON_CANCELLED || is_text(a, "41"));
        asynchron_release(a);
    }
    CHECK(serves(p));
    asynchron_pq_release(p);
}

#endif
