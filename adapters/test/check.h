/* check.h: what the tests of the adapters are written with: claims, time, threads, and a limit for what hangs. */
#ifndef CHECK_H
#define CHECK_H

#include <asynchron.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Ends the program with a failure, and says where, when `claim` does not hold. */
#define CHECK(claim)                                                                     \
    do {                                                                                 \
        if (!(claim)) {                                                                  \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim);   \
            exit(EXIT_FAILURE);                                                          \
        }                                                                                \
    } while (0)

static const char *running = "";

/* Only what a signal handler may call. */
static void too_late(int signal)
{
    static const char text[] = ": it hangs\n";

    (void)signal;
    if (write(2, running, strlen(running)) < 0 || write(2, text, sizeof text - 1) < 0)
        _exit(3);
    _exit(2);
}

/* A test is named after what it holds the adapter to. It may take so many seconds, also under valgrind. */
enum { LIMIT = 120 };

#define TEST(name)                      \
    do {                                \
        running = #name;                \
        signal(SIGALRM, too_late);      \
        alarm(LIMIT);                   \
        name();                         \
        alarm(0);                       \
        printf("  %s\n", #name);        \
        fflush(stdout);                 \
    } while (0)

/* The linker has malloc() here mean this: so a test can have the program's own calls be refused, and no library's. */
static int no_memory;

#ifdef __cplusplus
extern "C" {
#endif
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
#ifdef __cplusplus
}
#endif

void *__wrap_malloc(size_t size)
{
    return no_memory ? NULL : __real_malloc(size);
}

static inline uint64_t now_ns(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What this thread has used of a processor. */
static inline uint64_t used_ns(void)
{
    struct timespec used;

    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static inline pthread_t start(void *(*fn)(void *), void *ctx)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, fn, ctx) == 0);
    return thread;
}

static inline void finish(pthread_t thread)
{
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Adds a pending one, and returns it, to be completed and released. */
static inline asynchron_t *added(asynchron_report_t *report, void *tag)
{
    asynchron_t *a = asynchron_create(NULL);

    CHECK(a != NULL && asynchron_report_add(report, a, tag) == ASYNCHRON_OK);
    return a;
}

static inline void complete(asynchron_t *a, int value)
{
    CHECK(asynchron_set_bytes(a, &value, sizeof value) == ASYNCHRON_OK);
    asynchron_release(a);
}

static inline int value_of(asynchron_t *a)
{
    asynchron_value_t value;
    int number;

    CHECK(asynchron_get_timeout(a, 0, &value) == ASYNCHRON_OK && value.len == sizeof number);
    memcpy(&number, value.data, sizeof number);
    return number;
}

static inline asynchron_report_t *new_report(void)
{
    asynchron_report_t *report = asynchron_report_create(NULL, 0);

    CHECK(report != NULL);
    return report;
}

#endif
