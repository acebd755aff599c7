//! Collect
//!
//! Any number of threads may wait for one asynchron, before or after it is complete; once it is, no
//! call blocks. A call that saw it complete also sees every write made before the delivery.
//! Timeouts are relative, in nanoseconds, by the monotonic clock. ASYNCHRON_FOREVER never runs out,
//! 0 does not wait, and what is complete is never answered as timed out. A signal does not end a
//! wait.
//!
//! Inside a callback, a wait that would block first runs what is due on its thread. A thread that
//! waits for the asynchron whose function it is in, at any depth and with any timeout, gets
//! ASYNCHRON_E_DEADLOCK. Waiting for oneself by way of others, or through a report, is not
//! detected.

use std::ffi::c_void;

use super::asynchron_status_t::{self, *};
use super::types::{ASYNCHRON_FOREVER, asynchron_error_t, asynchron_t, asynchron_value_t};
use super::{asynchron_release, catch_panic, handle, status_of_outcome, status_of_wait_error};
use crate::compute;
use crate::one::asynchron::Asynchron;
use crate::one::form::Form;
use crate::one::outcome::Slot;
use crate::one::take::TakeError;

/// Blocks until `a` is complete; its value, or how it ended without one.
#[inline]
fn wait_for_value(
    a: &Asynchron,
    timeout_ns: u64,
) -> Result<(*const c_void, usize), asynchron_status_t> {
    compute::compute_or_wait(a, timeout_ns).map_err(status_of_wait_error)?;
    value(a.outcome()).unwrap_or(Err(ASYNCHRON_E_INTERNAL))
}

/// The same if it is complete already, and nothing else is to be done.
#[inline]
fn value_at_once(a: &Asynchron) -> Option<Result<(*const c_void, usize), asynchron_status_t>> {
    value(a.outcome_at_once())
}

#[inline]
fn value(
    outcome: Option<(&Slot, Form)>,
) -> Option<Result<(*const c_void, usize), asynchron_status_t>> {
    let (slot, form) = outcome?;
    // SAFETY: PUBLISHED: the slot holds what the form says.
    Some(unsafe { slot.value(form) }.ok_or_else(|| status_of_outcome(form)))
}

/// # Safety
/// `a` is NULL or a handle that lives as long as the call; `out` is NULL or may be written.
#[inline]
unsafe fn get(
    a: *mut asynchron_t,
    timeout_ns: u64,
    out: *mut asynchron_value_t,
) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    let Some(a) = (unsafe { handle(a) }) else {
        return ASYNCHRON_E_INVALID;
    };
    match value_at_once(a) {
        // SAFETY: as the caller promises.
        Some(value) => unsafe { give(value, out) },
        // SAFETY: as the caller promises.
        None => unsafe { wait_and_get(a, timeout_ns, out) },
    }
}

/// # Safety
/// As for [`get`].
#[inline(never)]
unsafe fn wait_and_get(
    a: &Asynchron,
    timeout_ns: u64,
    out: *mut asynchron_value_t,
) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    unsafe { give(wait_for_value(a, timeout_ns), out) }
}

/// # Safety
/// As for [`get`].
#[inline]
unsafe fn give(
    value: Result<(*const c_void, usize), asynchron_status_t>,
    out: *mut asynchron_value_t,
) -> asynchron_status_t {
    match value {
        Ok((data, len)) => {
            if !out.is_null() {
                // SAFETY: as the caller promises.
                unsafe { *out = asynchron_value_t { data, len } };
            }
            ASYNCHRON_OK
        }
        Err(status) => status,
    }
}

/// Waits until it is complete, and borrows its value.
///
/// - Needs: `out` writable, or NULL if the value is not needed.
/// - Ownership: `*out` is borrowed: valid while you hold the handle.
/// - Threads: blocks. The first to ask an asynchron that has a function on demand runs that
///   function.
/// - Returns: ASYNCHRON_OK: `*out` is written; ASYNCHRON_FAILED and ASYNCHRON_CANCELLED:
///   asynchron_error() says why; ASYNCHRON_E_DEADLOCK; ASYNCHRON_E_INVALID: `a` is NULL.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_get(
    a: *mut asynchron_t,
    out: *mut asynchron_value_t,
) -> asynchron_status_t {
    // SAFETY: the same needs.
    catch_panic(ASYNCHRON_E_INTERNAL, || unsafe { get(a, ASYNCHRON_FOREVER, out) })
}

/// As asynchron_get(), but waits for at most `timeout_ns` nanoseconds.
///
/// - Needs: `out` writable, or NULL if the value is not needed.
/// - Ownership: `*out` is borrowed: valid while you hold the handle.
/// - Threads: blocks, but not with a timeout of 0. The first to ask an asynchron that has a
///   function on demand runs that function to its end, unless the timeout is 0.
/// - Returns: as asynchron_get(), and ASYNCHRON_TIMEOUT: not complete yet; nothing has changed, and
///   you may ask again.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_get_timeout(
    a: *mut asynchron_t,
    timeout_ns: u64,
    out: *mut asynchron_value_t,
) -> asynchron_status_t {
    // SAFETY: the same needs.
    catch_panic(ASYNCHRON_E_INTERNAL, || unsafe { get(a, timeout_ns, out) })
}

/// Waits until it is complete, and copies its value.
///
/// - Needs: `buf` writable for `cap` bytes, and never NULL, also with a `cap` of 0; `len` writable,
///   or NULL. To ask how long the value is, give a `cap` of 0: the call sets `*len` and returns
///   ASYNCHRON_E_INVALID, or ASYNCHRON_OK if the value is empty.
/// - Ownership: the copy is yours. A value set by asynchron_set_pointer() has 0 bytes.
/// - Threads: blocks. The first to ask an asynchron that has a function on demand runs that
///   function.
/// - Returns: ASYNCHRON_OK: `*len` bytes were copied; ASYNCHRON_E_INVALID: a NULL, or `cap` is too
///   small: then `*len` is what the value needs, and `buf` is unchanged; ASYNCHRON_FAILED and
///   ASYNCHRON_CANCELLED: asynchron_error() says why; ASYNCHRON_E_DEADLOCK. A value shorter than
///   `cap` is ASYNCHRON_OK, too, also an empty one, as of a function that returned 0 without
///   delivering: the rest of `buf` is unchanged. If you do not know the length, look at `*len`.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_get_bytes(
    a: *mut asynchron_t,
    buf: *mut c_void,
    cap: usize,
    len: *mut usize,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let Some(a) = (unsafe { handle(a) }).filter(|_| !buf.is_null()) else {
            return ASYNCHRON_E_INVALID;
        };
        let (data, needed) =
            match value_at_once(a).unwrap_or_else(|| wait_for_value(a, ASYNCHRON_FOREVER)) {
                Ok(value) => value,
                Err(status) => return status,
            };
        if !len.is_null() {
            // SAFETY: the caller vouches that it may be written.
            unsafe { *len = needed };
        }
        if needed > cap {
            return ASYNCHRON_E_INVALID;
        }
        if needed > 0 {
            // SAFETY: the value has `needed` bytes, and the caller vouches for `cap` of its own.
            // The caller's could be the value itself, so they may overlap.
            unsafe { buf.cast::<u8>().copy_from(data.cast(), needed) };
        }
        ASYNCHRON_OK
    })
}

/// Waits until it is complete, however it ends.
///
/// - Threads: blocks, but not with a timeout of 0. The first to ask an asynchron that has a
///   function on demand runs that function to its end, unless the timeout is 0.
/// - Returns: ASYNCHRON_OK: complete, perhaps failed or cancelled; ASYNCHRON_TIMEOUT;
///   ASYNCHRON_E_DEADLOCK; ASYNCHRON_E_INVALID: `a` is NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_wait(
    a: *mut asynchron_t,
    timeout_ns: u64,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let Some(a) = (unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        match compute::compute_or_wait(a, timeout_ns) {
            Ok(_) => ASYNCHRON_OK,
            Err(error) => status_of_wait_error(error),
        }
    })
}

/// Borrows the error of a failed one, or the reason of a cancelled one. Anyone may ask, any number
/// of times.
///
/// - Needs: `out` writable.
/// - Ownership: all of `*out` is borrowed: valid while you hold the handle.
/// - Returns: ASYNCHRON_OK: `*out` is written; ASYNCHRON_PENDING: not complete;
///   ASYNCHRON_E_INVALID: a NULL, or there is a value.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_error(
    a: *mut asynchron_t,
    out: *mut asynchron_error_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let Some(a) = (unsafe { handle(a) }).filter(|_| !out.is_null()) else {
            return ASYNCHRON_E_INVALID;
        };
        let Some((slot, form)) = a.outcome() else {
            return ASYNCHRON_PENDING;
        };
        // SAFETY: PUBLISHED: the slot holds what the form says.
        let Some(error) = (unsafe { slot.error(form) }) else {
            return ASYNCHRON_E_INVALID;
        };
        // SAFETY: not NULL; the caller vouches that it may be written.
        unsafe {
            *out = asynchron_error_t {
                code: error.code,
                domain: error.domain,
                message: error.message,
                payload: error.payload,
            };
        }
        ASYNCHRON_OK
    })
}

/// Takes a pointer out again that asynchron_set_pointer() has delivered, with the last handle: for
/// a value that is to be changed, or to be kept for longer than its asynchron.
///
/// - Needs: the only handle: references that the library holds count as others, so ALREADY may pass.
/// - Ownership: with ASYNCHRON_OK `*ptr` is yours, its drop does not run, and your reference to `a`
///   is gone. Otherwise nothing has changed.
/// - Threads: does not start a function on demand.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: others hold it, too; ASYNCHRON_PENDING: not complete;
///   ASYNCHRON_FAILED, ASYNCHRON_CANCELLED: there is no value; ASYNCHRON_E_INVALID: a NULL, or
///   another kind of value.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_take(
    a: *mut asynchron_t,
    ptr: *mut *mut c_void,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let (Some(one), false) = (unsafe { handle(a) }, ptr.is_null()) else {
            return ASYNCHRON_E_INVALID;
        };
        match one.take_pointer() {
            Ok(taken) => {
                // SAFETY: the caller vouches for the room.
                unsafe { ptr.write(taken) };
                // SAFETY: the caller gives up its reference.
                unsafe { asynchron_release(a) };
                ASYNCHRON_OK
            }
            Err(TakeError::Incomplete) => ASYNCHRON_PENDING,
            Err(TakeError::NoValue(form)) => status_of_outcome(form),
            Err(TakeError::NoPointer) => ASYNCHRON_E_INVALID,
            Err(TakeError::Shared) => ASYNCHRON_ALREADY,
        }
    })
}
