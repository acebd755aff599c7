/* work.h: what the loops of these examples are to serve: three squares, computed on other threads. */
#ifndef WORK_H
#define WORK_H

#include <asynchron.h>
#include <stdio.h>
#include <stdlib.h>

static inline int32_t square(asynchron_t *self, void *number)
{
    int n = *(int *)number, result = n * n;

    return asynchron_set_bytes(self, &result, sizeof result);
}

/* A report that is closed: when the three have come, it ends. NULL: without memory. */
static inline asynchron_report_t *three_squares(void)
{
    static int numbers[] = { 2, 3, 4 };
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    int i;

    for (i = 0; i < 3; i++) {
        asynchron_t *a = asynchron_create(NULL);

        if (asynchron_report_add(report, a, &numbers[i]) != ASYNCHRON_OK ||
            asynchron_spawn(a, square, &numbers[i], NULL) != ASYNCHRON_OK)
            return NULL; /* also if one of both could not be had, and is NULL */
        asynchron_release(a); /* the report keeps it */
    }
    asynchron_report_close(report);
    return report;
}

/* True: that was all. */
static inline int print_square(asynchron_status_t what, asynchron_item_t item)
{
    asynchron_value_t value;

    if (what == ASYNCHRON_OK && asynchron_get(item.asynchron, &value) == ASYNCHRON_OK)
        printf("%d squared is %d\n", *(int *)item.tag, *(const int *)value.data);
    if (what == ASYNCHRON_END)
        puts("that was all");
    return what == ASYNCHRON_END;
}

#endif
