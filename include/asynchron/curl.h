/* asynchron/curl.h: transfers of libcurl as asynchrons, on a thread of their own.
 *
 *     curl_global_init(CURL_GLOBAL_DEFAULT);
 *     asynchron_curl_create(&c);
 *     easy = curl_easy_init();
 *     curl_easy_setopt(easy, CURLOPT_URL, "https://example.org/");
 *     a = asynchron_curl_get(c, easy);              // its value will be the body
 *     ...
 *     asynchron_release(a);
 *     asynchron_curl_release(c);
 *
 * asynchron/curl_get.h says what holds for all drivers of transfers. This one is a thread that drives a multi handle.
 * It has all signals blocked. In the child of a fork there is no such thread.
 */
#ifndef ASYNCHRON_CURL_H
#define ASYNCHRON_CURL_H

#include "curl_get.h"

#include <limits.h>
#include <poll.h>

/* This is the adapter's, as all that is not said to be for its user. */
typedef struct {
    asynchron_curl_t c;
    pthread_t thread;
} asynchron_curl_thread_t;

static inline void asynchron_curl_thread_wake(asynchron_curl_t *c)
{
    (void)curl_multi_wakeup(c->multi);
}

static inline void asynchron_curl_thread_release(asynchron_curl_t *c)
{
    const pthread_t thread = ((asynchron_curl_thread_t *)c->driver)->thread;

    (void)pthread_mutex_lock(&c->lock);
    c->ending = 1;
    asynchron_curl_wake(c, 0);
    asynchron_curl_unlock_and_unref(c);
    if (pthread_equal(thread, pthread_self()))
        (void)pthread_detach(thread);
    else
        (void)pthread_join(thread, NULL);
}

static inline void *asynchron_curl_run(void *pointer)
{
    asynchron_curl_t *c = (asynchron_curl_t *)pointer;

    while (asynchron_curl_work(c)) {
        int count;

        if (curl_multi_poll(c->multi, NULL, 0, c->running == NULL ? INT_MAX : ASYNCHRON_CURL_LOOK, NULL) != CURLM_OK)
            (void)poll(NULL, 0, 10); /* without memory: later */
        (void)curl_multi_perform(c->multi, &count);
    }
    asynchron_curl_finish_all(c);
    (void)pthread_mutex_lock(&c->lock);
    asynchron_curl_unlock_and_unref(c);
    return NULL;
}

/**
 * As asynchron_curl_create(), with a multi handle that you have given options: CURLMOPT_MAX_TOTAL_CONNECTIONS, say.
 *
 * - Needs: `multi`, with no transfers and no CURLMOPT_PUSHFUNCTION (nobody would own what a server begins); `out`
 *   writable.
 * - Ownership: `multi` is handed over, whatever is returned. Do not use it again.
 * - Returns: as asynchron_curl_create().
 */
static inline asynchron_status_t asynchron_curl_create_with(CURLM *multi, asynchron_curl_t **out)
{
    asynchron_curl_thread_t *made = NULL;
    asynchron_status_t status = ASYNCHRON_E_INVALID;
    sigset_t all, before;
    int refused;

    if (multi != NULL && out != NULL) {
        status = ASYNCHRON_E_NOMEM;
        made = (asynchron_curl_thread_t *)malloc(sizeof *made);
    }
    if (made == NULL ||
        !asynchron_curl_init(&made->c, multi, asynchron_curl_thread_wake, asynchron_curl_thread_release)) {
        free(made);
        if (multi != NULL)
            (void)curl_multi_cleanup(multi);
        return status;
    }
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    refused = pthread_create(&made->thread, NULL, asynchron_curl_run, &made->c);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (refused != 0) {
        (void)curl_multi_cleanup(multi);
        (void)pthread_mutex_destroy(&made->c.lock);
        free(made);
        return ASYNCHRON_E_SYSTEM;
    }
    *out = &made->c;
    return ASYNCHRON_OK;
}

/**
 * Starts a thread that drives transfers.
 *
 * - Needs: `out` writable. curl_global_init() was called before, as for all of libcurl.
 * - Ownership: it is yours: asynchron_curl_release() it.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no thread can be had.
 */
static inline asynchron_status_t asynchron_curl_create(asynchron_curl_t **out)
{
    CURLM *multi = out == NULL ? NULL : curl_multi_init();

    if (out != NULL && multi == NULL)
        return ASYNCHRON_E_NOMEM;
    return asynchron_curl_create_with(multi, out);
}

#endif /* ASYNCHRON_CURL_H */
