/* A thread with a pthread_cancel pending delivers, with a report's descriptor to ring: it must not end inside,
 * under a lock. It ends at its own next cancellation point. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>

static asynchron_t *a;

static void *deliver(void *status)
{
    pthread_cancel(pthread_self());
    *(asynchron_status_t *)status = asynchron_set_bytes(a, "x", 1);
    pthread_testcancel();
    *(asynchron_status_t *)status = ASYNCHRON_E_INTERNAL; /* not reached */
    return NULL;
}

int main(void)
{
    asynchron_report_t *r = asynchron_report_create(NULL, 0);
    struct pollfd ready = { -1, POLLIN, 0 };
    asynchron_status_t status = ASYNCHRON_E_INTERNAL;
    asynchron_item_t item;
    pthread_t thread;

    a = asynchron_create(NULL);
    if (r == NULL || a == NULL || asynchron_report_add(r, a, NULL) != ASYNCHRON_OK)
        return 1;
    ready.fd = asynchron_report_fd(r);
    if (pthread_create(&thread, NULL, deliver, &status) != 0)
        return 2;
    pthread_join(thread, NULL);
    if (status != ASYNCHRON_OK || poll(&ready, 1, 0) != 1)
        return 3;
    if (asynchron_report_next(r, 0, &item) != ASYNCHRON_OK || poll(&ready, 1, 0) != 0)
        return 4;
    asynchron_release(item.asynchron);
    asynchron_release(a);
    asynchron_report_release(r);
    return 0;
}
