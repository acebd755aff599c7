/* duty.h: what is handed to callbacks and functions, and how each of them notes what became of it.
 *
 * The notes are plain variables: that a drop sees what the call before it wrote is the library's to arrange, and
 * ThreadSanitizer's to see. */
#ifndef DUTY_H
#define DUTY_H

#include "wait.h"

struct duty {
    atomic_int references; /* the library's, and that of whoever may take it back */
    bool callback;         /* else a function */
    bool spawned;
    bool must_run;
    bool quiet;            /* does nothing further */
    bool begun, ended, dropped;
    bool followed;         /* what it computes was not complete when it returned */
    size_t n;              /* sources */
    uint64_t token;
};

/* What callbacks and functions do further: any call, on any asynchron. In act.h. */
static void act(asynchron_t *self);
static bool follow_any(asynchron_t *self);

static struct duty *make_duty(bool callback, int references)
{
    struct duty *duty = allocate(sizeof *duty);
    atomic_init(&duty->references, references);
    duty->callback = callback;
    duty->quiet = inside > 0;
    return duty;
}

static void leave_duty(struct duty *duty)
{
    if (atomic_fetch_sub_explicit(&duty->references, 1, memory_order_acq_rel) == 1)
        free(duty);
}

static void drop_duty(void *p)
{
    struct duty *duty = p;
    REQUIRE(!duty->dropped);
    REQUIRE(duty->begun == duty->ended);
    duty->dropped = true;
    if (!duty->ended)
        count(duty->callback ? CALLBACKS_UNRUN : FUNCTIONS_UNRUN);
    if (duty->must_run && !duty->ended)
        count(UNRUN_AFTERS);
    if (duty->spawned)
        count(SPAWNED_GONE);
    count(CONTEXTS_GONE);
    leave_duty(duty);
}

static void begin(struct duty *duty)
{
    REQUIRE(!duty->begun && !duty->dropped);
    duty->begun = true;
}

static void end(struct duty *duty)
{
    REQUIRE(!duty->ended && !duty->dropped);
    duty->ended = true;
    count(duty->callback ? CALLBACKS_RAN : FUNCTIONS_RAN);
}

static void run_callback(asynchron_t *a, struct duty *duty)
{
    inside++;
    begin(duty);
    REQUIRE(look(a) != NOTHING);
    if (duty->token != 0 && one_in(4))
        REQUIRE(asynchron_unnotify(a, duty->token) == ASYNCHRON_ALREADY);
    if (!duty->quiet && one_in(3))
        act(a);
    end(duty);
    inside--;
}

static void called(asynchron_t *a, void *ctx)
{
    run_callback(a, ctx);
}

/* One without a drop is freed by its only call. */
static void called_once(asynchron_t *a, void *ctx)
{
    run_callback(a, ctx);
    leave_duty(ctx);
}

/* The body of every function: delivers, or returns a code, or nothing, and whatever else. */
static int32_t work(asynchron_t *self, struct duty *duty)
{
    begin(duty);
    computing++;
    note_start(self);
    if (one_in(4)) {
        /* Waiting for oneself ends at once, and not with the time. */
        asynchron_status_t status = asynchron_get_timeout(self, pick(2) * UINT64_C(3600000000000), NULL);
        REQUIRE(status == ASYNCHRON_E_DEADLOCK || look(self) != NOTHING);
    }
    if (!duty->quiet && computing < 3 && one_in(2))
        act(self);
    if (one_in(2))
        deliver(self, pick(WAYS));
    else if (one_in(4))
        duty->followed = follow_any(self);
    computing--;
    end(duty);
    return (int32_t)pick(4);
}

static int32_t compute(asynchron_t *self, void *ctx)
{
    return work(self, ctx);
}

static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *ctx)
{
    struct duty *duty = ctx;
    int32_t code;
    size_t i;
    inside++;
    REQUIRE(n == duty->n);
    for (i = 0; i < n; i++)
        REQUIRE(look(sources[i]) != NOTHING);
    code = work(self, duty);
    inside--;
    return code;
}

static int32_t join_value(asynchron_t *self, asynchron_t *const *sources, size_t n, void *ctx)
{
    REQUIRE(n == 1 && asynchron_poll(sources[0]) == ASYNCHRON_OK);
    return join(self, sources, n, ctx);
}

static struct duty *make_function(void)
{
    count(CONTEXTS_MADE);
    return make_duty(false, 1);
}

enum kind { PLAIN, OPEN, GUARDED };

/* A new one, with a name or not; all but plain ones with a function on demand or not; guarded or not. */
static asynchron_t *make(enum kind kind)
{
    static _Atomic uint64_t serials;
    struct subject *subject = allocate(sizeof *subject);
    asynchron_options_t options = { sizeof options, NULL, subject, subject_gone, NULL, NULL, NULL, 0 };
    asynchron_t *a = NULL;

    subject->serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed);
    if (one_in(4))
        options.name = "stress";
    if (one_in(3))
        options.reserve = pick(80);
    if (kind != PLAIN && one_in(6)) {
        options.on_demand = compute;
        options.on_demand_ctx = make_function();
        options.drop_on_demand_ctx = drop_duty;
    }
    count(HANDLES_MADE);
    if (asynchron_create_with(&options, &a) != ASYNCHRON_OK) {
        fault("no asynchron could be made");
        abort();
    }
    if (kind == GUARDED) {
        struct errand errand = { asynchron_retain(a), now_ns() + pick(500000), 0 };
        subject->guarded = order(&finisher, errand);
        if (!subject->guarded)
            asynchron_release(a);
    }
    return a;
}

#endif
