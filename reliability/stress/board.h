/* board.h: reports, shared by threads in boards or short-lived. Each keeps an account of its own. */
#ifndef BOARD_H
#define BOARD_H

#include "duty.h"
#include <poll.h>

struct board {
    asynchron_report_t *report;
    atomic_int references;
    bool ends; /* it holds guarded ones alone: next surely returns */
    atomic_bool closed;
    atomic_long added, yielded, removed, wakes, woken;
};

static void add_up(atomic_long *n, enum account which)
{
    atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
    count(which);
}

static struct board *make_board(bool ends)
{
    struct board *board = allocate(sizeof *board);
    board->report = asynchron_report_create(NULL, 0);
    REQUIRE(board->report != NULL);
    atomic_init(&board->references, 1);
    board->ends = ends;
    count(REPORTS_MADE);
    return board;
}

static void board_add(struct board *board, asynchron_t *a)
{
    if (board->ends && !is_guarded(a))
        return;
    switch (asynchron_report_add(board->report, a, asynchron_user_data(a))) {
    case ASYNCHRON_OK: add_up(&board->added, ADDED); break;
    case ASYNCHRON_E_CLOSED: REQUIRE(atomic_load_explicit(&board->closed, memory_order_relaxed)); break;
    default: fault("a report refused to add");
    }
}

/* While others add to it, and ask. */
static void board_close(struct board *board)
{
    atomic_store_explicit(&board->closed, true, memory_order_relaxed);
    REQUIRE(asynchron_report_close(board->report) == ASYNCHRON_OK);
}

static void board_remove(struct board *board, asynchron_t *a)
{
    asynchron_status_t status = asynchron_report_remove(board->report, a);
    if (status == ASYNCHRON_OK)
        add_up(&board->removed, REMOVED);
    else
        REQUIRE(status == ASYNCHRON_END);
}

static void board_wake(struct board *board)
{
    REQUIRE(asynchron_report_wake(board->report) == ASYNCHRON_OK);
    add_up(&board->wakes, WAKES);
}

static void yielded(struct board *board, const asynchron_item_t *item)
{
    add_up(&board->yielded, YIELDED);
    REQUIRE(item->tag == asynchron_user_data(item->asynchron));
    REQUIRE(look(item->asynchron) != NOTHING);
    asynchron_release(item->asynchron);
}

static asynchron_status_t board_next(struct board *board, uint64_t limit)
{
    asynchron_item_t items[4];
    size_t n = 1, i;
    uint64_t start = now_ns();
    asynchron_status_t status;

    count(WAITS);
    if (one_in(2))
        status = asynchron_report_next(board->report, limit, items);
    else
        status = asynchron_report_next_batch(board->report, limit, items, 1 + pick(4), &n);
    waited(status, limit, start);
    switch (status) {
    case ASYNCHRON_OK:
        REQUIRE(n >= 1 && n <= 4);
        for (i = 0; i < n; i++)
            yielded(board, &items[i]);
        break;
    case ASYNCHRON_WOKEN:
        add_up(&board->woken, WOKEN);
        break;
    default:
        REQUIRE(status == ASYNCHRON_END || status == ASYNCHRON_TIMEOUT);
    }
    return status;
}

static bool readable(struct board *board, int milliseconds)
{
    struct pollfd ready = { asynchron_report_fd(board->report), POLLIN, 0 };
    REQUIRE(ready.fd >= 0);
    return poll(&ready, 1, milliseconds) == 1;
}

static long of(atomic_long *n)
{
    return atomic_load_explicit(n, memory_order_relaxed);
}

/* The last to leave takes what is there, and balances the account of this report. */
static void leave_board(struct board *board)
{
    long left;
    asynchron_status_t status;

    if (atomic_fetch_sub_explicit(&board->references, 1, memory_order_acq_rel) != 1)
        return;
    if (board->ends && one_in(2))
        while (board_next(board, inside > 0 ? 0 : ASYNCHRON_FOREVER) <= ASYNCHRON_PENDING) {}
    do
        status = board_next(board, 0);
    while (status == ASYNCHRON_OK || status == ASYNCHRON_WOKEN);
    left = (long)asynchron_report_pending(board->report);
    REQUIRE(of(&board->added) == of(&board->yielded) + of(&board->removed) + left);
    REQUIRE(of(&board->wakes) == of(&board->woken));
    REQUIRE((status == ASYNCHRON_END) == (left == 0));
    if (left == 0 && one_in(4))
        REQUIRE(readable(board, 0) == atomic_load_explicit(&board->closed, memory_order_relaxed));
    count_many(LEFT, left);
    asynchron_report_release(board->report);
    count(REPORTS_GONE);
    free(board);
}

/* A report of this thread's alone, over some of `as`. */
static void brief_report(asynchron_t *const *as, size_t n)
{
    struct board *board = make_board(one_in(2));
    size_t i;

    for (i = 0; i < n; i++) {
        board_add(board, as[i]);
        if (one_in(4))
            board_remove(board, as[pick((unsigned)n)]);
    }
    if (board->ends && inside == 0 && one_in(2)) {
        while (asynchron_report_pending(board->report) != 0) {
            /* All of them complete, so the descriptor tells of it. */
            REQUIRE(readable(board, 25000));
            REQUIRE(board_next(board, 0) == ASYNCHRON_OK);
        }
    } else if (one_in(2)) {
        asynchron_report_t *again = asynchron_report_retain(board->report);
        board_wake(board);
        REQUIRE(readable(board, 0));
        REQUIRE(board_next(board, some_time(true)) == ASYNCHRON_WOKEN);
        board_next(board, some_time(board->ends));
        asynchron_report_release(again);
    }
    leave_board(board);
}

#endif
