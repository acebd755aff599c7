//! The threads that serve the clock: one at a time completes what is due, or sleeps until something is.
//!
//! Before it runs any of the program's code, it leaves its place to another: to one at rest, or to a new one. After that it
//! serves again if none does; else it rests, for a second, and then ends. And so does the one that serves when nothing
//! has been armed for a second.

use std::ffi::c_void;
use std::ptr;

use super::clock::{Clock, Inner, Told, start_of, tick_after, tick_before};
use super::node::Node;
use super::wheel::Turn;
use crate::base::program::with_handler;
use crate::base::spin::SpinGuard;
use crate::one::inside;
use crate::sync::Ordering::*;
use crate::sys;

/// How long a thread rests before it ends, in nanoseconds.
const REST: u64 = 1_000_000_000;

/// How many ticks later one is tried again whose asynchron others were at.
const AGAIN: u64 = 4;

/// The threads of the pool count from 1.
const NUMBER: u32 = 0;

type Guard = SpinGuard<'static, Inner>;

impl Clock {
    /// Has a thread more come to serve; false if none can be had.
    #[cold]
    #[inline(never)]
    pub(super) fn start_serving(&'static self) -> bool {
        #[cfg(not(loom))]
        super::fork::find_out(self);
        let started = sys::start_thread(Self::main, ptr::null_mut(), 0);
        if started {
            let mut inner = self.lock();
            inner.coming = inner.coming.wrapping_add(1);
        }
        started
    }

    /// The whole life of a thread.
    extern "C" fn main(_: *mut c_void) -> *mut c_void {
        if let Some(clock) = Self::current() {
            sys::become_neutral(NUMBER, &[0; sys::THREAD_NAME]);
            with_handler(|| inside::run_within(ptr::from_ref(clock).cast(), || clock.live()));
        }
        ptr::null_mut()
    }

    fn live(&'static self) {
        let mut inner = self.lock();
        inner.coming = inner.coming.wrapping_sub(1);
        loop {
            let next = if inner.served { self.rest(inner) } else { self.serve(inner) };
            let Some(guard) = next else {
                return;
            };
            inner = guard;
        }
    }

    /// Rests until none serves. `None`: some thread did all the time.
    fn rest(&'static self, mut inner: Guard) -> Option<Guard> {
        inner.resting = inner.resting.wrapping_add(1);
        let until = sys::time_limit_after(REST);
        loop {
            // ORDERING: under the lock: what is told after this changes it.
            let seen = self.relieved.load(Relaxed);
            drop(inner);
            sys::wait(&self.relieved, seen, u32::MAX, until);
            inner = self.lock();
            let relieves = !inner.served;
            if relieves || sys::has_passed(until) {
                inner.resting = inner.resting.wrapping_sub(1);
                return relieves.then_some(inner);
            }
        }
    }

    /// Serves until another may: then this thread looks what to do next. `None`: there was nothing to do for long.
    fn serve(&'static self, mut inner: Guard) -> Option<Guard> {
        let now = sys::now();
        inner.served = true;
        inner.until = 0;
        // How late it is was looked at without the lock.
        let (mut now, mut idle_until, mut asked) = (now, None, u64::MAX);
        loop {
            match inner.wheel.turn(tick_before(now)) {
                Turn::Sorted => {
                    drop(inner);
                    inner = self.lock();
                }
                Turn::Due(place) => {
                    idle_until = None;
                    // SAFETY: it is due by the wheel.
                    let Some(fired) = (unsafe { Node::fire(place) }) else {
                        // SAFETY: what is due lies in this wheel.
                        unsafe { inner.wheel.put_off(place, AGAIN) };
                        drop(inner);
                        inner = self.lock();
                        continue;
                    };
                    // SAFETY: what is due lies in this wheel.
                    unsafe { inner.wheel.take_out(place) };
                    if fired.is_heard() {
                        self.leave_to_another(inner);
                        fired.complete();
                        return Some(self.lock());
                    }
                    drop(inner);
                    fired.complete();
                    inner = self.lock();
                }
                Turn::Rest(next) => {
                    if next.is_some() {
                        idle_until = None;
                    } else if *idle_until.get_or_insert(now.saturating_add(REST)) <= now {
                        inner.served = false;
                        return None;
                    }
                    // What it was called for and is not there any more is looked for all the same: so those that arm
                    // and disarm in turns do not call it each time.
                    let idle = idle_until.map_or(u64::MAX, tick_after);
                    let until = next.unwrap_or(idle).min(asked);
                    // ORDERING: under the lock: what is told after this changes it.
                    let seen = self.called.load(Relaxed);
                    inner.until = until;
                    drop(inner);
                    sys::wait(&self.called, seen, u32::MAX, Some(start_of(until)));
                    now = sys::now();
                    inner = self.lock();
                    asked = if inner.until > tick_before(now) { inner.until } else { u64::MAX };
                    inner.until = 0;
                }
            }
        }
    }

    /// From here on another thread serves; or none, if none can be had, until this one does again.
    fn leave_to_another(&'static self, mut inner: Guard) {
        inner.served = false;
        let rests = inner.resting > 0;
        drop(inner);
        if rests {
            self.tell(Told::WhoRests);
        } else {
            self.start_serving();
        }
    }
}

/// In a model, which has no such thread: completes all that is armed.
#[cfg(loom)]
pub fn serve_all() {
    let Some(clock) = Clock::current() else {
        return;
    };
    loop {
        let mut inner = clock.lock();
        match inner.wheel.turn(super::wheel::LAST) {
            Turn::Sorted => {}
            // SAFETY: it is due by the wheel.
            Turn::Due(place) => match unsafe { Node::fire(place) } {
                Some(fired) => {
                    // SAFETY: what is due lies in this wheel.
                    unsafe { inner.wheel.take_out(place) };
                    drop(inner);
                    fired.complete();
                }
                // It is tried again by another time.
                None => {
                    drop(inner);
                    crate::base::backoff::nap();
                }
            },
            Turn::Rest(_) => return,
        }
    }
}
