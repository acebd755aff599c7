//! The crew's threads: which of them rest, and who is summoned for what.

use std::mem;
use std::ptr::{self, NonNull};

use super::super::worker::{Duty, Worker};
use super::{Crew, Inner};
use crate::base::lock::Guard;

impl Crew {
    /// Summons a thread if there is a place, and a task for it. False: none can be had.
    pub(in super::super) fn fill_place(&self, mut inner: Guard<'_, Inner>) -> bool {
        if inner.active >= inner.places || !self.has_tasks(&inner) {
            return true;
        }
        inner.active = inner.active.wrapping_add(1);
        let Err(mut inner) = self.summon(inner, Duty::Look) else {
            return true;
        };
        inner.active = inner.active.wrapping_sub(1);
        false
    }

    /// Sees to it that somebody watches how long the oldest task lies, if one does. False: nobody
    /// can be had for it. Those that are busy will come to it, and those that sleep try again.
    pub(in super::super) fn watch(&self, mut inner: Guard<'_, Inner>) -> bool {
        if !self.has_tasks(&inner) {
            return true;
        }
        if inner.watched {
            // One that is only being started may yet fail to come.
            return inner.starting == 0;
        }
        inner.watched = true;
        let Err(mut inner) = self.summon(inner, Duty::Watch) else {
            return true;
        };
        inner.watched = false;
        false
    }

    /// Summons a thread at rest, or a new one. If none can be had, returns the lock: while it was free
    /// to start a thread, another may have come to rest, but none does now.
    pub(in super::super) fn summon<'a>(
        &'a self,
        mut inner: Guard<'a, Inner>,
        duty: Duty,
    ) -> Result<(), Guard<'a, Inner>> {
        if inner.resting.is_null() {
            inner.threads = inner.threads.wrapping_add(1);
            inner.starting = inner.starting.wrapping_add(1);
            drop(inner);
            let started = Worker::start(self, duty);
            inner = self.inner.lock();
            inner.starting = inner.starting.wrapping_sub(1);
            if started {
                return Ok(());
            }
            inner.threads = inner.threads.wrapping_sub(1);
        }
        let Some(resting) = NonNull::new(inner.resting) else {
            return Err(inner);
        };
        // SAFETY: workers at rest are alive until they have been summoned.
        let worker = unsafe { resting.as_ref() };
        inner.stop_resting(worker);
        worker.duty.set(duty);
        drop(inner);
        // SAFETY: taken from those at rest, with its duty.
        unsafe { Worker::wake(resting) };
        Ok(())
    }

    /// Leaves the executor's last reference to its threads, the last of which frees it: it may be gone then. False: there
    /// are none.
    pub(in super::super) fn leave_to_threads(&self) -> bool {
        let mut inner = self.inner.lock();
        inner.left_to_threads = inner.threads > 0;
        inner.left_to_threads
    }
}

impl Inner {
    /// A thread that rested ends. True: it was the last one, and the executor's last reference is now its own.
    pub(in super::super) fn lose_thread(&mut self) -> bool {
        self.threads = self.threads.wrapping_sub(1);
        self.threads == 0 && mem::take(&mut self.left_to_threads)
    }

    /// Whether there is a thread that will look at the queue. One that sleeps may be waiting for
    /// just what would lie there.
    pub(super) fn has_threads(&self) -> bool {
        self.threads > self.starting.wrapping_add(self.sleeping)
    }

    pub(in super::super) fn rest(&mut self, worker: &Worker) {
        worker.rests.set(true);
        worker.before.set(ptr::null_mut());
        worker.behind.set(self.resting);
        // SAFETY: workers at rest are alive.
        if let Some(behind) = unsafe { self.resting.as_ref() } {
            behind.before.set(ptr::from_ref(worker).cast_mut());
        }
        self.resting = ptr::from_ref(worker).cast_mut();
    }

    pub(in super::super) fn stop_resting(&mut self, worker: &Worker) {
        worker.rests.set(false);
        let (before, behind) = (worker.before.get(), worker.behind.get());
        // SAFETY: workers at rest are alive.
        match unsafe { before.as_ref() } {
            Some(before) => before.behind.set(behind),
            None => self.resting = behind,
        }
        // SAFETY: workers at rest are alive.
        if let Some(behind) = unsafe { behind.as_ref() } {
            behind.before.set(before);
        }
    }
}
