/* nats_world.h: what the tests of nats.h are written with: a server, connections, and processes that work or ask. */
#ifndef NATS_WORLD_H
#define NATS_WORLD_H

#include <asynchron/nats.h>

#include "check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int flag_of(int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void raise_flag(int *flag)
{
    (void)__atomic_add_fetch(flag, 1, __ATOMIC_SEQ_CST);
}

/* The linker has calloc() mean this, as malloc(). */
static int callocs = -1; /* so many may go well; any number, if it is below 0 */

#ifdef __cplusplus
extern "C" {
#endif
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
#ifdef __cplusplus
}
#endif

void *__wrap_calloc(size_t count, size_t size)
{
    int left = flag_of(&callocs);

    while (left > 0 && !__atomic_compare_exchange_n(&callocs, &left, left - 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        continue;
    return no_memory || left == 0 ? NULL : __real_calloc(count, size);
}

static const uint64_t TENTH = 100000000u; /* the shortest beat */
static const uint64_t CALLERS_BEAT = 500000000u; /* of the other process */
static const uint64_t LONG = 60000000000u; /* a beat so long that no slow machine misses one */

static pid_t server;
static int port;
static char url[40];
static const char *self_path; /* of this program */

/* What another thread, or process, does soon: the time limit of the test says when it was not done. */
#define COMES_TRUE(claim)    \
    do {                     \
        while (!(claim))     \
            usleep(1000);    \
    } while (0)

/* Starts a program, which dies with this one. */
static pid_t started(const char *const *args)
{
    const pid_t process = fork();

    CHECK(process >= 0);
    if (process == 0) {
        int null;

        alarm(0);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        null = open("/dev/null", O_RDWR);
        if (strcmp(args[0], "nats-server") == 0) {
            dup2(null, 1);
            dup2(null, 2);
        }
        execvp(args[0], (char *const *)(void *)args);
        _exit(127);
    }
    return process;
}

static void ended(pid_t process)
{
    (void)kill(process, SIGKILL);
    CHECK(waitpid(process, NULL, 0) == process);
}

static int free_port(void)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    const int s = socket(AF_INET, SOCK_STREAM, 0);

    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(s >= 0 && bind(s, (struct sockaddr *)&at, sizeof at) == 0);
    CHECK(getsockname(s, (struct sockaddr *)&at, &len) == 0);
    close(s);
    return ntohs(at.sin_port);
}

static pid_t server_at(int its_port)
{
    char text[16];
    const char *args[] = { "nats-server", "-a", "127.0.0.1", "-p", NULL, NULL };

    snprintf(text, sizeof text, "%d", its_port);
    args[4] = text;
    return started(args);
}

static void start_server(void)
{
    server = server_at(port);
}

/* Connects, also to a server that is about to start. It goes on trying for long when that is gone. With `is_pooled`
   cnats calls from threads that all such connections share. */
static natsConnection *connected_with(bool is_pooled)
{
    natsConnection *nc = NULL;
    natsOptions *options = NULL;

    CHECK(natsOptions_Create(&options) == NATS_OK && natsOptions_SetURL(options, url) == NATS_OK);
    CHECK(natsOptions_SetReconnectWait(options, 50) == NATS_OK);
    CHECK(natsOptions_SetMaxReconnect(options, 10000) == NATS_OK);
    CHECK(natsOptions_SetSendAsap(options, true) == NATS_OK);
    CHECK(natsOptions_UseGlobalMessageDelivery(options, is_pooled) == NATS_OK);
    COMES_TRUE(natsConnection_Connect(&nc, options) == NATS_OK);
    natsOptions_Destroy(options);
    return nc;
}

static natsConnection *connected(void)
{
    return connected_with(false);
}

/* Asks with beats that are not missed on a slow machine. */
static asynchron_t *asked(natsConnection *nc, const char *subject, const char *data)
{
    asynchron_t *a = asynchron_nats_request_with(nc, subject, data, strlen(data), ASYNCHRON_FOREVER, LONG);

    CHECK(a != NULL);
    return a;
}

static int has_failed(asynchron_t *a, const char *domain, int code, const char *message)
{
    asynchron_error_t error;

    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    return asynchron_error(a, &error) == ASYNCHRON_OK && asynchron_poll(a) == ASYNCHRON_FAILED &&
           strcmp(error.domain, domain) == 0 && error.code == code &&
           (message == NULL || strcmp(error.message, message) == 0);
}

static int was_cancelled(asynchron_t *a, const char *reason)
{
    asynchron_error_t error;

    CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    return asynchron_poll(a) == ASYNCHRON_CANCELLED && asynchron_error(a, &error) == ASYNCHRON_OK &&
           strcmp(error.message, reason) == 0;
}

static int has_value(asynchron_t *a, const char *text)
{
    asynchron_value_t value;

    return asynchron_get(a, &value) == ASYNCHRON_OK && value.len == strlen(text) &&
           (value.len == 0 || memcmp(value.data, text, value.len) == 0);
}

/* ---- A worker: it does what the request says ---- */

typedef struct {
    asynchron_t *cancelled; /* becomes the reason for which a "wait" was cancelled */
    int begun, dropped;
} seen_t;

static int32_t work(asynchron_t *self, natsMsg *request, void *pointer)
{
    char text[100];
    const int len = natsMsg_GetDataLength(request);
    seen_t *seen = (seen_t *)pointer;
    asynchron_t *other;

    if (seen != NULL)
        raise_flag(&seen->begun);
    snprintf(text, sizeof text, "%.*s", len < 99 ? len : 99, natsMsg_GetData(request));
    if (strncmp(text, "bytes ", 6) == 0) {
        const size_t n = (size_t)atol(text + 6);
        char *data = (char *)malloc(n + 1);

        CHECK(data != NULL);
        memset(data, 'x', n);
        return asynchron_set_buffer(self, data, n, data, free);
    }
    if (strcmp(text, "fail") == 0)
        return asynchron_fail_with(self, -7, "a domain: \r\n100%", "a message\r\nof two lines", NULL, NULL);
    if (strcmp(text, "cancel") == 0)
        return asynchron_cancel_with(self, "no time");
    if (strcmp(text, "pointer") == 0)
        return asynchron_set_pointer(self, text, NULL);
    if (strcmp(text, "return") == 0)
        return 42;
    if (strcmp(text, "nothing") == 0)
        return 0;
    if (strcmp(text, "break") == 0) {
        other = asynchron_create(NULL);
        CHECK(asynchron_follow(self, other) == ASYNCHRON_OK);
        asynchron_release(other);
        return 0;
    }
    if (strcmp(text, "later") == 0) {
        other = asynchron_timer(TENTH);
        CHECK(asynchron_follow(self, other) == ASYNCHRON_OK);
        asynchron_release(other); /* a timer is kept */
        return 0;
    }
    if (strncmp(text, "sleep ", 6) == 0) {
        usleep((useconds_t)atol(text + 6) * 1000);
        return 0;
    }
    if (strcmp(text, "wait") == 0) { /* as long as it is wanted */
        asynchron_error_t error;

        COMES_TRUE(asynchron_poll(self) != ASYNCHRON_PENDING);
        if (seen != NULL && asynchron_error(self, &error) == ASYNCHRON_OK)
            (void)asynchron_set_bytes(seen->cancelled, error.message, strlen(error.message) + 1);
        return 0;
    }
    if (strcmp(text, "pid") == 0) {
        const pid_t process = getpid();

        return asynchron_set_bytes(self, &process, sizeof process);
    }
    return asynchron_set_bytes(self, natsMsg_GetData(request), (size_t)len);
}

static asynchron_nats_server_t *serving(natsConnection *nc, const char *subject, seen_t *seen)
{
    asynchron_nats_server_t *serves = NULL;

    CHECK(asynchron_nats_serve(nc, subject, "workers", work, seen, &serves) == ASYNCHRON_OK && serves != NULL);
    CHECK(natsConnection_FlushTimeout(nc, 60000) == NATS_OK); /* the server knows of it */
    return serves;
}

static void no_longer_serving(asynchron_nats_server_t *serves)
{
    CHECK(asynchron_nats_stop(serves, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    asynchron_nats_release(serves);
}

/* This program as another process: `worker SUBJECT` works, `caller SUBJECT` asks for what lasts for ever. */
static int other_process(const char *role, const char *subject, const char *at)
{
    natsConnection *nc;

    snprintf(url, sizeof url, "%s", at);
    nc = connected();
    if (strcmp(role, "worker") == 0)
        (void)serving(nc, subject, NULL);
    else
        CHECK(asynchron_nats_request_with(nc, subject, "wait", 4, ASYNCHRON_FOREVER, CALLERS_BEAT) != NULL);
    for (;;)
        (void)pause();
}

static pid_t new_process(const char *role, const char *subject)
{
    const char *args[] = { NULL, role, subject, url, NULL };

    args[0] = self_path;
    return started(args);
}

/* Waits until a worker answers, and says in which process. The server may still give a request to one that has just
   died. */
static pid_t answering(natsConnection *nc, const char *subject)
{
    for (;;) {
        asynchron_t *a = asynchron_nats_request(nc, subject, "pid", 3, ASYNCHRON_FOREVER);
        asynchron_value_t value;
        pid_t process = 0;

        if (asynchron_get(a, &value) == ASYNCHRON_OK)
            memcpy(&process, value.data, sizeof process);
        asynchron_release(a);
        if (process != 0)
            return process;
        usleep(10000);
    }
}

#endif
