/* asynchron/ev.h: a report in a loop of libev.
 *
 *     asynchron_ev_attach(EV_DEFAULT, report, fn, ctx, &handle);
 *     ev_run(EV_DEFAULT, 0);                        // calls fn
 *
 * ev_io_stop() does not take a descriptor out of the kernel's set (libev 4.33, with epoll): closing does, or libev
 * itself when it is told of one that it does not watch any more. So if you detach, and another thread then gives up the
 * last reference to the report, that thread's close(2) and an epoll_ctl(2) of the loop may meet, and ThreadSanitizer
 * reports it. Nothing is lost by that: epoll_ctl() finds no such descriptor, or another file's, and libev makes itself
 * a new set. A report that is released on the loop's thread, or before you detach, does not have that.
 *
 * asynchron/loop.h says what holds for all adapters. Needs libev 4, with support for several loops, as it comes. One
 * file cannot include this and asynchron/event.h: the headers of libev and libevent use the same names.
 */
#ifndef ASYNCHRON_EV_H
#define ASYNCHRON_EV_H

#include "loop.h"

#include <ev.h>

/** A report that is watched. It keeps the loop running, as an active watcher does. */
typedef struct {
    asynchron_loop_t loop;
    struct ev_loop *host;
    ev_io io;
} asynchron_ev_t;

static inline void asynchron_ev_stop(asynchron_loop_t *loop)
{
    asynchron_ev_t *handle = (asynchron_ev_t *)loop;

    ev_io_stop(handle->host, &handle->io);
}

static inline void asynchron_ev_close(asynchron_loop_t *loop)
{
    free(loop);
}

static inline void asynchron_ev_ready(struct ev_loop *host, ev_io *io, int events)
{
    (void)host, (void)events;
    (void)asynchron_loop_turn((asynchron_loop_t *)io->data);
}

/**
 * Watches a report.
 *
 * - Needs: `host`, as of EV_DEFAULT or ev_loop_new(), not destroyed. After ev_break() a loop takes a report, and serves
 *   it when it runs again. `fn` not NULL; `out` writable.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours: asynchron_ev_detach() it,
 *   unless `fn` was called with ASYNCHRON_END. `ctx` must live as long as the handle.
 * - Threads: on the loop's thread, or while the loop does not run.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_INVALID: a NULL;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the report.
 */
static inline asynchron_status_t asynchron_ev_attach(struct ev_loop *host, asynchron_report_t *report,
                                                     asynchron_loop_fn_t fn, void *ctx, asynchron_ev_t **out)
{
    asynchron_ev_t *handle;
    asynchron_status_t status;
    int fd;

    if (host == NULL || report == NULL || fn == NULL || out == NULL)
        return ASYNCHRON_E_INVALID;
    handle = (asynchron_ev_t *)malloc(sizeof *handle);
    if (handle == NULL)
        return ASYNCHRON_E_NOMEM;
    status = asynchron_loop_begin(&handle->loop, report, fn, ctx, asynchron_ev_stop, asynchron_ev_close, &fd);
    if (status != ASYNCHRON_OK) {
        free(handle);
        return status;
    }
    handle->host = host;
    ev_io_init(&handle->io, asynchron_ev_ready, fd, EV_READ);
    handle->io.data = handle;
    ev_io_start(host, &handle->io);
    *out = handle;
    return ASYNCHRON_OK;
}

/**
 * What libev has of it: for its priority, which ev_set_priority() may change while it is stopped (ev_io_stop(), and
 * ev_io_start() again); and to have it not keep the loop running: ev_unref(loop) after you attach, and ev_ref(loop)
 * before you detach, or when `fn` is called with ASYNCHRON_END.
 *
 * - Needs: `handle`, or NULL.
 * - Ownership: borrowed: valid as long as the handle. Leave its data and its callback as they are. To have it no
 *   longer, detach the handle.
 * - Returns: the watcher; NULL for NULL.
 */
static inline ev_io *asynchron_ev_io(asynchron_ev_t *handle)
{
    return handle == NULL ? NULL : &handle->io;
}

/**
 * Watches it no more: `fn` is not called again. What the report holds stays there.
 *
 * - Needs: `handle`, or NULL, which is ignored; the loop must still be there.
 * - Ownership: the handle is gone.
 * - Threads: on the loop's thread, also inside any callback, or while the loop does not run.
 */
static inline void asynchron_ev_detach(asynchron_ev_t *handle)
{
    if (handle != NULL)
        asynchron_loop_detach(&handle->loop);
}

#endif /* ASYNCHRON_EV_H */
