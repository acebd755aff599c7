/*
 * What deadlines cost: arming and disarming one with 10 and with 1,000,000 others armed, and beside that a look at the
 * clock, which arming takes; the bytes of the heap for each that is armed; and how late they come.
 *
 *     build/time [MANY]
 */
#include "harness.h"

#include <malloc.h>

#include "asynchron.h"

#define ROUNDS 31
#define TIMES 20000
#define LATE 2000

static double quantile(double *all, size_t n, double q)
{
    qsort(all, n, sizeof *all, ascending);
    return all[(size_t)(q * (double)(n - 1))];
}

static void arm(asynchron_t *a, uint64_t timeout)
{
    must(asynchron_expire_after(a, timeout) == ASYNCHRON_OK, "armed");
}

/* Both in turns, so that what disturbs the machine disturbs both. */
static void arm_and_disarm(const char *beside)
{
    double pairs[ROUNDS], looks[ROUNDS], ratios[ROUNDS];
    asynchron_t *a = asynchron_create(NULL);
    for (int r = 0; r < ROUNDS; r++) {
        double begun = now();
        for (int i = 0; i < TIMES; i++) {
            arm(a, 30000000000u);
            arm(a, ASYNCHRON_FOREVER);
        }
        pairs[r] = (now() - begun) / TIMES;
        begun = now();
        for (int i = 0; i < TIMES; i++) {
            struct timespec at;
            clock_gettime(CLOCK_MONOTONIC, &at);
        }
        looks[r] = (now() - begun) / TIMES;
        ratios[r] = pairs[r] / looks[r];
    }
    printf("arming and disarming beside %s: median %.1f ns, ", beside, quantile(pairs, ROUNDS, 0.5));
    printf("least %.1f ns; a look at the clock: median %.1f ns, ", pairs[0], quantile(looks, ROUNDS, 0.5));
    printf("least %.1f ns; median of the ratios %.2f\n", looks[0], quantile(ratios, ROUNDS, 0.5));
    asynchron_release(a);
}

/* One after the other, each after all is at rest. */
static void lateness(void)
{
    static double late[LATE];
    for (int i = 0; i < LATE; i++) {
        uint64_t timeout = 200000 + (uint64_t)i * 997 % 3000000;
        asynchron_t *a = asynchron_create(NULL);
        double begun = now();
        arm(a, timeout);
        must(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK, "expired");
        late[i] = now() - begun - (double)timeout;
        must(late[i] >= 0, "not early");
        asynchron_release(a);
    }
    printf("late, until a waiter goes on: median %.0f us, 99 of 100 within %.0f us\n",
           quantile(late, LATE, 0.5) / 1e3, quantile(late, LATE, 0.99) / 1e3);
}

int main(int argc, char **argv)
{
    size_t many = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000, before;
    asynchron_t **all = calloc(many, sizeof *all);
    char beside[40];

    must(all != NULL && many > 10, "memory");
    for (size_t i = 0; i < many; i++)
        must((all[i] = asynchron_create(NULL)) != NULL, "memory");
    lateness();
    for (size_t i = 0; i < 10; i++)
        arm(all[i], 20000000000u);
    arm_and_disarm("10");
    before = mallinfo2().uordblks;
    for (size_t i = 10; i < many; i++)
        arm(all[i], 3600000000000u + i * 1000003u);
    printf("each that is armed: %.1f bytes\n", (double)(mallinfo2().uordblks - before) / (double)(many - 10));
    snprintf(beside, sizeof beside, "%zu", many);
    arm_and_disarm(beside);
    for (size_t i = 0; i < many; i++)
        asynchron_release(all[i]);
    free(all);
    return 0;
}
