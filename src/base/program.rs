//! Calls into the program's own code, and what it hands over for us to free.

use std::ffi::c_void;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A function of the program's that frees what it is given. Like all of the program's functions
/// it is called by an ABI that lets an exception out, for [`abort_on_exception`] to see.
pub(crate) type DropFn = unsafe extern "C-unwind" fn(*mut c_void);

/// Runs `call`, which calls a function of the program's (`what`, for the message).
///
/// A C++ exception that comes out of it cannot be passed through a C interface, nor swallowed: the
/// program ends, and says why.
#[inline]
pub(crate) fn abort_on_exception<R>(what: &'static str, call: impl FnOnce() -> R) -> R {
    let fuse = Fuse(what);
    let returned = call();
    mem::forget(fuse);
    returned
}

/// Runs what a thread of ours is for. Catches nothing of ours: it is there so that an exception out of the program's code
/// finds a handler, and so gets as far as to be reported. A model that fails does so by a panic, which is not to be hidden.
#[inline]
pub(crate) fn with_handler(body: impl FnOnce()) {
    if cfg!(any(loom, shuttle)) {
        return body();
    }
    let _ = catch_unwind(AssertUnwindSafe(body));
}

struct Fuse(&'static str);

impl Drop for Fuse {
    #[cold]
    fn drop(&mut self) {
        for part in [
            "asynchron: a C++ exception (or pthread_exit) came out of ",
            self.0,
            ", and cannot be passed on through C; catch it inside. Aborting.\n",
        ] {
            // SAFETY: writes bytes that live; the program ends next, so a failure is no matter.
            unsafe { libc::write(2, part.as_ptr().cast(), part.len() as _) };
        }
        std::process::abort();
    }
}

/// A pointer that was handed over together with the function that frees it: runs exactly once,
/// on whatever path this is dropped. Also when the pointer is NULL; without a function, nothing.
pub(crate) struct Owned {
    pub(crate) ptr: *mut c_void,
    pub(crate) drop: Option<DropFn>,
}

// SAFETY: the contract lets any thread run the function.
unsafe impl Send for Owned {}
// SAFETY: shared, it only tells its address.
unsafe impl Sync for Owned {}

impl Owned {
    pub(crate) const NOTHING: Self = Self { ptr: std::ptr::null_mut(), drop: None };

    /// Whether there is neither a pointer nor what would run.
    pub(crate) fn is_nothing(&self) -> bool {
        self.ptr.is_null() && self.drop.is_none()
    }
}

impl Drop for Owned {
    #[inline]
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            run_drop(drop, self.ptr);
        }
    }
}

#[cold]
fn run_drop(drop: DropFn, ptr: *mut c_void) {
    // SAFETY: the caller handed this pointer over for this function.
    abort_on_exception("a drop function", || unsafe { drop(ptr) });
}
