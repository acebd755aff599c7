/* Methods that ask: they wait, and return the value or raise. */
#include "methods.h"

/* Waits: how it is complete, or ASYNCHRON_TIMEOUT; ASYNCHRON_E_SYSTEM with an exception. */
static asynchron_status_t wait_some(Asynchron *self, double seconds)
{
    asynchron_status_t status = asynchron_poll(self->a);
    if (status == ASYNCHRON_PENDING)
        status = wait_for(self->a, seconds);
    switch (status) {
    case ASYNCHRON_E_DEADLOCK:
        PyErr_Format(PyExc_RuntimeError, "%R would wait for itself", self);
        return ASYNCHRON_E_SYSTEM;
    case ASYNCHRON_E_NOMEM:
        PyErr_NoMemory();
        return ASYNCHRON_E_SYSTEM;
    case ASYNCHRON_OK:
        /* The wait says that it is complete, and poll how. */
        return asynchron_poll(self->a);
    default:
        return status;
    }
}

/* The same, with an exception also if there is nothing yet. */
static asynchron_status_t await(Asynchron *self, double seconds)
{
    asynchron_status_t status = wait_some(self, seconds);
    if (status != ASYNCHRON_TIMEOUT)
        return status;
    PyErr_Format(PyExc_TimeoutError, "%R: not yet", self);
    return ASYNCHRON_E_SYSTEM;
}

static PyObject *wait_and_collect(Asynchron *self, double seconds)
{
    asynchron_status_t status = await(self, seconds);
    return status == ASYNCHRON_E_SYSTEM ? NULL : collect(self, status);
}

PyObject *call(PyObject *of, PyObject *args, PyObject *kwds)
{
    Asynchron *self = (Asynchron *)of;
    asynchron_value_t value;
    if (PyTuple_Size(args) > 0) {
        if (run_function(self, args, kwds) < 0)
            return NULL;
    } else if (kwds != NULL && PyObject_Size(kwds) > 0) {
        return PyErr_Format(PyExc_TypeError, "keywords are for a function, and there is none");
    }
    /* Mostly it is complete. */
    if (asynchron_get_timeout(self->a, 0, &value) == ASYNCHRON_OK)
        return to_object(&value);
    return wait_and_collect(self, FOREVER);
}

PyObject *wait_method(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"timeout", NULL};
    PyObject *timeout = NULL;
    double seconds;
    asynchron_status_t status;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O:wait", names, &timeout) || to_seconds(timeout, &seconds) < 0)
        return NULL;
    status = wait_some((Asynchron *)of, seconds);
    return status == ASYNCHRON_E_SYSTEM ? NULL : PyBool_FromLong(status != ASYNCHRON_TIMEOUT);
}

/* type, exception, traceback; or None */
static PyObject *exc_info_of(Asynchron *self)
{
    PyObject *traceback, *exception = exception_of(self, &traceback), *all;
    if (exception == NULL)
        return PyErr_Occurred() ? NULL : (Py_INCREF(Py_None), Py_None);
    all = PyTuple_Pack(3, (PyObject *)Py_TYPE(exception), exception, traceback == NULL ? Py_None : traceback);
    Py_DECREF(exception);
    Py_XDECREF(traceback);
    return all;
}

PyObject *join(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"timeout", NULL};
    Asynchron *self = (Asynchron *)of;
    PyObject *timeout = NULL, *value, *info, *both;
    asynchron_status_t status;
    double seconds;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O:join", names, &timeout) || to_seconds(timeout, &seconds) < 0)
        return NULL;
    status = await(self, seconds);
    if (status == ASYNCHRON_E_SYSTEM)
        return NULL;
    if (status == ASYNCHRON_CANCELLED)
        return collect(self, status);
    value = status == ASYNCHRON_OK ? collect(self, status) : (Py_INCREF(Py_None), Py_None);
    info = value == NULL ? NULL : exc_info_of(self);
    both = info == NULL ? NULL : PyTuple_Pack(2, value, info);
    Py_XDECREF(value);
    Py_XDECREF(info);
    return both;
}

PyObject *get(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"default", NULL};
    Asynchron *self = (Asynchron *)of;
    PyObject *otherwise = Py_None;
    asynchron_status_t status;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O:get", names, &otherwise))
        return NULL;
    status = await(self, FOREVER);
    if (status == ASYNCHRON_E_SYSTEM)
        return NULL;
    if (status == ASYNCHRON_FAILED) {
        Py_INCREF(otherwise);
        return otherwise;
    }
    return collect(self, status);
}

/* The same call with its arguments in a tuple and a dict. */
static PyObject *call_with(PyObject *of, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Py_ssize_t n = (Py_ssize_t)(nargsf << 1 >> 1), names = kwnames == NULL ? 0 : PyTuple_Size(kwnames), i;
    PyObject *tuple = PyTuple_New(n), *dict = names ? PyDict_New() : NULL, *answer = NULL;
    if (tuple == NULL || (names && dict == NULL))
        goto end;
    for (i = 0; i < n; i++) {
        Py_INCREF(args[i]);
        PyTuple_SetItem(tuple, i, args[i]);
    }
    for (i = 0; i < names; i++)
        if (PyDict_SetItem(dict, PyTuple_GetItem(kwnames, i), args[n + i]) < 0)
            goto end;
    answer = call(of, tuple, dict);
end:
    Py_XDECREF(tuple);
    Py_XDECREF(dict);
    return answer;
}

/* Without arguments, as it is called mostly, and without a tuple of them. */
PyObject *call_fast(PyObject *of, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Asynchron *self = (Asynchron *)of;
    asynchron_value_t value;
    if ((nargsf << 1) != 0 || kwnames != NULL)
        return call_with(of, args, nargsf, kwnames);
    if (asynchron_get_timeout(self->a, 0, &value) == ASYNCHRON_OK)
        return to_object(&value);
    return wait_and_collect(self, FOREVER);
}

PyObject *get_result(PyObject *of, void *unused)
{
    Asynchron *self = (Asynchron *)of;
    asynchron_status_t status = asynchron_poll(self->a);
    (void)unused;
    switch (status) {
    case ASYNCHRON_PENDING:
        return PyErr_Format(PyExc_AttributeError, "%R has no result yet", self);
    case ASYNCHRON_FAILED:
        Py_RETURN_NONE;
    default:
        return collect(self, status);
    }
}

PyObject *get_exc_info(PyObject *of, void *unused)
{
    Asynchron *self = (Asynchron *)of;
    (void)unused;
    switch (asynchron_poll(self->a)) {
    case ASYNCHRON_PENDING:
        return PyErr_Format(PyExc_AttributeError, "%R has no exc_info yet", self);
    case ASYNCHRON_CANCELLED:
        return collect(self, ASYNCHRON_CANCELLED);
    default:
        return exc_info_of(self);
    }
}
