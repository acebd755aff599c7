//! Publishing to those that listen, and telling them.

use std::mem;
use std::ptr::{self, NonNull};

use super::callback::Callback;
use super::cell::Asynchron;
use super::due::{self, Jobs};
use super::handle::Handle;
use super::listener::{List, Listener, Who};
use super::outcome::Tag;
use super::removable::Removable;
use super::state::{Held, State};
use crate::compose::after::After;
use crate::compose::then::Next;
use crate::report::Report;

/// Those who are told by one completion.
pub(super) struct Telling {
    /// What is to run, each with a reference to the source of its own, counted but for what is lent.
    jobs: Jobs,
    /// The entries that arrive at their reports, linked in their order by `prev`.
    first_entry: *mut Listener,
    last_entry: *mut Listener,
    /// Whether there are `wait_any`s. Those stay in the list: a thread that leaves its wait looks
    /// there whether somebody still knows its stack.
    anys: bool,
    /// Whether there are afters, which have several sources.
    afters: bool,
    /// Whether the object is lent to the first callback.
    lends: bool,
}

impl Telling {
    /// Publishes, and tells all: threads and reports at once; what runs the program's code, in its
    /// order, when this thread comes to it.
    ///
    /// Who listens is taken out of the list before the outcome is published, while the lock is held
    /// anyway: after that the object is not touched, unless there are `wait_any`s.
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
        let jobs = Jobs::new();
        let Some(lends) = take_lone(source, list, &jobs) else {
            // SAFETY: as the caller promises.
            return unsafe { Self::publish_to_many(this, held, tag) };
        };
        if source.state().publish(if lends { held.lend() } else { held }, tag) {
            State::wake(state);
        }
        due::run(jobs);
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
        let telling = Self::take(source, list);
        let held = if telling.lends { held.lend() } else { held };
        let waited = if telling.anys {
            let kept = Handle::retain(source);
            let (held, waited) = kept.state().publish_locked(held, tag);
            tell_anys(list);
            kept.state().unlock(held);
            waited
        } else {
            source.state().publish(held, tag)
        };
        if waited {
            State::wake(state);
        }
        telling.tell(this);
    }

    /// Takes those out of the list of whom it need not know any more.
    fn take(source: &Asynchron, list: &mut List) -> Self {
        let mut all = mem::replace(list, List::EMPTY);
        let mut telling = Self {
            jobs: Jobs::new(),
            first_entry: ptr::null_mut(),
            last_entry: ptr::null_mut(),
            anys: false,
            afters: false,
            lends: false,
        };
        while let Some(node) = all.first() {
            // SAFETY: it is in this list.
            unsafe { all.unlink(node) };
            // SAFETY: what listens is alive until it was told.
            let stays = match unsafe { node.as_ref() }.who() {
                Who::Callback => {
                    let lent = !mem::replace(&mut telling.lends, true);
                    if !lent {
                        source.keep();
                    }
                    // SAFETY: a callback's, and out of the list; lent or kept.
                    unsafe { Callback::make_due(node.cast(), lent, &telling.jobs) };
                    false
                }
                Who::Removable => {
                    // SAFETY: a removable one's, and the lock is held.
                    unsafe { Removable::make_due(node.cast(), source, &telling.jobs) };
                    true
                }
                Who::Next => {
                    // SAFETY: a `Next`'s, and out of the list.
                    unsafe { Next::tell(node, source, &telling.jobs) };
                    false
                }
                Who::After => {
                    // SAFETY: an after's, and out of the list.
                    unsafe { After::tell(node, source, &telling.jobs) };
                    telling.afters = true;
                    false
                }
                Who::Entry(_) => {
                    telling.add_entry(node);
                    false
                }
                Who::Any(_) => {
                    telling.anys = true;
                    true
                }
            };
            if stays {
                // SAFETY: just unlinked.
                unsafe { list.push(node) };
            }
        }
        telling
    }

    fn add_entry(&mut self, node: NonNull<Listener>) {
        let node = node.as_ptr();
        // SAFETY: an entry is alive until it has arrived; in no list, its link is free.
        unsafe { (*node).prev = ptr::null_mut() };
        if self.first_entry.is_null() {
            self.first_entry = node;
        } else {
            // SAFETY: as above.
            unsafe { (*self.last_entry).prev = node };
        }
        self.last_entry = node;
    }

    /// `source` may be gone, unless there are jobs.
    fn tell(self, source: NonNull<Asynchron>) {
        let mut next = self.first_entry;
        while let Some(node) = NonNull::new(next) {
            // SAFETY: an entry is alive until it has arrived.
            let node_ref = unsafe { node.as_ref() };
            next = node_ref.prev;
            if let Who::Entry(report) = node_ref.who() {
                // SAFETY: not listed; its report is alive until it has arrived.
                unsafe { Report::arrive(report, node.cast()) };
            }
        }
        let jobs = if self.afters { After::count(self.jobs, source) } else { self.jobs };
        due::run(jobs);
    }
}

/// If one listens alone, and is a callback that cannot be taken back, or goes on after this alone:
/// makes it due, and says whether the object is lent to it.
#[inline]
fn take_lone(source: &Asynchron, list: &mut List, jobs: &Jobs) -> Option<bool> {
    let node = list.first()?;
    // SAFETY: it is in this list.
    if unsafe { list.after(node) }.is_some() {
        return None;
    }
    // SAFETY: what listens is alive until it was told.
    match unsafe { node.as_ref() }.who() {
        Who::Callback => {
            *list = List::EMPTY;
            // SAFETY: out of the list, and the source is lent to it.
            unsafe { Callback::make_due(node.cast(), true, jobs) };
            Some(true)
        }
        Who::Next => {
            *list = List::EMPTY;
            // SAFETY: a `Next`'s, and out of the list.
            unsafe { Next::tell(node, source, jobs) };
            Some(false)
        }
        _ => None,
    }
}

/// Tells the `wait_any`s in a list whose lock is held.
fn tell_anys(list: &mut List) {
    let mut next = list.first();
    while let Some(node) = next {
        // SAFETY: it is in the list.
        next = unsafe { list.after(node) };
        // SAFETY: as above.
        if let Who::Any(any) = unsafe { node.as_ref() }.who() {
            // SAFETY: as above.
            unsafe { list.unlink(node) };
            // SAFETY: a listed node's wait cannot end without this lock.
            unsafe { any.as_ref() }.tell(node);
        }
    }
}
