//! The state word: one word decides everything about an asynchron.
//!
//! ```text
//!              start                    claim                publish
//!   PENDING ───────────▶ RUNNING ─────────────────▶ CLAIMED ─────────▶ COMPLETE
//!      └───────────────────────────────────────────────┘
//!
//!   beside it, at any time:   LISTENED   the list of listeners may not be empty
//!                             WAITED     threads may be asleep until it is complete
//!                             LOCKED     somebody works on the list of listeners
//! ```
//!
//! | state              | who may touch what                                                       |
//! |--------------------|--------------------------------------------------------------------------|
//! | PENDING, RUNNING   | the slot is nobody's                                                     |
//! | CLAIMED            | the slot is the claimer's alone, which writes the outcome                |
//! | COMPLETE           | the slot is everybody's, to read, until the last reference goes          |
//! | LOCKED             | the list is the lock holder's alone, whatever the state                  |
//!
//! RUNNING remembers that a function was started and is never taken back; CLAIMED stays set under
//! COMPLETE. Exactly one thread sees itself set CLAIMED. From publishing without LISTENED on, the
//! publisher must not touch the object: a waiter may have freed it.
//!
//! Who claims while nobody listens, waits or holds the lock, seals the word in the same step: then
//! nobody else changes it, and publishing is a plain store instead of a second exchange. Whoever
//! comes to listen or to wait in these few instructions lets the claimer go on first.

use std::sync::atomic::{AtomicU32, Ordering::*};

use super::lock::{self, LOCK_WAITED, LOCKED, SEALED};
use super::outcome::Tag;
use crate::sys::{self, Deadline};

const RUNNING: u32 = 1 << 3;
const CLAIMED: u32 = 1 << 4;
const COMPLETE: u32 = 1 << 5;
const WAITED: u32 = 1 << 6;
const LISTENED: u32 = 1 << 7;
/// The outcome's tag lies in the upper half.
const TAG_SHIFT: u32 = 16;

/// The bit of the parking mask under which those sleep that wait for completion.
const MASK: u32 = 1 << 1;

pub(crate) struct State(AtomicU32);

/// The word as it was at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u32);

impl Seen {
    #[inline]
    pub(crate) fn is_complete(self) -> bool {
        self.0 & COMPLETE != 0
    }

    pub(crate) fn is_running(self) -> bool {
        self.0 & (RUNNING | COMPLETE) == RUNNING
    }

    /// Whether somebody has won, but perhaps not published yet.
    pub(crate) fn is_claimed(self) -> bool {
        self.0 & CLAIMED != 0
    }

    pub(crate) fn is_listened(self) -> bool {
        self.0 & LISTENED != 0
    }

    /// What kind of outcome there is. Means nothing before completion.
    #[inline]
    pub(crate) fn tag(self) -> Tag {
        Tag::from_bits(self.0 >> TAG_SHIFT)
    }
}

impl State {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    #[inline]
    pub(crate) fn load(&self) -> Seen {
        // ORDERING: Acquire pairs with `publish`: seen complete, the outcome is there to read.
        Seen(self.0.load(Acquire))
    }

    /// From PENDING to RUNNING; or the state that forbids it.
    pub(crate) fn start(&self) -> Result<(), Seen> {
        // ORDERING: a first guess, checked by the exchange.
        let mut seen = self.0.load(Relaxed);
        loop {
            if seen & (RUNNING | CLAIMED) != 0 {
                return Err(self.load());
            }
            // ORDERING: hands nothing over; it only decides who runs the function.
            match self.0.compare_exchange_weak(seen, seen | RUNNING, Relaxed, Relaxed) {
                Ok(_) => return Ok(()),
                Err(now) => seen = now,
            }
        }
    }

    /// For the one caller that may write the outcome, and must then publish it.
    #[inline]
    pub(crate) fn claim(&self) -> Option<Claim> {
        // ORDERING: a first guess, checked by the exchange.
        let seen = self.0.load(Relaxed);
        let sealed = seen | CLAIMED | SEALED;
        // ORDERING: Acquire, for others: the store that publishes ends the chain of exchanges by which
        // one holder of the lock hands the list to the next, so it has to be passed on from here.
        if seen & !RUNNING == 0 && self.0.compare_exchange(seen, sealed, Acquire, Relaxed).is_ok() {
            return Some(Claim { sealed: Some(seen | CLAIMED) });
        }
        // ORDERING: it decides who is first and hands nothing over: `publish` does. It changes nothing
        // in a sealed word.
        (self.0.fetch_or(CLAIMED, Relaxed) & CLAIMED == 0).then_some(Claim { sealed: None })
    }

    /// Makes the outcome visible to all. `keep` takes a reference to the object, and is called
    /// before the word changes if anybody listens. Then the lock is taken in the same step, too,
    /// if it is free. Whoever sleeps until now is to be woken with [`Self::wake`].
    #[inline]
    pub(crate) fn publish(&self, claim: Claim, tag: Tag, keep: impl Fn()) -> Published {
        if let Some(claimed) = claim.sealed {
            // ORDERING: Release shows the outcome, and all that came before the delivery, to
            // whoever sees COMPLETE, and what `claim` acquired to the next holder of the lock.
            // Sealed, so there is nothing in the word to lose.
            self.0.store(claimed | COMPLETE | (tag.bits() << TAG_SHIFT), Release);
            return Published { kept: false, locked: false, waited: false };
        }
        self.publish_to_others(tag, keep)
    }

    fn publish_to_others(&self, tag: Tag, keep: impl Fn()) -> Published {
        let mut kept = false;
        // ORDERING: a first guess, checked by the exchange.
        let mut seen = self.0.load(Relaxed);
        loop {
            if seen & LISTENED != 0 && !kept {
                keep();
                kept = true;
            }
            let locked = seen & (LISTENED | LOCKED) == LISTENED;
            let lock = if locked { LOCKED } else { 0 };
            let complete = (seen & !WAITED) | COMPLETE | lock | (tag.bits() << TAG_SHIFT);
            // ORDERING: Release shows the outcome, and all that came before the delivery, to
            // whoever sees COMPLETE, and the reference taken to whoever gives up one after that.
            // Acquire takes the list over with the lock.
            match self.0.compare_exchange_weak(seen, complete, AcqRel, Relaxed) {
                Ok(_) => return Published { kept, locked, waited: seen & WAITED != 0 },
                Err(now) => seen = now,
            }
        }
    }

    /// Wakes all that sleep in [`Self::park`]. By address: the object may be gone.
    #[cold]
    pub(crate) fn wake(state: *const Self) {
        sys::wake(state.cast(), MASK, i32::MAX);
    }

    /// Sleeps until complete, until the deadline, or for no reason at all.
    pub(crate) fn park(&self, deadline: Deadline) {
        // ORDERING: a guess, checked by the exchange and by the kernel.
        let seen = self.0.load(Relaxed);
        if seen & COMPLETE != 0 {
            return;
        }
        if seen & SEALED != 0 {
            return lock::wait_sealed(&self.0, seen);
        }
        let waited = seen | WAITED;
        // ORDERING: announces this thread. Publishing swaps the same word, so either it sees
        // WAITED, or the kernel finds the word changed and does not sleep.
        if seen == waited || self.0.compare_exchange_weak(seen, waited, Relaxed, Relaxed).is_ok() {
            sys::wait(&self.0, waited, MASK, deadline);
        }
    }

    /// Takes the lock of the list of listeners.
    #[inline]
    pub(crate) fn lock(&self) {
        lock::acquire(&self.0, |_| 0);
    }

    /// Takes the lock and, unless complete, says in the same step that somebody listens: whoever
    /// publishes after this will take the lock and look. Says whether it is complete.
    #[inline]
    pub(crate) fn lock_to_listen(&self) -> bool {
        let seen = lock::acquire(&self.0, |seen| if seen & COMPLETE == 0 { LISTENED } else { 0 });
        if seen & COMPLETE == 0 {
            return false;
        }
        // Taking the lock acquired what its last holder wrote, not the outcome: see that too.
        self.load().is_complete()
    }

    /// Releases the lock; `empty` says that nobody is left in the list.
    #[inline]
    pub(crate) fn unlock(&self, empty: bool) {
        lock::release(&self.0, if empty { LISTENED } else { 0 });
    }
}

/// The right to write the outcome, and the duty to publish it.
#[must_use]
pub(crate) struct Claim {
    /// The word but for the seal, if nobody else may change it.
    sealed: Option<u32>,
}

#[must_use]
pub(crate) struct Published {
    pub(crate) kept: bool,
    pub(crate) locked: bool,
    pub(crate) waited: bool,
}

const _: () = assert!(
    (LOCKED | LOCK_WAITED | SEALED) & (RUNNING | CLAIMED | COMPLETE | WAITED | LISTENED) == 0
);
const _: () = assert!((Tag::MASK << TAG_SHIFT) >> TAG_SHIFT == Tag::MASK);
