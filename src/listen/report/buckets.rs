//! The buckets of a hash table that grows by one of them at a time, and never moves them (linear
//! hashing: W. Litwin, 1980): no step takes long, however many there are.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::UnsafeCell;
use std::mem;
use std::ptr::{self, NonNull};

use super::entries::Entry;
use crate::base::memory::NoMemory;
use crate::one::asynchron::Asynchron;

/// What it holds is linked: NULL at first.
pub(super) type Bucket = *mut Entry;

/// So many lie here, and need no memory. A power of two.
const FIRST: usize = 8;
const SEGMENTS: usize = 28;

pub(super) struct Buckets {
    /// How many are in use.
    len: usize,
    first: UnsafeCell<[Bucket; FIRST]>,
    newest: *mut Segment,
}

/// As many more buckets as there are before it, which follow it in memory.
#[repr(C)]
struct Segment {
    /// Where those of each segment so far begin.
    starts: [*mut Bucket; SEGMENTS],
    before: *mut Segment,
    len: usize,
}

/// A segment that is not used yet.
pub(super) struct SpareSegment(NonNull<Segment>);

impl SpareSegment {
    /// Of so many buckets.
    pub(super) fn new(len: usize) -> Result<Self, NoMemory> {
        let layout = Self::layout(len).ok_or(NoMemory)?;
        // SAFETY: the layout is not empty.
        let segment: NonNull<Segment> =
            NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or(NoMemory)?.cast();
        // SAFETY: just allocated, and all zero is a segment.
        unsafe { (*segment.as_ptr()).len = len };
        Ok(Self(segment))
    }

    fn layout(len: usize) -> Option<Layout> {
        let buckets = Layout::array::<Bucket>(len).ok()?;
        Layout::new::<Segment>().extend(buckets).ok().map(|(layout, _)| layout)
    }
}

impl Drop for SpareSegment {
    fn drop(&mut self) {
        // SAFETY: alive until here.
        let len = unsafe { self.0.as_ref() }.len;
        if let Some(layout) = Self::layout(len) {
            // SAFETY: allocated with this layout.
            unsafe { dealloc(self.0.as_ptr().cast(), layout) };
        }
    }
}

impl Buckets {
    /// The first few.
    pub(super) fn new() -> Self {
        let first = UnsafeCell::new([ptr::null_mut(); FIRST]);
        Self { len: FIRST, first, newest: ptr::null_mut() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bucket that `source` belongs to.
    pub(super) fn of(&self, source: *const Asynchron) -> *mut Bucket {
        // By the golden ratio; the upper half depends on all bits of the address.
        let hash = (source.addr() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let hash = usize::try_from(hash).unwrap_or(0);
        let half = power_of_two_in(self.len);
        let number = hash & half.wrapping_mul(2).wrapping_sub(1);
        // One that is not split yet has also what will belong to the other.
        self.at(if number < self.len { number } else { number.wrapping_sub(half) })
    }

    fn at(&self, number: usize) -> *mut Bucket {
        if let Some(start) = self.start(number) {
            // SAFETY: the segment has those from this power of two to the next.
            return unsafe { start.add(number.wrapping_sub(power_of_two_in(number))) }.as_ptr();
        }
        // SAFETY: what is in use and in no segment is one of the first.
        unsafe { self.first.get().cast::<Bucket>().add(number) }
    }

    /// Where the segment begins in which this one is or will be: `None` if it is not there, or this is one
    /// of the first.
    fn start(&self, number: usize) -> Option<NonNull<Bucket>> {
        // SAFETY: segments stay until the end.
        let newest = unsafe { self.newest.as_ref() }?;
        NonNull::new(*newest.starts.get(segment_of(number)?)?)
    }

    /// Takes one more in use, if there is a segment for it.
    pub(super) fn grow(&mut self) -> bool {
        let grows = self.start(self.len).is_some();
        self.len = self.len.wrapping_add(usize::from(grows));
        grows
    }

    /// The newest, and the one whose content is to be shared with it. There must be more than the first.
    pub(super) fn newest(&self) -> (*mut Bucket, *mut Bucket) {
        let newest = self.len.wrapping_sub(1);
        (self.at(newest.wrapping_sub(power_of_two_in(newest))), self.at(newest))
    }

    /// How many buckets a segment must have for it to grow. `None`: it can grow as it is, or never more.
    pub(super) fn lacks_segment(&self) -> Option<usize> {
        let possible = segment_of(self.len).is_some_and(|number| number < SEGMENTS);
        Some(self.len).filter(|_| possible && self.start(self.len).is_none())
    }

    /// Adds a segment, or gives it back if there is one meanwhile.
    pub(super) fn add(&mut self, spare: SpareSegment) -> Option<SpareSegment> {
        let segment = spare.0.as_ptr();
        // SAFETY: nobody else has it.
        let new = unsafe { &mut *segment };
        if self.lacks_segment() != Some(new.len) {
            return Some(spare);
        }
        // SAFETY: segments stay until the end.
        if let Some(newest) = unsafe { self.newest.as_ref() } {
            new.starts = newest.starts;
        }
        if let Some(start) = segment_of(new.len).and_then(|number| new.starts.get_mut(number)) {
            // SAFETY: the buckets follow it.
            *start = unsafe { segment.add(1) }.cast();
        }
        new.before = self.newest;
        self.newest = segment;
        mem::forget(spare);
        None
    }
}

impl Drop for Buckets {
    fn drop(&mut self) {
        while let Some(segment) = NonNull::new(self.newest) {
            // SAFETY: alive until here.
            self.newest = unsafe { segment.as_ref() }.before;
            drop(SpareSegment(segment));
        }
    }
}

/// The greatest power of two in it.
fn power_of_two_in(number: usize) -> usize {
    1 << number.max(1).ilog2()
}

/// Which segment a bucket is in. `None`: it is one of the first.
fn segment_of(number: usize) -> Option<usize> {
    let number = number.max(1).ilog2().checked_sub(FIRST.ilog2())?;
    usize::try_from(number).ok()
}
