/* by_hand.c: what a loop does if glue that somebody wrote by hand releases a report that the loop still watches.
 *
 * The adapter plays that glue: it is made deaf, and its reference to the report is given up behind its back. What is
 * printed is compared with the loop's row in docs/guide/event-loops.md. What is watched is gone in the end, so nothing
 * here is cleaned up.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as held_to.c */
#endif

#include SHIM

#define MANY 20 /* turns: a loop that has nothing to do turns once or twice */

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

/* If the loop calls the glue from here on, that does nothing. */
static void make_deaf(handle_t *handle)
{
    handle->loop.turns = handle->loop.detached = 1;
}

static void heard(asynchron_status_t what, asynchron_item_t item, void *ctx)
{
    (void)item;
    CHECK(what == ASYNCHRON_OK);
    *(int *)ctx = 1;
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

/* Whether the loop turns without rest. On a machine that has no time for it just now, it may for a while not. */
static int spins(shim_t *shim, int *turns)
{
    int windows;

    for (*turns = windows = 0; windows < 5 && *turns <= MANY; windows++)
        *turns = turns_in(shim, 100);
    return *turns > MANY;
}

/* Another report, which gets the number that the last one had. */
static const char *used_again(shim_t *shim, int fd)
{
    asynchron_report_t *report = new_report();
    asynchron_status_t status;
    handle_t *handle;
    int served = 0;

    CHECK(asynchron_report_fd(report) == fd);
    status = shim_attach(shim, report, heard, &served, &handle);
    if (status != ASYNCHRON_OK)
        return "refused";
    complete(asynchron_retain(added(report, NULL)), 0);
    (void)turns_in(shim, 100);
    return served ? "heard" : "not heard";
}

int main(void)
{
    asynchron_report_t *report = new_report();
    run_t run = { 0, 0 };
    handle_t *handle;
    shim_t shim;
    int fd = asynchron_report_fd(report), turns;

    running = SHIM;
    signal(SIGALRM, too_late);
    alarm(LIMIT);
    memset(&shim, 0, sizeof shim);
    shim.beat = stop;
    shim.ctx = &run;
    shim_open(&shim);
    CHECK(shim_attach(&shim, report, never, NULL, &handle) == ASYNCHRON_OK);
    (void)turns_in(&shim, 5); /* the loop knows it: libuv would abort the program otherwise */
    make_deaf(handle);
    complete(asynchron_retain(added(report, NULL)), 0); /* something is there, and stays */
    printf("told by: %s\n", spins(&shim, &turns) ? "level" : "edge");
    asynchron_report_release(report);
    asynchron_report_release(report);
    printf("released while watched: %s\n", spins(&shim, &turns) ? "spins" : "nothing");
    printf("number used again: %s\n", used_again(&shim, fd));
    printf("turns within 100 ms: %d\n", turns);
    fflush(stdout);
    _exit(EXIT_SUCCESS);
}
