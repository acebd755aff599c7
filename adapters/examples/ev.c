/* ev.c: a report in a loop of libev, which ends by itself when nothing is left to do. */
#include <asynchron/ev.h>

#include "work.h"

static void served(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)ctx;
    print_square(what, item);
}

int main(void)
{
    asynchron_report_t *report = three_squares();
    struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
    asynchron_ev_t *handle;

    if (asynchron_ev_attach(loop, report, served, NULL, &handle) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_report_release(report); /* the adapter holds it */

    ev_run(loop, 0);
    ev_loop_destroy(loop);
    return EXIT_SUCCESS;
}
