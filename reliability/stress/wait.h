/* wait.h: every way to wait for one or for several. */
#ifndef WAIT_H
#define WAIT_H

#include "server.h"

/* The times that are waited for; none where the wait surely ends, sometimes. */
static uint64_t some_time(bool ends)
{
    if (ends && inside == 0 && one_in(2)) {
        count(ENDLESS);
        return ASYNCHRON_FOREVER;
    }
    switch (pick(inside > 0 ? 3 : 6)) {
    case 0: return 0;
    case 1: return 1;
    case 2: return 1000 + pick(10000);
    case 3: return pick(100000);
    default: return pick(20000);
    }
}

/* After a wait of `limit` that began at `start`; the other statuses are the caller's to check. */
static void waited(asynchron_status_t status, uint64_t limit, uint64_t start)
{
    count(WAITS_OVER);
    if (status == ASYNCHRON_TIMEOUT) {
        count(TIMEOUTS);
        REQUIRE(limit != ASYNCHRON_FOREVER);
        REQUIRE(now_ns() - start >= limit);
    } else if (status == ASYNCHRON_E_DEADLOCK) {
        count(DEADLOCKS);
        REQUIRE(computing > 0);
    }
}

static bool is_over(asynchron_status_t status)
{
    return status != ASYNCHRON_TIMEOUT && status != ASYNCHRON_E_DEADLOCK;
}

static asynchron_status_t collect_bytes(asynchron_t *a)
{
    unsigned char bytes[64];
    size_t length = 0, capacity = pick(2) * sizeof bytes;
    asynchron_status_t status = asynchron_get_bytes(a, bytes, capacity, &length);
    asynchron_value_t value = { bytes, length };
    if (status == ASYNCHRON_E_INVALID) {
        REQUIRE(length > capacity || capacity == 0);
        return ASYNCHRON_OK;
    }
    if (status == ASYNCHRON_OK && length != 0)
        REQUIRE(number_of_value(value) == look(a));
    return status;
}

/* Waits for one in any way; `ends`: it surely completes. */
static asynchron_status_t await_one(asynchron_t *a, bool ends)
{
    uint64_t limit = some_time(ends), start = now_ns();
    asynchron_value_t value = { NULL, 0 };
    asynchron_status_t status;
    bool plain = false;

    count(WAITS);
    if (limit == ASYNCHRON_FOREVER && one_in(4)) {
        status = collect_bytes(a);
    } else if (one_in(3)) {
        status = asynchron_wait(a, limit);
        plain = true;
    } else if (limit == ASYNCHRON_FOREVER && one_in(2)) {
        status = asynchron_get(a, one_in(4) ? NULL : &value);
    } else {
        status = asynchron_get_timeout(a, limit, &value);
    }
    waited(status, limit, start);
    if (is_over(status)) {
        REQUIRE(look(a) != NOTHING);
        REQUIRE(status == (plain ? ASYNCHRON_OK : asynchron_poll(a)));
    }
    if (status == ASYNCHRON_OK && value.data != NULL)
        REQUIRE(number_of_value(value) == look(a));
    return status;
}

static void await_any(asynchron_t *const *as, size_t n)
{
    size_t index = n, first = n, i;
    bool ends = false;
    uint64_t limit, start;
    asynchron_status_t status;

    for (i = n; i-- > 0;) {
        ends = ends || is_guarded(as[i]);
        if (asynchron_poll(as[i]) != ASYNCHRON_PENDING)
            first = i;
    }
    limit = some_time(ends);
    start = now_ns();
    count(WAITS);
    status = asynchron_wait_any(as, n, limit, &index);
    waited(status, limit, start);
    if (status == ASYNCHRON_OK)
        REQUIRE(index < n && index <= first && look(as[index]) != NOTHING);
    else
        REQUIRE(!is_over(status) && first == n);
}

static void await_all(asynchron_t *const *as, size_t n)
{
    bool ends = true;
    size_t i;
    uint64_t limit, start;
    asynchron_status_t status;

    for (i = 0; i < n; i++)
        ends = ends && is_guarded(as[i]);
    limit = some_time(ends);
    start = now_ns();
    count(WAITS);
    status = asynchron_wait_all(as, n, limit);
    waited(status, limit, start);
    REQUIRE(status == ASYNCHRON_OK || !is_over(status));
    for (i = 0; status == ASYNCHRON_OK && i < n; i++)
        REQUIRE(look(as[i]) != NOTHING);
}

#endif
