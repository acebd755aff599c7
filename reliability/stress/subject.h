/* subject.h: the asynchrons under test.
 *
 * Every outcome carries a number of its own. Each asynchron has a subject as its user data, which keeps who says to
 * have won and what was seen, and compares the two when the asynchron is gone. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include "ledger.h"
#include <asynchron.h>
#include <stdlib.h>
#include <string.h>

/* Outcomes that have no number: by a function's return, by a cancel without a reason, by the last release of the
 * handles or of the promises; by a deadline, and by the cancels that the library makes by itself. */
enum outcome {
    NOTHING, EMPTY, PLAIN_CANCEL, LAST_RELEASE,
    AT_DEADLINE, FOR_NOBODY, BY_SHUTDOWN, AS_THE_REST,
    RETURNED_CODE, FIRST_NUMBER = 1000
};

struct subject {
    uint64_t serial;
    uint64_t winner;      /* the number of the delivery that was answered with OK */
    atomic_uint wins;     /* how many were */
    _Atomic uint64_t seen;
    atomic_bool into;     /* of a then or after: an outcome may be passed on to it */
    atomic_bool follows;  /* what its function returns may be ignored */
    atomic_bool started;  /* a function ran */
    bool guarded;         /* somebody surely completes it */
    bool needs_deadline;  /* that is its deadline alone, which must stay */
    _Atomic unsigned may;  /* which outcomes the library may make: a bit for each */
    _Atomic uint64_t due; /* no deadline that it ever had was before */
    uint64_t duel;        /* the number that a courier without a reference delivers */
};

static uint64_t new_number(void)
{
    static _Atomic uint64_t next = FIRST_NUMBER;
    return atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
}

static void *allocate(size_t n)
{
    void *p = calloc(1, n);
    if (p == NULL)
        abort();
    return p;
}

/* A value, a buffer's owner or a payload. */
struct box {
    _Atomic uint32_t alive;
    uint64_t number;
    asynchron_t *held; /* released by the drop */
    unsigned char bytes[40];
};

#define ALIVE UINT32_C(0x600df00d)

static _Thread_local uint64_t last_dropped; /* on this thread, but for those inside others, which have no number */

static void fill(unsigned char *bytes, size_t n, uint64_t number)
{
    memcpy(bytes, &number, sizeof number);
    memset(bytes + sizeof number, (int)(number & 0xff), n - sizeof number);
}

static struct box *make_box(uint64_t number)
{
    struct box *box = allocate(sizeof *box);
    count(BOXES_MADE);
    atomic_store_explicit(&box->alive, ALIVE, memory_order_relaxed);
    box->number = number;
    fill(box->bytes, sizeof box->bytes, number);
    return box;
}

static void drop_box(void *p)
{
    struct box *box = p;
    if (atomic_exchange_explicit(&box->alive, 0, memory_order_relaxed) != ALIVE) {
        fault("a value, owner or payload was dropped twice");
        return;
    }
    if (box->number != 0)
        last_dropped = box->number;
    asynchron_release(box->held);
    count(BOXES_GONE);
    free(box);
}

static uint64_t number_in_box(const struct box *box)
{
    REQUIRE(atomic_load_explicit(&box->alive, memory_order_relaxed) == ALIVE);
    return box->number;
}

/* What `value` was delivered as; all of it is read. */
static uint64_t number_of_value(asynchron_value_t value)
{
    unsigned char expected[64];
    uint64_t number;
    if (value.data == NULL) {
        REQUIRE(value.len == 0);
        return EMPTY;
    }
    if (value.len == 0)
        return number_in_box(value.data);
    memcpy(&number, value.data, sizeof number);
    REQUIRE(value.len >= sizeof number && value.len <= sizeof expected);
    fill(expected, sizeof expected, number);
    REQUIRE(memcmp(value.data, expected, value.len) == 0);
    return number;
}

static const char *const reasons[] = { "unwanted", "shut down", "unneeded" };

static uint64_t number_of_error(const asynchron_error_t *error, bool cancelled)
{
    uint64_t number;
    if (strcmp(error->domain, "asynchron") == 0) {
        REQUIRE(!cancelled);
        if (error->code == ASYNCHRON_TIMEOUT)
            return AT_DEADLINE;
        REQUIRE(error->code == ASYNCHRON_E_BROKEN);
        return LAST_RELEASE;
    }
    if (error->message[0] == '\0')
        return cancelled ? PLAIN_CANCEL : RETURNED_CODE + (uint64_t)error->code;
    if (cancelled && error->code == 0)
        for (number = FOR_NOBODY; number <= AS_THE_REST; number++)
            if (strcmp(error->message, reasons[number - FOR_NOBODY]) == 0)
                return number;
    number = strtoull(error->message, NULL, 10);
    REQUIRE(error->code == (cancelled ? 0 : (int32_t)number));
    if (error->payload != NULL)
        REQUIRE(number_in_box(error->payload) == number);
    return number;
}

/* How it ended, as a number: NOTHING while it is pending. */
static uint64_t outcome(asynchron_t *a)
{
    asynchron_value_t value;
    asynchron_error_t error;
    asynchron_status_t status = asynchron_poll(a);
    switch (status) {
    case ASYNCHRON_PENDING:
        return NOTHING;
    case ASYNCHRON_OK:
        REQUIRE(asynchron_error(a, &error) == ASYNCHRON_E_INVALID);
        if (asynchron_get_timeout(a, 0, &value) == ASYNCHRON_OK)
            return number_of_value(value);
        break;
    case ASYNCHRON_FAILED:
    case ASYNCHRON_CANCELLED:
        REQUIRE((asynchron_state(a) == ASYNCHRON_STATE_CANCELLED) == (status == ASYNCHRON_CANCELLED));
        if (asynchron_error(a, &error) == ASYNCHRON_OK)
            return number_of_error(&error, status == ASYNCHRON_CANCELLED);
        break;
    }
    fault("poll says %d, and there is no such outcome", (int)status);
    return NOTHING;
}

/* From now on the library may complete it in this way by itself. */
static void allow(asynchron_t *a, enum outcome way)
{
    struct subject *subject = asynchron_user_data(a);
    if (subject != NULL)
        atomic_fetch_or_explicit(&subject->may, 1U << way, memory_order_relaxed);
}

static bool may_be(const struct subject *subject, uint64_t outcome)
{
    return (atomic_load_explicit(&subject->may, memory_order_relaxed) >> outcome & 1) != 0;
}

/* Whether it may end as another did. */
static bool may_be_passed_on(const struct subject *subject)
{
    return atomic_load_explicit(&subject->into, memory_order_relaxed)
        || atomic_load_explicit(&subject->follows, memory_order_relaxed);
}

/* Everyone who looks sees the same. */
static uint64_t look(asynchron_t *a)
{
    struct subject *subject = asynchron_user_data(a);
    uint64_t seen = NOTHING, number = outcome(a);
    if (subject == NULL || number == NOTHING)
        return number;
    if (!atomic_compare_exchange_strong_explicit(&subject->seen, &seen, number, memory_order_relaxed,
                                                 memory_order_relaxed))
        REQUIRE(seen == number);
    else if (number == AT_DEADLINE && !may_be_passed_on(subject))
        REQUIRE(now_ns() >= atomic_load_explicit(&subject->due, memory_order_relaxed));
    return number;
}

static void let_go(asynchron_t *a)
{
    look(a);
    asynchron_release(a);
}

/* The asynchron is gone: what was seen is what was won, or what nobody had to win. */
static void subject_gone(void *p)
{
    struct subject *subject = p;
    uint64_t seen = atomic_load_explicit(&subject->seen, memory_order_relaxed);
    unsigned wins = atomic_load_explicit(&subject->wins, memory_order_relaxed);
    bool into = atomic_load_explicit(&subject->into, memory_order_relaxed);
    bool started = atomic_load_explicit(&subject->started, memory_order_relaxed);

    count(HANDLES_GONE);
    if (subject->duel != 0) {
        REQUIRE(wins == 0 && (seen == NOTHING || seen == subject->duel));
        count(WON_BY_HANDLES);
    } else if (wins != 0) {
        REQUIRE(wins == 1);
        REQUIRE(seen == NOTHING || seen == subject->winner);
        count(WON_BY_HANDLES);
    } else if (seen == NOTHING) {
        count(UNDELIVERED);
    } else if (seen == LAST_RELEASE) {
        count(BROKEN);
    } else if (may_be(subject, seen < RETURNED_CODE ? seen : NOTHING)) {
        count(EXPIRED + (enum account)(seen - AT_DEADLINE));
    } else if (started && (seen == EMPTY || (seen >= RETURNED_CODE && seen < FIRST_NUMBER))) {
        count(RETURNED);
    } else {
        REQUIRE(into);
        count(PASSED_ON);
    }
    free(subject);
}

/* Notes on the asynchron that a function has begun to compute it. */
static void note_start(asynchron_t *self)
{
    struct subject *subject = asynchron_user_data(self);
    if (subject != NULL)
        atomic_store_explicit(&subject->started, true, memory_order_relaxed);
}

static bool may_follow(const asynchron_t *a)
{
    struct subject *subject = asynchron_user_data(a);
    return subject != NULL && atomic_load_explicit(&subject->follows, memory_order_relaxed);
}

static bool is_guarded(const asynchron_t *a)
{
    const struct subject *subject = asynchron_user_data(a);
    return subject != NULL && subject->guarded;
}

#endif
