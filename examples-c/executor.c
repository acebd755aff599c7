/* executor.c: one executor for what computes, another for calls that block.
 *
 * Numbers are fetched by a call that sleeps; how many primes there are up to each is computed. Many
 * calls may sleep at a time, for they need no processor. No more than there are processors compute.
 * So neither kind of work waits for the other.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <time.h>
#include "check.h"

enum { NUMBERS = 6 };

static int numbers[NUMBERS] = {10, 100, 1000, 10000, 20000, 30000};
static const int primes[NUMBERS] = {4, 25, 168, 1229, 2262, 3245};

/* Stands for a disk, a database or a server that takes its time. */
static int32_t fetch(asynchron_t *self, void *number)
{
    const struct timespec a_while = {0, 20 * 1000 * 1000};

    (void)nanosleep(&a_while, NULL);
    (void)asynchron_set_bytes(self, number, sizeof(int));
    return 0;
}

/* There is one source, it is complete, and it has a value. */
static int32_t count_primes(asynchron_t *self, asynchron_t *const *fetched, size_t n, void *unused)
{
    int last, count = 0;

    (void)n;
    (void)unused;
    CHECK(asynchron_get_bytes(fetched[0], &last, sizeof last, NULL) == ASYNCHRON_OK);
    for (int i = 2; i <= last; i++) {
        int divisor = 2;

        while (divisor * divisor <= i && i % divisor != 0)
            divisor++;
        if (divisor * divisor > i)
            count++;
    }
    (void)asynchron_set_bytes(self, &count, sizeof count);
    return 0;
}

static asynchron_executor_t *executor(const char *name, size_t threads)
{
    asynchron_executor_options_t options = {0};
    asynchron_executor_t *e;

    options.size = sizeof options;
    options.name = name;
    options.threads = threads;
    CHECK(asynchron_executor_create(&options, &e) == ASYNCHRON_OK);
    return e;
}

int main(void)
{
    asynchron_executor_t *blocking = executor("blocking", 64);
    asynchron_executor_t *computing = executor("computing", 0); /* as many as processors */
    asynchron_step_options_t step = {0};
    asynchron_t *counts[NUMBERS], *late;

    step.size = sizeof step;
    step.fn = count_primes;
    step.flags = ASYNCHRON_ON_VALUE; /* with 0 it would run after a failure or a cancel, too */
    step.executor = computing;
    for (int i = 0; i < NUMBERS; i++) {
        asynchron_t *fetched = asynchron_create("fetched");

        CHECK(fetched != NULL);
        CHECK(asynchron_then_with(fetched, NULL, &step, &counts[i]) == ASYNCHRON_OK);
        CHECK(asynchron_spawn_on(blocking, fetched, fetch, &numbers[i], NULL) == ASYNCHRON_OK);
        asynchron_release(fetched);
    }

    /* First the one that gives work to the other. When the first call has returned, every number was
       handed on; when the second has, every count is there. */
    CHECK(asynchron_executor_shutdown(blocking, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(asynchron_executor_shutdown(computing, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK);

    for (int i = 0; i < NUMBERS; i++) {
        int count;

        CHECK(asynchron_poll(counts[i]) == ASYNCHRON_OK);
        CHECK(asynchron_get_bytes(counts[i], &count, sizeof count, NULL) == ASYNCHRON_OK);
        printf("%d primes up to %d\n", count, numbers[i]);
        CHECK(count == primes[i]);
        asynchron_release(counts[i]);
    }

    /* Both are closed, for ever. What is refused is still pending, and nobody will deliver it. */
    CHECK((late = asynchron_create("late")) != NULL);
    CHECK(asynchron_spawn_on(blocking, late, fetch, NULL, NULL) == ASYNCHRON_E_CLOSED);
    asynchron_release(late);
    asynchron_executor_release(blocking);
    asynchron_executor_release(computing);
    return EXIT_SUCCESS;
}
