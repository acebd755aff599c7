/* recorder.h: a callback that remembers what it was called with, and a loop that runs until it is told to stop. */
#ifndef RECORDER_H
#define RECORDER_H

#include "check.h"

enum { MOST = 10000 };

typedef struct recorder {
    shim_t *shim;
    handle_t *handle; /* NULL when it is gone */
    int items, wakes, ends;
    int stop_at;                         /* the loop stops after so many items; 0: at the end */
    void (*also)(struct recorder *);     /* called after each item */
    struct recorder *other;
    int came_before;                     /* items of the other one, when the first came here */
    asynchron_report_t *report;
    asynchron_t *only;                   /* where the report has one */
    unsigned char seen[MOST];            /* how often each tag came */
} recorder_t;

/* One loop a thread. */
typedef struct {
    int stopped;
    int turns;
    int beats;
} run_t;

static run_t *run_of(shim_t *shim)
{
    return (run_t *)shim->ctx;
}

static void stop(shim_t *shim)
{
    run_of(shim)->stopped = 1;
}

static void stop_at_beat(shim_t *shim)
{
    run_of(shim)->beats++;
    stop(shim);
}

static void open_loop(shim_t *shim, run_t *run)
{
    memset(shim, 0, sizeof *shim);
    memset(run, 0, sizeof *run);
    shim->beat = stop_at_beat;
    shim->ctx = run;
    shim_open(shim);
}

/* Turns the loop until something stops it. Returns how many turns that took. */
static int turn_until_stopped(shim_t *shim)
{
    run_t *run = run_of(shim);

    run->stopped = run->turns = 0;
    while (!run->stopped) {
        shim_turn(shim);
        run->turns++;
    }
    return run->turns;
}

/* The same for so long. */
static int turn_for(shim_t *shim, unsigned ms)
{
    shim_timer(shim, ms);
    return turn_until_stopped(shim);
}

/* Tags are numbers from 0 on. */
static char tags[MOST];

static void *tag_of(int number)
{
    return tags + number;
}

static int number_of(void *tag)
{
    return (int)((char *)tag - tags);
}

static void record(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    recorder_t *recorder = (recorder_t *)ctx;

    CHECK(recorder->ends == 0);
    if (what == ASYNCHRON_OK) {
        CHECK(asynchron_poll(item.asynchron) != ASYNCHRON_PENDING);
        recorder->seen[number_of(item.tag)]++;
        recorder->items++;
        if (recorder->also != NULL)
            recorder->also(recorder);
        if (recorder->items == recorder->stop_at)
            stop(recorder->shim);
        return;
    }
    CHECK(item.asynchron == NULL && item.tag == NULL);
    if (what == ASYNCHRON_WOKEN) {
        recorder->wakes++;
        return;
    }
    CHECK(what == ASYNCHRON_END);
    recorder->ends++;
    shim_detach(recorder->shim, recorder->handle); /* allowed in here, and does nothing */
    recorder->handle = NULL;
    stop(recorder->shim);
}

static void attach(shim_t *shim, recorder_t *recorder, asynchron_report_t *report)
{
    memset(recorder, 0, sizeof *recorder);
    recorder->shim = shim;
    recorder->report = report;
    CHECK(shim_attach(shim, report, record, recorder, &recorder->handle) == ASYNCHRON_OK);
}

static void detach(recorder_t *recorder)
{
    handle_t *handle = recorder->handle;

    recorder->handle = NULL;
    shim_detach(recorder->shim, handle);
}

/* So many that are complete, with the tags from `first` on. */
static void add_complete(asynchron_report_t *report, int first, int n)
{
    int i;

    for (i = first; i < first + n; i++)
        complete(added(report, tag_of(i)), i);
}

static void check_each_came_once(const recorder_t *recorder, int n)
{
    int i;

    CHECK(recorder->items == n);
    for (i = 0; i < n; i++)
        CHECK(recorder->seen[i] == 1);
}

#endif
