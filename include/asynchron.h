/*
 * asynchron: a value that arrives later
 *
 * One thread creates it, any number of threads wait for it, and anyone delivers a value, a failure
 * or a cancel. Exactly one delivery wins.
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
 * Words. An asynchron is complete once it was delivered (set or failed) or cancelled. Its outcome
 * is a value, an error or cancelled, and never changes. A drop is the function that frees what you
 * hand over. A step is what asynchron_then() or asynchron_after() registers. A listener is what is
 * registered to be told of a completion: a callback, a step, a report.
 *
 * For C++ there is asynchron.hpp, built on this header: futures and promises of any type,
 * exceptions, coroutines. Guides are in share/doc/asynchron/guide, example programs in
 * share/doc/asynchron/examples-c.
 *
 * What holds for every function here:
 *
 *   - C99 or C++11, and later.
 *   - Handles. Asynchrons, reports, executors and promises are reference counted. Every function
 *     that returns one gives you a reference, which you release once. Hold a reference for the
 *     length of every call. The one exception: once a delivery has won, a waiter may release the
 *     last reference while that call is still returning.
 *   - Arguments. Every function checks its arguments. For a NULL or an invalid value it returns
 *     ASYNCHRON_E_INVALID (or NULL, 0 or "" if it returns no status), changes nothing and leaks
 *     nothing. NULL is allowed only where that is said. An array of n = 0 may be NULL.
 *   - Handing over. What you hand over together with a drop belongs to the library from the call
 *     on, whatever the call returns. The drop runs exactly once, also if the pointer is NULL; if
 *     the call is refused or comes too late, before it returns. With drop NULL nobody frees it.
 *     Only an option struct whose size is refused is not read at all.
 *   - Out pointers are written only with ASYNCHRON_OK, unless the function says otherwise.
 *   - Threads. Every function may be called from any thread, and from inside any callback,
 *     function or drop, on any handle. None blocks, except those that say so. None is for signal
 *     handlers.
 *   - A wait must return. Do not leave one by longjmp(), by a host's unwinding or by ending its
 *     thread: give it a timeout instead, and wait again.
 *   - Locks. No code of yours runs under a lock of the library. Your callbacks and drops may run
 *     inside a call that delivers, cancels, registers or releases: during such a call, hold no
 *     lock that they take.
 *   - Stack. Callbacks, the functions of asynchron_then() and asynchron_after(), and drops of what
 *     is released run one after the other on a thread, never inside each other. What one of them
 *     completes joins the end of a queue; what it releases is freed once it has returned. So a
 *     chain of a million needs no more stack than one. Two things do run inside: a wait that would
 *     block first runs what is due on its thread, and what a call refuses or takes back is dropped
 *     by it. Every call works on the smallest stack that pthreads allow. Background threads have
 *     the system's default stack, unless their executor says otherwise.
 *   - Memory. A call that is out of memory returns ASYNCHRON_E_NOMEM (or NULL, if it returns a
 *     handle) and changes nothing; a setter may do so even where it would have been too late.
 *     Completing, cancelling, waiting for one asynchron and releasing allocate nothing, except for
 *     the copy of what you hand over, and for a thread that may start when a background thread
 *     waits.
 *   - The library prints nothing, keeps no last error, and never ends the program, with one
 *     exception: a C++ exception that leaves a callback, function or drop ends it with a message.
 *     Catch it inside. The same goes for pthread_exit() and for a thread's cancellation in there;
 *     longjmp() out of one is undefined. No call here is itself a cancellation point. (On systems
 *     other than Linux a thread's first wait allocates, and ends the program, too, without memory.)
 *   - fork(). The child may create, deliver, wait and spawn. What the parent's threads were
 *     computing never completes there. In the child, do not touch a handle or a report that
 *     another thread was using at that moment, unless it was only waiting: it may be locked for
 *     ever. A report's descriptor stays the parent's: ask for another in the child. The parent's
 *     is left open there, and you may close it. Handlers of pthread_atfork() may call, too. Only
 *     in the child may those that were registered before the library was loaded wait for a time to
 *     come, or for a thread that sets a deadline.
 *   - Unloading. The shared library stays loaded once it was, since its threads may be resting. If
 *     you link the static library into a module, that module has to stay, too: link it with -z
 *     nodelete.
 *   - Two copies in one process, as with such a module, know nothing of each other. Use a handle
 *     only with the copy that made it. A function that sleeps in a wait of one copy is to the
 *     threads of the other like any function that takes long.
 *   - exit(). Nothing is waited for: functions on background threads go on while your destructors
 *     run. The drop_ctx of a function says that it is over; a completion or a cancel does not.
 */

#ifndef ASYNCHRON_H
#define ASYNCHRON_H

#include <stddef.h>
#include <stdint.h>

#define ASYNCHRON_VERSION_MAJOR 0
#define ASYNCHRON_VERSION_MINOR 2
#define ASYNCHRON_VERSION_PATCH 0
#define ASYNCHRON_VERSION_NUMBER \
    (ASYNCHRON_VERSION_MAJOR * 10000 + ASYNCHRON_VERSION_MINOR * 100 + ASYNCHRON_VERSION_PATCH)
#define ASYNCHRON_VERSION_STRING "0.2.0"

/* Before every function. Define ASYNCHRON_SHARED to use the shared library on Windows. */
#if !defined(ASYNCHRON_API)
#if defined(_WIN32) && defined(ASYNCHRON_SHARED)
#define ASYNCHRON_API __declspec(dllimport)
#else
#define ASYNCHRON_API
#endif
#endif

/* Before a function that is called for its result, or that nothing comes of if it is refused: it returns
   a handle, writes through a pointer, or registers or starts something. Look at the status of the others,
   too: without memory, asynchron_set_bytes() delivers nothing, and asynchron_expire_after() sets no
   deadline. */
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
 * What a call answers. 0 and above: what happened, or how the asynchron or the report is. Below 0:
 * the call was refused and has changed nothing.
 */
enum
#if defined(__cplusplus)
  asynchron_status_t : int32_t
#elif __STDC_VERSION__ >= 202311L
  asynchron_status_e : int32_t
#else
  asynchron_status_e
#endif
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
     * It is not complete.
     */
    ASYNCHRON_PENDING = 3,
    /**
     * The time ran out first.
     */
    ASYNCHRON_TIMEOUT = 4,
    /**
     * Too late: it is delivered, or started, or has run.
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
     * An argument is NULL or invalid.
     */
    ASYNCHRON_E_INVALID = -1,
    /**
     * Out of memory.
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
     * Never returned. The code of an asynchron that failed because nobody was left to deliver: its
     * last handle or its last promise was released, or its task was discarded.
     */
    ASYNCHRON_E_BROKEN = -6,
    /**
     * The executor or the report was closed. (Since: 0.2.0)
     */
    ASYNCHRON_E_CLOSED = -7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum asynchron_status_e asynchron_status_t;
#else
typedef int32_t asynchron_status_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The states of an asynchron. A failed one is READY, too.
 */
enum
#if defined(__cplusplus)
  asynchron_state_t : int32_t
#elif __STDC_VERSION__ >= 202311L
  asynchron_state_e : int32_t
#else
  asynchron_state_e
#endif
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
typedef enum asynchron_state_e asynchron_state_t;
#else
typedef int32_t asynchron_state_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where something runs: on threads of its own, or of the program's. Opaque and reference counted,
 * for any thread.
 */
typedef struct asynchron_executor_t asynchron_executor_t;

/**
 * The producers' share in an asynchron. Opaque and counted, for any thread.
 */
typedef struct asynchron_promise_t asynchron_promise_t;

/**
 * Many asynchrons, in completion order. Opaque and reference counted, for any thread.
 */
typedef struct asynchron_report_t asynchron_report_t;

/**
 * A value that arrives later. Opaque and reference counted, for any thread.
 */
typedef struct asynchron_t asynchron_t;

/**
 * Something that an executor is to run. Opaque.
 */
typedef struct asynchron_task_t asynchron_task_t;

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
 * A failure or a cancel, borrowed: valid while you hold the handle that it came from. No string is
 * ever NULL.
 */
typedef struct {
    /**
     * As given to the call that failed it, also 0. Of a cancel: 0.
     */
    int32_t code;
    /**
     * Whose code that is; "" unless given. A failure that the library makes by itself, as when
     * nobody is left to deliver, has "asynchron"; what a function returned has "", also if that was
     * a status of the library.
     */
    const char *domain;
    /**
     * For people; "" unless given. Of a cancel: the reason.
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
 * it, also if that is NULL. It runs on the thread that is done with the pointer last, and never
 * under a lock of the library, so it may call anything. Where a drop may be NULL, the library then
 * never frees the pointer.
 */
typedef void (*asynchron_drop_fn_t)(void*);

/**
 * What asynchron_drop_guarded() is given: your own struct begins with it.
 */
typedef struct {
    /**
     * A reference that is given up once drop has returned; NULL for none.
     */
    asynchron_t *keeper;
    /**
     * Frees the struct; NULL for nothing.
     */
    asynchron_drop_fn_t drop;
} asynchron_guarded_t;

/**
 * Computes the value of `self`. It delivers by any of the setters, or has `self` follow another by
 * asynchron_follow(), and then what it returns is ignored. If it returns without having delivered,
 * that completes `self`: 0 with the empty value, any other number with a failure of that code,
 * domain "" and message "".
 *
 * So when the function has returned, `self` is complete, or follows. Keeping `self` does not let
 * you deliver later. For a value that comes later have `self` follow the asynchron to which it is
 * delivered.
 *
 * The last line may be `return asynchron_set_bytes(self, data, len);`, or any other setter, or
 * `return asynchron_follow(self, source);`. What it returns is ignored if `self` is complete then,
 * or follows: by that line (ASYNCHRON_OK), or since before it (ASYNCHRON_ALREADY,
 * ASYNCHRON_CANCELLED). If the call was refused, `self` fails with that status as its code, such
 * as ASYNCHRON_E_NOMEM.
 *
 * `self` is valid during the call; retain it to keep it. Waiting for `self` inside is
 * ASYNCHRON_E_DEADLOCK. Nothing interrupts the function: call asynchron_poll(self) to notice a
 * cancel.
 */
typedef int32_t (*asynchron_fn_t)(asynchron_t *self, void *ctx);

/**
 * As asynchron_fn_t, for asynchron_after() and asynchron_then(). `sources` are the `n` complete
 * asynchrons that it comes after, in their order, valid during the call. It runs as a callback
 * does: callbacks of what it completes run after it.
 */
typedef int32_t (*asynchron_join_fn_t)(asynchron_t *self,
                                       asynchron_t *const *sources,
                                       size_t n,
                                       void *ctx);

/**
 * Called when `a` is complete. `a` is valid during the call; retain it to keep it.
 */
typedef void (*asynchron_notify_fn_t)(asynchron_t *a, void *ctx);

/*
 * ================================================================================================
 * The library
 */

/**
 * The version of the library that is running: major * 10000 + minor * 100 + patch, as
 * ASYNCHRON_VERSION_NUMBER is for the header.
 *
 * - Returns: the number: 100 for 0.1.0.
 * - Since: 0.1.0
 */
ASYNCHRON_API uint32_t asynchron_version(void);

/**
 * The timeout that never runs out: ASYNCHRON_FOREVER, for languages that do not see the macro.
 *
 * - Returns: 2^64 - 1.
 * - Since: 0.1.0
 */
ASYNCHRON_API uint64_t asynchron_forever(void);

/**
 * A status in words, for a log.
 *
 * - Needs: any number.
 * - Ownership: the text is a constant.
 * - Returns: never NULL; "unknown status" for a number that is no status.
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
     * Frees on_demand_ctx: when on_demand has returned, or once something else completes the
     * asynchron; NULL: never.
     */
    asynchron_drop_fn_t drop_on_demand_ctx;
    /**
     * Room for a value of so many bytes, at most 64 MiB, in the asynchron's own memory; 0 for none.
     * asynchron_set_bytes() of at most so many then needs no memory. (Since 0.2.0.)
     */
    size_t reserve;
    /**
     * As asynchron_expire_after() with that timeout, in nanoseconds; 0 for none. (Since 0.2.0.)
     */
    uint64_t expire_after_ns;
} asynchron_options_t;

/**
 * Makes a pending asynchron.
 *
 * - Needs: `name`, a string, or NULL for none.
 * - Ownership: `name` is copied. The reference returned is yours: asynchron_release() it.
 * - Returns: the handle; NULL if there is no memory.
 * - Since: 0.1.0
 */
ASYNCHRON_API ASYNCHRON_MUST_USE asynchron_t *asynchron_create(const char *name);

/**
 * Makes a pending asynchron with user data, with room for its value, or with a function that
 * computes its value on demand.
 *
 * With `reserve`, what the value needs is allocated here, in one piece with the asynchron, and not
 * when it is delivered: asynchron_set_bytes() of at most so many bytes allocates nothing, and never
 * returns ASYNCHRON_E_NOMEM. That is faster, and lets a thread deliver that must not allocate. The
 * room stays until the last reference goes, whatever is delivered.
 *
 * The function on demand is run by the first asynchron_get(), asynchron_get_bytes(),
 * asynchron_get_timeout() or asynchron_wait() on it, unless the timeout is 0. It runs on that
 * thread and to its end, even if the timeout is shorter. All others wait for that run. Nothing
 * else starts it: no report, no callback, no asynchron_then() or asynchron_after(), no
 * asynchron_wait_any() or asynchron_wait_all(). asynchron_call() and asynchron_spawn() run the
 * function that they are given instead.
 *
 * - Needs: `options` with size set; `out` writable. A size larger than this header's is accepted
 *   if all that this header does not know is zero.
 * - Ownership: the name is copied. user_data and on_demand_ctx are handed over, whatever is
 *   returned, unless the size is refused: then nothing was read. The reference in `*out` is yours:
 *   asynchron_release() it.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, a size too small or over 4096, a `reserve`
 *   over 64 MiB, or a field that this library does not know and that is not zero;
 *   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no thread can be had for `expire_after_ns`.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_create_with(const asynchron_options_t *options,
                                         asynchron_t **out);

/**
 * Takes one more reference.
 *
 * - Needs: `a`, a handle, or NULL.
 * - Ownership: the new reference is yours: asynchron_release() it. If the count would overflow, it
 *   stays as it is, and the asynchron is never freed.
 * - Returns: `a`; NULL for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_t *asynchron_retain(asynchron_t *a);

/**
 * Gives up one reference. The last one frees the value, the error and the user data by their
 * drops: now, or, inside a callback or a drop, when that has returned.
 *
 * If the last reference goes before the asynchron is complete, and callbacks, asynchron_then() or
 * asynchron_after() are registered on it, it first fails with the domain "asynchron" and the code
 * ASYNCHRON_E_BROKEN, and they run. A report holds a reference, so an asynchron in a report does
 * not end that way.
 *
 * Releasing is not cancelling: a function that computes the value goes on. Releasing what
 * asynchron_then() or asynchron_after() returned takes nothing back: the step still runs.
 * Cancelling it does not reach the source: cancel the source too, if nobody else needs it.
 *
 * - Needs: `a`, a handle whose reference is yours, or NULL, which is ignored.
 * - Ownership: the reference is gone: do not use it again.
 * - Threads: may also be called while a thread exits.
 * - Since: 0.1.0
 */
ASYNCHRON_API void asynchron_release(asynchron_t *a);

/**
 * asynchron_release() as a drop: for a handle that is handed over as a value, a context or user
 * data.
 *
 * - Needs: `a`, a handle, or NULL, which is ignored.
 * - Ownership: the reference is gone.
 * - Since: 0.2.0
 */
ASYNCHRON_API void asynchron_drop(void *a);

/**
 * A drop for what a plug-in hands over, so that the plug-in can tell when its code is no longer in
 * use. Pass it as the drop, with a pointer to a struct of yours that begins with
 * asynchron_guarded_t. It calls guarded->drop(guarded), and after that has returned, it releases
 * guarded->keeper.
 *
 * The keeper is an asynchron that nobody delivers, and each struct has a reference of its own to
 * it. To unload the plug-in, first call asynchron_after() with the keeper as the source, a
 * function that returns 0, and drop_ctx NULL. Then release your own reference, and wait for what
 * asynchron_after() returned: it completes when the last reference is gone. The last code to run
 * is then the library's, not the plug-in's.
 *
 * This counts what was handed over with this drop. It does not count threads of the plug-in's
 * own, nor a call that the host is making into it.
 *
 * - Needs: `guarded`, a pointer to an asynchron_guarded_t, or NULL, which is ignored.
 * - Ownership: the keeper's reference is gone; the struct is freed by its own drop.
 * - Since: 0.1.0
 */
ASYNCHRON_API void asynchron_drop_guarded(void *guarded);

/**
 * The state at this moment.
 *
 * - Needs: `a`, a handle, or NULL.
 * - Returns: the state; ASYNCHRON_STATE_PENDING for NULL. A failed one is ASYNCHRON_STATE_READY.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_state_t asynchron_state(const asynchron_t *a);

/**
 * Whether it is complete, and how it ended. Does not wait, and does not start a function on
 * demand.
 *
 * - Returns: ASYNCHRON_PENDING: not complete, perhaps a function is running; ASYNCHRON_OK: there
 *   is a value; ASYNCHRON_FAILED; ASYNCHRON_CANCELLED; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_poll(const asynchron_t *a);

/**
 * The name that it was given, or "asynchron-N", which is made when first asked for and then kept.
 *
 * - Needs: `a`, a handle, or NULL.
 * - Ownership: borrowed: valid while you hold the handle.
 * - Returns: never NULL; "" for NULL, or if there is no memory to make a name.
 * - Since: 0.1.0
 */
ASYNCHRON_API const char *asynchron_name(asynchron_t *a);

/**
 * The user data that asynchron_create_with() was given.
 *
 * - Needs: `a`, a handle, or NULL.
 * - Ownership: borrowed: valid while you hold the handle.
 * - Returns: the pointer; NULL if there is none, and for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API void *asynchron_user_data(const asynchron_t *a);

/**
 * Whether anybody but you holds a reference.
 *
 * 0 stays 0 as long as you give your handle to nobody: only one who holds a reference can make
 * another. 1 may become 0 at any moment. References that the library holds count, too: for a
 * function, a callback or a step that has not returned, for a report, for a task in the queue.
 *
 * - Needs: `a`, a handle whose reference is yours, or NULL.
 * - Returns: 0: yours is the only reference; 1: there may be others. 0 for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API int asynchron_is_shared(const asynchron_t *a);

/**
 * Whether anybody but you and promises holds a reference: as asynchron_is_shared(), but promises do
 * not count.
 *
 * 0 need not stay 0: whoever has a promise can make a reference, and sees then what you did before
 * this call.
 *
 * - Needs: `a`, a handle whose reference is yours, or NULL.
 * - Returns: 0: beside yours there are promises at most; 1: there may be others. 0 for NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API int asynchron_is_held(const asynchron_t *a);

/**
 * Whether it has a function on demand that has not been started: then the next asynchron_get(),
 * asynchron_get_timeout(), asynchron_get_bytes() or asynchron_wait() runs it, and nothing else
 * does.
 *
 * - Needs: `a`, a handle, or NULL.
 * - Returns: 1, or 0: it has none, or it was started, delivered or cancelled. 0 for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API int asynchron_is_on_demand(const asynchron_t *a);

/*
 * ================================================================================================
 * Deliver
 *
 * Setting, failing and cancelling race, and exactly one of them wins: it returns ASYNCHRON_OK. The
 * others come too late, and return ASYNCHRON_ALREADY if a value or a failure won,
 * ASYNCHRON_CANCELLED if a cancel did.
 *
 * Anyone may deliver, also while a function is computing the value. First the completion becomes
 * visible. Then blocked threads and reports learn of it. Then its callbacks run, on this thread
 * and before the call returns. Inside a callback these calls return before the callbacks of what
 * they complete have run: those join the end of the queue of this thread. So do not free there
 * what those use. Hand it over with a drop (asynchron_notify_with() and asynchron_then() have
 * one), or take the callback back first.
 */

/**
 * Delivers a copy of `len` bytes.
 *
 * With room reserved by asynchron_create_with(), a copy of at most so many bytes lies there: that
 * allocates nothing. If several threads deliver such at once, one of them copies, without a lock,
 * and the others wait for that up to 10 ms; if it takes longer, as from a slow disk, they allocate.
 * A longer value is allocated, as without room.
 *
 * - Needs: `data` readable for `len` bytes; `len` at most SIZE_MAX / 2. With `len` 0 the value is
 *   empty, and `data` may be NULL.
 * - Ownership: `data` stays yours.
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
 *   cancelled; ASYNCHRON_E_INVALID; ASYNCHRON_E_NOMEM: only with more than 16 bytes, and more
 *   than were reserved, unless another thread has the room.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_set_bytes(asynchron_t *a, const void *data, size_t len);

/**
 * Delivers a pointer: the value is {ptr, 0}.
 *
 * - Needs: any pointer, also NULL.
 * - Ownership: `ptr` is handed over; `drop`(ptr) frees it; with `drop` NULL nobody does.
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
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
 * - Needs: `data` readable for `len` bytes until `owner` is dropped; `len` at most SIZE_MAX / 2.
 *   With `len` 0 the value is empty, and `data` may be NULL.
 * - Ownership: `owner`, any pointer, is handed over; `drop`(owner) frees it, and with it the
 *   bytes. With `drop` NULL nobody does, as for a constant.
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
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
 * - Needs: any `code`, also 0; `message`, a string, or NULL for "".
 * - Ownership: the message is copied.
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
 * - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
 *   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
 *   only with a message. Then nothing is delivered: call it again with NULL, which needs no memory.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_fail(asynchron_t *a, int32_t code, const char *message);

/**
 * Delivers a failure with a domain, a message and a payload.
 *
 * - Needs: any `code`, also 0; `domain`, which says whose code that is, and `message`, strings or
 *   NULL for "".
 * - Ownership: both strings are copied. `payload` is handed over; `drop`(payload) frees it, with
 *   the last asynchron that shares it by asynchron_then(); with `drop` NULL nobody does.
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
 * - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
 *   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
 *   only with a string or a payload. Then nothing is delivered, and the payload is freed:
 *   asynchron_fail() with NULL needs no memory.
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
 * Cancels: a completion like any other, which wakes everyone who waits. A function that is
 * computing the value is not interrupted. It can notice the cancel by asynchron_poll(); what it
 * delivers is dropped. Cancelling what asynchron_then() returned does not cancel its
 * source.
 *
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
 * - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was cancelled before;
 *   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_cancel(asynchron_t *a);

/**
 * As asynchron_cancel(), with a reason, which asynchron_error() gives as the message.
 *
 * - Needs: `reason`, a string, or NULL for "".
 * - Ownership: the reason is copied.
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
 * - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was cancelled before;
 *   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL;
 *   ASYNCHRON_E_NOMEM: only with a reason.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_cancel_with(asynchron_t *a, const char *reason);

/**
 * As asynchron_cancel_with(), unless a function is running that computes it, or asynchron_start()
 * said so: what has begun goes on, and is delivered.
 *
 * - Needs: `reason`, a string, or NULL for "".
 * - Ownership: the reason is copied.
 * - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
 *   those use: hand it over with a drop, or take the callback back first.
 * - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was cancelled before;
 *   ASYNCHRON_ALREADY: too late, it is RUNNING or has been delivered; ASYNCHRON_E_INVALID: `a` is
 *   NULL; ASYNCHRON_E_NOMEM: only with a reason.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_status_t asynchron_cancel_pending(asynchron_t *a, const char *reason);

/**
 * Has `into` complete as `source` does: with its value, its whole error, or its cancel with the
 * reason; at once, if `source` is complete. Nothing is copied: `into` shares the outcome.
 *
 * Until then anyone may still deliver or cancel `into`, which wins. It may follow several, and
 * completes as the first of them does. Nothing is left then on the others. Cancelling `into` does
 * not cancel `source`. A function on demand is not started.
 *
 * Inside the function that computes `into` this counts as having delivered: what the function
 * returns is ignored, and `into` stays RUNNING until `source` is complete.
 *
 * When `source` completes, all that follow it do, and all that follow those, before any callback
 * runs: those of `source` first, then those of `into`.
 *
 * - Needs: two different handles.
 * - Ownership: `into` is kept until it is complete; a pending `source` is not: when its last
 *   handle goes, it fails as broken, and so does `into`. What several share stays where it was
 *   delivered, and is kept until the last of them goes; those between are not kept. If two follow
 *   each other, neither is freed until somebody delivers one of them, which completes both.
 * - Threads: if `source` is complete, callbacks of `into` run as with
 *   asynchron_set_bytes().
 * - Returns: ASYNCHRON_OK: so it will end, or has; ASYNCHRON_ALREADY, ASYNCHRON_CANCELLED: `into`
 *   was complete before, and nothing has changed; ASYNCHRON_E_INVALID: a NULL, or the same one
 *   twice; ASYNCHRON_E_NOMEM: nothing has changed.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_follow(asynchron_t *into,
                                    asynchron_t *source);

/*
 * ================================================================================================
 * Collect
 *
 * Any number of threads may wait for one asynchron, before or after it is complete; once it is, no
 * call blocks. A call that saw it complete also sees every write made before the delivery.
 * Timeouts are relative, in nanoseconds, by the monotonic clock. ASYNCHRON_FOREVER never runs out,
 * 0 does not wait, and what is complete is never answered as timed out. A signal does not end a
 * wait.
 *
 * Inside a callback, a wait that would block first runs what is due on its thread. A thread that
 * waits for the asynchron whose function it is in, at any depth and with any timeout, gets
 * ASYNCHRON_E_DEADLOCK. Waiting for oneself by way of others, or through a report, is not
 * detected.
 */

/**
 * Waits until it is complete, and borrows its value.
 *
 * - Needs: `out` writable, or NULL if the value is not needed.
 * - Ownership: `*out` is borrowed: valid while you hold the handle.
 * - Threads: blocks. The first to ask an asynchron that has a function on demand runs that
 *   function.
 * - Returns: ASYNCHRON_OK: `*out` is written; ASYNCHRON_FAILED and ASYNCHRON_CANCELLED:
 *   asynchron_error() says why; ASYNCHRON_E_DEADLOCK; ASYNCHRON_E_INVALID: `a` is NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_get(asynchron_t *a,
                                 asynchron_value_t *out);

/**
 * As asynchron_get(), but waits for at most `timeout_ns` nanoseconds.
 *
 * - Needs: `out` writable, or NULL if the value is not needed.
 * - Ownership: `*out` is borrowed: valid while you hold the handle.
 * - Threads: blocks, but not with a timeout of 0. The first to ask an asynchron that has a
 *   function on demand runs that function to its end, unless the timeout is 0.
 * - Returns: as asynchron_get(), and ASYNCHRON_TIMEOUT: not complete yet; nothing has changed, and
 *   you may ask again.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_get_timeout(asynchron_t *a,
                                         uint64_t timeout_ns,
                                         asynchron_value_t *out);

/**
 * Waits until it is complete, and copies its value.
 *
 * - Needs: `buf` writable for `cap` bytes, and never NULL, also with a `cap` of 0; `len` writable,
 *   or NULL. To ask how long the value is, give a `cap` of 0: the call sets `*len` and returns
 *   ASYNCHRON_E_INVALID, or ASYNCHRON_OK if the value is empty.
 * - Ownership: the copy is yours. A value set by asynchron_set_pointer() has 0 bytes.
 * - Threads: blocks. The first to ask an asynchron that has a function on demand runs that
 *   function.
 * - Returns: ASYNCHRON_OK: `*len` bytes were copied; ASYNCHRON_E_INVALID: a NULL, or `cap` is too
 *   small: then `*len` is what the value needs, and `buf` is unchanged; ASYNCHRON_FAILED and
 *   ASYNCHRON_CANCELLED: asynchron_error() says why; ASYNCHRON_E_DEADLOCK. A value shorter than
 *   `cap` is ASYNCHRON_OK, too, also an empty one, as of a function that returned 0 without
 *   delivering: the rest of `buf` is unchanged. If you do not know the length, look at `*len`.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_get_bytes(asynchron_t *a,
                                       void *buf,
                                       size_t cap,
                                       size_t *len);

/**
 * Waits until it is complete, however it ends.
 *
 * - Threads: blocks, but not with a timeout of 0. The first to ask an asynchron that has a
 *   function on demand runs that function to its end, unless the timeout is 0.
 * - Returns: ASYNCHRON_OK: complete, perhaps failed or cancelled; ASYNCHRON_TIMEOUT;
 *   ASYNCHRON_E_DEADLOCK; ASYNCHRON_E_INVALID: `a` is NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_wait(asynchron_t *a, uint64_t timeout_ns);

/**
 * Borrows the error of a failed one, or the reason of a cancelled one. Anyone may ask, any number
 * of times.
 *
 * - Needs: `out` writable.
 * - Ownership: all of `*out` is borrowed: valid while you hold the handle.
 * - Returns: ASYNCHRON_OK: `*out` is written; ASYNCHRON_PENDING: not complete;
 *   ASYNCHRON_E_INVALID: a NULL, or there is a value.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_error(asynchron_t *a, asynchron_error_t *out);

/**
 * Takes a pointer out again that asynchron_set_pointer() has delivered, with the last handle: for
 * a value that is to be changed, or to be kept for longer than its asynchron.
 *
 * - Needs: the only handle: references that the library holds count as others, so ALREADY may pass.
 * - Ownership: with ASYNCHRON_OK `*ptr` is yours, its drop does not run, and your reference to `a`
 *   is gone. Otherwise nothing has changed.
 * - Threads: does not start a function on demand.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: others hold it, too; ASYNCHRON_PENDING: not complete;
 *   ASYNCHRON_FAILED, ASYNCHRON_CANCELLED: there is no value; ASYNCHRON_E_INVALID: a NULL, or
 *   another kind of value.
 * - Since: 0.2.0
 */
ASYNCHRON_API ASYNCHRON_MUST_USE asynchron_status_t asynchron_take(asynchron_t *a, void **ptr);

/*
 * ================================================================================================
 * Compute
 *
 * A pending asynchron becomes RUNNING when its function starts. If it is not pending by then, no
 * function runs. Cancelling a RUNNING one completes it at once: waiters return, the function goes
 * on, and what it delivers later is dropped.
 */

/**
 * Runs `fn` on this thread to compute the value.
 *
 * - Needs: `fn` not NULL.
 * - Ownership: `ctx` stays yours.
 * - Threads: returns when `fn` has returned.
 * - Returns: ASYNCHRON_OK: `fn` ran, however it ended; ASYNCHRON_ALREADY: it is running or was
 *   delivered, and `fn` did not run; ASYNCHRON_CANCELLED: it was cancelled, and `fn` did not run;
 *   ASYNCHRON_E_INVALID: a NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_call(asynchron_t *a, asynchron_fn_t fn, void *ctx);

/**
 * Says that its value is being computed, by means of your own: a thread, a device, a server. It is
 * RUNNING from then on, until somebody delivers or cancels: no function of asynchron_call(),
 * asynchron_spawn() or on demand starts for it any more, and asynchron_cancel_pending() comes too
 * late.
 *
 * - Returns: ASYNCHRON_OK: the work is yours; ASYNCHRON_ALREADY: it is RUNNING or was delivered;
 *   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_status_t asynchron_start(asynchron_t *a);

/**
 * Waits until no function of it runs any more: of asynchron_call(), asynchron_spawn(),
 * asynchron_spawn_on(), on demand, of asynchron_then() or asynchron_after(). Afterwards neither that
 * function nor its `ctx` is in use: `drop_ctx` has returned. An asynchron may be complete long before:
 * whoever cancels it, or delivers from elsewhere, does not end its function.
 *
 * It does not wait for a function to begin. So first cancel it, or find it complete: then none will
 * begin any more. Where a function never begins, the call that completes the asynchron runs
 * `drop_ctx`, as asynchron_spawn() says. If another thread makes that call, its `drop_ctx` may still
 * run when this returns: asynchron_executor_shutdown() waits for that, too.
 *
 * - Threads: blocks, but not with a timeout of 0. Inside a callback it first runs what is due, as
 *   asynchron_run_due(). It starts no function on demand, and does not say that the value is wanted
 *   (see ASYNCHRON_PROMISE_CANCEL_UNWANTED). In the child of a fork a function that another thread
 *   of the parent was running never returns.
 * - Returns: ASYNCHRON_OK: none runs, also if none ever ran; ASYNCHRON_TIMEOUT: it runs; ask again;
 *   ASYNCHRON_E_DEADLOCK: inside that function, or its `drop_ctx`; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_wait_returned(asynchron_t *a,
                                           uint64_t timeout_ns);

/**
 * Queues `fn`, which computes the value on a background thread. Every handle may be released at
 * once: `fn` still runs.
 *
 * Threads are reused. There are as many as processors. One more starts when all of them sleep in
 * waits of this library, or when a task has waited 10 ms in the queue and the busy threads do not
 * use the processors: one thread per 10 ms, no upper limit. So tasks that wait for tasks never
 * starve. A task that waits in a loop looks busy: if no queued task has begun for 1 s, one more
 * thread starts, the next after 2 s, then 4 s and so on. On Linux the library reads the processor
 * clock of each thread, and /proc if it is mounted, to tell computing from blocking. Only 1,024
 * threads are checked. Those beyond, and all threads on other systems, count as blocked: tasks
 * behind them get a thread every 10 ms. While the system refuses a thread, a task waits for one that
 * is busy. Threads are never joined, do not keep the process alive, and end when they have rested
 * for a second. Tasks begin in the order in which they were spawned.
 *
 * A thread does not keep what the thread that called spawn had. On Linux it has the processors,
 * the timer slack and the memory policy that the process had when this library was loaded, the
 * policy SCHED_OTHER, the nice value and I/O priority of the first thread, on x86 and arm64 the
 * default floating-point environment, and a name as "asynchron/3". What the system does not let it set
 * stays: without the right to it, a lower nice value, or SCHED_OTHER after SCHED_IDLE. Nothing sets
 * back what the calling thread changed for itself alone by system calls: credentials, capabilities,
 * namespaces, cgroups, seccomp, utilisation clamps, protection keys, and after unshare() the working
 * directory, the umask and the descriptors. A SCHED_DEADLINE thread can start none.
 *
 * A thread blocks the signals that are sent to the process, so that the program's own threads get
 * them. SIGUSR1, SIGUSR2, SIGXCPU, SIGURG, SIGPWR and the real-time signals, by which runtimes stop
 * their threads, are blocked only if the thread that starts it blocks them: usually the one that
 * spawns first. So block there, before that, what your program receives by signalfd() or sigwait().
 * SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and SIGSYS are never blocked, so one that kill() sends may
 * arrive here. A program that `fn` starts inherits the blocked signals: SIGTERM would not end it.
 * Start it by posix_spawn with an empty mask (posix_spawnattr_setsigmask and POSIX_SPAWN_SETSIGMASK).
 *
 * - Needs: `fn` not NULL.
 * - Ownership: `ctx` is handed over; with `drop_ctx` NULL nobody frees it. `drop_ctx`(ctx) runs
 *   after `fn`, or in its place if `fn` never runs. If `fn` delivers, `a` is complete before
 *   `drop_ctx` runs. If the return of `fn` completes `a`, `drop_ctx` runs first. If `a` completes
 *   otherwise before the turn of `fn` comes, `drop_ctx` runs at once, on the thread that completes
 *   it, as a callback would.
 * - Returns: ASYNCHRON_OK: queued, also if `a` is not pending. `fn` runs if `a` is pending when
 *   its turn comes. ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: the system
 *   refuses a thread, and no other could run `fn` (those that sleep in waits of this library do
 *   not count); ASYNCHRON_E_CLOSED: the default executor was shut down. After a refusal `a` is as
 *   it was.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_spawn(asynchron_t *a,
                                   asynchron_fn_t fn,
                                   void *ctx,
                                   asynchron_drop_fn_t drop_ctx);

/*
 * ================================================================================================
 * Executors
 *
 * An executor decides on which thread something runs: on threads of its own, or of the program's.
 * Take one for what computes, and another for calls that block, so that neither waits for the
 * other; give a plug-in its own, and shut that down before the plug-in is unloaded; or have
 * callbacks run in the program's own loop.
 *
 * Handles, what was given to it and callbacks registered with it keep an executor. In the child of
 * a fork every executor is empty, and open or closed as it was, and what was spawned on it before does
 * not keep it.
 */

/**
 * A flag of asynchron_executor_shutdown(): what has not begun is cancelled.
 */
#define ASYNCHRON_SHUTDOWN_CANCEL 1

/**
 * Takes a task: 0 means that asynchron_task_run() or asynchron_task_discard() will be called for
 * it, once, on any thread; it may have been called already, inside this function. Any other number
 * refuses the task, which is then not yours.
 *
 * It is called without a lock of the library, on whatever thread spawns or completes, also on
 * several at a time. So it should do no more than add the task to a queue and wake whoever runs it.
 */
typedef int32_t (*asynchron_post_fn_t)(asynchron_task_t *task, void *ctx);

/**
 * How asynchron_executor_create() makes an executor. Zero it, set size, then what you need.
 */
typedef struct {
    /**
     * sizeof(asynchron_executor_options_t)
     */
    size_t size;
    /**
     * Its threads are named so, cut to 15 bytes; NULL or "": as those of asynchron_spawn().
     */
    const char *name;
    /**
     * How many tasks run at a time, at most; 0: as many as processors.
     */
    size_t threads;
    /**
     * Bytes of each thread's stack, raised to the least that a thread needs; 0: the system's.
     */
    size_t stack_size;
    /**
     * 0. Unknown flags are refused.
     */
    uint64_t flags;
    /**
     * For threads of your own: is given each task. threads and stack_size are ignored then.
     */
    asynchron_post_fn_t post;
    /**
     * Handed over: passed to post.
     */
    void *ctx;
    /**
     * Frees ctx, with the executor; NULL: never.
     */
    asynchron_drop_fn_t drop_ctx;
} asynchron_executor_options_t;

/**
 * Makes an executor.
 *
 * Without `post`, it has threads of its own, made when needed, and at most `threads` of its tasks
 * run at a time, in the order in which they came. One that sleeps in a wait of this library does
 * not count, so tasks that wait for tasks of the same executor never lock it up, also if `threads`
 * is 1. One that wakes goes on at once, even if that is one more than `threads`; nothing begins
 * until fewer run. One that blocks by other means counts. The threads are as those of
 * asynchron_spawn(), but for name and stack, and end when they have rested for a second.
 *
 * With `post`, every task is given to that function, for a thread or a loop of your own to run.
 *
 * - Needs: `options` with size set; `out` writable. A size larger than this header's is accepted
 *   if all that this header does not know is zero.
 * - Ownership: the name is copied. ctx is handed over, whatever is returned, unless the size is
 *   refused: then nothing was read. The reference in `*out` is yours:
 *   asynchron_executor_release() it.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, a size too small or over 4096, an unknown
 *   flag, or a field that this library does not know and that is not zero; ASYNCHRON_E_NOMEM.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_executor_create(const asynchron_executor_options_t *options,
                                             asynchron_executor_t **out);

/**
 * The executor of asynchron_spawn(): see there for how many of its tasks run at a time.
 *
 * - Ownership: a new reference, which is yours: asynchron_executor_release() it.
 * - Returns: the executor, always the same, never NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_executor_t *asynchron_executor_default(void);

/**
 * Takes one more reference.
 *
 * - Needs: `e`, an executor, or NULL.
 * - Ownership: the new reference is yours: asynchron_executor_release() it.
 * - Returns: `e`; NULL for NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_executor_t *asynchron_executor_retain(asynchron_executor_t *e);

/**
 * Gives up one reference. What was given to the executor still runs; when nothing of it is left, it
 * goes, and its drop_ctx runs, on whatever thread is done with it last: its own threads keep it as
 * long as they rest. NULL does nothing.
 *
 * - Since: 0.2.0
 */
ASYNCHRON_API void asynchron_executor_release(asynchron_executor_t *e);

/**
 * Closes an executor, for ever, and waits until all that it was given has returned: the functions,
 * their drop_ctx, and what they completed. So what those use can be freed or unloaded afterwards.
 *
 * With ASYNCHRON_SHUTDOWN_CANCEL, what has not begun is cancelled: asynchrons that are pending, with
 * the reason "shut down"; their functions never run. Queued callbacks run on this thread. Without,
 * all still runs.
 *
 * From the call on asynchron_spawn_on() returns ASYNCHRON_E_CLOSED, also inside the executor's own
 * tasks. With `post`, it waits until each task that was accepted has been run, discarded or
 * cancelled; a cancelled one must still be run or discarded, and does nothing.
 *
 * Shutting down does not take callbacks and steps back. One whose asynchron is still pending runs
 * later, as one without an executor: on the thread that completes it. To end a loop of your own:
 *
 * 1. Take back what is registered with it by asynchron_unnotify(), or cancel those asynchrons.
 * 2. Run the tasks in the queue, until each callback that is left has run.
 * 3. Shut down with a timeout of 0; until that is ASYNCHRON_OK, run what is in the queue.
 * 4. Release the executor.
 *
 * The default executor can be shut down, too: by the program alone, as its last act. Then
 * asynchron_spawn() returns ASYNCHRON_E_CLOSED.
 *
 * - Threads: blocks, but not with a timeout of 0. Inside a callback it first runs what is due on this
 *   thread. Two tasks that shut down each other's executor wait for ever.
 * - Returns: ASYNCHRON_OK: nothing of it runs any more; ASYNCHRON_TIMEOUT: something does: ask
 *   again; ASYNCHRON_E_DEADLOCK: inside a task of this executor, which would wait for itself. Then
 *   the executor is as it was. With a timeout of 0 it is closed, and ASYNCHRON_TIMEOUT returned.
 *   ASYNCHRON_E_INVALID: NULL, or an unknown flag.
 * - Since: 0.2.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_executor_shutdown(asynchron_executor_t *e,
                                               uint64_t flags,
                                               uint64_t timeout_ns);

/**
 * As asynchron_spawn(), but `fn` runs where this executor has it run.
 *
 * - Needs: `fn` not NULL.
 * - Ownership: as asynchron_spawn().
 * - Returns: as asynchron_spawn(), and ASYNCHRON_E_CLOSED: the executor was shut down;
 *   ASYNCHRON_E_SYSTEM, too, if its `post` refuses.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_spawn_on(asynchron_executor_t *e,
                                      asynchron_t *a,
                                      asynchron_fn_t fn,
                                      void *ctx,
                                      asynchron_drop_fn_t drop_ctx);

/**
 * Runs a task that a `post` accepted: the function of asynchron_spawn_on(), a callback, or the
 * function of a step. If that is not needed any more, does nothing. Inside a callback, a callback
 * or a step runs at the end of the queue of this thread instead. NULL does nothing.
 *
 * - Ownership: `task` is gone afterwards.
 * - Threads: runs it inside this call, on whatever thread calls.
 * - Since: 0.2.0
 */
ASYNCHRON_API void asynchron_task_run(asynchron_task_t *task);

/**
 * Gives a task back that a `post` accepted, without running it: an asynchron that it would have
 * computed fails with domain "asynchron" and code ASYNCHRON_E_BROKEN; a callback's ctx is dropped.
 * NULL does nothing.
 *
 * - Ownership: `task` is gone afterwards.
 * - Since: 0.2.0
 */
ASYNCHRON_API void asynchron_task_discard(asynchron_task_t *task);

/*
 * ================================================================================================
 * Progress
 *
 * How far the work on an asynchron is: two numbers, for whoever shows it. They are written
 * together and read together, from any threads at once: nobody ever reads one of each. None of
 * these calls wakes anybody, so whoever shows progress looks now and then, as between two waits with
 * a timeout.
 */

/**
 * Says how far the work is. What it means is yours: bytes, files, rounds. The last call wins.
 *
 * - Needs: any numbers. A total of 0 means that it is not known.
 * - Threads: several may call it at once, and none waits for what another does. It may be called
 *   often: only the first call for an asynchron needs memory.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: it is complete; ASYNCHRON_CANCELLED: it was
 *   cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM. Unless it is ASYNCHRON_OK, the
 *   progress stays as it was.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_status_t asynchron_progress(asynchron_t *a, uint64_t done, uint64_t total);

/**
 * The two numbers of the last asynchron_progress(). They stay after the completion, and do not
 * change any more then.
 *
 * - Needs: `done` and `total` writable.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_END: none was ever set, and nothing is written;
 *   ASYNCHRON_E_INVALID: a NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_progress_of(const asynchron_t *a,
                                         uint64_t *done,
                                         uint64_t *total);

/*
 * ================================================================================================
 * Promises
 *
 * The producers' share in an asynchron. Give each thread, request or device that is to deliver a
 * promise of its own: if all of them give theirs up without having delivered, as on an error path
 * that was forgotten, the asynchron fails, and nobody waits for ever.
 */

/**
 * A flag of asynchron_promise_create(): as soon as nobody wants the value any more, it is cancelled.
 */
#define ASYNCHRON_PROMISE_CANCEL_UNWANTED 1

/**
 * Makes one more promise of `a`. All promises of one asynchron count towards the same number. When
 * the last one goes before `a` is complete, `a` fails: domain "asynchron", code ASYNCHRON_E_BROKEN,
 * a message that has its name. It does not fail while the library itself will deliver: while a
 * function of asynchron_call(), asynchron_spawn() or on demand is queued, running or waiting to be
 * asked for, and while asynchron_then() or asynchron_after() deliver into it.
 *
 * An asynchron that never had a promise does not need one. A promise of a complete one is legal,
 * and means nothing.
 *
 * With ASYNCHRON_PROMISE_CANCEL_UNWANTED, on any of its promises and from then on, `a` is cancelled
 * with the reason "unwanted" as soon as nobody but promises holds it, no thread waits for it, and
 * nothing is registered on it: no callback, no asynchron_then() or asynchron_after(), no report,
 * none of asynchron_all(), asynchron_any() and asynchron_race(), and nothing that follows it. A
 * callback with ASYNCHRON_ON_CANCEL alone does not count: by that a producer learns of the cancel,
 * or by asynchron_poll(). If nobody wants it already, it is cancelled at once. References that the
 * library holds for functions and steps that deliver into `a` count as promises do. A producer that
 * retains `a` keeps it wanted: use the handle of asynchron_promise_asynchron(). A wait whose timing
 * out makes it unwanted returns ASYNCHRON_TIMEOUT.
 *
 * - Needs: `flags`, 0 or ASYNCHRON_PROMISE_CANCEL_UNWANTED.
 * - Ownership: the promise is yours: asynchron_promise_release() it. It keeps `a`; `a` stays yours,
 *   and may be released. Do not let `a` own it, as by its user data: they would keep each other.
 * - Returns: the promise; NULL if `a` is NULL, for an unknown flag, or if there is no memory. Only
 *   the first one of an asynchron needs memory.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_promise_t *asynchron_promise_create(asynchron_t *a,
                                              uint64_t flags);

/**
 * Takes one more promise of the same asynchron.
 *
 * - Needs: `p`, a promise of yours, or NULL.
 * - Ownership: the new one is yours: asynchron_promise_release() it, too.
 * - Returns: `p`; NULL for NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_promise_t *asynchron_promise_retain(asynchron_promise_t *p);

/**
 * Gives up one promise. Deliver first: the last one fails an incomplete asynchron, whose waiters
 * wake and whose callbacks run, here or as after any delivery.
 *
 * - Needs: `p`, a promise of yours, or NULL, which is ignored.
 * - Ownership: the promise is gone, and what asynchron_promise_asynchron() gave of it: do not use
 *   them again.
 * - Since: 0.2.0
 */
ASYNCHRON_API void asynchron_promise_release(asynchron_promise_t *p);

/**
 * The asynchron that was promised, to deliver into.
 *
 * - Needs: `p`, a promise of yours, or NULL.
 * - Ownership: borrowed: valid until you give `p` up. asynchron_retain() it to keep it longer.
 * - Returns: the asynchron; NULL for NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_t *asynchron_promise_asynchron(const asynchron_promise_t *p);

/*
 * ================================================================================================
 * Callbacks
 *
 * A callback runs exactly once, unless it is taken back. Callbacks that were registered before the
 * completion run in the order of registration, together with the functions of asynchron_then() and
 * asynchron_after(), on the thread that completes the asynchron. One that is registered after the
 * completion runs on the thread that registers it, before the call returns. Inside a callback,
 * both run at the end of the queue of that thread instead.
 *
 * A registration does not keep the asynchron: when its last handle goes, it fails as broken (see
 * asynchron_release()).
 */

/**
 * A flag of asynchron_notify_options_t: register only if `a` is not complete. If it is complete,
 * fn is not called, and ASYNCHRON_ALREADY is returned.
 */
#define ASYNCHRON_NOTIFY_IF_PENDING 1

/**
 * A flag of asynchron_notify_options_t: call fn if there is a value. With any of the three flags
 * ASYNCHRON_ON_VALUE, ASYNCHRON_ON_FAILURE and ASYNCHRON_ON_CANCEL, fn is called only if the
 * asynchron ended in one of the ways given; with none of them, however it ended. (Since 0.2.0.)
 */
#define ASYNCHRON_ON_VALUE 2

/**
 * A flag as ASYNCHRON_ON_VALUE: call fn if it failed, also if it broke. (Since 0.2.0.)
 */
#define ASYNCHRON_ON_FAILURE 4

/**
 * A flag as ASYNCHRON_ON_VALUE: call fn if it was cancelled. A producer learns by this that nobody
 * needs its work any more. (Since 0.2.0.)
 */
#define ASYNCHRON_ON_CANCEL 8

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
     * 0, or of ASYNCHRON_NOTIFY_IF_PENDING, ASYNCHRON_ON_VALUE, ASYNCHRON_ON_FAILURE and
     * ASYNCHRON_ON_CANCEL those that are wanted, joined by |. Unknown flags are refused.
     */
    uint64_t flags;
    /**
     * Where fn is to run; NULL: on the thread that completes. (Since: 0.2.0)
     */
    asynchron_executor_t *executor;
} asynchron_notify_options_t;

/**
 * Has `fn`(a, ctx) called once `a` is complete. It cannot be taken back: asynchron_notify_with()
 * has that.
 *
 * - Needs: `fn` not NULL.
 * - Ownership: `ctx` stays yours; it must live until `fn` has run.
 * - Threads: if `a` is complete, `fn` runs inside this call.
 * - Returns: ASYNCHRON_OK: it will run, or has run; ASYNCHRON_E_INVALID: a NULL;
 *   ASYNCHRON_E_NOMEM.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_notify(asynchron_t *a,
                                    asynchron_notify_fn_t fn,
                                    void *ctx);

/**
 * Has a callback called once `a` is complete, with a context that is freed, and with a token to
 * take it back.
 *
 * With an executor, the callback is handed to it when `a` completes, in the order of registration,
 * and runs there; if the executor refuses it, or is closed, it runs as one without. Nothing is
 * allocated for it then. If it did not end as the flags ask, drop_ctx runs on the thread that
 * completes. One that was handed over and has not begun can still be taken back.
 *
 * - Needs: `options` with size and fn set. A size larger than this header's is accepted if all
 *   that this header does not know is zero. `token` writable, or NULL if it is never taken back.
 * - Ownership: ctx is handed over, whatever is returned, unless the size is refused: then nothing
 *   was read. drop_ctx(ctx) runs after fn, or as soon as it is known that fn never runs: if it did
 *   not end as the flags ask, when it completes, in the place of fn.
 * - Threads: if `a` is complete, fn runs inside this call, or is handed to the executor.
 * - Returns: ASYNCHRON_OK: it will run, or has run, unless the flags exclude how it ends; `*token`,
 *   never 0, was written before that. ASYNCHRON_ALREADY: `a` is complete, and
 *   ASYNCHRON_NOTIFY_IF_PENDING was given; ASYNCHRON_E_INVALID: a NULL, a size too small or over
 *   4096, an unknown flag, or a field that this library does not know and that is not zero;
 *   ASYNCHRON_E_NOMEM.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_notify_with(asynchron_t *a,
                                         const asynchron_notify_options_t *options,
                                         uint64_t *token);

/**
 * Takes a callback back. If it is running on another thread, waits until it and its drop_ctx have
 * returned. Afterwards nobody uses ctx.
 *
 * From inside the callback itself it does not wait, and answers as if it had run. If two threads
 * take the same one back at the same time, only one waits; the other is answered as if it had run.
 * A callback of a complete asynchron can be taken back as long as it has not begun.
 *
 * - Needs: the token that asynchron_notify_with() wrote for this `a`.
 * - Threads: blocks while the callback runs on another thread. Two callbacks that take each other
 *   back while both run would wait for ever: use asynchron_try_unnotify() there.
 * - Returns: ASYNCHRON_OK: it never ran and never will, and its drop_ctx has run;
 *   ASYNCHRON_ALREADY: it has run, or there is none with this token; ASYNCHRON_E_INVALID: `a` is
 *   NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_unnotify(asynchron_t *a, uint64_t token);

/**
 * As asynchron_unnotify(), but does not wait.
 *
 * - Needs: the token that asynchron_notify_with() wrote for this `a`.
 * - Returns: as asynchron_unnotify(), and ASYNCHRON_PENDING: it is running on another thread, and
 *   may still use ctx.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_try_unnotify(asynchron_t *a,
                                          uint64_t token);

/**
 * Inside a callback: runs here what is due on this thread, which would run after the callback:
 * callbacks of what has been completed in it, and drops. So what those use can be freed after this
 * call. Those whose turn was before come first. Outside of callbacks it does nothing.
 *
 * - Threads: runs callbacks inside this call, and so on its stack.
 * - Since: 0.2.0
 */
ASYNCHRON_API void asynchron_run_due(void);

/*
 * ================================================================================================
 * Many, in completion order
 *
 * A report keeps a reference to each asynchron that it holds, yields them in the order in which
 * their completions arrived, and hands that reference over with the item. Any number of threads
 * may ask for the next; each item goes to one of them.
 *
 * When nothing is left, all who ask get ASYNCHRON_END. To have them wait between additions, keep
 * one pending asynchron in it. A report that is freed leaves nothing behind on what has not
 * completed. It does not free tags.
 */

/**
 * Makes a report over `n` asynchrons, each with the tag NULL.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL. One that is there twice is yielded
 *   twice.
 * - Ownership: the handles stay yours; the report takes references of its own. The report returned
 *   is yours: asynchron_report_release() it.
 * - Returns: the report; NULL for a NULL in the array, or if there is no memory.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_report_t *asynchron_report_create(asynchron_t *const *as,
                                            size_t n);

/**
 * Takes one more reference.
 *
 * - Needs: `r`, a report, or NULL.
 * - Ownership: the new reference is yours: asynchron_report_release() it.
 * - Returns: `r`; NULL for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_report_t *asynchron_report_retain(asynchron_report_t *r);

/**
 * Gives up one reference. With the last one the report stops listening, releases what it still
 * holds, and closes its descriptor, which no event loop must be watching then.
 *
 * - Needs: `r`, a report whose reference is yours, or NULL, which is ignored.
 * - Ownership: the reference is gone: do not use it again.
 * - Since: 0.1.0
 */
ASYNCHRON_API void asynchron_report_release(asynchron_report_t *r);

/**
 * Adds one. If it is complete already, it is yielded after all that have arrived.
 *
 * - Needs: any `tag`, also NULL. One that is added twice is yielded twice.
 * - Ownership: `a` stays yours; the report takes a reference of its own. `tag` is only passed on.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_CLOSED: by
 *   asynchron_report_close(); ASYNCHRON_E_NOMEM.
 * - Since: 0.1.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_report_add(asynchron_report_t *r,
                                        asynchron_t *a,
                                        void *tag);

/**
 * Takes one out that has not been yielded, complete or not. If it was added more than once, the
 * oldest.
 *
 * - Ownership: the report's reference is released.
 * - Threads: the cost does not depend on how much the report holds, nor on how many others listen
 *   to `a`. Each entry that was added since the last removal adds a small cost, once.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_END: it is not in the report; ASYNCHRON_E_INVALID: a NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_report_remove(asynchron_report_t *r, asynchron_t *a);

/**
 * Waits until one has completed, and yields it.
 *
 * - Needs: `out` writable.
 * - Ownership: the reference in `*out` is yours: asynchron_release() it.
 * - Threads: blocks, but not with a timeout of 0. Any number of threads may ask.
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
 * Waits until one has completed, and yields all that have by then, at most `cap`.
 *
 * - Needs: `out` writable for `cap` items, at least 1; `n` writable.
 * - Ownership: the references in the first `*n` items are yours: asynchron_release() them.
 * - Threads: blocks, but not with a timeout of 0. Any number of threads may ask.
 * - Returns: ASYNCHRON_OK: `*n` items, at least 1, are written; else `*n` is 0: ASYNCHRON_WOKEN:
 *   by asynchron_report_wake(), which comes before items; ASYNCHRON_END: nothing is left in it;
 *   ASYNCHRON_TIMEOUT; ASYNCHRON_E_INVALID: a NULL, or `cap` is 0.
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
 * - Needs: `r`, a report, or NULL.
 * - Returns: the number; 0 for NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API size_t asynchron_report_pending(const asynchron_report_t *r);

/**
 * Has one asynchron_report_next(), now or later, return ASYNCHRON_WOKEN. Each wake ends one of
 * them.
 *
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.1.0
 */
ASYNCHRON_API asynchron_status_t asynchron_report_wake(asynchron_report_t *r);

/**
 * Closes it for good: nothing can be added any more. What it holds is still yielded, then all who
 * ask get ASYNCHRON_END. As soon as nothing is left, now or later, the descriptor is readable and
 * stays so: that is how an event loop learns of the end.
 *
 * - Ownership: the report stays yours: asynchron_report_release() it.
 * - Threads: it may be closed while others add, ask or deliver. What was added is yielded; an
 *   asynchron_report_add() that comes too late says so.
 * - Returns: ASYNCHRON_OK, also if it was closed before; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_status_t asynchron_report_close(asynchron_report_t *r);

/**
 * Makes the descriptor ring once more if it is readable. If there is nothing, or no descriptor was
 * made, this does nothing.
 *
 * It is for edge-triggered event loops (EPOLLET, a multishot poll of io_uring, Go's), which are
 * told only when something comes. Such a loop may take some items, let its other sources have
 * their turn, and be told again: it calls this whenever it has taken any, also if it thinks that
 * nothing is left. The last of these calls has it told of the end of a closed report.
 *
 * - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: NULL.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_status_t asynchron_report_rearm(asynchron_report_t *r);

/**
 * A descriptor for an event loop, to watch with poll(2), epoll or kqueue. It is readable exactly
 * while there is an item or a wake. When nothing is left, it is readable only if the report was
 * closed, and stays so. A report has one, made when first asked for: an eventfd on Linux, a pipe
 * elsewhere; close-on-exec and non-blocking. In a child of fork() ask again: the parent's does not
 * tell what happens there.
 *
 * When it is readable, ask with a timeout of 0 until nothing comes, or until so many have come that
 * the loop's timers are due, some 64: producers may be faster than the loop, which then would never
 * get to anything else. A level-triggered loop is told of the rest in its next turn. An
 * edge-triggered one calls asynchron_report_rearm() after that.
 *
 * Stop watching first, then release the report: its descriptor is closed with the last reference,
 * and the number is soon used again. One more callback may come where the loop had taken the event
 * before you stopped: in loops of your own over epoll, kqueue or poll, which hold an array of events,
 * and in io_uring, which completes the poll that is taken back. Have it find that you have stopped.
 * libuv, GLib, libevent, libev and sd-event call no more. asynchron/uv.h and its siblings do all
 * this for a loop.
 *
 * - Ownership: it belongs to the report, and is valid while you hold that: poll it, never read or
 *   close it.
 * - Returns: the descriptor, 0 or above; ASYNCHRON_E_INVALID: NULL; ASYNCHRON_E_SYSTEM: the system
 *   has none left.
 * - Since: 0.1.0
 */
ASYNCHRON_API
int asynchron_report_fd(asynchron_report_t *r);

/**
 * Says that an event loop watches the descriptor, or does so no more. Two loops that watch one
 * report would each get some of its items; so whoever attaches a report to a loop, as the adapters
 * do, asks first. That is all this does. In a child of fork() nobody watches yet.
 *
 * - Needs: `watch`: 0, it has ended; anything else, it begins.
 * - Returns: ASYNCHRON_OK: it begins now, or has ended; ASYNCHRON_ALREADY: a loop watches it, and
 *   nothing has changed; ASYNCHRON_E_INVALID: NULL; ASYNCHRON_E_SYSTEM: the system has no
 *   descriptor left.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_status_t asynchron_report_watch(asynchron_report_t *r, int watch);

/*
 * ================================================================================================
 * Time
 *
 * A deadline fails an asynchron that is not complete by then; a timer completes by itself. One
 * background thread serves all of them. It is started on first use, and ends when nothing has been
 * armed for a second. While a callback runs on it, another one serves.
 *
 * Times are those of a clock that nobody sets and that stands still while the system is suspended.
 * Nothing happens before its time. On an idle machine it happens well within a millisecond after
 * that.
 *
 * Arming and disarming take the same time however many are armed, and never wait for what happens
 * on that thread. An armed deadline takes 64 bytes.
 *
 * In the child of a fork, what was armed before is armed there, too. The thread that serves it is
 * started by the first of the child's calls that arms something, waits, or asks for the state
 * (asynchron_poll(), asynchron_state()): a child that calls none of these, such as one that becomes
 * another program, gets no thread.
 */

/**
 * Has it fail once that time is over, unless it is complete by then: with the domain "asynchron"
 * and the code ASYNCHRON_TIMEOUT.
 *
 * It has one deadline at most: a later call replaces it, ASYNCHRON_FOREVER takes it back, and 0
 * lets it expire now. Whatever completes it disarms the deadline.
 *
 * The deadline does not keep the asynchron, and nobody waits for it: if the last reference goes
 * before, it is disarmed, and that alone is no ASYNCHRON_E_BROKEN.
 *
 * What computes the value is not stopped: it can see what happened with asynchron_poll().
 *
 * - Needs: `a`, a handle; any timeout, in nanoseconds.
 * - Threads: callbacks run on the thread that serves deadlines, or on this one if the timeout
 *   is 0.
 * - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: it is complete; ASYNCHRON_CANCELLED: it was
 *   cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no thread
 *   can be had. Unless it is ASYNCHRON_OK, the deadline that it has stays.
 * - Since: 0.2.0
 */
ASYNCHRON_API asynchron_status_t asynchron_expire_after(asynchron_t *a, uint64_t timeout_ns);

/**
 * Makes an asynchron that completes with the empty value once that time is over.
 *
 * It is an asynchron like any other: it can be waited for, cancelled, delivered, put in a report,
 * given a callback, or be the source of asynchron_then(). asynchron_expire_after() gives it a
 * deadline beside its time.
 *
 * - Needs: any timeout, in nanoseconds. With 0 it is complete on return, and with
 *   ASYNCHRON_FOREVER it never completes by itself.
 * - Ownership: the reference returned is yours: asynchron_release() it. Until it completes, it is
 *   kept all the same, and what is registered on it will run; unless its time is
 *   ASYNCHRON_FOREVER.
 * - Returns: the handle; NULL if there is no memory, or no thread can be had.
 * - Since: 0.2.0
 */
ASYNCHRON_API ASYNCHRON_MUST_USE asynchron_t *asynchron_timer(uint64_t timeout_ns);

/*
 * ================================================================================================
 * Several together
 *
 * Hold every handle in an array for the length of the call. The same one may be there twice.
 */

/**
 * How asynchron_then_with() and asynchron_after_with() go on. Zero it, set size, then what you need.
 */
typedef struct {
    /**
     * sizeof(asynchron_step_options_t)
     */
    size_t size;
    /**
     * What to call.
     */
    asynchron_join_fn_t fn;
    /**
     * Handed over: passed to fn.
     */
    void *ctx;
    /**
     * Frees ctx, when fn has returned, or never will run; NULL: never.
     */
    asynchron_drop_fn_t drop_ctx;
    /**
     * 0, or of ASYNCHRON_ON_VALUE, ASYNCHRON_ON_FAILURE and ASYNCHRON_ON_CANCEL those that are
     * wanted, joined by |. Unknown flags are refused. asynchron_after_with() takes none. With 0, fn
     * runs however the source ended, unlike that of asynchron_then(): for what asynchron_then()
     * does, give ASYNCHRON_ON_VALUE.
     */
    uint64_t flags;
    /**
     * Which runs fn, once the sources are complete: it keeps its place among what that has to run.
     * If the executor refuses it or is shut down by then, fn runs as without one. NULL: fn runs on
     * the thread that completes the last source.
     */
    asynchron_executor_t *executor;
} asynchron_step_options_t;

/**
 * Waits until any of several is complete, however it ended. Leaves nothing behind on the others.
 * Does not start a function on demand.
 *
 * - Needs: `as`, an array of `n` handles, at least 1, none of them NULL; `index` writable, or
 *   NULL.
 * - Threads: blocks, but not with a timeout of 0.
 * - Returns: ASYNCHRON_OK: `*index` is that of a complete one: the lowest, if several were
 *   complete at the call; ASYNCHRON_TIMEOUT; ASYNCHRON_E_DEADLOCK: this thread is computing all of
 *   them; ASYNCHRON_E_INVALID; ASYNCHRON_E_NOMEM: only with many handles.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_wait_any(asynchron_t *const *as,
                                      size_t n,
                                      uint64_t timeout_ns,
                                      size_t *index);

/**
 * Waits until all of several are complete, however they ended. Does not start a function on
 * demand.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL.
 * - Threads: blocks, but not with a timeout of 0.
 * - Returns: ASYNCHRON_OK: all are complete, or there are none; ASYNCHRON_TIMEOUT;
 *   ASYNCHRON_E_DEADLOCK: this thread is computing one of them; ASYNCHRON_E_INVALID.
 * - Since: 0.1.0
 */
ASYNCHRON_API
asynchron_status_t asynchron_wait_all(asynchron_t *const *as,
                                      size_t n,
                                      uint64_t timeout_ns);

/**
 * Has `fn` compute the value of `into` once all of several are complete, however they ended. `fn`
 * runs on the thread that completes the last one; inside this call, if none is left to wait for.
 *
 * What `fn` returns means what asynchron_fn_t says. A failure of a source does not pass on by
 * itself. If `into` is not pending by then, `fn` does not run. Cancelling `into` does not cancel
 * the sources. A function on demand is not started.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL or `into`; `into`, or NULL to have one
 *   made; `fn` not NULL.
 * - Ownership: the reference returned is yours; you may release it at once, and `fn` still runs,
 *   since `into` is kept until then. A complete source is kept until `fn` has returned. A pending
 *   source is not kept: when its last handle goes, it fails as broken, and `fn` sees that. If two
 *   wait for each other in this way, neither is freed until somebody delivers one of them. `ctx`
 *   is handed over; `drop_ctx`(ctx) runs after `fn`, or as soon as it is known that `fn` never
 *   runs; with `drop_ctx` NULL nobody frees it. When `into` completes otherwise (by a cancel, say),
 *   all sources are let go, and `drop_ctx` runs among the callbacks of `into`.
 * - Threads: `fn` may run inside this call.
 * - Returns: a new reference to `into`; NULL for a NULL, for `into` among the sources, or if there
 *   is no memory.
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
 * Has `fn` compute the value of `into` from the value of `a`. If `a` fails or is cancelled, `fn`
 * does not run, and `into` ends the same way; a failure passes on whole, with its payload shared.
 * Cancelling `into` does not cancel `a`.
 *
 * - Needs: `a` not NULL nor `into`; `into`, or NULL to have one made; `fn` not NULL: it gets an
 *   array of the one source.
 * - Ownership: as for asynchron_after().
 * - Threads: `fn` may run inside this call.
 * - Returns: a new reference to `into`; NULL for a NULL, for `into` that is `a`, or if there is no
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

/**
 * asynchron_after() with options.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL or `into`; `into`, or NULL to have one
 *   made; `options` with size and fn set. A size larger than this header's is accepted if all that
 *   this header does not know is zero. `out` writable; NULL if `into` is given and no reference to
 *   it is needed.
 * - Ownership: as for asynchron_after(), and ctx is handed over, whatever is returned, unless the
 *   size is refused: then nothing was read. The reference in `*out` is yours.
 * - Threads: fn may run inside this call.
 * - Returns: ASYNCHRON_OK: `*out` is a new reference to `into`; ASYNCHRON_E_INVALID: a NULL, `into`
 *   among the sources, a size too small or over 4096, any flag, or a field that this library does
 *   not know and that is not zero; ASYNCHRON_E_NOMEM.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_after_with(asynchron_t *const *as,
                                        size_t n,
                                        asynchron_t *into,
                                        const asynchron_step_options_t *options,
                                        asynchron_t **out);

/**
 * asynchron_then() for the ways of ending that you choose.
 *
 * With ASYNCHRON_ON_VALUE alone it is asynchron_then(). With ASYNCHRON_ON_FAILURE, `fn` runs if
 * `a` failed: what other languages call catch. ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL recovers
 * from both. If `a` did not end in a way that was given, `fn` does not run, and `into` ends as `a`
 * did: with its value, which stays where it is and is shared, its whole error, or its cancel with
 * the reason. With no flag, `fn` runs however `a` ended: what other languages call finally.
 *
 * - Needs: `a` not NULL nor `into`; `into`, or NULL to have one made; `options` with size and fn
 *   set: fn gets an array of the one source. A size larger than this header's is accepted if all
 *   that this header does not know is zero. `out` writable; NULL if `into` is given and no
 *   reference to it is needed.
 * - Ownership: as for asynchron_after(), and ctx is handed over, whatever is returned, unless the
 *   size is refused: then nothing was read. The reference in `*out` is yours.
 * - Threads: fn may run inside this call.
 * - Returns: ASYNCHRON_OK: `*out` is a new reference to `into`; ASYNCHRON_E_INVALID: a NULL, `into`
 *   that is `a`, a size too small or over 4096, an unknown flag, or a field that this library does
 *   not know and that is not zero; ASYNCHRON_E_NOMEM.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_status_t asynchron_then_with(asynchron_t *a,
                                       asynchron_t *into,
                                       const asynchron_step_options_t *options,
                                       asynchron_t **out);

/*
 * ================================================================================================
 * Several as one
 *
 * One asynchron for a group: for all of it, for any that succeeds, or for whichever is first. It
 * completes as the source that decides does, and shares what that holds: nothing is copied.
 *
 * Of several sources that are complete at the call, the one with the lowest index counts as the
 * first, and the one with the highest as the last. A source may be there twice. `into` is kept
 * until it is complete; anyone may still deliver or cancel it, which wins. A pending source is not
 * kept: when its last handle goes, it fails as broken, which counts as any other failure. As soon
 * as `into` is complete, however that came, nothing is left on the sources. Functions on demand
 * are not started.
 */

/**
 * A flag for asynchron_all(), asynchron_any() and asynchron_race(): as soon as `into` is complete,
 * however that came (also when somebody else cancels it), every source that is not is cancelled,
 * with the reason "unneeded". That is done before any callback of `into` runs. (Since 0.2.0.)
 */
#define ASYNCHRON_CANCEL_REST 1

/**
 * Has `into` complete with the empty value once all of several have a value. If one fails or is
 * cancelled, `into` ends the same way, at once; a failure passes on whole, with its payload
 * shared.
 *
 * If there are none, or `into` is complete, that is done inside this call. The values are read
 * from the sources, which you keep.
 *
 * - Needs: `as`, an array of `n` handles, none of them NULL or `into`; `into`, or NULL to have one
 *   made; `flags`, 0 or ASYNCHRON_CANCEL_REST.
 * - Ownership: the reference returned is yours. The sources stay yours.
 * - Threads: callbacks may run inside this call, if it completes `into` or cancels a
 *   source.
 * - Returns: a new reference to `into`; NULL for a NULL, for `into` among the sources, for unknown
 *   flags, or if there is no memory.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_t *asynchron_all(asynchron_t *const *as,
                           size_t n,
                           asynchron_t *into,
                           uint64_t flags);

/**
 * Has `into` complete as the first of several that has a value does. If none has one, it ends as
 * the last of them does.
 *
 * - Needs: `as`, an array of `n` handles, at least 1, none of them NULL or `into`; `into`, or NULL
 *   to have one made; `flags`, 0 or ASYNCHRON_CANCEL_REST.
 * - Ownership: the reference returned is yours. The sources stay yours. The one that has the value
 *   is kept for `into`, which shares it.
 * - Threads: callbacks may run inside this call, if it completes `into` or cancels a
 *   source.
 * - Returns: a new reference to `into`; NULL for a NULL, for no source at all, for `into` among
 *   the sources, for unknown flags, or if there is no memory.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_t *asynchron_any(asynchron_t *const *as,
                           size_t n,
                           asynchron_t *into,
                           uint64_t flags);

/**
 * Has `into` complete as the first of several that completes does: with its value, its failure, or
 * its cancel.
 *
 * - Needs: `as`, an array of `n` handles, at least 1, none of them NULL or `into`; `into`, or NULL
 *   to have one made; `flags`, 0 or ASYNCHRON_CANCEL_REST.
 * - Ownership: as for asynchron_any().
 * - Threads: callbacks may run inside this call, if it completes `into` or cancels a
 *   source.
 * - Returns: a new reference to `into`; NULL for a NULL, for no source at all, for `into` among
 *   the sources, for unknown flags, or if there is no memory.
 * - Since: 0.2.0
 */
ASYNCHRON_API
ASYNCHRON_MUST_USE
asynchron_t *asynchron_race(asynchron_t *const *as,
                            size_t n,
                            asynchron_t *into,
                            uint64_t flags);

#ifdef __cplusplus
}
#endif

#endif /* ASYNCHRON_H */
