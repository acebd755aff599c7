//! Waiting for all: one after the other, by one deadline.

use crate::one::asynchron::Asynchron;
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
    let deadline = if timeout_ns == 0 { Some(0) } else { sys::deadline_after(timeout_ns) };
    for a in all {
        if !a.state().load_for_detectors().is_complete() {
            // A timeout of 0 would not run what is due on this thread; one that has run out does.
            let left = sys::left_until(deadline).max(timeout_ns.min(1));
            until_complete(a, left)?;
        }
    }
    Ok(())
}
