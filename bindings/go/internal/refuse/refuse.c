/* The process's malloc, which refuses on the threads that ask for it. With glibc alone. */

#include "refuse.h"

#include <stdlib.h>

#ifdef __GLIBC__

static __thread long left = -1; /* how many are granted before all are refused; -1: no end */
static __thread long refused;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static int grants(void)
{
    if (left == 0) {
        refused++;
        return 0;
    }
    if (left > 0)
        left--;
    return 1;
}

void *malloc(size_t size)
{
    return grants() ? __libc_malloc(size) : NULL;
}

void *calloc(size_t n, size_t size)
{
    return grants() ? __libc_calloc(n, size) : NULL;
}

void *realloc(void *p, size_t size)
{
    return grants() ? __libc_realloc(p, size) : NULL;
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
    *p = grants() ? __libc_memalign(alignment, size) : NULL;
    return *p == NULL ? 12 : 0; /* ENOMEM */
}

int asynchron_refuse_after(long granted)
{
    left = granted;
    refused = 0;
    return 1;
}

long asynchron_refuse_end(void)
{
    left = -1;
    return refused;
}

#else

int asynchron_refuse_after(long granted)
{
    (void)granted;
    return 0;
}

long asynchron_refuse_end(void)
{
    return 0;
}

#endif
