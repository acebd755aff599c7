/* One thread waits for a task that lies behind others, and is told that somebody watches over it. That one takes
 * another task, and cannot hand the watch on: a thread cannot be had just then. The one that waits notices.
 * Status 3: it did not. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { MS = 1000, PATIENCE = 20000 };

static atomic_int background, late;
static asynchron_t *others[2], *last;

/* The fourth is the one to which the watch would be handed on: it fails, and no other does. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    return ++background == 4 ? EAGAIN : real(thread, attr, start, arg);
}

static int32_t nothing(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    return 0;
}

/* Takes as long as the last has not run, and does not let the library know. */
static int32_t last_long(asynchron_t *self, void *ctx)
{
    int ms = 0;
    (void)self, (void)ctx;
    while (asynchron_poll(last) == ASYNCHRON_PENDING && ms++ < PATIENCE)
        usleep(MS);
    if (ms >= PATIENCE)
        late = 1;
    return 0;
}

static int32_t wait_for_last(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    for (int i = 0; i < 2; i++)
        if (asynchron_spawn(others[i], last_long, NULL, NULL) != ASYNCHRON_OK)
            abort();
    if (asynchron_spawn(last, nothing, NULL, NULL) != ASYNCHRON_OK)
        abort();
    return asynchron_wait(last, ASYNCHRON_FOREVER);
}

int main(int argc, char **argv)
{
    asynchron_t *waits = asynchron_create("waits");
    /* One processor, so one task at a time: the library counts them when it is loaded. */
    if (argc == 1) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(sched_getcpu(), &one);
        if (sched_setaffinity(0, sizeof one, &one) != 0)
            abort();
        execl("/proc/self/exe", argv[0], "pinned", (char *)NULL);
        abort();
    }
    last = asynchron_create("last");
    for (int i = 0; i < 2; i++)
        others[i] = asynchron_create("other");
    if (asynchron_spawn(waits, wait_for_last, NULL, NULL) != ASYNCHRON_OK)
        abort();
    if (asynchron_wait(waits, ASYNCHRON_FOREVER) != ASYNCHRON_OK || background < 4)
        abort();
    for (int i = 0; i < 2; i++) {
        (void)asynchron_wait(others[i], ASYNCHRON_FOREVER);
        asynchron_release(others[i]);
    }
    asynchron_release(waits);
    asynchron_release(last);
    return late ? 3 : 0;
}
