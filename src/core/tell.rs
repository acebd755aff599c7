//! Telling all that listen that an asynchron is complete.

use super::callback::Callback;
use super::cell::{Asynchron, Handle};
use super::due::{self, Jobs};
use super::listener::Who;
use crate::compose::after::After;
use crate::report::Report;

/// One completion on its way to those that listen.
pub(crate) struct Telling {
    /// The reference that the deliverer kept, until somebody takes it over.
    kept: Option<Handle>,
    /// What is to run afterwards, each with a reference to the source of its own.
    pub(crate) jobs: Jobs,
}

impl Telling {
    /// Tells all, in their order: reports and `wait_any`s at once; what runs the program's code,
    /// when this thread comes to it. `locked` says that publishing took the lock as well.
    #[cold]
    pub(super) fn tell(source: Handle, locked: bool) {
        let this = source.as_non_null();
        let mut telling = Self { kept: Some(source), jobs: Jobs::EMPTY };
        // SAFETY: the reference is in `kept`, or with a job that does not run before the end.
        let source = unsafe { this.as_ref() };
        if !locked {
            source.state().lock();
        }
        // SAFETY: the lock is held.
        let list = unsafe { source.listeners() };
        let mut next = list.first();
        while let Some(node) = next {
            // SAFETY: the node is in the list, and stays while the lock is held.
            next = unsafe { list.after(node) };
            // SAFETY: as above.
            let who = unsafe { node.as_ref() }.who();
            if let Who::Callback = who {
                // SAFETY: the lock is held, and the node is a callback's.
                unsafe { Callback::make_due(node.cast(), source, list, &mut telling) };
                continue;
            }
            // SAFETY: the node is in the list.
            unsafe { list.unlink(node) };
            match who {
                Who::Callback => {}
                // SAFETY: a listed entry's report is alive: it cannot go without this lock.
                Who::Entry(report) => unsafe { Report::arrive(report, node.cast()) },
                // SAFETY: a listed node's wait cannot end without this lock.
                Who::Any(any) => unsafe { any.as_ref() }.tell(node),
                Who::After(after) => {
                    // SAFETY: it lives until all of its sources have been counted.
                    let mine = unsafe { after.as_ref() }.runs_with_next_count();
                    // If another counts after this, its thread may run it, and give up the
                    // reference, before this one has unlocked.
                    let reference =
                        if mine { telling.reference(source) } else { Handle::retain(source) };
                    // SAFETY: as above.
                    unsafe { After::count(after, reference, &mut telling.jobs) };
                }
            }
        }
        let empty = list.is_empty();
        source.state().unlock(empty);
        let Self { kept, jobs } = telling;
        due::run(jobs);
        drop(kept);
    }

    /// A reference to the source for somebody who is told.
    pub(crate) fn reference(&mut self, source: &Asynchron) -> Handle {
        self.kept.take().unwrap_or_else(|| Handle::retain(source))
    }
}
