/* asynchron/uring.h: a report in a loop of your own over io_uring.
 *
 *     asynchron_uring_attach(&ring, report, fn, ctx, &handle);
 *     for (over = 0; !over;) {
 *         error = io_uring_submit_and_wait(&ring, 1);
 *         if (error < 0 && error != -EINTR)         // a signal
 *             break;
 *         while (io_uring_peek_cqe(&ring, &cqe) == 0) {
 *             if (io_uring_cqe_get_data(cqe) == handle)
 *                 over = asynchron_uring_turn(handle, cqe) == ASYNCHRON_END; // calls fn
 *             else ...                              // what else you asked for
 *             io_uring_cqe_seen(&ring, cqe);
 *         }
 *     }
 *
 * More completions of the handle come after it is detached, and after `fn` was called with ASYNCHRON_END: those of the
 * poll and of the request that ends it. They still have its address as their data. So keep that to compare with, in
 * whatever tells the handle's completions from your own, until asynchron_uring_turn() returns ASYNCHRON_END. Only that
 * is the last.
 *
 * The adapter adds requests to the ring: one when you attach, one when you detach, and one each time that the kernel
 * ends a poll by itself. They are on their way with your next io_uring_submit(). If the queue is full, the adapter
 * submits first; with IORING_SETUP_SQPOLL it then waits until the kernel's thread has made room, which takes a moment.
 *
 * A function that runs the loop inside: give asynchron_uring_turn() a copy of the completion, after
 * io_uring_cqe_seen(), so that the inner loop does not find it again.
 *
 * fork(). The ring is shared with the child, which must not use it: it makes one of its own, and attaches there.
 * asynchron_uring_turn() does nothing in the child, and asynchron_uring_detach() frees the handle there at once.
 *
 * asynchron/loop.h says what holds for all adapters. Needs liburing 2.1 or later, and Linux 5.13. With -std=c99,
 * liburing's header wants _GNU_SOURCE.
 */
#ifndef ASYNCHRON_URING_H
#define ASYNCHRON_URING_H

#include "loop.h"

#include <errno.h>
#include <liburing.h>

/** A report that is watched. */
typedef struct {
    asynchron_loop_t loop;
    struct io_uring *ring;
    int fd;
    int requests; /* that the kernel has, or will have: each ends with a completion that has no IORING_CQE_F_MORE */
    int closed;   /* only the completions are waited for */
    int removing; /* the poll was asked to end */
} asynchron_uring_t;

/* NULL: the queue is full, and stays so. Where a thread of the kernel takes what is in it, submitting makes no room by
   itself. A signal ends the wait for that, so there are some tries. */
static inline struct io_uring_sqe *asynchron_uring_request(struct io_uring *ring)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
    int tries;

    for (tries = 0; sqe == NULL && tries < 8; tries++) {
        if (io_uring_submit(ring) < 0 || io_uring_sqring_wait(ring) < 0)
            break;
        sqe = io_uring_get_sqe(ring);
    }
    return sqe;
}

static inline int asynchron_uring_poll(asynchron_uring_t *handle)
{
    struct io_uring_sqe *sqe = asynchron_uring_request(handle->ring);

    if (sqe == NULL)
        return 0;
    io_uring_prep_poll_multishot(sqe, handle->fd, POLLIN);
    io_uring_sqe_set_data(sqe, handle);
    handle->requests++;
    return 1;
}

/* Asks the kernel to end the poll, unless it was asked, or has ended it. In a child the ring and the requests are the
   parent's: none of those completions comes here. */
static inline void asynchron_uring_remove(asynchron_uring_t *handle)
{
    struct io_uring_sqe *sqe;

    if (asynchron_loop_is_parents(&handle->loop)) {
        handle->requests = (int)handle->loop.turns; /* each of which counts as one */
        return;
    }
    sqe = handle->removing || handle->requests == 0 ? NULL : asynchron_uring_request(handle->ring);
    if (sqe == NULL)
        return;
    io_uring_prep_cancel(sqe, handle, 0);
    io_uring_sqe_set_data(sqe, handle);
    handle->requests++;
    handle->removing = 1;
}

static inline void asynchron_uring_stop(asynchron_loop_t *loop)
{
    asynchron_uring_remove((asynchron_uring_t *)loop);
}

static inline void asynchron_uring_close(asynchron_loop_t *loop)
{
    ((asynchron_uring_t *)loop)->closed = 1;
}

/**
 * Watches a report by a poll that goes on (multishot). Its completions have the handle as their data: pass them to
 * asynchron_uring_turn().
 *
 * - Needs: `ring`, set up; `fn` not NULL; `out` writable.
 * - Ownership: the report stays yours, and may be released at any time. The handle is yours: asynchron_uring_detach()
 *   it, unless `fn` was called with ASYNCHRON_END. `ctx` must live as long as the handle.
 * - Threads: on the thread that uses the ring.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: the report is attached to a loop; ASYNCHRON_E_INVALID: a NULL;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no descriptor can be had for the report, or the ring's queue is full, and
 *   io_uring_submit() did not help.
 */
static inline asynchron_status_t asynchron_uring_attach(struct io_uring *ring, asynchron_report_t *report,
                                                        asynchron_loop_fn_t fn, void *ctx, asynchron_uring_t **out)
{
    asynchron_uring_t *handle;
    asynchron_status_t status;

    if (ring == NULL || report == NULL || fn == NULL || out == NULL)
        return ASYNCHRON_E_INVALID;
    handle = (asynchron_uring_t *)malloc(sizeof *handle);
    if (handle == NULL)
        return ASYNCHRON_E_NOMEM;
    handle->ring = ring;
    handle->requests = handle->closed = handle->removing = 0;
    status = asynchron_loop_begin(&handle->loop, report, fn, ctx, asynchron_uring_stop, asynchron_uring_close,
                                  &handle->fd);
    if (status == ASYNCHRON_OK) {
        if (asynchron_uring_poll(handle)) {
            *out = handle;
            return ASYNCHRON_OK;
        }
        asynchron_loop_undo(&handle->loop);
        status = ASYNCHRON_E_SYSTEM;
    }
    free(handle);
    return status;
}

/**
 * Serves a completion: calls `fn` for what has come, at most ASYNCHRON_LOOP_TURN times. If something is left, another
 * completion comes.
 *
 * Also after the handle is detached, serve the completions that have it as their data, until this says that it was the
 * last. Then the memory is freed.
 *
 * - Needs: `cqe`, a completion; `handle`, its data. Afterwards io_uring_cqe_seen(), as always.
 * - Threads: calls `fn` on this thread; never blocks, except for a full queue with IORING_SETUP_SQPOLL, as said above.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_END: the handle is freed, and no completion has it any more; ASYNCHRON_E_SYSTEM:
 *   the kernel refuses to poll, or the queue is full, or this is a child of the process that attached: `fn` is not
 *   called any more, and the handle is still to be detached; ASYNCHRON_E_INVALID: a NULL.
 */
static inline asynchron_status_t asynchron_uring_turn(asynchron_uring_t *handle, const struct io_uring_cqe *cqe)
{
    asynchron_status_t status = ASYNCHRON_OK;

    if (handle == NULL || cqe == NULL)
        return ASYNCHRON_E_INVALID;
    if (handle->loop.turns == 0 && asynchron_loop_is_parents(&handle->loop))
        return ASYNCHRON_E_SYSTEM;
    if (!(cqe->flags & IORING_CQE_F_MORE))
        handle->requests--;
    if (!handle->closed) {
        handle->requests++; /* keeps the handle during the turn */
        if (cqe->res >= 0 && asynchron_loop_turn(&handle->loop))
            (void)asynchron_report_rearm(handle->loop.report);
        handle->requests--;
        if (!handle->loop.detached && handle->requests == 0) {
            /* The kernel has ended the poll: it may, when completions pile up. A new one sees what is there. */
            if (cqe->res < 0 || !asynchron_uring_poll(handle))
                status = ASYNCHRON_E_SYSTEM;
        }
    }
    if (handle->closed) {
        asynchron_uring_remove(handle); /* if the queue was full before */
        if (handle->requests == 0) {
            free(handle);
            status = ASYNCHRON_END;
        }
    }
    return status;
}

/**
 * Watches it no more: `fn` is not called again. What the report holds stays there.
 *
 * - Needs: `handle`, or NULL, which is ignored.
 * - Ownership: the handle is gone for you, but the kernel has its address until the poll has ended: serve the
 *   completions that have it by asynchron_uring_turn() until that returns ASYNCHRON_END. Only then end the ring, or the
 *   memory is lost. If asynchron_uring_turn() had returned ASYNCHRON_E_SYSTEM, nothing is on its way, and the handle is
 *   freed at once. Where the queue is full and io_uring_submit() fails (as with -EBUSY, while completions pile up), the
 *   kernel is asked to end the poll by the next turn of this handle. Without waiting for one, you may call this again,
 *   once you have served other completions, until ASYNCHRON_END has come.
 * - Threads: on the thread that uses the ring, also inside any callback.
 */
static inline void asynchron_uring_detach(asynchron_uring_t *handle)
{
    if (handle == NULL)
        return;
    asynchron_loop_detach(&handle->loop);
    if (handle->closed)
        asynchron_uring_remove(handle); /* if the queue was full before */
    if (handle->closed && handle->requests == 0)
        free(handle); /* the kernel had ended the poll before */
}

#endif /* ASYNCHRON_URING_H */
