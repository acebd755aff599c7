//! A value behind a lock that is given up by a plain store: half of what an exchange costs.
//!
//! The price is that the holder does not see who waits for it: those look again, and nap in between. So it is for
//! what is held for a handful of instructions, and seldom wanted by two at once.

#[cfg(not(loom))]
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use super::backoff::Backoff;
use crate::sync::{AtomicU32, Ordering::*, UnsafeCell, race};

const FREE: u32 = 0;
const LOCKED: u32 = 1;

pub(crate) struct SpinLock<T> {
    word: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached by one thread at a time, so it need only be sendable.
unsafe impl<T: Send> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { word: AtomicU32::new(FREE), value: UnsafeCell::new(value) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> SpinGuard<'_, T> {
        // ORDERING: Acquire sees what the last holder wrote; a failure only tries again.
        if self.word.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_err() {
            self.wait_for_it();
        }
        if race::mask() != 0 {
            race::acquire(&raw const self.word);
        }
        SpinGuard(self)
    }

    #[cold]
    #[inline(never)]
    fn wait_for_it(&self) {
        let mut backoff = Backoff::new();
        // ORDERING: a guess, checked by the exchange; the rest as in `lock`.
        while self.word.load(Relaxed) != FREE
            || self.word.compare_exchange(FREE, LOCKED, Acquire, Relaxed).is_err()
        {
            backoff.wait();
        }
    }

    /// Takes it for as long as a fork takes: [`Self::end_hold`] gives it up, on the same thread, in the parent and in
    /// the child.
    #[cfg(not(loom))]
    pub(crate) fn hold(&self) {
        let _ = ManuallyDrop::new(self.lock());
    }

    /// # Safety
    /// It is held by [`Self::hold`].
    #[cfg(not(loom))]
    pub(crate) unsafe fn end_hold(&self) -> SpinGuard<'_, T> {
        SpinGuard(self)
    }
}

pub(crate) struct SpinGuard<'a, T>(&'a SpinLock<T>);

impl<T> Deref for SpinGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the guard holds the lock.
        unsafe { &*self.0.value.get_to_read() }
    }
}

impl<T> DerefMut for SpinGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard holds the lock.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for SpinGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if race::mask() != 0 {
            race::release(&raw const self.0.word);
        }
        // ORDERING: Release hands what was done under the lock to the next holder.
        self.0.word.store(FREE, Release);
    }
}
