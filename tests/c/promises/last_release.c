/* The last references go in the place that argv[1] names: at a thread's end, in a callback, in a drop, in a function,
   in an atexit handler. What hangs on them runs and is freed there, once. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

static const uint64_t LIMIT = UINT64_C(60000000000);
static atomic_int drops, calls;

static void drop(void *p) { (void)p; drops++; }
static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *p)
{
    (void)self, (void)n, (void)p;
    CHECK(asynchron_poll(sources[0]) == ASYNCHRON_FAILED);
    calls++;
    return 0;
}

/* Told that nobody is left to deliver. It may do anything there: also wait for a background thread. */
static int32_t seven(asynchron_t *self, void *p) { (void)p; return asynchron_set_bytes(self, "seven", 5); }
static void told(asynchron_t *a, void *p)
{
    asynchron_error_t error;
    asynchron_t *b = asynchron_create(NULL);
    (void)p;
    CHECK(asynchron_error(a, &error) == ASYNCHRON_OK && error.code == ASYNCHRON_E_BROKEN);
    CHECK(asynchron_spawn(b, seven, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_get_timeout(b, LIMIT, NULL) == ASYNCHRON_OK);
    asynchron_release(b);
    calls++;
}

/* The last references: to a value, to one that callbacks and afters wait for, to a report that holds another. */
struct last {
    asynchron_t *ready, *pending;
    asynchron_report_t *report;
};
enum { DROPS = 5, CALLS = 4 };

static asynchron_t *pending(void)
{
    asynchron_options_t options = { sizeof options, "a name", NULL, drop, NULL, NULL, NULL, 0, 0 };
    asynchron_t *a, *after;
    CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
    CHECK(asynchron_notify(a, told, NULL) == ASYNCHRON_OK);
    after = asynchron_after(&a, 1, NULL, join, NULL, drop);
    CHECK(after != NULL);
    asynchron_release(after);
    return a;
}

static struct last *make(void)
{
    struct last *last = malloc(sizeof *last);
    asynchron_t *held;
    CHECK(last != NULL);
    last->ready = asynchron_create(NULL);
    CHECK(asynchron_set_pointer(last->ready, NULL, drop) == ASYNCHRON_OK);
    last->pending = pending();
    held = pending();
    last->report = asynchron_report_create(&held, 1);
    CHECK(asynchron_report_fd(last->report) >= 0);
    asynchron_release(held);
    CHECK(drops == 0 && calls == 0);
    return last;
}

static void release(void *p)
{
    struct last *last = p;
    asynchron_release(last->ready);
    asynchron_release(last->pending);
    asynchron_report_release(last->report);
    free(last);
}

static void check_all_is_gone(void)
{
    CHECK(drops == DROPS);
    CHECK(calls == CALLS);
    drops = calls = 0;
}

/* In the destructor of a thread's key: of the program's threads, and of the background's. */
static pthread_key_t key;
static atomic_int again;

static void at_thread_end(void *last)
{
    if (again-- > 0) {
        CHECK(pthread_setspecific(key, last) == 0); /* in the next round, when others have run */
        return;
    }
    release(last);
}

static void *set_key(void *last)
{
    CHECK(pthread_setspecific(key, last) == 0);
    return NULL;
}

static void *use_and_set_key(void *last)
{
    asynchron_t *a = asynchron_create(NULL);
    asynchron_cancel(a);
    CHECK(asynchron_notify(a, (asynchron_notify_fn_t)NULL, NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_wait(a, LIMIT) == ASYNCHRON_OK);
    asynchron_release(a);
    return set_key(last);
}

static int32_t set_key_in_the_background(asynchron_t *self, void *last)
{
    (void)self;
    set_key(last);
    return 0;
}

static void thread_end(void)
{
    pthread_t thread;
    asynchron_t *a;

    CHECK(pthread_key_create(&key, at_thread_end) == 0);
    for (int way = 0; way < 4; way++) {
        again = way / 2;
        CHECK(pthread_create(&thread, NULL, way % 2 ? set_key : use_and_set_key, make()) == 0);
        pthread_join(thread, NULL);
        check_all_is_gone();
    }
    /* A background thread ends when it has rested for a second. */
    again = 0;
    a = asynchron_create(NULL);
    CHECK(asynchron_spawn(a, set_key_in_the_background, make(), NULL) == ASYNCHRON_OK);
    CHECK(asynchron_wait(a, LIMIT) == ASYNCHRON_OK);
    asynchron_release(a);
    while (drops != DROPS || calls != CALLS)
        usleep(1000);
    check_all_is_gone();
}

/* In a callback: of a delivery, of a registration, of a release. */
static void in_a_callback(asynchron_t *a, void *last) { (void)a; release(last); }

static void callback(void)
{
    for (int way = 0; way < 3; way++) {
        asynchron_t *a = asynchron_create(NULL);
        if (way == 1)
            asynchron_cancel(a);
        CHECK(asynchron_notify(a, in_a_callback, make()) == ASYNCHRON_OK);
        if (way == 0)
            CHECK(asynchron_set_bytes(a, "x", 1) == ASYNCHRON_OK);
        asynchron_release(a);
        check_all_is_gone();
    }
}

/* In a drop: of a value, of one refused, of user data, of a callback's context, of a function's. */
static void in_nothing(asynchron_t *a, void *p) { (void)a, (void)p; }
static int32_t nothing(asynchron_t *a, void *p) { (void)a, (void)p; return 0; }

static void in_a_drop(void)
{
    for (int way = 0; way < 6; way++) {
        asynchron_options_t options = { sizeof options, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0 };
        asynchron_notify_options_t callback = { sizeof callback, in_nothing, NULL, release, 0, NULL };
        asynchron_t *a = asynchron_create(NULL);
        uint64_t token;
        switch (way) {
        case 0: CHECK(asynchron_set_pointer(a, make(), release) == ASYNCHRON_OK); break;
        case 1:
            asynchron_cancel(a);
            CHECK(asynchron_set_pointer(a, make(), release) == ASYNCHRON_CANCELLED);
            break;
        case 2:
            asynchron_release(a);
            options.user_data = make();
            options.drop_user_data = release;
            CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
            break;
        case 3:
        case 4:
            callback.ctx = make();
            CHECK(asynchron_notify_with(a, &callback, &token) == ASYNCHRON_OK);
            if (way == 3)
                asynchron_cancel(a);
            else
                CHECK(asynchron_unnotify(a, token) == ASYNCHRON_OK);
            break;
        default:
            CHECK(asynchron_spawn(a, nothing, make(), release) == ASYNCHRON_OK);
            CHECK(asynchron_wait(a, LIMIT) == ASYNCHRON_OK);
        }
        asynchron_release(a);
        while (way == 5 && (drops != DROPS || calls != CALLS))
            usleep(1000);
        check_all_is_gone();
    }
}

/* In a function that is called, on demand, or run in the background. */
static int32_t release_here(asynchron_t *self, void *last) { (void)self; release(last); return 0; }

static void function(void)
{
    asynchron_options_t options = { sizeof options, NULL, NULL, NULL, release_here, NULL, NULL, 0, 0 };
    for (int way = 0; way < 3; way++) {
        asynchron_t *a = asynchron_create(NULL);
        if (way == 0) {
            CHECK(asynchron_call(a, release_here, make()) == ASYNCHRON_OK);
        } else if (way == 1) {
            asynchron_release(a);
            options.on_demand_ctx = make();
            CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
        } else {
            CHECK(asynchron_spawn(a, release_here, make(), NULL) == ASYNCHRON_OK);
        }
        CHECK(asynchron_get(a, NULL) == ASYNCHRON_OK);
        asynchron_release(a);
        while (way == 2 && (drops != DROPS || calls != CALLS))
            usleep(1000);
        check_all_is_gone();
    }
}

/* In an atexit handler, while a background thread rests; the handlers run in reverse. */
static struct last *at_the_end;
static void release_at_exit(void) { release(at_the_end); }
static void check_at_exit(void) { check_all_is_gone(); }

static void at_exit(void)
{
    at_the_end = make();
    CHECK(atexit(check_at_exit) == 0 && atexit(release_at_exit) == 0);
}

/* And in that of a process which ends by the end of its first thread, whose key is the last. */
static void *wait_for_the_first(void *unused)
{
    while (drops != DROPS || calls != CALLS)
        usleep(1000);
    check_all_is_gone();
    return unused;
}

static void first_thread_end(void)
{
    pthread_t thread;
    CHECK(pthread_key_create(&key, at_thread_end) == 0);
    set_key(make());
    CHECK(pthread_create(&thread, NULL, wait_for_the_first, NULL) == 0);
    pthread_exit(NULL);
}

int main(int argc, char **argv)
{
    static const struct { const char *name; void (*run)(void); } places[] = {
        { "thread end", thread_end }, { "callback", callback }, { "drop", in_a_drop }, { "function", function },
        { "atexit", at_exit }, { "first thread end", first_thread_end },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (argc > 1 && strcmp(argv[1], places[i].name) == 0) {
            places[i].run();
            return 0;
        }
    return 2;
}
