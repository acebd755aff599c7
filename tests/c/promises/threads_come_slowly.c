/* Threads take long to start: those that spawn meanwhile start no more than there are processors, until what they
 * spawned has been queued for 10 ms. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 64, START = 100, PATIENCE = 10 }; /* in milliseconds */

static struct timespec begin;
static atomic_int begun;
static atomic_int early;
static sem_t gate;

/* Since `begin`, in milliseconds. */
static long elapsed(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int detached = 0;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (attr != NULL)
        pthread_attr_getdetachstate(attr, &detached);
    if (detached == PTHREAD_CREATE_DETACHED)
        usleep(START * 1000);
    return real(thread, attr, start, arg);
}

static int32_t hold(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    if (begin.tv_sec != 0 && elapsed() < START + PATIENCE)
        early++;
    begun++;
    sem_wait(&gate);
    return 0;
}

static void *spawn(void *a)
{
    if (asynchron_spawn(a, hold, NULL, NULL) != ASYNCHRON_OK)
        abort();
    return NULL;
}

int main(void)
{
    asynchron_t *all[MOST];
    pthread_t threads[MOST];
    cpu_set_t set;
    int processors, n;
    sched_getaffinity(0, sizeof set, &set);
    processors = CPU_COUNT(&set);
    n = processors + 3;
    if (n > MOST)
        return 0;
    sem_init(&gate, 0, 0);
    for (int i = 0; i < n; i++)
        all[i] = asynchron_create(NULL);
    /* While there is none that has come, each spawn has to wait for its own. */
    spawn(all[0]);
    while (begun == 0)
        usleep(1000);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 1; i < n; i++)
        pthread_create(&threads[i], NULL, spawn, all[i]);
    while (begun < n)
        usleep(1000);
    for (int i = 0; i < n; i++)
        sem_post(&gate);
    if (asynchron_wait_all(all, (size_t)n, ASYNCHRON_FOREVER) != ASYNCHRON_OK)
        abort();
    for (int i = 0; i < n; i++) {
        if (i > 0)
            pthread_join(threads[i], NULL);
        asynchron_release(all[i]);
    }
    if (early >= processors)
        fprintf(stderr, "%d more began at once, for %d processors\n", early, processors);
    return early >= processors;
}
