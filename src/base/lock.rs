//! A value behind a lock, for what has no word of its own to be locked by.
//!
//! It is held for a handful of instructions, never while user code runs. Where threads park on futexes,
//! it needs no memory, no table and no thread registry: running out of memory cannot harm it, and a fork only
//! where another thread held this very lock. Releasing it is a plain store where nobody seems to wait, half of what an
//! exchange costs; else an exchange, and a wake-up by address: whoever takes the lock next may free it at once. (The
//! three-state futex mutex of U. Drepper, "Futexes Are Tricky", 2011, but for that store: it may come just after one
//! has said that it sleeps, and overwrite that. So nobody sleeps longer than for a moment.)

use std::hint;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::sync::{AtomicU32, Ordering::*, UnsafeCell, race};
use crate::sys;

const FREE: u32 = 0;
const LOCKED: u32 = 1;
/// Locked, and threads may be asleep until it is free.
const WAITED: u32 = 2;

const SPINS: u32 = 64;
/// How long one sleeps who is not woken, in nanoseconds: at first, and at most.
const MOMENT: u64 = 20_000;
const LONGEST: u64 = 1_000_000;

pub(crate) struct Lock<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one thread at a time, so it need only be sendable.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { word: AtomicU32::new(FREE), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        // ORDERING: Acquire sees what the last holder wrote; a failure only tries again.
        let locked = self.word.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_ok();
        if !locked || race::mask() != 0 {
            self.lock_slowly(locked);
        }
        Guard(self)
    }

    #[cold]
    #[inline(never)]
    fn lock_slowly(&self, locked: bool) {
        if !locked {
            self.wait_for_it();
        }
        race::acquire(&raw const self.word);
    }

    fn wait_for_it(&self) {
        let spins = if sys::runs_in_parallel() { SPINS } else { 0 };
        for _ in 0..spins {
            hint::spin_loop();
            // ORDERING: a guess, checked by the exchange; the rest as in `lock`.
            if self.word.load(Relaxed) == FREE
                && self.word.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_ok()
            {
                return;
            }
        }
        // One that has slept cannot know whether others still do: it takes the lock as waited for.
        let mut moment = MOMENT;
        // ORDERING: as in `lock`.
        while self.word.swap(WAITED, Acquire) != FREE {
            sys::wait_a_moment(&self.word, WAITED, u32::MAX, moment);
            moment = moment.saturating_mul(2).min(LONGEST);
        }
    }
}

pub(crate) struct Guard<'a, T>(&'a Lock<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock.
        unsafe { &*self.0.value.get_to_read() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Guard<'_, T> {
    /// Gives the lock up, and says whether that woke one that sleeps for it: one that is about to take it again
    /// would be faster.
    pub(crate) fn unlock(self) -> bool {
        ManuallyDrop::new(self).give_up()
    }

    #[inline(always)]
    fn give_up(&self) -> bool {
        if race::mask() != 0 {
            return self.give_up_watched();
        }
        self.free()
    }

    #[inline(always)]
    fn free(&self) -> bool {
        // ORDERING: only looks. One that says right now that it sleeps looks again after a moment. (loom has a plain store
        // come before an exchange that did not see it, and then the word would be locked for ever: so, in models, none.)
        if cfg!(loom) || self.0.word.load(Relaxed) == WAITED {
            return self.free_and_wake();
        }
        // ORDERING: Release hands what was done under the lock to the next holder.
        self.0.word.store(FREE, Release);
        false
    }

    #[cold]
    #[inline(never)]
    fn free_and_wake(&self) -> bool {
        let word: *const AtomicU32 = &self.0.word;
        // ORDERING: as in `free`.
        let waited = self.0.word.swap(FREE, Release) == WAITED;
        if waited {
            sys::wake(word, u32::MAX, 1);
        }
        waited
    }

    #[cold]
    #[inline(never)]
    fn give_up_watched(&self) -> bool {
        race::release(&raw const self.0.word);
        self.free()
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.give_up();
    }
}

/// On cache lines of its own, which what lies beside it does not slow down.
#[repr(align(64))]
pub(crate) struct Line<T>(pub(crate) T);

impl<T> Deref for Line<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// One that has given up spinning.
    #[test]
    fn who_sleeps_until_it_is_free_is_woken() {
        let (lock, (done, finished)) = (Arc::new(Lock::new(1)), mpsc::channel());
        let mut value = lock.lock();
        let theirs = Arc::clone(&lock);
        thread::spawn(move || done.send(*theirs.lock()));
        // ORDERING: only looks.
        while lock.word.load(Relaxed) != WAITED {
            thread::yield_now();
        }
        // It says so just before it sleeps.
        thread::sleep(Duration::from_millis(50));
        *value = 2;
        drop(value);
        assert_eq!(finished.recv_timeout(Duration::from_secs(10)), Ok(2));
    }

    /// The holder may have looked just before.
    #[test]
    fn who_sleeps_and_is_overlooked_looks_again_after_a_moment() {
        let (lock, (done, finished)) = (Arc::new(Lock::new(1)), mpsc::channel());
        let value = ManuallyDrop::new(lock.lock());
        let theirs = Arc::clone(&lock);
        thread::spawn(move || done.send(*theirs.lock()));
        // ORDERING: only looks.
        while lock.word.load(Relaxed) != WAITED {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(50));
        // ORDERING: as in `free`.
        value.0.word.store(FREE, Release);
        assert_eq!(finished.recv_timeout(Duration::from_secs(10)), Ok(1));
    }
}
