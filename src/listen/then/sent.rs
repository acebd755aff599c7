//! A step that an executor runs: with what is handed to it, so that nothing has to be allocated then.

use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;

use super::{Apart, Next, SENT, Step, passes_on};
use crate::base::memory::{NoMemory, try_box};
use crate::base::program::Owned;
use crate::listen::JoinFn;
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::jobs::{self, Job};
use crate::one::link::{Known, Link};
use crate::one::listener::{Interest, Kind, Listener};
use crate::one::outcome::Outcome;
use crate::one::publish::Telling;
use crate::pool::{Counted, Ending, Errand, Work};

/// The source completes.
static SENT_STEP: Kind =
    Kind::RunMarked { mark: Link::mark, run: SentStep::send, interest: Interest::Yes };
/// What it delivers into completes otherwise.
pub(super) static SENT_STEP_NEEDLESS: Kind =
    Kind::Step { take: SentStep::take, source: &SENT_STEP };

static SENT_STEP_WORK: Work = Work {
    run: SentStep::run,
    discard: SentStep::discard,
    cancel: SentStep::cancel,
    free: SentStep::free,
};

/// The step has a part in the errand, which it gives up last of all.
#[repr(C)]
pub(super) struct SentStep {
    /// First, so that its address is the step's.
    apart: Apart,
    errand: Errand,
    /// Once what it delivers into was completed otherwise.
    ending: MaybeUninit<Ending>,
}

/// Has `step` run there once the source is complete, as [`super::then`] does here.
#[cold]
pub(crate) fn then_on(
    executor: Counted,
    source: &Asynchron,
    into: Option<&Asynchron>,
    step: Step,
) -> Result<Handle, NoMemory> {
    let into = into.map_or_else(Asynchron::create, |into| Ok(Handle::retain(into)))?;
    let next = Next::new(source, step, Known::ToOthers, SENT);
    let apart = Apart { next, into: into.clone() };
    let errand = Errand::new(&SENT_STEP_WORK, executor);
    let sent = SentStep { apart, errand, ending: MaybeUninit::uninit() };
    let sent = try_box(sent).map_err(|_| NoMemory)?;
    let this = NonNull::from(Box::leak(sent)).cast::<Next>();
    // SAFETY: in no list, and it stays until it was told or taken off.
    if unsafe { into.listen(Next::field(this, offset_of!(Next, needless))) } {
        // SAFETY: it is listed where it delivers into, since just now, and nowhere else.
        unsafe { Next::listen(this, source, Known::ToOthers) };
    } else {
        // SAFETY: it is complete, so nobody knows the step.
        drop(unsafe { Next::take_apart(this) });
    }
    Ok(into)
}

impl SentStep {
    /// Has the executor run it, if it is for that; or does so here, if the executor refuses.
    ///
    /// # Safety
    /// As for [`Next::run`], of one in here.
    #[cold]
    pub(super) unsafe fn send(job: NonNull<Job>) {
        let link = job.cast::<Link>();
        // SAFETY: TOLD: it knows its source yet.
        let source = unsafe { Link::source(link) };
        // SAFETY: neither of the two who may free it has.
        let info = unsafe { Link::info(link) };
        // SAFETY: TOLD: a reference is kept for it.
        if !passes_on(unsafe { source.as_ref() }, info) {
            // SAFETY: the job lies where the `link` of a `Next` was.
            let this = unsafe { Next::of_field(job, offset_of!(Next, link)) };
            // SAFETY: the step lies in one of these.
            let errand = unsafe { Self::errand(this) };
            // SAFETY: the step has a part in it.
            unsafe { Errand::retain(errand) };
            // SAFETY: that part is for whoever does it; called once.
            if unsafe { Errand::hand_over(errand) }.is_ok() {
                return;
            }
            // SAFETY: nobody does it there, so that part is the caller's again.
            unsafe { Errand::release(errand) };
        }
        // SAFETY: as the caller promises.
        unsafe { Next::run(job) };
    }

    /// What it delivers into is complete: from here on, until its context was dropped, the executor counts it.
    ///
    /// # Safety
    /// As for [`Kind::Step`].
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: the node is the `needless` of a `Next`.
        let this = unsafe { Next::of_field(node, offset_of!(Next, needless)) };
        // SAFETY: the step lies in one of these.
        let errand = unsafe { Self::errand(this) };
        // SAFETY: the step has a part in it.
        let ending = Ending::begin(unsafe { Errand::executor(errand) });
        // SAFETY: the step lies in one of these.
        let field = unsafe { Self::ending(this) };
        // SAFETY: it is alive, and this field is that of whoever takes the step off.
        unsafe { field.write(ending) };
        // SAFETY: as the caller promises.
        unsafe { telling.run_later(node, Self::let_go) };
    }

    /// # Safety
    /// As for [`Next::detach`].
    unsafe fn let_go(job: NonNull<Job>) {
        // SAFETY: the job lies where the `needless` of a `Next` was.
        let this = unsafe { Next::of_field(job, offset_of!(Next, needless)) };
        // SAFETY: the step lies in one of these.
        let field = unsafe { Self::ending(this) };
        // SAFETY: written by `take`, and read once.
        let ending = unsafe { field.read() };
        // SAFETY: as the caller promises.
        unsafe { Next::detach(job, |ctx| Ending::drop_within(Some(&ending), ctx)) };
    }

    /// # Safety
    /// The step lies in one of these.
    unsafe fn ending(step: NonNull<Next>) -> NonNull<Ending> {
        // SAFETY: as the caller promises.
        unsafe { step.byte_add(offset_of!(Self, ending)) }.cast()
    }

    /// # Safety
    /// The step lies in one of these.
    pub(super) unsafe fn errand(step: NonNull<Next>) -> NonNull<Errand> {
        // SAFETY: as the caller promises.
        unsafe { step.byte_add(offset_of!(Self, errand)) }.cast()
    }

    /// # Safety
    /// The errand lies in one of these.
    unsafe fn step(errand: NonNull<Errand>) -> NonNull<Next> {
        // SAFETY: as the caller promises.
        unsafe { errand.byte_sub(offset_of!(Self, errand)) }.cast()
    }

    /// What the step is made of; its part in the errand ends.
    ///
    /// # Safety
    /// As for [`Next::take_apart`].
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn take_apart(step: NonNull<Next>) -> (Handle, JoinFn, Owned) {
        // What is left of it goes with the errand, and is not dropped.
        // SAFETY: ALONE: it is read once, and is not dropped afterwards.
        let Apart { next: Next { function, ctx, .. }, into } =
            unsafe { step.cast::<Apart>().read() };
        // SAFETY: the step lies in one of these.
        let errand = unsafe { Self::errand(step) };
        // SAFETY: the step's part in it ends here.
        unsafe { Errand::release(errand) };
        (into, function, ctx)
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn run(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let link = unsafe { Self::link(errand) };
        // SAFETY: told, so nobody else uses its links.
        unsafe { jobs::run_one(link.cast(), Self::run_errand) };
    }

    /// As any step: inside a callback, at the end of the queue of this thread.
    ///
    /// # Safety
    /// It is to be done here; called once.
    unsafe fn run_errand(job: NonNull<Job>) {
        let link = job.cast::<Link>();
        // SAFETY: the job lies where the `link` of a `Next` was.
        let this = unsafe { Next::of_field(job, offset_of!(Next, link)) };
        // SAFETY: the step lies in one of these.
        let errand = unsafe { Self::errand(this) };
        // SAFETY: it is done here, once.
        let go_on = || unsafe { Next::go_on(link, true) };
        // SAFETY: it is to be done here.
        unsafe { Errand::within(errand, go_on) };
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(errand) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn discard(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let link = unsafe { Self::link(errand) };
        // SAFETY: it is done here, once.
        unsafe { Next::go_on(link, false) };
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(errand) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn cancel(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let step = unsafe { Self::step(errand) };
        // SAFETY: nobody has left the step for good, so it has its reference.
        let into = unsafe { Next::into_of(step, SENT) };
        // SAFETY: ALIVE by the reference of the step.
        let into = Handle::retain(unsafe { into.as_ref() });
        // SAFETY: ALIVE by this reference. If another was first, there is nothing to cancel.
        let _ = unsafe { Asynchron::complete_pending(into.as_non_null(), Outcome::shut_down()) };
        // SAFETY: as the caller promises.
        unsafe { Self::discard(errand) };
    }

    /// # Safety
    /// The errand lies in one of these, whose step was told.
    unsafe fn link(errand: NonNull<Errand>) -> NonNull<Link> {
        // SAFETY: as the caller promises.
        Next::field(unsafe { Self::step(errand) }, offset_of!(Next, link))
    }

    /// # Safety
    /// As for [`Work`]: the step was taken apart, too.
    unsafe fn free(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let sent = unsafe { Self::step(errand) }.cast::<Self>();
        // SAFETY: nobody knows it any more.
        unsafe { errand.drop_in_place() };
        // SAFETY: made by a box; nothing in it is to be dropped any more.
        drop(unsafe { Box::from_raw(sent.cast::<MaybeUninit<Self>>().as_ptr()) });
    }
}
