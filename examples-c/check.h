/* check.h: the self-check of the examples. Unlike assert() it is never compiled out. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

/* Ends the program with a failure, and says where, when `claim` does not hold. */
#define CHECK(claim)                                                                     \
    do {                                                                                 \
        if (!(claim)) {                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);   \
            exit(EXIT_FAILURE);                                                          \
        }                                                                                \
    } while (0)

#endif
