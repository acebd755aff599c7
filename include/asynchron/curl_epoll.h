/* asynchron/curl_epoll.h: transfers of libcurl as asynchrons, in any loop that can watch a descriptor.
 *
 *     asynchron_curl_epoll_create(&c);
 *     fd = asynchron_curl_epoll_fd(c);
 *     a = asynchron_curl_get(c, easy);              // its value will be the body
 *     for (;;) {
 *         n = epoll_wait(epfd, events, 16, timeout);    // which watches fd, too
 *         for (i = 0; i < n; i++)
 *             if (events[i].data.fd == fd)
 *                 asynchron_curl_epoll_turn(c);     // it goes on in here
 *             else ...                              // what else you watch
 *     }
 *
 * The descriptor is that of an epoll set, which has all sockets of libcurl and its timers. So it is all there is to
 * watch, with poll(2), GLib, libevent, libev, sd-event or another epoll set. asynchron/curl_get.h says what holds for
 * all drivers of transfers. Needs Linux.
 */
#ifndef ASYNCHRON_CURL_EPOLL_H
#define ASYNCHRON_CURL_EPOLL_H

#include "curl_loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* So many events are served in one turn, at most. */
#define ASYNCHRON_CURL_EPOLL_EVENTS 64

/* This is the adapter's: nothing here is for its user. */
typedef struct {
    asynchron_curl_loop_t loop;
    int epfd;
    int woken, timer, look; /* descriptors in that */
} asynchron_curl_epoll_t;

static inline void asynchron_curl_epoll_wake(asynchron_curl_t *c)
{
    (void)eventfd_write(((asynchron_curl_epoll_t *)c->driver)->woken, 1);
}

/* Has a timer ring after so many milliseconds, or never, and then each so many. */
static inline void asynchron_curl_epoll_set(int timer, long first, long each)
{
    struct itimerspec when;

    memset(&when, 0, sizeof when);
    if (first >= 0) {
        when.it_value.tv_sec = first / 1000;
        when.it_value.tv_nsec = first == 0 ? 1 : first % 1000 * 1000000; /* 0 of both would be never */
    }
    when.it_interval.tv_nsec = each * 1000000;
    (void)timerfd_settime(timer, 0, &when, NULL);
}

static inline void asynchron_curl_epoll_look(asynchron_curl_loop_t *loop, int on)
{
    asynchron_curl_epoll_set(((asynchron_curl_epoll_t *)loop->c.driver)->look, on ? ASYNCHRON_CURL_LOOK : -1,
                             on ? ASYNCHRON_CURL_LOOK : 0);
}

/* Libcurl says when it wants to be called: after so many milliseconds; -1: not at all. */
static inline int asynchron_curl_epoll_timer(CURLM *multi, long timeout, void *pointer)
{
    (void)multi;
    asynchron_curl_epoll_set(((asynchron_curl_epoll_t *)pointer)->timer, timeout, 0);
    return 0;
}

/* Libcurl says what to watch. A number that is used again is not in the set any more: the system took it out. */
static inline int asynchron_curl_epoll_socket(CURL *easy, curl_socket_t s, int what, void *pointer, void *known)
{
    asynchron_curl_epoll_t *made = (asynchron_curl_epoll_t *)pointer;
    struct epoll_event event;

    (void)easy, (void)known;
    event.events = (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0u) | (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0u);
    event.data.u64 = 0;
    event.data.fd = s;
    if ((what & CURL_POLL_INOUT) == 0) /* otherwise a connection that is gone would ring all the same */
        (void)epoll_ctl(made->epfd, EPOLL_CTL_DEL, s, &event);
    else if (epoll_ctl(made->epfd, EPOLL_CTL_MOD, s, &event) != 0 &&
             epoll_ctl(made->epfd, EPOLL_CTL_ADD, s, &event) != 0)
        made->loop.is_blind = 1;
    return 0;
}

static inline void asynchron_curl_epoll_close_all(asynchron_curl_epoll_t *made)
{
    if (made->look >= 0)
        (void)close(made->look);
    if (made->timer >= 0)
        (void)close(made->timer);
    if (made->woken >= 0)
        (void)close(made->woken);
    if (made->epfd >= 0)
        (void)close(made->epfd);
}

static inline void asynchron_curl_epoll_close(asynchron_curl_loop_t *loop)
{
    asynchron_curl_epoll_close_all((asynchron_curl_epoll_t *)loop->c.driver);
    (void)pthread_mutex_lock(&loop->c.lock);
    asynchron_curl_unlock_and_unref(&loop->c);
}

static inline int asynchron_curl_epoll_watch(int epfd, int fd)
{
    struct epoll_event event;

    event.events = EPOLLIN;
    event.data.u64 = 0;
    event.data.fd = fd;
    return fd >= 0 && epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/**
 * As asynchron_curl_epoll_create(), with a multi handle that you have given options: CURLMOPT_MAX_TOTAL_CONNECTIONS,
 * say.
 *
 * - Needs: `multi`, with no transfers and no CURLMOPT_PUSHFUNCTION (nobody would own what a server begins); `out`
 *   writable. CURLMOPT_SOCKETFUNCTION and CURLMOPT_TIMERFUNCTION, with their data, are the adapter's.
 * - Ownership: `multi` is handed over, whatever is returned. Do not use it again.
 * - Returns: as asynchron_curl_epoll_create().
 */
static inline asynchron_status_t asynchron_curl_epoll_create_with(CURLM *multi, asynchron_curl_t **out)
{
    asynchron_curl_epoll_t *made = NULL;
    asynchron_status_t status = ASYNCHRON_E_INVALID;

    if (multi != NULL && out != NULL) {
        status = ASYNCHRON_E_NOMEM;
        made = (asynchron_curl_epoll_t *)malloc(sizeof *made);
    }
    if (made != NULL) {
        made->epfd = epoll_create1(EPOLL_CLOEXEC);
        made->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        made->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        made->look = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (made->epfd < 0 || !asynchron_curl_epoll_watch(made->epfd, made->woken) ||
            !asynchron_curl_epoll_watch(made->epfd, made->timer) ||
            !asynchron_curl_epoll_watch(made->epfd, made->look)) {
            status = errno == ENOMEM ? ASYNCHRON_E_NOMEM : ASYNCHRON_E_SYSTEM;
        } else if (asynchron_curl_loop_init(&made->loop, multi, asynchron_curl_epoll_wake, asynchron_curl_epoll_look,
                                            asynchron_curl_epoll_close, 0)) {
            asynchron_curl_loop_start(&made->loop, asynchron_curl_epoll_socket, asynchron_curl_epoll_timer);
            made->loop.c.epfd = made->epfd;
            *out = &made->loop.c;
            return ASYNCHRON_OK;
        }
        asynchron_curl_epoll_close_all(made);
        free(made);
    }
    if (multi != NULL)
        (void)curl_multi_cleanup(multi);
    return status;
}

/**
 * Makes what drives transfers when its descriptor is watched.
 *
 * - Needs: `out` writable. curl_global_init() was called before, as for all of libcurl.
 * - Ownership: it is yours: asynchron_curl_release() it, on the thread of the loop after you have stopped watching, or
 *   on another one while you still watch. If nobody watches any more by then, as when the loop's thread has ended, call
 *   asynchron_curl_epoll_turn() after the release: that is the end then.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be
 *   had.
 */
static inline asynchron_status_t asynchron_curl_epoll_create(asynchron_curl_t **out)
{
    CURLM *multi = out == NULL ? NULL : curl_multi_init();

    if (out != NULL && multi == NULL)
        return ASYNCHRON_E_NOMEM;
    return asynchron_curl_epoll_create_with(multi, out);
}

/* Whether it is one of these. */
static inline asynchron_curl_epoll_t *asynchron_curl_epoll_of(asynchron_curl_t *c)
{
    if (c == NULL || c->epfd < 0)
        return NULL;
    return (asynchron_curl_epoll_t *)c->driver;
}

/**
 * What to watch. It is readable while there is something to do, also when a time has come or another thread has begun
 * or stopped a transfer. Watch it level-triggered: a turn need not do everything.
 *
 * - Needs: `c`, of asynchron_curl_epoll_create().
 * - Ownership: it stays the adapter's, and goes with `c`. Do nothing but watch it.
 * - Returns: the descriptor; ASYNCHRON_E_INVALID: a NULL, or another driver's.
 */
static inline int asynchron_curl_epoll_fd(asynchron_curl_t *c)
{
    const asynchron_curl_epoll_t *made = asynchron_curl_epoll_of(c);

    return made == NULL ? (int)ASYNCHRON_E_INVALID : made->epfd;
}

/* One event. Of what is left to be done by asynchron_curl_loop_leave(), a wake-up says only that there is some. */
static inline void asynchron_curl_epoll_serve(asynchron_curl_epoll_t *made, int fd, uint32_t events)
{
    const int ready = (events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) |
                      (events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
    uint64_t times;

    if (fd != made->woken && fd != made->timer && fd != made->look)
        /* Told of an error, libcurl would not read what came before that. With 0 it looks for itself. */
        asynchron_curl_loop_act(&made->loop, fd, events & EPOLLERR ? 0 : ready);
    else if (read(fd, &times, sizeof times) != (ssize_t)sizeof times)
        return; /* libcurl has set it anew meanwhile */
    else if (fd == made->timer)
        asynchron_curl_loop_act(&made->loop, CURL_SOCKET_TIMEOUT, 0);
    else if (fd == made->look)
        asynchron_curl_loop_ask(&made->loop);
}

/**
 * Does what there is to do, and delivers: at most ASYNCHRON_CURL_TURN transfers. If more is left, the descriptor stays
 * readable. Nothing to do is no mistake.
 *
 * - Needs: `c`, of asynchron_curl_epoll_create(). NULL, or another driver's, does nothing.
 * - Threads: that of the loop: always the same one, or one after the other. What is over is delivered in here, so
 *   callbacks run, too. Does not block, unless a transfer is stopped whose name is being looked up: libcurl waits for
 *   that. A callback may run the loop again, and with it this.
 * - Returns: 1; 0: `c` was released, in here or on another thread, and is gone with its descriptor, or will be when the
 *   turns around this one have returned: stop watching, and do not call this again. 0 also for what does nothing.
 */
static inline int asynchron_curl_epoll_turn(asynchron_curl_t *c)
{
    asynchron_curl_epoll_t *made = asynchron_curl_epoll_of(c);
    struct epoll_event events[ASYNCHRON_CURL_EPOLL_EVENTS];
    int i, n;

    if (made == NULL)
        return 0;
    asynchron_curl_loop_enter(&made->loop);
    n = epoll_wait(made->epfd, events, ASYNCHRON_CURL_EPOLL_EVENTS, 0);
    for (i = 0; i < n; i++)
        asynchron_curl_epoll_serve(made, events[i].data.fd, events[i].events);
    return asynchron_curl_loop_leave(&made->loop);
}

#endif /* ASYNCHRON_CURL_EPOLL_H */
