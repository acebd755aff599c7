/* Where ignoring the result is a bug, the compiler says so: one warning for each line of `warned`, none for `quiet`. */
#include <asynchron.h>

void warned(asynchron_t *a, asynchron_t *const *as, asynchron_report_t *r, asynchron_item_t *items, size_t *n);
void warned(asynchron_t *a, asynchron_t *const *as, asynchron_report_t *r, asynchron_item_t *items, size_t *n)
{
    asynchron_create(NULL);
    asynchron_create_with(NULL, NULL);
    asynchron_report_create(as, 1);
    asynchron_report_next(r, 0, items);
    asynchron_report_next_batch(r, 0, items, 1, n);
    asynchron_after(as, 1, NULL, NULL, NULL, NULL);
    asynchron_then(a, NULL, NULL, NULL, NULL);
    asynchron_after_with(as, 1, NULL, NULL, NULL);
    asynchron_then_with(a, NULL, NULL, NULL);
    asynchron_all(as, 1, NULL, 0);
    asynchron_any(as, 1, NULL, 0);
    asynchron_race(as, 1, NULL, 0);
    asynchron_try_unnotify(a, 1);
    asynchron_get(a, NULL);
    asynchron_get_timeout(a, 0, NULL);
    asynchron_get_bytes(a, NULL, 0, NULL);
    asynchron_take(a, NULL);
    asynchron_follow(a, *as);
    asynchron_spawn(a, NULL, NULL, NULL);
    asynchron_executor_create(NULL, NULL);
    asynchron_spawn_on(NULL, a, NULL, NULL, NULL);
    asynchron_progress_of(a, NULL, NULL);
    asynchron_promise_create(a, 0);
    asynchron_promise_asynchron(NULL);
    asynchron_notify(a, NULL, NULL);
    asynchron_notify_with(a, NULL, NULL);
    asynchron_report_add(r, a, NULL);
    asynchron_timer(0);
}

void quiet(asynchron_t *a, asynchron_t *const *as, asynchron_report_t *r);
void quiet(asynchron_t *a, asynchron_t *const *as, asynchron_report_t *r)
{
    asynchron_version();
    asynchron_forever();
    asynchron_status_string(0);
    asynchron_retain(a);
    asynchron_drop(NULL);
    asynchron_drop_guarded(NULL);
    asynchron_release(a);
    asynchron_state(a);
    asynchron_poll(a);
    asynchron_name(a);
    asynchron_user_data(a);
    asynchron_is_shared(a);
    asynchron_is_held(a);
    asynchron_is_on_demand(a);
    asynchron_set_bytes(a, NULL, 0);
    asynchron_set_pointer(a, NULL, NULL);
    asynchron_set_buffer(a, NULL, 0, NULL, NULL);
    asynchron_fail(a, 1, NULL);
    asynchron_fail_with(a, 1, NULL, NULL, NULL, NULL);
    asynchron_cancel(a);
    asynchron_cancel_with(a, NULL);
    asynchron_cancel_pending(a, NULL);
    asynchron_wait(a, 0);
    asynchron_error(a, NULL);
    asynchron_call(a, NULL, NULL);
    asynchron_start(a);
    asynchron_wait_returned(a, 0);
    asynchron_executor_default();
    asynchron_executor_retain(NULL);
    asynchron_executor_release(NULL);
    asynchron_executor_shutdown(NULL, 0, 0);
    asynchron_task_run(NULL);
    asynchron_task_discard(NULL);
    asynchron_progress(a, 0, 0);
    asynchron_promise_retain(NULL);
    asynchron_promise_release(NULL);
    asynchron_expire_after(a, 0);
    asynchron_unnotify(a, 0);
    asynchron_run_due();
    asynchron_report_retain(r);
    asynchron_report_release(r);
    asynchron_report_remove(r, a);
    asynchron_report_pending(r);
    asynchron_report_wake(r);
    asynchron_report_close(r);
    asynchron_report_rearm(r);
    asynchron_report_watch(r, 0);
    asynchron_report_fd(r);
    asynchron_wait_any(as, 1, 0, NULL);
    asynchron_wait_all(as, 1, 0);
}
