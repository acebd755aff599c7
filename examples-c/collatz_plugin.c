/* collatz_plugin.c: a plug-in for plugin.c, whose work runs on an executor of its own.
 *
 * It counts the steps from a number to 1: halve it if it is even, else treble it and add 1.
 *
 * What it hands to the library are functions alone, and each goes to its executor. So once that is
 * shut down, the library has nothing of the plug-in's code left to call.
 */
#include "plugin.h"
#include <stdlib.h>

static asynchron_executor_t *executor;

/* Runs on a thread of the executor. Whoever gets tired of waiting cancels: from 0 it never ends. */
static int32_t count_steps(asynchron_t *self, void *number)
{
    uint64_t n = *(const uint64_t *)number;
    uint32_t steps = 0;

    for (; n != 1; steps++) {
        if (asynchron_poll(self) != ASYNCHRON_PENDING)
            return 0; /* nobody wants it any more: what is returned here is ignored */
        n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    }
    (void)asynchron_set_bytes(self, &steps, sizeof steps);
    return 0;
}

static asynchron_status_t begin(void)
{
    asynchron_executor_options_t options = {0};

    options.size = sizeof options;
    options.name = "collatz";
    return asynchron_executor_create(&options, &executor);
}

static asynchron_t *compute(uint64_t n)
{
    asynchron_t *steps = asynchron_create("steps");
    uint64_t *number = malloc(sizeof *number);

    if (steps == NULL || number == NULL) {
        free(number);
        asynchron_release(steps);
        return NULL;
    }
    *number = n;
    if (asynchron_spawn_on(executor, steps, count_steps, number, free) != ASYNCHRON_OK) {
        asynchron_release(steps); /* the number was freed by the call, as on every way */
        return NULL;
    }
    return steps;
}

static void end(void)
{
    /* What has not begun is cancelled, and does not begin. What has is waited for, to the last
     * instruction; and so is the free() of each number. */
    (void)asynchron_executor_shutdown(executor, ASYNCHRON_SHUTDOWN_CANCEL, ASYNCHRON_FOREVER);
    asynchron_executor_release(executor);
}

#if defined(__GNUC__)
__attribute__((visibility("default"))) /* also with -fvisibility=hidden */
#endif
extern const struct plugin plugin;
const struct plugin plugin = {begin, compute, end};
