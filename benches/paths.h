/*
 * What a program does with one asynchron, each way by itself: for those that count instructions (against.c) or cache lines
 * (lines.c). It calls only what 0.1.0 has, so that any build can run it.
 */
#include "harness.h"

#include <stdint.h>

#include "asynchron.h"

/* Each thread has its own. */
static __thread asynchron_report_t *report;
static __thread asynchron_t *never;
static __thread size_t called;

static void callback(asynchron_t *a, void *ctx)
{
    (void)a;
    ++*(size_t *)ctx;
}

static int32_t join(asynchron_t *result, asynchron_t *const *sources, size_t n, void *ctx)
{
    (void)sources, (void)n, (void)ctx;
    return asynchron_set_bytes(result, &called, sizeof called);
}

static int32_t compute(asynchron_t *a, void *ctx)
{
    (void)ctx;
    return asynchron_set_bytes(a, &called, sizeof called);
}

static void set(asynchron_t *a, size_t len)
{
    static const char bytes[64];
    must(asynchron_set_bytes(a, bytes, len) == ASYNCHRON_OK, "set");
}

static void get(asynchron_t *a, size_t len)
{
    asynchron_value_t value;
    must(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == len, "get");
}

static void lifecycle(asynchron_t *a) { set(a, 8), get(a, 8); }
static void lifecycle0(asynchron_t *a) { set(a, 0), get(a, 0); }
static void lifecycle16(asynchron_t *a) { set(a, 16), get(a, 16); }
static void lifecycle64(asynchron_t *a) { set(a, 64), get(a, 64); }

static void retain(asynchron_t *a)
{
    asynchron_release(asynchron_retain(a));
}

static void fail(asynchron_t *a)
{
    must(asynchron_fail(a, 1, "no") == ASYNCHRON_OK && asynchron_get(a, NULL) == ASYNCHRON_FAILED, "failed");
}

static void cancel(asynchron_t *a)
{
    must(asynchron_cancel(a) == ASYNCHRON_OK && asynchron_get(a, NULL) == ASYNCHRON_CANCELLED, "cancelled");
}

static void notify(asynchron_t *a)
{
    size_t before = called;
    must(asynchron_notify(a, callback, &called) == ASYNCHRON_OK, "notify");
    set(a, 8);
    must(called == before + 1, "called");
}

static void unnotify(asynchron_t *a)
{
    asynchron_notify_options_t options = {.size = sizeof options, .fn = callback, .ctx = &called};
    uint64_t token;
    must(asynchron_notify_with(a, &options, &token) == ASYNCHRON_OK, "notify");
    must(asynchron_unnotify(a, token) == ASYNCHRON_OK, "taken back");
}

static void then(asynchron_t *a)
{
    asynchron_t *next = asynchron_then(a, NULL, join, NULL, NULL);
    set(a, 8);
    get(next, sizeof called);
    asynchron_release(next);
}

static void call(asynchron_t *a)
{
    must(asynchron_call(a, compute, NULL) == ASYNCHRON_OK, "call");
    get(a, sizeof called);
}

static void add_and_take(asynchron_t *a)
{
    asynchron_item_t item;
    must(asynchron_report_add(report, a, NULL) == ASYNCHRON_OK, "added");
    set(a, 8);
    must(asynchron_report_next(report, 0, &item) == ASYNCHRON_OK && item.asynchron == a, "next");
    asynchron_release(item.asynchron);
}

static void wait_any(asynchron_t *a)
{
    asynchron_t *both[] = {never, a};
    set(a, 8);
    must(asynchron_wait_any(both, 2, 0, NULL) == ASYNCHRON_OK, "found");
}

static const struct {
    const char *name;
    void (*run)(asynchron_t *);
} all[] = {
    {"lifecycle", lifecycle}, {"lifecycle0", lifecycle0}, {"lifecycle16", lifecycle16}, {"lifecycle64", lifecycle64},
    {"retain", retain}, {"fail", fail}, {"cancel", cancel}, {"notify", notify}, {"unnotify", unnotify},
    {"then", then}, {"call", call}, {"report", add_and_take}, {"wait_any", wait_any},
};

static void begin_paths(void)
{
    report = asynchron_report_create(NULL, 0);
    never = asynchron_create(NULL);
}

/* So many times the one of this name. False: there is none. */
static int run_path(const char *name, size_t times)
{
    int found = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(name, all[i].name) != 0)
            continue;
        found = 1;
        for (size_t done = 0; done < times; done++) {
            asynchron_t *a = asynchron_create(NULL);
            all[i].run(a);
            asynchron_release(a);
        }
    }
    return found;
}

static void end_paths(void)
{
    asynchron_release(never);
    asynchron_report_release(report);
}

