/* uv.c: a report in a loop of libuv, which ends by itself when nothing is left to do. */
#define _POSIX_C_SOURCE 200809L /* for libuv's header */
#include <asynchron/uv.h>

#include "work.h"

static void served(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)ctx;
    print_square(what, item);
}

int main(void)
{
    asynchron_report_t *report = three_squares();
    asynchron_uv_t *handle;

    if (asynchron_uv_attach(uv_default_loop(), report, served, NULL, &handle) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_report_release(report); /* the adapter holds it */

    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    return uv_loop_close(uv_default_loop()) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
