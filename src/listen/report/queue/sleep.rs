//! Sleeping until there is something, and how many are woken for what.

use super::{Arrived, Queue};
use crate::sync::{AtomicU32, Ordering::*};

/// How many of those that sleep are to be woken.
pub(in super::super) type ToWake = i32;

impl Queue {
    pub(in super::super) fn add_wake(&mut self) {
        self.wakes = self.wakes.saturating_add(1);
    }

    /// Whether nothing is left, or nothing was since so many ends.
    pub(super) fn is_end(&self, ends: u64) -> bool {
        self.pending == 0 || self.ends != ends
    }

    /// Whether nothing is left, and nothing ever comes.
    pub(super) fn is_finished(&self) -> bool {
        self.closed && self.pending == 0
    }

    /// Whether `next` would say something to one that asked when so many ends had been.
    fn has_news(&self, ends: u64) -> bool {
        self.wakes > 0 || self.has_items() || self.is_end(ends)
    }

    /// For a thread about to sleep: the number of events so far, unless there is news.
    pub(in super::super) fn begin_sleep(
        &mut self,
        arrived: &Arrived,
        ends: u64,
        events: &AtomicU32,
    ) -> Option<u32> {
        self.sleepers = self.sleepers.wrapping_add(1);
        // From here on those that arrive take the lock, and wake.
        self.take_arrived(arrived);
        if self.has_news(ends) {
            self.sleepers = self.sleepers.wrapping_sub(1);
            self.take_arrived(arrived);
            return None;
        }
        // ORDERING: it changes under the lock alone.
        Some(events.load(Relaxed))
    }

    /// For one that has slept, whatever woke it. For each that is woken, one comes here.
    pub(in super::super) fn end_sleep(&mut self, arrived: &Arrived) {
        self.sleepers = self.sleepers.wrapping_sub(1);
        self.woken = self.woken.saturating_sub(1);
        self.take_arrived(arrived);
    }

    /// Something happened: tells those that watch, and says how many sleepers are to be woken, at
    /// most `to_wake`.
    pub(in super::super) fn announce(&mut self, events: &AtomicU32, to_wake: usize) -> ToWake {
        // ORDERING: both under the lock, where those about to sleep read it. Those that only watch
        // take the lock when they see a change.
        let count = events.load(Relaxed).wrapping_add(1);
        // ORDERING: under the lock, as the load.
        events.store(count, Relaxed);
        let to_wake = to_wake.min(self.sleepers.saturating_sub(self.woken));
        self.woken = self.woken.wrapping_add(to_wake);
        to_wake.try_into().unwrap_or(ToWake::MAX)
    }

    /// Something was handed out, or taken out: if it was the last, all that sleep are to be woken.
    pub(in super::super) fn announce_end(&mut self, events: &AtomicU32) -> ToWake {
        if self.pending > 0 {
            return 0;
        }
        self.ends = self.ends.wrapping_add(1);
        let asleep = self.sleepers > 0;
        self.announce(events, usize::MAX);
        // Not their number: one that comes to sleep only now might be woken in another's place, and it
        // would not be told.
        if asleep { ToWake::MAX } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use std::ptr::{self, NonNull};

    use super::super::super::Report;
    use super::super::super::entries::Entry;
    use super::super::super::sources::AgeLinks;
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
