/* promise.h: the producers' shares, each of which is given up once. */
#ifndef PROMISE_H
#define PROMISE_H

#include "subject.h"

static asynchron_promise_t *promise(asynchron_t *a, bool for_somebody)
{
    asynchron_promise_t *p;
    if (for_somebody)
        allow(a, FOR_NOBODY);
    p = asynchron_promise_create(a, for_somebody ? ASYNCHRON_PROMISE_CANCEL_UNWANTED : 0);
    REQUIRE(p != NULL && asynchron_promise_asynchron(p) == a);
    count(PROMISES_MADE);
    return p;
}

static asynchron_promise_t *one_more(asynchron_promise_t *p)
{
    if (p != NULL)
        count(PROMISES_MADE);
    return asynchron_promise_retain(p);
}

static void give_up(asynchron_promise_t *p)
{
    if (p != NULL)
        count(PROMISES_GONE);
    asynchron_promise_release(p);
}

#endif
