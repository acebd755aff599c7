/* asynchron/nats_call.h: the caller's side of asynchron/nats.h. Include that instead: nothing here is for its user.
 *
 * A line is what a connection has for its requests: the inbox to which all their replies come. It is found by the
 * connection, in a list, and leaves it when the inbox closes. Until then the inbox keeps the connection's memory, so no
 * other connection can have that address. The list is of one source file: each that makes requests has its own lines.
 *
 * A call ends in one of four ways: a reply comes; its asynchron was completed by others; it has not heard of its worker
 * for too long; or the inbox closes. The first that takes it out of the line ends it.
 */
#ifndef ASYNCHRON_NATS_CALL_H
#define ASYNCHRON_NATS_CALL_H

#include "nats_side.h"

typedef struct asynchron_nats_line_t {
    asynchron_nats_side_t side;
    struct asynchron_nats_line_t *next; /* in the list: under the list's lock */
} asynchron_nats_line_t;

/* It belongs to the line, and to the callback that is told of the completion. */
typedef struct asynchron_nats_call_t {
    asynchron_nats_node_t node; /* from here on: under the lock */
    asynchron_nats_side_t *side;
    int references;
    uint64_t beat_ns;           /* 0: there are none */
    uint64_t heard_ns;          /* when, of the worker */
    char *worker;               /* where the worker listens; NULL: not known */
    asynchron_promise_t *promise;
} asynchron_nats_call_t;

static pthread_mutex_t asynchron_nats_lines_lock = PTHREAD_MUTEX_INITIALIZER;
static asynchron_nats_line_t *asynchron_nats_lines;

/* Lets go of a call, and of its share in the side, whose lock is held. */
static inline void asynchron_nats_unlock_and_forget(asynchron_nats_call_t *call)
{
    asynchron_nats_side_t *side = call->side;

    if (--call->references > 0) {
        (void)pthread_mutex_unlock(&side->lock);
        return;
    }
    free(call->worker);
    free(call);
    asynchron_nats_unlock_and_unref(side);
}

/* The line is through with a call that was taken out. Callbacks run in here, if it breaks. */
static inline void asynchron_nats_hang_up(asynchron_nats_call_t *call)
{
    asynchron_promise_release(call->promise);
    (void)pthread_mutex_lock(&call->side->lock);
    asynchron_nats_unlock_and_forget(call);
}

/* Fails calls that were taken out. */
static inline void asynchron_nats_fail_calls(asynchron_nats_node_t *calls, natsStatus code, const char *message)
{
    while (calls != NULL) {
        asynchron_nats_call_t *call = (asynchron_nats_call_t *)(void *)calls;

        calls = calls->next;
        asynchron_nats_fail(asynchron_promise_asynchron(call->promise), (int32_t)code, "nats", message);
        asynchron_nats_hang_up(call);
    }
}

static inline void asynchron_nats_call_cancelled(asynchron_t *a, void *call)
{
    (void)a, (void)call; /* the drop, which comes next, does all */
}

/* The asynchron is complete. Unless the line did that, the worker is told, if it is known. */
static inline void asynchron_nats_call_over(asynchron_nats_call_t *call)
{
    asynchron_nats_side_t *side = call->side;
    char *worker;
    int was_there;

    (void)pthread_mutex_lock(&side->lock);
    was_there = asynchron_nats_remove(side, &call->node);
    worker = call->worker;
    call->worker = NULL;
    (void)pthread_mutex_unlock(&side->lock);
    if (worker != NULL && was_there)
        (void)natsConnection_PublishString(side->nc, worker, ASYNCHRON_NATS_UNWANTED);
    free(worker);
    if (was_there)
        asynchron_nats_hang_up(call);
}

/* This is the drop of a callback for cancels alone, which is no interest in the value, and whose drop comes also if
   there was a failure or a value. */
static inline void asynchron_nats_call_completed(void *pointer)
{
    asynchron_nats_call_t *call = (asynchron_nats_call_t *)pointer;

    asynchron_nats_call_over(call);
    (void)pthread_mutex_lock(&call->side->lock);
    asynchron_nats_unlock_and_forget(call);
}

static inline void asynchron_nats_drop_msg(void *msg)
{
    natsMsg_Destroy((natsMsg *)msg);
}

/* A text that is given as bytes. */
static inline char *asynchron_nats_text_of(natsMsg *msg)
{
    const size_t len = (size_t)natsMsg_GetDataLength(msg);
    char *text = (char *)malloc(len + 1);

    if (text != NULL) {
        if (len > 0)
            memcpy(text, natsMsg_GetData(msg), len);
        text[len] = '\0';
    }
    return text;
}

/* Makes of `a` what the reply says. */
static inline void asynchron_nats_deliver(asynchron_t *a, natsMsg *msg, const char *status)
{
    char *text;

    if (natsMsg_IsNoResponders(msg)) {
        asynchron_nats_fail(a, NATS_NO_RESPONDERS, "nats", natsStatus_GetText(NATS_NO_RESPONDERS));
        natsMsg_Destroy(msg);
        return;
    }
    if (status == NULL) {
        (void)asynchron_set_buffer(a, natsMsg_GetData(msg), (size_t)natsMsg_GetDataLength(msg), msg,
                                   asynchron_nats_drop_msg);
        return;
    }
    text = asynchron_nats_text_of(msg);
    if (strcmp(status, ASYNCHRON_NATS_CANCELLED) == 0) {
        if (asynchron_cancel_with(a, text) == ASYNCHRON_E_NOMEM)
            (void)asynchron_cancel(a);
    } else if (strcmp(status, ASYNCHRON_NATS_FAILED) == 0) {
        const char *code = asynchron_nats_header(msg, ASYNCHRON_NATS_CODE);
        const char *header = asynchron_nats_header(msg, ASYNCHRON_NATS_DOMAIN);
        char *domain = header == NULL ? NULL : (char *)malloc(strlen(header) + 1);

        if (domain != NULL) {
            strcpy(domain, header);
            asynchron_nats_decode(domain);
        }
        asynchron_nats_fail(a, code == NULL ? 0 : (int32_t)strtol(code, NULL, 10), domain, text);
        free(domain);
    } else {
        asynchron_nats_fail(a, NATS_PROTOCOL_ERROR, "nats", natsStatus_GetText(NATS_PROTOCOL_ERROR));
    }
    free(text);
    natsMsg_Destroy(msg);
}

/* A worker says that it is at it, and where it listens: it is told whether that is still wanted. */
static inline void asynchron_nats_beat_came(asynchron_nats_side_t *side, natsMsg *msg)
{
    const char *worker = natsMsg_GetReply(msg);
    asynchron_nats_call_t *call;
    int is_wanted;

    (void)pthread_mutex_lock(&side->lock);
    call = (asynchron_nats_call_t *)(void *)asynchron_nats_find(side, asynchron_nats_id_of(side, msg));
    is_wanted = call != NULL;
    if (is_wanted) {
        call->heard_ns = asynchron_nats_now();
        if (worker != NULL && (call->worker == NULL || strcmp(call->worker, worker) != 0)) {
            char *copy = (char *)malloc(strlen(worker) + 1);

            free(call->worker);
            call->worker = copy == NULL ? NULL : strcpy(copy, worker);
        }
    }
    (void)pthread_mutex_unlock(&side->lock);
    if (worker != NULL)
        (void)natsConnection_PublishString(side->nc, worker,
                                           is_wanted ? ASYNCHRON_NATS_WANTED : ASYNCHRON_NATS_UNWANTED);
    natsMsg_Destroy(msg);
}

/* Something came to the inbox of a line. */
static inline void asynchron_nats_reply_came(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *pointer)
{
    asynchron_nats_side_t *side = (asynchron_nats_side_t *)pointer;
    const char *status = asynchron_nats_header(msg, ASYNCHRON_NATS_STATUS);
    asynchron_nats_node_t *found;
    asynchron_nats_call_t *call;

    (void)nc, (void)sub;
    if (status != NULL && strcmp(status, ASYNCHRON_NATS_RUNNING) == 0) {
        asynchron_nats_beat_came(side, msg);
        return;
    }
    (void)pthread_mutex_lock(&side->lock);
    found = asynchron_nats_find(side, asynchron_nats_id_of(side, msg));
    if (found != NULL)
        (void)asynchron_nats_remove(side, found);
    (void)pthread_mutex_unlock(&side->lock);
    if (found == NULL) {
        natsMsg_Destroy(msg);
        return;
    }
    call = (asynchron_nats_call_t *)(void *)found;
    asynchron_nats_deliver(asynchron_promise_asynchron(call->promise), msg, status);
    asynchron_nats_hang_up(call);
}

/* Fails the calls whose workers were not heard for nearly three beats. While this process was stopped, or got no
   processor, it could hear nobody: a look that comes late gives all as much time more. */
static inline int asynchron_nats_line_tick(asynchron_nats_side_t *side)
{
    asynchron_nats_node_t *late = NULL;
    uint64_t now, slept;
    int goes_on;
    size_t i;

    (void)pthread_mutex_lock(&side->lock);
    now = asynchron_nats_now();
    slept = now - side->armed_ns > 2 * ASYNCHRON_NATS_LOOK ? now - side->armed_ns - ASYNCHRON_NATS_LOOK : 0;
    for (i = 0; i < side->room; i++) {
        asynchron_nats_node_t **place = &side->chains[i];

        while (*place != NULL) {
            asynchron_nats_node_t *node = *place;
            asynchron_nats_call_t *call = (asynchron_nats_call_t *)(void *)node;

            call->heard_ns = now - call->heard_ns > slept ? call->heard_ns + slept : now;
            if (call->beat_ns == 0 || now - call->heard_ns < call->beat_ns / 2 * 5) {
                place = &node->next;
            } else {
                *place = node->next;
                side->count--;
                node->next = late;
                late = node;
            }
        }
    }
    goes_on = asynchron_nats_goes_on(side);
    (void)pthread_mutex_unlock(&side->lock);
    asynchron_nats_fail_calls(late, NATS_MISSED_HEARTBEAT, "the worker was not heard for 3 beats");
    return goes_on;
}

/* Without memory for ticks, what waits for them would wait for ever. */
static inline void asynchron_nats_line_give_up(asynchron_nats_side_t *side)
{
    asynchron_nats_node_t *all;

    (void)pthread_mutex_lock(&side->lock);
    all = asynchron_nats_take_all(side);
    side->is_ticking = 0;
    (void)pthread_mutex_unlock(&side->lock);
    asynchron_nats_fail_calls(all, NATS_NO_MEMORY, natsStatus_GetText(NATS_NO_MEMORY));
}

static inline void asynchron_nats_line_last(asynchron_nats_side_t *side)
{
    free(side);
}

/* Nothing comes to the inbox any more: the connection is closed, or drained. */
static inline void asynchron_nats_line_closed(void *pointer)
{
    asynchron_nats_side_t *side = (asynchron_nats_side_t *)pointer;
    asynchron_nats_line_t **place;
    asynchron_nats_node_t *all;

    asynchron_nats_stop_ticking(side); /* from here on it does not join the list */
    (void)pthread_mutex_lock(&asynchron_nats_lines_lock);
    for (place = &asynchron_nats_lines; *place != NULL; place = &(*place)->next)
        if (&(*place)->side == side) {
            *place = (*place)->next;
            break;
        }
    (void)pthread_mutex_unlock(&asynchron_nats_lines_lock);
    (void)pthread_mutex_lock(&side->lock);
    all = asynchron_nats_take_all(side);
    (void)pthread_mutex_unlock(&side->lock);
    asynchron_nats_fail_calls(all, NATS_CONNECTION_CLOSED, natsStatus_GetText(NATS_CONNECTION_CLOSED));
    asynchron_nats_unref(side);
}

/* The line of a connection in the list, with a reference; NULL: there is none. The list's lock is held. */
static inline asynchron_nats_line_t *asynchron_nats_known_line(natsConnection *nc)
{
    asynchron_nats_line_t *line = asynchron_nats_lines;

    while (line != NULL && line->side.nc != nc)
        line = line->next;
    if (line != NULL)
        asynchron_nats_ref(&line->side);
    return line;
}

/* The same, and makes one if there is none. */
static inline natsStatus asynchron_nats_line_of(natsConnection *nc, asynchron_nats_line_t **out)
{
    asynchron_nats_line_t *line, *made;
    natsStatus s;

    (void)pthread_mutex_lock(&asynchron_nats_lines_lock);
    *out = asynchron_nats_known_line(nc);
    (void)pthread_mutex_unlock(&asynchron_nats_lines_lock);
    if (*out != NULL)
        return NATS_OK;

    made = (asynchron_nats_line_t *)calloc(1, sizeof *made);
    if (made == NULL)
        return NATS_NO_MEMORY;
    made->side.references = 2; /* the inbox', and what is returned */
    made->side.tick = asynchron_nats_line_tick;
    made->side.give_up = asynchron_nats_line_give_up;
    made->side.last = asynchron_nats_line_last;
    s = asynchron_nats_open(&made->side, nc, asynchron_nats_reply_came, asynchron_nats_line_closed);
    if (s != NATS_OK) {
        free(made);
        return s;
    }
    (void)pthread_mutex_lock(&asynchron_nats_lines_lock);
    line = asynchron_nats_known_line(nc); /* which another thread has made at the same time */
    (void)pthread_mutex_lock(&made->side.lock);
    if (line == NULL && !made->side.is_closed) {
        made->next = asynchron_nats_lines;
        asynchron_nats_lines = made;
    }
    (void)pthread_mutex_unlock(&made->side.lock);
    (void)pthread_mutex_unlock(&asynchron_nats_lines_lock);
    if (line != NULL) {
        (void)natsSubscription_Unsubscribe(made->side.inbox);
        asynchron_nats_unref(made);
        made = line;
    }
    *out = made;
    return NATS_OK;
}

#endif /* ASYNCHRON_NATS_CALL_H */
