/* Planted: two threads let the library write to the same place. Both writes are its own. */
#include "misuse.h"

static asynchron_t *a;
static asynchron_value_t value;

static void *collect(void *unused)
{
    (void)unused;
    if (asynchron_get(a, &value) != ASYNCHRON_OK)
        abort();
    return NULL;
}

int main(void)
{
    a = made();
    asynchron_set_bytes(a, "a value", 8);
    on_two_threads(collect);
    asynchron_release(a);
    return 0;
}
