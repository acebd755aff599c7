/* What the package asks the C library for, each in one call. */

#include "shim.h"
#include "_cgo_export.h"

#include <fcntl.h>
#include <stdlib.h>

asynchron_go_outcome_t asynchron_go_outcome(asynchron_t *a)
{
    asynchron_go_outcome_t o = {0};
    asynchron_value_t value;
    asynchron_error_t error;

    o.status = asynchron_poll(a);
    if (o.status == ASYNCHRON_OK && asynchron_get_timeout(a, 0, &value) == ASYNCHRON_OK) {
        o.data = value.data;
        o.len = value.len;
    } else if (o.status == ASYNCHRON_PENDING) {
        o.on_demand = asynchron_is_on_demand(a);
    } else if (asynchron_error(a, &error) == ASYNCHRON_OK) {
        o.code = error.code;
        o.domain = error.domain;
        o.message = error.message;
        o.payload = error.payload;
    }
    return o;
}

asynchron_t *asynchron_go_create(const char *name, size_t reserve, uint64_t expire_after_ns,
                                 asynchron_status_t *status)
{
    asynchron_options_t options = {0};
    asynchron_t *a = NULL;

    options.size = sizeof options;
    options.name = name;
    options.reserve = reserve;
    options.expire_after_ns = expire_after_ns;
    *status = asynchron_create_with(&options, &a);
    return a;
}

asynchron_status_t asynchron_go_add(asynchron_report_t *r, asynchron_t *a, uintptr_t tag)
{
    return asynchron_report_add(r, a, (void *)tag);
}

size_t asynchron_go_take(asynchron_report_t *r, asynchron_item_t *items, size_t cap, int *end)
{
    size_t n = 0;
    asynchron_status_t status;

    do
        status = asynchron_report_next_batch(r, 0, items, cap, &n);
    while (status == ASYNCHRON_WOKEN);
    *end = status == ASYNCHRON_END;
    return n;
}

void asynchron_go_release_all(asynchron_item_t *items, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        asynchron_release(items[i].asynchron);
}

int asynchron_go_descriptor(asynchron_report_t *r)
{
    int fd = asynchron_report_fd(r);

    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

void *asynchron_go_box(void)
{
    return malloc(1);
}

static void drop_box(void *box)
{
    if (box != NULL)
        asynchronGoForget((uintptr_t)box);
    free(box);
}

asynchron_status_t asynchron_go_set_object(asynchron_t *a, void *box)
{
    return asynchron_set_pointer(a, box, drop_box);
}

asynchron_status_t asynchron_go_fail(asynchron_t *a, int32_t code, const char *domain, const char *message, void *box)
{
    return asynchron_fail_with(a, code, domain, message, box, box == NULL ? NULL : drop_box);
}

static void never(asynchron_t *a, void *ctx)
{
    (void)a, (void)ctx;
}

static void complete_shadow(void *shadow)
{
    asynchron_set_bytes((asynchron_t *)shadow, NULL, 0);
    asynchron_release((asynchron_t *)shadow);
}

asynchron_t *asynchron_go_shadow(asynchron_t *a)
{
    asynchron_notify_options_t options = {0};
    asynchron_t *shadow = asynchron_create(NULL);

    if (shadow == NULL)
        return NULL;
    options.size = sizeof options;
    options.fn = never;
    options.ctx = asynchron_retain(shadow);
    options.drop_ctx = complete_shadow;
    options.flags = ASYNCHRON_ON_CANCEL; /* alone: that is no interest in the value */
    if (asynchron_notify_with(a, &options, NULL) != ASYNCHRON_OK) {
        asynchron_release(shadow);
        return NULL;
    }
    return shadow;
}
