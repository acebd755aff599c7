/* deadline.c: an answer that must come in time, whoever waits for it; and another try after a while.
 *
 * A timeout of asynchron_get_timeout is that one wait's. A deadline is the asynchron's own: once it
 * has passed, all that wait for it learn so, and whoever computes it sees that it is too late.
 */
#include <asynchron.h>
#include <string.h>
#include "check.h"

#define MILLISECOND UINT64_C(1000000)

/* A server that is silent until it is told to answer. Runs on a background thread. */
static int32_t ask(asynchron_t *self, void *may_answer)
{
    while (asynchron_poll(self) == ASYNCHRON_PENDING) { /* until it is answered, or expired */
        if (asynchron_poll(may_answer) == ASYNCHRON_OK)
            (void)asynchron_set_bytes(self, "42", 3); /* too late if it has just expired */
    }
    return 0;
}

/* Asks the server: the answer, or a failure once that time is over. */
static asynchron_t *request(asynchron_t *may_answer, uint64_t patience)
{
    asynchron_t *answer = asynchron_create("answer");

    CHECK(answer != NULL);
    CHECK(asynchron_expire_after(answer, patience) == ASYNCHRON_OK);
    /* The function keeps what it looks at, whether it runs or is too late even for that. */
    CHECK(asynchron_spawn(answer, ask, asynchron_retain(may_answer), asynchron_drop) == ASYNCHRON_OK);
    return answer;
}

int main(void)
{
    asynchron_t *may_answer = asynchron_create("may answer"), *answer, *pause;
    asynchron_error_t error;
    char text[3];

    CHECK(may_answer != NULL);

    /* Nobody answers in time: get returns by the answer's own deadline. */
    answer = request(may_answer, 50 * MILLISECOND);
    CHECK(asynchron_get(answer, NULL) == ASYNCHRON_FAILED);
    CHECK(asynchron_error(answer, &error) == ASYNCHRON_OK);
    CHECK(strcmp(error.domain, "asynchron") == 0 && error.code == ASYNCHRON_TIMEOUT);
    printf("first try: %s\n", error.message);
    asynchron_release(answer);

    /* A pause before the next try. It is an asynchron, too: it could be in a report with others. */
    pause = asynchron_timer(20 * MILLISECOND);
    CHECK(pause != NULL);
    CHECK(asynchron_get(pause, NULL) == ASYNCHRON_OK);
    asynchron_release(pause);

    /* This time there is an answer, and with it the deadline is gone. */
    answer = request(may_answer, 600000 * MILLISECOND);
    CHECK(asynchron_set_bytes(may_answer, NULL, 0) == ASYNCHRON_OK);
    CHECK(asynchron_get_bytes(answer, text, sizeof text, NULL) == ASYNCHRON_OK);
    printf("second try: %s\n", text);
    CHECK(asynchron_expire_after(answer, 0) == ASYNCHRON_ALREADY);

    asynchron_release(answer);
    asynchron_release(may_answer);
    return EXIT_SUCCESS;
}
