/* What it is at the moment, and what it is called. */
#include "methods.h"

static asynchron_status_t poll(PyObject *of)
{
    return asynchron_poll(((Asynchron *)of)->a);
}

PyObject *get_state(PyObject *of, void *unused)
{
    (void)unused;
    switch (asynchron_state(((Asynchron *)of)->a)) {
    case ASYNCHRON_STATE_PENDING:
        return PyUnicode_InternFromString("PENDING");
    case ASYNCHRON_STATE_RUNNING:
        return PyUnicode_InternFromString("RUNNING");
    case ASYNCHRON_STATE_CANCELLED:
        return PyUnicode_InternFromString("CANCELLED");
    default:
        return PyUnicode_InternFromString("DONE");
    }
}

PyObject *is_ready(PyObject *of, void *unused)
{
    (void)unused;
    return PyBool_FromLong(poll(of) != ASYNCHRON_PENDING);
}

PyObject *is_pending(PyObject *of, void *unused)
{
    (void)unused;
    return PyBool_FromLong(asynchron_state(((Asynchron *)of)->a) == ASYNCHRON_STATE_PENDING);
}

PyObject *is_running(PyObject *of, void *unused)
{
    (void)unused;
    return PyBool_FromLong(asynchron_state(((Asynchron *)of)->a) == ASYNCHRON_STATE_RUNNING);
}

PyObject *is_cancelled(PyObject *of, void *unused)
{
    (void)unused;
    return PyBool_FromLong(poll(of) == ASYNCHRON_CANCELLED);
}

PyObject *is_done(PyObject *of, void *unused)
{
    asynchron_status_t status = poll(of);
    (void)unused;
    return PyBool_FromLong(status == ASYNCHRON_OK || status == ASYNCHRON_FAILED);
}

PyObject *name_of(Asynchron *self)
{
    PyObject *name = look_at(self, &self->name), *type;
    if (name != NULL)
        return name;
    type = PyObject_GetAttrString((PyObject *)Py_TYPE((PyObject *)self), "__name__");
    if (type == NULL)
        return NULL;
    name = PyUnicode_FromFormat("%U-%zu", type, self->number);
    Py_DECREF(type);
    return name == NULL ? NULL : keep_first(self, &self->name, name);
}

PyObject *get_name(PyObject *of, void *unused)
{
    (void)unused;
    return name_of((Asynchron *)of);
}

int set_name(PyObject *of, PyObject *name, void *unused)
{
    (void)unused;
    put_instead((Asynchron *)of, &((Asynchron *)of)->name, name);
    return 0;
}

/* Made for whoever first asks. */
PyObject *get_extra(PyObject *of, void *unused)
{
    Asynchron *self = (Asynchron *)of;
    PyObject *extra = look_at(self, &self->extra);
    (void)unused;
    if (extra != NULL)
        return extra;
    extra = PyObject_CallNoArgs(extra_type);
    return extra == NULL ? NULL : keep_first(self, &self->extra, extra);
}

int set_extra(PyObject *of, PyObject *extra, void *unused)
{
    (void)unused;
    put_instead((Asynchron *)of, &((Asynchron *)of)->extra, extra);
    return 0;
}

PyObject *represent(PyObject *of)
{
    PyObject *type = PyObject_GetAttrString((PyObject *)Py_TYPE(of), "__name__");
    PyObject *name = type == NULL ? NULL : name_of((Asynchron *)of);
    PyObject *state = name == NULL ? NULL : get_state(of, NULL);
    PyObject *text = state == NULL ? NULL : PyUnicode_FromFormat("%U[%R:%U]", type, name, state);
    Py_XDECREF(type);
    Py_XDECREF(name);
    Py_XDECREF(state);
    return text;
}
