//! What the operating system gives: parking on a word, a clock, a descriptor to poll, threads.
//!
//! Linux parks on futexes, which need no memory and no table, and which a fork cannot leave
//! locked. Every other system parks in the table of parking_lot_core, by `portable`, which says what
//! that costs. `--cfg asynchron_portable` chooses it on Linux too, so that it can be tested there. In
//! a model, all of this is `loom`'s or `shuttle`'s.

#[cfg(all(target_os = "linux", not(asynchron_portable), not(any(loom, shuttle))))]
mod linux;
#[cfg(all(target_os = "linux", not(asynchron_portable), not(any(loom, shuttle))))]
pub(crate) use linux::*;

#[cfg(all(any(not(target_os = "linux"), asynchron_portable), not(any(loom, shuttle))))]
mod portable;
#[cfg(all(any(not(target_os = "linux"), asynchron_portable), not(any(loom, shuttle))))]
pub(crate) use portable::*;

#[cfg(loom)]
mod loom;
#[cfg(loom)]
pub(crate) use self::loom::*;

#[cfg(shuttle)]
pub(crate) mod shuttle;
#[cfg(shuttle)]
pub(crate) use self::shuttle::*;

#[cfg(any(not(unix), loom, shuttle))]
mod no_bell;
#[cfg(any(not(unix), loom, shuttle))]
pub(crate) use no_bell::Bell;

#[cfg(not(any(loom, shuttle)))]
mod cancel;
#[cfg(all(unix, not(any(loom, shuttle))))]
mod fork;
#[cfg(all(unix, not(any(loom, shuttle))))]
pub(crate) use fork::{can_tell_processes, is_this_process, process_number, while_nobody_forks};
#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
mod neutral;
#[cfg(not(any(loom, shuttle)))]
mod thread;
#[cfg(not(any(loom, shuttle)))]
mod wakeup;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use wakeup::{measure_sometimes, wake_up_time};
#[cfg(not(any(loom, shuttle)))]
mod thread_local;
#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
pub(crate) use neutral::become_neutral;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use thread::*;
#[cfg(not(any(loom, shuttle)))]
pub(crate) use thread_local::*;

/// A point of monotonic time in nanoseconds, for [`wait`]; `None` is never.
pub(crate) type TimeLimit = Option<u64>;

/// The point `timeout_ns` from now. What lies beyond the clock's range is never.
#[inline]
pub(crate) fn time_limit_after(timeout_ns: u64) -> TimeLimit {
    if timeout_ns == u64::MAX {
        return None;
    }
    now().checked_add(timeout_ns)
}

/// A few instructions long, between two looks at what another thread changes.
#[cfg(not(any(loom, shuttle)))]
pub(crate) fn pause(times: u32) {
    for _ in 0..times {
        std::hint::spin_loop();
    }
}

/// The same as [`wait`], for so many nanoseconds at most.
#[cfg(not(any(loom, shuttle)))]
pub(crate) fn wait_a_moment(
    word: &std::sync::atomic::AtomicU32,
    expected: u32,
    mask: u32,
    nanos: u64,
) {
    wait(word, expected, mask, time_limit_after(nanos));
}

/// A nap for the sake of others.
#[cfg(not(any(loom, shuttle)))]
pub(crate) fn make_way(nanos: u64) {
    nap(nanos);
}

/// What a new thread inherits is told and set in ways of each system's own: only Linux's are known here.
#[cfg(any(not(target_os = "linux"), loom, shuttle))]
pub(crate) fn become_neutral(_number: u32, _name: &[u8; THREAD_NAME]) {}

/// How long the name of a thread may be, with its closing zero.
pub(crate) const THREAD_NAME: usize = 16;

#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
mod usage;
#[cfg(all(target_os = "linux", not(any(loom, shuttle))))]
pub(crate) use usage::*;

/// What a thread uses is told in ways of each system's own: elsewhere all seem to use nothing.
#[cfg(all(any(not(target_os = "linux"), loom), not(shuttle)))]
mod no_usage {
    pub(crate) fn thread_number() -> u32 {
        0
    }

    pub(crate) fn processor_time(_thread: u32) -> Option<u64> {
        None
    }

    pub(crate) fn is_runnable(_thread: u32) -> bool {
        false
    }
}
#[cfg(all(any(not(target_os = "linux"), loom), not(shuttle)))]
pub(crate) use no_usage::*;

/// A model does not fork, nor do other systems.
#[cfg(any(not(unix), loom, shuttle))]
pub(crate) fn process_number() -> Option<u32> {
    Some(1)
}

/// Nor is there another process's number.
#[cfg(any(not(unix), loom, shuttle))]
pub(crate) fn is_this_process(number: u32) -> bool {
    number == 1
}

#[cfg(all(any(not(unix), shuttle), not(loom)))]
pub(crate) fn can_tell_processes() -> bool {
    true
}

/// Nobody ever forks.
#[cfg(all(any(not(unix), shuttle), not(loom)))]
pub(crate) fn while_nobody_forks<R>(work: impl FnOnce() -> R) -> (R, bool) {
    (work(), false)
}

/// A nap of so many nanoseconds, that nobody ends.
#[cfg(not(any(loom, shuttle)))]
pub(crate) fn nap(nanos: u64) {
    let word = std::sync::atomic::AtomicU32::new(0);
    wait(&word, 0, u32::MAX, time_limit_after(nanos));
}

/// How long it is until then, in nanoseconds: `u64::MAX` to what is never.
pub(crate) fn left_until(limit: TimeLimit) -> u64 {
    limit.map_or(u64::MAX, |at| at.saturating_sub(now()))
}

#[inline]
pub(crate) fn has_passed(limit: TimeLimit) -> bool {
    limit.is_some_and(|at| now() >= at)
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
