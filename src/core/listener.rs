//! Everything that waits for a completion, but a thread blocked on the word itself, is a listener:
//! a callback, a report's entry, a `wait_any`, an `after`. One intrusive list per asynchron holds
//! them in the order in which they came; it belongs to whoever holds the asynchron's lock.

use std::mem;
use std::ptr::{self, NonNull};

use super::cell::Asynchron;
use super::due::{Decided, RunFn};
use super::memory::MALLOC_ALIGN;
use super::tell::Telling;
use crate::compose::wait_any::{self, Any};
use crate::compose::{after, then};
use crate::report::{self, Report};

/// The part of a listener that lies in the list. It is the first field of what it belongs to.
#[repr(C)]
pub(crate) struct Listener {
    /// While it is in no list, its owner may keep a link of its own here.
    pub(crate) prev: *mut Listener,
    /// NULL while it is in no list.
    next: *mut Listener,
    /// With a tag in the lowest bits, whom to tell: that a node has, which would have no other room for
    /// it. Without one, its [`Kind`].
    who: *mut (),
}

/// How a kind of listener is told that its asynchron completes. Each brings its own along, so that
/// publishing knows none of them.
#[repr(align(8))] // Its address has room for a tag.
pub(crate) enum Kind {
    /// A job runs where the node was: one if the asynchron is lent to it, the other if a reference is
    /// counted for it.
    Run { lent: RunFn, kept: RunFn },
    /// `mark` is called when it has just been taken off the list, whose lock is held; then a job runs where
    /// the node was, for which a reference is counted.
    RunMarked { mark: unsafe fn(NonNull<Listener>), run: RunFn },
    /// It is called once the outcome is published, without the lock.
    Learn(unsafe fn(NonNull<Listener>)),
    /// `mark` as above; `decide` is called, with a counted reference of its own, when all others have learned,
    /// and says what is to run on this thread, if anything. Until then a job lies where the links were.
    Decide {
        mark: unsafe fn(NonNull<Listener>),
        decide: unsafe fn(NonNull<Listener>, NonNull<Asynchron>) -> Decided,
    },
    /// It is called when it has just been taken off the list, whose lock is held, and notes down what there
    /// is to do. A few instructions: others wait for the lock.
    Take(unsafe fn(NonNull<Listener>, &Asynchron, &mut Telling)),
    /// There is none by this tag.
    None,
}

const ENTRY: usize = 1;
const ANY: usize = 2;
const AFTER: usize = 3;
const THEN: usize = 4;
const TAG: usize = 7;

/// The kinds of those with a tag, by that.
static TAGGED: [&Kind; TAG + 1] = [
    &Kind::None,
    &report::ENTRY,
    &wait_any::ANY,
    &after::AFTER,
    &then::THEN,
    &Kind::None,
    &Kind::None,
    &Kind::None,
];

impl Listener {
    pub(crate) fn new(kind: &'static Kind) -> Self {
        Self::of(ptr::from_ref(kind).cast_mut().cast(), 0)
    }

    pub(crate) fn entry(report: NonNull<Report>) -> Self {
        Self::of(report.as_ptr().cast(), ENTRY)
    }

    pub(crate) fn any(any: NonNull<Any>) -> Self {
        Self::of(any.as_ptr().cast(), ANY)
    }

    pub(crate) fn then(source: &Asynchron) -> Self {
        Self::of(ptr::from_ref(source).cast_mut().cast(), THEN)
    }

    pub(crate) fn after(source: &Asynchron) -> Self {
        Self::of(ptr::from_ref(source).cast_mut().cast(), AFTER)
    }

    fn of(who: *mut (), tag: usize) -> Self {
        debug_assert!(who.addr() & TAG == 0);
        let who = who.map_addr(|addr| addr | tag);
        Self { prev: ptr::null_mut(), next: ptr::null_mut(), who }
    }

    /// # Safety
    /// `this` is alive. (Its links may be changing, or a job may lie there.)
    unsafe fn who(this: NonNull<Self>) -> (usize, *mut ()) {
        // SAFETY: as the caller promises.
        let who = unsafe { (*this.as_ptr()).who };
        (who.addr() & TAG, who.map_addr(|addr| addr & !TAG))
    }

    /// # Safety
    /// As for `who`.
    #[inline]
    pub(crate) unsafe fn kind(this: NonNull<Self>) -> &'static Kind {
        // SAFETY: as the caller promises.
        let (tag, who) = unsafe { Self::who(this) };
        match TAGGED.get(tag) {
            Some(kind) if tag != 0 => kind,
            // SAFETY: without a tag, it is a static.
            _ => unsafe { &*who.cast::<Kind>() },
        }
    }

    /// The report whose entry this is.
    ///
    /// # Safety
    /// As for `who`.
    pub(crate) unsafe fn report_of(this: NonNull<Self>) -> Option<NonNull<Report>> {
        // SAFETY: as the caller promises.
        let (tag, who) = unsafe { Self::who(this) };
        NonNull::new(who.cast()).filter(|_| tag == ENTRY)
    }

    /// The `wait_any` whose node this is.
    ///
    /// # Safety
    /// As for `who`.
    pub(crate) unsafe fn any_of(this: NonNull<Self>) -> Option<NonNull<Any>> {
        // SAFETY: as the caller promises.
        let (tag, who) = unsafe { Self::who(this) };
        NonNull::new(who.cast()).filter(|_| tag == ANY)
    }

    /// The source that the node of a step is for. Also where a job lies now.
    ///
    /// # Safety
    /// As for `who`, of a `then` or an `after`.
    pub(crate) unsafe fn source_of(this: NonNull<Self>) -> NonNull<Asynchron> {
        // SAFETY: as the caller promises.
        let (_, who) = unsafe { Self::who(this) };
        // SAFETY: made of a reference.
        unsafe { NonNull::new_unchecked(who.cast()) }
    }

    /// Notes that it was taken off the list in which [`Self::is_taken`] asks for it.
    ///
    /// # Safety
    /// `this` is alive, has no tag, and is just being taken off, under the lock.
    pub(crate) unsafe fn take(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).who = ptr::null_mut() };
    }

    /// Whether it was taken off. (A job may lie where its links were.)
    ///
    /// # Safety
    /// `this` is alive, and the lock of its asynchron is held.
    pub(crate) unsafe fn is_taken(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).who }.is_null()
    }

    /// Has an entry that has arrived keep a link of its report's in place of the report.
    ///
    /// # Safety
    /// `this` is an entry's, alive, and has learned: this word is the report's alone.
    #[inline]
    pub(crate) unsafe fn keep_link(this: NonNull<Self>, link: *mut Self) {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).who = link.cast() };
    }

    /// The link that an entry keeps. `None`: it has not been given one yet.
    ///
    /// # Safety
    /// `this` is an entry's and alive, and the lock of its report is held. (Its links may be changing.)
    pub(crate) unsafe fn kept_link(this: NonNull<Self>) -> Option<*mut Self> {
        // SAFETY: as the caller promises.
        let who = unsafe { (*this.as_ptr()).who };
        Some(who.cast()).filter(|_| who.addr() & TAG != ENTRY)
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

const _: () = assert!(align_of::<Report>() > TAG && align_of::<Any>() > TAG);
const _: () = assert!(MALLOC_ALIGN > TAG && align_of::<Kind>() > TAG);

// It is no listener any more, and is never dropped as one.
const _: () = assert!(!mem::needs_drop::<Listener>());

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

    /// The only one, if it is.
    pub(crate) fn lone(&self) -> Option<NonNull<Listener>> {
        // SAFETY: it is in this list.
        self.first().filter(|first| unsafe { first.as_ref() }.next == self.first)
    }

    /// Takes the first ones off, at most `n`, and does `work` to each.
    #[inline]
    pub(crate) fn take_off(&mut self, n: usize, mut work: impl FnMut(NonNull<Listener>)) {
        let Some(first) = self.first() else {
            return;
        };
        // SAFETY: what is in the list is alive.
        let last = unsafe { first.as_ref() }.prev;
        let mut next = self.first;
        for _ in 0..n {
            let Some(node) = NonNull::new(next) else {
                return;
            };
            // SAFETY: as above.
            next = unsafe { node.as_ref() }.next;
            // SAFETY: as above.
            unsafe { (*node.as_ptr()).next = ptr::null_mut() };
            let was_last = node.as_ptr() == last;
            work(node);
            if was_last {
                self.first = ptr::null_mut();
                return;
            }
        }
        self.first = next;
        // SAFETY: both are in this list.
        unsafe { Listener::join(last, next) };
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
