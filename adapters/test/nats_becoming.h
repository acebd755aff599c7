/* nats_becoming.h: what a request becomes: the value, the failure or the cancel of the other side, whoever that is. */
#ifndef NATS_BECOMING_H
#define NATS_BECOMING_H

#include "nats_world.h"

static void the_value_is_the_answer_whether_of_0_bytes_of_7_or_of_a_megabyte(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "becoming", NULL);
    asynchron_t *empty = asked(nc, "becoming", "bytes 0"), *small = asked(nc, "becoming", "seven..");
    asynchron_t *large = asked(nc, "becoming", "bytes 1048576"), *nothing = asked(nc, "becoming", "nothing");
    asynchron_t *later = asked(nc, "becoming", "later");
    asynchron_t *none = asynchron_nats_request_with(nc, "becoming", NULL, 0, ASYNCHRON_FOREVER, LONG);
    asynchron_value_t value;
    size_t i;

    CHECK(has_value(empty, "") && has_value(small, "seven..") && has_value(nothing, "") && has_value(none, ""));
    CHECK(has_value(later, ""));
    no_longer_serving(serves);
    natsConnection_Destroy(nc); /* the values stay */
    CHECK(asynchron_get(large, &value) == ASYNCHRON_OK && value.len == 1048576);
    for (i = 0; i < value.len; i++)
        CHECK(((const char *)value.data)[i] == 'x');
    asynchron_release(empty);
    asynchron_release(small);
    asynchron_release(large);
    asynchron_release(nothing);
    asynchron_release(later);
    asynchron_release(none);
}

static void what_is_over_max_payload_is_a_failure_on_both_ways(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "becoming", NULL);
    asynchron_t *answer = asked(nc, "becoming", "bytes 1048577");
    char *data = (char *)calloc(1, 1048577);
    asynchron_t *question = asynchron_nats_request_with(nc, "becoming", data, 1048577, ASYNCHRON_FOREVER, LONG);

    CHECK(has_failed(answer, "nats", NATS_MAX_PAYLOAD, "the value is longer than the server's max_payload"));
    CHECK(has_failed(question, "nats", NATS_MAX_PAYLOAD, NULL));
    asynchron_release(answer);
    asynchron_release(question);
    free(data);
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
}

static void a_failure_has_the_code_the_domain_and_the_message_of_the_worker(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "becoming", NULL);
    asynchron_t *a = asked(nc, "becoming", "fail"), *returned = asked(nc, "becoming", "return");

    CHECK(has_failed(a, "a domain: \r\n100%", -7, "a message\r\nof two lines"));
    CHECK(has_failed(returned, "", 42, ""));
    asynchron_release(a);
    asynchron_release(returned);
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
}

static void a_cancel_by_the_worker_comes_with_its_reason(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "becoming", NULL);
    asynchron_t *a = asked(nc, "becoming", "cancel");

    CHECK(was_cancelled(a, "no time"));
    asynchron_release(a);
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
}

static void what_cannot_be_sent_or_is_never_delivered_is_a_failure(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "becoming", NULL);
    asynchron_t *pointer = asked(nc, "becoming", "pointer"), *broken = asked(nc, "becoming", "break");

    CHECK(has_failed(pointer, "nats", NATS_INVALID_ARG, NULL));
    CHECK(has_failed(broken, "asynchron", ASYNCHRON_E_BROKEN, NULL));
    asynchron_release(pointer);
    asynchron_release(broken);
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
}

static void without_a_worker_it_fails_at_once(void)
{
    natsConnection *nc = connected();
    asynchron_t *a = asked(nc, "nobody", "hello"), *invalid = asked(nc, "not a subject", "hello");

    CHECK(has_failed(a, "nats", NATS_NO_RESPONDERS, NULL)); /* not after beats, which are long */
    CHECK(has_failed(invalid, "nats", NATS_INVALID_SUBJECT, NULL));
    asynchron_release(a);
    asynchron_release(invalid);
    natsConnection_Destroy(nc);
}

static void answer_plainly(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *ctx)
{
    (void)sub, (void)ctx;
    CHECK(natsConnection_PublishString(nc, natsMsg_GetReply(msg), "plain") == NATS_OK);
    CHECK(natsConnection_PublishString(nc, natsMsg_GetReply(msg), "a second one") == NATS_OK);
    natsMsg_Destroy(msg);
}

static void a_plain_responder_can_be_asked_and_a_plain_client_can_ask(void)
{
    natsConnection *nc = connected();
    asynchron_nats_server_t *serves = serving(nc, "becoming", NULL);
    natsSubscription *sub = NULL;
    natsMsg *reply = NULL;
    const char *header = NULL;
    asynchron_t *a;

    CHECK(natsConnection_Subscribe(&sub, nc, "plain", answer_plainly, NULL) == NATS_OK);
    a = asked(nc, "plain", "hello");
    CHECK(has_value(a, "plain"));
    asynchron_release(a);
    a = asynchron_nats_request_with(nc, "plain", "hello", 5, ASYNCHRON_FOREVER, ASYNCHRON_FOREVER);
    CHECK(has_value(a, "plain"));
    asynchron_release(a);
    natsSubscription_Destroy(sub);

    CHECK(natsConnection_RequestString(&reply, nc, "becoming", "hello", 60000) == NATS_OK);
    CHECK(natsMsg_GetDataLength(reply) == 5 && memcmp(natsMsg_GetData(reply), "hello", 5) == 0);
    CHECK(natsMsgHeader_Get(reply, "Asynchron-Status", &header) != NATS_OK);
    natsMsg_Destroy(reply);
    CHECK(natsConnection_RequestString(&reply, nc, "becoming", "later", 60000) == NATS_OK); /* it gets no beats */
    CHECK(natsMsg_GetDataLength(reply) == 0 && natsMsgHeader_Get(reply, "Asynchron-Status", &header) != NATS_OK);
    natsMsg_Destroy(reply);
    CHECK(natsConnection_RequestString(&reply, nc, "becoming", "fail", 60000) == NATS_OK);
    CHECK(natsMsgHeader_Get(reply, "Asynchron-Status", &header) == NATS_OK && strcmp(header, "failed") == 0);
    CHECK(natsMsgHeader_Get(reply, "Asynchron-Code", &header) == NATS_OK && strcmp(header, "-7") == 0);
    CHECK(natsMsgHeader_Get(reply, "Asynchron-Domain", &header) == NATS_OK);
    CHECK(strcmp(header, "a%20domain:%20%0D%0A100%25") == 0);
    CHECK(memcmp(natsMsg_GetData(reply), "a message\r\nof two lines", 23) == 0);
    natsMsg_Destroy(reply);
    CHECK(natsConnection_PublishString(nc, "becoming", "no reply wanted") == NATS_OK);
    no_longer_serving(serves);
    natsConnection_Destroy(nc);
}

/* ---- Many ---- */

enum { THREADS = 8, EACH = 500 };

static void *ask_many(void *nc)
{
    asynchron_t *as[EACH];
    int i;

    for (i = 0; i < EACH; i++) {
        as[i] = asynchron_nats_request_with((natsConnection *)nc, "many", &i, sizeof i, ASYNCHRON_FOREVER, LONG);
        CHECK(as[i] != NULL);
    }
    for (i = 0; i < EACH; i++) {
        CHECK(asynchron_wait(as[i], ASYNCHRON_FOREVER) == ASYNCHRON_OK && value_of(as[i]) == i);
        asynchron_release(as[i]);
    }
    return NULL;
}

static void of_4000_from_8_threads_each_gets_its_own_and_each_worker_some(void)
{
    natsConnection *nc = connected(), *first = connected(), *second = connected();
    seen_t one, two;
    asynchron_nats_server_t *serves, *helps;
    pthread_t threads[THREADS];
    int i;

    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    serves = serving(first, "many", &one);
    helps = serving(second, "many", &two);
    for (i = 0; i < THREADS; i++)
        threads[i] = start(ask_many, nc);
    for (i = 0; i < THREADS; i++)
        finish(threads[i]);
    no_longer_serving(serves);
    no_longer_serving(helps);
    CHECK(one.begun + two.begun == THREADS * EACH && one.begun > 0 && two.begun > 0);
    natsConnection_Destroy(nc);
    natsConnection_Destroy(first);
    natsConnection_Destroy(second);
}

#endif
