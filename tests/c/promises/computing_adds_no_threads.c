/* Tasks that compute raise the threads to one more than there are processors, and no further; tasks that sleep raise
 * them beyond that.
 *
 *     computing_adds_no_threads [TASKS [MS]]       so many that compute, each for so long: 200, for 20 ms
 */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dirent.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int tasks = 200, ms = 20;
enum { SLEEPERS = 200 };

static int64_t ns_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int32_t compute(asynchron_t *self, void *ctx)
{
    /* Of this thread's own time, however busy the machine is. */
    int64_t end = ns_of(CLOCK_THREAD_CPUTIME_ID) + ms * INT64_C(1000000);
    (void)self, (void)ctx;
    while (ns_of(CLOCK_THREAD_CPUTIME_ID) < end)
        ;
    return 0;
}

static int32_t sleep_long(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    usleep(50000);
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

/* The most threads besides the first one, while n tasks run. */
static int most_threads(asynchron_fn_t task, int n)
{
    asynchron_t **all = calloc(n, sizeof *all);
    int most = 0;
    if (all == NULL)
        abort();
    for (int i = 0; i < n; i++) {
        all[i] = asynchron_create(NULL);
        if (asynchron_spawn(all[i], task, NULL, NULL) != ASYNCHRON_OK)
            abort();
    }
    while (asynchron_wait_all(all, n, UINT64_C(2000000)) == ASYNCHRON_TIMEOUT)
        if (threads() - 1 > most)
            most = threads() - 1;
    for (int i = 0; i < n; i++)
        asynchron_release(all[i]);
    free(all);
    return most;
}

int main(int argc, char **argv)
{
    cpu_set_t set;
    int processors, computing, sleeping;
    int64_t began = ns_of(CLOCK_MONOTONIC);
    if (argc > 1)
        tasks = atoi(argv[1]);
    if (argc > 2)
        ms = atoi(argv[2]);
    sched_getaffinity(0, sizeof set, &set);
    processors = CPU_COUNT(&set);
    computing = most_threads(compute, tasks);
    printf("%d tasks of %d ms on %d processors: at most %d threads, in %.1f s\n", tasks, ms, processors, computing,
           (double)(ns_of(CLOCK_MONOTONIC) - began) / 1e9);
    if (computing > processors + 1)
        fprintf(stderr, "%d threads computed on %d processors\n", computing, processors);
    sleeping = most_threads(sleep_long, SLEEPERS);
    if (sleeping <= processors + 1 && processors < SLEEPERS / 4)
        fprintf(stderr, "only %d threads slept\n", sleeping);
    return computing > processors + 1;
}
