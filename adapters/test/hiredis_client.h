/* hiredis_client.h: what the tests of hiredis.h are written with: connections, and what a command has become. */
#ifndef HIREDIS_CLIENT_H
#define HIREDIS_CLIENT_H

#include <asynchron/hiredis.h>

#include "hiredis_server.h"
#include "soon.h"

/* The linker has calloc() mean this, as malloc(): so a test can refuse what the adapter asks for. */
static int no_calloc;

/* And this comes between the adapter and hiredis: when it is set, hiredis has no memory for a callback. Then 0.14 says
   that all is well. */
static int no_callback;

#ifdef __cplusplus
extern "C" {
#endif
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
int __real_redisAsyncFormattedCommand(redisAsyncContext *ac, redisCallbackFn *fn, void *r, const char *cmd, size_t len);
int __wrap_redisAsyncFormattedCommand(redisAsyncContext *ac, redisCallbackFn *fn, void *r, const char *cmd, size_t len);
#ifdef __cplusplus
}
#endif

void *__wrap_calloc(size_t count, size_t size)
{
    return no_calloc ? NULL : __real_calloc(count, size);
}

int __wrap_redisAsyncFormattedCommand(redisAsyncContext *ac, redisCallbackFn *fn, void *r, const char *cmd, size_t len)
{
    const redisCallbackList before = ac->replies;
    int status = __real_redisAsyncFormattedCommand(ac, fn, r, cmd, len);

    if (__atomic_load_n(&no_callback, __ATOMIC_SEQ_CST) && status == REDIS_OK) {
        free(ac->replies.tail);
        ac->replies = before;
        if (before.tail != NULL)
            before.tail->next = NULL;
    }
    return status;
}

static server_t server; /* which all tests use */

static asynchron_hiredis_t *connected_to(int port)
{
    asynchron_hiredis_t *c = NULL;

    CHECK(asynchron_hiredis_create(redisAsyncConnect("127.0.0.1", port), &c) == ASYNCHRON_OK && c != NULL);
    return c;
}

static asynchron_hiredis_t *new_client(void)
{
    return connected_to(server.port);
}

/* The reply, for which it waits. */
static const redisReply *reply_of(asynchron_t *a)
{
    asynchron_value_t value;

    CHECK(a != NULL && asynchron_get(a, &value) == ASYNCHRON_OK && value.data != NULL && value.len == 0);
    return (const redisReply *)value.data;
}

static int is_text(const redisReply *reply, int type, const char *text)
{
    return reply->type == type && reply->len == strlen(text) && memcmp(reply->str, text, reply->len + 1) == 0;
}

static int is_integer(const redisReply *reply, long long number)
{
    return reply->type == REDIS_REPLY_INTEGER && reply->integer == number;
}

/* Whether it fails so, and with a message that has this in it. Gives up the reference. */
static int fails_with(asynchron_t *a, const char *domain, int code, const char *part)
{
    asynchron_error_t error;
    int does;

    CHECK(a != NULL && asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(asynchron_poll(a) == ASYNCHRON_FAILED && asynchron_error(a, &error) == ASYNCHRON_OK);
    does = strcmp(error.domain, domain) == 0 && error.code == code && strstr(error.message, part) != NULL;
    if (!does)
        fprintf(stderr, "it is %s %d: %s\n", error.domain, (int)error.code, error.message);
    asynchron_release(a);
    return does;
}

static int is_broken(asynchron_t *a)
{
    return fails_with(a, "asynchron", ASYNCHRON_E_BROKEN, "the connection was released before");
}

/* A connection that is lost: the end of the stream, or its error. */
static int is_lost(asynchron_t *a)
{
    asynchron_error_t error;
    int is;

    CHECK(a != NULL && asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(asynchron_error(a, &error) == ASYNCHRON_OK);
    is = strcmp(error.domain, "hiredis") == 0 && (error.code == REDIS_ERR_EOF || error.code == REDIS_ERR_IO);
    asynchron_release(a);
    return is;
}

/* How many clients the server has blocked. */
static int blocked_at(int port)
{
    redisContext *c = redisConnect("127.0.0.1", port);
    redisReply *reply = (redisReply *)redisCommand(c, "INFO clients");
    const char *line = reply == NULL ? NULL : strstr(reply->str, "blocked_clients:");
    int count;

    CHECK(line != NULL);
    count = atoi(strchr(line, ':') + 1);
    freeReplyObject(reply);
    redisFree(c);
    return count;
}

/* Sends, and waits for the reply, by hiredis alone. */
static void ask(const char *command)
{
    redisContext *c = redisConnect("127.0.0.1", server.port);
    redisReply *reply = (redisReply *)redisCommand(c, command);

    CHECK(reply != NULL && reply->type != REDIS_REPLY_ERROR);
    freeReplyObject(reply);
    redisFree(c);
}

/* Whether the command is answered by that status, number or string. Gives up the reference. */
static int becomes(asynchron_t *a, const char *text)
{
    const redisReply *reply = reply_of(a);
    char number[32];
    int does;

    snprintf(number, sizeof number, "%lld", reply->integer);
    does = strcmp(reply->type == REDIS_REPLY_INTEGER ? number : reply->str, text) == 0;
    asynchron_release(a);
    return does;
}

#endif
