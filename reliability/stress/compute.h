/* compute.h: functions, here, on background threads, and where an executor has them run. */
#ifndef COMPUTE_H
#define COMPUTE_H

#include "step.h"

enum { MOST_SPAWNED = 128 };

static void call_here(asynchron_t *a)
{
    struct duty duty = { .quiet = inside > 0 };
    asynchron_status_t status = asynchron_call(a, compute, &duty);
    if (status == ASYNCHRON_OK)
        REQUIRE(duty.ended && (duty.followed || may_follow(a) || look(a) != NOTHING));
    else
        REQUIRE(!duty.begun && (status == ASYNCHRON_ALREADY || status == ASYNCHRON_CANCELLED));
}

/* Queues a function. `duty`, with a reference of the caller's, says what became of it. False: it was refused. */
static bool spawn(asynchron_t *a, struct duty *duty)
{
    struct place *place = one_in(2) ? grab_place() : NULL;
    asynchron_status_t status;

    duty->spawned = true;
    duty->place = hold_place(place);
    count(SPAWNED);
    if (place == NULL) {
        status = asynchron_spawn(a, compute, duty, drop_duty);
        REQUIRE(status == ASYNCHRON_OK);
    } else {
        allow(a, BY_SHUTDOWN);
        status = asynchron_spawn_on(place->executor, a, compute, duty, drop_duty);
        switch (status) {
        case ASYNCHRON_OK: break;
        case ASYNCHRON_E_CLOSED:
            REQUIRE(atomic_load_explicit(&place->closing, memory_order_relaxed));
            break;
        default: REQUIRE(status == ASYNCHRON_E_SYSTEM && place->posts);
        }
        leave_place(place);
    }
    if (status != ASYNCHRON_OK)
        REQUIRE(duty->dropped && !duty->begun);
    return status == ASYNCHRON_OK;
}

static void spawn_and_leave(asynchron_t *a)
{
    struct duty *duty;
    if (total(SPAWNED) - total(SPAWNED_GONE) > MOST_SPAWNED)
        return;
    duty = make_function(2);
    spawn(a, duty);
    leave_duty(duty);
}

/* Waits until a function has returned, whoever completes what it computes: then nothing of it is in use. */
static void await_return(void)
{
    asynchron_t *a = make(one_in(2) ? GUARDED : OPEN);
    struct duty *duty = make_function(2);
    bool outside = inside == 0 && computing == 0;
    asynchron_status_t status;

    if (one_in(2))
        replace(asynchron_retain(a));
    if (!spawn(a, duty) || one_in(2))
        deliver(a, pick(WAYS));
    if (outside && one_in(2)) {
        count(WAITS);
        REQUIRE(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        count(WAITS_OVER);
    }
    if (look(a) != NOTHING || one_in(4)) {
        bool complete = look(a) != NOTHING;
        status = asynchron_wait_returned(a, outside ? ASYNCHRON_FOREVER : pick(20000));
        count(RETURNS);
        if (status == ASYNCHRON_OK)
            REQUIRE(!complete || !duty->begun || duty->dropped);
        else
            REQUIRE(!outside && (status == ASYNCHRON_TIMEOUT || status == ASYNCHRON_E_DEADLOCK));
    }
    leave_duty(duty);
    let_go(a);
}

/* For another's function. Only who runs nothing waits without a limit. */
static void await_any_return(asynchron_t *a)
{
    bool outside = inside == 0 && computing == 0;
    asynchron_status_t status = asynchron_wait_returned(a, outside && one_in(2) ? ASYNCHRON_FOREVER : pick(20000));
    count(RETURNS);
    REQUIRE(status == ASYNCHRON_OK || status == ASYNCHRON_TIMEOUT || (status == ASYNCHRON_E_DEADLOCK && !outside));
}

#endif
