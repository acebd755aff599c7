/* given.c: a library that says what a host's program has given it; libgiven.so, beside libasynchron.so.0. */
#include "given.h"

static int inside;

/* Whether this is ASYNCHRON_FOREVER, each bit of it. */
int given_forever(uint64_t n)
{
    return n == ASYNCHRON_FOREVER;
}

/* Whether this is 0, as which a guess may arrive: then a wait returns at once. */
int given_nothing(uint64_t n)
{
    return n == 0;
}

/* Waits for ever, and is counted meanwhile. */
asynchron_status_t given_wait(asynchron_t *a)
{
    asynchron_status_t status;

    __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    status = asynchron_wait(a, ASYNCHRON_FOREVER);
    __atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
    return status;
}

/* How many threads are in given_wait() now. */
int given_inside(void)
{
    return __atomic_load_n(&inside, __ATOMIC_SEQ_CST);
}
