/* asynchron/hiredis_command.h: what asynchron/hiredis.h does with a command and its reply. Include that instead:
 * nothing here is for its user.
 *
 * A request is on its way from the call to the callback. Hiredis calls back exactly once for each command that it has
 * accepted, if it is one that is answered once: all others are refused before hiredis sees them.
 */
#ifndef ASYNCHRON_HIREDIS_COMMAND_H
#define ASYNCHRON_HIREDIS_COMMAND_H

#include "posix.h"

#include <asynchron.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A command that is not answered yet. */
typedef struct asynchron_hiredis_request_t {
    struct asynchron_hiredis_request_t *next; /* of those that were handed to a thread */
    asynchron_promise_t *promise;
    char *command; /* as it is on the wire; NULL once hiredis has it */
    size_t len;
} asynchron_hiredis_request_t;

static inline void asynchron_hiredis_fail(asynchron_t *a, int code, const char *domain, const char *message)
{
    if (asynchron_fail_with(a, (int32_t)code, domain, message, NULL, NULL) == ASYNCHRON_E_NOMEM)
        (void)asynchron_fail(a, (int32_t)code, NULL);
}

/* Frees it. */
static inline void asynchron_hiredis_forget(asynchron_hiredis_request_t *r)
{
    asynchron_promise_release(r->promise);
    if (r->command != NULL)
        redisFreeCommand(r->command);
    free(r);
}

/* It is never answered. Without memory for the message, the promise breaks it. */
static inline void asynchron_hiredis_break(asynchron_hiredis_request_t *r, const char *message)
{
    (void)asynchron_fail_with(asynchron_promise_asynchron(r->promise), ASYNCHRON_E_BROKEN, "asynchron", message, NULL,
                              NULL);
    asynchron_hiredis_forget(r);
}

static inline void asynchron_hiredis_give_up(asynchron_hiredis_request_t *r, int code, const char *message)
{
    asynchron_hiredis_fail(asynchron_promise_asynchron(r->promise), code, "hiredis", message);
    asynchron_hiredis_forget(r);
}

/* A copy is one block: first what is aligned, the replies with their arrays of elements, then the bytes of strings.
   Pointers may be shorter than what must be aligned behind them. */
static inline size_t asynchron_hiredis_row(const redisReply *reply)
{
    return reply->elements * (sizeof(void *) > sizeof(long long) ? sizeof(void *) : sizeof(long long));
}

static inline size_t asynchron_hiredis_aligned(const redisReply *reply)
{
    size_t size = sizeof *reply, i;

    if (reply->element == NULL)
        return size;
    size += asynchron_hiredis_row(reply);
    for (i = 0; i < reply->elements; i++)
        if (reply->element[i] != NULL)
            size += asynchron_hiredis_aligned(reply->element[i]);
    return size;
}

static inline size_t asynchron_hiredis_bytes(const redisReply *reply)
{
    size_t size = reply->str == NULL ? 0 : reply->len + 1, i;

    if (reply->element != NULL)
        for (i = 0; i < reply->elements; i++)
            if (reply->element[i] != NULL)
                size += asynchron_hiredis_bytes(reply->element[i]);
    return size;
}

/* Both pointers move on behind what was taken. */
static inline redisReply *asynchron_hiredis_put(const redisReply *reply, char **aligned, char **bytes)
{
    redisReply *copy = (redisReply *)(void *)*aligned;
    size_t i;

    *copy = *reply;
    *aligned += sizeof *copy;
    if (reply->str != NULL) {
        copy->str = *bytes;
        memcpy(copy->str, reply->str, reply->len);
        copy->str[reply->len] = '\0';
        *bytes += reply->len + 1;
    }
    if (reply->element != NULL) {
        copy->element = (redisReply **)(void *)*aligned;
        *aligned += asynchron_hiredis_row(reply);
        for (i = 0; i < reply->elements; i++)
            copy->element[i] =
                reply->element[i] == NULL ? NULL : asynchron_hiredis_put(reply->element[i], aligned, bytes);
    }
    return copy;
}

/* To be freed by free(). NULL: there is no memory. */
static inline redisReply *asynchron_hiredis_copy(const redisReply *reply)
{
    const size_t size = asynchron_hiredis_aligned(reply);
    char *aligned = (char *)malloc(size + asynchron_hiredis_bytes(reply));
    char *bytes = aligned == NULL ? NULL : aligned + size;

    return aligned == NULL ? NULL : asynchron_hiredis_put(reply, &aligned, &bytes);
}

/* Hiredis has a reply, or never will have one. Its reply is gone after this. Callbacks of the asynchron run in here:
   what they do to the context, hiredis does when this has returned. */
static inline void asynchron_hiredis_replied(redisAsyncContext *ac, void *pointer, void *request)
{
    asynchron_hiredis_request_t *r = (asynchron_hiredis_request_t *)request;
    redisReply *reply = (redisReply *)pointer;
    asynchron_t *a = asynchron_promise_asynchron(r->promise);

    if (reply == NULL && ac->c.err == 0) {
        asynchron_hiredis_break(r, "the connection was released before Redis answered");
        return;
    }
    if (reply == NULL) {
        asynchron_hiredis_fail(a, ac->c.err, "hiredis", ac->c.errstr);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        asynchron_hiredis_fail(a, REDIS_REPLY_ERROR, "redis", reply->str);
    } else if (asynchron_poll(a) == ASYNCHRON_PENDING) {
        redisReply *copy = asynchron_hiredis_copy(reply);

        if (copy == NULL)
            asynchron_hiredis_fail(a, REDIS_ERR_OOM, "hiredis", "Out of memory");
        else
            (void)asynchron_set_pointer(a, copy, free);
    }
#ifdef REDIS_NO_AUTO_FREE_REPLIES
    if (reply != NULL && (ac->c.flags & REDIS_NO_AUTO_FREE_REPLIES) != 0)
        freeReplyObject(reply);
#endif
    asynchron_hiredis_forget(r);
}

/* Whether the text begins with that, which is in lower case. */
static inline int asynchron_hiredis_begins(const char *text, const char *with)
{
    for (; *with != '\0'; text++, with++)
        if (*with != (*text >= 'A' && *text <= 'Z' ? *text - 'A' + 'a' : *text))
            return 0;
    return 1;
}

/* Why a command, as it is on the wire, cannot be an asynchron; NULL if it can. */
static inline const char *asynchron_hiredis_refusal(const char *command)
{
    /* As hiredis looks for them: up to the end of the line, and with a "p" before any. */
    static const char *const messages[] = { "subscribe\r\n", "psubscribe\r\n", "ssubscribe\r\n", "monitor\r\n",
                                            "pmonitor\r\n", "sync\r\n", "psync\r\n" };
    static const char *const ends[] = { "unsubscribe\r\n", "punsubscribe\r\n", "sunsubscribe\r\n" };
    static const char *const silent[] = { "client\r\n$5\r\nreply\r\n", "replconf\r\n" };
    const char *name = strchr(command, '$');
    size_t i;

    name = name == NULL ? NULL : strchr(name, '\n');
    if (name == NULL)
        return "the command is empty";
    name++;
    for (i = 0; i < sizeof messages / sizeof *messages; i++)
        if (asynchron_hiredis_begins(name, messages[i]))
            return "this command is answered many times: give it to redisAsyncCommand() with a callback of your own, "
                   "on a context of its own";
    for (i = 0; i < sizeof ends / sizeof *ends; i++)
        if (asynchron_hiredis_begins(name, ends[i]))
            return "this command belongs to a subscription: give it to redisAsyncCommand(), on the context of that";
    for (i = 0; i < sizeof silent / sizeof *silent; i++)
        if (asynchron_hiredis_begins(name, silent[i]))
            return "this command is not answered, or those after it are not";
    return NULL;
}

/* Makes a request of what hiredis has formatted into `command`, which is handed over. Returns the asynchron, or NULL if
   there is no memory. `*out` is NULL if there is nothing to send: then the asynchron, if any, has failed. */
static inline asynchron_t *asynchron_hiredis_prepare(char *command, long long len, asynchron_hiredis_request_t **out)
{
    asynchron_hiredis_request_t *r = NULL;
    asynchron_promise_t *promise = NULL;
    const char *refusal;
    asynchron_t *a;

    *out = NULL;
    if (len == -1) /* hiredis had no memory */
        return NULL;
    a = asynchron_create(NULL);
    refusal = len < 0 ? "the format is invalid, or the command too long" : asynchron_hiredis_refusal(command);
    if (a != NULL && refusal == NULL) {
        promise = asynchron_promise_create(a, 0);
        r = (asynchron_hiredis_request_t *)calloc(1, sizeof *r);
    }
    if (promise != NULL && r != NULL) {
        r->promise = promise;
        r->command = command;
        r->len = (size_t)len;
        *out = r;
        return a;
    }
    if (len >= 0)
        redisFreeCommand(command);
    if (a != NULL && refusal != NULL) {
        asynchron_hiredis_fail(a, REDIS_ERR_OTHER, "hiredis", refusal);
        return a;
    }
    asynchron_promise_release(promise);
    asynchron_release(a);
    free(r);
    return NULL;
}

static inline asynchron_t *asynchron_hiredis_prepare_argv(int argc, const char **argv, const size_t *argvlen,
                                                          asynchron_hiredis_request_t **out)
{
    char *command = NULL;
    long long size;
    size_t all = 0;
    int i;

    if (argc < 1 || argv == NULL)
        return NULL;
    for (i = 0; i < argc; i++) {
        size_t len;

        if (argv[i] == NULL)
            return NULL;
        len = argvlen == NULL ? strlen(argv[i]) : argvlen[i];
        if (len > (1u << 30) || (all += len + 32) > (1u << 30)) /* hiredis 0.14 counts with an int */
            return asynchron_hiredis_prepare(NULL, -2, out);
    }
    size = redisFormatCommandArgv(&command, argc, argv, argvlen);
    return asynchron_hiredis_prepare(command, size, out);
}

/* Gives a request to hiredis, or fails it at once. */
static inline void asynchron_hiredis_issue(redisAsyncContext *ac, asynchron_hiredis_request_t *r)
{
    const char *refusal = NULL;

    if (ac->c.err != 0)
        refusal = ac->c.errstr;
    else if ((ac->c.flags & (REDIS_SUBSCRIBED | REDIS_MONITORING)) != 0)
        refusal = "this context gets messages: use another one for commands";
    else if (ac->ev.addWrite == NULL)
        refusal = "this context is attached to no loop";
    else if (redisAsyncFormattedCommand(ac, asynchron_hiredis_replied, r, r->command, r->len) != REDIS_OK)
        refusal = ac->c.err != 0 ? ac->c.errstr : "the connection is closed, or about to be";
#if HIREDIS_MAJOR < 1
    else if (ac->replies.tail == NULL || ac->replies.tail->privdata != r) {
        /* It had no memory for the callback, and does not say so. All replies from here on would go to the wrong
           commands: with an error it ends the connection instead, as soon as it comes to write. */
        ac->c.err = REDIS_ERR_OOM;
        strcpy(ac->c.errstr, "Out of memory");
        refusal = ac->c.errstr;
    }
#endif
    if (refusal != NULL) {
        asynchron_hiredis_give_up(r, ac->c.err != 0 ? ac->c.err : REDIS_ERR_OTHER, refusal);
        return;
    }
    redisFreeCommand(r->command);
    r->command = NULL;
}

#endif /* ASYNCHRON_HIREDIS_COMMAND_H */
