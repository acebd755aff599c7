//! A reference count that saturates: once it has overflowed, the object lives for ever, as in the
//! Linux kernel's refcount_t.
//!
//! It can be minded: then whoever gives up a reference is told so, as if it were the last one, and counts down by
//! other means. Whoever does not ask for that pays nothing, since such a count lies beyond the limit.

use crate::sync::{AtomicU32, Ordering::*, race};

/// From here on the count is no longer believed. Far from both ends, so that no number of threads
/// that count at the same moment leaves the upper half.
const SATURATED: u32 = 0xC000_0000;
const LIMIT: u32 = 0x2000_0000;
/// Beside the count, which is below the limit: it is minded.
const MINDED: u32 = 0x4000_0000;

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
        // ORDERING: whoever retains has a reference already; nothing is published by it. Acquire pairs with `are_two`.
        if self.0.fetch_add(1, Acquire) >= LIMIT {
            self.saturate_unless_minded();
        }
    }

    #[cold]
    fn saturate_unless_minded(&self) {
        // ORDERING: only looks: it may have been minded, and be so no more.
        let count = self.0.load(Relaxed);
        if count >= LIMIT && !Self::is_minded(count) {
            // ORDERING: any order of these stores leaves the count saturated.
            self.0.store(SATURATED, Relaxed);
        }
    }

    fn is_minded(count: u32) -> bool {
        count.wrapping_sub(MINDED) < LIMIT
    }

    /// From here on it is minded, unless it is saturated. The object's word says so already.
    pub(crate) fn mind(&self) {
        // ORDERING: only looks, checked by the exchange.
        let mut count = self.0.load(Relaxed);
        while count < LIMIT {
            // ORDERING: Release shows who sees it that the object's word says so, too.
            match self.0.compare_exchange_weak(count, count | MINDED, Release, Relaxed) {
                Ok(_) => return,
                Err(now) => count = now,
            }
        }
    }

    /// It is minded no more.
    pub(crate) fn unmind(&self) {
        // ORDERING: only looks, checked by the exchange.
        let mut count = self.0.load(Relaxed);
        while Self::is_minded(count) {
            // ORDERING: as in `mind`: references are given up as before from here on.
            match self.0.compare_exchange_weak(count, count & !MINDED, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => count = now,
            }
        }
    }

    /// How many there are, of one that is minded. (Of one that is saturated, more than there are of anything.)
    pub(crate) fn count_minded(&self) -> u32 {
        // ORDERING: those that count down have the lock, as the caller has.
        self.0.load(Relaxed) & !MINDED
    }

    /// Gives up one of a count that may be minded; true when there is no other. That one stays counted.
    pub(crate) fn release_minded(&self) -> bool {
        race::release(self);
        // ORDERING: as in `release_untold`.
        let mut count = self.0.load(Acquire);
        while count < LIMIT || Self::is_minded(count) {
            if count & !MINDED == 1 {
                return true;
            }
            // ORDERING: as in `count_down_untold`.
            match self.0.compare_exchange_weak(count, count.wrapping_sub(1), Release, Acquire) {
                Ok(_) => return false,
                Err(now) => count = now,
            }
        }
        false // saturated
    }

    /// For the holder of a reference: whether there is no other, so that nobody else can use the object, unless it
    /// is lent without being counted.
    #[inline]
    pub(crate) fn is_one(&self) -> bool {
        // ORDERING: Acquire sees what other holders did before they gave up theirs.
        self.0.load(Acquire) == 1
    }

    /// The same of one that may be minded.
    pub(crate) fn is_one_minded_or_not(&self) -> bool {
        // ORDERING: as in `is_one`.
        self.0.load(Acquire) & !MINDED == 1
    }

    /// Whether there are just two, minded or not. A third one that is made after this sees what the caller did before it.
    pub(crate) fn are_two(&self) -> bool {
        // ORDERING: an exchange, so that each `retain` comes before it, and is counted here, or after it. Then Release
        // shows to that one what was done before. Acquire as in `is_one`.
        let two = self.0.fetch_add(0, AcqRel) & !MINDED == 2;
        if two {
            race::acquire(self);
        }
        two
    }

    /// Gives up one reference; true when there is no other, and then everything that other holders
    /// did before they gave up theirs is visible. That one stays counted. Also true if it is minded, and none was given
    /// up.
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
                return Self::is_minded(count);
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
        refs.mind();
        assert!(!refs.release() && !refs.release_minded(), "it cannot be minded any more");
    }

    #[test]
    fn who_gives_up_a_minded_one_is_told() {
        let refs = Refs::two();
        assert!(refs.are_two());
        refs.mind();
        assert!(refs.are_two());
        refs.retain();
        assert!(refs.release(), "it is told, and nothing is given up");
        assert_eq!(refs.count_minded(), 3);
        assert!(!refs.are_two());
        assert!(!refs.release_minded());
        assert!(!refs.is_one_minded_or_not());
        assert!(!refs.release_minded());
        assert!(refs.is_one_minded_or_not() && !refs.is_one());
        assert!(refs.release_minded(), "the last one");
        refs.unmind();
        assert!(refs.is_one() && refs.release());
        refs.unmind();
        assert!(refs.is_one());
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
