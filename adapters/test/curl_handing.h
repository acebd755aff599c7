/* curl_handing.h: a loop that other threads release, and whose transfers complete elsewhere. */
#ifndef CURL_HANDING_H
#define CURL_HANDING_H

#include "curl_host.h"

/* Made and released here, while its loop runs on a thread of its own. */
static void release_from_here(asynchron_curl_t *c)
{
    raise_flag(&driven_of(c)->is_released);
    asynchron_curl_release(c);
}

typedef struct {
    pthread_t thread;
    int elsewhere, over;
} place_t;

static void note_place(asynchron_t *a, void *pointer)
{
    place_t *place = (place_t *)pointer;

    (void)a;
    if (!pthread_equal(pthread_self(), place->thread))
        raise_flag(&place->elsewhere);
    raise_flag(&place->over);
}

static void one_turn(asynchron_curl_t *c)
{
    asynchron_t *a = begun(c, "/bytes/7");

    CHECK(is_letters(a, 7));
    asynchron_release(a);
}

/* What is under way, what has begun in this moment, and nothing at all. */
static void released_on_another_thread_it_ends_on_that_of_the_loop_within_a_turn(void)
{
    enum { ROUNDS = 60, N = 6 };
    asynchron_t *as[N];
    int round, i;

    for (round = 0; round < ROUNDS; round++) {
        asynchron_curl_t *c = new_curl();
        place_t place = { thread_of(c), 0, 0 };
        int done = 0;

        one_turn(c); /* so it is known which thread is the loop's */
        for (i = 0; i < N; i++) {
            as[i] = asynchron_curl_get_with(c, easy_of(i % 2 == 0 ? "/slow" : "/bytes/100"), count_done, &done);
            CHECK(as[i] != NULL && asynchron_notify(as[i], note_place, &place) == ASYNCHRON_OK);
        }
        usleep((useconds_t)(round * 50));
        release_from_here(c);
        for (i = 0; i < N; i++) {
            CHECK(asynchron_wait(as[i], ASYNCHRON_FOREVER) == ASYNCHRON_OK);
            CHECK(is_broken(as[i]) || (i % 2 == 1 && is_letters(as[i], 100)));
            asynchron_release(as[i]);
        }
        COMES_TRUE(flag_of(&place.over) == N && flag_of(&done) == N);
        CHECK(flag_of(&place.elsewhere) == 0);
        end_curl(c);
    }
}

/* The last of several that end in all ways, on three threads, releases what drives them. */
typedef struct {
    asynchron_curl_t *c;
    int left, is_released;
} crowd_t;

static void release_last(asynchron_t *a, void *pointer)
{
    crowd_t *crowd = (crowd_t *)pointer;

    (void)a;
    if (__atomic_sub_fetch(&crowd->left, 1, __ATOMIC_SEQ_CST) > 0)
        return;
    release_from_here(crowd->c);
    raise_flag(&crowd->is_released);
}

static void released_by_the_last_callback_wherever_that_runs_it_ends(void)
{
    enum { ROUNDS = 60, N = 12 };
    asynchron_t *as[N];
    int round, i;

    for (round = 0; round < ROUNDS; round++) {
        crowd_t crowd = { new_curl(), N, 0 };
        int done = 0;

        one_turn(crowd.c);
        for (i = 0; i < N; i++) {
            as[i] = asynchron_curl_get_with(crowd.c, easy_of(i % 3 == 0 ? "/bytes/7" : "/slow"), count_done, &done);
            CHECK(as[i] != NULL && asynchron_notify(as[i], release_last, &crowd) == ASYNCHRON_OK);
        }
        for (i = 0; i < N; i++)
            if (i % 3 == 1)
                CHECK(asynchron_expire_after(as[i], (uint64_t)(round * 20000)) == ASYNCHRON_OK);
            else if (i % 3 == 2)
                CHECK(asynchron_cancel(as[i]) == ASYNCHRON_OK);
        COMES_TRUE(flag_of(&crowd.is_released) && flag_of(&done) == N);
        end_curl(crowd.c);
        for (i = 0; i < N; i++)
            asynchron_release(as[i]);
    }
}

static void handing_tests(void)
{
    TEST(released_on_another_thread_it_ends_on_that_of_the_loop_within_a_turn);
    TEST(released_by_the_last_callback_wherever_that_runs_it_ends);
}

#endif
