//! Taking an entry out of a report.

use std::ptr::NonNull;

use super::buckets::SpareSegment;
use super::entries::Entry;
use super::queue::Queue;
use super::{Report, leave_for_now, wake_sleepers};
use crate::base::backoff::Backoff;
use crate::base::lock::Guard;
use crate::one::asynchron::Asynchron;
use crate::one::listener::Listener;
use crate::one::state::Courtesy;

impl Report {
    /// Takes the oldest entry of `source` out, ready or not. False: there is none.
    pub(crate) fn remove(&self, source: &Asynchron) -> bool {
        let mut queue = self.lock_sorted();
        let Some(entry) = queue.sources.oldest(source) else {
            return false;
        };
        // SAFETY: it is there, and nothing is being reversed.
        let (handle, was_ready) = unsafe { queue.take_out(entry) };
        queue.update_bell();
        let to_wake = queue.announce_end(&self.events);
        drop(queue);
        wake_sleepers(&self.events, to_wake);
        if !was_ready {
            // SAFETY: taken out as not ready, it stays until it is let go.
            let unlisted = unsafe { unlist(source, entry) };
            // SAFETY: it is not looked at after this.
            unsafe { self.queue.lock().let_go(entry, unlisted) };
        }
        drop(handle);
        true
    }

    /// Locks it when all entries are sorted by their sources.
    fn lock_sorted(&self) -> Guard<'_, Queue> {
        let (mut has_memory, mut courtesy) = (true, Courtesy::new());
        loop {
            let mut queue = self.queue.lock();
            let done = queue.catch_up(&self.arrived);
            let lacks = queue.sources.lacks_segment().filter(|_| has_memory);
            if done && lacks.is_none() {
                return queue;
            }
            leave_for_now(queue, &mut courtesy);
            if let Some(len) = lacks {
                let spare = SpareSegment::new(len).ok();
                has_memory = spare.is_some();
                // What it gives back is freed without the lock.
                let _unused = spare.and_then(|spare| self.queue.lock().sources.add_segment(spare));
            }
        }
    }
}

/// Takes an entry off the list of its source, which is still known. False: it arrives, or has done so.
///
/// # Safety
/// The entry was taken out of its report as not ready, and stays until it is let go.
unsafe fn unlist(source: &Asynchron, entry: NonNull<Entry>) -> bool {
    let node = entry.cast();
    let mut backoff = Backoff::new();
    loop {
        let listed = source.with_listeners(|list, is_complete| {
            // SAFETY: LOCKED: alive, and nobody else changes it.
            let listed = unsafe { Listener::is_listed(node) };
            if listed {
                // SAFETY: LISTED, and here.
                unsafe { list.unlink(node) };
            }
            Some(listed).filter(|_| listed || is_complete)
        });
        if let Some(listed) = listed {
            return listed;
        }
        // It is just being added.
        backoff.wait();
    }
}
