/* The class Completions, an iterator: what report() returns. It has its report to itself, and so may take many at once. */
#include "report.h"

typedef struct {
    PyObject_HEAD
    PyObject *source; /* what the report is to be made of; NULL: it is, or nothing is left */
    Report *report;   /* NULL: not yet, or nothing is left */
    bool busy;        /* a thread is waiting */
    size_t next, behind;
    asynchron_item_t ahead[AT_ONCE];
} Completions;

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    Completions *self;
    PyObject *source;
    if (kwds != NULL && PyDict_Size(kwds) > 0)
        return PyErr_Format(PyExc_TypeError, "Completions takes no keywords");
    if (!PyArg_ParseTuple(args, "O:Completions", &source))
        return NULL;
    self = (Completions *)PyType_GenericAlloc(type, 0);
    if (self == NULL)
        return NULL;
    Py_INCREF(source);
    self->source = source;
    return (PyObject *)self;
}

static int traverse(PyObject *of, visitproc visit, void *arg)
{
    Completions *self = (Completions *)of;
    Py_VISIT(Py_TYPE(of));
    Py_VISIT(self->source);
    Py_VISIT((PyObject *)self->report);
    return 0;
}

static int clear(PyObject *of)
{
    Completions *self = (Completions *)of;
    Report *report = self->report;
    while (self->next < self->behind)
        asynchron_release(self->ahead[self->next++].asynchron);
    self->report = NULL;
    Py_XDECREF((PyObject *)report);
    Py_CLEAR(self->source);
    return 0;
}

static void dealloc(PyObject *of)
{
    PyTypeObject *type = Py_TYPE(of);
    PyObject_GC_UnTrack(of);
    clear(of);
    PyObject_GC_Del(of);
    Py_DECREF(type);
}

/* Fetches more: whether there are; false without an exception: nothing is left. */
static bool fetch(Completions *self)
{
    asynchron_status_t status = ASYNCHRON_END;
    Py_ssize_t n;
    if (self->source != NULL) {
        PyObject *source = self->source;
        self->source = NULL;
        self->report = (Report *)PyObject_CallFunctionObjArgs((PyObject *)report_type, source, NULL);
        Py_DECREF(source);
    }
    if (self->report == NULL)
        return false;
    do
        n = wait_for_items(self->report, FOREVER, self->ahead, AT_ONCE, &status);
    while (n == 0 && status != ASYNCHRON_END);
    if (n > 0) {
        self->next = 0;
        self->behind = (size_t)n;
    } else if (n == 0) {
        clear((PyObject *)self);
    }
    return n > 0;
}

static PyObject *next(PyObject *of)
{
    Completions *self = (Completions *)of;
    PyObject *taken = NULL;
    bool there = true;
    Py_BEGIN_CRITICAL_SECTION(of);
    while (taken == NULL && there) {
        if (self->next < self->behind) {
            taken = take_item(self->report, &self->ahead[self->next++], 0);
        } else if (self->busy) {
            there = false;
            PyErr_SetString(PyExc_ValueError, "another thread waits for the next");
        } else {
            self->busy = true;
            there = fetch(self);
            self->busy = false;
        }
    }
    Py_END_CRITICAL_SECTION();
    return taken;
}

static PyType_Slot slots[] = {
    {Py_tp_new, new},
    {Py_tp_dealloc, dealloc},
    {Py_tp_traverse, traverse},
    {Py_tp_clear, clear},
    {Py_tp_iter, iterate},
    {Py_tp_iternext, next},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "asynchron._core.Completions",
    .basicsize = sizeof(Completions),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

PyObject *make_completions_type(PyObject *module)
{
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}
