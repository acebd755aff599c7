/* asynchron/event.h: a report in an event base of libevent.
 *
 *     asynchron_event_attach(base, report, fn, ctx, &handle);
 *     event_base_dispatch(base);                    // calls fn
 *
 * asynchron/loop.h says what holds for all adapters. libevent's own clock is coarse unless the base was made with
 * EVENT_BASE_FLAG_PRECISE_TIMER: its timers are some milliseconds late, with a report and without. Needs libevent 2.0
 * or later. One file cannot include this and asynchron/ev.h: the headers of libevent and libev use the same names.
 */
#ifndef ASYNCHRON_EVENT_H
#define ASYNCHRON_EVENT_H

#include "loop.h"

#include <event2/event.h>

/** A report that is watched. It keeps the base running, as a pending event does. */
typedef struct {
    asynchron_loop_t loop;
    struct event *event;
} asynchron_event_t;

static inline void asynchron_event_stop(asynchron_loop_t *loop)
{
    (void)event_del(((asynchron_event_t *)loop)->event);
}

static inline void asynchron_event_close(asynchron_loop_t *loop)
{
    event_free(((asynchron_event_t *)loop)->event);
    free(loop);
}

static inline void asynchron_event_ready(evutil_socket_t fd, short what, void *handle)
{
    (void)fd, (void)what;
    (void)asynchron_loop_turn((asynchron_loop_t *)handle);
}

/**
 * Watches a report.
 *
 * - Needs: `base`, not freed. After event_base_loopexit() or event_base_loopbreak() a base takes a report, and serves
 *   it when it runs again. `fn` not NULL; `out` writable.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours: asynchron_event_detach()
 *   it, unless `fn` was called with ASYNCHRON_END. `ctx` must live as long as the handle.
 * - Threads: on the base's thread, or while the base does not run.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_INVALID: a NULL;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the report, or libevent refused.
 */
static inline asynchron_status_t asynchron_event_attach(struct event_base *base, asynchron_report_t *report,
                                                        asynchron_loop_fn_t fn, void *ctx, asynchron_event_t **out)
{
    asynchron_event_t *handle;
    asynchron_status_t status;
    int fd;

    if (base == NULL || report == NULL || fn == NULL || out == NULL)
        return ASYNCHRON_E_INVALID;
    handle = (asynchron_event_t *)malloc(sizeof *handle);
    if (handle == NULL)
        return ASYNCHRON_E_NOMEM;
    status = asynchron_loop_begin(&handle->loop, report, fn, ctx, asynchron_event_stop, asynchron_event_close, &fd);
    if (status != ASYNCHRON_OK) {
        free(handle);
        return status;
    }
    handle->event = event_new(base, fd, EV_READ | EV_PERSIST, asynchron_event_ready, handle);
    if (handle->event != NULL && event_add(handle->event, NULL) == 0) {
        *out = handle;
        return ASYNCHRON_OK;
    }
    status = handle->event == NULL ? ASYNCHRON_E_NOMEM : ASYNCHRON_E_SYSTEM;
    if (handle->event != NULL)
        event_free(handle->event);
    asynchron_loop_undo(&handle->loop);
    free(handle);
    return status;
}

/**
 * The event: to set its priority by event_priority_set().
 *
 * - Needs: `handle`, or NULL.
 * - Ownership: borrowed: valid as long as the handle. To have it no longer, detach the handle.
 * - Returns: the event; NULL for NULL.
 */
static inline struct event *asynchron_event_event(asynchron_event_t *handle)
{
    return handle == NULL ? NULL : handle->event;
}

/**
 * Watches it no more: `fn` is not called again. What the report holds stays there.
 *
 * - Needs: `handle`, or NULL, which is ignored; the base must still be there.
 * - Ownership: the handle is gone.
 * - Threads: on the base's thread, also inside any callback, or while the base does not run.
 */
static inline void asynchron_event_detach(asynchron_event_t *handle)
{
    if (handle != NULL)
        asynchron_loop_detach(&handle->loop);
}

#endif /* ASYNCHRON_EVENT_H */
