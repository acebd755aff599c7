/* sd_event.c: a report in a loop of sd-event. */
#include <asynchron/sd_event.h>

#include "work.h"

static void served(asynchron_status_t what, asynchron_item_t item, void *event)
{
    if (print_square(what, item))
        sd_event_exit((sd_event *)event, EXIT_SUCCESS);
}

int main(void)
{
    asynchron_report_t *report = three_squares();
    asynchron_sd_event_t *handle;
    sd_event *event;
    int status;

    if (sd_event_default(&event) < 0 ||
        asynchron_sd_event_attach(event, report, served, event, &handle) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_report_release(report); /* the adapter holds it */

    status = sd_event_loop(event);
    sd_event_unref(event);
    return status;
}
