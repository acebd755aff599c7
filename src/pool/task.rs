//! A task: a function to run on a background thread, from the spawn until it begins, or is needed no more.
//!
//! It lies in the pool's queue, and listens to the asynchron that it is to compute. Whoever comes first takes it off
//! that: the thread on which its turn comes, which then runs it; or the one that completes the asynchron otherwise,
//! which takes it out of the queue, too, and drops its context. If its turn comes just then, the later of the two has
//! what is left of it.

use std::alloc::{Layout, dealloc};
use std::mem;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, Ordering::*};

use super::threads::Pool;
use crate::base::memory::{NoMemory, allocate};
use crate::base::program::Owned;
use crate::compute;
use crate::one::asynchron::Asynchron;
use crate::one::extras::Function;
use crate::one::handle::Handle;
use crate::one::jobs::Job;
use crate::one::listener::{Kind, Listener};
use crate::one::publish::Telling;
use crate::one::step::Begun;
use crate::sync::race;

/// What it is to compute completes otherwise.
static NEEDLESS: Kind = Kind::Take(Task::take);

#[repr(C)]
pub(super) struct Task {
    /// First. In the list of `a`.
    needless: Listener,
    /// Its place in the queue, under the pool's locks.
    pub(super) link: Link,
    pool: &'static Pool,
    /// Whether one of the two that have a part of it is through with it.
    left: AtomicBool,
    a: Handle,
    function: Function,
    /// Its taker's.
    ctx: Owned,
}

/// Where a task lies in the queue.
pub(super) struct Link {
    pub(super) before: *mut Task,
    pub(super) behind: *mut Task,
    /// How many had been queued when it was.
    pub(super) number: u64,
    pub(super) queued: bool,
}

/// Room for a task.
pub(super) struct Room(NonNull<Task>);

impl Room {
    pub(super) fn new() -> Result<Self, NoMemory> {
        Ok(Self(allocate(Layout::new::<Task>())?.cast()))
    }

    /// # Safety
    /// There is no task in it, and it is the caller's.
    pub(super) unsafe fn of(room: NonNull<Task>) -> Self {
        Self(room)
    }

    pub(super) fn into_raw(self) -> NonNull<Task> {
        mem::ManuallyDrop::new(self).0
    }

    /// Makes a task in it that listens to `a`. The room and the context come back if that is complete.
    pub(super) fn fill(
        self,
        pool: &'static Pool,
        a: &Asynchron,
        function: Function,
        ctx: Owned,
    ) -> Result<NonNull<Task>, (Self, Handle, Owned)> {
        let task = Task {
            needless: Listener::new(&NEEDLESS),
            link: Link {
                before: ptr::null_mut(),
                behind: ptr::null_mut(),
                number: 0,
                queued: false,
            },
            pool,
            left: AtomicBool::new(false),
            a: Handle::retain(a),
            function,
            ctx,
        };
        let this = self.into_raw();
        // SAFETY: the room is ours, and fits.
        unsafe { this.write(task) };
        // SAFETY: in no list, and it stays until it was taken off.
        if unsafe { a.listen(this.cast()) } {
            return Ok(this);
        }
        // SAFETY: nobody else knows it.
        let Task { a, ctx, .. } = unsafe { this.read() };
        Err((Self(this), a, ctx))
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout; nothing is in it.
        unsafe { dealloc(self.0.as_ptr().cast(), Layout::new::<Task>()) };
    }
}

impl Task {
    /// Runs it, unless its asynchron is not pending any more. Its room comes back, if nobody else is at it.
    ///
    /// # Safety
    /// It was taken out of the queue by the caller, who uses it no more.
    pub(super) unsafe fn run(this: NonNull<Self>) -> Option<Room> {
        // SAFETY: as the caller promises: it is alive until it was left.
        let a = unsafe { &(*this.as_ptr()).a };
        // SAFETY: it was listed there.
        let begun = unsafe { a.begin(this.cast(), true) };
        if begun == Begun::Gone {
            // SAFETY: not left by this thread. The other has the context.
            return unsafe { Self::leave(this) };
        }
        // SAFETY: off both, it is the caller's alone.
        let Self { a, function, ctx, .. } = unsafe { this.read() };
        let room = Room(this);
        if begun == Begun::Started {
            compute::run(&a, ctx, compute::plain(function));
        } else {
            drop(ctx);
        }
        Some(room)
    }

    /// Gives up one for which there is no thread. What is to be dropped without a lock comes back.
    ///
    /// # Safety
    /// As for `run`.
    pub(super) unsafe fn give_up(this: NonNull<Self>) -> Option<(Room, Owned)> {
        // SAFETY: as the caller promises.
        let a = unsafe { &(*this.as_ptr()).a };
        // SAFETY: it was listed there.
        if unsafe { a.begin(this.cast(), false) } == Begun::Gone {
            // SAFETY: as in `run`.
            drop(unsafe { Self::leave(this) });
            return None;
        }
        // SAFETY: as in `run`.
        let Self { a: _a, ctx, .. } = unsafe { this.read() };
        Some((Room(this), ctx))
    }

    /// What it is to compute is complete.
    ///
    /// # Safety
    /// As for [`Kind::Take`].
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: as the caller promises.
        unsafe { Listener::take(node) };
        // SAFETY: as above.
        unsafe { telling.run_later(node, Self::detach) };
    }

    /// # Safety
    /// The job lies where the links of a task were that was taken off what it is to compute; called once.
    unsafe fn detach(job: NonNull<Job>) {
        let this = job.cast::<Self>();
        // SAFETY: it is alive until it was left.
        let ctx = unsafe { &raw const (*this.as_ptr()).ctx };
        // SAFETY: since it was taken off, the context is this thread's.
        let ctx = unsafe { ctx.read() };
        // SAFETY: as above.
        let pool = unsafe { (*this.as_ptr()).pool };
        // SAFETY: as above.
        let alone = unsafe { pool.remove(this) };
        drop(ctx);
        if alone {
            // SAFETY: no thread has it, nor the queue.
            drop(unsafe { Self::empty(this) });
        } else {
            // SAFETY: not left by this thread.
            drop(unsafe { Self::leave(this) });
        }
    }

    /// The second of the two has the room.
    ///
    /// # Safety
    /// The caller has not left it, and the context was taken out, or is.
    unsafe fn leave(this: NonNull<Self>) -> Option<Room> {
        // SAFETY: alive until both have left it.
        let left = unsafe { &(*this.as_ptr()).left };
        race::release(left);
        // ORDERING: Release hands over what this one did, Acquire takes what the other one did.
        if !left.swap(true, AcqRel) {
            return None;
        }
        race::acquire(left);
        // SAFETY: nobody else knows it any more.
        Some(unsafe { Self::empty(this) })
    }

    /// # Safety
    /// It is the caller's alone, and the context was taken out.
    unsafe fn empty(this: NonNull<Self>) -> Room {
        // SAFETY: as the caller promises.
        let Self { a: _a, ctx, .. } = unsafe { this.read() };
        mem::forget(ctx);
        Room(this)
    }
}
