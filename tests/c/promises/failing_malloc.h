/* The C library's allocator, which fails on the calling thread when it is told to, and keeps an account. It takes the
   place of malloc and its relatives in the whole program, the shared library included. */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); exit(1); } } while (0)

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

/* How many allocations of this thread succeed from here on; negative: all. How many it has asked for, and how many
   of those have failed. */
static _Thread_local long allocations_left = -1, allocations_asked, allocations_failed;

/* Blocks alive, whichever thread made them. */
static atomic_long blocks;

static int fails(void)
{
    allocations_asked++;
    if (allocations_left < 0)
        return 0;
    if (allocations_left > 0) {
        allocations_left--;
        return 0;
    }
    allocations_failed++;
    errno = ENOMEM;
    return 1;
}

static void *made(void *p)
{
    blocks += p != NULL;
    return p;
}

void *malloc(size_t n) { return fails() ? NULL : made(__libc_malloc(n)); }
void *calloc(size_t n, size_t each) { return fails() ? NULL : made(__libc_calloc(n, each)); }
void *memalign(size_t align, size_t n) { return fails() ? NULL : made(__libc_memalign(align, n)); }
void *realloc(void *p, size_t n)
{
    void *moved = fails() ? NULL : __libc_realloc(p, n);
    blocks += p == NULL && moved != NULL;
    return moved;
}
void free(void *p)
{
    blocks -= p != NULL;
    __libc_free(p);
}
void *aligned_alloc(size_t align, size_t n) { return memalign(align, n); }

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = memalign(align, n);
    if (p)
        *out = p;
    return p ? 0 : ENOMEM;
}
