/* Threads of C's that complete asynchrons, for the tests and the benchmark: JavaScript calls them by koffi. */
#define _POSIX_C_SOURCE 200809L
#include <asynchron.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* One thread's work: how to complete one asynchron, and when. */
struct job {
    asynchron_t *a;
    uint64_t after_ns;
    char kind;
    int32_t code;
    char domain[64];
    char text[64];
};

static void *work(void *argument)
{
    struct job *job = argument;
    struct timespec time = {(time_t)(job->after_ns / 1000000000), (long)(job->after_ns % 1000000000)};

    nanosleep(&time, NULL);
    if (job->kind == 'v')
        asynchron_set_bytes(job->a, job->text, strlen(job->text));
    else if (job->kind == 'f')
        asynchron_fail_with(job->a, job->code, job->domain, job->text, NULL, NULL);
    else
        asynchron_cancel_with(job->a, job->text);
    asynchron_release(job->a);
    free(job);
    return NULL;
}

/* Has a thread complete it: kind 'v' with a value, 'f' with a failure, 'c' with a cancel. Returns 0 if that began. */
int helper_complete(asynchron_t *a, uint64_t after_ns, char kind, int32_t code, const char *domain, const char *text)
{
    struct job *job = calloc(1, sizeof *job);
    pthread_t thread;

    if (job == NULL)
        return -1;
    job->a = asynchron_retain(a);
    job->after_ns = after_ns;
    job->kind = kind;
    job->code = code;
    strncpy(job->domain, domain, sizeof job->domain - 1);
    strncpy(job->text, text, sizeof job->text - 1);
    if (pthread_create(&thread, NULL, work, job) != 0) {
        asynchron_release(a);
        free(job);
        return -1;
    }
    return pthread_detach(thread);
}

/* What C reads of one that is complete: a number of 64 bits, or 0 for anything else. */
uint64_t helper_u64(asynchron_t *a)
{
    asynchron_value_t value;
    uint64_t number = 0;

    if (asynchron_get_timeout(a, 0, &value) == ASYNCHRON_OK && value.len == sizeof number)
        memcpy(&number, value.data, sizeof number);
    return number;
}

int helper_set_u64(asynchron_t *a, uint64_t number)
{
    return asynchron_set_bytes(a, &number, sizeof number);
}

/* The message, or the reason, of one that failed or was cancelled; its domain; its code. */
const char *helper_message(asynchron_t *a)
{
    asynchron_error_t error;

    return asynchron_error(a, &error) == ASYNCHRON_OK ? error.message : "no error";
}

const char *helper_domain(asynchron_t *a)
{
    asynchron_error_t error;

    return asynchron_error(a, &error) == ASYNCHRON_OK ? error.domain : "no error";
}

int32_t helper_code(asynchron_t *a)
{
    asynchron_error_t error;

    return asynchron_error(a, &error) == ASYNCHRON_OK ? error.code : -1;
}

static atomic_int ended;

static void count(asynchron_t *a, void *ctx)
{
    (void)a, (void)ctx;
    atomic_fetch_add(&ended, 1);
}

/* Counts it once it is complete, which a pending one is when its last handle goes. Keeps no reference. */
int helper_count(asynchron_t *a)
{
    return asynchron_notify(a, count, NULL);
}

int helper_counted(void)
{
    return atomic_load(&ended);
}

/* A few threads that complete what they are given at once, for the benchmark and for many at a time. */
#define MOST 64
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static asynchron_t **queue;
static size_t first, last, room, asleep;

static void *serve(void *argument)
{
    asynchron_t *taken[MOST];

    (void)argument;
    for (;;) {
        size_t n = 0;

        pthread_mutex_lock(&lock);
        while (first == last) {
            asleep++;
            pthread_cond_wait(&more, &lock);
            asleep--;
        }
        while (n < MOST && first != last)
            taken[n++] = queue[first++ % room];
        pthread_mutex_unlock(&lock);
        for (size_t i = 0; i < n; i++) {
            asynchron_set_bytes(taken[i], "x", 1);
            asynchron_release(taken[i]);
        }
    }
    return NULL;
}

/* Begins with that many threads, and room for that many in the queue. Once in a process. */
int helper_serve(int threads, size_t capacity)
{
    pthread_t thread;

    room = capacity;
    queue = calloc(room, sizeof *queue);
    if (queue == NULL)
        return -1;
    while (threads-- > 0) {
        if (pthread_create(&thread, NULL, serve, NULL) != 0)
            return -1;
        pthread_detach(thread);
    }
    return 0;
}

/* Puts all of them into the queue. Returns 0, or -1 if there is no room. */
int helper_put(const uint64_t *as, size_t n)
{
    int full;

    pthread_mutex_lock(&lock);
    full = room - (last - first) < n;
    for (size_t i = 0; i < n && !full; i++)
        queue[last++ % room] = asynchron_retain((asynchron_t *)(uintptr_t)as[i]);
    if (asleep > 0)
        pthread_cond_broadcast(&more);
    pthread_mutex_unlock(&lock);
    return -full;
}
