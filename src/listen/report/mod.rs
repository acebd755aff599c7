//! A report: asynchrons in completion order.
//!
//! Each one that was added has an entry, which listens to it, then arrives, then is ready, in the
//! order of arrival, and then is handed out. Who completes a source takes the entry out of its list
//! and, after publishing, pushes it on `arrived`: one exchange, and nothing of the report is touched
//! any more. Who asks for the next swaps out everything that has arrived at once. Only while threads
//! sleep, or there is a descriptor, entries are handed in under the lock.
//!
//! Between the list and `arrived` an entry is in flight, for a few instructions: whoever frees the
//! report waits for its arrival. Whoever removes it need not wait: what it held is taken out, and it is freed
//! when it comes.
//!
//! The lock is held for a few dozen instructions, however much there is. What takes longer is done a
//! little at a time, by whoever needs it next: to reverse what has arrived, and to sort the entries by their
//! sources (`sources`). Memory is fetched and given back without the lock.

mod buckets;
mod entries;
mod few;
mod queue;
mod ready;
mod sources;

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use self::buckets::SpareSegment;
use self::entries::Chunks;
pub(crate) use self::entries::Entry;
use self::few::{AT_ONCE, Few};
use self::queue::{Arrived, CALL, Calls, Queue};
use self::sources::AgeLinks;
use crate::base::backoff::Backoff;
use crate::base::lock::{Guard, Line, Lock};
use crate::base::memory::{NoMemory, try_box};
use crate::base::refs::Refs;
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::listener::{Kind, Listener, Owner};
use crate::one::state::Courtesy;
use crate::one::wait::{block_until, spin};
use crate::sync::{AtomicPtr, AtomicU32, Ordering::*, race};
use crate::sys::{self, Bell};

static ENTRY: Kind = Kind::Learn(Entry::learn);

#[repr(C)]
pub(crate) struct Report {
    /// First, for its entries: see [`Owner`].
    kind: &'static Kind,
    refs: Refs,
    arrived: Arrived,
    /// Apart from what those write that complete.
    queue: Line<Lock<Queue>>,
    /// Counts what happens that a waiting thread wants to know, but for what arrives without a call.
    /// Changes under the lock alone; threads watch it without, and sleep on it.
    events: AtomicU32,
}

/// What a report hands out: the reference is the receiver's.
pub(crate) struct Item {
    pub(crate) asynchron: Handle,
    pub(crate) tag: *mut c_void,
}

/// What there is to say to one that asks for the next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// So many items were handed out.
    Items(usize),
    Woken,
    End,
    Timeout,
}

// SAFETY: it begins so.
unsafe impl Owner for Report {}

impl Report {
    /// With room for `n` entries.
    pub(crate) fn create(n: usize) -> Result<NonNull<Self>, NoMemory> {
        let report = Self {
            kind: &ENTRY,
            refs: Refs::new(),
            arrived: AtomicPtr::new(ptr::null_mut()),
            queue: Line(Lock::new(Queue::new(n)?)),
            events: AtomicU32::new(0),
        };
        try_box(report).map(|report| NonNull::from(Box::leak(report))).map_err(|_| NoMemory)
    }

    pub(crate) fn retain(&self) {
        self.refs.retain();
    }

    /// Gives up one reference; with the last one, stops listening and releases what it holds.
    ///
    /// # Safety
    /// The reference is the caller's, and is used no more.
    pub(crate) unsafe fn release(this: NonNull<Self>) {
        // SAFETY: the reference keeps it alive until it is given up.
        if !unsafe { this.as_ref() }.refs.release() {
            return;
        }
        // SAFETY: the last reference is gone, so nobody else frees it.
        let me = unsafe { this.as_ref() };
        let (chunks, mut pending) = {
            let mut queue = me.queue.lock();
            (queue.entries.take_chunks(), queue.pending)
        };
        for entry in chunks.iter() {
            // SAFETY: the chunk is alive; a source changes only with the last reference.
            if let Some(source) = unsafe { &(*entry.as_ptr()).source } {
                // SAFETY: the entry was given to this one.
                if unsafe { source.unlisten(entry.cast()) } {
                    pending = pending.wrapping_sub(1);
                }
            }
        }
        // What is completing just now still arrives, and the report stays until then.
        let mut backoff = Backoff::new();
        while !me.has_all(pending) {
            backoff.wait();
        }
        // SAFETY: made by a box; nobody knows it any more.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
        // Releases the sources, which may run the program's code.
        drop(chunks);
    }

    /// Whether so many are ready, and none is on its way.
    fn has_all(&self, pending: usize) -> bool {
        loop {
            let mut queue = self.queue.lock();
            queue.take_arrived(&self.arrived);
            if !queue.is_reversing() {
                return queue.len() >= pending && queue.removed == 0;
            }
        }
    }

    /// Adds an asynchron, once more if it is there already.
    pub(crate) fn add(&self, source: &Asynchron, tag: *mut c_void) -> Result<(), NoMemory> {
        let this = NonNull::from(self);
        let (listener, links) = (Listener::of_owner(this), AgeLinks::NONE);
        let entry = Entry { listener, source: Some(Handle::retain(source)), tag, links };
        let mut spare = None;
        let mut queue = self.queue.lock();
        let free = if let Some(free) = queue.entries.find_free() {
            free
        } else {
            drop(queue);
            let found = self.lock_with_free(&mut spare)?;
            queue = found.0;
            found.1
        };
        // SAFETY: just found, and there is a source.
        unsafe { queue.add(free, entry) };
        drop(queue);
        // SAFETY: the entry stays until it was told, or unlisted by `remove` or `release`.
        if !unsafe { source.listen(free.cast()) } {
            // SAFETY: complete: it was not listed, and arrives this once.
            unsafe { Self::arrive(this, free) };
        }
        Ok(())
    }

    /// Locks it when there is a free entry, whose memory is fetched without the lock. `spare` is what turned out
    /// not to be needed.
    #[cold]
    fn lock_with_free(
        &self,
        spare: &mut Option<Chunks>,
    ) -> Result<(Guard<'_, Queue>, NonNull<Entry>), NoMemory> {
        loop {
            let len = self.queue.lock().entries.next_len();
            let chunk = Chunks::one(len)?;
            drop(spare.take());
            let mut queue = self.queue.lock();
            *spare = queue.entries.add(chunk);
            if let Some(free) = queue.entries.find_free() {
                return Ok((queue, free));
            }
        }
    }

    /// Takes the oldest entry of `source` out, ready or not. False: there is none.
    pub(crate) fn remove(&self, source: &Asynchron) -> bool {
        let mut queue = self.lock_sorted();
        let Some(entry) = queue.sources.oldest(source) else {
            return false;
        };
        // SAFETY: it is there, and nothing is being reversed.
        let (handle, was_ready) = unsafe { queue.take_out(entry) };
        queue.update_bell();
        let calls = queue.announce_end(&self.events);
        drop(queue);
        call(&self.events, calls);
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

    /// An entry's source is complete.
    ///
    /// # Safety
    /// The entry is this report's, not listed, and arrives once. The report may go as soon as it has:
    /// somebody has the item by then.
    pub(crate) unsafe fn arrive(this: NonNull<Self>, entry: NonNull<Entry>) {
        // SAFETY: alive until the entry has arrived.
        let me = unsafe { this.as_ref() };
        // ORDERING: a first guess, checked by the exchange.
        let mut newest = me.arrived.load(Relaxed);
        // A race detector is told by the lock.
        while newest != CALL && race::mask() == 0 {
            // SAFETY: it is not listed, so its link is the report's.
            unsafe { (*entry.as_ptr()).listener.prev = newest.cast() };
            // ORDERING: Release hands over the entry, and the completion of its source.
            match me.arrived.compare_exchange_weak(newest, entry.as_ptr(), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => newest = now,
            }
        }
        // SAFETY: as the caller promises.
        unsafe { Self::arrive_with_a_call(this, entry) };
    }

    /// # Safety
    /// As for [`Self::arrive`].
    #[cold]
    unsafe fn arrive_with_a_call(this: NonNull<Self>, entry: NonNull<Entry>) {
        // SAFETY: alive until the lock is released.
        let me = unsafe { this.as_ref() };
        let events: *const AtomicU32 = &me.events;
        let mut queue = me.queue.lock();
        queue.take_arrived(&me.arrived);
        // SAFETY: as the caller promises.
        let calls = if unsafe { queue.push(entry) } {
            queue.update_bell();
            queue.announce(&me.events, 1)
        } else {
            0
        };
        // If all that sleep are on their way, nobody has to be called any more.
        queue.take_arrived(&me.arrived);
        drop(queue);
        call(events, calls);
    }

    /// Has one that asks for the next be told so instead.
    pub(crate) fn wake(&self) {
        let mut queue = self.queue.lock();
        queue.add_wake();
        queue.update_bell();
        let calls = queue.announce(&self.events, 1);
        drop(queue);
        call(&self.events, calls);
    }

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
            let calls = queue.announce_end(&self.events);
            drop(queue);
            call(&self.events, calls);
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
            let calls = if items { queue.announce_end(&self.events) } else { 0 };
            drop(queue);
            call(&self.events, calls);
            return Some(answer);
        };
        let park = |deadline| {
            let mut queue = self.queue.lock();
            let ends = asked.get().unwrap_or(queue.ends);
            let begun = queue.begin_sleep(&self.arrived, ends, &self.events);
            drop(queue);
            if let Some(seen) = begun {
                sys::wait(&self.events, seen, u32::MAX, deadline);
                self.queue.lock().end_sleep(&self.arrived);
            }
        };
        // ORDERING: read before looking, so that what comes after is seen as a change.
        let seen = self.events.load(Relaxed);
        if let Some(answer) = look() {
            return answer;
        }
        if timeout_ns != 0 {
            spin(|| Some(()).filter(|()| self.has_changed(seen)));
        }
        block_until(timeout_ns, look, park).unwrap_or(Answer::Timeout)
    }

    /// Whether it pays to look.
    fn has_changed(&self, events: u32) -> bool {
        // ORDERING: what the change is about is read under the lock, here and below.
        let arrived = self.arrived.load(Relaxed);
        (!arrived.is_null() && arrived != CALL) || self.events.load(Relaxed) != events
    }

    pub(crate) fn pending(&self) -> usize {
        self.queue.lock().pending
    }

    /// The descriptor, made now if there is none. `None`: it cannot be had.
    pub(crate) fn fd(&self) -> Option<c_int> {
        let mut courtesy = Courtesy::new();
        loop {
            let mut queue = self.queue.lock();
            if !queue.is_reversing() {
                let fd = queue.bell_or_new(&self.arrived).map(Bell::fd);
                if !queue.is_reversing() {
                    return fd;
                }
            }
            queue.take_arrived(&self.arrived);
            leave_for_now(queue, &mut courtesy);
        }
    }
}

/// Gives up the lock, before the same is gone on with: others come in between.
fn leave_for_now(queue: Guard<'_, Queue>, courtesy: &mut Courtesy) {
    if queue.unlock() {
        courtesy.give_way();
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

/// Wakes so many of those that sleep. By address: the report may be gone.
fn call(events: *const AtomicU32, calls: Calls) {
    if calls > 0 {
        sys::wake(events, u32::MAX, calls);
    }
}
