//! A report's entries: one for each time that an asynchron was added, in chunks that stay where
//! they are. A free one is used again before a new one is made.

use std::alloc::{Layout, dealloc};
use std::ffi::c_void;
use std::mem;
use std::ptr::{self, NonNull};

use super::Report;
use crate::core::cell::Asynchron;
use crate::core::handle::Handle;
use crate::core::listener::Listener;
use crate::core::memory::{NoMemory, allocate};

#[repr(C)]
pub(crate) struct Entry {
    /// First, so that the listener's address is the entry's. Its `prev` is the report's link.
    pub(super) listener: Listener,
    /// `None` while the entry is free.
    pub(super) source: Option<Handle>,
    pub(super) tag: *mut c_void,
}

impl Entry {
    /// # Safety
    /// The node is an entry's, and not listed any more; called once.
    pub(super) unsafe fn learn(node: NonNull<Listener>) {
        // SAFETY: as the caller promises.
        if let Some(report) = unsafe { Listener::report_of(node) } {
            // SAFETY: as above; its report is alive until it has arrived.
            unsafe { Report::arrive(report, node.cast()) };
        }
    }

    /// Whether it is one of `source`, and as late.
    ///
    /// # Safety
    /// The entry has been used, and the report's lock is held. (Its links may be changing.)
    pub(super) unsafe fn is(this: NonNull<Self>, source: &Asynchron, late: bool) -> bool {
        // SAFETY: as the caller promises.
        let is_of =
            unsafe { &(*this.as_ptr()).source }.as_deref().is_some_and(|one| ptr::eq(one, source));
        // SAFETY: as above.
        is_of && unsafe { Listener::is_late(this.cast()) } == late
    }
}

/// Entries to a chunk, at most, unless more were asked for at once.
const CHUNK: usize = 1024;
const FIRST_CHUNK: usize = 8;

pub(super) struct Entries {
    chunks: Vec<Chunk>,
    free: *mut Entry,
}

pub(super) struct Chunk {
    first: NonNull<Entry>,
    len: usize,
    /// How many have been used at least once; the others hold nothing yet.
    used: usize,
}

impl Chunk {
    fn layout(len: usize) -> Option<Layout> {
        Layout::array::<Entry>(len).ok().filter(|layout| layout.size() > 0)
    }

    /// Those that have been used at least once.
    pub(super) fn iter(&self) -> impl Iterator<Item = NonNull<Entry>> {
        let first = self.first;
        // SAFETY: `used` is at most the chunk's length.
        (0..self.used).map(move |index| unsafe { first.add(index) })
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        for entry in self.iter() {
            // SAFETY: initialised when it was first used; a chunk goes with nobody left to use it.
            unsafe { entry.drop_in_place() };
        }
        if let Some(layout) = Self::layout(self.len) {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(self.first.as_ptr().cast(), layout) };
        }
    }
}

impl Entries {
    pub(super) const EMPTY: Self = Self { chunks: Vec::new(), free: ptr::null_mut() };

    /// Room for `n` new ones.
    pub(super) fn reserve(&mut self, n: usize) -> Result<(), NoMemory> {
        let Some(layout) = Chunk::layout(n) else {
            return if n == 0 { Ok(()) } else { Err(NoMemory) };
        };
        self.chunks.try_reserve(1).map_err(|_| NoMemory)?;
        let first = allocate(layout)?.cast();
        self.chunks.push(Chunk { first, len: n, used: 0 });
        Ok(())
    }

    /// An entry, written over with `entry`.
    pub(super) fn make(&mut self, entry: Entry) -> Result<NonNull<Entry>, NoMemory> {
        if let Some(free) = NonNull::new(self.free) {
            // SAFETY: a free entry is initialised, and ours alone.
            self.free = unsafe { free.as_ref() }.listener.prev.cast();
            // SAFETY: as above; it holds nothing that would have to be dropped.
            unsafe { free.write(entry) };
            return Ok(free);
        }
        if self.chunks.last().is_none_or(|chunk| chunk.used == chunk.len) {
            let next = self.chunks.last().map_or(FIRST_CHUNK, |last| last.len.saturating_mul(2));
            self.reserve(next.min(CHUNK))?;
        }
        let chunk = self.chunks.last_mut().ok_or(NoMemory)?;
        // SAFETY: fewer are used than there are.
        let fresh = unsafe { chunk.first.add(chunk.used) };
        // SAFETY: as above.
        unsafe { fresh.write(entry) };
        chunk.used = chunk.used.wrapping_add(1);
        Ok(fresh)
    }

    /// Takes the content out of an entry, which is free from then on.
    ///
    /// # Safety
    /// The entry came from [`Self::make`], and is neither listed nor ready.
    pub(super) unsafe fn take(&mut self, entry: NonNull<Entry>) -> (Option<Handle>, *mut c_void) {
        // SAFETY: it is the report's alone.
        let content = unsafe { &mut *entry.as_ptr() };
        content.listener.prev = self.free.cast();
        self.free = entry.as_ptr();
        (content.source.take(), mem::replace(&mut content.tag, ptr::null_mut()))
    }

    /// Whether there is one of `source` that is as late.
    pub(super) fn has(&self, source: &Asynchron, late: bool) -> bool {
        let mut all = self.chunks.iter().flat_map(Chunk::iter);
        // SAFETY: they have been used; what borrows them is under the lock.
        all.any(|entry| unsafe { Entry::is(entry, source, late) })
    }

    /// All of them, for the end.
    pub(super) fn take_chunks(&mut self) -> Vec<Chunk> {
        self.free = ptr::null_mut();
        mem::take(&mut self.chunks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is neither listed nor ready is on its way, and a `remove` waits for it: which it seldom
    /// has to.
    #[test]
    fn what_is_there_is_found_until_it_is_taken() {
        let sources = [(); 2].map(|()| Asynchron::create().unwrap());
        let mut entries = Entries::EMPTY;
        let listener = Listener::entry(NonNull::dangling());
        let source = Some(sources[0].clone());
        let entry = entries.make(Entry { listener, source, tag: ptr::null_mut() }).unwrap();
        assert!(entries.has(&sources[0], false));
        assert!(!entries.has(&sources[0], true), "it came before the completion");
        assert!(!entries.has(&sources[1], false), "it is of the other");
        // SAFETY: neither listed nor ready.
        drop(unsafe { entries.take(entry) });
        assert!(!entries.has(&sources[0], false));
    }
}
