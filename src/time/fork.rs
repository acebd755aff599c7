//! What becomes of the clock in the child of a fork: what is armed stays so, and no thread serves it, until one is missed.
//!
//! While a thread forks it holds the clock's lock, so that the wheel is whole in the child. That is from after the last of
//! the program's handlers (`pthread_atfork`) to before the first of them, since ours are registered when the library is
//! loaded: handlers run before a fork in the order in which they came, the last one first, and after it the first one first.
//! Those of a program that loads the library later run in between. There the thread that forks passes the lock; and what it
//! calls in the child finds out by itself that this is the child.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};

use super::clock::{Clock, Inner};
use crate::one::wait;
use crate::sys;

/// Something is armed, and no thread serves it yet: in the child of a fork. Changes under the clock's lock.
static FORSAKEN: AtomicU32 = AtomicU32::new(NO);

const NO: u32 = 0;
/// A fork is under way, of which this may be the child already.
const PERHAPS: u32 = 1;
const YES: u32 = 2;

/// In which process the clock is held.
static HELD_IN: AtomicU32 = AtomicU32::new(0);

fn forsaken(_: &Inner, is: u32) {
    // ORDERING: a guess for those that read it, who look again under the lock, which orders the rest.
    FORSAKEN.store(is, Relaxed);
    wait::before_sleep((is != NO).then_some(look_after));
}

extern "C" fn before_fork() {
    if let Some(clock) = Clock::current() {
        hold(clock);
    }
}

/// So that the wheel is whole in the child.
fn hold(clock: &'static Clock) {
    clock.inner.hold();
    // ORDERING: this thread alone reads it, until it gives up the lock.
    HELD_IN.store(sys::process_number().unwrap_or_default(), Relaxed);
    // ORDERING: changes under the lock.
    if FORSAKEN.load(Relaxed) == NO {
        forsaken(&clock.lock(), PERHAPS);
    }
}

extern "C" fn in_parent() {
    if let Some(inner) = Clock::current().and_then(|clock| clock.inner.end_hold()) {
        // ORDERING: changes under the lock.
        if FORSAKEN.load(Relaxed) == PERHAPS {
            forsaken(&inner, NO);
        }
    }
}

/// What is armed is armed here, too, but none of those that served came along. No thread can be started inside a fork: the
/// child may be about to become another program.
extern "C" fn in_child() {
    // `None`: there was no clock; or this was found out before.
    if let Some(mut inner) = Clock::current().and_then(|clock| clock.inner.end_hold()) {
        inner.served = false;
        inner.until = 0;
        inner.resting = 0;
        inner.coming = 0;
        let is = if inner.wheel.is_empty() { NO } else { YES };
        forsaken(&inner, is);
    }
}

/// Has every fork from now on leave the clock whole; false without memory.
pub(super) fn prepare() -> bool {
    static PREPARED: AtomicBool = AtomicBool::new(false);

    // Two threads may both register: that does no harm.
    // ORDERING: Acquire pairs with the Release below.
    if !PREPARED.load(Acquire) {
        // The other handlers come last, so that they enclose these before a fork, and find these done after it.
        if !sys::at_fork(before_fork, in_parent, in_child) || !sys::can_tell_processes() {
            return false;
        }
        // ORDERING: Release shows that it is registered.
        PREPARED.store(true, Release);
    }
    true
}

/// When the library is loaded: before any handler of the program's, if that is linked with it. Without memory, the first
/// that needs the handlers tries again.
#[cfg(unix)]
extern "C" fn at_load() {
    prepare();
}

#[cfg(unix)]
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array.00101"))]
static PREPARE_AT_LOAD: extern "C" fn() = at_load;

/// Runs `publish`, which shows a clock to others, while nobody forks: else that would not hold it. In a handler of the
/// program's this thread may be the one that forks.
pub(super) fn publish<R>(publish: impl FnOnce() -> R) -> R {
    let (result, forks) = sys::while_nobody_forks(publish);
    if forks {
        before_fork();
    }
    result
}

/// In the child of a fork, has a thread serve what was armed before. Costs a load where there is nothing to do.
#[inline]
pub(crate) fn look_after_fork() {
    // ORDERING: a guess: whoever finds something looks again under the lock.
    if FORSAKEN.load(Relaxed) != NO {
        look_after();
    }
}

/// If this is the child of a fork in which the program's handlers are first, does now what is due there.
pub(super) fn find_out(clock: &Clock) {
    // ORDERING: written by this thread, if that holds the clock.
    if clock.inner.is_held_here() && !sys::is_this_process(HELD_IN.load(Relaxed)) {
        in_child();
    }
}

#[cold]
#[inline(never)]
fn look_after() {
    let Some(clock) = Clock::current() else {
        return;
    };
    find_out(clock);
    // ORDERING: a guess. While another thread forks, that is no reason to wait for it: in this process nothing is missed.
    if FORSAKEN.load(Relaxed) != YES {
        return;
    }
    let nothing_to_do = || {
        let inner = clock.lock();
        let nothing = inner.is_served() || inner.wheel.is_empty();
        if nothing {
            // In a handler of the program's, a fork is still to come.
            forsaken(&inner, if clock.inner.is_held_here() { PERHAPS } else { NO });
        }
        nothing
    };
    // If no thread can be had, the next call tries again.
    if !nothing_to_do() && clock.start_serving() {
        nothing_to_do();
    }
}
