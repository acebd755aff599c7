/* asynchron/curl_loop.h: what the drivers in a loop of the program share. Include curl_uv.h or curl_epoll.h instead:
 * nothing here is for their user.
 *
 * Libcurl says by two callbacks which sockets are to be watched, and when it wants to be called. What it asks of them:
 *
 *   - They run inside its calls, so they call nothing of libcurl. A time of 0 means soon, not now.
 *   - If one returns -1, all transfers of the multi handle fail for good. So a socket that cannot be watched is no
 *     failure here: from then on libcurl is asked for everything ten times a second, as long as there are transfers.
 *   - A socket is told of as removed before it is closed, and its number may be used again at once. An event that was
 *     taken before that is for libcurl to ignore: it knows all its sockets, and they never block.
 *   - A transfer is taken out of the multi handle when no call of libcurl is running.
 *   - If a call finds no memory it stops, and has neither served nor asked for all that it should: what it has left
 *     would stand still for ever. To call again is no way out: 7.88.1 has destroyed some of what it keeps for a socket
 *     by then, and divides by zero. So all that is under way fails, and its connections are not used again.
 *
 * The release may come on any thread. On that of the loop it is the end, at once or when the turn is over. On another
 * one it only wakes the loop, whose next turn is the end. Which thread is the loop's, its last turn says. Before the
 * first, a driver that is sure of another turn, as libuv's is since it must close handles, takes the one that created
 * it; for the others any thread will do.
 *
 * What asynchron/curl_work.h says of transfers that 7.88.1 forgets was not seen in loops, in 4,000 rounds of 30
 * transfers over 2 connections on a busy machine: so they ask for nothing, and sleep.
 */
#ifndef ASYNCHRON_CURL_LOOP_H
#define ASYNCHRON_CURL_LOOP_H

#include "curl_get.h"

typedef struct asynchron_curl_loop_t {
    asynchron_curl_t c;
    pthread_t thread;  /* of the last turn, or of the creation: under the lock */
    int has_thread;    /* whether that is known to be the loop's: under the lock */
    unsigned turns;    /* that are running: several, if a callback runs the loop; and the end: under the lock */
    CURLMcode refused; /* what a call of libcurl has stopped with */
    int is_inside;     /* a call of libcurl, from which a program may run the loop, too: then nothing is done */
    int is_blind;      /* some socket is not watched */
    int looks;         /* whether the host asks now and then, because of that */
    void (*look)(struct asynchron_curl_loop_t *, int on);
    void (*close)(struct asynchron_curl_loop_t *); /* lets go of the host, and then of `c` */
} asynchron_curl_loop_t;

/* The end, which counts as a turn, and no other is running. Callbacks may try to run one: it does nothing. */
static inline void asynchron_curl_loop_end(asynchron_curl_loop_t *loop)
{
    asynchron_curl_finish_all(&loop->c);
    loop->close(loop);
}

static inline void asynchron_curl_loop_release(asynchron_curl_t *c)
{
    asynchron_curl_loop_t *loop = (asynchron_curl_loop_t *)c->driver;
    int is_end = 0;

    (void)pthread_mutex_lock(&c->lock);
    c->ending = 1;
    if (loop->has_thread && !pthread_equal(loop->thread, pthread_self()))
        asynchron_curl_wake(c, 0); /* and `c` may be gone as soon as this unlocks */
    else if (loop->turns == 0)
        is_end = (int)++loop->turns;
    asynchron_curl_unlock_and_unref(c); /* it is not the last one: the driver's is left */
    if (is_end)
        asynchron_curl_loop_end(loop);
}

/* Another thread may have released it. */
static inline int asynchron_curl_loop_goes_on(asynchron_curl_loop_t *loop)
{
    int ending;

    (void)pthread_mutex_lock(&loop->c.lock);
    ending = loop->c.ending;
    (void)pthread_mutex_unlock(&loop->c.lock);
    return !ending;
}

static inline void asynchron_curl_loop_refuse(asynchron_curl_loop_t *loop, CURLMcode code)
{
    if (code != CURLM_OK)
        loop->refused = code;
}

/* What is done is delivered; all else that is under way fails. Callbacks run in here. */
static inline void asynchron_curl_loop_fail_all(asynchron_curl_loop_t *loop)
{
    const char *message = curl_multi_strerror(loop->refused);
    const CURLcode code = loop->refused == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;

    loop->refused = CURLM_OK;
    while (!asynchron_curl_tell(&loop->c))
        ;
    while (loop->c.running != NULL) {
        asynchron_curl_transfer_t *t = loop->c.running;

        (void)curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
        t->message[0] = '\0';
        strncat(t->message, message, sizeof t->message - 1);
        asynchron_curl_remove(t, &code);
    }
}

/* Something has happened to a socket, or to none: then the time has come that libcurl has asked for. */
static inline void asynchron_curl_loop_act(asynchron_curl_loop_t *loop, curl_socket_t s, int events)
{
    sigset_t before;
    int count;

    if (loop->is_inside || !asynchron_curl_loop_goes_on(loop))
        return;
    loop->is_inside = 1;
    asynchron_curl_hush(&before);
    asynchron_curl_loop_refuse(loop, curl_multi_socket_action(loop->c.multi, s, events, &count));
    asynchron_curl_unhush(&before);
    loop->is_inside = 0;
}

/* Asks for everything. Only this old call of libcurl does: the others believe that what was told of is all. */
static inline void asynchron_curl_loop_ask(asynchron_curl_loop_t *loop)
{
    CURLMcode code;
    sigset_t before;
    int count;

    if (loop->is_inside || !asynchron_curl_loop_goes_on(loop))
        return;
    loop->is_inside = 1;
    asynchron_curl_hush(&before);
#ifdef CURL_IGNORE_DEPRECATION
    CURL_IGNORE_DEPRECATION(code = curl_multi_socket_all(loop->c.multi, &count);)
#else
    code = curl_multi_socket_all(loop->c.multi, &count);
#endif
    asynchron_curl_loop_refuse(loop, code);
    asynchron_curl_unhush(&before);
    loop->is_inside = 0;
}

static inline void asynchron_curl_loop_enter(asynchron_curl_loop_t *loop)
{
    (void)pthread_mutex_lock(&loop->c.lock);
    loop->thread = pthread_self();
    loop->has_thread = 1;
    loop->turns++;
    (void)pthread_mutex_unlock(&loop->c.lock);
}

/* Delivers what has come of this turn, and serves other threads. Callbacks run in here. False: it was released, and
   `loop` is gone, or will be when the turns around this one are over. */
static inline int asynchron_curl_loop_leave(asynchron_curl_loop_t *loop)
{
    int ending, is_end;

    if (!loop->is_inside && asynchron_curl_loop_goes_on(loop)) {
        if (loop->refused != CURLM_OK)
            asynchron_curl_loop_fail_all(loop);
        (void)asynchron_curl_work(&loop->c);
        loop->is_blind = loop->is_blind && loop->c.running != NULL;
        if (loop->is_blind != loop->looks) {
            loop->looks = loop->is_blind;
            loop->look(loop, loop->looks);
        }
    }
    (void)pthread_mutex_lock(&loop->c.lock);
    ending = loop->c.ending;
    is_end = ending && loop->turns == 1; /* then it goes on as the end */
    loop->turns -= !is_end;
    (void)pthread_mutex_unlock(&loop->c.lock);
    if (is_end)
        asynchron_curl_loop_end(loop);
    return !ending;
}

/* Fills in what both have. False: there is no memory, and nothing has changed. */
static inline int asynchron_curl_loop_init(asynchron_curl_loop_t *loop, CURLM *multi, void (*wake)(asynchron_curl_t *),
                                           void (*look)(asynchron_curl_loop_t *, int),
                                           void (*close)(asynchron_curl_loop_t *), int has_thread)
{
    if (!asynchron_curl_init(&loop->c, multi, wake, asynchron_curl_loop_release))
        return 0;
    loop->thread = pthread_self();
    loop->has_thread = has_thread;
    loop->turns = 0;
    loop->refused = CURLM_OK;
    loop->is_inside = 0;
    loop->is_blind = 0;
    loop->looks = 0;
    loop->look = look;
    loop->close = close;
    return 1;
}

/* The host is ready, and from now on told by libcurl what to do. */
static inline void asynchron_curl_loop_start(asynchron_curl_loop_t *loop, curl_socket_callback socket,
                                             curl_multi_timer_callback timer)
{
    CURLM *multi = loop->c.multi;

    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, (void *)loop);
    (void)curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERDATA, (void *)loop);
    (void)curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
}

#endif /* ASYNCHRON_CURL_LOOP_H */
