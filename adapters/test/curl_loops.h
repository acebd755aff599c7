/* curl_loops.h: what the drivers in a loop of the program are held to beside that which holds for a thread. The test
   runs the loop itself. */
#ifndef CURL_LOOPS_H
#define CURL_LOOPS_H

#include "curl_handing.h"
#include "curl_memory.h"

static host_t *opened(asynchron_curl_t **c)
{
    host_t *host = new_host();

    host_open(host, NULL, c);
    return host;
}

static void end_here(host_t *host, asynchron_curl_t *c)
{
    asynchron_curl_release(c);
    host_close(host);
}

/* Runs the loop until it is complete. */
static void run_until(host_t *host, asynchron_t *a)
{
    while (asynchron_poll(a) == ASYNCHRON_PENDING)
        host_turn(host);
}

static void count_broken(asynchron_t *a, void *number)
{
    if (is_broken(a))
        ++*(int *)number;
}

static int open_descriptors(void)
{
    int fd, n = 0;

    for (fd = 0; fd < 1000; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void released_while_the_loop_does_not_run_all_are_broken_on_return(void)
{
    int done = 0, broken = 0, i, after_turns;
    asynchron_t *as[10];
    asynchron_curl_t *c;

    for (after_turns = 0; after_turns < 2; after_turns++) {
        const int before = counted().begun, open_before = open_descriptors();
        host_t *host = opened(&c);

        for (i = 0; i < 10; i++) {
            as[i] = asynchron_curl_get_with(c, easy_of("/slow"), count_done, &done);
            CHECK(as[i] != NULL && asynchron_notify(as[i], count_broken, &broken) == ASYNCHRON_OK);
        }
        while (after_turns && counted().begun < before + 10)
            host_turn(host);
        asynchron_curl_release(c);
        CHECK(done == 10 * (after_turns + 1) && broken == done);
        host_close(host);
        CHECK(open_descriptors() == open_before);
        for (i = 0; i < 10; i++)
            asynchron_release(as[i]);
    }
}

static void release_now(asynchron_t *a, void *c)
{
    (void)a;
    asynchron_curl_release((asynchron_curl_t *)c);
}

/* The callback is on the loop's thread, but in no turn, so it is the end at once. */
static void cancelled_on_the_loops_thread_it_may_be_released_in_that_callback(void)
{
    asynchron_curl_t *c;
    host_t *host = opened(&c);
    asynchron_t *a, *other;
    int done = 0, i;

    a = asynchron_curl_get_with(c, easy_of("/slow"), count_done, &done);
    other = asynchron_curl_get_with(c, easy_of("/slow"), count_done, &done);
    CHECK(asynchron_notify(a, release_now, c) == ASYNCHRON_OK);
    for (i = 0; i < 3; i++)
        host_turn(host);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
    CHECK(done == 2 && asynchron_poll(a) == ASYNCHRON_CANCELLED && is_broken(other));
    asynchron_release(a);
    asynchron_release(other);
    host_close(host);
}

/* Many are done at once when their time is up. */
static void a_turn_delivers_so_many_at_most(void)
{
    enum { N = 200 };
    asynchron_curl_t *c;
    host_t *host = opened(&c);
    asynchron_t *as[N];
    int i, done = 0, before, most = 0;

    for (i = 0; i < N; i++) {
        CURL *easy = easy_of("/slow");

        CHECK(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 500L) == CURLE_OK);
        as[i] = asynchron_curl_get_with(c, easy, count_done, &done);
    }
    for (i = 0; i < 10; i++)
        host_turn(host);
    usleep(600000);
    while (done < N) {
        before = done;
        host_turn(host);
        most = done - before > most ? done - before : most;
    }
    for (i = 0; i < N; i++) {
        CHECK(has_failed(as[i], "curl", CURLE_OPERATION_TIMEDOUT));
        asynchron_release(as[i]);
    }
    CHECK(most <= SHIM_TURN);
    end_here(host, c);
}

/* A transfer that begins the next one when it is over, of what comes at once. */
typedef struct {
    asynchron_curl_t *c;
    asynchron_t *last;
    int rounds, is_over;
} chain_t;

static void begin_next(asynchron_t *a, void *pointer)
{
    chain_t *chain = (chain_t *)pointer;
    CURL *easy;

    (void)a;
    if (chain->is_over)
        return;
    easy = curl_easy_init();
    asynchron_release(chain->last);
    chain->rounds++;
    CHECK(easy != NULL);
    CHECK(curl_easy_setopt(easy, CURLOPT_URL, "nonsense://127.0.0.1/") == CURLE_OK);
    chain->last = asynchron_curl_get(chain->c, easy);
    CHECK(asynchron_notify(chain->last, begin_next, chain) == ASYNCHRON_OK);
}

static void transfers_that_begin_each_other_leave_the_loop_its_turns(void)
{
    asynchron_curl_t *c;
    host_t *host = opened(&c);
    chain_t chain = { NULL, NULL, 0, 0 };
    int turns;

    chain.c = c;
    begin_next(NULL, &chain);
    for (turns = 0; turns < 200; turns++) /* each of these returns */
        host_turn(host);
    CHECK(chain.rounds > 10);
    chain.is_over = 1;
    end_here(host, c);
    asynchron_release(chain.last);
}

static void a_socket_that_cannot_be_watched_is_served_all_the_same(void)
{
    asynchron_curl_t *c;
    host_t *host = opened(&c);
    asynchron_t *a = begun(c, "/bytes/7");

    shim_watches_nothing(1);
    run_until(host, a);
    shim_watches_nothing(0);
    CHECK(is_letters(a, 7));
    asynchron_release(a);
    a = begun(c, "/bytes/1000000"); /* over the same connection */
    run_until(host, a);
    CHECK(is_letters(a, 1000000));
    asynchron_release(a);
    end_here(host, c);
}

/* Each of its calls for memory in turn, until none is left to be refused. One is cancelled meanwhile. */
static void if_libcurl_finds_no_memory_once_each_transfer_is_over_all_the_same(void)
{
    asynchron_curl_t *c;
    int is_left, n = 0;

    do {
        host_t *host = opened(&c);
        asynchron_t *as[3];
        int i;

        for (i = 0; i < 3; i++)
            as[i] = begun(c, i == 1 ? "/slow" : "/bytes/1000");
        CHECK(asynchron_cancel(as[1]) == ASYNCHRON_OK);
        __atomic_store_n(&refused_call, ++n, __ATOMIC_SEQ_CST);
        for (i = 0; i < 3; i++) {
            run_until(host, as[i]);
            CHECK(i == 1 || is_letters(as[i], 1000) || asynchron_poll(as[i]) == ASYNCHRON_FAILED);
        }
        is_left = __atomic_exchange_n(&refused_call, 0, __ATOMIC_SEQ_CST) > 0;
        for (i = 0; i < 3; i++)
            asynchron_release(as[i]);
        end_here(host, c);
    } while (!is_left);
    CHECK(n > 20);
}

/* The loop learns of both at the same time. */
static void what_came_before_the_connection_was_reset_is_the_value(void)
{
    const count_t before = counted();
    asynchron_curl_t *c;
    host_t *host = opened(&c);
    asynchron_t *a = begun(c, "/reset");

    while (counted().bodies == before.bodies)
        host_turn(host);
    COMES_TRUE(counted().resets > before.resets);
    run_until(host, a);
    CHECK(is_letters(a, 1000));
    asynchron_release(a);
    end_here(host, c);
}

static void loops_tests(void)
{
    TEST(released_while_the_loop_does_not_run_all_are_broken_on_return);
    TEST(cancelled_on_the_loops_thread_it_may_be_released_in_that_callback);
    TEST(a_turn_delivers_so_many_at_most);
    TEST(transfers_that_begin_each_other_leave_the_loop_its_turns);
    TEST(a_socket_that_cannot_be_watched_is_served_all_the_same);
    TEST(if_libcurl_finds_no_memory_once_each_transfer_is_over_all_the_same);
    TEST(what_came_before_the_connection_was_reset_is_the_value);
    handing_tests();
}

#endif
