/*
 * asynchron/python.h: asynchrons between C and Python, for extension modules.
 *
 *     #include <Python.h>
 *     #include <asynchron/python.h>
 *
 *     if (asynchron_python_import() < 0) return NULL;   in the module's initialisation, once in each file
 *     asynchron_t *a = asynchron_create(NULL);
 *     start_work(a);                     a thread of yours delivers to it, without the interpreter lock, and releases it
 *     return asynchron_python_wrap(a);   what Python code calls, awaits, or puts in a report
 *
 * These want the interpreter lock. A thread of C that is to use Python's objects takes it by asynchron_python_enter(),
 * which is safe also while the interpreter ends, as PyGILState_Ensure() is not:
 *
 *     asynchron_python_state_t state;
 *     if (asynchron_python_enter(&state)) {
 *         asynchron_python_set(a, object);
 *         Py_DECREF(object);
 *         asynchron_python_leave(&state);
 *     }
 *
 * The extension links the package's libasynchron, which `python -m asynchron --library` prints; --include prints the
 * folder of the headers. It is loaded with the package: import asynchron before the extension, for one, in the
 * __init__.py of the extension's own package. C99 or C++11, and later.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef ASYNCHRON_PYTHON_H
#define ASYNCHRON_PYTHON_H

#include <Python.h>

#include <asynchron.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASYNCHRON_PYTHON_CAPSULE "asynchron._core._c_interface"

/* What asynchron_python_leave() is to give back. */
typedef struct {
    uintptr_t kept[4];
} asynchron_python_state_t;

/* What the package hands out: later ones add to its end. */
typedef struct {
    size_t size;
    PyObject *(*wrap)(asynchron_t *a);
    asynchron_t *(*unwrap)(PyObject *object);
    asynchron_status_t (*set)(asynchron_t *a, PyObject *value);
    int (*enter)(asynchron_python_state_t *state);
    void (*leave)(const asynchron_python_state_t *state);
} asynchron_python_t;

static const asynchron_python_t *asynchron_python_interface;

/* To be called before the others: 0, or -1 with an exception: ImportError if the package is not there, or is older than
 * this header. */
static inline int asynchron_python_import(void)
{
    const asynchron_python_t *found = (const asynchron_python_t *)PyCapsule_Import(ASYNCHRON_PYTHON_CAPSULE, 0);
    if (found == NULL) {
        /* No module of that name, or one without the capsule. */
        if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_SetString(PyExc_ImportError, "this asynchron has no interface for C");
        }
        return -1;
    }
    if (found->size < sizeof(asynchron_python_t)) {
        PyErr_SetString(PyExc_ImportError, "the package asynchron is older than what this extension was built with");
        return -1;
    }
    asynchron_python_interface = found;
    return 0;
}

/* Takes the interpreter lock, on any thread, also on one that has it. 1: it is yours until asynchron_python_leave(), which
 * the same thread calls once for each. 0: the interpreter has ended or is about to, and nothing of Python's may be touched
 * any more; what you would have dropped stays. It blocks until the lock is free, never waits for an interpreter that does
 * not come back, and ends no thread.
 *
 * The interpreter does not end before all have left: do not stay for ever. (Ctrl-C ends that, too; what is inside then is
 * to Python what a daemon thread is.) */
static inline int asynchron_python_enter(asynchron_python_state_t *state)
{
    return asynchron_python_interface->enter(state);
}

/* Gives back what asynchron_python_enter() took. */
static inline void asynchron_python_leave(const asynchron_python_state_t *state)
{
    asynchron_python_interface->leave(state);
}

/* A new asynchron.Asynchron for `a`, which takes a reference of its own. NULL with an exception. */
static inline PyObject *asynchron_python_wrap(asynchron_t *a)
{
    return asynchron_python_interface->wrap(a);
}

/* What an asynchron.Asynchron is a handle of: a new reference, which is yours to release. NULL with TypeError. */
static inline asynchron_t *asynchron_python_unwrap(PyObject *object)
{
    return asynchron_python_interface->unwrap(object);
}

/* Delivers an object of Python's, of which it takes a reference of its own: the status, as asynchron_set_buffer() has it.
 * The object is for Python alone: do not read the value's data and len. What C is to read, asynchron_set_bytes() delivers. */
static inline asynchron_status_t asynchron_python_set(asynchron_t *a, PyObject *value)
{
    return asynchron_python_interface->set(a, value);
}

#ifdef __cplusplus
}
#endif

#endif
