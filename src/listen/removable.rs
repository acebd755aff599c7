//! Callbacks that can be taken back, by a token.
//!
//! One is found by its token until it has run, so that whoever takes it back finds out how far it is:
//!
//! ```text
//!   Registered ──▶ Due ──▶ Running ──▶ gone
//!       │           └────▶ Withdrawn: the queue still holds it, nobody else does
//!       └─────────▶ gone
//! ```

use std::mem::{self, MaybeUninit};
use std::ptr::{self, NonNull};

use super::callback::{Callback, RegisterError};
use super::token::{self, Filled, Reserved};
use crate::base::memory::try_box;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::jobs::{self, Job, Jobs};
use crate::one::listener::{Interest, Kind, Listener};
use crate::one::wait::block_until;
use crate::sync::{AtomicU32, Ordering::*, race};
use crate::sys;

static REMOVABLE: Kind = removable(Interest::Yes);
static OF_CANCEL: Kind = removable(Interest::No);

const fn removable(interest: Interest) -> Kind {
    Kind::RunMarked { mark: Removable::mark_due, run: Removable::run, interest }
}

/// That of a callback that can be taken back.
pub(super) fn kind(interest: Interest) -> &'static Kind {
    if interest == Interest::Yes { &REMOVABLE } else { &OF_CANCEL }
}

#[repr(C)]
pub(crate) struct Removable {
    /// First, so that the listener's address is this one's. Once it is due, the job lies there.
    callback: Callback,
    /// From here on under the source's lock, and so is the callback's context.
    stage: Stage,
    /// What its token leads to it by; until it is withdrawn, or gone.
    slot: Option<Filled>,
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
    /// As [`super::callback::register`].
    ///
    /// # Safety
    /// `token` may be written.
    #[inline(never)]
    pub(super) unsafe fn register(
        a: &Asynchron,
        callback: Callback,
        only_pending: bool,
        token: *mut u64,
    ) -> Result<(), RegisterError> {
        let stage = Stage::Registered;
        let removable = Self { callback, stage, slot: None, awaiters: ptr::null_mut() };
        let this = Box::leak(try_box(removable).map_err(|_| RegisterError::NoMemory)?);
        let this = NonNull::from(this);
        let Ok(slot) = Reserved::new(this) else {
            // SAFETY: made by a box, and known to nobody else.
            drop(unsafe { Box::from_raw(this.as_ptr()) });
            return Err(RegisterError::NoMemory);
        };
        let token = token.cast::<MaybeUninit<u64>>();
        // Without the lock: the system may have to fetch the memory first.
        // SAFETY: the token may be written.
        let before = unsafe { token.replace(MaybeUninit::new(slot.token())) };
        let mut slot = Some(slot);
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
            drop(unsafe { Box::from_raw(this.as_ptr()) });
            // SAFETY: the caller of this may write it, and no token was given.
            unsafe { token.write(before) };
            return Err(RegisterError::Complete);
        }
        a.with_listeners(|_, _| {
            fill();
            // SAFETY: LOCKED: it is marked under the lock.
            unsafe { Self::mark_due(this.cast()) };
        });
        a.keep();
        let jobs = Jobs::new();
        // SAFETY: in no list.
        unsafe { jobs.push(this.cast(), Some(Self::run)) };
        jobs::run(jobs);
        Ok(())
    }

    /// Has its token lead to it.
    ///
    /// # Safety
    /// It is new, and its source LOCKED.
    unsafe fn fill(this: NonNull<Self>, source: &Asynchron, slot: Reserved) {
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
        let this = job.cast::<Self>().as_ptr();
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
            unsafe { (*this).callback.call() };
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
        // SAFETY: no token leads to it any more, and no queue holds it.
        drop(unsafe { Box::from_raw(this) });
    }

    /// Has its token lead nowhere. What is returned is to be dropped without the lock.
    ///
    /// # Safety
    /// It is alive, and its source LOCKED.
    unsafe fn clear(this: *mut Self) -> Option<Reserved> {
        // SAFETY: as the caller promises.
        let filled = unsafe { (*this).slot.take() }?;
        // SAFETY: LOCKED: the owner is its source; it is taken out once.
        unsafe { filled.clear() }
    }
}

/// What [`remove`] leaves to be dropped without the lock.
#[derive(Default)]
struct Leftovers {
    /// One that nobody else knows any more.
    removable: Option<Box<Removable>>,
    slot: Option<Reserved>,
    ctx: Option<Owned>,
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
                // SAFETY: nobody else had it but the list.
                taken.removable = Some(unsafe { Box::from_raw(this) });
                Removal::Removed
            }
            Stage::Due => {
                // SAFETY: LOCKED, and it is alive.
                taken.slot = unsafe { Removable::clear(this) };
                // SAFETY: the queue that holds it does not look without the lock.
                let withdrawn = unsafe { &mut *this };
                withdrawn.stage = Stage::Withdrawn;
                taken.ctx = Some(withdrawn.callback.take_ctx());
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
