/* act.h: everything that a thread, a callback or a function may do next. */
#ifndef ACT_H
#define ACT_H

#include "board.h"

enum { SLOTS = 16, BOARDS = 4, TOKENS = 8, MOST_SPAWNED = 128 };

static struct {
    pthread_mutex_t lock; /* nothing of the library's runs under it but retain */
    asynchron_t *slots[SLOTS];
    struct board *boards[BOARDS];
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* A callback that can be taken back. */
struct ticket {
    asynchron_t *a;
    struct duty *duty;
    uint64_t token;
};

static _Thread_local struct ticket tickets[TOKENS];
static struct ticket offered; /* to any thread, under the lock: two may take the same one back */

static asynchron_t *grab(void)
{
    asynchron_t *a;
    unsigned i = pick(SLOTS);
    pthread_mutex_lock(&shared.lock);
    a = asynchron_retain(shared.slots[i]);
    pthread_mutex_unlock(&shared.lock);
    return a;
}

static void replace(asynchron_t *a)
{
    asynchron_t *old;
    unsigned i = pick(SLOTS);
    pthread_mutex_lock(&shared.lock);
    old = shared.slots[i];
    shared.slots[i] = a;
    pthread_mutex_unlock(&shared.lock);
    if (old != NULL)
        let_go(old);
}

static struct board *grab_board(void)
{
    struct board *board;
    unsigned i = pick(BOARDS);
    pthread_mutex_lock(&shared.lock);
    board = shared.boards[i];
    atomic_fetch_add_explicit(&board->references, 1, memory_order_relaxed);
    pthread_mutex_unlock(&shared.lock);
    return board;
}

static void replace_board(struct board *board)
{
    struct board *old;
    unsigned i = pick(BOARDS);
    pthread_mutex_lock(&shared.lock);
    old = shared.boards[i];
    shared.boards[i] = board;
    pthread_mutex_unlock(&shared.lock);
    if (old != NULL)
        leave_board(old);
}

/* Registers; returns the duty, with a reference of the caller's, if it may be taken back. */
static struct duty *listen(asynchron_t *a, uint64_t *token)
{
    struct duty *duty = make_duty(true, 2);
    asynchron_notify_options_t options = { sizeof options, called, duty, drop_duty,
                                           one_in(3) ? ASYNCHRON_NOTIFY_IF_PENDING : 0, NULL };
    asynchron_status_t status;

    count(CALLBACKS);
    count(CONTEXTS_MADE);
    /* Written before the callback can run, and so read there. */
    status = asynchron_notify_with(a, &options, &duty->token);
    if (status == ASYNCHRON_OK) {
        *token = duty->token;
        REQUIRE(*token != 0);
        return duty;
    }
    REQUIRE(status == ASYNCHRON_ALREADY && options.flags != 0 && look(a) != NOTHING);
    REQUIRE(duty->dropped && !duty->begun && duty->token == 0);
    count(NOT_TAKEN);
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
    if (status == ASYNCHRON_OK)
        count(TAKEN_BACK);
    if (status == ASYNCHRON_OK)
        REQUIRE(ticket->duty->dropped && !ticket->duty->begun);
    else if (status != ASYNCHRON_ALREADY || (alone && (!ticket->duty->dropped || !ticket->duty->ended)))
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

static void call_here(asynchron_t *a)
{
    struct duty duty = { .quiet = inside > 0 };
    asynchron_status_t status = asynchron_call(a, compute, &duty);
    if (status == ASYNCHRON_OK)
        REQUIRE(duty.ended && (duty.followed || may_follow(a) || look(a) != NOTHING));
    else
        REQUIRE(!duty.begun && (status == ASYNCHRON_ALREADY || status == ASYNCHRON_CANCELLED));
}

static void spawn(asynchron_t *a)
{
    struct duty *duty;
    if (total(SPAWNED) - total(SPAWNED_GONE) > MOST_SPAWNED)
        return;
    duty = make_function();
    duty->spawned = true;
    count(SPAWNED);
    if (asynchron_spawn(a, compute, duty, drop_duty) != ASYNCHRON_OK)
        fault("spawn was refused");
}

/* One to come after others. A given `into` is younger than its sources are, so that none keeps itself. */
static void chain(asynchron_t *const *as, size_t n)
{
    struct duty *duty = make_function();
    asynchron_t *into = one_in(2) ? make(one_in(2) ? GUARDED : OPEN) : NULL, *result;
    bool then = n == 1 && one_in(2), rival = one_in(3);

    duty->n = n;
    duty->must_run = !then && into == NULL && !rival;
    if (into != NULL) {
        struct subject *subject = asynchron_user_data(into);
        atomic_store_explicit(&subject->into, true, memory_order_relaxed);
        if (one_in(4))
            replace(asynchron_retain(into));
    }
    if (then)
        result = asynchron_then(as[0], into, join_value, duty, drop_duty);
    else
        result = asynchron_after(as, n, into, join, duty, drop_duty);
    REQUIRE(result != NULL && (into == NULL || result == into));
    if (rival)
        deliver(result, pick(WAYS));
    if (one_in(2))
        await_one(result, is_guarded(result));
    let_go(result);
    if (into != NULL)
        let_go(into);
}

/* Several as one, and that one in a race with one of ours, which cancels whatever is late. */
static void as_one(asynchron_t *const *as, size_t n)
{
    asynchron_t *(*const ways[])(asynchron_t *const *, size_t, asynchron_t *, uint64_t) = {
        asynchron_all, asynchron_any, asynchron_race
    };
    asynchron_t *own = asynchron_create(NULL), *both[2], *race;

    REQUIRE(own != NULL);
    both[0] = own;
    both[1] = ways[pick(3)](as, n, NULL, 0);
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

/* Somebody without a reference delivers, and this thread releases the last one as soon as it knows. */
static void duel(void)
{
    asynchron_t *a = make(PLAIN);
    struct subject *subject = asynchron_user_data(a);
    bool at_once = one_in(2);
    asynchron_report_t *report;
    asynchron_item_t item;
    size_t index;

    subject->duel = new_number();
    if (one_in(2))
        call_back_later(a);
    if (!order(&courier, (struct errand) { a, 0, subject->duel })) {
        subject->duel = NOTHING;
        let_go(a);
        return;
    }
    count(DUELS);
    switch (pick(7)) {
    case 0: REQUIRE(asynchron_get(a, NULL) >= ASYNCHRON_OK); break;
    case 1: REQUIRE(asynchron_get_timeout(a, ASYNCHRON_FOREVER, NULL) >= ASYNCHRON_OK); break;
    case 2: /* too small a buffer is refused */
        REQUIRE(asynchron_get_bytes(a, &index, at_once ? 0 : sizeof index, NULL) >= ASYNCHRON_E_INVALID);
        break;
    case 3: REQUIRE(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK); break;
    case 4: REQUIRE(asynchron_wait_any(&a, 1, ASYNCHRON_FOREVER, &index) == ASYNCHRON_OK); break;
    case 5: REQUIRE(asynchron_wait_all(&a, 1, ASYNCHRON_FOREVER) == ASYNCHRON_OK); break;
    default:
        report = asynchron_report_create(&a, 1);
        REQUIRE(asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK && item.asynchron == a);
        asynchron_release(item.asynchron);
        asynchron_report_release(report);
    }
    if (!at_once)
        REQUIRE(look(a) != NOTHING);
    asynchron_release(a);
    count(DUELS_OVER);
}

static void use_board(asynchron_t *a)
{
    struct board *board = grab_board();
    switch (pick(8)) {
    case 0: board_remove(board, a); break;
    case 1: board_wake(board); break;
    case 2: readable(board, 0); break;
    case 3:
    case 4: board_next(board, some_time(board->ends)); break;
    default: board_add(board, a);
    }
    (void)asynchron_report_pending(board->report);
    leave_board(board);
}

/* A new one that nobody else gets: registered on and released while it is pending, or completed. */
static void make_and_drop(void)
{
    asynchron_t *a = make(OPEN);
    if (one_in(2))
        listen_plainly(a);
    if (one_in(3))
        chain(&a, 1);
    if (one_in(3))
        deliver(a, pick(WAYS));
    REQUIRE(asynchron_name(a)[0] != '\0');
    let_go(a);
}

static atomic_bool stopping;

/* Any call, on `a` or on others. Inside a callback nothing blocks for long. */
static void anything(asynchron_t *a)
{
    asynchron_t *as[4];
    size_t n = 1 + pick(4), i;

    as[0] = asynchron_retain(a);
    for (i = 1; i < n; i++)
        as[i] = one_in(8) ? asynchron_retain(a) : grab();
    switch (pick(23)) {
    case 0:
    case 1: deliver(a, pick(WAYS)); break;
    case 2:
    case 3: await_one(a, is_guarded(a)); break;
    case 4: await_any(as, n); break;
    case 5: await_all(as, n); break;
    case 6: listen_plainly(a); break;
    case 7: call_back_later(a); break;
    case 8:
        if (inside == 0)
            share_ticket(a);
        break;
    case 9: chain(as, n); break;
    case 10: chain(as, 1); break;
    case 11:
        if (computing < 3)
            call_here(a);
        break;
    case 12: spawn(a); break;
    case 13: brief_report(as, n); break;
    case 14:
    case 15: use_board(a); break;
    case 16: make_and_drop(); break;
    case 17:
        if (inside == 0)
            duel();
        break;
    case 18: follow_several(as, n); break;
    case 19:
        if (is_guarded(a))
            follow(a, as[n - 1]);
        break;
    case 20: as_one(as, n); break;
    default: replace(make(one_in(4) ? OPEN : GUARDED));
    }
    for (i = 0; i < n; i++)
        let_go(as[i]);
}

static void act(asynchron_t *self)
{
    asynchron_t *a;
    if (atomic_load_explicit(&stopping, memory_order_relaxed))
        return;
    a = one_in(3) ? asynchron_retain(self) : grab();
    anything(a);
    let_go(a);
}

#endif
