//! Executors: what runs on other threads.
//!
//! The default one has as many tasks run at a time as there are processors. A thread whose task sleeps in one of our
//! waits does not count, so tasks that wait for tasks make room for them; and a task that has been queued
//! for 10 ms behind threads that do not use the processors gets a thread more, so those that block by
//! other means starve nobody. Behind those that compute it waits. Every task is
//! queued, and a thread that rests, or a new one, is called if there is a place for it. Whichever
//! thread is first takes the oldest task: first come, first begun.
//! Threads that have rested for a second end.
//!
//! Those that the program makes are the same, but for what is too many: no more than so many run, whatever they do, and
//! where one that slept wakes and there are more, nothing else begins until there are fewer. Or the program has threads
//! of its own for it, and is given what it has to run.

mod busy;
mod chunk;
mod crew;
mod ending;
mod errand;
mod executor;
mod posted;
mod queue;
mod shutdown;
mod task;
mod worker;

pub(crate) use self::ending::Ending;
pub(crate) use self::errand::{Errand, Work};
pub(crate) use self::executor::{Counted, Executor, PostFn, Terms, TermsKind};
pub(crate) use self::posted::discard;
use crate::base::memory::NoMemory;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::demand::Function;

/// Why a task was refused.
pub(crate) enum SpawnError {
    NoMemory,
    NoThread,
    Closed,
}

/// Has `function` compute the value of `a` on a thread of the default executor.
#[inline]
pub(crate) fn spawn(a: &Asynchron, function: Function, ctx: Owned) -> Result<(), SpawnError> {
    match Executor::default() {
        Some(executor) => executor.ready()?.submit(a, function, ctx),
        None => Err(SpawnError::NoThread),
    }
}

impl Executor {
    /// Has `function` compute the value of `a` here.
    pub(crate) fn spawn(
        &self,
        a: &Asynchron,
        function: Function,
        ctx: Owned,
    ) -> Result<(), SpawnError> {
        match self.terms.kind {
            TermsKind::Post(_) => posted::spawn(self, a, function, ctx),
            _ => self.ready()?.submit(a, function, ctx),
        }
    }
}

/// As the default one is, for a model: that has one of its own in each round. The reference is the caller's.
#[cfg(shuttle)]
pub fn without_limit() -> *mut std::ffi::c_void {
    let terms = Terms {
        kind: TermsKind::Default,
        name: [0; crate::sys::THREAD_NAME],
        stack_size: 0,
        ctx: Owned::NOTHING,
    };
    Executor::create(terms).map_or(std::ptr::null_mut(), |made| made.into_raw().as_ptr().cast())
}

impl From<NoMemory> for SpawnError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}
