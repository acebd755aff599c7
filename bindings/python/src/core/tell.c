/* For asyncio: tells the futures that wait in its loop. */
#include "report.h"

static PyObject *set_result; /* the method's name, which never changes */

int begin_telling(void)
{
    set_result = PyUnicode_InternFromString("set_result");
    return set_result == NULL ? -1 : 0;
}

/* One future is told, unless it was cancelled: false with an exception. */
static bool tell(PyObject *future)
{
    PyObject *done = PyObject_CallMethodObjArgs(future, set_result, Py_None, NULL);
    if (done == NULL && PyErr_ExceptionMatches(PyExc_Exception)) {
        /* Mostly it is done already. Anything else is to be heard of. */
        PyObject *type, *exception, *traceback;
        PyErr_Fetch(&type, &exception, &traceback);
        done = PyObject_CallMethod(future, "done", NULL);
        if (done != NULL && PyObject_IsTrue(done) == 1) {
            Py_XDECREF(type);
            Py_XDECREF(exception);
            Py_XDECREF(traceback);
        } else {
            Py_CLEAR(done);
            PyErr_Restore(type, exception, traceback);
        }
    }
    Py_XDECREF(done);
    return done != NULL;
}

/* What is taken out of the report is told here, whatever is raised meanwhile: the first of that is raised at the end. In
 * Python, the handler of a signal could come in between, and those that are left would wait for ever. */
PyObject *tell_futures(PyObject *of, PyObject *argument)
{
    Report *self = (Report *)of;
    PyObject *type = NULL, *exception = NULL, *traceback = NULL;
    asynchron_item_t items[AT_ONCE];
    Py_ssize_t most = PyLong_AsSsize_t(argument), n = AT_ONCE, i;
    asynchron_status_t status;
    if (most == -1 && PyErr_Occurred())
        return NULL;
    for (; most > 0 && n == AT_ONCE; most -= n) {
        n = wait_for_items(self, 0, items, (size_t)(most < AT_ONCE ? most : AT_ONCE), &status);
        for (i = 0; i < n; i++) {
            PyObject *future, *handle = take_both(self, &items[i], &future);
            bool told = future == NULL || tell(future);
            Py_XDECREF(handle);
            Py_XDECREF(future);
            if (told)
                continue;
            if (type == NULL)
                PyErr_Fetch(&type, &exception, &traceback);
            else
                PyErr_Clear();
        }
    }
    if (type != NULL) {
        PyErr_Restore(type, exception, traceback);
        return NULL;
    }
    if (n < 0)
        return NULL;
    Py_RETURN_NONE;
}
