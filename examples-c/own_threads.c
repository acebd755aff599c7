/* own_threads.c: a producer with a thread of its own, and a worker whose context lies on a stack.
 *
 * A thread of the program works through a queue. It says what it has begun by asynchron_start(), so
 * that a close() can cancel what has not begun, and let the rest finish.
 *
 * A cancel does not end a function that runs. After asynchron_wait_returned() none runs any more, and
 * what it uses may go.
 */
#include <asynchron.h>
#include <pthread.h>
#include <string.h>
#include "check.h"

enum { JOBS = 4 };

struct queue {
    asynchron_t *jobs[JOBS];
    asynchron_t *begun, *may_go_on;
};

/* The thread: computes the square of the number of each job that is still wanted. */
static void *work_through(void *arg)
{
    struct queue *queue = arg;

    for (int i = 0; i < JOBS; i++) {
        int square = i * i;

        if (asynchron_start(queue->jobs[i]) != ASYNCHRON_OK)
            continue; /* cancelled before it has begun */
        if (i == 1) { /* this one takes its time */
            CHECK(asynchron_set_bytes(queue->begun, NULL, 0) == ASYNCHRON_OK);
            CHECK(asynchron_wait(queue->may_go_on, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
        }
        (void)asynchron_set_bytes(queue->jobs[i], &square, sizeof square);
    }
    return NULL;
}

static void close_a_queue(void)
{
    struct queue queue = {{NULL}, asynchron_create("begun"), asynchron_create("may go on")};
    pthread_t thread;

    CHECK(queue.begun != NULL && queue.may_go_on != NULL);
    for (int i = 0; i < JOBS; i++) {
        queue.jobs[i] = asynchron_create("a job");
        CHECK(queue.jobs[i] != NULL);
    }
    CHECK(pthread_create(&thread, NULL, work_through, &queue) == 0);
    CHECK(asynchron_wait(queue.begun, ASYNCHRON_FOREVER) == ASYNCHRON_OK);

    /* What has begun goes on: there it is ASYNCHRON_ALREADY. */
    for (int i = 0; i < JOBS; i++) {
        asynchron_status_t status = asynchron_cancel_pending(queue.jobs[i], "the queue is closed");
        CHECK(status == (i <= 1 ? ASYNCHRON_ALREADY : ASYNCHRON_OK));
    }
    CHECK(asynchron_set_bytes(queue.may_go_on, NULL, 0) == ASYNCHRON_OK);

    for (int i = 0; i < JOBS; i++) {
        asynchron_value_t value;
        asynchron_error_t error;

        if (asynchron_get(queue.jobs[i], &value) == ASYNCHRON_OK) {
            CHECK(i <= 1 && *(const int *)value.data == i * i);
            printf("job %d: %d\n", i, *(const int *)value.data);
        } else {
            CHECK(i > 1 && asynchron_error(queue.jobs[i], &error) == ASYNCHRON_OK);
            printf("job %d: cancelled, %s\n", i, error.message);
        }
    }
    CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < JOBS; i++)
        asynchron_release(queue.jobs[i]);
    asynchron_release(queue.begun);
    asynchron_release(queue.may_go_on);
}

/* What a search works with. */
struct board {
    asynchron_t *begun;
    unsigned char cells[64];
};

/* Fills the board again and again, until nobody needs it any more. */
static int32_t fill(asynchron_t *self, void *ctx)
{
    struct board *board = ctx;
    unsigned char next = 0;

    CHECK(asynchron_set_bytes(board->begun, NULL, 0) == ASYNCHRON_OK);
    while (asynchron_poll(self) == ASYNCHRON_PENDING)
        memset(board->cells, next++, sizeof board->cells);
    return 0;
}

static void work_on_a_stack(void)
{
    asynchron_t *filled = asynchron_create("filled");
    struct board board = {asynchron_create("begun"), {0}};

    CHECK(filled != NULL && board.begun != NULL);
    /* The board is not handed over: it goes with this call. */
    CHECK(asynchron_spawn(filled, fill, &board, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_wait(board.begun, ASYNCHRON_FOREVER) == ASYNCHRON_OK);

    CHECK(asynchron_cancel(filled) == ASYNCHRON_OK);
    CHECK(asynchron_wait(filled, 0) == ASYNCHRON_OK); /* it is complete, and may still fill */
    CHECK(asynchron_wait_returned(filled, ASYNCHRON_FOREVER) == ASYNCHRON_OK);

    /* From here on the board is ours alone. */
    memset(board.cells, 255, sizeof board.cells);
    for (size_t i = 0; i < sizeof board.cells; i++)
        CHECK(board.cells[i] == 255);
    printf("the board: nobody fills it any more\n");
    asynchron_release(board.begun);
    asynchron_release(filled);
}

int main(void)
{
    close_a_queue();
    work_on_a_stack();
    return EXIT_SUCCESS;
}
