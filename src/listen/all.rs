//! Waiting for all: one after the other, by one time limit.

use std::ptr::NonNull;

use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::inside;
use crate::one::wait::{WaitError, until_complete};
use crate::sys;

pub(crate) fn wait_all<'a>(
    all: impl Iterator<Item = &'a Asynchron> + Clone,
    timeout_ns: u64,
) -> Result<(), WaitError> {
    // One that this thread is computing cannot complete while it waits for the others.
    if all.clone().any(|a| !a.state().load().is_complete() && inside::is_inside(a)) {
        return Err(WaitError::Deadlock);
    }
    // Whoever waits for all wants each, also while it sleeps for another. A wait counts for that one alone; a holder
    // counts in any case, and needs no memory.
    let holds = timeout_ns != 0 && all.clone().any(Asynchron::has_promises);
    if holds {
        all.clone().for_each(|a| _ = Handle::retain(a).into_raw());
    }
    let result = wait_for_each(all.clone(), timeout_ns);
    if holds {
        // SAFETY: ALIVE: each has such a reference, which is given up once.
        all.for_each(|a| drop(unsafe { Handle::from_raw(NonNull::from(a)) }));
    }
    result
}

fn wait_for_each<'a>(
    all: impl Iterator<Item = &'a Asynchron>,
    timeout_ns: u64,
) -> Result<(), WaitError> {
    let limit = if timeout_ns == 0 { Some(0) } else { sys::time_limit_after(timeout_ns) };
    for a in all {
        if !a.state().load_for_detectors().is_complete() {
            // A timeout of 0 would not run what is due on this thread; one that has run out does.
            let left = sys::left_until(limit).max(timeout_ns.min(1));
            until_complete(a, left)?;
        }
    }
    Ok(())
}
