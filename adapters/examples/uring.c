/* uring.c: a report in a loop of your own over io_uring. */
#define _GNU_SOURCE /* for liburing's header */
#include <asynchron/uring.h>

#include "work.h"

static void served(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)ctx;
    print_square(what, item);
}

int main(void)
{
    asynchron_report_t *report = three_squares();
    asynchron_status_t status = ASYNCHRON_OK;
    asynchron_uring_t *handle;
    struct io_uring_cqe *cqe;
    struct io_uring ring;

    if (io_uring_queue_init(8, &ring, 0) != 0 ||
        asynchron_uring_attach(&ring, report, served, NULL, &handle) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_report_release(report); /* the adapter holds it */

    while (status != ASYNCHRON_END) { /* that of the handle, which comes after that of the report */
        io_uring_submit_and_wait(&ring, 1);
        while (status != ASYNCHRON_END && io_uring_peek_cqe(&ring, &cqe) == 0) {
            if (io_uring_cqe_get_data(cqe) == handle) /* nothing else was asked for here */
                status = asynchron_uring_turn(handle, cqe);
            io_uring_cqe_seen(&ring, cqe);
        }
    }
    io_uring_queue_exit(&ring);
    return EXIT_SUCCESS;
}
