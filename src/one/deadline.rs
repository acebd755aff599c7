//! What an asynchron knows of its deadline: a listener that comes before all others, of which there is one at most, and
//! which does not keep the asynchron.
//!
//! Whoever looks after deadlines has no reference to what it is about to fail, and must not wait for its lock either.
//! While a deadline is armed, the asynchron is there: before that goes, the deadline leaves, under the asynchron's lock
//! and then that of those who look after it. So whoever has theirs may try the asynchron's; and whoever has got that
//! finds it complete, and leaves it alone, or has it claimed, and takes a reference if others listen, who are to be
//! told.
//!
//! Meanwhile another may have found that its reference is the last one, and be about to free the asynchron. That one
//! sees that it is TIMED, waits for the lock, and looks again: if it is not the last one any more, it gives up a
//! reference like any other.

use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::handle::Handle;
use super::listener::{Kind, List, Listener};
use super::outcome::Outcome;
use super::state::Held;

/// An asynchron whose time has come.
pub(crate) struct Claimed {
    a: NonNull<Asynchron>,
    held: Held,
    /// Others listen, so this is kept until they were told.
    kept: Option<Handle>,
}

impl Asynchron {
    /// Arms or disarms under the lock: `change` is given the deadline, if there is one, and the list in which it is the
    /// first; and says whether there is one now. `None`: it is complete.
    #[inline]
    pub(crate) fn with_deadline<R>(
        &self,
        change: impl FnOnce(Option<NonNull<Listener>>, &mut List) -> (R, bool),
    ) -> Option<R> {
        let held = self.state().claim()?;
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        let armed = list.first().filter(|_| held.has_deadline());
        let (result, armed) = change(armed, list);
        self.state().unlock(if armed { held.with_deadline() } else { held.without_deadline() });
        Some(result)
    }

    /// Claims it for whoever looks after this listener of its, which is taken off the list then. `None`: others are at
    /// the word just now, or it is complete.
    ///
    /// # Safety
    /// The listener is LISTED here, and does not leave meanwhile but under the lock.
    pub(crate) unsafe fn claim_for(&self, node: NonNull<Listener>) -> Option<Claimed> {
        let held = self.state().try_lock()?;
        if held.is_complete() {
            self.state().unlock(held);
            return None;
        }
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        // SAFETY: LISTED, as the caller promises.
        unsafe { list.unlink(node) };
        let kept = (!list.is_empty()).then(|| Handle::retain(self));
        Some(Claimed { a: NonNull::from(self), held, kept })
    }

    /// The last reference to one that is TIMED seemed to go. The deadline leaves; if there is another reference by now,
    /// this was one of several.
    ///
    /// # Safety
    /// As for [`Self::release`].
    #[cold]
    pub(super) unsafe fn end_with_deadline(this: NonNull<Self>) {
        // SAFETY: ALIVE until the reference is given up.
        let me = unsafe { this.as_ref() };
        let held = me.state().lock();
        if !me.refs.is_one() {
            me.state().unlock(held);
            // SAFETY: as the caller promises.
            return unsafe { Self::release(this) };
        }
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { me.listeners() };
        let mut left = None;
        if let Some(first) = list.first() {
            // SAFETY: LISTED: it is alive.
            if let Kind::Aside { taken_off, end } = *unsafe { Listener::kind(first) } {
                // SAFETY: LISTED, here.
                unsafe { list.unlink(first) };
                // SAFETY: LOCKED, and just taken off.
                unsafe { taken_off(first) };
                left = Some((first, end));
            }
        }
        me.state().unlock(held.without_deadline());
        if let Some((node, end)) = left {
            // SAFETY: it has left, and nobody else knows it.
            unsafe { end(node.cast()) };
        }
        // SAFETY: as the caller promises; there is no deadline any more, and never will be.
        unsafe { Self::release(this) };
    }
}

impl Claimed {
    /// Whether there is anybody to be told: that may run the program's code.
    pub(crate) fn is_heard(&self) -> bool {
        self.kept.is_some()
    }

    pub(crate) fn complete(self, outcome: Outcome) {
        let Self { a, held, kept } = self;
        // SAFETY: CLAIMED.
        unsafe { Asynchron::complete_claimed(a, held, outcome) };
        drop(kept);
    }
}
