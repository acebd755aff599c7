//! What is handed to the executor that runs a step: it lies behind its links, so that nothing has to be allocated then.

use std::alloc::dealloc;
use std::mem::{MaybeUninit, offset_of};
use std::ptr::NonNull;

use super::{After, SENT};
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::jobs::{self, Job};
use crate::one::outcome::Outcome;
use crate::pool::{Counted, Ending, Errand, Work};

static TAIL_WORK: Work =
    Work { run: Tail::run, discard: Tail::discard, cancel: Tail::cancel, free: Tail::free };

/// The step has a part in the errand, which it gives up last of all.
#[repr(C)]
pub(super) struct Tail {
    /// First, so that its address is the errand's.
    errand: Errand,
    after: NonNull<After>,
    /// Once what the step delivers into was completed otherwise.
    ending: MaybeUninit<Ending>,
}

impl Tail {
    /// Has an executor run it.
    ///
    /// # Safety
    /// It was written just now, with room for a tail.
    pub(super) unsafe fn write(this: NonNull<After>, executor: Counted) {
        // SAFETY: it is the caller's.
        unsafe { (*this.as_ptr()).n |= SENT };
        let errand = Errand::new(&TAIL_WORK, executor);
        let tail = Self { errand, after: this, ending: MaybeUninit::uninit() };
        // SAFETY: it is alive, and has room for a tail.
        let room = unsafe { Self::of(this) }.cast::<Self>();
        // SAFETY: there is room for it.
        unsafe { room.write(tail) };
    }

    /// # Safety
    /// `this` is alive, and has a tail.
    pub(super) unsafe fn of(this: NonNull<After>) -> NonNull<Errand> {
        // SAFETY: as the caller promises.
        let n = unsafe { After::n(this) };
        // The same was allocated, so there is such a layout.
        let offset = After::layout(n, true).map_or(0, |(_, offset)| offset);
        // SAFETY: a tail begins there.
        unsafe { this.byte_add(offset) }.cast()
    }

    /// From here on, until its context was dropped, the executor counts it.
    ///
    /// # Safety
    /// `this` is alive, has a tail, and was just taken off what it delivers into.
    pub(super) unsafe fn begin_ending(this: NonNull<After>) {
        // SAFETY: as the caller promises.
        let errand = unsafe { Self::of(this) };
        // SAFETY: the step has a part in the errand.
        let ending = Ending::begin(unsafe { Errand::executor(errand) });
        // SAFETY: as the caller promises.
        let field = unsafe { Self::ending(this) };
        // SAFETY: it is alive, and this field is that of whoever takes the step off.
        unsafe { field.write(ending) };
    }

    /// # Safety
    /// As for `begin_ending`, which was called before; called once.
    pub(super) unsafe fn take_ending(this: NonNull<After>) -> Ending {
        // SAFETY: as the caller promises.
        let field = unsafe { Self::ending(this) };
        // SAFETY: written before, and read once.
        unsafe { field.read() }
    }

    /// # Safety
    /// As for `of`.
    unsafe fn ending(this: NonNull<After>) -> NonNull<Ending> {
        // SAFETY: as the caller promises.
        let tail = unsafe { Self::of(this) };
        // SAFETY: a field of the tail.
        unsafe { tail.byte_add(offset_of!(Self, ending)) }.cast()
    }

    /// Has the executor run it; or does so here, if the executor refuses.
    ///
    /// # Safety
    /// As for [`After::run`], of one that has a tail.
    #[cold]
    pub(super) unsafe fn send(job: NonNull<Job>) {
        // SAFETY: the first link follows at once.
        let this = unsafe { job.cast::<After>().sub(1) };
        // SAFETY: the count of this thread keeps it, and it has a tail.
        let errand = unsafe { Self::of(this) };
        // SAFETY: the step has a part in it.
        unsafe { Errand::retain(errand) };
        // SAFETY: that part is for whoever does it; called once.
        if unsafe { Errand::hand_over(errand) }.is_err() {
            // SAFETY: nobody does it there, so that part is the caller's again.
            unsafe { Errand::release(errand) };
            // SAFETY: as the caller promises.
            unsafe { After::run(job) };
        }
    }

    /// # Safety
    /// The errand is of one of these.
    unsafe fn after(errand: NonNull<Errand>) -> NonNull<After> {
        // SAFETY: as the caller promises.
        unsafe { (*errand.cast::<Self>().as_ptr()).after }
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn run(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let after = unsafe { Self::after(errand) };
        // SAFETY: the first link follows at once.
        let link = unsafe { after.add(1) };
        // SAFETY: told, so nobody else uses its links.
        unsafe { jobs::run_one(link.cast(), Self::run_errand) };
    }

    /// As any step: inside a callback, at the end of the queue of this thread.
    ///
    /// # Safety
    /// It is to be done here; called once.
    unsafe fn run_errand(job: NonNull<Job>) {
        // SAFETY: the first link follows at once.
        let after = unsafe { job.cast::<After>().sub(1) };
        // SAFETY: the count of whoever sent it keeps it, and it has a tail.
        let errand = unsafe { Self::of(after) };
        // SAFETY: the count of whoever sent it is for this, which is done once.
        let go_on = || unsafe { After::go_on(after, true) };
        // SAFETY: it is to be done here.
        unsafe { Errand::within(errand, go_on) };
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(errand) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn discard(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let after = unsafe { Self::after(errand) };
        // SAFETY: the count of whoever sent it is for this, which is done once.
        unsafe { After::go_on(after, false) };
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(errand) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn cancel(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let after = unsafe { Self::after(errand) };
        // SAFETY: the count of whoever sent it keeps it, and so its reference.
        let into = Handle::retain(unsafe { &(*after.as_ptr()).into });
        // SAFETY: ALIVE by this reference. If another was first, there is nothing to cancel.
        let _ = unsafe { Asynchron::complete_pending(into.as_non_null(), Outcome::shut_down()) };
        // SAFETY: as the caller promises.
        unsafe { Self::discard(errand) };
    }

    /// # Safety
    /// As for [`Work`]: the step was taken apart, too.
    unsafe fn free(errand: NonNull<Errand>) {
        // SAFETY: the errand is of one of these.
        let after = unsafe { Self::after(errand) };
        // SAFETY: nothing else of it is left, but that is as it was written.
        let n = unsafe { After::n(after) };
        // SAFETY: nobody knows it any more.
        unsafe { errand.drop_in_place() };
        if let Ok((layout, _)) = After::layout(n, true) {
            // SAFETY: allocated with this layout, and used no more.
            unsafe { dealloc(after.as_ptr().cast(), layout) };
        }
    }
}
