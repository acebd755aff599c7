/* What the tests and benchmarks have threads of C do. */

#ifndef ASYNCHRON_CTEST_H
#define ASYNCHRON_CTEST_H

#include <asynchron.h>

/* A thread of its own delivers a copy of the bytes after that time, then gives up its reference. 0, or an error. */
int asynchron_ctest_set_later(asynchron_t *a, uint64_t after_ns, const void *data, size_t len);

/* A thread of the library's releases a. OK once it is queued. */
asynchron_status_t asynchron_ctest_release_there(asynchron_t *a);

/* One whose value a C function computes, on demand: "on demand". */
asynchron_t *asynchron_ctest_on_demand(void);

/* Delivers a number as a pointer. */
asynchron_status_t asynchron_ctest_set_pointer(asynchron_t *a, uintptr_t number);

/* A number as C reads it; 0 if it has another length. */
uint64_t asynchron_ctest_number(asynchron_t *a);

#endif
