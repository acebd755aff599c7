/* given.h: what the hosts' programs ask to be told what has reached C. */
#ifndef GIVEN_H
#define GIVEN_H

#include <asynchron.h>

int given_forever(uint64_t n);
int given_nothing(uint64_t n);
asynchron_status_t given_wait(asynchron_t *a);
int given_inside(void);

#endif
