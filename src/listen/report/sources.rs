//! Which entries there are of each source, the oldest first: what `remove` asks.
//!
//! Whoever adds only notes down the order, in one list of all entries. Whoever removes sorts in what was added since,
//! a few entries each time that the lock is held: so each add is paid for once at most, and never in a report
//! from which nothing is removed. No memory is needed for an entry to be sorted in, so `remove` cannot
//! fail, and whoever finds the work half done goes on with it.
//!
//! Sorted in, an entry lies in a bucket of a hash table, which is one chain by `younger`. The entries of
//! one source follow each other in it by age; `older` leads back, and from the oldest to the youngest, so
//! that all of a source are passed in one step.

use std::ptr::{self, NonNull};

use super::buckets::{Buckets, SpareSegment};
use super::entries::Entry;
use crate::one::asynchron::Asynchron;

/// An entry's links to the others, by their age.
pub(super) struct AgeLinks {
    /// With [`SORTED`], if it is in the table.
    older: *mut Entry,
    younger: *mut Entry,
}

const SORTED: usize = 1;

impl AgeLinks {
    pub(super) const NONE: Self = Self { older: ptr::null_mut(), younger: ptr::null_mut() };
}

/// An entry that is linked, and has a source. It is alive, and all of that is the lock holder's.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Linked(NonNull<Entry>);

impl Linked {
    /// # Safety
    /// It is one, or NULL.
    unsafe fn new(entry: *mut Entry) -> Option<Self> {
        NonNull::new(entry).map(Self)
    }

    fn ptr(self) -> *mut Entry {
        self.0.as_ptr()
    }

    fn links(self) -> *mut AgeLinks {
        // SAFETY: it is alive.
        unsafe { &raw mut (*self.ptr()).links }
    }

    /// Where the link to the next younger is.
    fn younger_link(self) -> *mut *mut Entry {
        // SAFETY: it is alive.
        unsafe { &raw mut (*self.links()).younger }
    }

    fn younger(self) -> Option<Self> {
        // SAFETY: it is alive.
        let younger = unsafe { (*self.links()).younger };
        // SAFETY: those that it is linked with are such, too.
        unsafe { Self::new(younger) }
    }

    fn set_younger(self, younger: *mut Entry) {
        // SAFETY: it is alive, and its links are the lock holder's.
        unsafe { (*self.links()).younger = younger };
    }

    fn is_sorted(self) -> bool {
        // SAFETY: it is alive.
        unsafe { (*self.links()).older }.addr() & SORTED != 0
    }

    fn older(self) -> Option<Self> {
        // SAFETY: it is alive.
        let older = unsafe { (*self.links()).older };
        // SAFETY: those that it is linked with are such, too.
        unsafe { Self::new(older.map_addr(|addr| addr & !SORTED)) }
    }

    fn set_older(self, older: *mut Entry) {
        // SAFETY: it is alive, and its links are the lock holder's.
        unsafe { (*self.links()).older = older };
    }

    /// The same in the table.
    fn set_older_sorted(self, older: Self) {
        self.set_older(older.ptr().map_addr(|addr| addr | SORTED));
    }

    /// The youngest of a source, whose oldest in the table this is.
    fn youngest(self) -> Self {
        self.older().unwrap_or(self)
    }

    fn source(self) -> *const Asynchron {
        // SAFETY: it is alive, and has one.
        let source = unsafe { &(*self.ptr()).source };
        source.as_deref().map_or(ptr::null(), ptr::from_ref)
    }
}

/// A link in a bucket: to the oldest entry of a source, or to nothing at the end.
#[derive(Clone, Copy)]
struct BucketLink(*mut *mut Entry);

impl BucketLink {
    fn get(self) -> Option<Linked> {
        // SAFETY: a link is in a bucket, or in an entry of the table, and those are alive.
        let entry = unsafe { *self.0 };
        // SAFETY: so is what it leads to.
        unsafe { Linked::new(entry) }
    }

    fn set(self, entry: *mut Entry) {
        // SAFETY: a link is in a bucket, or in an entry of the table, and those are alive.
        unsafe { *self.0 = entry };
    }

    /// The link to the next source, where this leads to one.
    fn after(oldest: Linked) -> Self {
        Self(oldest.youngest().younger_link())
    }
}

/// So many are sorted in at a time.
const SORTED_AT_A_TIME: usize = 16;

pub(super) struct Sources {
    /// The oldest and the youngest of those that are not sorted in yet.
    first: *mut Entry,
    last: *mut Entry,
    /// How many sources there are in the table.
    sorted: usize,
    buckets: Buckets,
}

impl Sources {
    pub(super) fn new() -> Self {
        let (first, last) = (ptr::null_mut(), ptr::null_mut());
        Self { first, last, sorted: 0, buckets: Buckets::new() }
    }

    /// Notes down the youngest.
    ///
    /// # Safety
    /// The entry has a source, is in no list here, and stays until it is taken out.
    #[inline]
    pub(super) unsafe fn push(&mut self, entry: NonNull<Entry>) {
        let entry = Linked(entry);
        entry.set_older(self.last);
        entry.set_younger(ptr::null_mut());
        // SAFETY: what was noted down stays until it is taken out.
        match unsafe { Linked::new(self.last) } {
            None => self.first = entry.ptr(),
            Some(last) => last.set_younger(entry.ptr()),
        }
        self.last = entry.ptr();
    }

    /// # Safety
    /// The entry was pushed, and has not been taken out since.
    #[inline]
    pub(super) unsafe fn take_out(&mut self, entry: NonNull<Entry>) {
        let entry = Linked(entry);
        if entry.is_sorted() {
            self.take_out_of_the_table(entry);
        } else {
            self.unlink(entry);
        }
    }

    /// Takes one out that is not sorted in.
    #[inline]
    fn unlink(&mut self, entry: Linked) {
        // SAFETY: it is alive.
        let AgeLinks { older, younger } = unsafe { entry.links().read() };
        // SAFETY: those that it is linked with are such, too.
        match unsafe { Linked::new(older) } {
            None => self.first = younger,
            Some(older) => older.set_younger(younger),
        }
        // SAFETY: those that it is linked with are such, too.
        match unsafe { Linked::new(younger) } {
            None => self.last = older,
            Some(younger) => younger.set_older(older),
        }
    }

    /// Sorts in the oldest few of those that are not, or makes use of buckets that were added. True: that was
    /// all.
    pub(super) fn sort_in_a_few(&mut self) -> bool {
        for _ in 0..SORTED_AT_A_TIME {
            if self.is_crowded() && self.buckets.grow() {
                self.split();
                continue;
            }
            // SAFETY: what was noted down stays until it is taken out.
            let Some(entry) = (unsafe { Linked::new(self.first) }) else {
                return true;
            };
            self.unlink(entry);
            self.sort_in(entry);
        }
        false
    }

    /// Whether more buckets would help.
    fn is_crowded(&self) -> bool {
        self.sorted > self.buckets.len()
    }

    /// How many buckets a segment should have that is wanted now, if one is.
    pub(super) fn lacks_segment(&self) -> Option<usize> {
        self.buckets.lacks_segment().filter(|_| self.is_crowded())
    }

    /// Adds a segment, or gives it back if there is one by now.
    pub(super) fn add_segment(&mut self, spare: SpareSegment) -> Option<SpareSegment> {
        self.buckets.add(spare)
    }

    /// The oldest entry of `source`, once all are sorted in.
    pub(super) fn oldest(&self, source: &Asynchron) -> Option<NonNull<Entry>> {
        self.find(source).get().map(|oldest| oldest.0)
    }

    fn sort_in(&mut self, entry: Linked) {
        let link = self.find(entry.source());
        if let Some(oldest) = link.get() {
            let last = oldest.youngest();
            entry.set_older_sorted(last);
            entry.set_younger(last.younger().map_or(ptr::null_mut(), Linked::ptr));
            last.set_younger(entry.ptr());
            oldest.set_older_sorted(entry);
        } else {
            self.sorted = self.sorted.wrapping_add(1);
            entry.set_older_sorted(entry);
            entry.set_younger(ptr::null_mut());
            link.set(entry.ptr());
        }
    }

    #[cold]
    fn take_out_of_the_table(&mut self, entry: Linked) {
        let link = self.find(entry.source());
        let (Some(oldest), Some(older)) = (link.get(), entry.older()) else {
            return;
        };
        let younger = entry.younger();
        let next = younger.map_or(ptr::null_mut(), Linked::ptr);
        let is_last = entry == oldest.youngest();
        if entry == oldest {
            link.set(next);
        } else {
            older.set_younger(next);
        }
        match younger {
            Some(younger) if !is_last => younger.set_older_sorted(older),
            _ if entry != oldest => oldest.set_older_sorted(older),
            _ => self.sorted = self.sorted.wrapping_sub(1),
        }
    }

    /// The link to the oldest entry of `source`, or, if there is none, that at the end of its bucket.
    fn find(&self, source: *const Asynchron) -> BucketLink {
        let mut link = BucketLink(self.buckets.of(source));
        while let Some(oldest) = link.get().filter(|oldest| oldest.source() != source) {
            link = BucketLink::after(oldest);
        }
        link
    }

    /// Moves to the newest bucket what belongs there.
    fn split(&mut self) {
        let (from, to) = self.buckets.newest();
        let (mut old, mut new) = (BucketLink(from), BucketLink(to));
        while let Some(oldest) = old.get() {
            let after = BucketLink::after(oldest);
            if self.buckets.of(oldest.source()) == to {
                old.set(after.get().map_or(ptr::null_mut(), Linked::ptr));
                after.set(ptr::null_mut());
                new.set(oldest.ptr());
                new = after;
            } else {
                old = after;
            }
        }
    }
}
