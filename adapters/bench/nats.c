/* nats.c: requests over NATS by cnats alone and by asynchron/nats.h, in one run, by turns: how many in a second, and
 * how long one takes. `make -C adapters bench-nats` runs it; docs/guide/more-than-one-machine.md has the figures.
 *
 * A server, a process that answers, and this one, which asks, are on one machine. Whoever answers sends the request
 * back. */
#define _GNU_SOURCE
#include <asynchron/nats.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 15, ONE_BY_ONE = 1500, MANY = 20000, WINDOW = 256, LEN = 64 };

static char url[40];
static const char data[LEN];

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench-nats: %s\n", what);
    exit(EXIT_FAILURE);
}

static natsConnection *connected(bool at_once)
{
    natsConnection *nc = NULL;
    natsOptions *options = NULL;
    int tries = 1000;

    must(natsOptions_Create(&options) == NATS_OK && natsOptions_SetURL(options, url) == NATS_OK &&
             natsOptions_SetSendAsap(options, at_once) == NATS_OK, "no options");
    while (natsConnection_Connect(&nc, options) != NATS_OK && tries-- > 0)
        usleep(10000);
    must(nc != NULL, "no connection");
    natsOptions_Destroy(options);
    return nc;
}

static double now(void)
{
    return (double)asynchron_nats_now() / 1e9;
}

/* ---- the one that answers ---- */

static void echo_plainly(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *ctx)
{
    (void)sub, (void)ctx;
    (void)natsConnection_Publish(nc, natsMsg_GetReply(msg), natsMsg_GetData(msg), natsMsg_GetDataLength(msg));
    natsMsg_Destroy(msg);
}

static int32_t echo(asynchron_t *self, natsMsg *request, void *ctx)
{
    (void)ctx;
    return asynchron_set_bytes(self, natsMsg_GetData(request), (size_t)natsMsg_GetDataLength(request));
}

/* Runs a task where it is given: for functions as short as this one. */
static int32_t run_here(asynchron_task_t *task, void *ctx)
{
    (void)ctx;
    asynchron_task_run(task);
    return 0;
}

static void answer(void)
{
    asynchron_executor_options_t options;
    asynchron_executor_t *here = NULL;
    asynchron_nats_server_t *server;
    natsSubscription *sub;
    const char *const ways[] = { "now", "soon" };
    int i;

    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.post = run_here;
    must(asynchron_executor_create(&options, &here) == ASYNCHRON_OK, "no executor");
    for (i = 0; i < 2; i++) {
        natsConnection *nc = connected(i == 0);
        char subject[40];

        snprintf(subject, sizeof subject, "plain.%s", ways[i]);
        must(natsConnection_Subscribe(&sub, nc, subject, echo_plainly, NULL) == NATS_OK, "no plain answers");
        snprintf(subject, sizeof subject, "here.%s", ways[i]);
        must(asynchron_nats_serve_with(nc, subject, NULL, echo, NULL, NULL, here, &server) == ASYNCHRON_OK,
             "no server");
        snprintf(subject, sizeof subject, "spawned.%s", ways[i]);
        must(asynchron_nats_serve(nc, subject, NULL, echo, NULL, &server) == ASYNCHRON_OK, "no server");
        must(natsConnection_Flush(nc) == NATS_OK, "no server");
    }
    for (;;)
        pause();
}

/* ---- One by one: microseconds for each ---- */

static double ask_plainly(natsConnection *nc, const char *subject)
{
    const double begun = now();
    int i;

    for (i = 0; i < ONE_BY_ONE; i++) {
        natsMsg *reply = NULL;

        must(natsConnection_Request(&reply, nc, subject, data, LEN, 10000) == NATS_OK, "no reply");
        natsMsg_Destroy(reply);
    }
    return (now() - begun) / ONE_BY_ONE * 1e6;
}

static double ask(natsConnection *nc, const char *subject)
{
    const double begun = now();
    int i;

    for (i = 0; i < ONE_BY_ONE; i++) {
        asynchron_t *a = asynchron_nats_request(nc, subject, data, LEN, 10000000000u);

        must(asynchron_get(a, NULL) == ASYNCHRON_OK, "no value");
        asynchron_release(a);
    }
    return (now() - begun) / ONE_BY_ONE * 1e6;
}

/* ---- Many: how many in a second, with so many under way. A bare client has one inbox, too, and counts ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int under_way;

static void one_less(void)
{
    (void)pthread_mutex_lock(&lock);
    if (--under_way == WINDOW / 2 || under_way == 0)
        (void)pthread_cond_signal(&changed);
    (void)pthread_mutex_unlock(&lock);
}

static void one_more(void)
{
    (void)pthread_mutex_lock(&lock);
    if (under_way >= WINDOW)
        while (under_way > WINDOW / 2)
            (void)pthread_cond_wait(&changed, &lock);
    under_way++;
    (void)pthread_mutex_unlock(&lock);
}

static void none_left(void)
{
    (void)pthread_mutex_lock(&lock);
    while (under_way > 0)
        (void)pthread_cond_wait(&changed, &lock);
    (void)pthread_mutex_unlock(&lock);
}

static void reply_came(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *ctx)
{
    (void)nc, (void)sub, (void)ctx;
    natsMsg_Destroy(msg);
    one_less();
}

static double ask_many_plainly(natsConnection *nc, const char *subject)
{
    static natsSubscription *sub;
    static natsInbox *inbox;
    char text[100];
    double begun;
    int i;

    if (sub == NULL) {
        must(natsInbox_Create(&inbox) == NATS_OK, "no inbox");
        snprintf(text, sizeof text, "%s.*", (const char *)inbox);
        must(natsConnection_Subscribe(&sub, nc, text, reply_came, NULL) == NATS_OK, "no inbox");
        (void)natsSubscription_SetPendingLimits(sub, -1, -1);
    }
    begun = now();
    for (i = 0; i < MANY; i++) {
        one_more();
        snprintf(text, sizeof text, "%s.%d", (const char *)inbox, i);
        must(natsConnection_PublishRequest(nc, subject, text, data, LEN) == NATS_OK, "not sent");
    }
    none_left();
    return MANY / (now() - begun);
}

static void completed(asynchron_t *a, void *ctx)
{
    (void)ctx;
    must(asynchron_poll(a) == ASYNCHRON_OK, "no value");
    one_less();
}

static double ask_many(natsConnection *nc, const char *subject)
{
    const double begun = now();
    int i;

    for (i = 0; i < MANY; i++) {
        asynchron_t *a;

        one_more();
        a = asynchron_nats_request(nc, subject, data, LEN, ASYNCHRON_FOREVER);
        must(asynchron_notify(a, completed, NULL) == ASYNCHRON_OK, "no callback");
        asynchron_release(a);
    }
    none_left();
    return MANY / (now() - begun);
}

/* ---- By turns ---- */

typedef struct {
    const char *name;
    double (*run)(natsConnection *nc, const char *subject);
    const char *subject;
    double results[ROUNDS], ratios[ROUNDS];
} contestant_t;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *of)
{
    qsort(of, ROUNDS, sizeof *of, compare);
    return of[ROUNDS / 2];
}

/* Each round runs each once, and begins with another. A ratio is of one round: how good it is beside the first
   contestant. */
static void contest(const char *title, const char *unit, int is_time, natsConnection *nc, contestant_t *of, int n)
{
    int round, i;

    for (i = 0; i < n; i++)
        (void)of[i].run(nc, of[i].subject);
    for (round = 0; round < ROUNDS; round++) {
        for (i = 0; i < n; i++) {
            contestant_t *one = &of[(i + round) % n];

            one->results[round] = one->run(nc, one->subject);
        }
        for (i = 0; i < n; i++)
            of[i].ratios[round] = is_time ? of[0].results[round] / of[i].results[round]
                                          : of[i].results[round] / of[0].results[round];
    }
    printf("%s\n", title);
    for (i = 0; i < n; i++)
        printf("  %-52s %9.0f %s   %.2f\n", of[i].name, median(of[i].results), unit, median(of[i].ratios));
    fflush(stdout);
}

static pid_t started(const char *const *args)
{
    const pid_t process = fork();

    must(process >= 0, "no process");
    if (process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (strcmp(args[0], "nats-server") == 0)
            must(freopen("/dev/null", "w", stderr) != NULL, "no /dev/null");
        execvp(args[0], (char *const *)(void *)args);
        _exit(127);
    }
    return process;
}

static int free_port(void)
{
    struct sockaddr_in at;
    socklen_t len = sizeof at;
    const int s = socket(AF_INET, SOCK_STREAM, 0);

    memset(&at, 0, sizeof at);
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(s, (struct sockaddr *)&at, sizeof at) == 0 && getsockname(s, (struct sockaddr *)&at, &len) == 0,
         "no port");
    close(s);
    return ntohs(at.sin_port);
}

int main(int argc, char **argv)
{
    contestant_t one_by_one[] = {
        { "cnats, natsConnection_Request", ask_plainly, "plain.now", { 0 }, { 0 } },
        { "asynchron asks, cnats answers", ask, "plain.now", { 0 }, { 0 } },
        { "asynchron asks, asynchron answers in cnats' thread", ask, "here.now", { 0 }, { 0 } },
        { "asynchron asks, asynchron answers in another thread", ask, "spawned.now", { 0 }, { 0 } },
    };
    contestant_t many[] = {
        { "cnats, natsConnection_PublishRequest and one inbox", ask_many_plainly, "plain.soon", { 0 }, { 0 } },
        { "asynchron asks, cnats answers", ask_many, "plain.soon", { 0 }, { 0 } },
        { "asynchron asks, asynchron answers in cnats' thread", ask_many, "here.soon", { 0 }, { 0 } },
        { "asynchron asks, asynchron answers in other threads", ask_many, "spawned.soon", { 0 }, { 0 } },
    };
    char port[16];
    const char *server[] = { "nats-server", "-a", "127.0.0.1", "-p", port, NULL };
    const char *answers[] = { argv[0], url, NULL };
    natsConnection *nc;
    asynchron_t *a;

    if (argc == 2) {
        snprintf(url, sizeof url, "%s", argv[1]);
        answer();
    }
    snprintf(port, sizeof port, "%d", free_port());
    snprintf(url, sizeof url, "nats://127.0.0.1:%s", port);
    started(server);
    started(answers);
    nc = connected(true);
    do { /* until the last is there */
        usleep(10000);
        a = asynchron_nats_request(nc, "spawned.soon", NULL, 0, ASYNCHRON_FOREVER);
    } while (asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK && asynchron_poll(a) != ASYNCHRON_OK &&
             (asynchron_release(a), 1));
    asynchron_release(a);
    contest("One by one, sent at once: the time of each", "us ", 1, nc, one_by_one, 4);
    natsConnection_Destroy(nc);
    nc = connected(false);
    contest("256 under way: requests in a second", "1/s", 0, nc, many, 4);
    natsConnection_Destroy(nc);
    return EXIT_SUCCESS;
}
