/* shim_uv.h: a loop of libuv, for held_to.c. */
#include <asynchron/uv.h>

#include "check.h"

typedef struct shim {
    uv_loop_t loop;
    uv_timer_t timer;
    void (*beat)(struct shim *);
    void *ctx;
} shim_t;

typedef asynchron_uv_t handle_t;

static inline void shim_open(shim_t *shim)
{
    CHECK(uv_loop_init(&shim->loop) == 0 && uv_timer_init(&shim->loop, &shim->timer) == 0);
    shim->timer.data = shim;
}

static inline void shim_close(shim_t *shim)
{
    uv_close((uv_handle_t *)&shim->timer, NULL);
    CHECK(uv_run(&shim->loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&shim->loop) == 0);
}

static inline void shim_beat(uv_timer_t *timer)
{
    shim_t *shim = (shim_t *)timer->data;

    uv_stop(timer->loop); /* or uv_run(), which may have called this before it polls, would wait for what comes next */
    shim->beat(shim);
}

static inline void shim_timer(shim_t *shim, unsigned ms)
{
    uv_update_time(&shim->loop);
    CHECK(uv_timer_start(&shim->timer, shim_beat, ms, 0) == 0);
}

static inline void shim_turn(shim_t *shim)
{
    (void)uv_run(&shim->loop, UV_RUN_ONCE);
}

static inline asynchron_status_t shim_attach(shim_t *shim, asynchron_report_t *report, asynchron_loop_fn_t fn, void *ctx,
                                             handle_t **out)
{
    return asynchron_uv_attach(shim == NULL ? NULL : &shim->loop, report, fn, ctx, out);
}

static inline void shim_detach(shim_t *shim, handle_t *handle)
{
    (void)shim;
    asynchron_uv_detach(handle);
}

static inline void shim_ready(uv_poll_t *poll, int status, int events)
{
    (void)poll, (void)status, (void)events;
}

static inline void shim_end(uv_handle_t *found, void *detached)
{
    if (asynchron_uv_of(found) != NULL) {
        asynchron_uv_detach(asynchron_uv_of(found));
        CHECK(asynchron_uv_of(found) == NULL);
        ++*(int *)detached;
    } else if (!uv_is_closing(found)) {
        uv_close(found, NULL);
    }
}

/* The usual end of a program's loop: the adapter's handles are known among the others, and are detached. Another's may
   lie in what its data is, too. */
static inline void shim_walk(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    struct {
        char before[offsetof(asynchron_uv_t, poll)];
        uv_poll_t poll;
    } another;
    int detached = 0, ends[2];
    handle_t *handle;
    uv_timer_t timer;
    uv_loop_t loop;

    memset(&another, 0, sizeof another);
    CHECK(asynchron_uv_of(NULL) == NULL && asynchron_uv_poll(NULL) == NULL);
    CHECK(pipe(ends) == 0 && uv_loop_init(&loop) == 0 && uv_timer_init(&loop, &timer) == 0);
    CHECK(uv_poll_init(&loop, &another.poll, ends[0]) == 0);
    timer.data = another.poll.data = &another;
    CHECK(asynchron_uv_attach(&loop, report, fn, NULL, &handle) == ASYNCHRON_OK);
    CHECK(asynchron_uv_of((uv_handle_t *)asynchron_uv_poll(handle)) == handle);
    CHECK(uv_loop_alive(&loop));
    uv_unref((uv_handle_t *)asynchron_uv_poll(handle)); /* it does not keep the loop running */
    CHECK(!uv_loop_alive(&loop) && uv_run(&loop, UV_RUN_DEFAULT) == 0);
    uv_walk(&loop, shim_end, &detached);
    CHECK(detached == 1);
    CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0 && uv_loop_close(&loop) == 0);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static handle_t *closed_by_another; /* to be found at the end: its memory stays */

static inline void shim_close_poll(asynchron_report_t *report, asynchron_loop_fn_t fn, int before)
{
    uv_loop_t loop;

    CHECK(uv_loop_init(&loop) == 0);
    CHECK(asynchron_uv_attach(&loop, report, fn, NULL, &closed_by_another) == ASYNCHRON_OK);
    uv_close((uv_handle_t *)asynchron_uv_poll(closed_by_another), NULL);
    if (before)
        CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
    asynchron_uv_detach(closed_by_another);
    CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0 && uv_loop_close(&loop) == 0);
    free(closed_by_another); /* here it is known that libuv is done with it */
}

/* What this host may refuse: a descriptor that it watches already. */
static inline void shim_refusals(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    shim_t shim;
    uv_poll_t poll;
    handle_t *handle;

    shim_open(&shim);
    CHECK(uv_poll_init(&shim.loop, &poll, asynchron_report_fd(report)) == 0);
    CHECK(uv_poll_start(&poll, UV_READABLE, shim_ready) == 0);
    CHECK(asynchron_uv_attach(&shim.loop, report, fn, NULL, &handle) == ASYNCHRON_E_SYSTEM);
    uv_close((uv_handle_t *)&poll, NULL);
    shim_close(&shim);

    shim_walk(report, fn);
    shim_close_poll(report, fn, 0);
    shim_close_poll(report, fn, 1);
}

/* What libuv demands in the child of a fork. */
static inline void shim_fork(shim_t *shim)
{
    CHECK(uv_loop_fork(&shim->loop) == 0);
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
    (void)uv_run(&shim->loop, UV_RUN_NOWAIT);
}

/* A loop that was told to end can run again. */
#define SHIM_RUNS_AGAIN 1

static inline void shim_run(shim_t *shim)
{
    (void)uv_run(&shim->loop, UV_RUN_DEFAULT);
}

static inline void shim_tell_to_end(shim_t *shim)
{
    uv_stop(&shim->loop);
}
