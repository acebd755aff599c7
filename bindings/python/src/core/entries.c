/* What is in a report and has not come out: the handles, with their tags, in the order in which they were added. */
#include "report.h"

#include <stdlib.h>

struct entry *make_entry(PyObject *handle, PyObject *tag)
{
    struct entry *entry = malloc(sizeof *entry);
    if (entry == NULL)
        return NULL;
    Py_INCREF(handle);
    Py_XINCREF(tag);
    entry->handle = handle;
    entry->tag = tag;
    return entry;
}

void free_entry(struct entry *entry)
{
    Py_DECREF(entry->handle);
    Py_XDECREF(entry->tag);
    free(entry);
}

void link_entry(Report *self, struct entry *entry)
{
    entry->before = self->entries.before;
    entry->behind = &self->entries;
    entry->before->behind = entry->behind->before = entry;
}

void unlink_entry(struct entry *entry)
{
    entry->before->behind = entry->behind;
    entry->behind->before = entry->before;
}

struct entry *find_entry(Report *self, asynchron_t *a, PyObject *tag)
{
    struct entry *entry;
    for (entry = self->entries.behind; entry != &self->entries; entry = entry->behind)
        if (((Asynchron *)entry->handle)->a == a && (tag == NULL || entry->tag == tag))
            return entry;
    return NULL;
}

struct entry *first_entry(Report *self)
{
    struct entry *first = self->entries.behind;
    /* The collector may come before the ring is made. */
    return first == &self->entries ? NULL : first;
}

int entries_traverse(Report *self, visitproc visit, void *arg)
{
    struct entry *entry;
    for (entry = self->entries.behind; entry != NULL && entry != &self->entries; entry = entry->behind) {
        Py_VISIT(entry->handle);
        Py_VISIT(entry->tag);
    }
    return 0;
}
