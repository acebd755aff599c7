//! A report: asynchrons in completion order.
//!
//! Each one that was added has an entry, which listens to it, then arrives, then is ready, in the
//! order of arrival, and then is handed out. Whoever completes a source takes the entry out of its list
//! and, after publishing, pushes it on `arrived`: one exchange, and nothing of the report is touched
//! any more. Whoever asks for the next swaps out everything that has arrived at once. Only while threads
//! sleep, or there is a descriptor, entries are handed in under the lock.
//!
//! Between the list and `arrived` an entry is in flight, for a few instructions: whoever frees the
//! report waits for its arrival. Whoever removes it need not wait: what it held is taken out, and it is freed
//! when it comes.
//!
//! The lock is held for a few dozen instructions, however much there is. What takes longer is done a
//! little at a time, by whoever needs it next: to reverse what has arrived (`queue/arrival`), and to sort the entries by
//! their sources (`sources`) for whoever takes one out (`remove`). Memory is fetched and given back without the lock.

mod buckets;
mod entries;
mod few;
mod next;
mod queue;
mod ready;
mod remove;
mod sources;

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

pub(crate) use self::entries::Entry;
use self::entries::Slabs;
use self::queue::{Arrived, Queue, TAKE_THE_LOCK, ToWake};
use self::sources::AgeLinks;
use crate::base::backoff::Backoff;
use crate::base::lock::{Guard, Line, Lock};
use crate::base::memory::{NoMemory, try_box};
use crate::base::refs::Refs;
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::listener::{Kind, Listener, Owner};
use crate::one::state::Courtesy;
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
    /// Counts what happens that a waiting thread wants to know, but for what arrives without the lock.
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

/// Why nothing was added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Closed,
    NoMemory,
}

impl From<NoMemory> for Refused {
    fn from(NoMemory: NoMemory) -> Self {
        Self::NoMemory
    }
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
        let (slabs, mut pending) = {
            let mut queue = me.queue.lock();
            (queue.entries.take_slabs(), queue.pending)
        };
        for entry in slabs.iter() {
            // SAFETY: the slab is alive; only whoever has a reference to the report takes a source out, and the last is
            // gone.
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
        drop(slabs);
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
    pub(crate) fn add(&self, source: &Asynchron, tag: *mut c_void) -> Result<(), Refused> {
        let this = NonNull::from(self);
        let (listener, links) = (Listener::of_owner(this), AgeLinks::NONE);
        let entry = Entry { listener, source: Some(Handle::retain(source)), tag, links };
        let mut queue = self.queue.lock();
        let added = if let Some(free) = queue.find_free() {
            // SAFETY: just found, and there is a source.
            unsafe { queue.add(free, entry) };
            drop(queue);
            free
        } else {
            drop(queue);
            self.add_with_more_room(entry)?
        };
        // SAFETY: the entry stays until it was told, or unlisted by `remove` or `release`.
        if !unsafe { source.listen(added.cast()) } {
            // SAFETY: complete: it was not listed, and arrives this once.
            unsafe { Self::arrive(this, added) };
        }
        Ok(())
    }

    /// Fetches memory for more entries, unless it is closed, and writes this one. None of that memory is fetched
    /// or given back under the lock.
    #[cold]
    fn add_with_more_room(&self, entry: Entry) -> Result<NonNull<Entry>, Refused> {
        // What turned out not to be needed.
        let mut spare = None;
        loop {
            let mut queue = self.queue.lock();
            if queue.closed {
                return Err(Refused::Closed);
            }
            let len = queue.entries.next_len();
            drop(queue);
            let slab = Slabs::one(len)?;
            drop(spare.take());
            let mut queue = self.queue.lock();
            spare = queue.entries.add(slab);
            if let Some(free) = queue.find_free() {
                // SAFETY: just found, and the entry has a source.
                unsafe { queue.add(free, entry) };
                return Ok(free);
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
        while newest != TAKE_THE_LOCK && race::mask() == 0 {
            // SAFETY: it is not listed, so its link is the report's.
            unsafe { (*entry.as_ptr()).listener.prev = newest.cast() };
            // ORDERING: Release hands over the entry, and the completion of its source.
            match me.arrived.compare_exchange_weak(newest, entry.as_ptr(), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => newest = now,
            }
        }
        // SAFETY: as the caller promises.
        unsafe { Self::arrive_under_the_lock(this, entry) };
    }

    /// # Safety
    /// As for [`Self::arrive`].
    #[cold]
    unsafe fn arrive_under_the_lock(this: NonNull<Self>, entry: NonNull<Entry>) {
        // SAFETY: alive until the lock is released.
        let me = unsafe { this.as_ref() };
        let events: *const AtomicU32 = &me.events;
        let mut queue = me.queue.lock();
        queue.take_arrived(&me.arrived);
        // SAFETY: as the caller promises.
        let to_wake = if unsafe { queue.push(entry) } {
            queue.update_bell();
            queue.announce(&me.events, 1)
        } else {
            0
        };
        // If all that sleep are on their way, nobody has to be woken any more.
        queue.take_arrived(&me.arrived);
        drop(queue);
        wake_sleepers(events, to_wake);
    }

    /// Has one that asks for the next be told so instead.
    pub(crate) fn wake(&self) {
        let mut queue = self.queue.lock();
        queue.add_wake();
        queue.update_bell();
        let to_wake = queue.announce(&self.events, 1);
        drop(queue);
        wake_sleepers(&self.events, to_wake);
    }

    /// Has nothing be added any more. Nobody has to be woken: where nothing is left, nobody sleeps.
    pub(crate) fn close(&self) {
        let mut queue = self.queue.lock();
        queue.closed = true;
        queue.update_bell();
    }

    /// Has the descriptor ring once more, if there is one and something to ring for.
    pub(crate) fn rearm(&self) {
        self.queue.lock().ring_again();
    }

    pub(crate) fn pending(&self) -> usize {
        self.queue.lock().pending
    }

    /// A loop begins to watch the descriptor, which there is: false if one does already.
    pub(crate) fn begin_watch(&self) -> bool {
        self.queue.lock().begin_watch()
    }

    pub(crate) fn end_watch(&self) {
        self.queue.lock().end_watch();
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

/// Wakes so many of those that sleep. By address: the report may be gone.
fn wake_sleepers(events: *const AtomicU32, to_wake: ToWake) {
    if to_wake > 0 {
        sys::wake(events, u32::MAX, to_wake);
    }
}
