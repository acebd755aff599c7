/* A report's entries by their asynchrons, for those who look for one: to take it out takes as long among many as among few.
 *
 * Most reports never need it. So entries are sorted when something is looked for, those that were added since: each once. */
#include "report.h"

#include <stdlib.h>

#define FIRST_BITS 6

static struct bucket *bucket_of(Report *self, const asynchron_t *a)
{
    /* Addresses differ in their middle; the product's upper bits depend on all of them. */
    uint64_t mixed = (uint64_t)(uintptr_t)a * UINT64_C(0x9E3779B97F4A7C15);
    return &self->buckets[mixed >> (64 - self->bucket_bits)];
}

static asynchron_t *key_of(const struct entry *entry)
{
    return ((Asynchron *)entry->handle)->a;
}

static void sort_in(Report *self, struct entry *entry)
{
    struct bucket *bucket = bucket_of(self, key_of(entry));
    entry->older = bucket->youngest;
    entry->younger = NULL;
    if (entry->older != NULL)
        entry->older->younger = entry;
    else
        bucket->oldest = entry;
    bucket->youngest = entry;
    entry->is_sorted = true;
}

/* Twice as many buckets, or the first. Without memory they stay as they are, and are only slower. */
static void grow(Report *self)
{
    size_t bits = self->buckets == NULL ? FIRST_BITS : self->bucket_bits + 1;
    struct bucket *buckets = calloc((size_t)1 << bits, sizeof *buckets);
    struct entry *entry;
    if (buckets == NULL)
        return;
    free(self->buckets);
    self->buckets = buckets;
    self->bucket_bits = bits;
    for (entry = self->entries.behind; entry != &self->entries && entry->is_sorted; entry = entry->behind)
        sort_in(self, entry);
}

/* Whether all entries are sorted now: false, if there is no memory at all. */
static bool sort(Report *self)
{
    if (self->buckets == NULL)
        grow(self);
    if (self->buckets == NULL)
        return false;
    while (self->unsorted != NULL) {
        struct entry *entry = self->unsorted;
        if (self->sorted >> self->bucket_bits != 0)
            grow(self);
        sort_in(self, entry);
        self->sorted++;
        self->unsorted = entry->behind == &self->entries ? NULL : entry->behind;
    }
    return true;
}

void note_unsorted(Report *self, struct entry *entry)
{
    if (self->unsorted == NULL)
        self->unsorted = entry;
}

void forget_sorted(Report *self, struct entry *entry)
{
    struct bucket *bucket;
    if (!entry->is_sorted) {
        if (self->unsorted == entry)
            self->unsorted = entry->behind == &self->entries ? NULL : entry->behind;
        return;
    }
    bucket = bucket_of(self, key_of(entry));
    if (entry->older != NULL)
        entry->older->younger = entry->younger;
    else
        bucket->oldest = entry->younger;
    if (entry->younger != NULL)
        entry->younger->older = entry->older;
    else
        bucket->youngest = entry->older;
    if (--self->sorted == 0 && self->bucket_bits > FIRST_BITS)
        end_sorted(self);
}

void end_sorted(Report *self)
{
    free(self->buckets);
    self->buckets = NULL;
    self->bucket_bits = 0;
}

static bool is_that(const struct entry *entry, const asynchron_t *a, PyObject *tag)
{
    return key_of(entry) == a && (tag == NULL || (entry->tag == NULL ? Py_None : entry->tag) == tag);
}

struct entry *find_entry(Report *self, asynchron_t *a, PyObject *tag)
{
    struct entry *entry;
    if (sort(self)) {
        for (entry = bucket_of(self, a)->oldest; entry != NULL; entry = entry->younger)
            if (is_that(entry, a, tag))
                return entry;
        return NULL;
    }
    for (entry = self->entries.behind; entry != &self->entries; entry = entry->behind)
        if (is_that(entry, a, tag))
            return entry;
    return NULL;
}

struct entry *entry_of(Report *self, const asynchron_item_t *item)
{
    /* Which one of several of one asynchron comes with an item is all the same: they complete together. But each once. */
    return self->look_up ? find_entry(self, item->asynchron, NULL) : item->tag;
}
