/* Methods that deliver, or run what does; and the callbacks of those that do not ask. */
#include "methods.h"

#include <pthread.h>

PyObject *put(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *value = only_argument("put", "value", args, n, names);
    if (value == NULL || deliver_object((Asynchron *)of, value) < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *put_bytes(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *data = only_argument("put_bytes", "data", args, n, names);
    Py_buffer buffer;
    int done;
    if (data == NULL || PyObject_GetBuffer(data, &buffer, PyBUF_SIMPLE) < 0)
        return NULL;
    done = deliver_bytes((Asynchron *)of, buffer.buf, (size_t)buffer.len);
    PyBuffer_Release(&buffer);
    if (done < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *fail(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *made = NULL, *exception = only_argument("fail", "exc", args, n, names);
    int done;
    if (exception == NULL)
        return NULL;
    if (PyExceptionClass_Check(exception)) {
        made = PyObject_CallNoArgs(exception);
        if (made == NULL)
            return NULL;
        exception = made;
    }
    if (!PyExceptionInstance_Check(exception)) {
        Py_XDECREF(made);
        return PyErr_Format(PyExc_TypeError, "an exception is needed, not %R", exception);
    }
    done = deliver_exception((Asynchron *)of, exception);
    Py_XDECREF(made);
    if (done < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyObject *cancel_pending(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"msg", NULL};
    const char *message = NULL;
    asynchron_status_t status;
    asynchron_t *a;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|z:cancel_pending", names, &message))
        return NULL;
    a = asynchron_retain(((Asynchron *)of)->a);
    WITHOUT_LOCK
    status = asynchron_cancel_pending(a, message);
    asynchron_release(a);
    WITH_LOCK
    if (status == ASYNCHRON_E_NOMEM)
        return PyErr_NoMemory();
    return PyBool_FromLong(status == ASYNCHRON_OK || status == ASYNCHRON_CANCELLED);
}

PyObject *start(PyObject *of, PyObject *unused)
{
    (void)unused;
    return PyBool_FromLong(asynchron_start(((Asynchron *)of)->a) == ASYNCHRON_OK);
}

PyObject *cancel(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"msg", NULL};
    Asynchron *self = (Asynchron *)of;
    const char *message = NULL;
    asynchron_status_t status;
    asynchron_t *a;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|z:cancel", names, &message))
        return NULL;
    /* Waiters and callbacks take their turns. */
    a = asynchron_retain(self->a);
    WITHOUT_LOCK
    status = asynchron_cancel_with(a, message);
    asynchron_release(a);
    WITH_LOCK
    interrupt_if_due();
    if (status == ASYNCHRON_E_NOMEM)
        return PyErr_NoMemory();
    return PyBool_FromLong(status == ASYNCHRON_OK);
}

PyObject *expire_after(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *argument = only_argument("expire_after", "seconds", args, n, names);
    double seconds;
    asynchron_status_t status;
    if (argument == NULL || to_seconds(argument, &seconds) < 0)
        return NULL;
    status = asynchron_expire_after(((Asynchron *)of)->a, seconds < 0 ? ASYNCHRON_FOREVER : (uint64_t)(seconds * 1e9));
    if (status == ASYNCHRON_E_NOMEM)
        return PyErr_NoMemory();
    if (status < 0)
        return PyErr_Format(PyExc_RuntimeError, "%R: %s", of, asynchron_status_string(status));
    return PyBool_FromLong(status == ASYNCHRON_OK);
}

int set_result(PyObject *of, PyObject *value, void *unused)
{
    (void)unused;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "a result cannot be deleted");
        return -1;
    }
    return deliver_object((Asynchron *)of, value);
}

/* If it is refused, the exception is as before. */
static int deliver_with_traceback(Asynchron *self, PyObject *exception, PyObject *traceback)
{
    PyObject *before, *type, *error, *at;
    int done;
    if (traceback == Py_None)
        return deliver_exception(self, exception);
    before = PyException_GetTraceback(exception);
    done = PyException_SetTraceback(exception, traceback);
    if (done == 0)
        done = deliver_exception(self, exception);
    if (done < 0) {
        PyErr_Fetch(&type, &error, &at);
        PyException_SetTraceback(exception, before == NULL ? Py_None : before);
        PyErr_Restore(type, error, at);
    }
    Py_XDECREF(before);
    return done;
}

int set_exc_info(PyObject *of, PyObject *info, void *unused)
{
    (void)unused;
    if (info == NULL) {
        PyErr_SetString(PyExc_AttributeError, "exc_info cannot be deleted");
        return -1;
    }
    if (info == Py_None)
        return deliver_object((Asynchron *)of, Py_None);
    if (!PyTuple_Check(info) || PyTuple_Size(info) != 3 ||
        !PyExceptionInstance_Check(PyTuple_GetItem(info, 1)) ||
        PyTuple_GetItem(info, 0) != (PyObject *)Py_TYPE(PyTuple_GetItem(info, 1))) {
        PyErr_SetString(PyExc_TypeError, "exc_info is (type, exception, traceback), or None");
        return -1;
    }
    return deliver_with_traceback((Asynchron *)of, PyTuple_GetItem(info, 1), PyTuple_GetItem(info, 2));
}

/* ---- by a function ---- */

/* A function on its way through asynchron_call(), which knows by that what this thread is inside of. */
struct running {
    Asynchron *self;
    PyObject *function, *args, *kwds;
    int done;
    bool interrupted; /* it raised KeyboardInterrupt */
};

static void run_here(struct running *running)
{
    PyObject *value = PyObject_Call(running->function, running->args, running->kwds);
    if (value != NULL) {
        running->done = deliver_object(running->self, value);
        Py_DECREF(value);
    } else {
        running->interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
        running->done = deliver_raised(running->self);
    }
}

static int32_t compute(asynchron_t *a, void *ctx)
{
    (void)a;
    /* If the interpreter ends this thread meanwhile. */
    pthread_cleanup_push(stay, NULL);
    run_here(ctx);
    pthread_cleanup_pop(0);
    return 0;
}

/* Runs a function, and delivers what it returns or raises: 0; 1 if that was KeyboardInterrupt; -1 with an exception. */
int run_function(Asynchron *self, PyObject *args, PyObject *kwds)
{
    struct running running = {.self = self, .function = PyTuple_GetItem(args, 0), .kwds = kwds};
    asynchron_status_t status;
    if (!PyCallable_Check(running.function)) {
        PyErr_Format(PyExc_TypeError, "what is to be run must be callable, not %R", running.function);
        return -1;
    }
    running.args = PyTuple_GetSlice(args, 1, PyTuple_Size(args));
    if (running.args == NULL)
        return -1;
    status = asynchron_call(self->a, compute, &running);
    Py_DECREF(running.args);
    if (status == ASYNCHRON_OK) {
        /* If it was cancelled while the function ran, whoever asks learns of that. */
        if (running.done < 0 && asynchron_poll(self->a) == ASYNCHRON_CANCELLED) {
            PyErr_Clear();
            running.done = 0;
        }
        return running.done == 0 && running.interrupted ? 1 : running.done;
    }
    PyErr_Format(PyExc_RuntimeError,
                 asynchron_poll(self->a) == ASYNCHRON_PENDING ? "%R has begun already" : "%R already completed", self);
    return -1;
}

PyObject *run_func(PyObject *of, PyObject *args, PyObject *kwds)
{
    int done;
    if (take_function(&args, &kwds) < 0)
        return NULL;
    done = run_function((Asynchron *)of, args, kwds);
    Py_DECREF(args);
    Py_XDECREF(kwds);
    if (done > 0)
        PyErr_SetNone(PyExc_KeyboardInterrupt); /* for this thread, too: whoever asks may never come */
    if (done != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- callbacks ---- */

PyObject *notify_method(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *function = only_argument("notify", "notifier", args, n, names);
    return function == NULL ? NULL : notify((Asynchron *)of, function);
}

PyObject *unnotify_method(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    PyObject *token = only_argument("unnotify", "token", args, n, names);
    return token == NULL ? NULL : unnotify((Asynchron *)of, token);
}
