/*
 * The least that is an asynchron in Python: put(value), and a call that waits. It is what a C extension over the library
 * costs if it has nothing else: no name, no properties, no cycles that the garbage collector finds, no Ctrl-C.
 *
 * Only to compare with: everything here happens with the interpreter lock.
 */
#include <Python.h>

#include <asynchron.h>
#include <stddef.h>
#include <structmember.h>

#ifndef Py_TPFLAGS_HAVE_VECTORCALL
#define Py_TPFLAGS_HAVE_VECTORCALL (1UL << 11)
typedef PyObject *(*vectorcallfunc)(PyObject *callable, PyObject *const *args, size_t nargsf, PyObject *kwnames);
#endif

typedef struct {
    PyObject_HEAD
    asynchron_t *a;
    vectorcallfunc call;
} Bare;

static void drop(void *object)
{
    Py_DECREF((PyObject *)object);
}

static PyObject *put(PyObject *of, PyObject *value)
{
    Py_INCREF(value);
    if (asynchron_set_buffer(((Bare *)of)->a, value, 1, value, drop) != ASYNCHRON_OK)
        return PyErr_Format(PyExc_RuntimeError, "already completed");
    Py_RETURN_NONE;
}

static PyObject *call(PyObject *of, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    asynchron_value_t value;
    asynchron_status_t status;
    (void)args, (void)nargsf, (void)kwnames;
    status = asynchron_get_timeout(((Bare *)of)->a, 0, &value);
    if (status == ASYNCHRON_TIMEOUT) {
        Py_BEGIN_ALLOW_THREADS
        status = asynchron_get(((Bare *)of)->a, &value);
        Py_END_ALLOW_THREADS
    }
    if (status != ASYNCHRON_OK)
        return PyErr_Format(PyExc_RuntimeError, "no value");
    Py_INCREF((PyObject *)value.data);
    return (PyObject *)value.data;
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    Bare *self = (Bare *)PyType_GenericAlloc(type, 0);
    (void)args, (void)kwds;
    if (self == NULL)
        return NULL;
    self->call = call;
    self->a = asynchron_create(NULL);
    if (self->a == NULL) {
        Py_DECREF((PyObject *)self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void dealloc(PyObject *of)
{
    PyTypeObject *type = Py_TYPE(of);
    asynchron_release(((Bare *)of)->a);
    PyObject_Free(of);
    Py_DECREF((PyObject *)type);
}

static PyMethodDef methods[] = {
    {"put", put, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Bare, call), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, new}, {Py_tp_dealloc, dealloc}, {Py_tp_call, PyVectorcall_Call},
    {Py_tp_methods, methods}, {Py_tp_members, members}, {0, NULL},
};

static PyType_Spec spec = {
    .name = "bare.Bare",
    .basicsize = sizeof(Bare),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = slots,
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "bare", .m_size = -1};

PyMODINIT_FUNC PyInit_bare(void)
{
    PyObject *module = PyModule_Create(&definition), *type = PyType_FromSpec(&spec);
    if (module == NULL || type == NULL || PyModule_AddObject(module, "Bare", type) < 0)
        return NULL;
    return module;
}
