/* asynchron/nats.h: asynchrons that another process completes, on another host, over NATS and its C client, cnats.
 *
 *     natsConnection_Connect(&nc, options);
 *     a = asynchron_nats_request(nc, "sums", "some text", 9, ASYNCHRON_FOREVER);   // here
 *     ...
 *     static int32_t sum(asynchron_t *self, natsMsg *request, void *ctx)           // there
 *     {
 *         ... natsMsg_GetData(request), natsMsg_GetDataLength(request) ...
 *         return asynchron_set_bytes(self, &number, sizeof number);
 *     }
 *     asynchron_nats_serve(nc, "sums", "workers", sum, NULL, &server);
 *
 * What holds:
 *
 *   - What `self` becomes is what `a` becomes: the value; the failure, with its code, domain and message; the cancel,
 *     with its reason. A failure's payload stays where it is. A value is bytes: one of asynchron_set_pointer() becomes
 *     a failure.
 *   - What goes wrong between both is a failure with the domain "nats" and the natsStatus: NATS_NO_RESPONDERS if there
 *     is no worker, at once; NATS_MISSED_HEARTBEAT if the worker was not heard for 3 beats; NATS_CONNECTION_CLOSED;
 *     NATS_MAX_PAYLOAD; NATS_DRAINING if the worker ends. Nothing waits for ever. Whether the work was done is not
 *     known then: NATS delivers at most once. If that does no harm, ask again.
 *   - Whatever else completes `a` cancels `self`, with the reason "unwanted": asynchron_cancel(),
 *     asynchron_expire_after(), a value that you deliver; also when nobody wants `a` any more. The worker hears of it
 *     within 0.1 s of the request, or at once if it was at it for longer; without beats not at all. A caller that was
 *     not heard for 3 beats does not want it either.
 *   - The other side may be any client of NATS: a request's payload is your data, and an answer's is the value. A plain
 *     responder has to answer within 3 beats, or be asked without beats: asynchron_nats_request_with().
 *   - Callbacks and steps of `a` run on the thread that completes it: one of cnats, which delivers all answers to this
 *     connection; the one that serves timers; after asynchron_cancel(), the thread that called that. While one runs on
 *     that of cnats, no other answer is heard, and no beat: do not wait in there, or give it an executor.
 *   - The connection may be closed, drained or destroyed at any time: what is pending fails soon after, and a worker's
 *     asynchrons are cancelled. Until that is done, some memory of the connection stays. Any options of cnats will do,
 *     but inboxes begin with "_INBOX." whatever prefix was chosen. With natsOptions_SetSendAsap() cnats sends at once;
 *     without, it keeps what it has to send for up to 1 ms, to send more together.
 *   - A connection that was never made, of natsOptions_SetRetryOnFailedConnect(): a request fails at once, with
 *     NATS_NO_SERVER_SUPPORT, as cnats does not know yet whether the server has headers. Without beats it is kept until
 *     there is a connection. A worker may be begun.
 *   - fork(): the child has none of the threads of cnats. There, use neither the parent's connections nor what came of
 *     them.
 *
 * Needs cnats 3.4 or later, a server with headers (2.2 or later), and POSIX threads. With -std=c99, set _POSIX_C_SOURCE
 * to 200809L. What goes over the wire is in the guide "More than one machine".
 */
#ifndef ASYNCHRON_NATS_H
#define ASYNCHRON_NATS_H

#include "nats_call.h"
#include "nats_serve.h"

/** The time between two beats, in nanoseconds, unless asynchron_nats_request_with() is told another. */
#define ASYNCHRON_NATS_BEAT_NS 1000000000u

/* Sends the request of a call. */
static inline natsStatus asynchron_nats_publish(asynchron_nats_side_t *side, asynchron_nats_call_t *call,
                                                const char *subject, const void *data, size_t len)
{
    char reply[ASYNCHRON_NATS_SUBJECT], beat[24];
    natsMsg *msg = NULL;
    natsStatus s;

    if (len > INT_MAX)
        return NATS_MAX_PAYLOAD;
    asynchron_nats_subject_of(side, call->node.id, reply);
    if (call->beat_ns == 0)
        return natsConnection_PublishRequest(side->nc, subject, reply, data, (int)len);
    (void)snprintf(beat, sizeof beat, "%llu", (unsigned long long)(call->beat_ns / 1000000u));
    s = natsMsg_Create(&msg, subject, reply, (const char *)data, (int)len);
    if (s == NATS_OK)
        s = natsMsgHeader_Set(msg, ASYNCHRON_NATS_BEAT, beat);
    if (s == NATS_OK)
        s = natsConnection_PublishMsg(side->nc, msg);
    natsMsg_Destroy(msg);
    return s;
}

/* Begins a call, whose asynchron is there, and gives up two of its references. What is wrong is said by the
   asynchron. */
static inline void asynchron_nats_begin_call(asynchron_nats_call_t *call, asynchron_t *a, const char *subject,
                                             const void *data, size_t len, uint64_t timeout_ns)
{
    asynchron_nats_side_t *side = call->side;
    int is_first_to_tick = 0;
    natsStatus s = NATS_OK;

    if (timeout_ns != ASYNCHRON_FOREVER && asynchron_expire_after(a, timeout_ns) < 0)
        s = NATS_NO_MEMORY;
    (void)pthread_mutex_lock(&side->lock);
    if (side->is_closed)
        s = NATS_CONNECTION_CLOSED;
    if (s == NATS_OK) {
        asynchron_nats_add(side, &call->node);
        is_first_to_tick = call->beat_ns != 0 && !side->is_ticking;
        side->is_ticking |= is_first_to_tick;
    }
    (void)pthread_mutex_unlock(&side->lock);
    if (s != NATS_OK) {
        asynchron_nats_fail(a, (int32_t)s, "nats", natsStatus_GetText(s));
        asynchron_nats_hang_up(call); /* for the line */
    } else {
        if (is_first_to_tick)
            asynchron_nats_tick(side);
        s = asynchron_nats_publish(side, call, subject, data, len);
        if (s != NATS_OK)
            asynchron_nats_fail(a, (int32_t)s, "nats", natsStatus_GetText(s));
        else if (asynchron_poll(a) != ASYNCHRON_PENDING)
            asynchron_nats_call_over(call); /* perhaps it was before it was in the line */
    }
    (void)pthread_mutex_lock(&side->lock);
    asynchron_nats_unlock_and_forget(call);
}

/**
 * As asynchron_nats_request(), with other beats.
 *
 * - Needs: `beat_ns`, the time between two beats, at least 0.1 s, or it becomes that; ASYNCHRON_FOREVER for no beats:
 *   then only a time limit notices that a worker has died, and a worker does not hear that its answer is not wanted; 0
 *   for ASYNCHRON_NATS_BEAT_NS.
 */
static inline asynchron_t *asynchron_nats_request_with(natsConnection *nc, const char *subject, const void *data,
                                                       size_t len, uint64_t timeout_ns, uint64_t beat_ns)
{
    asynchron_notify_options_t options;
    asynchron_nats_line_t *line = NULL;
    asynchron_nats_call_t *call;
    asynchron_t *a;
    natsStatus s;

    if (nc == NULL || subject == NULL || (data == NULL && len > 0))
        return NULL;
    a = asynchron_create(NULL);
    if (a == NULL)
        return NULL;
    s = asynchron_nats_is_word(subject) ? asynchron_nats_line_of(nc, &line) : NATS_INVALID_SUBJECT;
    if (s != NATS_OK) {
        asynchron_nats_fail(a, (int32_t)s, "nats", natsStatus_GetText(s));
        return a;
    }
    call = (asynchron_nats_call_t *)calloc(1, sizeof *call);
    if (call != NULL)
        call->promise = asynchron_promise_create(a, ASYNCHRON_PROMISE_CANCEL_UNWANTED);
    if (call == NULL || call->promise == NULL) {
        free(call);
        asynchron_release(a);
        asynchron_nats_unref(line);
        return NULL;
    }
    if (beat_ns == 0)
        beat_ns = ASYNCHRON_NATS_BEAT_NS;
    call->beat_ns = beat_ns == ASYNCHRON_FOREVER ? 0 : beat_ns < 100000000u ? 100000000u : beat_ns;
    call->heard_ns = asynchron_nats_now();
    call->side = &line->side; /* with the reference */
    call->references = 3;     /* the line's, the callback's, and this call's */

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.fn = asynchron_nats_call_cancelled;
    options.ctx = call;
    options.drop_ctx = asynchron_nats_call_completed;
    options.flags = ASYNCHRON_ON_CANCEL;
    if (asynchron_notify_with(a, &options, NULL) == ASYNCHRON_OK) {
        asynchron_nats_begin_call(call, a, subject, data, len, timeout_ns);
        return a;
    }
    asynchron_release(a);
    asynchron_nats_hang_up(call);
    (void)pthread_mutex_lock(&line->side.lock);
    asynchron_nats_unlock_and_forget(call);
    return NULL;
}

/**
 * Asks whoever serves `subject`. The first answer counts, and later ones are ignored.
 *
 * - Needs: `nc`, a connection, also one that is closed or has lost its server: then the request fails, or is sent when
 *   the server is back; `subject`, without wildcards; `data` readable for `len` bytes, or NULL if `len` is 0;
 *   `timeout_ns`, as for asynchron_expire_after(): ASYNCHRON_FOREVER leaves it to the beats.
 * - Ownership: `nc`, `subject` and `data` stay yours, and may be gone when it returns. The reference returned is yours:
 *   asynchron_release() it. The value is the payload as it was received, without a copy, so it is not aligned: read
 *   numbers from it by memcpy().
 * - Threads: any. As natsConnection_Publish() it may block while a slow network takes no more.
 * - Returns: the asynchron, which becomes the answer, or has failed already: domain "nats"; NULL for a NULL, or if
 *   there is no memory.
 */
static inline asynchron_t *asynchron_nats_request(natsConnection *nc, const char *subject, const void *data, size_t len,
                                                  uint64_t timeout_ns)
{
    return asynchron_nats_request_with(nc, subject, data, len, timeout_ns, 0);
}

/**
 * As asynchron_nats_serve(), with a context that is freed, and an executor.
 *
 * - Needs: `executor`, on which `fn` runs; NULL for that of asynchron_spawn().
 * - Ownership: `ctx` is handed over, whatever is returned; `drop_ctx`(ctx) runs when the last `fn` has returned and the
 *   server was released; with `drop_ctx` NULL nobody frees it. `executor` stays yours: a reference of its own is taken.
 */
static inline asynchron_status_t asynchron_nats_serve_with(natsConnection *nc, const char *subject, const char *queue,
                                                           asynchron_nats_fn_t fn, void *ctx,
                                                           asynchron_drop_fn_t drop_ctx,
                                                           asynchron_executor_t *executor,
                                                           asynchron_nats_server_t **out)
{
    const int is_valid = nc != NULL && subject != NULL && asynchron_nats_is_word(subject) && fn != NULL &&
                         out != NULL && (queue == NULL || asynchron_nats_is_word(queue));
    asynchron_nats_server_t *server = NULL;
    natsStatus s = NATS_NO_MEMORY;

    if (is_valid)
        server = (asynchron_nats_server_t *)calloc(1, sizeof *server);
    if (server != NULL)
        server->over = asynchron_create(NULL);
    if (server != NULL && server->over != NULL) {
        server->fn = fn;
        server->ctx = ctx;
        server->drop_ctx = drop_ctx;
        server->executor = executor == NULL ? asynchron_executor_default() : asynchron_executor_retain(executor);
        server->active = 1;
        server->side.references = 3; /* what is returned, the inbox', and that of the subscription to requests */
        server->side.tick = asynchron_nats_server_tick;
        server->side.give_up = asynchron_nats_server_give_up;
        server->side.last = asynchron_nats_server_last;
        s = asynchron_nats_open(&server->side, nc, asynchron_nats_answer_came, asynchron_nats_answers_closed);
        if (s == NATS_OK) {
            s = asynchron_nats_listen(server, subject, queue);
            if (s == NATS_OK) {
                *out = server;
                return ASYNCHRON_OK;
            }
            return asynchron_nats_status_of(s);
        }
        asynchron_executor_release(server->executor);
        asynchron_release(server->over);
    }
    free(server);
    if (drop_ctx != NULL)
        drop_ctx(ctx);
    return is_valid ? asynchron_nats_status_of(s) : ASYNCHRON_E_INVALID;
}

/**
 * Has `fn` compute the answer to each request of `subject`: `fn`(self, request, ctx), as asynchron_fn_t, on a
 * background thread. What `self` becomes is sent back.
 *
 * `fn` may have `self` follow another asynchron, as for an answer that comes later. `asynchron_poll(self)` says whether
 * the answer is still wanted: `self` is cancelled with the reason "unwanted" if not.
 *
 * - Needs: `nc`, connected or about to be; `subject`, perhaps with wildcards; `queue`, the name of the group of which
 *   one worker gets each request; NULL: each worker gets all requests, and the first answer counts. `fn` not NULL.
 *   `out` writable.
 * - Ownership: `nc` stays yours, `ctx` too: it must live until the last `fn` has returned. The server is yours:
 *   asynchron_nats_release() it. `request` is lent: valid until `fn` has returned and `self` is complete.
 * - Threads: any. The answer is sent by the thread that completes `self`.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, or a subject or a queue that cnats refuses; ASYNCHRON_E_CLOSED:
 *   the connection is closed or drained; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: anything else, as nats_GetLastError()
 *   says.
 */
static inline asynchron_status_t asynchron_nats_serve(natsConnection *nc, const char *subject, const char *queue,
                                                      asynchron_nats_fn_t fn, void *ctx, asynchron_nats_server_t **out)
{
    return asynchron_nats_serve_with(nc, subject, queue, fn, ctx, NULL, NULL, out);
}

/**
 * Takes no more requests, and waits until those that came are answered and their functions have returned: for a worker
 * that leaves without harm. A request that nobody else takes fails at once, as with no worker.
 *
 * - Threads: blocks, but not with a timeout of 0. Inside `fn` it would wait for itself.
 * - Returns: ASYNCHRON_OK: all is answered, or the connection is closed, and no function runs; ASYNCHRON_TIMEOUT:
 *   something does: ask again; ASYNCHRON_E_INVALID: NULL.
 */
static inline asynchron_status_t asynchron_nats_stop(asynchron_nats_server_t *server, uint64_t timeout_ns)
{
    if (server == NULL)
        return ASYNCHRON_E_INVALID;
    asynchron_nats_take_no_more(server, 0);
    return asynchron_wait(server->over, timeout_ns);
}

/**
 * Ends it. Requests that are not answered fail at their callers: domain "nats", code NATS_DRAINING. Functions that run
 * are not interrupted: asynchron_poll(self) tells them.
 *
 * - Needs: `server`, or NULL, which is ignored.
 * - Ownership: `server` is gone: no other call may use it at that time or later. To know when the last function has
 *   returned, use asynchron_nats_stop() before, or `drop_ctx`.
 * - Threads: any, also in `fn`. Does not wait for functions.
 */
static inline void asynchron_nats_release(asynchron_nats_server_t *server)
{
    if (server == NULL)
        return;
    asynchron_nats_take_no_more(server, 1);
    asynchron_nats_end_jobs(server, 0);
    asynchron_nats_unref(&server->side);
}

#endif /* ASYNCHRON_NATS_H */
