/* Planted: one thread, in C, changes the bytes that another has the library copy. */
#include "misuse.h"

static char text[16] = "a short value";

static void *change(void *unused)
{
    text[0] = 'A';
    return unused;
}

int main(void)
{
    for (int round = 0; round < OFTEN; round++) {
        pthread_t thread;
        asynchron_t *a = made();
        if (pthread_create(&thread, NULL, change, NULL) != 0)
            return 2;
        asynchron_set_bytes(a, text, sizeof text);
        pthread_join(thread, NULL);
        asynchron_release(a);
    }
    return 0;
}
