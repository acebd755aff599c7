//! Progress
//!
//! How far the work on an asynchron is: two numbers, for whoever shows it. They are written
//! together and read together, from any threads at once: nobody ever reads one of each. None of
//! these calls wakes anybody, so whoever shows progress looks now and then, as between two waits with
//! a timeout.

use super::asynchron_status_t::{self, *};
use super::types::asynchron_t;
use super::{catch_panic, handle, status_of_lost};
use crate::one::progress::{NoProgress, Pair};

/// Says how far the work is. What it means is yours: bytes, files, rounds. The last call wins.
///
/// - Needs: any numbers. A total of 0 means that it is not known.
/// - Threads: several may call it at once, and none waits for what another does. It may be called
///   often: only the first call for an asynchron needs memory.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: it is complete; ASYNCHRON_CANCELLED: it was
///   cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM. Unless it is ASYNCHRON_OK, the
///   progress stays as it was.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_progress(
    a: *mut asynchron_t,
    done: u64,
    total: u64,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let Some(a) = (unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        match a.set_progress(Pair { done, total }) {
            Ok(()) => ASYNCHRON_OK,
            Err(NoProgress::Complete) => status_of_lost(a),
            Err(NoProgress::NoMemory) => ASYNCHRON_E_NOMEM,
        }
    })
}

/// The two numbers of the last asynchron_progress(). They stay after the completion, and do not
/// change any more then.
///
/// - Needs: `done` and `total` writable.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_END: none was ever set, and nothing is written;
///   ASYNCHRON_E_INVALID: a NULL.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_progress_of(
    a: *const asynchron_t,
    done: *mut u64,
    total: *mut u64,
) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    let Some(a) = (unsafe { handle(a) }) else {
        return ASYNCHRON_E_INVALID;
    };
    if done.is_null() || total.is_null() {
        return ASYNCHRON_E_INVALID;
    }
    let Some(pair) = a.progress() else {
        return ASYNCHRON_END;
    };
    // SAFETY: not NULL; the caller vouches that it may be written.
    unsafe { *done = pair.done };
    // SAFETY: not NULL; the caller vouches that it may be written.
    unsafe { *total = pair.total };
    ASYNCHRON_OK
}
