//! Promises: the producers' share in an asynchron, counted.
//!
//! All promises of one asynchron are one block, and each is one in its count: so the program's pointer to a promise is the
//! pointer to that block. Together they have one reference to the asynchron, from the first to the last.
//!
//! When the last one goes, and the library itself will not deliver, it breaks. If a step or a task was still to
//! deliver then, and does not after all, it breaks when that goes.

use std::ffi::CStr;
use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::extras::{Extras, GENERATED};
use super::failure::ReservedFailure;
use super::handle::Handle;
use super::outcome::{BROKEN_CODE, Outcome, Slot};
use super::state::Held;
use super::wanted::Waits;
use crate::base::memory::{NoMemory, try_box};
use crate::base::program::Owned;
use crate::base::refs::Refs;
use crate::sync::{AtomicU32, Ordering::*, UnsafeCell, race};

pub(crate) struct Promises {
    /// How many there are. From [`LIMIT`] on it is believed no more.
    count: AtomicU32,
    /// How often the last one has gone, and their reference with it, or is just going.
    ends: AtomicU32,
    of: NonNull<Asynchron>,
    /// What keeps it wanted beside references and listeners.
    pub(super) waits: Waits,
    /// Room for what it fails with when the last one goes, made while there may be no memory for it without harm. Under the
    /// asynchron's lock.
    broken: UnsafeCell<Option<ReservedFailure>>,
}

// SAFETY: the count is atomic, and nothing else changes but what the asynchron's lock guards.
unsafe impl Send for Promises {}
// SAFETY: the count is atomic, and nothing else changes but what the asynchron's lock guards.
unsafe impl Sync for Promises {}

/// What it fails with: these, with the name between.
const DOMAIN: &CStr = c"asynchron";
const WHO: &[u8] = b"the last promise of ";
const WHY: &[u8] = b" was released and nobody was left to deliver\0";

/// Far from the end, so that no number of threads that count at the same moment comes there.
const LIMIT: u32 = 0x8000_0000;

impl Promises {
    /// One promise of `a`, whose name has so many bytes. A reference is to be counted for it.
    fn new(a: &Asynchron, name_len: usize) -> Result<Self, NoMemory> {
        let texts = DOMAIN.count_bytes().wrapping_add(WHO.len()).wrapping_add(WHY.len());
        let broken = ReservedFailure::new(texts.checked_add(name_len).ok_or(NoMemory)?)?;
        Ok(Self {
            count: AtomicU32::new(1),
            ends: AtomicU32::new(0),
            of: NonNull::from(a),
            waits: Waits::none(),
            broken: UnsafeCell::new(Some(broken)),
        })
    }

    /// Takes one more. The caller has one.
    #[inline]
    pub(crate) fn retain(&self) {
        // ORDERING: whoever retains has one already, or the asynchron; nothing is published by it.
        if self.count.fetch_add(1, Relaxed) >= LIMIT {
            // ORDERING: any order of these stores leaves it beyond the limit.
            self.count.store(LIMIT, Relaxed);
        }
    }

    /// Takes one of `a`, whose these are. The caller has `a`.
    #[inline]
    fn add(&self, a: &Asynchron) {
        // ORDERING: only looks whether there is one.
        let mut seen = self.count.load(Relaxed);
        loop {
            if seen == 0 {
                a.retain();
            }
            let more = if seen < LIMIT { seen.wrapping_add(1) } else { seen };
            // ORDERING: Release shows with the first one that their reference is counted.
            match self.count.compare_exchange_weak(seen, more, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => {
                    if seen == 0 {
                        a.give_up_another();
                    }
                    seen = now;
                }
            }
        }
    }

    pub(crate) fn asynchron(&self) -> NonNull<Asynchron> {
        self.of
    }

    /// Gives up one. The last one breaks the asynchron, unless the library delivers.
    ///
    /// # Safety
    /// It is the caller's, and is used no more.
    #[inline]
    pub(crate) unsafe fn release(this: NonNull<Self>) {
        // SAFETY: alive while there is a promise.
        let me = unsafe { this.as_ref() };
        race::release(&raw const me.count);
        // ORDERING: only looks whether it is believed.
        if me.count.load(Relaxed) < LIMIT {
            let of = me.of;
            // ORDERING: Release hands this producer's work to the last one, Acquire takes that of the others.
            if me.count.fetch_sub(1, AcqRel) == 1 {
                // SAFETY: the last one: their reference is this thread's.
                unsafe { Self::end(this, of) };
            }
        }
    }

    /// # Safety
    /// The last one went just now, and the reference that they had is the caller's.
    #[inline(never)]
    unsafe fn end(this: NonNull<Self>, of: NonNull<Asynchron>) {
        // SAFETY: as the caller promises.
        let a = unsafe { Handle::from_raw(of) };
        // SAFETY: alive by that reference.
        let me = unsafe { this.as_ref() };
        race::acquire(&raw const me.count);
        // ORDERING: Release shows with it that the count went down. Giving up the reference shows this to whoever
        // counts it no more.
        me.ends.fetch_add(1, Release);
        a.break_unless_delivered();
        drop(a);
    }

    /// Whether they share the asynchron, whose references these are, with one other holder alone.
    fn share_with_one(&self, refs: &Refs) -> bool {
        // ORDERING: Acquire: a count that is seen next is not older than the last one's going.
        let ends = self.ends.load(Acquire);
        // ORDERING: Acquire sees that their reference is counted.
        let any = self.count.load(Acquire) != 0;
        // Theirs may be given up meanwhile, and the second be another: then one more has gone, and that is seen here.
        // ORDERING: what was counted comes first, by its Acquire.
        any && refs.are_two() && self.ends.load(Relaxed) == ends
    }

    pub(super) fn are_gone(&self) -> bool {
        // ORDERING: only looks; one that comes just now comes too late.
        self.count.load(Relaxed) == 0
    }
}

impl Asynchron {
    /// One more promise.
    #[inline]
    pub(crate) fn promise(&self) -> Result<NonNull<Promises>, NoMemory> {
        if let Some(promises) = self.promises() {
            promises.add(self);
            return Ok(NonNull::from(promises));
        }
        self.first_promise()
    }

    #[cold]
    fn first_promise(&self) -> Result<NonNull<Promises>, NoMemory> {
        let Some(extras) = self.extras() else {
            return self.first_promise_with_extras();
        };
        let promises = Promises::new(self, extras.name_len())?;
        let made = try_box(promises).map_err(|_| NoMemory)?;
        self.retain();
        if let Err(unused) = extras.begin_promises(made) {
            self.give_up_another();
            drop(unused);
            let promises = extras.promises().ok_or(NoMemory)?;
            promises.add(self);
        }
        extras.promises().map(NonNull::from).ok_or(NoMemory)
    }

    /// The same where there are no extras: in one allocation with them.
    fn first_promise_with_extras(&self) -> Result<NonNull<Promises>, NoMemory> {
        let extras = Extras::with_promises(Promises::new(self, GENERATED)?)?;
        self.retain();
        if self.add_extras_unless_there(extras) {
            return self.promises().map(NonNull::from).ok_or(NoMemory);
        }
        self.give_up_another();
        self.promise() // another thread has made extras
    }

    #[inline]
    pub(super) fn promises(&self) -> Option<&Promises> {
        self.extras().and_then(|extras| extras.promises())
    }

    /// Whether it was ever promised.
    pub(crate) fn has_promises(&self) -> bool {
        self.promises().is_some()
    }

    /// For the holder of a reference, of what is shared: whether by promises alone. They may make handles at any moment. Whoever
    /// has one that was made after this sees what the caller did before it.
    pub(crate) fn is_shared_by_promises_alone(&self) -> bool {
        // In this order: see `is_shared`.
        !self.state().load().is_lent()
            && self.promises().is_some_and(|promises| promises.share_with_one(&self.refs))
    }

    /// Gives up a reference that is not the last one: the caller has another.
    fn give_up_another(&self) {
        // SAFETY: as the caller promises.
        drop(unsafe { Handle::from_raw(NonNull::from(self)) });
    }

    /// A step or a task was taken off this without having delivered: if its promises have all gone, there is nobody
    /// else.
    pub(crate) fn lose_step(&self) {
        if self.promises().is_some_and(Promises::are_gone) {
            self.break_unless_delivered();
        }
    }

    /// No promise is left: it breaks, unless it is complete, or the library itself will deliver.
    fn break_unless_delivered(&self) {
        if self.state().load().is_complete() {
            return;
        }
        let Some((extras, promises)) = self.extras().and_then(|e| Some((e, e.promises()?))) else {
            return;
        };
        let mut line = [0; GENERATED];
        let name = extras.name_or_number(&mut line);
        let Some(held) = self.state().claim() else {
            return;
        };
        if self.is_delivered_by_us(&held) {
            self.state().unlock(held);
            return;
        }
        // SAFETY: CLAIMED: nobody else looks there.
        let room = unsafe { &mut *promises.broken.get() }.take();
        let broken = room.map_or(Outcome::Broken, |room| {
            Outcome::Failure(room.fill(BROKEN_CODE, DOMAIN, &[WHO, name, WHY], Owned::NOTHING))
        });
        // SAFETY: CLAIMED, and ALIVE by the caller's reference. It is claimed, so it wins.
        let _ = unsafe { Self::deliver(NonNull::from(self), Some(held), broken, Slot::write) };
    }

    /// Whether the library itself will deliver: a function runs or is queued, somebody's asking starts one, or a step
    /// lies between this and its sources.
    fn is_delivered_by_us(&self, held: &Held) -> bool {
        let on_demand = || self.extras().is_some_and(|extras| extras.has_demand());
        // SAFETY: LOCKED: the list is this thread's alone.
        let has_step = || unsafe { self.listeners() }.has_step();
        held.has_function() || (held.is_pending() && on_demand()) || has_step()
    }
}
