/* shim_curl_uv.h: transfers that a loop of libuv drives, for curl.c. */
#include <asynchron/curl_uv.h>

#include "curl_host.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct host {
    uv_loop_t loop;
    uv_async_t stop;
};

static host_t *new_host(void)
{
    return (host_t *)calloc(1, sizeof(host_t));
}

static void stop_loop(uv_async_t *stop)
{
    uv_stop(stop->loop);
}

static void host_open(host_t *host, CURLM *multi, asynchron_curl_t **c)
{
    CHECK(uv_loop_init(&host->loop) == 0 && uv_async_init(&host->loop, &host->stop, stop_loop) == 0);
    CHECK((multi == NULL ? asynchron_curl_uv_create(&host->loop, c) :
                           asynchron_curl_uv_create_with(&host->loop, multi, c)) == ASYNCHRON_OK);
}

/* One more turn is enough to close all. */
static void host_close(host_t *host)
{
    CHECK(uv_loop_close(&host->loop) == UV_EBUSY);
    uv_close((uv_handle_t *)&host->stop, NULL);
    CHECK(uv_run(&host->loop, UV_RUN_NOWAIT) == 0);
    CHECK(uv_loop_close(&host->loop) == 0);
    free(host);
}

static void host_turn(host_t *host)
{
    struct pollfd watched = { uv_backend_fd(&host->loop), POLLIN, 0 };
    const int timeout = uv_backend_timeout(&host->loop);

    CHECK(poll(&watched, 1, timeout < 0 || timeout > 20 ? 20 : timeout) >= 0 || errno == EINTR);
    (void)uv_run(&host->loop, UV_RUN_NOWAIT);
}

static void host_run(host_t *host)
{
    (void)uv_run(&host->loop, UV_RUN_DEFAULT);
}

static void host_stop(host_t *host)
{
    CHECK(uv_async_send(&host->stop) == 0);
}

/* The linker has uv_async_init() mean this: a loop has what it needs for that from the beginning, and so hardly
   refuses. */
static int refused_async;

#ifdef __cplusplus
extern "C" {
#endif
int __real_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb fn);
int __wrap_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb fn);
#ifdef __cplusplus
}
#endif

int __wrap_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb fn)
{
    return refused_async != 0 ? refused_async : __real_uv_async_init(loop, handle, fn);
}

static void shim_refusals(void)
{
    asynchron_curl_t *c;
    uv_loop_t loop;

    CHECK(uv_loop_init(&loop) == 0);
    CHECK(asynchron_curl_uv_create(NULL, &c) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_uv_create(&loop, NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_uv_create_with(&loop, NULL, &c) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_uv_create_with(NULL, curl_multi_init(), &c) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_uv_create_with(&loop, curl_multi_init(), NULL) == ASYNCHRON_E_INVALID);
    refused_async = UV_EMFILE;
    CHECK(asynchron_curl_uv_create(&loop, &c) == ASYNCHRON_E_SYSTEM);
    refused_async = UV_ENOMEM;
    CHECK(asynchron_curl_uv_create(&loop, &c) == ASYNCHRON_E_NOMEM);
    refused_async = 0;
    CHECK(uv_run(&loop, UV_RUN_NOWAIT) == 0 && uv_loop_close(&loop) == 0);
}

static asynchron_status_t shim_without_memory(void)
{
    asynchron_curl_t *c;
    asynchron_status_t status;
    uv_loop_t loop;

    CHECK(uv_loop_init(&loop) == 0);
    no_memory = 1;
    status = asynchron_curl_uv_create(&loop, &c);
    no_memory = 0;
    CHECK(uv_loop_close(&loop) == 0);
    return status;
}

/* A handle of libuv is needed for each socket. */
static void shim_watches_nothing(int on)
{
    no_memory = on;
}

/* In a turn of libuv both its timer and its wake-up may serve. */
enum { SHIM_TURN = 2 * ASYNCHRON_CURL_TURN };

#include "own_curl_uv.h"
