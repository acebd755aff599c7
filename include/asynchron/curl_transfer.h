/* asynchron/curl_transfer.h: a transfer of libcurl, however it is driven. Include curl.h, curl_uv.h or curl_epoll.h
 * instead: nothing here is for their user but asynchron_curl_done_fn_t and the name of asynchron_curl_t.
 *
 * A driver is a thread of its own or a loop of the program. A transfer is handed over in the list `begun`, and only the
 * driver's thread adds it to the multi handle and takes it out. It goes in one of three ways: libcurl says that it is
 * done; its asynchron was completed by others, who put it in the list `stopped`; or the driver ends. A transfer that
 * was taken out is never told of by libcurl.
 *
 * Nothing is called under the lock but wake(), which does not block. The program's functions run in
 * asynchron_curl_finish(), and may do anything there: begin, complete, release, and run the loop.
 */
#ifndef ASYNCHRON_CURL_TRANSFER_H
#define ASYNCHRON_CURL_TRANSFER_H

#include "posix.h"

#include <asynchron.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Called when an easy handle is used no more: see asynchron_curl_get_with(). */
typedef void (*asynchron_curl_done_fn_t)(CURL *easy, void *ctx);

/* One transfer. It belongs to the driver, and to the callback that is told of the completion. */
typedef struct asynchron_curl_transfer_t {
    struct asynchron_curl_transfer_t *previous, *next; /* of those that are under way: the driver's alone */
    struct asynchron_curl_transfer_t *after;           /* in `begun`: under the lock */
    struct asynchron_curl_transfer_t *after_stopped;   /* in `stopped`: under the lock */
    struct asynchron_curl_t *c;
    int references;                                    /* under the lock */
    int over;                                          /* nobody need stop it any more: the driver's, under the lock */
    CURL *easy;
    asynchron_curl_done_fn_t done;
    void *ctx;
    asynchron_promise_t *promise;
    char *body;
    size_t len, room;
    int no_memory;
    int is_under_way;                                  /* has been taken out of `begun`: the driver's alone */
    char message[CURL_ERROR_SIZE];
} asynchron_curl_transfer_t;

/** What drives transfers. Opaque, for any thread. */
typedef struct asynchron_curl_t {
    pthread_mutex_t lock;
    CURLM *multi;                            /* NULL once the driver is through with it: under the lock */
    int references;                          /* the user's, the driver's, each transfer's: under the lock */
    int ending;                              /* under the lock */
    asynchron_curl_transfer_t *begun, **end; /* handed over, in order: under the lock */
    asynchron_curl_transfer_t *stopped;      /* completed by others: under the lock */
    asynchron_curl_transfer_t *running;      /* the driver's alone */
    void *driver;                            /* its own struct, which begins with this one */
    int epfd;                                /* of the driver in curl_epoll.h; -1: another. No address says so: each
                                                file of a program has functions of its own here */
    void (*wake)(struct asynchron_curl_t *); /* has the driver call asynchron_curl_work() soon; under the lock */
    void (*release)(struct asynchron_curl_t *); /* what asynchron_curl_release() does */
} asynchron_curl_t;

/* Fills in what all drivers have, with two references. False: there is no memory. */
static inline int asynchron_curl_init(asynchron_curl_t *c, CURLM *multi, void (*wake)(asynchron_curl_t *),
                                      void (*release)(asynchron_curl_t *))
{
    if (pthread_mutex_init(&c->lock, NULL) != 0)
        return 0;
    c->multi = multi;
    c->references = 2;
    c->ending = 0;
    c->begun = c->stopped = c->running = NULL;
    c->end = &c->begun;
    c->driver = c;
    c->epfd = -1;
    c->wake = wake;
    c->release = release;
    return 1;
}

/* Lets go of `c`, whose lock is held. Each driver begins its own struct with it, so this frees all of that. */
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

/* The driver has something to do, if it has not been told so before. The lock is held. */
static inline void asynchron_curl_wake(asynchron_curl_t *c, int is_told)
{
    if (!is_told && c->multi != NULL)
        c->wake(c);
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

/* Nobody goes on with it. Without memory for the message, the promise breaks it. */
static inline void asynchron_curl_break(asynchron_t *a)
{
    (void)asynchron_fail_with(a, ASYNCHRON_E_BROKEN, "asynchron",
                              "what drives the transfers was released before this one was over", NULL, NULL);
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

/* Ends a transfer that is over for libcurl, on the driver's thread. What it has become is delivered; if it has become
   nothing, others have completed it, or it fails as broken. Callbacks run in here. */
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
    else
        asynchron_curl_break(asynchron_promise_asynchron(t->promise));
    asynchron_promise_release(t->promise);
    free(t->body);
    (void)pthread_mutex_lock(&c->lock);
    asynchron_curl_unlock_and_forget(t);
}

#endif /* ASYNCHRON_CURL_TRANSFER_H */
