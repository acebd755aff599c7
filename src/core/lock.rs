//! The one lock of the library: three bits of a 32-bit word, whose other bits are the owner's.
//!
//! It is held for a handful of instructions, never while user code runs. It needs no memory, no
//! table and no thread registry: want of memory cannot harm it, and a fork only where another thread
//! held this very lock. Releasing it is
//! one atomic operation and then, at most, a wake-up by address: whoever takes the lock next may
//! free the word at once. (The three-state futex mutex of U. Drepper, "Futexes Are Tricky", 2011.)

use std::cell::UnsafeCell;
use std::hint;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering::*};

use crate::sys;

/// The lock is held.
pub(crate) const LOCKED: u32 = 1 << 0;
/// Threads may be asleep until it is free.
pub(crate) const LOCK_WAITED: u32 = 1 << 1;
/// For a few instructions the word is its owner's alone, who will store to it without looking:
/// nobody else may change it, not even to say that he waits.
pub(crate) const SEALED: u32 = 1 << 2;

/// The bit of the parking mask under which they sleep.
const MASK: u32 = 1 << 0;
const SPINS: u32 = 64;
/// Nobody wakes those that let the owner of a sealed word go on: the lock's one wake-up must not be
/// spent on them.
const SEALED_MASK: u32 = 1 << 2;
/// In nanoseconds.
const SEALED_NAP: u64 = 20_000;

/// Takes the lock and, in the same step, sets what `also` asks for in the word as it finds it.
/// Returns the word as it was found.
#[inline]
pub(crate) fn acquire(word: &AtomicU32, also: impl Fn(u32) -> u32) -> u32 {
    // ORDERING: a first guess, checked by the exchange.
    let seen = word.load(Relaxed);
    if seen & (LOCKED | SEALED) == 0 {
        let taken = seen | LOCKED | also(seen);
        // ORDERING: Acquire sees what the last holder wrote; a failure only tries again.
        if word.compare_exchange_weak(seen, taken, Acquire, Relaxed).is_ok() {
            return seen;
        }
    }
    acquire_slowly(word, also)
}

#[cold]
fn acquire_slowly(word: &AtomicU32, also: impl Fn(u32) -> u32) -> u32 {
    let mut spins = SPINS;
    // One that has slept cannot know whether others still do: it takes the lock as one waited for.
    let mut mark = 0;
    loop {
        // ORDERING: a guess, checked by the exchanges below and by the kernel.
        let seen = word.load(Relaxed);
        if seen & (LOCKED | SEALED) == 0 {
            let taken = seen | LOCKED | mark | also(seen);
            // ORDERING: as in `acquire`.
            if word.compare_exchange_weak(seen, taken, Acquire, Relaxed).is_ok() {
                return seen;
            }
        } else if spins > 0 {
            spins -= 1;
            hint::spin_loop();
        } else if seen & SEALED != 0 {
            wait_sealed(word, seen);
        } else {
            let parked = seen | LOCK_WAITED;
            // ORDERING: only announces this thread; the kernel compares the word again.
            if seen == parked || word.compare_exchange_weak(seen, parked, Relaxed, Relaxed).is_ok()
            {
                sys::wait(word, parked, MASK, None);
                mark = LOCK_WAITED;
            }
        }
    }
}

/// Lets the owner of a sealed word go on, who must have lost his processor just then. He wakes
/// nobody, so this sleeps for a moment only.
#[cold]
pub(crate) fn wait_sealed(word: &AtomicU32, seen: u32) {
    sys::wait(word, seen, SEALED_MASK, sys::deadline_after(SEALED_NAP));
}

/// Releases the lock and clears the owner's bits `clear`.
#[inline]
pub(crate) fn release(word: &AtomicU32, clear: u32) {
    let address: *const AtomicU32 = word;
    // ORDERING: Release hands what was done under the lock to the next holder.
    let was = word.fetch_and(!(LOCKED | LOCK_WAITED | clear), Release);
    if was & LOCK_WAITED != 0 {
        sys::wake(address, MASK, 1);
    }
}

/// A value behind a lock of its own.
pub(crate) struct Lock<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one thread at a time, so it need only be sendable.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { word: AtomicU32::new(0), value: UnsafeCell::new(value) }
    }

    pub(crate) fn lock(&self) -> Guard<'_, T> {
        acquire(&self.word, |_| 0);
        Guard(self)
    }
}

pub(crate) struct Guard<'a, T>(&'a Lock<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        release(&self.0.word, 0);
    }
}
