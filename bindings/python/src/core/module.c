/* The module asynchron._core. */
#include "core.h"

PyTypeObject *asynchron_type, *report_type;
PyObject *cancellation_error, *foreign_error, *extra_type;

static PyObject *version(PyObject *module, PyObject *unused)
{
    uint32_t number = asynchron_version();
    (void)module, (void)unused;
    return PyUnicode_FromFormat("%u.%u.%u", number / 10000, number / 100 % 100, number % 100);
}

static PyObject *set_extra_type(PyObject *module, PyObject *type)
{
    (void)module;
    Py_INCREF(type);
    extra_type = type;
    Py_RETURN_NONE;
}

static int add_exception(PyObject *module, const char *name, const char *full, const char *text, PyObject **to)
{
    *to = PyErr_NewExceptionWithDoc(full, text, NULL, NULL);
    return *to == NULL ? -1 : PyModule_AddObjectRef(module, name, *to);
}

static int fill(PyObject *module)
{
    PyObject *completions;
    int added;
    if (asynchron_type != NULL || PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
        PyErr_SetString(PyExc_ImportError, "asynchron works in the main interpreter only, and is loaded once");
        return -1;
    }
    if (add_exception(module, "CancellationError", "asynchron.CancellationError",
                      "What was waited for was cancelled.", &cancellation_error) < 0 ||
        add_exception(module, "Error", "asynchron.Error",
                      "Error(domain, code, message): a failure that C delivered.", &foreign_error) < 0)
        return -1;
    asynchron_type = (PyTypeObject *)make_asynchron_type(module);
    if (asynchron_type == NULL || PyModule_AddObjectRef(module, "Asynchron", (PyObject *)asynchron_type) < 0)
        return -1;
    report_type = (PyTypeObject *)make_report_type(module);
    if (report_type == NULL || PyModule_AddObjectRef(module, "Report", (PyObject *)report_type) < 0)
        return -1;
    completions = make_completions_type(module);
    added = completions == NULL ? -1 : PyModule_AddObjectRef(module, "Completions", completions);
    Py_XDECREF(completions);
    return added < 0 ? -1 : add_c_interface(module);
}

static PyMethodDef functions[] = {
    {"_after_fork_in_child", after_fork_in_child, METH_NOARGS, NULL},
    {"_close", close_python, METH_NOARGS, NULL},
    {"_keep_lock", keep_lock, METH_O, NULL},
    {"_set_extra_type", set_extra_type, METH_O, NULL},
    {"_set_on_raised", set_on_raised, METH_O, NULL},
    {"version", version, METH_NOARGS, "version()\n--\n\nThe version of the C library that was found."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, fill},
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "asynchron._core", .m_size = 0, .m_methods = functions, .m_slots = slots,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
