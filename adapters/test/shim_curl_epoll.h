/* shim_curl_epoll.h: transfers that a loop drives which can watch a descriptor, here by poll(2), for curl.c. */
#include <asynchron/curl_epoll.h>

#include "curl_host.h"

#include <poll.h>

struct host {
    asynchron_curl_t *c;
    int fd, stop;
};

static host_t *new_host(void)
{
    return (host_t *)calloc(1, sizeof(host_t));
}

static void host_open(host_t *host, CURLM *multi, asynchron_curl_t **c)
{
    host->stop = eventfd(0, EFD_CLOEXEC);
    CHECK(host->stop >= 0);
    CHECK((multi == NULL ? asynchron_curl_epoll_create(c) : asynchron_curl_epoll_create_with(multi, c)) == ASYNCHRON_OK);
    host->c = *c;
    host->fd = asynchron_curl_epoll_fd(*c);
    CHECK(host->fd >= 0);
}

static void host_close(host_t *host)
{
    CHECK(close(host->stop) == 0);
    free(host);
}

static void host_run(host_t *host)
{
    struct pollfd watched[2];

    watched[0].fd = host->stop;
    watched[1].fd = host->fd;
    watched[0].events = watched[1].events = POLLIN;
    for (;;) {
        watched[0].revents = watched[1].revents = 0;
        CHECK(poll(watched, 2, -1) > 0 || errno == EINTR);
        if (watched[0].revents != 0)
            break;
        if (watched[1].revents != 0)
            asynchron_curl_epoll_turn(host->c);
        if (driven_of(host->c)->is_released)
            watched[1].fd = -1;
    }
}

static void host_stop(host_t *host)
{
    CHECK(eventfd_write(host->stop, 1) == 0);
}

static void shim_refusals(void)
{
    struct rlimit before, none;
    asynchron_curl_t *c;

    CHECK(asynchron_curl_epoll_create(NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_epoll_create_with(NULL, &c) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_epoll_create_with(curl_multi_init(), NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_curl_epoll_fd(NULL) == ASYNCHRON_E_INVALID);
    asynchron_curl_epoll_turn(NULL);

    /* At each of the descriptors that it needs, there is none left. */
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (none = before, none.rlim_cur = 0;; none.rlim_cur++) {
        CURLM *multi = curl_multi_init();
        asynchron_status_t status;

        CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
        status = asynchron_curl_epoll_create_with(multi, &c);
        CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
        if (status == ASYNCHRON_OK)
            break;
        CHECK(status == ASYNCHRON_E_SYSTEM);
    }
    asynchron_curl_release(c);
}

static asynchron_status_t shim_without_memory(void)
{
    asynchron_curl_t *c;
    asynchron_status_t status;

    no_memory = 1;
    status = asynchron_curl_epoll_create(&c);
    no_memory = 0;
    return status;
}

static void shim_tests(void)
{
}
