//! What a report has to hand out, and who sleeps until there is something: all under its lock.

use std::mem;
use std::ptr::{self, NonNull};

use super::entries::{Entries, Entry};
use super::{Item, Next};
use crate::core::cell::Asynchron;
use crate::core::memory::NoMemory;
use crate::sync::{AtomicPtr, AtomicU32, Ordering::*};
use crate::sys::Bell;

/// In [`Arrived`]: nothing, and what arrives is to be handed in under the lock, because threads sleep
/// or a descriptor has to ring.
pub(super) const CALL: *mut Entry = ptr::without_provenance_mut(1);

/// What has arrived since somebody last looked, the newest first, linked by the listeners' `prev`;
/// NULL; or [`CALL`], which comes and goes under the lock alone.
pub(super) type Arrived = AtomicPtr<Entry>;

pub(super) struct Queue {
    /// Linked in their order by the listeners' `prev`.
    first: *mut Entry,
    last: *mut Entry,
    /// How many those are.
    ready: usize,
    /// Added and not yet handed out.
    pub(super) pending: usize,
    /// How often nothing was left so far: whoever asked before one of those is told, also if something
    /// was added since.
    pub(super) ends: u64,
    wakes: usize,
    /// Threads that sleep, and how many of them have been called and are on their way.
    sleepers: usize,
    called: usize,
    pub(super) entries: Entries,
    bell: Option<Bell>,
    ringing: bool,
    /// Whether somebody has asked and found nothing since it last rang.
    fruitless: bool,
}

// SAFETY: the pointers are to the report's own entries, which move with it.
unsafe impl Send for Queue {}

/// How many of those that sleep are to be woken.
pub(super) type Calls = i32;

impl Queue {
    /// With room for `n` entries.
    pub(super) fn new(n: usize) -> Result<Self, NoMemory> {
        let mut entries = Entries::EMPTY;
        entries.reserve(n)?;
        Ok(Self {
            first: ptr::null_mut(),
            last: ptr::null_mut(),
            ready: 0,
            pending: 0,
            ends: 0,
            wakes: 0,
            sleepers: 0,
            called: 0,
            entries,
            bell: None,
            ringing: false,
            fruitless: false,
        })
    }

    /// Takes over all that has arrived, and says how what arrives from now on is handed in.
    pub(super) fn collect(&mut self, arrived: &Arrived) {
        let call = self.bell.is_some() || self.sleepers > self.called;
        let nothing = if call { CALL } else { ptr::null_mut() };
        // ORDERING: a first guess. What is missed arrives later.
        if arrived.load(Relaxed) == nothing {
            return;
        }
        // ORDERING: Acquire pairs with `Report::arrive` of every entry in the chain: each pushed by
        // an exchange, which continues what the one before has released.
        let mut newest = arrived.swap(nothing, Acquire);
        if newest == CALL {
            return;
        }
        let last = newest;
        let mut oldest: *mut Entry = ptr::null_mut();
        let mut n = 0_usize;
        while let Some(entry) = NonNull::new(newest) {
            n = n.wrapping_add(1);
            // SAFETY: an arrived entry is alive, and its link is the report's.
            let link = unsafe { &mut (*entry.as_ptr()).listener.prev };
            newest = link.cast();
            *link = oldest.cast();
            oldest = entry.as_ptr();
        }
        if !oldest.is_null() {
            self.append(oldest, last, n);
        }
    }

    /// # Safety
    /// The entry is the report's, and neither listed nor arrived.
    pub(super) unsafe fn push(&mut self, entry: NonNull<Entry>) {
        // SAFETY: so its link is the report's.
        unsafe { (*entry.as_ptr()).listener.prev = ptr::null_mut() };
        self.append(entry.as_ptr(), entry.as_ptr(), 1);
    }

    fn append(&mut self, first: *mut Entry, last: *mut Entry, n: usize) {
        self.ready = self.ready.wrapping_add(n);
        if self.first.is_null() {
            self.first = first;
        } else {
            // SAFETY: a ready entry is alive.
            unsafe { (*self.last).listener.prev = first.cast() };
        }
        self.last = last;
    }

    /// What there is to say, but a timeout, to one that asked when so many ends had been; `None` if
    /// there is nothing.
    pub(super) fn next(
        &mut self,
        arrived: &Arrived,
        ends: u64,
        room: usize,
        give: &mut impl FnMut(Item),
    ) -> Option<Next> {
        if self.wakes > 0 {
            self.wakes = self.wakes.wrapping_sub(1);
            return Some(Next::Woken);
        }
        match self.hand_out(arrived, room, give) {
            0 => Some(Next::End).filter(|_| self.is_end(ends)),
            given => Some(Next::Items(given)),
        }
    }

    /// Hands out what is ready, at most `room`, and says how many.
    pub(super) fn hand_out(
        &mut self,
        arrived: &Arrived,
        room: usize,
        give: &mut impl FnMut(Item),
    ) -> usize {
        let mut given = 0_usize;
        while given < room {
            if self.first.is_null() {
                self.collect(arrived);
            }
            let Some(entry) = NonNull::new(self.first) else {
                break;
            };
            // SAFETY: a ready entry is alive, and its link is the report's.
            self.first = unsafe { entry.as_ref() }.listener.prev.cast();
            // SAFETY: not ready any more.
            if let (Some(asynchron), tag) = unsafe { self.entries.take(entry) } {
                give(Item { asynchron, tag });
            }
            given = given.wrapping_add(1);
        }
        self.ready = self.ready.wrapping_sub(given);
        self.pending = self.pending.wrapping_sub(given);
        given
    }

    /// How many are ready.
    pub(super) fn len(&self) -> usize {
        self.ready
    }

    /// Takes the oldest entry of `source` out, if all that are older are ready. `None`: it is in
    /// flight; `Some(None)`: there is none.
    pub(super) fn unlink_oldest(&mut self, source: &Asynchron) -> Option<Option<NonNull<Entry>>> {
        for late in [false, true] {
            if let Some(entry) = self.unlink(source, late) {
                return Some(Some(entry));
            }
            if self.entries.has(source, late) {
                return None;
            }
        }
        Some(None)
    }

    /// Takes the oldest ready entry of `source` that is as late out.
    fn unlink(&mut self, source: &Asynchron, late: bool) -> Option<NonNull<Entry>> {
        let mut before: *mut Entry = ptr::null_mut();
        let mut here = self.first;
        while let Some(entry) = NonNull::new(here) {
            // SAFETY: a ready entry is alive, and its link is the report's.
            let next: *mut Entry = unsafe { entry.as_ref() }.listener.prev.cast();
            // SAFETY: as above.
            if unsafe { Entry::is(entry, source, late) } {
                match NonNull::new(before) {
                    None => self.first = next,
                    // SAFETY: it is ready, too.
                    Some(before) => unsafe {
                        (*before.as_ptr()).listener.prev = next.cast();
                    },
                }
                if next.is_null() {
                    self.last = before;
                }
                self.ready = self.ready.wrapping_sub(1);
                return Some(entry);
            }
            before = here;
            here = next;
        }
        None
    }

    pub(super) fn add_wake(&mut self) {
        self.wakes = self.wakes.saturating_add(1);
    }

    /// Whether nothing is left, or nothing was since so many ends.
    fn is_end(&self, ends: u64) -> bool {
        self.pending == 0 || self.ends != ends
    }

    /// Whether `next` would say something to one that asked when so many ends had been.
    fn has_news(&self, ends: u64) -> bool {
        self.wakes > 0 || !self.first.is_null() || self.is_end(ends)
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
        self.collect(arrived);
        if self.has_news(ends) {
            self.sleepers = self.sleepers.wrapping_sub(1);
            self.collect(arrived);
            return None;
        }
        // ORDERING: it changes under the lock alone.
        Some(events.load(Relaxed))
    }

    /// For one that has slept, whatever woke it. Each call is answered by one that comes here.
    pub(super) fn end_sleep(&mut self, arrived: &Arrived) {
        self.sleepers = self.sleepers.wrapping_sub(1);
        self.called = self.called.saturating_sub(1);
        self.collect(arrived);
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
            self.collect(arrived);
            self.update_bell();
        }
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
    pub(super) fn update_bell(&mut self) {
        self.forget_parents_bell();
        let Some(bell) = &self.bell else {
            return;
        };
        let due = self.wakes > 0 || !self.first.is_null();
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
    use super::*;
    use crate::core::listener::Listener;

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
        let listener = Listener::entry(NonNull::dangling());
        let entry = queue.entries.make(Entry { listener, source: None, tag: ptr::null_mut() });
        // SAFETY: just made, and used nowhere.
        unsafe { queue.push(entry.unwrap()) };
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
