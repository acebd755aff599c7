/* asynchron/curl_uv.h: transfers of libcurl as asynchrons, in a loop of libuv.
 *
 *     asynchron_curl_uv_create(uv_default_loop(), &c);
 *     asynchron_uv_attach(uv_default_loop(), report, fn, ctx, &handle);   // of asynchron/uv.h
 *     a = asynchron_curl_get(c, easy);              // its value will be the body
 *     asynchron_report_add(report, a, tag);
 *     uv_run(uv_default_loop(), UV_RUN_DEFAULT);    // calls fn, also if it is cancelled or late
 *
 * asynchron/curl_get.h says what holds for all drivers of transfers. Needs libuv 1.x, on a system with poll(2).
 */
#ifndef ASYNCHRON_CURL_UV_H
#define ASYNCHRON_CURL_UV_H

#include "curl_loop.h"

#include <uv.h>

struct asynchron_curl_uv_t;

/* A socket that libuv watches. */
typedef struct asynchron_curl_uv_socket_t {
    uv_poll_t poll;
    curl_socket_t s;
    struct asynchron_curl_uv_t *made;
    struct asynchron_curl_uv_socket_t *previous, *next;
} asynchron_curl_uv_socket_t;

/* This is the adapter's: nothing here is for its user. */
typedef struct asynchron_curl_uv_t {
    asynchron_curl_loop_t loop;
    uv_async_t woken;
    uv_timer_t timer, look;
    asynchron_curl_uv_socket_t *sockets;
    int is_due; /* libcurl wants to be called soon */
    int open;   /* handles of libuv, of those three */
} asynchron_curl_uv_t;

static inline void asynchron_curl_uv_wake(asynchron_curl_t *c)
{
    (void)uv_async_send(&((asynchron_curl_uv_t *)c->driver)->woken);
}

static inline void asynchron_curl_uv_on_wake(uv_async_t *woken)
{
    asynchron_curl_uv_t *made = (asynchron_curl_uv_t *)woken->data;

    asynchron_curl_loop_enter(&made->loop);
    if (made->is_due) {
        made->is_due = 0;
        asynchron_curl_loop_act(&made->loop, CURL_SOCKET_TIMEOUT, 0);
    }
    (void)asynchron_curl_loop_leave(&made->loop);
}

static inline void asynchron_curl_uv_on_time(uv_timer_t *timer)
{
    asynchron_curl_uv_t *made = (asynchron_curl_uv_t *)timer->data;

    asynchron_curl_loop_enter(&made->loop);
    asynchron_curl_loop_act(&made->loop, CURL_SOCKET_TIMEOUT, 0);
    (void)asynchron_curl_loop_leave(&made->loop);
}

static inline void asynchron_curl_uv_on_look(uv_timer_t *look)
{
    asynchron_curl_uv_t *made = (asynchron_curl_uv_t *)look->data;

    asynchron_curl_loop_enter(&made->loop);
    asynchron_curl_loop_ask(&made->loop);
    (void)asynchron_curl_loop_leave(&made->loop);
}

/* After an error libuv watches no more, and does not say what has come. Libcurl looks for itself if it is told of no
   event. */
static inline void asynchron_curl_uv_on_socket(uv_poll_t *poll, int error, int events)
{
    asynchron_curl_uv_socket_t *socket = (asynchron_curl_uv_socket_t *)poll->data;
    asynchron_curl_loop_t *loop = &socket->made->loop;

    asynchron_curl_loop_enter(loop);
    asynchron_curl_loop_act(loop, socket->s, error != 0 ? 0 : (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
                                                                  (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0));
    loop->is_blind = loop->is_blind || error != 0; /* libcurl need not have closed it */
    (void)asynchron_curl_loop_leave(loop);
}

static inline void asynchron_curl_uv_look(asynchron_curl_loop_t *loop, int on)
{
    uv_timer_t *look = &((asynchron_curl_uv_t *)loop->c.driver)->look;

    if (on)
        (void)uv_timer_start(look, asynchron_curl_uv_on_look, ASYNCHRON_CURL_LOOK, ASYNCHRON_CURL_LOOK);
    else
        (void)uv_timer_stop(look);
}

/* Libcurl says when it wants to be called: after so many milliseconds; 0: soon; -1: not at all. A timer of 0 that is
   started by a timer may be called in the same turn, again and again, so that nothing else has its turn. A wake-up is
   not. */
static inline int asynchron_curl_uv_timer(CURLM *multi, long timeout, void *pointer)
{
    asynchron_curl_uv_t *made = (asynchron_curl_uv_t *)pointer;

    (void)multi;
    made->is_due = timeout == 0;
    if (timeout > 0)
        (void)uv_timer_start(&made->timer, asynchron_curl_uv_on_time, (uint64_t)timeout, 0);
    else
        (void)uv_timer_stop(&made->timer);
    if (timeout == 0)
        (void)uv_async_send(&made->woken);
    return 0;
}

static inline void asynchron_curl_uv_socket_closed(uv_handle_t *poll)
{
    free(poll->data);
}

/* Libuv forgets the socket at once, and the handle in the next turn. */
static inline void asynchron_curl_uv_forget(asynchron_curl_uv_socket_t *socket)
{
    if (socket->next != NULL)
        socket->next->previous = socket->previous;
    if (socket->previous != NULL)
        socket->previous->next = socket->next;
    else
        socket->made->sockets = socket->next;
    uv_close((uv_handle_t *)&socket->poll, asynchron_curl_uv_socket_closed);
}

/* One that libuv watches from now on; NULL: it cannot. */
static inline asynchron_curl_uv_socket_t *asynchron_curl_uv_add(asynchron_curl_uv_t *made, curl_socket_t s)
{
    asynchron_curl_uv_socket_t *socket = (asynchron_curl_uv_socket_t *)malloc(sizeof *socket);

    if (socket == NULL || uv_poll_init_socket(made->woken.loop, &socket->poll, s) != 0) {
        free(socket);
        return NULL;
    }
    socket->poll.data = socket;
    socket->s = s;
    socket->made = made;
    socket->previous = NULL;
    socket->next = made->sockets;
    if (socket->next != NULL)
        socket->next->previous = socket;
    made->sockets = socket;
    return socket;
}

/* Libcurl says what to watch. What is known of a socket it forgets by itself when that is removed. */
static inline int asynchron_curl_uv_socket(CURL *easy, curl_socket_t s, int what, void *pointer, void *known)
{
    asynchron_curl_uv_t *made = (asynchron_curl_uv_t *)pointer;
    asynchron_curl_uv_socket_t *socket = (asynchron_curl_uv_socket_t *)known;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (socket != NULL)
            asynchron_curl_uv_forget(socket);
        return 0;
    }
    if (socket == NULL) {
        socket = asynchron_curl_uv_add(made, s);
        if (socket != NULL)
            (void)curl_multi_assign(made->loop.c.multi, s, socket);
    }
    if (socket == NULL || uv_poll_start(&socket->poll, (what & CURL_POLL_IN ? UV_READABLE : 0) |
                                                           (what & CURL_POLL_OUT ? UV_WRITABLE : 0),
                                        asynchron_curl_uv_on_socket) != 0)
        made->loop.is_blind = 1;
    return 0;
}

static inline void asynchron_curl_uv_closed(uv_handle_t *handle)
{
    asynchron_curl_uv_t *made = (asynchron_curl_uv_t *)handle->data;

    if (--made->open > 0)
        return;
    (void)pthread_mutex_lock(&made->loop.c.lock);
    asynchron_curl_unlock_and_unref(&made->loop.c);
}

static inline void asynchron_curl_uv_close(asynchron_curl_loop_t *loop)
{
    asynchron_curl_uv_t *made = (asynchron_curl_uv_t *)loop->c.driver;

    while (made->sockets != NULL)
        asynchron_curl_uv_forget(made->sockets);
    uv_close((uv_handle_t *)&made->woken, asynchron_curl_uv_closed);
    uv_close((uv_handle_t *)&made->timer, asynchron_curl_uv_closed);
    uv_close((uv_handle_t *)&made->look, asynchron_curl_uv_closed);
}

/**
 * As asynchron_curl_uv_create(), with a multi handle that you have given options: CURLMOPT_MAX_TOTAL_CONNECTIONS, say.
 *
 * - Needs: `loop`, initialised; `multi`, with no transfers and no CURLMOPT_PUSHFUNCTION (nobody would own what a server
 *   begins); `out` writable. CURLMOPT_SOCKETFUNCTION and CURLMOPT_TIMERFUNCTION, with their data, are the adapter's.
 * - Ownership: `multi` is handed over, whatever is returned. Do not use it again.
 * - Threads: as asynchron_curl_uv_create().
 * - Returns: as asynchron_curl_uv_create().
 */
static inline asynchron_status_t asynchron_curl_uv_create_with(uv_loop_t *loop, CURLM *multi, asynchron_curl_t **out)
{
    asynchron_curl_uv_t *made = NULL;
    asynchron_status_t status = ASYNCHRON_E_INVALID;

    if (loop != NULL && multi != NULL && out != NULL) {
        status = ASYNCHRON_E_NOMEM;
        made = (asynchron_curl_uv_t *)malloc(sizeof *made);
    }
    if (made != NULL &&
        asynchron_curl_loop_init(&made->loop, multi, asynchron_curl_uv_wake, asynchron_curl_uv_look,
                                 asynchron_curl_uv_close, 1)) {
        const int error = uv_async_init(loop, &made->woken, asynchron_curl_uv_on_wake);

        if (error == 0) {
            (void)uv_timer_init(loop, &made->timer); /* these two cannot fail */
            (void)uv_timer_init(loop, &made->look);
            made->woken.data = made->timer.data = made->look.data = made;
            made->sockets = NULL;
            made->is_due = 0;
            made->open = 3;
            asynchron_curl_loop_start(&made->loop, asynchron_curl_uv_socket, asynchron_curl_uv_timer);
            *out = &made->loop.c;
            return ASYNCHRON_OK;
        }
        status = error == UV_ENOMEM ? ASYNCHRON_E_NOMEM : ASYNCHRON_E_SYSTEM;
        (void)pthread_mutex_destroy(&made->loop.c.lock);
    }
    free(made);
    if (multi != NULL)
        (void)curl_multi_cleanup(multi);
    return status;
}

/**
 * Makes what drives transfers in a loop of libuv.
 *
 * It keeps the loop running until it is released, as an active handle of libuv does: a transfer may be begun at any
 * time. Its memory goes in the next turn of the loop: as with any handle, run the loop once more before
 * uv_loop_close(), which says UV_EBUSY before.
 *
 * - Needs: `loop`, initialised; `out` writable. curl_global_init() was called before, as for all of libcurl.
 * - Ownership: it is yours: asynchron_curl_release() it.
 * - Threads: on the loop's thread, or while the loop does not run.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: libuv refused: it needs
 *   a descriptor.
 */
static inline asynchron_status_t asynchron_curl_uv_create(uv_loop_t *loop, asynchron_curl_t **out)
{
    CURLM *multi = loop == NULL || out == NULL ? NULL : curl_multi_init();

    if (loop != NULL && out != NULL && multi == NULL)
        return ASYNCHRON_E_NOMEM;
    return asynchron_curl_uv_create_with(loop, multi, out);
}

#endif /* ASYNCHRON_CURL_UV_H */
