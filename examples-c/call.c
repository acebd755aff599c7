/* call.c: compute the value on this thread, while others wait for it elsewhere. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <errno.h>
#include <pthread.h>
#include "check.h"

/* The function gets its asynchron and delivers into it. What it returns counts only if it has not
 * delivered: 0 is an empty value, anything else a failure with that code. */
static int32_t divide(asynchron_t *self, void *ctx)
{
    const int *operands = ctx;
    int quotient;

    CHECK(asynchron_state(self) == ASYNCHRON_STATE_RUNNING);
    if (operands[1] == 0)
        return EDOM;
    quotient = operands[0] / operands[1];
    /* Someone may have cancelled meanwhile. Then the quotient is dropped, and that is fine. */
    (void)asynchron_set_bytes(self, &quotient, sizeof quotient);
    return 0;
}

static void *wait_for_six(void *quotient)
{
    int six = 0;
    size_t len = 0;

    /* Waits like asynchron_get, and copies the value to where we want it. */
    CHECK(asynchron_get_bytes(quotient, &six, sizeof six, &len) == ASYNCHRON_OK);
    CHECK(len == sizeof six && six == 6);
    printf("42 / 7 = %d\n", six);
    return NULL;
}

int main(void)
{
    int good[] = {42, 7}, bad[] = {42, 0};
    asynchron_t *quotient = asynchron_create("42 / 7");
    asynchron_t *nonsense = asynchron_create("42 / 0");
    asynchron_error_t error;
    pthread_t waiter;

    CHECK(quotient != NULL && nonsense != NULL);
    CHECK(pthread_create(&waiter, NULL, wait_for_six, quotient) == 0);
    CHECK(asynchron_call(quotient, divide, good) == ASYNCHRON_OK);
    CHECK(pthread_join(waiter, NULL) == 0);

    /* It is complete, so a second function does not even start. */
    CHECK(asynchron_call(quotient, divide, bad) == ASYNCHRON_ALREADY);
    CHECK(asynchron_get(quotient, NULL) == ASYNCHRON_OK);

    /* OK says that the function ran, not that it succeeded: ask the asynchron that. */
    CHECK(asynchron_call(nonsense, divide, bad) == ASYNCHRON_OK);
    CHECK(asynchron_get(nonsense, NULL) == ASYNCHRON_FAILED);
    CHECK(asynchron_error(nonsense, &error) == ASYNCHRON_OK);
    CHECK(error.code == EDOM);
    printf("%s failed with code %d\n", asynchron_name(nonsense), (int)error.code);

    asynchron_release(quotient);
    asynchron_release(nonsense);
    return EXIT_SUCCESS;
}
