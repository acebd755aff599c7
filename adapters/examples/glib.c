/* glib.c: a report in a main loop of GLib. */
#include <asynchron/glib.h>

#include "work.h"

static void served(asynchron_status_t what, asynchron_item_t item, void *loop)
{
    if (print_square(what, item))
        g_main_loop_quit((GMainLoop *)loop);
}

int main(void)
{
    asynchron_report_t *report = three_squares();
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    asynchron_glib_t *handle;

    if (asynchron_glib_attach(NULL, report, served, loop, &handle) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_report_release(report); /* the adapter holds it */

    g_main_loop_run(loop);
    g_main_loop_unref(loop);
    return EXIT_SUCCESS;
}
