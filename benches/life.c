/*
 * One asynchron's life, so many times, for whoever counts its instructions. figures.c checks the values.
 *
 *     build/life NUMBER
 */
#include <asynchron.h>

#include <stdint.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    for (uint64_t i = 0; i < n; i++) {
        asynchron_value_t value;
        asynchron_t *a = asynchron_create(NULL);
        asynchron_set_bytes(a, &i, sizeof i);
        if (asynchron_get(a, &value) != ASYNCHRON_OK)
            return 1;
        asynchron_release(a);
    }
    return 0;
}
