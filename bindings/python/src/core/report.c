/* The class Report: asynchrons in the order in which they complete. */
#include "report.h"

#include <stddef.h>
#include <structmember.h>

/* ---- made, freed ---- */

static bool is_asynchron(PyObject *object)
{
    return Py_TYPE(object) == asynchron_type || PyObject_TypeCheck(object, asynchron_type);
}

static int add_one(Report *self, PyObject *handle, PyObject *tag)
{
    struct entry *entry;
    asynchron_status_t status = ASYNCHRON_E_NOMEM;
    PyObject *refused = NULL, *with = NULL;
    if (!is_asynchron(handle)) {
        PyErr_Format(PyExc_TypeError, "a report takes asynchrons, not %R", handle);
        return -1;
    }
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self);
    entry = add_entry(self, handle, tag);
    if (entry != NULL) {
        status = asynchron_report_add(self->report, ((Asynchron *)handle)->a, entry);
        if (status != ASYNCHRON_OK)
            refused = take_entry(self, entry, &with);
    }
    Py_END_CRITICAL_SECTION();
    if (status == ASYNCHRON_OK)
        return 0;
    Py_XDECREF(refused);
    Py_XDECREF(with);
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
    begin_entries(self);
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

/* Lets go of what was added first and has not come out. False: there is nothing. */
static bool forget_one(Report *self)
{
    struct entry *entry = first_entry(self);
    PyObject *handle, *tag;
    if (entry == NULL)
        return false;
    handle = take_entry(self, entry, &tag);
    Py_DECREF(handle);
    Py_XDECREF(tag);
    return true;
}

static int clear(PyObject *of)
{
    Report *self = (Report *)of;
    struct entry *entry;
    while ((entry = first_entry(self)) != NULL) {
        asynchron_report_remove(self->report, ((Asynchron *)entry->handle)->a);
        forget_one(self);
    }
    /* What an iterator has ahead has no entry any more. */
    self->look_up = true;
    return 0;
}

static void dealloc(PyObject *of)
{
    Report *self = (Report *)of;
    PyTypeObject *type = Py_TYPE(of);
    PyObject_GC_UnTrack(self);
    clear_weak_references(of, &self->weak);
    /* First: what lies in it leads to the entries. */
    asynchron_report_release(self->report);
    while (forget_one(self))
        ;
    end_entries(self);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* ---- added, taken out ---- */

static const char *const one_and_tag[] = {"asynchron", "tag", NULL};

static PyObject *add(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct parameters parameters = {"add", one_and_tag, 1, 2};
    PyObject *given[2] = {NULL};
    if (unpack(&parameters, args, n, kwnames, given) < 0 || add_one((Report *)of, given[0], given[1]) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *remove_one(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames)
{
    static const struct parameters parameters = {"remove", one_and_tag, 1, 2};
    Report *self = (Report *)of;
    PyObject *given[2] = {NULL}, *handle, *gone = NULL, *with = NULL;
    struct entry *wanted;
    asynchron_t *a;
    if (unpack(&parameters, args, n, kwnames, given) < 0)
        return NULL;
    handle = given[0];
    if (!is_asynchron(handle))
        return PyErr_Format(PyExc_TypeError, "a report holds asynchrons, not %R", handle);
    a = ((Asynchron *)handle)->a;
    Py_BEGIN_CRITICAL_SECTION(of);
    wanted = find_entry(self, a, given[1]);
    if (wanted != NULL && asynchron_report_remove(self->report, a) == ASYNCHRON_OK) {
        gone = take_entry(self, wanted, &with);
        /* Of several of one asynchron, the library takes out its oldest, and a thread may have another in its hands. */
        if (find_entry(self, a, NULL) != NULL)
            self->look_up = true;
    }
    Py_END_CRITICAL_SECTION();
    if (gone == NULL)
        Py_RETURN_FALSE;
    Py_DECREF(gone);
    Py_XDECREF(with);
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

/* ---- the type ---- */

#define WITH_KEYWORDS(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS

static PyMethodDef methods[] = {
    {"add", WITH_KEYWORDS(add),
     "add($self, /, asynchron, tag=None)\n--\n\nAdds one, complete or not, with any object that comes out with it. What is added "
     "twice comes out twice.\nRuntimeError if the report is closed."},
    {"remove", WITH_KEYWORDS(remove_one),
     "remove($self, /, asynchron, tag=...)\n--\n\nTakes one out that has not come out, the oldest; with a tag, that was added with "
     "this very object.\nTrue; False: it is not in the report."},
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
    {"_tell_futures", tell_futures, METH_O,
     "_tell_futures($self, most, /)\n--\n\nFor asyncio: sets the futures that are the tags of those that have completed, at most "
     "so many."},
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
    "Cancelled and failed ones come out, too. The loop ends when nothing is left, also if nothing was added yet; others\n"
    "may add to it meanwhile. len() says how many have not come out. Any number of threads may take from one report.\n"
    "`async for A in report` does the same in asyncio and trio, for one task. It starts no OnDemandResult.";

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
    if (begin_telling() < 0)
        return NULL;
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}
