/* The interpreter, from threads that are not its own, and while it ends. */
#include "for_c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- who is inside ---- */

static atomic_bool closed;
static atomic_size_t inside; /* what of enter_python() is counted and has not left */

static _Thread_local size_t mine; /* of those, what this thread is in */
static _Thread_local bool ends;   /* whether this thread ends the interpreter */

/* Whether the interpreter is there until go_out(). */
static bool come_in(void)
{
    atomic_fetch_add(&inside, 1);
    if (atomic_load(&closed)) {
        atomic_fetch_sub(&inside, 1);
        return false;
    }
    mine++;
    return true;
}

static void go_out(void)
{
    mine--;
    atomic_fetch_sub(&inside, 1);
}

void forget_those_inside(void)
{
    atomic_store(&inside, mine);
}

/* So long (in milliseconds) the end waits for one more to leave: those that get the lock are quick, and nobody who stays
 * keeps the program from ending. */
#define PATIENCE 2000

PyObject *close_python(PyObject *module, PyObject *unused)
{
    struct timespec moment = {.tv_nsec = 1000000};
    size_t before = 0, left;
    (void)module, (void)unused;
    ends = true;
    atomic_store(&closed, true);
    WITHOUT_LOCK
    for (int moments = 0; moments < PATIENCE && (left = atomic_load(&inside)) > mine; moments++) {
        if (left != before)
            moments = 0;
        before = left;
        nanosleep(&moment, NULL);
    }
    WITH_LOCK
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

bool enter_python(entry_t *entry)
{
    /* A thread of Python's that comes late stays, or ends: the interpreter sees to that. */
    entry->counted = PyGILState_GetThisThreadState() == NULL;
    if (entry->counted && !come_in())
        return false;
    take_lock(entry);
    return true;
}

void leave_python(entry_t entry)
{
    has_lock = entry.had_lock;
    PyGILState_Release(entry.state);
    if (entry.counted)
        go_out();
}

/* ---- for C ---- */

/* Every thread is counted here, also one of Python's: above it are frames that must not stay, either. */
static bool enter(entry_t *entry)
{
    entry->counted = !ends;
    if (ends ? !Py_IsInitialized() : !come_in())
        return false;
    take_lock(entry);
    return true;
}

int enter_from_c(asynchron_python_state_t *state)
{
    entry_t entry;
    _Static_assert(sizeof entry <= sizeof *state, "what C keeps is too small");
    if (!enter(&entry))
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
