/* share.c: one handle among many waiters.
 *
 * Every thread has a reference of its own and lets go of it when it likes, in any order; the value
 * goes with the last one. All of them see the same bytes: nothing is copied.
 */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <pthread.h>
#include <string.h>
#include "check.h"

enum { READERS = 8, SIZE = 100000 };

/* The addresses seen, one slot per reader, so that no two threads write the same one. */
static const void *seen[READERS];

struct reader {
    asynchron_t *map; /* this reader's reference */
    int number;
};

static int drops;

static void free_map(void *map)
{
    drops++;
    free(map);
}

static void *read_map(void *ctx)
{
    struct reader *reader = ctx;
    asynchron_value_t value;

    CHECK(asynchron_get(reader->map, &value) == ASYNCHRON_OK);
    CHECK(value.len == SIZE);
    CHECK(((const char *)value.data)[SIZE - 1] == '~');
    seen[reader->number] = value.data;
    asynchron_release(reader->map); /* the value must not be touched from here on */
    return NULL;
}

int main(void)
{
    asynchron_t *map = asynchron_create("map");
    struct reader readers[READERS];
    pthread_t threads[READERS];
    char *bytes = malloc(SIZE);

    CHECK(map != NULL && bytes != NULL);
    memset(bytes, '~', SIZE);

    for (int i = 0; i < READERS; i++) {
        readers[i].map = asynchron_retain(map); /* taken here, so it is there when the thread is */
        readers[i].number = i;
        CHECK(pthread_create(&threads[i], NULL, read_map, &readers[i]) == 0);
    }

    /* Hands the buffer over as it is; free_map runs when the last reference goes. */
    CHECK(asynchron_set_buffer(map, bytes, SIZE, bytes, free_map) == ASYNCHRON_OK);
    asynchron_release(map); /* the waiters, some still asleep, have their own */

    for (int i = 0; i < READERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(seen[i] == seen[0]);
    }
    printf("%d readers, one map, freed %d time\n", READERS, drops);
    CHECK(drops == 1);
    return EXIT_SUCCESS;
}
