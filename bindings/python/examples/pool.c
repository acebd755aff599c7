/*
 * An extension module whose own threads deliver to Python, without its interpreter lock.
 *
 *     pool.squares(n)    a list of asynchrons; threads of C deliver 0, 1, 4, 9, ... to them, as bytes of a C long
 *     pool.echo(value)   an asynchron that a thread of C completes with the same object, and drops its own reference
 *
 * Built by hand:
 *
 *     cc -shared -fPIC -o pool.so pool.c $(python3-config --includes) -I "$(python3 -m asynchron --include)" \
 *         "$(python3 -m asynchron --library)" -lpthread
 *
 * Programs import asynchron before pool: the library is loaded with it.
 */
#include <Python.h>

#include <asynchron/python.h>

#include <pthread.h>
#include <stdlib.h>

#define THREADS 4

struct share {
    asynchron_t **all;
    long first, behind;
};

/* Delivers its share, and gives its references back. No Python here. */
static void *deliver(void *of)
{
    struct share *share = of;
    for (long i = share->first; i < share->behind; i++) {
        long square = i * i;
        asynchron_set_bytes(share->all[i], &square, sizeof square);
        asynchron_release(share->all[i]);
    }
    return NULL;
}

static void *deliver_all(void *of)
{
    struct share *whole = of, shares[THREADS];
    pthread_t threads[THREADS];
    for (long t = 0; t < THREADS; t++) {
        shares[t].all = whole->all;
        shares[t].first = whole->behind * t / THREADS;
        shares[t].behind = whole->behind * (t + 1) / THREADS;
        if (pthread_create(&threads[t], NULL, deliver, &shares[t]) != 0) {
            deliver(&shares[t]);
            threads[t] = pthread_self();
        }
    }
    for (long t = 0; t < THREADS; t++)
        if (!pthread_equal(threads[t], pthread_self()))
            pthread_join(threads[t], NULL);
    free(whole->all);
    free(whole);
    return NULL;
}

static PyObject *squares(PyObject *module, PyObject *argument)
{
    long n = PyLong_AsLong(argument);
    struct share *whole;
    PyObject *list;
    pthread_t thread;
    (void)module;
    if (n == -1 && PyErr_Occurred())
        return NULL;
    if (n < 0)
        return PyErr_Format(PyExc_ValueError, "how many?");
    whole = malloc(sizeof *whole);
    if (whole == NULL)
        return PyErr_NoMemory();
    whole->all = calloc((size_t)n + 1, sizeof *whole->all);
    whole->behind = 0;
    list = PyList_New(0);
    while (whole->all != NULL && list != NULL && whole->behind < n) {
        asynchron_t *a = asynchron_create(NULL);
        PyObject *wrapped = a == NULL ? PyErr_NoMemory() : asynchron_python_wrap(a);
        if (wrapped == NULL || PyList_Append(list, wrapped) < 0)
            Py_CLEAR(list);
        Py_XDECREF(wrapped);
        if (a != NULL)
            whole->all[whole->behind++] = a;
    }
    if (whole->all == NULL || list == NULL) {
        Py_XDECREF(list);
        list = PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    if (pthread_create(&thread, NULL, deliver_all, whole) != 0)
        deliver_all(whole);
    else
        pthread_detach(thread);
    return list;
}

struct parcel {
    asynchron_t *a;
    PyObject *value;
};

/* With the interpreter lock. If there is no interpreter any more, the object goes with it, and nobody waits. */
static void *hand_back(void *of)
{
    struct parcel *parcel = of;
    asynchron_python_state_t state;
    if (asynchron_python_enter(&state)) {
        asynchron_python_set(parcel->a, parcel->value);
        Py_DECREF(parcel->value);
        asynchron_python_leave(&state);
    }
    asynchron_release(parcel->a);
    free(parcel);
    return NULL;
}

static PyObject *echo(PyObject *module, PyObject *value)
{
    struct parcel *parcel = malloc(sizeof *parcel);
    asynchron_t *a = asynchron_create(NULL);
    PyObject *wrapped = a == NULL || parcel == NULL ? PyErr_NoMemory() : asynchron_python_wrap(a);
    pthread_t thread;
    (void)module;
    if (wrapped == NULL) {
        asynchron_release(a);
        free(parcel);
        return NULL;
    }
    Py_INCREF(value);
    parcel->a = a;
    parcel->value = value;
    if (pthread_create(&thread, NULL, hand_back, parcel) != 0)
        hand_back(parcel);
    else
        pthread_detach(thread);
    return wrapped;
}

/* The other way: what Python made, completed by C. */
static PyObject *complete(PyObject *module, PyObject *args)
{
    PyObject *object, *value;
    asynchron_t *a;
    asynchron_status_t status;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO:complete", &object, &value))
        return NULL;
    a = asynchron_python_unwrap(object);
    if (a == NULL)
        return NULL;
    status = asynchron_python_set(a, value);
    asynchron_release(a);
    return PyUnicode_FromString(asynchron_status_string(status));
}

static PyMethodDef functions[] = {
    {"squares", squares, METH_O, NULL},
    {"echo", echo, METH_O, NULL},
    {"complete", complete, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "pool", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit_pool(void)
{
    PyObject *made;
    if (asynchron_python_import() < 0)
        return NULL;
    made = PyModule_Create(&definition);
#ifdef Py_GIL_DISABLED
    /* Nothing here needs the interpreter lock: there is no state. */
    if (made != NULL)
        PyUnstable_Module_SetGIL(made, Py_MOD_GIL_NOT_USED);
#endif
    return made;
}
