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
 * All of these want the interpreter lock. The extension links the package's libasynchron, which `python -m asynchron
 * --library` prints; --include prints the folder of the headers. It is loaded with the package: import asynchron before
 * the extension, for one, in the __init__.py of the extension's own package.
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

/* What the package hands out. */
typedef struct {
    size_t size;
    PyObject *(*wrap)(asynchron_t *a);
    asynchron_t *(*unwrap)(PyObject *object);
    asynchron_status_t (*set)(asynchron_t *a, PyObject *value);
} asynchron_python_t;

static const asynchron_python_t *asynchron_python_interface;

/* To be called before the others: 0, or -1 with an exception. */
static inline int asynchron_python_import(void)
{
    asynchron_python_interface = (const asynchron_python_t *)PyCapsule_Import(ASYNCHRON_PYTHON_CAPSULE, 0);
    return asynchron_python_interface == NULL ? -1 : 0;
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

/* Delivers an object of Python's, of which it takes a reference of its own: the status, as asynchron_set_buffer() has it. */
static inline asynchron_status_t asynchron_python_set(asynchron_t *a, PyObject *value)
{
    return asynchron_python_interface->set(a, value);
}

#ifdef __cplusplus
}
#endif

#endif
