//! A queue of tasks, linked by a place in each: a task leaves it from wherever it lies.

use std::ptr::{self, NonNull};

use super::task::Task;

/// A task's place: under the pool's locks.
#[repr(C)]
pub(super) struct Place {
    before: *mut Task,
    behind: *mut Task,
    /// Counts the tasks that were queued, from 1 on; or [`NOWHERE`], or [`LEFT`].
    pub(super) number: u64,
}

/// The number of a task that lies in no queue.
pub(super) const NOWHERE: u64 = 0;
/// The same, and one of two who have a part in it has left it.
pub(super) const LEFT: u64 = u64::MAX;
/// The number of the oldest where there is none.
pub(super) const NONE: u64 = u64::MAX;

impl Place {
    pub(super) const NOWHERE: Self =
        Self { before: ptr::null_mut(), behind: ptr::null_mut(), number: NOWHERE };
}

/// The oldest first; so the numbers rise.
pub(super) struct Queue {
    first: *mut Task,
    last: *mut Task,
}

// SAFETY: tasks may run on any thread; their places are reached under the pool's locks.
unsafe impl Send for Queue {}

impl Queue {
    pub(super) const EMPTY: Self = Self { first: ptr::null_mut(), last: ptr::null_mut() };

    /// The number of the oldest, or [`NONE`].
    pub(super) fn oldest(&self) -> u64 {
        // SAFETY: what lies in a queue is alive, and its place the lock holder's.
        NonNull::new(self.first).map_or(NONE, |first| unsafe { Task::place(first) }.number)
    }

    /// # Safety
    /// The task lies in no queue, and stays alive until it leaves this one; its number is the highest.
    pub(super) unsafe fn push(&mut self, task: NonNull<Task>, number: u64) {
        let before = self.last;
        // SAFETY: in no queue, its place is the caller's.
        *unsafe { Task::place(task) } = Place { before, behind: ptr::null_mut(), number };
        self.last = task.as_ptr();
        match NonNull::new(before) {
            // SAFETY: what lies in a queue is alive.
            Some(before) => unsafe { Task::place(before) }.behind = task.as_ptr(),
            None => self.first = task.as_ptr(),
        }
    }

    pub(super) fn pop(&mut self) -> Option<NonNull<Task>> {
        let first = NonNull::new(self.first)?;
        // SAFETY: it lies here.
        unsafe { self.unlink(first) };
        Some(first)
    }

    /// # Safety
    /// The task lies in this queue.
    pub(super) unsafe fn unlink(&mut self, task: NonNull<Task>) {
        // SAFETY: what lies in a queue is alive.
        let place = unsafe { Task::place(task) };
        let (before, behind) = (place.before, place.behind);
        place.number = NOWHERE;
        match NonNull::new(before) {
            // SAFETY: what lies in a queue is alive.
            Some(before) => unsafe { Task::place(before) }.behind = behind,
            None => self.first = behind,
        }
        match NonNull::new(behind) {
            // SAFETY: what lies in a queue is alive.
            Some(behind) => unsafe { Task::place(behind) }.before = before,
            None => self.last = before,
        }
    }

    /// Takes out the task of this number, if it lies here. Looked for from the newest on.
    pub(super) fn take_out(&mut self, number: u64) -> Option<NonNull<Task>> {
        let mut next = self.last;
        while let Some(task) = NonNull::new(next) {
            // SAFETY: what lies in a queue is alive.
            let place = unsafe { Task::place(task) };
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
