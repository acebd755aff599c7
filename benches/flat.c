/*
 * Many threads that hand over, or complete into one report: for flat.py, which counts the instructions of an item with
 * few threads and with many.
 *
 *     build/flat handoff|report THREADS ITEMS
 */
#include "harness.h"

#include "asynchron.h"

static size_t items; /* of each thread */

static asynchron_t *made(void)
{
    asynchron_t *a = asynchron_create(NULL);
    must(a != NULL, "memory");
    return a;
}

static void set(asynchron_t *a, const void *data, size_t len)
{
    must(asynchron_set_bytes(a, data, len) == ASYNCHRON_OK, "set");
    asynchron_release(a);
}

/* ---- pairs that hand a fresh one back and forth ---- */

static void take(asynchron_t *a, asynchron_t **next)
{
    asynchron_value_t value;
    must(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == sizeof *next, "value");
    memcpy(next, value.data, sizeof *next);
    asynchron_release(a);
}

static void *answer(void *first)
{
    asynchron_t *mine = (asynchron_t *)first, *next;
    for (;;) {
        take(mine, &next);
        if (next == NULL)
            return NULL;
        mine = made();
        asynchron_retain(mine);
        set(next, &mine, sizeof mine);
    }
}

static void *ask(void *first)
{
    asynchron_t *to = (asynchron_t *)first, *mine, *none = NULL;
    for (size_t i = 0; i < items; i++) {
        mine = made();
        asynchron_retain(mine);
        set(to, &mine, sizeof mine);
        take(mine, &to);
    }
    set(to, &none, sizeof none);
    return NULL;
}

static void handoff(size_t threads)
{
    pthread_t all[64];
    for (size_t i = 0; i < threads; i += 2) {
        asynchron_t *first = asynchron_retain(made());
        all[i] = start(0, answer, first);
        all[i + 1] = start(1, ask, first);
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(all[i], NULL);
}

/* ---- producers that complete what is in one report, and one that takes ---- */

static asynchron_report_t *report;

static void *produce(void *of)
{
    asynchron_t **mine = (asynchron_t **)of;
    for (size_t i = 0; i < items; i++)
        set(mine[i], &i, sizeof i);
    return NULL;
}

static void reports(size_t threads)
{
    size_t producers = threads - 1, n = producers * items, taken = 0;
    asynchron_t **pending = (asynchron_t **)calloc(n, sizeof *pending);
    asynchron_item_t item;
    pthread_t all[64];
    must(pending != NULL, "memory");
    report = asynchron_report_create(NULL, 0);
    for (size_t i = 0; i < n; i++) {
        pending[i] = made();
        must(asynchron_report_add(report, pending[i], NULL) == ASYNCHRON_OK, "added");
    }
    for (size_t i = 0; i < producers; i++)
        all[i] = start(1, produce, pending + i * items);
    while (asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        asynchron_release(item.asynchron);
        taken++;
    }
    must(taken == n, "all of them");
    for (size_t i = 0; i < producers; i++)
        pthread_join(all[i], NULL);
    asynchron_report_release(report);
    free(pending);
}

int main(int argc, char **argv)
{
    size_t threads = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    must(argc > 3 && threads >= 2 && threads <= 64 && threads % 2 == 0, "arguments");
    items = strtoull(argv[3], NULL, 10);
    place(2);
    if (strcmp(argv[1], "handoff") == 0)
        handoff(threads);
    else
        reports(threads);
    return 0;
}
