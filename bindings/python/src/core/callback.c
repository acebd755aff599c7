/* Functions of Python's that are called when an asynchron is complete. */
#include "core.h"

#include <stdatomic.h>
#include <stdlib.h>

/* One registration. The handle that made it knows it until it has come back. */
struct callback {
    uint64_t token; /* written before it can run */
    atomic_int users; /* the library, and the call that registers it */
    PyObject *function;
    Asynchron *handle; /* a reference: the function is called with it */
    struct callback *before, *behind;
};

PyObject *on_raised;

static void list_callback(struct callback *callback)
{
    Asynchron *handle = callback->handle;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)handle)
    callback->before = NULL;
    callback->behind = handle->callbacks;
    if (callback->behind != NULL)
        callback->behind->before = callback;
    handle->callbacks = callback;
    Py_END_CRITICAL_SECTION()
}

static void unlist_callback(struct callback *callback)
{
    Asynchron *handle = callback->handle;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)handle)
    if (callback->before != NULL)
        callback->before->behind = callback->behind;
    else
        handle->callbacks = callback->behind;
    if (callback->behind != NULL)
        callback->behind->before = callback->before;
    Py_END_CRITICAL_SECTION()
}

/* Tells whoever wants to know that this one has raised; the others run. */
static void tell_raised(struct callback *callback)
{
    PyObject *told;
    if (on_raised != NULL) {
        PyObject *type, *exception, *traceback;
        PyErr_Fetch(&type, &exception, &traceback);
        PyErr_NormalizeException(&type, &exception, &traceback);
        if (traceback != NULL)
            PyException_SetTraceback(exception, traceback);
        told = PyObject_CallFunctionObjArgs(on_raised, exception, callback->function, (PyObject *)callback->handle, NULL);
        Py_XDECREF(type);
        Py_XDECREF(exception);
        Py_XDECREF(traceback);
        if (told != NULL) {
            Py_DECREF(told);
            return;
        }
    }
    PyErr_WriteUnraisable(callback->function);
}

static void run(asynchron_t *a, void *of)
{
    struct callback *callback = of;
    entry_t entry;
    PyObject *answer, *type, *exception, *traceback;
    (void)a;
    if (!enter_python(&entry))
        return;
    /* It may run inside a delivery while an exception is on its way. */
    PyErr_Fetch(&type, &exception, &traceback);
    answer = PyObject_CallFunctionObjArgs(callback->function, (PyObject *)callback->handle, NULL);
    if (answer == NULL)
        tell_raised(callback);
    Py_XDECREF(answer);
    PyErr_Restore(type, exception, traceback);
    leave_python(entry);
}

static void leave(struct callback *callback)
{
    if (atomic_fetch_sub(&callback->users, 1) == 1)
        free(callback);
}

static void drop(void *of)
{
    struct callback *callback = of;
    entry_t entry;
    if (!enter_python(&entry))
        return;
    unlist_callback(callback);
    Py_DECREF(callback->function);
    Py_DECREF((PyObject *)callback->handle);
    leave(callback);
    leave_python(entry);
}

PyObject *notify(Asynchron *self, PyObject *function)
{
    asynchron_notify_options_t options = {.size = sizeof options, .fn = run, .drop_ctx = drop};
    asynchron_status_t status;
    struct callback *callback;
    PyObject *number;
    uint64_t token;
    if (!PyCallable_Check(function))
        return PyErr_Format(PyExc_TypeError, "a callback must be callable, not %R", function);
    callback = malloc(sizeof *callback);
    if (callback == NULL)
        return PyErr_NoMemory();
    Py_INCREF(function);
    Py_INCREF((PyObject *)self);
    callback->function = function;
    callback->handle = self;
    callback->token = 0;
    atomic_init(&callback->users, 2);
    list_callback(callback);
    options.ctx = callback;
    status = asynchron_notify_with(self->a, &options, &callback->token);
    token = callback->token;
    leave(callback);
    if (status == ASYNCHRON_E_NOMEM)
        return PyErr_NoMemory();
    if (status < 0)
        return PyErr_Format(PyExc_RuntimeError, "%R: %s", self, asynchron_status_string(status));
    number = PyLong_FromUnsignedLongLong(token);
    if (number == NULL)
        asynchron_unnotify(self->a, token);
    return number;
}

PyObject *unnotify(Asynchron *self, PyObject *number)
{
    asynchron_status_t status;
    unsigned long long token = PyLong_AsUnsignedLongLong(number);
    if (PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = asynchron_unnotify(self->a, token);
    Py_END_ALLOW_THREADS
    if (status == ASYNCHRON_E_DEADLOCK)
        return PyErr_Format(PyExc_RuntimeError, "%R: a callback cannot wait for itself", self);
    return PyBool_FromLong(status == ASYNCHRON_OK);
}

/* For the collector, which alone knows the handle: none of them runs any more. */
void take_back_callbacks(Asynchron *self)
{
    while (self->callbacks != NULL) {
        struct callback *first = self->callbacks;
        asynchron_unnotify(self->a, first->token);
        if (self->callbacks == first)
            break; /* it runs just now, on this thread */
    }
}

int callbacks_traverse(Asynchron *self, visitproc visit, void *arg)
{
    struct callback *callback;
    for (callback = self->callbacks; callback != NULL; callback = callback->behind) {
        Py_VISIT(callback->function);
        Py_VISIT((PyObject *)callback->handle);
    }
    return 0;
}
