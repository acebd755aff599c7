/* References in an asynchron that several threads look at and change at the same time. */
#include "core.h"

PyObject *look_at(Asynchron *owner, PyObject **place)
{
    PyObject *there;
    (void)owner;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)owner);
    there = *place;
    Py_XINCREF(there);
    Py_END_CRITICAL_SECTION();
    return there;
}

PyObject *keep_first(Asynchron *owner, PyObject **place, PyObject *made)
{
    PyObject *there;
    (void)owner;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)owner);
    if (*place == NULL) {
        *place = made;
        made = NULL;
    }
    there = *place;
    Py_INCREF(there);
    Py_END_CRITICAL_SECTION();
    Py_XDECREF(made);
    return there;
}

void put_instead(Asynchron *owner, PyObject **place, PyObject *value)
{
    PyObject *before;
    (void)owner;
    Py_XINCREF(value);
    Py_BEGIN_CRITICAL_SECTION((PyObject *)owner);
    before = *place;
    *place = value;
    Py_END_CRITICAL_SECTION();
    /* Not before: what this runs may come here. */
    Py_XDECREF(before);
}
