/*
 * From dlopen of the shared library to the first set, in a process that has not seen it before.
 *
 *     footprint LIBRARY        nanoseconds
 *     footprint LIBRARY quiet  loads it and does nothing: run under strace, the system calls between
 *                              the two empty writes to standard output must all be the loader's own
 */
#include "harness.h"

#include <dlfcn.h>

#include "asynchron.h"

typedef asynchron_t *(*create_fn)(const char *name);
typedef asynchron_status_t (*set_bytes_fn)(asynchron_t *a, const void *data, size_t len);

static void *loaded(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    return library;
}

static void mark(void)
{
    must(write(STDOUT_FILENO, "", 0) == 0, "write");
}

int main(int argc, char **argv)
{
    must(argc > 1, "the library's path is missing");
    if (argc > 2) {
        void *first = malloc(1); /* malloc's own first system calls are not meant */
        SEEN(first);
        free(first);
        mark();
        loaded(argv[1]);
        mark();
    } else {
        double begun = now();
        void *library = loaded(argv[1]);
        create_fn create;
        set_bytes_fn set_bytes;
        int one = 1;
        asynchron_t *a;
        *(void **)&create = dlsym(library, "asynchron_create");
        *(void **)&set_bytes = dlsym(library, "asynchron_set_bytes");
        must(create != NULL && set_bytes != NULL, "symbols");
        a = create(NULL);
        must(set_bytes(a, &one, sizeof one) == ASYNCHRON_OK, "set");
        result("footprint/first set", now() - begun);
    }
    return 0;
}
