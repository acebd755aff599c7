//! Callbacks that can be taken back, by a token.
//!
//! One is found by its token until it has run, so that whoever takes it back finds out how far it is:
//!
//! ```text
//!   Registered ──▶ Due ──▶ Running ──▶ gone
//!       │           └────▶ Withdrawn: the queue still holds it, nobody else does
//!       └─────────▶ gone
//! ```
//!
//! `remove` takes one back; `sent` is one that an executor runs.

mod remove;
mod sent;

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use self::remove::Awaiter;
pub(crate) use self::remove::{Removal, remove};
use self::sent::{SENT_CALLBACK, SENT_CALLBACK_OF_CANCEL, SentCallback};
use super::callback::{Callback, RegisterError};
use super::token::{FilledRow, ReservedRow};
use super::ways::Ways;
use crate::base::memory::try_box;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::jobs::{self, Job, RunFn};
use crate::one::listener::{Interest, Kind, Listener};
use crate::pool::{Counted, Errand};
use crate::sys;

static REMOVABLE: Kind = removable(Interest::Yes);
static REMOVABLE_OF_CANCEL: Kind = removable(Interest::No);

const fn removable(interest: Interest) -> Kind {
    Kind::RunMarked { mark: Removable::mark_due, run: Removable::run, interest }
}

#[repr(C)]
pub(crate) struct Removable {
    /// First, so that the listener's address is this one's. Once it is due, the job lies there.
    callback: Callback,
    /// From here on under the source's lock, and so is the callback's context.
    stage: Stage,
    /// What its token leads to it by; until it is withdrawn, or gone.
    row: Option<FilledRow>,
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
        let (mut row, mut before) = (None, MaybeUninit::uninit());
        if let Some(token) = token {
            let Ok(reserved) = ReservedRow::new(this) else {
                // SAFETY: known to nobody else.
                unsafe { Self::free(this) };
                return Err(RegisterError::NoMemory);
            };
            // Without the lock: the system may have to fetch the memory first.
            // SAFETY: the token may be written.
            before = unsafe { token.replace(MaybeUninit::new(reserved.token())) };
            row = Some(reserved);
        }
        let mut fill = || {
            // SAFETY: LOCKED: called once.
            row.take().map(|row| unsafe { Self::fill(this, a, row) })
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
            unsafe { jobs::run_one(job, run) };
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
            (false, Interest::No) => &REMOVABLE_OF_CANCEL,
            (true, Interest::Yes) => &SENT_CALLBACK,
            (true, Interest::No) => &SENT_CALLBACK_OF_CANCEL,
        };
        callback.listener = Listener::new(kind);
        let stage = Stage::Registered;
        let removable = Self { callback, stage, row: None, awaiters: ptr::null_mut() };
        let Some((executor, ways)) = executor else {
            let made = try_box(removable).map_err(|_| RegisterError::NoMemory)?;
            return Ok(NonNull::from(Box::leak(made)));
        };
        SentCallback::allocate(removable, ways, executor)
    }

    /// # Safety
    /// It is alive.
    #[inline]
    unsafe fn is_sent(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises, and made so.
        matches!(unsafe { Listener::kind_by_address(this.cast()) }, Kind::Decide { .. })
    }

    /// # Safety
    /// No token leads to it, and it is in no list, no queue, and with no executor.
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: it is alive.
        if unsafe { Self::is_sent(this) } {
            // SAFETY: it has this kind.
            let errand = unsafe { SentCallback::errand(this) };
            // SAFETY: the part of whoever would do it, and the only one.
            unsafe { Errand::release(errand) };
        } else {
            // SAFETY: made by a box, and known to nobody else.
            drop(unsafe { Box::from_raw(this.as_ptr()) });
        }
    }

    /// Has its token lead to it.
    ///
    /// # Safety
    /// It is new, and its source LOCKED.
    unsafe fn fill(this: NonNull<Self>, source: &Asynchron, row: ReservedRow) {
        // SAFETY: LOCKED. It is cleared before this goes.
        let filled = unsafe { row.fill(source) };
        // SAFETY: LOCKED: new, so it is alive, and its row is the lock holder's.
        unsafe { (*this.as_ptr()).row = Some(filled) };
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
            let (awaiters, row) = source.with_listeners(|_, _| {
                // SAFETY: LOCKED: it is alive, and its row is the lock holder's.
                let row = unsafe { Self::clear(this) };
                // SAFETY: LOCKED: its awaiters are the lock holder's.
                (unsafe { (*this).awaiters }, row)
            });
            drop(row);
            Awaiter::wake_all(awaiters);
        }
    }

    /// Whoever holds it finds nothing to run. What is returned is to be dropped without the lock.
    ///
    /// # Safety
    /// It is due, and its source LOCKED.
    unsafe fn withdraw(this: *mut Self) -> (Option<ReservedRow>, Owned) {
        // SAFETY: LOCKED, and it is alive.
        let row = unsafe { Self::clear(this) };
        // SAFETY: whoever holds it does not look without the lock.
        let withdrawn = unsafe { &mut *this };
        withdrawn.stage = Stage::Withdrawn;
        (row, withdrawn.callback.take_ctx())
    }

    /// Has its token lead nowhere. What is returned is to be dropped without the lock.
    ///
    /// # Safety
    /// It is alive, and its source LOCKED.
    unsafe fn clear(this: *mut Self) -> Option<ReservedRow> {
        // SAFETY: as the caller promises.
        let filled = unsafe { (*this).row.take() }?;
        // SAFETY: LOCKED: the owner is its source; it is taken out once.
        unsafe { filled.clear() }
    }
}
