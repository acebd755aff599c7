/* What the package asks the C library for, each in one call: a call from Go into C costs more than most of these. */

#ifndef ASYNCHRON_GO_SHIM_H
#define ASYNCHRON_GO_SHIM_H

#include <asynchron.h>

/* How one is at this moment. What it points to is valid while the handle is held. */
typedef struct {
    asynchron_status_t status; /* as of asynchron_poll() */
    int32_t code;
    int on_demand; /* whether a wait has to start its function */
    const void *data;
    size_t len;
    const char *domain;
    const char *message;
    const void *payload;
} asynchron_go_outcome_t;

asynchron_go_outcome_t asynchron_go_outcome(asynchron_t *a);

/* asynchron_create_with(), whose option struct must not point to Go's memory. */
asynchron_t *asynchron_go_create(const char *name, size_t reserve, uint64_t expire_after_ns,
                                 asynchron_status_t *status);

/* A tag is a number. */
asynchron_status_t asynchron_go_add(asynchron_report_t *r, asynchron_t *a, uintptr_t tag);

/* Takes what has completed, without waiting, and says how much that is. *end says whether nothing is left in it. */
size_t asynchron_go_take(asynchron_report_t *r, asynchron_item_t *items, size_t cap, int *end);
void asynchron_go_release_all(asynchron_item_t *items, size_t n);

/* A copy of the report's descriptor, non-blocking and close-on-exec, or -1. */
int asynchron_go_descriptor(asynchron_report_t *r);

/* A byte of memory, whose address stands for an object of Go; NULL without memory. */
void *asynchron_go_box(void);

/* Delivers such an address; Go's table forgets it when the library drops it. */
asynchron_status_t asynchron_go_set_object(asynchron_t *a, void *box);
asynchron_status_t asynchron_go_fail(asynchron_t *a, int32_t code, const char *domain, const char *message, void *box);

/* An asynchron that is complete once a is, and that is of no interest to a. NULL without memory. */
asynchron_t *asynchron_go_shadow(asynchron_t *a);

#endif
