//! Callbacks that can be taken back, by a token.
//!
//! One is found by its token until it has run, so that whoever takes it back finds out how far it is:
//!
//! ```text
//!   Registered ──▶ Due ──▶ Running ──▶ gone
//!       │           └────▶ Withdrawn: the queue still holds it, nobody else does
//!       └─────────▶ gone
//! ```

use std::mem::{self, MaybeUninit, offset_of};
use std::ptr::{self, NonNull};

use super::callback::{Callback, RegisterError};
use super::token::{self, FilledSlot, ReservedSlot};
use super::ways::Ways;
use crate::base::memory::try_box;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::jobs::{self, Decided, Job, Jobs, RunFn};
use crate::one::listener::{Interest, Kind, Listener};
use crate::one::wait::block_until;
use crate::pool::{Counted, Errand, Work};
use crate::sync::{AtomicU32, Ordering::*, race};
use crate::sys;

static REMOVABLE: Kind = removable(Interest::Yes);
static OF_CANCEL: Kind = removable(Interest::No);

const fn removable(interest: Interest) -> Kind {
    Kind::RunMarked { mark: Removable::mark_due, run: Removable::run, interest }
}

/// One that runs where an executor has it run.
static SENT: Kind = sent(Interest::Yes);
static SENT_OF_CANCEL: Kind = sent(Interest::No);

const fn sent(interest: Interest) -> Kind {
    Kind::Decide { mark: Removable::mark_due, decide: SentCallback::decide, interest }
}

static WORK: Work = Work {
    run: SentCallback::run,
    discard: SentCallback::discard,
    cancel: SentCallback::run,
    free: SentCallback::free,
};

#[repr(C)]
pub(crate) struct Removable {
    /// First, so that the listener's address is this one's. Once it is due, the job lies there.
    callback: Callback,
    /// From here on under the source's lock, and so is the callback's context.
    stage: Stage,
    /// What its token leads to it by; until it is withdrawn, or gone.
    slot: Option<FilledSlot>,
    /// Those that wait until it has run.
    awaiters: *mut Awaiter,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Registered,
    Due,
    /// On this thread.
    Running(usize),
    Withdrawn,
}

/// With what is handed to the executor once it is due: nothing has to be allocated then.
#[repr(C)]
struct SentCallback {
    /// First, so that its address is this one's.
    removable: Removable,
    /// Where it ended otherwise, there is nothing for the executor to do.
    ways: Ways,
    errand: Errand,
}

/// A thread that waits for a running callback.
struct Awaiter {
    next: *mut Awaiter,
    done: AtomicU32,
}

/// How taking a callback back ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Removal {
    /// It never ran and never will.
    Removed,
    /// It has run, or there is none.
    TooLate,
    /// It is running on another thread.
    Running,
}

impl Removable {
    /// As [`super::callback::register`], of one that is not a plain one.
    ///
    /// # Safety
    /// `token` is NULL or may be written.
    #[inline(never)]
    pub(super) unsafe fn register(
        a: &Asynchron,
        callback: Callback,
        interest: Interest,
        executor: Option<(Counted, Ways)>,
        only_pending: bool,
        token: *mut u64,
    ) -> Result<(), RegisterError> {
        let this = Self::allocate(callback, interest, executor)?;
        let token = NonNull::new(token.cast::<MaybeUninit<u64>>());
        let (mut slot, mut before) = (None, MaybeUninit::uninit());
        if let Some(token) = token {
            let Ok(reserved) = ReservedSlot::new(this) else {
                // SAFETY: known to nobody else.
                unsafe { Self::free(this) };
                return Err(RegisterError::NoMemory);
            };
            // Without the lock: the system may have to fetch the memory first.
            // SAFETY: the token may be written.
            before = unsafe { token.replace(MaybeUninit::new(reserved.token())) };
            slot = Some(reserved);
        }
        let mut fill = || {
            // SAFETY: LOCKED: called once.
            slot.take().map(|slot| unsafe { Self::fill(this, a, slot) })
        };
        let pending = a.unless_complete(|list| {
            fill();
            // SAFETY: new, and freed only after it was unlinked.
            unsafe { list.push(this.cast()) };
        });
        if pending.is_some() {
            return Ok(());
        }
        if only_pending {
            // SAFETY: it was not listed, so it is still ours alone.
            unsafe { Self::free(this) };
            if let Some(token) = token {
                // SAFETY: the caller of this may write it, and no token was given.
                unsafe { token.write(before) };
            }
            return Err(RegisterError::Complete);
        }
        a.with_listeners(|_, _| {
            fill();
            // SAFETY: LOCKED: it is marked under the lock.
            unsafe { Self::mark_due(this.cast()) };
        });
        a.retain();
        // SAFETY: it is alive.
        let due = if unsafe { Self::is_sent(this) } {
            // SAFETY: in no list, and with a reference.
            unsafe { SentCallback::decide(this.cast(), NonNull::from(a)) }
        } else {
            Some((this.cast(), Self::run as RunFn))
        };
        if let Some((job, run)) = due {
            // SAFETY: in no list.
            unsafe { run_job(job, run) };
        }
        Ok(())
    }

    fn allocate(
        mut callback: Callback,
        interest: Interest,
        executor: Option<(Counted, Ways)>,
    ) -> Result<NonNull<Self>, RegisterError> {
        let kind = match (executor.is_some(), interest) {
            (false, Interest::Yes) => &REMOVABLE,
            (false, Interest::No) => &OF_CANCEL,
            (true, Interest::Yes) => &SENT,
            (true, Interest::No) => &SENT_OF_CANCEL,
        };
        callback.listener = Listener::new(kind);
        let stage = Stage::Registered;
        let removable = Self { callback, stage, slot: None, awaiters: ptr::null_mut() };
        let Some((executor, ways)) = executor else {
            let made = try_box(removable).map_err(|_| RegisterError::NoMemory)?;
            return Ok(NonNull::from(Box::leak(made)));
        };
        let sent = SentCallback { removable, ways, errand: Errand::new(&WORK, executor) };
        let made = try_box(sent).map_err(|_| RegisterError::NoMemory)?;
        Ok(NonNull::from(Box::leak(made)).cast())
    }

    /// # Safety
    /// It is alive.
    unsafe fn is_sent(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        matches!(unsafe { Listener::kind(this.cast()) }, Kind::Decide { .. })
    }

    /// # Safety
    /// No token leads to it, and it is in no list, no queue, and with no executor.
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: it is alive.
        if unsafe { Self::is_sent(this) } {
            // SAFETY: it has this kind.
            let errand = unsafe { SentCallback::errand(this) };
            // SAFETY: the part of who would do it, and the only one.
            unsafe { Errand::leave(errand) };
        } else {
            // SAFETY: made by a box, and known to nobody else.
            drop(unsafe { Box::from_raw(this.as_ptr()) });
        }
    }

    /// Has its token lead to it.
    ///
    /// # Safety
    /// It is new, and its source LOCKED.
    unsafe fn fill(this: NonNull<Self>, source: &Asynchron, slot: ReservedSlot) {
        // SAFETY: LOCKED. It is cleared before this goes.
        let filled = unsafe { slot.fill(source) };
        // SAFETY: LOCKED: new, so it is alive, and its slot is the lock holder's.
        unsafe { (*this.as_ptr()).slot = Some(filled) };
    }

    /// # Safety
    /// The node is a removable one's, and its source LOCKED.
    unsafe fn mark_due(node: NonNull<Listener>) {
        // SAFETY: as the caller promises.
        unsafe { (*node.cast::<Self>().as_ptr()).stage = Stage::Due };
    }

    /// # Safety
    /// `job` lies where one begins that is due; called once.
    unsafe fn run(job: NonNull<Job>) {
        // SAFETY: as the caller promises.
        unsafe { Self::run_due(job.cast()) };
        // SAFETY: no token leads to it any more, and no queue holds it.
        drop(unsafe { Box::from_raw(job.cast::<Self>().as_ptr()) });
    }

    /// Runs it, unless it was withdrawn. Afterwards no token leads to it.
    ///
    /// # Safety
    /// It is due, with a counted reference to its source; called once.
    unsafe fn run_due(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        unsafe { Self::end_due(this, Callback::call) };
    }

    /// The same, but drops its context in place of running it: whoever takes it back waits for that, too.
    ///
    /// # Safety
    /// As for `run_due`.
    unsafe fn discard_due(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        unsafe { Self::end_due(this, |_| {}) };
    }

    /// # Safety
    /// As for `run_due`.
    #[inline(always)]
    unsafe fn end_due(this: NonNull<Self>, run: impl FnOnce(&Callback)) {
        let this = this.as_ptr();
        // SAFETY: alive, and nobody changes the callback but its context.
        let callback = unsafe { &raw const (*this).callback };
        // SAFETY: the job's reference is taken over here.
        let source = unsafe { Callback::source(callback) };
        let begun = source.with_listeners(|_, _| {
            // SAFETY: LOCKED: its stage is the lock holder's.
            let stage = unsafe { &mut (*this).stage };
            let begun = *stage == Stage::Due;
            if begun {
                *stage = Stage::Running(sys::this_thread());
            }
            begun
        });
        if begun {
            // SAFETY: running, so function and context are this thread's alone.
            run(unsafe { &(*this).callback });
            // SAFETY: running, so function and context are this thread's alone.
            drop(unsafe { (*this).callback.take_ctx() });
            let (awaiters, slot) = source.with_listeners(|_, _| {
                // SAFETY: LOCKED: it is alive, and its slot is the lock holder's.
                let slot = unsafe { Self::clear(this) };
                // SAFETY: LOCKED: its awaiters are the lock holder's.
                (unsafe { (*this).awaiters }, slot)
            });
            drop(slot);
            wake(awaiters);
        }
    }

    /// Whoever holds it finds nothing to run. What is returned is to be dropped without the lock.
    ///
    /// # Safety
    /// It is due, and its source LOCKED.
    unsafe fn withdraw(this: *mut Self) -> (Option<ReservedSlot>, Owned) {
        // SAFETY: LOCKED, and it is alive.
        let slot = unsafe { Self::clear(this) };
        // SAFETY: who holds it does not look without the lock.
        let withdrawn = unsafe { &mut *this };
        withdrawn.stage = Stage::Withdrawn;
        (slot, withdrawn.callback.take_ctx())
    }

    /// Has its token lead nowhere. What is returned is to be dropped without the lock.
    ///
    /// # Safety
    /// It is alive, and its source LOCKED.
    unsafe fn clear(this: *mut Self) -> Option<ReservedSlot> {
        // SAFETY: as the caller promises.
        let filled = unsafe { (*this).slot.take() }?;
        // SAFETY: LOCKED: the owner is its source; it is taken out once.
        unsafe { filled.clear() }
    }
}

/// # Safety
/// `job` lies where a callback begins that is in no list; `run` is called once.
unsafe fn run_job(job: NonNull<Job>, run: RunFn) {
    let jobs = Jobs::new();
    // SAFETY: as the caller promises.
    unsafe { jobs.push(job, Some(run)) };
    jobs::run(jobs);
}

impl SentCallback {
    /// # Safety
    /// It is the first field of one of these.
    unsafe fn errand(this: NonNull<Removable>) -> NonNull<Errand> {
        // SAFETY: as the caller promises.
        unsafe { this.byte_add(offset_of!(Self, errand)) }.cast()
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
    unsafe fn decide(node: NonNull<Listener>, source: NonNull<Asynchron>) -> Decided {
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
        // SAFETY: the part of who does it, and the only one.
        unsafe { Errand::leave(errand) };
    }

    /// As any callback: inside another, at the end of the queue of this thread.
    ///
    /// # Safety
    /// As for [`Work`].
    unsafe fn run(errand: NonNull<Errand>) {
        // SAFETY: it has this work.
        let this = unsafe { Self::of_errand(errand) };
        // SAFETY: it is due, and in no list.
        unsafe { run_job(this.cast(), Self::run_errand) };
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
        // SAFETY: it is done.
        unsafe { Errand::done(errand) };
    }

    /// # Safety
    /// As for [`Work`].
    unsafe fn discard(errand: NonNull<Errand>) {
        // SAFETY: it has this work.
        let this = unsafe { Self::of_errand(errand) };
        // SAFETY: it is due, and is not run.
        unsafe { Removable::discard_due(this) };
        // SAFETY: it is done.
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

/// What [`remove`] leaves to be dropped without the lock.
#[derive(Default)]
struct Leftovers {
    /// One that nobody else knows any more.
    removable: Option<Unlisted>,
    slot: Option<ReservedSlot>,
    ctx: Option<Owned>,
}

/// A callback that nobody else knows any more.
struct Unlisted(NonNull<Removable>);

impl Drop for Unlisted {
    fn drop(&mut self) {
        // SAFETY: nobody else knows it.
        unsafe { Removable::free(self.0) };
    }
}

/// Takes the callback with this token back. Waits for one that is running, if `wait` says so, but
/// never inside itself.
pub(crate) fn remove(a: &Asynchron, token: u64, wait: bool) -> Removal {
    let removal = try_to_remove(a, token, None);
    if removal != Removal::Running || !wait {
        return removal;
    }
    // Apart from the stack, if there is memory: if a host leaves the wait by longjmp(), the callback's end
    // still finds it, where it is only lost.
    match try_box(Awaiter { next: ptr::null_mut(), done: AtomicU32::new(0) }) {
        Ok(awaiter) => {
            let awaiter = Box::into_raw(awaiter);
            // SAFETY: it stays until the call returns.
            let removal = unsafe { wait_until_it_has_run(a, token, awaiter) };
            // SAFETY: made by a box; nobody knows it any more.
            drop(unsafe { Box::from_raw(awaiter) });
            removal
        }
        // SAFETY: it stays until the call returns.
        Err(mut awaiter) => unsafe { wait_until_it_has_run(a, token, &raw mut awaiter) },
    }
}

/// # Safety
/// The awaiter is the caller's alone, and stays until the call returns.
unsafe fn wait_until_it_has_run(a: &Asynchron, token: u64, awaiter: *mut Awaiter) -> Removal {
    let removal = try_to_remove(a, token, NonNull::new(awaiter));
    if removal != Removal::Running {
        return removal;
    }
    // SAFETY: it stays; others use its atomic alone.
    let done = unsafe { &(*awaiter).done };
    // ORDERING: Acquire sees all that the callback did.
    let look = || Some(()).filter(|()| done.load(Acquire) != 0);
    let _ = block_until(u64::MAX, look, |deadline| sys::wait(done, 0, u32::MAX, deadline));
    race::acquire(done);
    Removal::TooLate
}

/// Does not wait; but one that is running tells the awaiter when it has run.
fn try_to_remove(a: &Asynchron, token: u64, awaiter: Option<NonNull<Awaiter>>) -> Removal {
    let mut taken = Leftovers::default();
    token::expect_to_find(token);
    let removal = a.with_listeners(|list, _| {
        // SAFETY: LOCKED: the owner is.
        let Some(removable) = (unsafe { token::find(a, token) }) else {
            return Removal::TooLate;
        };
        let this = removable.as_ptr();
        // SAFETY: it is found, so it is alive, and its stage is the lock holder's to read.
        match unsafe { (*this).stage } {
            Stage::Registered => {
                // SAFETY: one that is registered is listed.
                unsafe { list.unlink(removable.cast()) };
                // SAFETY: LOCKED, and it is alive.
                taken.slot = unsafe { Removable::clear(this) };
                // Nobody else had it but the list.
                taken.removable = Some(Unlisted(removable));
                Removal::Removed
            }
            Stage::Due => {
                // SAFETY: LOCKED, and it is due.
                let (slot, ctx) = unsafe { Removable::withdraw(this) };
                (taken.slot, taken.ctx) = (slot, Some(ctx));
                Removal::Removed
            }
            Stage::Running(thread) if thread == sys::this_thread() => Removal::TooLate,
            Stage::Running(_) => {
                if let Some(awaiter) = awaiter.map(NonNull::as_ptr) {
                    // SAFETY: the chain is the lock holder's.
                    let awaiters = unsafe { &mut (*this).awaiters };
                    // SAFETY: its call waits, so it stays until it is done.
                    unsafe { (*awaiter).next = mem::replace(awaiters, awaiter) };
                }
                Removal::Running
            }
            Stage::Withdrawn => Removal::TooLate,
        }
    });
    drop(taken);
    if removal == Removal::Removed {
        a.cancel_if_unwanted();
    }
    removal
}

fn wake(mut awaiter: *mut Awaiter) {
    while !awaiter.is_null() {
        // SAFETY: its thread keeps it until it is done.
        let next = unsafe { (*awaiter).next };
        // SAFETY: its thread keeps it until it is done.
        let done = unsafe { &raw const (*awaiter).done };
        race::release(done);
        // ORDERING: Release shows the waiting thread all that the callback did.
        // SAFETY: its thread keeps it until it is done. After this it may be gone.
        unsafe { (*done).store(1, Release) };
        sys::wake(done, u32::MAX, 1);
        awaiter = next;
    }
}
