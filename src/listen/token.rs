//! Tokens: what leads from a number to a registration, without a search.
//!
//! A token is the number of a slot in one table of the process, and how often that slot was used before.
//! Slots are never freed, so that whatever number the program comes with, it can be looked up; the table
//! grows by chunks, each twice as large as the one before. A slot is filled and cleared under the lock of
//! its owner. So whoever holds the lock of an asynchron, and finds that it owns a slot, has a slot that
//! nobody changes, and then compares the rest of the token; and what it finds of others', it leaves alone.
//!
//! There is no lock here, which a fork could leave locked. Free slots are linked by their numbers, and the
//! head of that list counts its changes, so that one that was taken and given back meanwhile is noticed.

#[cfg(not(loom))]
use std::alloc::alloc_zeroed;
use std::alloc::{Layout, dealloc};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

use super::removable::Removable;
use crate::base::memory::NoMemory;
use crate::base::prefetch::prefetch;
use crate::one::asynchron::Asynchron;
use crate::sync::{AtomicPtr, AtomicU32, AtomicU64, Ordering::*, UnsafeCell};

/// Where a token leads to. All zero, it was never used.
struct TokenSlot {
    /// NULL: nobody's.
    owner: AtomicPtr<Asynchron>,
    /// Changed by its owner, whose lock is held, or by whoever has it [reserved](ReservedSlot). And so is the next.
    node: AtomicPtr<Removable>,
    /// The token that leads to it, or will: the slot's number, and in the upper half how often it was used,
    /// with this time.
    token: UnsafeCell<u64>,
    /// The next free one, while it is free: see [`Table::free`].
    next: AtomicU32,
}

// SAFETY: its owner's lock, or being reserved, says who may touch it; the rest is atomic.
unsafe impl Sync for TokenSlot {}

/// What is added to a token each time.
const USE: u64 = 1 << u32::BITS;

/// Slots in the first chunk.
const FIRST: u32 = if cfg!(loom) { 2 } else { 64 };
const CHUNKS: usize = if cfg!(loom) { 3 } else { 26 };

struct Table {
    chunks: [AtomicPtr<TokenSlot>; CHUNKS],
    /// The first free slot's number plus 1, or 0; and, in the upper half, how often this has changed.
    free: AtomicU64,
    /// How many slots were ever used.
    used: AtomicU32,
}

/// The first chunk needs no memory.
#[cfg(not(loom))]
static FIRST_CHUNK: [TokenSlot; FIRST as usize] = [const { TokenSlot::new() }; FIRST as usize];

#[cfg(not(loom))]
static TABLE: Table = Table {
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
    static ref TABLE: Table = crate::sync::global(Table::new);
}

/// A slot that is the caller's alone. Dropped, it is free again.
pub(super) struct ReservedSlot(&'static TokenSlot);

/// A slot that leads to somebody.
#[derive(Clone, Copy)]
pub(super) struct FilledSlot(&'static TokenSlot);

impl ReservedSlot {
    /// One that is to lead to `node`. So that is written before there is a lock to be held.
    pub(super) fn new(node: NonNull<Removable>) -> Result<Self, NoMemory> {
        let reserved = Self(TABLE.take_free()?);
        // ORDERING: the owner's lock orders it for those who use it. Others only guess.
        reserved.0.node.store(node.as_ptr(), Relaxed);
        Ok(reserved)
    }

    /// What leads to it, once it is filled. Never 0, and never again the same.
    pub(super) fn token(&self) -> u64 {
        // SAFETY: the caller's alone.
        unsafe { *self.0.token.get_to_read() }
    }

    /// Has its token lead to its node.
    ///
    /// # Safety
    /// `owner` is LOCKED. It is cleared before the node goes, or the owner.
    pub(super) unsafe fn fill(self, owner: &Asynchron) -> FilledSlot {
        let slot = ManuallyDrop::new(self).0;
        // ORDERING: the owner's lock orders it for those who hold that. Others only see that they are not
        // the owner.
        slot.owner.store(ptr::from_ref(owner).cast_mut(), Relaxed);
        FilledSlot(slot)
    }
}

impl Drop for ReservedSlot {
    fn drop(&mut self) {
        TABLE.give_back(self.0, self.token());
    }
}

impl FilledSlot {
    /// Has it lead nowhere. What is returned is to be dropped without the lock.
    ///
    /// # Safety
    /// The owner is LOCKED; called once.
    pub(super) unsafe fn clear(self) -> Option<ReservedSlot> {
        // ORDERING: as in `fill`.
        self.0.owner.store(ptr::null_mut(), Relaxed);
        // SAFETY: LOCKED: the owner is.
        let token = unsafe { &mut *self.0.token.get() };
        // At the end of its tokens, it is never free again.
        *token = token.checked_add(USE)?;
        Some(ReservedSlot(self.0))
    }
}

/// What `token` leads to, if it is the owner's.
///
/// # Safety
/// `owner` is LOCKED.
pub(super) unsafe fn find(owner: &Asynchron, token: u64) -> Option<NonNull<Removable>> {
    let slot = TABLE.slot(number_of(token))?;
    // ORDERING: as in `fill`.
    if !ptr::eq(slot.owner.load(Relaxed), owner) {
        return None;
    }
    // SAFETY: it is the owner's, which is LOCKED.
    if unsafe { *slot.token.get_to_read() } != token {
        return None;
    }
    // ORDERING: the lock orders it.
    NonNull::new(slot.node.load(Relaxed))
}

/// Has the processor fetch what [`find`] and its caller will use under the lock, so that the lock is held for a
/// shorter time. A guess: it may be another's meanwhile, or gone.
pub(super) fn expect_to_find(token: u64) {
    // A model would only have more orders to try.
    if cfg!(loom) {
        return;
    }
    if let Some(slot) = TABLE.slot(number_of(token)) {
        // ORDERING: nothing is read there.
        prefetch(slot.node.load(Relaxed));
    }
}

fn number_of(token: u64) -> u32 {
    // The lower half.
    token as u32
}

#[cfg(not(loom))]
impl TokenSlot {
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
    /// The chunk that a slot is in, and where it begins.
    fn chunk_and_index(number: u32) -> (usize, usize) {
        let nth = u64::from(number).wrapping_add(u64::from(FIRST));
        let chunk = nth.ilog2().wrapping_sub(FIRST.ilog2());
        let begins = u64::from(FIRST) << chunk;
        (chunk as usize, nth.wrapping_sub(begins) as usize)
    }

    /// `None`: there was never one by this number.
    fn slot(&self, number: u32) -> Option<&TokenSlot> {
        let (chunk, index) = Self::chunk_and_index(number);
        // ORDERING: Acquire sees the slots behind the pointer that another thread stored.
        let first = NonNull::new(self.chunks.get(chunk)?.load(Acquire))?;
        // SAFETY: a chunk has as many slots as `chunk_and_index` has numbers for it.
        let slot = unsafe { first.add(index) };
        // SAFETY: it is never freed.
        Some(unsafe { slot.as_ref() })
    }

    /// A slot that was free, and is the caller's alone from now on.
    fn take_free(&self) -> Result<&TokenSlot, NoMemory> {
        // ORDERING: Acquire sees what was done to the slot before it was given: each change of the head is
        // an exchange, which continues what the one before has released.
        let mut head = self.free.load(Acquire);
        while let Some(number) = first_of(head) {
            let slot = self.slot(number).ok_or(NoMemory)?;
            // ORDERING: it is true if the head has not changed since, which the exchange checks.
            let next = slot.next.load(Relaxed);
            // ORDERING: as above.
            match self.free.compare_exchange_weak(head, changed(head, next), Acquire, Acquire) {
                Ok(_) => return Ok(slot),
                Err(now) => head = now,
            }
        }
        self.take_fresh()
    }

    /// The same of one that was never used.
    #[cold]
    fn take_fresh(&self) -> Result<&TokenSlot, NoMemory> {
        // ORDERING: the number stands alone; the chunk is published by its pointer.
        let mut number = self.used.load(Relaxed);
        loop {
            self.make_chunk(number)?;
            let next = number.wrapping_add(1);
            // ORDERING: as above.
            match self.used.compare_exchange_weak(number, next, Relaxed, Relaxed) {
                Ok(_) => break,
                Err(now) => number = now,
            }
        }
        let slot = self.slot(number).ok_or(NoMemory)?;
        // SAFETY: the number was nobody's before.
        unsafe { *slot.token.get() = USE | u64::from(number) };
        Ok(slot)
    }

    /// Makes the chunk that this slot is in, if there is none.
    fn make_chunk(&self, number: u32) -> Result<(), NoMemory> {
        let (chunk, _) = Self::chunk_and_index(number);
        let pointer = self.chunks.get(chunk).ok_or(NoMemory)?;
        // ORDERING: whether there is one; `slot` looks again.
        if !pointer.load(Relaxed).is_null() {
            return Ok(());
        }
        let layout = Self::layout(chunk).ok_or(NoMemory)?;
        let made = allocate_slots(layout, chunk)?.as_ptr();
        // ORDERING: Release publishes the slots.
        if pointer.compare_exchange(ptr::null_mut(), made, Release, Relaxed).is_err() {
            // SAFETY: ours, and known to nobody.
            unsafe { free_slots(made, layout, chunk) };
        }
        Ok(())
    }

    fn layout(chunk: usize) -> Option<Layout> {
        Layout::array::<TokenSlot>(Self::len(chunk)).ok()
    }

    fn len(chunk: usize) -> usize {
        (FIRST as usize) << chunk
    }

    fn give_back(&self, slot: &TokenSlot, token: u64) {
        let first = number_of(token).wrapping_add(1);
        // ORDERING: a guess, checked by the exchange.
        let mut head = self.free.load(Relaxed);
        loop {
            // ORDERING: the exchange publishes it.
            slot.next.store(head as u32, Relaxed);
            // ORDERING: Release hands over what this thread did to the slot.
            match self.free.compare_exchange_weak(head, changed(head, first), Release, Relaxed) {
                Ok(_) => return,
                Err(now) => head = now,
            }
        }
    }
}

/// The number of the first free slot.
fn first_of(head: u64) -> Option<u32> {
    (head as u32).checked_sub(1)
}

/// The head's next value, with `first` as its lower half.
fn changed(head: u64, first: u32) -> u64 {
    let changes = (head >> u32::BITS).wrapping_add(1);
    changes << u32::BITS | u64::from(first)
}

#[cfg(not(loom))]
fn allocate_slots(layout: Layout, _: usize) -> Result<NonNull<TokenSlot>, NoMemory> {
    // SAFETY: the layout is not empty.
    NonNull::new(unsafe { alloc_zeroed(layout) }.cast()).ok_or(NoMemory)
}

/// # Safety
/// Made by [`allocate_slots`], and known to nobody else.
#[cfg(not(loom))]
unsafe fn free_slots(slots: *mut TokenSlot, layout: Layout, _: usize) {
    // SAFETY: as the caller promises.
    unsafe { dealloc(slots.cast(), layout) };
}

/// A model's slots are made one by one, and notice their end.
#[cfg(loom)]
impl TokenSlot {
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
                unsafe { free_slots(first, layout, chunk) };
            }
        }
    }
}

#[cfg(loom)]
fn allocate_slots(layout: Layout, chunk: usize) -> Result<NonNull<TokenSlot>, NoMemory> {
    let first = crate::base::memory::allocate(layout)?.cast::<TokenSlot>();
    crate::sync::global(|| {
        for index in 0..Table::len(chunk) {
            // SAFETY: there is room for so many.
            unsafe { first.add(index).write(TokenSlot::new()) };
        }
    });
    Ok(first)
}

/// # Safety
/// Made by [`allocate_slots`], and known to nobody else.
#[cfg(loom)]
unsafe fn free_slots(slots: *mut TokenSlot, layout: Layout, chunk: usize) {
    crate::sync::global(|| {
        for index in 0..Table::len(chunk) {
            // SAFETY: as the caller promises.
            unsafe { slots.add(index).drop_in_place() };
        }
    });
    // SAFETY: as the caller promises.
    unsafe { dealloc(slots.cast(), layout) };
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

    #[test]
    fn a_slot_whose_tokens_are_used_up_leads_nowhere_for_ever() {
        let owner = Asynchron::create().unwrap();
        let reserved = ReservedSlot::new(NonNull::dangling()).unwrap();
        let slot = reserved.0;
        let last = reserved.token() | (u64::MAX - u64::from(u32::MAX));
        // SAFETY: reserved.
        unsafe { *slot.token.get() = last };
        // SAFETY: nobody else knows the owner.
        let filled = unsafe { reserved.fill(&owner) };
        // SAFETY: nobody else knows the owner.
        assert!(unsafe { find(&owner, last) }.is_some());
        // SAFETY: nobody else knows the owner.
        assert!(unsafe { filled.clear() }.is_none(), "it is not used again");
        // SAFETY: nobody else knows the owner.
        assert!(unsafe { find(&owner, last) }.is_none());
        let others: Vec<_> =
            (0..1000).map(|_| ReservedSlot::new(NonNull::dangling()).unwrap()).collect();
        assert!(others.iter().all(|other| !ptr::eq(other.0, slot)));
    }

    #[test]
    fn many_threads_that_reserve_and_give_back_have_different_tokens() {
        let round = || {
            let mut mine = Vec::new();
            for i in 0..20_000 {
                let reserved = ReservedSlot::new(NonNull::dangling()).unwrap();
                mine.push(reserved.token());
                // SAFETY: reserved; as if it had been filled and cleared.
                drop(
                    unsafe { FilledSlot(ManuallyDrop::new(reserved).0).clear() }
                        .filter(|_| i % 3 > 0),
                );
            }
            mine
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(round)).collect();
        let all = threads.into_iter().flat_map(|thread| thread.join().unwrap());
        let mut all: Vec<_> = all.collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
