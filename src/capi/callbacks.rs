//! Callbacks
//!
//! A callback runs exactly once or is taken back, on every path. Those of one asynchron that were
//! registered before its completion run in that order, together with what asynchron_then() and
//! asynchron_after() registered, on the thread that completes it, with the handle retained. One
//! that is registered after completion runs on the thread that registers it: before the call
//! returns, or, inside a callback, at the end of what is due on that thread.
//!
//! A registration does not keep the asynchron: when its last handle goes, it completes as failed
//! (see asynchron_release()).

use std::ffi::c_void;
use std::mem::offset_of;

use super::asynchron_status_t::{self, *};
use super::options::{self, Options};
use super::types::{asynchron_drop_fn_t, asynchron_notify_fn_t, asynchron_t, drop_fn, notify_fn};
use super::{guard, handle};
use crate::core::callback::{Refused, register};
use crate::core::removable::{self, Removal};
use crate::core::user::Owned;

/// A flag of asynchron_notify_options_t: only if it is still to come. If `a` is complete already,
/// fn is not called, and ASYNCHRON_ALREADY is returned.
pub const ASYNCHRON_NOTIFY_IF_PENDING: u64 = 1;

/// How asynchron_notify_with() registers. Zero it, set size, then what you need.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_notify_options_t {
    /// sizeof(asynchron_notify_options_t)
    pub size: usize,
    /// What to call.
    pub r#fn: asynchron_notify_fn_t,
    /// Handed over: passed to fn.
    pub ctx: *mut c_void,
    /// Frees ctx, when fn has returned, or never will run; NULL: never.
    pub drop_ctx: asynchron_drop_fn_t,
    /// ASYNCHRON_NOTIFY_IF_PENDING, or 0. Unknown flags are refused.
    pub flags: u64,
}

// SAFETY: integers, pointers and nullable function pointers: all zero is valid.
unsafe impl Options for asynchron_notify_options_t {
    const FIRST_SIZE: usize = offset_of!(Self, flags) + size_of::<u64>();
}

/// Has `fn`(a, ctx) called once `a` is complete. It cannot be taken back: for that there is
/// asynchron_notify_with().
///
/// - Needs: `fn` not NULL.
/// - Ownership: `ctx` stays yours; it must live until `fn` has run.
/// - Threads: any, any callback; does not block, unless `fn` does, which runs here if `a` is
///   complete.
/// - Returns: ASYNCHRON_OK: it will run, or has; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_NOMEM.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_notify(
    a: *mut asynchron_t,
    r#fn: asynchron_notify_fn_t,
    ctx: *mut c_void,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        let ctx = Owned { ptr: ctx, drop: None };
        // SAFETY: the caller vouches for the handle; no token is asked for.
        unsafe { notify(a, r#fn, ctx, false, std::ptr::null_mut()) }
    })
}

/// # Safety
/// `a` is NULL or a handle that lives as long as the call; `token` is NULL or may be written.
#[inline]
unsafe fn notify(
    a: *mut asynchron_t,
    function: asynchron_notify_fn_t,
    ctx: Owned,
    only_pending: bool,
    token: *mut u64,
) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    let (Some(a), Some(function)) = (unsafe { handle(a) }, notify_fn(function)) else {
        return ASYNCHRON_E_INVALID;
    };
    // SAFETY: as the caller promises.
    match unsafe { register(a, function, ctx, only_pending, token) } {
        Ok(()) => ASYNCHRON_OK,
        Err(Refused::Complete) => ASYNCHRON_ALREADY,
        Err(Refused::NoMemory) => ASYNCHRON_E_NOMEM,
    }
}

/// Has a callback called once `a` is complete, with a context that is freed, and with a token by
/// which it can be taken back.
///
/// - Needs: `options` with size and fn set. A size larger than this header's is accepted if what
///   lies beyond is zero. `token` writable, or NULL if it is never taken back.
/// - Ownership: ctx is handed over, whatever is returned, unless the size is refused: then nothing
///   was read. drop_ctx(ctx) runs when fn has returned, or when it is known that it never runs.
/// - Threads: any, any callback; does not block, unless fn does, which runs here if `a` is
///   complete.
/// - Returns: ASYNCHRON_OK: it will run, or has, and `*token`, never 0, was written before it
///   could; ASYNCHRON_ALREADY: complete, and ASYNCHRON_NOTIFY_IF_PENDING was given;
///   ASYNCHRON_E_INVALID: a NULL, a size too small or over 4096, an unknown flag, something unknown
///   that is not zero; ASYNCHRON_E_NOMEM.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_notify_with(
    a: *mut asynchron_t,
    options: *const asynchron_notify_options_t,
    token: *mut u64,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for as many bytes as the size says.
        let Some(options::Read { options, unknown }) = (unsafe { options::read(options) }) else {
            return ASYNCHRON_E_INVALID;
        };
        let ctx = Owned { ptr: options.ctx, drop: drop_fn(options.drop_ctx) };
        if unknown || options.flags & !ASYNCHRON_NOTIFY_IF_PENDING != 0 {
            return ASYNCHRON_E_INVALID;
        }
        let only_pending = options.flags & ASYNCHRON_NOTIFY_IF_PENDING != 0;
        // SAFETY: the caller vouches for the handle, and that the token may be written.
        unsafe { notify(a, options.r#fn, ctx, only_pending, token) }
    })
}

/// Takes a callback back. If it is running on another thread, waits until it and its drop_ctx have
/// returned, so that afterwards nobody uses ctx. From inside the callback itself it does not wait,
/// and answers as if it had run; so is a second thread answered that takes the same one back at the
/// same time. It may be taken back from a complete asynchron, too, as long as it
/// has not begun.
///
/// - Needs: the token that asynchron_notify_with() wrote for this `a`.
/// - Ownership: `a` stays yours; ctx is dropped, or was.
/// - Threads: any, any callback; blocks while it runs. Two callbacks that take each other back
///   while both run would wait for ever: there, use asynchron_try_unnotify().
/// - Returns: ASYNCHRON_OK: it never ran and never will, and its drop_ctx has run;
///   ASYNCHRON_ALREADY: it has run, or there is none by this token; ASYNCHRON_E_INVALID: `a` is
///   NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_unnotify(a: *mut asynchron_t, token: u64) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    guard(ASYNCHRON_E_INTERNAL, || unsafe { take_back(a, token, true) })
}

/// As asynchron_unnotify(), but does not wait.
///
/// - Needs: the token that asynchron_notify_with() wrote for this `a`.
/// - Ownership: `a` stays yours; ctx is dropped, or was, unless ASYNCHRON_PENDING is returned.
/// - Threads: any, any callback; does not block.
/// - Returns: as asynchron_unnotify(), and ASYNCHRON_PENDING: it is running on another thread.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_try_unnotify(
    a: *mut asynchron_t,
    token: u64,
) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    guard(ASYNCHRON_E_INTERNAL, || unsafe { take_back(a, token, false) })
}

/// # Safety
/// `a` is NULL or a handle that lives as long as the call.
unsafe fn take_back(a: *mut asynchron_t, token: u64, wait: bool) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    let Some(a) = (unsafe { handle(a) }) else {
        return ASYNCHRON_E_INVALID;
    };
    match removable::take_back(a, token, wait) {
        Removal::Removed => ASYNCHRON_OK,
        Removal::TooLate => ASYNCHRON_ALREADY,
        Removal::Running => ASYNCHRON_PENDING,
    }
}
