//! Entries that have arrived, in their order.
//!
//! They are linked one way, which is enough for all but whoever takes one out of the middle: that one links them
//! back first, a few at a time, and each once at most.

use std::ptr::{self, NonNull};

use super::entries::Entry;
use crate::one::listener::Listener;

pub(super) struct ReadyList {
    /// Linked by the listeners' `prev`.
    first: *mut Entry,
    last: *mut Entry,
    /// How many were appended so far, and how many of those have gone: what was taken out of the middle counts
    /// as never appended.
    appended: usize,
    gone: usize,
    /// So many of the appended are linked back, by the links that their listeners keep, or have gone. The last
    /// of them, unless it has.
    linked: usize,
    last_linked: *mut Entry,
}

/// So many are linked back at a time.
const LINKED_AT_A_TIME: usize = 32;

/// # Safety
/// The entry is in a ready list.
unsafe fn next(entry: NonNull<Entry>) -> *mut Entry {
    // SAFETY: so it is alive, and the link is the list's.
    unsafe { entry.as_ref() }.listener.prev.cast()
}

/// # Safety
/// The entry is in a ready list, or comes into one.
unsafe fn set_next(entry: NonNull<Entry>, next: *mut Entry) {
    // SAFETY: so it is alive, and the link is the list's.
    unsafe { (*entry.as_ptr()).listener.prev = next.cast() };
}

/// # Safety
/// The entry is in a ready list.
unsafe fn set_before(entry: NonNull<Entry>, before: *mut Entry) {
    // SAFETY: so it has arrived, and has learned.
    unsafe { Listener::keep_link(entry.cast(), before.cast()) };
}

impl ReadyList {
    pub(super) const EMPTY: Self = Self {
        first: ptr::null_mut(),
        last: ptr::null_mut(),
        appended: 0,
        gone: 0,
        linked: 0,
        last_linked: ptr::null_mut(),
    };

    pub(super) fn len(&self) -> usize {
        self.appended.wrapping_sub(self.gone)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// # Safety
    /// The entry has arrived, is in no ready list, and stays until it is taken out.
    #[inline(always)] // Into the loop that reverses what has arrived: its fields become registers there.
    pub(super) unsafe fn push_front(&mut self, entry: NonNull<Entry>) {
        // SAFETY: it comes into this list.
        unsafe { set_next(entry, self.first) };
        if self.first.is_null() {
            self.last = entry.as_ptr();
        }
        self.first = entry.as_ptr();
        self.appended = self.appended.wrapping_add(1);
    }

    /// # Safety
    /// As for [`Self::push_front`].
    pub(super) unsafe fn push_back(&mut self, entry: NonNull<Entry>) {
        let mut one = Self::EMPTY;
        // SAFETY: as the caller promises.
        unsafe { one.push_front(entry) };
        self.append(one);
    }

    /// Adds all of another, of which nothing is linked back or has gone.
    #[inline]
    pub(super) fn append(&mut self, other: Self) {
        if other.is_empty() {
            return;
        }
        match NonNull::new(self.last).filter(|_| !self.is_empty()) {
            None => self.first = other.first,
            // SAFETY: it is in this list.
            Some(last) => unsafe { set_next(last, other.first) },
        }
        self.last = other.last;
        self.appended = self.appended.wrapping_add(other.appended);
    }

    #[inline]
    pub(super) fn pop_front(&mut self) -> Option<NonNull<Entry>> {
        let first = NonNull::new(self.first)?;
        // SAFETY: it is in this list.
        self.first = unsafe { next(first) };
        self.gone = self.gone.wrapping_add(1);
        Some(first)
    }

    /// Links back the first few that are not. True: all are.
    pub(super) fn link_back_a_few(&mut self) -> bool {
        let linked = self.linked.wrapping_sub(self.gone);
        let has_linked = linked > 0 && linked <= self.len();
        let mut before = NonNull::new(self.last_linked).filter(|_| has_linked);
        if !has_linked {
            self.linked = self.gone;
        }
        for _ in 0..LINKED_AT_A_TIME {
            let entry = match before {
                None => self.first,
                // SAFETY: it is in this list.
                Some(before) => unsafe { next(before) },
            };
            let Some(entry) = NonNull::new(entry) else {
                return true;
            };
            // SAFETY: it is in this list.
            unsafe { set_before(entry, before.map_or(ptr::null_mut(), NonNull::as_ptr)) };
            before = Some(entry);
            self.last_linked = entry.as_ptr();
            self.linked = self.linked.wrapping_add(1);
        }
        false
    }

    /// Whether the entry is in a ready list where all are linked back.
    ///
    /// # Safety
    /// It is alive, and not free.
    pub(super) unsafe fn holds(entry: NonNull<Entry>) -> bool {
        // SAFETY: as the caller promises.
        unsafe { Listener::kept_link(entry.cast()) }.is_some()
    }

    /// # Safety
    /// The entry is in this list, and all are linked back.
    pub(super) unsafe fn take_out(&mut self, entry: NonNull<Entry>) {
        if self.first == entry.as_ptr() {
            self.pop_front();
            return;
        }
        // SAFETY: as the caller promises.
        let after = unsafe { next(entry) };
        // SAFETY: what is in this list has arrived, and keeps a link.
        let before = unsafe { Listener::kept_link(entry.cast()) };
        let Some(before) = before.and_then(|before| NonNull::new(before.cast())) else {
            return;
        };
        // SAFETY: it is in this list, too.
        unsafe { set_next(before, after) };
        match NonNull::new(after) {
            None => self.last = before.as_ptr(),
            // SAFETY: it is in this list, too.
            Some(after) => unsafe { set_before(after, before.as_ptr()) },
        }
        self.appended = self.appended.wrapping_sub(1);
        self.linked = self.linked.wrapping_sub(1);
        self.last_linked = self.last;
    }
}
