//! What a thread is inside of: whose functions it is running, and what is due on it.
//!
//! It lies on the stack of the outermost call that needs one; calls further in find it.

use std::cell::Cell;
use std::ptr;

use super::asynchron::Asynchron;
use super::jobs::ThreadQueue;
use crate::sys::ThreadLocal;

/// The thread's [`PerThread`], if it has one.
static PER_THREAD: ThreadLocal = ThreadLocal::new(0);

pub(super) struct PerThread {
    pub(super) queue: ThreadQueue,
    /// The innermost of what is running.
    innermost: Cell<*const Frame>,
}

/// Something of this is running.
struct Frame {
    of: *const (),
    outer: *const Frame,
}

impl PerThread {
    #[inline]
    pub(super) fn current<'a>() -> Option<&'a Self> {
        // SAFETY: NULL, or a local of `with` further up this thread's stack, which takes it off before it returns. Callers
        // use it on this thread, inside of that, and keep it no longer.
        unsafe { PER_THREAD.get().cast::<Self>().as_ref() }
    }

    pub(super) fn with<R>(body: impl FnOnce(&Self) -> R) -> R {
        if let Some(thread) = Self::current() {
            return body(thread);
        }
        let thread = Self { queue: ThreadQueue::nothing(), innermost: Cell::new(ptr::null()) };
        // Where there is no memory to store it, what becomes due further in nests, and a wait
        // for oneself is not noticed.
        PER_THREAD.set((&raw const thread).cast_mut().cast());
        let _leave = Leave;
        body(&thread)
    }

    #[cold]
    fn is_inside(&self, of: *const ()) -> bool {
        let mut frame = self.innermost.get();
        // SAFETY: frames are locals of calls further up this thread's stack.
        while let Some(inside) = unsafe { frame.as_ref() } {
            if inside.of == of {
                return true;
            }
            frame = inside.outer;
        }
        false
    }
}

/// Takes the thread's [`PerThread`] off again, on every way out.
struct Leave;

impl Drop for Leave {
    #[inline]
    fn drop(&mut self) {
        PER_THREAD.set(ptr::null_mut());
    }
}

/// Runs `body` as the function of `a`: waiting for `a` in there would be waiting for oneself.
#[inline]
pub(crate) fn run_as<R>(a: &Asynchron, body: impl FnOnce() -> R) -> R {
    run_within(ptr::from_ref(a).cast(), body)
}

/// Runs `body` inside of something else, which has this address.
#[inline]
pub(crate) fn run_within<R>(of: *const (), body: impl FnOnce() -> R) -> R {
    PerThread::with(|thread| {
        let frame = Frame { of, outer: thread.innermost.get() };
        thread.innermost.set(&raw const frame);
        let _leave = LeaveFrame(thread, frame.outer);
        body()
    })
}

struct LeaveFrame<'a>(&'a PerThread, *const Frame);

impl Drop for LeaveFrame<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.innermost.set(self.1);
    }
}

/// Whether this thread is inside the function of `a`.
#[inline]
pub(crate) fn is_inside(a: &Asynchron) -> bool {
    is_within(ptr::from_ref(a).cast())
}

/// Whether this thread is inside what has this address.
#[inline]
pub(crate) fn is_within(of: *const ()) -> bool {
    PerThread::current().is_some_and(|thread| thread.is_inside(of))
}
