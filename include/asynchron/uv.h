/* asynchron/uv.h: a report in a loop of libuv.
 *
 *     asynchron_uv_attach(uv_default_loop(), report, fn, ctx, &handle);
 *     uv_run(uv_default_loop(), UV_RUN_DEFAULT);    // calls fn
 *
 * A program that ends its loop by uv_walk(), and closes all that it finds, detaches the adapter's handles there:
 *
 *     static void end(uv_handle_t *found, void *unused)
 *     {
 *         if (asynchron_uv_of(found) != NULL)
 *             asynchron_uv_detach(asynchron_uv_of(found));
 *         else if (!uv_is_closing(found))
 *             uv_close(found, NULL);
 *     }
 *
 * asynchron/loop.h says what holds for all adapters. Needs libuv 1.x, on a system with poll(2). With -std=c99, libuv's
 * header wants _POSIX_C_SOURCE to be 200809L.
 */
#ifndef ASYNCHRON_UV_H
#define ASYNCHRON_UV_H

#include "loop.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/** A report that is watched. It keeps the loop running, as an active handle of libuv does. */
typedef struct {
    asynchron_loop_t loop;
    uint64_t mark; /* by which asynchron_uv_of() knows it, whichever source file attached it */
    uv_poll_t poll;
} asynchron_uv_t;

#define ASYNCHRON_UV_MARK UINT64_C(0x61737963682d7576)

static inline void asynchron_uv_closed(uv_handle_t *poll)
{
    free(poll->data);
}

static inline void asynchron_uv_stop(asynchron_loop_t *loop)
{
    uv_poll_t *poll = &((asynchron_uv_t *)loop)->poll;

    if (!uv_is_closing((uv_handle_t *)poll)) /* somebody else's uv_close() has stopped it */
        (void)uv_poll_stop(poll);
}

static inline void asynchron_uv_close(asynchron_loop_t *loop)
{
    uv_handle_t *poll = (uv_handle_t *)&((asynchron_uv_t *)loop)->poll;

    /* What somebody else closes stays, as nobody says when libuv is done with it. */
    if (!uv_is_closing(poll))
        uv_close(poll, asynchron_uv_closed);
}

static inline void asynchron_uv_ready(uv_poll_t *poll, int error, int events)
{
    (void)error, (void)events;
    (void)asynchron_loop_turn((asynchron_loop_t *)poll->data);
}

/**
 * Watches a report.
 *
 * - Needs: `loop`, initialised, and not closed by uv_loop_close(): libuv cannot tell. With a report attached, that call
 *   returns UV_EBUSY. After uv_stop() a loop takes a report, and serves it when it runs again. `fn` not NULL; `out`
 *   writable.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours: asynchron_uv_detach() it,
 *   unless `fn` was called with ASYNCHRON_END. `ctx` must live as long as the handle.
 * - Threads: on the loop's thread, or while the loop does not run.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_INVALID: a NULL;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the report, or libuv refused.
 */
static inline asynchron_status_t asynchron_uv_attach(uv_loop_t *loop, asynchron_report_t *report,
                                                     asynchron_loop_fn_t fn, void *ctx, asynchron_uv_t **out)
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
    handle->mark = ASYNCHRON_UV_MARK;
    handle->poll.data = handle;
    if (uv_poll_start(&handle->poll, UV_READABLE, asynchron_uv_ready) != 0) {
        asynchron_loop_detach(&handle->loop);
        return ASYNCHRON_E_SYSTEM;
    }
    *out = handle;
    return ASYNCHRON_OK;
}

/**
 * What libuv has of it: for uv_unref(), so that it does not keep the loop running, and for uv_has_ref(). libuv has no
 * priorities.
 *
 * - Needs: `handle`, or NULL.
 * - Ownership: borrowed: valid as long as the handle. Leave its data as it is, and do not stop or close it: detach the
 *   handle. If it is closed by uv_close() all the same, `fn` is not called any more, and the handle is still to be
 *   detached, but its memory, some 200 bytes, is never freed.
 * - Returns: the uv_poll_t; NULL for NULL.
 */
static inline uv_poll_t *asynchron_uv_poll(asynchron_uv_t *handle)
{
    return handle == NULL ? NULL : &handle->poll;
}

/**
 * The handle that one of libuv's belongs to, as uv_walk() finds it.
 *
 * - Needs: `found`, a handle of libuv that is initialised, or NULL.
 * - Ownership: borrowed. What is returned is to be detached as ever.
 * - Returns: the handle; NULL: `found` is not of this adapter, or is closing already, or NULL.
 */
static inline asynchron_uv_t *asynchron_uv_of(const uv_handle_t *found)
{
    asynchron_uv_t *handle;

    if (found == NULL || found->type != UV_POLL || uv_is_closing(found) || found->data == NULL)
        return NULL;
    /* The data of anybody else's may be anything, so look there only if `found` lies in it as the adapter's does. */
    if ((uintptr_t)found - (uintptr_t)found->data != offsetof(asynchron_uv_t, poll))
        return NULL;
    handle = (asynchron_uv_t *)found->data;
    return handle->mark == ASYNCHRON_UV_MARK ? handle : NULL;
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
