//! One half of the pool's queue: tasks, the oldest first, linked by themselves; and empty rooms for tasks.

use std::mem;
use std::ptr::{self, NonNull};

use super::task::{Room, Task};

/// The oldest first.
pub(super) struct Tasks {
    first: *mut Task,
    last: *mut Task,
}

impl Tasks {
    pub(super) const fn new() -> Self {
        Self { first: ptr::null_mut(), last: ptr::null_mut() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// # Safety
    /// The task is in no queue, and stays where it is while it is in this one.
    pub(super) unsafe fn push(&mut self, task: NonNull<Task>, number: u64) {
        let behind = mem::replace(&mut self.last, task.as_ptr());
        // SAFETY: as the caller promises.
        let link = unsafe { &mut (*task.as_ptr()).link };
        (link.before, link.behind) = (behind, ptr::null_mut());
        (link.number, link.queued) = (number, true);
        if behind.is_null() {
            self.first = task.as_ptr();
        } else {
            // SAFETY: what is in the queue is alive.
            unsafe { (*behind).link.behind = task.as_ptr() };
        }
    }

    /// Takes out the oldest, and says its number.
    pub(super) fn pop(&mut self) -> Option<(NonNull<Task>, u64)> {
        let task = NonNull::new(self.first)?;
        // SAFETY: what is in the queue is alive, and its link is the queue's.
        let link = unsafe { &mut (*task.as_ptr()).link };
        link.queued = false;
        self.first = link.behind;
        match NonNull::new(link.behind) {
            // SAFETY: as above.
            Some(behind) => unsafe { (*behind.as_ptr()).link.before = ptr::null_mut() },
            None => self.last = ptr::null_mut(),
        }
        Some((task, link.number))
    }

    /// The one of this number. Those behind it are few.
    pub(super) fn find_from_behind(&self, number: u64) -> Option<NonNull<Task>> {
        let mut task = self.last;
        // SAFETY: what is in the queue is alive, and its link is the queue's.
        while let Some(Task { link, .. }) = unsafe { task.as_ref() } {
            if link.number <= number {
                return NonNull::new(task).filter(|_| link.number == number);
            }
            task = link.before;
        }
        None
    }

    pub(super) fn begins_with(&self, task: NonNull<Task>) -> bool {
        self.first == task.as_ptr()
    }

    /// Takes this one out of whichever half it is in.
    ///
    /// # Safety
    /// It is in one of the two.
    pub(super) unsafe fn unlink(halves: [&mut Self; 2], task: NonNull<Task>) {
        // SAFETY: what is in the queue is alive, and its link is the queue's.
        let link = unsafe { &mut (*task.as_ptr()).link };
        link.queued = false;
        for half in halves {
            if half.first == task.as_ptr() {
                half.first = link.behind;
            }
            if half.last == task.as_ptr() {
                half.last = link.before;
            }
        }
        if let Some(before) = NonNull::new(link.before) {
            // SAFETY: as above.
            unsafe { (*before.as_ptr()).link.behind = link.behind };
        }
        if let Some(behind) = NonNull::new(link.behind) {
            // SAFETY: as above.
            unsafe { (*behind.as_ptr()).link.before = link.before };
        }
    }
}

/// At most so many are kept.
const KEPT: usize = 256;

/// Rooms for tasks, the one used last first.
pub(super) struct Rooms {
    first: *mut Place,
    last: *mut Place,
    len: usize,
}

/// What lies in an empty room.
struct Place {
    next: *mut Place,
}

impl Rooms {
    pub(super) const fn new() -> Self {
        Self { first: ptr::null_mut(), last: ptr::null_mut(), len: 0 }
    }

    /// Gives it back if there are enough.
    pub(super) fn push(&mut self, room: Room) -> Option<Room> {
        if self.len >= KEPT {
            return Some(room);
        }
        let place = room.into_raw().cast::<Place>();
        // SAFETY: the room is larger, and empty.
        unsafe { place.write(Place { next: self.first }) };
        if self.first.is_null() {
            self.last = place.as_ptr();
        }
        self.first = place.as_ptr();
        self.len = self.len.wrapping_add(1);
        None
    }

    pub(super) fn pop(&mut self) -> Option<Room> {
        let place = NonNull::new(self.first)?;
        // SAFETY: what is in here is one.
        self.first = unsafe { place.as_ref() }.next;
        self.len = self.len.wrapping_sub(1);
        // SAFETY: it was a room, and is taken out.
        Some(unsafe { Room::of(place.cast()) })
    }

    /// Takes over the others, if there are not enough.
    pub(super) fn take_over(&mut self, others: &mut Self) {
        if others.first.is_null() || self.len >= KEPT {
            return;
        }
        let others = mem::replace(others, Self::new());
        if self.first.is_null() {
            self.last = others.last;
        }
        // SAFETY: there is one, so there is a last.
        unsafe { (*others.last).next = self.first };
        self.first = others.first;
        self.len = self.len.wrapping_add(others.len);
    }
}
