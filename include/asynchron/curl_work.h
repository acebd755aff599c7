/* asynchron/curl_work.h: what each driver does for its transfers, on its own thread and outside of libcurl. Include
 * curl.h, curl_uv.h or curl_epoll.h instead: nothing here is for their user.
 */
#ifndef ASYNCHRON_CURL_WORK_H
#define ASYNCHRON_CURL_WORK_H

#include "curl_transfer.h"

#include <signal.h>
#include <time.h>

/* While there are transfers, the thread asks libcurl at least this often whether there is something to do, in
   milliseconds. Version 7.88.1 does not always say so by itself of a transfer that has waited for a connection: on a
   busy machine, in 4 of 48 rounds of 30 transfers over 2 connections, the last ones stood still for ever. Asking sets
   them going. Loops ask if they cannot watch a socket. */
#define ASYNCHRON_CURL_LOOK 100

/* So many transfers are begun, stopped or delivered in one turn, at most, for each of these. The others come next. */
#define ASYNCHRON_CURL_TURN 64

/* Libcurl may write to a connection that is gone while this lasts, with its own ways and those of a library for TLS.
   What that raises is taken back. A program that has the signal blocked keeps it pending, as with any write. */
static inline void asynchron_curl_hush(sigset_t *before)
{
    sigset_t pipe;

    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe, before);
}

static inline void asynchron_curl_unhush(const sigset_t *before)
{
    struct timespec at_once;
    sigset_t pipe;

    if (sigismember(before, SIGPIPE) == 1)
        return;
    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    memset(&at_once, 0, sizeof at_once);
    (void)sigtimedwait(&pipe, NULL, &at_once);
    (void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Takes a transfer out, which libcurl then never tells of, and ends it. */
static inline void asynchron_curl_remove(asynchron_curl_transfer_t *t, const CURLcode *code)
{
    sigset_t before;

    asynchron_curl_hush(&before);
    (void)curl_multi_remove_handle(t->c->multi, t->easy);
    asynchron_curl_unhush(&before);
    asynchron_curl_finish(t, code);
}

/* From here on it is under way, and must be finished. */
static inline void asynchron_curl_enter(asynchron_curl_t *c, asynchron_curl_transfer_t *t)
{
    t->is_under_way = 1;
    t->next = c->running;
    if (t->next != NULL)
        t->next->previous = t;
    c->running = t;
}

/* Begins one, unless it is complete by now: then it is among those that are stopped, too, or soon will be. */
static inline void asynchron_curl_begin(asynchron_curl_t *c, asynchron_curl_transfer_t *t)
{
    CURLMcode refused;

    asynchron_curl_enter(c, t);
    if (asynchron_poll(asynchron_promise_asynchron(t->promise)) != ASYNCHRON_PENDING)
        return;
    refused = curl_multi_add_handle(c->multi, t->easy);
    if (refused != CURLM_OK) {
        const CURLcode code = refused == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;

        strncpy(t->message, curl_multi_strerror(refused), sizeof t->message - 1);
        asynchron_curl_finish(t, &code);
    }
}

/* Takes one out of `begun`, or NULL. */
static inline asynchron_curl_transfer_t *asynchron_curl_next_begun(asynchron_curl_t *c)
{
    asynchron_curl_transfer_t *t;

    (void)pthread_mutex_lock(&c->lock);
    t = c->begun;
    if (t != NULL && (c->begun = t->after) == NULL)
        c->end = &c->begun;
    (void)pthread_mutex_unlock(&c->lock);
    return t;
}

/* Stops one that others have completed, and lets go of it. False: there is none. */
static inline int asynchron_curl_stop_next(asynchron_curl_t *c)
{
    asynchron_curl_transfer_t *t;

    (void)pthread_mutex_lock(&c->lock);
    t = c->stopped;
    if (t != NULL)
        c->stopped = t->after_stopped;
    (void)pthread_mutex_unlock(&c->lock);
    if (t == NULL)
        return 0;
    while (!t->is_under_way) /* it waits in `begun`, after these */
        asynchron_curl_begin(c, asynchron_curl_next_begun(c));
    if (!t->over) /* only this thread sets it */
        asynchron_curl_remove(t, NULL);
    (void)pthread_mutex_lock(&c->lock);
    asynchron_curl_unlock_and_forget(t);
    return 1;
}

/* Delivers what libcurl says is done. False: there may be more. */
static inline int asynchron_curl_tell(asynchron_curl_t *c)
{
    int told;

    for (told = 0; told < ASYNCHRON_CURL_TURN; told++) {
        int count;
        char *transfer = NULL;
        CURLMsg *message = curl_multi_info_read(c->multi, &count);
        CURLcode code;

        if (message == NULL)
            return 1;
        if (message->msg != CURLMSG_DONE)
            continue;
        code = message->data.result; /* the message goes when the handle is taken out */
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        asynchron_curl_remove((asynchron_curl_transfer_t *)(void *)transfer, &code);
    }
    return 0;
}

/* Does what other threads have asked for, and delivers what is done. If something is left, the driver is woken for
   that. False: it is to end. */
static inline int asynchron_curl_work(asynchron_curl_t *c)
{
    const int told_all = asynchron_curl_tell(c);
    asynchron_curl_transfer_t *t;
    int i, goes_on;

    for (i = 0; i < ASYNCHRON_CURL_TURN && (t = asynchron_curl_next_begun(c)) != NULL; i++)
        asynchron_curl_begin(c, t);
    for (i = 0; i < ASYNCHRON_CURL_TURN && asynchron_curl_stop_next(c); i++)
        ;
    (void)pthread_mutex_lock(&c->lock);
    asynchron_curl_wake(c, told_all && c->begun == NULL && c->stopped == NULL);
    goes_on = !c->ending;
    (void)pthread_mutex_unlock(&c->lock);
    return goes_on;
}

/* Ends all that is under way, and the multi handle. `ending` is set, so nothing comes to `begun` any more. */
static inline void asynchron_curl_finish_all(asynchron_curl_t *c)
{
    CURLM *multi = c->multi;
    sigset_t before;
    asynchron_curl_transfer_t *t;

    while ((t = asynchron_curl_next_begun(c)) != NULL)
        asynchron_curl_enter(c, t);
    while (c->running != NULL)
        asynchron_curl_remove(c->running, NULL);
    (void)pthread_mutex_lock(&c->lock);
    c->multi = NULL;
    (void)pthread_mutex_unlock(&c->lock);
    asynchron_curl_hush(&before);
    (void)curl_multi_cleanup(multi);
    asynchron_curl_unhush(&before);
    while (asynchron_curl_stop_next(c)) /* a completion by others may still have put one here */
        ;
}

#endif /* ASYNCHRON_CURL_WORK_H */
