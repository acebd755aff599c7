/* asynchron/gtask.h: a GTask that returns what an asynchron becomes, and an asynchron that becomes what a GTask
 * returned.
 *
 *     GTask *task = g_task_new(object, cancellable, callback, data);
 *     asynchron_glib_return(a, task);               // a GBytes, or a GError
 *     g_object_unref(task);
 *
 *     do_it_async(object, cancellable, asynchron_glib_deliver, asynchron_glib_into(a, g_object_unref));
 *
 * asynchron_glib_deliver is for what ends with g_task_return_pointer() alone. Whether a call of GIO does so is its own
 * affair: see there what those need.
 *
 * Neither needs a report. asynchron/glib.h includes this. Needs gio-2.0, 2.36 or later. As everywhere in GLib, the
 * program ends if GLib has no memory.
 */
#ifndef ASYNCHRON_GTASK_H
#define ASYNCHRON_GTASK_H

#include <asynchron.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

/* A task that waits for an asynchron. Shared by the callback of the one and the cancellable of the other. The reference
   to the task is given up on its own context's thread, since it may be the last one to the task's source object and
   data. */
typedef struct {
    gint references;
    asynchron_t *a;
    GTask *task;
    gulong handler; /* of the cancellable, or 0 */
} asynchron_glib_return_t;

static inline void asynchron_glib_return_unref(gpointer pointer)
{
    asynchron_glib_return_t *waiting = (asynchron_glib_return_t *)pointer;

    if (g_atomic_int_dec_and_test(&waiting->references)) {
        asynchron_release(waiting->a);
        free(waiting);
    }
}

static inline void asynchron_glib_return_closed(gpointer waiting, GClosure *closure)
{
    (void)closure;
    asynchron_glib_return_unref(waiting);
}

static inline void asynchron_glib_cancelled(GCancellable *cancellable, gpointer waiting)
{
    (void)cancellable;
    (void)asynchron_cancel(((asynchron_glib_return_t *)waiting)->a);
}

/* In the task's context. */
static inline gboolean asynchron_glib_returns_there(gpointer pointer)
{
    asynchron_glib_return_t *waiting = (asynchron_glib_return_t *)pointer;
    asynchron_t *a = waiting->a;
    asynchron_value_t value = { NULL, 0 };
    asynchron_error_t error;

    if (asynchron_get_timeout(a, 0, &value) == ASYNCHRON_OK) {
        GBytes *bytes = g_bytes_new_with_free_func(value.data, value.len, asynchron_drop, asynchron_retain(a));

        g_task_return_pointer(waiting->task, bytes, (GDestroyNotify)g_bytes_unref);
    } else if (asynchron_error(a, &error) == ASYNCHRON_OK) {
        if (asynchron_poll(a) == ASYNCHRON_CANCELLED)
            g_task_return_error(waiting->task, g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, error.message));
        else
            g_task_return_error(waiting->task, g_error_new_literal(g_quark_from_string(error.domain), error.code,
                                                                   error.message));
    }
    return G_SOURCE_REMOVE;
}

/* There, too, when that is over. */
static inline void asynchron_glib_returned(gpointer pointer)
{
    asynchron_glib_return_t *waiting = (asynchron_glib_return_t *)pointer;

    g_object_unref(waiting->task);
    asynchron_glib_return_unref(waiting);
}

/* The asynchron is complete: on the thread that completed it. */
static inline void asynchron_glib_returns(asynchron_t *a, void *pointer)
{
    asynchron_glib_return_t *waiting = (asynchron_glib_return_t *)pointer;
    GSource *source = g_idle_source_new();

    (void)a;
    /* This does not wait for a handler that is running, as g_cancellable_disconnect() would: it may run below this. */
    if (waiting->handler != 0)
        g_signal_handler_disconnect(g_task_get_cancellable(waiting->task), waiting->handler);
    g_atomic_int_inc(&waiting->references);
    g_source_set_priority(source, g_task_get_priority(waiting->task));
    g_source_set_callback(source, asynchron_glib_returns_there, waiting, asynchron_glib_returned);
    (void)g_source_attach(source, g_task_get_context(waiting->task));
    g_source_unref(source);
}

/**
 * Has a task return what an asynchron becomes. Of a value that is a GBytes with its bytes, which are not copied; get it
 * by g_task_propagate_pointer(). (A value of asynchron_set_pointer() has 0 bytes: ask the asynchron for it.) Of a
 * failure it is a GError: its domain is g_quark_from_string() of that of the failure, with the same code and message.
 * Of a cancel it is G_IO_ERROR_CANCELLED.
 *
 * Cancelling the GCancellable of the task cancels the asynchron. An asynchron on demand is not started by this: have it
 * computed, by asynchron_spawn(), or the task never returns.
 *
 * - Needs: a task that has not returned.
 * - Ownership: both stay yours, and may be given up at once: they are kept until `a` is complete. As in a report, `a`
 *   does not end as broken by the release of other handles; give its producers promises for that.
 * - Threads: any. The task returns in its own context, with its priority, and is given up there, so its source object
 *   and its data are not finalized on the thread that completes `a`. If nobody runs that context any more, it never
 *   returns.
 * - Returns: ASYNCHRON_OK: it will return, or has; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM. Unless it is
 *   ASYNCHRON_OK, the task is still to return, by you.
 */
static inline asynchron_status_t asynchron_glib_return(asynchron_t *a, GTask *task)
{
    asynchron_notify_options_t options;
    asynchron_glib_return_t *waiting;
    asynchron_status_t status;
    GCancellable *cancellable;

    if (a == NULL || task == NULL)
        return ASYNCHRON_E_INVALID;
    waiting = (asynchron_glib_return_t *)malloc(sizeof *waiting);
    if (waiting == NULL)
        return ASYNCHRON_E_NOMEM;
    waiting->references = 3; /* this call's, the callback's and the handler's */
    waiting->a = asynchron_retain(a);
    waiting->task = (GTask *)g_object_ref(task);
    waiting->handler = 0;
    cancellable = g_task_get_cancellable(task);
    if (cancellable == NULL)
        asynchron_glib_return_unref(waiting);
    else
        waiting->handler = g_signal_connect_data(cancellable, "cancelled", G_CALLBACK(asynchron_glib_cancelled),
                                                 waiting, asynchron_glib_return_closed, (GConnectFlags)0);

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.fn = asynchron_glib_returns;
    options.ctx = waiting;
    options.drop_ctx = asynchron_glib_return_unref;
    status = asynchron_notify_with(a, &options, NULL);
    if (status != ASYNCHRON_OK) {
        if (waiting->handler != 0)
            g_signal_handler_disconnect(cancellable, waiting->handler);
        g_object_unref(task); /* not the last: the caller has one */
    } else if (cancellable != NULL && g_cancellable_is_cancelled(cancellable)) {
        (void)asynchron_cancel(a); /* it was cancelled before the handler was there */
    }
    asynchron_glib_return_unref(waiting);
    return status;
}

/* What asynchron_glib_deliver() is given. */
typedef struct {
    asynchron_t *a;
    GDestroyNotify drop;
} asynchron_glib_into_t;

/**
 * The user data of asynchron_glib_deliver().
 *
 * - Needs: `a`, the asynchron to deliver into; `drop`, which frees what the task returns, such as g_object_unref or
 *   g_free; NULL: nobody does.
 * - Ownership: `a` stays yours, and is kept until the callback has run. Pass what is returned to one call that takes
 *   asynchron_glib_deliver() as its callback: that frees it.
 * - Returns: the user data; NULL if `a` is NULL, or if there is no memory. Do not begin the call then.
 */
static inline gpointer asynchron_glib_into(asynchron_t *a, GDestroyNotify drop)
{
    asynchron_glib_into_t *into = a == NULL ? NULL : (asynchron_glib_into_t *)malloc(sizeof *into);

    if (into != NULL) {
        into->a = asynchron_retain(a);
        into->drop = drop;
    }
    return into;
}

/**
 * A GAsyncReadyCallback that delivers what a GTask returned by g_task_return_pointer(): the pointer as a value of
 * asynchron_set_pointer(); a GError as a failure with its domain's name, its code and its message; G_IO_ERROR_CANCELLED
 * as a cancel. If the asynchron is complete already, the pointer is freed.
 *
 * WARNING: this is for tasks of your own, and for calls that are known to return that pointer and nothing else. It
 * takes what the task has to be a pointer, and cannot see whether it is one. After g_task_return_boolean() or
 * g_task_return_int() the "pointer" is that number, and `drop` would free it. So it is with what
 * g_file_load_contents_async() gives, in GLib 2.74 a 1: the file's text lies elsewhere. A result that is no GTask is
 * a failure: "asynchron", ASYNCHRON_E_INVALID. For every call that has a *_finish function, write a callback that calls
 * it, and deliver what that gives:
 *
 *     static void loaded(GObject *file, GAsyncResult *result, gpointer data)
 *     {
 *         asynchron_t *a = (asynchron_t *)data;     // asynchron_retain()ed for this call
 *         GError *error = NULL;
 *         char *text;
 *         gsize len;
 *
 *         if (g_file_load_contents_finish(G_FILE(file), result, &text, &len, NULL, &error))
 *             asynchron_set_buffer(a, text, len, text, g_free);
 *         else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
 *             asynchron_cancel_with(a, error->message);
 *         else
 *             asynchron_fail_with(a, error->code, g_quark_to_string(error->domain), error->message, NULL, NULL);
 *         g_clear_error(&error);
 *         asynchron_release(a);
 *     }
 *
 * - Needs: `result`, a GTask that returned by g_task_return_pointer() or with an error; `data`, of
 *   asynchron_glib_into().
 * - Threads: callbacks of the asynchron run inside this call.
 */
static inline void asynchron_glib_deliver(GObject *source, GAsyncResult *result, gpointer data)
{
    asynchron_glib_into_t *into = (asynchron_glib_into_t *)data;
    GError *error = NULL;
    gpointer pointer = NULL;

    (void)source;
    if (G_IS_TASK(result))
        pointer = g_task_propagate_pointer(G_TASK(result), &error);
    else
        error = g_error_new_literal(g_quark_from_string("asynchron"), ASYNCHRON_E_INVALID, "not a GTask");
    if (error == NULL) {
        (void)asynchron_set_pointer(into->a, pointer, into->drop);
    } else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        if (asynchron_cancel_with(into->a, error->message) == ASYNCHRON_E_NOMEM)
            (void)asynchron_cancel(into->a);
    } else if (asynchron_fail_with(into->a, error->code, g_quark_to_string(error->domain), error->message, NULL,
                                   NULL) == ASYNCHRON_E_NOMEM) {
        (void)asynchron_fail(into->a, error->code, NULL);
    }
    g_clear_error(&error);
    asynchron_release(into->a);
    free(into);
}

#endif /* ASYNCHRON_GTASK_H */
