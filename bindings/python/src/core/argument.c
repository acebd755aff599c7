/* An argument that is given by its place or by its name, as functions written in Python take theirs. */
#include "core.h"

PyObject *only_argument(const char *method, const char *name, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
    if (n == 1 && named == 0)
        return args[0];
    if (n + named != 1)
        return PyErr_Format(PyExc_TypeError, "%s() takes one argument, %s, not %zd", method, name, n + named);
    if (PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), name) == 0)
        return args[0];
    return PyErr_Format(PyExc_TypeError, "%s() takes %s, not %R", method, name, PyTuple_GetItem(names, 0));
}

int take_function(PyObject **args, PyObject **kwds)
{
    PyObject *function;
    if (PyTuple_Size(*args) > 0) {
        Py_INCREF(*args);
        Py_XINCREF(*kwds);
        return 0;
    }
    function = *kwds == NULL ? NULL : PyDict_GetItemString(*kwds, "func");
    if (function == NULL) {
        PyErr_SetString(PyExc_TypeError, "a function is needed");
        return -1;
    }
    *args = PyTuple_Pack(1, function);
    *kwds = *args == NULL ? NULL : PyDict_Copy(*kwds);
    if (*kwds != NULL && PyDict_DelItemString(*kwds, "func") == 0)
        return 0;
    Py_XDECREF(*args);
    Py_XDECREF(*kwds);
    return -1;
}
