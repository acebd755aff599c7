/*
 * spawn: functions that do nothing to two threads, all results collected; a task. For contestants
 * with HAS_TASKS, which say
 *
 *     static void spawn(future *, int32_t (*fn)(future *, void *), void *ctx);
 */

static struct {
    future **all;
    size_t n;
} batch_of;

static int32_t no_op(future *self, void *ctx)
{
    uint64_t i = (uint64_t)(uintptr_t)ctx;
    set(self, &i, sizeof i);
    return 0;
}

static void spawn_all(void)
{
    for (size_t i = 0; i < batch_of.n; i++) {
        batch_of.all[i] = create(sizeof(uint64_t));
        spawn(batch_of.all[i], no_op, (void *)(uintptr_t)i);
    }
}

static int32_t spawner(future *self, void *ctx)
{
    spawn_all();
    return no_op(self, ctx);
}

static void collect(future *f, uint64_t expected)
{
    uint64_t got = 0;
    get(f, &got, sizeof got);
    must(got == expected, "result");
    release(f);
}

static void spawn_ops(size_t ops, int inside)
{
    batch_of.n = ops;
    batch_of.all = (future **)malloc(ops * sizeof *batch_of.all);
    must(batch_of.all != NULL, "memory");
    if (inside) {
        future *all = create(sizeof(uint64_t));
        spawn(all, spawner, (void *)(uintptr_t)ops);
        collect(all, ops);
    } else {
        spawn_all();
    }
    for (size_t i = 0; i < ops; i++)
        collect(batch_of.all[i], i);
    free(batch_of.all);
}

static void spawn_outside(size_t ops)
{
    spawn_ops(ops, 0);
}

static void spawn_inside(size_t ops)
{
    spawn_ops(ops, 1);
}

static void spawned(void)
{
    result("spawn", timed(spawn_outside, share(100000)));
}

/* The same, by a function that runs on one of the two. */
static void spawned_inside(void)
{
    result("spawn/inside", timed(spawn_inside, share(100000)));
}

#define WORKLOADS_OVER_TASKS {"spawn", 2, spawned}, {"spawn/inside", 2, spawned_inside}
