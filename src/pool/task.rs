//! A function to run, and what it delivers into.
//!
//! While it lies in the queue, it also listens to what it delivers into: if that is completed otherwise, whoever
//! completes it takes the task out of the queue, and drops its context. The listener says whose the task is:
//!
//! - Whoever takes it off the list of its asynchron has the function and the context. That is the thread on which its
//!   turn comes, or the one that completes the asynchron.
//! - If its turn came just then, both have a part in it, and each gives that up when it looks at it no more. Whoever is
//!   the second ends it.

use std::mem::{self, offset_of};
use std::ptr::NonNull;

use super::chunk::Chunk;
use super::crew::Crew;
use super::executor::Counted;
use super::queue::{Place, PlaceKind};
use crate::base::program::Owned;
use crate::compute;
use crate::one::asynchron::Asynchron;
use crate::one::demand::Function;
use crate::one::handle::Handle;
use crate::one::inside;
use crate::one::jobs::Job;
use crate::one::listener::{Kind, Listener};
use crate::one::outcome::Outcome;
use crate::one::publish::Telling;
use crate::one::step::Begun;
use crate::sys;

/// What it delivers into completes otherwise.
static TASK_NEEDLESS: Kind = Kind::Step { take: Task::take, source: &TASK_NO_SOURCE };
/// What nobody asks for: a task has no links.
static TASK_NO_SOURCE: Kind = Kind::Take(Task::take);

/// How it lies in a queue.
static TASK: PlaceKind = PlaceKind { run: Task::run, cancel: Task::cancel };

#[repr(C)]
pub(super) struct Task {
    /// In the list of what it delivers into. First, so that its address is the task's.
    needless: Listener,
    place: Place,
    chunk: NonNull<Chunk>,
    a: Handle,
    function: Function,
    ctx: Owned,
}

impl Task {
    /// Makes one that listens, under a lock of the pool: `None`, and there is none, if others are at `a` just now, for
    /// whom that lock must not wait. If the answer is true, the task has the context and the reference, which were copied;
    /// false: `a` is complete.
    ///
    /// # Safety
    /// The room is free, and of the chunk; the task is queued before the lock is given back.
    pub(super) unsafe fn listen(
        (room, chunk): (NonNull<Self>, NonNull<Chunk>),
        a: &Handle,
        function: Function,
        ctx: &Owned,
    ) -> Option<bool> {
        // SAFETY: the caller's, unless the task is forgotten.
        let handle = unsafe { Handle::from_raw(a.as_non_null()) };
        let task = Self {
            needless: Listener::new(&TASK_NEEDLESS),
            place: Place::nowhere(&TASK),
            chunk,
            a: handle,
            function,
            ctx: Owned { ptr: ctx.ptr, drop: ctx.drop },
        };
        // SAFETY: the room is free.
        unsafe { room.write(task) };
        // SAFETY: in no list, and it stays until it was told or taken off.
        unsafe { a.try_listen(room.cast()) }
    }

    /// Where it lies in a queue.
    pub(super) fn place(this: NonNull<Self>) -> NonNull<Place> {
        // SAFETY: the place lies inside of the task.
        unsafe { this.byte_add(offset_of!(Self, place)) }.cast()
    }

    /// The one whose place that is.
    ///
    /// # Safety
    /// It is a task's.
    unsafe fn of_place(place: NonNull<Place>) -> NonNull<Self> {
        // SAFETY: as the caller promises.
        unsafe { place.byte_sub(offset_of!(Self, place)) }.cast()
    }

    /// # Safety
    /// The caller has a part in it, and keeps the executor, in the process in which it was queued.
    unsafe fn crew<'a>(this: NonNull<Self>) -> &'a Crew {
        // SAFETY: as the caller promises.
        let chunk = unsafe { (*this.as_ptr()).chunk };
        // SAFETY: it is alive while it has a task.
        let crew = unsafe { (*chunk.as_ptr()).crew };
        // SAFETY: it lies in the executor, which is kept.
        unsafe { crew.as_ref() }
    }

    /// The process in which it was queued.
    ///
    /// # Safety
    /// The caller has a part in it.
    unsafe fn process(this: NonNull<Self>) -> u32 {
        // SAFETY: as the caller promises.
        let chunk = unsafe { (*this.as_ptr()).chunk };
        // SAFETY: it is alive while it has a task.
        unsafe { (*chunk.as_ptr()).process }
    }

    /// Its turn has come: runs it, unless its asynchron is not pending any more.
    ///
    /// # Safety
    /// The caller has taken it out of the queue.
    unsafe fn run(place: NonNull<Place>) {
        // SAFETY: it has this kind.
        let this = unsafe { Self::of_place(place) };
        // SAFETY: as the caller promises.
        match unsafe { Self::begin(this, true) } {
            Begun::Started => {
                // SAFETY: ALONE: off the list and out of the queue.
                let (function, ctx, a) = unsafe { Self::take_apart(this) };
                compute::run(&a, ctx, compute::plain(function));
            }
            Begun::Refused => {
                // SAFETY: ALONE: off the list and out of the queue.
                let (_, ctx, a) = unsafe { Self::take_apart(this) };
                drop(ctx);
                a.lose_step();
            }
            // SAFETY: its context is the other's.
            Begun::Gone => unsafe { Self::release(this) },
        }
    }

    /// It cannot run: drops it. False: its asynchron was completed, and its context is no concern of the caller's.
    ///
    /// # Safety
    /// As for `run`.
    pub(super) unsafe fn give_up(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        let gone = unsafe { Self::begin(this, false) } == Begun::Gone;
        if gone {
            // SAFETY: its context is the other's.
            unsafe { Self::release(this) };
        } else {
            // SAFETY: ALONE: off the list and out of the queue.
            let (_, ctx, a) = unsafe { Self::take_apart(this) };
            drop(ctx);
            a.lose_step();
        }
        !gone
    }

    /// The executor is shut down: cancels what it delivers into, if that is pending, and drops it.
    ///
    /// # Safety
    /// As for `run`.
    unsafe fn cancel(place: NonNull<Place>) {
        // SAFETY: it has this kind.
        let this = unsafe { Self::of_place(place) };
        // SAFETY: the caller has a part in it, so it keeps its reference.
        let a = Handle::retain(unsafe { &(*this.as_ptr()).a });
        // SAFETY: ALIVE: this is a reference. If another was first, there is nothing to cancel.
        let _ = unsafe { Asynchron::complete_pending(a.as_non_null(), Outcome::shut_down()) };
        // SAFETY: as the caller promises.
        unsafe { Self::give_up(this) };
    }

    /// # Safety
    /// As for `run`.
    unsafe fn begin(this: NonNull<Self>, start: bool) -> Begun {
        // SAFETY: the caller has a part in it, so it keeps its reference.
        let a: &Asynchron = unsafe { &(*this.as_ptr()).a };
        // SAFETY: it was listed there.
        unsafe { a.begin(this.cast(), start) }
    }

    /// # Safety
    /// The caller has a part in it, which ends here, and has taken it out of the queue.
    unsafe fn release(this: NonNull<Self>) {
        // SAFETY: the part ends here, and it is out of the queue, as the caller promises.
        if unsafe { Self::release_part(this) } {
            // SAFETY: the other has given up his part, with its context.
            unsafe { Self::end(this) };
        }
    }

    /// One of two who have a part in it gives that up, and it leaves the queue. True: the other has given up his, or
    /// there is none.
    ///
    /// # Safety
    /// The caller has a part in it, which ends here, unless the answer is true.
    unsafe fn release_part(this: NonNull<Self>) -> bool {
        // In the child of a fork nobody else has a part in it, nor looks at that queue.
        // SAFETY: the caller has a part in it.
        if !sys::is_this_process(unsafe { Self::process(this) }) {
            return true;
        }
        // SAFETY: the caller has a part in it.
        let crew = unsafe { Self::crew(this) };
        // SAFETY: as the caller promises.
        unsafe { crew.release(Self::place(this)) }
    }

    /// What it delivers into is complete.
    ///
    /// # Safety
    /// As for [`Kind::Take`].
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        let this = node.cast::<Self>();
        // In the child of a fork the executor may be gone.
        // SAFETY: the node has a part in it from now on.
        if sys::is_this_process(unsafe { Self::process(this) }) {
            // SAFETY: the node has a part in it from now on.
            let crew = unsafe { Self::crew(this) };
            // The reference is the job's.
            let _ = Counted::retain(crew.executor()).into_raw();
            crew.take_away();
        }
        // SAFETY: as the caller promises.
        unsafe { telling.run_later(node, Self::let_go) };
    }

    /// # Safety
    /// The job lies where the links of a task were that was taken off what it delivers into; called once.
    unsafe fn let_go(job: NonNull<Job>) {
        let this = job.cast::<Self>();
        // SAFETY: this thread has a part in it.
        let process = unsafe { Self::process(this) };
        // If a callback has forked in between, the child's copy of that reference stays.
        let kept = sys::is_this_process(process).then(|| {
            // SAFETY: this thread has a part in it.
            let crew = unsafe { Self::crew(this) };
            // SAFETY: the reference that was counted for this job.
            unsafe { Counted::from_raw(NonNull::from(crew.executor())) }
        });
        // SAFETY: since it was taken off, the context is this thread's.
        let ctx = unsafe { &raw const (*this.as_ptr()).ctx };
        // SAFETY: the context is this thread's, and read once.
        let ctx = unsafe { ctx.read() };
        // SAFETY: this thread's part in it ends here.
        let alone = unsafe { Self::release_part(this) };
        // Waiting in there until the executor is shut down would be waiting for oneself.
        match &kept {
            Some(executor) => {
                executor.with_crew(|crew| inside::run_within(crew.frame(), || drop(ctx)));
            }
            None => drop(ctx),
        }
        if alone {
            // SAFETY: ALONE: nobody else knows it any more.
            unsafe { Self::end(this) };
        }
        if let Some(executor) = kept {
            if sys::is_this_process(process) {
                executor.with_crew(Crew::bring_back);
            }
        }
    }

    /// Ends it, but for what it is made of.
    ///
    /// # Safety
    /// ALONE: nobody else knows it any more.
    #[inline]
    unsafe fn take_apart(this: NonNull<Self>) -> (Function, Owned, Handle) {
        // SAFETY: ALONE: it is read once, and is not dropped afterwards.
        let Self { chunk, a, function, ctx, .. } = unsafe { this.read() };
        // SAFETY: its room is used no more.
        unsafe { Chunk::release_room(chunk) };
        (function, ctx, a)
    }

    /// # Safety
    /// As for `take_apart`; the context was taken out.
    #[cold]
    unsafe fn end(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let (_, ctx, a) = unsafe { Self::take_apart(this) };
        mem::forget(ctx);
        drop(a);
    }
}
