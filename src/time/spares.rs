//! Nodes that were taken back, for the next that are armed: so those who arm and take back in turns need neither malloc
//! nor free. A few at most.
//!
//! They are changed under the clock's lock alone. Without it one may ask whether there are any.

use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering::*};

use super::clock::Inner;
use super::node::Node;
use crate::one::asynchron::Asynchron;

/// So many are kept.
const MOST: u32 = 32;

pub(super) struct Spares {
    /// Each has a link to the next.
    first: AtomicPtr<Node>,
    len: AtomicU32,
}

impl Spares {
    pub(super) fn new() -> Self {
        Self { first: AtomicPtr::new(ptr::null_mut()), len: AtomicU32::new(0) }
    }

    /// A guess, without the lock.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        // ORDERING: a guess, and what it points to is not looked at.
        self.first.load(Relaxed).is_null()
    }

    /// One for `a`, which is the caller's from here on.
    #[inline]
    pub(super) fn take(&self, a: &Asynchron, _locked: &mut Inner) -> Option<NonNull<Node>> {
        // ORDERING: under the lock.
        let node = NonNull::new(self.first.load(Relaxed))?;
        // SAFETY: it was given to `keep`, and not taken since.
        let next = unsafe { Node::next_spare(node) };
        // SAFETY: ALONE: nobody else knows it.
        unsafe { Node::set_asynchron(node, a) };
        // ORDERING: under the lock.
        self.first.store(next, Relaxed);
        // ORDERING: under the lock.
        self.len.store(self.len.load(Relaxed).wrapping_sub(1), Relaxed);
        Some(node)
    }

    /// False: there are enough, and it stays the caller's.
    ///
    /// # Safety
    /// ALONE: a deadline's node that lies nowhere.
    #[inline]
    pub(super) unsafe fn keep(&self, node: NonNull<Node>, _locked: &mut Inner) -> bool {
        // ORDERING: under the lock.
        let (first, len) = (self.first.load(Relaxed), self.len.load(Relaxed));
        if len >= MOST {
            return false;
        }
        // SAFETY: as the caller promises.
        unsafe { Node::link_spare(node, first) };
        // ORDERING: under the lock.
        self.first.store(node.as_ptr(), Relaxed);
        // ORDERING: under the lock.
        self.len.store(len.wrapping_add(1), Relaxed);
        true
    }
}

/// A model's clock ends with the model; any other stays for ever.
#[cfg(loom)]
impl Drop for Spares {
    fn drop(&mut self) {
        let mut next = NonNull::new(*self.first.get_mut());
        while let Some(node) = next {
            // SAFETY: it was given to `keep`, and not taken since.
            next = NonNull::new(unsafe { Node::next_spare(node) });
            // SAFETY: ALONE: nobody else knows it.
            unsafe { Node::free(node) };
        }
    }
}
