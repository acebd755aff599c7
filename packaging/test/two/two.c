/* Two static libraries that were written in Rust, in one program: each does its work. */
#include <asynchron.h>
#include <stdlib.h>

extern int other_sum(int up_to);

static int32_t compute(asynchron_t *self, void *ctx)
{
    int sum = other_sum(*(int *)ctx);

    return asynchron_set_bytes(self, &sum, sizeof sum) == ASYNCHRON_OK ? 0 : 1;
}

static int through_a_thread(int up_to)
{
    int sum = 0;
    asynchron_t *a = asynchron_create(NULL);

    if (a == NULL || asynchron_spawn(a, compute, &up_to, NULL) != ASYNCHRON_OK ||
        asynchron_get_bytes(a, &sum, sizeof sum, NULL) != ASYNCHRON_OK)
        abort();
    asynchron_release(a);
    return sum;
}

int main(void)
{
    return through_a_thread(4) == 10 && through_a_thread(1000) == -1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
