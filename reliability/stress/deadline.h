/* deadline.h: deadlines, which race with every delivery, and timers. */
#ifndef DEADLINE_H
#define DEADLINE_H

#include "wait.h"

/* Before a deadline is given: it will not be over before. */
static void note_deadline(struct subject *subject, uint64_t timeout)
{
    uint64_t due = now_ns() + timeout, seen = atomic_load_explicit(&subject->due, memory_order_relaxed);
    atomic_fetch_or_explicit(&subject->may, 1U << AT_DEADLINE, memory_order_relaxed);
    while (due < seen
           && !atomic_compare_exchange_weak_explicit(&subject->due, &seen, due, memory_order_relaxed,
                                                     memory_order_relaxed)) {}
}

/* Gives it a deadline, another one, or none. */
static void arm(asynchron_t *a)
{
    struct subject *subject = asynchron_user_data(a);
    uint64_t timeout = one_in(3) ? 0 : one_in(3) ? UINT64_C(3600000000000) : 1 + pick(300000);
    asynchron_status_t status;

    if (subject == NULL)
        return;
    if (subject->needs_deadline)
        timeout = 0;
    else if (one_in(4))
        timeout = ASYNCHRON_FOREVER;
    if (timeout != ASYNCHRON_FOREVER)
        note_deadline(subject, timeout);
    status = asynchron_expire_after(a, timeout);
    if (status == ASYNCHRON_OK)
        count(DEADLINES);
    else
        REQUIRE(status == ASYNCHRON_ALREADY || status == ASYNCHRON_CANCELLED);
    if (status != ASYNCHRON_OK || timeout == 0)
        REQUIRE(look(a) != NOTHING);
}

/* A timer, which keeps itself until its time is over; sometimes it is cancelled or let go first. */
static asynchron_t *make_timer(void)
{
    uint64_t timeout = one_in(4) ? 0 : pick(300000), start = now_ns();
    asynchron_t *timer = asynchron_timer(timeout);
    REQUIRE(timer != NULL);
    count(TIMERS);
    if (one_in(3)) {
        deliver(timer, pick(WAYS));
    } else if (inside == 0 && one_in(2)) {
        count(WAITS);
        REQUIRE(asynchron_wait(timer, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        count(WAITS_OVER);
        REQUIRE(look(timer) == EMPTY && now_ns() - start >= timeout);
    }
    return timer;
}

#endif
