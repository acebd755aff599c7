/* server.h: two threads that only deliver.
 *
 * The finisher completes every guarded asynchron a little after it was made, so that waits for those may be
 * without a limit. The courier delivers without a reference: whoever waits may release the last one at once. */
#ifndef SERVER_H
#define SERVER_H

#include "deliver.h"
#include "promise.h"
#include <pthread.h>

enum { QUEUE = 4096 };

struct errand {
    asynchron_t *a;
    uint64_t due;
    uint64_t number; /* of a duel; 0: a reference comes with it */
    asynchron_promise_t *promise; /* instead of `a` */
};

struct server {
    struct worker worker;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change;
    struct errand queue[QUEUE];
    size_t first, length;
    bool closing;
};

static struct server finisher, courier;

static bool order(struct server *server, struct errand errand)
{
    bool room;
    pthread_mutex_lock(&server->lock);
    room = server->length < QUEUE;
    if (room) {
        server->queue[(server->first + server->length++) % QUEUE] = errand;
        pthread_cond_signal(&server->change);
    }
    pthread_mutex_unlock(&server->lock);
    return room;
}

/* The next errand that is due; false at the end. */
static bool take(struct server *server, struct errand *errand)
{
    bool have;
    pthread_mutex_lock(&server->lock);
    for (;;) {
        doing("waits for an errand");
        if (server->length == 0 && server->closing)
            break;
        if (server->length != 0 && (server->closing || server->queue[server->first].due <= now_ns()))
            break;
        if (server->length == 0) {
            struct timespec t;
            clock_gettime(CLOCK_REALTIME, &t);
            t.tv_sec++;
            pthread_cond_timedwait(&server->change, &server->lock, &t);
        } else {
            pthread_mutex_unlock(&server->lock);
            sleep_ns(20000);
            pthread_mutex_lock(&server->lock);
        }
    }
    have = server->length != 0;
    if (have) {
        *errand = server->queue[server->first];
        server->first = (server->first + 1) % QUEUE;
        server->length--;
    }
    pthread_mutex_unlock(&server->lock);
    return have;
}

static void *serve(void *p)
{
    struct server *server = p;
    struct errand errand;
    me = &server->worker;
    inside = 1; /* nothing here may wait without a limit: others wait for this thread */
    while (take(server, &errand)) {
        if (errand.promise != NULL) {
            doing("delivers what it has promised, or not");
            if (one_in(4))
                deliver(asynchron_promise_asynchron(errand.promise), pick(WAYS));
            give_up(errand.promise);
        } else if (errand.number == 0) {
            doing("completes a guarded one");
            deliver(errand.a, pick(WAYS));
            let_go(errand.a);
        } else {
            bool boxed;
            doing("delivers without a reference");
            if (deliver_number(errand.a, pick(WAYS - 1), &errand.number, &boxed) == ASYNCHRON_OK)
                count(WON);
            else
                fault("a delivery without a rival was late");
        }
    }
    atomic_store_explicit(&me->over, true, memory_order_relaxed);
    return NULL;
}

static void open_server(struct server *server)
{
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->change, NULL);
    if (pthread_create(&server->thread, NULL, serve, server) != 0)
        abort();
}

static void close_server(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    server->closing = true;
    pthread_cond_signal(&server->change);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->thread, NULL);
}

#endif
