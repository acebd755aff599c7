/* asynchron/nats_serve.h: the worker's side of asynchron/nats.h. Include that instead: nothing here is for its user.
 *
 * A job is a request that is being answered. It is numbered, as the caller answers its beats at the worker's inbox. It ends
 * when its asynchron is complete, which sends the answer, and its function has returned.
 */
#ifndef ASYNCHRON_NATS_SERVE_H
#define ASYNCHRON_NATS_SERVE_H

#include "nats_answer.h"

/** Computes the answer to a request: see asynchron_nats_serve(). */
typedef int32_t (*asynchron_nats_fn_t)(asynchron_t *self, natsMsg *request, void *ctx);

/** Requests of one subject that are answered. Opaque, for any thread. */
typedef struct asynchron_nats_server_t {
    asynchron_nats_side_t side;
    natsSubscription *requests;
    asynchron_nats_fn_t fn;
    void *ctx;
    asynchron_drop_fn_t drop_ctx;
    asynchron_executor_t *executor;
    asynchron_t *over;  /* it has answered all, and takes no more */
    size_t active;      /* the subscription to requests, and jobs: under the lock */
    int is_stopping;    /* the subscription is being drained: under the lock */
    int is_ending;      /* requests are refused: under the lock */
} asynchron_nats_server_t;

/* It belongs to its function and to the callback of the completion. */
typedef struct asynchron_nats_job_t {
    asynchron_nats_node_t node; /* from here on: under the lock */
    asynchron_nats_server_t *server;
    int references;
    uint64_t beat_ns;           /* 0: there are none */
    uint64_t due_ns;            /* the next one */
    int unanswered;             /* how many in a row */
    int is_unwanted;            /* nobody waits for an answer */
    asynchron_t *self;          /* with a reference, until it is complete */
    asynchron_t *ended;         /* the same, while the server ends it */
    natsMsg *msg;
} asynchron_nats_job_t;

/* ---- Jobs ---- */

/* One less of what keeps a server from being over. The lock is held, and a reference to the server is given up. */
static inline void asynchron_nats_unlock_and_end(asynchron_nats_server_t *server)
{
    if (--server->active == 0) {
        asynchron_t *over = server->over;

        (void)pthread_mutex_unlock(&server->side.lock);
        (void)natsSubscription_Unsubscribe(server->side.inbox);
        (void)asynchron_set_bytes(over, NULL, 0);
        (void)pthread_mutex_lock(&server->side.lock);
    }
    asynchron_nats_unlock_and_unref(&server->side);
}

static inline void asynchron_nats_job_unref(void *pointer)
{
    asynchron_nats_job_t *job = (asynchron_nats_job_t *)pointer;
    asynchron_nats_server_t *server = job->server;

    (void)pthread_mutex_lock(&server->side.lock);
    if (--job->references > 0) {
        (void)pthread_mutex_unlock(&server->side.lock);
        return;
    }
    (void)pthread_mutex_unlock(&server->side.lock);
    natsMsg_Destroy(job->msg);
    free(job);
    (void)pthread_mutex_lock(&server->side.lock);
    asynchron_nats_unlock_and_end(server);
}

static inline int32_t asynchron_nats_job_run(asynchron_t *self, void *pointer)
{
    asynchron_nats_job_t *job = (asynchron_nats_job_t *)pointer;

    return job->server->fn(self, job->msg, job->server->ctx);
}

static inline void asynchron_nats_job_completed(asynchron_t *self, void *pointer)
{
    asynchron_nats_job_t *job = (asynchron_nats_job_t *)pointer;
    asynchron_nats_side_t *side = &job->server->side;
    int is_unwanted;

    (void)pthread_mutex_lock(&side->lock);
    (void)asynchron_nats_remove(side, &job->node);
    is_unwanted = job->is_unwanted;
    job->self = NULL;
    (void)pthread_mutex_unlock(&side->lock);
    if (!is_unwanted)
        asynchron_nats_answer(side->nc, natsMsg_GetReply(job->msg), self);
    asynchron_release(self);
}

/* What a request says of its beats, in nanoseconds. It came from anywhere. */
static inline uint64_t asynchron_nats_beat_of(uint64_t ms)
{
    return (ms < 100 ? 100 : ms > 86400000u ? 86400000u : ms) * 1000000u;
}

/* Begins to compute an answer. Without memory the caller is told so. */
static inline natsStatus asynchron_nats_begin(asynchron_nats_server_t *server, natsMsg *msg)
{
    const char *beat = asynchron_nats_header(msg, ASYNCHRON_NATS_BEAT);
    asynchron_nats_job_t *job = (asynchron_nats_job_t *)calloc(1, sizeof *job);
    asynchron_t *self = job == NULL ? NULL : asynchron_create(NULL);
    asynchron_notify_options_t options;
    int is_ending, is_first_to_tick;

    if (self == NULL) {
        free(job);
        return NATS_NO_MEMORY;
    }
    job->server = server;
    job->references = 3; /* the function's, the callback's, and this call's */
    job->beat_ns = beat == NULL ? 0 : asynchron_nats_beat_of(strtoull(beat, NULL, 10));
    job->due_ns = asynchron_nats_now() + ASYNCHRON_NATS_LOOK;
    job->self = self;
    job->msg = msg;
    (void)pthread_mutex_lock(&server->side.lock);
    is_ending = server->is_ending || server->side.is_closed;
    is_first_to_tick = !is_ending && job->beat_ns > 0 && !server->side.is_ticking;
    if (!is_ending) {
        asynchron_nats_add(&server->side, &job->node);
        server->side.references++;
        server->active++;
        server->side.is_ticking |= is_first_to_tick;
    }
    (void)pthread_mutex_unlock(&server->side.lock);
    if (is_ending) {
        asynchron_release(self);
        free(job);
        return NATS_DRAINING;
    }
    if (is_first_to_tick)
        asynchron_nats_tick(&server->side);

    (void)asynchron_retain(self); /* for this function: the job's goes with the completion */
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.fn = asynchron_nats_job_completed;
    options.ctx = job;
    options.drop_ctx = asynchron_nats_job_unref;
    if (asynchron_notify_with(self, &options, NULL) != ASYNCHRON_OK) {
        asynchron_nats_send_failure(server->side.nc, natsMsg_GetReply(msg), NATS_NO_MEMORY, NULL);
        (void)pthread_mutex_lock(&server->side.lock);
        job->is_unwanted = 1;
        (void)pthread_mutex_unlock(&server->side.lock);
        asynchron_nats_job_completed(self, job);
        asynchron_nats_job_unref(job); /* the function's */
    } else {
        const asynchron_status_t refused =
            asynchron_spawn_on(server->executor, self, asynchron_nats_job_run, job, asynchron_nats_job_unref);

        if (refused != ASYNCHRON_OK) {
            const natsStatus code = refused == ASYNCHRON_E_NOMEM    ? NATS_NO_MEMORY
                                    : refused == ASYNCHRON_E_CLOSED ? NATS_DRAINING
                                                                    : NATS_SYS_ERROR;

            asynchron_nats_fail(self, (int32_t)code, "nats", natsStatus_GetText(code));
        }
    }
    asynchron_release(self);
    asynchron_nats_job_unref(job);
    return NATS_OK;
}

static inline void asynchron_nats_request_came(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *pointer)
{
    asynchron_nats_server_t *server = (asynchron_nats_server_t *)pointer;
    const natsStatus s = asynchron_nats_begin(server, msg);

    (void)sub;
    if (s != NATS_OK) {
        asynchron_nats_send_failure(nc, natsMsg_GetReply(msg), s, NULL);
        natsMsg_Destroy(msg);
    }
}

/* ---- Beats ---- */

/* Takes a job's asynchron, with a reference, for it is not wanted. The lock is held. */
static inline asynchron_t *asynchron_nats_unwanted(asynchron_nats_job_t *job)
{
    job->is_unwanted = 1;
    return asynchron_retain(job->self);
}

static inline void asynchron_nats_cancel(asynchron_t *self, const char *reason)
{
    if (asynchron_cancel_with(self, reason) == ASYNCHRON_E_NOMEM)
        (void)asynchron_cancel(self);
    asynchron_release(self);
}

/* A caller has answered. */
static inline void asynchron_nats_answer_came(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *pointer)
{
    asynchron_nats_side_t *side = (asynchron_nats_side_t *)pointer;
    const size_t len = (size_t)natsMsg_GetDataLength(msg);
    const char *text = natsMsg_GetData(msg);
    asynchron_nats_job_t *job;
    asynchron_t *unwanted = NULL;

    (void)nc, (void)sub;
    (void)pthread_mutex_lock(&side->lock);
    job = (asynchron_nats_job_t *)(void *)asynchron_nats_find(side, asynchron_nats_id_of(side, msg));
    if (job != NULL && len == strlen(ASYNCHRON_NATS_WANTED) && memcmp(text, ASYNCHRON_NATS_WANTED, len) == 0)
        job->unanswered = 0;
    else if (job != NULL && len == strlen(ASYNCHRON_NATS_UNWANTED) && memcmp(text, ASYNCHRON_NATS_UNWANTED, len) == 0)
        unwanted = asynchron_nats_unwanted(job);
    (void)pthread_mutex_unlock(&side->lock);
    if (unwanted != NULL)
        asynchron_nats_cancel(unwanted, "unwanted");
    natsMsg_Destroy(msg);
}

/* Sends one beat: a job that is at it says so, and where it can be told that it is not wanted. */
static inline void asynchron_nats_beat(asynchron_nats_side_t *side, uint64_t id, const char *reply)
{
    char inbox[ASYNCHRON_NATS_SUBJECT];
    natsMsg *msg = NULL;

    asynchron_nats_subject_of(side, id, inbox);
    if (natsMsg_Create(&msg, reply, inbox, NULL, 0) == NATS_OK &&
        natsMsgHeader_Set(msg, ASYNCHRON_NATS_STATUS, ASYNCHRON_NATS_RUNNING) == NATS_OK)
        (void)natsConnection_PublishMsg(side->nc, msg);
    natsMsg_Destroy(msg);
}

/* The first job, in the order of the chains after a place, whose beat is due, with a reference; NULL: there is none. The
   lock is held. */
static inline asynchron_nats_job_t *asynchron_nats_due(asynchron_nats_side_t *side, size_t *chain, uint64_t now)
{
    for (; *chain < side->room; ++*chain) {
        asynchron_nats_node_t *node;

        for (node = side->chains[*chain]; node != NULL; node = node->next) {
            asynchron_nats_job_t *job = (asynchron_nats_job_t *)(void *)node;

            if (job->beat_ns > 0 && job->due_ns <= now) {
                job->due_ns = now + job->beat_ns - ASYNCHRON_NATS_LOOK / 2;
                job->references++;
                return job;
            }
        }
    }
    return NULL;
}

/* Sends the beats that are due. A caller that has not answered three is gone. */
static inline int asynchron_nats_server_tick(asynchron_nats_side_t *side)
{
    const uint64_t now = asynchron_nats_now();
    asynchron_nats_job_t *job;
    size_t chain = 0;
    int goes_on;

    (void)pthread_mutex_lock(&side->lock);
    while ((job = asynchron_nats_due(side, &chain, now)) != NULL) {
        const uint64_t id = job->node.id;
        asynchron_t *gone = job->unanswered++ >= 3 ? asynchron_nats_unwanted(job) : NULL;

        (void)pthread_mutex_unlock(&side->lock);
        if (gone != NULL)
            asynchron_nats_cancel(gone, "the caller was not heard for 3 beats");
        else
            asynchron_nats_beat(side, id, natsMsg_GetReply(job->msg));
        asynchron_nats_job_unref(job);
        (void)pthread_mutex_lock(&side->lock);
    }
    goes_on = asynchron_nats_goes_on(side);
    (void)pthread_mutex_unlock(&side->lock);
    return goes_on;
}

/* There is no memory for ticks, so callers will not hear of it. It goes on, and the next request tries again. */
static inline void asynchron_nats_server_give_up(asynchron_nats_side_t *side)
{
    (void)pthread_mutex_lock(&side->lock);
    side->is_ticking = 0;
    (void)pthread_mutex_unlock(&side->lock);
}

/* ---- The end ---- */

/* Completes all jobs: with a failure if the caller can be told, else with a cancel. */
static inline void asynchron_nats_end_jobs(asynchron_nats_server_t *server, int is_closed)
{
    asynchron_nats_side_t *side = &server->side;
    asynchron_nats_node_t *all, *node;

    (void)pthread_mutex_lock(&side->lock);
    all = asynchron_nats_take_all(side);
    for (node = all; node != NULL; node = node->next) {
        asynchron_nats_job_t *job = (asynchron_nats_job_t *)(void *)node;

        job->is_unwanted |= is_closed;
        job->references++;
        job->ended = asynchron_retain(job->self);
    }
    (void)pthread_mutex_unlock(&side->lock);
    while (all != NULL) {
        asynchron_nats_job_t *job = (asynchron_nats_job_t *)(void *)all;
        asynchron_t *self = job->ended;

        all = all->next;
        if (!is_closed) {
            asynchron_nats_fail(self, NATS_DRAINING, "nats", "the worker has ended");
            asynchron_release(self);
        } else {
            asynchron_nats_cancel(self, "the connection is closed");
        }
        asynchron_nats_job_unref(job);
    }
}

/* No request comes any more, and no callback for one runs. */
static inline void asynchron_nats_requests_closed(void *pointer)
{
    asynchron_nats_server_t *server = (asynchron_nats_server_t *)pointer;

    (void)pthread_mutex_lock(&server->side.lock);
    asynchron_nats_unlock_and_end(server);
}

/* No answer of a caller comes any more: the server is over, or the connection is closed or drained. */
static inline void asynchron_nats_answers_closed(void *pointer)
{
    asynchron_nats_server_t *server = (asynchron_nats_server_t *)pointer;

    asynchron_nats_stop_ticking(&server->side);
    asynchron_nats_end_jobs(server, natsConnection_IsClosed(server->side.nc));
    asynchron_nats_unref(&server->side);
}

static inline void asynchron_nats_server_last(asynchron_nats_side_t *side)
{
    asynchron_nats_server_t *server = (asynchron_nats_server_t *)(void *)side;

    if (server->requests != NULL)
        natsSubscription_Destroy(server->requests);
    if (server->drop_ctx != NULL)
        server->drop_ctx(server->ctx);
    asynchron_executor_release(server->executor);
    asynchron_release(server->over);
    free(server);
}

/* Subscribes to the requests of a server that has an inbox. If that is refused, the server is given up. */
static inline natsStatus asynchron_nats_listen(asynchron_nats_server_t *server, const char *subject, const char *queue)
{
    natsConnection *nc = server->side.nc;
    natsSubscription *requests = NULL;
    natsStatus s;

    s = queue == NULL ? natsConnection_Subscribe(&requests, nc, subject, asynchron_nats_request_came, server)
                      : natsConnection_QueueSubscribe(&requests, nc, subject, queue, asynchron_nats_request_came, server);
    if (s != NATS_OK) {
        (void)pthread_mutex_lock(&server->side.lock);
        server->side.references--; /* the handle's */
        asynchron_nats_unlock_and_end(server);
        return s;
    }
    server->requests = requests;
    (void)natsSubscription_SetPendingLimits(requests, -1, -1);
    if (natsSubscription_SetOnCompleteCB(requests, asynchron_nats_requests_closed, server) == NATS_OK)
        return NATS_OK;

    /* The connection was closed in this moment. A last callback may run, and cnats does not say until when: so its reference
       to the server is never given up. */
    asynchron_nats_unref(&server->side);
    return NATS_CONNECTION_CLOSED;
}

/* What a refusal of cnats is here. */
static inline asynchron_status_t asynchron_nats_status_of(natsStatus s)
{
    switch (s) {
    case NATS_NO_MEMORY:
        return ASYNCHRON_E_NOMEM;
    case NATS_CONNECTION_CLOSED:
    case NATS_DRAINING:
    case NATS_INVALID_SUBSCRIPTION:
        return ASYNCHRON_E_CLOSED;
    case NATS_INVALID_ARG:
    case NATS_INVALID_SUBJECT:
    case NATS_INVALID_QUEUE_NAME:
        return ASYNCHRON_E_INVALID;
    default:
        return ASYNCHRON_E_SYSTEM;
    }
}

/* Takes no more requests. Those that cnats has received already still come, before the subscription closes. */
static inline void asynchron_nats_take_no_more(asynchron_nats_server_t *server, int is_ending)
{
    int is_first;

    (void)pthread_mutex_lock(&server->side.lock);
    is_first = !server->is_stopping;
    server->is_stopping = 1;
    server->is_ending |= is_ending;
    (void)pthread_mutex_unlock(&server->side.lock);
    if (is_first && natsSubscription_Drain(server->requests) != NATS_OK)
        (void)natsSubscription_Unsubscribe(server->requests);
}

#endif /* ASYNCHRON_NATS_SERVE_H */
