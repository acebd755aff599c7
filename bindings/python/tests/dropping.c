/* An extension whose threads complete and release what Python has made. */
#include <Python.h>

#include <asynchron/python.h>

#include <pthread.h>
#include <stdlib.h>

#define THREADS 3

struct work {
    asynchron_t **all;
    size_t n, first, step;
    PyObject *value; /* to be delivered; NULL: nothing is */
    int cancels, releases;
    pthread_barrier_t *start;
};

static void *run(void *of)
{
    struct work *work = of;
    asynchron_python_state_t state;
    pthread_barrier_wait(work->start);
    if (work->value != NULL && !asynchron_python_enter(&state))
        abort();
    for (size_t i = work->first; i < work->n; i += work->step) {
        if (work->value != NULL)
            asynchron_python_set(work->all[i], work->value);
        if (work->cancels)
            asynchron_cancel(work->all[i]);
        if (work->releases)
            asynchron_release(work->all[i]);
    }
    if (work->value != NULL)
        asynchron_python_leave(&state);
    return NULL;
}

/* Takes references to all that is in a list, and empties it: nobody in Python has those any more. */
static asynchron_t **take_all(PyObject *list, size_t *n)
{
    asynchron_t **all;
    *n = (size_t)PyList_Size(list);
    all = calloc(*n + 1, sizeof *all);
    for (size_t i = 0; all != NULL && i < *n; i++) {
        all[i] = asynchron_python_unwrap(PyList_GetItem(list, (Py_ssize_t)i));
        if (all[i] == NULL)
            abort();
    }
    if (all == NULL)
        return (PyErr_NoMemory(), NULL);
    return PyList_SetSlice(list, 0, (Py_ssize_t)*n, NULL) < 0 ? NULL : all;
}

/* Has each of them done by a thread of its own, all at once, without the interpreter lock here. */
static void run_all(struct work *works)
{
    pthread_t threads[THREADS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, THREADS);
    for (int t = 0; t < THREADS; t++) {
        works[t].start = &start;
        if (pthread_create(&threads[t], NULL, run, &works[t]) != 0)
            abort();
    }
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&start);
}

/* release(list): empties it, and C's threads release the last references. */
static PyObject *release(PyObject *module, PyObject *list)
{
    struct work works[THREADS];
    size_t n;
    asynchron_t **all = take_all(list, &n);
    (void)module;
    if (all == NULL)
        return NULL;
    for (size_t t = 0; t < THREADS; t++)
        works[t] = (struct work){.all = all, .n = n, .first = t, .step = THREADS, .releases = 1};
    Py_BEGIN_ALLOW_THREADS
    run_all(works);
    Py_END_ALLOW_THREADS
    free(all);
    Py_RETURN_NONE;
}

/* race(list, value): for each of them, one thread delivers the value, two cancel; then all are released. Without emptying
 * the list. */
static PyObject *race(PyObject *module, PyObject *args)
{
    struct work works[THREADS];
    PyObject *list, *copy, *value;
    size_t n;
    asynchron_t **all;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO", &list, &value))
        return NULL;
    copy = PyList_GetSlice(list, 0, PyList_Size(list));
    all = copy == NULL ? NULL : take_all(copy, &n);
    Py_XDECREF(copy);
    if (all == NULL)
        return NULL;
    for (size_t t = 0; t < THREADS; t++)
        works[t] = (struct work){.all = all, .n = n, .step = 1, .value = t == 0 ? value : NULL, .cancels = t != 0};
    Py_BEGIN_ALLOW_THREADS
    run_all(works);
    for (size_t i = 0; i < n; i++)
        asynchron_release(all[i]);
    Py_END_ALLOW_THREADS
    free(all);
    Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"release", release, METH_O, NULL},
    {"race", race, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "dropping", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit_dropping(void)
{
    PyObject *made;
    if (asynchron_python_import() < 0)
        return NULL;
    made = PyModule_Create(&definition);
#ifdef Py_GIL_DISABLED
    if (made != NULL)
        PyUnstable_Module_SetGIL(made, Py_MOD_GIL_NOT_USED);
#endif
    return made;
}
