/* then.c: a value made from another value, and that one from yet another.
 *
 * Each step of a chain runs only after a value. A failure skips the steps that remain and arrives
 * at the end as it was, so it needs to be looked at only there.
 */
#include <asynchron.h>
#include <string.h>
#include "check.h"

enum { NOT_A_NUMBER = 5 };

/* There is one source, it is complete, and it has a value. */
static int32_t to_number(asynchron_t *self, asynchron_t *const *text, size_t n, void *unused)
{
    asynchron_value_t value;
    char *rest;
    long number;

    (void)n;
    (void)unused;
    CHECK(asynchron_get(text[0], &value) == ASYNCHRON_OK);
    number = strtol(value.data, &rest, 10);
    if (rest == value.data || *rest != '\0') {
        (void)asynchron_fail_with(self, NOT_A_NUMBER, "text", "not a number", NULL, NULL);
        return NOT_A_NUMBER; /* counts only if there was no memory for the texts */
    }
    (void)asynchron_set_bytes(self, &number, sizeof number);
    return 0;
}

static int32_t to_square(asynchron_t *self, asynchron_t *const *number, size_t n, void *runs)
{
    asynchron_value_t value;
    long square;

    (void)n;
    ++*(int *)runs;
    CHECK(asynchron_get(number[0], &value) == ASYNCHRON_OK);
    square = *(const long *)value.data * *(const long *)value.data;
    (void)asynchron_set_bytes(self, &square, sizeof square);
    return 0;
}

/* text, then its number, then the square of that: returns the last of the three. The one in the
 * middle needs no handle of ours, for the step that will complete it keeps it. */
static asynchron_t *square_of(asynchron_t *text, int *runs)
{
    asynchron_t *number = asynchron_then(text, NULL, to_number, NULL, NULL);
    asynchron_t *square = asynchron_then(number, NULL, to_square, runs, NULL);

    asynchron_release(number);
    return square;
}

int main(void)
{
    asynchron_t *good = asynchron_create("good");
    asynchron_t *bad = asynchron_create("bad");
    int runs = 0;
    asynchron_t *good_square = square_of(good, &runs);
    asynchron_t *bad_square = square_of(bad, &runs);
    asynchron_value_t value;
    asynchron_error_t error;

    CHECK(good != NULL && bad != NULL && good_square != NULL && bad_square != NULL);
    CHECK(asynchron_poll(good_square) == ASYNCHRON_PENDING);

    /* The steps run here, on the thread that delivers to the head of the chain. */
    CHECK(asynchron_set_bytes(good, "12", sizeof "12") == ASYNCHRON_OK);
    CHECK(asynchron_get(good_square, &value) == ASYNCHRON_OK);
    printf("12 squared is %ld\n", *(const long *)value.data);
    CHECK(*(const long *)value.data == 144 && runs == 1);

    CHECK(asynchron_set_bytes(bad, "a dozen", sizeof "a dozen") == ASYNCHRON_OK);
    CHECK(asynchron_get(bad_square, NULL) == ASYNCHRON_FAILED);
    CHECK(asynchron_error(bad_square, &error) == ASYNCHRON_OK);
    printf("a dozen squared is %s\n", error.message);
    CHECK(error.code == NOT_A_NUMBER && strcmp(error.domain, "text") == 0 && runs == 1);

    asynchron_release(good_square);
    asynchron_release(bad_square);
    asynchron_release(good);
    asynchron_release(bad);
    return EXIT_SUCCESS;
}
