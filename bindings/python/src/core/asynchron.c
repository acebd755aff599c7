/* The class Asynchron: a handle. What is called often is here and in the files of methods.h; the rest is Python. */
#include "methods.h"

#include <stddef.h>
#include <structmember.h>

/* ---- made, freed ---- */

static size_t count; /* of those whose class is Asynchron itself */

/* The number of a new one among those of its class: 0; -1 with an exception. */
static int take_number(Asynchron *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    PyObject *counter, *next;
    if (type == asynchron_type) {
#ifdef Py_GIL_DISABLED
        self->number = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
#else
        self->number = count++;
#endif
        return 0;
    }
    /* Each subclass has a counter of its own, made by __init_subclass__. */
    counter = PyObject_GetAttrString((PyObject *)type, "_count");
    if (counter == NULL)
        return -1;
    /* CPython 3.13 without the interpreter lock may hand one number out twice otherwise. */
    Py_BEGIN_CRITICAL_SECTION(counter);
    next = PyIter_Next(counter);
    Py_END_CRITICAL_SECTION();
    Py_DECREF(counter);
    if (next == NULL)
        return -1;
    self->number = PyLong_AsSize_t(next);
    Py_DECREF(next);
    return PyErr_Occurred() ? -1 : 0;
}

#ifdef Py_GIL_DISABLED

static Asynchron *take_spare(PyTypeObject *type)
{
    (void)type;
    return NULL;
}

static bool keep_spare(Asynchron *self, PyTypeObject *type)
{
    (void)self, (void)type;
    return false;
}

#else

/* Objects whose memory is used again, as the interpreter does for its own: a third of what making one costs. The
 * interpreter lock guards them. */
static Asynchron *spares[80];
static size_t spare_count;

static Asynchron *take_spare(PyTypeObject *type)
{
    Asynchron *self;
    if (spare_count == 0 || type != asynchron_type)
        return NULL;
    self = spares[--spare_count];
    PyObject_Init((PyObject *)self, asynchron_type);
    PyObject_GC_Track(self);
    return self;
}

static bool keep_spare(Asynchron *self, PyTypeObject *type)
{
    if (spare_count == sizeof spares / sizeof *spares || type != asynchron_type)
        return false;
    self->a = NULL;
    spares[spare_count++] = self;
    return true;
}

#endif

/* Takes the reference over. */
static Asynchron *allocate(PyTypeObject *type, asynchron_t *a)
{
    Asynchron *self;
    if (a == NULL)
        return (Asynchron *)PyErr_NoMemory();
    self = take_spare(type);
    if (self == NULL)
        self = (Asynchron *)PyType_GenericAlloc(type, 0);
    if (self == NULL) {
        asynchron_release(a);
        return NULL;
    }
    self->a = a;
    self->call = call_fast;
    if (take_number(self) < 0) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return self;
}

PyObject *asynchron_wrap(PyTypeObject *type, asynchron_t *a)
{
    return (PyObject *)allocate(type, a);
}

static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    (void)args, (void)kwds;
    return (PyObject *)allocate(type, asynchron_create(NULL));
}

static int set_first_state(Asynchron *self, PyObject *state)
{
    if (!PyUnicode_Check(state))
        goto unknown;
    if (PyUnicode_CompareWithASCIIString(state, "PENDING") == 0)
        return 0;
    if (PyUnicode_CompareWithASCIIString(state, "RUNNING") == 0)
        return asynchron_start(self->a) == ASYNCHRON_OK ? 0 : (PyErr_Format(PyExc_RuntimeError, "%R has begun", self), -1);
    if (PyUnicode_CompareWithASCIIString(state, "CANCELLED") == 0)
        return asynchron_cancel(self->a), 0;
    if (PyUnicode_CompareWithASCIIString(state, "DONE") == 0)
        return deliver_object(self, Py_None);
unknown:
    PyErr_Format(PyExc_ValueError, "a state is PENDING, RUNNING, DONE or CANCELLED, not %R", state);
    return -1;
}

static PyObject *nothing; /* the empty tuple, of which there is one */

static int init(PyObject *of, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"name", "lock", "result", "state", "extra", NULL};
    Asynchron *self = (Asynchron *)of;
    PyObject *name = Py_None, *lock = NULL, *result = Py_None, *state = Py_None, *extra = Py_None;
    int given;
    if (kwds == NULL && args == nothing)
        return 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|O$OOOO:Asynchron", names, &name, &lock, &result, &state, &extra))
        return -1;
    if (name != Py_None)
        put_instead(self, &self->name, name);
    given = extra != Py_None ? PyObject_IsTrue(extra) : 0;
    if (given < 0)
        return -1;
    if (given) {
        PyObject *mine = PyObject_GetAttrString(of, "extra");
        PyObject *done = mine == NULL ? NULL : PyObject_CallMethod(mine, "update", "O", extra);
        Py_XDECREF(mine);
        if (done == NULL)
            return -1;
        Py_DECREF(done);
    }
    if (state != Py_None && set_first_state(self, state) < 0)
        return -1;
    return result == Py_None ? 0 : deliver_object(self, result);
}

static int traverse(PyObject *of, visitproc visit, void *arg)
{
    Asynchron *self = (Asynchron *)of;
    int seen;
    Py_VISIT(Py_TYPE(of));
    Py_VISIT(self->name);
    Py_VISIT(self->extra);
    Py_VISIT(self->dict);
    /* What another holds, too, in C or by a handle of its own, is that one's as well. */
    if (self->a == NULL || asynchron_is_shared(self->a))
        return 0;
    seen = outcome_traverse(self, visit, arg);
    return seen ? seen : callbacks_traverse(self, visit, arg);
}

static int clear(PyObject *of)
{
    Asynchron *self = (Asynchron *)of;
    Py_CLEAR(self->name);
    Py_CLEAR(self->extra);
    Py_CLEAR(self->dict);
    if (self->a != NULL && !asynchron_is_shared(self->a)) {
        /* Finalizers may look at it yet. Without memory it stays as it is. */
        asynchron_t *a = self->a, *none = asynchron_create(NULL);
        if (none != NULL) {
            take_back_callbacks(self);
            asynchron_cancel(none);
            self->a = none;
            asynchron_release(a);
        }
    }
    return 0;
}

static void dealloc(PyObject *of)
{
    Asynchron *self = (Asynchron *)of;
    PyTypeObject *type = Py_TYPE(of);
    PyObject_GC_UnTrack(self);
    clear_weak_references(of, &self->weak);
    release_with_lock(self->a);
    Py_CLEAR(self->name);
    Py_CLEAR(self->extra);
    Py_CLEAR(self->dict);
    if (!keep_spare(self, type))
        PyObject_GC_Del(self);
    Py_DECREF((PyObject *)type);
}

/* ---- the type ---- */

#define WITH_KEYWORDS(function) (PyCFunction)(void (*)(void))function, METH_VARARGS | METH_KEYWORDS
#define WITH_ONE(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL | METH_KEYWORDS

static PyMethodDef methods[] = {
    {"call", WITH_KEYWORDS(call),
     "call($self, /, *args, **kwargs)\n--\n\nThe same as calling the asynchron itself.\n\n"
     "Without a function, waits, and returns the value or raises what it failed with, or CancellationError.\n"
     "With a function and its arguments, runs it here first, and delivers what it returns or raises; then\n"
     "RuntimeError if it was begun or is complete.\n\n"
     "Blocks, without the interpreter lock; Ctrl-C ends it in the main thread. RuntimeError if it would wait\n"
     "for itself, inside its own function."},
    {"run_func", WITH_KEYWORDS(run_func),
     "run_func($self, /, func, *args, **kwargs)\n--\n\nRuns func(*args, **kwargs) here, and delivers what it returns or raises. "
     "Returns None.\n\nRuntimeError if it was begun or is complete; then func does not run. If it is cancelled while func\n"
     "runs, what func returns is dropped. KeyboardInterrupt is delivered, and raised here, too."},
    {"put", WITH_ONE(put),
     "put($self, /, value)\n--\n\nDelivers a value, any object. All who wait get it. Callbacks run on this thread before put() "
     "returns;\ninside another callback, when that has returned or waits: so hold no lock that they want.\n\nRuntimeError if it is complete already, also by a cancel; then nothing has changed. Any thread may."},
    {"put_bytes", WITH_ONE(put_bytes),
     "put_bytes($self, /, data)\n--\n\nDelivers a copy of bytes, for other languages to read, too: of anything that has "
     "a buffer. In Python it is bytes then;\nNone, if there are none. What put() delivers means nothing to other "
     "languages.\n\nRuntimeError if it is complete already, as put()."},
    {"fail", WITH_ONE(fail),
     "fail($self, /, exc)\n--\n\nDelivers a failure: an exception, or a class of exceptions. All who wait have it raised.\n\n"
     "RuntimeError if it is complete already, as put()."},
    {"cancel", WITH_KEYWORDS(cancel),
     "cancel($self, /, msg=None)\n--\n\nCancels: all who wait get CancellationError, with the message.\n\n"
     "True: it was cancelled now; False: it was complete already. A function that runs is not interrupted;\n"
     "what it returns is dropped."},
    {"start", start, METH_NOARGS,
     "start($self, /)\n--\n\nSays that you compute it now, and will deliver: its state is RUNNING.\n\n"
     "True: the work is yours; False: it was begun by another, or is complete."},
    {"cancel_pending", WITH_KEYWORDS(cancel_pending),
     "cancel_pending($self, /, msg=None)\n--\n\nCancels it unless it was begun. Returns whether it is cancelled."},
    {"expire_after", WITH_ONE(expire_after),
     "expire_after($self, /, seconds)\n--\n\nHas it fail with asynchron.Error, code 4, after so many seconds, unless it is complete "
     "by then.\n\nA later call replaces the time; None takes it back. True: it is so; False: it is complete already. A function\n"
     "that computes it is not interrupted: what it returns is dropped."},
    {"wait", WITH_KEYWORDS(wait_method),
     "wait($self, /, timeout=None)\n--\n\nWaits until it is complete, for at most so many seconds; None is for ever.\n\n"
     "Returns whether it is complete. Raises nothing of what it failed with."},
    {"join", WITH_KEYWORDS(join),
     "join($self, /, timeout=None)\n--\n\nWaits, and returns (value, exc_info).\n\n"
     "exc_info is None, or (type, exception, traceback) of what it failed with, and then the value is None.\n"
     "CancellationError if it was cancelled; TimeoutError if it is not complete within so many seconds."},
    {"get", WITH_KEYWORDS(get),
     "get($self, /, default=None)\n--\n\nWaits, and returns the value, or the default if it failed. CancellationError if it was "
     "cancelled."},
    {"notify", WITH_ONE(notify_method),
     "notify($self, /, notifier)\n--\n\nHas notifier(self) called once it is complete: on the thread that completes it, or here and "
     "at once\nif it is complete. Inside another callback, it is called when that has returned or waits.\n\nReturns a token for unnotify(). What notifier raises is logged by "
     "logging.getLogger(\"asynchron\"),\nand the other callbacks run."},
    {"unnotify", WITH_ONE(unnotify_method),
     "unnotify($self, /, token)\n--\n\nTakes a callback back. The token is what notify() returned.\n\n"
     "True: it never runs. False: it has run, or there was none. If it runs just now on another thread, waits\n"
     "for it; Ctrl-C does not end that."},
    {"capsule", get_capsule, METH_NOARGS,
     "capsule($self, /)\n--\n\nA capsule named \"asynchron_t\" with a reference to what this handle is of, for C."},
    {"from_handle", from_handle, METH_O | METH_CLASS,
     "from_handle($type, handle, /)\n--\n\nAn asynchron for one of C's: an int, the address of an asynchron_t, or a capsule of one. "
     "It takes a\nreference of its own; yours stays yours. It is another object than others of the same. Any other address\n"
     "crashes.\n\nWhat C delivers is bytes; None, if it is empty; an int, if it is a bare pointer. A failure is\n"
     "asynchron.Error(domain, code, message). If C lets go of it without delivering, it stays pending: C's\n"
     "promises, asynchron_promise_create(), see to that."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
    {"result", get_result, set_result,
     "The value. AttributeError while there is none; None if it failed; CancellationError if it was\ncancelled. To assign "
     "it delivers, as put() does.", NULL},
    {"exc_info", get_exc_info, set_exc_info,
     "(type, exception, traceback) of what it failed with, or None if it has a value. AttributeError while it\nis not "
     "complete. To assign it delivers a failure.", NULL},
    {"state", get_state, NULL, "\"PENDING\", \"RUNNING\", \"DONE\" or \"CANCELLED\". A failed one is done.", NULL},
    {"fsm_state", get_state, NULL, "The same as state.", NULL},
    {"ready", is_ready, NULL, "Whether it is complete, in whichever way.", NULL},
    {"pending", is_pending, NULL, "Whether nobody has begun or delivered it.", NULL},
    {"cancelled", is_cancelled, NULL, "Whether it was cancelled.", NULL},
    {"is_pending", is_pending, NULL, "Whether nobody has begun or delivered it.", NULL},
    {"is_running", is_running, NULL, "Whether somebody has begun it, a function or by start(), and it is not complete.", NULL},
    {"is_done", is_done, NULL, "Whether it has a value or has failed.", NULL},
    {"is_cancelled", is_cancelled, NULL, "Whether it was cancelled.", NULL},
    {"name", get_name, set_name, "Its name: the one it was given, or its class's with a number.", NULL},
    {"extra", get_extra, set_extra,
     "What the program keeps with it: at first an empty dict whose keys are attributes, too. To assign puts\n"
     "another object in its place.", NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"handle", get_handle, NULL,
     "The address of the asynchron_t, an int, for C. It is there as long as this object; whoever needs it for longer\n"
     "retains it. To a function of ctypes, pass the asynchron itself, or ctypes.c_void_p(A.handle).", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Asynchron, weak), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(Asynchron, dict), READONLY, NULL},
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Asynchron, call), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static const char documentation[] =
    "Asynchron(name=None, *, lock=None, result=None, state=None, extra=None)\n--\n\n"
    "A value that arrives later. Anyone delivers a value, a failure or a cancel, and the first one wins; any\n"
    "number of threads wait for it by calling it:\n\n"
    "    A = Asynchron()\n"
    "    threading.Thread(target=lambda: A.put(compute())).start()\n"
    "    value = A()\n\n"
    "To call it with a function and its arguments, as A(func, 1, b=2), runs that here first, and delivers what it\n"
    "returns or raises: see call(). `await A` waits in asyncio and trio.\n\n"
    "A result other than None is delivered at once; state is the one that it begins with; extra is a mapping that\n"
    "A.extra begins with. The lock is taken for the sake of programs that give one, and not used.";

static PyType_Slot slots[] = {
    {Py_tp_doc, (void *)documentation},
    {Py_tp_new, new},
    {Py_tp_init, init},
    {Py_tp_dealloc, dealloc},
    {Py_tp_traverse, traverse},
    {Py_tp_clear, clear},
    {Py_tp_call, call},
    {Py_tp_repr, represent},
    {Py_tp_methods, methods},
    {Py_tp_getset, properties},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "asynchron.Asynchron",
    .basicsize = sizeof(Asynchron),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = slots,
};

PyObject *make_asynchron_type(PyObject *module)
{
    nothing = PyTuple_New(0);
    if (nothing == NULL)
        return NULL;
    return PyType_FromModuleAndSpec(module, &spec, NULL);
}
