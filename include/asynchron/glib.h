/* asynchron/glib.h: a report in a main context of GLib; with asynchron/gtask.h, asynchrons as GTask, and back.
 *
 *     asynchron_glib_attach(NULL, report, fn, ctx, &handle);
 *     g_main_loop_run(loop);                        // calls fn
 *
 * asynchron/loop.h says what holds for all adapters. Needs GLib 2.36 or later, with gio-2.0. As everywhere in GLib, the
 * program ends if GLib has no memory.
 */
#ifndef ASYNCHRON_GLIB_H
#define ASYNCHRON_GLIB_H

#include "gtask.h"
#include "loop.h"

#include <glib.h>

/** A report that is watched. */
typedef struct {
    asynchron_loop_t loop;
    GSource *source;
} asynchron_glib_t;

/* What GLib has of it. */
typedef struct {
    GSource source;
    asynchron_loop_t *loop;
} asynchron_glib_source_t;

static inline void asynchron_glib_stop(asynchron_loop_t *loop)
{
    g_source_destroy(((asynchron_glib_t *)loop)->source);
}

static inline void asynchron_glib_close(asynchron_loop_t *loop)
{
    g_source_unref(((asynchron_glib_t *)loop)->source);
    free(loop);
}

static inline gboolean asynchron_glib_ready(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)callback, (void)data;
    (void)asynchron_loop_turn(((asynchron_glib_source_t *)source)->loop);
    return G_SOURCE_CONTINUE; /* a detached one is destroyed already */
}

/**
 * Watches a report.
 *
 * - Needs: `context`, or NULL for g_main_context_default(), that of the main thread (not the thread's own: for that
 *   pass g_main_context_get_thread_default(), which is NULL where a thread has none). After g_main_loop_quit() a
 *   context takes a report, and serves it when a loop runs it again, if one does. `fn` not NULL; `out` writable.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours: asynchron_glib_detach()
 *   it, unless `fn` was called with ASYNCHRON_END; you may do so after the context is gone. `ctx` must live as long as
 *   the handle.
 * - Threads: on the thread that runs the context, or while none does.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_INVALID: a NULL;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the report.
 */
static inline asynchron_status_t asynchron_glib_attach(GMainContext *context, asynchron_report_t *report,
                                                       asynchron_loop_fn_t fn, void *ctx, asynchron_glib_t **out)
{
    /* Without a prepare and a check: GLib looks at the descriptor. */
    static GSourceFuncs funcs = { NULL, NULL, asynchron_glib_ready, NULL, NULL, NULL };
    asynchron_glib_t *handle;
    asynchron_status_t status;
    int fd;

    if (report == NULL || fn == NULL || out == NULL)
        return ASYNCHRON_E_INVALID;
    handle = (asynchron_glib_t *)malloc(sizeof *handle);
    if (handle == NULL)
        return ASYNCHRON_E_NOMEM;
    status = asynchron_loop_begin(&handle->loop, report, fn, ctx, asynchron_glib_stop, asynchron_glib_close, &fd);
    if (status != ASYNCHRON_OK) {
        free(handle);
        return status;
    }
    handle->source = g_source_new(&funcs, sizeof(asynchron_glib_source_t));
    ((asynchron_glib_source_t *)handle->source)->loop = &handle->loop;
    (void)g_source_add_unix_fd(handle->source, fd, G_IO_IN);
    /* Otherwise a loop inside the callback hears nothing, and does not say so. */
    g_source_set_can_recurse(handle->source, TRUE);
    (void)g_source_attach(handle->source, context);
    *out = handle;
    return ASYNCHRON_OK;
}

/**
 * The source: to set its priority (G_PRIORITY_DEFAULT at first) or its name. It may recurse: a loop that runs inside
 * `fn`, as that of a dialog, calls `fn` inside itself. With g_source_set_can_recurse(source, FALSE) it waits until `fn`
 * has returned; then a loop inside `fn` that is to end with something that `fn` is told never ends.
 *
 * - Needs: `handle`, or NULL.
 * - Ownership: borrowed: valid as long as the handle. To have it no longer, detach the handle.
 * - Returns: the source; NULL for NULL.
 */
static inline GSource *asynchron_glib_source(asynchron_glib_t *handle)
{
    return handle == NULL ? NULL : handle->source;
}

/**
 * Watches it no more: `fn` is not called again. What the report holds stays there.
 *
 * - Needs: `handle`, or NULL, which is ignored.
 * - Ownership: the handle is gone.
 * - Threads: on the thread that runs the context, also inside any callback, or while none does.
 */
static inline void asynchron_glib_detach(asynchron_glib_t *handle)
{
    if (handle != NULL)
        asynchron_loop_detach(&handle->loop);
}

#endif /* ASYNCHRON_GLIB_H */
