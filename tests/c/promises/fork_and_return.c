/* A spawned function forks and returns in the child, too: with that the child's only thread ends, and so does the child.
 * What else was spawned is the parent's to run. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TASKS = 64 };

static struct { atomic_int spawned, child, in_parent, in_child; } *seen; /* by both */
static pid_t parent;

static int32_t count(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    if (getpid() == parent)
        seen->in_parent++;
    else
        seen->in_child++;
    return 0;
}

static int32_t fork_here(asynchron_t *self, void *ctx)
{
    pid_t child;
    (void)self, (void)ctx;
    while (!seen->spawned)
        usleep(100);
    child = fork();
    if (child < 0)
        abort();
    if (child > 0)
        seen->child = child;
    else
        alarm(30);
    return 0;
}

/* Holds its thread, so that the others lie. */
static int32_t hold(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    while (!seen->child)
        usleep(100);
    return 0;
}

int main(void)
{
    int status;
    parent = getpid();
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED)
        abort();
    for (int round = 0; round < 5; round++) {
        asynchron_t *all[TASKS + 2];
        seen->spawned = seen->child = seen->in_parent = 0;
        for (int i = 0; i < TASKS + 2; i++) {
            asynchron_fn_t fn = i == 0 ? fork_here : i == 1 ? hold : count;
            all[i] = asynchron_create(NULL);
            if (asynchron_spawn(all[i], fn, NULL, NULL) != ASYNCHRON_OK)
                abort();
        }
        seen->spawned = 1;
        if (asynchron_wait_all(all, TASKS + 2, ASYNCHRON_FOREVER) != ASYNCHRON_OK)
            abort();
        for (int i = 0; i < TASKS + 2; i++)
            asynchron_release(all[i]);
        if (waitpid(seen->child, &status, 0) != seen->child || status != 0 || seen->in_child != 0
            || seen->in_parent != TASKS) {
            fprintf(stderr, "child: status %d, ran %d; parent: ran %d\n", status, seen->in_child, seen->in_parent);
            return 1;
        }
    }
    return 0;
}
