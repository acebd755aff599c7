/* shim_sd_event.h: a loop of sd-event, for held_to.c. */
#include <asynchron/sd_event.h>

#include "check.h"

typedef struct shim {
    sd_event *event;
    sd_event_source *timer;
    void (*beat)(struct shim *);
    void *ctx;
} shim_t;

typedef asynchron_sd_event_t handle_t;

static inline int shim_beat(sd_event_source *timer, uint64_t due, void *shim)
{
    (void)timer, (void)due;
    ((shim_t *)shim)->beat((shim_t *)shim);
    return 0;
}

static inline void shim_open(shim_t *shim)
{
    CHECK(sd_event_new(&shim->event) >= 0);
    shim->timer = NULL;
}

static inline void shim_close(shim_t *shim)
{
    sd_event_source_unref(shim->timer);
    sd_event_unref(shim->event);
}

static inline void shim_timer(shim_t *shim, unsigned ms)
{
    sd_event_source_unref(shim->timer);
    CHECK(sd_event_add_time(shim->event, &shim->timer, CLOCK_MONOTONIC, now_ns() / 1000 + ms * 1000u, 1, shim_beat,
                            shim) >= 0);
}

static inline void shim_turn(shim_t *shim)
{
    CHECK(sd_event_run(shim->event, UINT64_MAX) >= 0);
}

static inline asynchron_status_t shim_attach(shim_t *shim, asynchron_report_t *report, asynchron_loop_fn_t fn, void *ctx,
                                             handle_t **out)
{
    return asynchron_sd_event_attach(shim == NULL ? NULL : shim->event, report, fn, ctx, out);
}

static inline void shim_detach(shim_t *shim, handle_t *handle)
{
    (void)shim;
    asynchron_sd_event_detach(handle);
}

/* What this host may refuse: a loop that has finished. */
static inline void shim_refusals(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    sd_event *event;
    handle_t *handle = NULL;

    CHECK(asynchron_sd_event_source(NULL) == NULL);
    CHECK(sd_event_new(&event) >= 0);
    CHECK(asynchron_sd_event_attach(event, report, fn, NULL, &handle) == ASYNCHRON_OK);
    CHECK(sd_event_source_set_priority(asynchron_sd_event_source(handle), SD_EVENT_PRIORITY_IDLE) >= 0);
    asynchron_sd_event_detach(handle);
    handle = NULL;
    CHECK(sd_event_exit(event, 0) >= 0 && sd_event_loop(event) == 0);
    CHECK(asynchron_sd_event_attach(event, report, fn, NULL, &handle) == ASYNCHRON_E_CLOSED && handle == NULL);
    sd_event_unref(event);
}

/* In the child of a fork a loop of sd-event does nothing any more, so that takes another. */
static inline void shim_fork(shim_t *shim)
{
    shim->timer = sd_event_source_unref(shim->timer);
    sd_event_unref(shim->event);
    shim_open(shim);
}

static inline void shim_inherited(handle_t *handle)
{
    (void)handle;
}

/* A turn inside a turn is refused. */
enum { SHIM_NESTS = 0 };

static inline void shim_inside(shim_t *shim, asynchron_report_t *report)
{
    (void)report;
    CHECK(sd_event_run(shim->event, 0) == -EBUSY);
}

/* A loop that has ended cannot run again. While it ends, it takes a report, and never serves it. */
#define SHIM_RUNS_AGAIN 0

static inline void shim_run(shim_t *shim)
{
    CHECK(sd_event_loop(shim->event) == 0);
}

static inline void shim_tell_to_end(shim_t *shim)
{
    CHECK(sd_event_exit(shim->event, 0) >= 0);
}
