//! Publishing to those that listen, and telling them.
//!
//! The lock is never held for longer than a few listeners take, however many there are: the first few
//! are taken off the list before the outcome is published, while the lock is held anyway, and the others,
//! a few at a time, after that.

use std::mem::{self, MaybeUninit};
use std::ptr::{self, NonNull};

use super::cell::Asynchron;
use super::due::{self, Job, Jobs, RunFn};
use super::handle::Handle;
use super::listener::{Kind, List, Listener, Told};
use super::outcome::Tag;
use super::state::{Held, State};
use crate::sync::AtomicU32;
use crate::sys;

/// So many are taken off the list at a time.
const FEW: usize = 4;

/// Those who are told by one completion, and what is to be done for them.
pub(crate) struct Telling {
    /// What is to run, each with a reference to the source of its own, counted but for what is lent.
    jobs: Jobs,
    /// Whether there are jobs of which it is not known yet whether they are to run on this thread.
    undecided: bool,
    /// Whether the object may still be lent to a callback, and whether it is.
    lends: Lends,
    /// Those that learn of it once the lock is not held any more, linked in their order by `prev`.
    first: *mut Listener,
    last: *mut Listener,
    /// One that was just told, and goes to the end of the list.
    stays: Option<NonNull<Listener>>,
    /// Where threads are asleep that are to be woken then: the word may be gone.
    asleep: [MaybeUninit<*const AtomicU32>; FEW],
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
    /// Has a job run, once all others have learned. It has a counted reference of its own.
    ///
    /// # Safety
    /// There is room for a job, which nobody else uses until it runs.
    pub(crate) unsafe fn run(&mut self, job: NonNull<Job>, run: RunFn) {
        // SAFETY: as the caller promises.
        unsafe { self.jobs.push(job, Some(run)) };
    }

    /// Keeps it in the list.
    pub(crate) fn stays(&mut self, node: NonNull<Listener>) {
        self.stays = Some(node);
    }

    /// Wakes a thread that sleeps on this word, without the lock. By address: it may be gone by then.
    pub(crate) fn wake_later(&mut self, word: *const AtomicU32) {
        // There is one for each that is taken off, at most.
        if let Some(free) = self.asleep.get_mut(self.asleep_len) {
            free.write(word);
            self.asleep_len = self.asleep_len.wrapping_add(1);
        }
    }
}

impl Telling {
    fn new() -> Self {
        Self {
            jobs: Jobs::new(),
            undecided: false,
            lends: Lends::ToTheFirst,
            first: ptr::null_mut(),
            last: ptr::null_mut(),
            stays: None,
            asleep: [const { MaybeUninit::uninit() }; FEW],
            asleep_len: 0,
        }
    }

    /// Publishes, and tells all: threads and reports at once; what runs the program's code, in its
    /// order, when all others were told and this thread comes to it.
    ///
    /// # Safety
    /// `held` is of `this`, which is incomplete, and the outcome is written. It may be gone afterwards.
    #[cold]
    pub(super) unsafe fn publish(this: NonNull<Asynchron>, held: Held, tag: Tag) {
        // SAFETY: alive until it is published.
        let source = unsafe { this.as_ref() };
        // SAFETY: the lock is held.
        let list = unsafe { source.listeners() };
        let state: *const State = source.state();
        // SAFETY: the lock is held.
        let Some(lone) = (unsafe { take_lone(source, list) }) else {
            // SAFETY: as the caller promises.
            return unsafe { Self::publish_to_many(this, held, tag) };
        };
        let lends = matches!(lone, Lone::Runs { lent: true, .. });
        if source.state().publish(if lends { held.lend() } else { held }, tag) {
            State::wake(state);
        }
        match lone {
            Lone::Runs { job, run, .. } => {
                let jobs = Jobs::new();
                // SAFETY: where a node was that is told.
                unsafe { jobs.push(job, Some(run)) };
                due::run(jobs);
            }
            // SAFETY: it was taken off the list, and learns once.
            Lone::Learns { node, learn } => unsafe { learn(node) },
        }
    }

    /// The same where there is something to sort. Apart, so that one that listens alone costs no more.
    ///
    /// # Safety
    /// As for [`Self::publish`].
    #[inline(never)]
    unsafe fn publish_to_many(this: NonNull<Asynchron>, held: Held, tag: Tag) {
        // SAFETY: alive until it is published.
        let source = unsafe { this.as_ref() };
        // SAFETY: the lock is held.
        let list = unsafe { source.listeners() };
        let state: *const State = source.state();
        let mut telling = Self::new();
        let more = telling.take_few(source, list);
        // What is left in the list has no reference, so there is one of this thread's until it is empty.
        let kept = more.then(|| Handle::retain(source));
        let held = if telling.lends == Lends::Lent { held.lend() } else { held };
        if source.state().publish(held, tag) {
            State::wake(state);
        }
        telling.lends = Lends::No;
        telling.inform();
        if let Some(source) = kept {
            while source.with_listeners(|list, _| telling.take_few(&source, list)) {
                telling.inform();
            }
            telling.inform();
        }
        telling.finish(this);
    }

    /// Takes the first few off the list, whose lock is held, and says whether there are more to be told.
    fn take_few(&mut self, source: &Asynchron, list: &mut List) -> bool {
        for _ in 0..FEW {
            let Some(node) = first_untold(list) else {
                return false;
            };
            // SAFETY: it is in this list.
            unsafe { list.unlink(node) };
            // SAFETY: just taken off, and the lock is held.
            unsafe { self.take(node, source) };
            if let Some(node) = self.stays.take() {
                // SAFETY: just unlinked.
                unsafe { list.push(node) };
            }
        }
        first_untold(list).is_some()
    }

    /// # Safety
    /// The node is in no list, and alive until it was told; the source's lock is held, or nobody else knows
    /// the node.
    #[inline]
    unsafe fn take(&mut self, node: NonNull<Listener>, source: &Asynchron) {
        // SAFETY: it is alive.
        match *unsafe { Listener::kind(node) } {
            Kind::Run { lent, kept } => {
                let run = if self.lends == Lends::ToTheFirst {
                    self.lends = Lends::Lent;
                    lent
                } else {
                    source.keep();
                    kept
                };
                // SAFETY: it is not used as a listener any more.
                unsafe { self.jobs.push(node.cast(), Some(run)) };
            }
            Kind::RunTold(run) => {
                // SAFETY: as above.
                unsafe { Told::keep_source(node, source) };
                // SAFETY: as above.
                unsafe { self.jobs.push(node.cast(), Some(run)) };
            }
            // SAFETY: in no list, its link is free.
            Kind::Learn(_) => unsafe { self.learn_later(node) },
            Kind::Decide(_) => {
                source.keep();
                self.undecided = true;
                // SAFETY: nobody else uses its links before it has decided.
                unsafe { self.jobs.push(node.cast(), None) };
            }
            // SAFETY: as the caller promises.
            Kind::Take(take) => unsafe { take(node, source, self) },
            Kind::Told => {}
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
            // SAFETY: as above.
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
            // SAFETY: alive until it has learned.
            next = unsafe { node.as_ref() }.prev;
            // SAFETY: as above.
            if let Kind::Learn(learn) = *unsafe { Listener::kind(node) } {
                // SAFETY: it was taken off the list, and learns once.
                unsafe { learn(node) };
            }
        }
    }

    /// All have learned: runs what is to run here. `source` may be gone, unless there are jobs.
    fn finish(self, source: NonNull<Asynchron>) {
        due::run(if self.undecided { decide(self.jobs, source) } else { self.jobs });
    }
}

fn first_untold(list: &List) -> Option<NonNull<Listener>> {
    // SAFETY: what listens is alive until it was told.
    list.first().filter(|node| !matches!(unsafe { Listener::kind(*node) }, Kind::Told))
}

/// What of this is to run on this thread.
fn decide(jobs: Jobs, source: NonNull<Asynchron>) -> Jobs {
    jobs.decide(|job| {
        let node = job.cast::<Listener>();
        // SAFETY: it was left undecided, so that its kind is still there.
        match *unsafe { Listener::kind(node) } {
            // SAFETY: as above; it is decided once.
            Kind::Decide(decide) => unsafe { decide(node, source) },
            _ => None,
        }
    })
}

/// One that listens alone, and how it is told.
enum Lone {
    Runs { job: NonNull<Job>, run: RunFn, lent: bool },
    Learns { node: NonNull<Listener>, learn: unsafe fn(NonNull<Listener>) },
}

/// Takes one that listens alone off the list, unless it needs more than one job, or to learn of it.
///
/// # Safety
/// The list is the source's, whose lock is held, and which is just being completed.
#[inline]
unsafe fn take_lone(source: &Asynchron, list: &mut List) -> Option<Lone> {
    let node = list.first()?;
    // SAFETY: it is in this list.
    if unsafe { list.after(node) }.is_some() {
        return None;
    }
    // SAFETY: what listens is alive until it was told.
    let lone = match *unsafe { Listener::kind(node) } {
        Kind::Run { lent, .. } => Lone::Runs { job: node.cast(), run: lent, lent: true },
        Kind::RunTold(run) => {
            // SAFETY: it is not used as a listener any more.
            unsafe { Told::keep_source(node, source) };
            Lone::Runs { job: node.cast(), run, lent: false }
        }
        Kind::Learn(learn) => {
            // SAFETY: it is in this list. Its owner may still ask whether it is.
            unsafe { list.unlink(node) };
            return Some(Lone::Learns { node, learn });
        }
        _ => return None,
    };
    *list = List::EMPTY;
    Some(lone)
}

/// Tells one that came when its source was complete.
///
/// # Safety
/// The node is in no list, and known to nobody else; the source is the caller's.
pub(crate) unsafe fn tell_late(node: NonNull<Listener>, source: &Asynchron) {
    let mut telling = Telling::new();
    telling.lends = Lends::No;
    // SAFETY: as the caller promises.
    unsafe { telling.take(node, source) };
    telling.inform();
    telling.finish(NonNull::from(source));
}
