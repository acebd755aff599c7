//! The table of rows to which tokens lead: one of the process. It grows by chunks, each twice as large as the one
//! before.
//!
//! There is no lock here, which a fork could leave locked. Free rows are linked by their numbers, and the
//! head of that list counts its changes, so that one that was taken and given back meanwhile is noticed.
//!
//! There are several lists, and a thread takes from one of them: so threads that have nothing to do with each other do
//! not write the same cache lines, unless chance gives them the same list. A row that was never used comes in a block of
//! several, which fill cache lines of their own; and it is given back to its list. Where there are plenty, a list that is
//! empty gets as many of one that has more than that.

mod rows;
#[cfg(all(test, not(loom)))]
mod tests;

use std::alloc::Layout;
use std::ptr::{self, NonNull};

use self::rows::{allocate_rows, free_rows};
use super::super::removable::Removable;
use crate::base::lock::Line;
use crate::base::memory::NoMemory;
use crate::one::asynchron::Asynchron;
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering::*, UnsafeCell};
use crate::sys;

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
    /// In which list it is while it is free.
    home: AtomicU32,
}

// SAFETY: its owner's lock, or being reserved, says who may touch it; the rest is atomic.
unsafe impl Sync for TokenRow {}

/// What is added to a token each time.
pub(super) const USE: u64 = 1 << u32::BITS;

/// Rows in the first chunk.
const FIRST: u32 = if cfg!(loom) { 2 } else { 64 };
const CHUNKS: usize = if cfg!(loom) { 3 } else { 26 };
/// Lists of free rows. A power of two.
const LISTS: usize = if cfg!(loom) { 1 } else { 64 };
/// Rows that come to a list together.
const BLOCK: u32 = if cfg!(loom) { 1 } else { 16 };
/// When so many are in use, or free in some list, the others' are taken rather than more made.
const PLENTY: u32 = 4096;

pub(super) struct Table {
    chunks: [AtomicPtr<TokenRow>; CHUNKS],
    /// Of each list: the first free row's number plus 1, or 0; and, in the upper half, how often this has changed.
    free: [Line<AtomicU64>; LISTS],
    /// How many rows were ever used.
    used: AtomicU32,
}

/// The first chunk needs no memory.
#[cfg(not(loom))]
static FIRST_CHUNK: Line<[TokenRow; FIRST as usize]> =
    Line([const { TokenRow::new() }; FIRST as usize]);

#[cfg(not(loom))]
pub(super) static TABLE: Table = Table {
    chunks: {
        let mut chunks = [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS];
        chunks[0] = AtomicPtr::new((&raw const FIRST_CHUNK).cast_mut().cast());
        chunks
    },
    free: [const { Line(AtomicU64::new(0)) }; LISTS],
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
            home: AtomicU32::new(0),
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
        let list = list_of_this_thread();
        match self.take_from(list) {
            Some(row) => Ok(row),
            None => self.take_elsewhere(list),
        }
    }

    fn take_from(&self, list: usize) -> Option<&TokenRow> {
        let free = self.free.get(list)?;
        // ORDERING: Acquire sees what was done to the row before it was given: each change of the head is
        // an exchange, which continues what the one before has released.
        let mut head = free.load(Acquire);
        while let Some(number) = first_of(head) {
            let row = self.row(number)?;
            // ORDERING: it is true if the head has not changed since, which the exchange checks.
            let next = row.next.load(Relaxed);
            // ORDERING: Acquire sees what was done to the row before it was given, as the load of the head.
            match free.compare_exchange_weak(head, changed(head, next), Acquire, Acquire) {
                Ok(_) => return Some(row),
                Err(now) => head = now,
            }
        }
        None
    }

    /// This list is empty.
    #[cold]
    fn take_elsewhere(&self, list: usize) -> Result<&TokenRow, NoMemory> {
        // ORDERING: a guess.
        let plenty = self.used.load(Relaxed) >= PLENTY;
        let mut others = (1..LISTS).map(|step| list.wrapping_add(step) & LISTS.wrapping_sub(1));
        if let Some(row) =
            others.clone().filter(|_| plenty).find_map(|other| self.move_block(other, list))
        {
            return Ok(row);
        }
        self.take_fresh(list)
            .or_else(|_| others.find_map(|other| self.take_from(other)).ok_or(NoMemory))
    }

    /// Moves a block of rows from one list to another, if it has two, and takes the first of them.
    fn move_block(&self, from: usize, to: usize) -> Option<&TokenRow> {
        if !self.has_rows(from, BLOCK.saturating_mul(2)) {
            return None;
        }
        let first = self.take_from(from)?;
        self.set_home(first, to);
        for _ in 0..BLOCK.saturating_sub(1) {
            let Some(row) = self.take_from(from) else {
                break;
            };
            self.set_home(row, to);
            // SAFETY: taken just now.
            self.give_back(row, unsafe { *row.token.get_to_read() });
        }
        Some(first)
    }

    /// Whether a list has so many, as far as one can see: it may change meanwhile.
    fn has_rows(&self, list: usize, rows: u32) -> bool {
        // ORDERING: only looks; what is found there is looked at by atomics alone.
        let mut next = self.free.get(list).and_then(|free| first_of(free.load(Relaxed)));
        for _ in 1..rows {
            let row = next.and_then(|number| self.row(number));
            // ORDERING: only looks.
            next = row.and_then(|row| first_of(row.next.load(Relaxed).into()));
        }
        next.is_some()
    }

    /// The caller has taken the row.
    fn set_home(&self, row: &TokenRow, list: usize) {
        // ORDERING: whoever takes the row sees it, as all that was done to it before it was given.
        row.home.store(list as u32, Relaxed);
    }

    /// A row that was never used. The others of its block come to the list.
    fn take_fresh(&self, list: usize) -> Result<&TokenRow, NoMemory> {
        // ORDERING: the number stands alone; the chunk is published by its pointer.
        let mut number = self.used.load(Relaxed);
        loop {
            self.make_chunk(number)?;
            let next = number.wrapping_add(BLOCK);
            // ORDERING: the number stands alone: the exchange only makes it this thread's.
            match self.used.compare_exchange_weak(number, next, Relaxed, Relaxed) {
                Ok(_) => break,
                Err(now) => number = now,
            }
        }
        for other in (number..number.wrapping_add(BLOCK)).rev() {
            let row = self.row(other).ok_or(NoMemory)?;
            let token = USE | u64::from(other);
            // SAFETY: the number was nobody's before.
            unsafe { *row.token.get() = token };
            self.set_home(row, list);
            if other == number {
                return Ok(row);
            }
            self.give_back(row, token);
        }
        Err(NoMemory)
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
        // ORDERING: written by whoever had the row before, as the caller has it now.
        let home = row.home.load(Relaxed) as usize;
        let Some(free) = self.free.get(home) else {
            return;
        };
        // ORDERING: a guess, checked by the exchange.
        let mut head = free.load(Relaxed);
        loop {
            // ORDERING: the exchange publishes it.
            row.next.store(head as u32, Relaxed);
            // ORDERING: Release hands over what this thread did to the row.
            match free.compare_exchange_weak(head, changed(head, first), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

/// Threads have stacks far apart, and are named by where those lie.
fn list_of_this_thread() -> usize {
    if LISTS == 1 {
        return 0;
    }
    // By the golden ratio; the uppermost bits depend on all of the name.
    let hash = (sys::this_thread() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (hash >> u64::BITS.wrapping_sub(LISTS.ilog2())) as usize
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

/// A model's rows are made one by one, and notice their end.
#[cfg(loom)]
impl TokenRow {
    fn new() -> Self {
        Self {
            owner: AtomicPtr::new(ptr::null_mut()),
            node: AtomicPtr::new(ptr::null_mut()),
            token: UnsafeCell::new(0),
            next: AtomicU32::new(0),
            home: AtomicU32::new(0),
        }
    }
}

/// Beside that of the process.
#[cfg(any(loom, test))]
impl Table {
    fn new() -> Self {
        Self {
            chunks: std::array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            free: std::array::from_fn(|_| Line(AtomicU64::new(0))),
            used: AtomicU32::new(0),
        }
    }
}

#[cfg(any(loom, test))]
impl Drop for Table {
    fn drop(&mut self) {
        for (chunk, first) in self.chunks.iter().enumerate() {
            let first = first.load(Relaxed);
            if !first.is_null() {
                let layout = Self::layout(chunk).unwrap();
                // SAFETY: made by `make_chunk`; no row is used any more.
                unsafe { free_rows(first, layout, chunk) };
            }
        }
    }
}
