//! A report: asynchrons in completion order.
//!
//! Each one that was added has an entry, which listens to it, then is ready, in the order of
//! arrival, and then is handed out. The locks are taken in one order only: the asynchron's, under
//! which its entries arrive, then the report's.

mod entries;

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering::*};

use self::entries::Entries;
pub(crate) use self::entries::Entry;
use crate::core::cell::{Asynchron, Handle};
use crate::core::listener::{List, Listener, Who};
use crate::core::lock::Lock;
use crate::core::memory::{NoMemory, try_box};
use crate::core::refs::Refs;
use crate::core::wait::{block_until, spin};
use crate::sys::{self, Bell};

pub(crate) struct Report {
    refs: Refs,
    /// Counts what happens that a waiting thread wants to know. Changes under the lock alone;
    /// threads watch it without, and sleep on it.
    events: AtomicU32,
    inner: Lock<Inner>,
}

struct Inner {
    /// What has arrived, linked in its order by the listeners' `prev`.
    first_ready: *mut Entry,
    last_ready: *mut Entry,
    /// Added and not yet handed out.
    pending: usize,
    wakes: usize,
    sleepers: usize,
    entries: Entries,
    bell: Option<Bell>,
    ringing: bool,
}

// SAFETY: the pointers are to the report's own entries, which move with it.
unsafe impl Send for Inner {}

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
        let mut entries = Entries::EMPTY;
        entries.reserve(n)?;
        let inner = Inner {
            first_ready: ptr::null_mut(),
            last_ready: ptr::null_mut(),
            pending: 0,
            wakes: 0,
            sleepers: 0,
            entries,
            bell: None,
            ringing: false,
        };
        let report = Self { refs: Refs::new(), events: AtomicU32::new(0), inner: Lock::new(inner) };
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
        // What completes just now may still arrive, so the report stays until nothing listens.
        // SAFETY: the last reference is gone, so nobody else frees it.
        let chunks = unsafe { this.as_ref() }.inner.lock().entries.take_chunks();
        for entry in chunks.iter().flat_map(|chunk| chunk.iter()) {
            // SAFETY: the chunk is alive; a source changes only with the last reference.
            if let Some(source) = unsafe { &(*entry.as_ptr()).source } {
                // SAFETY: the entry listened to this one.
                unsafe { source.unlisten(entry.cast()) };
            }
        }
        // SAFETY: made by a box; nobody knows it any more.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
        // Releases the sources, which may run the program's code.
        drop(chunks);
    }

    /// Adds an asynchron, once more if it is there already.
    pub(crate) fn add(&self, source: &Asynchron, tag: *mut c_void) -> Result<(), NoMemory> {
        let listener = Listener::entry(NonNull::from(self));
        let entry = Entry { listener, source: Some(Handle::retain(source)), tag };
        let entry = {
            let mut inner = self.inner.lock();
            let entry = inner.entries.make(entry)?;
            inner.pending = inner.pending.wrapping_add(1);
            entry
        };
        let listens = source.with_listeners_to_listen(|list, complete| {
            // Complete, but older entries are still to be told: this one is told after them.
            let listens = !complete || self.oldest_listed(list).is_some();
            if listens {
                // SAFETY: the entry stays until it was told, or unlisted by `remove` or `release`.
                unsafe { list.push(entry.cast()) };
            }
            listens
        });
        if !listens {
            // SAFETY: complete: it was not listed, and arrives this once.
            unsafe { Self::arrive(NonNull::from(self), entry) };
        }
        Ok(())
    }

    /// Takes the oldest entry of `source` out, ready or not. False: there is none.
    pub(crate) fn remove(&self, source: &Asynchron) -> bool {
        let listed = source.with_listeners(|list| {
            let oldest = self.oldest_listed(list)?;
            // SAFETY: it is in the list.
            unsafe { list.unlink(oldest) };
            Some(oldest.cast::<Entry>())
        });
        let mut inner = self.inner.lock();
        // All the entries of one source arrive together: if none is listed, they are ready.
        let Some(entry) = listed.or_else(|| inner.unlink_ready(source)) else {
            return false;
        };
        // SAFETY: neither listed nor ready any more.
        let (handle, _tag) = unsafe { inner.entries.take(entry) };
        inner.pending = inner.pending.wrapping_sub(1);
        inner.update_bell();
        let wake = inner.pending == 0 && self.announce(&inner);
        drop(inner);
        if wake {
            self.wake_all();
        }
        drop(handle);
        true
    }

    /// The oldest of this report's entries in a list whose lock is held.
    fn oldest_listed(&self, list: &List) -> Option<NonNull<Listener>> {
        let mut node = list.first();
        while let Some(here) = node {
            // SAFETY: it is in the list, whose lock is held.
            match unsafe { here.as_ref() }.who() {
                Who::Entry(report) if ptr::eq(report.as_ptr(), self) => return Some(here),
                // SAFETY: it is in the list.
                _ => node = unsafe { list.after(here) },
            }
        }
        None
    }

    /// An entry's source is complete.
    ///
    /// # Safety
    /// The entry is this report's and not listed. The report may go as soon as the lock is free:
    /// somebody has the item by then.
    pub(crate) unsafe fn arrive(this: NonNull<Self>, entry: NonNull<Entry>) {
        // SAFETY: alive until the lock is released.
        let me = unsafe { this.as_ref() };
        let events: *const AtomicU32 = &me.events;
        let mut inner = me.inner.lock();
        // SAFETY: it is not listed, so its link is the report's.
        unsafe { (*entry.as_ptr()).listener.prev = ptr::null_mut() };
        if inner.first_ready.is_null() {
            inner.first_ready = entry.as_ptr();
        } else {
            // SAFETY: a ready entry is alive.
            unsafe { (*inner.last_ready).listener.prev = entry.as_ptr().cast() };
        }
        inner.last_ready = entry.as_ptr();
        inner.update_bell();
        let wake = me.announce(&inner);
        drop(inner);
        if wake {
            sys::wake(events, u32::MAX, 1);
        }
    }

    /// Has one that asks for the next be told so instead.
    pub(crate) fn wake(&self) {
        let mut inner = self.inner.lock();
        inner.wakes = inner.wakes.saturating_add(1);
        inner.update_bell();
        let wake = self.announce(&inner);
        drop(inner);
        if wake {
            sys::wake(&self.events, u32::MAX, 1);
        }
    }

    /// Blocks until there is something to say, or the time is up. Hands out at most `room` items.
    pub(crate) fn next(&self, timeout_ns: u64, room: usize, give: impl FnMut(Item)) -> Next {
        let mut give = give;
        let mut look = || {
            let mut inner = self.inner.lock();
            let next = inner.next(room, &mut give)?;
            inner.update_bell();
            let wake =
                matches!(next, Next::Items(_)) && inner.pending == 0 && self.announce(&inner);
            drop(inner);
            if wake {
                self.wake_all();
            }
            Some(next)
        };
        let park = |deadline| {
            let mut inner = self.inner.lock();
            if inner.has_news() {
                return;
            }
            inner.sleepers = inner.sleepers.wrapping_add(1);
            // ORDERING: it changes under the lock alone.
            let seen = self.events.load(Relaxed);
            drop(inner);
            sys::wait(&self.events, seen, u32::MAX, deadline);
            let mut inner = self.inner.lock();
            inner.sleepers = inner.sleepers.wrapping_sub(1);
        };
        // ORDERING: read before looking, so that what comes after is seen as a change.
        let seen = self.events.load(Relaxed);
        if let Some(next) = look() {
            return next;
        }
        if timeout_ns != 0 {
            // ORDERING: what the change is about is read under the lock.
            spin(|| Some(()).filter(|()| self.events.load(Relaxed) != seen));
        }
        block_until(timeout_ns, look, park).unwrap_or(Next::Timeout)
    }

    pub(crate) fn pending(&self) -> usize {
        self.inner.lock().pending
    }

    /// The descriptor, made now if there is none. `None`: it cannot be had.
    pub(crate) fn fd(&self) -> Option<c_int> {
        let mut inner = self.inner.lock();
        if inner.bell.is_none() {
            inner.bell = Some(Bell::new()?);
            inner.update_bell();
        }
        inner.bell.as_ref().map(Bell::fd)
    }

    /// Under the lock: something happened. True if threads sleep, which are then to be woken.
    fn announce(&self, inner: &Inner) -> bool {
        // ORDERING: both under the lock, where those about to sleep read it. Those that only watch
        // take the lock when they see a change.
        let events = self.events.load(Relaxed);
        // ORDERING: as above.
        self.events.store(events.wrapping_add(1), Relaxed);
        inner.sleepers > 0
    }

    fn wake_all(&self) {
        sys::wake(&self.events, u32::MAX, i32::MAX);
    }
}

impl Inner {
    fn has_news(&self) -> bool {
        self.wakes > 0 || !self.first_ready.is_null() || self.pending == 0
    }

    fn next(&mut self, room: usize, give: &mut impl FnMut(Item)) -> Option<Next> {
        if self.wakes > 0 {
            self.wakes = self.wakes.wrapping_sub(1);
            return Some(Next::Woken);
        }
        let mut given = 0;
        while given < room {
            let Some(entry) = NonNull::new(self.first_ready) else {
                break;
            };
            // SAFETY: a ready entry is alive, and its link is the report's.
            self.first_ready = unsafe { entry.as_ref() }.listener.prev.cast();
            // SAFETY: not ready any more.
            if let (Some(asynchron), tag) = unsafe { self.entries.take(entry) } {
                give(Item { asynchron, tag });
            }
            self.pending = self.pending.wrapping_sub(1);
            given = given.wrapping_add(1);
        }
        if given > 0 {
            Some(Next::Items(given))
        } else if self.pending == 0 {
            Some(Next::End)
        } else {
            None
        }
    }

    /// Takes the oldest ready entry of `source` out of the queue.
    fn unlink_ready(&mut self, source: &Asynchron) -> Option<NonNull<Entry>> {
        let mut before: *mut Entry = ptr::null_mut();
        let mut here = self.first_ready;
        while let Some(entry) = NonNull::new(here) {
            // SAFETY: a ready entry is alive.
            let content = unsafe { entry.as_ref() };
            let next: *mut Entry = content.listener.prev.cast();
            if content.source.as_deref().is_some_and(|one| ptr::eq(one, source)) {
                match NonNull::new(before) {
                    None => self.first_ready = next,
                    // SAFETY: it is ready, too.
                    Some(before) => unsafe {
                        (*before.as_ptr()).listener.prev = next.cast();
                    },
                }
                if next.is_null() {
                    self.last_ready = before;
                }
                return Some(entry);
            }
            before = here;
            here = next;
        }
        None
    }

    /// The descriptor is readable exactly while there is an item or a wake.
    fn update_bell(&mut self) {
        let Some(bell) = &self.bell else {
            return;
        };
        let due = self.wakes > 0 || !self.first_ready.is_null();
        if due != self.ringing {
            if due {
                bell.ring()
            } else {
                bell.silence()
            }
            self.ringing = due;
        }
    }
}
