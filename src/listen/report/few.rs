//! Items on their way from a report's queue to the program's memory, which is not written under the lock: the system
//! may have to fetch it first.

use std::mem::{self, MaybeUninit};

use super::Item;

/// So many items are handed out at a time, under the lock: what is to be handed in waits meanwhile.
pub(super) const AT_ONCE: usize = 8;

pub(super) struct Few {
    items: [MaybeUninit<Item>; AT_ONCE],
    /// So many were written.
    len: usize,
}

impl Few {
    #[inline]
    pub(super) fn new() -> Self {
        Self { items: [const { MaybeUninit::uninit() }; AT_ONCE], len: 0 }
    }

    /// Called at most [`AT_ONCE`] times before they are handed over.
    #[inline]
    pub(super) fn push(&mut self, item: Item) {
        if let Some(free) = self.items.get_mut(self.len) {
            free.write(item);
            self.len = self.len.wrapping_add(1);
        }
    }

    /// Hands them over in their order.
    #[inline]
    pub(super) fn hand_over(&mut self, give: &mut impl FnMut(Item)) {
        let mut items = self.items.iter().take(mem::take(&mut self.len));
        // Mostly there is one: the compiler makes a copy of many of the loop alone.
        if let Some(first) = items.next() {
            // SAFETY: so many were written, and they are read once.
            give(unsafe { first.assume_init_read() });
        }
        for item in items {
            // SAFETY: so many were written, and they are read once.
            give(unsafe { item.assume_init_read() });
        }
    }
}
