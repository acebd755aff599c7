/* From C to Python and back: addresses, capsules, and what asynchron/python.h calls. */
#include "for_c.h"

static const char capsule_name[] = "asynchron_t";

static void free_capsule(PyObject *capsule)
{
    asynchron_release(PyCapsule_GetPointer(capsule, capsule_name));
}

PyObject *get_capsule(PyObject *self, PyObject *unused)
{
    asynchron_t *a = asynchron_retain(((Asynchron *)self)->a);
    PyObject *capsule = PyCapsule_New(a, capsule_name, free_capsule);
    (void)unused;
    if (capsule == NULL)
        asynchron_release(a);
    return capsule;
}

PyObject *get_handle(PyObject *self, void *unused)
{
    (void)unused;
    return PyLong_FromVoidPtr(((Asynchron *)self)->a);
}

PyObject *from_handle(PyObject *type, PyObject *handle)
{
    asynchron_t *a;
    if (PyCapsule_CheckExact(handle)) {
        a = PyCapsule_GetPointer(handle, capsule_name);
    } else if (PyLong_Check(handle)) {
        size_t address = PyLong_AsSize_t(handle);
        a = (asynchron_t *)address;
        if (PyErr_Occurred() || address == 0 || address % sizeof(void *) != 0) {
            a = NULL;
            PyErr_Clear();
            PyErr_Format(PyExc_ValueError, "%R is not the address of an asynchron_t", handle);
        }
    } else {
        a = NULL;
        PyErr_Format(PyExc_TypeError, "a handle is an int or a capsule, not %R", handle);
    }
    if (a == NULL)
        return NULL;
    return asynchron_wrap((PyTypeObject *)type, asynchron_retain(a));
}

/* ---- for other extensions ---- */

static PyObject *wrap(asynchron_t *a)
{
    if (a == NULL) {
        PyErr_SetString(PyExc_ValueError, "there is no asynchron");
        return NULL;
    }
    return asynchron_wrap(asynchron_type, asynchron_retain(a));
}

static asynchron_t *unwrap(PyObject *object)
{
    if (!PyObject_TypeCheck(object, asynchron_type)) {
        PyErr_Format(PyExc_TypeError, "an asynchron is needed, not %R", object);
        return NULL;
    }
    return asynchron_retain(((Asynchron *)object)->a);
}

static asynchron_status_t set(asynchron_t *a, PyObject *value)
{
    asynchron_status_t status;
    if (a == NULL || value == NULL)
        return ASYNCHRON_E_INVALID;
    asynchron_retain(a);
    status = deliver_to(a, value);
    asynchron_release(a);
    return status;
}

static const asynchron_python_t interface = {
    .size = sizeof(asynchron_python_t), .wrap = wrap, .unwrap = unwrap, .set = set, .enter = enter_from_c,
    .leave = leave_from_c};

int add_c_interface(PyObject *module)
{
    PyObject *capsule = PyCapsule_New((void *)&interface, ASYNCHRON_PYTHON_CAPSULE, NULL);
    int done = capsule == NULL ? -1 : PyModule_AddObjectRef(module, "_c_interface", capsule);
    Py_XDECREF(capsule);
    return done;
}
