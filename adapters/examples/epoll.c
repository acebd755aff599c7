/* epoll.c: a report in a loop of your own over epoll. */
#include <asynchron/epoll.h>
#include <unistd.h>

#include "work.h"

static void served(asynchron_status_t what, asynchron_item_t item, void *over)
{
    *(int *)over = print_square(what, item);
}

int main(void)
{
    asynchron_report_t *report = three_squares();
    asynchron_epoll_t *handle;
    struct epoll_event events[4];
    int epfd = epoll_create1(EPOLL_CLOEXEC), over = 0, i, n;

    if (asynchron_epoll_attach(epfd, report, served, &over, &handle) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    asynchron_report_release(report); /* the adapter holds it */

    while (!over) {
        n = epoll_wait(epfd, events, 4, -1);
        for (i = 0; i < n; i++)
            if (events[i].data.ptr == handle) /* nothing else is watched here */
                asynchron_epoll_turn(handle);
    }
    close(epfd);
    return EXIT_SUCCESS;
}
