/* hiredis.c: commands for Redis, all under way at once, and the messages of a channel, each with a report. The argument
   is the port of the server: `hiredis-run PROGRAM` starts one. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/hiredis.h>

#include <stdio.h>

static void add(asynchron_report_t *report, asynchron_t *a, const char *what)
{
    if (asynchron_report_add(report, a, (void *)what) != ASYNCHRON_OK)
        exit(EXIT_FAILURE); /* also if there was no memory for the asynchron, which then is NULL */
    asynchron_release(a);   /* the report keeps it */
}

/* The messages of a channel. A report in which nothing is left ends a wait, so `over` lies in it while more may come. */
struct channel {
    asynchron_report_t *report;
    asynchron_t *over;
};

/* A subscription is answered many times, so it is hiredis that calls this; each message becomes an asynchron. */
static void heard(redisAsyncContext *ac, void *pointer, void *ctx)
{
    const redisReply *reply = (const redisReply *)pointer;
    struct channel *channel = (struct channel *)ctx;

    (void)ac;
    if (reply == NULL) { /* the connection is lost, or given up */
        asynchron_cancel(channel->over);
    } else if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) {
        const redisReply *text = reply->element[2]; /* at first the number of channels */
        asynchron_t *a = asynchron_create(NULL);

        asynchron_set_bytes(a, text->str == NULL ? "" : text->str, text->len);
        add(channel->report, a, reply->element[0]->str[0] == 's' ? "subscribed" : "message");
    }
}

static void print(const asynchron_item_t *item)
{
    const char *what = (const char *)item->tag;
    asynchron_value_t value;
    asynchron_error_t error;

    if (asynchron_error(item->asynchron, &error) == ASYNCHRON_OK)
        printf("%s: %s: %s\n", what, error.domain, error.message);
    else if (asynchron_get(item->asynchron, &value) == ASYNCHRON_OK && what[0] == 'm')
        printf("%s: %.*s\n", what, (int)value.len, (const char *)value.data);
    else if (value.len == 0 && value.data != NULL) {
        const redisReply *reply = (const redisReply *)value.data;

        if (reply->type == REDIS_REPLY_INTEGER)
            printf("%s: %lld\n", what, reply->integer);
        else
            printf("%s: %s\n", what, reply->type == REDIS_REPLY_NIL ? "nothing" : reply->str);
    }
}

int main(int argc, char **argv)
{
    asynchron_report_t *commands = asynchron_report_create(NULL, 0);
    struct channel news = { asynchron_report_create(NULL, 0), asynchron_create(NULL) };
    asynchron_hiredis_t *c, *subscription;
    redisAsyncContext *ac;
    asynchron_item_t item;

    if (argc < 2 || commands == NULL || asynchron_report_add(news.report, news.over, NULL) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    /* Messages need a connection of their own, and the command goes before the thread. */
    ac = redisAsyncConnect("127.0.0.1", atoi(argv[1]));
    if (ac == NULL || redisAsyncCommand(ac, heard, &news, "SUBSCRIBE news") != REDIS_OK ||
        asynchron_hiredis_create(ac, &subscription) != ASYNCHRON_OK ||
        asynchron_hiredis_create(redisAsyncConnect("127.0.0.1", atoi(argv[1])), &c) != ASYNCHRON_OK)
        return EXIT_FAILURE;
    if (asynchron_report_next(news.report, ASYNCHRON_FOREVER, &item) != ASYNCHRON_OK) /* subscribed */
        return EXIT_FAILURE;
    asynchron_release(item.asynchron);

    add(commands, asynchron_hiredis_send(c, "SET answer 42"), "set");
    add(commands, asynchron_hiredis_send(c, "INCR answer"), "incr");
    add(commands, asynchron_hiredis_send(c, "GET question"), "get");
    add(commands, asynchron_hiredis_send(c, "LPUSH answer x"), "lpush");
    add(commands, asynchron_hiredis_send(c, "PUBLISH news %s", "it rains"), "publish");
    while (asynchron_report_next(commands, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        print(&item);
        asynchron_release(item.asynchron);
    }
    if (asynchron_report_next(news.report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        print(&item);
        asynchron_release(item.asynchron);
    }
    asynchron_hiredis_release(subscription); /* then the channel is over */
    asynchron_hiredis_release(c);
    while (asynchron_report_next(news.report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK)
        asynchron_release(item.asynchron);
    asynchron_report_release(news.report);
    asynchron_release(news.over);
    asynchron_report_release(commands);
    return EXIT_SUCCESS;
}
