/* asynchron/curl_get.h: beginning transfers, and the end of all, however they are driven. Include what drives them
 * instead:
 *
 *   curl.h         a thread of its own
 *   curl_uv.h      a loop of libuv
 *   curl_epoll.h   any loop that can watch a descriptor
 *
 * What holds for all of them:
 *
 *   - The value is the body, as received; nothing copies it at the end, and it is freed with the asynchron. As libcurl
 *     has it, an HTTP status of 400 or more is a value, too, unless CURLOPT_FAILONERROR is set.
 *   - A failure has the domain "curl", the CURLcode, and libcurl's message. If libcurl finds no memory while a loop
 *     drives it, that may be the failure of all that is under way.
 *   - Whatever else completes the asynchron stops the transfer soon: asynchron_cancel(), asynchron_expire_after(), a
 *     value that you deliver. If nobody but the transfer holds the asynchron any more, and nothing waits for it, it is
 *     cancelled, with the reason "unwanted". Only a name that is being looked up is waited for, by libcurl: on the
 *     thread of the transfers, so a loop that drives them stands still for so long.
 *   - All transfers share connections, and any thread may begin and stop one.
 *   - Callbacks and steps of the asynchron run on the thread that completes it, as everywhere. After the body, a
 *     failure of libcurl's or the release that is the thread of the transfers, outside of all calls of libcurl. After
 *     asynchron_cancel() it is the one that called that; after asynchron_expire_after(), the one that serves deadlines;
 *     and if it was complete before, the one that registers them. They may begin transfers, and release `c`. While one
 *     runs on the thread of the transfers, none of these goes on: do not wait in there, or give it an executor.
 *   - To have all of them on the thread of a loop, however the transfer ends: add it to a report that is attached to
 *     that loop (asynchron/uv.h, glib.h, epoll.h and so on), or register them with an executor whose tasks the loop
 *     runs (the guide "Executors").
 *   - If a loop drives them, do not wait for a transfer on its thread at all: nobody else goes on with it.
 *   - A write to a connection that is gone raises no signal.
 *   - fork(): in the child do not use the parent's `c`, not even to release it, and do not wait for what it began. The
 *     child may create one of its own.
 *
 * Needs libcurl 7.68 or later, and POSIX threads. With -std=c99, set _POSIX_C_SOURCE to 200809L.
 */
#ifndef ASYNCHRON_CURL_GET_H
#define ASYNCHRON_CURL_GET_H

#include "curl_work.h"

/**
 * As asynchron_curl_get(), but gives the easy handle back: for curl_easy_getinfo(), to use it again, or to free what
 * its options point to, such as a curl_slist of headers.
 *
 * - Needs: as asynchron_curl_get(); `done`, or NULL for curl_easy_cleanup(); any `ctx`.
 * - Ownership: `easy` is handed over, whatever is returned, until `done`(easy, ctx) is called, exactly once: before a
 *   value or a failure is delivered, or soon after a cancel; inside this call, if that returns NULL. It is yours again
 *   then, with CURLOPT_NOSIGNAL set; and CURLOPT_FORBID_REUSE, if libcurl found no memory in a loop.
 * - Threads: any. `done` runs on the thread of `c`, or inside this call. It may begin a transfer, also with `easy`.
 * - Returns: as asynchron_curl_get().
 */
static inline asynchron_t *asynchron_curl_get_with(asynchron_curl_t *c, CURL *easy, asynchron_curl_done_fn_t done,
                                                   void *ctx)
{
    asynchron_notify_options_t options;
    asynchron_curl_transfer_t *t = NULL;
    asynchron_t *a = NULL;

    if (easy == NULL)
        return NULL;
    if (c != NULL)
        t = (asynchron_curl_transfer_t *)calloc(1, sizeof *t);
    if (t != NULL) {
        a = asynchron_create(NULL);
        t->promise = asynchron_promise_create(a, ASYNCHRON_PROMISE_CANCEL_UNWANTED);
    }
    if (t == NULL || t->promise == NULL) {
        asynchron_release(a);
        free(t);
        asynchron_curl_give_back(easy, done, ctx);
        return NULL;
    }
    t->c = c;
    t->references = 2; /* the driver's and the callback's */
    t->easy = easy;
    t->done = done;
    t->ctx = ctx;
    (void)pthread_mutex_lock(&c->lock);
    c->references++;
    (void)pthread_mutex_unlock(&c->lock);

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.fn = asynchron_curl_cancelled;
    options.ctx = t;
    options.drop_ctx = asynchron_curl_completed;
    options.flags = ASYNCHRON_ON_CANCEL;
    t->over = 1; /* for a drop that comes at once */
    if (asynchron_notify_with(a, &options, NULL) != ASYNCHRON_OK) {
        asynchron_release(a);
        a = NULL;
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, asynchron_curl_received);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
        (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->message);
        (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
        (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        (void)pthread_mutex_lock(&c->lock);
        if (!c->ending) {
            asynchron_curl_wake(c, c->begun != NULL || c->stopped != NULL);
            t->over = 0;
            *c->end = t;
            c->end = &t->after;
            (void)pthread_mutex_unlock(&c->lock);
            return a;
        }
        (void)pthread_mutex_unlock(&c->lock);
    }
    asynchron_curl_give_back(easy, done, ctx);
    if (a != NULL)
        asynchron_curl_break(a);
    asynchron_promise_release(t->promise);
    (void)pthread_mutex_lock(&c->lock);
    asynchron_curl_unlock_and_forget(t);
    return a;
}

/**
 * Begins a transfer. It need be no GET: what to do is up to the options of the easy handle.
 *
 * - Needs: `c`; `easy`, with its URL and other options, in no multi handle, and used by nobody. These options are the
 *   adapter's: CURLOPT_WRITEFUNCTION, CURLOPT_WRITEDATA, CURLOPT_ERRORBUFFER, CURLOPT_PRIVATE, CURLOPT_NOSIGNAL. What
 *   other options point to must live until the handle is freed: asynchron_curl_get_with() tells when that is.
 * - Ownership: `easy` is handed over, whatever is returned, and freed by curl_easy_cleanup(): after a cancel nobody
 *   else could know when libcurl is through with it. The reference returned is yours: asynchron_release() it. If nobody
 *   wants the asynchron any more, the transfer is cancelled.
 * - Threads: any. Does not block.
 * - Returns: the asynchron, which becomes the body, or fails; NULL for a NULL, or if there is no memory.
 */
static inline asynchron_t *asynchron_curl_get(asynchron_curl_t *c, CURL *easy)
{
    return asynchron_curl_get_with(c, easy, NULL, NULL);
}

/**
 * Ends it. Transfers that are not over are removed, and fail as broken: domain "asynchron", code ASYNCHRON_E_BROKEN.
 * When it returns, all are complete, and their easy handles are freed or given back.
 *
 * Inside a callback of a transfer that runs on the thread of the transfers it returns at once, and all this is done
 * when that callback, and those that are due with it, have returned.
 *
 * If a loop drives them, and this is called on another thread than the loop's, it returns at once, too, and the loop's
 * next turn does all this. So a loop of libuv must still run, or run once more. One that watches a descriptor must
 * watch it until asynchron_curl_epoll_turn() returns 0; if it has ended, call that after this. The loop's thread is the
 * one that has run the last turn. Before the first turn it is the one that has created `c`, with libuv; and with a
 * descriptor, any: then nobody may be watching.
 *
 * - Needs: `c`, or NULL, which is ignored.
 * - Ownership: `c` is gone: no other call may use it at that time or later. Only callbacks that run on its thread may
 *   still begin transfers, which then are broken at once.
 * - Threads: any. If a thread of its own drives it, it blocks until that has ended, and so for its callbacks, unless it
 *   is called on that thread itself. If a loop drives it, it waits for no thread; on the loop's own, libcurl may wait
 *   for a name that is being looked up.
 */
static inline void asynchron_curl_release(asynchron_curl_t *c)
{
    if (c != NULL)
        c->release(c);
}

#endif /* ASYNCHRON_CURL_GET_H */
