//! Which entries there are of each source, the oldest first: what `remove` asks.
//!
//! Who adds only notes down the order, in one list of all entries. Who removes sorts in what was added since,
//! a few entries each time that the lock is held: so each add is paid for once at most, and never in a report
//! from which nothing is removed. No memory is needed for an entry to be sorted in, so `remove` cannot
//! fail, and whoever finds the work half done goes on with it.
//!
//! Sorted in, an entry lies in a bucket of a hash table, which is one chain by `younger`. The entries of
//! one source follow each other in it by age; `older` leads back, and from the oldest to the youngest, so
//! that all of a source are passed in one step.

use std::ptr::{self, NonNull};

use super::buckets::{Buckets, Room};
use super::entries::Entry;
use crate::one::asynchron::Asynchron;

/// An entry's place among the others.
pub(super) struct Place {
    /// With [`SORTED`], if it is in the table.
    older: *mut Entry,
    younger: *mut Entry,
}

const SORTED: usize = 1;

impl Place {
    pub(super) const NONE: Self = Self { older: ptr::null_mut(), younger: ptr::null_mut() };
}

/// An entry that has a place and a source. It is alive, and all of that is the lock holder's.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Placed(NonNull<Entry>);

impl Placed {
    /// # Safety
    /// It is one, or NULL.
    unsafe fn new(entry: *mut Entry) -> Option<Self> {
        NonNull::new(entry).map(Self)
    }

    fn ptr(self) -> *mut Entry {
        self.0.as_ptr()
    }

    fn place(self) -> *mut Place {
        // SAFETY: it is alive.
        unsafe { &raw mut (*self.ptr()).place }
    }

    /// Where the link to the next younger is.
    fn younger_link(self) -> *mut *mut Entry {
        // SAFETY: as above.
        unsafe { &raw mut (*self.place()).younger }
    }

    fn younger(self) -> Option<Self> {
        // SAFETY: as above.
        let younger = unsafe { (*self.place()).younger };
        // SAFETY: those that it is linked with are such, too.
        unsafe { Self::new(younger) }
    }

    fn set_younger(self, younger: *mut Entry) {
        // SAFETY: as above.
        unsafe { (*self.place()).younger = younger };
    }

    fn is_sorted(self) -> bool {
        // SAFETY: as above.
        unsafe { (*self.place()).older }.addr() & SORTED != 0
    }

    fn older(self) -> Option<Self> {
        // SAFETY: as above.
        let older = unsafe { (*self.place()).older };
        // SAFETY: those that it is linked with are such, too.
        unsafe { Self::new(older.map_addr(|addr| addr & !SORTED)) }
    }

    fn set_older(self, older: *mut Entry) {
        // SAFETY: as above.
        unsafe { (*self.place()).older = older };
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
struct Link(*mut *mut Entry);

impl Link {
    fn get(self) -> Option<Placed> {
        // SAFETY: a link is in a bucket, or in an entry of the table, and those are alive.
        let entry = unsafe { *self.0 };
        // SAFETY: so is what it leads to.
        unsafe { Placed::new(entry) }
    }

    fn set(self, entry: *mut Entry) {
        // SAFETY: as above.
        unsafe { *self.0 = entry };
    }

    /// The link to the next source, where this leads to one.
    fn after(oldest: Placed) -> Self {
        Self(oldest.youngest().younger_link())
    }
}

/// So many are sorted in at a time.
const FEW: usize = 16;

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
        let entry = Placed(entry);
        entry.set_older(self.last);
        entry.set_younger(ptr::null_mut());
        // SAFETY: what was noted down stays until it is taken out.
        match unsafe { Placed::new(self.last) } {
            None => self.first = entry.ptr(),
            Some(last) => last.set_younger(entry.ptr()),
        }
        self.last = entry.ptr();
    }

    /// # Safety
    /// The entry was pushed, and has not been taken out since.
    #[inline]
    pub(super) unsafe fn take_out(&mut self, entry: NonNull<Entry>) {
        let entry = Placed(entry);
        if entry.is_sorted() {
            self.take_out_of_the_table(entry);
        } else {
            self.unlink(entry);
        }
    }

    /// Takes one out that is not sorted in.
    #[inline]
    fn unlink(&mut self, entry: Placed) {
        // SAFETY: it is alive.
        let Place { older, younger } = unsafe { entry.place().read() };
        // SAFETY: those that it is linked with are such, too.
        match unsafe { Placed::new(older) } {
            None => self.first = younger,
            Some(older) => older.set_younger(younger),
        }
        // SAFETY: as above.
        match unsafe { Placed::new(younger) } {
            None => self.last = older,
            Some(younger) => younger.set_older(older),
        }
    }

    /// Sorts in the oldest few of those that are not, or makes use of buckets that were added. True: that was
    /// all.
    pub(super) fn sort_in_a_few(&mut self) -> bool {
        for _ in 0..FEW {
            if self.is_crowded() && self.buckets.grow() {
                self.split();
                continue;
            }
            // SAFETY: what was noted down stays until it is taken out.
            let Some(entry) = (unsafe { Placed::new(self.first) }) else {
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

    /// For how many buckets room is wanted now, if it is.
    pub(super) fn lacks_room(&self) -> Option<usize> {
        self.buckets.lacks().filter(|_| self.is_crowded())
    }

    /// Adds room for buckets, or gives it back if there is some by now.
    pub(super) fn add_room(&mut self, room: Room) -> Option<Room> {
        self.buckets.add(room)
    }

    /// The oldest entry of `source`, once all are sorted in.
    pub(super) fn oldest(&self, source: &Asynchron) -> Option<NonNull<Entry>> {
        self.find(source).get().map(|oldest| oldest.0)
    }

    fn sort_in(&mut self, entry: Placed) {
        let here = self.find(entry.source());
        if let Some(oldest) = here.get() {
            let last = oldest.youngest();
            entry.set_older_sorted(last);
            entry.set_younger(last.younger().map_or(ptr::null_mut(), Placed::ptr));
            last.set_younger(entry.ptr());
            oldest.set_older_sorted(entry);
        } else {
            self.sorted = self.sorted.wrapping_add(1);
            entry.set_older_sorted(entry);
            entry.set_younger(ptr::null_mut());
            here.set(entry.ptr());
        }
    }

    #[cold]
    fn take_out_of_the_table(&mut self, entry: Placed) {
        let here = self.find(entry.source());
        let (Some(oldest), Some(older)) = (here.get(), entry.older()) else {
            return;
        };
        let younger = entry.younger();
        let next = younger.map_or(ptr::null_mut(), Placed::ptr);
        let is_last = entry == oldest.youngest();
        if entry == oldest {
            here.set(next);
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
    fn find(&self, source: *const Asynchron) -> Link {
        let mut here = Link(self.buckets.of(source));
        while let Some(oldest) = here.get().filter(|oldest| oldest.source() != source) {
            here = Link::after(oldest);
        }
        here
    }

    /// Moves to the newest bucket what belongs there.
    fn split(&mut self) {
        let (from, to) = self.buckets.newest();
        let (mut here, mut there) = (Link(from), Link(to));
        while let Some(oldest) = here.get() {
            let after = Link::after(oldest);
            if self.buckets.of(oldest.source()) == to {
                here.set(after.get().map_or(ptr::null_mut(), Placed::ptr));
                after.set(ptr::null_mut());
                there.set(oldest.ptr());
                there = after;
            } else {
                here = after;
            }
        }
    }
}
