/* shim_event.h: an event base of libevent, for held_to.c. */
#include <asynchron/event.h>

#include "check.h"

typedef struct shim {
    struct event_base *base;
    struct event *timer;
    void (*beat)(struct shim *);
    void *ctx;
} shim_t;

typedef asynchron_event_t handle_t;

static inline void shim_beat(evutil_socket_t fd, short what, void *shim)
{
    (void)fd, (void)what;
    ((shim_t *)shim)->beat((shim_t *)shim);
}

static inline void shim_open(shim_t *shim)
{
    struct event_config *config = event_config_new();

    /* Otherwise libevent's clock moves once in some milliseconds. */
    CHECK(config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER) == 0);
    shim->base = event_base_new_with_config(config);
    CHECK(shim->base != NULL);
    event_config_free(config);
    shim->timer = event_new(shim->base, -1, 0, shim_beat, shim);
    CHECK(shim->timer != NULL);
}

static inline void shim_close(shim_t *shim)
{
    event_free(shim->timer);
    event_base_free(shim->base);
}

static inline void shim_timer(shim_t *shim, unsigned ms)
{
    struct timeval in = { 0, 0 };

    in.tv_usec = (suseconds_t)ms * 1000;
    CHECK(event_add(shim->timer, &in) == 0);
}

static inline void shim_turn(shim_t *shim)
{
    CHECK(event_base_loop(shim->base, EVLOOP_ONCE) >= 0);
}

static inline asynchron_status_t shim_attach(shim_t *shim, asynchron_report_t *report, asynchron_loop_fn_t fn, void *ctx,
                                             handle_t **out)
{
    return asynchron_event_attach(shim == NULL ? NULL : shim->base, report, fn, ctx, out);
}

static inline void shim_detach(shim_t *shim, handle_t *handle)
{
    (void)shim;
    asynchron_event_detach(handle);
}

/* libevent refuses nothing. The event is there to set its priority. */
static inline void shim_refusals(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    struct event_base *base = event_base_new();
    handle_t *handle;

    CHECK(asynchron_event_event(NULL) == NULL);
    CHECK(event_base_priority_init(base, 3) == 0);
    CHECK(asynchron_event_attach(base, report, fn, NULL, &handle) == ASYNCHRON_OK);
    CHECK(event_priority_set(asynchron_event_event(handle), 2) == 0);
    asynchron_event_detach(handle);
    event_base_free(base);
}

/* What libevent demands in the child of a fork. */
static inline void shim_fork(shim_t *shim)
{
    CHECK(event_reinit(shim->base) == 0);
}

static inline void shim_inherited(handle_t *handle)
{
    (void)handle;
}

/* A turn inside a turn is refused. libevent would print that. */
static inline void shim_say_nothing(int severity, const char *text)
{
    (void)severity, (void)text;
}

enum { SHIM_NESTS = 0 };

static inline void shim_inside(shim_t *shim, asynchron_report_t *report)
{
    (void)report;
    event_set_log_callback(shim_say_nothing);
    CHECK(event_base_loop(shim->base, EVLOOP_NONBLOCK) == -1);
    event_set_log_callback(NULL);
}

/* A base that was told to end can run again. */
#define SHIM_RUNS_AGAIN 1

static inline void shim_run(shim_t *shim)
{
    CHECK(event_base_dispatch(shim->base) == 0);
}

static inline void shim_tell_to_end(shim_t *shim)
{
    CHECK(event_base_loopexit(shim->base, NULL) == 0);
}
