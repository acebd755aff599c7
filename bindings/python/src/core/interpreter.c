/* The interpreter, from threads that are not its own, and while it ends. */
#include "for_c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- what is inside ---- */

static atomic_bool closed;
/* How many threads are on their way into Python or in it, and have not left; and how often this one is. */
static atomic_size_t inside[WAYS];
static _Thread_local size_t mine[WAYS];
static _Thread_local bool ends; /* whether this thread ends the interpreter */

/* Whether the interpreter is there until go_out(). */
static bool come_in(enum way way)
{
    atomic_fetch_add(&inside[way], 1);
    if (atomic_load(&closed) && mine[way] == 0) {
        atomic_fetch_sub(&inside[way], 1);
        return false;
    }
    mine[way]++;
    return true;
}

static void go_out(enum way way)
{
    mine[way]--;
    atomic_fetch_sub(&inside[way], 1);
}

void forget_those_inside(void)
{
    for (int way = 0; way < WAYS; way++)
        atomic_store(&inside[way], mine[way]);
}

static size_t others_inside(enum way way)
{
    return atomic_load(&inside[way]) - mine[way];
}

static double seconds_now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec * 1e-9;
}

/* So many seconds the end waits for one more of ours to leave: with the lock they are quick, and a callback that stays does
 * not keep the program from ending. What C has let in is waited for as long as it takes. */
#define PATIENCE 1.0

/* Waits a while, without the lock, which those that are inside want. Whether they have left, or are given up. */
static bool have_left(double *since, size_t *before)
{
    struct timespec moment = {.tv_nsec = 1000000};
    for (int moments = 0; moments < 50; moments++) {
        size_t ours = others_inside(BY_LIBRARY);
        if (ours != *before)
            *since = seconds_now();
        *before = ours;
        if ((ours == 0 || seconds_now() - *since > PATIENCE) && others_inside(BY_C) == 0)
            return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

PyObject *close_python(PyObject *module, PyObject *unused)
{
    double since = seconds_now();
    size_t before = 0;
    bool over;
    (void)module, (void)unused;
    ends = true;
    atomic_store(&closed, true);
    do {
        WITHOUT_LOCK
        over = have_left(&since, &before);
        WITH_LOCK
        if (PyErr_CheckSignals() < 0)
            return NULL;
    } while (!over);
    Py_RETURN_NONE;
}

/* ---- in and out ---- */

void stay(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

_Thread_local bool has_lock __attribute__((tls_model("initial-exec")));

static void take_lock(entry_t *entry)
{
    pthread_cleanup_push(stay, NULL);
    entry->state = PyGILState_Ensure();
    pthread_cleanup_pop(0);
    entry->had_lock = has_lock;
    has_lock = false;
}

static bool enter(entry_t *entry, enum way way, bool counted)
{
    entry->way = counted ? way : WAYS;
    if (counted && !come_in(way))
        return false;
    take_lock(entry);
    return true;
}

bool enter_python(entry_t *entry)
{
    /* A thread of Python's that comes late stays: take_lock() sees to that. */
    return enter(entry, BY_LIBRARY, PyGILState_GetThisThreadState() == NULL);
}

void leave_python(entry_t entry)
{
    has_lock = entry.had_lock;
    PyGILState_Release(entry.state);
    if (entry.way != WAYS)
        go_out(entry.way);
}

/* ---- for C: frames of others are below, which must neither stay nor be unwound, whatever thread it is ---- */

int enter_from_c(asynchron_python_state_t *state)
{
    entry_t entry;
    _Static_assert(sizeof entry <= sizeof *state, "what C keeps is too small");
    if ((ends && !Py_IsInitialized()) || !enter(&entry, BY_C, !ends))
        return 0;
    memset(state, 0, sizeof *state);
    memcpy(state, &entry, sizeof entry);
    return 1;
}

void leave_from_c(const asynchron_python_state_t *state)
{
    entry_t entry;
    memcpy(&entry, state, sizeof entry);
    leave_python(entry);
}

/* ---- dropping ---- */

void release_with_lock(asynchron_t *a)
{
    bool before = has_lock;
    has_lock = true;
    asynchron_release(a);
    has_lock = before;
}

/* What this runs may let go of the lock, and lose it for good: see stay(). */
static void drop_with_lock(PyObject *object)
{
    pthread_cleanup_push(stay, NULL);
    Py_DECREF(object);
    pthread_cleanup_pop(0);
}

void drop_object(void *object)
{
    entry_t entry;
    if (has_lock) {
        has_lock = false;
        drop_with_lock(object);
        has_lock = true;
    } else if (enter_python(&entry)) {
        drop_with_lock(object);
        leave_python(entry);
    }
}
