/* cancel.c: cancel what nobody needs any more.
 *
 * A cancel is a completion: all waiters wake at once, and what is delivered later is dropped.
 * A function that is running is not interrupted; it polls whether to go on.
 */
#include <asynchron.h>
#include <string.h>
#include "check.h"

/* What the search below shares with main: two gates that it opens. */
struct search {
    asynchron_t *started;
    asynchron_t *stopped;
};

/* Would search for ever; polls its own asynchron after each step. */
static int32_t search_forever(asynchron_t *self, void *ctx)
{
    struct search *search = ctx;
    const int found = 42;
    unsigned long steps = 0;

    CHECK(asynchron_set_bytes(search->started, NULL, 0) == ASYNCHRON_OK);
    do
        steps++;
    while (asynchron_poll(self) == ASYNCHRON_PENDING); /* as a running one is, until cancelled */

    /* Too late to deliver: the status says so, and the value goes nowhere. */
    CHECK(asynchron_set_bytes(self, &found, sizeof found) == ASYNCHRON_CANCELLED);
    CHECK(asynchron_set_bytes(search->stopped, &steps, sizeof steps) == ASYNCHRON_OK);
    return 0;
}

static void cancel_a_pending_one(void)
{
    asynchron_t *letter = asynchron_create("letter");
    asynchron_error_t error;

    CHECK(letter != NULL);
    CHECK(asynchron_cancel_with(letter, "the post is on strike") == ASYNCHRON_OK);
    CHECK(asynchron_state(letter) == ASYNCHRON_STATE_CANCELLED);

    CHECK(asynchron_get(letter, NULL) == ASYNCHRON_CANCELLED); /* returns at once */
    CHECK(asynchron_error(letter, &error) == ASYNCHRON_OK);
    CHECK(strcmp(error.message, "the post is on strike") == 0);
    printf("letter: cancelled, %s\n", error.message);

    CHECK(asynchron_set_bytes(letter, "dear", 5) == ASYNCHRON_CANCELLED);
    CHECK(asynchron_cancel(letter) == ASYNCHRON_CANCELLED); /* again: it already was */
    asynchron_release(letter);
}

static void cancel_a_running_one(void)
{
    struct search search = {asynchron_create("started"), asynchron_create("stopped")};
    asynchron_t *answer = asynchron_create("answer");
    unsigned long steps;

    CHECK(search.started != NULL && search.stopped != NULL && answer != NULL);
    CHECK(asynchron_spawn(answer, search_forever, &search, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_get(search.started, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_state(answer) == ASYNCHRON_STATE_RUNNING);

    CHECK(asynchron_cancel(answer) == ASYNCHRON_OK);
    CHECK(asynchron_get(answer, NULL) == ASYNCHRON_CANCELLED); /* does not wait for the function */

    /* The function still uses `search`, so wait until it has noticed. */
    CHECK(asynchron_get_bytes(search.stopped, &steps, sizeof steps, NULL) == ASYNCHRON_OK);
    printf("answer: cancelled, stopped searching after %lu steps\n", steps);
    asynchron_release(search.started);
    asynchron_release(search.stopped);
    asynchron_release(answer);
}

int main(void)
{
    cancel_a_pending_one();
    cancel_a_running_one();
    return EXIT_SUCCESS;
}
