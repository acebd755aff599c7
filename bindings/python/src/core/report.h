/* The class Report, in report.c, and what is in it: entries.c, sorted.c and taking.c. */
#ifndef REPORT_H
#define REPORT_H

#include "core.h"

/* What was added, until it has come out; and the tag of the library's item. */
struct entry {
    PyObject *handle, *tag; /* references; no tag: NULL */
    struct entry *before, *behind;
    struct entry *older, *younger; /* in its bucket */
    bool is_sorted;                /* is in one */
};

struct bucket {
    struct entry *oldest, *youngest;
};

typedef struct {
    PyObject_HEAD
    asynchron_report_t *report;
    PyObject *weak;

    /* entries.c */
    struct entry entries; /* a ring, in the order in which they were added */
    struct slab *slabs;   /* their memory, the newest first */
    struct entry *free;   /* those that were used before, by `behind` */
    size_t fresh;         /* so many of the newest slab were never used */

    /* sorted.c */
    struct bucket *buckets;  /* NULL until something is looked for */
    size_t bucket_bits;      /* there are two to the power of so many */
    size_t sorted;           /* so many entries are in them */
    struct entry *unsorted;  /* the first that is not; all behind it are not, either. NULL: none */
    bool look_up;            /* an item's tag may be the entry of another item of the same asynchron */
} Report;

/* All of these under the report's critical section, or where nobody else has the report. */

/* ---- entries.c: what was added and has not come out ---- */

void begin_entries(Report *self);
/* Gives back all memory; there are no entries any more. */
void end_entries(Report *self);
/* With references of its own; NULL: no memory. */
struct entry *add_entry(Report *self, PyObject *handle, PyObject *tag);
/* Takes it out, and hands over its references: the handle, and the tag or NULL. */
PyObject *take_entry(Report *self, struct entry *entry, PyObject **tag);
/* The oldest of all, or NULL. */
struct entry *first_entry(Report *self);
int entries_traverse(Report *self, visitproc visit, void *arg);

/* ---- sorted.c: the same by asynchron, for those who look for one ---- */

/* The oldest of this asynchron, and with that tag if one is given; or NULL. */
struct entry *find_entry(Report *self, asynchron_t *a, PyObject *tag);
/* What an item of the library's stands for; NULL: the collector has taken it. */
struct entry *entry_of(Report *self, const asynchron_item_t *item);
/* One is added, at the end; one is taken out. */
void note_unsorted(Report *self, struct entry *entry);
void forget_sorted(Report *self, struct entry *entry);
void end_sorted(Report *self);

/* ---- taking.c: without the critical section ---- */

/* So many items are fetched together. */
#define AT_ONCE 64

/* Waits for items: how many; 0, if nothing is left or came in time (then the status says which); -1 with an exception. */
Py_ssize_t wait_for_items(Report *self, double seconds, asynchron_item_t *items, size_t most, asynchron_status_t *status);
/* The asynchron of an item, and its tag or NULL: new references. The item's references go. NULL without an exception: the
 * collector has taken it. */
PyObject *take_both(Report *self, const asynchron_item_t *item, PyObject **tag);
/* The same, with the tag in a pair if that is wanted. */
PyObject *take_item(Report *self, const asynchron_item_t *item, int tagged);

/* The methods, as their types in Python want them. */

PyObject *next_item(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames);
PyObject *next_batch(PyObject *of, PyObject *const *args, Py_ssize_t n, PyObject *kwnames);
/* An iterator is one of its own: Completions, too. */
PyObject *iterate(PyObject *of);
PyObject *iterate_next(PyObject *of);

/* ---- tell.c: a method for asyncio ---- */

/* Before that: 0, or -1 with an exception. */
int begin_telling(void);
PyObject *tell_futures(PyObject *of, PyObject *argument);

#endif
