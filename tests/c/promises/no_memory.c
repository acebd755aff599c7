/* Every function of the header, with its first, second, ... allocation failing, until it needs no more of them. A
   refusal is the status for it, leaves all as it was and nothing behind, and drops what was handed over once. Those
   that must need no memory ask for none. "list" prints the names of the functions. "sleep" makes this thread sleep
   before that: where there are no futexes, its first sleep needs memory. */
#include "failing_malloc.h"
#include <asynchron.h>
#include <stdbool.h>
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

/* Something around the call that is not to fail, nor to count. */
#define GRANTED(something) \
    do { \
        long left = allocations_left, asked = allocations_asked; \
        allocations_left = -1; \
        something; \
        allocations_left = left, allocations_asked = asked; \
    } while (0)

/* Each does its call on a pending asynchron; the results: 1 done, 0 out of memory, -1 nonsense. */
static int result(asynchron_status_t status)
{
    return status == ASYNCHRON_OK ? 1 : status == ASYNCHRON_E_NOMEM ? 0 : -1;
}

static int handle(asynchron_t *a) { asynchron_release(a); return a != NULL; }

static int do_create(asynchron_t *a) { (void)a; return handle(asynchron_create(NULL)); }
static int do_create_named(asynchron_t *a) { (void)a; return handle(asynchron_create("a name")); }
static int do_create_with(asynchron_t *a)
{
    asynchron_options_t o = { sizeof o, "a name", &drops, drop, function, NULL, NULL, 1000, 0 };
    asynchron_t *out = a;
    int done = result(asynchron_create_with(&o, &out));
    CHECK(done == 1 || out == a);
    if (done == 1)
        asynchron_release(out);
    CHECK(drops == 1);
    return done;
}
static int do_create_reserved(asynchron_t *a)
{
    asynchron_options_t o = { .size = sizeof o, .reserve = 1000 };
    asynchron_t *out = a;
    int done = result(asynchron_create_with(&o, &out));
    CHECK(done == 1 || out == a);
    if (done == 1)
        asynchron_release(out);
    return done;
}
static int do_create_expiring(asynchron_t *a)
{
    asynchron_options_t o = { .size = sizeof o, .expire_after_ns = UINT64_C(60000000000) };
    asynchron_t *out = a;
    asynchron_status_t status = asynchron_create_with(&o, &out);
    CHECK(status == ASYNCHRON_OK || out == a);
    if (status == ASYNCHRON_OK)
        asynchron_release(out);
    return status == ASYNCHRON_E_SYSTEM ? 0 : result(status);
}
static int set_reserved(size_t reserve)
{
    asynchron_options_t o = { .size = sizeof o, .reserve = reserve };
    asynchron_t *reserved;
    int done;
    GRANTED(CHECK(asynchron_create_with(&o, &reserved) == ASYNCHRON_OK));
    done = result(asynchron_set_bytes(reserved, big, sizeof big));
    CHECK(asynchron_poll(reserved) == (done == 1 ? ASYNCHRON_OK : ASYNCHRON_PENDING));
    asynchron_release(reserved);
    return done;
}
static int do_set_reserved(asynchron_t *a) { (void)a; return set_reserved(sizeof big); }
static int do_set_over_reserved(asynchron_t *a) { (void)a; return set_reserved(sizeof big - 1); }
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
    asynchron_notify_options_t o = { sizeof o, callback, &drops, drop, 0, NULL };
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
static int do_progress(asynchron_t *a)
{
    uint64_t n = 77, total = 77;
    int done = result(asynchron_progress(a, 1, 2));
    CHECK(asynchron_progress_of(a, &n, &total) == (done == 1 ? ASYNCHRON_OK : ASYNCHRON_END));
    CHECK(n == (done == 1 ? 1 : 77));
    return done;
}
static int do_expire_after(asynchron_t *a)
{
    /* A thread needs memory, too, which is the system's to refuse. */
    asynchron_status_t status = asynchron_expire_after(a, UINT64_C(60000000000));
    return status == ASYNCHRON_E_SYSTEM ? 0 : result(status);
}
static int do_expire_again(asynchron_t *a)
{
    asynchron_status_t first;
    GRANTED(first = asynchron_expire_after(a, UINT64_C(60000000000)));
    return result(first) && asynchron_expire_after(a, UINT64_C(70000000000)) == ASYNCHRON_OK &&
           asynchron_expire_after(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK;
}
/* What was taken back is kept for the next, of whatever asynchron. */
static int do_expire_after_another(asynchron_t *a)
{
    asynchron_t *other;
    asynchron_status_t first;
    GRANTED(other = asynchron_create(NULL));
    GRANTED(first = asynchron_expire_after(other, UINT64_C(60000000000)));
    CHECK(result(first) && asynchron_expire_after(other, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    asynchron_release(other);
    return asynchron_expire_after(a, UINT64_C(60000000000)) == ASYNCHRON_OK;
}
static int do_expire_now(asynchron_t *a) { return asynchron_expire_after(a, 0) == ASYNCHRON_OK; }
static int do_timer(asynchron_t *a)
{
    asynchron_t *timer = asynchron_timer(UINT64_C(60000000000));
    (void)a;
    if (timer)
        CHECK(asynchron_cancel(timer) == ASYNCHRON_OK);
    return handle(timer);
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
    asynchron_report_t *r;
    int done;
    GRANTED(r = asynchron_report_create(NULL, 0)); /* one without room for anything */
    done = result(asynchron_report_add(r, a, NULL));
    CHECK(asynchron_report_pending(r) == (done == 1));
    CHECK(asynchron_report_remove(r, a) == (done == 1 ? ASYNCHRON_OK : ASYNCHRON_END));
    asynchron_report_release(r);
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
    asynchron_t *same[500], *into;
    for (int i = 0; i < 500; i++)
        same[i] = a;
    into = asynchron_after(same, 500, NULL, join, &drops, drop);
    CHECK(drops == (into ? 0 : 1));
    return handle(into);
}
static int do_after_into(asynchron_t *a)
{
    asynchron_t *source[2], *into;
    GRANTED(source[0] = source[1] = asynchron_create(NULL));
    into = asynchron_after(source, 2, a, join, &drops, drop);
    CHECK(drops == (into ? 0 : 1) && (!into || into == a));
    asynchron_release(source[0]);
    return handle(into);
}
static int do_then(asynchron_t *a)
{
    asynchron_t *into = asynchron_then(a, NULL, join, &drops, drop);
    CHECK(drops == (into ? 0 : 1));
    return handle(into);
}
static const asynchron_step_options_t a_step = { .size = sizeof a_step, .fn = join, .ctx = &drops, .drop_ctx = drop };
static int do_after_with(asynchron_t *a)
{
    asynchron_t *source[2], *into = NULL;
    asynchron_status_t status;
    GRANTED(source[0] = source[1] = asynchron_create(NULL));
    status = asynchron_after_with(source, 2, a, &a_step, &into);
    CHECK(drops == (status == ASYNCHRON_OK ? 0 : 1) && into == (status == ASYNCHRON_OK ? a : NULL));
    asynchron_release(source[0]);
    asynchron_release(into);
    return result(status);
}
static int do_then_with(asynchron_t *a)
{
    asynchron_t *into = NULL;
    asynchron_status_t status = asynchron_then_with(a, NULL, &a_step, &into);
    CHECK(drops == (status == ASYNCHRON_OK ? 0 : 1) && (into != NULL) == (status == ASYNCHRON_OK));
    asynchron_release(into);
    return result(status);
}
static int do_follow(asynchron_t *a)
{
    asynchron_t *source;
    int done;
    GRANTED(source = asynchron_create(NULL));
    done = result(asynchron_follow(a, source));
    CHECK(asynchron_is_shared(a) == (done == 1));
    asynchron_release(source);
    CHECK(asynchron_poll(a) == (done == 1 ? ASYNCHRON_FAILED : ASYNCHRON_PENDING));
    return done;
}

typedef asynchron_t *group_fn(asynchron_t *const *, size_t, asynchron_t *, uint64_t);
static int group(group_fn *as_one, asynchron_t *a)
{
    asynchron_t *source[2], *into;
    GRANTED(source[0] = source[1] = asynchron_create(NULL));
    into = as_one(source, 2, a, ASYNCHRON_CANCEL_REST);
    CHECK(!into || into == a);
    if (into) {
        /* Neither to complete it nor to cancel the rest needs any. */
        long asked = allocations_asked;
        CHECK(asynchron_cancel(a) == ASYNCHRON_OK && allocations_asked == asked);
        CHECK(asynchron_poll(source[0]) == ASYNCHRON_CANCELLED);
    }
    CHECK(!asynchron_is_shared(source[0]));
    asynchron_release(source[0]);
    return handle(into);
}
static int do_all(asynchron_t *a) { return group(asynchron_all, a); }
static int do_any(asynchron_t *a) { return group(asynchron_any, a); }
static int do_race(asynchron_t *a) { return group(asynchron_race, a); }
static int do_race_new(asynchron_t *a) { return handle(asynchron_race(&a, 1, NULL, 0)); }
static int do_all_complete(asynchron_t *a)
{
    asynchron_t *source, *into;
    (void)a;
    GRANTED(source = asynchron_create(NULL));
    CHECK(asynchron_set_bytes(source, big, 16) == ASYNCHRON_OK);
    into = asynchron_all(&source, 1, NULL, 0);
    asynchron_release(source);
    return handle(into);
}
static int do_all_into_complete(asynchron_t *a)
{
    asynchron_t *source[2];
    int done;
    GRANTED(source[0] = source[1] = asynchron_create(NULL));
    done = asynchron_cancel(a) == ASYNCHRON_OK && handle(asynchron_all(source, 2, a, ASYNCHRON_CANCEL_REST)) &&
           asynchron_poll(source[0]) == ASYNCHRON_CANCELLED;
    asynchron_release(source[0]);
    return done;
}
/* An executor that the program runs: with what it was given last. */
static asynchron_task_t *posted;
static int32_t post(asynchron_task_t *task, void *ctx) { (void)ctx; posted = task; return 0; }
static asynchron_status_t make_executor(asynchron_executor_t **out)
{
    const asynchron_executor_options_t o = { .size = sizeof o, .post = post, .ctx = &drops, .drop_ctx = drop };
    return asynchron_executor_create(&o, out);
}
static asynchron_executor_t *an_executor(void)
{
    asynchron_executor_t *e = NULL;
    GRANTED(CHECK(make_executor(&e) == ASYNCHRON_OK));
    return e;
}
static int let_go(asynchron_executor_t *e, int done)
{
    asynchron_executor_release(e);
    CHECK(drops == 1);
    return done;
}
static int do_executor_create(asynchron_t *a)
{
    asynchron_executor_t *e = NULL;
    asynchron_status_t status = make_executor(&e);
    (void)a;
    CHECK((e != NULL) == (status == ASYNCHRON_OK));
    return let_go(e, result(status));
}
static int do_executor_default(asynchron_t *a)
{
    asynchron_executor_t *e = asynchron_executor_default();
    (void)a;
    asynchron_executor_release(e);
    return e != NULL;
}
static int do_executor_retain(asynchron_t *a)
{
    asynchron_executor_t *e = an_executor();
    (void)a;
    CHECK(asynchron_executor_retain(e) == e);
    asynchron_executor_release(e);
    CHECK(drops == 0);
    return let_go(e, 1);
}
static int do_executor_shutdown(asynchron_t *a)
{
    asynchron_executor_t *e = an_executor();
    (void)a;
    return let_go(e, result(asynchron_executor_shutdown(e, 0, 0)));
}
static int do_spawn_on(asynchron_t *a)
{
    asynchron_executor_t *e = an_executor();
    int done = result(asynchron_spawn_on(e, a, function, NULL, NULL));
    if (done == 1)
        asynchron_task_run(posted);
    CHECK(asynchron_poll(a) == (done == 1 ? ASYNCHRON_OK : ASYNCHRON_PENDING));
    return let_go(e, done);
}
static int end_task(asynchron_t *a, void (*end)(asynchron_task_t *))
{
    asynchron_executor_t *e = an_executor();
    GRANTED(CHECK(asynchron_spawn_on(e, a, function, NULL, NULL) == ASYNCHRON_OK));
    end(posted);
    CHECK(asynchron_poll(a) == (end == asynchron_task_run ? ASYNCHRON_OK : ASYNCHRON_FAILED));
    return let_go(e, 1);
}
static int do_task_run(asynchron_t *a) { return end_task(a, asynchron_task_run); }
static int do_task_discard(asynchron_t *a) { return end_task(a, asynchron_task_discard); }

/* What is to run is handed over at completion, which needs no memory. */
static void complete_and_run(asynchron_t *a)
{
    posted = NULL;
    allocations_left = 0;
    CHECK(asynchron_set_bytes(a, NULL, 0) == ASYNCHRON_OK && posted != NULL);
    asynchron_task_run(posted);
}
static int do_notify_on(asynchron_t *a)
{
    asynchron_executor_t *e = an_executor();
    const asynchron_notify_options_t o = { .size = sizeof o, .fn = callback, .executor = e };
    int done = result(asynchron_notify_with(a, &o, NULL));
    if (done == 1)
        complete_and_run(a);
    return let_go(e, done);
}
static int do_then_on(asynchron_t *a)
{
    asynchron_executor_t *e = an_executor();
    const asynchron_step_options_t o = { .size = sizeof o, .fn = join, .executor = e };
    asynchron_t *into = NULL;
    int done = result(asynchron_then_with(a, NULL, &o, &into));
    if (done == 1)
        complete_and_run(a);
    CHECK(done != 1 || asynchron_poll(into) == ASYNCHRON_OK);
    asynchron_release(into);
    return let_go(e, done);
}


/* Those that look, wait, complete, and let go. */
static int do_version(asynchron_t *a) { (void)a; return asynchron_version() == ASYNCHRON_VERSION_NUMBER; }
static int do_forever(asynchron_t *a) { (void)a; return asynchron_forever() == ASYNCHRON_FOREVER; }
static int do_status_string(asynchron_t *a) { (void)a; return asynchron_status_string(-2)[0] != '\0'; }
static int do_retain_release(asynchron_t *a) { asynchron_release(asynchron_retain(a)); return 1; }
static int do_state(asynchron_t *a) { return asynchron_state(a) == ASYNCHRON_STATE_PENDING; }
static int do_poll(asynchron_t *a) { return asynchron_poll(a) == ASYNCHRON_PENDING; }
static int do_drop_guarded(asynchron_t *a)
{
    asynchron_guarded_t guarded = { NULL, NULL };
    guarded.keeper = asynchron_retain(a);
    asynchron_drop_guarded(&guarded);
    return !asynchron_is_shared(a);
}
static int do_name(asynchron_t *a) { return asynchron_name(a)[0] != '\0'; }
static int do_is_shared(asynchron_t *a) { return !asynchron_is_shared(a); }
static int do_is_held(asynchron_t *a) { return !asynchron_is_held(a); }
static int do_is_on_demand(asynchron_t *a) { return !asynchron_is_on_demand(a); }
static int do_user_data(asynchron_t *a) { return asynchron_user_data(a) == NULL; }
static int do_set_16(asynchron_t *a) { return result(asynchron_set_bytes(a, big, 16)); }
static int do_set_pointer(asynchron_t *a) { return result(asynchron_set_pointer(a, &drops, drop)); }
static int do_set_buffer(asynchron_t *a) { return result(asynchron_set_buffer(a, big, 1000, &drops, drop)); }
static int do_fail_plain(asynchron_t *a) { return result(asynchron_fail(a, 1, NULL)); }
static int do_cancel(asynchron_t *a) { return result(asynchron_cancel(a)); }
static int do_cancel_plain(asynchron_t *a) { return result(asynchron_cancel_with(a, NULL)); }
static int do_cancel_pending(asynchron_t *a) { return result(asynchron_cancel_pending(a, "a reason")); }
static int do_cancel_pending_plain(asynchron_t *a) { return result(asynchron_cancel_pending(a, NULL)); }
static int do_wait_returned(asynchron_t *a) { return asynchron_wait_returned(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK; }
static int do_start(asynchron_t *a) { return result(asynchron_start(a)); }
static int do_run_due(asynchron_t *a) { (void)a; asynchron_run_due(); return 1; }
static int do_drop(asynchron_t *a) { asynchron_drop(asynchron_retain(a)); return 1; }
static int do_take(asynchron_t *a)
{
    void *taken = NULL;
    asynchron_status_t status;
    CHECK(asynchron_set_pointer(a, &drops, NULL) == ASYNCHRON_OK);
    /* One more, so that a stays for whoever plays this. */
    asynchron_retain(a);
    status = asynchron_take(a, &taken);
    asynchron_release(a);
    return status == ASYNCHRON_ALREADY && taken == NULL;
}
static int do_follow_complete(asynchron_t *a)
{
    asynchron_t *source;
    int done;
    GRANTED(source = asynchron_create(NULL));
    CHECK(asynchron_set_bytes(source, big, 16) == ASYNCHRON_OK);
    done = result(asynchron_follow(a, source));
    asynchron_release(source);
    return done;
}
/* Of a chain, which needs none to complete either. */
static int do_follow_on(asynchron_t *a)
{
    asynchron_t *chain[100];
    for (int i = 0; i < 100; i++) {
        GRANTED(chain[i] = asynchron_create(NULL));
        GRANTED(CHECK(asynchron_follow(chain[i], i == 0 ? a : chain[i - 1]) == ASYNCHRON_OK));
    }
    CHECK(asynchron_set_bytes(a, big, 16) == ASYNCHRON_OK);
    for (int i = 0; i < 100; i++) {
        CHECK(asynchron_poll(chain[i]) == ASYNCHRON_OK);
        asynchron_release(chain[i]);
    }
    return 1;
}
static int do_get(asynchron_t *a)
{
    asynchron_value_t value;
    return asynchron_set_bytes(a, big, 16) == ASYNCHRON_OK && result(asynchron_get(a, &value));
}
static int do_get_timeout(asynchron_t *a) { return asynchron_get_timeout(a, 1000, NULL) == ASYNCHRON_TIMEOUT; }
static int do_get_bytes(asynchron_t *a)
{
    char buffer[16];
    return asynchron_set_bytes(a, big, 16) == ASYNCHRON_OK && result(asynchron_get_bytes(a, buffer, 16, NULL));
}
static int do_wait(asynchron_t *a) { return asynchron_wait(a, 1000) == ASYNCHRON_TIMEOUT; }
static int do_wait_any_few(asynchron_t *a)
{
    many[0] = a;
    return asynchron_wait_any(many, 32, 1000, NULL) == ASYNCHRON_TIMEOUT;
}
static int do_wait_all(asynchron_t *a)
{
    many[0] = a;
    return asynchron_wait_all(many, 500, 1000) == ASYNCHRON_TIMEOUT;
}
static int do_error(asynchron_t *a)
{
    asynchron_error_t error;
    return asynchron_fail(a, 7, NULL) == ASYNCHRON_OK && asynchron_error(a, &error) == ASYNCHRON_OK && error.code == 7;
}
static int do_promise(asynchron_t *a)
{
    asynchron_promise_t *p = asynchron_promise_create(a, 0);
    if (!p)
        return 0;
    CHECK(asynchron_promise_asynchron(p) == a && asynchron_set_bytes(a, big, 16) == ASYNCHRON_OK);
    asynchron_promise_release(p);
    return 1;
}
static int do_promise_release(asynchron_t *a)
{
    asynchron_error_t error;
    asynchron_promise_t *p;
    GRANTED(p = asynchron_promise_create(a, 0));
    asynchron_promise_release(asynchron_promise_create(a, 0));
    asynchron_promise_release(asynchron_promise_retain(p));
    asynchron_promise_release(p);
    return asynchron_error(a, &error) == ASYNCHRON_OK && error.code == ASYNCHRON_E_BROKEN;
}
static int do_call(asynchron_t *a) { return result(asynchron_call(a, function, NULL)); }
static int do_progress_again(asynchron_t *a)
{
    asynchron_status_t first;
    uint64_t n = 0, total = 0;
    GRANTED(first = asynchron_progress(a, 0, 1000));
    for (uint64_t i = 1; i <= 1000 && first == ASYNCHRON_OK; i++)
        first = asynchron_progress(a, i, 1000);
    return result(first) && asynchron_progress_of(a, &n, &total) == ASYNCHRON_OK && n == total;
}
static int do_progress_of(asynchron_t *a)
{
    uint64_t done, total;
    return asynchron_progress_of(a, &done, &total) == ASYNCHRON_END;
}
static int do_unnotify(asynchron_t *a) { return asynchron_unnotify(a, 77) == ASYNCHRON_ALREADY; }
static int do_try_unnotify(asynchron_t *a) { return asynchron_try_unnotify(a, 77) == ASYNCHRON_ALREADY; }
static int do_report_retain(asynchron_t *a)
{
    (void)a;
    asynchron_report_release(asynchron_report_retain(report));
    return 1;
}
static int do_report_remove(asynchron_t *a) { return asynchron_report_remove(report, a) == ASYNCHRON_END; }
static int do_report_remove_many(asynchron_t *a)
{
    asynchron_report_t *r;
    (void)a;
    GRANTED(r = asynchron_report_create(many, 500));
    for (int i = 0; i < 500; i++)
        CHECK(asynchron_report_remove(r, many[i]) == ASYNCHRON_OK);
    CHECK(asynchron_report_pending(r) == 0);
    asynchron_report_release(r);
    return 1;
}
static int do_report_next(asynchron_t *a)
{
    asynchron_item_t item;
    (void)a;
    return asynchron_report_next(report, 1000, &item) == ASYNCHRON_END;
}
static int do_report_next_batch(asynchron_t *a)
{
    asynchron_item_t item;
    size_t n;
    (void)a;
    return asynchron_report_next_batch(report, 1000, &item, 1, &n) == ASYNCHRON_END;
}
static int do_report_pending(asynchron_t *a) { (void)a; return asynchron_report_pending(report) == 0; }
static int do_report_wake(asynchron_t *a)
{
    asynchron_item_t item;
    (void)a;
    return asynchron_report_wake(report) == ASYNCHRON_OK &&
           asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_WOKEN;
}
static int do_report_close(asynchron_t *a)
{
    asynchron_report_t *r;
    int done;
    GRANTED(r = asynchron_report_create(NULL, 0)); /* one without room for anything */
    done = asynchron_report_close(r) == ASYNCHRON_OK && asynchron_report_close(r) == ASYNCHRON_OK &&
           asynchron_report_add(r, a, NULL) == ASYNCHRON_E_CLOSED;
    asynchron_report_release(r);
    return done;
}
static int do_report_rearm(asynchron_t *a) { (void)a; return asynchron_report_rearm(report) == ASYNCHRON_OK; }
static int do_report_fd(asynchron_t *a) { (void)a; return asynchron_report_fd(report) >= 0; }
static int do_report_watch(asynchron_t *a)
{
    (void)a;
    return asynchron_report_watch(report, 1) == ASYNCHRON_OK && asynchron_report_watch(report, 1) == ASYNCHRON_ALREADY &&
           asynchron_report_watch(report, 0) == ASYNCHRON_OK;
}

/* DOES_WITHOUT: asks for some, and is never refused. */
enum { NEVER, DOES_WITHOUT, PERHAPS, NEEDS_MEMORY };
#define FUNCTION(name) "asynchron_" #name

static const struct { const char *function, *how; int (*run)(asynchron_t *); int memory; } calls[] = {
    { FUNCTION(version), "", do_version, NEVER },
    { FUNCTION(forever), "", do_forever, NEVER },
    { FUNCTION(status_string), "", do_status_string, NEVER },
    { FUNCTION(create), "", do_create, NEEDS_MEMORY },
    { FUNCTION(create), "named", do_create_named, NEEDS_MEMORY },
    { FUNCTION(create_with), "", do_create_with, NEEDS_MEMORY },
    { FUNCTION(create_with), "reserve alone", do_create_reserved, NEEDS_MEMORY },
    { FUNCTION(retain), "", do_retain_release, NEVER },
    { FUNCTION(release), "", do_retain_release, NEVER },
    { FUNCTION(drop_guarded), "", do_drop_guarded, NEVER },
    { FUNCTION(state), "", do_state, NEVER },
    { FUNCTION(poll), "", do_poll, NEVER },
    { FUNCTION(name), "", do_name, NEEDS_MEMORY },
    { FUNCTION(user_data), "", do_user_data, NEVER },
    { FUNCTION(is_shared), "", do_is_shared, NEVER },
    { FUNCTION(is_held), "", do_is_held, NEVER },
    { FUNCTION(is_on_demand), "", do_is_on_demand, NEVER },
    { FUNCTION(set_bytes), "1000", do_set_bytes, NEEDS_MEMORY },
    { FUNCTION(set_bytes), "1000 of 1000 reserved", do_set_reserved, NEVER },
    { FUNCTION(set_bytes), "1000 of 999 reserved", do_set_over_reserved, NEEDS_MEMORY },
    { FUNCTION(set_bytes), "17", do_set_17, PERHAPS },
    { FUNCTION(set_bytes), "16", do_set_16, NEVER },
    { FUNCTION(set_pointer), "", do_set_pointer, NEVER },
    { FUNCTION(set_buffer), "", do_set_buffer, NEVER },
    { FUNCTION(fail), "a message", do_fail, NEEDS_MEMORY },
    { FUNCTION(fail), "", do_fail_plain, NEVER },
    { FUNCTION(fail_with), "", do_fail_with, NEEDS_MEMORY },
    { FUNCTION(cancel), "", do_cancel, NEVER },
    { FUNCTION(cancel_with), "a reason", do_cancel_with, NEEDS_MEMORY },
    { FUNCTION(cancel_with), "", do_cancel_plain, NEVER },
    { FUNCTION(cancel_pending), "a reason", do_cancel_pending, NEEDS_MEMORY },
    { FUNCTION(cancel_pending), "", do_cancel_pending_plain, NEVER },
    { FUNCTION(follow), "", do_follow, NEEDS_MEMORY },
    { FUNCTION(follow), "a complete one", do_follow_complete, NEVER },
    { FUNCTION(follow), "a chain completes", do_follow_on, NEVER },
    { FUNCTION(start), "", do_start, NEVER },
    { FUNCTION(wait_returned), "", do_wait_returned, NEVER },
    { FUNCTION(promise_create), "", do_promise, NEEDS_MEMORY },
    { FUNCTION(promise_asynchron), "", do_promise, NEEDS_MEMORY },
    { FUNCTION(promise_retain), "", do_promise_release, NEVER },
    { FUNCTION(promise_release), "", do_promise_release, NEVER },
    { FUNCTION(executor_create), "", do_executor_create, NEEDS_MEMORY },
    { FUNCTION(executor_default), "", do_executor_default, NEVER },
    { FUNCTION(executor_retain), "", do_executor_retain, NEVER },
    { FUNCTION(executor_release), "", do_executor_retain, NEVER },
    { FUNCTION(executor_shutdown), "", do_executor_shutdown, NEVER },
    { FUNCTION(spawn_on), "", do_spawn_on, NEEDS_MEMORY },
    { FUNCTION(task_run), "", do_task_run, NEVER },
    { FUNCTION(task_discard), "", do_task_discard, DOES_WITHOUT },
    { FUNCTION(notify_with), "an executor", do_notify_on, NEEDS_MEMORY },
    { FUNCTION(then_with), "an executor", do_then_on, NEEDS_MEMORY },
    { FUNCTION(run_due), "", do_run_due, NEVER },
    { FUNCTION(drop), "", do_drop, NEVER },
    { FUNCTION(take), "", do_take, NEVER },
    { FUNCTION(get), "", do_get, NEVER },
    { FUNCTION(get_timeout), "", do_get_timeout, NEVER },
    { FUNCTION(get_bytes), "", do_get_bytes, NEVER },
    { FUNCTION(wait), "", do_wait, NEVER },
    { FUNCTION(error), "", do_error, NEVER },
    { FUNCTION(call), "", do_call, NEVER },
    { FUNCTION(progress), "", do_progress, NEEDS_MEMORY },
    { FUNCTION(progress), "again", do_progress_again, NEVER },
    { FUNCTION(progress_of), "", do_progress_of, NEVER },
    { FUNCTION(expire_after), "now", do_expire_now, NEVER },
    { FUNCTION(notify), "", do_notify, NEEDS_MEMORY },
    { FUNCTION(notify_with), "", do_notify_with, NEEDS_MEMORY },
    { FUNCTION(unnotify), "", do_unnotify, NEVER },
    { FUNCTION(try_unnotify), "", do_try_unnotify, NEVER },
    { FUNCTION(report_create), "", do_report_create, NEEDS_MEMORY },
    { FUNCTION(report_retain), "", do_report_retain, NEVER },
    { FUNCTION(report_release), "", do_report_retain, NEVER },
    { FUNCTION(report_add), "", do_report_add, NEEDS_MEMORY },
    { FUNCTION(report_remove), "", do_report_remove, NEVER },
    { FUNCTION(report_remove), "500", do_report_remove_many, DOES_WITHOUT },
    { FUNCTION(report_next), "", do_report_next, NEVER },
    { FUNCTION(report_next_batch), "", do_report_next_batch, NEVER },
    { FUNCTION(report_pending), "", do_report_pending, NEVER },
    { FUNCTION(report_wake), "", do_report_wake, NEVER },
    { FUNCTION(report_close), "", do_report_close, NEVER },
    { FUNCTION(report_rearm), "", do_report_rearm, NEVER },
    { FUNCTION(report_fd), "", do_report_fd, PERHAPS },
    { FUNCTION(report_watch), "", do_report_watch, PERHAPS },
    { FUNCTION(wait_any), "500", do_wait_any, PERHAPS },
    { FUNCTION(wait_any), "32", do_wait_any_few, DOES_WITHOUT },
    { FUNCTION(wait_all), "500", do_wait_all, NEVER },
    { FUNCTION(after), "", do_after, NEEDS_MEMORY },
    { FUNCTION(after), "into", do_after_into, NEEDS_MEMORY },
    { FUNCTION(then), "", do_then, NEEDS_MEMORY },
    { FUNCTION(after_with), "into", do_after_with, NEEDS_MEMORY },
    { FUNCTION(then_with), "", do_then_with, NEEDS_MEMORY },
    { FUNCTION(all), "", do_all, NEEDS_MEMORY },
    { FUNCTION(all), "of complete ones", do_all_complete, NEEDS_MEMORY },
    { FUNCTION(all), "into a complete one", do_all_into_complete, NEVER },
    { FUNCTION(any), "", do_any, NEEDS_MEMORY },
    { FUNCTION(race), "", do_race, NEEDS_MEMORY },
    { FUNCTION(race), "into a new one", do_race_new, NEEDS_MEMORY },
    /* The last ones: the threads come and go as they like. */
    { FUNCTION(create_with), "expire_after_ns alone", do_create_expiring, NEEDS_MEMORY },
    { FUNCTION(expire_after), "", do_expire_after, NEEDS_MEMORY },
    { FUNCTION(expire_after), "again, and never", do_expire_again, NEVER },
    { FUNCTION(expire_after), "once another was taken back", do_expire_after_another, NEVER },
    { FUNCTION(timer), "", do_timer, NEEDS_MEMORY },
    { FUNCTION(spawn), "", do_spawn, PERHAPS },
};

static bool has_threads(int (*run)(asynchron_t *))
{
    return run == do_spawn || run == do_create_expiring || run == do_expire_after || run == do_expire_again ||
           run == do_expire_after_another || run == do_timer;
}

/* Plays one, and ends it with the asynchron released. True: it was refused memory. */
static int refused(size_t call, long working)
{
    asynchron_t *first = many[0], *a = asynchron_create(NULL);
    long before = blocks, asked;
    int done;

    drops = 0;
    allocations_failed = 0;
    allocations_left = working;
    asked = allocations_asked;
    done = calls[call].run(a);
    asked = allocations_asked - asked;
    allocations_left = -1;
    many[0] = first;
    if (done < 0 || (done == 0 && allocations_failed == 0) || (asked > 0 && calls[call].memory == NEVER) ||
        (asked == 0 && calls[call].memory == NEEDS_MEMORY) ||
        (done != 1 && calls[call].memory == DOES_WITHOUT) || working > 5000) {
        fprintf(stderr, "%s, %s: wrong after %ld allocations: %d, asked for %ld\n", calls[call].function,
                calls[call].how, working, done, asked);
        exit(1);
    }
    if (done == 0) {
        /* Nothing has changed: it can be delivered, and nobody else is told. */
        CHECK(asynchron_state(a) == ASYNCHRON_STATE_PENDING);
        CHECK(asynchron_set_bytes(a, "x", 1) == ASYNCHRON_OK);
    }
    asynchron_release(a);
    /* Nothing is left, and a's own block is gone. Of threads the system keeps what it needs to make the next. */
    CHECK(blocks == before - 1 || has_threads(calls[call].run));
    return allocations_failed > 0;
}

int main(int argc, char **argv)
{
    size_t count = sizeof calls / sizeof *calls;

    if (argc > 1 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; i < count; i++)
            puts(calls[i].function);
        return 0;
    }
    for (int i = 0; i < 500; i++)
        many[i] = asynchron_create(NULL);
    report = asynchron_report_create(NULL, 0);
    if (argc > 1 && strcmp(argv[1], "sleep") == 0)
        CHECK(asynchron_wait(many[0], 20000000) == ASYNCHRON_TIMEOUT);
    for (size_t i = 0; i < count; i++)
        for (long working = 0; refused(i, working); working++)
            ;
    return 0;
}
