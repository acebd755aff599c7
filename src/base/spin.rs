//! A value behind a lock that is given up by a plain store: half of what an exchange costs.
//!
//! The price is that the holder does not see who waits for it: those look again, and nap in between. So it is for
//! what is held for a handful of instructions, and seldom wanted by two at once.

#[cfg(not(loom))]
use std::mem;
use std::ops::{Deref, DerefMut};
#[cfg(not(loom))]
use std::sync::atomic::AtomicUsize;

use super::backoff::Backoff;
use crate::sync::{AtomicU32, Ordering::*, UnsafeCell, race};

const FREE: u32 = 0;
const LOCKED: u32 = 1;
/// By the thread that forks, which passes: it may take it again meanwhile.
#[cfg(not(loom))]
const HELD: u32 = 2;

pub(crate) struct SpinLock<T> {
    word: AtomicU32,
    /// The thread that holds it for as long as a fork takes.
    #[cfg(not(loom))]
    holder: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one thread at a time, so it need only be sendable.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            word: AtomicU32::new(FREE),
            #[cfg(not(loom))]
            holder: AtomicUsize::new(0),
            value: UnsafeCell::new(value),
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> SpinGuard<'_, T> {
        let mut leaves = FREE;
        // ORDERING: Acquire sees what the last holder wrote; a failure only tries again.
        if self.word.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_err() {
            leaves = self.wait_for_it();
        }
        if race::mask() != 0 {
            race::acquire(&raw const self.word);
        }
        SpinGuard { lock: self, leaves }
    }

    /// What the word is to be afterwards.
    #[cold]
    #[inline(never)]
    fn wait_for_it(&self) -> u32 {
        let mut backoff = Backoff::new();
        // ORDERING: a guess, checked by the exchange; the rest as in `lock`.
        while self.word.load(Relaxed) != FREE
            || self.word.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_err()
        {
            #[cfg(not(loom))]
            if self.is_held_here() {
                return HELD;
            }
            backoff.wait();
        }
        FREE
    }

    /// Takes it for as long as a fork takes: [`Self::end_hold`] gives it up, on the same thread, in the parent and in
    /// the child. Until then no other thread has it, but this one may take it, and give it back, as ever.
    #[cfg(not(loom))]
    pub(crate) fn hold(&self) {
        if !self.is_held_here() {
            let guard = self.lock();
            // ORDERING: only this thread finds its own number there; the others wait for the word.
            self.holder.store(crate::sys::this_thread(), Relaxed);
            // ORDERING: hands nothing on: this thread has the lock, and the others wait until it is free.
            self.word.store(HELD, Relaxed);
            mem::forget(guard);
        }
    }

    /// `None`: this thread does not hold it.
    #[cfg(not(loom))]
    pub(crate) fn end_hold(&self) -> Option<SpinGuard<'_, T>> {
        self.is_held_here().then(|| {
            // ORDERING: as in `hold`.
            self.holder.store(0, Relaxed);
            SpinGuard { lock: self, leaves: FREE }
        })
    }

    /// Whether some thread holds it, as far as one can see.
    #[cfg(not(loom))]
    pub(crate) fn is_held(&self) -> bool {
        // ORDERING: a guess.
        self.word.load(Relaxed) == HELD
    }

    /// Whether this thread holds it.
    #[cfg(not(loom))]
    pub(crate) fn is_held_here(&self) -> bool {
        // ORDERING: only this thread writes its own number there, and takes it away.
        self.is_held() && self.holder.load(Relaxed) == crate::sys::this_thread()
    }
}

pub(crate) struct SpinGuard<'a, T> {
    lock: &'a SpinLock<T>,
    /// What the word is to be afterwards.
    leaves: u32,
}

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock.
        unsafe { &*self.lock.value.get_to_read() }
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if race::mask() != 0 {
            race::release(&raw const self.lock.word);
        }
        // ORDERING: Release hands what was done under the lock to the next holder.
        self.lock.word.store(self.leaves, Release);
    }
}
