/* edge_loop.c: an edge-triggered loop, which ends when all that was handed in is done.
 *
 * An edge-triggered epoll tells a loop of something new once. This loop takes one item each time, so that other
 * sources get their turn, and has the report's descriptor ring again for what is left. The jobs are handed in by
 * another thread. It closes the report after the last one: so the loop need not know how many there are, and
 * learns of the end as it learns of an item. (An open report does not ring when nothing is left.)
 *
 * Only Linux has epoll. Elsewhere this does nothing.
 */
#include "check.h"

#ifdef __linux__

#include <asynchron.h>
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { JOBS = 20 };

static int32_t square(asynchron_t *self, void *number)
{
    int n = *(int *)number, result = n * n;

    return asynchron_set_bytes(self, &result, sizeof result);
}

/* Hands in the jobs, and says that there are no more. */
static void *hand_in(void *report)
{
    static int numbers[JOBS];

    for (int i = 0; i < JOBS; i++) {
        asynchron_t *a = asynchron_create(NULL);

        numbers[i] = i;
        CHECK(a != NULL && asynchron_report_add(report, a, &numbers[i]) == ASYNCHRON_OK);
        CHECK(asynchron_spawn(a, square, &numbers[i], NULL) == ASYNCHRON_OK);
        asynchron_release(a); /* the report keeps it and hands it over with the item */
    }
    CHECK(asynchron_report_close(report) == ASYNCHRON_OK);
    return NULL;
}

int main(void)
{
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    struct epoll_event event = { EPOLLIN | EPOLLET, { 0 } };
    asynchron_status_t status = ASYNCHRON_TIMEOUT;
    asynchron_item_t item;
    pthread_t thread;
    int epoll = epoll_create1(EPOLL_CLOEXEC), done = 0, sum = 0;

    CHECK(report != NULL && epoll >= 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, asynchron_report_fd(report), &event) == 0);
    CHECK(pthread_create(&thread, NULL, hand_in, report) == 0);

    while (status != ASYNCHRON_END) {
        if (epoll_wait(epoll, &event, 1, -1) < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        status = asynchron_report_next(report, 0, &item);
        if (status == ASYNCHRON_OK) {
            asynchron_value_t value;

            CHECK(asynchron_get(item.asynchron, &value) == ASYNCHRON_OK);
            printf("the square of %d is %d\n", *(int *)item.tag, *(const int *)value.data);
            sum += *(const int *)value.data;
            done++;
            asynchron_release(item.asynchron);
        }
        /* If there is more, an item or the end, epoll tells so again. */
        CHECK(asynchron_report_rearm(report) == ASYNCHRON_OK);
    }

    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(done == JOBS && sum == 2470);
    close(epoll); /* before the report, whose descriptor it watches */
    asynchron_report_release(report);
    return EXIT_SUCCESS;
}

#else

int main(void)
{
    puts("There is no epoll here.");
    return EXIT_SUCCESS;
}

#endif
