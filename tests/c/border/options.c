/* The library reads an option struct's members where a C program put them, and fills the structs that it hands out
 * where a C program looks; the macros of the version are those of the library. Prints the version. */
#include <asynchron.h>
#include <stdio.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
            return 1; \
        } \
    } while (0)

static void drop_count(void *count) { ++*(int *)count; }

static int32_t forty_two(asynchron_t *self, void *ctx)
{
    int answer = 42;
    ++*(int *)ctx;
    return asynchron_set_bytes(self, &answer, sizeof answer) == ASYNCHRON_OK ? 0 : 1;
}

static void count_call(asynchron_t *a, void *ctx)
{
    (void)a;
    ++*(int *)ctx;
}

int main(void)
{
    int user = 0, demand = 0, told = 0, payload = 7, tag = 0;
    char text[100] = "reserved";
    uint64_t token = 0;
    char expected[40];
    asynchron_t *a = NULL;
    asynchron_report_t *r = NULL;
    asynchron_value_t value;
    asynchron_error_t error;
    asynchron_item_t item;

    const asynchron_options_t options = {sizeof options, "answer", &user,      drop_count,
                                         forty_two,      &demand,  drop_count, 100, 0};
    CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
    CHECK(strcmp(asynchron_name(a), "answer") == 0);
    CHECK(asynchron_user_data(a) == &user);

    const asynchron_notify_options_t notify = {sizeof notify, count_call, &told, drop_count,
                                               ASYNCHRON_NOTIFY_IF_PENDING, NULL};
    CHECK(asynchron_notify_with(a, &notify, &token) == ASYNCHRON_OK);
    CHECK(token != 0);

    CHECK(asynchron_get(a, &value) == ASYNCHRON_OK); /* on demand: computed here */
    CHECK(value.len == sizeof(int) && *(const int *)value.data == 42);
    CHECK(demand == 2); /* ran and dropped */
    CHECK(told == 2);
    CHECK(asynchron_notify_with(a, &notify, &token) == ASYNCHRON_ALREADY);
    CHECK(told == 3); /* dropped, not called */
    asynchron_release(a);
    CHECK(user == 1);

    CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(a, text, sizeof text) == ASYNCHRON_OK);
    CHECK(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == sizeof text);
    CHECK((const char *)value.data > (const char *)a && (const char *)value.data <= (const char *)a + 64);
    asynchron_release(a);

    a = asynchron_create(NULL);
    r = asynchron_report_create(NULL, 0);
    CHECK(a != NULL && r != NULL);
    CHECK(asynchron_report_add(r, a, &tag) == ASYNCHRON_OK);
    CHECK(asynchron_fail_with(a, -12, "border", "no luck", &payload, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_report_next(r, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK);
    CHECK(item.asynchron == a && item.tag == &tag);
    CHECK(asynchron_error(item.asynchron, &error) == ASYNCHRON_OK);
    CHECK(error.code == -12 && strcmp(error.domain, "border") == 0);
    CHECK(strcmp(error.message, "no luck") == 0 && error.payload == &payload);
    asynchron_release(item.asynchron);
    asynchron_release(a);
    asynchron_report_release(r);

    CHECK(asynchron_version() == ASYNCHRON_VERSION_NUMBER);
    CHECK(asynchron_forever() == ASYNCHRON_FOREVER);
    snprintf(expected, sizeof expected, "%d.%d.%d", ASYNCHRON_VERSION_MAJOR, ASYNCHRON_VERSION_MINOR,
             ASYNCHRON_VERSION_PATCH);
    CHECK(strcmp(ASYNCHRON_VERSION_STRING, expected) == 0);
    puts(ASYNCHRON_VERSION_STRING);
    return 0;
}
