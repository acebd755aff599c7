/* asynchron/hiredis.h: commands for Redis as asynchrons, by hiredis' asynchronous interface.
 *
 *     asynchron_hiredis_create(redisAsyncConnect("127.0.0.1", 6379), &c);
 *     a = asynchron_hiredis_send(c, "GET %s", key);       // its value will be the reply, a redisReply
 *     ...
 *     asynchron_release(a);
 *     asynchron_hiredis_release(c);
 *
 * That has a thread of its own drive the connection. A context that a loop of yours drives, by one of hiredis' own
 * adapters, needs no thread: on the loop's thread, asynchron_hiredis_command(ac, "GET %s", key). What holds for both:
 *
 *   - The value's data is a `const redisReply *`, and its len 0. It is a copy, since hiredis frees its own, and is
 *     freed with the asynchron. It is one block: after asynchron_take(), free() it.
 *   - Right after asynchron_get() has returned, asynchron_take() may still say ASYNCHRON_ALREADY: the thread that
 *     delivered lets go of the asynchron a moment later. Take it again after a moment, or read it and release.
 *   - An error reply is a failure with the domain "redis", the code REDIS_REPLY_ERROR and Redis's message. One inside
 *     an array, as from EXEC, is an element of the value.
 *   - A connection that is refused or lost is a failure with the domain "hiredis", and hiredis' code (REDIS_ERR_EOF,
 *     say) and message. So is a command after that, at once. Nobody connects again: make another context for that.
 *   - Redis cannot take a command back. One that was cancelled, or that nobody wants any more, is sent all the same,
 *     and its reply is ignored. So is one with asynchron_expire_after(), which also limits how long a connection may
 *     take.
 *   - Commands that are answered more than once, or never, are refused: the asynchron has failed, with the domain
 *     "hiredis", and nothing was sent. These are SUBSCRIBE, UNSUBSCRIBE, each also with P or S before it, MONITOR,
 *     SYNC, PSYNC, REPLCONF and CLIENT REPLY. The guide shows how to get messages.
 *   - HELLO 3 needs hiredis 1.0. Its push messages go to hiredis' push callback. Hiredis 0.14 does not understand the
 *     answer, and ends the connection.
 *   - All users of a connection share it: one MULTI, one SELECT, and one that blocks, such as BLPOP, keeps back the
 *     others.
 *   - Callbacks and steps of the asynchron run on the thread that completes it, as everywhere. After a reply, a lost
 *     connection or the release that is the thread of the connection, inside hiredis' own callback. After
 *     asynchron_cancel() it is the one that called that; after asynchron_expire_after(), the one that serves deadlines;
 *     and if it was complete before, the one that registers them. To have all of them on the thread of a loop: add the
 *     asynchron to a report that is attached to that (asynchron/uv.h, glib.h, epoll.h and so on), or register them with
 *     an executor whose tasks the loop runs (the guide "Executors").
 *   - Replies, and commands that wait to be written, are kept in memory whole: hiredis has no limit for either.
 *   - fork(): in the child, do not use the parent's connection, not even to release it, and do not wait for what it
 *     began. The child may make one of its own.
 *
 * Needs hiredis 0.14 or later, and POSIX threads. With -std=c99, set _POSIX_C_SOURCE to 200809L.
 */
#ifndef ASYNCHRON_HIREDIS_H
#define ASYNCHRON_HIREDIS_H

#include "hiredis_thread.h"

#include <signal.h>

/**
 * As asynchron_hiredis_command(), with the arguments in a va_list.
 */
static inline asynchron_t *asynchron_hiredis_vcommand(redisAsyncContext *ac, const char *format, va_list arguments)
{
    asynchron_hiredis_request_t *r;
    char *command = NULL;
    asynchron_t *a;
    int len;

    if (ac == NULL || format == NULL)
        return NULL;
    len = redisvFormatCommand(&command, format, arguments);
    a = asynchron_hiredis_prepare(command, len, &r);
    if (r != NULL)
        asynchron_hiredis_issue(ac, r);
    return a;
}

/**
 * Sends a command over a context that a loop of yours drives: attach it to that before, by an adapter of hiredis.
 *
 * After a reply, callbacks of the asynchron run inside hiredis' own callback, on this thread. There,
 * redisAsyncDisconnect() and redisAsyncFree() are allowed: hiredis puts them off until it is through. They may send
 * further commands. Do not run the loop in there, and do not wait for a reply: it comes by the same loop. After a
 * cancel or a deadline they may run on another thread, and must not touch `ac` there. When the context was freed, all
 * that was pending is broken, and `ac` is no more: hiredis' disconnect callback says when it has freed it by itself.
 *
 * A connection that is refused or reset is told of only as far as the adapter does: hiredis' adapter for libuv is
 * silent about both in 0.14, and what is pending stays so. Give it a deadline, or use asynchron_hiredis_create(), which
 * always tells. A write to a connection that is gone may raise SIGPIPE: ignore that signal.
 *
 * - Needs: `ac`, attached to a loop, and not used for messages (SUBSCRIBE, MONITOR); `format` as for
 *   redisAsyncCommand(), with its arguments.
 * - Ownership: the reference returned is yours: asynchron_release() it. The command is sent also without it.
 * - Threads: that of the loop alone. Does not block.
 * - Returns: the asynchron, which becomes the reply, or fails; NULL for a NULL, or if there is no memory.
 */
static inline asynchron_t *asynchron_hiredis_command(redisAsyncContext *ac, const char *format, ...)
{
    asynchron_t *a;
    va_list arguments;

    va_start(arguments, format);
    a = asynchron_hiredis_vcommand(ac, format, arguments);
    va_end(arguments);
    return a;
}

/**
 * As asynchron_hiredis_command(), with the arguments in an array.
 *
 * - Needs: `ac`, as there; `argc`, at least 1; `argv`, so many pointers, none of them NULL; `argvlen`, their lengths,
 *   or NULL if all are strings. All together have less than 1 GiB.
 */
static inline asynchron_t *asynchron_hiredis_command_argv(redisAsyncContext *ac, int argc, const char **argv,
                                                          const size_t *argvlen)
{
    asynchron_hiredis_request_t *r = NULL;
    asynchron_t *a = ac == NULL ? NULL : asynchron_hiredis_prepare_argv(argc, argv, argvlen, &r);

    if (r != NULL)
        asynchron_hiredis_issue(ac, r);
    return a;
}

/**
 * Starts a thread that drives a connection.
 *
 * - Needs: `ac`, attached to no loop; `out` writable. It may have callbacks and commands of yours (AUTH, say), which
 *   then run on that thread. If it has an error already, so will all commands. Time limits that hiredis 1.0 has in its
 *   options are not kept: asynchron_expire_after() is.
 * - Ownership: `ac` is handed over, whatever is returned: do not use it again. `*out` is yours:
 *   asynchron_hiredis_release() it.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, as from redisAsyncConnect() without memory, or a loop has it;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no thread or no pipe can be had.
 */
static inline asynchron_status_t asynchron_hiredis_create(redisAsyncContext *ac, asynchron_hiredis_t **out)
{
    asynchron_hiredis_t *c;
    sigset_t all, before;
    int refused;

    if (ac == NULL || out == NULL || ac->ev.data != NULL || ac->ev.addWrite != NULL) {
        if (ac != NULL)
            redisAsyncFree(ac);
        return ASYNCHRON_E_INVALID;
    }
    c = (asynchron_hiredis_t *)calloc(1, sizeof *c);
    if (c == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        redisAsyncFree(ac);
        return ASYNCHRON_E_NOMEM;
    }
    c->end = &c->begun;
    if (pipe(c->wake) != 0) {
        (void)pthread_mutex_destroy(&c->lock);
        free(c);
        redisAsyncFree(ac);
        return ASYNCHRON_E_SYSTEM;
    }
    (void)fcntl(c->wake[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(c->wake[1], F_SETFD, FD_CLOEXEC);
    (void)fcntl(c->wake[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(c->wake[1], F_SETFL, O_NONBLOCK);
    asynchron_hiredis_attach(c, ac);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    refused = pthread_create(&c->thread, NULL, asynchron_hiredis_run, c);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (refused == 0) {
        *out = c;
        return ASYNCHRON_OK;
    }
    redisAsyncFree(ac);
    asynchron_hiredis_free(c);
    return ASYNCHRON_E_SYSTEM;
}

/**
 * Ends it, and the connection. Commands that are not answered are broken: domain "asynchron", code ASYNCHRON_E_BROKEN.
 * What was not written yet is not sent. When it returns, all are complete, and the thread has ended.
 *
 * - Needs: `c`, or NULL, which is ignored.
 * - Ownership: `c` is gone: no other call may use it at that time or later. Only callbacks that run on its thread may
 *   still send, which then is broken at once.
 * - Threads: any. Blocks until the thread has ended, and so for its callbacks; but not on that thread itself, inside a
 *   callback: there it returns at once, and the thread ends later.
 */
static inline void asynchron_hiredis_release(asynchron_hiredis_t *c)
{
    pthread_t thread;
    int is_alone;

    if (c == NULL)
        return;
    thread = c->thread;
    is_alone = pthread_equal(thread, pthread_self());
    if (is_alone)
        c->is_alone = 1;
    (void)pthread_mutex_lock(&c->lock);
    c->ending = 1;
    asynchron_hiredis_wake(c);
    (void)pthread_mutex_unlock(&c->lock);
    if (is_alone) {
        (void)pthread_detach(thread);
        return;
    }
    (void)pthread_join(thread, NULL);
    asynchron_hiredis_free(c);
}

/**
 * As asynchron_hiredis_send(), with the arguments in a va_list.
 */
static inline asynchron_t *asynchron_hiredis_vsend(asynchron_hiredis_t *c, const char *format, va_list arguments)
{
    asynchron_hiredis_request_t *r;
    char *command = NULL;
    asynchron_t *a;
    int len;

    if (c == NULL || format == NULL)
        return NULL;
    len = redisvFormatCommand(&command, format, arguments);
    a = asynchron_hiredis_prepare(command, len, &r);
    if (r != NULL)
        asynchron_hiredis_hand_over(c, r);
    return a;
}

/**
 * Sends a command over a connection with a thread. Those of one thread are sent in their order.
 *
 * After a reply, callbacks of the asynchron run on the thread of `c`. On whatever thread they run, they may send and
 * release `c`. While one runs on that thread, no reply comes: do not wait in there, or give it an executor. That thread
 * has all signals blocked.
 *
 * - Needs: `c`; `format` as for redisAsyncCommand(), with its arguments.
 * - Ownership: the reference returned is yours: asynchron_release() it. The command is sent also without it.
 * - Threads: any. Does not block.
 * - Returns: the asynchron, which becomes the reply, or fails; NULL for a NULL, or if there is no memory.
 */
static inline asynchron_t *asynchron_hiredis_send(asynchron_hiredis_t *c, const char *format, ...)
{
    asynchron_t *a;
    va_list arguments;

    va_start(arguments, format);
    a = asynchron_hiredis_vsend(c, format, arguments);
    va_end(arguments);
    return a;
}

/**
 * As asynchron_hiredis_send(), with the arguments in an array, as asynchron_hiredis_command_argv() has them.
 */
static inline asynchron_t *asynchron_hiredis_send_argv(asynchron_hiredis_t *c, int argc, const char **argv,
                                                       const size_t *argvlen)
{
    asynchron_hiredis_request_t *r = NULL;
    asynchron_t *a = c == NULL ? NULL : asynchron_hiredis_prepare_argv(argc, argv, argvlen, &r);

    if (r != NULL)
        asynchron_hiredis_hand_over(c, r);
    return a;
}

#endif /* ASYNCHRON_HIREDIS_H */
