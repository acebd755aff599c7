/* One of two units of one program, each with the header in it. */
#include <asynchron.h>

asynchron_status_t deliver(asynchron_t *a, int number);

int main(void)
{
    asynchron_value_t value = {NULL, 0};
    asynchron_t *a = asynchron_create("two units");
    int good = deliver(a, 3) == ASYNCHRON_OK && asynchron_get(a, &value) == ASYNCHRON_OK &&
               value.len == sizeof(int) && *(const int *)value.data == 3;
    asynchron_release(a);
    return good ? 0 : 1;
}
