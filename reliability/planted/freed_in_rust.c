/* Planted: a handle is used after its last release, by another thread. The library reads what is freed. */
#include "misuse.h"

static void *collect(void *a)
{
    return asynchron_get_timeout(a, 0, NULL) == ASYNCHRON_OK ? NULL : a; /* NULL or not is all the same */
}

int main(void)
{
    pthread_t thread;
    asynchron_t *a = made();
    asynchron_set_bytes(a, "a value", 8);
    asynchron_release(a);
    if (pthread_create(&thread, NULL, collect, a) != 0)
        return 2;
    pthread_join(thread, NULL);
    return 0;
}
