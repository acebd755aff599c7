/* Memory that runs out: preloaded, it has one allocation of the package's libraries fail, as malloc() does then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

#define PLACES 16

/* Where the code of the package lies. */
static struct { uintptr_t first, behind; } places[PLACES];
static int place_count;

/* Of this thread: the allocation that fails, counted from 1, and how many there were. 0: none fails, or is counted. */
static _Thread_local long failing __attribute__((tls_model("initial-exec")));
static _Thread_local long counted __attribute__((tls_model("initial-exec")));

static int note_object(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    if (strstr(info->dlpi_name, "libasynchron") == NULL && strstr(info->dlpi_name, "asynchron/_core") == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum && place_count < PLACES; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            places[place_count].first = info->dlpi_addr + part->p_vaddr;
            places[place_count].behind = info->dlpi_addr + part->p_vaddr + part->p_memsz;
            place_count++;
        }
    }
    return 0;
}

/* How many places the package's code was found in. */
int no_memory_find(void)
{
    place_count = 0;
    dl_iterate_phdr(note_object, NULL);
    return place_count;
}

void no_memory_begin(long which)
{
    counted = 0;
    failing = which;
}

/* How many allocations there were since. */
long no_memory_end(void)
{
    failing = 0;
    return counted;
}

static bool fails(const void *caller)
{
    if (failing == 0)
        return false;
    for (int i = 0; i < place_count; i++)
        if ((uintptr_t)caller >= places[i].first && (uintptr_t)caller < places[i].behind)
            return ++counted == failing;
    return false;
}

#define FAIL_IF_IT_IS_THIS_ONE() \
    if (fails(__builtin_return_address(0))) { \
        errno = ENOMEM; \
        return NULL; \
    }

void *malloc(size_t size)
{
    FAIL_IF_IT_IS_THIS_ONE()
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    FAIL_IF_IT_IS_THIS_ONE()
    return __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    FAIL_IF_IT_IS_THIS_ONE()
    return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    FAIL_IF_IT_IS_THIS_ONE()
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **to, size_t alignment, size_t size)
{
    if (fails(__builtin_return_address(0)))
        return ENOMEM;
    *to = __libc_memalign(alignment, size);
    return *to == NULL ? ENOMEM : 0;
}
