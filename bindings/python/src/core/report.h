/* The class Report, in report.c, and what is in it, in entries.c and taking.c. */
#ifndef REPORT_H
#define REPORT_H

#include "core.h"

/* What was added, until it has come out; and the tag of the library's item. */
struct entry {
    PyObject *handle, *tag; /* references; no tag: NULL */
    struct entry *before, *behind;
};

typedef struct {
    PyObject_HEAD
    asynchron_report_t *report;
    struct entry entries; /* a ring */
    size_t asking;        /* threads that may have items whose entries are in the ring yet */
    struct entry *aside;  /* entries that are out of the ring, but to which such an item may lead */
    PyObject *weak;
} Report;

/* ---- entries.c: all of them under the report's critical section, or where nobody else has the report ---- */

/* A new one with references of its own, in no ring; NULL: no memory. */
struct entry *make_entry(PyObject *handle, PyObject *tag);
void free_entry(struct entry *entry);
void link_entry(Report *self, struct entry *entry);
void unlink_entry(struct entry *entry);
/* The oldest of this asynchron, and with that tag if one is given; or NULL. */
struct entry *find_entry(Report *self, asynchron_t *a, PyObject *tag);
/* For one that was removed while items were on their way: one of them may lead to it. It has nothing any more. */
void put_aside(Report *self, struct entry *entry);
/* Frees those that were put aside: when no item is on its way. */
void free_aside(Report *self);
/* Takes the entries of items out of the ring; they are the items' from then on. */
void unlink_items(Report *self, const asynchron_item_t *items, size_t n);
/* The oldest of all, or NULL. */
struct entry *first_entry(Report *self);
int entries_traverse(Report *self, visitproc visit, void *arg);

/* ---- taking.c: methods, as their types in Python want them ---- */

PyObject *next_item(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *next_batch(PyObject *of, PyObject *args, PyObject *kwds);
PyObject *iterate(PyObject *of);
PyObject *iterate_next(PyObject *of);

#endif
