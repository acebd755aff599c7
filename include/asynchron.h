/*
 * asynchron: a value that arrives later
 *
 * Any number of threads wait for it; anyone delivers a value, a failure or a cancel, and exactly
 * one of them wins.
 *
 *     asynchron_t *a = asynchron_create(NULL);
 *
 *     asynchron_value_t value;                    // one thread, or any number of them
 *     if (asynchron_get(a, &value) == ASYNCHRON_OK)
 *         printf("%d\n", *(const int *)value.data);
 *
 *     int three = 3;                              // another thread, before or after
 *     asynchron_set_bytes(a, &three, sizeof three);
 *
 *     asynchron_release(a);                       // whoever holds a reference, when done with it
 *
 * The words. An asynchron is complete once it was delivered (set or failed) or cancelled; its
 * outcome is a value, an error or cancelled, and never changes. A drop is the function that frees
 * what you hand over. A listener is whatever waits for a completion without blocking a thread.
 *
 * For C++ there is asynchron.hpp, over this one: futures and promises of any type, exceptions,
 * coroutines.
 *
 * What holds for every function here:
 *
 *   - C99 or C++11, and later.
 *   - Handles. asynchron_t and asynchron_report_t are reference counted. Every function that
 *     returns one gives you a reference, which you release once. Whoever calls a function must hold
 *     one for the length of the call; only the call that delivers may go without from the moment it
 *     has won, so that a waiter may release the last one while that call is still on its way back.
 *   - Arguments. Every function is total: NULL or nonsense is answered with ASYNCHRON_E_INVALID (or
 *     NULL, 0 or "" where there is no status), changes nothing and leaks nothing. NULL is legal
 *     only where that is said. An array of n = 0 may be NULL.
 *   - Handing over. What you hand over together with a drop is the library's from the call on,
 *     whatever it returns; the drop runs exactly once on every path, also when the pointer is NULL:
 *     before the call returns, if it is refused or came too late. With drop NULL nobody frees it.
 *     Only an option struct whose size is refused is not read at all.
 *   - Out pointers are written only with ASYNCHRON_OK, unless that is said.
 *   - Threads. Every function may be called from any thread, and from inside any callback, function
 *     or drop, on any handle; none but those that say so blocks. None is for signal handlers. No
 *     code of yours ever runs under a lock of the library; hold none of your own that your
 *     callbacks take while you deliver, cancel, register or release: they may run inside that call.
 *   - Stack. Callbacks, the functions of asynchron_then() and asynchron_after(), and drops of what
 *     is released run one after the other on a thread, never inside each other: what one of them
 *     completes joins the end of a queue, what it releases is freed once it has returned. So a
 *     chain of a million needs no more stack than one. Two things do run inside: a wait that would
 *     block first runs what is due on its thread, and what a call refuses or takes back is dropped
 *     by it. The smallest stack that pthreads allow does for every call. Background threads have
 *     the system's usual one.
 *   - Memory. Beyond copying what you hand over, completing, cancelling, waiting for one and
 *     releasing allocate nothing, but for a thread that may start where a background one waits.
 *     Want of memory is a status that leaves everything as it was; it may come where
 *     ASYNCHRON_ALREADY would have been due.
 *   - The library prints nothing, keeps no last error, and never ends the program. The one
 *     exception: a C++ exception thrown out of a callback, function or drop ends it, with a
 *     message; catch it inside. The same goes for pthread_exit() and a thread's cancellation in
 *     there; longjmp() out of one is undefined. No call here is itself a cancellation point.
 *   - fork(). The child may create, deliver, wait and spawn. What the parent's threads were
 *     computing never completes there. Leave alone in the child a handle that another thread was
 *     just using, unless it was only waiting for that one: it may be locked for ever, or still know
 *     that thread's stack, as in asynchron_wait_any() or asynchron_unnotify(). Leave alone a report
 *     with a descriptor, which is shared with the parent.
 *   - Unloading. The shared library stays loaded once it was: its threads may be resting. A module
 *     into which you link the static one has to stay, too: link it with -z nodelete.
 *   - Twice in one process, as by such a module. The two know nothing of each other: use a handle
 *     only with the one that made it. A function that sleeps in a wait of the one is to the other's
 *     threads like any that takes long.
 *   - exit(). Nothing is waited for: functions on background threads go on while your destructors
 *     run. That a function is over is told by its drop_ctx, not by completion or cancel.
 */

#ifndef ASYNCHRON_H
#define ASYNCHRON_H

#include <stddef.h>
#include <stdint.h>

#define ASYNCHRON_VERSION_MAJOR 0
#define ASYNCHRON_VERSION_MINOR 1
#define ASYNCHRON_VERSION_PATCH 0
#define ASYNCHRON_VERSION_NUMBER \
    (ASYNCHRON_VERSION_MAJOR * 10000 + ASYNCHRON_VERSION_MINOR * 100 + ASYNCHRON_VERSION_PATCH)
#define ASYNCHRON_VERSION_STRING "0.1.0"

/* Before every function. Define ASYNCHRON_SHARED to use the shared library on Windows. */
#if !defined(ASYNCHRON_API)
#if defined(_WIN32) && defined(ASYNCHRON_SHARED)
#define ASYNCHRON_API __declspec(dllimport)
#else
#define ASYNCHRON_API
#endif
#endif

/* Before a function whose result must not be ignored. */
#if !defined(ASYNCHRON_MUST_USE)
#if defined(__GNUC__) || defined(__clang__)
#define ASYNCHRON_MUST_USE __attribute__((warn_unused_result))
#else
#define ASYNCHRON_MUST_USE
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * ================================================================================================
 * Statuses and types
 *
 * Both enums are int32_t wide, and their values never change.
 */

/**
 * A timeout in nanoseconds that never runs out. A timeout of 0 does not wait.
 */
#define ASYNCHRON_FOREVER UINT64_MAX

/**
 * What a call says. 0 and above speak of the asynchron or the report; below 0 the call was refused
 * and has changed nothing.
 */
enum
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  asynchron_status_t : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done; there is a value.
     */
    ASYNCHRON_OK = 0,
    /**
     * The asynchron failed: ask asynchron_error().
     */
    ASYNCHRON_FAILED = 1,
    /**
     * The asynchron was cancelled.
     */
    ASYNCHRON_CANCELLED = 2,
    /**
     * It is not complete, or not yet.
     */
    ASYNCHRON_PENDING = 3,
    /**
     * The time ran out first.
     */
    ASYNCHRON_TIMEOUT = 4,
    /**
     * Another was first: it is delivered, or started, or has run.
     */
    ASYNCHRON_ALREADY = 5,
    /**
     * Nothing is left.
     */
    ASYNCHRON_END = 6,
    /**
     * asynchron_report_wake() was called.
     */
    ASYNCHRON_WOKEN = 7,
    /**
     * An argument is NULL or nonsense.
     */
    ASYNCHRON_E_INVALID = -1,
    /**
     * There is no memory.
     */
    ASYNCHRON_E_NOMEM = -2,
    /**
     * The thread would wait for itself.
     */
    ASYNCHRON_E_DEADLOCK = -3,
    /**
     * The system refuses a thread or a descriptor.
     */
    ASYNCHRON_E_SYSTEM = -4,
    /**
     * A bug in this library. Please report it.
     */
    ASYNCHRON_E_INTERNAL = -5,
    /**
     * Never returned: the code of a failure whose last handle was released before anybody
     * delivered.
     */
    ASYNCHRON_E_BROKEN = -6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum asynchron_status_t asynchron_status_t;
#else
typedef int32_t asynchron_status_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where an asynchron is in its life. A failed one is READY, too.
 */
enum
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  asynchron_state_t : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nobody has delivered or started it.
     */
    ASYNCHRON_STATE_PENDING = 0,
    /**
     * A function is computing its value.
     */
    ASYNCHRON_STATE_RUNNING = 1,
    /**
     * It has a value or an error.
     */
    ASYNCHRON_STATE_READY = 2,
    /**
     * It was cancelled.
     */
    ASYNCHRON_STATE_CANCELLED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum asynchron_state_t asynchron_state_t;
#else
typedef int32_t asynchron_state_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Many asynchrons, in completion order. Opaque; reference counted; of any thread.
 */
typedef struct asynchron_report_t asynchron_report_t;

/**
 * A value that arrives later. Opaque; reference counted; of any thread.
 */
typedef struct asynchron_t asynchron_t;

/**
 * A value, borrowed: valid while you hold the handle that it came from. An empty value is
 * {NULL, 0}, however it was set; one set by asynchron_set_pointer() is {the pointer, 0}.
 */
typedef struct {
    /**
     * The bytes. Copied ones are aligned as malloc's.
     */
    const void *data;
    /**
     * How many.
     */
    size_t len;
} asynchron_value_t;

/**
 * A failure or a cancel, borrowed: valid while you hold the handle that it came from. No string
 * is ever NULL.
 */
typedef struct {
    /**
     * Whatever the one that failed it gave; 0 is legal. A cancel's is 0.
     */
    int32_t code;
    /**
     * Whose code that is; "" unless given. The library's own is "asynchron".
     */
    const char *domain;
    /**
     * For people; "" unless given. A cancel's is its reason.
     */
    const char *message;
    /**
     * Anything more, or NULL.
     */
    const void *payload;
} asynchron_error_t;

/**
 * What a report yields. The reference is yours: asynchron_release() it.
 */
typedef struct {
    /**
     * The one that completed.
     */
    asynchron_t *asynchron;
    /**
     * What it was added with.
     */
    void *tag;
} asynchron_item_t;

/**
 * Frees what you handed over. The library calls it exactly once, with the pointer that came with
 * it, also if that is NULL, on whichever thread is done with it last, and never under a lock of
 * its own: it may call anything. Where it may be NULL, the library never frees the pointer.
 */
typedef void (*asynchron_drop_fn_t)(void*);

/**
 * Computes the value of `self`. It delivers with any of the setters, and then what it returns is
 * ignored. If it returns without having delivered, that completes `self`: 0 with the empty value,
 * any other number with a failure of that code, domain "" and message "". `self` is valid during
 * the call; retain it to keep it. Waiting for `self` inside is ASYNCHRON_E_DEADLOCK. It may look
 * at asynchron_poll(self) to learn that it was cancelled; nothing interrupts it.
 */
typedef int32_t (*asynchron_fn_t)(asynchron_t *self, void *ctx);

/**
 * As asynchron_fn_t, for asynchron_after() and asynchron_then(): `sources` are the `n` complete
 * asynchrons that it was to come after, in their order, valid during the call. It runs as a
 * callback does: callbacks of what it completes run after it.
 */
typedef int32_t (*asynchron_join_fn_t)(asynchron_t *self,
                                       asynchron_t *const *sources,
                                       size_t n,
                                       void *ctx);

/**
 * Told that `a` is complete. `a` is valid during the call; retain it to keep it.
 */
typedef void (*asynchron_notify_fn_t)(asynchron_t *a, void *ctx);

/*
 * ================================================================================================
 * The library
 */

/**
 * The version of the library that is running, as ASYNCHRON_VERSION_NUMBER is that of the header:
 * major * 10000 + minor * 100 + patch.
 *
 * - Needs: nothing.
 * - Ownership: nothing.
 * - Threads: any, any callback; does not block.
 * - Returns: the number.
 * - Since: 0.1.0
 */
ASYNCHRON_API uint32_t asynchron_version(void);

/**
 * A status in words, for a log.
 *
 * - Needs: any number; one that is no status is "unknown status".
 * - Ownership: the text is the library's, and lives as long as it.
 * - Threads: any, any callback; does not block.
 * - Returns: never NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API const char *asynchron_status_string(int32_t status);

/*
 * ================================================================================================
 * Handles
 *
 * A handle is a counted reference to an asynchron.
 */

/**
 * What asynchron_create_with() makes. Zero it, set size, then what you need.
 */
typedef struct {
    /**
     * sizeof(asynchron_options_t)
     */
    size_t size;
    /**
     * Copied; NULL for none.
     */
    const char *name;
    /**
     * Handed over: what asynchron_user_data() returns.
     */
    void *user_data;
    /**
     * Frees user_data, with the last reference; NULL: never.
     */
    asynchron_drop_fn_t drop_user_data;
    /**
     * Computes the value, on the thread of the first that asks for it; NULL for none.
     */
    asynchron_fn_t on_demand;
    /**
     * Handed over: passed to on_demand.
     */
    void *on_demand_ctx;
    /**
     * Frees on_demand_ctx, when on_demand has returned, or with the last reference; NULL: never.
     */
    asynchron_drop_fn_t drop_on_demand_ctx;
} asynchron_options_t;

/**
 * Makes a pending asynchron.
 *
 * - Needs: `name` a string, or NULL for none.
 * - Ownership: `name` is copied. The reference returned is yours: asynchron_release() it.
 * - Threads: any, any callback; does not block.
 * - Returns: the handle; NULL only without memory.
 * - Since: 0.1.0
 */
ASYNCHRON_API ASYNCHRON_MUST_USE asynchron_t *asynchron_create(const char *name);

/**
 * Makes a pending asynchron with user data, or with a function that computes its value on demand.
 *
 * The function on demand is run by the first asynchron_get(), asynchron_get_bytes(),
 * asynchron_get_timeout() or asynchron_wait() of it, but not by one with a timeout of 0: on that
 * thread and to its end, whatever the timeout. All others wait for that run. Nothing else starts
 * it, no report, callback, asynchron_then(), asynchron_after() or wait for several;
 * asynchron_call() and asynchron_spawn() run the function that they are given instead.
 *
 * - Needs: `options` with size set; `out` not NULL. A size larger than this header's is accepted
 *   if what lies beyond is zero.
 * - Ownership: the name is copied; user_data and on_demand_ctx are handed over, whatever is
 *   returned, unless the size is refused: then nothing was read. The reference in `*out` is
 *   yours: asynchron_release() it.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, a size too small or over 4096, something
 *   unknown that is not zero; ASYNCHRON_E_NOMEM. `*out` is written only with ASYNCHRON_OK.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_create_with(const asynchron_options_t *options,
                                         asynchron_t **out);

/**
 * Takes one more reference.
 *
 * - Needs: `a` a handle; NULL is passed on.
 * - Ownership: the new reference is yours: asynchron_release() it. A count that overflows stays,
 *   and the object then lives for ever.
 * - Threads: any, any callback; does not block.
 * - Returns: `a`; NULL for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_t *asynchron_retain(asynchron_t *a);

/**
 * Gives up one reference. With the last one the value, the error and the user data are freed, by
 * the drops that they came with: here, or, inside a callback or a drop, once that has returned. If
 * it is not complete and callbacks, asynchron_then() or asynchron_after() are registered, it first
 * completes as failed, domain "asynchron", code ASYNCHRON_E_BROKEN, and they run. A report keeps
 * what it holds, so an asynchron in one does not end that way.
 *
 * - Needs: `a` a handle whose reference is yours, or NULL.
 * - Ownership: the reference is gone: do not use it again. NULL is ignored.
 * - Threads: any, any callback, thread exit included; does not block.
 * - Returns: nothing.
 * - Since: 0.1.0
 */
ASYNCHRON_API void asynchron_release(asynchron_t *a);

/**
 * Where it is in its life, at this moment.
 *
 * - Needs: `a` a handle, or NULL.
 * - Ownership: `a` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: the state; ASYNCHRON_STATE_PENDING for NULL. A failed one is ASYNCHRON_STATE_READY.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_state_t asynchron_state(const asynchron_t *a);

/**
 * How it ended, if it has: only looks.
 *
 * - Needs: `a` a handle.
 * - Ownership: `a` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_PENDING, also while a function is running; ASYNCHRON_OK: there is a value;
 *   ASYNCHRON_FAILED; ASYNCHRON_CANCELLED; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_poll(const asynchron_t *a);

/**
 * Its name: the one given, or "asynchron-N", made when first asked for and then kept.
 *
 * - Needs: `a` a handle, or NULL.
 * - Ownership: borrowed: valid while you hold the handle.
 * - Threads: any, any callback; does not block.
 * - Returns: never NULL; "" for NULL, or without memory to make one.
 * - Since: 0.1.0
 */
ASYNCHRON_API const char *asynchron_name(asynchron_t *a);

/**
 * The user data that asynchron_create_with() was given.
 *
 * - Needs: `a` a handle, or NULL.
 * - Ownership: borrowed: valid while you hold the handle.
 * - Threads: any, any callback; does not block.
 * - Returns: the pointer; NULL if there is none, and for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API void *asynchron_user_data(const asynchron_t *a);

/**
 * Whether anybody but you holds it.
 *
 * 0 stays 0 as long as you hand your handle to nobody: whoever has no reference cannot make one. 1 may become 0 at
 * any moment. What the library holds counts, too: for a function, a callback or a step that has not returned, for a
 * report, for a task that waits for its turn.
 *
 * - Needs: `a` a handle whose reference is yours, or NULL.
 * - Ownership: `a` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: 0: yours is the only reference; 1: there may be others. 0 for NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API
int asynchron_is_shared(const asynchron_t *a);

/**
 * Whether it has a function on demand that nobody has started yet: then the next asynchron_get(),
 * asynchron_get_timeout(), asynchron_get_bytes() or asynchron_wait() runs it, and nothing else does.
 *
 * - Needs: `a` a handle, or NULL.
 * - Ownership: `a` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: 1, or 0: it has none, or it was started, delivered or cancelled. 0 for NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API
int asynchron_is_on_demand(const asynchron_t *a);

/*
 * ================================================================================================
 * Deliver
 *
 * Setting, failing and cancelling race; exactly one wins and is answered with ASYNCHRON_OK. The
 * others learn that they came too late: ASYNCHRON_ALREADY where it was delivered,
 * ASYNCHRON_CANCELLED where it was cancelled, the same for a setter and for a cancel.
 *
 * Anyone may deliver, also one that is RUNNING. A completion is visible first; then blocked
 * threads and reports learn of it; then callbacks run, on this thread and before the call returns,
 * unless it is inside a callback already: then they join the end of what is due on it.
 */

/**
 * Delivers a copy of `len` bytes.
 *
 * - Needs: `data` readable for `len` bytes; it may be NULL if `len` is 0, which is the empty
 *   value. `len` at most SIZE_MAX / 2.
 * - Ownership: `data` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
 *   cancelled; ASYNCHRON_E_INVALID; ASYNCHRON_E_NOMEM: over 16 bytes only.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_set_bytes(asynchron_t *a, const void *data, size_t len);

/**
 * Delivers a pointer: the value is {ptr, 0}.
 *
 * - Needs: any pointer, NULL too.
 * - Ownership: `ptr` is handed over; `drop`(ptr) frees it; `drop` NULL: nobody does.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
 *   cancelled; ASYNCHRON_E_INVALID: `a` is NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_set_pointer(asynchron_t *a,
                                         void *ptr,
                                         asynchron_drop_fn_t drop);

/**
 * Delivers `len` bytes without copying them.
 *
 * - Needs: `data` readable for `len` bytes until `owner` is dropped; it may be NULL if `len` is 0,
 *   which is the empty value. `len` at most SIZE_MAX / 2.
 * - Ownership: `owner`, whatever it is, is handed over; `drop`(owner) frees it, and with it the
 *   bytes; `drop` NULL: the library never does, as for a constant.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
 *   cancelled; ASYNCHRON_E_INVALID.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_set_buffer(asynchron_t *a,
                                        const void *data,
                                        size_t len,
                                        void *owner,
                                        asynchron_drop_fn_t drop);

/**
 * Delivers a failure.
 *
 * - Needs: any `code`, 0 too; `message` a string, or NULL for "".
 * - Ownership: the message is copied.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
 *   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
 *   only with a message.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_fail(asynchron_t *a, int32_t code, const char *message);

/**
 * Delivers a failure with all that can be said of it.
 *
 * - Needs: any `code`, 0 too; `domain`, which says whose code that is, and `message`: strings, or
 *   NULL for "".
 * - Ownership: both strings are copied; `payload` is handed over; `drop`(payload) frees it, with
 *   the last asynchron that shares it by asynchron_then(); `drop` NULL: nobody does.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
 *   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
 *   only with a string or a payload.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_fail_with(asynchron_t *a,
                                       int32_t code,
                                       const char *domain,
                                       const char *message,
                                       void *payload,
                                       asynchron_drop_fn_t drop);

/**
 * Cancels: a completion like any other, by which every kind of waiter wakes. A function that is
 * computing the value goes on, can see it with asynchron_poll(), and what it delivers is dropped.
 *
 * - Needs: `a` a handle.
 * - Ownership: `a` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was already;
 *   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_cancel(asynchron_t *a);

/**
 * Cancels, and says why: asynchron_error() gives the reason as its message.
 *
 * - Needs: `reason` a string, or NULL for "".
 * - Ownership: the reason is copied.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was already;
 *   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL;
 *   ASYNCHRON_E_NOMEM: only with a reason.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_cancel_with(asynchron_t *a, const char *reason);

/*
 * ================================================================================================
 * Collect
 *
 * Any number of threads may wait for one asynchron, before or after it is complete; once it is,
 * no call blocks. A call that saw it complete also sees every write made before the delivery.
 * Timeouts are relative, in nanoseconds, by the monotonic clock; ASYNCHRON_FOREVER never runs out,
 * 0 does not wait, and complete beats timed out. A signal does not end a wait.
 *
 * A wait that would block inside a callback first runs what is due on its thread. A thread that
 * waits for one whose function it is inside, in whatever nested call, at whatever timeout, gets
 * ASYNCHRON_E_DEADLOCK. Waiting for oneself by way of others, or through a report, is not
 * detected.
 */

/**
 * Blocks until it is complete, and borrows its value.
 *
 * - Needs: `out` writable, or NULL to only wait.
 * - Ownership: `*out` is borrowed: valid while you hold the handle.
 * - Threads: any, any callback; blocks. The first to ask one with a function on demand runs that
 *   function.
 * - Returns: ASYNCHRON_OK: `*out` is written; ASYNCHRON_FAILED and ASYNCHRON_CANCELLED: ask
 *   asynchron_error(); ASYNCHRON_E_DEADLOCK; ASYNCHRON_E_INVALID: `a` is NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_get(asynchron_t *a, asynchron_value_t *out);

/**
 * As asynchron_get(), for at most `timeout_ns` nanoseconds.
 *
 * - Needs: `out` writable, or NULL to only wait.
 * - Ownership: `*out` is borrowed: valid while you hold the handle.
 * - Threads: any, any callback; blocks, but not with a timeout of 0. The first to ask one with a
 *   function on demand runs that function, to its end, unless the timeout is 0.
 * - Returns: as asynchron_get(), and ASYNCHRON_TIMEOUT: not complete yet; the asynchron is as it
 *   was.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_get_timeout(asynchron_t *a,
                                         uint64_t timeout_ns,
                                         asynchron_value_t *out);

/**
 * Blocks until it is complete, and copies its value.
 *
 * - Needs: `buf` writable for `cap` bytes, and not NULL, whatever `cap`; `len` writable, or NULL.
 *   A `cap` of 0 asks how long the value is, and is answered as too small, unless it is empty.
 * - Ownership: the copy is yours. Of a value set by asynchron_set_pointer() it is 0 bytes.
 * - Threads: any, any callback; blocks. The first to ask one with a function on demand runs that
 *   function.
 * - Returns: ASYNCHRON_OK: `*len` bytes were copied; ASYNCHRON_E_INVALID: a NULL, or `cap` is too
 *   small: then `*len` is what it needs and `buf` is untouched; ASYNCHRON_FAILED and
 *   ASYNCHRON_CANCELLED: ask asynchron_error(); ASYNCHRON_E_DEADLOCK.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_get_bytes(asynchron_t *a,
                                       void *buf,
                                       size_t cap,
                                       size_t *len);

/**
 * Blocks until it is complete, however it ends.
 *
 * - Needs: `a` a handle.
 * - Ownership: `a` stays yours.
 * - Threads: any, any callback; blocks, but not with a timeout of 0. The first to ask one with a
 *   function on demand runs that function, to its end, unless the timeout is 0.
 * - Returns: ASYNCHRON_OK: complete, also failed or cancelled; ASYNCHRON_TIMEOUT;
 *   ASYNCHRON_E_DEADLOCK; ASYNCHRON_E_INVALID: `a` is NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_wait(asynchron_t *a, uint64_t timeout_ns);

/**
 * Borrows the error of a failed one, or the reason of a cancelled one. Any number of times, by
 * anyone.
 *
 * - Needs: `out` writable.
 * - Ownership: all of `*out` is borrowed: valid while you hold the handle.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK: `*out` is written; ASYNCHRON_PENDING: not complete;
 *   ASYNCHRON_E_INVALID: a NULL, or there is a value.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_error(asynchron_t *a, asynchron_error_t *out);

/*
 * ================================================================================================
 * Compute
 *
 * A pending asynchron becomes RUNNING when its function starts. One that is not pending by then
 * runs no function. Cancelling a RUNNING one completes it at once: those that wait go, the
 * function goes on, and what it delivers later is dropped.
 */

/**
 * Has `fn` compute the value here and now.
 *
 * - Needs: `fn` not NULL.
 * - Ownership: `ctx` stays yours; `fn` gets it as it is.
 * - Threads: any, any callback; blocks as long as `fn` does.
 * - Returns: ASYNCHRON_OK: `fn` ran, whatever it made of it; ASYNCHRON_ALREADY: it is running or
 *   was delivered, and `fn` did not run; ASYNCHRON_CANCELLED: the same, it was cancelled;
 *   ASYNCHRON_E_INVALID: a NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_call(asynchron_t *a, asynchron_fn_t fn, void *ctx);

/**
 * Has `fn` compute the value on a background thread.
 *
 * Threads are reused. There are as many as processors; more start when theirs all sleep in the
 * waits of this library, or when a task has lain for 10 ms, one every 10 ms and without a bound,
 * so that tasks which wait for tasks never starve; while none can be had, a task waits for one
 * that is busy. They take no signals but those of their own faults, and a program that a function
 * starts inherits that. They are never joined, do not keep the process alive, and end when they
 * have rested for a second.
 *
 * - Needs: `fn` not NULL.
 * - Ownership: `ctx` is handed over; `drop_ctx`(ctx) frees it, once `fn` has returned, or it is
 *   known that `fn` never runs; if the return completes `a`, it does so after that. `drop_ctx`
 *   NULL: nobody does. Every handle may be released at once: `fn` still runs.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK: `fn` runs, unless `a` is not pending when its turn comes, also if it is
 *   not pending now;
 *   ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: there is no thread that
 *   could come to it (those that sleep in waits of this library do not count), and none can be
 *   had. Then `a` is as it was.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_spawn(asynchron_t *a,
                                   asynchron_fn_t fn,
                                   void *ctx,
                                   asynchron_drop_fn_t drop_ctx);

/*
 * ================================================================================================
 * Callbacks
 *
 * A callback runs exactly once or is taken back, on every path. Those of one asynchron that were
 * registered before its completion run in that order, together with what asynchron_then() and
 * asynchron_after() registered, on the thread that completes it, with the handle retained. One
 * that is registered after completion runs on the thread that registers it: before the call
 * returns, or, inside a callback, at the end of what is due on that thread.
 *
 * A registration does not keep the asynchron: when its last handle goes, it completes as failed
 * (see asynchron_release()).
 */

/**
 * A flag of asynchron_notify_options_t: only if it is still to come. If `a` is complete already,
 * fn is not called, and ASYNCHRON_ALREADY is returned.
 */
#define ASYNCHRON_NOTIFY_IF_PENDING 1

/**
 * How asynchron_notify_with() registers. Zero it, set size, then what you need.
 */
typedef struct {
    /**
     * sizeof(asynchron_notify_options_t)
     */
    size_t size;
    /**
     * What to call.
     */
    asynchron_notify_fn_t fn;
    /**
     * Handed over: passed to fn.
     */
    void *ctx;
    /**
     * Frees ctx, when fn has returned, or never will run; NULL: never.
     */
    asynchron_drop_fn_t drop_ctx;
    /**
     * ASYNCHRON_NOTIFY_IF_PENDING, or 0. Unknown flags are refused.
     */
    uint64_t flags;
} asynchron_notify_options_t;

/**
 * Has `fn`(a, ctx) called once `a` is complete. It cannot be taken back: for that there is
 * asynchron_notify_with().
 *
 * - Needs: `fn` not NULL.
 * - Ownership: `ctx` stays yours; it must live until `fn` has run.
 * - Threads: any, any callback; does not block, unless `fn` does, which runs here if `a` is
 *   complete.
 * - Returns: ASYNCHRON_OK: it will run, or has; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_notify(asynchron_t *a,
                                    asynchron_notify_fn_t fn,
                                    void *ctx);

/**
 * Has a callback called once `a` is complete, with a context that is freed, and with a token by
 * which it can be taken back.
 *
 * - Needs: `options` with size and fn set. A size larger than this header's is accepted if what
 *   lies beyond is zero. `token` writable, or NULL if it is never taken back.
 * - Ownership: ctx is handed over, whatever is returned, unless the size is refused: then nothing
 *   was read. drop_ctx(ctx) runs when fn has returned, or when it is known that it never runs.
 * - Threads: any, any callback; does not block, unless fn does, which runs here if `a` is
 *   complete.
 * - Returns: ASYNCHRON_OK: it will run, or has, and `*token`, never 0, was written before it
 *   could; ASYNCHRON_ALREADY: complete, and ASYNCHRON_NOTIFY_IF_PENDING was given;
 *   ASYNCHRON_E_INVALID: a NULL, a size too small or over 4096, an unknown flag, something unknown
 *   that is not zero; ASYNCHRON_E_NOMEM.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_notify_with(asynchron_t *a,
                                         const asynchron_notify_options_t *options,
                                         uint64_t *token);

/**
 * Takes a callback back. If it is running on another thread, waits until it and its drop_ctx have
 * returned, so that afterwards nobody uses ctx. From inside the callback itself it does not wait,
 * and answers as if it had run; so is a second thread answered that takes the same one back at the
 * same time. It may be taken back from a complete asynchron, too, as long as it
 * has not begun.
 *
 * - Needs: the token that asynchron_notify_with() wrote for this `a`.
 * - Ownership: `a` stays yours; ctx is dropped, or was.
 * - Threads: any, any callback; blocks while it runs. Two callbacks that take each other back
 *   while both run would wait for ever: there, use asynchron_try_unnotify().
 * - Returns: ASYNCHRON_OK: it never ran and never will, and its drop_ctx has run;
 *   ASYNCHRON_ALREADY: it has run, or there is none by this token; ASYNCHRON_E_INVALID: `a` is
 *   NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_unnotify(asynchron_t *a, uint64_t token);

/**
 * As asynchron_unnotify(), but does not wait.
 *
 * - Needs: the token that asynchron_notify_with() wrote for this `a`.
 * - Ownership: `a` stays yours; ctx is dropped, or was, unless ASYNCHRON_PENDING is returned.
 * - Threads: any, any callback; does not block.
 * - Returns: as asynchron_unnotify(), and ASYNCHRON_PENDING: it is running on another thread.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_try_unnotify(asynchron_t *a,
                                          uint64_t token);

/*
 * ================================================================================================
 * Many, in completion order
 *
 * A report keeps a reference to each asynchron that it holds, yields them in the order in which
 * their completions arrived, and hands that reference over with the item. Any number of threads
 * may ask for the next; each item goes to one of them. When nothing is left, all of them are told
 * so: to keep a report open between additions, keep one pending asynchron in it. Once released it
 * leaves nothing behind on what has not completed; it does not free tags.
 */

/**
 * Makes a report over `n` asynchrons, each with the tag NULL.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL; it may be NULL if `n` is 0. The same
 *   one twice is yielded twice.
 * - Ownership: the handles stay yours, the report takes references of its own. The report returned
 *   is yours: asynchron_report_release() it.
 * - Threads: any, any callback; does not block.
 * - Returns: the report; NULL for a NULL in the array, or without memory.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_report_t *asynchron_report_create(asynchron_t *const *as,
                                            size_t n);

/**
 * Takes one more reference.
 *
 * - Needs: `r` a report; NULL is passed on.
 * - Ownership: the new reference is yours: asynchron_report_release() it.
 * - Threads: any, any callback; does not block.
 * - Returns: `r`; NULL for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_report_t *asynchron_report_retain(asynchron_report_t *r);

/**
 * Gives up one reference. With the last one the report stops listening, releases what it still
 * holds, and closes its descriptor.
 *
 * - Needs: `r` a report whose reference is yours, or NULL.
 * - Ownership: the reference is gone: do not use it again. NULL is ignored.
 * - Threads: any, any callback; does not block.
 * - Returns: nothing.
 * - Since: 0.1.0
 */
ASYNCHRON_API void asynchron_report_release(asynchron_report_t *r);

/**
 * Adds one; if it is complete, it is yielded after all that have arrived.
 *
 * - Needs: any `tag`, NULL too. Adding one twice yields it twice.
 * - Ownership: `a` stays yours, the report takes a reference of its own; `tag` is only passed on.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_report_add(asynchron_report_t *r,
                                        asynchron_t *a,
                                        void *tag);

/**
 * Takes one out that has not been yielded, whether it is complete or not: of one added more than
 * once, the oldest.
 *
 * - Needs: `r` a report, `a` a handle.
 * - Ownership: the report's reference is released.
 * - Threads: any, any callback; does not block. It takes time in proportion to the listeners on
 *   `a`, and, once `a` is complete, to what the report holds or has held at a time.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_END: it is not in it; ASYNCHRON_E_INVALID: a NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_report_remove(asynchron_report_t *r, asynchron_t *a);

/**
 * Blocks until one has completed, and yields it.
 *
 * - Needs: `out` writable.
 * - Ownership: the reference in `*out` is yours: asynchron_release() it.
 * - Threads: any number, any callback; blocks, but not with a timeout of 0.
 * - Returns, the first that applies: ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_WOKEN: by
 *   asynchron_report_wake(); ASYNCHRON_OK: `*out` is written; ASYNCHRON_END: nothing is left in
 *   it; ASYNCHRON_TIMEOUT.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_report_next(asynchron_report_t *r,
                                         uint64_t timeout_ns,
                                         asynchron_item_t *out);

/**
 * Blocks until one has completed, and yields all that have by then, at most `cap`.
 *
 * - Needs: `out` writable for `cap` items, at least 1; `n` writable.
 * - Ownership: the references in the first `*n` items are yours: asynchron_release() them.
 * - Threads: any number, any callback; blocks, but not with a timeout of 0.
 * - Returns: ASYNCHRON_OK: `*n`, at least 1, items are written; else `*n` is 0:
 *   ASYNCHRON_WOKEN: by asynchron_report_wake(), before any item; ASYNCHRON_END: nothing is left
 *   in it; ASYNCHRON_TIMEOUT; ASYNCHRON_E_INVALID: a NULL, or `cap` is 0.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_report_next_batch(asynchron_report_t *r,
                                               uint64_t timeout_ns,
                                               asynchron_item_t *out,
                                               size_t cap,
                                               size_t *n);

/**
 * How many were added and not yet yielded, complete or not.
 *
 * - Needs: `r` a report, or NULL.
 * - Ownership: `r` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: the number; 0 for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API size_t asynchron_report_pending(const asynchron_report_t *r);

/**
 * Has one asynchron_report_next(), blocked or to come, return ASYNCHRON_WOKEN. k wakes end k of
 * them.
 *
 * - Needs: `r` a report.
 * - Ownership: `r` stays yours.
 * - Threads: any, any callback; does not block.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_report_wake(asynchron_report_t *r);

/**
 * A descriptor for poll(2) and its like, in an event loop: readable exactly while an item or a
 * wake is there, so ask with a timeout of 0 until there is none. That nothing is left does not
 * make it readable. Made on first use, one to a report; an eventfd on Linux, a pipe elsewhere;
 * close-on-exec and non-blocking.
 *
 * - Needs: `r` a report.
 * - Ownership: the report's own, valid while you hold it: poll it, never read or close it.
 * - Threads: any, any callback; does not block.
 * - Returns: the descriptor, 0 or above; ASYNCHRON_E_INVALID: NULL; ASYNCHRON_E_SYSTEM: none can
 *   be had.
 * - Since: 0.1.0
 */
ASYNCHRON_API int asynchron_report_fd(asynchron_report_t *r);

/*
 * ================================================================================================
 * Several together
 *
 * Every handle in an array must be held for the length of the call; the same one twice is legal.
 */

/**
 * Blocks until any of several is complete, however it ended. Leaves nothing behind on the others.
 * A function on demand is not started by it.
 *
 * - Needs: `as`, an array of `n` handles, at least 1, none of them NULL; `index` writable, or
 *   NULL.
 * - Ownership: all handles stay yours.
 * - Threads: any, any callback; blocks, but not with a timeout of 0.
 * - Returns: ASYNCHRON_OK: `*index` is that of a complete one: the lowest, if several were when
 *   called; ASYNCHRON_TIMEOUT; ASYNCHRON_E_DEADLOCK: this thread is computing all of them;
 *   ASYNCHRON_E_INVALID; ASYNCHRON_E_NOMEM: for many handles only.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_wait_any(asynchron_t *const *as,
                                      size_t n,
                                      uint64_t timeout_ns,
                                      size_t *index);

/**
 * Blocks until all of several are complete, however they ended. A function on demand is not
 * started by it.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL; it may be NULL if `n` is 0.
 * - Ownership: all handles stay yours.
 * - Threads: any, any callback; blocks, but not with a timeout of 0.
 * - Returns: ASYNCHRON_OK: all are, or there are none; ASYNCHRON_TIMEOUT; ASYNCHRON_E_DEADLOCK:
 *   this thread is computing one of them; ASYNCHRON_E_INVALID.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_wait_all(asynchron_t *const *as,
                                      size_t n,
                                      uint64_t timeout_ns);

/**
 * Has `fn` compute the value of `into` once all of several are complete, however they ended, on
 * the thread that completes the last; with none of them, or if all are complete, here and now.
 * What `fn` returns means what asynchron_fn_t says; a failure of a source does not pass on by
 * itself. `fn` does not run if `into` is not pending by then. Cancelling `into` does not touch the
 * sources. A function on demand is not started by it.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL or `into`; it may be NULL if `n` is 0.
 *   `into`, or NULL to have one made. `fn` not NULL.
 * - Ownership: all handles stay yours. A source is kept from its completion until `fn` has
 *   returned, but not while it is pending: when its last handle goes before, it fails as broken,
 *   and `fn` sees that. `into` is kept until then, so `fn` runs also if you release the reference
 *   returned, which is yours, at once. So two that each come after the other keep each other for
 *   ever, unless somebody delivers one. `ctx` is handed over; `drop_ctx`(ctx) frees it, once `fn`
 *   has returned, or it is known that `fn` never runs; `drop_ctx` NULL: nobody does.
 * - Threads: any, any callback; does not block, unless `fn` does, which may run here.
 * - Returns: a new reference to `into`; NULL for a NULL, for `into` among the sources, or without
 *   memory.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_t *asynchron_after(asynchron_t *const *as,
                             size_t n,
                             asynchron_t *into,
                             asynchron_join_fn_t fn,
                             void *ctx,
                             asynchron_drop_fn_t drop_ctx);

/**
 * Has `fn` compute the value of `into` from the value of `a`, once that is there. If `a` fails or
 * is cancelled instead, `fn` does not run and that passes on to `into`: all of a failure, its
 * payload shared.
 *
 * - Needs: `a` not NULL nor `into`; `into`, or NULL to have one made; `fn` not NULL: it gets an
 *   array of the one source.
 * - Ownership: as for asynchron_after(), circles included.
 * - Threads: any, any callback; does not block, unless `fn` does, which may run here.
 * - Returns: a new reference to `into`; NULL for a NULL, for `into` that is `a`, or without
 *   memory.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_t *asynchron_then(asynchron_t *a,
                            asynchron_t *into,
                            asynchron_join_fn_t fn,
                            void *ctx,
                            asynchron_drop_fn_t drop_ctx);

#ifdef __cplusplus
}
#endif

#endif /* ASYNCHRON_H */
