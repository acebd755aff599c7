//! Callbacks that can be taken back, by a token.
//!
//! One stays in its source's list until it has run, so that whoever takes it back finds out how far
//! it is:
//!
//! ```text
//!   Registered ──▶ Due ──▶ Running ──▶ gone
//!       │           └────▶ Withdrawn: the queue still holds it, nobody else does
//!       └─────────▶ gone
//! ```

use std::mem::{self, offset_of};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use super::callback::{Callback, Refused};
use super::cell::Asynchron;
use super::due::{self, Job, Jobs};
use super::listener::{Kind, List, Listener};
use super::memory::try_box;
use super::tell::Telling;
use super::user::Owned;
use super::wait::block_until;
use crate::sync::{AtomicU32, Ordering::*};
use crate::sys;

pub(super) static REGISTERED: Kind = Kind::Take(Removable::take);
static TOLD: Kind = Kind::Told;

#[repr(C)]
pub(crate) struct Removable {
    /// First, so that the listener's address is this one's.
    callback: Callback,
    /// Of its own, because the listener stays in the list.
    job: Job,
    token: u64,
    /// From here on under the source's lock, and so is the callback's context.
    stage: Stage,
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

/// Lies on the stack of a thread that waits for a running callback.
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
    ) -> Result<(), Refused> {
        static TOKENS: AtomicU64 = AtomicU64::new(1);

        let removable = Self {
            callback,
            job: Job::NOT_DUE,
            // ORDERING: the number only has to be new.
            token: TOKENS.fetch_add(1, Relaxed),
            stage: Stage::Registered,
            awaiters: ptr::null_mut(),
        };
        let number = removable.token;
        let this = NonNull::from(Box::leak(try_box(removable).map_err(|_| Refused::NoMemory)?));
        let jobs = Jobs::new();
        let registered = a.with_listeners(|list, complete| {
            if complete && only_pending {
                return false;
            }
            // SAFETY: it may be written.
            unsafe { *token = number };
            if complete {
                // SAFETY: the lock is held; it becomes due once.
                let job = unsafe { Self::make_due(this, a) };
                // SAFETY: it runs from here.
                unsafe { jobs.push(job, Some(Self::run)) };
            }
            // SAFETY: new, and freed only after it was unlinked.
            unsafe { list.push(this.cast()) };
            true
        });
        if !registered {
            // SAFETY: it was not listed, so it is still ours alone.
            drop(unsafe { Box::from_raw(this.as_ptr()) });
            return Err(Refused::Complete);
        }
        due::run(jobs);
        Ok(())
    }

    /// # Safety
    /// As for [`Kind::Take`]; the node is a removable one's.
    unsafe fn take(node: NonNull<Listener>, source: &Asynchron, telling: &mut Telling) {
        // SAFETY: as the caller promises.
        let job = unsafe { Self::make_due(node.cast(), source) };
        // SAFETY: alive until it has run, and so is its job.
        unsafe { telling.run(job, Self::run) };
        telling.stays(node);
    }

    /// The source is complete, or is just being completed. Returns the job to run.
    ///
    /// # Safety
    /// Called once, under the source's lock.
    unsafe fn make_due(this: NonNull<Self>, source: &Asynchron) -> NonNull<Job> {
        // The job's reference; `run` gives it up.
        source.keep();
        // SAFETY: the lock is held.
        unsafe { (*this.as_ptr()).stage = Stage::Due };
        // SAFETY: as above.
        unsafe { Listener::set_kind(this.cast(), &TOLD) };
        // SAFETY: the job lies inside it.
        unsafe { this.byte_add(offset_of!(Self, job)) }.cast()
    }

    /// # Safety
    /// `job` is that of one from [`Self::make_due`]; called once.
    unsafe fn run(job: NonNull<Job>) {
        // SAFETY: the job lies inside it.
        let this = unsafe { job.byte_sub(offset_of!(Self, job)) }.cast::<Self>();
        let removable = this.as_ptr();
        // SAFETY: alive, and nobody changes the callback but its context.
        let callback = unsafe { &raw const (*removable).callback };
        // SAFETY: the job's reference is taken over here.
        let source = unsafe { Callback::source(callback) };
        let begun = source.with_listeners(|_, _| {
            // SAFETY: the lock is held.
            let stage = unsafe { &mut (*removable).stage };
            let begun = *stage == Stage::Due;
            if begun {
                *stage = Stage::Running(sys::this_thread());
            }
            begun
        });
        if begun {
            // SAFETY: running, so function and context are this thread's alone.
            unsafe { (*removable).callback.call() };
            // SAFETY: as above.
            drop(unsafe { (*removable).callback.take_ctx() });
            let awaiters = source.with_listeners(|list, _| {
                // SAFETY: one that runs is still in the list.
                unsafe { list.unlink(this.cast()) };
                // SAFETY: the lock is held.
                unsafe { (*removable).awaiters }
            });
            wake(awaiters);
        }
        // SAFETY: neither the list nor the queue holds it any more.
        drop(unsafe { Box::from_raw(removable) });
    }
}

/// Takes the callback with this token back. Waits for one that is running, if `wait` says so, but
/// never inside itself.
pub(crate) fn take_back(a: &Asynchron, token: u64, wait: bool) -> Removal {
    let mut awaiter = Awaiter { next: ptr::null_mut(), done: AtomicU32::new(0) };
    let awaiter = &raw mut awaiter;
    let mut unlisted = None;
    let mut ctx = Owned::NOTHING;
    let removal = a.with_listeners(|list, _| {
        let Some(removable) = find(list, token) else {
            return Removal::TooLate;
        };
        let this = removable.as_ptr();
        // SAFETY: it is listed, so it is alive, and its stage is the lock holder's to read.
        match unsafe { (*this).stage } {
            Stage::Registered => {
                // SAFETY: it is listed.
                unsafe { list.unlink(removable.cast()) };
                unlisted = Some(removable);
                Removal::Removed
            }
            Stage::Due => {
                // SAFETY: it is listed.
                unsafe { list.unlink(removable.cast()) };
                // SAFETY: the queue that holds it does not look without the lock.
                let withdrawn = unsafe { &mut *this };
                withdrawn.stage = Stage::Withdrawn;
                ctx = withdrawn.callback.take_ctx();
                Removal::Removed
            }
            Stage::Running(thread) if thread == sys::this_thread() => Removal::TooLate,
            Stage::Running(_) => {
                if wait {
                    // SAFETY: the chain is the lock holder's.
                    let awaiters = unsafe { &mut (*this).awaiters };
                    // SAFETY: it is this call's, and stays until it is done.
                    unsafe { (*awaiter).next = mem::replace(awaiters, awaiter) };
                }
                Removal::Running
            }
            Stage::Withdrawn => Removal::TooLate,
        }
    });
    if let Some(removable) = unlisted {
        // SAFETY: nobody else had it but the list.
        drop(unsafe { Box::from_raw(removable.as_ptr()) });
    }
    drop(ctx);
    if removal == Removal::Running && wait {
        // SAFETY: a local of this call; others use its atomic alone.
        let done = unsafe { &(*awaiter).done };
        // ORDERING: Acquire sees all that the callback did.
        let look = || Some(()).filter(|()| done.load(Acquire) != 0);
        let _ = block_until(u64::MAX, look, |deadline| sys::wait(done, 0, u32::MAX, deadline));
        return Removal::TooLate;
    }
    removal
}

/// The newest first: most that are taken back were registered not long before.
fn find(list: &List, token: u64) -> Option<NonNull<Removable>> {
    let mut node = list.last().filter(|_| token != 0);
    while let Some(here) = node {
        // SAFETY: it is in the list, whose lock is held.
        let kind = unsafe { Listener::kind(here) };
        if ptr::eq(kind, &REGISTERED) || ptr::eq(kind, &TOLD) {
            let removable = here.cast::<Removable>();
            // SAFETY: as above, and its token never changes.
            if unsafe { (*removable.as_ptr()).token } == token {
                return Some(removable);
            }
        }
        // SAFETY: it is in the list.
        node = unsafe { list.before(here) };
    }
    None
}

fn wake(mut awaiter: *mut Awaiter) {
    while !awaiter.is_null() {
        // SAFETY: it stays on its thread's stack until it is done.
        let next = unsafe { (*awaiter).next };
        // SAFETY: as above.
        let done = unsafe { &raw const (*awaiter).done };
        // ORDERING: Release shows the waiting thread all that the callback did.
        // SAFETY: as above. After this it may be gone.
        unsafe { (*done).store(1, Release) };
        sys::wake(done, u32::MAX, 1);
        awaiter = next;
    }
}
