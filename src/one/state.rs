//! The state word: one word decides everything about an asynchron.
//!
//! ```text
//!              start                publish
//!   PENDING ───────────▶ RUNNING ───────────▶ COMPLETE
//!      └─────────────────────────────────────────┘
//!
//!   beside it, at any time:   LOCKED   one thread has the word, the list and the slot to itself
//!                             WANTED   beside LOCKED: threads may be asleep until it is unlocked
//!                             CROWDED  some were: who unlocks looks whether it is WANTED
//!                             WAITED   threads may be asleep until it is complete
//!                             JOINED   an annex lies behind the object: from creation on
//!                             EXTRAS   it has a name, user data or a function on demand
//!                             STEPS    a step listens, which may be taken off by who has no reference
//!                             WATCHED  a race detector is told what is done: from creation on
//!
//!   from publishing on:       LENT ──────▶ RETURNED      to a callback, that keeps it so
//!                               └─▶ LEFT ─────┘          the last counted reference went to it
//! ```
//!
//! | state              | who may touch what                                                       |
//! |--------------------|--------------------------------------------------------------------------|
//! | PENDING, RUNNING   | the slot is the lock holder's, which alone can complete                  |
//! | COMPLETE           | the slot is everybody's, to read, until the last reference goes          |
//! | LOCKED             | the list is the lock holder's alone, and only he changes the word; but   |
//! |                    | to what is CROWDED who waits for him adds WANTED                         |
//! | EXTRAS             | the pointer to them is everybody's, to read; before, the lock holder's   |
//!
//! The first callback that a completion runs is lent the object: that is a reference which is not
//! counted, but comes with publishing for nothing. Who gives up the last counted one while it is lent
//! leaves that one to the callback, and whoever finds it RETURNED counts again, since the callback
//! may have retained it meanwhile.
//!
//! With STEPS, even who has the only reference is not alone: whoever completes what a step delivers into takes
//! that step off the list, under the lock, until it is published to all ([`super::link`]). Nor is he
//! while it is LENT.
//!
//! RUNNING remembers that a function was started and is never taken back. Whoever takes the lock
//! and finds it incomplete may deliver, and exactly one does. From publishing on, unless it keeps the
//! lock, the publisher must not touch the object: a waiter may have freed it.
//!
//! The lock is held for a handful of instructions, and never while the program's code runs. Because
//! nobody else changes a locked word, publishing and unlocking are plain stores: an exchange buys
//! both. The price is that the holder does not see who waits for the lock: those spin, and then sleep for
//! a moment. Whoever has slept takes the lock as CROWDED, which stays. From then on unlocking is an exchange,
//! which sees WANTED, and wakes one; and publishing wakes them all. So those who wait do not spin, but say
//! that it is WANTED, and sleep until they are woken. (After U. Drepper, "Futexes Are Tricky", 2011.)

use super::outcome::Tag;
use crate::sync::{AtomicU32, Ordering::*, race};
use crate::sys::{self, Deadline};

const LOCKED: u32 = 1 << 0;
const RUNNING: u32 = 1 << 1;
const COMPLETE: u32 = 1 << 2;
const WAITED: u32 = 1 << 3;
const JOINED: u32 = 1 << 4;
const LENT: u32 = 1 << 5;
const LEFT: u32 = 1 << 6;
const RETURNED: u32 = 1 << 7;
const EXTRAS: u32 = 1 << 8;
const WANTED: u32 = 1 << 9;
const CROWDED: u32 = 1 << 10;
const STEPS: u32 = 1 << 11;
const WATCHED: u32 = 1 << 12;
/// The outcome's tag lies in the upper half.
const TAG_SHIFT: u32 = 16;

/// What says that there is something beside the object.
const BESIDE: u32 = JOINED | EXTRAS | STEPS | (Tag::HOLDS << TAG_SHIFT);

/// The bits of the parking mask under which those sleep that wait for completion, and for the lock.
const FOR_COMPLETION: u32 = 1;
const FOR_THE_LOCK: u32 = 2;

pub(crate) struct State(AtomicU32);

/// The word as it was at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u32);

impl Seen {
    #[inline]
    pub(crate) fn is_complete(self) -> bool {
        self.0 & COMPLETE != 0
    }

    pub(crate) fn is_running(self) -> bool {
        self.0 & (RUNNING | COMPLETE) == RUNNING
    }

    pub(crate) fn is_pending(self) -> bool {
        self.0 & (RUNNING | COMPLETE) == 0
    }

    /// Whether a callback has it by a reference that is not counted.
    pub(crate) fn is_lent(self) -> bool {
        self.0 & LENT != 0
    }

    /// Whether a callback has it, or had it, by a reference that is not counted.
    pub(crate) fn was_lent(self) -> bool {
        self.0 & (LENT | RETURNED) != 0
    }

    /// Whether giving up the last counted reference takes more than to end it.
    #[inline]
    pub(crate) fn is_particular(self) -> bool {
        self.0 & (LENT | RETURNED | WATCHED) != 0
    }

    /// Whether a race detector is told what is done.
    #[inline]
    pub(crate) fn is_watched(self) -> bool {
        self.0 & WATCHED != 0
    }

    /// Whether there is nothing beside the object: no block that its outcome holds, no annex behind, no
    /// extras, no steps that may be taken off.
    #[inline]
    pub(crate) fn is_bare(self) -> bool {
        self.0 & BESIDE == 0
    }

    /// Whether there is nothing but the annex behind the object.
    #[inline]
    pub(crate) fn is_only_joined(self) -> bool {
        self.0 & BESIDE == JOINED
    }

    /// Whether there is nothing but what its outcome holds.
    #[inline]
    pub(crate) fn only_holds(self) -> bool {
        self.0 & BESIDE == Tag::HOLDS << TAG_SHIFT
    }

    #[inline]
    pub(crate) fn has_extras(self) -> bool {
        self.0 & EXTRAS != 0
    }

    /// Whether steps may be taken off just now, by others than those with a reference.
    pub(crate) fn has_steps(self) -> bool {
        self.0 & STEPS != 0
    }

    /// Whether an annex lies behind the object.
    pub(crate) fn is_joined(self) -> bool {
        self.0 & JOINED != 0
    }

    /// What kind of outcome there is. Means nothing before completion.
    #[inline]
    pub(crate) fn tag(self) -> Tag {
        Tag::from_bits(self.0 >> TAG_SHIFT)
    }
}

/// The lock, taken: the word as it was found, which nobody else changes.
#[must_use]
pub(crate) struct Held(u32);

impl Held {
    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.0 & COMPLETE != 0
    }

    /// Whether others may be waiting for the lock.
    pub(crate) fn is_crowded(&self) -> bool {
        self.0 & CROWDED != 0
    }

    #[inline]
    pub(crate) fn has_extras(&self) -> bool {
        self.0 & EXTRAS != 0
    }

    pub(crate) fn with_extras(self) -> Self {
        Self(self.0 | EXTRAS)
    }

    pub(crate) fn with_steps(self) -> Self {
        Self(self.0 | STEPS)
    }

    pub(crate) fn without_steps(self) -> Self {
        Self(self.0 & !STEPS)
    }

    /// From PENDING to RUNNING, if it is that; and whether it was.
    #[inline]
    pub(crate) fn start(self) -> (Self, bool) {
        let pending = self.0 & (RUNNING | COMPLETE) == 0;
        (Self(if pending { self.0 | RUNNING } else { self.0 }), pending)
    }

    /// Lends it to a callback, once it is published.
    #[inline]
    pub(crate) fn lend(self) -> Self {
        Self(self.0 | LENT)
    }
}

impl State {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(Self::fresh()))
    }

    pub(crate) fn new_joined() -> Self {
        Self(AtomicU32::new(JOINED | Self::fresh()))
    }

    #[inline]
    fn fresh() -> u32 {
        race::mask() & WATCHED
    }

    #[inline]
    pub(crate) fn load(&self) -> Seen {
        // ORDERING: Acquire pairs with `publish`: seen complete, the outcome is there to read.
        Seen(self.0.load(Acquire))
    }

    /// The same where a race detector is to be told that what was done before the completion is taken over.
    #[inline]
    pub(crate) fn load_for_detectors(&self) -> Seen {
        let seen = self.load();
        if seen.0 & (COMPLETE | WATCHED) == COMPLETE | WATCHED {
            race::acquire(self);
        }
        seen
    }

    /// From PENDING to RUNNING; or the state that forbids it.
    pub(crate) fn start(&self) -> Result<(), Seen> {
        let fresh = |seen| seen & (RUNNING | COMPLETE) == 0;
        self.change(|seen| fresh(seen).then_some(seen | RUNNING)).map(drop)
    }

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

    /// Takes the lock.
    #[inline]
    pub(crate) fn lock(&self) -> Held {
        loop {
            if let Some(held) = self.try_lock_unless(0).or_else(|| self.lock_slowly_unless(0)) {
                return held;
            }
        }
    }

    /// The same, for one who has the only reference that is counted, and mostly need not take it: but for steps, and
    /// for the callback that a complete one may be lent to.
    #[inline]
    pub(crate) fn lock_alone(&self) -> Held {
        let seen = self.load();
        if seen.0 & (COMPLETE | STEPS | WATCHED) != 0 { self.lock() } else { Held(seen.0) }
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
        // ORDERING: as above.
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
            let (held, wanted) = if waiting.slept { (seen | CROWDED, WANTED) } else { (seen, 0) };
            // ORDERING: as in `try_lock_unless`.
            if self.0.compare_exchange_weak(seen, held | LOCKED | wanted, Acquire, Relaxed).is_ok()
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
        let wanted = self.0.swap(held.0, Release) & WANTED != 0;
        if wanted {
            Self::wake_one(state);
        }
        wanted
    }

    /// Makes the outcome visible to all, unlocks, and wakes those who sleep. The object may be gone afterwards.
    #[inline]
    pub(crate) fn publish(&self, held: Held, tag: Tag) {
        let complete = held.complete(tag);
        if held.0 & (WAITED | CROWDED | WATCHED) != 0 {
            return self.publish_and_wake(held, complete);
        }
        // ORDERING: Release shows the outcome to whoever sees COMPLETE, and hands on what was done under
        // the lock.
        self.0.store(complete.0, Release);
    }

    #[cold]
    #[inline(never)]
    fn publish_and_wake(&self, held: Held, complete: Held) {
        let state: *const Self = self;
        race::release(state);
        // ORDERING: as in `publish`. All are woken, and WANTED is not looked for; an exchange, because that may be
        // added just now.
        self.0.swap(complete.0, Release);
        if held.0 & (WAITED | CROWDED) != 0 {
            Self::wake(state);
        }
    }

    /// Ends the loan of the callback that it was lent to. True: the last counted reference was left
    /// to that one, and is the caller's. If not, the object may be gone.
    pub(crate) fn end_loan(&self) -> bool {
        let lent = self.change(|seen| Some((seen & !(LENT | LEFT)) | RETURNED));
        lent.is_ok_and(|lent| lent.0 & LEFT != 0)
    }

    /// Leaves the last counted reference to the callback that it is lent to; false if it is not lent.
    /// If so, the object may be gone.
    pub(crate) fn leave_to_borrower(&self) -> bool {
        self.change(|seen| (seen & LENT != 0).then_some(seen | LEFT)).is_ok()
    }

    /// Changes the word to what `to` says, once it is not locked. Returns what it was: an error if
    /// there is nothing that it is to become.
    #[inline]
    fn change(&self, to: impl Fn(u32) -> Option<u32>) -> Result<Seen, Seen> {
        let seen = self.load();
        if seen.0 & (LOCKED | WATCHED) == 0 {
            let changed = to(seen.0).ok_or(seen)?;
            // ORDERING: Release hands on what this thread did with the object, Acquire takes what others did.
            if self.0.compare_exchange(seen.0, changed, AcqRel, Relaxed).is_ok() {
                return Ok(seen);
            }
        }
        self.change_slowly(to)
    }

    #[cold]
    #[inline(never)]
    fn change_slowly(&self, to: impl Fn(u32) -> Option<u32>) -> Result<Seen, Seen> {
        let mut waiting = LockWait::for_lock_of(self);
        race::release(self);
        loop {
            let seen = self.load();
            let Some(changed) = to(seen.0) else {
                race::acquire(self);
                return Err(seen);
            };
            if seen.0 & LOCKED != 0 {
                waiting.wait(seen.0);
            // ORDERING: as in `change`.
            } else if self.0.compare_exchange_weak(seen.0, changed, AcqRel, Relaxed).is_ok() {
                race::acquire(self);
                return Ok(seen);
            }
        }
    }

    /// Wakes all that sleep until it is complete, or unlocked. By address: the object may be gone.
    fn wake(state: *const Self) {
        sys::wake(state.cast(), FOR_COMPLETION | FOR_THE_LOCK, i32::MAX);
    }

    /// Wakes one that sleeps until it is unlocked. By address, too.
    #[cold]
    #[inline(never)]
    fn wake_one(state: *const Self) {
        sys::wake(state.cast(), FOR_THE_LOCK, 1);
    }

    /// Sleeps until complete, until the deadline, or for no reason at all.
    #[inline]
    pub(crate) fn park(&self, deadline: Deadline) {
        // ORDERING: a guess, checked by the exchange and by the kernel.
        let seen = self.0.load(Relaxed);
        if seen & COMPLETE != 0 {
            return;
        }
        if seen & LOCKED != 0 {
            return LockWait::for_lock_of(self).sleep(seen);
        }
        let waited = seen | WAITED;
        // ORDERING: announces this thread. Publishing takes the lock by an exchange of the same
        // word, so either it sees WAITED, or the kernel finds the word changed and does not sleep.
        if seen == waited || self.0.compare_exchange_weak(seen, waited, Relaxed, Relaxed).is_ok() {
            sys::wait(&self.0, waited, FOR_COMPLETION, deadline);
        }
    }
}

impl Held {
    #[inline]
    fn complete(&self, tag: Tag) -> Self {
        Self((self.0 & !(WAITED | STEPS)) | COMPLETE | (tag.bits() << TAG_SHIFT))
    }
}

/// One that waits until the word is unlocked, which takes but a moment, unless the holder has lost its processor
/// or there are many.
struct LockWait {
    state: *const State,
    spins: u32,
    /// So it may have been woken, where another might have been.
    slept: bool,
}

const SPINS: u32 = 64;
/// In nanoseconds.
const MOMENT: u64 = 20_000;

impl LockWait {
    fn for_lock_of(state: &State) -> Self {
        Self { state, spins: SPINS, slept: false }
    }

    /// `seen` is locked.
    fn wait(&mut self, seen: u32) {
        // In a crowd, those who spin push out the one that was just woken. And with but one processor, the
        // holder has lost it.
        if seen & CROWDED == 0 && self.spins > 0 && sys::processors() > 1 {
            self.spins = self.spins.wrapping_sub(1);
            sys::pause(1);
        } else {
            self.sleep(seen);
        }
    }

    /// Sleeps until it is unlocked, for a moment, or for no reason at all.
    #[cold]
    #[inline(never)]
    fn sleep(&mut self, seen: u32) {
        // SAFETY: alive as long as anybody waits for it.
        let word = unsafe { &(*self.state).0 };
        if seen & CROWDED == 0 {
            self.slept = true;
            return sys::wait_a_moment(word, seen, FOR_THE_LOCK, MOMENT);
        }
        let wanted = seen | WANTED;
        // ORDERING: announces this thread, which has nothing to hand over. The exchange that unlocks either
        // sees it, or the kernel finds the word changed and does not sleep.
        if seen == wanted || word.compare_exchange(seen, wanted, Relaxed, Relaxed).is_ok() {
            self.slept = true;
            sys::wait(word, wanted, FOR_THE_LOCK, None);
        } else {
            sys::pause(1);
        }
    }
}

impl Drop for LockWait {
    /// One that goes without the lock leaves the wake-up that it may have got to another.
    #[inline]
    fn drop(&mut self) {
        if self.slept {
            State::wake_one(self.state);
        }
    }
}

/// For a thread that takes the lock again and again: it would be faster each time than one that it has woken for
/// the lock.
pub(crate) struct Courtesy(u32);

/// So often it only looks away for a moment, before it sleeps for one.
const LOOKS: u32 = 64;

impl Courtesy {
    pub(crate) fn new() -> Self {
        Self(0)
    }

    /// It has just woken one.
    #[cold]
    pub(crate) fn give_way(&mut self) {
        match self.0.checked_sub(1) {
            Some(looks) => {
                self.0 = looks;
                sys::pause(SPINS / 2);
            }
            None => {
                self.0 = LOOKS;
                sys::rest(MOMENT);
            }
        }
    }
}

const _: () = assert!((Tag::MASK << TAG_SHIFT) >> TAG_SHIFT == Tag::MASK);

#[cfg(test)]
mod tests {
    use super::*;

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
            state.publish(held, Tag::from_bits(0));
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
                let seen = (held.is_crowded(), state.0.load(Relaxed) & WANTED != 0);
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
        while state.0.load(Relaxed) & WANTED == 0 {
            thread::yield_now();
        }
        // It says so just before it sleeps.
        thread::sleep(Duration::from_millis(50));
        assert!(state.unlock(held), "one was woken");
        for other in others {
            assert_eq!(other.recv_timeout(soon).map(|(seen, _)| seen.0), Ok(true), "by the first");
        }
    }

    /// It may have been retained meanwhile, so whoever gives up the last reference has to know.
    #[test]
    fn what_was_lent_is_known_to_have_been() {
        let state = State::new();
        let held = state.claim().unwrap().lend();
        state.publish(held, Tag::from_bits(0));
        assert!(state.load().was_lent(), "it is lent");
        assert!(!state.end_loan(), "no reference was left");
        assert!(state.load().was_lent(), "it was");
        assert!(!state.leave_to_borrower(), "it is not any more");
    }

    /// That says how it is freed, and short ways come before the long one, which would do.
    #[test]
    fn what_lies_beside_the_object_is_known() {
        for case in 0..8 {
            let [joined, extras, holds] = [1, 2, 4].map(|bit| case & bit != 0);
            let state = if joined { State::new_joined() } else { State::new() };
            if extras {
                state.unlock(state.lock().with_extras());
            }
            let tag = Tag::from_bits(if holds { Tag::HOLDS } else { 0 });
            state.publish(state.claim().unwrap(), tag);
            let seen = state.load();
            assert_eq!([seen.is_joined(), seen.has_extras()], [joined, extras]);
            let only = [seen.is_bare(), seen.is_only_joined(), seen.only_holds()];
            assert_eq!(only, [case == 0, case == 1, case == 4], "{case}");
        }
    }
}
