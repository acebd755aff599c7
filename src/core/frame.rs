//! Which asynchrons' functions are running on this thread: waiting for one of them would be
//! waiting for oneself.

use std::cell::Cell;
use std::marker::PhantomData;
use std::ptr;

use super::cell::Asynchron;

thread_local! {
    static INNERMOST: Cell<*const Frame> = const { Cell::new(ptr::null()) };
}

struct Frame {
    running: *const Asynchron,
    outer: *const Frame,
}

/// Runs `body` as the function of `a`.
pub(crate) fn run_as<R>(a: &Asynchron, body: impl FnOnce() -> R) -> R {
    let frame = Frame { running: a, outer: INNERMOST.get() };
    INNERMOST.set(&frame);
    let _leave = Leave(&frame, PhantomData);
    body()
}

struct Leave<'a>(*const Frame, PhantomData<&'a Frame>);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        // SAFETY: the frame is a local of `run_as`, which is still on the stack.
        INNERMOST.set(unsafe { (*self.0).outer });
    }
}

/// Whether this thread is inside the function of `a`.
pub(crate) fn is_inside(a: &Asynchron) -> bool {
    let mut frame = INNERMOST.get();
    // SAFETY: frames are locals of calls further up this thread's stack.
    while let Some(inside) = unsafe { frame.as_ref() } {
        if ptr::eq(inside.running, a) {
            return true;
        }
        frame = inside.outer;
    }
    false
}
