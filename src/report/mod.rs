//! A report: asynchrons in completion order.
//!
//! Each one that was added has an entry, which listens to it, then arrives, then is ready, in the
//! order of arrival, and then is handed out. Who completes a source takes the entry out of its list
//! and, after publishing, pushes it on `arrived`: one exchange, and nothing of the report is touched
//! any more. Who asks for the next swaps out everything that has arrived at once. Only while threads
//! sleep, or there is a descriptor, entries are handed in under the lock.
//!
//! Between the list and `arrived` an entry is in flight, for a few instructions: whoever frees or
//! removes it waits for its arrival.

mod entries;
mod queue;

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

pub(crate) use self::entries::Entry;
use self::queue::{Arrived, CALL, Calls, Queue};
use crate::core::cell::Asynchron;
use crate::core::handle::Handle;
use crate::core::listener::{Kind, List, Listener};
use crate::core::lock::{Line, Lock};
use crate::core::memory::{NoMemory, try_box};
use crate::core::patience::Patience;
use crate::core::refs::Refs;
use crate::core::wait::{block_until, spin};
use crate::sync::{AtomicPtr, AtomicU32, Ordering::*, race};
use crate::sys::{self, Bell};

pub(crate) static ENTRY: Kind = Kind::Learn(Entry::learn);

/// So many items are handed out at a time, under the lock: what is to be handed in waits meanwhile, and
/// the room for them may have to be fetched by the system.
const AT_ONCE: usize = 32;

#[repr(C)]
pub(crate) struct Report {
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
pub(crate) enum Next {
    /// So many items were handed out.
    Items(usize),
    Woken,
    End,
    Timeout,
}

impl Report {
    /// With room for `n` entries.
    pub(crate) fn create(n: usize) -> Result<NonNull<Self>, NoMemory> {
        let report = Self {
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
        for entry in chunks.iter().flat_map(|chunk| chunk.iter()) {
            // SAFETY: the chunk is alive; a source changes only with the last reference.
            if let Some(source) = unsafe { &(*entry.as_ptr()).source } {
                // SAFETY: the entry was given to this one.
                if unsafe { source.unlisten(entry.cast()) } {
                    pending = pending.wrapping_sub(1);
                }
            }
        }
        // What is completing just now still arrives, and the report stays until then.
        let mut patience = Patience::new();
        while me.count_ready() < pending {
            patience.wait();
        }
        // SAFETY: made by a box; nobody knows it any more.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
        // Releases the sources, which may run the program's code.
        drop(chunks);
    }

    /// Adds an asynchron, once more if it is there already.
    pub(crate) fn add(&self, source: &Asynchron, tag: *mut c_void) -> Result<(), NoMemory> {
        let this = NonNull::from(self);
        let late = source.state().look().is_complete();
        let listener = if late { Listener::late_entry(this) } else { Listener::entry(this) };
        let entry = Entry { listener, source: Some(Handle::retain(source)), tag };
        let entry = {
            let mut queue = self.queue.lock();
            let entry = queue.entries.make(entry)?;
            queue.pending = queue.pending.wrapping_add(1);
            entry
        };
        // SAFETY: the entry stays until it was told, or unlisted by `remove` or `release`.
        if late || !unsafe { source.listen(entry.cast()) } {
            if !late {
                let _queue = self.queue.lock();
                // SAFETY: not listed, so it is the lock holder's.
                unsafe { (*entry.as_ptr()).listener = Listener::late_entry(this) };
            }
            // SAFETY: complete: it was not listed, and arrives this once.
            unsafe { Self::arrive(this, entry) };
        }
        Ok(())
    }

    fn count_ready(&self) -> usize {
        let mut queue = self.queue.lock();
        queue.collect(&self.arrived);
        queue.len()
    }

    /// Takes the oldest entry of `source` out, ready or not. False: there is none.
    pub(crate) fn remove(&self, source: &Asynchron) -> bool {
        let mut patience = Patience::new();
        loop {
            let listed = source.with_listeners(|list, _| {
                let oldest = self.oldest_listed(list)?;
                // SAFETY: it is in the list.
                unsafe { list.unlink(oldest) };
                Some(oldest.cast::<Entry>())
            });
            let mut queue = self.queue.lock();
            queue.collect(&self.arrived);
            // What was there before the completion is older than what came late; of both, what is
            // neither listed nor ready is in flight.
            let found = listed.map(Some).or_else(|| queue.unlink_oldest(source));
            let Some(found) = found else {
                drop(queue);
                patience.wait();
                continue;
            };
            let Some(entry) = found else {
                return false;
            };
            // SAFETY: neither listed nor ready any more.
            let (handle, _tag) = unsafe { queue.entries.take(entry) };
            queue.pending = queue.pending.wrapping_sub(1);
            queue.update_bell();
            let calls = queue.announce_end(&self.events);
            drop(queue);
            call(&self.events, calls);
            drop(handle);
            return true;
        }
    }

    /// The oldest of this report's entries in a list whose lock is held.
    fn oldest_listed(&self, list: &List) -> Option<NonNull<Listener>> {
        let mut node = list.first();
        while let Some(here) = node {
            // SAFETY: it is in the list, whose lock is held.
            if unsafe { Listener::report_of(here) }.is_some_and(|one| ptr::eq(one.as_ptr(), self)) {
                return Some(here);
            }
            // SAFETY: it is in the list.
            node = unsafe { list.after(here) };
        }
        None
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
        queue.collect(&me.arrived);
        // SAFETY: as the caller promises.
        unsafe { queue.push(entry) };
        queue.update_bell();
        let calls = queue.announce(&me.events, 1);
        // If all that sleep are on their way, nobody has to be called any more.
        queue.collect(&me.arrived);
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

    /// Blocks until there is something to say, or the time is up. Hands out at most `room` items.
    pub(crate) fn next(&self, timeout_ns: u64, room: usize, give: impl FnMut(Item)) -> Next {
        let mut give = give;
        let next = self.first_few(timeout_ns, room.min(AT_ONCE), &mut give);
        match next {
            Next::Items(given) if given == AT_ONCE => {
                Next::Items(self.the_others(given, room, &mut give))
            }
            other => other,
        }
    }

    /// Goes on where so many were handed out, a few at a time, and says how many there were in all.
    #[cold]
    fn the_others(&self, given: usize, room: usize, give: &mut impl FnMut(Item)) -> usize {
        let mut given = given;
        while given < room {
            let mut queue = self.queue.lock();
            let few = room.wrapping_sub(given).min(AT_ONCE);
            let more = queue.hand_out(&self.arrived, few, give);
            if more == 0 {
                break;
            }
            queue.update_bell();
            let calls = queue.announce_end(&self.events);
            drop(queue);
            call(&self.events, calls);
            given = given.wrapping_add(more);
        }
        given
    }

    fn first_few(&self, timeout_ns: u64, room: usize, give: &mut impl FnMut(Item)) -> Next {
        // How many ends had been at the first look.
        let asked = Cell::new(None);
        let mut look = || {
            let mut queue = self.queue.lock();
            let ends = asked.get().unwrap_or(queue.ends);
            asked.set(Some(ends));
            let next = queue.next(&self.arrived, ends, room, give);
            if matches!(next, None | Some(Next::End)) {
                queue.heal_bell();
            }
            let next = next?;
            queue.update_bell();
            let items = matches!(next, Next::Items(_));
            let calls = if items { queue.announce_end(&self.events) } else { 0 };
            drop(queue);
            call(&self.events, calls);
            Some(next)
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
        if let Some(next) = look() {
            return next;
        }
        if timeout_ns != 0 {
            spin(|| Some(()).filter(|()| self.has_changed(seen)));
        }
        block_until(timeout_ns, look, park).unwrap_or(Next::Timeout)
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
        self.queue.lock().bell_or_new(&self.arrived).map(Bell::fd)
    }
}

/// Wakes so many of those that sleep. By address: the report may be gone.
fn call(events: *const AtomicU32, calls: Calls) {
    if calls > 0 {
        sys::wake(events, u32::MAX, calls);
    }
}
