//! A reference count that saturates: once it has overflowed, the object lives for ever, as in the
//! Linux kernel's refcount_t.

use crate::sync::{AtomicU32, Ordering::*, race};

/// From here on the count is no longer believed. Far from both ends, so that no number of threads
/// that count at the same moment leaves the upper half.
const SATURATED: u32 = 0xC000_0000;
const LIMIT: u32 = 0x8000_0000;

pub(crate) struct Refs(AtomicU32);

impl Refs {
    /// One reference: the creator's.
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(1))
    }

    /// Two references of the creator's.
    pub(crate) fn two() -> Self {
        Self(AtomicU32::new(2))
    }

    #[inline]
    pub(crate) fn retain(&self) {
        // ORDERING: whoever retains has a reference already; nothing is published by it.
        if self.0.fetch_add(1, Relaxed) >= LIMIT {
            // ORDERING: any order of these stores leaves the count saturated.
            self.0.store(SATURATED, Relaxed);
        }
    }

    /// For the holder of a reference: whether there is no other, so that nobody else can use the object, unless it
    /// is lent without being counted.
    #[inline]
    pub(crate) fn is_one(&self) -> bool {
        // ORDERING: Acquire sees what other holders did before they gave up theirs.
        self.0.load(Acquire) == 1
    }

    /// Gives up one reference; true when there is no other, and then everything that other holders
    /// did before they gave up theirs is visible. That one stays counted.
    #[inline]
    #[must_use]
    pub(crate) fn release(&self) -> bool {
        let last = self.release_untold();
        if last {
            race::acquire(self);
        }
        last
    }

    /// The same, but if it is true, the caller is to tell a race detector that it takes over what the others did.
    #[inline]
    #[must_use]
    pub(crate) fn release_untold(&self) -> bool {
        // ORDERING: Acquire pairs with the Release of those that counted down to 1. The one
        // holder left needs no exclusive access: without a reference nobody can add one, unless the
        // object is lent without being counted, for which the caller looks.
        let count = self.0.load(Acquire);
        count == 1 || self.count_down(count)
    }

    /// The same, when there were so many.
    #[inline(never)]
    fn count_down(&self, count: u32) -> bool {
        if race::mask() != 0 {
            self.count_down_watched(count)
        } else {
            self.count_down_untold(count)
        }
    }

    #[cold]
    fn count_down_watched(&self, count: u32) -> bool {
        race::release(self);
        self.count_down_untold(count)
    }

    #[inline(always)]
    fn count_down_untold(&self, mut count: u32) -> bool {
        loop {
            if count == 1 {
                return true;
            }
            if count >= LIMIT {
                return false;
            }
            // ORDERING: Release hands this holder's work to the last one; Acquire as in `release`.
            match self.0.compare_exchange_weak(count, count.wrapping_sub(1), Release, Acquire) {
                Ok(_) => return false,
                Err(now) => count = now,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_overflows_stays_and_the_object_lives_for_ever() {
        let refs = Refs(AtomicU32::new(LIMIT - 1));
        refs.retain();
        refs.retain();
        assert_eq!(refs.0.load(Relaxed), SATURATED);
        for _ in 0..10 {
            assert!(!refs.release());
            refs.retain();
        }
        assert!(refs.0.load(Relaxed) >= SATURATED);
    }

    #[test]
    fn only_the_last_of_many_releases_is_the_last() {
        let refs = Refs::new();
        assert!(refs.is_one());
        refs.retain();
        assert!(!refs.is_one());
        refs.retain();
        assert!(!refs.release());
        assert!(!refs.release());
        assert!(refs.is_one());
        assert!(refs.release());
    }
}
