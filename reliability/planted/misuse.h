/* misuse.h: for the programs here, each of which does one thing wrong, so that the tools show that they see. */
#ifndef MISUSE_H
#define MISUSE_H

#include <asynchron.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A race that comes about once may still go unseen. */
enum { OFTEN = 20 };

/* Runs `body` on two threads, with nothing between them but their start and end; over and over. */
static inline void on_two_threads(void *(*body)(void *))
{
    pthread_t threads[2];
    int i, round;
    for (round = 0; round < OFTEN; round++) {
        for (i = 0; i < 2; i++)
            if (pthread_create(&threads[i], NULL, body, NULL) != 0)
                abort();
        for (i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
    }
}

static inline asynchron_t *made(void)
{
    asynchron_t *a = asynchron_create(NULL);
    if (a == NULL)
        abort();
    return a;
}

#endif
