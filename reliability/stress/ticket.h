/* ticket.h: callbacks, and taking them back. */
#ifndef TICKET_H
#define TICKET_H

#include "shared.h"

enum { TOKENS = 8 };

/* A callback that can be taken back. */
struct ticket {
    asynchron_t *a;
    struct duty *duty;
    uint64_t token;
};

static _Thread_local struct ticket tickets[TOKENS];
static struct ticket offered; /* to any thread, under the lock: two may take the same one back */

/* What is left of it, if nobody took it back: it ran, or never will. */
static bool has_run(const struct duty *duty)
{
    return duty->dropped && (duty->ended || duty->may_be_discarded || duty->wanted != 0);
}

/* Registers; returns the duty, with a reference of the caller's, if it may be taken back. */
static struct duty *listen(asynchron_t *a, uint64_t *token)
{
    struct duty *duty = make_duty(true, 2);
    struct place *place = one_in(3) ? grab_place() : NULL;
    asynchron_notify_options_t options = { sizeof options, called, duty, drop_duty, 0, NULL };
    asynchron_status_t status;

    if (place != NULL) {
        options.executor = place->executor;
        duty->may_be_discarded = place->posts;
    }
    duty->wanted = options.flags = one_in(4) ? some_ways() : 0;
    if (one_in(3))
        options.flags |= ASYNCHRON_NOTIFY_IF_PENDING;
    count(CALLBACKS);
    count(CONTEXTS_MADE);
    /* Written before the callback can run, and so read there. */
    status = asynchron_notify_with(a, &options, &duty->token);
    if (place != NULL)
        leave_place(place);
    if (status == ASYNCHRON_OK) {
        *token = duty->token;
        REQUIRE(*token != 0);
        return duty;
    }
    REQUIRE(status == ASYNCHRON_ALREADY && (options.flags & ASYNCHRON_NOTIFY_IF_PENDING) != 0 && look(a) != NOTHING);
    REQUIRE(duty->dropped && !duty->begun && duty->token == 0);
    count(NOT_TAKEN);
    duty->refused = true;
    leave_duty(duty);
    return NULL;
}

static void listen_plainly(asynchron_t *a)
{
    count(CALLBACKS);
    REQUIRE(asynchron_notify(a, called_once, make_duty(true, 1)) == ASYNCHRON_OK);
}

/* Takes a callback back; `alone`: no other thread does. False if it has to be tried again. */
static bool take_back(const struct ticket *ticket, bool alone)
{
    bool wait = inside == 0 && computing == 0 && one_in(2);
    asynchron_status_t status = wait ? asynchron_unnotify(ticket->a, ticket->token)
                                     : asynchron_try_unnotify(ticket->a, ticket->token);
    if (status == ASYNCHRON_PENDING) {
        REQUIRE(!wait);
        return false;
    }
    if (status == ASYNCHRON_OK) {
        count(TAKEN_BACK);
        REQUIRE(ticket->duty->dropped && !ticket->duty->begun);
        ticket->duty->refused = true;
    } else if (status != ASYNCHRON_ALREADY || (alone && !has_run(ticket->duty)))
        fault("%s said %d: begun %d, ended %d, dropped %d", wait ? "unnotify" : "try_unnotify", (int)status,
              ticket->duty->begun, ticket->duty->ended, ticket->duty->dropped);
    leave_duty(ticket->duty);
    asynchron_release(ticket->a);
    return true;
}

static void use_ticket(asynchron_t *a)
{
    struct ticket *ticket = &tickets[pick(TOKENS)];
    if (ticket->a != NULL) {
        if (take_back(ticket, true))
            ticket->a = NULL;
        return;
    }
    ticket->duty = listen(a, &ticket->token);
    if (ticket->duty != NULL)
        ticket->a = asynchron_retain(a);
}

/* Offers one that another thread may take back at the same time, and tries to be first. */
static void share_ticket(asynchron_t *a)
{
    struct ticket mine, old;
    mine.duty = listen(a, &mine.token);
    if (mine.duty == NULL)
        return;
    mine.a = asynchron_retain(asynchron_retain(a));
    atomic_fetch_add_explicit(&mine.duty->references, 1, memory_order_relaxed);
    pthread_mutex_lock(&shared.lock);
    old = offered;
    offered = mine;
    pthread_mutex_unlock(&shared.lock);
    while (old.a != NULL && !take_back(&old, false))
        sleep_ns(1000);
    while (!take_back(&mine, false))
        sleep_ns(1000);
}

static void call_back_later(asynchron_t *a)
{
    uint64_t token;
    struct duty *duty = listen(a, &token);
    if (duty != NULL)
        leave_duty(duty);
}

#endif
