//! Time: deadlines, by which an asynchron fails, and timers, which complete with the empty value.
//!
//! Each that is armed is a [`node`] in two places: in the list of those that listen to its asynchron, so that whoever
//! completes that takes it off and disarms it; and in the [`wheel`], where one thread finds it when its time has come
//! ([`serve`]). The [`clock`] is what they share: the wheel under a lock, and who serves.

mod clock;
#[cfg(not(loom))]
mod fork;
mod node;
mod serve;
mod spares;
mod wheel;

use self::clock::Clock;
#[cfg(not(loom))]
pub(crate) use self::fork::look_after_fork;
#[cfg(loom)]
pub use self::serve::serve_all;
use crate::base::memory::NoMemory;
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::outcome::Outcome;
use crate::sys;

/// A model does not fork.
#[cfg(loom)]
pub(crate) fn look_after_fork() {}

/// Why nothing was armed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TimeError {
    Complete,
    NoMemory,
    NoThread,
}

/// Has `a` fail once that time is over, unless it is complete by then. In place of the deadline that it has, if any.
pub(crate) fn expire_after(a: &Asynchron, timeout_ns: u64) -> Result<(), TimeError> {
    if timeout_ns == 0 {
        // SAFETY: ALIVE: the caller has a reference.
        return unsafe { Asynchron::complete(a.into(), Outcome::Expired) }
            .map_err(|_| TimeError::Complete);
    }
    match sys::time_limit_after(timeout_ns) {
        Some(at) => Clock::get()?.arm(a, clock::tick_after(at)),
        None => node::disarm(a),
    }
}

/// One that completes with the empty value once that time is over.
pub(crate) fn timer(timeout_ns: u64) -> Result<Handle, TimeError> {
    let timer = Asynchron::create()?;
    if timeout_ns == 0 {
        // SAFETY: ALIVE, and nobody else knows it: it wins.
        let _ = unsafe { Asynchron::complete(timer.as_non_null(), Outcome::Empty) };
    } else if let Some(at) = sys::time_limit_after(timeout_ns) {
        Clock::get()?.start_timer(&timer, clock::tick_after(at))?;
    }
    Ok(timer)
}

impl From<NoMemory> for TimeError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}
