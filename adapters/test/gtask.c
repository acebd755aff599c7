/* gtask.c: a GTask returns what an asynchron becomes, and an asynchron becomes what a GTask returned. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* as held_to.c */
#endif

#include <asynchron/gtask.h>

#include "check.h"

typedef struct {
    int called;
    pthread_t thread;
    GBytes *bytes;
    GError *error;
} returned_t;

static void on_return(GObject *source, GAsyncResult *result, gpointer data)
{
    returned_t *returned = (returned_t *)data;

    (void)source;
    returned->called++;
    returned->thread = pthread_self();
    returned->bytes = (GBytes *)g_task_propagate_pointer(G_TASK(result), &returned->error);
}

static void turn_until_returned(const returned_t *returned)
{
    while (returned->called == 0)
        (void)g_main_context_iteration(NULL, TRUE);
}

static void *set_seven_bytes(void *a)
{
    CHECK(asynchron_set_bytes((asynchron_t *)a, "1234567", 7) == ASYNCHRON_OK);
    asynchron_release((asynchron_t *)a);
    return NULL;
}

static void forget(returned_t *returned)
{
    if (returned->bytes != NULL)
        g_bytes_unref(returned->bytes);
    g_clear_error(&returned->error);
    memset(returned, 0, sizeof *returned);
}

/* Begins a task that returns what `a` becomes, and keeps no reference to either. */
static void begin(asynchron_t *a, GCancellable *cancellable, returned_t *returned)
{
    GTask *task = g_task_new(NULL, cancellable, on_return, returned);

    memset(returned, 0, sizeof *returned);
    CHECK(asynchron_glib_return(a, task) == ASYNCHRON_OK);
    g_object_unref(task);
}

static void a_value_comes_as_bytes_on_the_thread_of_the_context(void)
{
    asynchron_t *a = asynchron_create(NULL);
    returned_t returned;
    pthread_t thread;
    gsize len;

    begin(a, NULL, &returned);
    thread = start(set_seven_bytes, a);
    turn_until_returned(&returned);
    finish(thread);
    CHECK(returned.called == 1 && pthread_equal(returned.thread, pthread_self()));
    CHECK(returned.error == NULL && memcmp(g_bytes_get_data(returned.bytes, &len), "1234567", 7) == 0 && len == 7);
    forget(&returned);
}

static void a_value_that_is_there_already_comes_too_and_an_empty_one(void)
{
    asynchron_t *a = asynchron_create(NULL);
    returned_t returned;

    CHECK(asynchron_set_bytes(a, NULL, 0) == ASYNCHRON_OK);
    begin(a, NULL, &returned);
    asynchron_release(a);
    turn_until_returned(&returned);
    CHECK(returned.error == NULL && g_bytes_get_size(returned.bytes) == 0);
    forget(&returned);
}

static void a_failure_comes_with_its_domain_its_code_and_its_message(void)
{
    asynchron_t *a = asynchron_create(NULL);
    returned_t returned;

    begin(a, NULL, &returned);
    CHECK(asynchron_fail_with(a, 7, "disk", "full", NULL, NULL) == ASYNCHRON_OK);
    asynchron_release(a);
    turn_until_returned(&returned);
    CHECK(returned.bytes == NULL && g_error_matches(returned.error, g_quark_from_string("disk"), 7));
    CHECK(strcmp(returned.error->message, "full") == 0);
    forget(&returned);

    a = asynchron_create(NULL);
    begin(a, NULL, &returned);
    CHECK(asynchron_fail(a, 8, NULL) == ASYNCHRON_OK);
    asynchron_release(a);
    turn_until_returned(&returned);
    CHECK(g_error_matches(returned.error, g_quark_from_string(""), 8) && returned.error->message[0] == '\0');
    forget(&returned);
}

static void a_cancel_comes_as_such_with_its_reason(void)
{
    asynchron_t *a = asynchron_create(NULL);
    returned_t returned;

    begin(a, NULL, &returned);
    CHECK(asynchron_cancel_with(a, "no more") == ASYNCHRON_OK);
    asynchron_release(a);
    turn_until_returned(&returned);
    CHECK(g_error_matches(returned.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    CHECK(strcmp(returned.error->message, "no more") == 0);
    forget(&returned);
}

static void cancelling_the_task_cancels_the_asynchron(void)
{
    GCancellable *cancellable = g_cancellable_new();
    asynchron_t *a = asynchron_create(NULL);
    returned_t returned;

    begin(a, cancellable, &returned);
    CHECK(asynchron_poll(a) == ASYNCHRON_PENDING);
    g_cancellable_cancel(cancellable);
    CHECK(asynchron_poll(a) == ASYNCHRON_CANCELLED);
    turn_until_returned(&returned);
    CHECK(returned.called == 1 && g_error_matches(returned.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    forget(&returned);
    asynchron_release(a);

    a = asynchron_create(NULL); /* with what is cancelled already */
    begin(a, cancellable, &returned);
    CHECK(asynchron_poll(a) == ASYNCHRON_CANCELLED);
    turn_until_returned(&returned);
    forget(&returned);
    asynchron_release(a);
    g_object_unref(cancellable);
}

static void *try_to_set(void *a)
{
    const asynchron_status_t status = asynchron_set_bytes((asynchron_t *)a, "7", 1);

    CHECK(status == ASYNCHRON_OK || status == ASYNCHRON_CANCELLED);
    asynchron_release((asynchron_t *)a);
    return NULL;
}

static void *cancel(void *cancellable)
{
    g_cancellable_cancel((GCancellable *)cancellable);
    return NULL;
}

/* Either wins, and the task returns once. (GTask itself prefers the cancel, also where the value was first.) */
static void a_cancel_and_a_value_at_the_same_time_return_once_and_leave_no_handler(void)
{
    int round;

    for (round = 0; round < 200; round++) {
        GCancellable *cancellable = g_cancellable_new();
        asynchron_t *a = asynchron_create(NULL);
        returned_t returned;
        pthread_t threads[2];

        begin(a, cancellable, &returned);
        threads[0] = start(cancel, cancellable);
        threads[1] = start(try_to_set, a);
        finish(threads[0]);
        finish(threads[1]);
        turn_until_returned(&returned);
        while (g_main_context_iteration(NULL, FALSE))
            ;
        CHECK(returned.called == 1 && (returned.bytes == NULL) == (returned.error != NULL));
        CHECK(g_signal_handler_find(cancellable, G_SIGNAL_MATCH_FUNC, 0, 0, NULL,
                                    (gpointer)(guintptr)asynchron_glib_cancelled, NULL) == 0);
        forget(&returned);
        g_object_unref(cancellable);
    }
}

#include "gtask_context.h"

static gpointer text_in_a_thread(void)
{
    return g_strdup("from a task");
}

static void run_value(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    (void)source, (void)data, (void)cancellable;
    g_task_return_pointer(task, text_in_a_thread(), g_free);
}

static void run_failure(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    (void)source, (void)data, (void)cancellable;
    g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "nothing there");
}

static void run_cancel(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    (void)source, (void)data, (void)cancellable;
    g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
}

/* Runs a task in a thread of GLib, and gives the asynchron that it was delivered into. */
static asynchron_t *delivered(GTaskThreadFunc run, asynchron_t *into)
{
    asynchron_t *a = into == NULL ? asynchron_create(NULL) : into;
    gpointer data = asynchron_glib_into(a, g_free);
    GTask *task;

    CHECK(data != NULL);
    task = g_task_new(NULL, NULL, asynchron_glib_deliver, data);
    g_task_run_in_thread(task, run);
    while (!g_task_get_completed(task))
        (void)g_main_context_iteration(NULL, TRUE);
    g_object_unref(task);
    return a;
}

static void what_a_task_returns_is_delivered_and_freed_with_the_asynchron(void)
{
    asynchron_t *a = delivered(run_value, NULL);
    asynchron_value_t value;

    CHECK(asynchron_get(a, &value) == ASYNCHRON_OK && value.len == 0);
    CHECK(strcmp((const char *)value.data, "from a task") == 0);
    asynchron_release(a);
}

static void an_error_of_a_task_is_a_failure_and_its_cancel_a_cancel(void)
{
    asynchron_t *a = delivered(run_failure, NULL);
    asynchron_error_t error;

    CHECK(asynchron_poll(a) == ASYNCHRON_FAILED && asynchron_error(a, &error) == ASYNCHRON_OK);
    CHECK(error.code == G_IO_ERROR_NOT_FOUND && strcmp(error.message, "nothing there") == 0);
    CHECK(strcmp(error.domain, g_quark_to_string(G_IO_ERROR)) == 0);
    asynchron_release(a);

    a = delivered(run_cancel, NULL);
    CHECK(asynchron_poll(a) == ASYNCHRON_CANCELLED && asynchron_error(a, &error) == ASYNCHRON_OK);
    CHECK(strcmp(error.message, "stopped") == 0);
    asynchron_release(a);
}

/* Of another kind of result nothing is taken. */
static void a_result_that_is_no_task_is_a_failure(void)
{
    GAsyncResult *result;
    asynchron_t *a = asynchron_create(NULL);
    asynchron_error_t error;

    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    result = G_ASYNC_RESULT(g_simple_async_result_new(NULL, NULL, NULL, NULL));
    G_GNUC_END_IGNORE_DEPRECATIONS
    asynchron_glib_deliver(NULL, result, asynchron_glib_into(a, g_free));
    CHECK(asynchron_poll(a) == ASYNCHRON_FAILED && asynchron_error(a, &error) == ASYNCHRON_OK);
    CHECK(error.code == ASYNCHRON_E_INVALID && strcmp(error.domain, "asynchron") == 0);
    g_object_unref(result);
    asynchron_release(a);
}

/* Valgrind sees if it is not freed. */
static void what_comes_too_late_is_freed(void)
{
    asynchron_t *a = asynchron_create(NULL);

    CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
    CHECK(asynchron_poll(delivered(run_value, a)) == ASYNCHRON_CANCELLED);
    asynchron_release(a);
}

static void what_is_null_is_refused(void)
{
    asynchron_t *a = asynchron_create(NULL);
    GTask *task = g_task_new(NULL, NULL, NULL, NULL);

    CHECK(asynchron_glib_return(NULL, task) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_glib_return(a, NULL) == ASYNCHRON_E_INVALID);
    CHECK(asynchron_glib_into(NULL, g_free) == NULL);
    CHECK(!asynchron_is_shared(a));
    g_object_unref(task);
    asynchron_release(a);
}

static void without_memory_nothing_begins(void)
{
    asynchron_t *a = asynchron_create(NULL);
    GTask *task = g_task_new(NULL, NULL, NULL, NULL);
    asynchron_status_t status;
    gpointer data;

    no_memory = 1;
    status = asynchron_glib_return(a, task);
    data = asynchron_glib_into(a, g_free);
    no_memory = 0;
    CHECK(status == ASYNCHRON_E_NOMEM && data == NULL && !asynchron_is_shared(a));
    g_object_unref(task);
    asynchron_release(a);
}

int main(void)
{
    TEST(a_value_comes_as_bytes_on_the_thread_of_the_context);
    TEST(a_value_that_is_there_already_comes_too_and_an_empty_one);
    TEST(a_failure_comes_with_its_domain_its_code_and_its_message);
    TEST(a_cancel_comes_as_such_with_its_reason);
    TEST(cancelling_the_task_cancels_the_asynchron);
    TEST(a_cancel_and_a_value_at_the_same_time_return_once_and_leave_no_handler);
    TEST(the_tasks_source_object_and_data_go_on_the_contexts_thread);
    TEST(a_task_of_a_higher_priority_returns_first);
    TEST(a_task_of_a_context_of_its_own_waits_until_that_runs);
    TEST(what_a_task_returns_is_delivered_and_freed_with_the_asynchron);
    TEST(an_error_of_a_task_is_a_failure_and_its_cancel_a_cancel);
    TEST(a_result_that_is_no_task_is_a_failure);
    TEST(what_comes_too_late_is_freed);
    TEST(what_is_null_is_refused);
    TEST(without_memory_nothing_begins);
    return EXIT_SUCCESS;
}
