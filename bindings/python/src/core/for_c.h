/* What asynchron/python.h calls by way of the capsule. */
#ifndef FOR_C_H
#define FOR_C_H

#include "core.h"

#include "../../include/asynchron/python.h"

/* ---- interpreter.c ---- */

int enter_from_c(asynchron_python_state_t *state);
void leave_from_c(const asynchron_python_state_t *state);

#endif
