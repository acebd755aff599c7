/* Linked into an example: its allocation number FAIL_AT fails, and with FAIL_ON=1 all that come after it, whichever
   thread asks. Says at the end how many were asked for and how many were refused. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Counts from here; what is asked for before main is the system's own. */
static atomic_bool begun;
static atomic_long asked, refused;
static long fail_at;
static int fail_on;

__attribute__((constructor)) static void begin(void)
{
    fail_at = atol(getenv("FAIL_AT"));
    fail_on = atoi(getenv("FAIL_ON"));
    begun = 1;
}

__attribute__((destructor)) static void end(void)
{
    begun = 0;
    fprintf(stderr, "asked %ld, refused %ld\n", asked, refused);
}

static _Thread_local int spared;

static int fails(void)
{
    long number;
    if (!begun || spared)
        return 0;
    number = ++asked;
    if (number != fail_at && !(fail_on && number > fail_at))
        return 0;
    refused++;
    errno = ENOMEM;
    return 1;
}

/* Whatever allocator comes next: that of a leak checker, if one is linked in. */
#define NEXT(function) \
    static __typeof__(&function) next; \
    if (next == NULL) \
        *(void **)&next = dlsym(RTLD_NEXT, #function)

void *malloc(size_t n)
{
    NEXT(malloc);
    return fails() ? NULL : next(n);
}

void *calloc(size_t n, size_t each)
{
    NEXT(calloc);
    return fails() ? NULL : next(n, each);
}

void *realloc(void *p, size_t n)
{
    NEXT(realloc);
    return fails() ? NULL : next(p, n);
}

void *aligned_alloc(size_t align, size_t n)
{
    NEXT(aligned_alloc);
    return fails() ? NULL : next(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
    NEXT(posix_memalign);
    return fails() ? ENOMEM : next(out, align, n);
}

/* The leak checker asks for this, and gives up if it is refused. Nobody else here does. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
    int result;
    NEXT(pthread_getattr_np);
    spared = 1;
    result = next(thread, attr);
    spared = 0;
    return result;
}
