/* race.c: three mirrors are asked for the same file. The first answer wins, and the others stop.
 *
 * Each download is an asynchron of its own. The race is one more, which completes as the first of
 * them does. With ASYNCHRON_CANCEL_REST the others are cancelled then; a function notices that by
 * asynchron_poll().
 */
#include <asynchron.h>
#include <string.h>
#include "check.h"

#define MILLISECOND UINT64_C(1000000) /* all times are in nanoseconds */

enum { MIRRORS = 3 };

struct mirror {
    const char *name;
    int pieces;            /* each takes a moment; -1: it never ends */
    asynchron_t *a_moment; /* nobody completes it */
    asynchron_t *stopped;  /* complete as soon as nobody uses this any more */
};

/* Runs on a background thread, for each mirror. */
static int32_t download(asynchron_t *self, void *ctx)
{
    const struct mirror *mirror = ctx;

    for (int piece = 0; piece != mirror->pieces; piece++) {
        if (asynchron_poll(self) != ASYNCHRON_PENDING)
            return 0; /* another was faster: what is returned here is ignored */
        (void)asynchron_wait(mirror->a_moment, MILLISECOND);
    }
    return asynchron_set_bytes(self, mirror->name, strlen(mirror->name) + 1);
}

/* After the function; or instead of it, if that never began. */
static void has_stopped(void *ctx)
{
    struct mirror *mirror = ctx;

    (void)asynchron_set_bytes(mirror->stopped, NULL, 0);
}

int main(void)
{
    /* The one that ends comes first: if there is no memory for a second thread, it still runs. */
    struct mirror mirrors[MIRRORS] = { { .name = "south", .pieces = 3 },
                                       { .name = "north", .pieces = -1 },
                                       { .name = "west", .pieces = -1 } };
    asynchron_t *downloads[MIRRORS], *stopped[MIRRORS], *first;
    asynchron_t *a_moment = asynchron_create("a moment");
    asynchron_value_t value;
    asynchron_error_t error;

    CHECK(a_moment != NULL);
    for (int i = 0; i < MIRRORS; i++) {
        downloads[i] = asynchron_create(mirrors[i].name);
        mirrors[i].stopped = stopped[i] = asynchron_create(NULL);
        mirrors[i].a_moment = a_moment;
        CHECK(downloads[i] != NULL && stopped[i] != NULL);
    }
    first = asynchron_race(downloads, MIRRORS, NULL, ASYNCHRON_CANCEL_REST);
    CHECK(first != NULL);
    for (int i = 0; i < MIRRORS; i++)
        CHECK(asynchron_spawn(downloads[i], download, &mirrors[i], has_stopped) == ASYNCHRON_OK);

    CHECK(asynchron_get(first, &value) == ASYNCHRON_OK);
    printf("the file comes from the %s\n", (const char *)value.data);
    CHECK(strcmp(value.data, "south") == 0);

    CHECK(asynchron_wait_all(stopped, MIRRORS, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(asynchron_poll(downloads[1]) == ASYNCHRON_CANCELLED);
    CHECK(asynchron_poll(downloads[2]) == ASYNCHRON_CANCELLED);
    CHECK(asynchron_error(downloads[2], &error) == ASYNCHRON_OK);
    printf("the others have stopped: they are %s\n", error.message);
    CHECK(strcmp(error.message, "unneeded") == 0);

    for (int i = 0; i < MIRRORS; i++) {
        asynchron_release(downloads[i]);
        asynchron_release(stopped[i]);
    }
    /* The value is where it was delivered, and the race keeps that. */
    CHECK(strcmp(value.data, "south") == 0);
    asynchron_release(first);
    asynchron_release(a_moment);
    return EXIT_SUCCESS;
}
