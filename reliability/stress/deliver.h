/* deliver.h: every way to complete one, and what the winner and the late may expect. */
#ifndef DELIVER_H
#define DELIVER_H

#include "subject.h"

enum { WAYS = 10, BY_POINTER = 2 };

/* A value that holds an asynchron of its own, which holds one of its own: drops that release. */
static void hold(struct box *box)
{
    struct box *inner = make_box(0);
    inner->held = asynchron_create(NULL);
    box->held = asynchron_create(NULL);
    REQUIRE(box->held != NULL && inner->held != NULL);
    REQUIRE(asynchron_set_pointer(box->held, inner, drop_box) == ASYNCHRON_OK);
}

/* Delivers `number`, or cancels without one, and says so in `*number`. `*boxed`: something was handed over. */
static asynchron_status_t deliver_number(asynchron_t *a, unsigned way, uint64_t *number, bool *boxed)
{
    unsigned char bytes[64];
    char text[24];
    struct box *box = NULL;

    snprintf(text, sizeof text, "%llu", (unsigned long long)*number);
    fill(bytes, sizeof bytes, *number);
    *boxed = way >= 2 && way <= 5;
    if (*boxed) {
        box = make_box(*number);
        if (one_in(8))
            hold(box);
    }
    switch (way) {
    case 0: return asynchron_set_bytes(a, bytes, 8 + pick(9));
    case 1: return asynchron_set_bytes(a, bytes, 17 + pick(48));
    case BY_POINTER:
    case 3: return asynchron_set_pointer(a, box, drop_box);
    case 4: return asynchron_set_buffer(a, box->bytes, sizeof box->bytes, box, drop_box);
    case 5: return asynchron_fail_with(a, (int32_t)*number, "stress", text, box, drop_box);
    case 6: return asynchron_fail_with(a, (int32_t)*number, NULL, text, NULL, NULL);
    case 7: return asynchron_fail(a, (int32_t)*number, text);
    case 8: return asynchron_cancel_with(a, text);
    default: *number = PLAIN_CANCEL; return asynchron_cancel(a);
    }
}

/* The caller, who holds a reference, was answered that this delivery won. */
static void won(asynchron_t *a, uint64_t number)
{
    struct subject *subject = asynchron_user_data(a);
    count(WON);
    if (subject == NULL)
        count(WON_UNNAMED);
    else if (atomic_fetch_add_explicit(&subject->wins, 1, memory_order_relaxed) == 0)
        subject->winner = number;
    else
        fault("two deliveries won");
    REQUIRE(look(a) == number);
}

/* Delivers to one of which the caller holds a reference. */
static void deliver(asynchron_t *a, unsigned way)
{
    uint64_t number = new_number();
    bool boxed;
    asynchron_status_t status = deliver_number(a, way, &number, &boxed);

    switch (status) {
    case ASYNCHRON_OK:
        won(a, number);
        return;
    case ASYNCHRON_ALREADY:
        REQUIRE(asynchron_poll(a) == ASYNCHRON_OK || asynchron_poll(a) == ASYNCHRON_FAILED);
        break;
    case ASYNCHRON_CANCELLED:
        REQUIRE(asynchron_poll(a) == ASYNCHRON_CANCELLED);
        break;
    default:
        fault("a delivery was answered with %d", (int)status);
    }
    count(LATE);
    /* What came too late was dropped by the call. */
    REQUIRE(!boxed || last_dropped == number);
}

/* Cancels what has not begun. */
static void cancel_unless_begun(asynchron_t *a)
{
    uint64_t number = new_number();
    char text[24];
    asynchron_status_t status;

    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    status = asynchron_cancel_pending(a, text);
    if (status == ASYNCHRON_OK)
        won(a, number);
    else if (status == ASYNCHRON_CANCELLED)
        REQUIRE(asynchron_poll(a) == ASYNCHRON_CANCELLED);
    else
        REQUIRE(status == ASYNCHRON_ALREADY && asynchron_state(a) != ASYNCHRON_STATE_PENDING);
}

/* Says that it is being computed. Only of what somebody surely delivers. */
static void start_by_hand(asynchron_t *a)
{
    asynchron_status_t status;
    if (!is_guarded(a))
        return;
    status = asynchron_start(a);
    if (status == ASYNCHRON_OK || status == ASYNCHRON_ALREADY)
        REQUIRE(asynchron_state(a) != ASYNCHRON_STATE_PENDING);
    else
        REQUIRE(status == ASYNCHRON_CANCELLED && asynchron_poll(a) == ASYNCHRON_CANCELLED);
}

#endif
