/* own_curl_uv.h: what only the driver in a loop of libuv is held to. */
#ifndef OWN_CURL_UV_H
#define OWN_CURL_UV_H

#include "curl_loops.h"

/* What the loop watches is in an epoll set of its own. */
static int is_in_set(uv_loop_t *loop, int fd)
{
    struct epoll_event event;

    (void)uv_run(loop, UV_RUN_NOWAIT);
    return epoll_wait(uv_backend_fd(loop), &event, 1, 0) == 1 && event.data.fd == fd;
}

static void a_number_that_is_used_again_at_once_is_watched_anew(void)
{
    asynchron_curl_uv_t *made;
    int pair[2], other[2];
    asynchron_curl_t *c;
    uv_loop_t loop;

    CHECK(uv_loop_init(&loop) == 0 && asynchron_curl_uv_create(&loop, &c) == ASYNCHRON_OK);
    made = (asynchron_curl_uv_t *)c->driver;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    (void)asynchron_curl_uv_socket(NULL, pair[0], CURL_POLL_IN, c, NULL);
    CHECK(made->sockets != NULL && !is_in_set(&loop, pair[0]));
    CHECK(close(pair[0]) == 0 && close(pair[1]) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, other) == 0);
    CHECK(other[0] == pair[0] && write(other[1], "a", 1) == 1);
    CHECK(!is_in_set(&loop, other[0]));
    (void)asynchron_curl_uv_socket(NULL, other[0], CURL_POLL_IN, c, made->sockets); /* libcurl believes it is there */
    CHECK(is_in_set(&loop, other[0]));
    (void)asynchron_curl_uv_socket(NULL, other[0], CURL_POLL_IN, c, NULL); /* and here, that it is not */
    CHECK(made->sockets->next == NULL && is_in_set(&loop, other[0]));
    (void)asynchron_curl_uv_socket(NULL, other[0], CURL_POLL_REMOVE, c, made->sockets);
    CHECK(made->sockets == NULL && !is_in_set(&loop, other[0]));
    (void)asynchron_curl_uv_socket(NULL, other[0], CURL_POLL_IN, c, NULL); /* one that libcurl never removes */
    CHECK(is_in_set(&loop, other[0]));
    asynchron_curl_release(c);
    CHECK(uv_run(&loop, UV_RUN_NOWAIT) == 0 && uv_loop_close(&loop) == 0);
    CHECK(close(other[0]) == 0 && close(other[1]) == 0);
}

static void shim_tests(void)
{
    loops_tests();
    TEST(a_number_that_is_used_again_at_once_is_watched_anew);
}

#endif
