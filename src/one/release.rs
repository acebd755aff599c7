//! Giving up a reference, and the end of the object.
//!
//! Most end here and now: nothing but the block is left. What holds the program's own things, whose
//! drops may do anything, is buried first, and freed when nothing else runs on the thread ([`jobs`]).

use std::alloc::{Layout, dealloc};
use std::ptr::{self, NonNull};

use super::asynchron::Asynchron;
use super::extras::Extras;
use super::handle::Handle;
use super::jobs;
use super::outcome::Outcome;
use super::state::Seen;
use crate::sync::race;

impl Asynchron {
    /// Gives up one reference.
    ///
    /// # Safety
    /// It is the caller's, and is used no more.
    #[inline(always)] // Into its caller: the compiler thinks otherwise.
    pub(crate) unsafe fn release(this: NonNull<Self>) {
        // SAFETY: ALIVE until the reference is given up.
        let me = unsafe { this.as_ref() };
        if !me.refs.release_untold() {
            return;
        }
        let seen = me.state.load();
        if seen.is_lent_or_watched_or_minded() {
            // SAFETY: it was the last one that is counted.
            return unsafe { Self::release_lent_watched_or_minded(this, seen) };
        }
        // SAFETY: LAST: it was the last one.
        unsafe { Self::end(this, seen) };
    }

    /// # Safety
    /// It was found to be the last counted one, or one of a count that is minded, and is the caller's to give up; the word
    /// was seen since.
    #[inline(never)]
    unsafe fn release_lent_watched_or_minded(this: NonNull<Self>, seen: Seen) {
        if seen.is_watched_or_minded() {
            // SAFETY: as the caller promises.
            return unsafe { Self::release_watched_or_minded(this, seen) };
        }
        // SAFETY: as the caller promises, and it is the last one; it is or was lent.
        unsafe { Self::release_lent(this) };
    }

    /// # Safety
    /// As for `release_lent_watched_or_minded`.
    #[cold]
    unsafe fn release_watched_or_minded(this: NonNull<Self>, seen: Seen) {
        if seen.is_minded() {
            // SAFETY: as the caller promises.
            return unsafe { Self::release_minded(this) };
        }
        // SAFETY: as the caller promises, and it is the last one.
        unsafe { Self::release_watched(this, seen) };
    }

    /// # Safety
    /// It was found to be the last counted one, and is the caller's to give up; the word was seen since.
    #[inline]
    unsafe fn release_last(this: NonNull<Self>, seen: Seen) {
        if seen.is_watched() {
            // SAFETY: as the caller promises.
            return unsafe { Self::release_watched(this, seen) };
        }
        if seen.was_lent() {
            // SAFETY: as the caller promises; it is or was lent.
            return unsafe { Self::release_lent(this) };
        }
        // SAFETY: LAST: it is the last counted one, and never was lent.
        unsafe { Self::end(this, seen) };
    }

    /// Whoever gives up a reference sees to it that what nobody wants any more is cancelled. Once it is complete, it is
    /// minded no more.
    ///
    /// # Safety
    /// The reference is the caller's, and is used no more.
    #[cold]
    unsafe fn release_minded(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        if unsafe { Self::release_wanted(this) } {
            return;
        }
        // SAFETY: ALIVE: the reference is still counted.
        let me = unsafe { this.as_ref() };
        me.refs.unmind();
        if me.refs.release() {
            // SAFETY: it was the last one.
            unsafe { Self::release_last(this, me.state.load()) };
        }
    }

    /// Tells a race detector that what all others did is taken over.
    ///
    /// # Safety
    /// As for `release_lent_watched_or_minded`.
    #[cold]
    unsafe fn release_watched(this: NonNull<Self>, seen: Seen) {
        // SAFETY: ALIVE: the reference is still counted.
        let me = unsafe { this.as_ref() };
        race::acquire(&raw const me.refs);
        race::acquire(&raw const me.state);
        if seen.was_lent() {
            // SAFETY: as the caller promises.
            unsafe { Self::release_lent(this) };
        } else {
            // SAFETY: LAST: it is the last counted one, and never was lent.
            unsafe { Self::end(this, seen) };
        }
    }

    /// # Safety
    /// As for `release_last`, of what is or was lent.
    #[inline]
    unsafe fn release_lent(this: NonNull<Self>) {
        // SAFETY: ALIVE: the reference is still counted.
        let me = unsafe { this.as_ref() };
        // Its loan over, it is not lent again; but it may have been retained while it was lent.
        if !me.state.give_to_borrower() && me.refs.release() {
            // SAFETY: LAST: it was the last one.
            unsafe { Self::end(this, me.state.load()) };
        }
    }

    /// Gives up the reference that is not counted.
    ///
    /// # Safety
    /// LENT to the caller, who uses it no more.
    pub(super) unsafe fn give_back(this: NonNull<Self>) {
        // SAFETY: LENT: it is alive.
        if unsafe { this.as_ref() }.state.end_loan() {
            // SAFETY: LENT: the last counted reference was given to the borrower, who is the caller.
            unsafe { Self::release(this) };
        }
    }

    /// # Safety
    /// LAST: the last reference has just been given up, and the word was seen since.
    #[inline]
    unsafe fn end(this: NonNull<Self>, seen: Seen) {
        // SAFETY: LAST: nobody else can free it.
        let me = unsafe { this.as_ref() };
        // SAFETY: LAST: nobody else can reach it, since there are no steps.
        if seen.is_bare() && unsafe { me.listeners() }.is_empty() {
            // SAFETY: LAST: nothing else is left of it.
            return unsafe { Self::free_block(this, Self::LAYOUT) };
        }
        // SAFETY: as the caller promises.
        unsafe { Self::end_with_more(this, seen) };
    }

    /// The same where there is more than the object. Apart, so that those that are bare come first.
    ///
    /// # Safety
    /// As for [`Self::end`].
    #[inline(never)]
    unsafe fn end_with_more(this: NonNull<Self>, seen: Seen) {
        // SAFETY: LAST: nobody else can free it.
        let me = unsafe { this.as_ref() };
        // SAFETY: LAST: nobody else can reach it: those who ask know that there are no steps.
        let nobody_listens = || unsafe { me.listeners() }.is_empty();
        if seen.is_only_joined() {
            if nobody_listens() {
                // SAFETY: LAST: nothing else is left of it.
                return unsafe { Self::free_joined(this) };
            }
        } else if seen.only_holds() && seen.form().is_copy() && nobody_listens() {
            // SAFETY: LAST: nothing else is left of it but the copy.
            return unsafe { Self::end_copy(this) };
        }
        // SAFETY: as the caller promises.
        unsafe { Self::end_slowly(this) };
    }

    /// # Safety
    /// There is nothing left but the object and the copy in its slot.
    #[inline(never)]
    unsafe fn end_copy(this: NonNull<Self>) {
        // SAFETY: LAST: nobody else can reach it.
        let me = unsafe { this.as_ref() };
        // SAFETY: LAST: the slot is this thread's.
        let slot = unsafe { &mut *me.slot.get() };
        // SAFETY: a copy, which nobody uses any more.
        unsafe { slot.free_copy() };
        // SAFETY: allocated with this layout.
        unsafe { Self::free_block(this, Self::LAYOUT) };
    }

    /// # Safety
    /// LAST: the last reference has just been given up.
    #[inline(never)]
    unsafe fn end_slowly(this: NonNull<Self>) {
        // SAFETY: LAST: nobody else can free it.
        let me = unsafe { this.as_ref() };
        let seen = me.state.load();
        // One look for both: what has neither is to lose nothing.
        if seen.has_steps_or_deadline_or_room() {
            if seen.has_deadline() {
                // SAFETY: as the caller promises.
                return unsafe { Self::end_with_deadline(this) };
            }
            if seen.has_steps() {
                // SAFETY: as the caller promises.
                return unsafe { Self::end_with_steps(this) };
            }
            // SAFETY: LAST: nobody else can reach it: there are no steps.
            if seen.is_only_roomy() && unsafe { me.listeners() }.is_empty() {
                // SAFETY: LAST: nothing else is left of it.
                return unsafe { Self::free_with_room(this) };
            }
        }
        // SAFETY: LAST: nobody else can reach it. Those due after completion have references: so if there
        // is one in the list, it is not complete.
        if !unsafe { me.listeners() }.is_empty() {
            // SAFETY: LAST, as the caller promises.
            unsafe { Self::break_off(this) };
        } else if !seen.has_extras() && seen.form().is_ours() {
            // SAFETY: LAST: there are neither listeners nor steps.
            unsafe { Self::free(this) };
        } else {
            // SAFETY: LAST: the last reference is gone.
            unsafe { jobs::bury(this) };
        }
    }

    /// Steps may be taken off by another thread just now, which has the lock for that. If the last one was,
    /// that thread is through with it once the lock is free, and no other comes. But it may have completed the object,
    /// for callbacks that have references now. So this one is given up once more.
    ///
    /// # Safety
    /// LAST: the last reference has just been given up.
    #[cold]
    unsafe fn end_with_steps(this: NonNull<Self>) {
        // SAFETY: LAST: nobody else can free it.
        let me = unsafe { this.as_ref() };
        let held = me.state.lock();
        // SAFETY: LOCKED: the list is this thread's alone.
        let nobody_listens = unsafe { me.listeners() }.is_empty();
        if nobody_listens {
            me.state.unlock(held.without_steps());
            // SAFETY: ALIVE: that reference is still counted.
            unsafe { Self::release(this) };
        } else {
            me.state.unlock(held);
            // SAFETY: LAST, as the caller promises.
            unsafe { Self::break_off(this) };
        }
    }

    /// Nobody is left to deliver to those that listen: tells them so.
    ///
    /// # Safety
    /// LAST: the last reference has just been given up.
    #[cold]
    unsafe fn break_off(this: NonNull<Self>) {
        // SAFETY: the last reference is still counted: it is owned again, and given up once they
        // were told.
        let me = unsafe { Handle::from_raw(this) };
        // SAFETY: `me` keeps it alive. Nobody else could deliver, so it wins.
        let _ = unsafe { Self::complete(this, Outcome::Broken) };
        drop(me);
    }

    /// Frees what it holds, which may run the program's code, and then the object.
    ///
    /// # Safety
    /// LAST: the last reference is gone; called once.
    #[inline(never)]
    pub(super) unsafe fn free(this: NonNull<Self>) {
        // SAFETY: LAST: nobody else can reach it.
        let me = unsafe { this.as_ref() };
        let seen = me.state.load();
        // SAFETY: LAST: nobody else can reach the slot.
        let slot = unsafe { &mut *me.slot.get() };
        // SAFETY: the form says what it holds: the empty value, if it never completed.
        unsafe { slot.free(seen.form()) };
        if seen.has_extras() {
            // SAFETY: EXTRAS: the word says that there are some.
            let extras = unsafe { me.extras_pointer() };
            // SAFETY: LAST: they are freed here alone.
            unsafe { Extras::free(extras) };
        }
        if seen.goes_on() {
            // SAFETY: LAST: nothing else is left of it.
            unsafe { Self::free_long(this, seen) };
        } else {
            // SAFETY: allocated with this layout.
            unsafe { Self::free_block(this, Self::LAYOUT) };
        }
    }

    /// # Safety
    /// LAST: something lies behind the object, and nothing else is left of it.
    #[inline(never)]
    unsafe fn free_long(this: NonNull<Self>, seen: Seen) {
        if seen.has_room() {
            // SAFETY: as the caller promises.
            unsafe { Self::free_with_room(this) };
        } else {
            // SAFETY: LAST: what lies there is an annex.
            unsafe { Self::free_joined(this) };
        }
    }

    /// # Safety
    /// The object was made by [`Self::create_joined`], and its last use was before this.
    #[inline(never)]
    unsafe fn free_joined(this: NonNull<Self>) {
        // SAFETY: allocated with this layout.
        unsafe { Self::free_block(Self::whole(this).cast(), Self::LAYOUT_JOINED) };
    }

    /// # Safety
    /// Allocated with this layout. Nothing is left of it, and nobody can reach it any more.
    #[inline]
    pub(super) unsafe fn free_block(this: NonNull<Self>, layout: Layout) {
        // For models alone, whose atomics and cells notice their end: there is nothing else to drop.
        // SAFETY: as the caller promises.
        unsafe { this.drop_in_place() };
        // SAFETY: LAST: nobody can reach it, and it was allocated so.
        unsafe { dealloc(this.as_ptr().cast(), layout) };
    }

    /// Links an object without references to the next such. The list of listeners is its no more.
    ///
    /// # Safety
    /// Nobody else can reach the object.
    pub(super) unsafe fn link_dead(this: NonNull<Self>, next: Option<NonNull<Self>>) {
        let next = next.map_or(ptr::null_mut(), NonNull::as_ptr);
        // SAFETY: as the caller promises.
        let room = unsafe { this.as_ref() }.listeners.get().cast::<*mut Self>();
        // SAFETY: the extras are kept, the list's room is free.
        unsafe { room.write(next) };
    }

    /// # Safety
    /// It was given to [`Self::link_dead`].
    pub(super) unsafe fn next_dead(this: NonNull<Self>) -> Option<NonNull<Self>> {
        // SAFETY: LAST: nobody else can reach it.
        let room = unsafe { this.as_ref() }.listeners.get().cast::<*mut Self>();
        // SAFETY: LAST: `link_dead` has written there.
        NonNull::new(unsafe { room.read() })
    }
}
