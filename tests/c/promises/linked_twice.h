/* What the two halves of a program do, each with the library that it was linked to. */
#include <asynchron.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); exit(1); } } while (0)

/* One half. What it does, it also does `depth` times inside of what the other does, in callbacks and functions. */
struct half {
    void (*use)(int depth, const struct half *other);
    asynchron_t *(*create)(const char *);
};
static const struct half this_half;

static const uint64_t LIMIT = UINT64_C(60000000000);

struct step { const struct half *other; int depth, runs; };

static void use_other(struct step *step)
{
    step->runs++;
    if (step->depth > 0)
        step->other->use(step->depth - 1, &this_half);
}

static void in_a_callback(asynchron_t *a, void *step) { (void)a; use_other(step); }
static int32_t in_a_function(asynchron_t *self, void *step)
{
    use_other(step);
    CHECK(asynchron_wait(self, LIMIT) == ASYNCHRON_E_DEADLOCK);
    return asynchron_set_bytes(self, "value", 5);
}
static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *step)
{
    use_other(step);
    return n == 1 && asynchron_get(sources[0], NULL) == ASYNCHRON_OK ? asynchron_set_bytes(self, "more", 4) : 9;
}

static void use(int depth, const struct half *other)
{
    asynchron_t *spawned = asynchron_create(NULL), *called = asynchron_create("a name"), *after;
    asynchron_report_t *report = asynchron_report_create(&spawned, 1);
    struct step step = { other, depth, 0 };
    asynchron_item_t item;
    char buffer[8];
    size_t n;

    CHECK(asynchron_version() == ASYNCHRON_VERSION_NUMBER);
    CHECK(asynchron_notify(spawned, in_a_callback, &step) == ASYNCHRON_OK);
    after = asynchron_then(spawned, NULL, join, &step, NULL);
    CHECK(asynchron_wait_any(&spawned, 1, 1000, NULL) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_spawn(spawned, in_a_function, &step, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_get_bytes(after, buffer, sizeof buffer, &n) == ASYNCHRON_OK && n == 4);
    CHECK(asynchron_report_next(report, LIMIT, &item) == ASYNCHRON_OK && item.asynchron == spawned);
    CHECK(asynchron_call(called, in_a_function, &step) == ASYNCHRON_OK);
    CHECK(asynchron_wait_all((asynchron_t *[]){ spawned, called, after }, 3, 0) == ASYNCHRON_OK);
    CHECK(step.runs == 4);
    asynchron_release(item.asynchron);
    asynchron_report_release(report);
    asynchron_release(spawned);
    asynchron_release(called);
    asynchron_release(after);
}

static const struct half this_half = { use, asynchron_create };
