//! A function to run where the program posts it, and what it delivers into.
//!
//! As a [task](super::task) it also listens to what it delivers into: if that is completed otherwise, whoever completes
//! it drops the context, and the program, to whom it was given, finds nothing to run.

use std::mem::{self, offset_of};
use std::ptr::NonNull;

use super::SpawnError;
use super::crew::Crew;
use super::errand::{Errand, Work};
use super::executor::{Counted, Executor};
use crate::base::memory::try_box;
use crate::base::program::Owned;
use crate::compute;
use crate::one::asynchron::Asynchron;
use crate::one::demand::Function;
use crate::one::failure::Failure;
use crate::one::handle::Handle;
use crate::one::inside;
use crate::one::jobs::Job;
use crate::one::listener::{Kind, Listener};
use crate::one::outcome::{BROKEN_CODE, Outcome};
use crate::one::publish::Telling;
use crate::one::step::Begun;
use crate::sys;

static POSTED_WORK: Work =
    Work { run: Posted::run, discard: Posted::discard, cancel: Posted::cancel, free: Posted::free };

/// What it delivers into completes otherwise.
static POSTED_NEEDLESS: Kind = Kind::Step { take: Posted::take, source: &POSTED_NO_SOURCE };
/// What nobody asks for: it has no links.
static POSTED_NO_SOURCE: Kind = Kind::Take(Posted::take);

#[repr(C)]
struct Posted {
    /// First, so that its address is this one's.
    errand: Errand,
    /// In the list of what it delivers into; it has a part in the errand.
    needless: Listener,
    a: Handle,
    function: Function,
    /// Whoever takes the listener off the list has it.
    ctx: Owned,
}

/// Has `function` compute the value of `a` where the program posts it.
pub(super) fn spawn(
    executor: &Executor,
    a: &Asynchron,
    function: Function,
    ctx: Owned,
) -> Result<(), SpawnError> {
    let crew = executor.ready()?;
    if executor.is_closed() {
        return Err(SpawnError::Closed);
    }
    let errand = Errand::shared(&POSTED_WORK, Counted::retain(executor), crew);
    let needless = Listener::new(&POSTED_NEEDLESS);
    let posted = Posted { errand, needless, a: Handle::retain(a), function, ctx };
    let posted = try_box(posted).map_err(|_| SpawnError::NoMemory)?;
    let this = NonNull::from(Box::leak(posted)).cast::<Errand>();
    // SAFETY: it is alive.
    let node = unsafe { Posted::node(this) };
    // SAFETY: new, and it stays until the listener's part is left.
    if !unsafe { a.listen(node) } {
        // SAFETY: made by a box, and nobody else knows it.
        unsafe { Posted::free(this) };
        return Ok(());
    }
    // SAFETY: new, and it stays until its last part is left.
    let refused = unsafe { Errand::hand_over(this) };
    if refused.is_ok() {
        return Ok(());
    }
    // SAFETY: it was refused, so the part of whoever does it is here.
    let gone = unsafe { Posted::begin(this, false) } == Begun::Gone;
    if !gone {
        // SAFETY: taken off the list here.
        unsafe { Posted::drop_ctx(this) };
    }
    // SAFETY: it was refused, so the part of whoever does it is here.
    unsafe { Errand::release(this) };
    if gone { Ok(()) } else { refused }
}

/// In place of running the function that moved `a` from PENDING to RUNNING: drops its context, and has `a` fail, unless
/// another is first. After that, whoever waits for the function's return goes on.
pub(crate) fn discard(a: &Handle, ctx: Owned) {
    // As in the function, which would drop it: waiting for `a` in there would be waiting for oneself.
    inside::run_as(a, || drop(ctx));
    let why = c"the program's executor discarded the task";
    let failure = Failure::new(BROKEN_CODE, c"asynchron", why, Owned::NOTHING);
    let outcome = failure.map_or(Outcome::Broken, Outcome::Failure);
    // SAFETY: ALIVE: the handle is a reference.
    if unsafe { Asynchron::complete_returned(a.as_non_null(), outcome) }.is_err() {
        a.state().end_function();
    }
}

impl Posted {
    /// # Safety
    /// It is alive.
    unsafe fn node(this: NonNull<Errand>) -> NonNull<Listener> {
        // SAFETY: the listener lies inside of what begins there.
        unsafe { this.byte_add(offset_of!(Self, needless)) }.cast()
    }

    /// Takes its listener off the list, and starts what it delivers into, if `start`.
    ///
    /// # Safety
    /// The caller has the part of whoever does it.
    unsafe fn begin(this: NonNull<Errand>, start: bool) -> Begun {
        // SAFETY: the caller has a part in it, so it keeps its reference.
        let a: &Asynchron = unsafe { &(*this.cast::<Self>().as_ptr()).a };
        // SAFETY: it is alive.
        let node = unsafe { Self::node(this) };
        // SAFETY: it was listed there.
        unsafe { a.begin(node, start) }
    }

    /// # Safety
    /// The caller has taken its listener off the list, and the context was not taken out.
    unsafe fn take_ctx(this: NonNull<Errand>) -> Owned {
        // SAFETY: as the caller promises.
        let ctx = unsafe { &mut (*this.cast::<Self>().as_ptr()).ctx };
        mem::replace(ctx, Owned::NOTHING)
    }

    /// Drops the context, and gives up the listener's part.
    ///
    /// # Safety
    /// As for `take_ctx`.
    unsafe fn drop_ctx(this: NonNull<Errand>) {
        // SAFETY: as the caller promises.
        drop(unsafe { Self::take_ctx(this) });
        // SAFETY: alive by the listener's part.
        unsafe { &(*this.cast::<Self>().as_ptr()).a }.lose_step();
        // SAFETY: the listener's part, since it was taken off.
        unsafe { Errand::release(this) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn run(this: NonNull<Errand>) {
        // SAFETY: it is to be done here.
        match unsafe { Self::begin(this, true) } {
            Begun::Started => {
                let posted = this.cast::<Self>().as_ptr();
                // SAFETY: it is alive, and this does not change.
                let function = unsafe { (*posted).function };
                // SAFETY: it is alive, and this does not change.
                let a = unsafe { &(*posted).a };
                // SAFETY: taken off the list here.
                let ctx = unsafe { Self::take_ctx(this) };
                // SAFETY: it is to be done here.
                unsafe { Errand::within(this, || compute::run(a, ctx, compute::plain(function))) };
                // SAFETY: the listener's part, since it was taken off.
                unsafe { Errand::release(this) };
            }
            // SAFETY: taken off the list here.
            Begun::Refused => unsafe { Self::drop_ctx(this) },
            Begun::Gone => {}
        }
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(this) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn discard(this: NonNull<Errand>) {
        // SAFETY: it is to be done here.
        match unsafe { Self::begin(this, true) } {
            Begun::Started => {
                // SAFETY: taken off the list here.
                let ctx = unsafe { Self::take_ctx(this) };
                // SAFETY: it is alive until it is done.
                discard(unsafe { &(*this.cast::<Self>().as_ptr()).a }, ctx);
                // SAFETY: the listener's part, since it was taken off.
                unsafe { Errand::release(this) };
            }
            // SAFETY: taken off the list here.
            Begun::Refused => unsafe { Self::drop_ctx(this) },
            Begun::Gone => {}
        }
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(this) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn cancel(this: NonNull<Errand>) {
        // SAFETY: it is alive until it is done.
        let a = unsafe { &(*this.cast::<Self>().as_ptr()).a };
        // SAFETY: ALIVE: the handle is a reference. If another was first, there is nothing to cancel.
        let _ = unsafe { Asynchron::complete_pending(a.as_non_null(), Outcome::shut_down()) };
        // SAFETY: it is to be done here.
        if unsafe { Self::begin(this, false) } != Begun::Gone {
            // SAFETY: taken off the list here.
            unsafe { Self::drop_ctx(this) };
        }
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(this) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn free(this: NonNull<Errand>) {
        // SAFETY: made by a box, and nobody knows it any more.
        drop(unsafe { Box::from_raw(this.cast::<Self>().as_ptr()) });
    }

    /// What it delivers into is complete.
    ///
    /// # Safety
    /// As for [`Kind::Take`].
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: it has this kind, so it is the listener of one of these.
        let this = unsafe { node.byte_sub(offset_of!(Self, needless)) }.cast::<Errand>();
        // SAFETY: the listener has a part in it.
        if sys::is_this_process(unsafe { Errand::process(this) }) {
            // SAFETY: the listener has a part in it.
            unsafe { Errand::executor(this) }.with_crew(Crew::take_away);
        }
        // SAFETY: as the caller promises.
        unsafe { telling.run_later(node, Self::let_go) };
    }

    /// # Safety
    /// The job lies where the links of a listener were that was taken off what it delivers into; called once.
    unsafe fn let_go(job: NonNull<Job>) {
        // SAFETY: it has this kind, so it is the listener of one of these.
        let this = unsafe { job.byte_sub(offset_of!(Self, needless)) }.cast::<Errand>();
        // SAFETY: since it was taken off, the context is this thread's.
        let drop_ctx = || drop(unsafe { Self::take_ctx(this) });
        // Waiting in there until the executor is shut down would be waiting for oneself.
        // SAFETY: the listener has a part in it.
        unsafe { Errand::within(this, drop_ctx) };
        // SAFETY: the listener's part ends here; it was taken away by `take`.
        unsafe { Errand::done(this) };
    }
}
