/*
 * asynchron.ffi.h: the declarations of asynchron.h, for foreign function interfaces that read C but
 * have no preprocessor, such as cffi, LuaJIT's and PHP's. What each of them does is said in asynchron.h.
 *
 * Constants are enumerators, but for ASYNCHRON_FOREVER, which asynchron_forever() returns: no
 * enumerator holds 64 bits everywhere.
 */

enum asynchron_version_e {
    ASYNCHRON_VERSION_MAJOR = 0,
    ASYNCHRON_VERSION_MINOR = 2,
    ASYNCHRON_VERSION_PATCH = 0,
    ASYNCHRON_VERSION_NUMBER = 200,
};

enum asynchron_status_e {
    ASYNCHRON_OK = 0,
    ASYNCHRON_FAILED = 1,
    ASYNCHRON_CANCELLED = 2,
    ASYNCHRON_PENDING = 3,
    ASYNCHRON_TIMEOUT = 4,
    ASYNCHRON_ALREADY = 5,
    ASYNCHRON_END = 6,
    ASYNCHRON_WOKEN = 7,
    ASYNCHRON_E_INVALID = -1,
    ASYNCHRON_E_NOMEM = -2,
    ASYNCHRON_E_DEADLOCK = -3,
    ASYNCHRON_E_SYSTEM = -4,
    ASYNCHRON_E_INTERNAL = -5,
    ASYNCHRON_E_BROKEN = -6,
    ASYNCHRON_E_CLOSED = -7,
};
typedef int32_t asynchron_status_t;

enum asynchron_state_e {
    ASYNCHRON_STATE_PENDING = 0,
    ASYNCHRON_STATE_RUNNING = 1,
    ASYNCHRON_STATE_READY = 2,
    ASYNCHRON_STATE_CANCELLED = 3,
};
typedef int32_t asynchron_state_t;

typedef struct asynchron_executor_t asynchron_executor_t;

typedef struct asynchron_promise_t asynchron_promise_t;

typedef struct asynchron_report_t asynchron_report_t;

typedef struct asynchron_t asynchron_t;

typedef struct asynchron_task_t asynchron_task_t;

typedef struct {
    const void *data;
    size_t len;
} asynchron_value_t;

typedef struct {
    int32_t code;
    const char *domain;
    const char *message;
    const void *payload;
} asynchron_error_t;

typedef struct {
    asynchron_t *asynchron;
    void *tag;
} asynchron_item_t;

typedef void (*asynchron_drop_fn_t)(void*);

typedef struct {
    asynchron_t *keeper;
    asynchron_drop_fn_t drop;
} asynchron_guarded_t;

typedef int32_t (*asynchron_fn_t)(asynchron_t *self, void *ctx);

typedef int32_t (*asynchron_join_fn_t)(asynchron_t *self,
                                       asynchron_t *const *sources,
                                       size_t n,
                                       void *ctx);

typedef void (*asynchron_notify_fn_t)(asynchron_t *a, void *ctx);

uint32_t asynchron_version(void);

uint64_t asynchron_forever(void);

const char *asynchron_status_string(int32_t status);

typedef struct {
    size_t size;
    const char *name;
    void *user_data;
    asynchron_drop_fn_t drop_user_data;
    asynchron_fn_t on_demand;
    void *on_demand_ctx;
    asynchron_drop_fn_t drop_on_demand_ctx;
    size_t reserve;
    uint64_t expire_after_ns;
} asynchron_options_t;

asynchron_t *asynchron_create(const char *name);

asynchron_status_t asynchron_create_with(const asynchron_options_t *options, asynchron_t **out);

asynchron_t *asynchron_retain(asynchron_t *a);

void asynchron_release(asynchron_t *a);

void asynchron_drop(void *a);

void asynchron_drop_guarded(void *guarded);

asynchron_state_t asynchron_state(const asynchron_t *a);

asynchron_status_t asynchron_poll(const asynchron_t *a);

const char *asynchron_name(asynchron_t *a);

void *asynchron_user_data(const asynchron_t *a);

int asynchron_is_shared(const asynchron_t *a);

int asynchron_is_held(const asynchron_t *a);

int asynchron_is_on_demand(const asynchron_t *a);

asynchron_status_t asynchron_set_bytes(asynchron_t *a, const void *data, size_t len);

asynchron_status_t asynchron_set_pointer(asynchron_t *a, void *ptr, asynchron_drop_fn_t drop);

asynchron_status_t asynchron_set_buffer(asynchron_t *a,
                                        const void *data,
                                        size_t len,
                                        void *owner,
                                        asynchron_drop_fn_t drop);

asynchron_status_t asynchron_fail(asynchron_t *a, int32_t code, const char *message);

asynchron_status_t asynchron_fail_with(asynchron_t *a,
                                       int32_t code,
                                       const char *domain,
                                       const char *message,
                                       void *payload,
                                       asynchron_drop_fn_t drop);

asynchron_status_t asynchron_cancel(asynchron_t *a);

asynchron_status_t asynchron_cancel_with(asynchron_t *a, const char *reason);

asynchron_status_t asynchron_cancel_pending(asynchron_t *a, const char *reason);

asynchron_status_t asynchron_follow(asynchron_t *into, asynchron_t *source);

asynchron_status_t asynchron_get(asynchron_t *a, asynchron_value_t *out);

asynchron_status_t asynchron_get_timeout(asynchron_t *a,
                                         uint64_t timeout_ns,
                                         asynchron_value_t *out);

asynchron_status_t asynchron_get_bytes(asynchron_t *a, void *buf, size_t cap, size_t *len);

asynchron_status_t asynchron_wait(asynchron_t *a, uint64_t timeout_ns);

asynchron_status_t asynchron_error(asynchron_t *a, asynchron_error_t *out);

asynchron_status_t asynchron_take(asynchron_t *a, void **ptr);

asynchron_status_t asynchron_call(asynchron_t *a, asynchron_fn_t fn, void *ctx);

asynchron_status_t asynchron_start(asynchron_t *a);

asynchron_status_t asynchron_wait_returned(asynchron_t *a, uint64_t timeout_ns);

asynchron_status_t asynchron_spawn(asynchron_t *a,
                                   asynchron_fn_t fn,
                                   void *ctx,
                                   asynchron_drop_fn_t drop_ctx);

enum asynchron_shutdown_cancel_e {
    ASYNCHRON_SHUTDOWN_CANCEL = 1,
};

typedef int32_t (*asynchron_post_fn_t)(asynchron_task_t *task, void *ctx);

typedef struct {
    size_t size;
    const char *name;
    size_t threads;
    size_t stack_size;
    uint64_t flags;
    asynchron_post_fn_t post;
    void *ctx;
    asynchron_drop_fn_t drop_ctx;
} asynchron_executor_options_t;

asynchron_status_t asynchron_executor_create(const asynchron_executor_options_t *options,
                                             asynchron_executor_t **out);

asynchron_executor_t *asynchron_executor_default(void);

asynchron_executor_t *asynchron_executor_retain(asynchron_executor_t *e);

void asynchron_executor_release(asynchron_executor_t *e);

asynchron_status_t asynchron_executor_shutdown(asynchron_executor_t *e,
                                               uint64_t flags,
                                               uint64_t timeout_ns);

asynchron_status_t asynchron_spawn_on(asynchron_executor_t *e,
                                      asynchron_t *a,
                                      asynchron_fn_t fn,
                                      void *ctx,
                                      asynchron_drop_fn_t drop_ctx);

void asynchron_task_run(asynchron_task_t *task);

void asynchron_task_discard(asynchron_task_t *task);

asynchron_status_t asynchron_progress(asynchron_t *a, uint64_t done, uint64_t total);

asynchron_status_t asynchron_progress_of(const asynchron_t *a, uint64_t *done, uint64_t *total);

enum asynchron_promise_cancel_unwanted_e {
    ASYNCHRON_PROMISE_CANCEL_UNWANTED = 1,
};

asynchron_promise_t *asynchron_promise_create(asynchron_t *a, uint64_t flags);

asynchron_promise_t *asynchron_promise_retain(asynchron_promise_t *p);

void asynchron_promise_release(asynchron_promise_t *p);

asynchron_t *asynchron_promise_asynchron(const asynchron_promise_t *p);

enum asynchron_notify_if_pending_e {
    ASYNCHRON_NOTIFY_IF_PENDING = 1,
};

enum asynchron_on_value_e {
    ASYNCHRON_ON_VALUE = 2,
};

enum asynchron_on_failure_e {
    ASYNCHRON_ON_FAILURE = 4,
};

enum asynchron_on_cancel_e {
    ASYNCHRON_ON_CANCEL = 8,
};

typedef struct {
    size_t size;
    asynchron_notify_fn_t fn;
    void *ctx;
    asynchron_drop_fn_t drop_ctx;
    uint64_t flags;
    asynchron_executor_t *executor;
} asynchron_notify_options_t;

asynchron_status_t asynchron_notify(asynchron_t *a, asynchron_notify_fn_t fn, void *ctx);

asynchron_status_t asynchron_notify_with(asynchron_t *a,
                                         const asynchron_notify_options_t *options,
                                         uint64_t *token);

asynchron_status_t asynchron_unnotify(asynchron_t *a, uint64_t token);

asynchron_status_t asynchron_try_unnotify(asynchron_t *a, uint64_t token);

void asynchron_run_due(void);

asynchron_report_t *asynchron_report_create(asynchron_t *const *as, size_t n);

asynchron_report_t *asynchron_report_retain(asynchron_report_t *r);

void asynchron_report_release(asynchron_report_t *r);

asynchron_status_t asynchron_report_add(asynchron_report_t *r, asynchron_t *a, void *tag);

asynchron_status_t asynchron_report_remove(asynchron_report_t *r, asynchron_t *a);

asynchron_status_t asynchron_report_next(asynchron_report_t *r,
                                         uint64_t timeout_ns,
                                         asynchron_item_t *out);

asynchron_status_t asynchron_report_next_batch(asynchron_report_t *r,
                                               uint64_t timeout_ns,
                                               asynchron_item_t *out,
                                               size_t cap,
                                               size_t *n);

size_t asynchron_report_pending(const asynchron_report_t *r);

asynchron_status_t asynchron_report_wake(asynchron_report_t *r);

asynchron_status_t asynchron_report_close(asynchron_report_t *r);

asynchron_status_t asynchron_report_rearm(asynchron_report_t *r);

int asynchron_report_fd(asynchron_report_t *r);

asynchron_status_t asynchron_report_watch(asynchron_report_t *r, int watch);

asynchron_status_t asynchron_expire_after(asynchron_t *a, uint64_t timeout_ns);

asynchron_t *asynchron_timer(uint64_t timeout_ns);

typedef struct {
    size_t size;
    asynchron_join_fn_t fn;
    void *ctx;
    asynchron_drop_fn_t drop_ctx;
    uint64_t flags;
    asynchron_executor_t *executor;
} asynchron_step_options_t;

asynchron_status_t asynchron_wait_any(asynchron_t *const *as,
                                      size_t n,
                                      uint64_t timeout_ns,
                                      size_t *index);

asynchron_status_t asynchron_wait_all(asynchron_t *const *as, size_t n, uint64_t timeout_ns);

asynchron_t *asynchron_after(asynchron_t *const *as,
                             size_t n,
                             asynchron_t *into,
                             asynchron_join_fn_t fn,
                             void *ctx,
                             asynchron_drop_fn_t drop_ctx);

asynchron_t *asynchron_then(asynchron_t *a,
                            asynchron_t *into,
                            asynchron_join_fn_t fn,
                            void *ctx,
                            asynchron_drop_fn_t drop_ctx);

asynchron_status_t asynchron_after_with(asynchron_t *const *as,
                                        size_t n,
                                        asynchron_t *into,
                                        const asynchron_step_options_t *options,
                                        asynchron_t **out);

asynchron_status_t asynchron_then_with(asynchron_t *a,
                                       asynchron_t *into,
                                       const asynchron_step_options_t *options,
                                       asynchron_t **out);

enum asynchron_cancel_rest_e {
    ASYNCHRON_CANCEL_REST = 1,
};

asynchron_t *asynchron_all(asynchron_t *const *as, size_t n, asynchron_t *into, uint64_t flags);

asynchron_t *asynchron_any(asynchron_t *const *as, size_t n, asynchron_t *into, uint64_t flags);

asynchron_t *asynchron_race(asynchron_t *const *as, size_t n, asynchron_t *into, uint64_t flags);
