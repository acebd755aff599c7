/*
 * The program of a contestant: every workload that it can express. A contestant includes it last,
 * having said what the headers below ask for, and which of these hold:
 *
 *     HAS_NOTIFY              callbacks
 *     HAS_RESERVE             memory for the value in what is created, if asked for
 *     HAS_ORDER               a queue that yields in completion order
 *     NO_QUEUE                no queue at all
 *     HAS_ANY, HAS_WAIT_ALL   one call over several, of its own
 *     HAS_TASKS               functions run on threads
 *     HAS_CHAIN               one that goes on after another
 */
#include "one.h"
#include "many.h"
#include "any.h"
#ifdef HAS_CHAIN
#include "chain.h"
#endif
#ifdef HAS_TASKS
#include "tasks.h"
#endif

int main(int argc, char **argv)
{
    static const struct workload all[] = {
        WORKLOADS_OVER_ONE,
#ifdef HAS_NOTIFY
        {"notify", 1, notified},
#endif
#ifdef HAS_ORDER
        WORKLOADS_OF_REPORTS,
#endif
#ifndef NO_QUEUE
        WORKLOADS_OVER_QUEUES,
#endif
        WORKLOADS_OVER_ANY,
        {"wait_all/1000", 2, all_of_1000},
#ifdef HAS_CHAIN
        {"then", 1, chained},
#endif
#ifdef HAS_TASKS
        WORKLOADS_OVER_TASKS,
#endif
    };
    return bench(all, sizeof all / sizeof *all, argc, argv);
}
