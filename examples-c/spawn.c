/* spawn.c: compute on background threads.
 *
 * The sum of the numbers from 1 to 1,000,000, in four parts at once.
 */
#include <asynchron.h>
#include <errno.h>
#include "check.h"

enum { PARTS = 4, LAST = 1000000 };

struct range {
    uint64_t first;
    uint64_t last;
};

static int32_t add_up(asynchron_t *self, void *ctx)
{
    const struct range *range = ctx;
    uint64_t sum = 0;

    for (uint64_t i = range->first; i <= range->last; i++)
        sum += i;
    /* A value this small is stored inside the asynchron; delivering it allocates nothing. */
    (void)asynchron_set_bytes(self, &sum, sizeof sum);
    return 0;
}

/* Begins a part of the sum. NULL if out of memory. */
static asynchron_t *sum_of(uint64_t first, uint64_t last)
{
    asynchron_t *sum = asynchron_create(NULL);
    struct range *range = malloc(sizeof *range);

    if (sum == NULL || range == NULL) {
        asynchron_release(sum); /* of NULL: does nothing, like free */
        free(range);
        return NULL;
    }
    range->first = first;
    range->last = last;
    /* From here on the range is the library's, which frees it when the function has returned. */
    if (asynchron_spawn(sum, add_up, range, free) != ASYNCHRON_OK) {
        /* Still pending, so whoever waits must hear of it. A message would be copied, and may be what
           there is no memory for; without one, a failure needs none. */
        (void)asynchron_fail(sum, EAGAIN, NULL);
    }
    return sum;
}

int main(void)
{
    asynchron_t *parts[PARTS];
    uint64_t total = 0;

    for (uint64_t i = 0; i < PARTS; i++) {
        parts[i] = sum_of(i * LAST / PARTS + 1, (i + 1) * LAST / PARTS);
        CHECK(parts[i] != NULL);
    }

    /* Waits for the last of them; how each one ended is asked of each one. */
    CHECK(asynchron_wait_all(parts, PARTS, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    for (int i = 0; i < PARTS; i++) {
        uint64_t part;

        CHECK(asynchron_get_bytes(parts[i], &part, sizeof part, NULL) == ASYNCHRON_OK);
        total += part;
        asynchron_release(parts[i]);
    }
    printf("1 + 2 + ... + %d = %llu\n", LAST, (unsigned long long)total);
    CHECK(total == (uint64_t)LAST * (LAST + 1) / 2);
    return EXIT_SUCCESS;
}
