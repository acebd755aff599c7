/* What is in a report and has not come out: the handles, with their tags, in the order in which they were added. */
#include "report.h"

#include <stdlib.h>

/* Memory for many: to fetch it for each takes longer than all else that is done here. */
struct slab {
    struct slab *older;
    size_t len;
    struct entry entries[];
};

#define FIRST_SLAB 8
#define MOST_IN_SLAB 512

void begin_entries(Report *self)
{
    self->entries.before = self->entries.behind = &self->entries;
}

static int add_slab(Report *self)
{
    size_t len = self->slabs == NULL ? FIRST_SLAB : self->slabs->len * 2;
    struct slab *slab;
    if (len > MOST_IN_SLAB)
        len = MOST_IN_SLAB;
    slab = malloc(sizeof *slab + len * sizeof slab->entries[0]);
    if (slab == NULL)
        return -1;
    slab->older = self->slabs;
    slab->len = self->fresh = len;
    self->slabs = slab;
    return 0;
}

static void free_slabs(struct slab *slab)
{
    while (slab != NULL) {
        struct slab *older = slab->older;
        free(slab);
        slab = older;
    }
}

static struct entry *fetch(Report *self)
{
    struct entry *entry = self->free;
    if (entry != NULL) {
        self->free = entry->behind;
        return entry;
    }
    if (self->fresh == 0 && add_slab(self) < 0)
        return NULL;
    return &self->slabs->entries[self->slabs->len - self->fresh--];
}

/* Nothing is in use: what one crowd needed is not kept for ever. */
static void start_again(Report *self)
{
    free_slabs(self->slabs->older);
    self->slabs->older = NULL;
    self->fresh = self->slabs->len;
    self->free = NULL;
}

struct entry *add_entry(Report *self, PyObject *handle, PyObject *tag)
{
    struct entry *entry = fetch(self);
    if (entry == NULL)
        return NULL;
    Py_INCREF(handle);
    Py_XINCREF(tag);
    entry->handle = handle;
    entry->tag = tag;
    entry->is_sorted = false;
    entry->before = self->entries.before;
    entry->behind = &self->entries;
    entry->before->behind = entry->behind->before = entry;
    note_unsorted(self, entry);
    return entry;
}

PyObject *take_entry(Report *self, struct entry *entry, PyObject **tag)
{
    PyObject *handle = entry->handle;
    *tag = entry->tag;
    forget_sorted(self, entry);
    entry->before->behind = entry->behind;
    entry->behind->before = entry->before;
    if (self->entries.behind == &self->entries) {
        start_again(self);
    } else {
        entry->behind = self->free;
        self->free = entry;
    }
    return handle;
}

struct entry *first_entry(Report *self)
{
    struct entry *first = self->entries.behind;
    return first == &self->entries ? NULL : first;
}

int entries_traverse(Report *self, visitproc visit, void *arg)
{
    struct entry *entry;
    /* The collector may come before the ring is made. */
    for (entry = self->entries.behind; entry != NULL && entry != &self->entries; entry = entry->behind) {
        Py_VISIT(entry->handle);
        Py_VISIT(entry->tag);
    }
    return 0;
}

void end_entries(Report *self)
{
    end_sorted(self);
    free_slabs(self->slabs);
    self->slabs = NULL;
}
