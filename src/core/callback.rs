//! Callbacks: a function of the program's to run once the asynchron is complete.
//!
//! One that was registered without a token leaves the list when it becomes due, and nobody can
//! find it any more. One with a token stays in the list until it has run, so that whoever takes it
//! back finds out how far it is:
//!
//! ```text
//!   Registered ──▶ Due ──▶ Running ──▶ gone
//!       │           └────▶ Withdrawn: the queue still holds it, nobody else does
//!       └─────────▶ gone
//! ```

use std::ffi::c_void;
use std::mem::{self, offset_of};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

use super::cell::{Asynchron, Handle};
use super::due::{self, Job, Jobs};
use super::listener::{List, Listener, Who};
use super::memory::try_box;
use super::user::{Owned, guarded};
use super::wait::block_until;
use crate::sys;

pub(crate) type NotifyFn = unsafe extern "C-unwind" fn(*mut Asynchron, *mut c_void);

#[repr(C)]
pub(crate) struct Callback {
    /// First, so that the listener's address is the callback's.
    listener: Listener,
    job: Job,
    /// While due, with a reference.
    source: NonNull<Asynchron>,
    function: NotifyFn,
    ctx: Owned,
    /// 0: it cannot be taken back.
    token: u64,
    /// From here on under the source's lock.
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

/// Why a callback was not registered.
pub(crate) enum Refused {
    NoMemory,
    Complete,
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

/// Registers a callback; runs it at once if `a` is complete, unless `only_pending` refuses that.
/// A token is written if there is somewhere to write it, before the function can run.
///
/// # Safety
/// `token` is NULL or may be written.
pub(crate) unsafe fn register(
    a: &Asynchron,
    function: NotifyFn,
    ctx: Owned,
    only_pending: bool,
    token: *mut u64,
) -> Result<(), Refused> {
    static TOKENS: AtomicU64 = AtomicU64::new(1);

    let mut callback = Callback {
        listener: Listener::callback(),
        job: Job::new(Callback::run),
        source: NonNull::from(a),
        function,
        ctx,
        token: 0,
        stage: Stage::Registered,
        awaiters: ptr::null_mut(),
    };
    if !token.is_null() {
        // ORDERING: the number only has to be new.
        callback.token = TOKENS.fetch_add(1, Relaxed);
    }
    let callback = try_box(callback).map_err(|_| Refused::NoMemory)?;
    let removable = callback.token != 0;
    let callback = NonNull::from(Box::leak(callback));
    let complete = a.with_listeners(|list, complete| {
        if complete && only_pending {
            return true;
        }
        let this = callback.as_ptr();
        if removable {
            // SAFETY: `token` may be written; the callback is nobody else's before the lock goes.
            unsafe { *token = (*this).token };
        }
        if complete && removable {
            // SAFETY: as above.
            unsafe { (*this).stage = Stage::Due };
        }
        if !complete || removable {
            // SAFETY: new, and freed only after it was unlinked.
            unsafe { list.push(callback.cast()) };
        }
        complete
    });
    if !complete {
        return Ok(());
    }
    if only_pending {
        // SAFETY: it was not listed, so it is still ours alone.
        drop(unsafe { Box::from_raw(callback.as_ptr()) });
        return Err(Refused::Complete);
    }
    let mut jobs = Jobs::EMPTY;
    // SAFETY: it runs once, from here; if it is listed, its stage says that it is due already.
    unsafe { Callback::queue(callback, a, &mut jobs) };
    due::run(jobs);
    Ok(())
}

/// Takes the callback with this token back. Waits for one that is running, if `wait` says so, but
/// never inside itself.
pub(crate) fn take_back(a: &Asynchron, token: u64, wait: bool) -> Removal {
    let mut awaiter = Awaiter { next: ptr::null_mut(), done: AtomicU32::new(0) };
    let awaiter = &raw mut awaiter;
    let mut unlisted = None;
    let mut ctx = Owned::NOTHING;
    let removal = a.with_listeners(|list, _| {
        let Some(callback) = find(list, token) else {
            return Removal::TooLate;
        };
        let this = callback.as_ptr();
        // SAFETY: it is listed, so it is alive, and its stage is the lock holder's to read.
        match unsafe { (*this).stage } {
            Stage::Registered => {
                // SAFETY: it is listed.
                unsafe { list.unlink(callback.cast()) };
                unlisted = Some(callback);
                Removal::Removed
            }
            Stage::Due => {
                // SAFETY: it is listed; the queue that holds it does not look without the lock.
                unsafe {
                    list.unlink(callback.cast());
                    (*this).stage = Stage::Withdrawn;
                    ctx = mem::replace(&mut (*this).ctx, Owned::NOTHING);
                }
                Removal::Removed
            }
            Stage::Running(thread) if thread == sys::this_thread() => Removal::TooLate,
            Stage::Running(_) => {
                if wait {
                    // SAFETY: the awaiter stays until it is done; the chain is the lock holder's.
                    unsafe {
                        (*awaiter).next = (*this).awaiters;
                        (*this).awaiters = awaiter;
                    }
                }
                Removal::Running
            }
            Stage::Withdrawn => Removal::TooLate,
        }
    });
    if let Some(callback) = unlisted {
        // SAFETY: nobody else had it but the list.
        drop(unsafe { Box::from_raw(callback.as_ptr()) });
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
fn find(list: &List, token: u64) -> Option<NonNull<Callback>> {
    let mut node = list.last().filter(|_| token != 0);
    while let Some(here) = node {
        // SAFETY: it is in the list, whose lock is held.
        if matches!(unsafe { here.as_ref() }.who(), Who::Callback) {
            let callback = here.cast::<Callback>();
            // SAFETY: as above, and a callback.
            if unsafe { callback.as_ref() }.token == token {
                return Some(callback);
            }
        }
        // SAFETY: it is in the list.
        node = unsafe { list.before(here) };
    }
    None
}

impl Callback {
    /// The source completes: the callback is due. True: it stays in the source's list.
    ///
    /// # Safety
    /// The source's lock is held; `this` was registered there, and is out of the list.
    pub(super) unsafe fn make_due(
        this: NonNull<Self>,
        source: &Asynchron,
        jobs: &mut Jobs,
    ) -> bool {
        let callback = this.as_ptr();
        // SAFETY: alive; the token never changes.
        let stays = unsafe { (*callback).token } != 0;
        if stays {
            // SAFETY: the lock is held.
            unsafe { (*callback).stage = Stage::Due };
        }
        // SAFETY: it becomes due once.
        unsafe { Self::queue(this, source, jobs) };
        stays
    }

    /// # Safety
    /// Called once; the callback is alive.
    unsafe fn queue(this: NonNull<Self>, source: &Asynchron, jobs: &mut Jobs) {
        // The queue's reference; `run` gives it up.
        source.keep();
        // SAFETY: alive until it runs, and so is its job.
        unsafe { jobs.push(NonNull::from(&mut (*this.as_ptr()).job)) };
    }

    /// # Safety
    /// `job` is that of a callback from [`Self::queue`]; called once.
    unsafe fn run(job: NonNull<Job>) {
        // SAFETY: the job lies inside its callback.
        let this = unsafe { job.byte_sub(offset_of!(Self, job)) }.cast::<Self>();
        let callback = this.as_ptr();
        // SAFETY: the queue's reference is taken over here.
        let source = unsafe { Handle::from_raw((*callback).source) };
        // SAFETY: the token never changes.
        if unsafe { (*callback).token } == 0 {
            // SAFETY: in no list and no queue: it is ours alone.
            let callback = unsafe { Box::from_raw(callback) };
            call(&source, callback.function, callback.ctx.ptr);
            return;
        }
        let begun = source.with_listeners(|_, _| {
            // SAFETY: the lock is held.
            let stage = unsafe { &mut (*callback).stage };
            let begun = *stage == Stage::Due;
            if begun {
                *stage = Stage::Running(sys::this_thread());
            }
            begun
        });
        if begun {
            // SAFETY: running, so the function and the context are this thread's alone.
            let function = unsafe { (*callback).function };
            // SAFETY: as above.
            let ctx = unsafe { mem::replace(&mut (*callback).ctx, Owned::NOTHING) };
            call(&source, function, ctx.ptr);
            drop(ctx);
            let awaiters = source.with_listeners(|list, _| {
                // SAFETY: one that runs is still in the list.
                unsafe { list.unlink(this.cast()) };
                // SAFETY: the lock is held.
                unsafe { (*callback).awaiters }
            });
            wake(awaiters);
        }
        // SAFETY: neither the list nor the queue holds it any more.
        drop(unsafe { Box::from_raw(callback) });
    }
}

fn call(source: &Handle, function: NotifyFn, ctx: *mut c_void) {
    // SAFETY: the program registered this function for this pointer; the handle is retained.
    guarded("a callback", || unsafe { function(source.as_ptr(), ctx) });
}

fn wake(mut awaiter: *mut Awaiter) {
    while !awaiter.is_null() {
        // SAFETY: it stays on its thread's stack until it is done.
        let (next, done) = unsafe { ((*awaiter).next, &raw const (*awaiter).done) };
        // ORDERING: Release shows the waiting thread all that the callback did.
        // SAFETY: as above. After this it may be gone.
        unsafe { (*done).store(1, Release) };
        sys::wake(done, u32::MAX, 1);
        awaiter = next;
    }
}
