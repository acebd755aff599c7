//! A queue of what is to run, linked by a place in each: it leaves the queue from wherever it lies.

use std::mem;
use std::ptr::{self, NonNull};

/// The part of something to run that lies in the queue: under the executor's locks.
#[repr(C)]
pub(crate) struct Place {
    before: *mut Place,
    behind: *mut Place,
    /// Counts what was queued, from 1 on; or [`NOWHERE`], or [`HALF_RELEASED`].
    pub(super) number: u64,
    pub(super) kind: &'static PlaceKind,
}

/// What is to be done with something that was taken out of the queue: one of these, once.
pub(crate) struct PlaceKind {
    /// Its turn has come, on a thread of the executor's.
    pub(crate) run: unsafe fn(NonNull<Place>),
    /// The executor is shut down, and what has not begun is cancelled.
    pub(crate) cancel: unsafe fn(NonNull<Place>),
}

/// The number of a task that lies in no queue.
pub(super) const NOWHERE: u64 = 0;
/// The same, and one of two who have a part in it has given it up.
pub(super) const HALF_RELEASED: u64 = u64::MAX;
/// The number of the oldest where there is none.
pub(super) const NONE: u64 = u64::MAX;

impl Place {
    pub(super) const fn nowhere(kind: &'static PlaceKind) -> Self {
        Self { before: ptr::null_mut(), behind: ptr::null_mut(), number: NOWHERE, kind }
    }

    /// As if it had been taken out of its queue, which is there no more. False: it lay in none.
    pub(super) fn forget(&mut self) -> bool {
        mem::replace(&mut self.number, NOWHERE) != NOWHERE
    }

    /// # Safety
    /// `this` is alive, and the caller's: by the executor's locks, or because it lies in no queue and nobody else
    /// knows it.
    pub(super) unsafe fn of<'a>(this: NonNull<Self>) -> &'a mut Self {
        // SAFETY: as the caller promises.
        unsafe { &mut *this.as_ptr() }
    }
}

/// The oldest first; so the numbers rise.
pub(super) struct RunQueue {
    first: *mut Place,
    last: *mut Place,
}

// SAFETY: tasks may run on any thread; their places are reached under the executor's locks.
unsafe impl Send for RunQueue {}

impl RunQueue {
    pub(super) const EMPTY: Self = Self { first: ptr::null_mut(), last: ptr::null_mut() };

    /// The number of the oldest, or [`NONE`].
    pub(super) fn oldest(&self) -> u64 {
        // SAFETY: what lies in a queue is alive, and its place the lock holder's.
        NonNull::new(self.first).map_or(NONE, |first| unsafe { Place::of(first) }.number)
    }

    /// # Safety
    /// The task lies in no queue, and stays alive until it leaves this one; its number is the highest.
    pub(super) unsafe fn push(&mut self, task: NonNull<Place>, number: u64) {
        let before = self.last;
        // SAFETY: in no queue, its place is the caller's.
        let place = unsafe { Place::of(task) };
        (place.before, place.behind, place.number) = (before, ptr::null_mut(), number);
        self.last = task.as_ptr();
        match NonNull::new(before) {
            // SAFETY: what lies in a queue is alive.
            Some(before) => unsafe { Place::of(before) }.behind = task.as_ptr(),
            None => self.first = task.as_ptr(),
        }
    }

    pub(super) fn pop(&mut self) -> Option<NonNull<Place>> {
        let first = NonNull::new(self.first)?;
        // SAFETY: it lies here.
        unsafe { self.unlink(first) };
        Some(first)
    }

    /// # Safety
    /// The task lies in this queue.
    pub(super) unsafe fn unlink(&mut self, task: NonNull<Place>) {
        // SAFETY: what lies in a queue is alive.
        let place = unsafe { Place::of(task) };
        let (before, behind) = (place.before, place.behind);
        place.number = NOWHERE;
        match NonNull::new(before) {
            // SAFETY: what lies in a queue is alive.
            Some(before) => unsafe { Place::of(before) }.behind = behind,
            None => self.first = behind,
        }
        match NonNull::new(behind) {
            // SAFETY: what lies in a queue is alive.
            Some(behind) => unsafe { Place::of(behind) }.before = before,
            None => self.last = before,
        }
    }

    /// Takes out the task of this number, if it lies here. Looked for from the newest on.
    pub(super) fn take_out(&mut self, number: u64) -> Option<NonNull<Place>> {
        let mut next = self.last;
        while let Some(task) = NonNull::new(next) {
            // SAFETY: what lies in a queue is alive.
            let place = unsafe { Place::of(task) };
            if place.number == number {
                // SAFETY: it lies here.
                unsafe { self.unlink(task) };
                return Some(task);
            }
            next = if place.number > number { place.before } else { ptr::null_mut() };
        }
        None
    }
}
