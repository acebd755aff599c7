/* The time of day jumps by an hour, forth and back, whenever anybody asks for it. Waits last as long as they should. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); exit(1); } } while (0)

/* These take the place of the C library's, also for the shared library. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
    static int jumps;
    int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME && clock != CLOCK_MONOTONIC_RAW
        && clock != CLOCK_MONOTONIC_COARSE)
        out->tv_sec += ++jumps % 2 ? 3600 : -3600;
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(void)
{
    asynchron_t *a = asynchron_create(NULL);
    asynchron_report_t *report = asynchron_report_create(&a, 1);
    asynchron_item_t item;

    for (int way = 0; way < 12; way++) {
        uint64_t timeout = UINT64_C(10000000);
        double begin = now(), took;
        asynchron_status_t status;
        switch (way % 4) {
        case 0: status = asynchron_wait(a, timeout); break;
        case 1: status = asynchron_wait_any(&a, 1, timeout, NULL); break;
        case 2: status = asynchron_wait_all(&a, 1, timeout); break;
        default: status = asynchron_report_next(report, timeout, &item);
        }
        took = now() - begin;
        CHECK(status == ASYNCHRON_TIMEOUT);
        CHECK(took >= 0.010 && took < 60);
    }
    asynchron_report_release(report);
    asynchron_release(a);
    return 0;
}
