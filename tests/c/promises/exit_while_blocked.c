/* Leaves main while background threads are blocked for ever, in the system and in a wait, and while others idle. */
#include <asynchron.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static asynchron_t *started[2], *never;

static int32_t block_in_the_system(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    asynchron_set_bytes(started[0], "x", 1);
    for (;;)
        pause();
    return 0;
}

static int32_t block_in_a_wait(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    asynchron_set_bytes(started[1], "x", 1);
    return asynchron_get(never, NULL) == ASYNCHRON_OK;
}

static int32_t nothing(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    return 0;
}

int main(int argc, char **argv)
{
    asynchron_t *a = asynchron_create(NULL), *b = asynchron_create(NULL), *c = asynchron_create(NULL);

    started[0] = asynchron_create(NULL);
    started[1] = asynchron_create(NULL);
    never = asynchron_create(NULL);
    if (asynchron_spawn(a, block_in_the_system, NULL, NULL) != ASYNCHRON_OK ||
        asynchron_spawn(b, block_in_a_wait, NULL, NULL) != ASYNCHRON_OK ||
        asynchron_spawn(c, nothing, NULL, NULL) != ASYNCHRON_OK || asynchron_wait_all(started, 2, ASYNCHRON_FOREVER) != ASYNCHRON_OK)
        return 1;
    asynchron_wait(c, ASYNCHRON_FOREVER);
    if (argc > 1 && strcmp(argv[1], "exit") == 0)
        exit(7);
    return 7;
}
