/* The interpreter, from threads that are not its own, and while it ends. */
#include "core.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

static atomic_bool closed;
static atomic_size_t inside; /* foreign threads that have or will have the lock */

/* The interpreter ends a thread that asks for its lock too late, by unwinding it (up to CPython 3.13). Above us are frames
 * of the library and of others, who do not expect that: the thread stays here until the process ends. */
static void stay(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

bool enter_python(entry_t *entry)
{
    entry->foreign = PyGILState_GetThisThreadState() == NULL;
    if (entry->foreign) {
        atomic_fetch_add(&inside, 1);
        if (atomic_load(&closed)) {
            atomic_fetch_sub(&inside, 1);
            return false;
        }
    }
    pthread_cleanup_push(stay, NULL);
    entry->state = PyGILState_Ensure();
    pthread_cleanup_pop(0);
    return true;
}

void leave_python(entry_t entry)
{
    PyGILState_Release(entry.state);
    if (entry.foreign)
        atomic_fetch_sub(&inside, 1);
}

PyObject *close_python(PyObject *module, PyObject *unused)
{
    struct timespec moment = {.tv_nsec = 1000000};
    (void)module, (void)unused;
    atomic_store(&closed, true);
    /* Those that are inside get the lock now; but none keeps the program from ending. */
    Py_BEGIN_ALLOW_THREADS
    for (int moments = 0; moments < 1000 && atomic_load(&inside) != 0; moments++)
        nanosleep(&moment, NULL);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

/* Whether this thread is inside release_with_lock(). */
static _Thread_local bool has_lock __attribute__((tls_model("initial-exec")));

void release_with_lock(asynchron_t *a)
{
    bool before = has_lock;
    has_lock = true;
    asynchron_release(a);
    has_lock = before;
}

void drop_object(void *object)
{
    entry_t entry;
    if (has_lock) {
        /* What this runs may let go of the lock. */
        has_lock = false;
        Py_DECREF((PyObject *)object);
        has_lock = true;
    } else if (enter_python(&entry)) {
        Py_DECREF((PyObject *)object);
        leave_python(entry);
    }
}
