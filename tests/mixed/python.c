/* python.c: CPython inside of a C program, with the package `asynchron`; python.py does the work.
 *
 * The interpreter is made, used and ended on this thread. Beside what the package has, python.py gets a module `share`.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <asynchron/python.h>

#include "share.h"

static struct share *share;

/* all(number), gate(), late() and done(): asynchrons of C's, as objects of the package. */
static PyObject *all(PyObject *self, PyObject *number)
{
    const unsigned long n = PyLong_AsUnsignedLong(number);

    (void)self;
    if (PyErr_Occurred() || n >= share->count)
        return PyErr_Format(PyExc_IndexError, "there is no number %R", number);
    return asynchron_python_wrap(share->all[n]);
}

static PyObject *gate(PyObject *self, PyObject *none)
{
    (void)self, (void)none;
    return asynchron_python_wrap(share->gate);
}

static PyObject *late(PyObject *self, PyObject *none)
{
    (void)self, (void)none;
    return asynchron_python_wrap(share->late);
}

static PyObject *done(PyObject *self, PyObject *none)
{
    (void)self, (void)none;
    return asynchron_python_wrap(share->done);
}

/* hand_over(A, made): delivers Python's own asynchron as a pointer. The reference goes with it. */
static PyObject *hand_over(PyObject *self, PyObject *arguments)
{
    PyObject *object, *made_object;
    asynchron_t *a, *made;
    asynchron_status_t status;

    (void)self;
    if (!PyArg_ParseTuple(arguments, "OO", &object, &made_object))
        return NULL;
    if ((a = asynchron_python_unwrap(object)) == NULL)
        return NULL;
    if ((made = asynchron_python_unwrap(made_object)) == NULL) {
        asynchron_release(a);
        return NULL;
    }
    status = asynchron_set_pointer(a, made, asynchron_drop);
    asynchron_release(a);
    return PyBool_FromLong(status == ASYNCHRON_OK);
}

static PyMethodDef methods[] = {{"all", all, METH_O, NULL},
                                {"gate", gate, METH_NOARGS, NULL},
                                {"late", late, METH_NOARGS, NULL},
                                {"done", done, METH_NOARGS, NULL},
                                {"hand_over", hand_over, METH_VARARGS, NULL},
                                {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "share", NULL, -1, methods, NULL, NULL, NULL, NULL};

static PyObject *module(void)
{
    return PyModule_Create(&definition);
}

/* Python's `run` returns what it has to tell. */
static int work(void)
{
    PyObject *script, *told = NULL;
    int right = -1;

    if (asynchron_python_import() < 0)
        return -1;
    script = PyImport_ImportModule("python");
    if (script != NULL)
        told = PyObject_CallMethod(script, "run", "III", share->count, share->hosts, share->host);
    if (told != NULL && PyArg_ParseTuple(told, "III", &share->won, &share->refused, &share->told))
        right = 0;
    Py_XDECREF(told);
    Py_XDECREF(script);
    return right;
}

int python_host(struct share *of)
{
    PyConfig config;
    PyStatus status;
    int right;

    share = of;
    if (PyImport_AppendInittab("share", module) < 0)
        return -1;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0; /* signals are the program's */
    status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        fprintf(stderr, "%s\n", status.err_msg);
        return -1;
    }
    right = work();
    if (right < 0)
        PyErr_Print();
    /* A thread of Python's waits for `late`, and a callback is registered on it. Both are left as they are. */
    return Py_FinalizeEx() < 0 ? -1 : right;
}
