//! Completing an asynchron: claim it, write the outcome, publish.
//!
//! Most can at once, and that way is short. One that cannot takes the lock by the long way, or comes too late.

use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::form::Form;
use super::outcome::{Outcome, Slot, Small, Span};
use super::publish::Telling;
use super::state::Held;
use crate::base::memory::Bytes;

impl Asynchron {
    /// Delivers or cancels. If another was first, returns the outcome, and by then that other one
    /// is visible.
    ///
    /// # Safety
    /// ALIVE until it is PUBLISHED: a waiter may release it before this returns.
    pub(crate) unsafe fn complete(this: NonNull<Self>, outcome: Outcome) -> Result<(), Outcome> {
        // SAFETY: ALIVE until it is PUBLISHED.
        let held = unsafe { this.as_ref() }.state.claim();
        // SAFETY: CLAIMED, if it is held.
        unsafe { Self::deliver(this, held, outcome, Slot::write) }
    }

    /// The same by what its function has returned, which runs no more.
    ///
    /// # Safety
    /// As for [`Self::complete`].
    pub(crate) unsafe fn complete_returned(
        this: NonNull<Self>,
        outcome: Outcome,
    ) -> Result<(), Outcome> {
        // SAFETY: ALIVE until it is PUBLISHED.
        let held = unsafe { this.as_ref() }.state.claim().map(Held::over);
        // SAFETY: CLAIMED, if it is held.
        unsafe { Self::deliver(this, held, outcome, Slot::write) }
    }

    /// The same as [`Self::complete`], but also too late if it is running.
    ///
    /// # Safety
    /// As for [`Self::complete`].
    pub(crate) unsafe fn complete_pending(
        this: NonNull<Self>,
        outcome: Outcome,
    ) -> Result<(), Outcome> {
        // SAFETY: ALIVE until it is PUBLISHED.
        let held = unsafe { this.as_ref() }.state.claim_pending();
        // SAFETY: CLAIMED, if it is held.
        unsafe { Self::deliver(this, held, outcome, Slot::write) }
    }

    /// The same for a copy that lies outside. False if another was first; then it is freed.
    ///
    /// # Safety
    /// As for [`Self::complete`].
    #[inline]
    pub(crate) unsafe fn complete_copy(this: NonNull<Self>, bytes: Bytes) -> bool {
        // SAFETY: as the caller promises.
        unsafe { Self::complete_by(this, bytes, Slot::write_copy) }
    }

    /// The same for a copy that lies inside.
    ///
    /// # Safety
    /// As for [`Self::complete`].
    #[inline]
    pub(crate) unsafe fn complete_small(this: NonNull<Self>, small: Small) -> bool {
        // SAFETY: ALIVE until it is PUBLISHED.
        let held = unsafe { this.as_ref() }.state.claim();
        // SAFETY: CLAIMED, if it is held.
        unsafe { Self::deliver(this, held, small, Slot::write_small) }.is_ok()
    }

    /// The same for a copy in the room behind the object.
    ///
    /// # Safety
    /// As for [`Self::complete`]; the bytes are there, and stay until LAST.
    #[inline]
    pub(super) unsafe fn complete_span(this: NonNull<Self>, span: Span) -> bool {
        // SAFETY: as the caller promises; what `write_span` needs holds, too.
        unsafe { Self::complete_by(this, span, Slot::write_span) }
    }

    /// The same, but gives up, and returns false, if it cannot deliver at once: most can.
    ///
    /// # Safety
    /// As for [`Self::complete`].
    #[inline]
    pub(crate) unsafe fn try_complete_array<const N: usize>(
        this: NonNull<Self>,
        bytes: [u8; N],
    ) -> bool {
        // SAFETY: ALIVE until it is PUBLISHED.
        let held = unsafe { this.as_ref() }.state.try_claim();
        // SAFETY: CLAIMED, if it is held.
        unsafe { Self::deliver(this, held, bytes, Slot::write_array) }.is_ok()
    }

    /// Delivers what `write` writes: at once, as most can, with the long way apart. False if another was first; what
    /// was to be written is dropped then.
    ///
    /// # Safety
    /// As for [`Self::complete`]; what `write` needs beside a slot of its own holds.
    #[inline]
    unsafe fn complete_by<T>(
        this: NonNull<Self>,
        what: T,
        write: unsafe fn(*mut Slot, T) -> Form,
    ) -> bool {
        // SAFETY: ALIVE until it is PUBLISHED.
        match unsafe { this.as_ref() }.state.try_claim() {
            // SAFETY: CLAIMED.
            held @ Some(_) => unsafe { Self::deliver(this, held, what, write).is_ok() },
            // SAFETY: as the caller promises.
            None => unsafe { Self::complete_slowly(this, what, write) },
        }
    }

    /// # Safety
    /// As for [`Self::complete_by`].
    #[cold]
    #[inline(never)]
    unsafe fn complete_slowly<T>(
        this: NonNull<Self>,
        what: T,
        write: unsafe fn(*mut Slot, T) -> Form,
    ) -> bool {
        // SAFETY: ALIVE until it is PUBLISHED.
        let held = unsafe { this.as_ref() }.state.claim();
        // SAFETY: CLAIMED, if it is held.
        unsafe { Self::deliver(this, held, what, write) }.is_ok()
    }

    /// The same for whoever has claimed it already.
    ///
    /// # Safety
    /// CLAIMED: `held` is of `this`, which may be gone afterwards.
    pub(crate) unsafe fn complete_claimed(this: NonNull<Self>, held: Held, outcome: Outcome) {
        // SAFETY: as the caller promises.
        let _ = unsafe { Self::deliver(this, Some(held), outcome, Slot::write) };
    }

    /// Writes what is delivered, and publishes it; gives it back if it was not claimed.
    ///
    /// # Safety
    /// CLAIMED: `held` is of `this`, which is incomplete; what `write` needs beside a slot of its own holds. The
    /// object may be gone afterwards.
    #[inline]
    pub(super) unsafe fn deliver<T>(
        this: NonNull<Self>,
        held: Option<Held>,
        what: T,
        write: unsafe fn(*mut Slot, T) -> Form,
    ) -> Result<(), T> {
        let Some(held) = held else {
            return Err(what);
        };
        // SAFETY: ALIVE until it is PUBLISHED.
        let slot = unsafe { this.as_ref() }.slot.get();
        // SAFETY: CLAIMED: the slot is this thread's alone.
        let form = unsafe { write(slot, what) };
        // SAFETY: as the caller promises, and the outcome is written.
        unsafe { Self::publish(this, held, form) };
        Ok(())
    }

    /// # Safety
    /// CLAIMED: `held` is of `this`, which is incomplete, and the outcome is written. It may be gone afterwards.
    #[inline]
    unsafe fn publish(this: NonNull<Self>, held: Held, form: Form) {
        // SAFETY: ALIVE until it is PUBLISHED.
        let me = unsafe { this.as_ref() };
        // SAFETY: LOCKED: the list is this thread's alone.
        if unsafe { me.listeners() }.is_empty() {
            me.state.publish(held, form);
        } else {
            // SAFETY: as the caller promises.
            unsafe { Telling::publish(this, held, form) };
        }
    }
}
