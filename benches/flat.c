/*
 * Many threads that hand over, or complete into one report: for flat.py, which counts the instructions of an item with
 * few threads and with many.
 *
 *     build/flat handoff|report THREADS ITEMS
 */
#include "pair.h"

static size_t items; /* of each thread */

/* ---- pairs that hand a fresh one back and forth ---- */

static void handoff(size_t threads)
{
    struct pair pairs[32];
    pthread_t all[64];
    for (size_t i = 0; i < threads; i += 2) {
        struct pair *pair = &pairs[i / 2];
        pair->first = made();
        pair->hops = 2 * items;
        all[i] = start(0, far_side, pair);
        all[i + 1] = start(1, near_side, pair);
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
