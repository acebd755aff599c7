/* producer.h: what producers do with promises, and what who waits may expect of them. */
#ifndef PRODUCER_H
#define PRODUCER_H

#include "ticket.h"

static asynchron_promise_t *grab_promise(void)
{
    asynchron_promise_t *p;
    unsigned i = pick(PROMISES);
    pthread_mutex_lock(&shared.lock);
    p = one_more(shared.promises[i]);
    pthread_mutex_unlock(&shared.lock);
    return p;
}

static void replace_promise(asynchron_promise_t *p)
{
    asynchron_promise_t *old;
    unsigned i = pick(PROMISES);
    pthread_mutex_lock(&shared.lock);
    old = shared.promises[i];
    shared.promises[i] = p;
    pthread_mutex_unlock(&shared.lock);
    give_up(old);
}

/* Through a promise alone, with or without a handle of others: anything that a producer does. */
static void use_promise(void)
{
    asynchron_promise_t *p = grab_promise();
    asynchron_t *a = asynchron_promise_asynchron(p);
    if (p == NULL)
        return;
    switch (pick(6)) {
    case 0: deliver(a, pick(WAYS)); break;
    case 1: progress(a); break;
    case 2: replace_promise(one_more(p)); break;
    case 3: replace_promise(promise(a, one_in(3))); break;
    case 4: await_one(a, is_guarded(a)); break;
    default: look(a);
    }
    give_up(p);
}

/* One that several have promised: some give up. Whoever waits returns, whatever they do. */
static void await_promised(void)
{
    asynchron_t *a = make(PLAIN);
    asynchron_promise_t *mine = promise(a, one_in(3));
    unsigned n = 1 + pick(3);
    bool ends = one_in(2);

    while (n-- > 0) {
        struct errand errand = { NULL, 0, 0, one_more(mine) };
        if (!order(one_in(2) ? &courier : &finisher, errand))
            give_up(errand.promise);
    }
    if (!ends)
        replace_promise(one_more(mine)); /* for others, as long as they want */
    if (one_in(2))
        call_back_later(a);
    if (one_in(2))
        deliver(a, pick(WAYS));
    give_up(mine);
    await_one(a, ends);
    let_go(a);
}

/* Nobody wants it any more, as its producer learns; and one that somebody wants goes on. */
static void unwanted(void)
{
    asynchron_t *a = make(PLAIN);
    asynchron_promise_t *p = promise(a, true);
    bool late = one_in(3);
    if (one_in(2))
        REQUIRE(outcome(a) == NOTHING);
    if (late)
        deliver(a, pick(WAYS));
    asynchron_release(a);
    a = asynchron_promise_asynchron(p);
    REQUIRE(late ? look(a) != FOR_NOBODY : look(a) == FOR_NOBODY);
    give_up(p);
}

#endif
