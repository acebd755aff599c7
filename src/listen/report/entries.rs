//! A report's entries: one for each time that an asynchron was added, in slabs that stay where
//! they are. A free one is used again before a new one is made.

use std::alloc::{Layout, dealloc};
use std::ffi::c_void;
use std::mem;
use std::ptr::{self, NonNull};

use super::Report;
use super::sources::AgeLinks;
use crate::base::memory::{NoMemory, allocate};
use crate::one::handle::Handle;
use crate::one::listener::Listener;

#[repr(C)]
pub(crate) struct Entry {
    /// First, so that the listener's address is the entry's. Its `prev` is the report's link.
    pub(super) listener: Listener,
    /// `None` once it is taken.
    pub(super) source: Option<Handle>,
    pub(super) tag: *mut c_void,
    pub(super) links: AgeLinks,
}

impl Entry {
    /// # Safety
    /// The node is an entry's, and not listed any more; called once.
    pub(super) unsafe fn learn(node: NonNull<Listener>) {
        // SAFETY: as the caller promises.
        let report = unsafe { Listener::owner::<Report>(node) };
        // SAFETY: TOLD: it learns once; its report is alive until it has arrived.
        unsafe { Report::arrive(report, node.cast()) };
    }

    /// Takes its content, which leaves nothing that would have to be dropped.
    ///
    /// # Safety
    /// The entry is alive, and the report's lock is held. (Its links may be changing.)
    pub(super) unsafe fn take_content(this: NonNull<Self>) -> (Option<Handle>, *mut c_void) {
        // SAFETY: as the caller promises.
        let source = unsafe { &mut (*this.as_ptr()).source }.take();
        // SAFETY: alive, and under the report's lock.
        (source, unsafe { (*this.as_ptr()).tag })
    }

    /// Whether its content was taken.
    ///
    /// # Safety
    /// As for [`Self::take_content`].
    pub(super) unsafe fn is_content_taken(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        unsafe { &(*this.as_ptr()).source }.is_none()
    }

    /// Whoever took its content looks at its links without the report's lock, until it [is known where they
    /// lead](Self::stop_looking): it is not to be used again before.
    ///
    /// # Safety
    /// As for [`Self::take_content`]; its content was taken.
    pub(super) unsafe fn look_at(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).tag = LOOKED_AT };
    }

    /// It arrives. False: that is for whoever looks at it to find, who frees it.
    ///
    /// # Safety
    /// As for [`Self::look_at`].
    pub(super) unsafe fn may_be_freed(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        let tag = unsafe { &mut (*this.as_ptr()).tag };
        let looked_at = *tag == LOOKED_AT;
        if looked_at {
            *tag = ARRIVED;
        }
        !looked_at
    }

    /// Nobody looks at it any more. True: it has arrived meanwhile.
    ///
    /// # Safety
    /// As for [`Self::look_at`], by whoever did.
    pub(super) unsafe fn stop_looking(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        mem::replace(unsafe { &mut (*this.as_ptr()).tag }, ptr::null_mut()) == ARRIVED
    }
}

/// In place of the tag, once that was taken.
const LOOKED_AT: *mut c_void = ptr::without_provenance_mut(1);
const ARRIVED: *mut c_void = ptr::without_provenance_mut(2);

/// Entries to a slab, at most, unless more were asked for at once.
const SLAB: usize = 1024;
const FIRST_SLAB: usize = 8;

pub(super) struct Entries {
    slabs: Slabs,
    free: *mut Entry,
}

/// A number of slabs, which are linked in their order. Owns them.
pub(super) struct Slabs {
    oldest: *mut Slab,
    newest: *mut Slab,
}

/// Entries, which follow it in memory.
#[repr(C)]
struct Slab {
    next: *mut Slab,
    len: usize,
    /// How many have been used at least once; the others hold nothing yet.
    used: usize,
}

impl Slabs {
    const NONE: Self = Self { oldest: ptr::null_mut(), newest: ptr::null_mut() };

    /// One slab of so many entries.
    pub(super) fn one(len: usize) -> Result<Self, NoMemory> {
        let slab = allocate(layout(len).ok_or(NoMemory)?)?.cast::<Slab>().as_ptr();
        // SAFETY: just allocated, with room for a slab.
        unsafe { slab.write(Slab { next: ptr::null_mut(), len, used: 0 }) };
        Ok(Self { oldest: slab, newest: slab })
    }

    fn newest(&mut self) -> Option<&mut Slab> {
        // SAFETY: ours, until the end.
        unsafe { self.newest.as_mut() }
    }

    /// An entry that has not been used yet, to be written.
    fn unused(&mut self) -> Option<NonNull<Entry>> {
        let slab = NonNull::new(self.newest)?;
        let newest = self.newest().filter(|newest| newest.used < newest.len)?;
        let used = newest.used;
        newest.used = used.wrapping_add(1);
        // SAFETY: fewer were used than there are.
        Some(unsafe { entry(slab, used) })
    }

    /// All that have been used at least once, in the order in which they were first.
    pub(super) fn iter(&self) -> impl Iterator<Item = NonNull<Entry>> {
        let mut next = self.oldest;
        let slabs = std::iter::from_fn(move || {
            let slab = NonNull::new(next)?;
            // SAFETY: ours, until the end.
            next = unsafe { slab.as_ref() }.next;
            Some(slab)
        });
        slabs.flat_map(|slab| {
            // SAFETY: ours, until the end.
            let used = unsafe { slab.as_ref() }.used;
            // SAFETY: so many were used.
            (0..used).map(move |index| unsafe { entry(slab, index) })
        })
    }
}

/// # Safety
/// The slab has so many.
unsafe fn entry(slab: NonNull<Slab>, index: usize) -> NonNull<Entry> {
    // SAFETY: they follow it in memory.
    let first = unsafe { slab.add(1) }.cast::<Entry>();
    // SAFETY: as the caller promises.
    unsafe { first.add(index) }
}

fn layout(len: usize) -> Option<Layout> {
    let entries = Layout::array::<Entry>(len).ok()?;
    Layout::new::<Slab>().extend(entries).ok().map(|(layout, _)| layout)
}

/// So the entries begin where the slab ends.
const _: () = assert!(size_of::<Slab>() % align_of::<Entry>() == 0);

impl Drop for Slabs {
    fn drop(&mut self) {
        for entry in self.iter() {
            // SAFETY: initialised when it was first used; a slab goes with nobody left to use it.
            unsafe { entry.drop_in_place() };
        }
        while let Some(slab) = NonNull::new(self.oldest) {
            // SAFETY: the slab is this list's, and is there until it is freed below.
            let Slab { next, len, .. } = unsafe { slab.read() };
            if let Some(layout) = layout(len) {
                // SAFETY: allocated with this layout.
                unsafe { dealloc(slab.as_ptr().cast(), layout) };
            }
            self.oldest = next;
        }
    }
}

impl Entries {
    /// With room for `n`.
    pub(super) fn new(n: usize) -> Result<Self, NoMemory> {
        let slabs = if n == 0 { Slabs::NONE } else { Slabs::one(n)? };
        Ok(Self { slabs, free: ptr::null_mut() })
    }

    /// An entry to be written. `None`: none is free, and [`Self::add`] brings more.
    #[inline]
    pub(super) fn find_free(&mut self) -> Option<NonNull<Entry>> {
        let Some(free) = NonNull::new(self.free) else {
            return self.slabs.unused();
        };
        // SAFETY: a free entry is initialised, ours alone, and holds nothing that would have to be dropped.
        self.free = unsafe { free.as_ref() }.listener.prev.cast();
        Some(free)
    }

    /// How many entries the next slab is to have.
    pub(super) fn next_len(&mut self) -> usize {
        let next = self.slabs.newest().map_or(FIRST_SLAB, |newest| newest.len.saturating_mul(2));
        next.min(SLAB)
    }

    /// Adds a slab, unless some are free by now: then it is given back.
    pub(super) fn add(&mut self, slab: Slabs) -> Option<Slabs> {
        let is_full = self.slabs.newest().is_none_or(|newest| newest.used == newest.len);
        if !is_full || !self.free.is_null() {
            return Some(slab);
        }
        match self.slabs.newest() {
            None => self.slabs = slab,
            Some(newest) => {
                newest.next = slab.oldest;
                self.slabs.newest = slab.newest;
                mem::forget(slab);
            }
        }
        None
    }

    /// # Safety
    /// The entry came from here, was taken, and nothing leads to it any more.
    #[inline]
    pub(super) unsafe fn free(&mut self, entry: NonNull<Entry>) {
        // SAFETY: it is the report's alone.
        unsafe { (*entry.as_ptr()).listener.prev = self.free.cast() };
        self.free = entry.as_ptr();
    }

    /// All of them, for the end.
    pub(super) fn take_slabs(&mut self) -> Slabs {
        self.free = ptr::null_mut();
        mem::replace(&mut self.slabs, Slabs::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two threads that found none at the same time both bring a slab along.
    #[test]
    fn a_slab_is_added_only_where_none_is_free() {
        let mut entries = Entries::new(0).unwrap();
        assert!(entries.find_free().is_none());
        assert_eq!(entries.next_len(), FIRST_SLAB);
        assert!(entries.add(Slabs::one(1).unwrap()).is_none());
        assert!(entries.add(Slabs::one(1).unwrap()).is_some(), "one is unused");
        let entry = entries.find_free().unwrap();
        let (listener, links) = (Listener::of_owner::<Report>(NonNull::dangling()), AgeLinks::NONE);
        // SAFETY: to be written.
        unsafe { entry.write(Entry { listener, source: None, tag: ptr::null_mut(), links }) };
        assert!(entries.find_free().is_none());
        // SAFETY: just made, without content.
        unsafe { entries.free(entry) };
        assert!(entries.add(Slabs::one(1).unwrap()).is_some(), "one is free");
        assert_eq!(entries.find_free(), Some(entry));
        assert!(entries.add(Slabs::one(1).unwrap()).is_none());
        assert!(entries.find_free().is_some_and(|other| other != entry));
    }
}
