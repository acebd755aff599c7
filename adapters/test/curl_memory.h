/* curl_memory.h: libcurl's own calls for memory, one of which can be refused. */
#ifndef CURL_MEMORY_H
#define CURL_MEMORY_H

#include "curl_web.h"

static long refused_call; /* counts down: the call that comes to 0 is refused; below that, none */

static int is_refused(void)
{
    return __atomic_load_n(&refused_call, __ATOMIC_SEQ_CST) > 0 &&
           __atomic_sub_fetch(&refused_call, 1, __ATOMIC_SEQ_CST) == 0;
}

static void *curls_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

static void *curls_realloc(void *old, size_t size)
{
    return is_refused() ? NULL : __real_realloc(old, size);
}

static void *curls_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

static char *curls_strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    void *copy = curls_malloc(size);

    return copy == NULL ? NULL : (char *)memcpy(copy, text, size);
}

static int begin_curl(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, curls_malloc, free, curls_realloc, curls_strdup, curls_calloc) ==
           CURLE_OK;
}

#endif
