/* Functions of Python's that are called when an asynchron is complete. */
#include "core.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* One registration. The handle that made it knows it until it has come back. */
struct callback {
    uint64_t token; /* written before it can run */
    atomic_int users; /* the library, and the calls that register it or take it back */
    PyObject *function;
    Asynchron *handle; /* a reference: the function is called with it */
    struct callback *before, *behind;
};

/* What is told of a callback that raises; NULL: nobody. Under the class's critical section. */
static PyObject *on_raised;

PyObject *set_on_raised(PyObject *module, PyObject *function)
{
    PyObject *before;
    (void)module;
    Py_INCREF(function);
    Py_BEGIN_CRITICAL_SECTION((PyObject *)asynchron_type);
    before = on_raised;
    on_raised = function;
    Py_END_CRITICAL_SECTION();
    Py_XDECREF(before);
    Py_RETURN_NONE;
}

static PyObject *get_on_raised(void)
{
    PyObject *function;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)asynchron_type);
    function = on_raised;
    Py_XINCREF(function);
    Py_END_CRITICAL_SECTION();
    return function;
}

static void list_callback(struct callback *callback)
{
    Asynchron *handle = callback->handle;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)handle);
    callback->before = NULL;
    callback->behind = handle->callbacks;
    if (callback->behind != NULL)
        callback->behind->before = callback;
    handle->callbacks = callback;
    Py_END_CRITICAL_SECTION();
}

static void unlist_callback(struct callback *callback)
{
    Asynchron *handle = callback->handle;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)handle);
    if (callback->before != NULL)
        callback->before->behind = callback->behind;
    else
        handle->callbacks = callback->behind;
    if (callback->behind != NULL)
        callback->behind->before = callback->before;
    Py_END_CRITICAL_SECTION();
}

static _Thread_local int running; /* callbacks that this thread is in */
/* Whether one of them was interrupted: only in the main thread. */
static _Thread_local bool interrupted;

void interrupt_if_due(void)
{
    if (interrupted && running == 0) {
        interrupted = false;
        PyErr_SetInterrupt();
    }
}

/* Tells whoever wants to know that this one has raised; the others run. An interrupt of the main thread comes again when
 * they have. */
static void tell_raised(struct callback *callback)
{
    PyObject *listener = get_on_raised(), *told;
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) && in_main_thread()) {
        PyErr_Clear();
        Py_XDECREF(listener);
        interrupted = true;
        return;
    }
    if (listener != NULL) {
        PyObject *type, *exception, *traceback;
        PyErr_Fetch(&type, &exception, &traceback);
        PyErr_NormalizeException(&type, &exception, &traceback);
        if (traceback != NULL)
            PyException_SetTraceback(exception, traceback);
        told = PyObject_CallFunctionObjArgs(listener, exception, callback->function, (PyObject *)callback->handle, NULL);
        Py_DECREF(listener);
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

static void call_back(struct callback *callback)
{
    PyObject *answer, *type, *exception, *traceback;
    /* It may run inside a delivery while an exception is on its way. */
    PyErr_Fetch(&type, &exception, &traceback);
    running++;
    answer = PyObject_CallFunctionObjArgs(callback->function, (PyObject *)callback->handle, NULL);
    if (answer == NULL)
        tell_raised(callback);
    Py_XDECREF(answer);
    running--;
    PyErr_Restore(type, exception, traceback);
}

static void run(asynchron_t *a, void *of)
{
    entry_t entry;
    (void)a;
    if (!enter_python(&entry))
        return;
    pthread_cleanup_push(stay, NULL);
    call_back(of);
    leave_python(entry);
    pthread_cleanup_pop(0);
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
    pthread_cleanup_push(stay, NULL);
    unlist_callback(callback);
    Py_DECREF(callback->function);
    Py_DECREF((PyObject *)callback->handle);
    leave(callback);
    leave_python(entry);
    pthread_cleanup_pop(0);
}

/* asynchron_unnotify(), which may wait for a callback that wants the interpreter lock. */
static asynchron_status_t take_back(Asynchron *self, uint64_t token)
{
    asynchron_status_t status;
    WITHOUT_LOCK
    status = asynchron_unnotify(self->a, token);
    WITH_LOCK
    return status;
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
    interrupt_if_due();
    if (status == ASYNCHRON_E_NOMEM)
        return PyErr_NoMemory();
    if (status < 0)
        return PyErr_Format(PyExc_RuntimeError, "%R: %s", self, asynchron_status_string(status));
    number = PyLong_FromUnsignedLongLong(token);
    if (number == NULL) {
        PyObject *type, *exception, *traceback;
        PyErr_Fetch(&type, &exception, &traceback);
        take_back(self, token);
        PyErr_Restore(type, exception, traceback);
    }
    return number;
}

PyObject *unnotify(Asynchron *self, PyObject *number)
{
    asynchron_status_t status;
    unsigned long long token = PyLong_AsUnsignedLongLong(number);
    if (PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError))
            PyErr_Format(PyExc_ValueError, "%R is no token", number);
        return NULL;
    }
    status = take_back(self, token);
    if (status == ASYNCHRON_E_DEADLOCK)
        return PyErr_Format(PyExc_RuntimeError, "%R: a callback cannot wait for itself", self);
    return PyBool_FromLong(status == ASYNCHRON_OK);
}

/* The first of the list, kept for leave(); or NULL. */
static struct callback *keep_first_callback(Asynchron *self)
{
    struct callback *first;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
    first = self->callbacks;
    if (first != NULL)
        atomic_fetch_add(&first->users, 1);
    Py_END_CRITICAL_SECTION();
    return first;
}

/* For the collector, which alone knows the handle: none of them runs any more. */
void take_back_callbacks(Asynchron *self)
{
    struct callback *first;
    bool taken = true;
    while (taken && (first = keep_first_callback(self)) != NULL) {
        take_back(self, first->token);
        /* Otherwise it runs just now, on this thread. */
        taken = self->callbacks != first;
        leave(first);
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
