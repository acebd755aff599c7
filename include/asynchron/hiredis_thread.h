/* asynchron/hiredis_thread.h: the thread of asynchron/hiredis.h. Include that instead: nothing here is for its user but
 * the name of asynchron_hiredis_t.
 *
 * The thread alone touches the context. It sleeps in poll(2) for the connection and for a pipe, by which others wake it
 * when they have put requests into the list `begun`. Once the connection is gone it fails whatever comes.
 */
#ifndef ASYNCHRON_HIREDIS_THREAD_H
#define ASYNCHRON_HIREDIS_THREAD_H

#include "hiredis_command.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

/** A connection with a thread of its own. Opaque, for any thread. */
typedef struct asynchron_hiredis_t {
    pthread_mutex_t lock;
    pthread_t thread;
    int wake[2];                               /* a pipe: to read from, to write to */
    int is_told;                               /* it has been woken, and has not looked yet: under the lock */
    int ending;                                /* under the lock */
    asynchron_hiredis_request_t *begun, **end; /* handed over, in order: under the lock */
    /* The thread's alone: */
    int is_alone;          /* it was released by the thread itself, which frees it */
    redisAsyncContext *ac; /* NULL once hiredis has freed it */
    short events;          /* what hiredis waits for */
    int code;              /* once it is gone: why */
    char message[sizeof ((redisContext *)0)->errstr];
} asynchron_hiredis_t;

static inline void asynchron_hiredis_free(asynchron_hiredis_t *c)
{
    (void)close(c->wake[0]);
    (void)close(c->wake[1]);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

/* The thread has something to do. The lock is held. */
static inline void asynchron_hiredis_wake(asynchron_hiredis_t *c)
{
    if (!c->is_told)
        (void)!write(c->wake[1], "", 1);
    c->is_told = 1;
}

static inline void asynchron_hiredis_released(asynchron_hiredis_request_t *r)
{
    asynchron_hiredis_break(r, "the connection was released before this command was sent");
}

/* Hands a request to the thread. After the release it is broken. */
static inline void asynchron_hiredis_hand_over(asynchron_hiredis_t *c, asynchron_hiredis_request_t *r)
{
    int ending;

    (void)pthread_mutex_lock(&c->lock);
    ending = c->ending;
    if (!ending) {
        *c->end = r;
        c->end = &r->next;
        asynchron_hiredis_wake(c);
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (ending)
        asynchron_hiredis_released(r);
}

/* What hiredis calls when it wants to wait for something, or no more. */
static inline void asynchron_hiredis_add_read(void *c) { ((asynchron_hiredis_t *)c)->events |= POLLIN; }
static inline void asynchron_hiredis_del_read(void *c) { ((asynchron_hiredis_t *)c)->events &= ~POLLIN; }
static inline void asynchron_hiredis_add_write(void *c) { ((asynchron_hiredis_t *)c)->events |= POLLOUT; }
static inline void asynchron_hiredis_del_write(void *c) { ((asynchron_hiredis_t *)c)->events &= ~POLLOUT; }

/* Hiredis is about to free the context. */
static inline void asynchron_hiredis_gone(void *pointer)
{
    asynchron_hiredis_t *c = (asynchron_hiredis_t *)pointer;

    if (c->ac == NULL)
        return;
    c->code = c->ac->c.err != 0 ? c->ac->c.err : REDIS_ERR_OTHER;
    (void)snprintf(c->message, sizeof c->message, "%s",
                   c->ac->c.err != 0 ? c->ac->c.errstr : "the connection is closed");
    c->ac = NULL;
}

/* The context is the thread's from now on. */
static inline void asynchron_hiredis_attach(asynchron_hiredis_t *c, redisAsyncContext *ac)
{
    c->ac = ac;
    c->events = POLLOUT; /* so that it learns of the connection, or of its failure, also without a command */
    ac->ev.data = c;
    ac->ev.addRead = asynchron_hiredis_add_read;
    ac->ev.delRead = asynchron_hiredis_del_read;
    ac->ev.addWrite = asynchron_hiredis_add_write;
    ac->ev.delWrite = asynchron_hiredis_del_write;
    ac->ev.cleanup = asynchron_hiredis_gone;
#ifdef REDIS_NO_AUTO_FREE
    ac->c.flags &= ~REDIS_NO_AUTO_FREE; /* nobody else would free it */
#endif
}

/* Does what other threads have asked for. False: it is to end. */
static inline int asynchron_hiredis_serve(asynchron_hiredis_t *c)
{
    asynchron_hiredis_request_t *begun;
    int ending;

    (void)pthread_mutex_lock(&c->lock);
    begun = c->begun;
    c->begun = NULL;
    c->end = &c->begun;
    c->is_told = 0;
    ending = c->ending;
    (void)pthread_mutex_unlock(&c->lock);

    while (begun != NULL) {
        asynchron_hiredis_request_t *r = begun;

        begun = r->next;
        if (ending)
            asynchron_hiredis_released(r);
        else if (c->ac == NULL)
            asynchron_hiredis_give_up(r, c->code, c->message);
        else
            asynchron_hiredis_issue(c->ac, r);
    }
    return !ending;
}

static inline void *asynchron_hiredis_run(void *pointer)
{
    asynchron_hiredis_t *c = (asynchron_hiredis_t *)pointer;
    struct pollfd fds[2];
    char rung[64];

    if (c->ac->c.err != 0)
        redisAsyncFree(c->ac); /* it failed before it was handed over: its callbacks are told at once */
    while (asynchron_hiredis_serve(c)) {
        fds[0].fd = c->wake[0];
        fds[0].events = POLLIN;
        fds[1].fd = c->ac == NULL ? -1 : c->ac->c.fd;
        fds[1].events = c->events;
        fds[0].revents = fds[1].revents = 0;
        if (poll(fds, 2, -1) < 0)
            (void)poll(NULL, 0, 10); /* without memory: later */
        if (fds[0].revents != 0)
            (void)!read(c->wake[0], rung, sizeof rung);
        if (c->ac != NULL && (fds[1].revents & ~POLLOUT) != 0) /* also a refused connection */
            redisAsyncHandleRead(c->ac);
        if (c->ac != NULL && (fds[1].revents & POLLOUT) != 0)
            redisAsyncHandleWrite(c->ac);
    }
    if (c->ac != NULL)
        redisAsyncFree(c->ac);
    if (c->is_alone)
        asynchron_hiredis_free(c);
    return NULL;
}

#endif /* ASYNCHRON_HIREDIS_THREAD_H */
