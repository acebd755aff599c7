/* shared.h: what all threads use at the same time. */
#ifndef SHARED_H
#define SHARED_H

#include "board.h"

enum { SLOTS = 16, BOARDS = 4, PROMISES = 8 };

static struct {
    pthread_mutex_t lock; /* nothing of the library's runs under it but retain */
    asynchron_t *slots[SLOTS];
    struct board *boards[BOARDS];
    struct place *places[PLACES];
    asynchron_promise_t *promises[PROMISES];
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

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

static struct place *grab_place(void)
{
    struct place *place;
    unsigned i = pick(PLACES);
    pthread_mutex_lock(&shared.lock);
    place = hold_place(shared.places[i]);
    REQUIRE(asynchron_executor_retain(place->executor) == place->executor);
    pthread_mutex_unlock(&shared.lock);
    return place;
}

/* The old one is shut down in the middle of all, or only let go. */
static void replace_place(struct place *place)
{
    struct place *old;
    unsigned i = pick(PLACES);
    pthread_mutex_lock(&shared.lock);
    old = shared.places[i];
    shared.places[i] = place;
    pthread_mutex_unlock(&shared.lock);
    if (old == NULL)
        return;
    if (!one_in(4))
        shut(old);
    leave_place(old);
}

#endif
