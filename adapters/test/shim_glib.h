/* shim_glib.h: a main context of GLib, for held_to.c. */
#include <asynchron/glib.h>

#include "check.h"

typedef struct shim {
    GMainContext *context;
    GMainLoop *loop; /* while shim_run() does */
    void (*beat)(struct shim *);
    void *ctx;
} shim_t;

typedef asynchron_glib_t handle_t;

static inline void shim_open(shim_t *shim)
{
    shim->context = g_main_context_new();
}

static inline void shim_close(shim_t *shim)
{
    g_main_context_unref(shim->context);
}

static inline gboolean shim_beat(gpointer shim)
{
    ((shim_t *)shim)->beat((shim_t *)shim);
    return G_SOURCE_REMOVE;
}

static inline void shim_timer(shim_t *shim, unsigned ms)
{
    GSource *timer = g_timeout_source_new(ms);

    g_source_set_callback(timer, shim_beat, shim, NULL);
    (void)g_source_attach(timer, shim->context);
    g_source_unref(timer);
}

static inline void shim_turn(shim_t *shim)
{
    (void)g_main_context_iteration(shim->context, TRUE);
}

/* With a context of NULL the adapter uses the default one, so that is nothing to refuse. */
static inline asynchron_status_t shim_attach(shim_t *shim, asynchron_report_t *report, asynchron_loop_fn_t fn, void *ctx,
                                             handle_t **out)
{
    return shim == NULL ? ASYNCHRON_E_INVALID : asynchron_glib_attach(shim->context, report, fn, ctx, out);
}

static inline void shim_detach(shim_t *shim, handle_t *handle)
{
    (void)shim;
    asynchron_glib_detach(handle);
}

/* GLib refuses nothing. The source is there to set its priority, and the handle outlives the context. */
static inline void shim_refusals(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    GMainContext *context = g_main_context_new();
    handle_t *handle;

    CHECK(asynchron_glib_source(NULL) == NULL);
    CHECK(asynchron_glib_attach(context, report, fn, NULL, &handle) == ASYNCHRON_OK);
    CHECK(g_source_get_priority(asynchron_glib_source(handle)) == G_PRIORITY_DEFAULT);
    g_source_set_priority(asynchron_glib_source(handle), G_PRIORITY_LOW);
    g_main_context_unref(context);
    asynchron_glib_detach(handle);
}

/* GLib demands nothing in the child of a fork. */
static inline void shim_fork(shim_t *shim)
{
    (void)shim;
}

static inline void shim_inherited(handle_t *handle)
{
    (void)handle;
}

/* A turn inside a turn. */
enum { SHIM_NESTS = 1 };

static inline void shim_inside(shim_t *shim, asynchron_report_t *report)
{
    (void)report;
    (void)g_main_context_iteration(shim->context, FALSE);
}

/* A loop that was told to end can run again. */
#define SHIM_RUNS_AGAIN 1

static inline void shim_run(shim_t *shim)
{
    shim->loop = g_main_loop_new(shim->context, FALSE);
    g_main_loop_run(shim->loop);
    g_main_loop_unref(shim->loop);
}

static inline void shim_tell_to_end(shim_t *shim)
{
    g_main_loop_quit(shim->loop);
}
