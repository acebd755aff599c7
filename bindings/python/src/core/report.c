/* The class Report: asynchrons in the order in which they complete. */
#include "core.h"

#include <stddef.h>
#include <stdlib.h>
#include <structmember.h>

/* What was added, until it has come out; and the tag of the library's item. */
struct entry {
    PyObject *handle, *tag; /* references; no tag: NULL */
    struct entry *before, *behind;
};

typedef struct {
    PyObject_HEAD
    asynchron_report_t *report;
    struct entry entries; /* a ring */
    PyObject *weak;
} Report;

static void link_entry(Report *self, struct entry *entry)
{
    entry->before = self->entries.before;
    entry->behind = &self->entries;
    entry->before->behind = entry->behind->before = entry;
}

static void unlink_entry(struct entry *entry)
{
    entry->before->behind = entry->behind;
    entry->behind->before = entry->before;
}

static void free_entry(struct entry *entry)
{
    Py_DECREF(entry->handle);
    Py_XDECREF(entry->tag);
    free(entry);
}

/* ---- made, freed ---- */

static int add_one(Report *self, PyObject *handle, PyObject *tag)
{
    struct entry *entry;
    asynchron_status_t status;
    if (!PyObject_TypeCheck(handle, asynchron_type)) {
        PyErr_Format(PyExc_TypeError, "a report takes asynchrons, not %R", handle);
        return -1;
    }
    entry = malloc(sizeof *entry);
    if (entry == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    Py_INCREF(handle);
    Py_XINCREF(tag);
    entry->handle = handle;
    entry->tag = tag;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self)
    link_entry(self, entry);
    status = asynchron_report_add(self->report, ((Asynchron *)handle)->a, entry);
    if (status != ASYNCHRON_OK)
        unlink_entry(entry);
    Py_END_CRITICAL_SECTION()
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
    Report *self = (Report *)of;
    struct entry *entry;
    Py_VISIT(Py_TYPE(of));
    for (entry = self->entries.behind; entry != NULL && entry != &self->entries; entry = entry->behind) {
        Py_VISIT(entry->handle);
        Py_VISIT(entry->tag);
    }
    return 0;
}

/* Forgets all that has not come out. */
static int clear(PyObject *of)
{
    Report *self = (Report *)of;
    while (self->entries.behind != NULL && self->entries.behind != &self->entries) {
        struct entry *entry = self->entries.behind;
        unlink_entry(entry);
        asynchron_report_remove(self->report, ((Asynchron *)entry->handle)->a);
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
    if (self->weak != NULL)
        PyObject_ClearWeakRefs(of);
    /* First: what lies in it leads to the entries. */
    asynchron_report_close(report);
    clear(of);
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

/* The oldest entry of this asynchron, and with that tag if one is given; or NULL. */
static struct entry *find(Report *self, asynchron_t *a, PyObject *tag)
{
    struct entry *entry;
    for (entry = self->entries.behind; entry != &self->entries; entry = entry->behind)
        if (((Asynchron *)entry->handle)->a == a && (tag == NULL || entry->tag == tag))
            return entry;
    return NULL;
}

static PyObject *remove_one(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"asynchron", "tag", NULL};
    Report *self = (Report *)of;
    PyObject *handle, *tag = NULL, *taken;
    struct entry *oldest = NULL, *wanted;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "O|O:remove", names, &handle, &tag))
        return NULL;
    if (!PyObject_TypeCheck(handle, asynchron_type))
        return PyErr_Format(PyExc_TypeError, "a report holds asynchrons, not %R", handle);
    Py_BEGIN_CRITICAL_SECTION(of)
    wanted = find(self, ((Asynchron *)handle)->a, tag);
    /* The library takes the oldest of this asynchron: what was to come out with that comes with the other one. */
    if (wanted != NULL && asynchron_report_remove(self->report, ((Asynchron *)handle)->a) == ASYNCHRON_OK) {
        oldest = find(self, ((Asynchron *)handle)->a, NULL);
        taken = wanted->tag;
        wanted->tag = oldest->tag;
        oldest->tag = taken;
        unlink_entry(oldest);
    }
    Py_END_CRITICAL_SECTION()
    if (oldest == NULL)
        Py_RETURN_FALSE;
    free_entry(oldest);
    Py_RETURN_TRUE;
}

/* ---- what has completed ---- */

/* The asynchron of an item, with its tag in a pair if that is wanted: a new reference. The item's references go. */
static PyObject *take(Report *self, const asynchron_item_t *item, int tagged)
{
    struct entry *entry = item->tag;
    PyObject *taken;
    (void)self;
    Py_BEGIN_CRITICAL_SECTION((PyObject *)self)
    unlink_entry(entry);
    Py_END_CRITICAL_SECTION()
    asynchron_release(item->asynchron);
    if (tagged)
        taken = PyTuple_Pack(2, entry->handle, entry->tag == NULL ? Py_None : entry->tag);
    else
        taken = (Py_INCREF(entry->handle), entry->handle);
    free_entry(entry);
    return taken;
}

/* Waits for items: how many; 0, if nothing is left or came in time (then the status says which); -1 with an exception. */
static Py_ssize_t wait_for_items(Report *self, double seconds, asynchron_item_t *items, size_t most,
                                 asynchron_status_t *status)
{
    size_t n = 0;
    *status = wait_for_report(self->report, seconds, items, most, &n);
    switch (*status) {
    case ASYNCHRON_OK:
    case ASYNCHRON_END:
    case ASYNCHRON_TIMEOUT:
    case ASYNCHRON_WOKEN:
        return (Py_ssize_t)n;
    case ASYNCHRON_E_DEADLOCK:
        PyErr_SetString(PyExc_RuntimeError, "the report would wait for what this thread computes");
        return -1;
    default:
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_RuntimeError, asynchron_status_string(*status));
        return -1;
    }
}

static PyObject *next_item(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"timeout", "tagged", NULL};
    PyObject *timeout = NULL;
    int tagged = 0;
    double seconds;
    asynchron_item_t item;
    asynchron_status_t status;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O$p:next", names, &timeout, &tagged) ||
        to_seconds(timeout, &seconds) < 0)
        return NULL;
    switch (wait_for_items((Report *)of, seconds, &item, 1, &status)) {
    case -1:
        return NULL;
    case 1:
        return take((Report *)of, &item, tagged);
    default:
        if (status == ASYNCHRON_END)
            Py_RETURN_NONE;
        return PyErr_Format(PyExc_TimeoutError, "nothing has completed yet");
    }
}

#define AT_ONCE 64

static PyObject *next_batch(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"most", "timeout", "tagged", NULL};
    Report *self = (Report *)of;
    PyObject *timeout = NULL, *batch;
    Py_ssize_t most = 256, n, i;
    int tagged = 0, whole = 1;
    double seconds = 0;
    asynchron_item_t items[AT_ONCE];
    asynchron_status_t status;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|nO$p:next_batch", names, &most, &timeout, &tagged))
        return NULL;
    if (most < 1)
        return PyErr_Format(PyExc_ValueError, "a batch has at least one");
    if (timeout != NULL && to_seconds(timeout, &seconds) < 0)
        return NULL;
    batch = PyList_New(0);
    while (batch != NULL && whole && PyList_Size(batch) < most) {
        Py_ssize_t left = most - PyList_Size(batch);
        n = wait_for_items(self, seconds, items, (size_t)(left < AT_ONCE ? left : AT_ONCE), &status);
        /* All of them come out, whatever fails. */
        for (i = 0; i < n; i++) {
            PyObject *one = take(self, &items[i], tagged);
            if (one == NULL || (batch != NULL && PyList_Append(batch, one) < 0))
                Py_CLEAR(batch);
            Py_XDECREF(one);
        }
        if (n < 0 && PyList_Size(batch) == 0)
            Py_CLEAR(batch);
        whole = n == AT_ONCE;
        seconds = 0;
    }
    return batch;
}

static PyObject *iterate(PyObject *of)
{
    Py_INCREF(of);
    return of;
}

static PyObject *iterate_next(PyObject *of)
{
    asynchron_item_t item;
    asynchron_status_t status;
    do {
        Py_ssize_t n = wait_for_items((Report *)of, FOREVER, &item, 1, &status);
        if (n < 0)
            return NULL;
        if (n > 0)
            return take((Report *)of, &item, 0);
    } while (status != ASYNCHRON_END);
    return NULL;
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
