//! Taking the lock, and giving it up.

use super::lock_wait::LockWait;
use super::{
    COMPLETE, CROWDED, FOR_THE_LOCK, Held, LOCK_WANTED, LOCKED, RUNNING, STEPS, State, TIMED,
    WATCHED,
};
use crate::sync::{Ordering::*, race};
use crate::sys;

impl State {
    /// Takes the lock; `None` if it is complete.
    #[inline]
    pub(crate) fn claim(&self) -> Option<Held> {
        self.try_claim().or_else(|| self.lock_slowly_unless(COMPLETE))
    }

    /// The same, but also `None` if somebody else is at the word just now, or it is watched.
    #[inline]
    pub(crate) fn try_claim(&self) -> Option<Held> {
        self.try_lock_unless(COMPLETE)
    }

    /// As [`Self::claim`]; `None` also if it is running.
    pub(crate) fn claim_pending(&self) -> Option<Held> {
        let unless = RUNNING | COMPLETE;
        self.try_lock_unless(unless).or_else(|| self.lock_slowly_unless(unless))
    }

    /// Takes the lock.
    #[inline]
    pub(crate) fn lock(&self) -> Held {
        loop {
            if let Some(held) = self.try_lock_unless(0).or_else(|| self.lock_slowly_unless(0)) {
                return held;
            }
        }
    }

    /// The same, for one who has the only reference that is counted, and mostly need not take it: but for steps, for a
    /// deadline, and for the callback that a complete one may be lent to.
    #[inline]
    pub(crate) fn lock_alone(&self) -> Held {
        let seen = self.load();
        if seen.0 & (COMPLETE | STEPS | TIMED | WATCHED) != 0 { self.lock() } else { Held(seen.0) }
    }

    /// Takes the lock; `None` if somebody else is at the word just now.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<Held> {
        self.try_lock_unless(0).or_else(|| self.try_lock_watched())
    }

    /// Takes the lock, unless the word has one of these bits, or is locked or watched, or changes just now.
    #[inline]
    fn try_lock_unless(&self, unless: u32) -> Option<Held> {
        // ORDERING: a first guess, checked by the exchange.
        let seen = self.0.load(Relaxed);
        if seen & (LOCKED | WATCHED | unless) != 0 {
            return None;
        }
        // ORDERING: Acquire sees what the last holder did.
        self.0.compare_exchange(seen, seen | LOCKED, Acquire, Relaxed).ok().map(Held)
    }

    /// The same where it is watched, and only there.
    #[cold]
    fn try_lock_watched(&self) -> Option<Held> {
        // ORDERING: as in `try_lock_unless`.
        let seen = self.0.load(Relaxed);
        if seen & (LOCKED | WATCHED) != WATCHED {
            return None;
        }
        // ORDERING: Acquire sees what the last holder did.
        let held = self.0.compare_exchange(seen, seen | LOCKED, Acquire, Relaxed).ok().map(Held)?;
        race::acquire(self);
        Some(held)
    }

    /// Takes the lock; `None` if the word has one of these bits.
    #[cold]
    #[inline(never)]
    fn lock_slowly_unless(&self, unless: u32) -> Option<Held> {
        let mut waiting = LockWait::for_lock_of(self);
        loop {
            let seen = self.load().0;
            if seen & unless != 0 {
                race::acquire(self);
                return None;
            }
            if seen & LOCKED != 0 {
                waiting.wait(seen);
                continue;
            }
            // One that has slept cannot know whether others still do.
            let (held, others) =
                if waiting.slept { (seen | CROWDED, LOCK_WANTED) } else { (seen, 0) };
            // ORDERING: as in `try_lock_unless`.
            if self.0.compare_exchange_weak(seen, held | LOCKED | others, Acquire, Relaxed).is_ok()
            {
                waiting.slept = false;
                race::acquire(self);
                return Some(Held(held));
            }
        }
    }

    /// True: another has been woken for it.
    #[inline]
    pub(crate) fn unlock(&self, held: Held) -> bool {
        if held.0 & (CROWDED | WATCHED) != 0 {
            return self.unlock_slowly(held);
        }
        // ORDERING: Release hands what was done under the lock to the next holder. There is nothing in
        // the word to lose.
        self.0.store(held.0, Release);
        false
    }

    #[cold]
    #[inline(never)]
    fn unlock_slowly(&self, held: Held) -> bool {
        let state: *const Self = self;
        race::release(state);
        // ORDERING: as in `unlock`.
        let lock_wanted = self.0.swap(held.0, Release) & LOCK_WANTED != 0;
        if lock_wanted {
            Self::wake_one(state);
        }
        lock_wanted
    }

    /// Wakes one that sleeps until it is unlocked. By address, too.
    #[cold]
    #[inline(never)]
    pub(super) fn wake_one(state: *const Self) {
        sys::wake(state.cast(), FOR_THE_LOCK, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::super::WAITED;
    use super::*;
    use crate::one::form::Form;

    /// By the long way, too, which races seldom take.
    #[test]
    fn who_has_the_lock_has_it_alone() {
        for take in [State::try_lock_unless, State::lock_slowly_unless] {
            let state = State::new();
            state.0.fetch_or(WAITED, Relaxed);
            let held = take(&state, COMPLETE).unwrap();
            assert!(
                state.try_lock_unless(0).is_none() && state.try_claim().is_none(),
                "it is held"
            );
            state.unlock(held);
            let held = take(&state, 0).unwrap();
            state.publish(held, Form::from_bits(0));
            assert!(take(&state, COMPLETE).is_none(), "it is complete");
            assert!(take(&state, 0).is_some());
        }
    }

    /// A holder that finds nobody looks for nobody: so the first sleeps for a moment only, and from then on
    /// whoever sleeps is woken.
    #[cfg(not(loom))]
    #[test]
    fn in_a_crowd_who_sleeps_for_the_lock_is_woken() {
        use std::sync::{Arc, mpsc};
        use std::thread;
        use std::time::Duration;

        let state = Arc::new(State::new());
        let take = |state: &Arc<State>| {
            let (state, (done, finished)) = (Arc::clone(state), mpsc::channel());
            thread::spawn(move || {
                let held = state.lock();
                let seen = (held.is_crowded(), state.0.load(Relaxed) & LOCK_WANTED != 0);
                done.send((seen, state.unlock(held)))
            });
            finished
        };
        let soon = Duration::from_secs(10);
        let held = state.lock();
        assert!(!held.is_crowded());
        let first = take(&state);
        thread::sleep(Duration::from_millis(50));
        assert!(!state.unlock(held), "it did not know");
        assert_eq!(first.recv_timeout(soon), Ok(((true, true), true)), "it has slept");
        let held = state.lock();
        let others = [take(&state), take(&state)];
        // ORDERING: only looks.
        while state.0.load(Relaxed) & LOCK_WANTED == 0 {
            thread::yield_now();
        }
        // It says so just before it sleeps.
        thread::sleep(Duration::from_millis(50));
        assert!(state.unlock(held), "one was woken");
        for other in others {
            assert_eq!(other.recv_timeout(soon).map(|(seen, _)| seen.0), Ok(true), "by the first");
        }
    }
}
