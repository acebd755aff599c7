//! Taking a callback back by its token, and waiting for one that is running.

use std::mem;
use std::ptr::{self, NonNull};

use super::super::token::{self, ReservedRow};
use super::sent::SentCallback;
use super::{Removable, Stage};
use crate::base::memory::try_box;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::wait::block_until;
use crate::pool::Ending;
use crate::sync::{AtomicU32, Ordering::*, race};
use crate::sys;

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

/// A thread that waits for a running callback.
pub(super) struct Awaiter {
    next: *mut Awaiter,
    done: AtomicU32,
}

/// What [`remove`] leaves to be dropped without the lock.
#[derive(Default)]
struct Leftovers {
    /// One that nobody else knows any more.
    removable: Option<Unlisted>,
    row: Option<ReservedRow>,
    ctx: Option<Owned>,
    /// If an executor was to run it.
    ending: Option<Ending>,
}

impl Leftovers {
    /// # Safety
    /// It is alive, and its source LOCKED.
    #[inline]
    unsafe fn begin_ending(&mut self, removable: NonNull<Removable>) {
        // SAFETY: as the caller promises.
        if unsafe { Removable::is_sent(removable) } {
            // SAFETY: as the caller promises, and of that kind.
            self.ending = Some(unsafe { SentCallback::begin_ending(removable) });
        }
    }

    #[cold]
    #[inline(never)]
    fn drop_for_executor(mut self) {
        let ending = self.ending.take();
        Ending::drop_within(ending.as_ref(), self);
    }
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
    let has_run = || done.load(Acquire) != 0;
    let look = || Some(()).filter(|()| has_run());
    let _ = block_until(u64::MAX, has_run, look, |limit| sys::wait(done, 0, u32::MAX, limit));
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
                taken.row = unsafe { Removable::clear(this) };
                // SAFETY: LOCKED, and it is alive.
                unsafe { taken.begin_ending(removable) };
                // Nobody else had it but the list.
                taken.removable = Some(Unlisted(removable));
                Removal::Removed
            }
            Stage::Due => {
                // SAFETY: LOCKED, and it is due.
                let (row, ctx) = unsafe { Removable::withdraw(this) };
                (taken.row, taken.ctx) = (row, Some(ctx));
                // SAFETY: LOCKED, and it is alive.
                unsafe { taken.begin_ending(removable) };
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
    if taken.ending.is_some() {
        taken.drop_for_executor();
    } else {
        drop(taken);
    }
    if removal == Removal::Removed {
        a.cancel_if_unwanted();
    }
    removal
}

impl Awaiter {
    /// It has run. By address, each: its thread may be gone once it is told.
    pub(super) fn wake_all(mut awaiter: *mut Awaiter) {
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
}
