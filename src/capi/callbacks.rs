//! Callbacks
//!
//! A callback runs exactly once, unless it is taken back. Callbacks that were registered before the
//! completion run in the order of registration, together with the functions of asynchron_then() and
//! asynchron_after(), on the thread that completes the asynchron. One that is registered after the
//! completion runs on the thread that registers it, before the call returns. Inside a callback,
//! both run at the end of the queue of that thread instead.
//!
//! A registration does not keep the asynchron: when its last handle goes, it fails as broken (see
//! asynchron_release()).

use std::ffi::c_void;
use std::mem::offset_of;

use super::asynchron_status_t::{self, *};
use super::executor::executor;
use super::options::{self, Options};
use super::types::{
    asynchron_drop_fn_t, asynchron_executor_t, asynchron_notify_fn_t, asynchron_t, drop_fn,
    notify_fn,
};
use super::{catch_panic, handle};
use crate::base::program::Owned;
use crate::listen::callback::{RegisterError, register};
use crate::listen::removable::{self, Removal};
use crate::listen::ways::{Ways, only};
use crate::one::jobs;
use crate::pool::Counted;

/// A flag of asynchron_notify_options_t: register only if `a` is not complete. If it is complete,
/// fn is not called, and ASYNCHRON_ALREADY is returned.
pub const ASYNCHRON_NOTIFY_IF_PENDING: u64 = 1;

/// A flag of asynchron_notify_options_t: call fn if there is a value. With any of the three flags
/// ASYNCHRON_ON_VALUE, ASYNCHRON_ON_FAILURE and ASYNCHRON_ON_CANCEL, fn is called only if the
/// asynchron ended in one of the ways given; with none of them, however it ended. (Since 0.2.0.)
pub const ASYNCHRON_ON_VALUE: u64 = 2;

/// A flag as ASYNCHRON_ON_VALUE: call fn if it failed, also if it broke. (Since 0.2.0.)
pub const ASYNCHRON_ON_FAILURE: u64 = 4;

/// A flag as ASYNCHRON_ON_VALUE: call fn if it was cancelled. A producer learns by this that nobody
/// needs its work any more. (Since 0.2.0.)
pub const ASYNCHRON_ON_CANCEL: u64 = 8;

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
    /// 0, or of ASYNCHRON_NOTIFY_IF_PENDING, ASYNCHRON_ON_VALUE, ASYNCHRON_ON_FAILURE and
    /// ASYNCHRON_ON_CANCEL those that are wanted, joined by |. Unknown flags are refused.
    pub flags: u64,
    /// Where fn is to run; NULL: on the thread that completes. (Since: 0.2.0)
    pub executor: *mut asynchron_executor_t,
}

/// Those that say how it is to have ended.
pub(super) const ON_FLAGS: u64 = ASYNCHRON_ON_VALUE | ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL;

pub(super) fn ways(flags: u64) -> Ways {
    let given = |flag| flags & flag != 0;
    Ways::new(given(ASYNCHRON_ON_VALUE), given(ASYNCHRON_ON_FAILURE), given(ASYNCHRON_ON_CANCEL))
}

// SAFETY: integers, pointers and nullable function pointers: all zero is valid.
unsafe impl Options for asynchron_notify_options_t {
    const FIRST_SIZE: usize = offset_of!(Self, flags) + size_of::<u64>();
}

/// Has `fn`(a, ctx) called once `a` is complete. It cannot be taken back: asynchron_notify_with()
/// has that.
///
/// - Needs: `fn` not NULL.
/// - Ownership: `ctx` stays yours; it must live until `fn` has run.
/// - Threads: if `a` is complete, `fn` runs inside this call.
/// - Returns: ASYNCHRON_OK: it will run, or has run; ASYNCHRON_E_INVALID: a NULL;
///   ASYNCHRON_E_NOMEM.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_notify(
    a: *mut asynchron_t,
    r#fn: asynchron_notify_fn_t,
    ctx: *mut c_void,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        let ctx = Owned { ptr: ctx, drop: None };
        // SAFETY: the caller vouches for the handle; no token is asked for.
        unsafe { notify(a, r#fn, ctx, None, 0, std::ptr::null_mut()) }
    })
}

/// # Safety
/// `a` is NULL or a handle that lives as long as the call; `token` is NULL or may be written.
#[inline]
unsafe fn notify(
    a: *mut asynchron_t,
    function: asynchron_notify_fn_t,
    ctx: Owned,
    executor: Option<Counted>,
    flags: u64,
    token: *mut u64,
) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    let (Some(a), Some(function)) = (unsafe { handle(a) }, notify_fn(function)) else {
        return ASYNCHRON_E_INVALID;
    };
    let only_pending = flags & ASYNCHRON_NOTIFY_IF_PENDING != 0;
    let ways = ways(flags);
    let executor = executor.map(|executor| (executor, ways));
    let registered = only(ways, function, ctx).and_then(|(function, ctx)| {
        // SAFETY: as the caller promises.
        unsafe { register(a, function, ctx, ways.interest(), executor, only_pending, token) }
    });
    match registered {
        Ok(()) => ASYNCHRON_OK,
        Err(RegisterError::Complete) => ASYNCHRON_ALREADY,
        Err(RegisterError::NoMemory) => ASYNCHRON_E_NOMEM,
    }
}

/// Has a callback called once `a` is complete, with a context that is freed, and with a token to
/// take it back.
///
/// With an executor, the callback is handed to it when `a` completes, in the order of registration,
/// and runs there; if the executor refuses it, or is closed, it runs as one without. Nothing is
/// allocated for it then. If it did not end as the flags ask, drop_ctx runs on the thread that
/// completes. One that was handed over and has not begun can still be taken back.
///
/// - Needs: `options` with size and fn set. A size larger than this header's is accepted if all
///   that this header does not know is zero. `token` writable, or NULL if it is never taken back.
/// - Ownership: ctx is handed over, whatever is returned, unless the size is refused: then nothing
///   was read. drop_ctx(ctx) runs after fn, or as soon as it is known that fn never runs: if it did
///   not end as the flags ask, when it completes, in the place of fn.
/// - Threads: if `a` is complete, fn runs inside this call, or is handed to the executor.
/// - Returns: ASYNCHRON_OK: it will run, or has run, unless the flags exclude how it ends; `*token`,
///   never 0, was written before that. ASYNCHRON_ALREADY: `a` is complete, and
///   ASYNCHRON_NOTIFY_IF_PENDING was given; ASYNCHRON_E_INVALID: a NULL, a size too small or over
///   4096, an unknown flag, or a field that this library does not know and that is not zero;
///   ASYNCHRON_E_NOMEM.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_notify_with(
    a: *mut asynchron_t,
    options: *const asynchron_notify_options_t,
    token: *mut u64,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for as many bytes as the size says.
        let Some(options::Read { options, unknown }) = (unsafe { options::read(options) }) else {
            return ASYNCHRON_E_INVALID;
        };
        let ctx = Owned { ptr: options.ctx, drop: drop_fn(options.drop_ctx) };
        if unknown || options.flags & !(ASYNCHRON_NOTIFY_IF_PENDING | ON_FLAGS) != 0 {
            return ASYNCHRON_E_INVALID;
        }
        // SAFETY: the caller vouches for the executor.
        let executor = unsafe { executor(options.executor) }.map(Counted::retain);
        // SAFETY: the caller vouches for the handle, and that the token may be written.
        unsafe { notify(a, options.r#fn, ctx, executor, options.flags, token) }
    })
}

/// Takes a callback back. If it is running on another thread, waits until it and its drop_ctx have
/// returned. Afterwards nobody uses ctx.
///
/// From inside the callback itself it does not wait, and answers as if it had run. If two threads
/// take the same one back at the same time, only one waits; the other is answered as if it had run.
/// A callback of a complete asynchron can be taken back as long as it has not begun.
///
/// - Needs: the token that asynchron_notify_with() wrote for this `a`.
/// - Threads: blocks while the callback runs on another thread. Two callbacks that take each other
///   back while both run would wait for ever: use asynchron_try_unnotify() there.
/// - Returns: ASYNCHRON_OK: it never ran and never will, and its drop_ctx has run;
///   ASYNCHRON_ALREADY: it has run, or there is none with this token; ASYNCHRON_E_INVALID: `a` is
///   NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_unnotify(a: *mut asynchron_t, token: u64) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    catch_panic(ASYNCHRON_E_INTERNAL, || unsafe { remove(a, token, true) })
}

/// As asynchron_unnotify(), but does not wait.
///
/// - Needs: the token that asynchron_notify_with() wrote for this `a`.
/// - Returns: as asynchron_unnotify(), and ASYNCHRON_PENDING: it is running on another thread, and
///   may still use ctx.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_try_unnotify(
    a: *mut asynchron_t,
    token: u64,
) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    catch_panic(ASYNCHRON_E_INTERNAL, || unsafe { remove(a, token, false) })
}

/// # Safety
/// `a` is NULL or a handle that lives as long as the call.
unsafe fn remove(a: *mut asynchron_t, token: u64, wait: bool) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    let Some(a) = (unsafe { handle(a) }) else {
        return ASYNCHRON_E_INVALID;
    };
    match removable::remove(a, token, wait) {
        Removal::Removed => ASYNCHRON_OK,
        Removal::TooLate => ASYNCHRON_ALREADY,
        Removal::Running => ASYNCHRON_PENDING,
    }
}

/// Inside a callback: runs here what is due on this thread, which would run after the callback:
/// callbacks of what has been completed in it, and drops. So what those use can be freed after this
/// call. Those whose turn was before come first. Outside of callbacks it does nothing.
///
/// - Threads: runs callbacks inside this call, and so on its stack.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub extern "C" fn asynchron_run_due() {
    catch_panic((), || {
        jobs::run_due();
    });
}
