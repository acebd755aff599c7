//! Tokens: what leads from a number to a registration, without a search.
//!
//! A token is the number of a row in one [`table`] of the process, and how often that row was used before. Rows are
//! never freed, so that whatever number the program comes with, it can be looked up. A row is filled and cleared under
//! the lock of its owner. So whoever holds the lock of an asynchron, and finds that it owns a row, has a row that
//! nobody changes, and then compares the rest of the token; and what it finds of others', it leaves alone.

mod table;

use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

use self::table::{TABLE, TokenRow, USE, number_of};
use super::removable::Removable;
use crate::base::memory::NoMemory;
use crate::base::prefetch::prefetch;
use crate::one::asynchron::Asynchron;
use crate::sync::Ordering::*;

/// A row that is the caller's alone. Dropped, it is free again.
pub(super) struct ReservedRow(&'static TokenRow);

/// A row that leads to somebody.
#[derive(Clone, Copy)]
pub(super) struct FilledRow(&'static TokenRow);

impl ReservedRow {
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
    pub(super) unsafe fn fill(self, owner: &Asynchron) -> FilledRow {
        let row = ManuallyDrop::new(self).0;
        // ORDERING: the owner's lock orders it for those who hold that. Others only see that they are not
        // the owner.
        row.owner.store(ptr::from_ref(owner).cast_mut(), Relaxed);
        FilledRow(row)
    }
}

impl Drop for ReservedRow {
    fn drop(&mut self) {
        TABLE.give_back(self.0, self.token());
    }
}

impl FilledRow {
    /// Has it lead nowhere. What is returned is to be dropped without the lock.
    ///
    /// # Safety
    /// The owner is LOCKED; called once.
    pub(super) unsafe fn clear(self) -> Option<ReservedRow> {
        // ORDERING: as in `fill`.
        self.0.owner.store(ptr::null_mut(), Relaxed);
        // SAFETY: LOCKED: the owner is.
        let token = unsafe { &mut *self.0.token.get() };
        // At the end of its tokens, it is never free again.
        *token = token.checked_add(USE)?;
        Some(ReservedRow(self.0))
    }
}

/// What `token` leads to, if it is the owner's.
///
/// # Safety
/// `owner` is LOCKED.
pub(super) unsafe fn find(owner: &Asynchron, token: u64) -> Option<NonNull<Removable>> {
    let row = TABLE.row(number_of(token))?;
    // ORDERING: as in `fill`.
    if !ptr::eq(row.owner.load(Relaxed), owner) {
        return None;
    }
    // SAFETY: it is the owner's, which is LOCKED.
    if unsafe { *row.token.get_to_read() } != token {
        return None;
    }
    // ORDERING: the lock orders it.
    NonNull::new(row.node.load(Relaxed))
}

/// Has the processor fetch what [`find`] and its caller will use under the lock, so that the lock is held for a
/// shorter time. A guess: it may be another's meanwhile, or gone.
pub(super) fn expect_to_find(token: u64) {
    // A model would only have more orders to try.
    if cfg!(loom) {
        return;
    }
    if let Some(row) = TABLE.row(number_of(token)) {
        // ORDERING: nothing is read there.
        prefetch(row.node.load(Relaxed));
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_row_whose_tokens_are_used_up_leads_nowhere_for_ever() {
        let owner = Asynchron::create().unwrap();
        let reserved = ReservedRow::new(NonNull::dangling()).unwrap();
        let row = reserved.0;
        let last = reserved.token() | (u64::MAX - u64::from(u32::MAX));
        // SAFETY: ALONE: the row was reserved just now.
        unsafe { *row.token.get() = last };
        // SAFETY: nobody else knows the owner.
        let filled = unsafe { reserved.fill(&owner) };
        // SAFETY: nobody else knows the owner.
        assert!(unsafe { find(&owner, last) }.is_some());
        // SAFETY: nobody else knows the owner.
        assert!(unsafe { filled.clear() }.is_none(), "it is not used again");
        // SAFETY: nobody else knows the owner.
        assert!(unsafe { find(&owner, last) }.is_none());
        let others: Vec<_> =
            (0..1000).map(|_| ReservedRow::new(NonNull::dangling()).unwrap()).collect();
        assert!(others.iter().all(|other| !ptr::eq(other.0, row)));
    }

    #[test]
    fn many_threads_that_reserve_and_give_back_have_different_tokens() {
        let round = || {
            let mut mine = Vec::new();
            for i in 0..20_000 {
                let reserved = ReservedRow::new(NonNull::dangling()).unwrap();
                mine.push(reserved.token());
                // SAFETY: reserved; as if it had been filled and cleared.
                drop(
                    unsafe { FilledRow(ManuallyDrop::new(reserved).0).clear() }
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
