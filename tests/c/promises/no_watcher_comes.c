/* The only thread waits for a task that lies, while another thread is being started to look after that one, takes long
 * and fails: the one that waits goes on asking for a thread. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { MS = 1000 };

static atomic_int background, running;

/* The second takes long, and fails; the third, for the one that waits, fails meanwhile. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    switch (++background) {
    case 2:
        usleep(400 * MS);
        return EAGAIN;
    case 3:
        return EAGAIN;
    default:
        return real(thread, attr, start, arg);
    }
}

static int32_t nothing(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    return 0;
}

static int32_t wait_for(asynchron_t *self, void *other)
{
    (void)self;
    running = 1;
    usleep(100 * MS); /* by now the second is being started */
    return asynchron_wait(other, ASYNCHRON_FOREVER);
}

int main(int argc, char **argv)
{
    asynchron_t *outer = asynchron_create("outer"), *inner = asynchron_create("inner");
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
    if (asynchron_spawn(outer, wait_for, inner, NULL) != ASYNCHRON_OK)
        abort();
    while (!running)
        usleep(MS);
    if (asynchron_spawn(inner, nothing, NULL, NULL) != ASYNCHRON_OK)
        abort();
    if (asynchron_get(outer, NULL) != ASYNCHRON_OK || background < 4)
        abort();
    asynchron_release(outer);
    asynchron_release(inner);
    return 0;
}
