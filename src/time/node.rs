//! A deadline or a timer: what listens to an asynchron, and lies in the wheel until its time has come.
//!
//! It lies in both or in none, but for a moment under both locks, of which the asynchron's comes first. So whoever
//! serves the wheel finds only what is listed, and only tries the asynchron's lock.

use std::mem::offset_of;
use std::ptr::{self, NonNull};

use super::TimeError;
use super::clock::Clock;
use super::wheel::Place;
use crate::base::memory::{NoMemory, try_box};
use crate::one::asynchron::Asynchron;
use crate::one::deadline::Claimed;
use crate::one::handle::Handle;
use crate::one::jobs::Job;
use crate::one::listener::{Kind, Listener};
use crate::one::outcome::Outcome;
use crate::one::publish::Telling;

static DEADLINE: Kind = Kind::Aside { taken_off: Node::leave_wheel, end: Node::end };
/// A step, in that it will deliver: the last promise of a timer breaks nothing.
static TIMER: Kind = Kind::Step { take: Node::take_timer, source: &TIMER_NO_SOURCE };
/// What nobody asks for: a timer has no links.
static TIMER_NO_SOURCE: Kind = Kind::Take(Node::take_timer);

/// 56 bytes, which malloc serves from its blocks of 64.
#[repr(C)]
pub(super) struct Node {
    /// First, so that the listener's address is the node's.
    listener: Listener,
    /// Under the clock's lock.
    place: Place,
    /// It is there while this is armed; a timer has a reference.
    a: NonNull<Asynchron>,
}

#[cfg(all(target_pointer_width = "64", not(any(loom, shuttle))))]
const _: () = assert!(size_of::<Node>() == 56);

/// What has been taken out of the wheel because its time has come, and off the list.
pub(super) struct Fired {
    node: NonNull<Node>,
    claimed: Claimed,
}

impl Node {
    pub(super) fn deadline(a: &Asynchron) -> Result<NonNull<Self>, NoMemory> {
        Self::new(a, &DEADLINE)
    }

    pub(super) fn timer(a: &Asynchron) -> Result<NonNull<Self>, NoMemory> {
        Self::new(a, &TIMER)
    }

    #[inline]
    fn new(a: &Asynchron, kind: &'static Kind) -> Result<NonNull<Self>, NoMemory> {
        let a = NonNull::from(a);
        let node = Self { listener: Listener::new(kind), place: Place::NOWHERE, a };
        let node = try_box(node).map_err(|_| NoMemory)?;
        Ok(NonNull::from(Box::leak(node)))
    }

    /// # Safety
    /// ALONE: it lies nowhere.
    pub(super) unsafe fn free(this: NonNull<Self>) {
        // SAFETY: made by a box, and nobody else knows it.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
    }

    /// Links a spare deadline to the next.
    ///
    /// # Safety
    /// ALONE: it lies nowhere.
    pub(super) unsafe fn link_spare(this: NonNull<Self>, next: *mut Self) {
        // SAFETY: as the caller promises. In no list, that link is its owner's.
        unsafe { (*this.as_ptr()).listener.prev = next.cast() };
    }

    /// # Safety
    /// It was linked, and lies nowhere since.
    pub(super) unsafe fn next_spare(this: NonNull<Self>) -> *mut Self {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).listener.prev }.cast()
    }

    /// Makes a spare deadline one of `a`.
    ///
    /// # Safety
    /// ALONE: it lies nowhere.
    pub(super) unsafe fn set_asynchron(this: NonNull<Self>, a: &Asynchron) {
        // SAFETY: as the caller promises.
        unsafe { (*this.as_ptr()).a = a.into() };
    }

    /// # Safety
    /// `this` is alive.
    pub(super) unsafe fn place(this: NonNull<Self>) -> NonNull<Place> {
        // SAFETY: as the caller promises.
        unsafe { this.byte_add(offset_of!(Self, place)) }.cast()
    }

    /// # Safety
    /// The place is a node's.
    unsafe fn of_place(place: NonNull<Place>) -> NonNull<Self> {
        // SAFETY: as the caller promises.
        unsafe { place.byte_sub(offset_of!(Self, place)) }.cast()
    }

    /// Its asynchron is being completed, or it ends, or the deadline is taken back: disarms it.
    ///
    /// # Safety
    /// It is armed, and its asynchron LOCKED; it has just been taken off the list.
    unsafe fn leave_wheel(listener: NonNull<Listener>) {
        // SAFETY: as the caller promises.
        let place = unsafe { Self::place(listener.cast()) };
        if let Some(clock) = Clock::current() {
            // SAFETY: it is armed.
            unsafe { clock.lock().wheel.take_out(place) };
        }
    }

    /// # Safety
    /// The job lies where a node begins that has left; called once.
    unsafe fn end(job: NonNull<Job>) {
        // SAFETY: ALONE: no list has it, nor the wheel.
        unsafe { Self::free(job.cast()) };
    }

    /// The same for a timer.
    ///
    /// # Safety
    /// As for [`Kind::Step`].
    unsafe fn take_timer(listener: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: TOLD, and LOCKED.
        unsafe { Self::leave_wheel(listener) };
        // SAFETY: TOLD: it is used as a listener no more.
        unsafe { telling.run_later(listener, Self::end_timer) };
    }

    /// # Safety
    /// The job lies where a timer's node begins that has left; called once.
    unsafe fn end_timer(job: NonNull<Job>) {
        let this = job.cast::<Self>();
        // SAFETY: ALONE: no list has it, nor the wheel.
        let a = unsafe { (*this.as_ptr()).a };
        // SAFETY: ALONE, as above.
        unsafe { Self::free(this) };
        // SAFETY: the timer's reference, which is given up here.
        drop(unsafe { Handle::from_raw(a) });
    }

    /// # Safety
    /// `this` is alive, and nobody writes what it is.
    unsafe fn is_timer(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises.
        ptr::eq(unsafe { Listener::kind(this.cast()) }, &TIMER)
    }

    /// Its time has come: takes it off the list of its asynchron, which it claims. `None`: others are at that just now.
    ///
    /// # Safety
    /// The place is an armed node's, by the wheel, whose lock is held, and out of which it is to be taken then.
    pub(super) unsafe fn fire(place: NonNull<Place>) -> Option<Fired> {
        // SAFETY: as the caller promises.
        let node = unsafe { Self::of_place(place) };
        // SAFETY: what is armed is alive.
        let a = unsafe { (*node.as_ptr()).a };
        // SAFETY: while it is armed, its asynchron is there.
        let a = unsafe { a.as_ref() };
        // SAFETY: armed, it is LISTED, and to leave it would need the clock's lock.
        let claimed = unsafe { a.claim_for(node.cast()) }?;
        Some(Fired { node, claimed })
    }
}

impl Fired {
    /// Whether completing it may run the program's code.
    pub(super) fn is_heard(&self) -> bool {
        self.claimed.is_heard()
    }

    /// Without any lock of the clock's.
    pub(super) fn complete(self) {
        let Self { node, claimed } = self;
        // SAFETY: ALONE: off the list and out of the wheel.
        if unsafe { Node::is_timer(node) } {
            claimed.complete(Outcome::Empty);
            // SAFETY: off the list and out of the wheel, which is as having left.
            unsafe { Node::end_timer(node.cast()) };
        } else {
            claimed.complete(Outcome::Expired);
            // SAFETY: ALONE: off the list and out of the wheel.
            unsafe { Node::free(node) };
        }
    }
}

/// Takes the deadline back, if there is one.
pub(super) fn disarm(a: &Asynchron) -> Result<(), TimeError> {
    let clock = Clock::current();
    let left = a.with_deadline(|armed, list| {
        if let Some(node) = armed {
            // SAFETY: LISTED, here.
            unsafe { list.unlink(node) };
            // SAFETY: armed, LOCKED, and just taken off.
            if !clock.is_some_and(|clock| unsafe { clock.disarm(node.cast()) }) {
                return (None, false);
            }
        }
        (armed, false)
    });
    if let Some(node) = left.ok_or(TimeError::Complete)? {
        // SAFETY: ALONE: it has left, and is not kept.
        unsafe { Node::free(node.cast()) };
    }
    Ok(())
}
