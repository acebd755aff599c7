//! Everything that waits for a completion, but a thread blocked on the word itself, is a listener:
//! a callback, a report's entry, a `wait_any`, an `after`. One intrusive list per asynchron holds
//! them in the order in which they came; it belongs to whoever holds the asynchron's lock.

use std::ptr::{self, NonNull};

use super::cell::Asynchron;
use crate::compose::after::After;
use crate::compose::wait_any::Any;
use crate::report::Report;

/// The part of a listener that lies in the list. It is the first field of what it belongs to.
#[repr(C)]
pub(crate) struct Listener {
    /// While it is in no list, its owner may keep a link of its own here.
    pub(crate) prev: *mut Listener,
    /// NULL while it is in no list.
    next: *mut Listener,
    /// Whom to tell; what kind of listener that is lies in the lowest bits.
    who: *mut (),
}

/// Whom a listener is to tell.
pub(crate) enum Who {
    /// The callback whose first field the listener is.
    Callback,
    /// The same, but one that can be taken back.
    Removable,
    Entry(NonNull<Report>),
    Any(NonNull<Any>),
    /// What goes on after this alone.
    Next,
    After,
}

const CALLBACK: usize = 0;
const ENTRY: usize = 1;
const ANY: usize = 2;
const AFTER: usize = 3;
const REMOVABLE: usize = 4;
/// An entry that was added when its asynchron was complete.
const LATE_ENTRY: usize = 5;
/// What goes on after one, however it ended.
const NEXT: usize = 6;
/// The same after a value alone.
const THEN: usize = 7;
const KIND: usize = 7;

impl Listener {
    pub(crate) fn callback() -> Self {
        Self::of(ptr::null_mut(), CALLBACK)
    }

    pub(crate) fn removable() -> Self {
        Self::of(ptr::null_mut(), REMOVABLE)
    }

    pub(crate) fn entry(report: NonNull<Report>) -> Self {
        Self::of(report.as_ptr().cast(), ENTRY)
    }

    pub(crate) fn late_entry(report: NonNull<Report>) -> Self {
        Self::of(report.as_ptr().cast(), LATE_ENTRY)
    }

    pub(crate) fn any(any: NonNull<Any>) -> Self {
        Self::of(any.as_ptr().cast(), ANY)
    }

    pub(crate) fn next(into: NonNull<Asynchron>, only_value: bool) -> Self {
        Self::of(into.as_ptr().cast(), if only_value { THEN } else { NEXT })
    }

    pub(crate) fn after(after: NonNull<After>) -> Self {
        Self::of(after.as_ptr().cast(), AFTER)
    }

    /// What the `Next` whose node this is delivers into, and whether it goes on after a value alone.
    ///
    /// # Safety
    /// `this` is alive, and has not been told.
    pub(crate) unsafe fn next_of(this: NonNull<Self>) -> Option<(NonNull<Asynchron>, bool)> {
        // SAFETY: as the caller promises.
        let who = unsafe { (*this.as_ptr()).who };
        let kind = who.addr() & KIND;
        let into = NonNull::new(who.map_addr(|addr| addr & !KIND).cast());
        into.filter(|_| kind == NEXT || kind == THEN).map(|into| (into, kind == THEN))
    }

    /// The `After` whose node this is.
    ///
    /// # Safety
    /// `this` is alive, and has not been counted. (A job may lie where its links were.)
    pub(crate) unsafe fn after_of(this: NonNull<Self>) -> Option<NonNull<After>> {
        // SAFETY: as the caller promises.
        let who = unsafe { (*this.as_ptr()).who };
        let after = NonNull::new(who.map_addr(|addr| addr & !KIND).cast());
        after.filter(|_| who.addr() & KIND == AFTER)
    }

    fn of(who: *mut (), kind: usize) -> Self {
        debug_assert!(who.addr() & KIND == 0);
        let who = who.map_addr(|addr| addr | kind);
        Self { prev: ptr::null_mut(), next: ptr::null_mut(), who }
    }

    pub(crate) fn who(&self) -> Who {
        let kind = self.who.addr() & KIND;
        let who = NonNull::new(self.who.map_addr(|addr| addr & !KIND));
        match (kind, who) {
            (ENTRY | LATE_ENTRY, Some(report)) => Who::Entry(report.cast()),
            (ANY, Some(any)) => Who::Any(any.cast()),
            (NEXT | THEN, _) => Who::Next,
            (AFTER, _) => Who::After,
            (REMOVABLE, _) => Who::Removable,
            _ => Who::Callback,
        }
    }

    /// # Safety
    /// `this` is an entry's and alive, and nobody makes it late just now. (Its links may be changing.)
    pub(crate) unsafe fn is_late(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).who }.addr() & KIND == LATE_ENTRY
    }

    fn neighbours(&self) -> (*mut Self, *mut Self) {
        (self.prev, self.next)
    }

    /// Makes one the successor of the other.
    ///
    /// # Safety
    /// Both are alive, and those of one list, whose lock is held.
    unsafe fn join(prev: *mut Self, next: *mut Self) {
        // SAFETY: as the caller promises.
        unsafe { (*prev).next = next };
        // SAFETY: as above.
        unsafe { (*next).prev = prev };
    }

    /// Whether it lies in the list.
    ///
    /// # Safety
    /// `this` is alive, and the lock of its asynchron is held. (Out of the list, `prev` may be changing.)
    pub(crate) unsafe fn is_listed(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        !unsafe { (*this.as_ptr()).next }.is_null()
    }
}

const _: () = assert!(align_of::<Report>() > KIND && align_of::<Any>() > KIND);
const _: () = assert!(align_of::<After>() > KIND && align_of::<Asynchron>() > KIND);

/// A ring: the first one's `prev` is the last.
pub(crate) struct List {
    first: *mut Listener,
}

impl List {
    pub(crate) const EMPTY: Self = Self { first: ptr::null_mut() };

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    pub(crate) fn first(&self) -> Option<NonNull<Listener>> {
        NonNull::new(self.first)
    }

    pub(crate) fn last(&self) -> Option<NonNull<Listener>> {
        // SAFETY: what is in the list is alive.
        self.first().map(|first| unsafe { first.as_ref().prev }).and_then(NonNull::new)
    }

    /// The one after `node`, if it is not the last.
    ///
    /// # Safety
    /// `node` is in this list.
    pub(crate) unsafe fn after(&self, node: NonNull<Listener>) -> Option<NonNull<Listener>> {
        // SAFETY: what is in the list is alive.
        let next = unsafe { node.as_ref().next };
        NonNull::new(next).filter(|next| next.as_ptr() != self.first)
    }

    /// The one before `node`, if it is not the first.
    ///
    /// # Safety
    /// `node` is in this list.
    pub(crate) unsafe fn before(&self, node: NonNull<Listener>) -> Option<NonNull<Listener>> {
        if node.as_ptr() == self.first {
            return None;
        }
        // SAFETY: what is in the list is alive.
        NonNull::new(unsafe { node.as_ref().prev })
    }

    /// # Safety
    /// `node` is alive, in no list, and stays where it is until it is unlinked.
    pub(crate) unsafe fn push(&mut self, node: NonNull<Listener>) {
        let node = node.as_ptr();
        if self.first.is_null() {
            self.first = node;
            // SAFETY: alive, and in no list.
            return unsafe { Listener::join(node, node) };
        }
        // SAFETY: what is in the list is alive.
        let last = unsafe { (*self.first).prev };
        // SAFETY: the node is alive and in no list; the other is in this one.
        unsafe { Listener::join(last, node) };
        // SAFETY: as above.
        unsafe { Listener::join(node, self.first) };
    }

    /// # Safety
    /// `node` is in this list.
    pub(crate) unsafe fn unlink(&mut self, node: NonNull<Listener>) {
        let node = node.as_ptr();
        // SAFETY: it is alive.
        let (prev, next) = unsafe { &*node }.neighbours();
        if next == node {
            self.first = ptr::null_mut();
        } else {
            // SAFETY: both are in this list.
            unsafe { Listener::join(prev, next) };
            if self.first == node {
                self.first = next;
            }
        }
        // SAFETY: as above.
        unsafe { (*node).next = ptr::null_mut() };
    }
}
