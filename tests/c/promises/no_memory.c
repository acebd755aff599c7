/* Every call that may need memory, with its first, second, ... allocation failing, until it needs no more of them.
   A refusal is the status for it, leaves all as it was, and drops what was handed over once. */
#include "failing_malloc.h"
#include <asynchron.h>
#include <stdint.h>
#include <string.h>

static int drops;
static void drop(void *p) { (void)p; drops++; }
static void callback(asynchron_t *a, void *p) { (void)a, (void)p; }
static int32_t function(asynchron_t *a, void *p) { (void)a, (void)p; return 0; }
static int32_t join(asynchron_t *a, asynchron_t *const *s, size_t n, void *p)
{
    (void)a, (void)s, (void)n, (void)p;
    return 0;
}

static char big[1000];
static asynchron_t *many[500];
static asynchron_report_t *report;

/* Each does its call on a pending asynchron; the results: 1 done, 0 refused for want of memory, -1 nonsense. */
static int result(asynchron_status_t status)
{
    return status == ASYNCHRON_OK ? 1 : status == ASYNCHRON_E_NOMEM ? 0 : -1;
}

static int handle(asynchron_t *a) { asynchron_release(a); return a != NULL; }

static int do_create(asynchron_t *a) { (void)a; return handle(asynchron_create(NULL)); }
static int do_create_named(asynchron_t *a) { (void)a; return handle(asynchron_create("a name")); }
static int do_create_with(asynchron_t *a)
{
    asynchron_options_t o = { sizeof o, "a name", &drops, drop, function, NULL, NULL };
    asynchron_t *out = a;
    int done = result(asynchron_create_with(&o, &out));
    CHECK(done == 1 || out == a);
    if (done == 1)
        asynchron_release(out);
    CHECK(drops == 1);
    return done;
}
static int do_set_bytes(asynchron_t *a) { return result(asynchron_set_bytes(a, big, sizeof big)); }
static int do_set_17(asynchron_t *a) { return result(asynchron_set_bytes(a, big, 17)); }
static int do_fail(asynchron_t *a) { return result(asynchron_fail(a, 1, "a message")); }
static int do_fail_with(asynchron_t *a)
{
    int done = result(asynchron_fail_with(a, 1, "a domain", "a message", &drops, drop));
    CHECK(drops == (done == 1 ? 0 : 1));
    return done;
}
static int do_cancel_with(asynchron_t *a) { return result(asynchron_cancel_with(a, "a reason")); }
static int do_notify(asynchron_t *a) { return result(asynchron_notify(a, callback, NULL)); }
static int do_notify_with(asynchron_t *a)
{
    asynchron_notify_options_t o = { sizeof o, callback, &drops, drop, 0 };
    uint64_t token = 77;
    int done = result(asynchron_notify_with(a, &o, &token));
    CHECK(drops == (done == 1 ? 0 : 1) && (done == 1 || token == 77));
    return done;
}
static int do_spawn(asynchron_t *a)
{
    /* A thread needs memory, too, which is the system's to refuse. */
    asynchron_status_t status = asynchron_spawn(a, function, NULL, NULL);
    return status == ASYNCHRON_E_SYSTEM ? 0 : result(status);
}
static int do_report_create(asynchron_t *a)
{
    asynchron_report_t *r;
    many[0] = a;
    r = asynchron_report_create(many, 500);
    asynchron_report_release(r);
    return r != NULL;
}
static int do_report_add(asynchron_t *a)
{
    int done = result(asynchron_report_add(report, a, NULL));
    CHECK(asynchron_report_pending(report) == (done == 1));
    CHECK(asynchron_report_remove(report, a) == (done == 1 ? ASYNCHRON_OK : ASYNCHRON_END));
    return done;
}
static int do_wait_any(asynchron_t *a)
{
    asynchron_status_t status;
    many[0] = a;
    status = asynchron_wait_any(many, 500, 1000, NULL);
    return status == ASYNCHRON_TIMEOUT ? 1 : result(status);
}
static int do_after(asynchron_t *a)
{
    asynchron_t *into;
    many[0] = a;
    into = asynchron_after(many, 500, NULL, join, &drops, drop);
    CHECK(drops == (into ? 0 : 1));
    return handle(into);
}
static int do_after_into(asynchron_t *a)
{
    asynchron_t *into = asynchron_after(many + 1, 2, a, join, &drops, drop);
    CHECK(drops == (into ? 0 : 1) && (!into || into == a));
    return handle(into);
}
static int do_then(asynchron_t *a)
{
    asynchron_t *into = asynchron_then(a, NULL, join, &drops, drop);
    CHECK(drops == (into ? 0 : 1));
    return handle(into);
}

static const struct { const char *name; int (*run)(asynchron_t *); int needs_memory; } calls[] = {
    { "create", do_create, 1 }, { "create, named", do_create_named, 1 }, { "create_with", do_create_with, 1 },
    { "set_bytes", do_set_bytes, 1 }, { "set_bytes, 17", do_set_17, 0 }, { "fail", do_fail, 1 },
    { "fail_with", do_fail_with, 1 }, { "cancel_with", do_cancel_with, 1 }, { "notify", do_notify, 1 },
    { "notify_with", do_notify_with, 1 }, { "spawn", do_spawn, 0 }, { "report_create", do_report_create, 1 },
    { "report_add", do_report_add, 1 }, { "wait_any", do_wait_any, 0 }, { "after", do_after, 1 },
    { "after, into", do_after_into, 1 }, { "then", do_then, 1 },
};

int main(void)
{
    for (int i = 0; i < 500; i++)
        many[i] = asynchron_create(NULL);
    report = asynchron_report_create(NULL, 0);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        asynchron_t *first = many[0];
        for (long working = 0; ; working++) {
            asynchron_t *a = asynchron_create(NULL);
            int done;
            drops = 0;
            allocations_failed = 0;
            allocations_left = working;
            done = calls[i].run(a);
            allocations_left = -1;
            many[0] = first;
            if (done < 0 || (done == 0 && allocations_failed == 0) || working > 5000) {
                fprintf(stderr, "%s: wrong after %ld allocations\n", calls[i].name, working);
                return 1;
            }
            if (done == 0) {
                /* Nothing has changed: it can be delivered, and nobody else is told. */
                CHECK(asynchron_state(a) == ASYNCHRON_STATE_PENDING);
                CHECK(asynchron_set_bytes(a, "x", 1) == ASYNCHRON_OK);
            }
            asynchron_release(a);
            if (allocations_failed == 0) {
                CHECK(done == 1);
                if (working == 0 && calls[i].needs_memory) {
                    fprintf(stderr, "%s: did without memory: is the allocator seen?\n", calls[i].name);
                    return 1;
                }
                break;
            }
        }
    }
    return 0;
}
