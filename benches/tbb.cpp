/*
 * oneTBB: tasks only. The results lie in an array; waiting for the group collects them.
 */
#include "harness.h"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

static tbb::task_arena *two; /* an arena of two threads, neither of them this one */

template <class Run> static void spawn_ops(size_t ops, Run run)
{
    uint64_t *results = (uint64_t *)calloc(ops, sizeof *results);
    tbb::task_group group;
    must(results != NULL, "memory");
    for (size_t i = 0; i < ops; i++)
        run(group, [=] { results[i] = i + 1; });
    group.wait();
    for (size_t i = 0; i < ops; i++)
        must(results[i] == i + 1, "result");
    free(results);
}

static void spawn_outside(size_t ops)
{
    spawn_ops(ops, [](tbb::task_group &group, auto task) { two->enqueue(group.defer(task)); });
}

/* The two threads are the one that spawns and waits, and one worker. */
static void spawn_inside(size_t ops)
{
    spawn_ops(ops, [](tbb::task_group &group, auto task) { group.run(task); });
}

static void spawned()
{
    tbb::global_control three(tbb::global_control::max_allowed_parallelism, 3);
    tbb::task_arena arena(2, 0);
    two = &arena;
    result("spawn", timed(spawn_outside, share(100000)));
}

static void spawned_inside()
{
    tbb::global_control two(tbb::global_control::max_allowed_parallelism, 2);
    result("spawn/inside", timed(spawn_inside, share(100000)));
}

int main(int argc, char **argv)
{
    static const struct workload all[] = {
        {"spawn", 2, spawned},
        {"spawn/inside", 2, spawned_inside},
    };
    return bench(all, sizeof all / sizeof *all, argc, argv);
}
