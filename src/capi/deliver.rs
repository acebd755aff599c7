//! Deliver
//!
//! Setting, failing and cancelling race; exactly one wins and is answered with ASYNCHRON_OK. The
//! others learn that they came too late: ASYNCHRON_ALREADY where it was delivered,
//! ASYNCHRON_CANCELLED where it was cancelled, the same for a setter and for a cancel.
//!
//! Anyone may deliver, also one that is RUNNING. A completion is visible first; then blocked
//! threads and reports learn of it; then callbacks run, on this thread and before the call returns,
//! unless it is inside a callback already: then they join the end of what is due on it.

use std::ffi::{c_char, c_void};
use std::ptr::NonNull;
use std::slice;

use super::asynchron_status_t::{self, *};
use super::types::{asynchron_drop_fn_t, asynchron_t, drop_fn};
use super::{guard, status_of_lost, text};
use crate::core::cell::Asynchron;
use crate::core::failure::Failure;
use crate::core::memory::{Bytes, NoMemory};
use crate::core::outcome::{Buffer, Outcome, Slot};
use crate::core::user::Owned;

/// Completes `a`, which must not be NULL for it; else, or if it came too late, frees the outcome.
///
/// # Safety
/// `a` is NULL or a handle that lives until it is complete.
unsafe fn deliver(a: *mut asynchron_t, outcome: Outcome) -> asynchron_status_t {
    let Some(a) = NonNull::new(a.cast::<Asynchron>()) else {
        return ASYNCHRON_E_INVALID;
    };
    // SAFETY: the caller vouches for the handle.
    match unsafe { Asynchron::complete(a, outcome) } {
        Ok(()) => ASYNCHRON_OK,
        Err(outcome) => {
            // SAFETY: who comes too late holds a reference of its own.
            let status = status_of_lost(unsafe { a.as_ref() });
            drop(outcome);
            status
        }
    }
}

/// # Safety
/// As for [`deliver`]; `data` is NULL only if `len` is 0, and else readable for `len` bytes.
#[inline(never)]
unsafe fn deliver_copy(
    a: NonNull<Asynchron>,
    data: *const c_void,
    len: usize,
) -> asynchron_status_t {
    let bytes = if len == 0 {
        &[]
    } else {
        // SAFETY: as the caller promises.
        unsafe { slice::from_raw_parts(data.cast::<u8>(), len) }
    };
    let delivered = if len <= Slot::INSIDE {
        // SAFETY: as the caller promises.
        unsafe { Asynchron::complete_small(a, bytes) }
    } else {
        match Bytes::copy_of(bytes) {
            // SAFETY: as the caller promises.
            Ok(bytes) => unsafe { Asynchron::complete_copy(a, bytes) }.is_ok(),
            Err(NoMemory) => return ASYNCHRON_E_NOMEM,
        }
    };
    if delivered {
        ASYNCHRON_OK
    } else {
        // SAFETY: who comes too late holds a reference of its own.
        status_of_lost(unsafe { a.as_ref() })
    }
}

/// # Safety
/// As for [`deliver`]; `data` is readable for `N` bytes.
#[inline]
unsafe fn try_deliver<const N: usize>(a: NonNull<Asynchron>, data: *const c_void) -> bool {
    // SAFETY: as the caller promises.
    let bytes = unsafe { &*data.cast::<[u8; N]>() };
    // SAFETY: as above.
    unsafe { Asynchron::try_complete_small(a, bytes) }
}

/// Delivers a copy of `len` bytes.
///
/// - Needs: `data` readable for `len` bytes; it may be NULL if `len` is 0, which is the empty
///   value. `len` at most SIZE_MAX / 2.
/// - Ownership: `data` stays yours.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
///   cancelled; ASYNCHRON_E_INVALID; ASYNCHRON_E_NOMEM: over 16 bytes only.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_set_bytes(
    a: *mut asynchron_t,
    data: *const c_void,
    len: usize,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        let Some(a) = NonNull::new(a.cast::<Asynchron>()).filter(|_| is_readable(data, len)) else {
            return ASYNCHRON_E_INVALID;
        };
        // What most values are, one word or two, without a call.
        let done = match len {
            // SAFETY: readable; the caller vouches for the handle.
            8 => unsafe { try_deliver::<8>(a, data) },
            // SAFETY: as above.
            16 => unsafe { try_deliver::<16>(a, data) },
            _ => false,
        };
        if done {
            return ASYNCHRON_OK;
        }
        // SAFETY: as above.
        unsafe { deliver_copy(a, data, len) }
    })
}

/// Delivers a pointer: the value is {ptr, 0}.
///
/// - Needs: any pointer, NULL too.
/// - Ownership: `ptr` is handed over; `drop`(ptr) frees it; `drop` NULL: nobody does.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
///   cancelled; ASYNCHRON_E_INVALID: `a` is NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_set_pointer(
    a: *mut asynchron_t,
    ptr: *mut c_void,
    drop: asynchron_drop_fn_t,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        let owner = Owned { ptr, drop: drop_fn(drop) };
        // SAFETY: the caller vouches for the handle.
        unsafe { deliver(a, Outcome::Buffer(Buffer { data: ptr, len: 0, owner })) }
    })
}

/// Delivers `len` bytes without copying them.
///
/// - Needs: `data` readable for `len` bytes until `owner` is dropped; it may be NULL if `len` is 0,
///   which is the empty value. `len` at most SIZE_MAX / 2.
/// - Ownership: `owner`, whatever it is, is handed over; `drop`(owner) frees it, and with it the
///   bytes; `drop` NULL: the library never does, as for a constant.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
///   cancelled; ASYNCHRON_E_INVALID.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_set_buffer(
    a: *mut asynchron_t,
    data: *const c_void,
    len: usize,
    owner: *mut c_void,
    drop: asynchron_drop_fn_t,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        let owner = Owned { ptr: owner, drop: drop_fn(drop) };
        if !is_readable(data, len) {
            return ASYNCHRON_E_INVALID;
        }
        let data = if len == 0 { std::ptr::null() } else { data };
        // SAFETY: the caller vouches for the handle.
        unsafe { deliver(a, Outcome::Buffer(Buffer { data, len, owner })) }
    })
}

/// Delivers a failure.
///
/// - Needs: any `code`, 0 too; `message` a string, or NULL for "".
/// - Ownership: the message is copied.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
///   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
///   only with a message.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_fail(
    a: *mut asynchron_t,
    code: i32,
    message: *const c_char,
) -> asynchron_status_t {
    // SAFETY: the same needs.
    unsafe { asynchron_fail_with(a, code, std::ptr::null(), message, std::ptr::null_mut(), None) }
}

/// Delivers a failure with all that can be said of it.
///
/// - Needs: any `code`, 0 too; `domain`, which says whose code that is, and `message`: strings, or
///   NULL for "".
/// - Ownership: both strings are copied; `payload` is handed over; `drop`(payload) frees it, with
///   the last asynchron that shares it by asynchron_then(); `drop` NULL: nobody does.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
///   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
///   only with a string or a payload.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_fail_with(
    a: *mut asynchron_t,
    code: i32,
    domain: *const c_char,
    message: *const c_char,
    payload: *mut c_void,
    drop: asynchron_drop_fn_t,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        let payload = Owned { ptr: payload, drop: drop_fn(drop) };
        if a.is_null() {
            return ASYNCHRON_E_INVALID;
        }
        // SAFETY: the caller vouches for the texts.
        let domain = unsafe { text(domain) };
        // SAFETY: as above.
        let message = unsafe { text(message) };
        let bare = payload.ptr.is_null() && payload.drop.is_none();
        let outcome = if bare && domain.is_empty() && message.is_empty() {
            Ok(Outcome::Code(code))
        } else {
            Failure::new(code, domain, message, payload).map(Outcome::Failure)
        };
        match outcome {
            // SAFETY: the caller vouches for the handle.
            Ok(outcome) => unsafe { deliver(a, outcome) },
            Err(NoMemory) => ASYNCHRON_E_NOMEM,
        }
    })
}

/// Cancels: a completion like any other, by which every kind of waiter wakes. A function that is
/// computing the value goes on, can see it with asynchron_poll(), and what it delivers is dropped.
///
/// - Needs: `a` a handle.
/// - Ownership: `a` stays yours.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was already;
///   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_cancel(a: *mut asynchron_t) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    guard(ASYNCHRON_E_INTERNAL, || unsafe { deliver(a, Outcome::Cancelled) })
}

/// Cancels, and says why: asynchron_error() gives the reason as its message.
///
/// - Needs: `reason` a string, or NULL for "".
/// - Ownership: the reason is copied.
/// - Threads: any, any callback; does not block.
/// - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was already;
///   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL;
///   ASYNCHRON_E_NOMEM: only with a reason.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_cancel_with(
    a: *mut asynchron_t,
    reason: *const c_char,
) -> asynchron_status_t {
    guard(ASYNCHRON_E_INTERNAL, || {
        if a.is_null() {
            return ASYNCHRON_E_INVALID;
        }
        // SAFETY: the caller vouches for the text.
        let reason = unsafe { text(reason) };
        let outcome = if reason.is_empty() {
            Ok(Outcome::Cancelled)
        } else {
            Failure::new(0, c"", reason, Owned::NOTHING).map(Outcome::CancelledBecause)
        };
        match outcome {
            // SAFETY: the caller vouches for the handle.
            Ok(outcome) => unsafe { deliver(a, outcome) },
            Err(NoMemory) => ASYNCHRON_E_NOMEM,
        }
    })
}

/// Whether `len` bytes may be there at all.
fn is_readable(data: *const c_void, len: usize) -> bool {
    len == 0 || (!data.is_null() && len <= usize::MAX / 2)
}
