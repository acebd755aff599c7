//! Promises
//!
//! The producers' share in an asynchron. Give each thread, request or device that is to deliver a
//! promise of its own: if all of them give theirs up without having delivered, as on an error path
//! that was forgotten, the asynchron fails, and nobody waits for ever.

use std::ptr::{self, NonNull};

use super::types::{asynchron_promise_t, asynchron_t};
use super::{catch_panic, handle};
use crate::one::promises::Promises;

/// A promise as it came in.
///
/// # Safety
/// NULL, or a promise that lives as long as the call.
unsafe fn promise<'a>(p: *const asynchron_promise_t) -> Option<&'a Promises> {
    // SAFETY: a pointer to a promise is one to its `Promises`; the caller vouches for this one.
    unsafe { p.cast::<Promises>().as_ref() }
}

/// A flag of asynchron_promise_create(): as soon as nobody wants the value any more, it is cancelled.
pub const ASYNCHRON_PROMISE_CANCEL_UNWANTED: u64 = 1;

/// Makes one more promise of `a`. All promises of one asynchron count towards the same number. When
/// the last one goes before `a` is complete, `a` fails: domain "asynchron", code ASYNCHRON_E_BROKEN,
/// a message that has its name. It does not fail while the library itself will deliver: while a
/// function of asynchron_call(), asynchron_spawn() or on demand is queued, running or waiting to be
/// asked for, and while asynchron_then() or asynchron_after() deliver into it.
///
/// An asynchron that never had a promise does not need one. A promise of a complete one is legal,
/// and means nothing.
///
/// With ASYNCHRON_PROMISE_CANCEL_UNWANTED, on any of its promises and from then on, `a` is cancelled
/// with the reason "unwanted" as soon as nobody but promises holds it, no thread waits for it, and
/// nothing is registered on it: no callback, no asynchron_then() or asynchron_after(), no report,
/// none of asynchron_all(), asynchron_any() and asynchron_race(), and nothing that follows it. A
/// callback with ASYNCHRON_ON_CANCEL alone does not count: by that a producer learns of the cancel,
/// or by asynchron_poll(). If nobody wants it already, it is cancelled at once. References that the
/// library holds for functions and steps that deliver into `a` count as promises do. A producer that
/// retains `a` keeps it wanted: use the handle of asynchron_promise_asynchron(). A wait whose timing
/// out makes it unwanted returns ASYNCHRON_TIMEOUT.
///
/// - Needs: `flags`, 0 or ASYNCHRON_PROMISE_CANCEL_UNWANTED.
/// - Ownership: the promise is yours: asynchron_promise_release() it. It keeps `a`; `a` stays yours,
///   and may be released. Do not let `a` own it, as by its user data: they would keep each other.
/// - Returns: the promise; NULL if `a` is NULL, for an unknown flag, or if there is no memory. Only
///   the first one of an asynchron needs memory.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_promise_create(
    a: *mut asynchron_t,
    flags: u64,
) -> *mut asynchron_promise_t {
    catch_panic(ptr::null_mut(), || {
        // SAFETY: the caller vouches for the handle.
        let a = unsafe { handle(a) };
        let Some(a) = a.filter(|_| flags & !ASYNCHRON_PROMISE_CANCEL_UNWANTED == 0) else {
            return ptr::null_mut();
        };
        let Ok(promise) = a.promise() else {
            return ptr::null_mut();
        };
        if flags & ASYNCHRON_PROMISE_CANCEL_UNWANTED != 0 {
            a.mind();
        }
        promise.as_ptr().cast()
    })
}

/// Takes one more promise of the same asynchron.
///
/// - Needs: `p`, a promise of yours, or NULL.
/// - Ownership: the new one is yours: asynchron_promise_release() it, too.
/// - Returns: `p`; NULL for NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_promise_retain(
    p: *mut asynchron_promise_t,
) -> *mut asynchron_promise_t {
    // SAFETY: the caller vouches for the promise.
    if let Some(p) = unsafe { promise(p) } {
        p.retain();
    }
    p
}

/// Gives up one promise. Deliver first: the last one fails an incomplete asynchron, whose waiters
/// wake and whose callbacks run, here or as after any delivery.
///
/// - Needs: `p`, a promise of yours, or NULL, which is ignored.
/// - Ownership: the promise is gone, and what asynchron_promise_asynchron() gave of it: do not use
///   them again.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_promise_release(p: *mut asynchron_promise_t) {
    catch_panic((), || {
        if let Some(p) = NonNull::new(p) {
            // SAFETY: the caller gives up its promise.
            unsafe { Promises::release(p.cast()) };
        }
    });
}

/// The asynchron that was promised, to deliver into.
///
/// - Needs: `p`, a promise of yours, or NULL.
/// - Ownership: borrowed: valid until you give `p` up. asynchron_retain() it to keep it longer.
/// - Returns: the asynchron; NULL for NULL.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_promise_asynchron(
    p: *const asynchron_promise_t,
) -> *mut asynchron_t {
    // SAFETY: the caller vouches for the promise.
    unsafe { promise(p) }.map_or(ptr::null_mut(), |p| p.asynchron().as_ptr().cast())
}
