/*
 * asynchron, through its shared library and its C interface.
 */
#include "harness.h"

#include "asynchron.h"

typedef asynchron_t future;
typedef asynchron_notify_fn_t callback;
typedef asynchron_report_t queue;

OWN future *create(size_t room)
{
    (void)room;
    return asynchron_create(NULL);
}

#define HAS_RESERVE
OWN future *create_reserved(size_t room)
{
    asynchron_options_t options = {.size = sizeof options, .reserve = room};
    future *f = NULL;
    must(asynchron_create_with(&options, &f) == ASYNCHRON_OK, "create");
    return f;
}

OWN void set(future *f, const void *data, size_t len)
{
    must(asynchron_set_bytes(f, data, len) == ASYNCHRON_OK, "set");
}

/* Small values are looked at where they are, large ones copied out by the library. */
OWN void get(future *f, void *to, size_t len)
{
    if (len <= 16) {
        asynchron_value_t value;
        must(asynchron_get(f, &value) == ASYNCHRON_OK && value.len == len, "get");
        memcpy(to, value.data, len);
    } else {
        size_t got;
        must(asynchron_get_bytes(f, to, len, &got) == ASYNCHRON_OK && got == len, "get_bytes");
    }
}

OWN void release(future *f)
{
    asynchron_release(f);
}

#define HAS_NOTIFY
OWN void notify(future *f, callback fn, void *ctx)
{
    must(asynchron_notify(f, fn, ctx) == ASYNCHRON_OK, "notify");
}

#define HAS_ORDER
static queue *queue_create(void)
{
    return asynchron_report_create(NULL, 0);
}

OWN void queue_add(queue *q, future *f)
{
    must(asynchron_report_add(q, f, NULL) == ASYNCHRON_OK, "add");
    asynchron_release(f);
}

OWN future *queue_next(queue *q)
{
    asynchron_item_t item;
    must(asynchron_report_next(q, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK, "next");
    return item.asynchron;
}

static void queue_release(queue *q)
{
    asynchron_report_release(q);
}

#define HAS_ANY
static size_t any(future **all, size_t n, int block)
{
    size_t index;
    asynchron_status_t status = asynchron_wait_any(all, n, block ? ASYNCHRON_FOREVER : 0, &index);
    must(status == ASYNCHRON_OK || status == ASYNCHRON_TIMEOUT, "wait_any");
    return status == ASYNCHRON_OK ? index : n;
}

#define HAS_WAIT_ALL
static void wait_all(future **all, size_t n)
{
    must(asynchron_wait_all(all, n, ASYNCHRON_FOREVER) == ASYNCHRON_OK, "wait_all");
}

#define HAS_TASKS
OWN void spawn(future *f, asynchron_fn_t fn, void *ctx)
{
    must(asynchron_spawn(f, fn, ctx, NULL) == ASYNCHRON_OK, "spawn");
}

static int32_t add_one(future *self, future *const *sources, size_t n, void *ctx)
{
    uint64_t value = 0;
    (void)n, (void)ctx;
    get(sources[0], &value, sizeof value);
    value++;
    set(self, &value, sizeof value);
    return 0;
}

#define HAS_CHAIN
static future *first_link; /* kept until the chain runs: else nobody would be left to deliver */

OWN future *then(future *last)
{
    future *next = asynchron_then(last, NULL, add_one, NULL, NULL);
    if (first_link == NULL)
        first_link = last;
    else
        asynchron_release(last);
    return next;
}

static void run_chain(future *first)
{
    uint64_t value = 0;
    set(first, &value, sizeof value);
    asynchron_release(first);
    first_link = NULL;
}

#include "program.h"
