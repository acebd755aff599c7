//! Completing one after the other what follows what.
//!
//! What completes others as it is told does not do so from within the telling, so that a chain of a million needs no
//! stack: each is left in a queue, and one loop has them pass on.

use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::jobs::{self, Job, Jobs, RunFn};
use super::listener::{Kind, Listener};
use super::outcome::{Outcome, Slot};
use super::publish::Telling;
use super::state::Held;

/// Those that complete one after the other, because one of them did. None of the program's code runs before all of
/// them are complete; then what is due runs in their order.
pub(crate) struct Chain {
    passing: Jobs,
    due: Jobs,
}

/// For [`Kind::Pass`].
impl Chain {
    /// Begins with one, and runs to the end.
    ///
    /// # Safety
    /// The node is in no list, and was told, or counts so; the source is kept for it.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn start(node: NonNull<Listener>) {
        let chain = Self::new();
        // SAFETY: TOLD: it passes on once.
        unsafe { chain.pass(node) };
        chain.run();
    }

    pub(crate) fn new() -> Self {
        Self::of(Jobs::new(), Jobs::new())
    }

    /// Of those that complete others, and of what runs after that.
    pub(super) fn of(passing: Jobs, due: Jobs) -> Self {
        Self { passing, due }
    }

    /// Has one pass on in its turn that came when its source was complete.
    ///
    /// # Safety
    /// The node is in no list, and counts as told; the source is kept for it.
    pub(crate) unsafe fn pass_later(&self, node: NonNull<Listener>) {
        // SAFETY: nobody else uses its links before it has passed on.
        unsafe { self.passing.push(node.cast(), None) };
    }

    /// Completes another, unless it is complete.
    pub(crate) fn complete_other(&self, other: &Asynchron, outcome: Outcome) {
        if let Some(held) = other.state().claim() {
            // SAFETY: CLAIMED, and the caller has it ALIVE.
            unsafe { self.complete(other, held, outcome) };
        }
    }

    /// Completes another. Its callbacks run after those that are due already.
    ///
    /// # Safety
    /// CLAIMED: `held` is of `a`, which is incomplete. What keeps it is given up later.
    pub(crate) unsafe fn complete(&self, a: &Asynchron, held: Held, outcome: Outcome) {
        // SAFETY: as the caller promises.
        unsafe { self.complete_unkept(NonNull::from(a), held, outcome) };
    }

    /// The same for one that may be gone afterwards.
    ///
    /// # Safety
    /// CLAIMED: `held` is of `this`, which is incomplete.
    pub(crate) unsafe fn complete_unkept(
        &self,
        this: NonNull<Asynchron>,
        held: Held,
        outcome: Outcome,
    ) {
        // SAFETY: ALIVE until it is PUBLISHED.
        let a = unsafe { this.as_ref() };
        // SAFETY: CLAIMED: the slot is this thread's alone.
        let form = unsafe { Slot::write(a.slot.get(), outcome) };
        // SAFETY: LOCKED: the list is this thread's alone.
        if unsafe { a.listeners() }.is_empty() {
            return a.state().publish(held, form);
        }
        // SAFETY: CLAIMED, and the outcome is written.
        let (due, passing) = unsafe { Telling::publish_in_a_chain(this, held, form) };
        self.due.push_all(due);
        self.passing.push_all(passing);
    }

    /// Has `run` run after what is due already: for whatever may run the program's code, or be the end of an asynchron.
    ///
    /// # Safety
    /// There is room for a job, which nobody else uses until it runs.
    pub(crate) unsafe fn run_later(&self, job: NonNull<Job>, run: RunFn) {
        // SAFETY: as the caller promises.
        unsafe { self.due.push(job, Some(run)) };
    }

    /// # Safety
    /// TOLD: it passes on once.
    unsafe fn pass(&self, node: NonNull<Listener>) {
        // SAFETY: TOLD: its kind is still there.
        match *unsafe { Listener::kind(node) } {
            // SAFETY: as the caller promises.
            Kind::Pass { pass, .. } | Kind::PassingStep { pass, .. } => unsafe { pass(node, self) },
            _ => {}
        }
    }

    /// Completes all that are left, and then runs what is due.
    #[cold]
    pub(crate) fn run(self) {
        while let Some(job) = self.passing.pop() {
            // SAFETY: TOLD: it was left there to pass on.
            unsafe { self.pass(job.cast()) };
        }
        jobs::run(self.due);
    }
}
