/* progress.h: two numbers that are written together and read together: one of each is seen at once. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "subject.h"

static bool read_progress(const asynchron_t *a, uint64_t *done)
{
    uint64_t total_of;
    asynchron_status_t status = asynchron_progress_of(a, done, &total_of);
    REQUIRE(status == ASYNCHRON_OK || status == ASYNCHRON_END);
    if (status == ASYNCHRON_OK)
        REQUIRE(total_of == ~*done);
    return status == ASYNCHRON_OK;
}

/* Whoever writes: nobody else's numbers are mixed with these, and those of a complete one stay. */
static void progress(asynchron_t *a)
{
    uint64_t done = random_number(), before = 0, after = 0;
    bool was_complete = asynchron_poll(a) != ASYNCHRON_PENDING;
    bool had = read_progress(a, &before), has;
    asynchron_status_t status = asynchron_progress(a, done, ~done);
    if (status == ASYNCHRON_OK)
        count(PROGRESSES);
    else
        REQUIRE((status == ASYNCHRON_ALREADY || status == ASYNCHRON_CANCELLED) && look(a) != NOTHING);
    has = read_progress(a, &after);
    REQUIRE(has || (!had && status != ASYNCHRON_OK));
    if (was_complete)
        REQUIRE(status != ASYNCHRON_OK && had == has && before == after);
}

#endif
