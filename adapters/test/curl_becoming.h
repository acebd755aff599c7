/* curl_becoming.h: what a transfer becomes: the body, or a failure; and where that is said. */
#ifndef CURL_BECOMING_H
#define CURL_BECOMING_H

#include "curl_web.h"

#include <netinet/in.h>
#include <sys/socket.h>

static void the_value_is_the_body_whether_of_0_bytes_of_7_or_of_10_megabytes(void)
{
    asynchron_curl_t *c = new_curl();
    asynchron_t *empty = begun(c, "/bytes/0"), *small = begun(c, "/bytes/7"), *large = begun(c, "/bytes/10000000");

    CHECK(is_letters(empty, 0) && is_letters(small, 7) && is_letters(large, 10000000));
    end_curl(c); /* the values stay */
    CHECK(is_letters(large, 10000000));
    asynchron_release(empty);
    asynchron_release(small);
    asynchron_release(large);
}

static void the_body_is_not_copied(void)
{
    asynchron_curl_t *c = new_curl();
    asynchron_t *a = begun(c, "/bytes/100000");
    asynchron_value_t value;

    CHECK(asynchron_get(a, &value) == ASYNCHRON_OK && value.data == __atomic_load_n(&last_body, __ATOMIC_SEQ_CST));
    asynchron_release(a);
    end_curl(c);
}

typedef struct {
    asynchron_curl_t *c;
    asynchron_t *a;
    CURL *other;
    long status;
    int was_pending, is_inside, is_on_thread, is_blocked, is_done, is_over;
} seen_t;

static void see_done(CURL *easy, void *pointer)
{
    seen_t *seen = (seen_t *)pointer;

    CHECK(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &seen->status) == CURLE_OK);
    seen->was_pending = asynchron_poll(seen->a) == ASYNCHRON_PENDING;
    raise_flag(&seen->is_done);
    curl_easy_cleanup(easy);
}

/* Inside its own calls libcurl refuses this one. */
static void see_completion(asynchron_t *a, void *pointer)
{
    seen_t *seen = (seen_t *)pointer;
    sigset_t blocked;

    (void)a;
    seen->is_blocked = pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 && blocks_as_it_should(&blocked);
    seen->is_inside = curl_multi_add_handle(seen->c->multi, seen->other) != CURLM_OK;
    if (!seen->is_inside)
        CHECK(curl_multi_remove_handle(seen->c->multi, seen->other) == CURLM_OK);
    seen->is_on_thread = pthread_equal(pthread_self(), thread_of(seen->c));
    raise_flag(&seen->is_over);
}

static size_t wait_for_the_handle(char *data, size_t size, size_t n, void *pointer)
{
    seen_t *seen = (seen_t *)pointer;

    (void)data;
    COMES_TRUE(__atomic_load_n(&seen->a, __ATOMIC_SEQ_CST) != NULL);
    return size * n;
}

static void it_is_delivered_on_the_thread_outside_of_all_calls_of_libcurl_after_the_handle_is_given_back(void)
{
    asynchron_curl_t *c = new_curl();
    CURL *easy = easy_of("/missing");
    seen_t seen;
    asynchron_t *a;

    memset(&seen, 0, sizeof seen);
    seen.c = c;
    seen.other = easy_of("/bytes/1");
    CHECK(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, wait_for_the_handle) == CURLE_OK);
    CHECK(curl_easy_setopt(easy, CURLOPT_HEADERDATA, &seen) == CURLE_OK);
    a = asynchron_curl_get_with(c, easy, see_done, &seen);
    CHECK(a != NULL && asynchron_notify(a, see_completion, &seen) == ASYNCHRON_OK);
    __atomic_store_n(&seen.a, a, __ATOMIC_SEQ_CST);
    COMES_TRUE(flag_of(&seen.is_over));
    CHECK(flag_of(&seen.is_done) && seen.was_pending && seen.status == 404);
    CHECK(!seen.is_inside && seen.is_on_thread && seen.is_blocked);
    asynchron_release(a);
    end_curl(c);
    curl_easy_cleanup(seen.other);
}

static size_t raise_a_signal(char *data, size_t size, size_t n, void *pointer)
{
    (void)data, (void)pointer;
    CHECK(raise(SIGPIPE) == 0); /* as a write of a library for TLS may */
    return size * n;
}

static void what_libcurl_writes_to_a_connection_that_is_gone_ends_no_program(void)
{
    asynchron_curl_t *c = new_curl();
    CURL *easy = easy_of("/bytes/7");
    asynchron_t *a;

    CHECK(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, raise_a_signal) == CURLE_OK);
    a = asynchron_curl_get(c, easy);
    CHECK(is_letters(a, 7));
    asynchron_release(a);
    end_curl(c);
}

static void a_status_of_404_is_a_value_unless_failonerror_is_set(void)
{
    asynchron_curl_t *c = new_curl();
    asynchron_t *a = begun(c, "/missing");
    CURL *easy = easy_of("/missing");
    asynchron_value_t value;
    asynchron_error_t error;

    CHECK(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == 7 && memcmp(value.data, "no page", 7) == 0);
    asynchron_release(a);
    CHECK(curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L) == CURLE_OK);
    a = asynchron_curl_get(c, easy);
    CHECK(has_failed(a, "curl", CURLE_HTTP_RETURNED_ERROR));
    CHECK(asynchron_error(a, &error) == ASYNCHRON_OK && strstr(error.message, "404") != NULL);
    asynchron_release(a);
    end_curl(c);
}

static void a_failure_has_the_code_and_the_message_of_libcurl(void)
{
    asynchron_curl_t *c = new_curl();
    CURL *easy = curl_easy_init();
    asynchron_error_t error;
    asynchron_t *a;

    CHECK(curl_easy_setopt(easy, CURLOPT_URL, "nonsense://127.0.0.1/") == CURLE_OK);
    a = asynchron_curl_get(c, easy);
    CHECK(has_failed(a, "curl", CURLE_UNSUPPORTED_PROTOCOL));
    CHECK(asynchron_error(a, &error) == ASYNCHRON_OK && strstr(error.message, "nonsense") != NULL);
    asynchron_release(a);

    a = begun(c, "/cut");
    CHECK(has_failed(a, "curl", CURLE_PARTIAL_FILE));
    asynchron_release(a);
    end_curl(c);
}

static void a_refused_connection_is_a_failure(void)
{
    const int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, and nobody listens */
    asynchron_curl_t *c = new_curl();
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    asynchron_t *a;

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(taken, (struct sockaddr *)&address, size) == 0);
    CHECK(getsockname(taken, (struct sockaddr *)&address, &size) == 0);
    a = asynchron_curl_get(c, easy_at(ntohs(address.sin_port), "/"));
    CHECK(has_failed(a, "curl", CURLE_COULDNT_CONNECT));
    asynchron_release(a);
    end_curl(c);
    close(taken);
}

/* A handle that is in another multi handle, and stays there. */
static void what_libcurl_refuses_to_begin_is_a_failure(void)
{
    asynchron_curl_t *c = new_curl();
    CURLM *other = curl_multi_init();
    CURL *easy = easy_of("/bytes/7");
    asynchron_error_t error;
    asynchron_t *a;
    int done = 0;

    CHECK(curl_multi_add_handle(other, easy) == CURLM_OK);
    a = asynchron_curl_get_with(c, easy, count_done, &done);
    CHECK(has_failed(a, "curl", CURLE_FAILED_INIT) && flag_of(&done) == 1);
    CHECK(asynchron_error(a, &error) == ASYNCHRON_OK && error.message[0] != '\0');
    asynchron_release(a);
    end_curl(c);
    CHECK(curl_multi_cleanup(other) == CURLM_OK);
}

static void a_server_that_is_killed_in_the_middle_is_a_failure_and_its_successor_serves(void)
{
    asynchron_curl_t *c = new_curl();
    server_t mortal = start_server(0);
    asynchron_t *as[20], *a;
    int i, port = mortal.port;

    a = asynchron_curl_get(c, easy_at(port, "/bytes/7"));
    CHECK(is_letters(a, 7));
    asynchron_release(a);
    for (i = 0; i < 20; i++)
        as[i] = asynchron_curl_get(c, easy_at(port, "/slow"));
    kill_server(&mortal); /* some have begun, and some have not connected */
    for (i = 0; i < 20; i++) {
        CHECK(asynchron_get(as[i], NULL) == ASYNCHRON_FAILED);
        asynchron_release(as[i]);
    }
    mortal = start_server(port);
    a = asynchron_curl_get(c, easy_at(port, "/bytes/7"));
    CHECK(is_letters(a, 7));
    asynchron_release(a);
    end_curl(c);
    kill_server(&mortal);
}

static void of_2000_on_8_connections_each_comes_once(void)
{
    enum { N = 2000 };
    CURLM *multi = curl_multi_init();
    const int connections = counted().connections;
    asynchron_report_t *report = new_report();
    asynchron_curl_t *c;
    asynchron_item_t item;
    static char seen[N];
    int i, came = 0;

    memset(seen, 0, sizeof seen);
    CHECK(curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 8L) == CURLM_OK);
    c = made_curl(multi);
    for (i = 0; i < N; i++) {
        char path[32];
        asynchron_t *a;

        snprintf(path, sizeof path, "/bytes/%d", i);
        a = begun(c, path);
        CHECK(asynchron_report_add(report, a, &seen[i]) == ASYNCHRON_OK);
        asynchron_release(a);
    }
    while (asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        CHECK(is_letters(item.asynchron, (size_t)((char *)item.tag - seen)) && ++*(char *)item.tag == 1);
        asynchron_release(item.asynchron);
        came++;
    }
    CHECK(came == N && counted().connections - connections <= 8);
    asynchron_report_release(report);
    end_curl(c);
}

static void *begin_50(void *c)
{
    asynchron_t *as[50];
    int i;

    for (i = 0; i < 50; i++)
        as[i] = begun((asynchron_curl_t *)c, "/bytes/100");
    for (i = 0; i < 50; i++) {
        CHECK(is_letters(as[i], 100));
        asynchron_release(as[i]);
    }
    return NULL;
}

static void many_threads_may_begin_at_once(void)
{
    asynchron_curl_t *c = new_curl();
    pthread_t threads[8];
    int i;

    for (i = 0; i < 8; i++)
        threads[i] = start(begin_50, c);
    for (i = 0; i < 8; i++)
        finish(threads[i]);
    end_curl(c);
}

typedef struct {
    asynchron_curl_t *c;
    asynchron_t *next;
    int rounds, is_over;
} again_t;

static void once_more(CURL *easy, void *pointer)
{
    again_t *again = (again_t *)pointer;
    char *private_data;

    CHECK(curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private_data) == CURLE_OK && private_data == NULL);
    if (++again->rounds < 3) {
        asynchron_release(again->next);
        again->next = asynchron_curl_get_with(again->c, easy, once_more, again);
    } else {
        curl_easy_cleanup(easy);
        raise_flag(&again->is_over);
    }
}

static void a_handle_that_is_given_back_may_be_handed_over_again_at_once(void)
{
    again_t again;
    asynchron_t *a;

    memset(&again, 0, sizeof again);
    again.c = new_curl();
    a = asynchron_curl_get_with(again.c, easy_of("/bytes/7"), once_more, &again);
    CHECK(is_letters(a, 7));
    COMES_TRUE(flag_of(&again.is_over));
    CHECK(is_letters(again.next, 7) && again.rounds == 3);
    asynchron_release(again.next);
    asynchron_release(a);
    end_curl(again.c);
}

#endif
