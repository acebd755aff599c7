/* taken.h: what the hosts' programs in C share: a report of timers, and how often each of them was taken. */
#ifndef TAKEN_H
#define TAKEN_H

#include <asynchron.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 1000
#define BATCH 64 /* so many items in a turn of the loop */

typedef struct {
    int times[COUNT];
    int over;
} taken_t;

/* Adds one that a thread of the library completes. */
static inline void add_timer(asynchron_report_t *report, size_t tag, unsigned ms)
{
    asynchron_t *a = asynchron_timer((uint64_t)ms * 1000000);

    if (asynchron_report_add(report, a, (void *)tag) != ASYNCHRON_OK)
        abort();
    asynchron_release(a); /* the report keeps it */
}

/* It ends after the COUNT that it holds. */
static inline asynchron_report_t *filled(void)
{
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    size_t tag;

    for (tag = 0; tag < COUNT; tag++)
        add_timer(report, tag, 1 + tag % 4 * 25);
    asynchron_report_close(report);
    return report;
}

/* Takes what there is, but no more than a batch. The last status; after ASYNCHRON_END nothing comes. */
static inline asynchron_status_t take(asynchron_report_t *report, taken_t *taken)
{
    asynchron_status_t what = ASYNCHRON_OK;
    asynchron_item_t item;
    int n;

    for (n = 0; n < BATCH && (what = asynchron_report_next(report, 0, &item)) == ASYNCHRON_OK; n++) {
        taken->times[(size_t)item.tag]++;
        asynchron_release(item.asynchron);
    }
    return what;
}

static inline const char *said(const taken_t *taken)
{
    static char text[64];
    int tag, once = 0, twice = 0;

    for (tag = 0; tag < COUNT; tag++) {
        once += taken->times[tag] == 1;
        twice += taken->times[tag] > 1;
    }
    snprintf(text, sizeof text, "%d of %d once, %d twice", once, COUNT, twice);
    return text;
}

#endif
