//! Compute
//!
//! A pending asynchron becomes RUNNING when its function starts. One that is not pending by then
//! runs no function. Cancelling a RUNNING one completes it at once: those that wait go, the
//! function goes on, and what it delivers later is dropped.

use std::ffi::c_void;

use super::asynchron_status_t::{self, *};
use super::types::{asynchron_drop_fn_t, asynchron_fn_t, asynchron_t, drop_fn, plain_fn};
use super::{guard, handle};
use crate::core::user::Owned;
use crate::{compute, executor};

/// Has `fn` compute the value here and now.
///
/// - Needs: `fn` not NULL.
/// - Ownership: `ctx` stays yours; `fn` gets it as it is.
/// - Threads: any, any callback; blocks as long as `fn` does.
/// - Returns: ASYNCHRON_OK: `fn` ran, whatever it made of it; ASYNCHRON_ALREADY: it is running or
///   was delivered, and `fn` did not run; ASYNCHRON_CANCELLED: the same, it was cancelled;
///   ASYNCHRON_E_INVALID: a NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_call(
    a: *mut asynchron_t,
    r#fn: asynchron_fn_t,
    ctx: *mut c_void,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let (Some(a), Some(function)) = (unsafe { handle(a) }, plain_fn(r#fn)) else {
            return ASYNCHRON_E_INVALID;
        };
        match compute::call(a, function, Owned { ptr: ctx, drop: None }) {
            Ok(()) => ASYNCHRON_OK,
            Err(seen) if seen.is_complete() && seen.tag().is_cancelled() => ASYNCHRON_CANCELLED,
            Err(_) => ASYNCHRON_ALREADY,
        }
    })
}

/// Has `fn` compute the value on a background thread.
///
/// Threads are reused. There are as many as processors; more start when theirs all sleep in the
/// waits of this library, or when a task has lain for 10 ms, one every 10 ms and without a bound,
/// so that tasks which wait for tasks never starve; while none can be had, a task waits for one
/// that is busy. They take no signals but those of their own faults, and a program that a function
/// starts inherits that. They are never joined, do not keep the process alive, and end when they
/// have rested for a second.
///
/// - Needs: `fn` not NULL.
/// - Ownership: `ctx` is handed over; `drop_ctx`(ctx) frees it, once `fn` has returned, or it is
///   known that `fn` never runs; if the return completes `a`, it does so after that. `drop_ctx`
///   NULL: nobody does. Every handle may be released at once: `fn` still runs.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK: `fn` runs, unless `a` is not pending when its turn comes, also if it is
///   not pending now;
///   ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: there is no thread that
///   could come to it (those that sleep in waits of this library do not count), and none can be
///   had. Then `a` is as it was.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_spawn(
    a: *mut asynchron_t,
    r#fn: asynchron_fn_t,
    ctx: *mut c_void,
    drop_ctx: asynchron_drop_fn_t,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        let ctx = Owned { ptr: ctx, drop: drop_fn(drop_ctx) };
        // SAFETY: the caller vouches for the handle.
        let (Some(a), Some(function)) = (unsafe { handle(a) }, plain_fn(r#fn)) else {
            return ASYNCHRON_E_INVALID;
        };
        match executor::spawn(a, function, ctx) {
            Ok(()) => ASYNCHRON_OK,
            Err(executor::Refused::NoMemory) => ASYNCHRON_E_NOMEM,
            Err(executor::Refused::NoThread) => ASYNCHRON_E_SYSTEM,
        }
    })
}
