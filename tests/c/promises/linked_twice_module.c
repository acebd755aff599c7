/* The module of linked_twice.c: the library is linked into it. */
#include "linked_twice.h"

const struct half *half_of_module(void);
__attribute__((visibility("default"))) const struct half *half_of_module(void) { return &this_half; }
