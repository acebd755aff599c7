/* asynchron/curl_thread.h: what asynchron/curl.h does on its thread. Include that instead: nothing here is for its user.
 *
 * A transfer is handed over in the list `begun`, and only the thread adds it to the multi handle and takes it out. It goes
 * in one of three ways: libcurl says that it is done; its asynchron was completed by others, who put it in the list
 * `stopped`; or the thread ends. A transfer that was taken out is never told of by libcurl.
 *
 * Nothing is called under the lock but curl_multi_wakeup(), which does not block.
 */
#ifndef ASYNCHRON_CURL_THREAD_H
#define ASYNCHRON_CURL_THREAD_H

#include <asynchron.h>
#include <curl/curl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* While there are transfers, libcurl is asked at least this often whether there is something to do, in milliseconds. Version
   7.88.1 does not always say so by itself of a transfer that has waited for a connection: on a busy machine, in 4 of 48
   rounds of 30 transfers over 2 connections, the last ones stood still for ever. Asking sets them going. */
#define ASYNCHRON_CURL_LOOK 100

/** Called when an easy handle is used no more: see asynchron_curl_get_with(). */
typedef void (*asynchron_curl_done_fn_t)(CURL *easy, void *ctx);

/* One transfer. It belongs to the thread, and to the callback that is told of the completion. */
typedef struct asynchron_curl_transfer_t {
    struct asynchron_curl_transfer_t *previous, *next; /* of those that are under way: the thread's alone */
    struct asynchron_curl_transfer_t *after;           /* in `begun`: under the lock */
    struct asynchron_curl_transfer_t *after_stopped;   /* in `stopped`: under the lock */
    struct asynchron_curl_t *c;
    int references;                                    /* under the lock */
    int over;                                          /* nobody need stop it any more: the thread's, under the lock */
    CURL *easy;
    asynchron_curl_done_fn_t done;
    void *ctx;
    asynchron_promise_t *promise;
    char *body;
    size_t len, room;
    int no_memory;
    char message[CURL_ERROR_SIZE];
} asynchron_curl_transfer_t;

/** A thread that drives transfers. Opaque, for any thread. */
typedef struct asynchron_curl_t {
    pthread_mutex_t lock;
    pthread_t thread;
    CURLM *multi;                            /* NULL once the thread is through with it: under the lock */
    int references;                          /* the user's, the thread's, each transfer's: under the lock */
    int ending;                              /* under the lock */
    asynchron_curl_transfer_t *begun, **end; /* handed over, in order: under the lock */
    asynchron_curl_transfer_t *stopped;      /* completed by others: under the lock */
    asynchron_curl_transfer_t *running;      /* the thread's alone */
} asynchron_curl_t;

/* Lets go of `c`, whose lock is held. */
static inline void asynchron_curl_unlock_and_unref(asynchron_curl_t *c)
{
    const int is_last = --c->references == 0;

    (void)pthread_mutex_unlock(&c->lock);
    if (is_last) {
        (void)pthread_mutex_destroy(&c->lock);
        free(c);
    }
}

/* Lets go of a transfer, and of its share in `c`, whose lock is held. */
static inline void asynchron_curl_unlock_and_forget(asynchron_curl_transfer_t *t)
{
    asynchron_curl_t *c = t->c;

    if (--t->references > 0) {
        (void)pthread_mutex_unlock(&c->lock);
        return;
    }
    free(t);
    asynchron_curl_unlock_and_unref(c);
}

/* The thread has something to do, if it has not been told so before. The lock is held. */
static inline void asynchron_curl_wake(asynchron_curl_t *c, int is_told)
{
    if (!is_told && c->multi != NULL)
        (void)curl_multi_wakeup(c->multi);
}

static inline void asynchron_curl_cancelled(asynchron_t *a, void *transfer)
{
    (void)a, (void)transfer; /* the drop, which comes next, does all */
}

/* The asynchron is complete, whoever did that. This is the drop of a callback for cancels alone: such a callback is no
   interest in the value, and its drop comes also if there was a failure or a value. */
static inline void asynchron_curl_completed(void *transfer)
{
    asynchron_curl_transfer_t *t = (asynchron_curl_transfer_t *)transfer;
    asynchron_curl_t *c = t->c;

    (void)pthread_mutex_lock(&c->lock);
    if (t->over) {
        asynchron_curl_unlock_and_forget(t);
        return;
    }
    asynchron_curl_wake(c, c->begun != NULL || c->stopped != NULL);
    t->after_stopped = c->stopped; /* with the callback's reference */
    c->stopped = t;
    (void)pthread_mutex_unlock(&c->lock);
}

/* Libcurl has received something. */
static inline size_t asynchron_curl_received(char *data, size_t size, size_t count, void *transfer)
{
    asynchron_curl_transfer_t *t = (asynchron_curl_transfer_t *)transfer;
    const size_t len = size * count;

    if (len > t->room - t->len) {
        size_t room = t->room < 4096 ? 4096 : t->room;
        char *body;

        while (room - t->len < len && room <= (size_t)-1 / 4)
            room *= 2;
        body = room - t->len < len ? NULL : (char *)realloc(t->body, room);
        if (body == NULL) {
            t->no_memory = 1;
            return 0; /* ends the transfer */
        }
        t->body = body;
        t->room = room;
    }
    if (len > 0)
        memcpy(t->body + t->len, data, len);
    t->len += len;
    return len;
}

/* Frees the easy handle, or gives it back without what was set here. Libcurl is through with it. */
static inline void asynchron_curl_give_back(CURL *easy, asynchron_curl_done_fn_t done, void *ctx)
{
    if (done == NULL) {
        curl_easy_cleanup(easy);
        return;
    }
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, (curl_write_callback)0);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, (void *)stdout);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, (char *)NULL);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, (void *)NULL);
    done(easy, ctx);
}

static inline void asynchron_curl_fail(asynchron_t *a, CURLcode code, const char *message)
{
    if (asynchron_fail_with(a, (int32_t)code, "curl", message, NULL, NULL) == ASYNCHRON_E_NOMEM)
        (void)asynchron_fail(a, (int32_t)code, NULL);
}

static inline void asynchron_curl_deliver(asynchron_curl_transfer_t *t, CURLcode code)
{
    asynchron_t *a = asynchron_promise_asynchron(t->promise);

    if (t->no_memory)
        code = CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK) {
        const int is_told = t->message[0] != '\0' && !t->no_memory;

        asynchron_curl_fail(a, code, is_told ? t->message : curl_easy_strerror(code));
    } else if (t->len == 0) {
        (void)asynchron_set_bytes(a, NULL, 0);
    } else {
        char *body = (char *)realloc(t->body, t->len); /* gives back what was not needed */

        if (body == NULL)
            body = t->body;
        t->body = NULL;
        (void)asynchron_set_buffer(a, body, t->len, body, free);
    }
}

/* Ends a transfer that is over for libcurl, on the thread. What it has become is delivered; if it has become nothing, and is
   not complete, it fails as broken. Callbacks run in here. */
static inline void asynchron_curl_finish(asynchron_curl_transfer_t *t, const CURLcode *code)
{
    asynchron_curl_t *c = t->c;

    if (t->next != NULL)
        t->next->previous = t->previous;
    if (t->previous != NULL)
        t->previous->next = t->next;
    else
        c->running = t->next;
    (void)pthread_mutex_lock(&c->lock);
    t->over = 1;
    (void)pthread_mutex_unlock(&c->lock);
    asynchron_curl_give_back(t->easy, t->done, t->ctx);
    if (code != NULL)
        asynchron_curl_deliver(t, *code);
    asynchron_promise_release(t->promise);
    free(t->body);
    (void)pthread_mutex_lock(&c->lock);
    asynchron_curl_unlock_and_forget(t);
}

/* Takes a transfer out before it is over: then libcurl never says that it is. */
static inline void asynchron_curl_remove(asynchron_curl_transfer_t *t)
{
    (void)curl_multi_remove_handle(t->c->multi, t->easy);
    asynchron_curl_finish(t, NULL);
}

/* Begins one, unless it is complete by now: then it is among those that are stopped, too, or soon will be. */
static inline void asynchron_curl_begin(asynchron_curl_t *c, asynchron_curl_transfer_t *t)
{
    CURLMcode refused;

    t->next = c->running;
    if (t->next != NULL)
        t->next->previous = t;
    c->running = t;
    if (asynchron_poll(asynchron_promise_asynchron(t->promise)) != ASYNCHRON_PENDING)
        return;
    refused = curl_multi_add_handle(c->multi, t->easy);
    if (refused != CURLM_OK) {
        const CURLcode code = refused == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;

        strncpy(t->message, curl_multi_strerror(refused), sizeof t->message - 1);
        asynchron_curl_finish(t, &code);
    }
}

/* Does what other threads have asked for. False: it is to end. */
static inline int asynchron_curl_serve(asynchron_curl_t *c)
{
    asynchron_curl_transfer_t *begun, *stopped;
    int ending;

    (void)pthread_mutex_lock(&c->lock);
    begun = c->begun;
    c->begun = NULL;
    c->end = &c->begun;
    stopped = c->stopped;
    c->stopped = NULL;
    ending = c->ending;
    (void)pthread_mutex_unlock(&c->lock);

    while (begun != NULL) {
        asynchron_curl_transfer_t *t = begun;

        begun = t->after;
        asynchron_curl_begin(c, t);
    }
    while (stopped != NULL) {
        asynchron_curl_transfer_t *t = stopped;

        stopped = t->after_stopped;
        if (!t->over) /* only this thread sets it */
            asynchron_curl_remove(t);
        (void)pthread_mutex_lock(&c->lock);
        asynchron_curl_unlock_and_forget(t);
    }
    return !ending;
}

static inline void *asynchron_curl_run(void *pointer)
{
    asynchron_curl_t *c = (asynchron_curl_t *)pointer;
    CURLM *multi = c->multi;

    while (asynchron_curl_serve(c)) {
        CURLMsg *message;
        int count;

        (void)curl_multi_perform(multi, &count);
        while ((message = curl_multi_info_read(multi, &count)) != NULL) {
            char *transfer = NULL;
            CURL *easy = message->easy_handle;
            const CURLcode code = message->data.result;

            if (message->msg != CURLMSG_DONE)
                continue;
            (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
            (void)curl_multi_remove_handle(multi, easy); /* the message is gone with this */
            asynchron_curl_finish((asynchron_curl_transfer_t *)(void *)transfer, &code);
        }
        if (curl_multi_poll(multi, NULL, 0, c->running == NULL ? INT_MAX : ASYNCHRON_CURL_LOOK, NULL) != CURLM_OK)
            (void)poll(NULL, 0, 10); /* without memory: later */
    }
    while (c->running != NULL)
        asynchron_curl_remove(c->running);
    (void)pthread_mutex_lock(&c->lock);
    c->multi = NULL;
    (void)pthread_mutex_unlock(&c->lock);
    (void)curl_multi_cleanup(multi);

    /* A completion by others may still have put one here. */
    (void)asynchron_curl_serve(c);
    (void)pthread_mutex_lock(&c->lock);
    asynchron_curl_unlock_and_unref(c);
    return NULL;
}

#endif /* ASYNCHRON_CURL_THREAD_H */
