//! The background threads.
//!
//! As many tasks run at a time as there are processors. A thread whose task sleeps in one of our
//! waits does not count, so tasks that wait for tasks make room for them; and a task that has been queued
//! for 10 ms behind threads that do not use the processors gets a thread more, so those that block by
//! other means starve nobody. Behind those that compute it waits. Every task is
//! queued, and a thread that rests, or a new one, is called if there is a place for it. Whichever
//! thread is first takes the oldest task: first come, first begun.
//! Threads that have rested for a second end.

mod busy;
mod chunk;
mod queue;
mod task;
mod threads;
mod worker;

use self::threads::Pool;
use crate::base::memory::NoMemory;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::demand::Function;

/// Why a task was refused.
pub(crate) enum SpawnError {
    NoMemory,
    NoThread,
}

/// Has `function` compute the value of `a` on a background thread.
pub(crate) fn spawn(a: &Asynchron, function: Function, ctx: Owned) -> Result<(), SpawnError> {
    Pool::get()?.submit(a, function, ctx)
}

impl From<NoMemory> for SpawnError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}
