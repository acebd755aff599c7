/* A runtime that has ThreadSanitizer's names for functions of other arguments, as Go's has in what `go build -race` makes:
   the library must not call them. Linked so that the library can see them. */

#include <asynchron.h>
#include <stdlib.h>

void __tsan_acquire(void *thread, void *address);
void __tsan_release(void *thread, void *address);
void __tsan_go_start(void);

void __tsan_acquire(void *thread, void *address)
{
    (void)thread, (void)address;
    abort();
}

void __tsan_release(void *thread, void *address)
{
    (void)thread, (void)address;
    abort();
}

void __tsan_go_start(void)
{
    abort();
}

int main(void)
{
    asynchron_t *a = asynchron_create(NULL);
    int ok = a != NULL && asynchron_set_bytes(a, "x", 1) == ASYNCHRON_OK && asynchron_get(a, NULL) == ASYNCHRON_OK;

    asynchron_release(a);
    return !ok;
}
