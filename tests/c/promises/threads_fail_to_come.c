/* Threads take long to start, and then fail to: what spawn has answered with OK still runs, on the thread there is; at
 * once, if that one rests. Status 3: it has run, but late. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SPAWNERS = 6, MS = 1000 };

static atomic_int background;

/* The first background thread comes; the others fail, after longer than a thread rests before it ends. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int detached = 0;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (attr != NULL)
        pthread_attr_getdetachstate(attr, &detached);
    if (detached == PTHREAD_CREATE_DETACHED) {
        int first = background++ == 0;
        usleep(first ? 20 * MS : 1600 * MS);
        if (!first)
            return EAGAIN;
    }
    return real(thread, attr, start, arg);
}

static int32_t sleep_for(asynchron_t *self, void *us)
{
    (void)self;
    usleep((useconds_t)(uintptr_t)us);
    return 0;
}

static int accepted(uintptr_t us)
{
    asynchron_t *a = asynchron_create(NULL);
    int runs = asynchron_spawn(a, sleep_for, (void *)us, NULL) == ASYNCHRON_OK;
    int complete = runs && asynchron_wait(a, UINT64_C(5000000000)) == ASYNCHRON_OK;
    asynchron_release(a);
    return !runs || complete;
}

static void *spawn(void *us)
{
    if (!accepted((uintptr_t)us))
        abort();
    return NULL;
}

static double now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
    pthread_t threads[SPAWNERS];
    double begin;
    for (int i = 0; i < SPAWNERS - 1; i++)
        pthread_create(&threads[i], NULL, spawn, (void *)(uintptr_t)(60 * MS));
    usleep(30 * MS); /* one of them runs, the others wait for their threads */
    pthread_create(&threads[SPAWNERS - 1], NULL, spawn, (void *)(uintptr_t)1);
    usleep(200 * MS); /* by now the one thread rests */
    begin = now();
    if (!accepted(1))
        abort();
    begin = now() - begin;
    for (int i = 0; i < SPAWNERS; i++)
        pthread_join(threads[i], NULL);
    return begin < 0.5 ? 0 : 3; /* it rests for a second, and looks again before it ends */
}
