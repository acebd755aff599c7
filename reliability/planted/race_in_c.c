/* Planted: two threads count in one variable, in C, each inside a callback of the library. */
#include "misuse.h"

static int counted;

static void add_one(asynchron_t *a, void *ctx)
{
    (void)a, (void)ctx;
    counted++;
}

static void *complete(void *unused)
{
    asynchron_t *a = made();
    if (asynchron_notify(a, add_one, NULL) != ASYNCHRON_OK)
        abort();
    asynchron_cancel(a);
    asynchron_release(a);
    (void)unused;
    return NULL;
}

int main(void)
{
    on_two_threads(complete);
    return 0;
}
