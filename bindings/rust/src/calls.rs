//! Closures as functions and contexts of C: they run once, are dropped once, and no panic leaves them.

use std::any::Any;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::num::NonZeroI32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use crate::deliver::Deliver;
use crate::error::{Error, Failure, Result};
use crate::ffi::{asynchron_drop_fn_t, asynchron_t};
use crate::{Asynchron, ffi};

/// Runs code of the program's. A panic in it ends here, as the message that it had.
pub(crate) fn shielded<R>(code: impl FnOnce() -> R) -> std::result::Result<R, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        let message = message_of(&*payload);
        // What a panic carries may panic in its turn when it is dropped.
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
        message
    })
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// A handle that C lends for the length of a call.
///
/// # Safety
///
/// `a` is a valid handle for as long as what is returned is in use.
pub(crate) unsafe fn lent(a: *mut asynchron_t) -> ManuallyDrop<Asynchron> {
    // SAFETY: the caller vouches for the handle. It is not dropped, so the reference stays with the lender.
    ManuallyDrop::new(unsafe { Asynchron::from_raw(a) })
}

/// Something on the heap that is C's until it calls `drop`.
pub(crate) struct Handed {
    pub ctx: *mut c_void,
    pub drop: asynchron_drop_fn_t,
}

// SAFETY: what it is made of is Send, everywhere.
unsafe impl Send for Handed {}
// SAFETY: nothing can be done with a shared one.
unsafe impl Sync for Handed {}

impl Handed {
    /// A closure, to be taken out once by `taken`.
    pub fn once<F: Send + 'static>(code: F) -> Handed {
        Handed {
            ctx: Box::into_raw(Box::new(Some(code))).cast(),
            drop: Some(drop_box::<Option<F>>),
        }
    }

    /// A closure or a value that is used in place.
    pub fn kept<T: Send + 'static>(it: T) -> Handed {
        Handed { ctx: Box::into_raw(Box::new(it)).cast(), drop: Some(drop_box::<T>) }
    }

    /// It is C's from now on.
    pub fn give(self) -> (*mut c_void, asynchron_drop_fn_t) {
        let this = ManuallyDrop::new(self);
        (this.ctx, this.drop)
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: it was not given away, and the two belong together.
            unsafe { drop(self.ctx) }
        }
    }
}

/// Drops a box of `T`, of which C has the pointer.
///
/// # Safety
///
/// `it` is of `Box<T>::into_raw`, and nobody uses it any more.
pub(crate) unsafe extern "C" fn drop_box<T>(it: *mut c_void) {
    // SAFETY: the caller vouches for it.
    let _ = shielded(|| drop(unsafe { Box::from_raw(it.cast::<T>()) }));
}

/// Takes the closure out of a context of `Handed::once`.
///
/// # Safety
///
/// `ctx` is such a context of the same `F`, and nobody else uses it at this time.
unsafe fn taken<F>(ctx: *mut c_void) -> Option<F> {
    // SAFETY: the caller vouches for it.
    unsafe { (*ctx.cast::<Option<F>>()).take() }
}

/// Has what `work` says, or its panic, become the outcome of `me`. Returns what the function of C returns.
fn conclude(me: &Asynchron, work: impl FnOnce() -> Result<()>) -> i32 {
    let error = match shielded(work) {
        // What `me` has by now stays, and is empty if that is nothing.
        Ok(Ok(()) | Err(Error::Already | Error::Cancelled { .. })) => return 0,
        Ok(Err(error)) => error,
        Err(message) => Failure::of_panic(message).into(),
    };
    let failure = match error {
        Error::Failed(failure) => failure,
        other => Failure::of_error(other),
    };
    match me.fail_lossy(&failure) {
        // The code alone needs no memory: C makes a failure of what is returned.
        ffi::ASYNCHRON_E_NOMEM => NonZeroI32::new(failure.code).map_or(1, NonZeroI32::get),
        _ => 0,
    }
}

/// The function of asynchron_spawn(), of asynchron_call() and on demand, for a closure.
///
/// # Safety
///
/// As C calls it; `ctx` is of `Handed::once` for the same `F`, or an `Option<F>` of the caller's.
pub(crate) unsafe extern "C" fn compute<F, R>(me: *mut asynchron_t, ctx: *mut c_void) -> i32
where
    F: FnOnce(&Asynchron) -> R,
    R: Deliver,
{
    // SAFETY: C lends the handle for the length of this call.
    let me = unsafe { lent(me) };
    // SAFETY: C calls the function once, with the context that belongs to it.
    let code = unsafe { taken::<F>(ctx) };
    conclude(&me, || match code {
        Some(code) => code(&me).conclude(&me),
        None => Ok(()),
    })
}

/// The function of a step, for a closure.
///
/// # Safety
///
/// As C calls it; `ctx` is of `Handed::once` for the same `F`.
pub(crate) unsafe extern "C" fn join<F, R>(
    me: *mut asynchron_t,
    sources: *const *mut asynchron_t,
    n: usize,
    ctx: *mut c_void,
) -> i32
where
    F: FnOnce(&Asynchron, &[Asynchron]) -> R,
    R: Deliver,
{
    // SAFETY: C lends the handle for the length of this call.
    let me = unsafe { lent(me) };
    // SAFETY: C calls the function once, with the context that belongs to it.
    let code = unsafe { taken::<F>(ctx) };
    let sources: &[Asynchron] = if n == 0 {
        &[]
    } else {
        // SAFETY: C lends `n` handles for the length of this call, none of them NULL, and an Asynchron is nothing but
        // such a pointer. None is dropped through the slice.
        unsafe { slice::from_raw_parts(sources.cast::<Asynchron>(), n) }
    };
    conclude(&me, || match code {
        Some(code) => code(&me, sources).conclude(&me),
        None => Ok(()),
    })
}

/// A callback, for a closure.
///
/// # Safety
///
/// As C calls it; `ctx` is of `Handed::once` for the same `F`.
pub(crate) unsafe extern "C" fn notified<F: FnOnce(&Asynchron)>(
    a: *mut asynchron_t,
    ctx: *mut c_void,
) {
    // SAFETY: C lends the handle for the length of this call.
    let a = unsafe { lent(a) };
    // SAFETY: C calls the function once, with the context that belongs to it.
    if let Some(code) = unsafe { taken::<F>(ctx) } {
        // There is nobody to tell of a panic: what Rust does with it, printing it, has been done.
        let _ = shielded(|| code(&a));
    }
}
