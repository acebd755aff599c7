/*
 * What promises, following, executors and reserved room cost, each beside what the goal names: both in turns in one
 * program, so that what disturbs the machine disturbs both.
 *
 *     build/pairs [EFFORT]    so many tenths of the rounds; 10 unless given
 *
 * A line is a pair: the medians in nanoseconds an operation, the median of the ratios, and the goal.
 */
#include "harness.h"

#include "asynchron.h"

#define ROUNDS 61
#define TIMES 20000

static asynchron_t *shared;
static asynchron_promise_t *promised;

static void retain_and_release(size_t n)
{
    for (size_t i = 0; i < n; i++)
        asynchron_release(asynchron_retain(shared));
}

static void another_promise(size_t n)
{
    for (size_t i = 0; i < n; i++)
        asynchron_promise_release(asynchron_promise_retain(promised));
}

/* ---- following, and a step, each with both asynchrons ---- */

static int32_t pass(asynchron_t *into, asynchron_t *const *sources, size_t n, void *ctx)
{
    asynchron_value_t value;
    (void)n, (void)ctx;
    must(asynchron_get(sources[0], &value) == ASYNCHRON_OK, "get");
    return asynchron_set_bytes(into, value.data, value.len);
}

static void complete_both(asynchron_t *source, asynchron_t *into)
{
    asynchron_value_t value;
    must(asynchron_set_bytes(source, "12345678", 8) == ASYNCHRON_OK, "set");
    must(asynchron_get(into, &value) == ASYNCHRON_OK && value.len == 8, "the value");
    asynchron_release(into);
    asynchron_release(source);
}

static void follow(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        asynchron_t *source = asynchron_create(NULL), *into = asynchron_create(NULL);
        must(asynchron_follow(into, source) == ASYNCHRON_OK, "follow");
        complete_both(source, into);
    }
}

static void then(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        asynchron_t *source = asynchron_create(NULL);
        complete_both(source, asynchron_then(source, NULL, pass, NULL, NULL));
    }
}

/* ---- tasks, all queued before the first is waited for ---- */

#define TASKS 2000
static asynchron_executor_t *own;
static asynchron_t *tasks[TASKS];

static int32_t nothing(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    return 0;
}

static void run_on(asynchron_executor_t *executor, size_t n)
{
    for (size_t i = 0; i < n; i += TASKS) {
        for (size_t k = 0; k < TASKS; k++) {
            tasks[k] = asynchron_create(NULL);
            must(asynchron_spawn_on(executor, tasks[k], nothing, NULL, NULL) == ASYNCHRON_OK, "spawn_on");
        }
        must(asynchron_wait_all(tasks, TASKS, ASYNCHRON_FOREVER) == ASYNCHRON_OK, "all have run");
        for (size_t k = 0; k < TASKS; k++)
            asynchron_release(tasks[k]);
    }
}

static void on_the_default_executor(size_t n) { run_on(asynchron_executor_default(), n); }
static void on_an_own_executor(size_t n) { run_on(own, n); }

/* ---- 64 bytes ---- */

static void move_64(size_t n, size_t reserve)
{
    asynchron_options_t options = {.size = sizeof options, .reserve = reserve};
    char in[64] = {1}, out[64];
    for (size_t i = 0; i < n; i++) {
        asynchron_t *a;
        must(asynchron_create_with(&options, &a) == ASYNCHRON_OK, "create_with");
        must(asynchron_set_bytes(a, in, sizeof in) == ASYNCHRON_OK, "set");
        must(asynchron_get_bytes(a, out, sizeof out, NULL) == ASYNCHRON_OK, "get");
        asynchron_release(a);
    }
}

static void without_reserve(size_t n) { move_64(n, 0); }
static void with_reserve(size_t n) { move_64(n, 64); }

/* ---- the pairs ---- */

static const struct pair {
    const char *name, *beside;
    void (*work)(size_t), (*other)(size_t);
    const char *goal;
} pairs[] = {
    {"a further promise, made and released", "retain and release", another_promise, retain_and_release, "1.3"},
    {"follow, and completing both", "then, which passes the value on", follow, then, "1.2"},
    {"a task on an executor of one's own", "on the default one", on_an_own_executor, on_the_default_executor, "1"},
    {"64 bytes through reserved room", "without", with_reserve, without_reserve, "-"},
};

static double time_of(void (*work)(size_t))
{
    double begun = now();
    work(TIMES);
    return (now() - begun) / TIMES;
}

static void play(const struct pair *pair)
{
    static double ours[ROUNDS], others[ROUNDS], ratios[ROUNDS];
    size_t rounds = share(ROUNDS) + 1;
    rounds = rounds > ROUNDS ? ROUNDS : rounds;
    pair->work(TASKS);
    pair->other(TASKS);
    for (size_t r = 0; r < rounds; r++) {
        ours[r] = time_of(pair->work);
        others[r] = time_of(pair->other);
        ratios[r] = ours[r] / others[r];
    }
    qsort(ours, rounds, sizeof *ours, ascending);
    qsort(others, rounds, sizeof *others, ascending);
    qsort(ratios, rounds, sizeof *ratios, ascending);
    printf("| %s | %.1f | %s | %.1f | %.2f | %s |\n", pair->name, ours[rounds / 2], pair->beside, others[rounds / 2],
           ratios[rounds / 2], pair->goal);
}

int main(int argc, char **argv)
{
    asynchron_executor_options_t options = {.size = sizeof options, .name = "own"};
    effort = argc > 1 ? atof(argv[1]) / 10 : 1;
    shared = asynchron_create(NULL);
    promised = asynchron_promise_create(shared, 0);
    must(promised != NULL && asynchron_executor_create(&options, &own) == ASYNCHRON_OK, "memory");
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        play(&pairs[i]);
    must(asynchron_executor_shutdown(own, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK, "shut down");
    asynchron_executor_release(own);
    asynchron_promise_release(promised);
    asynchron_release(shared);
    return 0;
}
