/* The class Report: asynchrons in the order in which they complete. */
#include "report.h"

#include <stddef.h>
#include <stdlib.h>
#include <structmember.h>

/* ---- made, freed ---- */

static int add_one(Report *self, PyObject *handle, PyObject *tag)
{
    struct entry *entry;
    asynchron_status_t status;
    if (!PyObject_TypeCheck(handle, asynchron_type)) {
        PyErr_Format(PyExc_TypeError, "a report takes asynchrons, not %R", handle);
        return -1;
    }
    entry = make_entry(handle, tag);
    if (entry == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
    link_entry(self, entry);
    status = asynchron_report_add(self->report, ((Asynchron *)handle)->a, entry);
    if (status != ASYNCHRON_OK)
        unlink_entry(entry);
    Py_END_CRITICAL_SECTION();
    if (status == ASYNCHRON_OK)
        return 0;
    free_entry(entry);
    if (status == ASYNCHRON_E_NOMEM)
        PyErr_NoMemory();
    else
        PyErr_SetString(PyExc_RuntimeError, status == ASYNCHRON_E_CLOSED ? "the report is closed"
                                                                         : asynchron_status_string(status));
    return -1;
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    Report *self = (Report *)PyType_GenericAlloc(type, 0);
    (void)args, (void)kwds;
    if (self == NULL)
        return NULL;
    /* Before all else: it may be freed at once. */
    self->entries.before = self->entries.behind = &self->entries;
    self->report = asynchron_report_create(NULL, 0);
    if (self->report == NULL) {
        Py_DECREF((PyObject *)self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

/* Adds what an iterable yields: 0, or -1 with an exception. */
static int add_all(Report *self, PyObject *all)
{
    PyObject *each = PyObject_GetIter(all), *one;
    if (each == NULL)
        return -1;
    while ((one = PyIter_Next(each)) != NULL) {
        int done = add_one(self, one, NULL);
        Py_DECREF(one);
        if (done < 0)
            break;
    }
    Py_DECREF(each);
    return PyErr_Occurred() ? -1 : 0;
}

static int init(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"asynchrons", NULL};
    PyObject *all = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O:Report", names, &all))
        return -1;
    return all == NULL ? 0 : add_all((Report *)of, all);
}

static int traverse(PyObject *of, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(of));
    return entries_traverse((Report *)of, visit, arg);
}

/* Forgets all that has not come out. */
static int clear(PyObject *of)
{
    Report *self = (Report *)of;
    struct entry *entry, *gone = NULL;
    while ((entry = first_entry(self)) != NULL) {
        unlink_entry(entry);
        asynchron_report_remove(self->report, ((Asynchron *)entry->handle)->a);
        entry->behind = gone;
        gone = entry;
    }
    /* Not before: what this runs may look at the report. */
    while ((entry = gone) != NULL) {
        gone = entry->behind;
        free_entry(entry);
    }
    return 0;
}

static void dealloc(PyObject *of)
{
    Report *self = (Report *)of;
    PyTypeObject *type = Py_TYPE(of);
    asynchron_report_t *report = self->report;
    PyObject_GC_UnTrack(self);
    clear_weak_references(of, &self->weak);
    /* First: what lies in it leads to the entries. */
    asynchron_report_close(report);
    clear(of);
    free_aside(self);
    asynchron_report_release(report);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* ---- added, taken out ---- */

static PyObject *add(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"asynchron", "tag", NULL};
    PyObject *handle, *tag = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "O|O:add", names, &handle, &tag))
        return NULL;
    if (add_one((Report *)of, handle, tag) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *remove_one(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"asynchron", "tag", NULL};
    Report *self = (Report *)of;
    PyObject *handle, *tag = NULL, *taken = NULL;
    struct entry *oldest, *wanted;
    asynchron_t *a;
    int removed = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "O|O:remove", names, &handle, &tag))
        return NULL;
    if (!PyObject_TypeCheck(handle, asynchron_type))
        return PyErr_Format(PyExc_TypeError, "a report holds asynchrons, not %R", handle);
    a = ((Asynchron *)handle)->a;
    Py_BEGIN_CRITICAL_SECTION(of);
    wanted = find_entry(self, a, tag);
    if (wanted != NULL && asynchron_report_remove(self->report, a) == ASYNCHRON_OK) {
        /* That was the oldest of this asynchron: what was to come out with it comes with the other one. */
        oldest = find_entry(self, a, NULL);
        taken = wanted->tag;
        wanted->tag = oldest->tag;
        handle = oldest->handle;
        unlink_entry(oldest);
        removed = 1;
        /* Or it was the next, and another thread has the item of the oldest already, but not its entry. That thread will
         * take the oldest that is left. (What is pending has not come out.) */
        if (self->asking > 0 && asynchron_poll(a) != ASYNCHRON_PENDING)
            put_aside(self, oldest);
        else
            free(oldest);
    }
    Py_END_CRITICAL_SECTION();
    if (!removed)
        Py_RETURN_FALSE;
    Py_DECREF(handle);
    Py_XDECREF(taken);
    Py_RETURN_TRUE;
}

/* ---- for loops ---- */

static PyObject *get_fileno(PyObject *of, PyObject *unused)
{
    int fd = asynchron_report_fd(((Report *)of)->report);
    (void)unused;
    if (fd < 0)
        return PyErr_Format(PyExc_OSError, "no descriptor can be had");
    return PyLong_FromLong(fd);
}

static PyObject *rearm(PyObject *of, PyObject *unused)
{
    (void)unused;
    asynchron_report_rearm(((Report *)of)->report);
    Py_RETURN_NONE;
}

static PyObject *close_report(PyObject *of, PyObject *unused)
{
    (void)unused;
    asynchron_report_close(((Report *)of)->report);
    Py_RETURN_NONE;
}

static Py_ssize_t length(PyObject *of)
{
    return (Py_ssize_t)asynchron_report_pending(((Report *)of)->report);
}

static int is_true(PyObject *of)
{
    (void)of;
    return 1;
}

/* ---- the type ---- */

#define WITH_KEYWORDS(function) (PyCFunction)(void (*)(void))function, METH_VARARGS | METH_KEYWORDS

static PyMethodDef methods[] = {
    {"add", WITH_KEYWORDS(add),
     "add($self, /, asynchron, tag=None)\n--\n\nAdds one, complete or not, with any object that comes out with it. What is added "
     "twice comes out twice.\nRuntimeError if the report is closed."},
    {"remove", WITH_KEYWORDS(remove_one),
     "remove($self, /, asynchron, tag=...)\n--\n\nTakes one out that has not come out, the oldest; with a tag, that was added with "
     "this very object.\nTrue; False: it is not in the report. The time it takes grows with what the report holds."},
    {"next", WITH_KEYWORDS(next_item),
     "next($self, /, timeout=None, *, tagged=False)\n--\n\nWaits for the next that completes, and returns it; tagged, in a pair with "
     "its tag. None: nothing is left.\nTimeoutError if none has completed within so many seconds."},
    {"next_batch", WITH_KEYWORDS(next_batch),
     "next_batch($self, /, most=256, timeout=0, *, tagged=False)\n--\n\nA list of those that have completed, at most so many, in "
     "their order; tagged, in pairs with their tags.\nWaits up to the timeout for the first one; None is for ever. An empty "
     "list: none came, or nothing is left."},
    {"fileno", get_fileno, METH_NOARGS,
     "fileno($self, /)\n--\n\nA descriptor for select, selectors and event loops: readable while something can be taken out. It is "
     "the\nreport's: do not read or close it, and stop watching it before the report goes."},
    {"rearm", rearm, METH_NOARGS,
     "rearm($self, /)\n--\n\nFor edge-triggered loops: has the descriptor become readable anew if something is left."},
    {"close", close_report, METH_NOARGS,
     "close($self, /)\n--\n\nNothing more can be added; what is in the report comes out, and then the end."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Report, weak), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static const char documentation[] =
    "Report(asynchrons=())\n--\n\n"
    "Asynchrons in the order in which they complete:\n\n"
    "    for A in Report(asynchrons):\n"
    "        print(A())\n\n"
    "Cancelled and failed ones come out, too. The loop ends when nothing is left; others may add to it meanwhile.\n"
    "len() says how many have not come out. Any number of threads may take from one report.";

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)documentation},
    {Py_tp_new, new},
    {Py_tp_init, init},
    {Py_tp_dealloc, dealloc},
    {Py_tp_traverse, traverse},
    {Py_tp_clear, clear},
    {Py_tp_iter, iterate},
    {Py_tp_iternext, iterate_next},
    {Py_tp_methods, methods},
    {Py_tp_members, members},
    {Py_sq_length, length},
    {Py_nb_bool, is_true},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "asynchron.Report",
    .basicsize = sizeof(Report),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

PyObject *make_report_type(PyObject *module)
{
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}
