//! What a step asks of the asynchrons that it lies between: its sources, and what it delivers into.

use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::listener::{List, Listener};
use super::state::Held;

/// What became of a step whose turn has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// What it delivers into runs now.
    Started,
    /// The step is the caller's, but it is not to run.
    Refused,
    /// What it delivers into is complete, and whoever completed it takes the step off its sources.
    Gone,
}

/// What became of one that was to complete as its source did.
pub(crate) enum StepClaim {
    /// It is CLAIMED, and the step is the caller's.
    Yes(Held),
    /// It is complete, and the step is the caller's.
    Late,
    /// It is complete, or will be at once; and whoever took the step's node off takes the step off its sources.
    Gone,
}

impl Asynchron {
    /// Runs `work` on the list of a source and on whether it is complete, under the lock. If the answer is
    /// true, a step is in the list now.
    pub(crate) fn with_steps<R>(&self, work: impl FnOnce(&mut List, bool) -> (R, bool)) -> R {
        let held = self.state().lock();
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        let (result, listed) = work(list, held.is_complete());
        self.state().unlock(if listed { held.with_steps() } else { held });
        result
    }

    /// Takes a step's node off the list of what it delivers into, and starts that, if `start`.
    ///
    /// # Safety
    /// The node was listed here, and is alive; the caller has a reference.
    #[inline]
    pub(crate) unsafe fn begin(&self, node: NonNull<Listener>, start: bool) -> Begun {
        // Most have been released by then, and a chain's only reference is the step's.
        let alone = self.refs.is_one();
        let held = if alone { self.state().lock_alone() } else { self.state().lock() };
        // SAFETY: LOCKED: it is alive, and nobody takes it off meanwhile.
        if unsafe { Listener::is_taken(node) } {
            self.state().unlock(held);
            return Begun::Gone;
        }
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        // SAFETY: it is in this list.
        unsafe { list.unlink(node) };
        let (held, started) = if start { held.start() } else { (held, false) };
        self.state().unlock(held);
        if started { Begun::Started } else { Begun::Refused }
    }

    /// Lists the node of a step by which it completes as another does. False, and it is not listed, if it is complete.
    ///
    /// # Safety
    /// As for [`Self::listen`].
    pub(crate) unsafe fn listen_as_follower(&self, node: NonNull<Listener>) -> bool {
        let Some(held) = self.state().claim() else {
            return false;
        };
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        // SAFETY: as the caller promises.
        unsafe { list.push(node) };
        self.state().unlock(held.with_follow());
        true
    }

    /// Takes the node of a step off the list again, and claims the asynchron for it: once, also if others come for the
    /// same node.
    ///
    /// # Safety
    /// As for [`Self::begin`].
    #[inline]
    pub(crate) unsafe fn claim_by(&self, node: NonNull<Listener>) -> StepClaim {
        // As there.
        let alone = self.refs.is_one();
        let held = if alone { self.state().lock_alone() } else { self.state().lock() };
        // SAFETY: LOCKED: it is alive, and nobody takes it off meanwhile.
        if unsafe { Listener::is_taken(node) } {
            self.state().unlock(held);
            return StepClaim::Gone;
        }
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { self.listeners() };
        // SAFETY: it is in this list.
        unsafe { list.unlink(node) };
        // SAFETY: LOCKED: just taken off.
        unsafe { Listener::mark_taken(node) };
        if held.is_complete() {
            self.state().unlock(held);
            return StepClaim::Late;
        }
        StepClaim::Yes(held)
    }

    /// Lists the first node of all.
    ///
    /// # Safety
    /// ALONE: nobody else knows the object yet; the node is in no list, and stays until it was told or taken off.
    pub(crate) unsafe fn listen_first(&self, node: NonNull<Listener>) {
        // SAFETY: ALONE: nobody else knows it.
        let list = unsafe { self.listeners() };
        // SAFETY: as the caller promises.
        unsafe { list.push(node) };
    }
}
