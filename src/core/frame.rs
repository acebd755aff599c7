//! Which asynchrons' functions are running on this thread: waiting for one of them would be
//! waiting for oneself.

use std::ptr;

use super::cell::Asynchron;
use crate::sys::Slot;

/// The innermost of this thread's frames.
static INNERMOST: Slot = Slot::new(1);

struct Frame {
    running: *const Asynchron,
    outer: *mut Frame,
}

/// Runs `body` as the function of `a`.
pub(crate) fn run_as<R>(a: &Asynchron, body: impl FnOnce() -> R) -> R {
    let mut frame = Frame { running: a, outer: INNERMOST.get().cast() };
    // If it cannot be stored, for want of memory, a wait for oneself is not noticed.
    INNERMOST.set((&raw mut frame).cast());
    let _leave = Leave(frame.outer);
    body()
}

/// Takes the frame off again, on every way out.
struct Leave(*mut Frame);

impl Drop for Leave {
    fn drop(&mut self) {
        INNERMOST.set(self.0.cast());
    }
}

/// Whether this thread is inside the function of `a`.
pub(crate) fn is_inside(a: &Asynchron) -> bool {
    let mut frame: *mut Frame = INNERMOST.get().cast();
    // SAFETY: frames are locals of calls further up this thread's stack.
    while let Some(inside) = unsafe { frame.as_ref() } {
        if ptr::eq(inside.running, a) {
            return true;
        }
        frame = inside.outer;
    }
    false
}
