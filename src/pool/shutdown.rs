//! Closing an executor, and waiting until nothing of it runs any more.

use std::cell::Cell;

use super::crew::{Crew, Inner};
use super::executor::Executor;
use super::queue::Place;
use crate::base::lock::Guard;
use crate::one::wait::{WaitError, block_until};
use crate::one::{inside, jobs};
use crate::sync::{Ordering::*, race};
use crate::sys;

impl Executor {
    /// From now on nothing new is accepted. Waits until all has returned that was accepted before. `cancel`: what has
    /// not begun is cancelled.
    pub(crate) fn shut_down(&self, cancel: bool, timeout_ns: u64) -> Result<(), WaitError> {
        let Ok(crew) = self.ready() else {
            // Without memory for a crew nothing was ever accepted in this process.
            self.close();
            return Ok(());
        };
        if timeout_ns != 0 && inside::is_within(crew.frame()) {
            return Err(WaitError::Deadlock);
        }
        jobs::run_due();
        crew.close();
        if cancel {
            crew.cancel_all();
            jobs::run_due();
        }
        crew.wait_until_quiet(timeout_ns)
    }
}

impl Crew {
    fn close(&self) {
        let _inner = self.inner.lock();
        self.executor().close();
    }

    /// Cancels all that lies.
    fn cancel_all(&self) {
        self.take_away();
        // What a context or a callback waits for in there would be this call.
        inside::run_within(self.frame(), || {
            while let Ok(place) = self.take_oldest() {
                // SAFETY: it was just taken out of the queue, so it is alive, and its place this thread's.
                let cancel = unsafe { Place::of(place) }.kind.cancel;
                // SAFETY: just taken out of the queue.
                unsafe { cancel(place) };
            }
        });
        self.bring_back();
    }

    fn wait_until_quiet(&self, timeout_ns: u64) -> Result<(), WaitError> {
        let mut inner = self.inner.lock();
        inner.awaiting = inner.awaiting.wrapping_add(1);
        drop(inner);
        let seen = Cell::new(0);
        let look = || {
            // ORDERING: the lock orders what is looked for; whatever makes it quiet after that changes this.
            seen.set(self.quiet.load(Relaxed));
            self.is_quiet(&self.inner.lock()).then_some(())
        };
        let park = |limit| sys::wait(&self.quiet, seen.get(), u32::MAX, limit);
        // ORDERING: looks for a change alone.
        let peek = || self.quiet.load(Relaxed) != seen.get();
        let quiet = block_until(timeout_ns, peek, look, park);
        let mut inner = self.inner.lock();
        inner.awaiting = inner.awaiting.wrapping_sub(1);
        quiet.ok_or(WaitError::Timeout)
    }

    /// Whether nothing is left that lies, runs or is being ended. While it is closed, that stays so.
    fn is_quiet(&self, inner: &Inner) -> bool {
        // ORDERING: whoever takes something away is counted otherwise until then: it lies, or is active. The lock
        // orders that.
        let taken = self.taken.load(Relaxed);
        let quiet =
            taken == 0 && inner.active == 0 && inner.sleeping == 0 && !self.has_tasks(inner);
        if quiet {
            race::acquire(&raw const self.quiet);
        }
        quiet
    }

    /// Tells those that wait for it, if nothing is left.
    pub(super) fn tell_if_quiet(&self, inner: Guard<'_, Inner>) {
        if inner.awaiting > 0 {
            self.tell(inner);
        }
    }

    #[cold]
    fn tell(&self, inner: Guard<'_, Inner>) {
        race::release(&raw const self.quiet);
        if self.is_quiet(&inner) {
            // ORDERING: changes under the lock, which orders it.
            self.quiet.fetch_add(1, Relaxed);
            drop(inner);
            sys::wake(&raw const self.quiet, u32::MAX, i32::MAX);
        }
    }

    /// Something is being ended outside of the threads here, or runs there. It lies yet, or is counted otherwise.
    pub(super) fn take_away(&self) {
        // ORDERING: see `is_quiet`.
        self.taken.fetch_add(1, Relaxed);
    }

    /// It has returned.
    pub(super) fn bring_back(&self) {
        let inner = self.inner.lock();
        // ORDERING: under the lock.
        self.taken.fetch_sub(1, Relaxed);
        self.tell_if_quiet(inner);
    }
}
