//! What a report has to hand out, and who sleeps until there is something: all under its lock.

use std::mem;
use std::ptr::{self, NonNull};

use super::entries::{Entries, Entry};
use super::ready::ReadyList;
use super::sources::Sources;
use super::{Answer, Item};
use crate::base::memory::NoMemory;
use crate::one::handle::Handle;
use crate::sync::{AtomicPtr, AtomicU32, Ordering::*};
use crate::sys::Bell;

/// In [`Arrived`]: nothing, and what arrives is to be handed in under the lock, because threads sleep
/// or a descriptor has to ring.
pub(super) const CALL: *mut Entry = ptr::without_provenance_mut(1);

/// What has arrived since somebody last looked, the newest first, linked by the listeners' `prev`;
/// NULL; or [`CALL`], which comes and goes under the lock alone.
pub(super) type Arrived = AtomicPtr<Entry>;

/// So many of those that have arrived are put in order at a time.
const FEW: usize = 32;

pub(super) struct Queue {
    ready: ReadyList,
    reversing: Reversing,
    /// Added and not yet handed out.
    pub(super) pending: usize,
    /// Removed, and on their way nevertheless, or not yet taken off their source's list.
    pub(super) removed: usize,
    /// How often nothing was left so far: whoever asked before one of those is told, also if something
    /// was added since.
    pub(super) ends: u64,
    wakes: usize,
    /// Threads that sleep, and how many of them have been called and are on their way.
    sleepers: usize,
    called: usize,
    pub(super) entries: Entries,
    pub(super) sources: Sources,
    bell: Option<Bell>,
    ringing: bool,
    /// Whether somebody has asked and found nothing since it last rang.
    fruitless: bool,
}

/// What was taken over from [`Arrived`], while its order is reversed, and what has arrived since.
struct Reversing {
    /// As it was taken over. NULL: there is nothing else here, either.
    chain: *mut Entry,
    reversed: ReadyList,
    later: ReadyList,
}

impl Reversing {
    const NOTHING: Self =
        Self { chain: ptr::null_mut(), reversed: ReadyList::EMPTY, later: ReadyList::EMPTY };
}

// SAFETY: the pointers are to the report's own entries, which move with it.
unsafe impl Send for Queue {}

/// Whether an entry was ready.
pub(super) type IsReady = bool;

/// How many of those that sleep are to be woken.
pub(super) type Calls = i32;

impl Queue {
    /// With room for `n` entries.
    pub(super) fn new(n: usize) -> Result<Self, NoMemory> {
        Ok(Self {
            ready: ReadyList::EMPTY,
            reversing: Reversing::NOTHING,
            pending: 0,
            removed: 0,
            ends: 0,
            wakes: 0,
            sleepers: 0,
            called: 0,
            entries: Entries::new(n)?,
            sources: Sources::new(),
            bell: None,
            ringing: false,
            fruitless: false,
        })
    }

    /// Writes a new entry where a free one is.
    ///
    /// # Safety
    /// It is free, from [`Entries::find_free`], and the entry has a source.
    #[inline]
    pub(super) unsafe fn add(&mut self, free: NonNull<Entry>, entry: Entry) {
        // SAFETY: there is nothing to be dropped.
        unsafe { free.write(entry) };
        // SAFETY: new, and it stays until it is taken out.
        unsafe { self.sources.push(free) };
        self.pending = self.pending.wrapping_add(1);
    }

    /// Takes over all that has arrived, and says how what arrives from now on is handed in. If that was much,
    /// that is not over afterwards: it is reversing.
    pub(super) fn take_arrived(&mut self, arrived: &Arrived) {
        self.take_arrived_inline(arrived);
    }

    #[inline(always)]
    fn take_arrived_inline(&mut self, arrived: &Arrived) {
        if self.is_reversing() {
            return self.go_on_reversing();
        }
        let call = self.bell.is_some() || self.sleepers > self.called;
        let nothing = if call { CALL } else { ptr::null_mut() };
        // ORDERING: a first guess. What is missed arrives later.
        if arrived.load(Relaxed) == nothing {
            return;
        }
        // ORDERING: Acquire pairs with `Report::arrive` of every entry in the chain: each pushed by
        // an exchange, which continues what the one before has released.
        let newest = arrived.swap(nothing, Acquire);
        if newest != CALL {
            self.reverse_a_few(newest, ReadyList::EMPTY);
        }
    }

    /// Whether some are ready, but for their order. [`Self::take_arrived`] goes on with it, and does nothing else
    /// meanwhile.
    pub(super) fn is_reversing(&self) -> bool {
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
        for _ in 0..FEW {
            let Some(entry) = NonNull::new(chain) else {
                break;
            };
            // SAFETY: an arrived entry is alive, and its link is the report's.
            chain = unsafe { entry.as_ref() }.listener.prev.cast();
            // SAFETY: it has arrived.
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
    pub(super) unsafe fn push(&mut self, entry: NonNull<Entry>) -> bool {
        // SAFETY: it arrives.
        if unsafe { self.free_if_removed(entry) } {
            return false;
        }
        let list = if self.is_reversing() { &mut self.reversing.later } else { &mut self.ready };
        // SAFETY: it has just arrived.
        unsafe { list.push_back(entry) };
        true
    }

    /// # Safety
    /// The entry has arrived, and nothing leads to it but the caller.
    #[inline]
    unsafe fn free_if_removed(&mut self, entry: NonNull<Entry>) -> bool {
        // SAFETY: as the caller promises.
        let removed = self.removed > 0 && unsafe { Entry::is_content_taken(entry) };
        // SAFETY: it has arrived, and was taken out as not ready.
        if removed && unsafe { Entry::may_be_freed(entry) } {
            // SAFETY: it has arrived, and nobody looks at it.
            unsafe { self.free_removed(entry) };
        }
        removed
    }

    /// Whoever took an entry out as not ready has looked whether it was `unlisted` by that, or is to arrive.
    ///
    /// # Safety
    /// The caller did, and does not look at it again.
    pub(super) unsafe fn let_go(&mut self, entry: NonNull<Entry>, unlisted: bool) {
        // SAFETY: until now it stayed.
        if unsafe { Entry::stop_looking(entry) } || unlisted {
            // SAFETY: it has arrived, or never does.
            unsafe { self.free_removed(entry) };
        }
    }

    /// # Safety
    /// The entry was taken out as not ready, is neither listed nor on its way any more, and nobody looks at it.
    unsafe fn free_removed(&mut self, entry: NonNull<Entry>) {
        self.removed = self.removed.wrapping_sub(1);
        // SAFETY: as the caller promises.
        unsafe { self.entries.free(entry) };
    }

    /// Does a little of what was put off, so that any entry can be taken out. True: that was all.
    pub(super) fn catch_up(&mut self, arrived: &Arrived) -> bool {
        self.take_arrived(arrived);
        let linked = self.ready.link_back_a_few();
        self.sources.sort_in_a_few() && linked && !self.is_reversing()
    }

    /// Takes the content out of an entry. If it was not ready, it stays until it was [let go](Self::let_go), and is
    /// not listed any more, or has arrived.
    ///
    /// # Safety
    /// The entry is this report's, and was not taken out. Nothing is being reversed.
    pub(super) unsafe fn take_out(&mut self, entry: NonNull<Entry>) -> (Option<Handle>, IsReady) {
        // SAFETY: as the caller promises.
        unsafe { self.sources.take_out(entry) };
        // SAFETY: the entry is alive, and this is under the report's lock.
        let (source, _tag) = unsafe { Entry::take_content(entry) };
        self.pending = self.pending.wrapping_sub(1);
        // SAFETY: the entry is alive, and not free.
        let is_ready = unsafe { ReadyList::holds(entry) };
        if is_ready {
            // SAFETY: it is in a ready list, and nothing is being reversed: so in this one.
            unsafe { self.ready.take_out(entry) };
            // SAFETY: it was taken, and is in no ready list any more.
            unsafe { self.entries.free(entry) };
        } else {
            // SAFETY: its content was just taken, under the lock.
            unsafe { Entry::look_at(entry) };
            self.removed = self.removed.wrapping_add(1);
        }
        (source, is_ready)
    }

    /// What there is to say, but a timeout, to one that asked when so many ends had been; `None` if
    /// there is nothing.
    pub(super) fn next(
        &mut self,
        arrived: &Arrived,
        ends: u64,
        limit: usize,
        give: &mut impl FnMut(Item),
    ) -> Option<Answer> {
        if self.wakes > 0 {
            self.wakes = self.wakes.wrapping_sub(1);
            return Some(Answer::Woken);
        }
        match self.hand_out(arrived, limit, give) {
            0 => Some(Answer::End).filter(|_| self.is_end(ends)),
            given => Some(Answer::Items(given)),
        }
    }

    /// Hands out what is ready, at most `limit`, and says how many.
    #[inline(always)] // Mostly of one: the compiler thinks otherwise.
    pub(super) fn hand_out(
        &mut self,
        arrived: &Arrived,
        limit: usize,
        give: &mut impl FnMut(Item),
    ) -> usize {
        let mut given = 0_usize;
        while given < limit {
            if self.ready.is_empty() {
                self.take_arrived_inline(arrived);
            }
            let Some(entry) = self.ready.pop_front() else {
                break;
            };
            // SAFETY: what is ready was not taken out.
            unsafe { self.sources.take_out(entry) };
            // SAFETY: what is ready is alive, and this is under the lock.
            if let (Some(asynchron), tag) = unsafe { Entry::take_content(entry) } {
                give(Item { asynchron, tag });
            }
            // SAFETY: it was taken, and is not ready any more.
            unsafe { self.entries.free(entry) };
            given = given.wrapping_add(1);
        }
        self.pending = self.pending.wrapping_sub(given);
        given
    }

    /// How many are ready.
    pub(super) fn len(&self) -> usize {
        self.ready.len()
    }

    pub(super) fn add_wake(&mut self) {
        self.wakes = self.wakes.saturating_add(1);
    }

    /// Whether nothing is left, or nothing was since so many ends.
    fn is_end(&self, ends: u64) -> bool {
        self.pending == 0 || self.ends != ends
    }

    fn has_items(&self) -> bool {
        !self.ready.is_empty() || self.is_reversing()
    }

    /// Whether `next` would say something to one that asked when so many ends had been.
    fn has_news(&self, ends: u64) -> bool {
        self.wakes > 0 || self.has_items() || self.is_end(ends)
    }

    /// For a thread about to sleep: the number of events so far, unless there is news.
    pub(super) fn begin_sleep(
        &mut self,
        arrived: &Arrived,
        ends: u64,
        events: &AtomicU32,
    ) -> Option<u32> {
        self.sleepers = self.sleepers.wrapping_add(1);
        // From here on those that arrive call.
        self.take_arrived(arrived);
        if self.has_news(ends) {
            self.sleepers = self.sleepers.wrapping_sub(1);
            self.take_arrived(arrived);
            return None;
        }
        // ORDERING: it changes under the lock alone.
        Some(events.load(Relaxed))
    }

    /// For one that has slept, whatever woke it. Each call is answered by one that comes here.
    pub(super) fn end_sleep(&mut self, arrived: &Arrived) {
        self.sleepers = self.sleepers.wrapping_sub(1);
        self.called = self.called.saturating_sub(1);
        self.take_arrived(arrived);
    }

    /// Something happened: tells those that watch, and says how many sleepers are to be woken, at
    /// most `calls`.
    pub(super) fn announce(&mut self, events: &AtomicU32, calls: usize) -> Calls {
        // ORDERING: both under the lock, where those about to sleep read it. Those that only watch
        // take the lock when they see a change.
        let count = events.load(Relaxed).wrapping_add(1);
        // ORDERING: as above.
        events.store(count, Relaxed);
        let calls = calls.min(self.sleepers.saturating_sub(self.called));
        self.called = self.called.wrapping_add(calls);
        calls.try_into().unwrap_or(Calls::MAX)
    }

    /// Something was handed out, or taken out: if it was the last, all that sleep are to be woken.
    pub(super) fn announce_end(&mut self, events: &AtomicU32) -> Calls {
        if self.pending > 0 {
            return 0;
        }
        self.ends = self.ends.wrapping_add(1);
        let asleep = self.sleepers > 0;
        self.announce(events, usize::MAX);
        // Not their number: one that comes to sleep only now might be woken in another's place, and it
        // would not be told.
        if asleep { Calls::MAX } else { 0 }
    }

    /// The descriptor's bell, made now if there is none. `None`: it cannot be had.
    pub(super) fn bell_or_new(&mut self, arrived: &Arrived) -> Option<&Bell> {
        self.forget_parents_bell();
        if self.bell.is_none() {
            self.bell = Some(Bell::new()?);
            self.take_arrived(arrived);
        }
        self.update_bell();
        self.bell.as_ref()
    }

    /// In a child of a fork: what its parent listens to is not for the child to ring.
    fn forget_parents_bell(&mut self) {
        if self.bell.as_ref().is_some_and(|bell| !bell.is_ours()) {
            self.bell = None;
            self.ringing = false;
        }
    }

    /// The descriptor is readable exactly while there is an item or a wake.
    #[inline]
    pub(super) fn update_bell(&mut self) {
        if self.bell.is_some() {
            self.ring_or_silence();
        }
    }

    #[inline(never)]
    fn ring_or_silence(&mut self) {
        self.forget_parents_bell();
        let Some(bell) = &self.bell else {
            return;
        };
        let due = self.wakes > 0 || self.has_items();
        if due != self.ringing {
            if due {
                bell.ring();
                self.fruitless = false;
            } else {
                bell.silence();
            }
            self.ringing = due;
        }
    }

    /// For one that found nothing. If that was so the last time, too, the descriptor may be readable without
    /// cause: another process may have it, and have written to it. An event loop would ask for ever.
    pub(super) fn heal_bell(&mut self) {
        self.forget_parents_bell();
        let Some(bell) = self.bell.as_ref().filter(|_| !self.ringing) else {
            return;
        };
        // Not the first time: that is how a loop ends that takes all there is, and costs no system call.
        if mem::replace(&mut self.fruitless, true) {
            bell.silence();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Report;
    use super::super::sources::AgeLinks;
    use super::*;
    use crate::one::listener::Listener;

    /// What happens between a thread's last look and its sleep is too short to be met by chance.
    #[test]
    fn nobody_goes_to_sleep_while_there_is_news() {
        let (arrived, events) = (Arrived::default(), AtomicU32::new(0));
        let mut queue = Queue::new(1).unwrap();
        let sleeps = |queue: &mut Queue| {
            let sleeps = queue.begin_sleep(&arrived, 0, &events).is_some();
            if sleeps {
                queue.end_sleep(&arrived);
            }
            sleeps
        };
        let next = |queue: &mut Queue| queue.next(&arrived, 0, 1, &mut |_| ()).is_some();
        assert!(!sleeps(&mut queue), "the end");
        queue.pending = 1;
        assert!(sleeps(&mut queue), "nothing");
        queue.add_wake();
        assert!(!sleeps(&mut queue), "a wake");
        assert!(next(&mut queue) && sleeps(&mut queue), "nothing any more");
        let entry = queue.entries.find_free().unwrap();
        let (listener, links) = (Listener::of_owner::<Report>(NonNull::dangling()), AgeLinks::NONE);
        // SAFETY: it is free.
        unsafe { queue.add(entry, Entry { listener, source: None, tag: ptr::null_mut(), links }) };
        // SAFETY: just made, and used nowhere.
        assert!(unsafe { queue.push(entry) });
        assert!(!sleeps(&mut queue), "an item");
        queue.pending = 2;
        assert!(next(&mut queue) && sleeps(&mut queue), "nothing any more");
        queue.pending = 0;
        assert_eq!(queue.announce_end(&events), 0, "nobody sleeps");
        queue.pending = 1;
        assert!(!sleeps(&mut queue), "nothing was left meanwhile");
        assert!(next(&mut queue), "and it is told");
    }
}
