/* What comes out of a report: one, a batch, or all in a loop. */
#include "report.h"

PyObject *take_both(Report *self, const asynchron_item_t *item, PyObject **tag)
{
    struct entry *entry;
    PyObject *handle = NULL;
    *tag = NULL;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
    entry = entry_of(self, item);
    if (entry != NULL)
        handle = take_entry(self, entry, tag);
    Py_END_CRITICAL_SECTION();
    asynchron_release(item->asynchron);
    return handle;
}

PyObject *take_item(Report *self, const asynchron_item_t *item, int tagged)
{
    PyObject *tag, *handle = take_both(self, item, &tag), *pair;
    if (!tagged || handle == NULL) {
        Py_XDECREF(tag);
        return handle;
    }
    pair = PyTuple_Pack(2, handle, tag == NULL ? Py_None : tag);
    Py_DECREF(handle);
    Py_XDECREF(tag);
    return pair;
}

Py_ssize_t wait_for_items(Report *self, double seconds, asynchron_item_t *items, size_t most, asynchron_status_t *status)
{
    size_t n = 0;
    *status = wait_for_report(self->report, seconds, items, most, &n);
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

PyObject *next_item(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const char *const names[] = {"timeout", "tagged", NULL};
    static const struct parameters parameters = {"next", names, 0, 1};
    PyObject *given[2] = {NULL};
    int tagged;
    double seconds;
    asynchron_item_t item;
    asynchron_status_t status;
    if (unpack(&parameters, args, n, kwnames, given) < 0 || to_seconds(given[0], &seconds) < 0)
        return NULL;
    tagged = given[1] == NULL ? 0 : PyObject_IsTrue(given[1]);
    if (tagged < 0)
        return NULL;
    switch (wait_for_items((Report *)of, seconds, &item, 1, &status)) {
    case -1:
        return NULL;
    case 1:
        return take_item((Report *)of, &item, tagged);
    default:
        if (status == ASYNCHRON_END)
            Py_RETURN_NONE;
        return PyErr_Format(PyExc_TimeoutError, "nothing has completed yet");
    }
}

/* Those that have completed by then; the first ones within the time. A list, or NULL with an exception. */
static PyObject *batch_of(Report *self, Py_ssize_t most, double seconds, int tagged)
{
    PyObject *batch = PyList_New(0);
    asynchron_item_t items[AT_ONCE];
    asynchron_status_t status;
    Py_ssize_t n = AT_ONCE, i;
    for (; batch != NULL && most > 0 && n == AT_ONCE; most -= n, seconds = 0) {
        n = wait_for_items(self, seconds, items, (size_t)(most < AT_ONCE ? most : AT_ONCE), &status);
        /* All of them come out, whatever fails. */
        for (i = 0; i < n; i++) {
            PyObject *one = take_item(self, &items[i], tagged);
            if (one == NULL || (batch != NULL && PyList_Append(batch, one) < 0))
                Py_CLEAR(batch);
            Py_XDECREF(one);
        }
        if (n < 0)
            Py_CLEAR(batch);
    }
    return batch;
}

PyObject *next_batch(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const char *const names[] = {"most", "timeout", "tagged", NULL};
    static const struct parameters parameters = {"next_batch", names, 0, 2};
    PyObject *given[3] = {NULL};
    Py_ssize_t most = 256;
    int tagged;
    double seconds = 0;
    if (unpack(&parameters, args, n, kwnames, given) < 0)
        return NULL;
    if (given[0] != NULL)
        most = PyNumber_AsSsize_t(given[0], PyExc_OverflowError);
    tagged = given[2] == NULL ? 0 : PyObject_IsTrue(given[2]);
    if (tagged < 0 || (most == -1 && PyErr_Occurred()))
        return NULL;
    if (most < 1)
        return PyErr_Format(PyExc_ValueError, "a batch has at least one");
    if (given[1] != NULL && to_seconds(given[1], &seconds) < 0)
        return NULL;
    return batch_of((Report *)of, most, seconds, tagged);
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
            return take_item((Report *)of, &item, 0);
    } while (status != ASYNCHRON_END);
    return NULL;
}
