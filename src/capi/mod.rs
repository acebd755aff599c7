//! The C interface: one file for each section of the header, in its order, whose text comes from
//! the comments here. A body checks its arguments, calls what does the work and maps a status.
//!
//! What is handed over (a value's owner, a context) becomes an `Owned` before anything is checked,
//! so that it is freed on every path.

#![allow(non_camel_case_types, clippy::missing_safety_doc)]

mod callbacks;
mod collect;
mod compose;
mod compute;
mod deliver;
mod executor;
mod groups;
mod handles;
mod library;
mod options;
mod progress;
mod promises;
mod report;
mod time;
mod types;

use std::any::Any;
use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::callbacks::*;
pub use self::collect::*;
pub use self::compose::*;
pub use self::compute::*;
pub use self::deliver::*;
pub use self::executor::*;
pub use self::groups::*;
pub use self::handles::*;
pub use self::library::*;
pub use self::progress::*;
pub use self::promises::*;
pub use self::report::*;
pub use self::time::*;
use self::types::asynchron_status_t::*;
pub use self::types::*;
use crate::one::asynchron::Asynchron;
use crate::one::form::Form;
use crate::one::wait::WaitError;

/// Runs a function of the interface. A bug of ours that panics becomes a status: nothing of Rust
/// may cross into C.
#[inline]
fn catch_panic<R>(on_panic: R, body: impl FnOnce() -> R) -> R {
    if cfg!(any(loom, shuttle)) {
        // A model that fails does so by a panic, which is not to be hidden.
        return body();
    }
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(returned) => returned,
        Err(panic) => {
            swallow(panic);
            on_panic
        }
    }
}

/// Apart, so that it costs the way on which nothing panics no registers.
#[cold]
#[inline(never)]
fn swallow(panic: Box<dyn Any + Send>) {
    drop(panic);
}

/// A handle as it came in.
///
/// # Safety
/// NULL, or a handle that lives as long as the call.
#[inline]
unsafe fn handle<'a>(a: *const asynchron_t) -> Option<&'a Asynchron> {
    // SAFETY: a handle is a pointer to an `Asynchron`; the caller vouches for this one.
    unsafe { a.cast::<Asynchron>().as_ref() }
}

/// An array of handles as it came in; `None` if it, or one in it, is NULL. Without any, the
/// address does not matter.
///
/// # Safety
/// NULL, or `n` handles that live as long as the call.
unsafe fn handles<'a>(all: *const *mut asynchron_t, n: usize) -> Option<&'a [&'a Asynchron]> {
    if n == 0 {
        return Some(&[]);
    }
    const MOST: usize = isize::MAX.unsigned_abs() / size_of::<*mut asynchron_t>();
    if all.is_null() || n > MOST {
        return None;
    }
    // SAFETY: the caller vouches for the array.
    let pointers = unsafe { std::slice::from_raw_parts(all, n) };
    if pointers.iter().any(|one| one.is_null()) {
        return None;
    }
    // SAFETY: the same array; none is NULL, and all are live.
    Some(unsafe { std::slice::from_raw_parts(all.cast(), n) })
}

/// A text as it came in: NULL is none.
///
/// # Safety
/// NULL, or a C string that lives as long as the call.
unsafe fn text<'a>(text: *const c_char) -> &'a CStr {
    if text.is_null() {
        return c"";
    }
    // SAFETY: the caller vouches for it.
    unsafe { CStr::from_ptr(text) }
}

fn status_of_wait_error(error: WaitError) -> asynchron_status_t {
    match error {
        WaitError::Timeout => ASYNCHRON_TIMEOUT,
        WaitError::Deadlock => ASYNCHRON_E_DEADLOCK,
    }
}

/// How a complete one ended.
#[inline]
fn status_of_outcome(form: Form) -> asynchron_status_t {
    if form.is_value() {
        ASYNCHRON_OK
    } else if form.is_cancelled() {
        ASYNCHRON_CANCELLED
    } else {
        ASYNCHRON_FAILED
    }
}

/// What the loser of a race is told, or one that comes too late.
fn status_of_lost(a: &Asynchron) -> asynchron_status_t {
    match a.outcome() {
        Some((_, form)) if form.is_cancelled() => ASYNCHRON_CANCELLED,
        _ => ASYNCHRON_ALREADY,
    }
}
