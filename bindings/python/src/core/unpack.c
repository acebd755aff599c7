/* Arguments of methods that are called often: as they come, without a tuple and a dict of them. */
#include "core.h"

/* Where a name is among them; -1: nowhere. */
static Py_ssize_t place_of(const char *const *names, PyObject *name)
{
    Py_ssize_t i;
    for (i = 0; names[i] != NULL; i++)
        if (PyUnicode_CompareWithASCIIString(name, names[i]) == 0)
            return i;
    return -1;
}

int unpack(const struct parameters *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames, PyObject **to)
{
    Py_ssize_t i, by_name = kwnames == NULL ? 0 : PyTuple_Size(kwnames);
    if (n > of->by_place) {
        PyErr_Format(PyExc_TypeError, "%s() takes at most %zd arguments by their places", of->function, of->by_place);
        return -1;
    }
    for (i = 0; i < n; i++)
        to[i] = args[i];
    for (i = 0; i < by_name; i++) {
        PyObject *name = PyTuple_GetItem(kwnames, i);
        Py_ssize_t place = place_of(of->names, name);
        if (place < 0 || to[place] != NULL) {
            PyErr_Format(PyExc_TypeError, place < 0 ? "%s() has no argument %R" : "%s() got %R twice", of->function, name);
            return -1;
        }
        to[place] = args[n + i];
    }
    for (i = 0; i < of->needed; i++) {
        if (to[i] == NULL) {
            PyErr_Format(PyExc_TypeError, "%s() needs the argument '%s'", of->function, of->names[i]);
            return -1;
        }
    }
    return 0;
}
