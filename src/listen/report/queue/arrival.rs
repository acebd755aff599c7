//! What has arrived: taken over newest first, and put in order a few at a time.

use std::mem;
use std::ptr::{self, NonNull};

use super::super::entries::Entry;
use super::super::ready::ReadyList;
use super::Queue;
use crate::sync::{AtomicPtr, Ordering::*};

/// In [`Arrived`]: nothing, and what arrives is to be handed in under the lock, because threads sleep
/// or a descriptor has to ring.
pub(in super::super) const TAKE_THE_LOCK: *mut Entry = ptr::without_provenance_mut(1);

/// What has arrived since somebody last looked, the newest first, linked by the listeners' `prev`;
/// NULL; or [`TAKE_THE_LOCK`], which comes and goes under the lock alone.
pub(in super::super) type Arrived = AtomicPtr<Entry>;

/// So many of those that have arrived are put in order at a time.
const REVERSED_AT_A_TIME: usize = 32;

/// What was taken over from [`Arrived`], while its order is reversed, and what has arrived since.
pub(super) struct Reversing {
    /// As it was taken over. NULL: there is nothing else here, either.
    chain: *mut Entry,
    reversed: ReadyList,
    later: ReadyList,
}

impl Reversing {
    pub(super) const NOTHING: Self =
        Self { chain: ptr::null_mut(), reversed: ReadyList::EMPTY, later: ReadyList::EMPTY };
}

impl Queue {
    /// Takes over all that has arrived, and says how what arrives from now on is handed in. If that was much,
    /// that is not over afterwards: it is reversing.
    pub(in super::super) fn take_arrived(&mut self, arrived: &Arrived) {
        self.take_arrived_inline(arrived);
    }

    #[inline(always)]
    pub(super) fn take_arrived_inline(&mut self, arrived: &Arrived) {
        if self.is_reversing() {
            return self.go_on_reversing();
        }
        let wakes = self.bell.is_some() || self.sleepers > self.woken;
        let nothing = if wakes { TAKE_THE_LOCK } else { ptr::null_mut() };
        // ORDERING: a first guess. What is missed arrives later.
        if arrived.load(Relaxed) == nothing {
            return;
        }
        // ORDERING: Acquire pairs with `Report::arrive` of every entry in the chain: each pushed by
        // an exchange, which continues what the one before has released.
        let newest = arrived.swap(nothing, Acquire);
        if newest != TAKE_THE_LOCK {
            self.reverse_a_few(newest, ReadyList::EMPTY);
        }
    }

    /// Whether some are ready, but for their order. [`Self::take_arrived`] goes on with it, and does nothing else
    /// meanwhile.
    pub(in super::super) fn is_reversing(&self) -> bool {
        !self.reversing.chain.is_null()
    }

    #[cold]
    fn go_on_reversing(&mut self) {
        let Reversing { chain, reversed, later } =
            mem::replace(&mut self.reversing, Reversing::NOTHING);
        self.reverse_a_few(chain, reversed);
        if self.is_reversing() {
            self.reversing.later = later;
        } else {
            self.ready.append(later);
        }
    }

    #[inline(always)]
    fn reverse_a_few(&mut self, chain: *mut Entry, reversed: ReadyList) {
        let (mut chain, mut reversed) = (chain, reversed);
        let are_removed = self.removed > 0;
        for _ in 0..REVERSED_AT_A_TIME {
            let Some(entry) = NonNull::new(chain) else {
                break;
            };
            // SAFETY: an arrived entry is alive, and its link is the report's.
            chain = unsafe { entry.as_ref() }.listener.prev.cast();
            // SAFETY: it has arrived, and was in the chain alone.
            if !(are_removed && unsafe { self.free_if_removed(entry) }) {
                // SAFETY: it has arrived, and was in the chain alone.
                unsafe { reversed.push_front(entry) };
            }
        }
        if chain.is_null() {
            self.ready.append(reversed);
        } else {
            self.reversing = Reversing { chain, reversed, later: ReadyList::EMPTY };
        }
    }

    /// Takes one over that arrives under the lock. False: nobody wants it any more.
    ///
    /// # Safety
    /// The entry is the report's, and neither listed nor arrived.
    pub(in super::super) unsafe fn push(&mut self, entry: NonNull<Entry>) -> bool {
        // SAFETY: it arrives just now, and nothing leads to it but the caller.
        if unsafe { self.free_if_removed(entry) } {
            return false;
        }
        let list = if self.is_reversing() { &mut self.reversing.later } else { &mut self.ready };
        // SAFETY: it has just arrived.
        unsafe { list.push_back(entry) };
        true
    }
}
