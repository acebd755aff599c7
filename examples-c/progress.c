/* progress.c: a function says how far it is, and whoever wants to show that looks.
 *
 * Progress wakes nobody. So a wait with a short timeout goes well with it: look, wait, look again.
 */
#include <asynchron.h>
#include "check.h"

#define MILLISECOND UINT64_C(1000000) /* all times are in nanoseconds */

enum { LIMIT = 1000000, SLICE = 1000 };

static int is_prime(uint32_t n)
{
    for (uint32_t d = 2; d * d <= n; d++)
        if (n % d == 0)
            return 0;
    return n >= 2;
}

/* Runs on a background thread. */
static int32_t count_primes(asynchron_t *self, void *ctx)
{
    uint32_t count = 0;

    (void)ctx;
    for (uint32_t n = 0; n < LIMIT; n++) {
        /* Only the first call needs memory. Without any, nobody sees how far it is: no reason to
         * stop. */
        if (n % SLICE == 0)
            (void)asynchron_progress(self, n, LIMIT);
        count += is_prime(n) != 0;
    }
    (void)asynchron_progress(self, LIMIT, LIMIT);
    (void)asynchron_set_bytes(self, &count, sizeof count);
    return 0;
}

/* Says so for each quarter that is done, once. */
static void show(uint64_t done, uint64_t total)
{
    static int quarters;

    for (; quarters < 4 && done >= total / 4 * (uint64_t)(quarters + 1); quarters++)
        printf("%d %%\n", 25 * (quarters + 1));
}

int main(void)
{
    asynchron_t *primes = asynchron_create("primes");
    asynchron_value_t value;
    asynchron_status_t status;
    uint64_t done, total, before = 0;
    uint32_t count;

    CHECK(primes != NULL);
    CHECK(asynchron_progress_of(primes, &done, &total) == ASYNCHRON_END); /* none was set so far */
    CHECK(asynchron_spawn(primes, count_primes, NULL, NULL) == ASYNCHRON_OK);

    do {
        status = asynchron_get_timeout(primes, 50 * MILLISECOND, &value);
        if (asynchron_progress_of(primes, &done, &total) == ASYNCHRON_OK) {
            CHECK(before <= done && done <= total && total == LIMIT); /* never one of each */
            before = done;
            show(done, total);
        }
    } while (status == ASYNCHRON_TIMEOUT);

    CHECK(status == ASYNCHRON_OK && value.len == sizeof count);
    count = *(const uint32_t *)value.data;
    printf("%u primes below %d\n", (unsigned)count, LIMIT);
    CHECK(count == 78498);

    /* It stays readable, and nobody can change it any more. */
    CHECK(asynchron_progress(primes, 0, LIMIT) == ASYNCHRON_ALREADY);
    CHECK(asynchron_progress_of(primes, &done, &total) == ASYNCHRON_OK && done == LIMIT);
    asynchron_release(primes);
    return EXIT_SUCCESS;
}
