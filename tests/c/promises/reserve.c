/* A value in the room that was reserved for it: delivering it allocates nothing, it lies in the asynchron's own block,
   and the last release frees that, and all else, however the asynchron ended. */
#include "failing_malloc.h"
#include <asynchron.h>
#include <stdint.h>
#include <string.h>

#define LARGEST ((size_t)64 << 20)

static int drops;
static void drop(void *p) { (void)p; drops++; }
static void look(void *a) /* the user data of what is going: its value is still there */
{
    drops += *(const unsigned char *)a == 'x';
}
static int32_t compute(asynchron_t *self, void *value)
{
    return asynchron_set_bytes(self, value, 100) == ASYNCHRON_OK ? 0 : 1;
}
static int32_t pass(asynchron_t *self, asynchron_t *const *source, size_t n, void *ctx)
{
    asynchron_value_t value;
    (void)n, (void)ctx;
    CHECK(asynchron_get(*source, &value) == ASYNCHRON_OK);
    return asynchron_set_bytes(self, value.data, value.len) == ASYNCHRON_OK ? 0 : 1;
}

static unsigned char *bytes;

/* In one block, if nothing else is asked for. */
static asynchron_t *reserved(size_t reserve, long expected)
{
    asynchron_options_t options = { .size = sizeof options, .reserve = reserve };
    asynchron_t *a = NULL;
    long asked = allocations_asked;
    CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
    CHECK(allocations_asked - asked == expected);
    return a;
}

/* How often set_bytes of so many asked for memory, while there was none; then there is. */
static long asked_for(asynchron_t *a, size_t len)
{
    long asked = allocations_asked;
    asynchron_status_t status;
    allocations_left = 0;
    status = asynchron_set_bytes(a, bytes, len);
    asked = allocations_asked - asked;
    allocations_left = -1;
    CHECK(status == (asked == 0 ? ASYNCHRON_OK : ASYNCHRON_E_NOMEM));
    if (asked != 0)
        CHECK(asynchron_set_bytes(a, bytes, len) == ASYNCHRON_OK);
    return asked;
}

static const unsigned char *value_of(asynchron_t *a, size_t len)
{
    asynchron_value_t value, again;
    CHECK(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == len);
    CHECK(asynchron_get(a, &again) == ASYNCHRON_OK && again.data == value.data);
    CHECK(len == 0 ? value.data == NULL : memcmp(value.data, bytes, len) == 0);
    CHECK((uintptr_t)value.data % (sizeof(void *) == 8 ? 16 : 8) == 0);
    return value.data;
}

static void of_every_length(size_t reserve)
{
    size_t near[] = { 0, 1, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, reserve - 1, reserve, reserve + 1 };
    for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
        size_t len = near[i];
        asynchron_t *a;
        const unsigned char *data;
        if (len > LARGEST + 1 || (reserve > 1000 && len < reserve - 1 && len > 0))
            continue;
        a = reserved(reserve, 1);
        if (len <= reserve || len <= 16)
            CHECK(asked_for(a, len) == 0);
        else
            asked_for(a, len);
        data = value_of(a, len);
        if (len > 0 && len <= reserve) /* behind the handle's beginning, and not far */
            CHECK(data > (unsigned char *)a && data <= (unsigned char *)a + 64);
        asynchron_release(a);
    }
}

static void however_it_ends(int how)
{
    static char message[] = "a message that is longer than what lies inside";
    asynchron_t *a = reserved(1000, 1);
    drops = 0;
    switch (how) {
    case 0: break;
    case 1: CHECK(asynchron_set_pointer(a, message, drop) == ASYNCHRON_OK); break;
    case 2: CHECK(asynchron_set_buffer(a, message, sizeof message, message, drop) == ASYNCHRON_OK); break;
    case 3: CHECK(asynchron_fail(a, 1, message) == ASYNCHRON_OK); break;
    case 4: CHECK(asynchron_fail_with(a, 1, NULL, NULL, message, drop) == ASYNCHRON_OK); break;
    case 5: CHECK(asynchron_cancel(a) == ASYNCHRON_OK); break;
    case 6: CHECK(asynchron_cancel_with(a, message) == ASYNCHRON_OK); break;
    case 7: CHECK(asynchron_set_bytes(a, bytes, 1001) == ASYNCHRON_OK); break;
    case 8: CHECK(asynchron_set_bytes(a, bytes, 1000) == ASYNCHRON_OK); break;
    }
    /* Too late, by way of the room, too: that changes nothing. */
    if (how != 0) {
        asynchron_status_t late = how == 5 || how == 6 ? ASYNCHRON_CANCELLED : ASYNCHRON_ALREADY;
        CHECK(asynchron_set_bytes(a, "other", 5) == late);
        CHECK(asynchron_set_bytes(a, message, sizeof message) == late);
        CHECK(asynchron_set_bytes(a, bytes + 1, 1000) == late);
        CHECK(asynchron_set_bytes(a, bytes + 1, 1001) == late);
    }
    if (how == 7 || how == 8)
        value_of(a, how == 7 ? 1001 : 1000);
    asynchron_release(a);
    CHECK(drops == (how == 1 || how == 2 || how == 4));
}

static void with_all_else(void)
{
    asynchron_options_t options = { sizeof options, "a name", bytes, look, compute, bytes, drop, 100, 0 };
    asynchron_t *a, *into, *next;
    const unsigned char *data;

    drops = 0;
    CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
    CHECK(strcmp(asynchron_name(a), "a name") == 0 && asynchron_user_data(a) == bytes);
    allocations_left = 0;
    CHECK(asynchron_get(a, NULL) == ASYNCHRON_OK);
    allocations_left = -1;
    data = value_of(a, 100);
    CHECK(data > (unsigned char *)a && data <= (unsigned char *)a + 64 && drops == 1);

    /* What another step delivers into may have room, as its source may. */
    into = reserved(100, 1);
    CHECK(asynchron_then(a, into, pass, NULL, drop) == into);
    CHECK(asynchron_after(&a, 1, into, pass, NULL, drop) == into);
    next = asynchron_then(into, NULL, pass, NULL, drop);
    value_of(into, 100), value_of(next, 100);
    CHECK(drops == 4);
    asynchron_release(into), asynchron_release(into), asynchron_release(into), asynchron_release(next);
    asynchron_release(a);
    CHECK(drops == 5);
    options.drop_user_data = NULL, options.reserve = LARGEST + 1;
    CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_E_INVALID && drops == 6);
}

int main(void)
{
    static const size_t reserves[] = { 0, 1, 16, 17, 31, 32, 33, 40, 64, 100, 1000, LARGEST - 1, LARGEST };
    long before;
    bytes = malloc(LARGEST + 2);
    CHECK(bytes != NULL);
    for (size_t i = 0; i < LARGEST + 2; i++)
        bytes[i] = (unsigned char)(i % 251);
    bytes[0] = 'x';
    asynchron_release(asynchron_create("what is made once is made"));
    before = blocks;
    for (size_t i = 0; i < sizeof reserves / sizeof *reserves; i++)
        of_every_length(reserves[i]);
    CHECK(blocks == before);
    for (int how = 0; how <= 8; how++)
        however_it_ends(how);
    CHECK(blocks == before);
    with_all_else();
    CHECK(blocks == before);
    free(bytes);
    return 0;
}
