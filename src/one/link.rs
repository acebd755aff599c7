//! A step's place in the list of a source, which it can leave before the source completes.
//!
//! A step lies between its sources and what it delivers into. It does not keep a pending source, so another
//! thread may complete the source, tell the step and free the source, just when the step is to be taken off,
//! because what it delivers into was completed otherwise. A word of its own says how far both are:
//!
//! ```text
//!   NEW ───▶ LINKED ─────▶ NOTIFIED ─────▶ HALF_DONE
//!     │       │  ▲           by the teller, who has the source's lock
//!     │       ▼  │
//!     │    DETACHING         by the detacher, who has no lock
//!     │       │
//!     └─────▶ DETACHED       by the detacher, who has got it, or before the step was listed
//! ```
//!
//! - While it is LINKED, it is in the source's list. Before the source is freed, all in its list are told.
//! - Whoever tells finds LINKED, or waits until it is that again. So while it is DETACHING, the source is not
//!   freed, and the detacher may look at it, but must not wait for its lock: it tries, and goes back to LINKED
//!   if it cannot get it. Then it tries again: the word says if the source may not be looked at any more.
//! - If it gets the lock, nobody is telling. It takes the step off, and never looks at the source after
//!   unlocking it. That may be all that the end of the source waits for: a source with steps is only freed by
//!   a thread that has had its lock since (STEPS in the state word).
//!
//! So a step is told or taken off, never both; and it is known which, before anything of it is freed.
//!
//! A link has no room to say what kind it is. That is said by the step's own node, the one in the list of what it
//! delivers into, which lies just before its first link.

use std::mem::offset_of;
use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::handle::Handle;
use super::listener::{Kind, Listener};
use super::state::Held;
use crate::base::backoff::Backoff;
use crate::sync::{AtomicU32, Ordering::*, race};

const NEW: u32 = 0;
const LINKED: u32 = 1;
const DETACHING: u32 = 2;
const NOTIFIED: u32 = 3;
/// One of two has done its part.
const HALF_DONE: u32 = 4;
const DETACHED: u32 = 5;

#[repr(C, align(8))]
pub(crate) struct Link {
    /// Knows the source, also when a job lies where its links were.
    node: Listener,
    word: AtomicU32,
    /// The step's own.
    info: u32,
}

/// Whether what the step delivers into is known to others before the step is listed: then it may be taken
/// off meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    ToNobody,
    ToOthers,
}

/// What became of a step that was to be listed.
pub(crate) enum Listed {
    Yes,
    /// The source is complete: the step counts as told.
    Complete,
    /// What it delivers into was completed meanwhile.
    Off,
}

/// What became of a step that was to be taken off.
pub(crate) enum Detached {
    /// It is not in the source's list any more, and never told.
    Off,
    /// It was not listed yet, and never is.
    Never,
    /// It was told, or is being told.
    Told,
}

/// Which of its step's links it is: in the lower bits of what the step gave it. The others are the step's own.
const NTH: u32 = Link::MOST - 1;

impl Link {
    /// So many links a step may have.
    pub(crate) const MOST: u32 = 1 << 27;

    /// For a place in the list of `source`; of `info` what is below [`Self::MOST`] is its index among the step's links.
    pub(crate) fn new(source: &Asynchron, known: Known, info: u32) -> Self {
        // If nobody can take it off yet, nobody looks before it is listed.
        let word = if known == Known::ToOthers { NEW } else { LINKED };
        Self { node: Listener::link(source), word: AtomicU32::new(word), info }
    }

    /// How a link is told.
    ///
    /// # Safety
    /// `node` is a link's, whose step is alive, and lies just before its first link.
    pub(super) unsafe fn kind(node: NonNull<Listener>) -> &'static Kind {
        let this = node.cast::<Self>();
        // SAFETY: as the caller promises.
        let nth = unsafe { Self::info(this) } & NTH;
        // SAFETY: so many are before it.
        let first = unsafe { this.sub(nth as usize) };
        // SAFETY: the step's own node is before that.
        let step = unsafe { first.cast::<Listener>().sub(1) };
        // SAFETY: it is alive.
        match unsafe { Listener::kind_by_address(step) } {
            Kind::Step { source, .. } | Kind::PassingStep { source, .. } => source,
            other => other,
        }
    }

    fn node(this: NonNull<Self>) -> NonNull<Listener> {
        this.cast()
    }

    /// Not by way of a reference to all of it: others may write the node.
    ///
    /// # Safety
    /// `this` is alive.
    unsafe fn word<'a>(this: NonNull<Self>) -> &'a AtomicU32 {
        // SAFETY: as the caller promises.
        unsafe { &(*this.as_ptr()).word }
    }

    /// What the step gave it.
    ///
    /// # Safety
    /// `this` is alive.
    #[inline]
    pub(crate) unsafe fn info(this: NonNull<Self>) -> u32 {
        // SAFETY: as the caller promises; it is never written again.
        unsafe { (*this.as_ptr()).info }
    }

    /// Takes over the reference to the source that is kept for a step that was told.
    ///
    /// # Safety
    /// `this` is alive, or the job where its links were, and was told; called once.
    #[inline]
    pub(crate) unsafe fn take_source(this: NonNull<Self>) -> Handle {
        // SAFETY: as the caller promises.
        let source = unsafe { Self::source(this) };
        // SAFETY: TOLD: the reference that is kept for it is taken over, once.
        unsafe { Handle::from_raw(source) }
    }

    /// # Safety
    /// `this` is alive. If it was neither told nor taken off, the source is.
    #[inline]
    pub(crate) unsafe fn source(this: NonNull<Self>) -> NonNull<Asynchron> {
        // SAFETY: as the caller promises.
        unsafe { Listener::source(Self::node(this)) }
    }

    /// Adds it to the source's list, unless that is complete.
    ///
    /// # Safety
    /// `this` is alive, made for this source with the same `known`, and in no list; it stays until it was
    /// told or taken off.
    pub(crate) unsafe fn list(this: NonNull<Self>, source: &Asynchron, known: Known) -> Listed {
        source.with_steps(|list, complete| {
            // SAFETY: as the caller promises.
            let word = unsafe { Self::word(this) };
            let now = if complete { NOTIFIED } else { LINKED };
            if known == Known::ToOthers {
                // ORDERING: Release shows the node to whoever takes it off, Acquire what that one has done.
                if word.compare_exchange(NEW, now, AcqRel, Acquire).is_err() {
                    race::acquire(word);
                    return (Listed::Off, false);
                }
            } else if complete {
                // ORDERING: nobody else knows it.
                word.store(NOTIFIED, Relaxed);
            }
            if complete {
                return (Listed::Complete, false);
            }
            // SAFETY: as the caller promises.
            unsafe { list.push(Self::node(this)) };
            (Listed::Yes, true)
        })
    }

    /// The source is being completed, and has just taken it off its list.
    ///
    /// # Safety
    /// As for the marks of a [`crate::one::listener::Kind`]; the node is a link's.
    pub(crate) unsafe fn mark(node: NonNull<Listener>) {
        // SAFETY: as the caller promises; it lives until it was told.
        let word = unsafe { Self::word(node.cast()) };
        // ORDERING: Acquire sees that whoever found the lock taken looks at the source no more.
        if word.compare_exchange(LINKED, NOTIFIED, Acquire, Relaxed).is_err() {
            Self::mark_slowly(word);
        }
    }

    /// The other is between two instructions.
    #[cold]
    #[inline(never)]
    fn mark_slowly(word: &AtomicU32) {
        let mut backoff = Backoff::new();
        // ORDERING: as in `mark`.
        while word.compare_exchange(LINKED, NOTIFIED, Acquire, Relaxed).is_err() {
            backoff.wait();
        }
    }

    /// Takes it off its source.
    ///
    /// # Safety
    /// `this` is alive; called once, by whoever took the step off what it delivers into.
    pub(crate) unsafe fn detach(this: NonNull<Self>) -> Detached {
        // SAFETY: LOCKED, as `detach_and` promises.
        let end = |source, held| unsafe { Asynchron::unlock_wanted(source, held) };
        // SAFETY: as the caller promises.
        unsafe { Self::detach_and(this, end) }
    }

    /// The same, and has `end` end the lock in which it was taken off. The source is not looked at after that. It may
    /// be that its last handle is just being given up; so if `end` completes it, that is to be as RETAKEN.
    ///
    /// # Safety
    /// As for [`Self::detach`].
    #[inline]
    pub(crate) unsafe fn detach_and(
        this: NonNull<Self>,
        mut end: impl FnMut(NonNull<Asynchron>, Held),
    ) -> Detached {
        // SAFETY: as the caller promises.
        let word = unsafe { Self::word(this) };
        let mut backoff = Backoff::new();
        loop {
            // ORDERING: a guess, checked by the exchanges; what is told is handed over by others.
            match word.load(Relaxed) {
                NEW => {
                    race::release(word);
                    // ORDERING: Release hands over to whoever was about to list it.
                    if word.compare_exchange(NEW, DETACHED, Release, Relaxed).is_ok() {
                        return Detached::Never;
                    }
                }
                LINKED => {
                    // ORDERING: Acquire sees the node as it was listed.
                    if word.compare_exchange(LINKED, DETACHING, Acquire, Relaxed).is_ok() {
                        // SAFETY: just now, and only by this thread.
                        if unsafe { Self::try_detach(this, &mut end) } {
                            return Detached::Off;
                        }
                        backoff.wait();
                    }
                }
                _ => return Detached::Told,
            }
        }
    }

    /// # Safety
    /// It is `DETACHING`, by this thread. If false, it is `LINKED` again, and may be told.
    unsafe fn try_detach(
        this: NonNull<Self>,
        end: &mut impl FnMut(NonNull<Asynchron>, Held),
    ) -> bool {
        // SAFETY: as the caller promises: so it is neither told nor freed.
        let word = unsafe { Self::word(this) };
        // SAFETY: not TOLD, so it has a source, which is alive.
        let address = unsafe { Self::source(this) };
        // SAFETY: the source is ALIVE while it has listeners that are LISTED and not told.
        let source = unsafe { address.as_ref() };
        let Some(held) = source.state().try_lock() else {
            // ORDERING: Release: the source is not looked at any more.
            word.store(LINKED, Release);
            return false;
        };
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { source.listeners() };
        // SAFETY: not told, so it is in this list.
        unsafe { list.unlink(Self::node(this)) };
        // ORDERING: nobody else knows it any more.
        word.store(DETACHED, Relaxed);
        end(address, held);
        true
    }

    /// Of a step that was told and also taken off what it delivers into, two threads have a part: each says when it has
    /// done its own. True for the second, which has the step alone.
    ///
    /// # Safety
    /// It was told, and the caller has not done its part.
    pub(crate) unsafe fn finish_part(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        let word = unsafe { Self::word(this) };
        race::release(word);
        // ORDERING: Release hands over what this one did, Acquire takes what the other one did.
        let second = word.swap(HALF_DONE, AcqRel) == HALF_DONE;
        if second {
            race::acquire(word);
        }
        second
    }

    /// For models alone, whose atomics notice their end: there is nothing else to drop.
    ///
    /// # Safety
    /// As for `was_told`.
    pub(crate) unsafe fn end(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let word = unsafe { this.byte_add(offset_of!(Self, word)) }.cast::<AtomicU32>();
        // SAFETY: ALONE: nobody looks at it any more.
        unsafe { word.drop_in_place() };
    }

    /// Whether it was told, and nobody has done a part of what follows.
    ///
    /// # Safety
    /// `this` is alive, and the caller's alone.
    pub(crate) unsafe fn was_told(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        let word = unsafe { Self::word(this) };
        // ORDERING: nobody else changes it.
        word.load(Relaxed) == NOTIFIED
    }
}
