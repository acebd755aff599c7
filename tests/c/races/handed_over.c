/*
 * Hands plain data from one thread to another by every way that the library has, in no other order than that which
 * the header promises. A race detector must not object.
 *
 *     handed_over
 */

#include "scene.h"

/* The value, however it is delivered and collected. */

static void deliver_a_word(struct scene *s)
{
    s->data = 42;
    check(asynchron_set_bytes(s->a, &s->number, sizeof s->number) == ASYNCHRON_OK);
}

static void deliver_three_bytes(struct scene *s)
{
    s->data = 42;
    check(asynchron_set_bytes(s->a, "abc", 3) == ASYNCHRON_OK);
}

static void deliver_a_hundred_bytes(struct scene *s)
{
    char text[100];
    memset(text, 'x', sizeof text);
    s->data = 42;
    check(asynchron_set_bytes(s->a, text, sizeof text) == ASYNCHRON_OK);
}

static void deliver_a_pointer(struct scene *s)
{
    int *value = malloc(sizeof *value);
    check(value != NULL);
    *value = 42;
    s->data = 42;
    check(asynchron_set_pointer(s->a, value, free) == ASYNCHRON_OK);
}

static void deliver_a_failure(struct scene *s)
{
    int *payload = malloc(sizeof *payload);
    check(payload != NULL);
    *payload = 42;
    s->data = 42;
    check(asynchron_fail_with(s->a, 7, "a domain", "a message that is longer than a word", payload, free) == ASYNCHRON_OK);
}

static void deliver_a_cancel(struct scene *s)
{
    s->data = 42;
    check(asynchron_cancel_with(s->a, "a reason that is longer than a word") == ASYNCHRON_OK);
}

static void get(struct scene *s)
{
    asynchron_value_t value;
    check(asynchron_get(s->a, &value) == ASYNCHRON_OK);
    look(value.data, value.len);
    check(s->data == 42);
}

static void get_a_pointer(struct scene *s)
{
    asynchron_value_t value;
    check(asynchron_get_timeout(s->a, ASYNCHRON_FOREVER, &value) == ASYNCHRON_OK);
    check(*(const int *)value.data == 42 && s->data == 42);
}

static void get_bytes(struct scene *s)
{
    char bytes[100];
    size_t len;
    check(asynchron_get_bytes(s->a, bytes, sizeof bytes, &len) == ASYNCHRON_OK);
    look(bytes, len);
    check(s->data == 42);
}

static void wait_and_see_why(struct scene *s)
{
    asynchron_error_t error;
    check(asynchron_wait(s->a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    check(s->data == 42);
    check(asynchron_error(s->a, &error) == ASYNCHRON_OK);
    look(error.message, strlen(error.message));
    look(error.domain, strlen(error.domain));
    check(error.payload == NULL || *(const int *)error.payload == 42);
}

static void see_why(struct scene *s)
{
    asynchron_error_t error;
    while (asynchron_error(s->a, &error) == ASYNCHRON_PENDING) {
        sched_yield();
    }
    check(s->data == 42 && (error.payload == NULL || *(const int *)error.payload == 42));
}

static void poll_until_complete(struct scene *s)
{
    while (asynchron_poll(s->a) == ASYNCHRON_PENDING) {
        sched_yield();
    }
    check(s->data == 42);
}

static void look_at_the_state(struct scene *s)
{
    while (asynchron_state(s->a) == ASYNCHRON_STATE_PENDING) {
        sched_yield();
    }
    check(s->data == 42);
}

static void start(struct scene *s)
{
    s->data = 42;
    check(asynchron_start(s->a) == ASYNCHRON_OK);
}

static void wait_for_any(struct scene *s)
{
    asynchron_t *all[2] = {s->b, s->a};
    size_t index;
    check(asynchron_wait_any(all, 2, ASYNCHRON_FOREVER, &index) == ASYNCHRON_OK && index == 1);
    check(s->data == 42);
}

static void wait_for_all(struct scene *s)
{
    asynchron_t *all[2] = {s->a, s->a};
    check(asynchron_wait_all(all, 2, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    check(s->data == 42);
}

static void come_too_late(struct scene *s)
{
    while (asynchron_poll(s->a) == ASYNCHRON_PENDING) {
        sched_yield();
    }
    check(asynchron_set_bytes(s->a, NULL, 0) == ASYNCHRON_ALREADY);
    check(s->data == 42);
}

static void win_or_lose(struct scene *s)
{
    s->data = 42;
    if (asynchron_set_bytes(s->a, &s->number, sizeof s->number) == ASYNCHRON_ALREADY) {
        check(s->data2 == 42);
    }
}

static void lose_or_win(struct scene *s)
{
    s->data2 = 42;
    if (asynchron_set_bytes(s->a, &s->number, sizeof s->number) == ASYNCHRON_ALREADY) {
        check(s->data == 42);
    }
}

/* Callbacks: what the one who registers did, what the one who completes did, and what they do. */

static void callback(asynchron_t *a, void *ctx)
{
    struct scene *s = ctx;
    (void)a;
    check(s->data2 == 42 && s->data == 42);
    s->data3 = 42;
}

static void register_callback(struct scene *s)
{
    s->data2 = 42;
    check(asynchron_notify(s->a, callback, s) == ASYNCHRON_OK);
}

static void dropped(void *ctx)
{
    struct scene *s = ctx;
    check(s->data2 == 42);
    s->data3 = 42;
}

static void register_and_take_back(struct scene *s)
{
    const asynchron_notify_options_t options = {
        .size = sizeof options, .fn = callback, .ctx = s, .drop_ctx = dropped};
    uint64_t token;
    s->data2 = 42;
    check(asynchron_notify_with(s->a, &options, &token) == ASYNCHRON_OK);
    sched_yield();
    asynchron_status_t status = asynchron_unnotify(s->a, token);
    check(status == ASYNCHRON_OK || status == ASYNCHRON_ALREADY);
    check(s->data3 == 42);
}

static void register_to_be_taken_back(struct scene *s)
{
    const asynchron_notify_options_t options = {
        .size = sizeof options, .fn = callback, .ctx = s, .drop_ctx = dropped};
    s->data = s->data2 = 42;
    uint64_t token;
    check(asynchron_notify_with(s->b, &options, &token) == ASYNCHRON_OK);
    check(asynchron_set_bytes(s->a, &token, sizeof token) == ASYNCHRON_OK);
}

static void take_back(struct scene *s)
{
    uint64_t token;
    check(asynchron_get_bytes(s->a, &token, sizeof token, NULL) == ASYNCHRON_OK);
    check(asynchron_try_unnotify(s->b, token) == ASYNCHRON_OK);
    check(s->data3 == 42);
}

/* Functions. */

static int32_t function(asynchron_t *self, void *ctx)
{
    struct scene *s = ctx;
    check(s->data2 == 42);
    s->data = 42;
    return (int32_t)asynchron_set_bytes(self, &s->number, sizeof s->number);
}

static void spawn(struct scene *s)
{
    s->data2 = 42;
    check(asynchron_spawn(s->a, function, s, NULL) == ASYNCHRON_OK);
}

static void call(struct scene *s)
{
    s->data2 = 42;
    check(asynchron_call(s->a, function, s) == ASYNCHRON_OK);
}

static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *ctx)
{
    struct scene *s = ctx;
    (void)sources;
    (void)self;
    check(n == 1 || s->data4 == 42);
    check(s->data == 42 && s->data2 == 42);
    s->data3 = 42;
    return 0;
}

static void go_on(struct scene *s)
{
    s->data2 = 42;
    asynchron_t *next = asynchron_then(s->a, NULL, join, s, NULL);
    check(asynchron_wait(next, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    check(s->data3 == 42);
    asynchron_release(next);
}

static void pass_a_failure_on(struct scene *s)
{
    asynchron_error_t error;
    s->data2 = 42;
    asynchron_t *next = asynchron_then(s->a, NULL, join, s, dropped);
    check(asynchron_wait(next, ASYNCHRON_FOREVER) == ASYNCHRON_OK && s->data == 42);
    check(asynchron_error(next, &error) == ASYNCHRON_OK && *(const int *)error.payload == 42);
    asynchron_release(next);
}

static void deliver_the_other(struct scene *s)
{
    asynchron_t *sources[2] = {s->a, s->b};
    s->data2 = 42;
    asynchron_t *next = asynchron_after(sources, 2, NULL, join, s, NULL);
    s->data4 = 42;
    check(asynchron_set_bytes(s->b, NULL, 0) == ASYNCHRON_OK);
    check(asynchron_wait(next, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    check(s->data3 == 42);
    asynchron_release(next);
}

static void need_it_no_more(struct scene *s)
{
    s->data2 = 42;
    asynchron_t *next = asynchron_then(s->b, s->a, join, s, dropped);
    asynchron_release(next);
    check(asynchron_wait(s->a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    check(s->data == 42);
}

/* Reports. */

static void report(struct scene *s)
{
    asynchron_item_t item;
    check(asynchron_report_next(s->report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_WOKEN);
    check(s->data2 == 42);
    check(asynchron_report_next(s->report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK);
    check(item.asynchron == s->a && *(int *)item.tag == 42 && s->data == 42);
    asynchron_release(item.asynchron);
    asynchron_report_release(s->report);
}

static void add_and_deliver(struct scene *s)
{
    s->tag = 42;
    check(asynchron_report_add(s->report, s->a, &s->tag) == ASYNCHRON_OK);
    s->data2 = 42;
    check(asynchron_report_wake(s->report) == ASYNCHRON_OK);
    s->data = 42;
    check(asynchron_set_bytes(s->a, "value", 5) == ASYNCHRON_OK);
    asynchron_report_release(s->report);
}

static void ask_for_a_descriptor(struct scene *s)
{
    for (int i = 0; i < 10; i++) {
        asynchron_report_t *mine = asynchron_report_create(&s->a, 1);
        check(asynchron_report_fd(mine) >= 0);
        asynchron_report_release(mine);
    }
}

/* References: what a holder did is seen by whoever has the last one, and by the drops. */

static void drop_value(void *ptr)
{
    struct scene *s = ptr;
    check(s->data == 42 && s->data2 == 42);
}

static void use_and_release(struct scene *s)
{
    check(asynchron_set_pointer(s->shared, s, drop_value) == ASYNCHRON_OK);
    s->data = 42;
    asynchron_release(s->shared);
}

static void use_and_release_too(struct scene *s)
{
    s->data2 = 42;
    asynchron_release(s->shared);
}

static void keep_until_alone(struct scene *s)
{
    while (asynchron_is_shared(s->shared)) {
        sched_yield();
    }
    check(s->data == 42);
    s->data2 = 42;
    asynchron_release(s->shared);
}

static void name(struct scene *s)
{
    const char *text = asynchron_name(s->a);
    look(text, strlen(text));
}

static const struct way ways[] = {
    {"a word, get", deliver_a_word, get, false},
    {"three bytes, get", deliver_three_bytes, get, false},
    {"a hundred bytes, get", deliver_a_hundred_bytes, get, false},
    {"a hundred bytes, get_bytes", deliver_a_hundred_bytes, get_bytes, false},
    {"a pointer, get_timeout", deliver_a_pointer, get_a_pointer, false},
    {"a failure, wait and error", deliver_a_failure, wait_and_see_why, false},
    {"a failure, error", deliver_a_failure, see_why, false},
    {"a cancel, wait and error", deliver_a_cancel, wait_and_see_why, false},
    {"a word, poll", deliver_a_word, poll_until_complete, false},
    {"a word, state", deliver_a_word, look_at_the_state, false},
    {"start, state", start, look_at_the_state, false},
    {"a word, wait_any", deliver_a_word, wait_for_any, false},
    {"a word, wait_all", deliver_a_word, wait_for_all, false},
    {"a word, too late", deliver_a_word, come_too_late, false},
    {"a word, two deliver", win_or_lose, lose_or_win, false},
    {"a word, notify", deliver_a_word, register_callback, false},
    {"a failure, notify", deliver_a_failure, register_callback, false},
    {"a word, unnotify", deliver_a_word, register_and_take_back, false},
    {"try_unnotify", register_to_be_taken_back, take_back, false},
    {"spawn, get", spawn, get, false},
    {"call, get", call, get, false},
    {"a word, then", deliver_a_word, go_on, false},
    {"a failure, then", deliver_a_failure, pass_a_failure_on, false},
    {"two, after", deliver_a_word, deliver_the_other, false},
    {"into, then", deliver_a_word, need_it_no_more, false},
    {"report", add_and_deliver, report, true},
    {"descriptors", ask_for_a_descriptor, ask_for_a_descriptor, false},
    {"release", use_and_release, use_and_release_too, true},
    {"is_shared", use_and_release, keep_until_alone, true},
    {"name", name, name, false},
};

int run(const char *way)
{
    (void)way;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        for (int round = 0; round < 20; round++) {
            play(&ways[i]);
        }
    }
    return 0;
}
