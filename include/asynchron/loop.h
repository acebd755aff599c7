/* asynchron/loop.h: what the adapters for event loops share. Include that of your loop instead: epoll.h, uv.h,
 * glib.h, event.h, ev.h, sd_event.h or uring.h.
 *
 * An adapter watches a report in a loop and calls a function for each item, on the loop's own thread. What holds for
 * all:
 *
 *   - A report is attached to one loop at a time, and nobody else asks it for the next item. Any thread may add to it,
 *     complete what it holds, wake it and close it.
 *   - A turn of the loop serves at most ASYNCHRON_LOOP_TURN items. The loop's timers and its other sources come next,
 *     and then the other items, so producers that are faster than the loop do not stop it.
 *   - Attach and detach on the loop's thread, or while the loop does not run. You may detach inside the callback, also
 *     what belongs to another report. Afterwards nothing comes any more, and the handle is gone.
 *   - The adapter holds a reference to the report. Yours may be released before or after. A report that is nobody
 *     else's any more stays attached, and costs nothing, until you detach it.
 *   - Detach before you free the loop, unless the adapter says otherwise.
 *   - A function that runs the loop once more is called inside itself where the loop allows that: with epoll, libuv,
 *     GLib and libev, and as uring.h says. libevent and sd-event refuse it.
 *
 * A loop that is closing. One that was told to end, by uv_stop() or g_main_loop_quit(), say, takes a report as ever,
 * and serves it when it runs again. With sd-event, where a loop cannot run again, attaching is refused when it has
 * ended. A loop that was freed or closed is not to be attached to: the hosts cannot tell, other than epoll.
 *
 * fork(). The child's copy of a handle watches the parent's descriptor, which tells nothing in the child. So there it
 * serves nothing, and has its loop watch no more when that descriptor is readable. What the child is to do, in this
 * order:
 *
 *   1. Before it does anything else with the loop, what the loop demands: uv_loop_fork(), event_reinit(),
 *      ev_loop_fork(); nothing for GLib. With sd-event, epoll and io_uring: a new loop, as the old one is the parent's.
 *   2. Detach the parent's handles.
 *   3. Attach anew what it needs. A report has a new descriptor in the child.
 *
 * A child that is forked inside the function must not return from it: the turn is the parent's, and so is the loop
 * around it. What another thread of the parent was using is not to be touched, as asynchron.h says. A child that only
 * calls exec() or _exit() need do nothing.
 */
#ifndef ASYNCHRON_LOOP_H
#define ASYNCHRON_LOOP_H

#include <asynchron.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

/* So many items are served in one turn of the loop, at most. */
#define ASYNCHRON_LOOP_TURN 64

/**
 * Called on the loop's thread.
 *
 * - `what`: ASYNCHRON_OK: item.asynchron is complete, and was added with item.tag. ASYNCHRON_WOKEN:
 *   asynchron_report_wake() was called. ASYNCHRON_END: the report is closed, and all that it held has come. It is
 *   detached already, so forget the handle (with io_uring not yet: see uring.h). In the last two cases the item is
 *   {NULL, NULL}.
 * - Wakes come before items. So do not wake the same report each time that you are called with ASYNCHRON_WOKEN: then
 *   the loop's other sources get their turns, but this report's items wait until that ends. What posts itself again and
 *   again takes a report of its own.
 * - Ownership: item.asynchron is borrowed for the length of the call: asynchron_retain() it to keep it.
 * - Threads: that of the loop. Wait in here with a timeout of 0 only. In C++, let no exception leave it.
 */
typedef void (*asynchron_loop_fn_t)(asynchron_status_t what, asynchron_item_t item, void *ctx);

/* Each handle of an adapter begins with this. It is the adapter's: nothing here is for its user. */
typedef struct asynchron_loop_t {
    asynchron_report_t *report;
    asynchron_loop_fn_t fn;
    void *ctx;
    void (*stop)(struct asynchron_loop_t *);  /* the host watches no more */
    void (*close)(struct asynchron_loop_t *); /* frees the handle, now or when the host is done with it */
    pid_t process; /* that attached it: a copy in a child of that is of no use there */
    unsigned turns; /* that are running: several, if the callback runs the loop */
    int stopped;
    int detached;
} asynchron_loop_t;

/* Fills in what all adapters have, and claims the report. ASYNCHRON_OK: `*fd` is what to watch. Otherwise nothing has
   changed, and the status is what attaching returns. */
static inline asynchron_status_t asynchron_loop_begin(asynchron_loop_t *loop, asynchron_report_t *report,
                                                      asynchron_loop_fn_t fn, void *ctx,
                                                      void (*stop)(asynchron_loop_t *),
                                                      void (*close)(asynchron_loop_t *), int *fd)
{
    const int descriptor = asynchron_report_fd(report);
    asynchron_status_t status;

    if (descriptor < 0)
        return ASYNCHRON_E_SYSTEM;
    status = asynchron_report_watch(report, 1);
    if (status != ASYNCHRON_OK)
        return status;
    loop->report = asynchron_report_retain(report);
    loop->fn = fn;
    loop->ctx = ctx;
    loop->stop = stop;
    loop->close = close;
    loop->process = getpid();
    loop->turns = 0;
    loop->stopped = 0;
    loop->detached = 0;
    *fd = descriptor;
    return ASYNCHRON_OK;
}

/* Undoes asynchron_loop_begin(), where the host refused. The handle itself stays. */
static inline void asynchron_loop_undo(asynchron_loop_t *loop)
{
    (void)asynchron_report_watch(loop->report, 0);
    asynchron_report_release(loop->report);
}

/* Whether this is a child of the process that attached it. */
static inline int asynchron_loop_is_parents(const asynchron_loop_t *loop)
{
    return loop->process != getpid();
}

static inline void asynchron_loop_stop(asynchron_loop_t *loop)
{
    if (!loop->stopped) {
        loop->stopped = 1;
        loop->stop(loop);
    }
}

/* The host has let go of it, or is about to. The report goes last: its descriptor must not be closed before. */
static inline void asynchron_loop_close(asynchron_loop_t *loop)
{
    asynchron_report_t *report = loop->report;

    loop->close(loop);
    asynchron_report_release(report);
}

/* Stops watching at once. The handle goes now or, inside a turn, at the end of that. In a child the claim is not given
   up: it may be that of a handle of the child's. */
static inline void asynchron_loop_detach(asynchron_loop_t *loop)
{
    if (loop == NULL || loop->detached)
        return;
    loop->detached = 1;
    asynchron_loop_stop(loop);
    if (!asynchron_loop_is_parents(loop))
        (void)asynchron_report_watch(loop->report, 0);
    if (loop->turns == 0)
        asynchron_loop_close(loop);
}

/* Whether the report is closed for good, given that it had nothing left just now. An open one is silent then, so a
   readable descriptor means that it is closed, or that something has come meanwhile. Asking shows which.
   ASYNCHRON_TIMEOUT: it is open. */
static inline asynchron_status_t asynchron_loop_is_over(asynchron_loop_t *loop, asynchron_item_t *item)
{
    struct pollfd watched;
    asynchron_status_t status;
    int tries = 0;

    watched.fd = asynchron_report_fd(loop->report);
    watched.events = POLLIN;
    do {
        watched.revents = 0;
        if (poll(&watched, 1, 0) <= 0)
            return ASYNCHRON_TIMEOUT;
        status = asynchron_report_next(loop->report, 0, item);
    } while (status == ASYNCHRON_END && ++tries < 3);
    return status;
}

/* Serves what has come. True: there may be more, for which an edge-triggered loop has the report ring again. Otherwise
   nothing is left just now, or the handle is gone: do not touch it after this call. */
static inline int asynchron_loop_turn(asynchron_loop_t *loop)
{
    const asynchron_item_t none = { NULL, NULL };
    asynchron_status_t status = ASYNCHRON_OK;
    int served = 0, more = 0;

    if (asynchron_loop_is_parents(loop)) {
        asynchron_loop_stop(loop); /* nobody here can have the parent's descriptor be silent */
        return 0;
    }
    loop->turns++;
    while (!loop->detached) {
        asynchron_item_t item = none;

        if (served == ASYNCHRON_LOOP_TURN) {
            more = 1;
            break;
        }
        status = asynchron_report_next(loop->report, 0, &item);
        if (status == ASYNCHRON_END) {
            /* After some items a closed report rings again, so the question can wait. */
            more = served > 0;
            if (!more)
                status = asynchron_loop_is_over(loop, &item);
        }
        if (status == ASYNCHRON_OK) {
            loop->fn(ASYNCHRON_OK, item, loop->ctx);
            asynchron_release(item.asynchron);
        } else if (status == ASYNCHRON_WOKEN) {
            loop->fn(ASYNCHRON_WOKEN, none, loop->ctx);
        } else {
            break;
        }
        served++;
    }
    if (status == ASYNCHRON_END && !more && !loop->detached) {
        asynchron_loop_detach(loop);
        loop->fn(ASYNCHRON_END, none, loop->ctx);
    }
    more = more && !loop->detached;
    if (--loop->turns == 0 && loop->detached)
        asynchron_loop_close(loop);
    return more;
}

#endif /* ASYNCHRON_LOOP_H */
