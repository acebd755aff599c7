/* own_curl_epoll.h: what only the driver with an epoll set of its own is held to. */
#ifndef OWN_CURL_EPOLL_H
#define OWN_CURL_EPOLL_H

#include "curl_loops.h"

static int is_in_set(asynchron_curl_t *c, int fd)
{
    struct epoll_event event;

    return epoll_wait(asynchron_curl_epoll_fd(c), &event, 1, 0) == 1 && event.data.fd == fd;
}

static void a_number_that_is_used_again_at_once_is_watched_anew(void)
{
    int pair[2], other[2];
    asynchron_curl_t *c;
    char byte[1];

    CHECK(asynchron_curl_epoll_create(&c) == ASYNCHRON_OK && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    (void)asynchron_curl_epoll_socket(NULL, pair[0], CURL_POLL_IN, c, NULL);
    CHECK(close(pair[0]) == 0 && close(pair[1]) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
    CHECK(other[0] == pair[0] && write(other[1], "a", 1) == 1);
    CHECK(!is_in_set(c, other[0]));
    (void)asynchron_curl_epoll_socket(NULL, other[0], CURL_POLL_IN, c, NULL); /* libcurl believes that it is there */
    CHECK(is_in_set(c, other[0]));
    (void)asynchron_curl_epoll_socket(NULL, other[0], CURL_POLL_IN, c, NULL); /* and here, that it is not */
    CHECK(is_in_set(c, other[0]));
    asynchron_curl_epoll_turn(c); /* a socket that libcurl does not know */
    CHECK(is_in_set(c, other[0]) && recv(other[0], byte, 1, 0) == 1 && !is_in_set(c, other[0]));
    (void)asynchron_curl_epoll_socket(NULL, other[0], CURL_POLL_OUT, c, NULL);
    CHECK(is_in_set(c, other[0]));
    CHECK(close(other[1]) == 0);
    (void)asynchron_curl_epoll_socket(NULL, other[0], CURL_POLL_NONE, c, NULL);
    CHECK(!is_in_set(c, other[0]));
    (void)asynchron_curl_epoll_socket(NULL, other[0], CURL_POLL_OUT, c, NULL);
    CHECK(is_in_set(c, other[0]));
    (void)asynchron_curl_epoll_socket(NULL, other[0], CURL_POLL_REMOVE, c, NULL);
    CHECK(!is_in_set(c, other[0]) && close(other[0]) == 0);
    (void)asynchron_curl_epoll_socket(NULL, other[0], CURL_POLL_REMOVE, c, NULL); /* too late */
    asynchron_curl_release(c);
}

/* In elsewhere_curl_epoll.c. */
#ifdef __cplusplus
extern "C" {
#endif
int elsewhere_fd(asynchron_curl_t *c);
void elsewhere_turn(asynchron_curl_t *c);
#ifdef __cplusplus
}
#endif

static void another_file_of_the_program_may_turn_it(void)
{
    struct pollfd watched;
    asynchron_curl_t *c;
    asynchron_t *a;

    CHECK(asynchron_curl_epoll_create(&c) == ASYNCHRON_OK);
    watched.fd = elsewhere_fd(c);
    watched.events = POLLIN;
    CHECK(watched.fd == asynchron_curl_epoll_fd(c));
    a = begun(c, "/bytes/1000000");
    while (asynchron_poll(a) == ASYNCHRON_PENDING) {
        CHECK(poll(&watched, 1, 60000) == 1);
        elsewhere_turn(c);
    }
    CHECK(is_letters(a, 1000000));
    asynchron_release(a);
    asynchron_curl_release(c);
}

static void its_descriptor_can_be_in_another_epoll_set(void)
{
    const int epfd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event;
    asynchron_curl_t *c;
    asynchron_t *a;

    CHECK(asynchron_curl_epoll_create(&c) == ASYNCHRON_OK);
    event.events = EPOLLIN;
    event.data.ptr = c;
    CHECK(epoll_ctl(epfd, EPOLL_CTL_ADD, asynchron_curl_epoll_fd(c), &event) == 0);
    a = begun(c, "/bytes/1000000");
    while (asynchron_poll(a) == ASYNCHRON_PENDING) {
        CHECK(epoll_wait(epfd, &event, 1, -1) == 1);
        asynchron_curl_epoll_turn((asynchron_curl_t *)event.data.ptr);
    }
    CHECK(is_letters(a, 1000000) && close(epfd) == 0);
    asynchron_release(a);
    asynchron_curl_release(c);
}

/* A loop that has ended by the time of the release. */
typedef struct {
    asynchron_curl_t *c;
    int turns;
} ended_loop_t;

static void *turn_and_end(void *pointer)
{
    ended_loop_t *loop = (ended_loop_t *)pointer;
    int i;

    for (i = 0; i < loop->turns; i++)
        CHECK(asynchron_curl_epoll_turn(loop->c) == 1);
    return NULL;
}

static void *release_and_end(void *c)
{
    asynchron_curl_release((asynchron_curl_t *)c);
    return NULL;
}

static void without_a_turn_any_thread_is_the_loops_and_after_the_loop_a_turn_is_the_end(void)
{
    ended_loop_t loop;
    asynchron_t *a;
    int done = 0;

    CHECK(asynchron_curl_epoll_create(&loop.c) == ASYNCHRON_OK);
    a = asynchron_curl_get_with(loop.c, easy_of("/slow"), count_done, &done);
    finish(start(release_and_end, loop.c));
    CHECK(done == 1 && is_broken(a));
    asynchron_release(a);

    CHECK(asynchron_curl_epoll_create(&loop.c) == ASYNCHRON_OK);
    a = asynchron_curl_get_with(loop.c, easy_of("/slow"), count_done, &done);
    loop.turns = 3;
    finish(start(turn_and_end, &loop));
    asynchron_curl_release(loop.c);
    CHECK(done == 1 && asynchron_poll(a) == ASYNCHRON_PENDING);
    CHECK(asynchron_curl_epoll_turn(loop.c) == 0);
    CHECK(done == 2 && is_broken(a));
    asynchron_release(a);
}

static void another_drivers_is_refused(void)
{
    asynchron_curl_t *c;

    CHECK(asynchron_curl_create(&c) == ASYNCHRON_OK);
    CHECK(asynchron_curl_epoll_fd(c) == ASYNCHRON_E_INVALID);
    asynchron_curl_epoll_turn(c);
    asynchron_curl_release(c);
}

/* Runs the loop in a callback, until another transfer is over, and releases in there. */
typedef struct {
    host_t host;
    asynchron_t *other, *slow;
    int turns, done;
} nested_t;

static void run_inside(asynchron_t *a, void *pointer)
{
    nested_t *nested = (nested_t *)pointer;

    (void)a;
    nested->other = begun(nested->host.c, "/bytes/7");
    while (asynchron_poll(nested->other) == ASYNCHRON_PENDING)
        host_turn(&nested->host);
    asynchron_curl_release(nested->host.c);
    CHECK(asynchron_poll(nested->slow) == ASYNCHRON_PENDING); /* the end comes when the turn is over */
    asynchron_curl_epoll_turn(nested->host.c);
}

static void turn_at_the_end(asynchron_t *a, void *pointer)
{
    (void)a;
    asynchron_curl_epoll_turn(((nested_t *)pointer)->host.c);
}

static void a_callback_may_run_the_loop_again_and_release_in_there(void)
{
    nested_t nested;
    asynchron_curl_t *c;
    asynchron_t *a;

    memset(&nested, 0, sizeof nested);
    host_open(&nested.host, NULL, &c);
    nested.slow = begun(c, "/slow");
    CHECK(asynchron_notify(nested.slow, turn_at_the_end, &nested) == ASYNCHRON_OK);
    a = begun(c, "/bytes/7");
    CHECK(asynchron_notify(a, run_inside, &nested) == ASYNCHRON_OK);
    while (asynchron_poll(a) == ASYNCHRON_PENDING)
        host_turn(&nested.host);
    CHECK(is_letters(a, 7) && is_letters(nested.other, 7) && is_broken(nested.slow));
    CHECK(close(nested.host.stop) == 0);
    asynchron_release(a);
    asynchron_release(nested.other);
    asynchron_release(nested.slow);
}

static size_t turn_inside(char *data, size_t size, size_t n, void *pointer)
{
    nested_t *nested = (nested_t *)pointer;

    (void)data;
    (void)asynchron_cancel(nested->other);
    asynchron_curl_epoll_turn(nested->host.c);
    CHECK(nested->turns++ > 0 || nested->done == 0);
    return size * n;
}

/* Libcurl takes nothing out while it is running. */
static void run_inside_a_call_of_libcurl_a_turn_does_nothing(void)
{
    CURL *easy = easy_of("/bytes/7");
    nested_t nested;
    asynchron_curl_t *c;
    asynchron_t *a;

    memset(&nested, 0, sizeof nested);
    host_open(&nested.host, NULL, &c);
    CHECK(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, turn_inside) == CURLE_OK);
    CHECK(curl_easy_setopt(easy, CURLOPT_HEADERDATA, &nested) == CURLE_OK);
    nested.other = asynchron_curl_get_with(c, easy_of("/slow"), count_done, &nested.done);
    a = asynchron_curl_get(c, easy);
    while (asynchron_poll(a) == ASYNCHRON_PENDING)
        host_turn(&nested.host);
    CHECK(is_letters(a, 7) && nested.turns > 0 && nested.done == 1);
    CHECK(close(nested.host.stop) == 0);
    asynchron_curl_release(c);
    asynchron_release(a);
    asynchron_release(nested.other);
}

static void shim_tests(void)
{
    loops_tests();
    TEST(a_number_that_is_used_again_at_once_is_watched_anew);
    TEST(another_file_of_the_program_may_turn_it);
    TEST(its_descriptor_can_be_in_another_epoll_set);
    TEST(without_a_turn_any_thread_is_the_loops_and_after_the_loop_a_turn_is_the_end);
    TEST(another_drivers_is_refused);
    TEST(a_callback_may_run_the_loop_again_and_release_in_there);
    TEST(run_inside_a_call_of_libcurl_a_turn_does_nothing);
}

#endif
