/* A thread's first use of a library that was loaded by dlopen, when there is no memory: what needs
 * none goes on. argv[1] is the library, argv[2] is "awake" if it must not sleep: where there are no
 * futexes, a thread's first sleep needs memory. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static __thread int empty; /* this thread gets no memory any more */

void *malloc(size_t n)
{
    return empty ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return empty ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return empty ? NULL : __libc_realloc(p, n);
}

typedef void handle;

static handle *(*create)(const char *);
static int32_t (*set_pointer)(handle *, void *, void (*)(void *));
static int32_t (*notify)(handle *, void (*)(handle *, void *), void *);
static int32_t (*wait_for)(handle *, uint64_t);
static int32_t (*call)(handle *, int32_t (*)(handle *, void *), void *);
static void (*release)(handle *);

static handle *waited, *noticed, *called;
static int dropped, told, awake;

static void count(void *counter)
{
    ++*(int *)counter;
}

static void tell(handle *a, void *counter)
{
    (void)a;
    ++*(int *)counter;
}

static int32_t wait_for_myself(handle *self, void *unused)
{
    (void)unused;
    return wait_for(self, 0);
}

static void *without_memory(void *wrong)
{
    empty = 1;
    if (!awake)
        *(int *)wrong |= wait_for(waited, 1000000) != 4 ? 1 : 0;          /* timed out */
    *(int *)wrong |= set_pointer(noticed, &dropped, count) != 0 ? 2 : 0;  /* the callback runs */
    release(noticed);                                                     /* and the drop */
    *(int *)wrong |= call(called, wait_for_myself, NULL) != 0 ? 4 : 0;
    empty = 0;
    return NULL;
}

int main(int argc, char **argv)
{
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
    pthread_t thread;
    int wrong = 0;

    if (library == NULL)
        return 100;
    awake = argc > 2 && strcmp(argv[2], "awake") == 0;
    *(void **)&create = dlsym(library, "asynchron_create");
    *(void **)&set_pointer = dlsym(library, "asynchron_set_pointer");
    *(void **)&notify = dlsym(library, "asynchron_notify");
    *(void **)&wait_for = dlsym(library, "asynchron_wait");
    *(void **)&call = dlsym(library, "asynchron_call");
    *(void **)&release = dlsym(library, "asynchron_release");
    waited = create(NULL);
    noticed = create(NULL);
    called = create(NULL);
    if (notify(noticed, tell, &told) != 0)
        return 101;
    if (pthread_create(&thread, NULL, without_memory, &wrong) != 0)
        return 102;
    pthread_join(thread, NULL);
    release(waited);
    release(called);
    return wrong | (dropped == 1 ? 0 : 8) | (told == 1 ? 0 : 16);
}
