/* The last line of a function may be a setter: what that returns never undoes a completion, and a refusal for lack of
   memory becomes the failure's code. */
#include "failing_malloc.h"
#include <asynchron.h>
#include <string.h>

enum before { NOTHING, DELIVERED, FAILED, CANCELLED };

static int without_memory;

static int32_t function(asynchron_t *self, void *ctx)
{
    static const char value[40] = "a value that does not fit inside";

    switch (*(const enum before *)ctx) {
    case DELIVERED: asynchron_set_bytes(self, "first", 5); break;
    case FAILED: asynchron_fail(self, 7, NULL); break;
    case CANCELLED: asynchron_cancel(self); break;
    default: break;
    }
    allocations_left = without_memory ? 0 : -1;
    return asynchron_set_bytes(self, value, sizeof value);
}

static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *ctx)
{
    (void)sources, (void)n;
    return function(self, ctx);
}

static asynchron_t *run(int way, enum before before)
{
    asynchron_t *a = asynchron_create(NULL);
    switch (way) {
    case 0: CHECK(asynchron_call(a, function, &before) == ASYNCHRON_OK); break;
    case 1: CHECK(asynchron_spawn(a, function, &before, NULL) == ASYNCHRON_OK); break;
    default: asynchron_release(asynchron_after(NULL, 0, a, join, &before, NULL));
    }
    asynchron_wait(a, ASYNCHRON_FOREVER);
    allocations_left = -1;
    return a;
}

static void holds(int way, enum before before, asynchron_status_t outcome, size_t len, int32_t code)
{
    asynchron_value_t value = { NULL, 0 };
    asynchron_error_t error = { 0, NULL, NULL, NULL };
    asynchron_t *a = run(way, before);
    CHECK(asynchron_get(a, &value) == outcome && value.len == len);
    CHECK(outcome != ASYNCHRON_FAILED || asynchron_error(a, &error) == ASYNCHRON_OK);
    CHECK(error.code == code);
    asynchron_release(a);
}

int main(void)
{
    for (int way = 0; way < 3; way++) {
        for (without_memory = 0; without_memory < 2; without_memory++) {
            holds(way, DELIVERED, ASYNCHRON_OK, 5, 0);
            holds(way, FAILED, ASYNCHRON_FAILED, 0, 7);
            holds(way, CANCELLED, ASYNCHRON_CANCELLED, 0, 0);
        }
        without_memory = 0;
        holds(way, NOTHING, ASYNCHRON_OK, 40, 0);
        without_memory = 1;
        holds(way, NOTHING, ASYNCHRON_FAILED, 0, ASYNCHRON_E_NOMEM);
    }
    return 0;
}
