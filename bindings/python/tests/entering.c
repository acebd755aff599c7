/* An extension whose own threads use Python's objects all the time, also while the interpreter ends. */
#include <Python.h>

#include <asynchron/python.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 64

static pthread_t threads[MOST];
static int count;
static atomic_int refused;
static atomic_long entered;

/* Enters again and again, delivers a new object to one that Python has, and calls a function, until it is refused: then it
 * is so each time. */
static void enter_until_the_end(PyObject *function)
{
    asynchron_python_state_t state, inner;
    while (asynchron_python_enter(&state)) {
        asynchron_t *a = asynchron_create(NULL);
        PyObject *wrapped = asynchron_python_wrap(a), *list = PyList_New(3);
        PyObject *answer = PyObject_CallFunctionObjArgs(function, wrapped, NULL);
        if (!asynchron_python_enter(&inner))
            abort();
        asynchron_python_set(a, list);
        asynchron_python_leave(&inner);
        if (answer == NULL)
            PyErr_Print();
        Py_XDECREF(answer);
        Py_XDECREF(list);
        Py_XDECREF(wrapped);
        asynchron_python_leave(&state);
        asynchron_release(a);
        atomic_fetch_add(&entered, 1);
    }
    for (int i = 0; i < 100; i++)
        if (asynchron_python_enter(&state))
            abort();
    atomic_fetch_add(&refused, 1);
}

static void *work(void *function)
{
    enter_until_the_end(function);
    return NULL;
}

/* After the interpreter: none of the threads is stuck. */
static void end(void)
{
    asynchron_python_state_t state;
    int i;
    for (i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    fprintf(stderr, "refused %d, here %d\n", (int)refused, asynchron_python_enter(&state));
}

static PyObject *start(PyObject *module, PyObject *args)
{
    PyObject *function;
    int n;
    (void)module;
    if (!PyArg_ParseTuple(args, "iO", &n, &function))
        return NULL;
    /* Kept for ever: the threads do not give it back. */
    Py_INCREF(function);
    while (count < n && count < MOST && pthread_create(&threads[count], NULL, work, function) == 0)
        count++;
    Py_RETURN_NONE;
}

/* The same on a thread of Python's, without the lock meanwhile. */
static PyObject *work_here(PyObject *module, PyObject *function)
{
    (void)module;
    Py_INCREF(function);
    Py_BEGIN_ALLOW_THREADS
    enter_until_the_end(function);
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyObject *how_often(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyLong_FromLong(entered);
}

static PyMethodDef functions[] = {
    {"start", start, METH_VARARGS, NULL},
    {"work_here", work_here, METH_O, NULL},
    {"how_often", how_often, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "entering", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit_entering(void)
{
    PyObject *made;
    if (asynchron_python_import() < 0)
        return NULL;
    atexit(end);
    made = PyModule_Create(&definition);
#ifdef Py_GIL_DISABLED
    if (made != NULL)
        PyUnstable_Module_SetGIL(made, Py_MOD_GIL_NOT_USED);
#endif
    return made;
}
