//! Compute
//!
//! A pending asynchron becomes RUNNING when its function starts. If it is not pending by then, no
//! function runs. Cancelling a RUNNING one completes it at once: waiters return, the function goes
//! on, and what it delivers later is dropped.

use std::ffi::c_void;

use super::asynchron_status_t::{self, *};
use super::types::{asynchron_drop_fn_t, asynchron_fn_t, asynchron_t, drop_fn, plain_fn};
use super::{catch_panic, handle, status_of_wait_error};
use crate::base::program::Owned;
use crate::one::state::Seen;
use crate::one::wait;
use crate::{compute, pool};

/// Runs `fn` on this thread to compute the value.
///
/// - Needs: `fn` not NULL.
/// - Ownership: `ctx` stays yours.
/// - Threads: returns when `fn` has returned.
/// - Returns: ASYNCHRON_OK: `fn` ran, however it ended; ASYNCHRON_ALREADY: it is running or was
///   delivered, and `fn` did not run; ASYNCHRON_CANCELLED: it was cancelled, and `fn` did not run;
///   ASYNCHRON_E_INVALID: a NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_call(
    a: *mut asynchron_t,
    r#fn: asynchron_fn_t,
    ctx: *mut c_void,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let (Some(a), Some(function)) = (unsafe { handle(a) }, plain_fn(r#fn)) else {
            return ASYNCHRON_E_INVALID;
        };
        let ctx = Owned { ptr: ctx, drop: None };
        status_of_start(compute::call(a, function, ctx))
    })
}

/// Whether it was started, or why not.
fn status_of_start(started: Result<(), Seen>) -> asynchron_status_t {
    match started {
        Ok(()) => ASYNCHRON_OK,
        Err(seen) if seen.is_complete() && seen.form().is_cancelled() => ASYNCHRON_CANCELLED,
        Err(_) => ASYNCHRON_ALREADY,
    }
}

/// Says that its value is being computed, by means of your own: a thread, a device, a server. It is
/// RUNNING from then on, until somebody delivers or cancels: no function of asynchron_call(),
/// asynchron_spawn() or on demand starts for it any more, and asynchron_cancel_pending() comes too
/// late.
///
/// - Returns: ASYNCHRON_OK: the work is yours; ASYNCHRON_ALREADY: it is RUNNING or was delivered;
///   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_start(a: *mut asynchron_t) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let Some(a) = (unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        status_of_start(a.state().start_by_hand())
    })
}

/// Waits until no function of it runs any more: of asynchron_call(), asynchron_spawn(),
/// asynchron_spawn_on(), on demand, of asynchron_then() or asynchron_after(). Afterwards neither that
/// function nor its `ctx` is in use: `drop_ctx` has returned. An asynchron may be complete long before:
/// whoever cancels it, or delivers from elsewhere, does not end its function.
///
/// It does not wait for a function to begin. So first cancel it, or find it complete: then none will
/// begin any more. Where a function never begins, the call that completes the asynchron runs
/// `drop_ctx`, as asynchron_spawn() says. If another thread makes that call, its `drop_ctx` may still
/// run when this returns: asynchron_executor_shutdown() waits for that, too.
///
/// - Threads: blocks, but not with a timeout of 0. Inside a callback it first runs what is due, as
///   asynchron_run_due(). It starts no function on demand, and does not say that the value is wanted
///   (see ASYNCHRON_PROMISE_CANCEL_UNWANTED). In the child of a fork a function that another thread
///   of the parent was running never returns.
/// - Returns: ASYNCHRON_OK: none runs, also if none ever ran; ASYNCHRON_TIMEOUT: it runs; ask again;
///   ASYNCHRON_E_DEADLOCK: inside that function, or its `drop_ctx`; ASYNCHRON_E_INVALID: NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_wait_returned(
    a: *mut asynchron_t,
    timeout_ns: u64,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let Some(a) = (unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        match wait::until_returned(a, timeout_ns) {
            Ok(()) => ASYNCHRON_OK,
            Err(error) => status_of_wait_error(error),
        }
    })
}

/// Queues `fn`, which computes the value on a background thread. Every handle may be released at
/// once: `fn` still runs.
///
/// Threads are reused. There are as many as processors. One more starts when all of them sleep in
/// waits of this library, or when a task has waited 10 ms in the queue and the busy threads do not
/// use the processors: one thread per 10 ms, no upper limit. So tasks that wait for tasks never
/// starve. A task that waits in a loop looks busy: if no queued task has begun for 1 s, one more
/// thread starts, the next after 2 s, then 4 s and so on. On Linux the library reads the processor
/// clock of each thread, and /proc if it is mounted, to tell computing from blocking. Only 1,024
/// threads are checked. Those beyond, and all threads on other systems, count as blocked: tasks
/// behind them get a thread every 10 ms. While the system refuses a thread, a task waits for one that
/// is busy. Threads are never joined, do not keep the process alive, and end when they have rested
/// for a second. Tasks begin in the order in which they were spawned.
///
/// A thread does not keep what the thread that called spawn had. On Linux it has the processors,
/// the timer slack and the memory policy that the process had when this library was loaded, the
/// policy SCHED_OTHER, the nice value and I/O priority of the first thread, on x86 and arm64 the
/// default floating-point environment, and a name as "asynchron/3". What the system does not let it set
/// stays: without the right to it, a lower nice value, or SCHED_OTHER after SCHED_IDLE. Nothing sets
/// back what the calling thread changed for itself alone by system calls: credentials, capabilities,
/// namespaces, cgroups, seccomp, utilisation clamps, protection keys, and after unshare() the working
/// directory, the umask and the descriptors. A SCHED_DEADLINE thread can start none.
///
/// A thread blocks the signals that are sent to the process, so that the program's own threads get
/// them. SIGUSR1, SIGUSR2, SIGXCPU, SIGURG, SIGPWR and the real-time signals, by which runtimes stop
/// their threads, are blocked only if the thread that starts it blocks them: usually the one that
/// spawns first. So block there, before that, what your program receives by signalfd() or sigwait().
/// SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP and SIGSYS are never blocked, so one that kill() sends may
/// arrive here. A program that `fn` starts inherits the blocked signals: SIGTERM would not end it.
/// Start it by posix_spawn with an empty mask (posix_spawnattr_setsigmask and POSIX_SPAWN_SETSIGMASK).
///
/// - Needs: `fn` not NULL.
/// - Ownership: `ctx` is handed over; with `drop_ctx` NULL nobody frees it. `drop_ctx`(ctx) runs
///   after `fn`, or in its place if `fn` never runs. If `fn` delivers, `a` is complete before
///   `drop_ctx` runs. If the return of `fn` completes `a`, `drop_ctx` runs first. If `a` completes
///   otherwise before the turn of `fn` comes, `drop_ctx` runs at once, on the thread that completes
///   it, as a callback would.
/// - Returns: ASYNCHRON_OK: queued, also if `a` is not pending. `fn` runs if `a` is pending when
///   its turn comes. ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: the system
///   refuses a thread, and no other could run `fn` (those that sleep in waits of this library do
///   not count); ASYNCHRON_E_CLOSED: the default executor was shut down. After a refusal `a` is as
///   it was.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_spawn(
    a: *mut asynchron_t,
    r#fn: asynchron_fn_t,
    ctx: *mut c_void,
    drop_ctx: asynchron_drop_fn_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        let ctx = Owned { ptr: ctx, drop: drop_fn(drop_ctx) };
        // SAFETY: the caller vouches for the handle.
        let (Some(a), Some(function)) = (unsafe { handle(a) }, plain_fn(r#fn)) else {
            return ASYNCHRON_E_INVALID;
        };
        status_of_spawn(pool::spawn(a, function, ctx))
    })
}

pub(super) fn status_of_spawn(spawned: Result<(), pool::SpawnError>) -> asynchron_status_t {
    match spawned {
        Ok(()) => ASYNCHRON_OK,
        Err(pool::SpawnError::NoMemory) => ASYNCHRON_E_NOMEM,
        Err(pool::SpawnError::NoThread) => ASYNCHRON_E_SYSTEM,
        Err(pool::SpawnError::Closed) => ASYNCHRON_E_CLOSED,
    }
}
