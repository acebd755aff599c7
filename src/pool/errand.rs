//! What is handed to an executor by others than those who spawn: callbacks; and all that a `post` is given.
//!
//! Whoever makes one says what is to be done with it, of which one is done, once. It has parts, and goes with the last:
//! that of whoever does it, and, where there is a `post`, that of the program, which runs or discards it. While it
//! lies, the executor knows it, so that shutting down may cancel it: the program's part does nothing then.

use std::ptr::NonNull;

use super::SpawnError;
use super::crew::Crew;
use super::executor::{Counted, TermsKind};
use super::queue::{self, Place, PlaceKind};
use crate::base::program::abort_on_exception;
use crate::base::refs::Refs;
use crate::one::inside;
use crate::sys;

/// How it lies in a queue.
static ERRAND: PlaceKind = PlaceKind { run: Errand::turn_comes, cancel: Errand::is_cancelled };

/// What is to be done with an errand. Each is called at most once, and one of the first three; after that, sooner or
/// later, [`Errand::done`] is.
pub(crate) struct Work {
    pub(crate) run: unsafe fn(NonNull<Errand>),
    /// The program gives it back.
    pub(crate) discard: unsafe fn(NonNull<Errand>),
    /// The executor is shut down.
    pub(crate) cancel: unsafe fn(NonNull<Errand>),
    /// All parts have been given up.
    pub(crate) free: unsafe fn(NonNull<Errand>),
}

/// The first field of what is handed over.
#[repr(C)]
pub(crate) struct Errand {
    /// First, so that its address is the errand's.
    place: Place,
    work: &'static Work,
    executor: Counted,
    /// In which process it was handed over; 0: not yet.
    process: u32,
    parts: Refs,
}

impl Errand {
    pub(crate) fn new(work: &'static Work, executor: Counted) -> Self {
        Self { place: Place::nowhere(&ERRAND), work, executor, process: 0, parts: Refs::new() }
    }

    /// The same with one part more, which somebody else gives up, and known to be of this process.
    pub(super) fn shared(work: &'static Work, executor: Counted, crew: &Crew) -> Self {
        Self { process: crew.process, parts: Refs::two(), ..Self::new(work, executor) }
    }

    /// One part more, for the caller.
    ///
    /// # Safety
    /// The caller has a part in it.
    pub(crate) unsafe fn retain(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        unsafe { &(*this.as_ptr()).parts }.retain();
    }

    /// Hands it over. If that succeeds, it may be done, and gone. Else nothing has been done, and it is still the
    /// caller's.
    ///
    /// # Safety
    /// It is the caller's, and stays until its last part is given up; called once.
    pub(crate) unsafe fn hand_over(this: NonNull<Self>) -> Result<(), SpawnError> {
        // SAFETY: it is the caller's.
        let executor = unsafe { Self::executor(this) };
        let crew = executor.ready()?;
        // Not by way of a reference to all of it: whoever drops it looks at its executor meanwhile.
        // SAFETY: it is the caller's.
        let process = unsafe { &mut (*this.as_ptr()).process };
        if *process != crew.process {
            *process = crew.process;
        }
        if matches!(executor.terms.kind, TermsKind::Post(_)) {
            // SAFETY: as the caller promises.
            unsafe { crew.post(this) }
        } else {
            // SAFETY: as the caller promises; the executor is kept.
            unsafe { crew.submit_place(this.cast()) }
        }
    }

    /// # Safety
    /// The caller has a part in it.
    pub(crate) unsafe fn executor(this: NonNull<Self>) -> Counted {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).executor.clone() }
    }

    /// # Safety
    /// As for `executor`.
    pub(super) unsafe fn process(this: NonNull<Self>) -> u32 {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).process }
    }

    /// # Safety
    /// As for `executor`.
    unsafe fn work(this: NonNull<Self>) -> &'static Work {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).work }
    }

    /// On a thread of the executor's.
    ///
    /// # Safety
    /// An errand's place, just taken out of the queue.
    unsafe fn turn_comes(place: NonNull<Place>) {
        let this = place.cast::<Self>();
        // SAFETY: the caller has the part of whoever does it.
        unsafe { Self::executor(this) }.with_crew(Crew::take_away);
        // SAFETY: the caller has the part of whoever does it.
        let run = unsafe { Self::work(this) }.run;
        // SAFETY: just taken out of the queue: it is done once.
        unsafe { run(this) };
    }

    /// # Safety
    /// As for `turn_comes`.
    unsafe fn is_cancelled(place: NonNull<Place>) {
        let this = place.cast::<Self>();
        // SAFETY: the caller has the part of whoever does it.
        unsafe { Self::executor(this) }.with_crew(Crew::take_away);
        // SAFETY: the caller has the part of whoever does it.
        let cancel = unsafe { Self::work(this) }.cancel;
        // SAFETY: just taken out of the queue: it is done once.
        unsafe { cancel(this) };
    }

    /// The program runs it.
    ///
    /// # Safety
    /// The program's part, which ends here.
    pub(crate) unsafe fn run(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        unsafe { Self::settle(this, |work| work.run) };
    }

    /// The program gives it back.
    ///
    /// # Safety
    /// As for `run`.
    pub(crate) unsafe fn discard(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let settle = || unsafe { Self::settle(this, |work| work.discard) };
        // SAFETY: as the caller promises.
        unsafe { Self::within(this, settle) };
    }

    /// # Safety
    /// As for `run`.
    unsafe fn settle(this: NonNull<Self>, choose: fn(&Work) -> unsafe fn(NonNull<Self>)) {
        // SAFETY: the caller has a part in it.
        let executor = unsafe { Self::executor(this) };
        // SAFETY: the caller has a part in it.
        let lies = if sys::is_this_process(unsafe { Self::process(this) }) {
            executor.with_crew(|crew| crew.take_out(this.cast(), true))
        } else {
            // In the child of a fork nobody else comes to it.
            // SAFETY: the caller has a part in it.
            Place::forget(unsafe { &mut (*this.as_ptr()).place })
        };
        if lies {
            // SAFETY: the caller has a part in it.
            let work = choose(unsafe { Self::work(this) });
            // SAFETY: just taken out of the queue: it is done once.
            unsafe { work(this) };
        }
        // SAFETY: the program's part ends here.
        unsafe { Self::release(this) };
    }

    /// Runs `body` as something of the executor's: waiting there for the end of that would be waiting for oneself.
    ///
    /// # Safety
    /// As for `executor`.
    pub(crate) unsafe fn within<R>(this: NonNull<Self>, body: impl FnOnce() -> R) -> R {
        // SAFETY: as the caller promises.
        if !sys::is_this_process(unsafe { Self::process(this) }) {
            return body();
        }
        // SAFETY: as the caller promises.
        let frame = unsafe { Self::executor(this) }.with_crew(Crew::frame);
        inside::run_within(frame, body)
    }

    /// What was to be done with it has returned.
    ///
    /// # Safety
    /// One of its [`Work`] was called; the caller's part ends here.
    pub(crate) unsafe fn done(this: NonNull<Self>) {
        // SAFETY: the caller has a part in it.
        let executor = unsafe { Self::executor(this) };
        // SAFETY: the caller has a part in it.
        let process = unsafe { Self::process(this) };
        // SAFETY: the caller's part ends here.
        unsafe { Self::release(this) };
        if sys::is_this_process(process) {
            executor.with_crew(Crew::bring_back);
        }
    }

    /// Gives a part up.
    ///
    /// # Safety
    /// The caller has that part.
    pub(crate) unsafe fn release(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        if unsafe { &(*this.as_ptr()).parts }.release() {
            // SAFETY: the caller has the last part.
            let free = unsafe { Self::work(this) }.free;
            // SAFETY: that was the last part.
            unsafe { free(this) };
        }
    }
}

impl Crew {
    /// Queues an errand, and gives it to the program.
    ///
    /// # Safety
    /// As for [`Errand::hand_over`]; the caller keeps the executor.
    unsafe fn post(&self, errand: NonNull<Errand>) -> Result<(), SpawnError> {
        let TermsKind::Post(post) = self.executor().terms.kind else {
            return Err(SpawnError::NoThread);
        };
        // SAFETY: it is the caller's.
        let parts = unsafe { &(*errand.as_ptr()).parts };
        let mut inner = self.inner.lock();
        if self.executor().is_closed() {
            return Err(SpawnError::Closed);
        }
        // The program's part.
        parts.retain();
        inner.queued = inner.queued.wrapping_add(1);
        let number = inner.queued;
        // SAFETY: it leaves the queue before it ends.
        unsafe { inner.coming.push(errand.cast(), number) };
        drop(inner);
        let ctx = self.executor().terms.ctx.ptr;
        // SAFETY: the program gave this context together with this function.
        let refused = abort_on_exception("a post function", || unsafe { post(errand, ctx) }) != 0;
        if !refused {
            return Ok(());
        }
        let lies = self.take_out(errand.cast(), false);
        // SAFETY: the program's part ends here.
        unsafe { Errand::release(errand) };
        if !lies {
            // It was cancelled meanwhile.
            return Ok(());
        }
        self.tell_if_quiet(self.inner.lock());
        Err(SpawnError::NoThread)
    }

    /// Takes it out of the queue, if it still lies there, to be done here if `to_do`.
    fn take_out(&self, place: NonNull<Place>, to_do: bool) -> bool {
        let mut going = self.going.lock();
        let mut inner = self.inner.lock();
        // SAFETY: the caller has a part in it, and the locks are held.
        let number = unsafe { Place::of(place) }.number;
        if number == queue::NOWHERE {
            return false;
        }
        // SAFETY: it has a number, so it lies in that half.
        unsafe { Self::half_of(number, &mut going, &mut inner).unlink(place) };
        self.note_oldest(&going);
        if to_do {
            self.take_away();
        }
        true
    }
}
