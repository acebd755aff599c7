/* asynchron/sd_event.h: a report in a loop of sd-event.
 *
 *     asynchron_sd_event_attach(event, report, fn, ctx, &handle);
 *     sd_event_loop(event);                         // calls fn
 *
 * asynchron/loop.h says what holds for all adapters. Needs libsystemd 221 or later.
 */
#ifndef ASYNCHRON_SD_EVENT_H
#define ASYNCHRON_SD_EVENT_H

#include "loop.h"

#include <errno.h>
#include <systemd/sd-event.h>

/** A report that is watched. It holds a reference to the loop. */
typedef struct {
    asynchron_loop_t loop;
    sd_event_source *source;
} asynchron_sd_event_t;

static inline void asynchron_sd_event_stop(asynchron_loop_t *loop)
{
    (void)sd_event_source_set_enabled(((asynchron_sd_event_t *)loop)->source, SD_EVENT_OFF);
}

static inline void asynchron_sd_event_close(asynchron_loop_t *loop)
{
    (void)sd_event_source_unref(((asynchron_sd_event_t *)loop)->source);
    free(loop);
}

static inline int asynchron_sd_event_ready(sd_event_source *source, int fd, uint32_t events, void *handle)
{
    (void)source, (void)fd, (void)events;
    (void)asynchron_loop_turn((asynchron_loop_t *)handle);
    return 0;
}

/**
 * Watches a report.
 *
 * - Needs: `event`; `fn` not NULL; `out` writable. Between sd_event_exit() and the end of the loop it takes a report,
 *   but never serves it.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours:
 *   asynchron_sd_event_detach() it, unless `fn` was called with ASYNCHRON_END. Until then it keeps the loop, also if
 *   you give up yours. `ctx` must live as long as the handle.
 * - Threads: on the loop's thread.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_CLOSED: the loop has
 *   finished; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the
 *   report, or sd-event refused, as in the child of a fork.
 */
static inline asynchron_status_t asynchron_sd_event_attach(sd_event *event, asynchron_report_t *report,
                                                           asynchron_loop_fn_t fn, void *ctx,
                                                           asynchron_sd_event_t **out)
{
    asynchron_sd_event_t *handle;
    asynchron_status_t status;
    int fd, error;

    if (event == NULL || report == NULL || fn == NULL || out == NULL)
        return ASYNCHRON_E_INVALID;
    handle = (asynchron_sd_event_t *)malloc(sizeof *handle);
    if (handle == NULL)
        return ASYNCHRON_E_NOMEM;
    status = asynchron_loop_begin(&handle->loop, report, fn, ctx, asynchron_sd_event_stop,
                                  asynchron_sd_event_close, &fd);
    if (status == ASYNCHRON_OK) {
        handle->source = NULL;
        error = sd_event_add_io(event, &handle->source, fd, POLLIN, asynchron_sd_event_ready, handle);
        if (error >= 0) {
            *out = handle;
            return ASYNCHRON_OK;
        }
        asynchron_loop_undo(&handle->loop);
        status = error == -ESTALE ? ASYNCHRON_E_CLOSED : error == -ENOMEM ? ASYNCHRON_E_NOMEM : ASYNCHRON_E_SYSTEM;
    }
    free(handle);
    return status;
}

/**
 * The source: to set its priority or its description.
 *
 * - Needs: `handle`, or NULL.
 * - Ownership: borrowed: valid as long as the handle. To have it no longer, detach the handle.
 * - Returns: the source; NULL for NULL.
 */
static inline sd_event_source *asynchron_sd_event_source(asynchron_sd_event_t *handle)
{
    return handle == NULL ? NULL : handle->source;
}

/**
 * Watches it no more: `fn` is not called again. What the report holds stays there.
 *
 * - Needs: `handle`, or NULL, which is ignored.
 * - Ownership: the handle is gone.
 * - Threads: on the loop's thread, also inside any callback.
 */
static inline void asynchron_sd_event_detach(asynchron_sd_event_t *handle)
{
    if (handle != NULL)
        asynchron_loop_detach(&handle->loop);
}

#endif /* ASYNCHRON_SD_EVENT_H */
