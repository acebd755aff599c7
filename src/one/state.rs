//! The state word: one word decides everything about an asynchron.
//!
//! ```text
//!              start                publish
//!   PENDING ───────────▶ RUNNING ───────────▶ COMPLETE
//!      └─────────────────────────────────────────┘
//!
//!   beside it, at any time:   LOCKED       one thread has the word, the list and the slot to itself
//!                             LOCK_WANTED  beside LOCKED: threads may be asleep until it is unlocked
//!                             CROWDED      some were: whoever unlocks looks for LOCK_WANTED
//!                             WAITED       threads may be asleep until it is complete, or its function has returned
//!                             JOINED       an annex lies behind the object: from creation on
//!                             EXTRAS       it has a name, user data, a function on demand, progress or promises
//!                             STEPS        a step listens, which may be taken off without a reference
//!                             RETAKEN      a step that listened has completed it, and was none of those with a reference
//!                             WATCHED      a race detector is told what is done: from creation on
//!                             FOLLOWS      it is to complete as another does: from then on
//!                             ROOM         room for a value lies behind the object: from creation on, never with JOINED
//!                             BY_HAND      beside RUNNING: the program computes by means of its own, and no function runs
//!                             OVER         beside RUNNING: its function has returned, and the context was dropped
//!                             TIMED        the first that listens is a deadline, or was until it was complete
//!                             MINDED       when nobody wants it any more, it is cancelled
//!
//!   from publishing on:       LENT ──────▶ LOAN_OVER     to a callback, that keeps it so
//!                               └─▶ GIVEN ────┘          the last counted reference went to it
//! ```
//!
//! | state              | who may touch what                                                       |
//! |--------------------|--------------------------------------------------------------------------|
//! | PENDING, RUNNING   | the slot is the lock holder's, who alone can complete it                 |
//! | COMPLETE           | the slot is everybody's, to read, until the last reference goes          |
//! | LOCKED             | the list is the lock holder's alone, and no other thread changes the     |
//! |                    | word; but to what is CROWDED those that wait for it add LOCK_WANTED      |
//! | EXTRAS             | the pointer to them is everybody's, to read; before, the lock holder's   |
//!
//! The first callback that a completion runs is lent the object: that is a reference which is not
//! counted, but comes with publishing for nothing. Whoever gives up the last counted one while it is
//! lent gives that one to the callback, and whoever finds the LOAN_OVER counts again, since the callback
//! may have retained it meanwhile.
//!
//! With STEPS, even the thread that has the only reference is not alone: whoever completes what a step delivers into
//! takes that step off the list, under the lock, until it is published to all ([`super::link`]). Nor is that thread alone
//! while it is LENT. Such a step may complete it, too, and then there are references again: for callbacks, say. So
//! whoever finds that it was the last, and STEPS or RETAKEN, takes the lock, and then gives up its own once more. And
//! with TIMED, whoever looks after the deadline may find it incomplete under the lock, without a reference: then that
//! one completes it, and may take a reference before it gives up the lock ([`super::deadline`]).
//!
//! RUNNING remembers that a function was started and is never taken back; OVER, that it has returned. If what it
//! returned completes the object, publishing says so, too. If not, it may be complete long before, and whoever waits
//! for the return says again that it is WAITED, which publishing takes away. Those sleep under a bit of their own, so
//! that the others, who are counted where it is MINDED, are not woken by it nor taken for them.
//!
//! Whoever takes the lock and finds it incomplete may deliver, and exactly one does. From publishing on, the publisher
//! must not touch the object, unless it has a reference of its own: a waiter may have freed it.
//!
//! The lock is held for a handful of instructions, and never while the program's code runs. Because
//! nobody else changes a locked word, publishing and unlocking are plain stores: an exchange buys
//! both. The price is that the holder does not see who waits for the lock: those spin, and then sleep for
//! a moment. Whoever has slept takes the lock as CROWDED, which stays. From then on unlocking is an exchange,
//! which sees LOCK_WANTED, and wakes one; and publishing wakes them all. Those who wait spin a few times then, if nobody
//! sleeps for the lock yet; then they say that it is LOCK_WANTED, and sleep until they are woken. (After U. Drepper,
//! "Futexes Are Tricky", 2011.)
//!
//! # Invariants
//!
//! What the code relies on, by name. SAFETY comments cite them, and `tests/safety.rs` holds that whatever is cited is
//! here. Of each: who has it, how one gets it, what one may do with it, and how it ends.
//!
//! - **ALIVE**: the object is there. Whoever has a counted reference has this: a `Handle`, a caller of the C
//!   interface that vouches for one, a job or a step for which one is kept; and so has a callback that it is LENT
//!   to. One gets it by creating the object, or by retaining it while one has it already. With it one may use
//!   whatever is atomic, and ask for the lock. It ends when the reference is given up. Whoever wins a delivery may do
//!   so without a reference: then the object is ALIVE until it is PUBLISHED, and not for an instruction longer. The
//!   program sees to it that all who may come too late have one.
//! - **LENT**: the object is ALIVE by a reference that is not counted. One callback at most has it, the first that
//!   a completion runs, and gets it by the word that publishes. It ends with `end_loan`, once. If the last counted
//!   reference was given to the borrower meanwhile, that is its own from then on.
//! - **LAST**: the last counted reference was given up, and the object is not LENT. The thread that counted down
//!   has this, until it has freed the object or takes that reference up again to break off. With it one may read
//!   and free all of it: nobody else can reach it. But while the word has STEPS or RETAKEN, the list is still under the
//!   lock; and while it has one of these or TIMED, it may not have been the last one.
//! - **LOCKED**: the lock is held. The thread to which `lock`, `claim` or their like gave a `Held` has this, until
//!   it gives that to `unlock` or `publish`. With it one may read and change the list, the nodes in it, what
//!   belongs to a listener that says so, and the word; and write the pointer to the extras while the word has no
//!   EXTRAS.
//! - **CLAIMED**: LOCKED, and the object was not complete when it was. Nobody else can complete it meanwhile. So
//!   the slot is this thread's alone, to write the outcome. It ends by `publish`; or by `unlock`, and nothing was
//!   written.
//! - **PUBLISHED**: the word was seen to be COMPLETE, by a load that acquires, or by this thread's own `publish`.
//!   Anyone who has the object ALIVE may have seen it. With it one may read the slot as the form says: it is not
//!   written again, and what it holds stays until LAST.
//! - **EXTRAS**: the word was seen to have that bit. With it one may read the pointer to the extras, and what of
//!   them does not change: both stay until LAST.
//! - **LISTED**: a listener is in the list. So it is alive, wherever it lies, until it is TOLD or taken off, and
//!   its links are those of whoever has the list LOCKED. It gets there by being pushed under the lock, if the
//!   object is not complete; its owner sees to it that it stays.
//! - **TOLD**: whoever completes the object has taken a listener off the list. That thread has it, for what its
//!   kind says: to have it learn, once, or to queue one job where its links were. It is alive until that was done,
//!   and nobody else takes it off. Where the kind says so, a reference to the object is kept for the job.
//! - **QUEUED**: a job is in a queue of one thread. It is alive until it runs, which it does once, on that thread;
//!   and its link is that thread's alone.
//! - **ALONE**: no other thread knows something, or ever will again: what was made just now, or what this thread
//!   was the last to leave. With it one may read, write, take apart and free all of it. It ends when that is
//!   listed, queued, handed out or gone.
//!
//! Here is how the word begins, becomes complete and is lent; `lock` has the lock, `lock_wait` how a thread waits for
//! that, and `word` what a word says.

mod lock;
mod lock_wait;
mod word;

pub(crate) use self::lock_wait::Courtesy;
use self::lock_wait::LockWait;
pub(crate) use self::word::{Held, Seen};
use super::form::Form;
use crate::sync::{AtomicU32, Ordering::*, race};
use crate::sys::{self, TimeLimit};

const LOCKED: u32 = 1 << 0;
const RUNNING: u32 = 1 << 1;
const COMPLETE: u32 = 1 << 2;
const WAITED: u32 = 1 << 3;
const JOINED: u32 = 1 << 4;
const LENT: u32 = 1 << 5;
const GIVEN: u32 = 1 << 6;
const LOAN_OVER: u32 = 1 << 7;
const EXTRAS: u32 = 1 << 8;
const LOCK_WANTED: u32 = 1 << 9;
const CROWDED: u32 = 1 << 10;
const STEPS: u32 = 1 << 11;
const WATCHED: u32 = 1 << 12;
const ROOM: u32 = 1 << 13;
const BY_HAND: u32 = 1 << 14;
const FOLLOWS: u32 = 1 << 15;
/// Above the form.
const TIMED: u32 = 1 << 30;
const MINDED: u32 = 1 << 21; // in the upper half, beside the form
const RETAKEN: u32 = 1 << 22; // the same
const OVER: u32 = 1 << 23; // the same
/// The outcome's form lies in the upper half.
const FORM_SHIFT: u32 = 16;

/// What says that there is something beside the object.
const BESIDE: u32 = JOINED | ROOM | EXTRAS | STEPS | RETAKEN | TIMED | (Form::HOLDS << FORM_SHIFT);

const _: () = assert!((RETAKEN | OVER | TIMED) & (Form::MASK << FORM_SHIFT) == 0);

/// The bits of the parking mask under which those sleep that wait for completion, for the lock, and for the function
/// to return.
const FOR_COMPLETION: u32 = 1;
const FOR_THE_LOCK: u32 = 2;
const FOR_RETURN: u32 = 4;

pub(crate) struct State(AtomicU32);

impl State {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(Self::fresh()))
    }

    pub(crate) fn new_joined() -> Self {
        Self(AtomicU32::new(JOINED | Self::fresh()))
    }

    pub(crate) fn new_with_room() -> Self {
        Self(AtomicU32::new(ROOM | Self::fresh()))
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

    /// The same where a race detector is to be told that what was done before the completion, or before a function was
    /// started, is taken over.
    #[inline]
    pub(crate) fn load_for_detectors(&self) -> Seen {
        let seen = self.load();
        if seen.0 & WATCHED != 0 && seen.0 & (COMPLETE | RUNNING) != 0 {
            race::acquire(self);
        }
        seen
    }

    /// Makes the outcome visible to all, unlocks, and wakes those who sleep. The object may be gone afterwards.
    #[inline]
    pub(crate) fn publish(&self, held: Held, form: Form) {
        let complete = held.complete(form);
        if held.0 & (WAITED | CROWDED | WATCHED) != 0 {
            return self.publish_and_wake(held, complete);
        }
        // ORDERING: Release shows the outcome to whoever sees COMPLETE, and hands on what was done under
        // the lock.
        self.0.store(complete.0, Release);
    }

    /// The same for one that others may be waiting to lock.
    #[inline(always)]
    pub(crate) fn publish_in_a_crowd(&self, held: Held, form: Form) {
        let complete = held.complete(form);
        self.publish_now(held, complete);
    }

    #[cold]
    #[inline(never)]
    fn publish_and_wake(&self, held: Held, complete: Held) {
        self.publish_now(held, complete);
    }

    #[inline(always)]
    fn publish_now(&self, held: Held, complete: Held) {
        let state: *const Self = self;
        race::release(state);
        // ORDERING: as in `publish`. All are woken, and LOCK_WANTED is not looked for; an exchange, because that may be
        // added just now.
        self.0.swap(complete.0, Release);
        if held.0 & (WAITED | CROWDED) != 0 {
            Self::wake(state);
        }
    }

    /// Wakes all that sleep until it is complete, or unlocked, or its function has returned. By address: the object may be gone.
    fn wake(state: *const Self) {
        sys::wake(state.cast(), FOR_COMPLETION | FOR_THE_LOCK | FOR_RETURN, i32::MAX);
    }

    /// Sleeps until complete, until the time limit, or for no reason at all.
    #[inline]
    pub(crate) fn park(&self, limit: TimeLimit) {
        self.park_unless(Seen::is_complete, FOR_COMPLETION, limit);
    }

    #[inline(always)]
    fn park_unless(&self, there: impl Fn(Seen) -> bool, mask: u32, limit: TimeLimit) {
        // ORDERING: a guess, checked by the exchange and by the kernel.
        let seen = self.0.load(Relaxed);
        if there(Seen(seen)) {
            return;
        }
        if seen & LOCKED != 0 {
            return LockWait::for_lock_of(self).sleep(seen);
        }
        let waited = seen | WAITED;
        // ORDERING: announces this thread. Publishing takes the lock by an exchange of the same
        // word, and the end of a function is one, so either it sees WAITED, or the kernel finds the word changed
        // and does not sleep.
        if seen == waited || self.0.compare_exchange_weak(seen, waited, Relaxed, Relaxed).is_ok() {
            sys::wait(&self.0, waited, mask, limit);
        }
    }

    /// From PENDING to RUNNING; or the state that forbids it.
    pub(crate) fn start(&self) -> Result<(), Seen> {
        self.start_as(RUNNING)
    }

    /// The same for the program, which computes by means of its own: no function runs.
    pub(crate) fn start_by_hand(&self) -> Result<(), Seen> {
        self.start_as(RUNNING | BY_HAND)
    }

    #[inline(always)] // So that starting a function costs what it did before.
    fn start_as(&self, running: u32) -> Result<(), Seen> {
        let fresh = |seen| seen & (RUNNING | COMPLETE) == 0;
        self.change(|seen| fresh(seen).then_some(seen | running)).map(drop)
    }

    /// Its function has returned, and the context was dropped: wakes those who wait for that. Only where publishing did
    /// not say it, too.
    #[inline]
    pub(crate) fn end_function(&self) {
        let was = self.change(|seen| Some(seen | OVER));
        if was.is_ok_and(|seen| seen.0 & WAITED != 0) {
            sys::wake(&raw const self.0, FOR_RETURN, i32::MAX);
        }
    }

    /// Whether no function of it runs. If so, what it did is visible.
    pub(crate) fn is_out_of_function(&self) -> bool {
        let seen = self.load();
        let out = !seen.runs_function();
        if out && seen.is_watched() {
            race::acquire(self);
        }
        out
    }

    /// As [`Self::park`], until no function runs.
    pub(crate) fn park_for_return(&self, limit: TimeLimit) {
        self.park_unless(|seen| !seen.runs_function(), FOR_RETURN, limit);
    }

    /// Wakes those that sleep until it is complete, which look at the word again once it is unlocked. Returns how many.
    pub(crate) fn wake_sleepers(&self, held: &Held) -> u32 {
        if held.0 & WAITED == 0 {
            return 0;
        }
        sys::wake(&raw const self.0, FOR_COMPLETION, i32::MAX)
    }

    /// Ends the loan of the callback that it was lent to. True: the last counted reference was given
    /// to that one, and is the caller's. If not, the object may be gone.
    pub(crate) fn end_loan(&self) -> bool {
        let lent = self.change(|seen| Some((seen & !(LENT | GIVEN)) | LOAN_OVER));
        lent.is_ok_and(|lent| lent.0 & GIVEN != 0)
    }

    /// Gives the last counted reference to the callback that it is lent to; false if it is not lent.
    /// If so, the object may be gone.
    pub(crate) fn give_to_borrower(&self) -> bool {
        self.change(|seen| (seen & LENT != 0).then_some(seen | GIVEN)).is_ok()
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It may have been retained meanwhile, so whoever gives up the last reference has to know.
    #[test]
    fn what_was_lent_is_known_to_have_been() {
        let state = State::new();
        let held = state.claim().unwrap().lend();
        state.publish(held, Form::from_bits(0));
        assert!(state.load().was_lent(), "it is lent");
        assert!(!state.end_loan(), "no reference was left");
        assert!(state.load().was_lent(), "it was");
        assert!(!state.give_to_borrower(), "it is not any more");
    }
}
