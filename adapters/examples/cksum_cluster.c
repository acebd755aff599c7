/* cksum_cluster.c: the POSIX checksums of many files, computed by workers that may be on other hosts.
 *
 *     cksum_cluster URL FILE...                     asks, and prints what cksum would
 *     cksum_cluster URL --work [MILLISECONDS]       answers; each file takes at least so long, for want of large ones
 *
 * Only the names go out, so all hosts must see the same files. A request whose worker dies, is cut off or is not there
 * is a failure with the domain "nats": then it is asked again, and another worker gets it. That is safe, as it may be
 * done twice. A file that cannot be read is a failure of the worker's own. test/cksum_cluster.sh kills and cuts off. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron/nats.h>

#include <errno.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, MOST_TRIES = 100 };

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "cksum_cluster: %s\n", what);
    exit(EXIT_FAILURE);
}

static void nap(long ms)
{
    const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

    (void)nanosleep(&time, NULL);
}

/* ---- The worker ---- */

/* The remainder by the polynomial 0x04C11DB7, a bit at a time, highest first. */
static uint32_t add_byte(uint32_t sum, unsigned byte)
{
    int i;

    sum ^= (uint32_t)byte << 24;
    for (i = 0; i < 8; i++)
        sum = sum << 1 ^ (sum >> 31 ? UINT32_C(0x04C11DB7) : 0);
    return sum;
}

/* The answer to a name: "SUM SIZE". */
static int32_t work(asynchron_t *self, natsMsg *request, void *at_least_ms)
{
    const int name_len = natsMsg_GetDataLength(request);
    unsigned char *block = (unsigned char *)malloc(BLOCK);
    char *name = (char *)malloc((size_t)name_len + 1), text[50];
    FILE *file = NULL;
    uint64_t size = 0, rest;
    uint32_t sum = 0;
    size_t len, i;
    int error = ENOMEM;

    if (block != NULL && name != NULL) {
        memcpy(name, natsMsg_GetData(request), (size_t)name_len);
        name[name_len] = '\0';
        errno = 0;
        file = fopen(name, "rb");
        error = file == NULL ? errno : 0;
    }
    nap(*(long *)at_least_ms);
    if (file != NULL) {
        /* For as long as the caller wants it. */
        while (asynchron_poll(self) == ASYNCHRON_PENDING && (len = fread(block, 1, BLOCK, file)) > 0) {
            for (i = 0; i < len; i++)
                sum = add_byte(sum, block[i]);
            size += len;
        }
        error = ferror(file) ? errno : 0;
        (void)fclose(file);
    }
    free(block);
    free(name);
    if (error != 0)
        return asynchron_fail_with(self, error, "errno", strerror(error), NULL, NULL);
    for (rest = size; rest > 0; rest >>= 8)
        sum = add_byte(sum, (unsigned)(rest & 255));
    len = (size_t)snprintf(text, sizeof text, "%lu %llu", (unsigned long)(uint32_t)~sum, (unsigned long long)size);
    return asynchron_set_bytes(self, text, len);
}

static void answer(natsConnection *nc, const char *at_least)
{
    static long at_least_ms;
    asynchron_nats_server_t *server;

    at_least_ms = at_least == NULL ? 0 : atol(at_least);
    must(asynchron_nats_serve(nc, "cksum", "workers", work, &at_least_ms, &server) == ASYNCHRON_OK, "cannot serve");
    for (;;)
        (void)pause(); /* until it is killed */
}

/* ---- The caller ---- */

typedef struct {
    const char *name;
    int tries;
    asynchron_t *sum;
} job_t;

static void ask(natsConnection *nc, asynchron_report_t *report, job_t *job)
{
    asynchron_release(job->sum);
    job->sum = asynchron_nats_request(nc, "cksum", job->name, strlen(job->name), ASYNCHRON_FOREVER);
    job->tries++;
    must(job->sum != NULL && asynchron_report_add(report, job->sum, job) == ASYNCHRON_OK, "no memory");
}

static int ask_all(natsConnection *nc, char **names, int n)
{
    job_t *jobs = (job_t *)calloc((size_t)n, sizeof *jobs);
    asynchron_report_t *report = asynchron_report_create(NULL, 0);
    asynchron_item_t item;
    asynchron_error_t error;
    asynchron_value_t value;
    int i, again = 0, status = EXIT_SUCCESS;

    must(jobs != NULL && report != NULL, "no memory");
    for (i = 0; i < n; i++) {
        jobs[i].name = names[i];
        ask(nc, report, &jobs[i]);
    }
    while (asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK) {
        job_t *job = (job_t *)item.tag;

        if (asynchron_poll(item.asynchron) == ASYNCHRON_FAILED &&
            asynchron_error(item.asynchron, &error) == ASYNCHRON_OK && strcmp(error.domain, "nats") == 0 &&
            job->tries < MOST_TRIES) {
            if (error.code == NATS_NO_RESPONDERS)
                nap(100); /* till there is a worker */
            again++;
            ask(nc, report, job);
        }
        asynchron_release(item.asynchron);
    }
    for (i = 0; i < n; i++) { /* all are complete */
        if (asynchron_get(jobs[i].sum, &value) == ASYNCHRON_OK) {
            printf("%.*s %s\n", (int)value.len, (const char *)value.data, jobs[i].name);
        } else if (asynchron_error(jobs[i].sum, &error) == ASYNCHRON_OK) {
            fprintf(stderr, "cksum_cluster: %s: %s\n", jobs[i].name, error.message);
            status = EXIT_FAILURE;
        }
        asynchron_release(jobs[i].sum);
    }
    fprintf(stderr, "asked again: %d\n", again);
    asynchron_report_release(report);
    free(jobs);
    return status;
}

int main(int argc, char **argv)
{
    natsConnection *nc = NULL;
    int status;

    must(argc >= 3, "URL FILE... or URL --work [MILLISECONDS]");
    must(natsConnection_ConnectTo(&nc, argv[1]) == NATS_OK, "no connection");
    if (strcmp(argv[2], "--work") == 0)
        answer(nc, argv[3]);
    status = ask_all(nc, argv + 2, argc - 2);
    natsConnection_Destroy(nc);
    nats_Close();
    return status;
}
