//! A callback that can be taken back, and runs where an executor has it run.

use std::mem::offset_of;
use std::ptr::NonNull;

use super::super::callback::RegisterError;
use super::super::ways::Ways;
use super::Removable;
use crate::base::memory::try_box;
use crate::one::asynchron::Asynchron;
use crate::one::jobs::{self, Decided, Job, RunFn};
use crate::one::listener::{Interest, Kind, Listener};
use crate::pool::{Counted, Ending, Errand, Work};

pub(super) static SENT_CALLBACK: Kind = sent(Interest::Yes);
pub(super) static SENT_CALLBACK_OF_CANCEL: Kind = sent(Interest::No);

const fn sent(interest: Interest) -> Kind {
    Kind::Decide { mark: Removable::mark_due, decide: SentCallback::decide, interest }
}

static SENT_CALLBACK_WORK: Work = Work {
    run: SentCallback::run,
    discard: SentCallback::discard,
    cancel: SentCallback::run,
    free: SentCallback::free,
};

/// With what is handed to the executor once it is due: nothing has to be allocated then.
#[repr(C)]
pub(super) struct SentCallback {
    /// First, so that its address is this one's.
    removable: Removable,
    /// Where it ended otherwise, there is nothing for the executor to do.
    ways: Ways,
    errand: Errand,
}

impl SentCallback {
    /// It is known to nobody yet.
    pub(super) fn allocate(
        removable: Removable,
        ways: Ways,
        executor: Counted,
    ) -> Result<NonNull<Removable>, RegisterError> {
        let sent = Self { removable, ways, errand: Errand::new(&SENT_CALLBACK_WORK, executor) };
        let made = try_box(sent).map_err(|_| RegisterError::NoMemory)?;
        Ok(NonNull::from(Box::leak(made)).cast())
    }

    /// # Safety
    /// It is the first field of one of these.
    pub(super) unsafe fn errand(this: NonNull<Removable>) -> NonNull<Errand> {
        // SAFETY: as the caller promises.
        unsafe { this.byte_add(offset_of!(Self, errand)) }.cast()
    }

    /// It is taken back: the executor counts it until its context was dropped.
    ///
    /// # Safety
    /// It is the first field of one of these, which is alive, and its source LOCKED.
    #[cold]
    pub(super) unsafe fn begin_ending(this: NonNull<Removable>) -> Ending {
        // SAFETY: as the caller promises.
        let errand = unsafe { Self::errand(this) };
        // SAFETY: it is alive, and so is its errand.
        Ending::begin(unsafe { Errand::executor(errand) })
    }

    /// # Safety
    /// It is the errand of one of these.
    unsafe fn of_errand(errand: NonNull<Errand>) -> NonNull<Removable> {
        // SAFETY: as the caller promises.
        unsafe { errand.byte_sub(offset_of!(Self, errand)) }.cast()
    }

    /// Hands it over to its executor; if that refuses, it runs here.
    ///
    /// # Safety
    /// As for [`Kind::Decide`].
    pub(super) unsafe fn decide(node: NonNull<Listener>, source: NonNull<Asynchron>) -> Decided {
        // SAFETY: it has this kind.
        let ways = unsafe { (*node.cast::<Self>().as_ptr()).ways };
        // SAFETY: there is a reference of its own.
        let outcome = unsafe { source.as_ref() }.outcome();
        if !outcome.is_some_and(|(_, form)| ways.has(form)) {
            return Some((node.cast(), Self::run_here));
        }
        // SAFETY: it has this kind.
        let errand = unsafe { Self::errand(node.cast()) };
        // SAFETY: just due, and it stays until its last part is left.
        let refused = unsafe { Errand::hand_over(errand) }.is_err();
        refused.then(|| (node.cast(), Self::run_here as RunFn))
    }

    /// # Safety
    /// It was refused; called once.
    unsafe fn run_here(job: NonNull<Job>) {
        // SAFETY: it is due, and this is its one run.
        unsafe { Removable::run_due(job.cast()) };
        // SAFETY: it is one of these.
        let errand = unsafe { Self::errand(job.cast()) };
        // SAFETY: the part of whoever does it, and the only one.
        unsafe { Errand::release(errand) };
    }

    /// As any callback: inside another, at the end of the queue of this thread.
    ///
    /// # Safety
    /// As for [`Work`].
    unsafe fn run(errand: NonNull<Errand>) {
        // SAFETY: it has this work.
        let this = unsafe { Self::of_errand(errand) };
        // SAFETY: it is due, and in no list.
        unsafe { jobs::run_one(this.cast(), Self::run_errand) };
    }

    /// # Safety
    /// It is to be done here; called once.
    unsafe fn run_errand(job: NonNull<Job>) {
        // SAFETY: it is one of these.
        let errand = unsafe { Self::errand(job.cast()) };
        // SAFETY: it is due, and this is its one run.
        let run = || unsafe { Removable::run_due(job.cast()) };
        // SAFETY: it is to be done here.
        unsafe { Errand::within(errand, run) };
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(errand) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn discard(errand: NonNull<Errand>) {
        // SAFETY: it has this work.
        let this = unsafe { Self::of_errand(errand) };
        // SAFETY: it is due, and is not run.
        unsafe { Removable::discard_due(this) };
        // SAFETY: its work was called, and the part of who did it ends here.
        unsafe { Errand::done(errand) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn free(errand: NonNull<Errand>) {
        // SAFETY: it has this work.
        let this = unsafe { Self::of_errand(errand) };
        // SAFETY: made by a box, and nobody knows it any more.
        drop(unsafe { Box::from_raw(this.cast::<Self>().as_ptr()) });
    }
}
