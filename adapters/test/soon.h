/* soon.h: what the tests of producers wait for, and flags that another thread raises. */
#ifndef SOON_H
#define SOON_H

#include <unistd.h>

/* What another thread, or the server, does soon: the time limit of the test says when it was not done. */
#define COMES_TRUE(claim)          \
    do {                           \
        while (!(claim))           \
            usleep(1000);          \
    } while (0)

static int flag_of(int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void raise_flag(int *flag)
{
    (void)__atomic_add_fetch(flag, 1, __ATOMIC_SEQ_CST);
}

#endif
