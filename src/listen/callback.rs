//! Callbacks: a function of the program's to run once the asynchron is complete.
//!
//! One that cannot be taken back leaves the list when it becomes due, and nobody can find it any
//! more. [`super::removable`] has the others.

use std::ffi::c_void;
use std::mem;
use std::ptr::NonNull;

use super::removable::Removable;
use super::ways::Ways;
use crate::base::memory::{NoMemory, try_box};
use crate::base::program::{Owned, abort_on_exception};
use crate::one::asynchron::Asynchron;
use crate::one::handle::{Handle, Loan};
use crate::one::jobs::Job;
use crate::one::listener::{Interest, Kind, Listener};
use crate::one::publish::tell_late;
use crate::pool::Counted;

/// One that cannot be taken back.
static CALLBACK: Kind = callback(Interest::Yes);
static CALLBACK_OF_CANCEL: Kind = callback(Interest::No);

const fn callback(interest: Interest) -> Kind {
    Kind::Run { lent: Callback::run::<true>, kept: Callback::run::<false>, interest }
}

pub(crate) type NotifyFn = unsafe extern "C-unwind" fn(*mut Asynchron, *mut c_void);

#[repr(C)]
pub(crate) struct Callback {
    /// First, so that the listener's address is the callback's. Once it is due, the job lies there.
    pub(super) listener: Listener,
    /// While due, with a reference.
    source: NonNull<Asynchron>,
    function: NotifyFn,
    pub(super) ctx: Owned,
}

/// Why a callback was not registered.
pub(crate) enum RegisterError {
    NoMemory,
    Complete,
}

/// Registers a callback; runs it at once if `a` is complete, unless `only_pending` refuses that.
/// A token is written if there is somewhere to write it, before the function can run. With an executor, it runs there,
/// unless that refuses it.
///
/// # Safety
/// `token` is NULL or may be written.
pub(crate) unsafe fn register(
    a: &Asynchron,
    function: NotifyFn,
    ctx: Owned,
    interest: Interest,
    executor: Option<(Counted, Ways)>,
    only_pending: bool,
    token: *mut u64,
) -> Result<(), RegisterError> {
    let source = NonNull::from(a);
    let kind = if interest == Interest::Yes { &CALLBACK } else { &CALLBACK_OF_CANCEL };
    let callback = Callback { listener: Listener::new(kind), source, function, ctx };
    if !token.is_null() || executor.is_some() {
        // SAFETY: as the caller promises.
        return unsafe {
            Removable::register(a, callback, interest, executor, only_pending, token)
        };
    }
    let callback = try_box(callback).map_err(|_| RegisterError::NoMemory)?;
    let callback = NonNull::from(Box::leak(callback));
    // SAFETY: new, and freed only after it was told.
    if unsafe { a.listen(callback.cast()) } {
        return Ok(());
    }
    // SAFETY: it was not listed.
    unsafe { Callback::late(callback, only_pending) }
}

impl Callback {
    /// Runs it, since its source is complete already, or refuses it.
    ///
    /// # Safety
    /// It was registered just now, and is the caller's alone; the caller has a handle of its source.
    #[inline(never)]
    unsafe fn late(this: NonNull<Self>, only_pending: bool) -> Result<(), RegisterError> {
        // SAFETY: it is the caller's.
        let callback = unsafe { this.as_ref() };
        if only_pending {
            // SAFETY: made by a box.
            drop(unsafe { Box::from_raw(this.as_ptr()) });
            return Err(RegisterError::Complete);
        }
        // SAFETY: alive by the caller's handle.
        let source = unsafe { callback.source.as_ref() };
        // SAFETY: in no list, and nobody else knows it.
        unsafe { tell_late(this.cast(), source) };
        Ok(())
    }

    /// # Safety
    /// `job` lies where a callback begins that is in no list; called once.
    unsafe fn run<const LENT: bool>(job: NonNull<Job>) {
        // SAFETY: in no list and no queue: it is ours alone.
        let callback = unsafe { Box::from_raw(job.cast::<Self>().as_ptr()) };
        if LENT {
            // SAFETY: LENT: to this callback.
            let _source = unsafe { Loan::from_raw(callback.source) };
            callback.call();
        } else {
            // SAFETY: the job's reference is taken over here.
            let _source = unsafe { Self::source(&raw const *callback) };
            callback.call();
        }
    }

    /// # Safety
    /// It is alive and due, and there is a counted reference for it, which goes to the caller.
    pub(super) unsafe fn source(this: *const Self) -> Handle {
        // SAFETY: as the caller promises.
        let source = unsafe { (*this).source };
        // SAFETY: the reference that was counted for it goes over, as the caller promises.
        unsafe { Handle::from_raw(source) }
    }

    /// Runs it. Whoever calls has the source.
    pub(super) fn call(&self) {
        let (source, function, ctx) = (self.source.as_ptr(), self.function, self.ctx.ptr);
        // SAFETY: the program registered this function for this pointer.
        abort_on_exception("a callback", || unsafe { function(source, ctx) });
    }

    pub(super) fn take_ctx(&mut self) -> Owned {
        mem::replace(&mut self.ctx, Owned::NOTHING)
    }
}

impl From<NoMemory> for RegisterError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}
