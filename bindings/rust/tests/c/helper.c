/* A part of a program that is written in C, and shares handles with Rust. */
#include <asynchron.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

asynchron_t *helper_create(const char *name)
{
    return asynchron_create(name);
}

struct work {
    asynchron_t **handles;
    size_t n, first, step;
};

static void *complete(void *arg)
{
    struct work *work = arg;
    for (size_t i = work->first; i < work->n; i += work->step) {
        uint64_t number = i;
        asynchron_set_bytes(work->handles[i], &number, sizeof number);
    }
    return NULL;
}

/* Completes each with its index, by that many threads, which have ended when it returns. */
int helper_complete(asynchron_t **handles, size_t n, size_t threads)
{
    pthread_t ids[16];
    struct work work[16];
    size_t started = 0;
    for (; started < threads && started < 16; started++) {
        struct work one = {handles, n, started, threads};
        work[started] = one;
        if (pthread_create(&ids[started], NULL, complete, &work[started]) != 0)
            break;
    }
    for (size_t i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    return started == threads;
}

/* Waits for a number, and gives up the reference. */
uint64_t helper_wait_number(asynchron_t *a)
{
    asynchron_value_t value;
    uint64_t number = 0;
    if (asynchron_get(a, &value) == ASYNCHRON_OK && value.len == sizeof number)
        memcpy(&number, value.data, sizeof number);
    asynchron_release(a);
    return number;
}

/* Waits for a failure: 1, if it is as it should be. */
int helper_wait_failure(asynchron_t *a, int32_t code, const char *domain, const char *message)
{
    asynchron_error_t error;
    return asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK && asynchron_error(a, &error) == ASYNCHRON_OK &&
           error.code == code && strcmp(error.domain, domain) == 0 && strcmp(error.message, message) == 0;
}

/* Delivers a pointer of its own. */
int helper_set_pointer(asynchron_t *a)
{
    static int own = 7;
    return asynchron_set_pointer(a, &own, NULL) == ASYNCHRON_OK;
}

/* Delivers with a promise, or breaks it, and gives it up. */
void helper_promise(asynchron_promise_t *p, int keep, uint64_t number)
{
    if (keep)
        asynchron_set_bytes(asynchron_promise_asynchron(p), &number, sizeof number);
    asynchron_promise_release(p);
}

/* Delivers a string with its NUL. */
int helper_set_string(asynchron_t *a, const char *text)
{
    return asynchron_set_bytes(a, text, strlen(text) + 1) == ASYNCHRON_OK;
}
