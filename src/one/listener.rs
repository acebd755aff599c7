//! Everything that waits for a completion, but a thread blocked on the word itself, is a listener, and brings
//! along how it is told. One intrusive list per asynchron holds them in the order in which they came; it belongs to
//! whoever holds the asynchron's lock.

use std::mem;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering::*};

use super::asynchron::Asynchron;
use super::chain::Chain;
use super::jobs::{Decided, RunFn};
use super::link::Link;
use super::publish::Telling;
use crate::base::memory::MALLOC_ALIGN;

/// The part of a listener that lies in the list. It is the first field of what it belongs to.
#[repr(C)]
pub(crate) struct Listener {
    /// While it is in no list, its owner may keep a link of its own here.
    pub(crate) prev: *mut Listener,
    /// NULL while it is in no list.
    next: *mut Listener,
    /// Its [`Kind`]; or, marked by its lowest bits, what it belongs to or is for, which leads to the kind, too: that
    /// has a node which would have no other room for it.
    kind_or_owner: AtomicPtr<()>,
}

/// How a kind of listener is told that its asynchron completes. Each brings its own along, so that
/// publishing knows none of them.
#[repr(align(8))] // Its address has lowest bits to spare.
pub(crate) enum Kind {
    /// A job runs where the node was: one if the asynchron is lent to it, the other if a reference is
    /// counted for it.
    Run { lent: RunFn, kept: RunFn, interest: Interest },
    /// `mark` is called when it has just been taken off the list, whose lock is held; then a job runs where
    /// the node was, for which a reference is counted.
    RunMarked { mark: unsafe fn(NonNull<Listener>), run: RunFn, interest: Interest },
    /// It is called once the outcome is published, without the lock.
    Learn(unsafe fn(NonNull<Listener>)),
    /// `mark` as above; `decide` is called, with a counted reference of its own, when all others have learned,
    /// and says what is to run on this thread, if anything. Until then a job lies where the links were.
    Decide {
        mark: unsafe fn(NonNull<Listener>),
        decide: unsafe fn(NonNull<Listener>, NonNull<Asynchron>) -> Decided,
        interest: Interest,
    },
    /// `mark` as above; `pass` is called, with a counted reference of its own, when all others have learned, and before
    /// any of the program's code runs: it completes others. Until then a job lies where the links were.
    Pass { mark: unsafe fn(NonNull<Listener>), pass: unsafe fn(NonNull<Listener>, &Chain) },
    /// It is called when it has just been taken off the list, whose lock is held, and notes down what there
    /// is to do. A few instructions: others wait for the lock.
    Take(TakeFn),
    /// The same for one that only has something to clean up then: it does not want the value, nor will it deliver unless
    /// it is asked to. As all but the next, it has the asynchron end by a completion. So a function on demand listens.
    Idle(TakeFn),
    /// One that does not count: where no other listens, the last reference ends the asynchron without a completion, and
    /// takes it off. It is always the first. `taken_off` is called when it has just been taken off the list, whose lock
    /// is held: a few instructions, too. Then `end` runs where the node was, as a job, or at once. So a deadline listens.
    Aside { taken_off: unsafe fn(NonNull<Listener>), end: RunFn },
    /// A step, a task or a timer, in the list of what it delivers into: as [`Kind::Take`]. And how a step's links in the lists
    /// of its sources are told.
    Step { take: TakeFn, source: &'static Kind },
    /// The same of one that completes others when what it delivers into is complete: `pass` as above, but no reference
    /// comes with it.
    PassingStep { pass: unsafe fn(NonNull<Listener>, &Chain), source: &'static Kind },
}

/// Whether one for whom a job runs wants what it listens to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interest {
    Yes,
    /// It only wants to know if that is cancelled, as those do who make the value.
    No,
}

impl Kind {
    /// Whether somebody wants what it listens to, and does not deliver into that.
    fn is_interest(&self) -> bool {
        match self {
            Self::Run { interest, .. }
            | Self::RunMarked { interest, .. }
            | Self::Decide { interest, .. } => *interest == Interest::Yes,
            Self::Step { .. } | Self::PassingStep { .. } | Self::Idle(_) | Self::Aside { .. } => {
                false
            }
            _ => true,
        }
    }

    /// Whether it delivers into what it listens to, of which it has a reference.
    fn is_step(&self) -> bool {
        matches!(self, Self::Step { .. } | Self::PassingStep { .. })
    }
}

pub(crate) type TakeFn = unsafe fn(NonNull<Listener>, &Asynchron, &mut Telling);

/// What several listeners belong to.
///
/// # Safety
/// It begins with a `&'static Kind`, and is aligned to 8 bytes.
pub(crate) unsafe trait Owner {}

/// In the lowest bits of `kind_or_owner`: what the others are the address of. Without, of a [`Kind`].
const OWNER: usize = 1;
/// A link's source.
const SOURCE: usize = 2;
/// Beside these: it was taken off.
const TAKEN: usize = 4;
const LOW_BITS: usize = OWNER | SOURCE | TAKEN;

impl Listener {
    pub(crate) fn new(kind: &'static Kind) -> Self {
        Self::of(ptr::from_ref(kind).cast_mut().cast(), 0)
    }

    /// One of several that belong to the same.
    pub(crate) fn of_owner<T: Owner>(owner: NonNull<T>) -> Self {
        Self::of(owner.as_ptr().cast(), OWNER)
    }

    pub(super) fn link(source: &Asynchron) -> Self {
        Self::of(ptr::from_ref(source).cast_mut().cast(), SOURCE)
    }

    fn of(address: *mut (), bits: usize) -> Self {
        debug_assert!(address.addr() & LOW_BITS == 0);
        let kind_or_owner = AtomicPtr::new(address.map_addr(|addr| addr | bits));
        Self { prev: ptr::null_mut(), next: ptr::null_mut(), kind_or_owner }
    }

    /// # Safety
    /// `this` is alive. (Its links may be changing, or a job may lie there.)
    unsafe fn bits_and_address(this: NonNull<Self>) -> (usize, *mut ()) {
        // SAFETY: as the caller promises.
        let word = unsafe { &(*this.as_ptr()).kind_or_owner };
        // ORDERING: what it leads to was there before it, and nothing of it changes but TAKEN.
        let marked = word.load(Relaxed);
        (marked.addr() & LOW_BITS, marked.map_addr(|addr| addr & !LOW_BITS))
    }

    /// # Safety
    /// As for `bits_and_address`; what it belongs to is alive, too.
    #[inline]
    pub(crate) unsafe fn kind(this: NonNull<Self>) -> &'static Kind {
        // SAFETY: as the caller promises.
        let (bits, address) = unsafe { Self::bits_and_address(this) };
        match bits & (OWNER | SOURCE) {
            // SAFETY: it is a static.
            0 => unsafe { &*address.cast::<Kind>() },
            // SAFETY: an owner begins so.
            OWNER => unsafe { *address.cast::<&'static Kind>() },
            // SAFETY: as the caller promises.
            _ => unsafe { Link::kind(this) },
        }
    }

    /// The same for one that is known to have it by its address.
    ///
    /// # Safety
    /// As for `bits_and_address`; it was made by [`Self::new`].
    #[inline]
    pub(crate) unsafe fn kind_by_address(this: NonNull<Self>) -> &'static Kind {
        // SAFETY: as the caller promises.
        let (_, address) = unsafe { Self::bits_and_address(this) };
        // SAFETY: made so, it has the address of a static.
        unsafe { &*address.cast::<Kind>() }
    }

    /// What it belongs to.
    ///
    /// # Safety
    /// As for `bits_and_address`; it was made for an owner of this type.
    pub(crate) unsafe fn owner<T: Owner>(this: NonNull<Self>) -> NonNull<T> {
        // SAFETY: as the caller promises.
        let (_, address) = unsafe { Self::bits_and_address(this) };
        // SAFETY: made of an address that is not NULL.
        unsafe { NonNull::new_unchecked(address.cast()) }
    }

    /// The source that a link's node is for. Also where a job lies now.
    ///
    /// # Safety
    /// As for `bits_and_address`, of a link.
    pub(super) unsafe fn source(this: NonNull<Self>) -> NonNull<Asynchron> {
        // SAFETY: as the caller promises.
        let (_, address) = unsafe { Self::bits_and_address(this) };
        // SAFETY: made of a reference.
        unsafe { NonNull::new_unchecked(address.cast()) }
    }

    /// Notes that it was taken off the list in which [`Self::is_taken`] asks for it.
    ///
    /// # Safety
    /// `this` is alive, and is just being taken off, under the lock.
    pub(super) unsafe fn mark_taken(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let word = unsafe { &(*this.as_ptr()).kind_or_owner };
        // ORDERING: under the lock, as those that ask are. Others look past this bit.
        word.store(word.load(Relaxed).map_addr(|addr| addr | TAKEN), Relaxed);
    }

    /// Whether it was taken off. (A job may lie where its links were.)
    ///
    /// # Safety
    /// `this` is alive, and its asynchron LOCKED.
    pub(crate) unsafe fn is_taken(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        let (bits, _) = unsafe { Self::bits_and_address(this) };
        bits & TAKEN != 0
    }

    /// Has one that has learned keep a link of its owner's in place of the owner.
    ///
    /// # Safety
    /// `this` is an owner's, alive, and has learned: this word is the owner's alone.
    #[inline]
    pub(crate) unsafe fn keep_link(this: NonNull<Self>, link: *mut Self) {
        // SAFETY: as the caller promises.
        let word = unsafe { &(*this.as_ptr()).kind_or_owner };
        // ORDERING: the owner's alone.
        word.store(link.cast(), Relaxed);
    }

    /// The link that one keeps. `None`: it has not been given one yet.
    ///
    /// # Safety
    /// `this` is an owner's and alive, and nobody else writes this word. (Its links may be changing.)
    pub(crate) unsafe fn kept_link(this: NonNull<Self>) -> Option<*mut Self> {
        // SAFETY: as the caller promises.
        let (bits, address) = unsafe { Self::bits_and_address(this) };
        (bits & OWNER == 0).then_some(address.cast())
    }

    fn neighbours(&self) -> (*mut Self, *mut Self) {
        (self.prev, self.next)
    }

    /// Makes one the successor of the other.
    ///
    /// # Safety
    /// LISTED: both, in one list, which is LOCKED; or about to be.
    unsafe fn join(prev: *mut Self, next: *mut Self) {
        // SAFETY: as the caller promises.
        unsafe { (*prev).next = next };
        // SAFETY: as the caller promises: alive, and the link is the lock holder's.
        unsafe { (*next).prev = prev };
    }

    /// Whether it lies in the list.
    ///
    /// # Safety
    /// `this` is alive, and its asynchron LOCKED. (Out of the list, `prev` may be changing.)
    pub(crate) unsafe fn is_listed(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        !unsafe { (*this.as_ptr()).next }.is_null()
    }
}

const _: () = assert!(MALLOC_ALIGN > LOW_BITS && align_of::<Kind>() > LOW_BITS);

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

    /// Whether a step or a task is in it, which will deliver. It is asked once in a life, when the last promise goes.
    pub(crate) fn has_step(&self) -> bool {
        let mut node = self.first();
        while let Some(this) = node {
            // SAFETY: LISTED: what is in the list is alive.
            if unsafe { Listener::kind(this) }.is_step() {
                return true;
            }
            // SAFETY: LISTED: what is in the list is alive.
            let next = unsafe { this.as_ref() }.next;
            node = NonNull::new(next).filter(|next| next.as_ptr() != self.first);
        }
        false
    }

    /// How many steps and tasks there are; `None` if somebody wants it.
    pub(crate) fn count_steps_unless_wanted(&self) -> Option<u32> {
        let (mut node, mut count) = (self.first(), 0_u32);
        while let Some(this) = node {
            // SAFETY: LISTED: what is in the list is alive.
            let kind = unsafe { Listener::kind(this) };
            if kind.is_interest() {
                return None;
            }
            // Fewer than there is memory for.
            count = count.wrapping_add(kind.is_step().into());
            // SAFETY: LISTED: what is in the list is alive.
            let next = unsafe { this.as_ref() }.next;
            node = NonNull::new(next).filter(|next| next.as_ptr() != self.first);
        }
        Some(count)
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
        // SAFETY: LISTED: what is in the list is alive.
        let last = unsafe { first.as_ref() }.prev;
        let mut next = self.first;
        for _ in 0..n {
            let Some(node) = NonNull::new(next) else {
                return;
            };
            // SAFETY: LISTED: what is in the list is alive.
            next = unsafe { node.as_ref() }.next;
            // SAFETY: LISTED: its links are the lock holder's.
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
        // SAFETY: LISTED: what is in the list is alive.
        let last = unsafe { (*self.first).prev };
        // SAFETY: the node is alive and in no list; the other is in this one.
        unsafe { Listener::join(last, node) };
        // SAFETY: the node is pushed just now, and the other is in this list.
        unsafe { Listener::join(node, self.first) };
    }

    /// The same, but before all others.
    ///
    /// # Safety
    /// As for [`Self::push`].
    pub(crate) unsafe fn push_first(&mut self, node: NonNull<Listener>) {
        // SAFETY: as the caller promises.
        unsafe { self.push(node) };
        // In a ring, behind the last is before the first.
        self.first = node.as_ptr();
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
        // SAFETY: it is alive, and out of the list its link is the caller's.
        unsafe { (*node).next = ptr::null_mut() };
    }
}
