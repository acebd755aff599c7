/* What the files of the extension share. */
#ifndef CORE_H
#define CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <asynchron.h>
#include <stdbool.h>

/* In a build without the interpreter lock, several threads may be in one object. */
#ifndef Py_BEGIN_CRITICAL_SECTION
#define Py_BEGIN_CRITICAL_SECTION(object) {
#define Py_END_CRITICAL_SECTION() }
#endif

/* ---- asynchron.c: the class, a handle ---- */

/* In the limited interface since 3.12, and there in 3.11 all the same. */
#ifndef Py_TPFLAGS_HAVE_VECTORCALL
#define Py_TPFLAGS_HAVE_VECTORCALL (1UL << 11)
typedef PyObject *(*vectorcallfunc)(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);
#endif

struct callback;

typedef struct {
    PyObject_HEAD
    asynchron_t *a;
    vectorcallfunc call;
    PyObject *name;   /* NULL until it is asked for, unless it was given */
    PyObject *extra;  /* NULL until it is asked for */
    PyObject *weak;
    PyObject *dict;
    size_t number;    /* among those of its class */
    struct callback *callbacks; /* what was registered by this handle and has not come back */
} Asynchron;

extern PyTypeObject *asynchron_type, *report_type;
extern PyObject *cancellation_error, *foreign_error;
extern PyObject *extra_type; /* what A.extra is at first; NULL before the package has said it */

PyObject *make_asynchron_type(PyObject *module);
PyObject *make_report_type(PyObject *module);
PyObject *make_completions_type(PyObject *module);

/* As a dealloc function does first. */
static inline void clear_weak_references(PyObject *of, PyObject **list)
{
#ifndef Py_GIL_DISABLED
    /* Mostly there are none. (Without the interpreter lock, others may be about to take theirs off.) */
    if (*list == NULL)
        return;
#endif
    PyObject_ClearWeakRefs(of);
    *list = NULL;
}

/* Its name; a new reference. */
PyObject *name_of(Asynchron *self);

/* ---- fields.c: references that several threads look at and change ---- */

/* What is there, a new reference; NULL if nothing is. */
PyObject *look_at(Asynchron *owner, PyObject **place);
/* Puts it there unless something is, and returns what is there then, a new reference. Takes `made` over. */
PyObject *keep_first(Asynchron *owner, PyObject **place, PyObject *made);
/* Puts it there, NULL too, in the place of what was. */
void put_instead(Asynchron *owner, PyObject **place, PyObject *value);

/* ---- unpack.c: arguments of methods that are called often ---- */

struct parameters {
    const char *function;
    const char *const *names; /* and NULL */
    Py_ssize_t needed, by_place;
};

/* Puts the arguments of a METH_FASTCALL | METH_KEYWORDS where their parameters are, in an array of NULLs; borrowed. -1 with
 * TypeError; 0. */
int unpack(const struct parameters *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames, PyObject **to);

/* ---- interpreter.c: the interpreter, from any thread ---- */

/* Whose a thread is that comes into Python: the end of the interpreter waits for both. */
enum way { BY_LIBRARY, BY_C, WAYS };

/* What leave_python() is to give back. */
typedef struct {
    PyGILState_STATE state;
    enum way way; /* WAYS: it is not waited for */
    bool had_lock;
} entry_t;

/* Takes the interpreter lock, also on a thread that is not one of Python's. False: there is no interpreter any more. */
bool enter_python(entry_t *entry);
void leave_python(entry_t entry);
/* Lets nobody in any more, and waits for those that are inside. Called when the interpreter begins to end. */
PyObject *close_python(PyObject *module, PyObject *unused);
/* In the child of a fork: the threads that were inside are not there. */
void forget_those_inside(void);

/* CPython up to 3.13 ends a thread that wants its lock too late by unwinding it. Below us are frames of the library and of
 * others, who do not expect that: the thread stays here until the process ends. To be pushed as a cleanup around all
 * that runs Python above such frames. */
void stay(void *unused);

/* Whether this thread is inside release_with_lock(), and so has the interpreter lock. */
extern _Thread_local bool has_lock __attribute__((tls_model("initial-exec")));

/* Py_BEGIN_ALLOW_THREADS and its end, where the library may drop something. */
#define WITHOUT_LOCK \
    { \
        bool had_lock = has_lock; \
        has_lock = false; \
        Py_BEGIN_ALLOW_THREADS
#define WITH_LOCK \
    Py_END_ALLOW_THREADS \
        has_lock = had_lock; \
    }

/* asynchron_release(), by a thread that has the interpreter lock: what is dropped need not ask for it. */
void release_with_lock(asynchron_t *a);
/* Drops an object, on any thread, at any time: a drop function of the library's. */
void drop_object(void *object);

/* ---- outcome.c: what it is completed with ---- */

/* Delivers an object to what the caller keeps alive. */
asynchron_status_t deliver_to(asynchron_t *a, PyObject *value);
/* Delivers an object; 0, or -1 with an exception. */
int deliver_object(Asynchron *self, PyObject *value);
/* The same with a copy of bytes, which are no object to C. */
int deliver_bytes(Asynchron *self, const void *data, size_t len);
/* Delivers an exception, with its traceback. */
int deliver_exception(Asynchron *self, PyObject *exception);
/* Delivers the exception that is raised just now, and takes it back. */
int deliver_raised(Asynchron *self);
/* The object that a value is, or that is made of it: a new reference. */
PyObject *to_object(const asynchron_value_t *value);
/* A new reference to the value, or NULL with what it failed with raised. It is complete with `status`. */
PyObject *collect(Asynchron *self, asynchron_status_t status);
/* What it failed with, a new reference, and its traceback; NULL without an exception if it has a value. */
PyObject *exception_of(Asynchron *self, PyObject **traceback);
/* Has the collector see the outcome's objects, where nobody else holds it. */
int outcome_traverse(Asynchron *self, visitproc visit, void *arg);

/* ---- wait.c: waiting, without the interpreter lock ---- */

#define FOREVER (-1.0)

/* Whether this is the thread on which handlers of signals run. */
bool in_main_thread(void);
/* Waits for so many seconds. The status, or ASYNCHRON_E_SYSTEM with an exception. */
asynchron_status_t wait_for(asynchron_t *a, double seconds);
/* Waits until the report may have something: as above. */
asynchron_status_t wait_for_report(asynchron_report_t *report, double seconds, asynchron_item_t *items, size_t most,
                                   size_t *n);
/* A time limit out of an argument: None and infinity are for ever. -1 with an exception; 0. */
int to_seconds(PyObject *argument, double *seconds);
PyObject *after_fork_in_child(PyObject *module, PyObject *unused);

/* ---- hand.c: from a thread that delivers to one that waits ---- */

/* A thread of Python's waits for an asynchron, waits no more: with the interpreter lock. */
void begin_to_wait(void);
void end_to_wait(void);
/* The same without it. */
void begin_to_look(void);
void end_to_look(void);
/* Nobody does: in the child of a fork. */
void forget_waits(void);
/* Whether whoever delivers lets go of the interpreter lock: if threads of Python's wait for an asynchron just now. */
bool lets_others_in(void);
/* Whether this thread keeps the lock even so: a pool's, which is idle again before those that it wakes go on. */
PyObject *keep_lock(PyObject *module, PyObject *keep);
/* Around a delivery without the lock: gives the one that waited for it a moment, before this thread asks for the lock. */
size_t begin_to_hand(void);
void end_to_hand(size_t before);

/* ---- argument.c: an argument by its place or its name ---- */

/* The one argument of a METH_FASTCALL | METH_KEYWORDS method, borrowed; NULL with an exception. */
PyObject *only_argument(const char *method, const char *name, PyObject *const *args, Py_ssize_t n, PyObject *names);
/* The arguments with the function in the first place, where it may have been given as `func`: new references. 0, or -1
 * with an exception. */
int take_function(PyObject **args, PyObject **kwds);

/* ---- callback.c: functions that are called when it is complete ---- */

/* What is told of a callback that raises from now on: function(exception, callback, asynchron). */
PyObject *set_on_raised(PyObject *module, PyObject *function);
/* The token, or NULL with an exception. */
PyObject *notify(Asynchron *self, PyObject *function);
/* After what may have run callbacks: if one was interrupted by Ctrl-C, the main thread is interrupted now, when all have
 * run. */
void interrupt_if_due(void);
PyObject *unnotify(Asynchron *self, PyObject *token);
void take_back_callbacks(Asynchron *self);
int callbacks_traverse(Asynchron *self, visitproc visit, void *arg);

/* ---- foreign.c: handles for C ---- */

PyObject *from_handle(PyObject *type, PyObject *handle);
PyObject *get_handle(PyObject *self, void *unused);
PyObject *get_capsule(PyObject *self, PyObject *unused);
/* A new handle of this class for a reference that is handed over. */
PyObject *asynchron_wrap(PyTypeObject *type, asynchron_t *a);
int add_c_interface(PyObject *module);

#endif
