/* Planted: a value is read, in C, after the release of the handle that it was borrowed from. */
#include "misuse.h"

int main(void)
{
    static const char text[40] = "a value too long to lie inside";
    asynchron_value_t value = { NULL, 0 };
    asynchron_t *a = made();
    asynchron_set_bytes(a, text, sizeof text);
    if (asynchron_get(a, &value) != ASYNCHRON_OK)
        return 2;
    asynchron_release(a);
    return *(volatile const char *)value.data != 'a';
}
