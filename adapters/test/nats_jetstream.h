/* nats_jetstream.h: what the guide says of JetStream beside asynchron: work that is not acknowledged comes again. */
#ifndef NATS_JETSTREAM_H
#define NATS_JETSTREAM_H

#include "nats_world.h"

/* A server that keeps messages, in a directory of its own, at another port. */
static pid_t start_jetstream(char *at, size_t len, char *directory)
{
    char text[16];
    const char *args[] = { "nats-server", "-a", "127.0.0.1", "-js", "-sd", NULL, "-p", NULL, NULL };

    snprintf(text, sizeof text, "%d", free_port());
    snprintf(at, len, "nats://127.0.0.1:%s", text);
    CHECK(mkdtemp(directory) != NULL);
    args[5] = directory;
    args[7] = text;
    return started(args);
}

static int32_t compute(asynchron_t *self, void *msg)
{
    static int tries;

    (void)msg;
    return ++tries == 1 ? asynchron_fail(self, 1, "not now") : asynchron_set_bytes(self, NULL, 0);
}

/* A callback: what has a value is done, and anything else comes again. */
static void acknowledge(asynchron_t *a, void *msg)
{
    if (asynchron_poll(a) == ASYNCHRON_OK)
        CHECK(natsMsg_Ack((natsMsg *)msg, NULL) == NATS_OK);
    else
        CHECK(natsMsg_Nak((natsMsg *)msg, NULL) == NATS_OK);
}

/* Takes one message, and computes. */
static asynchron_status_t take_one(natsSubscription *sub)
{
    natsMsgList list;
    asynchron_t *a = asynchron_create(NULL);
    asynchron_status_t status;

    CHECK(a != NULL && natsSubscription_Fetch(&list, sub, 1, 60000, NULL) == NATS_OK && list.Count == 1);
    CHECK(natsMsg_GetDataLength(list.Msgs[0]) == 3 && memcmp(natsMsg_GetData(list.Msgs[0]), "one", 3) == 0);
    CHECK(asynchron_spawn(a, compute, list.Msgs[0], NULL) == ASYNCHRON_OK);
    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(asynchron_notify(a, acknowledge, list.Msgs[0]) == ASYNCHRON_OK); /* inside this call, as it is complete */
    status = asynchron_poll(a);
    natsMsgList_Destroy(&list);
    asynchron_release(a);
    return status;
}

static void with_jetstream_work_comes_again_until_it_is_acknowledged(void)
{
    char at[40], directory[] = "/tmp/asynchron-jetstream-XXXXXX";
    const char *remove[] = { "rm", "-rf", NULL, NULL };
    const pid_t keeper = start_jetstream(at, sizeof at, directory);
    const char *subjects[] = { "work" };
    natsConnection *nc = NULL;
    natsSubscription *sub = NULL;
    jsCtx *js = NULL;
    jsStreamConfig stream;
    jsSubOptions options;
    natsMsgList list;
    asynchron_t *a;
    asynchron_value_t value;

    COMES_TRUE(natsConnection_ConnectTo(&nc, at) == NATS_OK);
    CHECK(natsConnection_JetStream(&js, nc, NULL) == NATS_OK);
    CHECK(jsStreamConfig_Init(&stream) == NATS_OK && jsSubOptions_Init(&options) == NATS_OK);
    stream.Name = "WORK";
    stream.Subjects = subjects;
    stream.SubjectsLen = 1;
    stream.Storage = js_MemoryStorage;
    stream.Retention = js_WorkQueuePolicy;
    CHECK(js_AddStream(NULL, js, &stream, NULL, NULL) == NATS_OK);
    CHECK(js_Publish(NULL, js, "work", "one", 3, NULL, NULL) == NATS_OK); /* nobody works yet, and it is kept */
    options.Config.AckWait = 60000000000;
    CHECK(js_PullSubscribe(&sub, js, "work", "workers", NULL, &options, NULL) == NATS_OK);
    CHECK(take_one(sub) == ASYNCHRON_FAILED && take_one(sub) == ASYNCHRON_OK);
    CHECK(natsConnection_FlushTimeout(nc, 60000) == NATS_OK);
    CHECK(natsSubscription_Fetch(&list, sub, 1, 300, NULL) == NATS_TIMEOUT); /* it does not come a third time */

    a = asynchron_nats_request_with(nc, "work", "two", 3, ASYNCHRON_FOREVER, LONG);
    CHECK(asynchron_get(a, &value) == ASYNCHRON_OK && value.len > 10);
    /* That is the stream's acknowledgement, and no worker's answer. */
    CHECK(memcmp(value.data, "{\"stream\":", 10) == 0);
    asynchron_release(a);
    natsSubscription_Destroy(sub);
    jsCtx_Destroy(js);
    natsConnection_Destroy(nc);
    ended(keeper);
    remove[2] = directory;
    CHECK(waitpid(started(remove), NULL, 0) > 0);
}

#endif
