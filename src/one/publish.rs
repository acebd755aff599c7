//! Publishing to those that listen, and telling them.
//!
//! The lock is never held for longer than a few listeners take, however many there are: the first few
//! are taken off the list before the outcome is published, while the lock is held anyway, and the others,
//! a few at a time, after that. In a crowd it is published first, and all are taken off after that.

use std::mem::{self, MaybeUninit};
use std::ptr::{self, NonNull};

use super::asynchron::Asynchron;
use super::chain::Chain;
use super::form::Form;
use super::handle::Handle;
use super::jobs::{self, Job, Jobs, RunFn};
use super::listener::{Kind, List, Listener};
use super::state::{Courtesy, Held};
use crate::sync::AtomicU32;
use crate::sys;

/// So many are taken off the list each time that the lock is taken.
const PER_LOCK: usize = 4;

/// Those who are told by one completion, and what is to be done for them.
pub(crate) struct Telling {
    /// What is to run, each with a reference to the source of its own, counted but for what is lent.
    jobs: Jobs,
    /// Whether there are jobs of which it is not known yet whether they are to run on this thread.
    undecided: bool,
    /// Where those were that complete others.
    passing: Jobs,
    /// Whether the object may still be lent to a callback, and whether it is.
    lends: Lends,
    /// Those that learn of it once the lock is not held any more, linked in their order by `prev`.
    first: *mut Listener,
    last: *mut Listener,
    /// Where threads are asleep that are to be woken then: the word may be gone.
    asleep: [MaybeUninit<*const AtomicU32>; PER_LOCK],
    asleep_len: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lends {
    No,
    ToTheFirst,
    Lent,
}

/// For [`Kind::Take`].
impl Telling {
    /// Wakes a thread that sleeps on this word, without the lock. By address: it may be gone by then.
    pub(crate) fn wake_later(&mut self, word: *const AtomicU32) {
        // There is one for each that is taken off, at most.
        if let Some(free) = self.asleep.get_mut(self.asleep_len) {
            free.write(word);
            self.asleep_len = self.asleep_len.wrapping_add(1);
        }
    }

    /// Notes that the node was taken off, and has `run` run where it was, in its order. No reference comes with it.
    ///
    /// # Safety
    /// The node is alive, was just taken off, under the lock, and is used as a listener no more.
    pub(crate) unsafe fn run_later(&mut self, node: NonNull<Listener>, run: RunFn) {
        // SAFETY: as the caller promises.
        unsafe { Listener::mark_taken(node) };
        // SAFETY: as the caller promises.
        unsafe { self.jobs.push(node.cast(), Some(run)) };
    }
}

impl Telling {
    fn new() -> Self {
        Self {
            jobs: Jobs::new(),
            undecided: false,
            passing: Jobs::new(),
            lends: Lends::ToTheFirst,
            first: ptr::null_mut(),
            last: ptr::null_mut(),
            asleep: [const { MaybeUninit::uninit() }; PER_LOCK],
            asleep_len: 0,
        }
    }

    /// Publishes, and tells all: at once those that run none of the program's code; the others, in their order, when
    /// all those were told and this thread comes to it.
    ///
    /// # Safety
    /// CLAIMED: `held` is of `this`, which is incomplete, and the outcome is written. It may be gone afterwards.
    #[cold]
    pub(super) unsafe fn publish(this: NonNull<Asynchron>, held: Held, form: Form) {
        // SAFETY: ALIVE until it is PUBLISHED.
        let source = unsafe { this.as_ref() };
        if held.is_crowded() {
            // SAFETY: as the caller promises.
            return Self::tell_published(unsafe { Self::publish_in_a_crowd(this, held, form) });
        }
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { source.listeners() };
        let Some(node) = list.lone() else {
            // SAFETY: as the caller promises.
            return unsafe { Self::publish_to_many(this, held, form) };
        };
        // SAFETY: LISTED: it is alive until it is TOLD.
        let (held, run) = match *unsafe { Listener::kind(node) } {
            Kind::Run { lent, .. } => (held.lend(), lent),
            Kind::RunMarked { mark, run, .. } => {
                // SAFETY: LOCKED: it is marked under the lock.
                unsafe { mark(node) };
                source.retain();
                (held, run)
            }
            Kind::Learn(learn) => {
                list.take_off(1, |_| ());
                source.state().publish(held, form);
                // SAFETY: TOLD: it learns once.
                return unsafe { learn(node) };
            }
            Kind::Decide { mark, decide, .. } => {
                // SAFETY: LOCKED: it is marked under the lock.
                unsafe { mark(node) };
                source.retain();
                *list = List::EMPTY;
                source.state().publish(held, form);
                // SAFETY: TOLD: it decides once.
                if let Some((job, run)) = unsafe { decide(node, this) } {
                    run_one(job, run);
                }
                return;
            }
            Kind::Pass { mark, .. } => {
                // SAFETY: LOCKED: it is marked under the lock.
                unsafe { mark(node) };
                source.retain();
                *list = List::EMPTY;
                source.state().publish(held, form);
                // SAFETY: TOLD: it passes on once.
                return unsafe { Chain::start(node) };
            }
            // SAFETY: as the caller promises.
            _ => return unsafe { Self::publish_to_many(this, held, form) },
        };
        *list = List::EMPTY;
        source.state().publish(held, form);
        run_one(node.cast(), run);
    }

    /// The same where there is something to sort. Apart, so that one that listens alone costs no more.
    ///
    /// # Safety
    /// As for [`Self::publish`].
    #[inline(never)]
    unsafe fn publish_to_many(this: NonNull<Asynchron>, held: Held, form: Form) {
        let mut telling = Self::new();
        // SAFETY: as the caller promises.
        unsafe { telling.tell_many(this, held, form) };
        telling.finish(this);
    }

    /// Has all learn of one that was published in a crowd, and runs what is to run.
    #[inline(never)]
    fn tell_published(kept: Handle) {
        let source = kept.as_non_null();
        Self::tell_all(kept).finish(source);
    }

    /// The same; what is to run is left.
    #[inline]
    fn tell_all(kept: Handle) -> Self {
        let mut telling = Self { lends: Lends::No, ..Self::new() };
        telling.take_the_others(&kept);
        telling
    }

    /// Publishes before all else, since others may be waiting for the lock: nobody else's code is to be fetched first,
    /// which is why this is inlined.
    ///
    /// # Safety
    /// As for [`Self::publish`].
    #[inline(always)]
    unsafe fn publish_in_a_crowd(this: NonNull<Asynchron>, held: Held, form: Form) -> Handle {
        // SAFETY: ALIVE until it is PUBLISHED.
        let kept = Handle::retain(unsafe { this.as_ref() });
        kept.state().publish_in_a_crowd(held, form);
        kept
    }

    /// Publishes from within a [`Chain`], to which is left what is to run, and those that complete others.
    ///
    /// # Safety
    /// As for [`Self::publish`].
    #[inline]
    pub(super) unsafe fn publish_in_a_chain(
        this: NonNull<Asynchron>,
        held: Held,
        form: Form,
    ) -> (Jobs, Jobs) {
        let mut telling;
        if held.is_crowded() {
            // SAFETY: as the caller promises.
            telling = Self::tell_all(unsafe { Self::publish_in_a_crowd(this, held, form) });
        } else {
            telling = Self::new();
            // SAFETY: as the caller promises.
            unsafe { telling.tell_many(this, held, form) };
        }
        (telling.decided(this), telling.passing)
    }

    /// Publishes, and has all learn; what is to run is left.
    ///
    /// # Safety
    /// As for [`Self::publish`].
    #[inline]
    unsafe fn tell_many(&mut self, this: NonNull<Asynchron>, held: Held, form: Form) {
        // SAFETY: ALIVE until it is PUBLISHED.
        let source = unsafe { this.as_ref() };
        // SAFETY: LOCKED: the list is this thread's alone.
        let list = unsafe { source.listeners() };
        let more = self.take_few(source, list);
        let kept = more.then(|| Handle::retain(source));
        let held = if self.lends == Lends::Lent { held.lend() } else { held };
        source.state().publish(held, form);
        self.lends = Lends::No;
        self.inform();
        if let Some(source) = kept {
            self.take_the_others(&source);
        }
    }

    /// Tells those that are in the list yet, a few at a time. What is left there has no reference, so the caller has
    /// one.
    fn take_the_others(&mut self, source: &Asynchron) {
        let mut courtesy = Courtesy::new();
        loop {
            let held = source.state().lock();
            // SAFETY: LOCKED: the list is this thread's alone.
            let more = self.take_few(source, unsafe { source.listeners() });
            let lock_wanted = source.state().unlock(held);
            self.inform();
            if !more {
                break;
            }
            if lock_wanted {
                courtesy.give_way();
            }
        }
    }

    /// Takes the first few off the list, whose lock is held, and says whether there are more to be told.
    #[inline]
    fn take_few(&mut self, source: &Asynchron, list: &mut List) -> bool {
        // SAFETY: TOLD, and LOCKED: just taken off.
        list.take_off(PER_LOCK, |node| unsafe { self.dispatch(node, source) });
        !list.is_empty()
    }

    /// # Safety
    /// TOLD: the node was taken off just now, and the source is still LOCKED; or it is ALONE: nobody else knows
    /// the node.
    #[inline(always)] // Into the loop over few: the compiler thinks otherwise.
    unsafe fn dispatch(&mut self, node: NonNull<Listener>, source: &Asynchron) {
        // SAFETY: it is alive.
        match *unsafe { Listener::kind(node) } {
            Kind::Run { lent, kept, .. } => {
                let run = if self.lends == Lends::ToTheFirst {
                    self.lends = Lends::Lent;
                    lent
                } else {
                    source.retain();
                    kept
                };
                // SAFETY: it is not used as a listener any more.
                unsafe { self.jobs.push(node.cast(), Some(run)) };
            }
            Kind::RunMarked { mark, run, .. } => {
                // SAFETY: as the caller promises.
                unsafe { mark(node) };
                source.retain();
                // SAFETY: TOLD: it is not used as a listener any more.
                unsafe { self.jobs.push(node.cast(), Some(run)) };
            }
            // SAFETY: TOLD: its link is free.
            Kind::Learn(_) => unsafe { self.learn_later(node) },
            Kind::Decide { mark, .. } => {
                // SAFETY: as the caller promises.
                unsafe { mark(node) };
                source.retain();
                self.undecided = true;
                // SAFETY: nobody else uses its links before it has decided.
                unsafe { self.jobs.push(node.cast(), None) };
            }
            Kind::Pass { mark, .. } => {
                // SAFETY: as the caller promises.
                unsafe { mark(node) };
                source.retain();
                // SAFETY: nobody else uses its links before it has passed on.
                unsafe { self.passing.push(node.cast(), None) };
            }
            Kind::PassingStep { .. } => {
                // SAFETY: TOLD: just taken off, under the lock, or ALONE.
                unsafe { Listener::mark_taken(node) };
                // SAFETY: TOLD: nobody else uses its links any more.
                unsafe { self.passing.push(node.cast(), None) };
            }
            // SAFETY: as the caller promises.
            Kind::Take(take) | Kind::Idle(take) | Kind::Step { take, .. } => unsafe {
                take(node, source, self)
            },
            Kind::Aside { taken_off, end } => {
                // SAFETY: as the caller promises.
                unsafe { taken_off(node) };
                // SAFETY: TOLD: it is not used as a listener any more.
                unsafe { self.jobs.push(node.cast(), Some(end)) };
            }
        }
    }

    /// # Safety
    /// The node is in no list, and alive until it has learned.
    unsafe fn learn_later(&mut self, node: NonNull<Listener>) {
        let node = node.as_ptr();
        // SAFETY: as the caller promises.
        unsafe { (*node).prev = ptr::null_mut() };
        if self.first.is_null() {
            self.first = node;
        } else {
            // SAFETY: TOLD: so is the one before, which has not learned yet.
            unsafe { (*self.last).prev = node };
        }
        self.last = node;
    }

    /// Tells those just taken off that do not run the program's code. The lock is not held.
    fn inform(&mut self) {
        for word in self.asleep.iter().take(mem::take(&mut self.asleep_len)) {
            // SAFETY: so many were written.
            sys::wake(unsafe { word.assume_init() }, u32::MAX, 1);
        }
        let mut next = mem::replace(&mut self.first, ptr::null_mut());
        while let Some(node) = NonNull::new(next) {
            // SAFETY: TOLD: alive until it has learned.
            next = unsafe { node.as_ref() }.prev;
            // SAFETY: TOLD: alive until it has learned.
            if let Kind::Learn(learn) = *unsafe { Listener::kind(node) } {
                // SAFETY: TOLD: it learns once.
                unsafe { learn(node) };
            }
        }
    }

    /// All have learned: runs what is to run here. `source` may be gone, unless there are jobs.
    fn finish(&mut self, source: NonNull<Asynchron>) {
        let due = self.decided(source);
        if self.passing.is_empty() {
            jobs::run(due);
        } else {
            Chain::of(mem::replace(&mut self.passing, Jobs::new()), due).run();
        }
    }

    /// What of the jobs is to run on this thread.
    #[inline]
    fn decided(&mut self, source: NonNull<Asynchron>) -> Jobs {
        let jobs = mem::replace(&mut self.jobs, Jobs::new());
        if self.undecided { decide(jobs, source) } else { jobs }
    }
}

#[inline]
fn run_one(job: NonNull<Job>, run: RunFn) {
    // SAFETY: where a node was that is told, and no listener any more.
    unsafe { jobs::run_one(job, run) };
}

/// What of this is to run on this thread.
fn decide(jobs: Jobs, source: NonNull<Asynchron>) -> Jobs {
    jobs.decide(|job| {
        let node = job.cast::<Listener>();
        // SAFETY: it was left undecided, so that its kind is still there.
        match *unsafe { Listener::kind(node) } {
            // SAFETY: it was left undecided, and is decided once.
            Kind::Decide { decide, .. } => unsafe { decide(node, source) },
            _ => None,
        }
    })
}

/// Tells one that came when its source was complete.
///
/// # Safety
/// The node is in no list, and known to nobody else; the source is the caller's.
pub(crate) unsafe fn tell_late(node: NonNull<Listener>, source: &Asynchron) {
    let mut telling = Telling::new();
    telling.lends = Lends::No;
    // SAFETY: as the caller promises.
    unsafe { telling.dispatch(node, source) };
    telling.inform();
    telling.finish(NonNull::from(source));
}
