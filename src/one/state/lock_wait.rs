//! Waiting until the word is unlocked, and giving way to those who do.

use super::{CROWDED, FOR_THE_LOCK, LOCK_WANTED, State};
use crate::sync::Ordering::*;
use crate::sys;

/// One that waits until the word is unlocked, which takes but a moment, unless the holder has lost its processor
/// or there are many.
pub(super) struct LockWait {
    state: *const State,
    spins: u32,
    /// So it may have been woken, where another might have been.
    pub(super) slept: bool,
}

const SPINS: u32 = 64;
/// In a crowd so few: what the holder does under the lock, unless it has lost its processor.
const SPINS_IN_A_CROWD: u32 = 16;
/// In nanoseconds.
const MOMENT: u64 = 20_000;

impl LockWait {
    pub(super) fn for_lock_of(state: &State) -> Self {
        Self { state, spins: SPINS, slept: false }
    }

    /// `seen` is locked.
    pub(super) fn wait(&mut self, seen: u32) {
        // In a crowd, those who spin push out the one that was just woken: so not for long, nor while others sleep. And
        // with but one processor, the holder has lost it.
        let left = if seen & CROWDED == 0 { 0 } else { SPINS - SPINS_IN_A_CROWD };
        if seen & LOCK_WANTED == 0 && self.spins > left && sys::runs_in_parallel() {
            self.spins = self.spins.wrapping_sub(1);
            sys::pause(1);
        } else {
            self.sleep(seen);
        }
    }

    /// Sleeps until it is unlocked, for a moment, or for no reason at all.
    #[cold]
    #[inline(never)]
    pub(super) fn sleep(&mut self, seen: u32) {
        // SAFETY: ALIVE: whoever waits for the lock has a reference, or is to win.
        let word = unsafe { &(*self.state).0 };
        if seen & CROWDED == 0 {
            self.slept = true;
            return sys::wait_a_moment(word, seen, FOR_THE_LOCK, MOMENT);
        }
        let lock_wanted = seen | LOCK_WANTED;
        // ORDERING: announces this thread, which has nothing to hand over. The exchange that unlocks either
        // sees it, or the kernel finds the word changed and does not sleep.
        if seen == lock_wanted || word.compare_exchange(seen, lock_wanted, Relaxed, Relaxed).is_ok()
        {
            self.slept = true;
            sys::wait(word, lock_wanted, FOR_THE_LOCK, None);
        } else {
            sys::pause(1);
        }
    }
}

impl Drop for LockWait {
    /// One that goes without the lock leaves the wake-up that it may have got to another.
    #[inline]
    fn drop(&mut self) {
        if self.slept {
            State::wake_one(self.state);
        }
    }
}

/// For a thread that takes the lock again and again: it would be faster each time than one that it has woken for
/// the lock.
pub(crate) struct Courtesy(u32);

/// So often it only looks away for a moment, before it sleeps for one.
const LOOKS: u32 = 64;

impl Courtesy {
    pub(crate) fn new() -> Self {
        Self(0)
    }

    /// It has just woken one.
    #[cold]
    pub(crate) fn give_way(&mut self) {
        match self.0.checked_sub(1) {
            Some(looks) => {
                self.0 = looks;
                sys::pause(SPINS / 2);
            }
            None => {
                self.0 = LOOKS;
                sys::make_way(MOMENT);
            }
        }
    }
}
