//! The table of rows to which tokens lead: one of the process. It grows by chunks, each twice as large as the one
//! before.
//!
//! There is no lock here, which a fork could leave locked. Free rows are linked by their numbers, and the
//! head of that list counts its changes, so that one that was taken and given back meanwhile is noticed.

#[cfg(not(loom))]
use std::alloc::alloc_zeroed;
use std::alloc::{Layout, dealloc};
use std::ptr::{self, NonNull};

use super::super::removable::Removable;
use crate::base::memory::NoMemory;
use crate::one::asynchron::Asynchron;
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering::*, UnsafeCell};

/// Where a token leads to. All zero, it was never used.
pub(super) struct TokenRow {
    /// NULL: nobody's.
    pub(super) owner: AtomicPtr<Asynchron>,
    /// Changed by its owner, whose lock is held, or by whoever has it [reserved](super::ReservedRow). And so is the next.
    pub(super) node: AtomicPtr<Removable>,
    /// The token that leads to it, or will: the row's number, and in the upper half how often it was used,
    /// with this time.
    pub(super) token: UnsafeCell<u64>,
    /// The next free one, while it is free: see [`Table::free`].
    next: AtomicU32,
}

// SAFETY: its owner's lock, or being reserved, says who may touch it; the rest is atomic.
unsafe impl Sync for TokenRow {}

/// What is added to a token each time.
pub(super) const USE: u64 = 1 << u32::BITS;

/// Rows in the first chunk.
const FIRST: u32 = if cfg!(loom) { 2 } else { 64 };
const CHUNKS: usize = if cfg!(loom) { 3 } else { 26 };

pub(super) struct Table {
    chunks: [AtomicPtr<TokenRow>; CHUNKS],
    /// The first free row's number plus 1, or 0; and, in the upper half, how often this has changed.
    free: AtomicU64,
    /// How many rows were ever used.
    used: AtomicU32,
}

/// The first chunk needs no memory.
#[cfg(not(loom))]
static FIRST_CHUNK: [TokenRow; FIRST as usize] = [const { TokenRow::new() }; FIRST as usize];

#[cfg(not(loom))]
pub(super) static TABLE: Table = Table {
    chunks: {
        let mut chunks = [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS];
        chunks[0] = AtomicPtr::new((&raw const FIRST_CHUNK).cast_mut().cast());
        chunks
    },
    free: AtomicU64::new(0),
    used: AtomicU32::new(0),
};

#[cfg(loom)]
loom::lazy_static! {
    pub(super) static ref TABLE: Table = crate::sync::global(Table::new);
}

pub(super) fn number_of(token: u64) -> u32 {
    // The lower half.
    token as u32
}

#[cfg(not(loom))]
impl TokenRow {
    const fn new() -> Self {
        Self {
            owner: AtomicPtr::new(ptr::null_mut()),
            node: AtomicPtr::new(ptr::null_mut()),
            token: UnsafeCell::new(0),
            next: AtomicU32::new(0),
        }
    }
}

impl Table {
    /// The chunk that a row is in, and where it begins.
    fn chunk_and_index(number: u32) -> (usize, usize) {
        let nth = u64::from(number).wrapping_add(u64::from(FIRST));
        let chunk = nth.ilog2().wrapping_sub(FIRST.ilog2());
        let begins = u64::from(FIRST) << chunk;
        (chunk as usize, nth.wrapping_sub(begins) as usize)
    }

    /// `None`: there was never one by this number.
    pub(super) fn row(&self, number: u32) -> Option<&TokenRow> {
        let (chunk, index) = Self::chunk_and_index(number);
        // ORDERING: Acquire sees the rows behind the pointer that another thread stored.
        let first = NonNull::new(self.chunks.get(chunk)?.load(Acquire))?;
        // SAFETY: a chunk has as many rows as `chunk_and_index` has numbers for it.
        let row = unsafe { first.add(index) };
        // SAFETY: it is never freed.
        Some(unsafe { row.as_ref() })
    }

    /// A row that was free, and is the caller's alone from now on.
    pub(super) fn take_free(&self) -> Result<&TokenRow, NoMemory> {
        // ORDERING: Acquire sees what was done to the row before it was given: each change of the head is
        // an exchange, which continues what the one before has released.
        let mut head = self.free.load(Acquire);
        while let Some(number) = first_of(head) {
            let row = self.row(number).ok_or(NoMemory)?;
            // ORDERING: it is true if the head has not changed since, which the exchange checks.
            let next = row.next.load(Relaxed);
            // ORDERING: Acquire sees what was done to the row before it was given, as the load of the head.
            match self.free.compare_exchange_weak(head, changed(head, next), Acquire, Acquire) {
                Ok(_) => return Ok(row),
                Err(now) => head = now,
            }
        }
        self.take_fresh()
    }

    /// The same of one that was never used.
    #[cold]
    fn take_fresh(&self) -> Result<&TokenRow, NoMemory> {
        // ORDERING: the number stands alone; the chunk is published by its pointer.
        let mut number = self.used.load(Relaxed);
        loop {
            self.make_chunk(number)?;
            let next = number.wrapping_add(1);
            // ORDERING: the number stands alone: the exchange only makes it this thread's.
            match self.used.compare_exchange_weak(number, next, Relaxed, Relaxed) {
                Ok(_) => break,
                Err(now) => number = now,
            }
        }
        let row = self.row(number).ok_or(NoMemory)?;
        // SAFETY: the number was nobody's before.
        unsafe { *row.token.get() = USE | u64::from(number) };
        Ok(row)
    }

    /// Makes the chunk that this row is in, if there is none.
    fn make_chunk(&self, number: u32) -> Result<(), NoMemory> {
        let (chunk, _) = Self::chunk_and_index(number);
        let pointer = self.chunks.get(chunk).ok_or(NoMemory)?;
        // ORDERING: whether there is one; `row` looks again.
        if !pointer.load(Relaxed).is_null() {
            return Ok(());
        }
        let layout = Self::layout(chunk).ok_or(NoMemory)?;
        let made = allocate_rows(layout, chunk)?.as_ptr();
        // ORDERING: Release publishes the rows.
        if pointer.compare_exchange(ptr::null_mut(), made, Release, Relaxed).is_err() {
            // SAFETY: ours, and known to nobody.
            unsafe { free_rows(made, layout, chunk) };
        }
        Ok(())
    }

    fn layout(chunk: usize) -> Option<Layout> {
        Layout::array::<TokenRow>(Self::len(chunk)).ok()
    }

    fn len(chunk: usize) -> usize {
        (FIRST as usize) << chunk
    }

    pub(super) fn give_back(&self, row: &TokenRow, token: u64) {
        let first = number_of(token).wrapping_add(1);
        // ORDERING: a guess, checked by the exchange.
        let mut head = self.free.load(Relaxed);
        loop {
            // ORDERING: the exchange publishes it.
            row.next.store(head as u32, Relaxed);
            // ORDERING: Release hands over what this thread did to the row.
            match self.free.compare_exchange_weak(head, changed(head, first), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

/// The number of the first free row.
fn first_of(head: u64) -> Option<u32> {
    (head as u32).checked_sub(1)
}

/// The head's next value, with `first` as its lower half.
fn changed(head: u64, first: u32) -> u64 {
    let changes = (head >> u32::BITS).wrapping_add(1);
    changes << u32::BITS | u64::from(first)
}

#[cfg(not(loom))]
fn allocate_rows(layout: Layout, _: usize) -> Result<NonNull<TokenRow>, NoMemory> {
    // SAFETY: the layout is not empty.
    NonNull::new(unsafe { alloc_zeroed(layout) }.cast()).ok_or(NoMemory)
}

/// # Safety
/// Made by [`allocate_rows`], and known to nobody else.
#[cfg(not(loom))]
unsafe fn free_rows(rows: *mut TokenRow, layout: Layout, _: usize) {
    // SAFETY: as the caller promises.
    unsafe { dealloc(rows.cast(), layout) };
}

/// A model's rows are made one by one, and notice their end.
#[cfg(loom)]
impl TokenRow {
    fn new() -> Self {
        Self {
            owner: AtomicPtr::new(ptr::null_mut()),
            node: AtomicPtr::new(ptr::null_mut()),
            token: UnsafeCell::new(0),
            next: AtomicU32::new(0),
        }
    }
}

#[cfg(loom)]
impl Table {
    fn new() -> Self {
        Self {
            chunks: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            free: AtomicU64::new(0),
            used: AtomicU32::new(0),
        }
    }
}

#[cfg(loom)]
impl Drop for Table {
    fn drop(&mut self) {
        for (chunk, first) in self.chunks.iter().enumerate() {
            let first = first.load(Relaxed);
            if !first.is_null() {
                let layout = Self::layout(chunk).unwrap();
                // SAFETY: made by `make_chunk`; the model is over.
                unsafe { free_rows(first, layout, chunk) };
            }
        }
    }
}

#[cfg(loom)]
fn allocate_rows(layout: Layout, chunk: usize) -> Result<NonNull<TokenRow>, NoMemory> {
    let first = crate::base::memory::allocate(layout)?.cast::<TokenRow>();
    crate::sync::global(|| {
        for index in 0..Table::len(chunk) {
            // SAFETY: there is room for so many.
            unsafe { first.add(index).write(TokenRow::new()) };
        }
    });
    Ok(first)
}

/// # Safety
/// Made by [`allocate_rows`], and known to nobody else.
#[cfg(loom)]
unsafe fn free_rows(rows: *mut TokenRow, layout: Layout, chunk: usize) {
    crate::sync::global(|| {
        for index in 0..Table::len(chunk) {
            // SAFETY: as the caller promises.
            unsafe { rows.add(index).drop_in_place() };
        }
    });
    // SAFETY: as the caller promises.
    unsafe { dealloc(rows.cast(), layout) };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own() {
        let mut expected = (0, 0);
        for number in 0..100_000 {
            assert_eq!(Table::chunk_and_index(number), expected, "{number}");
            expected.1 += 1;
            if expected.1 == Table::len(expected.0) {
                expected = (expected.0 + 1, 0);
            }
        }
        let last = u32::MAX - FIRST;
        assert_eq!(Table::chunk_and_index(last), (CHUNKS - 1, Table::len(CHUNKS - 1) - 1));
        assert_eq!(Table::chunk_and_index(last + 1), (CHUNKS, 0), "there is none");
    }
}
