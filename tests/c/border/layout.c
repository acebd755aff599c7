/* What a compiled program has of the header inside it: numbers, sizes, offsets, types. The compiler checks what
 * is frozen; the program prints the layout, which the test compares with the library's own. */
#include <asynchron.h>
#include <stdio.h>

#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
#define HOLDS(condition) typedef char JOIN(holds_, __LINE__)[(condition) ? 1 : -1] ATTRIBUTE_UNUSED
#if defined(__GNUC__)
#define ATTRIBUTE_UNUSED __attribute__((unused))
#else
#define ATTRIBUTE_UNUSED
#endif

HOLDS(ASYNCHRON_OK == 0);
HOLDS(ASYNCHRON_FAILED == 1);
HOLDS(ASYNCHRON_CANCELLED == 2);
HOLDS(ASYNCHRON_PENDING == 3);
HOLDS(ASYNCHRON_TIMEOUT == 4);
HOLDS(ASYNCHRON_ALREADY == 5);
HOLDS(ASYNCHRON_END == 6);
HOLDS(ASYNCHRON_WOKEN == 7);
HOLDS(ASYNCHRON_E_INVALID == -1);
HOLDS(ASYNCHRON_E_NOMEM == -2);
HOLDS(ASYNCHRON_E_DEADLOCK == -3);
HOLDS(ASYNCHRON_E_SYSTEM == -4);
HOLDS(ASYNCHRON_E_INTERNAL == -5);
HOLDS(ASYNCHRON_E_BROKEN == -6);
HOLDS(ASYNCHRON_E_CLOSED == -7);

HOLDS(ASYNCHRON_STATE_PENDING == 0);
HOLDS(ASYNCHRON_STATE_RUNNING == 1);
HOLDS(ASYNCHRON_STATE_READY == 2);
HOLDS(ASYNCHRON_STATE_CANCELLED == 3);

HOLDS(ASYNCHRON_FOREVER == UINT64_MAX);
HOLDS(sizeof(ASYNCHRON_FOREVER) == 8);
HOLDS(ASYNCHRON_NOTIFY_IF_PENDING == 1);
HOLDS(ASYNCHRON_ON_VALUE == 2);
HOLDS(ASYNCHRON_ON_FAILURE == 4);
HOLDS(ASYNCHRON_ON_CANCEL == 8);
HOLDS(ASYNCHRON_CANCEL_REST == 1);
HOLDS(ASYNCHRON_PROMISE_CANCEL_UNWANTED == 1);
HOLDS(ASYNCHRON_SHUTDOWN_CANCEL == 1);

HOLDS(ASYNCHRON_VERSION_NUMBER ==
      ASYNCHRON_VERSION_MAJOR * 10000 + ASYNCHRON_VERSION_MINOR * 100 + ASYNCHRON_VERSION_PATCH);

/* The macros serve the preprocessor as well. */
#if ASYNCHRON_VERSION_NUMBER < 100 || ASYNCHRON_FOREVER != UINT64_MAX
#error "not usable in #if"
#endif

HOLDS(sizeof(asynchron_status_t) == 4 && (asynchron_status_t)-1 < 0);
HOLDS(sizeof(asynchron_state_t) == 4 && (asynchron_state_t)-1 < 0);

#if UINTPTR_MAX == UINT64_MAX
#define FROZEN(struct_type, bytes) HOLDS(sizeof(struct_type) == (bytes))
#define AT(struct_type, member, bytes) HOLDS(offsetof(struct_type, member) == (bytes))
FROZEN(asynchron_value_t, 16);
AT(asynchron_value_t, data, 0);
AT(asynchron_value_t, len, 8);
FROZEN(asynchron_error_t, 32);
AT(asynchron_error_t, code, 0);
AT(asynchron_error_t, domain, 8);
AT(asynchron_error_t, message, 16);
AT(asynchron_error_t, payload, 24);
FROZEN(asynchron_item_t, 16);
AT(asynchron_item_t, asynchron, 0);
AT(asynchron_item_t, tag, 8);
FROZEN(asynchron_options_t, 72);
AT(asynchron_options_t, size, 0);
AT(asynchron_options_t, name, 8);
AT(asynchron_options_t, user_data, 16);
AT(asynchron_options_t, drop_user_data, 24);
AT(asynchron_options_t, on_demand, 32);
AT(asynchron_options_t, on_demand_ctx, 40);
AT(asynchron_options_t, drop_on_demand_ctx, 48);
AT(asynchron_options_t, reserve, 56);
AT(asynchron_options_t, expire_after_ns, 64);
FROZEN(asynchron_notify_options_t, 48);
AT(asynchron_notify_options_t, size, 0);
AT(asynchron_notify_options_t, fn, 8);
AT(asynchron_notify_options_t, ctx, 16);
AT(asynchron_notify_options_t, drop_ctx, 24);
AT(asynchron_notify_options_t, flags, 32);
AT(asynchron_notify_options_t, executor, 40);
FROZEN(asynchron_step_options_t, 48);
AT(asynchron_step_options_t, size, 0);
AT(asynchron_step_options_t, fn, 8);
AT(asynchron_step_options_t, ctx, 16);
AT(asynchron_step_options_t, drop_ctx, 24);
AT(asynchron_step_options_t, flags, 32);
AT(asynchron_step_options_t, executor, 40);
FROZEN(asynchron_executor_options_t, 64);
AT(asynchron_executor_options_t, size, 0);
AT(asynchron_executor_options_t, name, 8);
AT(asynchron_executor_options_t, threads, 16);
AT(asynchron_executor_options_t, stack_size, 24);
AT(asynchron_executor_options_t, flags, 32);
AT(asynchron_executor_options_t, post, 40);
AT(asynchron_executor_options_t, ctx, 48);
AT(asynchron_executor_options_t, drop_ctx, 56);
#endif

/* A member's address converts without a warning to a pointer to its type and to no other. */
#define TYPED(type, struct_type, member) \
    type *typed_##struct_type##_##member(struct_type *s); \
    type *typed_##struct_type##_##member(struct_type *s) { return &s->member; }
TYPED(const void *, asynchron_value_t, data)
TYPED(size_t, asynchron_value_t, len)
TYPED(int32_t, asynchron_error_t, code)
TYPED(const char *, asynchron_error_t, domain)
TYPED(const char *, asynchron_error_t, message)
TYPED(const void *, asynchron_error_t, payload)
TYPED(asynchron_t *, asynchron_item_t, asynchron)
TYPED(void *, asynchron_item_t, tag)
TYPED(size_t, asynchron_options_t, size)
TYPED(const char *, asynchron_options_t, name)
TYPED(void *, asynchron_options_t, user_data)
TYPED(asynchron_drop_fn_t, asynchron_options_t, drop_user_data)
TYPED(asynchron_fn_t, asynchron_options_t, on_demand)
TYPED(void *, asynchron_options_t, on_demand_ctx)
TYPED(asynchron_drop_fn_t, asynchron_options_t, drop_on_demand_ctx)
TYPED(size_t, asynchron_options_t, reserve)
TYPED(uint64_t, asynchron_options_t, expire_after_ns)
TYPED(size_t, asynchron_notify_options_t, size)
TYPED(asynchron_notify_fn_t, asynchron_notify_options_t, fn)
TYPED(void *, asynchron_notify_options_t, ctx)
TYPED(asynchron_drop_fn_t, asynchron_notify_options_t, drop_ctx)
TYPED(uint64_t, asynchron_notify_options_t, flags)
TYPED(asynchron_executor_t *, asynchron_notify_options_t, executor)
TYPED(size_t, asynchron_step_options_t, size)
TYPED(asynchron_join_fn_t, asynchron_step_options_t, fn)
TYPED(void *, asynchron_step_options_t, ctx)
TYPED(asynchron_drop_fn_t, asynchron_step_options_t, drop_ctx)
TYPED(uint64_t, asynchron_step_options_t, flags)
TYPED(asynchron_executor_t *, asynchron_step_options_t, executor)
TYPED(size_t, asynchron_executor_options_t, size)
TYPED(const char *, asynchron_executor_options_t, name)
TYPED(size_t, asynchron_executor_options_t, threads)
TYPED(size_t, asynchron_executor_options_t, stack_size)
TYPED(uint64_t, asynchron_executor_options_t, flags)
TYPED(asynchron_post_fn_t, asynchron_executor_options_t, post)
TYPED(void *, asynchron_executor_options_t, ctx)
TYPED(asynchron_drop_fn_t, asynchron_executor_options_t, drop_ctx)

int32_t *status_is_int32(asynchron_status_t *s);
int32_t *status_is_int32(asynchron_status_t *s) { return s; }
int32_t *state_is_int32(asynchron_state_t *s);
int32_t *state_is_int32(asynchron_state_t *s) { return s; }

#define SIZE(type) printf("%s %u\n", #type, (unsigned)sizeof(type))
#define OFFSET(type, member) printf("%s.%s %u\n", #type, #member, (unsigned)offsetof(type, member))

int main(void)
{
    SIZE(asynchron_status_t);
    SIZE(asynchron_state_t);
    SIZE(asynchron_value_t);
    OFFSET(asynchron_value_t, data);
    OFFSET(asynchron_value_t, len);
    SIZE(asynchron_error_t);
    OFFSET(asynchron_error_t, code);
    OFFSET(asynchron_error_t, domain);
    OFFSET(asynchron_error_t, message);
    OFFSET(asynchron_error_t, payload);
    SIZE(asynchron_item_t);
    OFFSET(asynchron_item_t, asynchron);
    OFFSET(asynchron_item_t, tag);
    SIZE(asynchron_options_t);
    OFFSET(asynchron_options_t, size);
    OFFSET(asynchron_options_t, name);
    OFFSET(asynchron_options_t, user_data);
    OFFSET(asynchron_options_t, drop_user_data);
    OFFSET(asynchron_options_t, on_demand);
    OFFSET(asynchron_options_t, on_demand_ctx);
    OFFSET(asynchron_options_t, drop_on_demand_ctx);
    OFFSET(asynchron_options_t, reserve);
    OFFSET(asynchron_options_t, expire_after_ns);
    SIZE(asynchron_notify_options_t);
    OFFSET(asynchron_notify_options_t, size);
    OFFSET(asynchron_notify_options_t, fn);
    OFFSET(asynchron_notify_options_t, ctx);
    OFFSET(asynchron_notify_options_t, drop_ctx);
    OFFSET(asynchron_notify_options_t, flags);
    OFFSET(asynchron_notify_options_t, executor);
    SIZE(asynchron_step_options_t);
    OFFSET(asynchron_step_options_t, size);
    OFFSET(asynchron_step_options_t, fn);
    OFFSET(asynchron_step_options_t, ctx);
    OFFSET(asynchron_step_options_t, drop_ctx);
    OFFSET(asynchron_step_options_t, flags);
    OFFSET(asynchron_step_options_t, executor);
    SIZE(asynchron_executor_options_t);
    OFFSET(asynchron_executor_options_t, size);
    OFFSET(asynchron_executor_options_t, name);
    OFFSET(asynchron_executor_options_t, threads);
    OFFSET(asynchron_executor_options_t, stack_size);
    OFFSET(asynchron_executor_options_t, flags);
    OFFSET(asynchron_executor_options_t, post);
    OFFSET(asynchron_executor_options_t, ctx);
    OFFSET(asynchron_executor_options_t, drop_ctx);
    return 0;
}
