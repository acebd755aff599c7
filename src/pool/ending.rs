//! What an executor was to run is dropped elsewhere: by whoever completes what it delivers into, or takes it back.

use super::crew::Crew;
use super::executor::Counted;
use crate::one::inside;
use crate::sys;

/// While this is there, shutting the executor down waits: what is dropped is its, whoever drops it.
pub(crate) struct Ending {
    executor: Counted,
    /// Of which process it is counted; 0: nothing was handed to the executor in this one.
    process: u32,
}

impl Ending {
    /// Also under the lock of an asynchron.
    pub(crate) fn begin(executor: Counted) -> Self {
        let process = executor.process();
        if process != 0 {
            executor.with_crew(Crew::take_away);
        }
        Self { executor, process }
    }

    /// Drops a context, or what has one. Waiting in there until the executor is shut down would be waiting for oneself.
    pub(crate) fn drop_within<T>(this: Option<&Self>, what: T) {
        match this.filter(|this| this.is_counted()) {
            Some(this) => inside::run_within(this.executor.with_crew(Crew::frame), || drop(what)),
            None => drop(what),
        }
    }

    fn is_counted(&self) -> bool {
        self.process != 0 && sys::is_this_process(self.process)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if self.is_counted() {
            self.executor.with_crew(Crew::bring_back);
        }
    }
}
