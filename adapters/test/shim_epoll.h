/* shim_epoll.h: a loop over epoll, for held_to.c. */
#include <asynchron/epoll.h>

#include "check.h"

enum { EVENTS = 16 };

typedef struct shim {
    int epfd;
    uint64_t due; /* 0: no timer runs */
    void (*beat)(struct shim *);
    void *ctx;
    struct epoll_event *events; /* of this turn, from the one that is served on */
    int left;
} shim_t;

typedef asynchron_epoll_t handle_t;

static inline void shim_open(shim_t *shim)
{
    shim->epfd = epoll_create1(EPOLL_CLOEXEC);
    CHECK(shim->epfd >= 0);
}

static inline void shim_close(shim_t *shim)
{
    CHECK(close(shim->epfd) == 0);
}

static inline void shim_timer(shim_t *shim, unsigned ms)
{
    shim->due = now_ns() + ms * (uint64_t)1000000;
}

static inline void shim_turn(shim_t *shim)
{
    struct epoll_event events[EVENTS];
    const uint64_t now = now_ns();
    int n, i;

    n = epoll_wait(shim->epfd, events, EVENTS,
                   shim->due == 0 ? -1 : shim->due <= now ? 0 : (int)((shim->due - now + 999999) / 1000000));
    CHECK(n >= 0 || errno == EINTR);
    for (i = 0; i < n; i++) {
        shim->events = events + i;
        shim->left = n - i;
        asynchron_epoll_turn((handle_t *)events[i].data.ptr);
    }
    shim->events = NULL;
    shim->left = 0;
    if (shim->due != 0 && shim->due <= now_ns()) {
        shim->due = 0;
        shim->beat(shim);
    }
}

static inline asynchron_status_t shim_attach(shim_t *shim, asynchron_report_t *report, asynchron_loop_fn_t fn, void *ctx,
                                             handle_t **out)
{
    return asynchron_epoll_attach(shim == NULL ? -1 : shim->epfd, report, fn, ctx, out);
}

static inline void shim_detach(shim_t *shim, handle_t *handle)
{
    asynchron_epoll_detach(handle, shim->events, shim->left);
}

/* What this host may refuse. */
static inline void shim_refusals(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    int closed = epoll_create1(0);
    handle_t *handle;

    CHECK(closed >= 0 && close(closed) == 0);
    CHECK(asynchron_epoll_attach(closed, report, fn, NULL, &handle) == ASYNCHRON_E_SYSTEM);
    asynchron_epoll_turn(NULL);
}

/* The set is the parent's, so the child of a fork takes another. */
static inline void shim_fork(shim_t *shim)
{
    shim_open(shim);
}

/* Even if the child does serve it. */
static inline void shim_inherited(handle_t *handle)
{
    asynchron_epoll_turn(handle);
}

/* A turn inside a turn. */
enum { SHIM_NESTS = 1 };

static inline void shim_inside(shim_t *shim, asynchron_report_t *report)
{
    (void)report;
    shim_turn(shim);
}
