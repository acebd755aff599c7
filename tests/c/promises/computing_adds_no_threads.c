/* Tasks that compute raise the threads to one more than there are processors, and no further; tasks that sleep raise
 * them beyond that. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dirent.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { TASKS = 200, MS = 1000 };

static int32_t compute(asynchron_t *self, void *ctx)
{
    struct timespec t;
    (void)self, (void)ctx;
    /* 20 ms of this thread's own time, however busy the machine is. */
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    int64_t end = t.tv_sec * INT64_C(1000000000) + t.tv_nsec + 20000000;
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    while (t.tv_sec * INT64_C(1000000000) + t.tv_nsec < end);
    return 0;
}

static int32_t sleep_long(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    usleep(50 * MS);
    return 0;
}

static int threads(void)
{
    int n = -2;
    DIR *tasks = opendir("/proc/self/task");
    while (readdir(tasks) != NULL)
        n++;
    closedir(tasks);
    return n;
}

/* The most threads besides the first one, while so many tasks run. */
static int most_threads(asynchron_fn_t task)
{
    static asynchron_t *all[TASKS];
    int most = 0;
    for (int i = 0; i < TASKS; i++) {
        all[i] = asynchron_create(NULL);
        if (asynchron_spawn(all[i], task, NULL, NULL) != ASYNCHRON_OK)
            abort();
    }
    while (asynchron_wait_all(all, TASKS, UINT64_C(2000000)) == ASYNCHRON_TIMEOUT)
        if (threads() - 1 > most)
            most = threads() - 1;
    for (int i = 0; i < TASKS; i++)
        asynchron_release(all[i]);
    return most;
}

int main(void)
{
    cpu_set_t set;
    int processors, computing, sleeping;
    sched_getaffinity(0, sizeof set, &set);
    processors = CPU_COUNT(&set);
    computing = most_threads(compute);
    if (computing > processors + 1)
        fprintf(stderr, "%d threads computed on %d processors\n", computing, processors);
    sleeping = most_threads(sleep_long);
    if (sleeping <= processors + 1 && processors < TASKS / 4)
        fprintf(stderr, "only %d threads slept\n", sleeping);
    return computing > processors + 1;
}
