//! Deliver
//!
//! Setting, failing and cancelling race, and exactly one of them wins: it returns ASYNCHRON_OK. The
//! others come too late, and return ASYNCHRON_ALREADY if a value or a failure won,
//! ASYNCHRON_CANCELLED if a cancel did.
//!
//! Anyone may deliver, also while a function is computing the value. First the completion becomes
//! visible. Then blocked threads and reports learn of it. Then its callbacks run, on this thread
//! and before the call returns. Inside a callback these calls return before the callbacks of what
//! they complete have run: those join the end of the queue of this thread. So do not free there
//! what those use. Hand it over with a drop (asynchron_notify_with() and asynchron_then() have
//! one), or take the callback back first.

use std::ffi::{c_char, c_void};
use std::ptr::{self, NonNull};
use std::slice;

use super::asynchron_status_t::{self, *};
use super::types::{asynchron_drop_fn_t, asynchron_t, drop_fn};
use super::{catch_panic, handle, status_of_lost, text};
use crate::base::memory::{Bytes, NoMemory};
use crate::base::program::Owned;
use crate::listen::follow::{FollowError, follow};
use crate::one::asynchron::Asynchron;
use crate::one::failure::Failure;
use crate::one::outcome::{Buffer, Outcome, Small};

/// Completes `a`, which must not be NULL for it; else, or if it came too late, frees the outcome.
///
/// # Safety
/// `a` is NULL, or ALIVE until it is PUBLISHED.
unsafe fn deliver(a: *mut asynchron_t, outcome: Outcome) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    unsafe { deliver_by(Asynchron::complete, a, outcome) }
}

/// The same in a way that may come too late otherwise.
///
/// # Safety
/// As for [`deliver`].
#[inline]
unsafe fn deliver_by(
    complete: unsafe fn(NonNull<Asynchron>, Outcome) -> Result<(), Outcome>,
    a: *mut asynchron_t,
    outcome: Outcome,
) -> asynchron_status_t {
    let Some(a) = NonNull::new(a.cast::<Asynchron>()) else {
        return ASYNCHRON_E_INVALID;
    };
    // SAFETY: as the caller promises.
    match unsafe { complete(a, outcome) } {
        Ok(()) => ASYNCHRON_OK,
        Err(outcome) => {
            // SAFETY: whoever comes too late holds a reference of its own.
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
    let delivered = if let Some(small) = Small::copy_of(bytes) {
        // SAFETY: as the caller promises.
        unsafe { Asynchron::complete_small(a, small) }
    // SAFETY: as the caller promises.
    } else if let Some(delivered) = unsafe { Asynchron::complete_in_room(a, bytes) } {
        delivered
    } else {
        match Bytes::copy_of(bytes) {
            // SAFETY: as the caller promises.
            Ok(bytes) => unsafe { Asynchron::complete_copy(a, bytes) },
            Err(NoMemory) => return ASYNCHRON_E_NOMEM,
        }
    };
    if delivered {
        ASYNCHRON_OK
    } else {
        // SAFETY: whoever comes too late holds a reference of its own.
        status_of_lost(unsafe { a.as_ref() })
    }
}

/// # Safety
/// As for [`deliver`]; `data` is readable for `N` bytes.
#[inline]
unsafe fn try_deliver<const N: usize>(a: NonNull<Asynchron>, data: *const c_void) -> bool {
    // SAFETY: as the caller promises; no alignment is asked for.
    let bytes = unsafe { data.cast::<[u8; N]>().read() };
    // SAFETY: as the caller promises.
    unsafe { Asynchron::try_complete_array(a, bytes) }
}

/// Delivers a copy of `len` bytes.
///
/// With room reserved by asynchron_create_with(), a copy of at most so many bytes lies there: that
/// allocates nothing. If several threads deliver such at once, one of them copies, without a lock,
/// and the others wait for that up to 10 ms; if it takes longer, as from a slow disk, they allocate.
/// A longer value is allocated, as without room.
///
/// - Needs: `data` readable for `len` bytes; `len` at most SIZE_MAX / 2. With `len` 0 the value is
///   empty, and `data` may be NULL.
/// - Ownership: `data` stays yours.
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
///   cancelled; ASYNCHRON_E_INVALID; ASYNCHRON_E_NOMEM: only with more than 16 bytes, and more
///   than were reserved, unless another thread has the room.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_set_bytes(
    a: *mut asynchron_t,
    data: *const c_void,
    len: usize,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        let Some(a) = NonNull::new(a.cast::<Asynchron>()).filter(|_| is_readable(data, len)) else {
            return ASYNCHRON_E_INVALID;
        };
        // What most values are, one word or two, without a call.
        let done = match len {
            // SAFETY: readable; the caller vouches for the handle.
            8 => unsafe { try_deliver::<8>(a, data) },
            // SAFETY: readable; the caller vouches for the handle.
            16 => unsafe { try_deliver::<16>(a, data) },
            _ => false,
        };
        if done {
            return ASYNCHRON_OK;
        }
        // SAFETY: readable, or empty; the caller vouches for the handle.
        unsafe { deliver_copy(a, data, len) }
    })
}

/// Delivers a pointer: the value is {ptr, 0}.
///
/// - Needs: any pointer, also NULL.
/// - Ownership: `ptr` is handed over; `drop`(ptr) frees it; with `drop` NULL nobody does.
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: delivered before; ASYNCHRON_CANCELLED: it was
///   cancelled; ASYNCHRON_E_INVALID: `a` is NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_set_pointer(
    a: *mut asynchron_t,
    ptr: *mut c_void,
    drop: asynchron_drop_fn_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        let owner = Owned { ptr, drop: drop_fn(drop) };
        // SAFETY: the caller vouches for the handle.
        unsafe { deliver(a, Outcome::Pointer(owner)) }
    })
}

/// Delivers `len` bytes without copying them.
///
/// - Needs: `data` readable for `len` bytes until `owner` is dropped; `len` at most SIZE_MAX / 2.
///   With `len` 0 the value is empty, and `data` may be NULL.
/// - Ownership: `owner`, any pointer, is handed over; `drop`(owner) frees it, and with it the
///   bytes. With `drop` NULL nobody does, as for a constant.
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
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
    catch_panic(ASYNCHRON_E_INTERNAL, || {
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
/// - Needs: any `code`, also 0; `message`, a string, or NULL for "".
/// - Ownership: the message is copied.
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
/// - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
///   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
///   only with a message. Then nothing is delivered: call it again with NULL, which needs no memory.
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

/// Delivers a failure with a domain, a message and a payload.
///
/// - Needs: any `code`, also 0; `domain`, which says whose code that is, and `message`, strings or
///   NULL for "".
/// - Ownership: both strings are copied. `payload` is handed over; `drop`(payload) frees it, with
///   the last asynchron that shares it by asynchron_then(); with `drop` NULL nobody does.
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
/// - Returns: ASYNCHRON_OK: it has failed; ASYNCHRON_ALREADY: delivered before;
///   ASYNCHRON_CANCELLED: it was cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM:
///   only with a string or a payload. Then nothing is delivered, and the payload is freed:
///   asynchron_fail() with NULL needs no memory.
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
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        let payload = Owned { ptr: payload, drop: drop_fn(drop) };
        if a.is_null() {
            return ASYNCHRON_E_INVALID;
        }
        // SAFETY: the caller vouches for the texts.
        let domain = unsafe { text(domain) };
        // SAFETY: the caller vouches for the texts.
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

/// Cancels: a completion like any other, which wakes everyone who waits. A function that is
/// computing the value is not interrupted. It can notice the cancel by asynchron_poll(); what it
/// delivers is dropped. Cancelling what asynchron_then() returned does not cancel its
/// source.
///
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
/// - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was cancelled before;
///   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_cancel(a: *mut asynchron_t) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    catch_panic(ASYNCHRON_E_INTERNAL, || unsafe { deliver(a, Outcome::Cancelled) })
}

/// As asynchron_cancel(), with a reason, which asynchron_error() gives as the message.
///
/// - Needs: `reason`, a string, or NULL for "".
/// - Ownership: the reason is copied.
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
/// - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was cancelled before;
///   ASYNCHRON_ALREADY: too late, it has been delivered; ASYNCHRON_E_INVALID: `a` is NULL;
///   ASYNCHRON_E_NOMEM: only with a reason.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_cancel_with(
    a: *mut asynchron_t,
    reason: *const c_char,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle and the text.
        unsafe { cancel_for(a, reason, Asynchron::complete) }
    })
}

/// As asynchron_cancel_with(), unless a function is running that computes it, or asynchron_start()
/// said so: what has begun goes on, and is delivered.
///
/// - Needs: `reason`, a string, or NULL for "".
/// - Ownership: the reason is copied.
/// - Threads: inside a callback, it returns before the callbacks of `a` have run. Do not free what
///   those use: hand it over with a drop, or take the callback back first.
/// - Returns: ASYNCHRON_OK: cancelled now; ASYNCHRON_CANCELLED: it was cancelled before;
///   ASYNCHRON_ALREADY: too late, it is RUNNING or has been delivered; ASYNCHRON_E_INVALID: `a` is
///   NULL; ASYNCHRON_E_NOMEM: only with a reason.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_cancel_pending(
    a: *mut asynchron_t,
    reason: *const c_char,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle and the text.
        unsafe { cancel_for(a, reason, Asynchron::complete_pending) }
    })
}

/// Has `into` complete as `source` does: with its value, its whole error, or its cancel with the
/// reason; at once, if `source` is complete. Nothing is copied: `into` shares the outcome.
///
/// Until then anyone may still deliver or cancel `into`, which wins. It may follow several, and
/// completes as the first of them does. Nothing is left then on the others. Cancelling `into` does
/// not cancel `source`. A function on demand is not started.
///
/// Inside the function that computes `into` this counts as having delivered: what the function
/// returns is ignored, and `into` stays RUNNING until `source` is complete.
///
/// When `source` completes, all that follow it do, and all that follow those, before any callback
/// runs: those of `source` first, then those of `into`.
///
/// - Needs: two different handles.
/// - Ownership: `into` is kept until it is complete; a pending `source` is not: when its last
///   handle goes, it fails as broken, and so does `into`. What several share stays where it was
///   delivered, and is kept until the last of them goes; those between are not kept. If two follow
///   each other, neither is freed until somebody delivers one of them, which completes both.
/// - Threads: if `source` is complete, callbacks of `into` run as with
///   asynchron_set_bytes().
/// - Returns: ASYNCHRON_OK: so it will end, or has; ASYNCHRON_ALREADY, ASYNCHRON_CANCELLED: `into`
///   was complete before, and nothing has changed; ASYNCHRON_E_INVALID: a NULL, or the same one
///   twice; ASYNCHRON_E_NOMEM: nothing has changed.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_follow(
    into: *mut asynchron_t,
    source: *mut asynchron_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for both handles.
        let (into, source) = (unsafe { handle(into) }, unsafe { handle(source) });
        let (Some(into), Some(source)) = (into, source) else {
            return ASYNCHRON_E_INVALID;
        };
        if ptr::eq(into, source) {
            return ASYNCHRON_E_INVALID;
        }
        match follow(into, source) {
            Ok(()) => ASYNCHRON_OK,
            Err(FollowError::Late) => status_of_lost(into),
            Err(FollowError::NoMemory) => ASYNCHRON_E_NOMEM,
        }
    })
}

/// Cancels for a reason, in a way that may come too late.
///
/// # Safety
/// `a` is NULL or a handle that lives until it is complete, `reason` is NULL or a C string.
unsafe fn cancel_for(
    a: *mut asynchron_t,
    reason: *const c_char,
    complete: unsafe fn(NonNull<Asynchron>, Outcome) -> Result<(), Outcome>,
) -> asynchron_status_t {
    if a.is_null() {
        return ASYNCHRON_E_INVALID;
    }
    // SAFETY: as the caller promises.
    let reason = unsafe { text(reason) };
    let outcome = if reason.is_empty() {
        Ok(Outcome::Cancelled)
    } else {
        Failure::new(0, c"", reason, Owned::NOTHING).map(Outcome::CancelledBecause)
    };
    match outcome {
        // SAFETY: as the caller promises.
        Ok(outcome) => unsafe { deliver_by(complete, a, outcome) },
        Err(NoMemory) => ASYNCHRON_E_NOMEM,
    }
}

/// Whether `len` bytes may be there at all.
fn is_readable(data: *const c_void, len: usize) -> bool {
    len == 0 || (!data.is_null() && len <= usize::MAX / 2)
}
