/* timeout.c: wait, but not for ever.
 *
 * A timeout ends the wait, never the asynchron: the value may still come, and be collected then.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <time.h>
#include "check.h"

#define MILLISECOND UINT64_C(1000000) /* all times are in nanoseconds */

/* Nanoseconds of the clock that nobody sets, which is the one the library uses. */
static uint64_t now(void)
{
    struct timespec time;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
    return (uint64_t)time.tv_sec * 1000 * MILLISECOND + (uint64_t)time.tv_nsec;
}

int main(void)
{
    static const char late[] = "better late than never";
    asynchron_t *reply = asynchron_create("reply");
    asynchron_value_t value = {NULL, 7};
    uint64_t start;

    CHECK(reply != NULL);

    /* 0 does not wait at all. */
    CHECK(asynchron_get_timeout(reply, 0, &value) == ASYNCHRON_TIMEOUT);
    CHECK(value.data == NULL && value.len == 7); /* written only when there is a value */

    start = now();
    CHECK(asynchron_get_timeout(reply, 50 * MILLISECOND, &value) == ASYNCHRON_TIMEOUT);
    CHECK(now() - start >= 50 * MILLISECOND); /* never early */
    printf("no reply within 50 ms\n");

    /* It is as pending as before, and anyone may still deliver. */
    CHECK(asynchron_poll(reply) == ASYNCHRON_PENDING);
    CHECK(asynchron_set_bytes(reply, late, sizeof late) == ASYNCHRON_OK);

    /* What is complete is returned whatever the timeout. */
    CHECK(asynchron_get_timeout(reply, 0, &value) == ASYNCHRON_OK);
    CHECK(value.len == sizeof late);
    printf("reply: %s\n", (const char *)value.data);

    /* To wait only: OK once it is complete, however it ended. */
    CHECK(asynchron_wait(reply, ASYNCHRON_FOREVER) == ASYNCHRON_OK);

    asynchron_release(reply);
    return EXIT_SUCCESS;
}
