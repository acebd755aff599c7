/* by_hand.c: what a loop does if glue that somebody wrote by hand releases a report that the loop still watches.
 *
 * The adapter plays that glue: its reference to the report is given up behind its back. `make -C adapters by-hand` prints
 * for each loop how often it turned within 100 ms, which docs/guide/event-loops.md has. What is watched is gone by then, so
 * nothing here is cleaned up.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as held_to.c */
#endif

#include SHIM

typedef struct {
    int over, turns;
} run_t;

static void stop(shim_t *shim)
{
    ((run_t *)shim->ctx)->over = 1;
}

static void never(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)what, (void)item, (void)ctx;
    CHECK(!"called without an item");
}

static int turns_in(shim_t *shim, unsigned ms)
{
    run_t *run = (run_t *)shim->ctx;

    run->over = run->turns = 0;
    shim_timer(shim, ms);
    for (; !run->over; run->turns++)
        shim_turn(shim);
    return run->turns;
}

int main(void)
{
    asynchron_report_t *report = new_report();
    run_t run = { 0, 0 };
    handle_t *handle;
    shim_t shim;

    running = SHIM;
    signal(SIGALRM, too_late);
    alarm(LIMIT);
    memset(&shim, 0, sizeof shim);
    shim.beat = stop;
    shim.ctx = &run;
    shim_open(&shim);
    CHECK(shim_attach(&shim, report, never, NULL, &handle) == ASYNCHRON_OK);
    (void)turns_in(&shim, 5); /* the loop knows it: libuv would abort the program otherwise */
    complete(asynchron_retain(added(report, NULL)), 0); /* something is there, and then gone */
    handle->loop.turns = handle->loop.detached = 1; /* if the loop calls the glue from here on, that does nothing */
    asynchron_report_release(report);
    asynchron_report_release(report);
    printf("%s: %d turns in 100 ms\n", SHIM, turns_in(&shim, 100));
    fflush(stdout);
    _exit(EXIT_SUCCESS);
}
