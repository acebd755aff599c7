/* event.c: a report in an event base of libevent, which ends by itself when nothing is left to do. */
#include <asynchron/event.h>

#include "work.h"

static void served(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)ctx;
    print_square(what, item);
}

int main(void)
{
    asynchron_report_t *report = three_squares();
    struct event_base *base = event_base_new();
    asynchron_event_t *handle;

    if (asynchron_event_attach(base, report, served, NULL, &handle) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_report_release(report); /* the adapter holds it */

    event_base_dispatch(base);
    event_base_free(base);
    return EXIT_SUCCESS;
}
