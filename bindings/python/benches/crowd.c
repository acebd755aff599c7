/*
 * Four threads of C that complete what Python awaits, in two ways:
 *
 *     crowd.deliver(asynchrons)       by the library, without Python
 *     crowd.call_soon(loop, methods)  each by the interpreter lock and loop.call_soon_threadsafe(set_result, i)
 *     crowd.join()                    waits for them
 */
#include <Python.h>

#include <asynchron/python.h>

#include <pthread.h>
#include <stdlib.h>

#define THREADS 4

/* What they work on, one crowd at a time. */
static asynchron_t **asynchrons;
static PyObject *call_soon_threadsafe, *methods; /* a tuple of them */
static Py_ssize_t count;
static pthread_t threads[THREADS];

static Py_ssize_t begin_of(Py_ssize_t share)
{
    return count * share / THREADS;
}

static void *deliver_share(void *of)
{
    Py_ssize_t share = (Py_ssize_t)of, i;
    for (i = begin_of(share); i < begin_of(share + 1); i++) {
        int64_t value = i;
        asynchron_set_bytes(asynchrons[i], &value, sizeof value);
        asynchron_release(asynchrons[i]);
    }
    return NULL;
}

static void *call_share(void *of)
{
    Py_ssize_t share = (Py_ssize_t)of, i;
    for (i = begin_of(share); i < begin_of(share + 1); i++) {
        PyGILState_STATE state = PyGILState_Ensure();
        PyObject *value = PyLong_FromSsize_t(i);
        PyObject *done = value == NULL ? NULL : PyObject_CallFunctionObjArgs(call_soon_threadsafe, PyTuple_GetItem(methods, i),
                                                                             value, NULL);
        if (done == NULL)
            PyErr_WriteUnraisable(call_soon_threadsafe);
        Py_XDECREF(value);
        Py_XDECREF(done);
        PyGILState_Release(state);
    }
    return NULL;
}

static PyObject *start(void *(*function)(void *))
{
    Py_ssize_t share;
    for (share = 0; share < THREADS; share++)
        if (pthread_create(&threads[share], NULL, function, (void *)share) != 0)
            Py_FatalError("no thread can be had");
    Py_RETURN_NONE;
}

static PyObject *deliver(PyObject *module, PyObject *list)
{
    Py_ssize_t i;
    (void)module;
    count = PyList_Size(list);
    asynchrons = count < 0 ? NULL : calloc((size_t)count + 1, sizeof *asynchrons);
    if (asynchrons == NULL)
        return count < 0 ? NULL : PyErr_NoMemory();
    for (i = 0; i < count; i++) {
        asynchrons[i] = asynchron_python_unwrap(PyList_GetItem(list, i));
        if (asynchrons[i] == NULL)
            return NULL;
    }
    return start(deliver_share);
}

static PyObject *call_soon(PyObject *module, PyObject *args)
{
    PyObject *loop;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO!:call_soon", &loop, &PyTuple_Type, &methods))
        return NULL;
    call_soon_threadsafe = PyObject_GetAttrString(loop, "call_soon_threadsafe");
    if (call_soon_threadsafe == NULL)
        return NULL;
    Py_INCREF(methods);
    count = PyTuple_Size(methods);
    return start(call_share);
}

static PyObject *join(PyObject *module, PyObject *unused)
{
    Py_ssize_t share;
    (void)module, (void)unused;
    Py_BEGIN_ALLOW_THREADS
    for (share = 0; share < THREADS; share++)
        pthread_join(threads[share], NULL);
    Py_END_ALLOW_THREADS
    free(asynchrons);
    asynchrons = NULL;
    Py_CLEAR(methods);
    Py_CLEAR(call_soon_threadsafe);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"deliver", deliver, METH_O, NULL},
    {"call_soon", call_soon, METH_VARARGS, NULL},
    {"join", join, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "crowd", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit_crowd(void)
{
    if (asynchron_python_import() < 0)
        return NULL;
    return PyModule_Create(&definition);
}
