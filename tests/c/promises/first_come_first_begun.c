/* Of the background threads only the second comes; the others are held up on their way, also the one that was started
 * for the first task. All tasks begin in the order in which they were spawned. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TASKS = 2000 };

static atomic_int started, begun, out_of_order, over;

struct thread {
    void *(*start)(void *);
    void *arg;
    int number;
};

static void *come(void *ctx)
{
    struct thread thread = *(struct thread *)ctx;
    free(ctx);
    while (thread.number != 2 && !over)
        usleep(1000);
    return thread.start(thread.arg);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *), void *arg)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    struct thread *one = malloc(sizeof *one);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    *one = (struct thread) { start, arg, ++started };
    return real(thread, attr, come, one);
}

static int32_t begin(asynchron_t *self, void *number)
{
    (void)self;
    if (begun++ != (int)(intptr_t)number)
        out_of_order++;
    return 0;
}

int main(void)
{
    static asynchron_t *all[TASKS];
    for (int i = 0; i < TASKS; i++) {
        all[i] = asynchron_create(NULL);
        if (asynchron_spawn(all[i], begin, (void *)(intptr_t)i, NULL) != ASYNCHRON_OK)
            abort();
    }
    /* Where the first thread has a task of its own, that one never begins. */
    if (asynchron_wait_all(all, TASKS, UINT64_C(20000000000)) != ASYNCHRON_OK)
        fprintf(stderr, "of %d tasks %d have begun\n", TASKS, begun);
    over = 1;
    if (asynchron_wait_all(all, TASKS, ASYNCHRON_FOREVER) != ASYNCHRON_OK)
        abort();
    for (int i = 0; i < TASKS; i++)
        asynchron_release(all[i]);
    if (out_of_order > 0)
        fprintf(stderr, "%d tasks began out of order\n", out_of_order);
    return out_of_order > 0;
}
