/* What an asynchron is completed with: an object of Python's, or what C delivers. */
#include "core.h"

#include <string.h>

/* The length of a value that is an object: no buffer is so long. */
static const char object_mark;
#define OBJECT ((size_t)(uintptr_t)&object_mark)

/* The domain of a failure whose payload is an exception and its traceback, in a tuple. Nobody else's may be the same. */
static const char domain[] = "asynchron.python";

/* ---- delivering ---- */

static int answer(Asynchron *self, asynchron_status_t status)
{
    interrupt_if_due();
    switch (status) {
    case ASYNCHRON_OK:
        return 0;
    case ASYNCHRON_ALREADY:
    case ASYNCHRON_CANCELLED:
        PyErr_Format(PyExc_RuntimeError, "%R already completed", self);
        return -1;
    case ASYNCHRON_E_NOMEM:
        PyErr_NoMemory();
        return -1;
    default:
        PyErr_Format(PyExc_RuntimeError, "%R: %s", self, asynchron_status_string(status));
        return -1;
    }
}

asynchron_status_t deliver_to(asynchron_t *a, PyObject *value)
{
    asynchron_status_t status;
    size_t before;
    Py_INCREF(value);
    /* Whoever is woken wants the interpreter lock at once. */
    if (!lets_others_in())
        return asynchron_set_buffer(a, value, OBJECT, value, drop_object);
    asynchron_retain(a);
    before = begin_to_hand();
    WITHOUT_LOCK
    status = asynchron_set_buffer(a, value, OBJECT, value, drop_object);
    asynchron_release(a);
    end_to_hand(before);
    WITH_LOCK
    return status;
}

int deliver_object(Asynchron *self, PyObject *value)
{
    /* A value that comes too late was dropped as any other. */
    return answer(self, deliver_to(self->a, value));
}

int deliver_bytes(Asynchron *self, const void *data, size_t len)
{
    asynchron_t *a = self->a;
    asynchron_status_t status;
    size_t before;
    if (!lets_others_in())
        return answer(self, asynchron_set_bytes(a, data, len));
    asynchron_retain(a);
    before = begin_to_hand();
    WITHOUT_LOCK
    status = asynchron_set_bytes(a, data, len);
    asynchron_release(a);
    end_to_hand(before);
    WITH_LOCK
    return answer(self, status);
}

/* "Type: text", as C is to see it; NULL without an exception if there is none. */
static PyObject *text_of(PyObject *exception)
{
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(exception), "__name__");
    PyObject *text = name == NULL ? NULL : PyUnicode_FromFormat("%U: %S", name, exception);
    Py_XDECREF(name);
    if (text == NULL)
        PyErr_Clear();
    return text;
}

static asynchron_status_t fail_with(asynchron_t *a, const char *message, PyObject *payload)
{
    asynchron_status_t status = asynchron_fail_with(a, 1, domain, message, payload, drop_object);
    /* Without memory it fails all the same, or those that wait would wait for ever. */
    return status == ASYNCHRON_E_NOMEM ? asynchron_fail(a, 1, NULL) : status;
}

int deliver_exception(Asynchron *self, PyObject *exception)
{
    asynchron_status_t status;
    PyObject *traceback, *payload, *text;
    const char *message = NULL;
    asynchron_t *a;

    traceback = PyException_GetTraceback(exception);
    payload = PyTuple_Pack(2, exception, traceback == NULL ? Py_None : traceback);
    Py_XDECREF(traceback);
    if (payload == NULL)
        return -1;
    text = text_of(exception);
    if (text != NULL) {
        message = PyUnicode_AsUTF8AndSize(text, NULL);
        if (message == NULL)
            PyErr_Clear();
    }
    if (lets_others_in()) {
        a = asynchron_retain(self->a);
        WITHOUT_LOCK
        status = fail_with(a, message, payload);
        asynchron_release(a);
        WITH_LOCK
    } else {
        status = fail_with(self->a, message, payload);
    }
    Py_XDECREF(text);
    return answer(self, status);
}

int deliver_raised(Asynchron *self)
{
    PyObject *type, *exception, *traceback;
    int done;
    PyErr_Fetch(&type, &exception, &traceback);
    PyErr_NormalizeException(&type, &exception, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(exception, traceback);
    done = deliver_exception(self, exception);
    Py_XDECREF(type);
    Py_XDECREF(exception);
    Py_XDECREF(traceback);
    return done;
}

/* ---- collecting ---- */

PyObject *to_object(const asynchron_value_t *value)
{
    if (value->len == OBJECT) {
        PyObject *object = (PyObject *)value->data;
        Py_INCREF(object);
        return object;
    }
    if (value->len > 0)
        return PyBytes_FromStringAndSize(value->data, (Py_ssize_t)value->len);
    if (value->data != NULL)
        return PyLong_FromVoidPtr((void *)value->data);
    Py_RETURN_NONE;
}

/* The tuple of one that failed with an exception of Python's, borrowed; or NULL. */
static PyObject *own_payload(Asynchron *self, asynchron_error_t *error)
{
    asynchron_status_t status = asynchron_error(self->a, error);
    if (status == ASYNCHRON_OK && error->payload != NULL && error->domain != NULL &&
        strcmp(error->domain, domain) == 0)
        return (PyObject *)error->payload;
    return NULL;
}

/* C may have written anything. */
static PyObject *text_from_c(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "backslashreplace");
}

/* A CancellationError of its own for each who asks. */
static PyObject *cancellation_of(Asynchron *self, const char *message)
{
    PyObject *exception = message != NULL && *message != '\0'
                              ? PyObject_CallFunction(cancellation_error, "N", text_from_c(message))
                              : PyObject_CallNoArgs(cancellation_error);
    if (exception != NULL && PyObject_SetAttrString(exception, "fsm", (PyObject *)self) < 0)
        Py_CLEAR(exception);
    return exception;
}

PyObject *exception_of(Asynchron *self, PyObject **traceback)
{
    asynchron_error_t error = {0};
    PyObject *own = own_payload(self, &error), *exception;
    *traceback = NULL;
    if (own != NULL) {
        exception = PyTuple_GetItem(own, 0);
        *traceback = PyTuple_GetItem(own, 1);
        Py_XINCREF(exception);
        Py_XINCREF(*traceback);
        return exception;
    }
    switch (asynchron_poll(self->a)) {
    case ASYNCHRON_CANCELLED:
        return cancellation_of(self, error.message);
    case ASYNCHRON_FAILED:
        return PyObject_CallFunction(foreign_error, "NiN", text_from_c(error.domain ? error.domain : ""),
                                     (int)error.code, text_from_c(error.message ? error.message : ""));
    default:
        return NULL;
    }
}

PyObject *collect(Asynchron *self, asynchron_status_t status)
{
    asynchron_value_t value;
    PyObject *exception, *traceback;
    if (status == ASYNCHRON_OK && asynchron_get(self->a, &value) == ASYNCHRON_OK)
        return to_object(&value);
    exception = exception_of(self, &traceback);
    if (exception == NULL)
        return NULL;
    /* Each time as it was delivered: otherwise each collector's frames would be added to the one exception, for ever. */
    if (traceback != NULL)
        PyException_SetTraceback(exception, traceback);
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_DECREF(exception);
    Py_XDECREF(traceback);
    return NULL;
}

int outcome_traverse(Asynchron *self, visitproc visit, void *arg)
{
    asynchron_value_t value;
    asynchron_error_t error;
    PyObject *own;
    switch (asynchron_poll(self->a)) {
    case ASYNCHRON_OK:
        if (asynchron_get(self->a, &value) == ASYNCHRON_OK && value.len == OBJECT)
            Py_VISIT((PyObject *)value.data);
        break;
    case ASYNCHRON_FAILED:
        own = own_payload(self, &error);
        Py_VISIT(own);
        break;
    }
    return 0;
}
