/* curl_stopping.h: what stops a transfer, and the end of all. */
#ifndef CURL_STOPPING_H
#define CURL_STOPPING_H

#include "curl_web.h"

/* One that the server has begun to answer, and never will to the end. */
static asynchron_t *slow_one(asynchron_curl_t *c)
{
    const int before = counted().begun;
    asynchron_t *a = begun(c, "/slow");

    COMES_TRUE(counted().begun > before);
    return a;
}

/* That it is closed at all shows that it was stopped: otherwise the test hangs. One of ten in time is enough, as a
   machine may be slow. */
static void cancelled_while_it_runs_its_connection_is_closed_within_a_second(void)
{
    asynchron_curl_t *c = new_curl();
    int i, in_time = 0;

    for (i = 0; i < 10 && !in_time; i++) {
        const int before = counted().gone;
        asynchron_t *a = slow_one(c);
        const uint64_t since = now_ns();

        CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
        COMES_TRUE(counted().gone > before);
        in_time = now_ns() - since < 1000000000u;
        CHECK(asynchron_poll(a) == ASYNCHRON_CANCELLED);
        asynchron_release(a);
    }
    CHECK(in_time);
    end_curl(c);
}

static void expired_failed_or_delivered_by_others_it_is_stopped_as_well(void)
{
    const int before = counted().gone;
    asynchron_curl_t *c = new_curl();
    asynchron_t *expired = slow_one(c), *failed = slow_one(c), *delivered = slow_one(c);

    CHECK(asynchron_expire_after(expired, 1000000) == ASYNCHRON_OK);
    CHECK(asynchron_fail(failed, 7, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(delivered, "abc", 3) == ASYNCHRON_OK);
    COMES_TRUE(counted().gone == before + 3);
    CHECK(has_failed(expired, "asynchron", ASYNCHRON_TIMEOUT) && has_failed(failed, "", 7) && is_letters(delivered, 3));
    asynchron_release(expired);
    asynchron_release(failed);
    asynchron_release(delivered);
    end_curl(c);
}

static void wanted_by_nobody_any_more_it_is_stopped(void)
{
    const int before = counted().gone;
    asynchron_curl_t *c = new_curl();

    asynchron_release(slow_one(c));
    COMES_TRUE(counted().gone == before + 1);
    end_curl(c);
}

/* Holds the thread up, in a callback that runs there. */
typedef struct {
    int is_held, go_on;
} hold_t;

static void hold(asynchron_t *a, void *pointer)
{
    hold_t *held = (hold_t *)pointer;

    (void)a;
    raise_flag(&held->is_held);
    COMES_TRUE(flag_of(&held->go_on));
}

/* Runs `fn` on the thread, as a callback of a transfer that has failed. */
static asynchron_t *on_the_thread(asynchron_curl_t *c, asynchron_notify_fn_t fn, void *ctx)
{
    CURL *easy = curl_easy_init();
    asynchron_t *a;

    CHECK(curl_easy_setopt(easy, CURLOPT_URL, "nonsense://127.0.0.1/") == CURLE_OK);
    do { /* until the callback is there first */
        asynchron_notify_options_t options;
        asynchron_status_t status;

        memset(&options, 0, sizeof options);
        options.size = sizeof options;
        options.fn = fn;
        options.ctx = ctx;
        options.flags = ASYNCHRON_NOTIFY_IF_PENDING;
        a = asynchron_curl_get(c, curl_easy_duphandle(easy));
        status = asynchron_notify_with(a, &options, NULL);
        if (status == ASYNCHRON_OK)
            break;
        CHECK(status == ASYNCHRON_ALREADY);
        asynchron_release(a);
    } while (1);
    curl_easy_cleanup(easy);
    return a;
}

static void cancelled_before_it_has_begun_it_never_begins(void)
{
    enum { N = 200 }; /* more than are begun in one turn */
    const int before = counted().bodies;
    asynchron_curl_t *c = new_curl();
    hold_t held = { 0, 0 };
    asynchron_t *first = on_the_thread(c, hold, &held), *as[N];
    int i, done = 0;

    COMES_TRUE(flag_of(&held.is_held));
    for (i = 0; i < N; i++) {
        as[i] = asynchron_curl_get_with(c, easy_of("/bytes/7"), count_done, &done);
        CHECK(asynchron_cancel(as[i]) == ASYNCHRON_OK);
    }
    raise_flag(&held.go_on);
    COMES_TRUE(flag_of(&done) == N);
    for (i = 0; i < N; i++) {
        CHECK(asynchron_poll(as[i]) == ASYNCHRON_CANCELLED);
        asynchron_release(as[i]);
    }
    CHECK(counted().bodies == before);
    asynchron_release(first);
    end_curl(c);
}

/* Of a cancel inside a callback everybody knows at once, and what was registered is told after that callback. */
typedef struct {
    asynchron_curl_t *c;
    hold_t held;
    int done;
} early_t;

static void cancel_before_its_turn(asynchron_t *self, void *pointer)
{
    early_t *early = (early_t *)pointer;
    asynchron_t *a = asynchron_curl_get_with(early->c, easy_of("/bytes/7"), count_done, &early->done), *next;

    (void)self;
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
    next = begun(early->c, "/missing");
    raise_flag(&early->held.go_on);
    /* So the other has had its turn. A wait would tell of the cancel. */
    COMES_TRUE(asynchron_poll(next) == ASYNCHRON_OK);
    asynchron_release(next);
    asynchron_release(a);
}

static void cancelled_and_not_told_of_yet_it_does_not_begin_either(void)
{
    const int before = counted().bodies;
    asynchron_t *self = asynchron_create(NULL), *first;
    early_t early;

    memset(&early, 0, sizeof early);
    early.c = new_curl();
    first = on_the_thread(early.c, hold, &early.held);
    COMES_TRUE(flag_of(&early.held.is_held));
    CHECK(asynchron_notify(self, cancel_before_its_turn, &early) == ASYNCHRON_OK);
    CHECK(asynchron_set_bytes(self, NULL, 0) == ASYNCHRON_OK);
    COMES_TRUE(flag_of(&early.done) == 1);
    CHECK(counted().bodies == before);
    asynchron_release(self);
    asynchron_release(first);
    end_curl(early.c);
}

static void *cancel_it(void *a)
{
    (void)asynchron_cancel((asynchron_t *)a);
    asynchron_release((asynchron_t *)a);
    return NULL;
}

static void a_cancel_and_the_body_at_the_same_time_are_one_of_both(void)
{
    asynchron_curl_t *c = new_curl();
    int i, done = 0;

    for (i = 0; i < 200; i++) {
        asynchron_t *a = asynchron_curl_get_with(c, easy_of("/bytes/100"), count_done, &done);
        pthread_t thread;

        usleep((useconds_t)(i * 5));
        thread = start(cancel_it, asynchron_retain(a));
        CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        finish(thread);
        CHECK(asynchron_poll(a) == ASYNCHRON_CANCELLED || is_letters(a, 100));
        asynchron_release(a);
    }
    end_curl(c);
    CHECK(flag_of(&done) == 200);
}

static void released_with_100_under_way_all_are_broken_and_given_back(void)
{
    const int before = counted().begun, before_gone = counted().gone;
    asynchron_curl_t *c = new_curl();
    asynchron_t *as[110];
    int i, done = 0;

    for (i = 0; i < 110; i++) {
        as[i] = asynchron_curl_get_with(c, easy_of("/slow"), count_done, &done);
        if (i == 99)
            COMES_TRUE(counted().begun == before + 100); /* the others have hardly begun */
    }
    end_curl(c);
    CHECK(flag_of(&done) == 110);
    for (i = 0; i < 110; i++) {
        CHECK(asynchron_poll(as[i]) == ASYNCHRON_FAILED && is_broken(as[i]));
        asynchron_release(as[i]);
    }
    COMES_TRUE(counted().gone >= before_gone + 100);
}

typedef struct {
    asynchron_curl_t *c;
    asynchron_t *another, *slow;
    int is_over;
} ended_t;

static void release_it(asynchron_t *a, void *pointer)
{
    ended_t *ended = (ended_t *)pointer;

    (void)a;
    end_inside(ended->c);
    CHECK(asynchron_poll(ended->slow) == ASYNCHRON_PENDING);
    ended->another = asynchron_curl_get_with(ended->c, easy_of("/bytes/7"), count_done, &ended->is_over);
}

static void released_in_a_callback_of_its_own_it_ends_later_and_begins_nothing(void)
{
    ended_t ended;
    asynchron_t *first;
    int given_back = 0;

    memset(&ended, 0, sizeof ended);
    ended.c = new_curl();
    ended.slow = asynchron_curl_get_with(ended.c, easy_of("/slow"), count_done, &given_back);
    first = on_the_thread(ended.c, release_it, &ended);
    CHECK(is_broken(ended.slow) && flag_of(&given_back) == 1);
    COMES_TRUE(flag_of(&ended.is_over) == 1);
    CHECK(is_broken(ended.another));
    has_ended_inside(ended.c);
    asynchron_release(ended.another);
    asynchron_release(ended.slow);
    asynchron_release(first);
}

/* A callback that tries again each time it fails. */
static void try_again(asynchron_t *a, void *pointer)
{
    ended_t *ended = (ended_t *)pointer;

    (void)a;
    ended->another = asynchron_curl_get(ended->c, easy_of("/slow"));
}

static void begun_in_a_callback_of_the_release_it_is_broken_at_once(void)
{
    ended_t ended;
    asynchron_t *a;

    memset(&ended, 0, sizeof ended);
    ended.c = new_curl();
    a = begun(ended.c, "/slow");
    CHECK(asynchron_notify(a, try_again, &ended) == ASYNCHRON_OK);
    end_curl(ended.c);
    CHECK(asynchron_poll(ended.another) == ASYNCHRON_FAILED);
    CHECK(is_broken(ended.another));
    asynchron_release(ended.another);
    asynchron_release(a);
}

/* Of a thread that is idle, the time that it has used. */
static uint64_t used_by(clockid_t clock)
{
    struct timespec used;

    CHECK(clock_gettime(clock, &used) == 0);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void without_transfers_and_with_a_silent_one_the_thread_sleeps(void)
{
    asynchron_curl_t *c = new_curl();
    asynchron_t *a = begun(c, "/bytes/7");
    clockid_t clock;
    uint64_t before;
    int i;

    CHECK(is_letters(a, 7) && pthread_getcpuclockid(thread_of(c), &clock) == 0);
    asynchron_release(a);
    for (i = 0; i < 2; i++) {
        usleep(100000); /* what it had to do is done */
        before = used_by(clock);
        usleep(300000);
        CHECK(used_by(clock) - before < 100000000u);
        if (i == 0)
            a = slow_one(c);
    }
    asynchron_release(a);
    end_curl(c);
}

static void what_is_null_is_refused_and_a_handle_freed_or_given_back(void)
{
    asynchron_curl_t *c = new_curl();
    int done = 0;

    shim_refusals();
    CHECK(asynchron_curl_get(c, NULL) == NULL);
    CHECK(asynchron_curl_get(NULL, easy_of("/bytes/7")) == NULL);
    CHECK(asynchron_curl_get_with(NULL, easy_of("/bytes/7"), count_done, &done) == NULL && done == 1);
    asynchron_curl_release(NULL);
    end_curl(c);
}

static void without_memory_nothing_begins_and_a_body_that_finds_none_is_a_failure(void)
{
    asynchron_curl_t *c = new_curl();
    CURL *easy = easy_of("/bytes/7");
    asynchron_t *a, *refused;
    int done = 0;

    CHECK(shim_without_memory() == ASYNCHRON_E_NOMEM);
    no_memory = 1;
    refused = asynchron_curl_get_with(c, easy, count_done, &done);
    no_memory = 0;
    CHECK(refused == NULL && done == 1);

    raise_flag(&no_more_memory);
    a = begun(c, "/bytes/7");
    CHECK(has_failed(a, "curl", CURLE_OUT_OF_MEMORY));
    asynchron_release(a);
    __atomic_store_n(&no_more_memory, 0, __ATOMIC_SEQ_CST);
    a = begun(c, "/bytes/7");
    CHECK(is_letters(a, 7));
    asynchron_release(a);
    end_curl(c);
}

#endif
