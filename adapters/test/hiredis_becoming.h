/* hiredis_becoming.h: what a command becomes, by the thread: its reply, or a failure. */
#ifndef HIREDIS_BECOMING_H
#define HIREDIS_BECOMING_H

#include "hiredis_client.h"

static void a_reply_of_any_kind_is_a_copy_that_outlives_the_connection(void)
{
    static const char binary[] = "a\0b\r\n\0";
    asynchron_hiredis_t *c = new_client();
    asynchron_t *status = asynchron_hiredis_send(c, "SET k %b", binary, sizeof binary);
    asynchron_t *bytes = asynchron_hiredis_send(c, "GET k");
    asynchron_t *largest = asynchron_hiredis_send(c, "SET n 9223372036854775807");
    asynchron_t *integer = asynchron_hiredis_send(c, "INCRBY n 0"), *nil = asynchron_hiredis_send(c, "GET none");
    asynchron_t *empty = asynchron_hiredis_send(c, "ECHO %s", "");
    asynchron_t *none = asynchron_hiredis_send(c, "LRANGE none 0 -1");
    asynchron_t *nested =
        asynchron_hiredis_send(c, "EVAL %s 0", "return {1,{'x',{false,{-7},{}},redis.status_reply('s')},'yy'}");
    const redisReply *reply;

    CHECK(is_text(reply_of(status), REDIS_REPLY_STATUS, "OK"));
    CHECK(is_text(reply_of(nested)->element[2], REDIS_REPLY_STRING, "yy"));
    asynchron_release(status);
    asynchron_release(largest);
    asynchron_hiredis_release(c);

    reply = reply_of(bytes);
    CHECK(reply->type == REDIS_REPLY_STRING && reply->len == sizeof binary);
    CHECK(memcmp(reply->str, binary, sizeof binary) == 0 && reply->str[reply->len] == '\0');
    CHECK(is_integer(reply_of(integer), 9223372036854775807LL));
    CHECK(reply_of(nil)->type == REDIS_REPLY_NIL && is_text(reply_of(empty), REDIS_REPLY_STRING, ""));
    CHECK(reply_of(none)->type == REDIS_REPLY_ARRAY && reply_of(none)->elements == 0);
    reply = reply_of(nested);
    CHECK(reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 && is_integer(reply->element[0], 1));
    CHECK(is_text(reply->element[2], REDIS_REPLY_STRING, "yy"));
    reply = reply->element[1];
    CHECK(reply->elements == 3 && is_text(reply->element[0], REDIS_REPLY_STRING, "x"));
    CHECK(is_text(reply->element[2], REDIS_REPLY_STATUS, "s"));
    reply = reply->element[1];
    CHECK(reply->elements == 3 && reply->element[0]->type == REDIS_REPLY_NIL);
    CHECK(is_integer(reply->element[1]->element[0], -7) && reply->element[2]->elements == 0);
    asynchron_release(bytes);
    asynchron_release(integer);
    asynchron_release(nil);
    asynchron_release(empty);
    asynchron_release(none);
    asynchron_release(nested);
}

static void a_reply_that_was_taken_is_one_block_to_be_freed(void)
{
    asynchron_hiredis_t *c = new_client();
    asynchron_t *a = asynchron_hiredis_send(c, "EVAL %s 0", "return {'a',{'b'}}");
    void *taken = NULL;

    CHECK(reply_of(a)->elements == 2);
    asynchron_hiredis_release(c); /* nobody else has it now */
    CHECK(asynchron_take(a, &taken) == ASYNCHRON_OK); /* with the reference */
    CHECK(is_text(((redisReply *)taken)->element[1]->element[0], REDIS_REPLY_STRING, "b"));
    free(taken);
}

static void replies_of_20_megabytes_and_of_50000_elements_come_whole(void)
{
    enum { LEN = 20000000, N = 50000 };
    asynchron_hiredis_t *c = new_client();
    char *large = (char *)malloc(LEN);
    const char *argv[] = { "SET", "large", NULL };
    const size_t argvlen[] = { 3, 5, LEN };
    asynchron_t *set, *get, *many;
    size_t i;

    for (i = 0; i < LEN; i++)
        large[i] = (char)(i * i / 7);
    argv[2] = large;
    set = asynchron_hiredis_send_argv(c, 3, argv, argvlen);
    get = asynchron_hiredis_send(c, "GET large");
    many = asynchron_hiredis_send(c, "EVAL %s 0 %d", "local t={} for i=1,ARGV[1] do t[i]=i end return t", (int)N);
    CHECK(becomes(set, "OK") && reply_of(get)->len == LEN && memcmp(reply_of(get)->str, large, LEN) == 0);
    CHECK(reply_of(many)->elements == N);
    for (i = 0; i < N; i++)
        CHECK(is_integer(reply_of(many)->element[i], (long long)i + 1));
    asynchron_release(get);
    asynchron_release(many);
    CHECK(becomes(asynchron_hiredis_send(c, "DEL large"), "1"));
    asynchron_hiredis_release(c);
    free(large);
}

static void an_error_reply_is_a_failure_and_inside_an_array_an_element(void)
{
    asynchron_hiredis_t *c = new_client();
    asynchron_t *exec;

    CHECK(fails_with(asynchron_hiredis_send(c, "NONSENSE"), "redis", REDIS_REPLY_ERROR, "ERR unknown command"));
    CHECK(becomes(asynchron_hiredis_send(c, "SET text abc"), "OK"));
    CHECK(fails_with(asynchron_hiredis_send(c, "LPUSH text x"), "redis", REDIS_REPLY_ERROR, "WRONGTYPE"));
    asynchron_release(asynchron_hiredis_send(c, "MULTI"));
    CHECK(becomes(asynchron_hiredis_send(c, "INCR text"), "QUEUED"));
    exec = asynchron_hiredis_send(c, "EXEC");
    CHECK(reply_of(exec)->elements == 1 && reply_of(exec)->element[0]->type == REDIS_REPLY_ERROR);
    asynchron_release(exec);
    asynchron_hiredis_release(c);
}

static void a_server_without_memory_is_a_failure(void)
{
    asynchron_hiredis_t *c = new_client();

    ask("CONFIG SET maxmemory 1");
    CHECK(fails_with(asynchron_hiredis_send(c, "SET k v"), "redis", REDIS_REPLY_ERROR, "OOM"));
    ask("CONFIG SET maxmemory 0");
    CHECK(becomes(asynchron_hiredis_send(c, "SET k v"), "OK"));
    asynchron_hiredis_release(c);
}

/* Redis tells so and closes the connection. That may be taken for the reply to the first command, or be an error. */
static void a_server_with_too_many_clients_is_a_failure(void)
{
    redisContext *control = redisConnect("127.0.0.1", server.port);
    asynchron_hiredis_t *c;
    asynchron_t *first;

    freeReplyObject(redisCommand(control, "CONFIG SET maxclients 1"));
    c = new_client();
    first = asynchron_hiredis_send(c, "PING");
    CHECK(asynchron_get(first, NULL) == ASYNCHRON_FAILED);
    asynchron_release(first);
    first = asynchron_hiredis_send(c, "PING");
    CHECK(asynchron_get(first, NULL) == ASYNCHRON_FAILED);
    asynchron_release(first);
    asynchron_hiredis_release(c);
    freeReplyObject(redisCommand(control, "CONFIG SET maxclients 100"));
    redisFree(control);
}

static void a_refused_connection_fails_all_that_is_sent_before_and_after(void)
{
    int i, port, taken = bound(&port);
    asynchron_hiredis_t *c = connected_to(port);
    asynchron_t *as[10];

    for (i = 0; i < 10; i++)
        as[i] = asynchron_hiredis_send(c, "INCR n");
    for (i = 0; i < 10; i++)
        CHECK(fails_with(as[i], "hiredis", REDIS_ERR_IO, "refused"));
    CHECK(fails_with(asynchron_hiredis_send(c, "PING"), "hiredis", REDIS_ERR_IO, "refused"));
    asynchron_hiredis_release(c);
    close(taken);
}

static void no_reply(redisAsyncContext *ac, void *reply, void *ctx)
{
    CHECK(reply == NULL && ac->err == REDIS_ERR_IO);
    raise_flag((int *)ctx);
}

/* What hiredis was given before is told, too. */
static void a_connection_that_could_not_be_begun_fails_all_with_its_error(void)
{
    redisAsyncContext *ac = redisAsyncConnectUnix("/no/such/socket");
    asynchron_hiredis_t *c = NULL;
    int told = 0;

    CHECK(ac != NULL && ac->err == REDIS_ERR_IO);
    CHECK(fails_with(asynchron_hiredis_command(ac, "PING"), "hiredis", REDIS_ERR_IO, "No such file"));
    CHECK(redisAsyncCommand(ac, no_reply, &told, "SUBSCRIBE news") == REDIS_OK);
    CHECK(asynchron_hiredis_create(ac, &c) == ASYNCHRON_OK);
    COMES_TRUE(flag_of(&told) == 1);
    CHECK(fails_with(asynchron_hiredis_send(c, "PING"), "hiredis", REDIS_ERR_IO, "No such file"));
    asynchron_hiredis_release(c);
}

/* Hiredis 0.14 takes 7 levels of arrays, and knows RESP 2 alone. Later ones take both. */
static void what_hiredis_does_not_understand_ends_the_connection_and_fails_what_is_pending(void)
{
    asynchron_hiredis_t *c = new_client();
    asynchron_t *deep = asynchron_hiredis_send(c, "EVAL %s 0", "return {{{{{{{{{{1}}}}}}}}}}");
    asynchron_t *after = asynchron_hiredis_send(c, "PING");

    if (HIREDIS_MAJOR < 1) {
        CHECK(fails_with(deep, "hiredis", REDIS_ERR_PROTOCOL, "depth"));
        CHECK(fails_with(after, "hiredis", REDIS_ERR_PROTOCOL, "depth"));
        CHECK(fails_with(asynchron_hiredis_send(c, "PING"), "hiredis", REDIS_ERR_PROTOCOL, "depth"));
        asynchron_hiredis_release(c);
        c = new_client();
        CHECK(fails_with(asynchron_hiredis_send(c, "HELLO 3"), "hiredis", REDIS_ERR_PROTOCOL, "Protocol error"));
    } else {
        CHECK(reply_of(deep)->elements == 1 && becomes(after, "PONG"));
        asynchron_release(deep);
        deep = asynchron_hiredis_send(c, "HELLO 3");
        CHECK(reply_of(deep)->elements >= 2);
        asynchron_release(deep);
        deep = asynchron_hiredis_send(c, "EVAL %s 0", "redis.setresp(3) return {double=0.5}");
        CHECK(strcmp(reply_of(deep)->str, "0.5") == 0);
        asynchron_release(deep);
    }
    asynchron_hiredis_release(c);
}

static void what_is_answered_often_or_never_is_refused_in_any_case_and_not_sent(void)
{
    static const char *const refused[] = { "SUBSCRIBE a", "subscribe a b", "Psubscribe a*", "SSUBSCRIBE a", "MONITOR",
                                           "monitor", "pmonitor", "UNSUBSCRIBE", "punsubscribe a", "SUNSUBSCRIBE a",
                                           "SYNC", "PSYNC ? -1", "REPLCONF ACK 1", "CLIENT REPLY OFF",
                                           "client reply skip", "Client Reply ON" };
    const char *argv[] = { "sUbScRiBe", "a" };
    asynchron_hiredis_t *c = new_client();
    asynchron_t *info;
    size_t i;

    CHECK(becomes(asynchron_hiredis_send(c, "CONFIG RESETSTAT"), "OK"));
    for (i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK(fails_with(asynchron_hiredis_send(c, refused[i]), "hiredis", REDIS_ERR_OTHER, "this command"));
    CHECK(fails_with(asynchron_hiredis_send_argv(c, 2, argv, NULL), "hiredis", REDIS_ERR_OTHER, "redisAsyncCommand()"));
    argv[0] = "subscribe\r\nx"; /* hiredis looks no further than the end of the line */
    CHECK(fails_with(asynchron_hiredis_send_argv(c, 1, argv, NULL), "hiredis", REDIS_ERR_OTHER, "many times"));
    CHECK(fails_with(asynchron_hiredis_send(c, ""), "hiredis", REDIS_ERR_OTHER, "empty"));
    CHECK(fails_with(asynchron_hiredis_send(c, "GET %!"), "hiredis", REDIS_ERR_OTHER, "invalid"));
    CHECK(becomes(asynchron_hiredis_send(c, "ECHO subscribe"), "subscribe"));
    CHECK(fails_with(asynchron_hiredis_send(c, "%s", ""), "redis", REDIS_REPLY_ERROR, "unknown command"));
    info = asynchron_hiredis_send(c, "INFO commandstats");
    CHECK(strstr(reply_of(info)->str, "cmdstat_echo") != NULL && strstr(reply_of(info)->str, "subscribe") == NULL);
    CHECK(strstr(reply_of(info)->str, "monitor") == NULL && strstr(reply_of(info)->str, "sync") == NULL);
    CHECK(strstr(reply_of(info)->str, "client|reply") == NULL && strstr(reply_of(info)->str, "replconf") == NULL);
    asynchron_release(info);
    asynchron_hiredis_release(c);
}

static void *send_500(void *c)
{
    enum { N = 500 };
    static int threads;
    const int me = __atomic_add_fetch(&threads, 1, __ATOMIC_SEQ_CST);
    asynchron_t *as[N];
    char text[40];
    int i;

    for (i = 0; i < N; i++)
        as[i] = asynchron_hiredis_send((asynchron_hiredis_t *)c, i % 2 == 0 ? "INCR all" : "ECHO %d.%d", me, i);
    for (i = 0; i < N; i++) {
        snprintf(text, sizeof text, "%d.%d", me, i);
        if (i % 2 == 1)
            CHECK(becomes(as[i], text));
        else
            asynchron_release(as[i]);
    }
    return NULL;
}

static void of_8_threads_that_send_at_once_each_gets_its_own_replies(void)
{
    asynchron_hiredis_t *c = new_client();
    pthread_t threads[8];
    int i;

    for (i = 0; i < 8; i++)
        threads[i] = start(send_500, c);
    for (i = 0; i < 8; i++)
        finish(threads[i]);
    CHECK(becomes(asynchron_hiredis_send(c, "GET all"), "2000"));
    asynchron_hiredis_release(c);
}

static void own_reply(redisAsyncContext *ac, void *reply, void *ctx)
{
    (void)ac;
    CHECK(reply != NULL && is_text((redisReply *)reply, REDIS_REPLY_STATUS, "OK"));
    raise_flag((int *)ctx);
}

static void commands_and_callbacks_that_the_context_has_before_are_served(void)
{
    redisAsyncContext *ac = redisAsyncConnect("127.0.0.1", server.port);
    asynchron_hiredis_t *c = NULL;
    int told = 0;

    CHECK(redisAsyncCommand(ac, own_reply, &told, "SELECT 3") == REDIS_OK);
    CHECK(asynchron_hiredis_create(ac, &c) == ASYNCHRON_OK);
    COMES_TRUE(flag_of(&told) == 1);
    CHECK(becomes(asynchron_hiredis_send(c, "SET third 3"), "OK"));
    asynchron_hiredis_release(c);
    c = new_client();
    CHECK(becomes(asynchron_hiredis_send(c, "EXISTS third"), "0"));
    asynchron_hiredis_release(c);
}

#endif
