/* balance.h: the account at the end. */
#ifndef BALANCE_H
#define BALANCE_H

#include "ledger.h"

static const struct sum {
    const char *claim;
    enum account left, right[10]; /* the left one is the sum of the right ones */
} sums[] = {
    { "every handle is gone", HANDLES_MADE, { HANDLES_GONE } },
    { "every delivery that won did so on one handle", WON, { WON_BY_HANDLES, WON_UNNAMED } },
    { "every handle ended in one way", HANDLES_MADE,
      { WON_BY_HANDLES, RETURNED, BROKEN, PASSED_ON, UNDELIVERED, EXPIRED, UNWANTED, SHUT_DOWN, UNNEEDED } },
    { "every value, owner and payload was dropped", BOXES_MADE, { BOXES_GONE } },
    { "every callback ran or never will", CALLBACKS, { CALLBACKS_RAN, CALLBACKS_UNRUN } },
    { "the callbacks that never ran were taken back, refused, discarded or not asked for", CALLBACKS_UNRUN,
      { TAKEN_BACK, NOT_TAKEN, DISCARDED, UNASKED } },
    { "every context was dropped", CONTEXTS_MADE, { CONTEXTS_GONE } },
    { "every function spawned is over", SPAWNED, { SPAWNED_GONE } },
    { "every executor is gone", EXECUTORS_MADE, { EXECUTORS_GONE } },
    { "every task was run or discarded", POSTED, { TASKS_RAN, TASKS_DISCARDED } },
    { "every promise was given up", PROMISES_MADE, { PROMISES_GONE } },
    { "no function of an after was forgotten", UNRUN_AFTERS, { NONE } },
    { "every waiter returned", WAITS, { WAITS_OVER } },
    { "every wait for one that the waiter was the last to hold returned", DUELS, { DUELS_OVER } },
    { "every item was yielded, removed or left", ADDED, { YIELDED, REMOVED, LEFT } },
    { "every wake woke one", WAKES, { WOKEN } },
    { "every report is gone", REPORTS_MADE, { REPORTS_GONE } },
    { "no fault was seen on the way", FAULTS, { NONE } },
};

/* How many sums are wrong; with a line for each, if `tell`. */
static unsigned unbalanced(bool tell)
{
    unsigned wrong = 0, i, k;
    for (i = 0; i < sizeof sums / sizeof *sums; i++) {
        long left = total(sums[i].left), right = 0;
        for (k = 0; k < sizeof sums[i].right / sizeof *sums[i].right; k++)
            right += total(sums[i].right[k]);
        if (left == right)
            continue;
        wrong++;
        if (tell)
            fprintf(stderr, "stress: does not balance: %s: %ld, but %ld\n", sums[i].claim, left, right);
    }
    return wrong;
}

/* Every figure, one a line. */
static void print_ledger(void)
{
#define NAME(name) #name,
    static const char *const names[] = { "NONE", ACCOUNTS(NAME) };
    unsigned i;
    for (i = NONE + 1; i < ACCOUNT_COUNT; i++)
        printf("    %-16s %12ld\n", names[i], total((enum account)i));
}

#endif
