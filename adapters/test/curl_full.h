/* curl_full.h: a server that is full, so that connecting to it takes for ever. */
#ifndef CURL_FULL_H
#define CURL_FULL_H

#include "curl_web.h"

static void at_a_server_that_is_full_a_deadline_or_a_cancel_ends_it_and_the_others_go_on(void)
{
    enum { N = 15, OTHERS = 50 };
    server_t full = start_server_with("--full");
    asynchron_curl_t *c = new_curl();
    asynchron_t *waiting[N], *others[OTHERS];
    int i, done = 0;

    for (i = 0; i < N; i++) {
        CURL *easy = easy_at(full.port, "/bytes/7");

        if (i < 5)
            CHECK(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 200L) == CURLE_OK);
        waiting[i] = asynchron_curl_get_with(c, easy, count_done, &done);
        CHECK(waiting[i] != NULL);
        if (i >= 5 && i < 10)
            CHECK(asynchron_expire_after(waiting[i], 200000000u) == ASYNCHRON_OK);
    }
    for (i = 0; i < OTHERS; i++)
        others[i] = begun(c, "/bytes/100000");
    for (i = 0; i < OTHERS; i++) {
        CHECK(is_letters(others[i], 100000));
        asynchron_release(others[i]);
    }
    for (i = 0; i < 10; i++) /* libcurl's own deadline, and that of the asynchron */
        CHECK(has_failed(waiting[i], i < 5 ? "curl" : "asynchron",
                         i < 5 ? (int)CURLE_OPERATION_TIMEDOUT : (int)ASYNCHRON_TIMEOUT));
    COMES_TRUE(flag_of(&done) == 10);
    for (i = 10; i < N; i++) {
        CHECK(asynchron_poll(waiting[i]) == ASYNCHRON_PENDING);
        CHECK(asynchron_cancel(waiting[i]) == ASYNCHRON_OK);
    }
    COMES_TRUE(flag_of(&done) == N);
    for (i = 0; i < N; i++)
        asynchron_release(waiting[i]);
    others[0] = begun(c, "/bytes/7"); /* it still serves */
    CHECK(is_letters(others[0], 7));
    asynchron_release(others[0]);
    end_curl(c);
    kill_server(&full);
}

#endif
