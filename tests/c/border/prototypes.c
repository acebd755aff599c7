/* Every function of the header, pinned to its exact type: a changed prototype does not compile, and a function
 * that one form of the library lacks does not link. */
#include <asynchron.h>

#define PIN(type, name, arguments) type(*pin_##name) arguments = name

PIN(uint32_t, asynchron_version, (void));
PIN(uint64_t, asynchron_forever, (void));
PIN(const char *, asynchron_status_string, (int32_t));

PIN(asynchron_t *, asynchron_create, (const char *));
PIN(asynchron_status_t, asynchron_create_with, (const asynchron_options_t *, asynchron_t **));
PIN(asynchron_t *, asynchron_retain, (asynchron_t *));
PIN(void, asynchron_drop, (void *));
PIN(void, asynchron_drop_guarded, (void *));
PIN(void, asynchron_release, (asynchron_t *));
PIN(asynchron_state_t, asynchron_state, (const asynchron_t *));
PIN(asynchron_status_t, asynchron_poll, (const asynchron_t *));
PIN(const char *, asynchron_name, (asynchron_t *));
PIN(void *, asynchron_user_data, (const asynchron_t *));
PIN(int, asynchron_is_shared, (const asynchron_t *));
PIN(int, asynchron_is_held, (const asynchron_t *));
PIN(int, asynchron_is_on_demand, (const asynchron_t *));

PIN(asynchron_status_t, asynchron_set_bytes, (asynchron_t *, const void *, size_t));
PIN(asynchron_status_t, asynchron_set_pointer, (asynchron_t *, void *, asynchron_drop_fn_t));
PIN(asynchron_status_t, asynchron_set_buffer,
    (asynchron_t *, const void *, size_t, void *, asynchron_drop_fn_t));
PIN(asynchron_status_t, asynchron_fail, (asynchron_t *, int32_t, const char *));
PIN(asynchron_status_t, asynchron_fail_with,
    (asynchron_t *, int32_t, const char *, const char *, void *, asynchron_drop_fn_t));
PIN(asynchron_status_t, asynchron_cancel, (asynchron_t *));
PIN(asynchron_status_t, asynchron_cancel_with, (asynchron_t *, const char *));
PIN(asynchron_status_t, asynchron_cancel_pending, (asynchron_t *, const char *));
PIN(asynchron_status_t, asynchron_follow, (asynchron_t *, asynchron_t *));

PIN(asynchron_status_t, asynchron_get, (asynchron_t *, asynchron_value_t *));
PIN(asynchron_status_t, asynchron_get_timeout, (asynchron_t *, uint64_t, asynchron_value_t *));
PIN(asynchron_status_t, asynchron_get_bytes, (asynchron_t *, void *, size_t, size_t *));
PIN(asynchron_status_t, asynchron_wait, (asynchron_t *, uint64_t));
PIN(asynchron_status_t, asynchron_error, (asynchron_t *, asynchron_error_t *));
PIN(asynchron_status_t, asynchron_take, (asynchron_t *, void **));

PIN(asynchron_status_t, asynchron_call, (asynchron_t *, asynchron_fn_t, void *));
PIN(asynchron_status_t, asynchron_start, (asynchron_t *));
PIN(asynchron_status_t, asynchron_wait_returned, (asynchron_t *, uint64_t));
PIN(asynchron_status_t, asynchron_spawn, (asynchron_t *, asynchron_fn_t, void *, asynchron_drop_fn_t));
PIN(asynchron_status_t, asynchron_executor_create, (const asynchron_executor_options_t *, asynchron_executor_t **));
PIN(asynchron_executor_t *, asynchron_executor_default, (void));
PIN(asynchron_executor_t *, asynchron_executor_retain, (asynchron_executor_t *));
PIN(void, asynchron_executor_release, (asynchron_executor_t *));
PIN(asynchron_status_t, asynchron_executor_shutdown, (asynchron_executor_t *, uint64_t, uint64_t));
PIN(asynchron_status_t, asynchron_spawn_on,
    (asynchron_executor_t *, asynchron_t *, asynchron_fn_t, void *, asynchron_drop_fn_t));
PIN(void, asynchron_task_run, (asynchron_task_t *));
PIN(void, asynchron_task_discard, (asynchron_task_t *));

PIN(asynchron_status_t, asynchron_progress, (asynchron_t *, uint64_t, uint64_t));
PIN(asynchron_status_t, asynchron_progress_of, (const asynchron_t *, uint64_t *, uint64_t *));

PIN(asynchron_promise_t *, asynchron_promise_create, (asynchron_t *, uint64_t));
PIN(asynchron_promise_t *, asynchron_promise_retain, (asynchron_promise_t *));
PIN(void, asynchron_promise_release, (asynchron_promise_t *));
PIN(asynchron_t *, asynchron_promise_asynchron, (const asynchron_promise_t *));
PIN(asynchron_status_t, asynchron_expire_after, (asynchron_t *, uint64_t));
PIN(asynchron_t *, asynchron_timer, (uint64_t));

PIN(asynchron_status_t, asynchron_notify, (asynchron_t *, asynchron_notify_fn_t, void *));
PIN(asynchron_status_t, asynchron_notify_with,
    (asynchron_t *, const asynchron_notify_options_t *, uint64_t *));
PIN(asynchron_status_t, asynchron_unnotify, (asynchron_t *, uint64_t));
PIN(asynchron_status_t, asynchron_try_unnotify, (asynchron_t *, uint64_t));
PIN(void, asynchron_run_due, (void));

PIN(asynchron_report_t *, asynchron_report_create, (asynchron_t *const *, size_t));
PIN(asynchron_report_t *, asynchron_report_retain, (asynchron_report_t *));
PIN(void, asynchron_report_release, (asynchron_report_t *));
PIN(asynchron_status_t, asynchron_report_add, (asynchron_report_t *, asynchron_t *, void *));
PIN(asynchron_status_t, asynchron_report_remove, (asynchron_report_t *, asynchron_t *));
PIN(asynchron_status_t, asynchron_report_next, (asynchron_report_t *, uint64_t, asynchron_item_t *));
PIN(asynchron_status_t, asynchron_report_next_batch,
    (asynchron_report_t *, uint64_t, asynchron_item_t *, size_t, size_t *));
PIN(size_t, asynchron_report_pending, (const asynchron_report_t *));
PIN(asynchron_status_t, asynchron_report_wake, (asynchron_report_t *));
PIN(asynchron_status_t, asynchron_report_close, (asynchron_report_t *));
PIN(asynchron_status_t, asynchron_report_rearm, (asynchron_report_t *));
PIN(int, asynchron_report_fd, (asynchron_report_t *));
PIN(asynchron_status_t, asynchron_report_watch, (asynchron_report_t *, int));

PIN(asynchron_status_t, asynchron_wait_any, (asynchron_t *const *, size_t, uint64_t, size_t *));
PIN(asynchron_status_t, asynchron_wait_all, (asynchron_t *const *, size_t, uint64_t));
PIN(asynchron_t *, asynchron_after,
    (asynchron_t *const *, size_t, asynchron_t *, asynchron_join_fn_t, void *, asynchron_drop_fn_t));
PIN(asynchron_t *, asynchron_then,
    (asynchron_t *, asynchron_t *, asynchron_join_fn_t, void *, asynchron_drop_fn_t));
PIN(asynchron_status_t, asynchron_after_with,
    (asynchron_t *const *, size_t, asynchron_t *, const asynchron_step_options_t *, asynchron_t **));
PIN(asynchron_status_t, asynchron_then_with,
    (asynchron_t *, asynchron_t *, const asynchron_step_options_t *, asynchron_t **));
PIN(asynchron_t *, asynchron_all, (asynchron_t *const *, size_t, asynchron_t *, uint64_t));
PIN(asynchron_t *, asynchron_any, (asynchron_t *const *, size_t, asynchron_t *, uint64_t));
PIN(asynchron_t *, asynchron_race, (asynchron_t *const *, size_t, asynchron_t *, uint64_t));

/* The function types, too, by functions that have exactly them. */
static void drop_it(void *p) { (void)p; }
static int32_t compute(asynchron_t *self, void *ctx) { return self != NULL && ctx != NULL; }
static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *ctx)
{
    return self != NULL && sources != NULL && n != 0 && ctx != NULL;
}
static void told(asynchron_t *a, void *ctx) { (void)a, (void)ctx; }

asynchron_drop_fn_t pin_drop_fn = drop_it;
asynchron_fn_t pin_fn = compute;
asynchron_join_fn_t pin_join_fn = join;
asynchron_notify_fn_t pin_notify_fn = told;

int main(void) { return pin_asynchron_version() != 0 ? 0 : 1; }
