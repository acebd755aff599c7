/* What comes out of a report: one, a batch, or all in a loop. */
#include "report.h"

/* The asynchron of an item, with its tag in a pair if that is wanted: a new reference. The item's references go. */
static PyObject *take(const asynchron_item_t *item, int tagged)
{
    struct entry *entry = item->tag;
    PyObject *taken;
    asynchron_release(item->asynchron);
    if (tagged)
        taken = PyTuple_Pack(2, entry->handle, entry->tag == NULL ? Py_None : entry->tag);
    else
        taken = (Py_INCREF(entry->handle), entry->handle);
    free_entry(entry);
    return taken;
}

/* Waits for items: how many; 0, if nothing is left or came in time (then the status says which); -1 with an exception. */
static Py_ssize_t wait_for_items(Report *self, double seconds, asynchron_item_t *items, size_t most,
                                 asynchron_status_t *status)
{
    size_t n = 0;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
    self->asking++;
    Py_END_CRITICAL_SECTION();
    *status = wait_for_report(self->report, seconds, items, most, &n);
    /* Before anything else, all of them: others add and remove as soon as they can. */
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
    unlink_items(self, items, n);
    if (--self->asking == 0)
        free_aside(self);
    Py_END_CRITICAL_SECTION();
    switch (*status) {
    case ASYNCHRON_OK:
    case ASYNCHRON_END:
    case ASYNCHRON_TIMEOUT:
    case ASYNCHRON_WOKEN:
        return (Py_ssize_t)n;
    case ASYNCHRON_E_DEADLOCK:
        PyErr_SetString(PyExc_RuntimeError, "the report would wait for what this thread computes");
        return -1;
    default:
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_RuntimeError, asynchron_status_string(*status));
        return -1;
    }
}

PyObject *next_item(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"timeout", "tagged", NULL};
    PyObject *timeout = NULL;
    int tagged = 0;
    double seconds;
    asynchron_item_t item;
    asynchron_status_t status;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O$p:next", names, &timeout, &tagged) ||
        to_seconds(timeout, &seconds) < 0)
        return NULL;
    switch (wait_for_items((Report *)of, seconds, &item, 1, &status)) {
    case -1:
        return NULL;
    case 1:
        return take(&item, tagged);
    default:
        if (status == ASYNCHRON_END)
            Py_RETURN_NONE;
        return PyErr_Format(PyExc_TimeoutError, "nothing has completed yet");
    }
}

#define AT_ONCE 64

PyObject *next_batch(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"most", "timeout", "tagged", NULL};
    Report *self = (Report *)of;
    PyObject *timeout = NULL, *batch;
    Py_ssize_t most = 256, n, i;
    int tagged = 0, whole = 1;
    double seconds = 0;
    asynchron_item_t items[AT_ONCE];
    asynchron_status_t status;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|nO$p:next_batch", names, &most, &timeout, &tagged))
        return NULL;
    if (most < 1)
        return PyErr_Format(PyExc_ValueError, "a batch has at least one");
    if (timeout != NULL && to_seconds(timeout, &seconds) < 0)
        return NULL;
    batch = PyList_New(0);
    while (batch != NULL && whole && PyList_Size(batch) < most) {
        Py_ssize_t left = most - PyList_Size(batch);
        n = wait_for_items(self, seconds, items, (size_t)(left < AT_ONCE ? left : AT_ONCE), &status);
        /* All of them come out, whatever fails. */
        for (i = 0; i < n; i++) {
            PyObject *one = take(&items[i], tagged);
            if (one == NULL || (batch != NULL && PyList_Append(batch, one) < 0))
                Py_CLEAR(batch);
            Py_XDECREF(one);
        }
        if (n < 0 && PyList_Size(batch) == 0)
            Py_CLEAR(batch);
        whole = n == AT_ONCE;
        seconds = 0;
    }
    return batch;
}

PyObject *iterate(PyObject *of)
{
    Py_INCREF(of);
    return of;
}

PyObject *iterate_next(PyObject *of)
{
    asynchron_item_t item;
    asynchron_status_t status;
    do {
        Py_ssize_t n = wait_for_items((Report *)of, FOREVER, &item, 1, &status);
        if (n < 0)
            return NULL;
        if (n > 0)
            return take(&item, 0);
    } while (status != ASYNCHRON_END);
    return NULL;
}
