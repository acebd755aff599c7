/* What the tests and benchmarks have threads of C do. */

#include "ctest.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct later {
    asynchron_t *a;
    uint64_t after_ns;
    size_t len;
    char data[];
};

static void *deliver(void *ctx)
{
    struct later *later = ctx;
    struct timespec time;

    time.tv_sec = (time_t)(later->after_ns / 1000000000);
    time.tv_nsec = (long)(later->after_ns % 1000000000);
    nanosleep(&time, NULL);
    asynchron_set_bytes(later->a, later->data, later->len);
    asynchron_release(later->a);
    free(later);
    return NULL;
}

int asynchron_ctest_set_later(asynchron_t *a, uint64_t after_ns, const void *data, size_t len)
{
    struct later *later = malloc(sizeof *later + len);
    pthread_t thread;
    int error;

    if (later == NULL)
        return -1;
    later->a = asynchron_retain(a);
    later->after_ns = after_ns;
    later->len = len;
    memcpy(later->data, data, len);
    error = pthread_create(&thread, NULL, deliver, later);
    if (error == 0)
        return pthread_detach(thread);
    asynchron_release(a);
    free(later);
    return error;
}

static int32_t let_go(asynchron_t *self, void *ctx)
{
    (void)self, (void)ctx;
    return 0; /* its ctx is released after it, on the same thread */
}

asynchron_status_t asynchron_ctest_release_there(asynchron_t *a)
{
    asynchron_t *task = asynchron_create(NULL);
    asynchron_status_t status = asynchron_spawn(task, let_go, a, asynchron_drop);

    asynchron_release(task);
    return status;
}

static int32_t compute(asynchron_t *self, void *ctx)
{
    (void)ctx;
    return asynchron_set_bytes(self, "on demand", 9);
}

asynchron_t *asynchron_ctest_on_demand(void)
{
    asynchron_options_t options = {0};
    asynchron_t *a = NULL;

    options.size = sizeof options;
    options.on_demand = compute;
    return asynchron_create_with(&options, &a) == ASYNCHRON_OK ? a : NULL;
}

asynchron_status_t asynchron_ctest_set_pointer(asynchron_t *a, uintptr_t number)
{
    return asynchron_set_pointer(a, (void *)number, NULL);
}

uint64_t asynchron_ctest_number(asynchron_t *a)
{
    uint64_t n = 0;
    size_t len = 0;

    return asynchron_get_bytes(a, &n, sizeof n, &len) == ASYNCHRON_OK && len == sizeof n ? n : 0;
}
