//! Asking a report for the next items, and waiting for them.

use std::cell::Cell;

use super::few::{AT_ONCE, Few};
use super::queue::TAKE_THE_LOCK;
use super::{Answer, Item, Report, leave_for_now, wake_sleepers};
use crate::one::state::Courtesy;
use crate::one::wait::block_until;
use crate::sync::Ordering::*;
use crate::sys;

impl Report {
    /// Blocks until there is something to say, or the time is up. Hands out at most `limit` items.
    pub(crate) fn next(&self, timeout_ns: u64, limit: usize, give: impl FnMut(Item)) -> Answer {
        let (mut give, mut few) = (give, Few::new());
        // Whether others may be there that were not put in order yet.
        let reversing = Cell::new(false);
        let mut push = |item| few.push(item);
        let answer = self.first_few(timeout_ns, limit.min(AT_ONCE), &reversing, &mut push);
        few.hand_over(&mut give);
        match answer {
            Answer::Items(given) if given == AT_ONCE || reversing.get() => {
                Answer::Items(self.the_others(given, limit, &mut give))
            }
            other => other,
        }
    }

    /// Goes on where so many were handed out, a few at a time, and says how many there were in all.
    #[cold]
    fn the_others(&self, given: usize, limit: usize, give: &mut impl FnMut(Item)) -> usize {
        let (mut given, mut courtesy, mut few) = (given, Courtesy::new(), Few::new());
        while given < limit {
            let mut queue = self.queue.lock();
            let at_most = limit.wrapping_sub(given).min(AT_ONCE);
            let more = queue.hand_out(&self.arrived, at_most, &mut |item| few.push(item));
            if more == 0 {
                if queue.is_reversing() {
                    leave_for_now(queue, &mut courtesy);
                    continue;
                }
                break;
            }
            queue.update_bell();
            let to_wake = queue.announce_end(&self.events);
            drop(queue);
            wake_sleepers(&self.events, to_wake);
            few.hand_over(give);
            given = given.wrapping_add(more);
        }
        given
    }

    fn first_few(
        &self,
        timeout_ns: u64,
        limit: usize,
        reversing: &Cell<bool>,
        give: &mut impl FnMut(Item),
    ) -> Answer {
        // How many ends had been at the first look.
        let asked = Cell::new(None);
        let mut courtesy = Courtesy::new();
        let mut look = || loop {
            let mut queue = self.queue.lock();
            let ends = asked.get().unwrap_or(queue.ends);
            asked.set(Some(ends));
            let answer = queue.next(&self.arrived, ends, limit, give);
            if matches!(answer, None | Some(Answer::End)) {
                if queue.is_reversing() {
                    leave_for_now(queue, &mut courtesy);
                    continue;
                }
                queue.heal_bell();
            }
            let answer = answer?;
            queue.update_bell();
            reversing.set(queue.is_reversing());
            let items = matches!(answer, Answer::Items(_));
            let to_wake = if items { queue.announce_end(&self.events) } else { 0 };
            drop(queue);
            wake_sleepers(&self.events, to_wake);
            return Some(answer);
        };
        let park = |limit| {
            let mut queue = self.queue.lock();
            let ends = asked.get().unwrap_or(queue.ends);
            let begun = queue.begin_sleep(&self.arrived, ends, &self.events);
            drop(queue);
            if let Some(seen) = begun {
                sys::wait(&self.events, seen, u32::MAX, limit);
                self.queue.lock().end_sleep(&self.arrived);
            }
        };
        // ORDERING: read before looking, so that what comes after is seen as a change.
        let seen = self.events.load(Relaxed);
        if let Some(answer) = look() {
            return answer;
        }
        // One look is enough: a second one would be taken for a loop that is rung for nothing.
        if timeout_ns == 0 {
            return Answer::Timeout;
        }
        block_until(timeout_ns, || self.has_changed(seen), look, park).unwrap_or(Answer::Timeout)
    }

    /// Whether it pays to look.
    fn has_changed(&self, events: u32) -> bool {
        // ORDERING: what the change is about is read under the lock, here and below.
        let arrived = self.arrived.load(Relaxed);
        (!arrived.is_null() && arrived != TAKE_THE_LOCK) || self.events.load(Relaxed) != events
    }
}
