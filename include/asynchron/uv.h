/* asynchron/uv.h: a report in a loop of libuv.
 *
 *     asynchron_uv_attach(uv_default_loop(), report, fn, ctx, &handle);
 *     uv_run(uv_default_loop(), UV_RUN_DEFAULT);    // calls fn
 *
 * asynchron/loop.h says what holds for all adapters. Needs libuv 1.x, on a system with poll(2). With -std=c99, libuv's header
 * wants _POSIX_C_SOURCE to be 200809L.
 */
#ifndef ASYNCHRON_UV_H
#define ASYNCHRON_UV_H

#include "loop.h"

#include <uv.h>

/** A report that is watched. It keeps the loop running, as an active handle of libuv does. */
typedef struct {
    asynchron_loop_t loop;
    uv_poll_t poll;
} asynchron_uv_t;

static inline void asynchron_uv_closed(uv_handle_t *poll)
{
    free(poll->data);
}

static inline void asynchron_uv_stop(asynchron_loop_t *loop)
{
    (void)uv_poll_stop(&((asynchron_uv_t *)loop)->poll);
}

static inline void asynchron_uv_close(asynchron_loop_t *loop)
{
    uv_close((uv_handle_t *)&((asynchron_uv_t *)loop)->poll, asynchron_uv_closed);
}

static inline void asynchron_uv_ready(uv_poll_t *poll, int error, int events)
{
    (void)error, (void)events;
    (void)asynchron_loop_turn((asynchron_loop_t *)poll->data);
}

/**
 * Watches a report.
 *
 * - Needs: `loop`, initialised; `fn` not NULL; `out` writable.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours: asynchron_uv_detach() it,
 *   unless `fn` was called with ASYNCHRON_END. `ctx` must live as long as the handle.
 * - Threads: on the loop's thread, or while the loop does not run.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_INVALID: a NULL;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the report, or libuv refused.
 */
static inline asynchron_status_t asynchron_uv_attach(uv_loop_t *loop, asynchron_report_t *report, asynchron_loop_fn_t fn,
                                                     void *ctx, asynchron_uv_t **out)
{
    asynchron_uv_t *handle;
    asynchron_status_t status;
    int fd, error;

    if (loop == NULL || report == NULL || fn == NULL || out == NULL)
        return ASYNCHRON_E_INVALID;
    handle = (asynchron_uv_t *)malloc(sizeof *handle);
    if (handle == NULL)
        return ASYNCHRON_E_NOMEM;
    status = asynchron_loop_begin(&handle->loop, report, fn, ctx, asynchron_uv_stop, asynchron_uv_close, &fd);
    if (status != ASYNCHRON_OK) {
        free(handle);
        return status;
    }
    error = uv_poll_init(loop, &handle->poll, fd);
    if (error != 0) {
        asynchron_loop_undo(&handle->loop);
        free(handle);
        return error == UV_ENOMEM ? ASYNCHRON_E_NOMEM : ASYNCHRON_E_SYSTEM;
    }
    handle->poll.data = handle;
    if (uv_poll_start(&handle->poll, UV_READABLE, asynchron_uv_ready) != 0) {
        asynchron_loop_detach(&handle->loop);
        return ASYNCHRON_E_SYSTEM;
    }
    *out = handle;
    return ASYNCHRON_OK;
}

/**
 * Watches it no more: `fn` is not called again. What the report holds stays there.
 *
 * The memory goes with libuv's handle, in the next turn of the loop: as with any handle, run the loop once more before
 * uv_loop_close().
 *
 * - Needs: `handle`, or NULL, which is ignored.
 * - Ownership: the handle is gone.
 * - Threads: on the loop's thread, also inside any callback, or while the loop does not run.
 */
static inline void asynchron_uv_detach(asynchron_uv_t *handle)
{
    if (handle != NULL)
        asynchron_loop_detach(&handle->loop);
}

#endif /* ASYNCHRON_UV_H */
