/* gtask_context.h: a task returns, and goes, on the thread of its own context. */

/* What goes on a thread that is not the context's, and how many went in all. */
static pthread_t the_contexts;
static gint gone, gone_elsewhere;

static void goes(gpointer unused)
{
    (void)unused;
    if (!pthread_equal(pthread_self(), the_contexts))
        g_atomic_int_inc(&gone_elsewhere);
    g_atomic_int_inc(&gone);
}

static gint ended;

static void on_end(GObject *source, GAsyncResult *result, gpointer cancelled)
{
    GBytes *bytes = (GBytes *)g_task_propagate_pointer(G_TASK(result), NULL);

    (void)source;
    CHECK((bytes == NULL) == (cancelled != NULL));
    if (bytes != NULL)
        g_bytes_unref(bytes);
    ended++;
}

/* Whichever thread completes it, by a value or, with a cancellable, through that. */
static void the_tasks_source_object_and_data_go_on_the_contexts_thread(void)
{
    enum { ROUNDS = 1000 };
    int round;

    the_contexts = pthread_self();
    gone = gone_elsewhere = ended = 0;
    for (round = 0; round < ROUNDS; round++) {
        GCancellable *cancellable = round % 2 == 0 ? NULL : g_cancellable_new();
        GObject *source = (GObject *)g_object_new(G_TYPE_OBJECT, NULL);
        GTask *task = g_task_new(source, cancellable, on_end, cancellable);
        asynchron_t *a = asynchron_create(NULL);
        pthread_t thread;

        g_object_set_data_full(source, "goes", source, goes);
        g_object_unref(source);
        g_task_set_task_data(task, source, goes);
        CHECK(asynchron_glib_return(a, task) == ASYNCHRON_OK);
        g_object_unref(task);
        thread = cancellable == NULL ? start(set_seven_bytes, a) : start(cancel, cancellable);
        while (ended == round)
            (void)g_main_context_iteration(NULL, TRUE);
        finish(thread);
        if (cancellable != NULL) {
            asynchron_release(a);
            g_object_unref(cancellable);
        }
    }
    while (g_atomic_int_get(&gone) < 2 * ROUNDS)
        (void)g_main_context_iteration(NULL, FALSE);
    CHECK(gone_elsewhere == 0);
}

static gint order[2], returns;

static void in_order(GObject *source, GAsyncResult *result, gpointer number)
{
    (void)source;
    g_bytes_unref((GBytes *)g_task_propagate_pointer(G_TASK(result), NULL));
    order[returns++] = GPOINTER_TO_INT(number);
}

static void a_task_of_a_higher_priority_returns_first(void)
{
    int i;

    returns = 0;
    for (i = 0; i < 2; i++) {
        GTask *task = g_task_new(NULL, NULL, in_order, GINT_TO_POINTER(i));
        asynchron_t *a = asynchron_create(NULL);

        g_task_set_priority(task, i == 0 ? G_PRIORITY_LOW : G_PRIORITY_HIGH);
        CHECK(asynchron_glib_return(a, task) == ASYNCHRON_OK);
        g_object_unref(task);
        complete(a, i);
    }
    while (returns < 2)
        (void)g_main_context_iteration(NULL, TRUE);
    CHECK(order[0] == 1 && order[1] == 0);
}

static void a_task_of_a_context_of_its_own_waits_until_that_runs(void)
{
    GMainContext *context = g_main_context_new();
    asynchron_t *a = asynchron_create(NULL);
    GTask *task;

    the_contexts = pthread_self();
    gone = gone_elsewhere = 0;
    g_main_context_push_thread_default(context);
    task = g_task_new(NULL, NULL, NULL, NULL);
    g_main_context_pop_thread_default(context);
    g_task_set_task_data(task, &gone, goes);
    CHECK(asynchron_glib_return(a, task) == ASYNCHRON_OK);
    g_object_unref(task);
    complete(a, 7);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    CHECK(gone == 0);
    while (g_main_context_iteration(context, FALSE))
        ;
    g_main_context_unref(context);
    CHECK(gone == 1 && gone_elsewhere == 0);
}
