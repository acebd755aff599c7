/* pq_ending.h: where callbacks run, the end of all, and what is refused. */
#ifndef PQ_ENDING_H
#define PQ_ENDING_H

#include "pq_base.h"

static void released_all_that_runs_or_waits_is_broken_and_the_server_stops(void)
{
    asynchron_pq_t *p = new_pq(3);
    asynchron_t *as[10];
    int i;

    for (i = 0; i < 3; i++)
        as[i] = slow_one(p);
    for (i = 3; i < 10; i++)
        as[i] = asked(p, "SELECT pg_sleep(1000)");
    CHECK(asynchron_cancel(as[9]) == ASYNCHRON_OK);
    asynchron_pq_release(p);
    for (i = 0; i < 10; i++) {
        CHECK(asynchron_poll(as[i]) == (i < 9 ? ASYNCHRON_FAILED : ASYNCHRON_CANCELLED));
        CHECK(i == 9 || is_broken(as[i]));
        asynchron_release(as[i]);
    }
    COMES_TRUE(connections() == 0);
}

/* One of ten is enough, as the machine may be slow: the end waits for no more than a second. */
static void released_it_asks_again_if_nothing_comes_of_a_request(void)
{
    int i, is_left = 1;

    for (i = 0; i < 10 && is_left; i++) {
        asynchron_pq_t *p = new_pq(1);
        asynchron_t *a = slow_one(p);
        int tries;

        __atomic_store_n(&requests_lost, 1, __ATOMIC_SEQ_CST);
        asynchron_pq_release(p);
        asynchron_release(a);
        COMES_TRUE(!flag_of(&requests_lost));
        for (tries = 0; tries < 100 && is_left; tries++)
            is_left = connections() > 0;
        do_it("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tested'");
    }
    CHECK(!is_left);
}

static void released_while_it_connects_or_without_a_query_it_ends(void)
{
    char conninfo[100];
    int port, silent = open_port(1, &port), i;

    asynchron_pq_release(new_pq(1));
    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d", port);
    for (i = 0; i < 20; i++) {
        asynchron_pq_t *p = pq_of(i % 2 == 0 ? conninfo : "application_name=tested", 2);
        asynchron_t *a = asked(p, "SELECT pg_sleep(1000)");

        usleep((useconds_t)(i * 200));
        asynchron_pq_release(p);
        CHECK(is_broken(a));
        asynchron_release(a);
    }
    close(silent);
}

static int open_descriptors(void)
{
    int fd, n = 0;

    for (fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void it_leaves_no_descriptor_and_says_so_if_there_is_none(void)
{
    asynchron_pq_t *p = new_pq(1), *none = NULL;
    struct rlimit before, limit;
    asynchron_status_t status;
    asynchron_t *a;
    int i, n;

    CHECK(serves(p) && getrlimit(RLIMIT_NOFILE, &before) == 0);
    asynchron_pq_release(p);
    n = open_descriptors();
    for (i = 0; i < 10; i++) {
        p = new_pq(1);
        CHECK(serves(p));
        asynchron_pq_release(p);
    }
    COMES_TRUE(open_descriptors() <= n);

    p = new_pq(1);
    for (i = 3; fcntl(i, F_GETFD) >= 0; i++)
        continue; /* to the first that is free */
    limit = before;
    limit.rlim_cur = (rlim_t)i;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    status = asynchron_pq_create("", 1, &none);
    a = asked(p, "SELECT 1");
    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(status == ASYNCHRON_E_SYSTEM && none == NULL && has_failed_by(a, "08001", "Too many open files"));
    asynchron_release(a);
    CHECK(serves(p));
    asynchron_pq_release(p);
    COMES_TRUE(open_descriptors() <= n);
}

/* What a callback sees and does. */
typedef struct {
    asynchron_pq_t *p;
    asynchron_t *another;
    int is_over, is_blocked, is_on_thread;
} seen_t;

static void see_and_ask(asynchron_t *a, void *pointer)
{
    seen_t *seen = (seen_t *)pointer;
    sigset_t blocked;

    CHECK(asynchron_poll(a) == ASYNCHRON_OK);
    seen->is_blocked = pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 && sigismember(&blocked, SIGTERM) == 1;
    seen->is_on_thread = pthread_equal(pthread_self(), seen->p->thread);
    seen->another = asked(seen->p, "SELECT 41");
    raise_flag(&seen->is_over);
}

static void callbacks_run_on_the_thread_and_may_ask(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *slow = slow_one(p), *a = asked(p, "SELECT 1");
    seen_t seen;

    memset(&seen, 0, sizeof seen);
    seen.p = p;
    CHECK(asynchron_notify(a, see_and_ask, &seen) == ASYNCHRON_OK && asynchron_cancel(slow) == ASYNCHRON_OK);
    COMES_TRUE(flag_of(&seen.is_over));
    CHECK(seen.is_blocked && seen.is_on_thread && is_text(seen.another, "41"));
    asynchron_release(seen.another);
    asynchron_release(slow);
    asynchron_release(a);
    asynchron_pq_release(p);
}

/* Where it runs. */
typedef struct {
    pthread_t thread;
    int is_over;
} place_t;

static void say_where(asynchron_t *a, void *pointer)
{
    place_t *place = (place_t *)pointer;

    (void)a;
    place->thread = pthread_self();
    raise_flag(&place->is_over);
}

static void of_a_query_that_was_stopped_callbacks_run_where_it_was(void)
{
    enum { CANCELLED, EXPIRED, REGISTERED_LATER, N };
    asynchron_pq_t *p = new_pq(1);
    place_t places[N];
    int i;

    memset(places, 0, sizeof places);
    for (i = 0; i < N; i++) {
        asynchron_t *a = asked(p, i == REGISTERED_LATER ? "SELECT 41" : "SELECT pg_sleep(1000)");

        CHECK(i != REGISTERED_LATER || is_text(a, "41"));
        CHECK(asynchron_notify(a, say_where, &places[i]) == ASYNCHRON_OK);
        if (i == CANCELLED)
            CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
        if (i == EXPIRED)
            CHECK(asynchron_expire_after(a, 50000000) == ASYNCHRON_OK);
        COMES_TRUE(i == EXPIRED ? flag_of(&places[i].is_over) : 1);
        CHECK(flag_of(&places[i].is_over));
        CHECK(!pthread_equal(places[i].thread, pthread_self()) == (i == EXPIRED));
        CHECK(!pthread_equal(places[i].thread, p->thread));
        asynchron_release(a);
    }
    asynchron_pq_release(p);
}

static void release_and_ask(asynchron_t *a, void *pointer)
{
    seen_t *seen = (seen_t *)pointer;

    (void)a;
    asynchron_pq_release(seen->p);
    seen->another = asked(seen->p, "SELECT 41");
    raise_flag(&seen->is_over);
}

static void released_in_a_callback_of_its_own_it_ends_later_and_begins_nothing(void)
{
    seen_t seen;
    asynchron_t *slow, *other, *a;

    memset(&seen, 0, sizeof seen);
    seen.p = new_pq(2);
    slow = slow_one(seen.p);
    other = slow_one(seen.p);
    a = asked(seen.p, "SELECT 1");
    CHECK(asynchron_notify(a, release_and_ask, &seen) == ASYNCHRON_OK && asynchron_cancel(slow) == ASYNCHRON_OK);
    COMES_TRUE(flag_of(&seen.is_over));
    CHECK(is_broken(seen.another));
    CHECK(is_broken(other));
    COMES_TRUE(connections() == 0);
    asynchron_release(seen.another);
    asynchron_release(slow);
    asynchron_release(other);
    asynchron_release(a);
}

static void release_it(asynchron_t *a, void *pointer)
{
    (void)a;
    asynchron_pq_release((asynchron_pq_t *)pointer);
}

static void released_in_a_callback_of_a_cancel_or_a_time_limit_it_ends(void)
{
    int i;

    for (i = 0; i < 20; i++) {
        asynchron_pq_t *p = new_pq(1);
        asynchron_t *a = asked(p, "SELECT pg_sleep(1000)"), *other = asked(p, "SELECT 1");

        CHECK(asynchron_notify(a, release_it, p) == ASYNCHRON_OK);
        CHECK((i % 2 == 0 ? asynchron_cancel(a) : asynchron_expire_after(a, 5000000)) == ASYNCHRON_OK);
        CHECK(is_broken(other));
        asynchron_release(a);
        asynchron_release(other);
    }
}

/* A callback that tries again each time it fails. */
static void try_again(asynchron_t *a, void *pointer)
{
    seen_t *seen = (seen_t *)pointer;

    (void)a;
    seen->another = asked(seen->p, "SELECT pg_sleep(1000)");
}

static void asked_in_a_callback_of_the_release_it_is_broken_at_once(void)
{
    seen_t seen;
    asynchron_t *a;

    memset(&seen, 0, sizeof seen);
    seen.p = new_pq(1);
    a = slow_one(seen.p);
    CHECK(asynchron_notify(a, try_again, &seen) == ASYNCHRON_OK);
    asynchron_pq_release(seen.p);
    CHECK(asynchron_poll(seen.another) == ASYNCHRON_FAILED);
    CHECK(is_broken(seen.another));
    asynchron_release(seen.another);
    asynchron_release(a);
}

static void without_queries_and_with_a_slow_one_the_thread_sleeps(void)
{
    asynchron_pq_t *p = new_pq(1);
    asynchron_t *a = NULL;
    clockid_t clock;
    int i;

    CHECK(serves(p) && pthread_getcpuclockid(p->thread, &clock) == 0);
    for (i = 0; i < 2; i++) {
        uint64_t before;

        usleep(100000); /* what it had to do is done */
        before = used_by(clock);
        usleep(300000);
        CHECK(used_by(clock) - before < 100000000u);
        if (i == 0)
            a = slow_one(p);
    }
    asynchron_release(a);
    asynchron_pq_release(p);
}

static void what_is_null_or_no_query_is_refused(void)
{
    static const int bytes[1] = { 1 }, negative[1] = { -1 };
    static const char *const values[1] = { "x" };
    asynchron_pq_t *p = new_pq(1), *none = NULL;

    CHECK(asynchron_pq_create(NULL, 1, &none) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_pq_create("", 0, &none) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_pq_create("", 1, NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_pq_query(NULL, "SELECT 1", 0, NULL, NULL, NULL, 0) == NULL);
    CHECK(asynchron_pq_query(p, NULL, 0, NULL, NULL, NULL, 0) == NULL);
    CHECK(asynchron_pq_query(p, "SELECT $1", 1, NULL, NULL, NULL, 0) == NULL);
    CHECK(asynchron_pq_query(p, "SELECT $1", -1, values, NULL, NULL, 0) == NULL);
    CHECK(asynchron_pq_query(p, "SELECT $1", 65536, values, NULL, NULL, 0) == NULL);
    CHECK(asynchron_pq_query(p, "SELECT $1", 1, values, NULL, bytes, 0) == NULL);
    CHECK(asynchron_pq_query(p, "SELECT $1", 1, values, negative, bytes, 0) == NULL);
    CHECK(asynchron_pq_exec(NULL, "SELECT 1") == NULL && asynchron_pq_exec(p, NULL) == NULL);
    asynchron_pq_release(NULL);
    asynchron_pq_release(p);
}

static void without_memory_nothing_begins_and_a_failure_keeps_its_code(void)
{
    asynchron_pq_t *p = new_pq(1), *none = NULL;
    asynchron_t *a, *refused;
    asynchron_status_t status;
    asynchron_error_t error;
    int i;

    for (i = 0; i < 3; i++) {
        no_calloc_after = i;
        status = asynchron_pq_create("", 1, &none);
        no_calloc_after = -1;
        CHECK(status == ASYNCHRON_E_NOMEM && none == NULL);
    }
    a = asked(p, "SELECT 1 / (count(*) - 1) FROM pg_sleep(0.5)");
    COMES_TRUE(running_queries() == 1);
    no_memory = 1;
    status = asynchron_pq_create("", 1, &none);
    refused = asynchron_pq_query(p, "SELECT 1", 0, NULL, NULL, NULL, 0);
    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    no_memory = 0;
    CHECK(status == ASYNCHRON_E_NOMEM && none == NULL && refused == NULL);
    CHECK(has_failed(a, "pq", asynchron_pq_code("22012")) && asynchron_error(a, &error) == ASYNCHRON_OK);
    CHECK(strstr(error.message, "division by zero") != NULL);
    asynchron_release(a);
    CHECK(serves(p));
    asynchron_pq_release(p);
}

#endif
