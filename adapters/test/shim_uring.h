/* shim_uring.h: a loop over io_uring, for held_to.c. */
#include <asynchron/uring.h>

#include "check.h"

#include <valgrind/valgrind.h>

typedef struct shim {
    struct io_uring ring;
    struct __kernel_timespec in;
    int handles; /* that were attached and are not freed yet */
    void (*beat)(struct shim *);
    void *ctx;
} shim_t;

typedef asynchron_uring_t handle_t;

static inline void shim_open(shim_t *shim)
{
    CHECK(io_uring_queue_init(16, &shim->ring, 0) == 0);
}

static inline void shim_timer(shim_t *shim, unsigned ms)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&shim->ring);

    CHECK(sqe != NULL);
    shim->in.tv_sec = 0;
    shim->in.tv_nsec = (long long)ms * 1000000;
    io_uring_prep_timeout(sqe, &shim->in, 0, 0);
    io_uring_sqe_set_data(sqe, shim);
}

/* While a thread waits in io_uring, valgrind lets no other run. So it waits in poll(2) there. */
static inline int shim_wait(struct io_uring *ring)
{
    struct pollfd watched;
    int status;

    if (!RUNNING_ON_VALGRIND)
        return io_uring_submit_and_wait(ring, 1);
    status = io_uring_submit(ring);
    watched.fd = ring->ring_fd;
    watched.events = POLLIN;
    if (status >= 0 && poll(&watched, 1, -1) < 0)
        status = -errno;
    return status;
}

static inline void shim_turn(shim_t *shim)
{
    struct io_uring_cqe *cqe, copy;
    int due = 0, status = shim_wait(&shim->ring);

    CHECK(status >= 0 || status == -EINTR);
    while (!due && io_uring_peek_cqe(&shim->ring, &cqe) == 0) {
        due = io_uring_cqe_get_data(cqe) == shim;
        copy = *cqe; /* a turn inside this one is not to find it again */
        io_uring_cqe_seen(&shim->ring, cqe);
        if (!due && asynchron_uring_turn((handle_t *)io_uring_cqe_get_data(&copy), &copy) == ASYNCHRON_END)
            shim->handles--;
        if (!due)
            break; /* one a turn, as the tests count what a turn serves */
    }
    if (due)
        shim->beat(shim);
}

/* Serves what the kernel still has of detached handles. */
static inline void shim_close(shim_t *shim)
{
    while (shim->handles > 0)
        shim_turn(shim);
    io_uring_queue_exit(&shim->ring);
}

static inline asynchron_status_t shim_attach(shim_t *shim, asynchron_report_t *report, asynchron_loop_fn_t fn, void *ctx,
                                             handle_t **out)
{
    asynchron_status_t status = asynchron_uring_attach(shim == NULL ? NULL : &shim->ring, report, fn, ctx, out);

    if (status == ASYNCHRON_OK)
        shim->handles++;
    return status;
}

static inline void shim_detach(shim_t *shim, handle_t *handle)
{
    (void)shim;
    asynchron_uring_detach(handle);
}

static inline void shim_fill(struct io_uring *ring)
{
    struct io_uring_sqe *sqe;

    while ((sqe = io_uring_get_sqe(ring)) != NULL) {
        io_uring_prep_nop(sqe);
        io_uring_sqe_set_data(sqe, NULL);
    }
}

/* Where a thread of the kernel takes what is in the queue, that is full until it has. Neither attach nor detach may
   give up: the end of the handle would never come. */
static inline void shim_refuses_for_a_moment(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    int round;

    for (round = 0; round < 20; round++) {
        asynchron_status_t status = ASYNCHRON_OK;
        struct io_uring_params params;
        struct io_uring_cqe *cqe;
        struct io_uring ring;
        handle_t *handle;
        void *data;

        memset(&params, 0, sizeof params);
        params.flags = IORING_SETUP_SQPOLL;
        params.sq_thread_idle = 1;
        CHECK(io_uring_queue_init_params(2, &ring, &params) == 0);
        shim_fill(&ring);
        CHECK(asynchron_uring_attach(&ring, report, fn, NULL, &handle) == ASYNCHRON_OK);
        usleep(2000); /* the thread may rest by then */
        shim_fill(&ring);
        asynchron_uring_detach(handle);
        while (status != ASYNCHRON_END) {
            CHECK(io_uring_submit(&ring) >= 0 && io_uring_wait_cqe(&ring, &cqe) == 0);
            data = io_uring_cqe_get_data(cqe);
            if (data != NULL)
                status = asynchron_uring_turn((handle_t *)data, cqe);
            io_uring_cqe_seen(&ring, cqe);
        }
        io_uring_queue_exit(&ring);
    }
}

/* Detached while nothing can be queued: a second call asks again, and the end comes. */
static inline void shim_detaches_later(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    asynchron_status_t status = ASYNCHRON_OK;
    struct io_uring_cqe *cqe;
    struct io_uring ring;
    handle_t *handle;
    void *data;
    int fd;

    CHECK(io_uring_queue_init(2, &ring, 0) == 0);
    CHECK(asynchron_uring_attach(&ring, report, fn, NULL, &handle) == ASYNCHRON_OK);
    CHECK(io_uring_submit(&ring) == 1);
    shim_fill(&ring);
    fd = ring.enter_ring_fd;
    ring.enter_ring_fd = ring.ring_fd = -1; /* so that io_uring_submit() fails */
    asynchron_uring_detach(handle);
    CHECK(!handle->removing);
    ring.enter_ring_fd = ring.ring_fd = fd;
    asynchron_uring_detach(handle);
    while (status != ASYNCHRON_END) {
        CHECK(io_uring_submit(&ring) >= 0 && io_uring_wait_cqe(&ring, &cqe) == 0);
        data = io_uring_cqe_get_data(cqe);
        if (data != NULL)
            status = asynchron_uring_turn((handle_t *)data, cqe);
        io_uring_cqe_seen(&ring, cqe);
    }
    io_uring_queue_exit(&ring);
}

/* What this host may refuse: a poll, when the ring's queue is full and cannot be handed in, or later. The kernel's refusal is
   made up, before the request is handed in. */
static inline void shim_refusals(asynchron_report_t *report, asynchron_loop_fn_t fn)
{
    struct io_uring_cqe cqe;
    struct io_uring ring;
    handle_t *handle;
    int fd;

    memset(&cqe, 0, sizeof cqe);
    CHECK(asynchron_uring_turn(NULL, &cqe) == ASYNCHRON_E_INVALID);
    CHECK(io_uring_queue_init(2, &ring, 0) == 0);
    while (io_uring_get_sqe(&ring) != NULL)
        ;
    fd = ring.enter_ring_fd;
    ring.enter_ring_fd = ring.ring_fd = -1; /* so that io_uring_submit() fails */
    CHECK(asynchron_uring_attach(&ring, report, fn, NULL, &handle) == ASYNCHRON_E_SYSTEM);
    ring.enter_ring_fd = ring.ring_fd = fd;
    io_uring_queue_exit(&ring);
    shim_refuses_for_a_moment(report, fn);
    shim_detaches_later(report, fn);

    CHECK(io_uring_queue_init(8, &ring, 0) == 0);
    CHECK(asynchron_uring_attach(&ring, report, fn, NULL, &handle) == ASYNCHRON_OK);
    cqe.res = POLLIN;
    CHECK(asynchron_uring_turn(handle, &cqe) == ASYNCHRON_OK && handle->requests == 1); /* it polls anew */
    cqe.res = -EBADF;
    CHECK(asynchron_uring_turn(handle, &cqe) == ASYNCHRON_E_SYSTEM && handle->requests == 0);
    asynchron_uring_detach(handle);
    io_uring_queue_exit(&ring);
}

/* The ring is the parent's, so the child of a fork takes another. */
static inline void shim_fork(shim_t *shim)
{
    memset(&shim->ring, 0, sizeof shim->ring);
    shim->handles = 0;
    shim_open(shim);
}

/* Even if the child does serve it. */
static inline void shim_inherited(handle_t *handle)
{
    struct io_uring_cqe cqe;

    memset(&cqe, 0, sizeof cqe);
    cqe.res = POLLIN;
    cqe.flags = IORING_CQE_F_MORE;
    CHECK(asynchron_uring_turn(handle, &cqe) == ASYNCHRON_E_SYSTEM);
}

/* A turn inside a turn: the kernel tells of what comes, and of what is left when it is asked. */
enum { SHIM_NESTS = 1 };

static inline void shim_inside(shim_t *shim, asynchron_report_t *report)
{
    CHECK(asynchron_report_rearm(report) == ASYNCHRON_OK);
    shim_turn(shim);
}
