//! Whether anybody wants it: what nobody wants any more is cancelled, where a promise asks for that.
//!
//! Such an asynchron is MINDED, and so is its count of references. Then whoever gives up a reference, a listener or a
//! wait looks, under the lock, what is left. Nobody else pays for it.
//!
//! - Of the references, those do not count as holders that are kept for whoever delivers: one for all promises
//!   together, one for each step or task in the list, and one for a function that runs. They are counted before they
//!   are listed, started or promised, and given up after that, so that nobody ever finds fewer holders than there are.
//! - Of the listeners, all count but steps, tasks, deadlines, functions on demand, and callbacks for a cancel alone.
//! - A thread that waits may do so by the handle that a promise lends. So it is counted while it does. Those that were
//!   asleep when it became MINDED are called, to be counted, and are expected until they come.

use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::outcome::{Outcome, Slot};
use super::promises::Promises;
use super::state::Held;
use crate::sync::{AtomicU32, Ordering::*};

/// How many threads wait. Changed and read under the asynchron's lock.
pub(super) struct Waits {
    counted: AtomicU32,
    /// Those that were called.
    expected: AtomicU32,
}

impl Waits {
    pub(super) fn none() -> Self {
        Self { counted: AtomicU32::new(0), expected: AtomicU32::new(0) }
    }

    fn are_none(&self) -> bool {
        // ORDERING: the lock orders it.
        self.counted.load(Relaxed) == 0 && self.expected.load(Relaxed) == 0
    }

    fn change(word: &AtomicU32, change: impl FnOnce(u32) -> u32) {
        // ORDERING: the lock orders it, and nobody else changes it meanwhile.
        word.store(change(word.load(Relaxed)), Relaxed);
    }
}

impl Asynchron {
    /// From here on it is cancelled when nobody wants it: now, if that is so. It has a promise.
    pub(crate) fn mind(&self) {
        let Some(held) = self.state().claim() else {
            return;
        };
        if let Some(promises) = self.promises().filter(|_| !held.is_minded()) {
            let asleep = self.state().wake_sleepers(&held);
            Waits::change(&promises.waits.expected, |_| asleep);
        }
        self.state().unlock(held.minded());
        // After the word, by which whoever is told of this knows why. Whoever gave up a reference before it did not
        // look.
        self.refs.mind();
        self.cancel_if_unwanted();
    }

    /// Unlocks; but if nobody wants it any more, cancels it.
    ///
    /// # Safety
    /// LOCKED: `held` is of `this`, which is ALIVE until it is unlocked or PUBLISHED.
    #[inline]
    pub(crate) unsafe fn unlock_wanted(this: NonNull<Self>, held: Held) {
        if held.is_minded() {
            // SAFETY: as the caller promises.
            return unsafe { Self::unlock_minded(this, held) };
        }
        // SAFETY: ALIVE, as the caller promises.
        unsafe { this.as_ref() }.state.unlock(held);
    }

    /// # Safety
    /// As for [`Self::unlock_wanted`].
    #[cold]
    unsafe fn unlock_minded(this: NonNull<Self>, held: Held) {
        // SAFETY: ALIVE, as the caller promises.
        let me = unsafe { this.as_ref() };
        if me.is_unwanted(&held, 0) {
            // SAFETY: CLAIMED, since what is unwanted is not complete.
            unsafe { Self::cancel_unwanted(this, held) };
        } else {
            me.state.unlock(held);
        }
    }

    /// Whether it is to be cancelled, because nobody wants it any more.
    pub(crate) fn is_to_be_cancelled(&self, held: &Held) -> bool {
        held.is_minded() && self.is_unwanted(held, 0)
    }

    /// For whoever has given up what kept it wanted.
    #[inline]
    pub(crate) fn cancel_if_unwanted(&self) {
        if self.state.load().is_minded() {
            self.look_whether_wanted();
        }
    }

    #[cold]
    fn look_whether_wanted(&self) {
        if let Some(held) = self.state().claim() {
            // SAFETY: ALIVE by the caller's reference.
            unsafe { Self::unlock_wanted(NonNull::from(self), held) };
        }
    }

    /// Gives up one reference of what is MINDED. False: it is complete, or there is no other, and the reference is still
    /// the caller's.
    ///
    /// # Safety
    /// The reference is the caller's, and is used no more unless the answer is false.
    pub(super) unsafe fn release_wanted(this: NonNull<Self>) -> bool {
        // SAFETY: ALIVE by the caller's reference.
        let me = unsafe { this.as_ref() };
        let Some(held) = me.state.claim() else {
            return false;
        };
        if me.is_unwanted(&held, 1) {
            // SAFETY: CLAIMED, and ALIVE by the caller's reference.
            unsafe { Self::cancel_unwanted(this, held) };
            return false;
        }
        // Nobody else can give up the last one meanwhile: that takes the lock.
        let last = me.refs.release_minded();
        me.state.unlock(held);
        !last
    }

    /// # Safety
    /// CLAIMED: `held` is of `this`, which is ALIVE until it is PUBLISHED.
    unsafe fn cancel_unwanted(this: NonNull<Self>, held: Held) {
        // SAFETY: as the caller promises. It is claimed, so it wins.
        let _ = unsafe { Self::deliver(this, Some(held), Outcome::unwanted(), Slot::write) };
    }

    /// Whether nobody wants it: it is incomplete, nobody waits, nothing listens but what delivers, and nobody has a
    /// reference but so many, and those that are kept for whoever delivers.
    fn is_unwanted(&self, held: &Held, own: u32) -> bool {
        let Some(promises) = self.promises().filter(|_| !held.is_complete()) else {
            return false;
        };
        if !promises.waits.are_none() {
            return false;
        }
        // SAFETY: LOCKED: the list is this thread's alone.
        let Some(steps) = (unsafe { self.listeners() }).count_steps_unless_wanted() else {
            return false;
        };
        let promised = u32::from(!Promises::are_gone(promises));
        let running = u32::from(held.has_function());
        let delivering = promised.wrapping_add(running).wrapping_add(steps);
        self.refs.count_minded() == delivering.wrapping_add(own)
    }

    /// A thread begins to wait for what is MINDED, or has done so before it was.
    pub(super) fn begin_wait(&self, was_expected: bool) {
        self.change_waits(|waits| {
            Waits::change(&waits.counted, |counted| counted.wrapping_add(1));
            if was_expected {
                Waits::change(&waits.expected, |expected| expected.saturating_sub(1));
            }
        });
    }

    /// It does not wait any more.
    #[cold]
    pub(super) fn end_wait(&self) {
        self.change_waits(|waits| Waits::change(&waits.counted, |counted| counted.wrapping_sub(1)));
    }

    fn change_waits(&self, change: impl FnOnce(&Waits)) {
        let held = self.state().lock();
        if let Some(promises) = self.promises() {
            change(&promises.waits);
        }
        // SAFETY: ALIVE by the caller's reference.
        unsafe { Self::unlock_wanted(NonNull::from(self), held) };
    }
}
