/* Waiting, without the interpreter lock. In the main thread, so that Ctrl-C ends it at once. */
#include "core.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int to_seconds(PyObject *argument, double *seconds)
{
    *seconds = FOREVER;
    if (argument == NULL || argument == Py_None)
        return 0;
    *seconds = PyFloat_AsDouble(argument);
    if (*seconds == -1.0 && PyErr_Occurred())
        return -1;
    if (isnan(*seconds)) {
        PyErr_SetString(PyExc_ValueError, "a timeout must be a number");
        return -1;
    }
    /* As elsewhere in Python, a time that has passed is no error. */
    if (*seconds < 0)
        *seconds = 0;
    else if (*seconds > 1e9)
        *seconds = FOREVER;
    return 0;
}

static uint64_t now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000 + (uint64_t)at.tv_nsec;
}

static uint64_t to_nanoseconds(double seconds)
{
    return seconds < 0 ? ASYNCHRON_FOREVER : (uint64_t)(seconds * 1e9);
}

/* What is waited for: an asynchron, or the next items of a report. */
struct awaited {
    asynchron_t *a;
    asynchron_report_t *report;
    asynchron_item_t *items;
    size_t most, *n;
};

static asynchron_status_t look(const struct awaited *awaited, uint64_t timeout)
{
    if (awaited->a != NULL)
        return timeout == 0 ? asynchron_poll(awaited->a) : asynchron_wait(awaited->a, timeout);
    return asynchron_report_next_batch(awaited->report, timeout, awaited->items, awaited->most, awaited->n);
}

/* Whether that says that there is nothing yet. */
static bool is_nothing(const struct awaited *awaited, asynchron_status_t status)
{
    return awaited->a != NULL ? status == ASYNCHRON_PENDING || status == ASYNCHRON_TIMEOUT : status == ASYNCHRON_TIMEOUT;
}

static asynchron_status_t wait_plainly(const struct awaited *awaited, double seconds)
{
    asynchron_status_t status;
    bool for_one = awaited->a != NULL;
    if (for_one)
        begin_to_wait();
    WITHOUT_LOCK
    if (for_one)
        begin_to_look();
    status = look(awaited, to_nanoseconds(seconds));
    if (for_one)
        end_to_look();
    WITH_LOCK
    if (for_one)
        end_to_wait();
    return status;
}

/* ---- in the main thread ---- */

/* So long a wait there is like any other: most answers come within it, and nobody notices Ctrl-C so late. */
#define MOMENT 0.002

/* The main thread's own, for the next time: only it comes here, with the interpreter lock. */
static asynchron_report_t *bell;

/* Whether this is the thread on which Python runs the handlers of signals: -1 if it is not known yet. */
static _Thread_local int is_main = -1;

PyObject *after_fork_in_child(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    /* What its descriptor is shared with is the parent's. */
    asynchron_report_release(bell);
    bell = NULL;
    is_main = 1;
    forget_waits();
    forget_those_inside();
    Py_RETURN_NONE;
}

/* A signal that comes just before it sleeps does not wake it: it is seen after so long, in nanoseconds. */
#define SLICE UINT64_C(1000000000)
/* Where no descriptor can be had, it looks so often. */
#define WITHOUT_DESCRIPTOR UINT64_C(2000000)

/* Until there is something, the time is over (nanoseconds), or a signal's handler has raised: ASYNCHRON_E_SYSTEM. */
static asynchron_status_t poll_until(const struct awaited *awaited, int fd, uint64_t end)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    for (;;) {
        asynchron_status_t status = look(awaited, 0);
        uint64_t at = now();
        uint64_t left = end - at, most = fd < 0 ? WITHOUT_DESCRIPTOR : SLICE;
        struct timespec time;
        int error;
        if (!is_nothing(awaited, status))
            return status;
        if (at >= end)
            return ASYNCHRON_TIMEOUT;
        left = left < most ? left : most;
        time.tv_sec = (time_t)(left / 1000000000);
        time.tv_nsec = (long)(left % 1000000000);
        WITHOUT_LOCK
        error = ppoll(&watched, 1, &time, NULL) < 0 ? errno : 0;
        WITH_LOCK
        if (error != 0 && error != EINTR) {
            errno = error;
            PyErr_SetFromErrno(PyExc_OSError);
            return ASYNCHRON_E_SYSTEM;
        }
        if (PyErr_CheckSignals() < 0)
            return ASYNCHRON_E_SYSTEM;
    }
}

/* Has a report forget it, also where it has come out already. */
static void empty(asynchron_report_t *report, asynchron_t *a)
{
    asynchron_item_t item;
    asynchron_report_remove(report, a);
    while (asynchron_report_next(report, 0, &item) == ASYNCHRON_OK)
        asynchron_release(item.asynchron);
}

/* An asynchron has no descriptor: a report has. */
static asynchron_status_t poll_through_report(const struct awaited *awaited, uint64_t end)
{
    /* A handler that runs meanwhile may wait, too, and then has another. */
    asynchron_report_t *report = bell;
    asynchron_status_t status;
    int fd;
    bell = NULL;
    if (report == NULL)
        report = asynchron_report_create(NULL, 0);
    if (report == NULL || asynchron_report_add(report, awaited->a, NULL) != ASYNCHRON_OK) {
        asynchron_report_release(report);
        PyErr_NoMemory();
        return ASYNCHRON_E_SYSTEM;
    }
    fd = asynchron_report_fd(report);
    status = poll_until(awaited, fd, end);
    empty(report, awaited->a);
    if (bell == NULL)
        bell = report;
    else
        asynchron_report_release(report);
    return status;
}

static asynchron_status_t wait_in_main(const struct awaited *awaited, double seconds)
{
    asynchron_status_t status;
    uint64_t end = seconds < 0 ? UINT64_MAX : now() + to_nanoseconds(seconds);
    int fd;

    status = wait_plainly(awaited, seconds < 0 || seconds > MOMENT ? MOMENT : seconds);
    if (status != ASYNCHRON_TIMEOUT)
        return status;
    if (PyErr_CheckSignals() < 0)
        return ASYNCHRON_E_SYSTEM;
    if (seconds >= 0 && seconds <= MOMENT)
        return status;

    if (awaited->a != NULL) {
        begin_to_wait();
        status = poll_through_report(awaited, end);
        end_to_wait();
    } else {
        fd = asynchron_report_fd(awaited->report);
        status = poll_until(awaited, fd, end);
    }
    return status;
}

bool in_main_thread(void)
{
    if (is_main < 0)
        is_main = syscall(SYS_gettid) == getpid();
    return is_main;
}

static asynchron_status_t wait_here(const struct awaited *awaited, double seconds)
{
    asynchron_status_t status = look(awaited, 0);
    if (!is_nothing(awaited, status))
        return status;
    if (seconds == 0)
        return ASYNCHRON_TIMEOUT;
    status = in_main_thread() ? wait_in_main(awaited, seconds) : wait_plainly(awaited, seconds);
    interrupt_if_due();
    return status;
}

asynchron_status_t wait_for(asynchron_t *a, double seconds)
{
    struct awaited awaited = {.a = a};
    return wait_here(&awaited, seconds);
}

asynchron_status_t wait_for_report(asynchron_report_t *report, double seconds, asynchron_item_t *items, size_t most,
                                   size_t *n)
{
    struct awaited awaited = {.report = report, .items = items, .most = most, .n = n};
    return wait_here(&awaited, seconds);
}
