/* A thread that an idle one starts begins with SCHED_OTHER: as an idle one it might not come to set that for long, on a
 * busy machine. Where the system refuses to have it begin so, it comes all the same. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef void *start_fn(void *);
typedef int create_fn(pthread_t *, const pthread_attr_t *, start_fn *, void *);

static start_fn *ours;
static atomic_int begun_with, refusing, refused;

/* The first that runs on a background thread, in front of the library's own. */
static void *look(void *arg)
{
    begun_with = sched_getscheduler(0);
    return ours(arg);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, start_fn *start, void *arg)
{
    create_fn *real;
    int detached = 0, inherit = PTHREAD_INHERIT_SCHED;
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    if (attr != NULL) {
        pthread_attr_getdetachstate(attr, &detached);
        pthread_attr_getinheritsched(attr, &inherit);
    }
    if (detached != PTHREAD_CREATE_DETACHED)
        return real(thread, attr, start, arg);
    if (refusing && inherit == PTHREAD_EXPLICIT_SCHED) {
        refused++;
        return EPERM;
    }
    ours = start;
    return real(thread, attr, look, arg);
}

static int32_t nothing(asynchron_t *self, void *ctx)
{
    (void)self;
    (void)ctx;
    return 0;
}

/* One that is idle, and may be no other any more, unless it has the right to that. */
static void *spawn_as_idle(void *may_go_back)
{
    struct sched_param none;
    asynchron_t *a = asynchron_create(NULL);
    memset(&none, 0, sizeof none);
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0 || asynchron_spawn(a, nothing, NULL, NULL) != ASYNCHRON_OK)
        abort();
    if (asynchron_wait(a, ASYNCHRON_FOREVER) != ASYNCHRON_OK)
        abort();
    asynchron_release(a);
    *(int *)may_go_back = sched_setscheduler(0, SCHED_OTHER, &none) == 0;
    return NULL;
}

/* What the first background thread began with, where an idle one started it; and whether that may go back. */
static int spawned_by_an_idle_one(int *may_go_back)
{
    pthread_t thread;
    begun_with = -1;
    if (pthread_create(&thread, NULL, spawn_as_idle, may_go_back) != 0 || pthread_join(thread, NULL) != 0)
        abort();
    return begun_with;
}

int main(void)
{
    int may_go_back, status;
    pid_t child = fork(); /* has threads of its own */
    if (child == 0) {
        refusing = 1;
        _exit(spawned_by_an_idle_one(&may_go_back) == SCHED_IDLE && refused == 1 ? 0 : 1);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        return 1;
    return spawned_by_an_idle_one(&may_go_back) == (may_go_back ? SCHED_OTHER : SCHED_IDLE) ? 0 : 2;
}
