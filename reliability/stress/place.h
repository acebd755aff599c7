/* place.h: executors: crews of the library's threads, and those whose tasks the program's own threads run.
 *
 * They are shared in slots, and shut down in the middle of all. What each was given is counted: once a shutdown has
 * said that nothing runs, nothing does. */
#ifndef PLACE_H
#define PLACE_H

#include "server.h"

enum { PLACES = 4, RUNNERS = 2, MOST_POSTED = 1024 };

struct place {
    asynchron_executor_t *executor;
    atomic_int references;    /* of this struct; each thread that holds one has one of the executor, too */
    bool posts;
    atomic_bool closing;      /* a shutdown was called */
    atomic_bool shut;         /* a shutdown has said that nothing runs */
    atomic_long begun, over;  /* functions */
};

/* Tasks of all places. Whoever takes one takes any, so that later ones come first as well. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t change;
    asynchron_task_t *tasks[MOST_POSTED];
    unsigned length;
    bool closing;
} posted = { .lock = PTHREAD_MUTEX_INITIALIZER, .change = PTHREAD_COND_INITIALIZER };

static struct {
    struct worker worker;
    pthread_t thread;
} runners[RUNNERS];

static struct place *hold_place(struct place *place)
{
    if (place != NULL)
        atomic_fetch_add_explicit(&place->references, 1, memory_order_relaxed);
    return place;
}

static void forget_place(struct place *place)
{
    if (place != NULL && atomic_fetch_sub_explicit(&place->references, 1, memory_order_acq_rel) == 1)
        free(place);
}

static void leave_place(struct place *place)
{
    asynchron_executor_release(place->executor);
    forget_place(place);
}

static void end_task(asynchron_task_t *task)
{
    if (one_in(8)) {
        count(TASKS_DISCARDED);
        asynchron_task_discard(task);
    } else {
        count(TASKS_RAN);
        asynchron_task_run(task);
    }
}

/* The `post` of those that have no threads: refuses, runs or discards at once, or leaves it for others. */
static int32_t post(asynchron_task_t *task, void *ctx)
{
    struct place *place = ctx;
    bool room;
    REQUIRE(place->posts);
    if (one_in(16)) {
        count(REFUSED);
        return 1;
    }
    if (one_in(16)) {
        count(POSTED);
        end_task(task);
        return 0;
    }
    pthread_mutex_lock(&posted.lock);
    room = posted.length < MOST_POSTED;
    if (room) {
        posted.tasks[posted.length++] = task;
        pthread_cond_signal(&posted.change);
    }
    pthread_mutex_unlock(&posted.lock);
    count(room ? POSTED : REFUSED);
    return room ? 0 : -1;
}

/* Any task; NULL: there is none. */
static asynchron_task_t *any_task(bool wait)
{
    asynchron_task_t *task = NULL;
    pthread_mutex_lock(&posted.lock);
    while (wait && posted.length == 0 && !posted.closing) {
        struct timespec t;
        doing("waits for a task");
        clock_gettime(CLOCK_REALTIME, &t);
        t.tv_sec++;
        pthread_cond_timedwait(&posted.change, &posted.lock, &t);
    }
    if (posted.length != 0) {
        unsigned i = pick(posted.length);
        task = posted.tasks[i];
        posted.tasks[i] = posted.tasks[--posted.length];
    }
    pthread_mutex_unlock(&posted.lock);
    return task;
}

static void *run_tasks(void *p)
{
    asynchron_task_t *task;
    me = p;
    while ((task = any_task(true)) != NULL) {
        doing("runs a task");
        end_task(task);
    }
    atomic_store_explicit(&me->over, true, memory_order_relaxed);
    return NULL;
}

static void open_runners(void)
{
    unsigned i;
    for (i = 0; i < RUNNERS; i++)
        if (pthread_create(&runners[i].thread, NULL, run_tasks, &runners[i].worker) != 0)
            abort();
}

static void close_runners(void)
{
    unsigned i;
    pthread_mutex_lock(&posted.lock);
    posted.closing = true;
    pthread_cond_broadcast(&posted.change);
    pthread_mutex_unlock(&posted.lock);
    for (i = 0; i < RUNNERS; i++)
        pthread_join(runners[i].thread, NULL);
}

static void executor_gone(void *ctx)
{
    count(EXECUTORS_GONE);
    forget_place(ctx);
}

static struct place *make_place(void)
{
    struct place *place = allocate(sizeof *place);
    asynchron_executor_options_t options = { sizeof options, NULL, 0, 0, 0, NULL, NULL, NULL };

    atomic_init(&place->references, 2); /* the maker's, and that of the executor's ctx */
    place->posts = one_in(2);
    options.name = one_in(2) ? "stress" : NULL;
    options.threads = 1 + pick(2);
    options.post = place->posts ? post : NULL;
    options.ctx = place;
    options.drop_ctx = executor_gone;
    count(EXECUTORS_MADE);
    if (asynchron_executor_create(&options, &place->executor) != ASYNCHRON_OK) {
        fault("no executor could be made");
        abort();
    }
    return place;
}

/* Shuts one down that others may be using. Only who runs nothing waits without a limit. */
static void shut(struct place *place)
{
    bool outside = inside == 0 && computing == 0;
    uint64_t limit = outside && one_in(2) ? ASYNCHRON_FOREVER : pick(2) * pick(20000);
    asynchron_status_t status;

    count(SHUTDOWNS);
    atomic_store_explicit(&place->closing, true, memory_order_relaxed);
    status = asynchron_executor_shutdown(place->executor, one_in(2) ? ASYNCHRON_SHUTDOWN_CANCEL : 0, limit);
    switch (status) {
    case ASYNCHRON_OK:
        REQUIRE(atomic_load_explicit(&place->begun, memory_order_relaxed)
                == atomic_load_explicit(&place->over, memory_order_relaxed));
        atomic_store_explicit(&place->shut, true, memory_order_relaxed);
        break;
    case ASYNCHRON_TIMEOUT:
        REQUIRE(limit != ASYNCHRON_FOREVER);
        break;
    default:
        REQUIRE(status == ASYNCHRON_E_DEADLOCK && !outside);
    }
}

static void place_begins(struct place *place)
{
    if (place == NULL)
        return;
    REQUIRE(!atomic_load_explicit(&place->shut, memory_order_relaxed));
    atomic_fetch_add_explicit(&place->begun, 1, memory_order_relaxed);
}

static void place_is_done(struct place *place)
{
    if (place != NULL)
        atomic_fetch_add_explicit(&place->over, 1, memory_order_relaxed);
}

#endif
