/* asynchron/nats_serve.h: a worker of asynchron/nats.h: its beats, its beginning and its end. Include that instead:
 * nothing here is for its user. */
#ifndef ASYNCHRON_NATS_SERVE_H
#define ASYNCHRON_NATS_SERVE_H

#include "nats_job.h"

/* How long a worker that stops waits for the server to say that it sends no more, in milliseconds. */
#define ASYNCHRON_NATS_DRAIN_MS 5000

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

/* The first job, in the order of the chains after a place, whose beat is due, with a reference; NULL: there is none.
   The lock is held. */
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
                      : natsConnection_QueueSubscribe(&requests, nc, subject, queue, asynchron_nats_request_came,
                                                    server);
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

    /* The connection was closed in this moment. A last callback may run, and cnats does not say until when: so its
       reference to the server is never given up. */
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
    if (!is_first)
        return;
    /* Without a server nothing more comes, and cnats would wait for it to come back. */
    if (natsConnection_Status(server->side.nc) != NATS_CONN_STATUS_CONNECTED ||
        natsSubscription_DrainTimeout(server->requests, ASYNCHRON_NATS_DRAIN_MS) != NATS_OK)
        (void)natsSubscription_Unsubscribe(server->requests);
}

#endif /* ASYNCHRON_NATS_SERVE_H */
