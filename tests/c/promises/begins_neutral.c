/* A thread begins with SCHED_OTHER, whatever the one that starts it has: as an idle one it might not come to set that
 * for long, on a busy machine, and as a real-time one it would keep others from running. Where the system refuses to
 * have it begin so, it comes all the same. Policies that this process may not have are printed. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
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

static const struct spawner {
    const char *name;
    int policy, priority;
} spawners[] = {
    { "SCHED_IDLE", SCHED_IDLE, 0 },
    { "SCHED_BATCH", SCHED_BATCH, 0 },
    { "SCHED_FIFO", SCHED_FIFO, 1 },
    { "SCHED_RR", SCHED_RR, 1 },
};

enum { RIGHT, WRONG, MAY_NOT };

/* In a process without background threads. */
static int begins_as_it_should(const struct spawner *spawner)
{
    struct sched_param priority = { .sched_priority = spawner->priority }, none = { .sched_priority = 0 };
    asynchron_t *a = asynchron_create(NULL);
    int should_be;
    if (sched_setscheduler(0, spawner->policy, &priority) != 0)
        return MAY_NOT;
    if (asynchron_spawn(a, nothing, NULL, NULL) != ASYNCHRON_OK || asynchron_wait(a, ASYNCHRON_FOREVER) != ASYNCHRON_OK)
        abort();
    asynchron_release(a);
    if (refusing && refused != 1)
        return WRONG;
    /* An idle thread may not go back without the right to that. */
    should_be = refusing || sched_setscheduler(0, SCHED_OTHER, &none) != 0 ? spawner->policy : SCHED_OTHER;
    return begun_with == should_be ? RIGHT : WRONG;
}

static int in_child(const struct spawner *spawner)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(begins_as_it_should(spawner));
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        abort();
    return WEXITSTATUS(status);
}

int main(void)
{
    int wrong = 0;
    for (size_t i = 0; i < sizeof spawners / sizeof *spawners; i++)
        for (refusing = 0; refusing < 2; refusing++) {
            int found = in_child(&spawners[i]);
            if (found == MAY_NOT && !refusing)
                printf("%s\n", spawners[i].name);
            if (found == WRONG)
                fprintf(stderr, "%s%s\n", spawners[i].name, refusing ? ", refused another" : "");
            wrong |= found == WRONG;
        }
    return wrong;
}
