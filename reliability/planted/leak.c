/* Planted: a handle that nobody releases, with a value that lies outside of it. */
#include "misuse.h"

__attribute__((noinline)) static void lose(void)
{
    static const char text[40] = "a value too long to lie inside";
    asynchron_set_bytes(made(), text, sizeof text);
}

int main(void)
{
    volatile char stack[4096];
    lose();
    memset((char *)stack, 0, sizeof stack); /* over what the call left behind */
    return 0;
}
