//! Time
//!
//! A deadline fails an asynchron that is not complete by then; a timer completes by itself. One
//! background thread serves all of them. It is started on first use, and ends when nothing has been
//! armed for a second. While a callback runs on it, another one serves.
//!
//! Times are those of a clock that nobody sets and that stands still while the system is suspended.
//! Nothing happens before its time. On an idle machine it happens well within a millisecond after
//! that.
//!
//! Arming and disarming take the same time however many are armed, and never wait for what happens
//! on that thread. An armed deadline takes 64 bytes.
//!
//! In the child of a fork, what was armed before is armed there, too. The thread that serves it is
//! started by the first of the child's calls that arms something, waits, or asks for the state
//! (asynchron_poll(), asynchron_state()): a child that calls none of these, such as one that becomes
//! another program, gets no thread.

use super::asynchron_status_t::{self, *};
use super::types::asynchron_t;
use super::{catch_panic, handle, status_of_lost};
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::time::{self, TimeError};

/// Has it fail once that time is over, unless it is complete by then: with the domain "asynchron"
/// and the code ASYNCHRON_TIMEOUT.
///
/// It has one deadline at most: a later call replaces it, ASYNCHRON_FOREVER takes it back, and 0
/// lets it expire now. Whatever completes it disarms the deadline.
///
/// The deadline does not keep the asynchron, and nobody waits for it: if the last reference goes
/// before, it is disarmed, and that alone is no ASYNCHRON_E_BROKEN.
///
/// What computes the value is not stopped: it can see what happened with asynchron_poll().
///
/// - Needs: `a`, a handle; any timeout, in nanoseconds.
/// - Threads: callbacks run on the thread that serves deadlines, or on this one if the timeout
///   is 0.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_ALREADY: it is complete; ASYNCHRON_CANCELLED: it was
///   cancelled; ASYNCHRON_E_INVALID: `a` is NULL; ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no thread
///   can be had. Unless it is ASYNCHRON_OK, the deadline that it has stays.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_expire_after(
    a: *mut asynchron_t,
    timeout_ns: u64,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the handle.
        let Some(a) = (unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        status_of_armed(a, time::expire_after(a, timeout_ns))
    })
}

pub(super) fn status_of_armed(a: &Asynchron, armed: Result<(), TimeError>) -> asynchron_status_t {
    match armed {
        Ok(()) => ASYNCHRON_OK,
        Err(TimeError::Complete) => status_of_lost(a),
        Err(TimeError::NoMemory) => ASYNCHRON_E_NOMEM,
        Err(TimeError::NoThread) => ASYNCHRON_E_SYSTEM,
    }
}

/// Makes an asynchron that completes with the empty value once that time is over.
///
/// It is an asynchron like any other: it can be waited for, cancelled, delivered, put in a report,
/// given a callback, or be the source of asynchron_then(). asynchron_expire_after() gives it a
/// deadline beside its time.
///
/// - Needs: any timeout, in nanoseconds. With 0 it is complete on return, and with
///   ASYNCHRON_FOREVER it never completes by itself.
/// - Ownership: the reference returned is yours: asynchron_release() it. Until it completes, it is
///   kept all the same, and what is registered on it will run; unless its time is
///   ASYNCHRON_FOREVER.
/// - Returns: the handle; NULL if there is no memory, or no thread can be had.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_timer(timeout_ns: u64) -> *mut asynchron_t {
    catch_panic(std::ptr::null_mut(), || {
        time::timer(timeout_ns).map_or(std::ptr::null_mut(), Handle::into_raw).cast()
    })
}
