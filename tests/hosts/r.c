/* r.c: what r.R calls in place of the library: R has no integers of 64 bits, and no pointers but these. */
#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <asynchron.h>

#include "given.h"

/* A number of nanoseconds, of which Inf is for ever. */
static uint64_t timeout(SEXP ns)
{
    return Rf_asReal(ns) == R_PosInf ? ASYNCHRON_FOREVER : (uint64_t)Rf_asReal(ns);
}

static SEXP owned(void *handle)
{
    return R_MakeExternalPtr(handle, R_NilValue, R_NilValue);
}

SEXP create(void)
{
    return owned(asynchron_create(NULL));
}

SEXP timer(SEXP ns)
{
    return owned(asynchron_timer(timeout(ns)));
}

SEXP wait_for(SEXP a, SEXP ns)
{
    int status = asynchron_wait((asynchron_t *)R_ExternalPtrAddr(a), timeout(ns));

    R_CheckUserInterrupt(); /* it was only noted during the wait */
    return Rf_ScalarInteger(status);
}

SEXP forever(void)
{
    return Rf_ScalarReal((double)asynchron_forever());
}

SEXP arrives(SEXP ns)
{
    return Rf_ScalarLogical(given_forever(timeout(ns)));
}

static SEXP evaluate(void *function)
{
    return Rf_eval(Rf_lang1((SEXP)function), R_GlobalEnv);
}

static SEXP caught(SEXP condition, void *a)
{
    asynchron_fail((asynchron_t *)a, 1, CHAR(STRING_ELT(VECTOR_ELT(condition, 0), 0)));
    return R_NilValue;
}

/* An error must not leave it: it would jump over the library, and the asynchron would stay RUNNING. */
static int32_t run(asynchron_t *a, void *function)
{
    R_tryCatchError(evaluate, function, caught, a);
    return 0;
}

SEXP outcome(SEXP function)
{
    asynchron_t *a = asynchron_create(NULL);
    asynchron_error_t why;
    char text[100] = "success";

    asynchron_call(a, run, function);
    if (asynchron_error(a, &why) == ASYNCHRON_OK)
        snprintf(text, sizeof text, "failure: %s", why.message);
    asynchron_release(a);
    return Rf_mkString(text);
}

/* No function of R's may run on a thread of ours: a report says what is complete. */
SEXP told(SEXP handle)
{
    asynchron_t *a = (asynchron_t *)R_ExternalPtrAddr(handle);
    asynchron_report_t *report = asynchron_report_create(&a, 1);
    asynchron_item_t item = { NULL, NULL };
    asynchron_status_t status = asynchron_report_next(report, ASYNCHRON_FOREVER, &item);

    asynchron_release(item.asynchron);
    asynchron_report_release(report);
    return Rf_mkString(status == ASYNCHRON_OK && item.asynchron == a ? "never" : "lost");
}
