/* asynchron/epoll.h: a report in a loop of your own over epoll.
 *
 *     asynchron_epoll_attach(epfd, report, fn, ctx, &handle);
 *     for (;;) {
 *         n = epoll_wait(epfd, events, 16, timeout);
 *         for (i = 0; i < n; i++)
 *             if (events[i].data.ptr == handle)
 *                 asynchron_epoll_turn(handle);     // calls fn
 *             else ...                              // what else you watch
 *     }
 *
 * asynchron/loop.h says what holds for all adapters. Needs Linux, and nothing to link beside asynchron.
 *
 * A function may call epoll_wait() for the same set, and serve what that says. If a handle ends inside (ASYNCHRON_END),
 * or is detached there, the array of the outer epoll_wait() may still hold it, and nobody may serve it any more: have
 * the function set data.ptr of such an event to NULL in the outer array, too, as asynchron_epoll_detach() does in the
 * one that it is given.
 *
 * fork(). A set is shared with the child: what the child changes in it, it changes for the parent. So the child must
 * not use the inherited one; it makes one of its own, and attaches there. asynchron_epoll_turn() does nothing in the
 * child, and asynchron_epoll_detach() frees the handle there and leaves the set as it is.
 */
#ifndef ASYNCHRON_EPOLL_H
#define ASYNCHRON_EPOLL_H

#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>

/** A report that is watched. */
typedef struct {
    asynchron_loop_t loop;
    int epfd;
    int fd; /* the report's, when it was attached */
} asynchron_epoll_t;

static inline void asynchron_epoll_stop(asynchron_loop_t *loop)
{
    struct epoll_event none = { 0, { NULL } }; /* old kernels want one */
    const asynchron_epoll_t *handle = (asynchron_epoll_t *)loop;

    if (!asynchron_loop_is_parents(loop)) /* whose set is the parent's, too */
        (void)epoll_ctl(handle->epfd, EPOLL_CTL_DEL, handle->fd, &none);
}

static inline void asynchron_epoll_close(asynchron_loop_t *loop)
{
    free(loop);
}

/**
 * Watches a report, level-triggered. Its events have the handle as data.ptr: pass that to asynchron_epoll_turn().
 *
 * - Needs: `epfd`, of epoll_create1(); `fn` not NULL; `out` writable.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours: asynchron_epoll_detach()
 *   it, unless `fn` was called with ASYNCHRON_END. `ctx` must live as long as the handle.
 * - Threads: on the loop's thread, or while the loop does not run.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_INVALID: a NULL, or a
 *   negative descriptor; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the report, or epoll
 *   refused, as errno says.
 */
static inline asynchron_status_t asynchron_epoll_attach(int epfd, asynchron_report_t *report, asynchron_loop_fn_t fn,
                                                        void *ctx, asynchron_epoll_t **out)
{
    struct epoll_event event;
    asynchron_epoll_t *handle;
    asynchron_status_t status;

    if (epfd < 0 || report == NULL || fn == NULL || out == NULL)
        return ASYNCHRON_E_INVALID;
    handle = (asynchron_epoll_t *)malloc(sizeof *handle);
    if (handle == NULL)
        return ASYNCHRON_E_NOMEM;
    handle->epfd = epfd;
    status = asynchron_loop_begin(&handle->loop, report, fn, ctx, asynchron_epoll_stop, asynchron_epoll_close,
                                  &handle->fd);
    if (status == ASYNCHRON_OK) {
        event.events = EPOLLIN;
        event.data.u64 = 0; /* all of it, where a pointer is shorter */
        event.data.ptr = handle;
        if (epoll_ctl(epfd, EPOLL_CTL_ADD, handle->fd, &event) == 0) {
            *out = handle;
            return ASYNCHRON_OK;
        }
        status = errno == ENOMEM ? ASYNCHRON_E_NOMEM : ASYNCHRON_E_SYSTEM;
        asynchron_loop_undo(&handle->loop);
    }
    free(handle);
    return status;
}

/**
 * Serves an event of epoll_wait(): calls `fn` for what has come, at most ASYNCHRON_LOOP_TURN times. If something is
 * left, the next epoll_wait() says so again.
 *
 * - Needs: what data.ptr of the event is. NULL, as asynchron_epoll_detach() leaves it there, does nothing.
 * - Threads: calls `fn` on this thread; never blocks.
 */
static inline void asynchron_epoll_turn(asynchron_epoll_t *handle)
{
    if (handle != NULL)
        (void)asynchron_loop_turn(&handle->loop);
}

/**
 * Watches it no more: `fn` is not called again. What the report holds stays there.
 *
 * - Needs: `handle`, or NULL, which is ignored; `events`, the `n` events of the last epoll_wait() if some of them are
 *   not served yet: those of this handle become {0, NULL}, so that nobody serves a handle that is gone. Outside of that
 *   NULL and 0.
 * - Ownership: the handle is gone.
 * - Threads: on the loop's thread, also inside any callback, or while the loop does not run.
 */
static inline void asynchron_epoll_detach(asynchron_epoll_t *handle, struct epoll_event *events, int n)
{
    int i;

    if (handle == NULL)
        return;
    for (i = 0; events != NULL && i < n; i++) {
        if (events[i].data.ptr == (void *)handle) {
            events[i].events = 0;
            events[i].data.ptr = NULL;
        }
    }
    asynchron_loop_detach(&handle->loop);
}

#endif /* ASYNCHRON_EPOLL_H */
