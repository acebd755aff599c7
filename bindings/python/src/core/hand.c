/* From a thread that delivers to one that waits: who has the interpreter lock meanwhile. */
#include "core.h"

#include <stdatomic.h>

/* Threads that wait for an asynchron, and of those the ones that do not want the interpreter lock yet. Not those that take from
 * a report: more is to come, and they take that together. */
static atomic_size_t waiting, looking;
static _Thread_local bool keeps_lock __attribute__((tls_model("initial-exec")));

/* Whether a thread that was delivered to may have the lock, and has not waited since. */
static atomic_bool handed;

void begin_to_wait(void)
{
    atomic_fetch_add_explicit(&waiting, 1, memory_order_relaxed);
}

void end_to_wait(void)
{
    atomic_fetch_sub_explicit(&waiting, 1, memory_order_relaxed);
}

void begin_to_look(void)
{
    atomic_store_explicit(&handed, false, memory_order_relaxed);
    atomic_fetch_add_explicit(&looking, 1, memory_order_relaxed);
}

void end_to_look(void)
{
    atomic_fetch_sub_explicit(&looking, 1, memory_order_relaxed);
}

void forget_waits(void)
{
    atomic_store(&waiting, 0);
    atomic_store(&looking, 0);
}

bool lets_others_in(void)
{
    return atomic_load_explicit(&waiting, memory_order_relaxed) != 0 && !keeps_lock;
}

PyObject *keep_lock(PyObject *module, PyObject *keep)
{
    int is_true = PyObject_IsTrue(keep);
    (void)module;
    if (is_true < 0)
        return NULL;
    keeps_lock = is_true;
    Py_RETURN_NONE;
}

/* ---- a moment for the other one ----
 *
 * One that looks when it is delivered to, and does not sleep, takes the lock before we have it again. To wait for the lock is
 * to sleep, and to be woken takes ten times as long as what it does until it waits for the next: so that is waited for awake. */

/* So many looks until it is seen to go on, and until it has let go of the lock: a fraction of a microsecond, and two. */
#define ANSWER 8
#define TURN 50

/* How often it is tried although nobody went on at once of late: those that wait may wait for something else. */
#define SELDOM 32
#define MOST_LUCK 8

static atomic_int luck;
static atomic_uint tries;

static void rest(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

static void wait_for_turn(void)
{
    for (int i = 0; i < TURN && atomic_load_explicit(&handed, memory_order_relaxed); i++)
        rest();
}

size_t begin_to_hand(void)
{
    atomic_store_explicit(&handed, true, memory_order_relaxed);
    return atomic_load_explicit(&looking, memory_order_relaxed);
}

void end_to_hand(size_t before)
{
#ifdef Py_GIL_DISABLED
    (void)before, (void)wait_for_turn, (void)luck, (void)tries;
#else
    int now = atomic_load_explicit(&luck, memory_order_relaxed);
    if (before == 0)
        return;
    if (now == 0 && atomic_fetch_add_explicit(&tries, 1, memory_order_relaxed) % SELDOM != 0)
        return;
    for (int i = 0; i < ANSWER; i++) {
        if (atomic_load_explicit(&looking, memory_order_relaxed) != before) {
            wait_for_turn();
            if (now < MOST_LUCK)
                atomic_store_explicit(&luck, MOST_LUCK, memory_order_relaxed);
            return;
        }
        rest();
    }
    if (now > 0)
        atomic_store_explicit(&luck, now - 1, memory_order_relaxed);
#endif
}
