/* The methods of Asynchron, in ask.c, deliver.c and look.c: as their types in Python want them. */
#ifndef METHODS_H
#define METHODS_H

#include "core.h"

/* ---- ask.c ---- */

PyObject *call(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *wait_method(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *join(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *get(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *call_fast(PyObject *of, PyObject *const *args, size_t nargsf, PyObject *kwnames);
PyObject *get_result(PyObject *of, void *unused);
PyObject *get_exc_info(PyObject *of, void *unused);

/* ---- deliver.c ---- */

PyObject *put(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *put_bytes(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *fail(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *cancel_pending(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *start(PyObject *of, PyObject *unused);
PyObject *cancel(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *expire_after(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names);
int set_result(PyObject *of, PyObject *value, void *unused);
int set_exc_info(PyObject *of, PyObject *info, void *unused);
int run_function(Asynchron *self, PyObject *args, PyObject *kwds);
PyObject *run_func(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *notify_method(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names);
PyObject *unnotify_method(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names);

/* ---- look.c ---- */

PyObject *get_state(PyObject *of, void *unused);
PyObject *is_ready(PyObject *of, void *unused);
PyObject *is_pending(PyObject *of, void *unused);
PyObject *is_running(PyObject *of, void *unused);
PyObject *is_cancelled(PyObject *of, void *unused);
PyObject *is_done(PyObject *of, void *unused);
PyObject *get_name(PyObject *of, void *unused);
int set_name(PyObject *of, PyObject *name, void *unused);
PyObject *get_extra(PyObject *of, void *unused);
int set_extra(PyObject *of, PyObject *extra, void *unused);
PyObject *represent(PyObject *of);

#endif
