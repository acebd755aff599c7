/* Spawns, and ends with the library's threads at rest, one of which has the stack of a thread that had ended. Given a
 * word, it also loses an asynchron.
 */
#include <asynchron.h>
#include <pthread.h>
#include <stdlib.h>

static int32_t answer(asynchron_t *self, void *ctx)
{
    (void)ctx;
    return asynchron_set_bytes(self, "42", 2);
}

static int spawn(void)
{
    asynchron_t *a = asynchron_create(NULL);
    int failed = a == NULL || asynchron_spawn(a, answer, NULL, NULL) != ASYNCHRON_OK ||
                 asynchron_get(a, NULL) != ASYNCHRON_OK;

    asynchron_release(a);
    return failed;
}

static void *nothing(void *arg)
{
    return arg;
}

/* A thread that has ended leaves its stack to the next. */
static void *then_spawn(void *arg)
{
    pthread_t other;

    if (pthread_create(&other, NULL, nothing, NULL) != 0 || pthread_join(other, NULL) != 0 || spawn())
        abort();
    return arg;
}

__attribute__((noinline)) static void lose(void)
{
    if (asynchron_create(NULL) == NULL)
        abort();
}

int main(int argc, char **argv)
{
    volatile char stack[4096];
    pthread_t thread;

    (void)argv;
    if (pthread_create(&thread, NULL, then_spawn, NULL) != 0 || pthread_join(thread, NULL) != 0)
        abort();
    if (argc > 1)
        lose();
    for (unsigned i = 0; i < sizeof stack; i++) /* over what the call left behind */
        stack[i] = 0;
    return 0;
}
