/* Two threads: one delivers without a reference of its own, the other waits, in each way there is, and releases
   the last reference as soon as the wait is over. Whether anybody touches the memory after that is valgrind's to see. */
#include <asynchron.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_barrier_t turn;
static asynchron_t *subject;
static long rounds;

#define CHECK(condition) \
    do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); exit(1); } } while (0)

static void *deliver(void *unused)
{
    static const char text[40] = "a value too long to lie inside";
    for (long round = 0; round < rounds; round++) {
        pthread_barrier_wait(&turn);
        switch (round % 3) {
        case 0: asynchron_set_bytes(subject, text, sizeof text); break;
        case 1: asynchron_fail(subject, 1, "a message"); break;
        default: asynchron_cancel(subject);
        }
        pthread_barrier_wait(&turn);
    }
    return unused;
}

static void wait_in_every_way(asynchron_t *a, long way)
{
    char buffer[40];
    asynchron_report_t *report;
    asynchron_item_t item;

    switch (way) {
    case 0: CHECK(asynchron_get(a, NULL) >= ASYNCHRON_OK); break;
    case 1: CHECK(asynchron_get_timeout(a, UINT64_C(1000000000000), NULL) >= ASYNCHRON_OK); break;
    case 2: CHECK(asynchron_get_bytes(a, buffer, sizeof buffer, NULL) >= ASYNCHRON_OK); break;
    case 3: CHECK(asynchron_wait(a, ASYNCHRON_FOREVER) == ASYNCHRON_OK); break;
    case 4: CHECK(asynchron_wait_any(&a, 1, ASYNCHRON_FOREVER, NULL) == ASYNCHRON_OK); break;
    case 5: CHECK(asynchron_wait_all(&a, 1, ASYNCHRON_FOREVER) == ASYNCHRON_OK); break;
    default:
        report = asynchron_report_create(&a, 1);
        asynchron_release(a);
        CHECK(asynchron_report_next(report, ASYNCHRON_FOREVER, &item) == ASYNCHRON_OK);
        CHECK(item.asynchron == a);
        asynchron_report_release(report);
    }
    asynchron_release(a);
}

int main(int argc, char **argv)
{
    pthread_t deliverer;

    rounds = argc > 1 ? atol(argv[1]) : 1000;
    pthread_barrier_init(&turn, NULL, 2);
    CHECK(pthread_create(&deliverer, NULL, deliver, NULL) == 0);
    for (long round = 0; round < rounds; round++) {
        asynchron_t *next;
        subject = asynchron_create(NULL);
        asynchron_t *mine = subject;
        pthread_barrier_wait(&turn);
        wait_in_every_way(mine, round / 3 % 7);
        next = asynchron_create(NULL);
        CHECK(asynchron_poll(next) == ASYNCHRON_PENDING);
        asynchron_release(next);
        pthread_barrier_wait(&turn);
    }
    CHECK(pthread_join(deliverer, NULL) == 0);
    return 0;
}
