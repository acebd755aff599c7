/* act.h: everything that a thread, a callback or a function may do next. */
#ifndef ACT_H
#define ACT_H

#include "compute.h"
#include "producer.h"

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
    if (!order(&courier, (struct errand) { a, 0, subject->duel, NULL })) {
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
    case 2:
        readable(board, 0);
        if (one_in(20))
            board_close(board);
        break;
    case 3:
    case 4: board_next(board, some_time(board->ends)); break;
    default: board_add(board, a);
    }
    (void)asynchron_report_pending(board->report);
    leave_board(board);
}

/* A task that waits for a thread of the program, or a new executor for an old one. */
static void use_place(void)
{
    asynchron_task_t *task = any_task(false);
    if (task != NULL)
        end_task(task);
    else if (one_in(4))
        replace_place(make_place());
}

/* A timer among others: what comes after it, and it itself, to be completed by anyone. */
static void use_timer(asynchron_t *const *as, size_t n)
{
    asynchron_t *timer = make_timer(), *both[2] = { timer, as[n - 1] };
    if (one_in(2))
        call_back_later(timer);
    if (one_in(2))
        chain(both, 2);
    if (one_in(4))
        replace(asynchron_retain(timer));
    let_go(timer);
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

/* A value, taken out again by whoever may be the last to hold it. */
static void deliver_and_take(void)
{
    asynchron_t *a = make(PLAIN);
    asynchron_status_t status;
    uint64_t number;
    void *box;

    if (one_in(2))
        call_back_later(a);
    if (one_in(4))
        replace(asynchron_retain(a));
    deliver(a, BY_POINTER);
    number = look(a);
    status = asynchron_take(a, &box);
    if (status == ASYNCHRON_OK) {
        REQUIRE(number_in_box(box) == number);
        drop_box(box);
    } else {
        REQUIRE(status != ASYNCHRON_PENDING);
        let_go(a);
    }
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
    switch (pick(37)) {
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
    case 12: spawn_and_leave(a); break;
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
    case 21: arm(a); break;
    case 22: use_timer(as, n); break;
    case 23: progress(a); break;
    case 24: replace_promise(promise(a, one_in(3))); break;
    case 25:
    case 26: use_promise(); break;
    case 27: await_promised(); break;
    case 28: unwanted(); break;
    case 29: await_return(); break;
    case 30: await_any_return(a); break;
    case 31: use_place(); break;
    case 32: deliver_and_take(); break;
    case 33: cancel_unless_begun(a); break;
    case 34: start_by_hand(a); break;
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
