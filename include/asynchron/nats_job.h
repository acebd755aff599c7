/* asynchron/nats_job.h: how a worker of asynchron/nats.h comes to an answer. Include that instead: nothing here is for
 * its user but asynchron_nats_fn_t and the name of asynchron_nats_server_t.
 *
 * A job is a request that is being answered. It is numbered, as the caller answers its beats at the worker's inbox. It
 * ends when its asynchron is complete, which sends the answer, and its function has returned.
 */
#ifndef ASYNCHRON_NATS_JOB_H
#define ASYNCHRON_NATS_JOB_H

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

#endif /* ASYNCHRON_NATS_JOB_H */
