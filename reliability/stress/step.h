/* step.h: those that complete by others: what follows, comes after, or is several as one. */
#ifndef STEP_H
#define STEP_H

#include "ticket.h"

/* The answer to whoever had it follow: false if it was complete. */
static bool follow(asynchron_t *into, asynchron_t *source)
{
    struct subject *subject = asynchron_user_data(into);
    asynchron_status_t status;
    if (subject != NULL)
        atomic_store_explicit(&subject->follows, true, memory_order_relaxed);
    status = asynchron_follow(into, source);
    if (status == ASYNCHRON_OK) {
        count(FOLLOWS);
        if (subject != NULL)
            atomic_store_explicit(&subject->into, true, memory_order_relaxed);
        return true;
    }
    REQUIRE(status == ASYNCHRON_ALREADY || status == ASYNCHRON_CANCELLED || into == source);
    REQUIRE(into == source || look(into) != NOTHING);
    return false;
}

/* One that surely completes, so that it may follow anything, and anything it: a circle ends. */
static bool follow_any(asynchron_t *self)
{
    asynchron_t *source = grab();
    bool follows = is_guarded(source) && follow(self, source);
    let_go(source);
    return follows;
}

/* One that follows several, and is itself followed: younger than its sources are, so that none keeps itself. */
static void follow_several(asynchron_t *const *as, size_t n)
{
    asynchron_t *into = make(one_in(2) ? GUARDED : OPEN), *last = make(OPEN);
    size_t i;

    follow(last, into);
    for (i = 0; i < n; i++)
        follow(into, as[i]);
    if (one_in(3))
        replace(asynchron_retain(into));
    if (one_in(3))
        deliver(into, pick(WAYS));
    if (one_in(2))
        call_back_later(last);
    if (one_in(2))
        await_one(into, is_guarded(into));
    let_go(into);
    let_go(last);
}

/* One to come after others. A given `into` is younger than its sources are, so that none keeps itself. */
static void chain(asynchron_t *const *as, size_t n)
{
    struct duty *duty = make_function(1);
    asynchron_t *into = one_in(2) ? make(one_in(2) ? GUARDED : OPEN) : NULL, *result = NULL;
    struct place *place = one_in(3) ? grab_place() : NULL;
    asynchron_step_options_t options = { sizeof options, join, duty, drop_duty, 0, NULL };
    bool then = n == 1 && one_in(2), with = place != NULL || one_in(2), rival = one_in(3);

    duty->n = n;
    if (then)
        duty->wanted = !with ? ASYNCHRON_ON_VALUE : one_in(2) ? some_ways() : 0;
    duty->must_run = duty->wanted == 0 && place == NULL && into == NULL && !rival;
    if (into != NULL) {
        struct subject *subject = asynchron_user_data(into);
        atomic_store_explicit(&subject->into, true, memory_order_relaxed);
        if (one_in(4))
            replace(asynchron_retain(into));
    }
    if (with) {
        options.flags = duty->wanted;
        options.executor = place == NULL ? NULL : place->executor;
        REQUIRE((then ? asynchron_then_with(as[0], into, &options, &result)
                      : asynchron_after_with(as, n, into, &options, &result)) == ASYNCHRON_OK);
    } else if (then) {
        result = asynchron_then(as[0], into, join, duty, drop_duty);
    } else {
        result = asynchron_after(as, n, into, join, duty, drop_duty);
    }
    REQUIRE(result != NULL && (into == NULL || result == into));
    if (place != NULL)
        leave_place(place);
    if (rival)
        deliver(result, pick(WAYS));
    if (one_in(2))
        await_one(result, is_guarded(result));
    let_go(result);
    if (into != NULL)
        let_go(into);
}

/* Several as one, and that one in a race with one of ours, which cancels whatever is late: perhaps the several. */
static void as_one(asynchron_t *const *as, size_t n)
{
    asynchron_t *(*const ways[])(asynchron_t *const *, size_t, asynchron_t *, uint64_t) = {
        asynchron_all, asynchron_any, asynchron_race
    };
    asynchron_t *own = asynchron_create(NULL), *both[2], *race;
    bool all = one_in(8);
    size_t i;

    REQUIRE(own != NULL);
    for (i = 0; all && i < n; i++)
        allow(as[i], AS_THE_REST);
    both[0] = own;
    both[1] = ways[pick(3)](as, n, NULL, all ? ASYNCHRON_CANCEL_REST : 0);
    REQUIRE(both[1] != NULL);
    race = asynchron_race(both, 2, NULL, ASYNCHRON_CANCEL_REST);
    REQUIRE(race != NULL);
    switch (pick(3)) {
    case 0: (void)asynchron_cancel(race); break;
    case 1: (void)asynchron_set_bytes(own, "own", 3); break;
    default: break; /* it breaks */
    }
    asynchron_release(own);
    REQUIRE(asynchron_poll(race) != ASYNCHRON_PENDING && asynchron_poll(both[1]) != ASYNCHRON_PENDING);
    asynchron_release(both[1]);
    asynchron_release(race);
}

#endif
