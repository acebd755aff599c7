/* shim_curl_epoll.h: transfers that a loop drives which can watch a descriptor, here by poll(2), for curl.c. */
#include <asynchron/curl.h>
#include <asynchron/curl_epoll.h>

#include "curl_host.h"

#include <poll.h>
#include <sys/socket.h>

struct host {
    asynchron_curl_t *c;
    int fd, stop, is_stopped;
};

static host_t *new_host(void)
{
    return (host_t *)calloc(1, sizeof(host_t));
}

static void host_open(host_t *host, CURLM *multi, asynchron_curl_t **c)
{
    host->stop = eventfd(0, EFD_CLOEXEC);
    CHECK(host->stop >= 0);
    CHECK((multi == NULL ? asynchron_curl_epoll_create(c) :
                           asynchron_curl_epoll_create_with(multi, c)) == ASYNCHRON_OK);
    host->c = *c;
    host->fd = asynchron_curl_epoll_fd(*c);
    CHECK(host->fd >= 0);
}

static void host_close(host_t *host)
{
    CHECK(close(host->stop) == 0);
    free(host);
}

static void turn(host_t *host, int timeout)
{
    struct pollfd watched[2];

    memset(watched, 0, sizeof watched);
    watched[0].fd = host->stop;
    watched[1].fd = host->fd;
    watched[0].events = watched[1].events = POLLIN;
    CHECK(poll(watched, 2, timeout) >= 0 || errno == EINTR);
    host->is_stopped = watched[0].revents != 0;
    if (watched[1].revents != 0)
        host->fd = asynchron_curl_epoll_turn(host->c) ? host->fd : -1; /* which poll() leaves out */
}

static void host_turn(host_t *host)
{
    turn(host, 20);
}

static void host_run(host_t *host)
{
    while (!host->is_stopped)
        turn(host, -1);
}

static void host_stop(host_t *host)
{
    CHECK(eventfd_write(host->stop, 1) == 0);
}

/* The lowest descriptor that is free. */
static int free_descriptor(void)
{
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    CHECK(fd >= 0 && close(fd) == 0);
    return fd;
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

    /* At each of the descriptors that it needs, there is none left. Another loop's poll() wants a limit above 2. */
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    for (none = before, none.rlim_cur = (rlim_t)free_descriptor();; none.rlim_cur++) {
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

/* The linker has epoll_ctl() mean this: so a test can have it refuse what the adapter calls. */
static int refuses;

#ifdef __cplusplus
extern "C" {
#endif
int __real_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
#ifdef __cplusplus
}
#endif

int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    if (!refuses || op == EPOLL_CTL_DEL)
        return __real_epoll_ctl(epfd, op, fd, event);
    errno = ENOMEM;
    return -1;
}

static void shim_watches_nothing(int on)
{
    refuses = on;
}

enum { SHIM_TURN = ASYNCHRON_CURL_TURN };

#include "own_curl_epoll.h"
