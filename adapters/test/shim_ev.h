/* shim_ev.h: a loop of libev, for held_to.c. */
#include <asynchron/ev.h>

#include "check.h"

typedef struct shim {
    struct ev_loop *loop;
    ev_timer timer;
    void (*beat)(struct shim *);
    void *ctx;
} shim_t;

typedef asynchron_ev_t handle_t;

static inline void shim_beat(struct ev_loop *loop, ev_timer *timer, int events)
{
    shim_t *shim = (shim_t *)timer->data;

    (void)loop, (void)events;
    shim->beat(shim);
}

static inline void shim_open(shim_t *shim)
{
    shim->loop = ev_loop_new(EVFLAG_AUTO);
    CHECK(shim->loop != NULL);
    ev_timer_init(&shim->timer, shim_beat, 0., 0.);
    shim->timer.data = shim;
}

static inline void shim_close(shim_t *shim)
{
    ev_timer_stop(shim->loop, &shim->timer);
    ev_loop_destroy(shim->loop);
}

static inline void shim_timer(shim_t *shim, unsigned ms)
{
    ev_now_update(shim->loop);
    ev_timer_set(&shim->timer, ms / 1e3, 0.);
    ev_timer_start(shim->loop, &shim->timer);
}

static inline void shim_turn(shim_t *shim)
{
    (void)ev_run(shim->loop, EVRUN_ONCE);
}

static inline asynchron_status_t shim_attach(shim_t *shim, asynchron_report_t *report, asynchron_loop_fn_t fn, void *ctx,
                                             handle_t **out)
{
    return asynchron_ev_attach(shim == NULL ? NULL : shim->loop, report, fn, ctx, out);
}

static inline void shim_detach(shim_t *shim, handle_t *handle)
{
    (void)shim;
    asynchron_ev_detach(handle);
}

/* libev refuses nothing: ev_io_start() cannot fail. What it does with a turn inside a turn is asked here. */
static inline void shim_nested(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    shim_t *shim = (shim_t *)ctx;

    (void)what, (void)item;
    if (++*(int *)shim->ctx < 5)
        (void)ev_run(shim->loop, EVRUN_NOWAIT); /* serves the next, inside this */
}

static inline void shim_refusals(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    int i, served = 0;
    shim_t shim;
    handle_t *handle;

    CHECK(asynchron_ev_io(NULL) == NULL);
    shim_open(&shim);
    CHECK(asynchron_ev_attach(shim.loop, report, fn, NULL, &handle) == ASYNCHRON_OK);
    ev_io_stop(shim.loop, asynchron_ev_io(handle));
    ev_set_priority(asynchron_ev_io(handle), EV_MAXPRI);
    ev_io_start(shim.loop, asynchron_ev_io(handle));
    ev_unref(shim.loop); /* it does not keep the loop running */
    CHECK(!ev_run(shim.loop, 0));
    ev_ref(shim.loop);
    asynchron_ev_detach(handle);
    shim_close(&shim);

    report = asynchron_report_create(NULL, 0);
    CHECK(report != NULL);
    shim.ctx = &served;
    shim_open(&shim);
    CHECK(asynchron_ev_attach(shim.loop, report, shim_nested, &shim, &handle) == ASYNCHRON_OK);
    for (i = 0; i < 5; i++)
        complete(added(report, NULL), i);
    CHECK(asynchron_report_close(report) == ASYNCHRON_OK);
    while (served < 6) /* the end is one of them */
        (void)ev_run(shim.loop, EVRUN_ONCE);
    CHECK(served == 6);
    asynchron_report_release(report);
    shim_close(&shim);
}

/* What libev demands in the child of a fork. */
static inline void shim_fork(shim_t *shim)
{
    ev_loop_fork(shim->loop);
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
    (void)ev_run(shim->loop, EVRUN_NOWAIT);
}

/* A loop that was told to end can run again. */
#define SHIM_RUNS_AGAIN 1

static inline void shim_run(shim_t *shim)
{
    (void)ev_run(shim->loop, 0);
}

static inline void shim_tell_to_end(shim_t *shim)
{
    ev_break(shim->loop, EVBREAK_ALL);
}
