/* post_loop.c: callbacks and steps that run in the program's own loop.
 *
 * An executor with a `post` function has no threads. What it is to run is given to that function, on
 * whatever thread completes something, and the loop runs it. So what runs there needs no lock.
 */
#include <asynchron.h>
#include <pthread.h>
#include "check.h"

/* A callback for each part, and one step. */
enum { PARTS = 4, LAST = 1000000, TASKS = PARTS + 1 };

/* What waits for the loop, oldest first. There is room for all that this program ever has, so post
   needs no memory. One that refused a task would have it run on another thread. */
struct loop {
    pthread_mutex_t mutex;
    pthread_cond_t came;
    asynchron_task_t *tasks[TASKS];
    int first, end; /* taken so far, and added so far */
};

/* Used in the loop alone. */
struct progress {
    pthread_t thread;
    int ended, parts;
};

struct range {
    uint64_t first, last;
};

/* On any thread, also on several at a time: adds the task, wakes the loop, and no more. */
static int32_t post(asynchron_task_t *task, void *ctx)
{
    struct loop *loop = ctx;
    int refused;

    (void)pthread_mutex_lock(&loop->mutex);
    refused = loop->end == TASKS;
    if (!refused) {
        loop->tasks[loop->end++] = task;
        (void)pthread_cond_signal(&loop->came);
    }
    (void)pthread_mutex_unlock(&loop->mutex);
    return refused;
}

/* The next task. Waits for it. */
static asynchron_task_t *next(struct loop *loop)
{
    asynchron_task_t *task;

    (void)pthread_mutex_lock(&loop->mutex);
    while (loop->first == loop->end)
        (void)pthread_cond_wait(&loop->came, &loop->mutex);
    task = loop->tasks[loop->first++];
    (void)pthread_mutex_unlock(&loop->mutex);
    return task;
}

/* On a background thread. */
static int32_t add_up(asynchron_t *self, void *ctx)
{
    const struct range *range = ctx;
    uint64_t sum = 0;

    for (uint64_t i = range->first; i <= range->last; i++)
        sum += i;
    (void)asynchron_set_bytes(self, &sum, sizeof sum);
    return 0;
}

/* In the loop: a callback. */
static void part_is_there(asynchron_t *part, void *ctx)
{
    struct progress *progress = ctx;

    CHECK(pthread_equal(progress->thread, pthread_self()));
    CHECK(asynchron_poll(part) == ASYNCHRON_OK);
    printf("%d of %d parts\n", ++progress->parts, PARTS);
    progress->ended++;
}

/* In the loop: a step. */
static int32_t all_are_there(asynchron_t *total, asynchron_t *const *parts, size_t n, void *ctx)
{
    struct progress *progress = ctx;
    uint64_t sum = 0;

    CHECK(pthread_equal(progress->thread, pthread_self()));
    for (size_t i = 0; i < n; i++) {
        uint64_t part;

        CHECK(asynchron_get_bytes(parts[i], &part, sizeof part, NULL) == ASYNCHRON_OK);
        sum += part;
    }
    (void)asynchron_set_bytes(total, &sum, sizeof sum);
    progress->ended++;
    return 0;
}

int main(void)
{
    static struct loop loop = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, {NULL}, 0, 0};
    static struct range ranges[PARTS]; /* outlives the threads, also where a check ends the program */
    struct progress progress = {0};
    asynchron_executor_options_t options = {0};
    asynchron_notify_options_t callback = {0};
    asynchron_step_options_t step = {0};
    asynchron_executor_t *in_loop;
    asynchron_t *parts[PARTS], *total;
    uint64_t sum;

    progress.thread = pthread_self();
    options.size = sizeof options;
    options.post = post;
    options.ctx = &loop;
    CHECK(asynchron_executor_create(&options, &in_loop) == ASYNCHRON_OK);

    callback.size = sizeof callback;
    callback.fn = part_is_there;
    callback.ctx = &progress;
    callback.executor = in_loop;
    step.size = sizeof step;
    step.fn = all_are_there;
    step.ctx = &progress;
    step.executor = in_loop;

    for (int i = 0; i < PARTS; i++) {
        parts[i] = asynchron_create(NULL);
        CHECK(parts[i] != NULL);
        CHECK(asynchron_notify_with(parts[i], &callback, NULL) == ASYNCHRON_OK);
    }
    CHECK(asynchron_after_with(parts, PARTS, NULL, &step, &total) == ASYNCHRON_OK);
    for (int i = 0; i < PARTS; i++) {
        ranges[i].first = (uint64_t)i * LAST / PARTS + 1;
        ranges[i].last = (uint64_t)(i + 1) * LAST / PARTS;
        CHECK(asynchron_spawn(parts[i], add_up, &ranges[i], NULL) == ASYNCHRON_OK);
    }

    /* The loop. The step may come before the callback of a part that another thread completed. */
    while (progress.ended < TASKS)
        asynchron_task_run(next(&loop));

    /* Nothing is left for it, so this returns at once; otherwise the loop would have to go on
       meanwhile, or to discard what is left. */
    CHECK(asynchron_executor_shutdown(in_loop, 0, ASYNCHRON_FOREVER) == ASYNCHRON_OK);
    CHECK(asynchron_get_bytes(total, &sum, sizeof sum, NULL) == ASYNCHRON_OK);
    printf("1 + 2 + ... + %d = %llu\n", LAST, (unsigned long long)sum);
    CHECK(progress.parts == PARTS && sum == (uint64_t)LAST * (LAST + 1) / 2);

    asynchron_release(total);
    for (int i = 0; i < PARTS; i++)
        asynchron_release(parts[i]);
    asynchron_executor_release(in_loop);
    return EXIT_SUCCESS;
}
