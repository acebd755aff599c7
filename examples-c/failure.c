/* failure.c: a failure is an outcome like a value, and everyone who asks gets all of it.
 *
 * It has a code, a domain that says whose code that is, a message for people, and a payload of
 * any type for programs.
 */
#include <asynchron.h>
#include <errno.h>
#include <string.h>
#include "check.h"

enum { UNEXPECTED_END = 7 };

struct position {
    int line;
    int column;
};

static int freed;

static void free_position(void *position)
{
    freed++;
    free(position);
}

/* Fails with all that a failure can have. The payload is the library's from the call on. */
static int32_t parse(asynchron_t *self, void *text)
{
    struct position *position = malloc(sizeof *position);

    if (position == NULL)
        return ENOMEM; /* the short way to fail: any code but 0, without a message */
    position->line = 1;
    position->column = (int)strlen(text) + 1;
    (void)asynchron_fail_with(self, UNEXPECTED_END, "parser", "unexpected end of input", position,
                              free_position);
    return UNEXPECTED_END; /* ignored, since it has failed already; unless that was out of memory */
}

int main(void)
{
    asynchron_t *tree = asynchron_create("tree");
    asynchron_t *file = asynchron_create("file");
    asynchron_error_t error;

    CHECK(tree != NULL && file != NULL);
    CHECK(asynchron_error(tree, &error) == ASYNCHRON_PENDING); /* not known yet */
    CHECK(asynchron_call(tree, parse, "x = (1 +") == ASYNCHRON_OK);

    /* Anyone, any number of times; the texts and the payload live as long as the handle. */
    for (int reader = 0; reader < 2; reader++) {
        const struct position *position;

        CHECK(asynchron_get(tree, NULL) == ASYNCHRON_FAILED);
        CHECK(asynchron_error(tree, &error) == ASYNCHRON_OK);
        CHECK(error.code == UNEXPECTED_END);
        CHECK(strcmp(error.domain, "parser") == 0);
        CHECK(strcmp(error.message, "unexpected end of input") == 0);
        position = error.payload;
        printf("%d:%d: %s error %d: %s\n", position->line, position->column, error.domain,
               (int)error.code, error.message);
        CHECK(position->line == 1 && position->column == 9);
    }
    CHECK(freed == 0);

    /* Often a code and a message are enough. */
    CHECK(asynchron_fail(file, ENOENT, "no such file") == ASYNCHRON_OK);
    CHECK(asynchron_state(file) == ASYNCHRON_STATE_READY); /* failed is ready, not cancelled */
    CHECK(asynchron_error(file, &error) == ASYNCHRON_OK);
    CHECK(error.code == ENOENT && strcmp(error.message, "no such file") == 0);
    CHECK(strcmp(error.domain, "") == 0 && error.payload == NULL); /* a text is never NULL */

    asynchron_release(file);
    asynchron_release(tree);
    CHECK(freed == 1); /* with the last reference, and once */
    return EXIT_SUCCESS;
}
