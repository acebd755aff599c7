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

/* ---- where one thread removes, and another has the item already ---- */

void put_aside(Report *self, struct entry *entry)
{
    entry->handle = NULL;
    entry->behind = self->aside;
    self->aside = entry;
}

void free_aside(Report *self)
{
    struct entry *entry;
    while ((entry = self->aside) != NULL) {
        self->aside = entry->behind;
        free(entry);
    }
}

/* An entry that was put aside gets what the oldest of this asynchron has, which is put aside in its place. */
static void take_other(Report *self, struct entry *entry, asynchron_t *a)
{
    struct entry *other = find_entry(self, a, NULL), **at = &self->aside;
    while (*at != entry)
        at = &(*at)->behind;
    *at = entry->behind;
    entry->handle = other->handle;
    entry->tag = other->tag;
    unlink_entry(other);
    put_aside(self, other);
}

void unlink_items(Report *self, const asynchron_item_t *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct entry *entry = items[i].tag;
        if (entry->handle != NULL)
            unlink_entry(entry);
        else
            take_other(self, entry, items[i].asynchron);
    }
}

/* ---- all of them ---- */

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
