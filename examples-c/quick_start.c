/* quick_start.c: one value, three threads.
 *
 *     Thread 1:  value = A()     blocks; prints 3 once Thread 2 has delivered it
 *     Thread 2:  A.result = 3
 *     Thread 3:  value = A()     returns at once with 3
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <pthread.h>
#include "check.h"

static asynchron_t *A;       /* the value that arrives later */
static asynchron_t *calling; /* a gate: opens when Thread 1 is about to call A */

/* Calls before the value is there, and so blocks until it is. */
static void *thread_1(void *unused)
{
    asynchron_value_t value;

    CHECK(asynchron_poll(A) == ASYNCHRON_PENDING);
    CHECK(asynchron_set_bytes(calling, NULL, 0) == ASYNCHRON_OK);
    CHECK(asynchron_get(A, &value) == ASYNCHRON_OK);

    /* The data is the library's own copy, aligned for any type; it stays while we hold A. */
    CHECK(value.len == sizeof(int));
    printf("%d\n", *(const int *)value.data);
    CHECK(*(const int *)value.data == 3);
    return unused;
}

/* Delivers. Only the first delivery of all counts; the status says whether this was it. */
static void *thread_2(void *unused)
{
    const int three = 3;

    CHECK(asynchron_get(calling, NULL) == ASYNCHRON_OK); /* the value does not matter */
    CHECK(asynchron_set_bytes(A, &three, sizeof three) == ASYNCHRON_OK);
    return unused;
}

/* Calls after delivery: the same function, which now has nothing to wait for. */
static void *thread_3(void *unused)
{
    asynchron_value_t value;

    CHECK(asynchron_poll(A) == ASYNCHRON_OK);
    CHECK(asynchron_get(A, &value) == ASYNCHRON_OK);
    CHECK(*(const int *)value.data == 3);
    return unused;
}

int main(void)
{
    pthread_t one, two, three;

    A = asynchron_create("A");
    calling = asynchron_create(NULL); /* a name is for people, and optional */
    CHECK(A != NULL && calling != NULL);

    CHECK(pthread_create(&one, NULL, thread_1, NULL) == 0);
    CHECK(pthread_create(&two, NULL, thread_2, NULL) == 0);
    CHECK(pthread_join(one, NULL) == 0);
    CHECK(pthread_join(two, NULL) == 0);

    CHECK(pthread_create(&three, NULL, thread_3, NULL) == 0);
    CHECK(pthread_join(three, NULL) == 0);

    CHECK(asynchron_state(A) == ASYNCHRON_STATE_READY);
    asynchron_release(calling);
    asynchron_release(A);
    return EXIT_SUCCESS;
}
