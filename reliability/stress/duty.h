/* duty.h: what is handed to callbacks and functions, and how each of them notes what became of it.
 *
 * The notes are plain variables: that a drop sees what the call before it wrote is the library's to arrange, and
 * ThreadSanitizer's to see. */
#ifndef DUTY_H
#define DUTY_H

#include "deadline.h"
#include "place.h"
#include "progress.h"

struct duty {
    atomic_int references; /* the library's, and that of whoever may take it back */
    bool callback;         /* else a function */
    bool spawned;
    bool must_run;
    bool quiet;            /* does nothing further */
    bool may_be_discarded; /* its executor's tasks may be */
    bool refused;          /* or taken back: it never ran for that */
    bool begun, ended, dropped;
    bool followed;         /* what it computes was not complete when it returned */
    size_t n;              /* sources */
    uint64_t wanted;       /* the ways of ending that it is for; 0: all */
    struct place *place;   /* where the function runs, if that is an executor of ours */
    uint64_t token;
};

/* Some of the ways of ending: at least one. */
static uint64_t some_ways(void)
{
    static const uint64_t all = ASYNCHRON_ON_VALUE | ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL;
    uint64_t some = random_number() & all;
    return some == 0 ? ASYNCHRON_ON_VALUE : some;
}

static bool is_wanted(uint64_t ways, asynchron_t *a)
{
    switch (asynchron_poll(a)) {
    case ASYNCHRON_OK: return ways == 0 || (ways & ASYNCHRON_ON_VALUE) != 0;
    case ASYNCHRON_FAILED: return ways == 0 || (ways & ASYNCHRON_ON_FAILURE) != 0;
    case ASYNCHRON_CANCELLED: return ways == 0 || (ways & ASYNCHRON_ON_CANCEL) != 0;
    default: return false;
    }
}

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
    if (atomic_fetch_sub_explicit(&duty->references, 1, memory_order_acq_rel) != 1)
        return;
    if (duty->callback && !duty->ended && !duty->refused) {
        REQUIRE(duty->wanted != 0 || duty->may_be_discarded);
        count(duty->wanted != 0 ? UNASKED : DISCARDED);
    }
    forget_place(duty->place);
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
    if (duty->begun)
        place_is_done(duty->place);
    count(CONTEXTS_GONE);
    leave_duty(duty);
}

static void begin(struct duty *duty)
{
    REQUIRE(!duty->begun && !duty->dropped);
    duty->begun = true;
    place_begins(duty->place);
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
    REQUIRE(look(a) != NOTHING && is_wanted(duty->wanted, a));
    if (duty->token != 0 && one_in(4))
        REQUIRE(asynchron_unnotify(a, duty->token) == ASYNCHRON_ALREADY);
    if (!duty->quiet && one_in(3))
        act(a);
    if (inside < 3 && one_in(8))
        asynchron_run_due();
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
    if (one_in(4))
        progress(self);
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
        REQUIRE(look(sources[i]) != NOTHING && is_wanted(duty->wanted, sources[i]));
    code = work(self, duty);
    inside--;
    return code;
}

static struct duty *make_function(int references)
{
    count(CONTEXTS_MADE);
    return make_duty(false, references);
}

enum kind { PLAIN, OPEN, GUARDED };

/* A new one, with a name or not; all but plain ones with a function on demand or not; guarded or not. */
static asynchron_t *make(enum kind kind)
{
    static _Atomic uint64_t serials;
    struct subject *subject = allocate(sizeof *subject);
    asynchron_options_t options = { sizeof options, NULL, subject, subject_gone, NULL, NULL, NULL, 0, 0 };
    asynchron_t *a = NULL;

    subject->serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed);
    if (one_in(4))
        options.name = "stress";
    if (one_in(3))
        options.reserve = pick(80);
    if (kind != PLAIN && one_in(6)) {
        options.on_demand = compute;
        options.on_demand_ctx = make_function(1);
        options.drop_on_demand_ctx = drop_duty;
    }
    atomic_init(&subject->due, UINT64_MAX);
    subject->needs_deadline = kind == GUARDED && one_in(4);
    if (subject->needs_deadline || (kind != PLAIN && one_in(6))) {
        options.expire_after_ns = 1 + pick(500000);
        note_deadline(subject, options.expire_after_ns);
    }
    count(HANDLES_MADE);
    if (asynchron_create_with(&options, &a) != ASYNCHRON_OK) {
        fault("no asynchron could be made");
        abort();
    }
    if (subject->needs_deadline) {
        subject->guarded = true;
    } else if (kind == GUARDED) {
        struct errand errand = { asynchron_retain(a), now_ns() + pick(500000), 0, NULL };
        subject->guarded = order(&finisher, errand);
        if (!subject->guarded)
            asynchron_release(a);
    }
    return a;
}

#endif
