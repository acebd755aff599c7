//! What a report has to hand out, and who sleeps until there is something: all under its lock.

mod arrival;
mod descriptor;
mod sleep;

use std::ptr::NonNull;

use self::arrival::Reversing;
pub(super) use self::arrival::{Arrived, TAKE_THE_LOCK};
pub(super) use self::sleep::ToWake;
use super::entries::{Entries, Entry};
use super::ready::ReadyList;
use super::sources::Sources;
use super::{Answer, Item};
use crate::base::memory::NoMemory;
use crate::one::handle::Handle;
use crate::sys::Bell;

pub(super) struct Queue {
    ready: ReadyList,
    reversing: Reversing,
    /// Added and not yet handed out.
    pub(super) pending: usize,
    /// Removed, and on their way nevertheless, or not yet taken off their source's list.
    pub(super) removed: usize,
    /// How often nothing was left so far: whoever asked before one of those is told, also if something
    /// was added since.
    pub(super) ends: u64,
    /// Nothing is added any more.
    pub(super) closed: bool,
    wakes: usize,
    /// Threads that sleep, and how many of them have been woken and are on their way.
    sleepers: usize,
    woken: usize,
    pub(super) entries: Entries,
    pub(super) sources: Sources,
    bell: Option<Bell>,
    /// Whether a loop says that it watches it.
    watched: bool,
    ringing: bool,
    /// Whether somebody has asked and found nothing since it last rang.
    fruitless: bool,
}

// SAFETY: the pointers are to the report's own entries, which move with it.
unsafe impl Send for Queue {}

/// Whether an entry was ready.
pub(super) type IsReady = bool;

impl Queue {
    /// With room for `n` entries.
    pub(super) fn new(n: usize) -> Result<Self, NoMemory> {
        Ok(Self {
            ready: ReadyList::EMPTY,
            reversing: Reversing::NOTHING,
            pending: 0,
            removed: 0,
            ends: 0,
            closed: false,
            wakes: 0,
            sleepers: 0,
            woken: 0,
            entries: Entries::new(n)?,
            sources: Sources::new(),
            bell: None,
            watched: false,
            ringing: false,
            fruitless: false,
        })
    }

    /// As [`Entries::find_free`], but `None` once it is closed.
    #[inline]
    pub(super) fn find_free(&mut self) -> Option<NonNull<Entry>> {
        if self.closed { None } else { self.entries.find_free() }
    }

    /// Writes a new entry where a free one is.
    ///
    /// # Safety
    /// It is free, from [`Self::find_free`], and the entry has a source.
    #[inline]
    pub(super) unsafe fn add(&mut self, free: NonNull<Entry>, entry: Entry) {
        // SAFETY: there is nothing to be dropped.
        unsafe { free.write(entry) };
        // SAFETY: new, and it stays until it is taken out.
        unsafe { self.sources.push(free) };
        self.pending = self.pending.wrapping_add(1);
    }

    /// # Safety
    /// The entry has arrived, and nothing leads to it but the caller.
    #[inline]
    unsafe fn free_if_removed(&mut self, entry: NonNull<Entry>) -> bool {
        // SAFETY: as the caller promises.
        let removed = self.removed > 0 && unsafe { Entry::is_content_taken(entry) };
        // SAFETY: it has arrived, and was taken out as not ready.
        if removed && unsafe { Entry::may_be_freed(entry) } {
            // SAFETY: it has arrived, and nobody looks at it.
            unsafe { self.free_removed(entry) };
        }
        removed
    }

    /// Whoever took an entry out as not ready has looked whether it was `unlisted` by that, or is to arrive.
    ///
    /// # Safety
    /// The caller did, and does not look at it again.
    pub(super) unsafe fn let_go(&mut self, entry: NonNull<Entry>, unlisted: bool) {
        // SAFETY: until now it stayed.
        if unsafe { Entry::stop_looking(entry) } || unlisted {
            // SAFETY: it has arrived, or never does.
            unsafe { self.free_removed(entry) };
        }
    }

    /// # Safety
    /// The entry was taken out as not ready, is neither listed nor on its way any more, and nobody looks at it.
    unsafe fn free_removed(&mut self, entry: NonNull<Entry>) {
        self.removed = self.removed.wrapping_sub(1);
        // SAFETY: as the caller promises.
        unsafe { self.entries.free(entry) };
    }

    /// Does a little of what was put off, so that any entry can be taken out. True: that was all.
    pub(super) fn catch_up(&mut self, arrived: &Arrived) -> bool {
        self.take_arrived(arrived);
        let linked = self.ready.link_back_a_few();
        self.sources.sort_in_a_few() && linked && !self.is_reversing()
    }

    /// Takes the content out of an entry. If it was not ready, it stays until it was [let go](Self::let_go), and is
    /// not listed any more, or has arrived.
    ///
    /// # Safety
    /// The entry is this report's, and was not taken out. Nothing is being reversed.
    pub(super) unsafe fn take_out(&mut self, entry: NonNull<Entry>) -> (Option<Handle>, IsReady) {
        // SAFETY: as the caller promises.
        unsafe { self.sources.take_out(entry) };
        // SAFETY: the entry is alive, and this is under the report's lock.
        let (source, _tag) = unsafe { Entry::take_content(entry) };
        self.pending = self.pending.wrapping_sub(1);
        // SAFETY: the entry is alive, and not free.
        let is_ready = unsafe { ReadyList::holds(entry) };
        if is_ready {
            // SAFETY: it is in a ready list, and nothing is being reversed: so in this one.
            unsafe { self.ready.take_out(entry) };
            // SAFETY: it was taken, and is in no ready list any more.
            unsafe { self.entries.free(entry) };
        } else {
            // SAFETY: its content was just taken, under the lock.
            unsafe { Entry::look_at(entry) };
            self.removed = self.removed.wrapping_add(1);
        }
        (source, is_ready)
    }

    /// What there is to say, but a timeout, to one that asked when so many ends had been; `None` if
    /// there is nothing.
    pub(super) fn next(
        &mut self,
        arrived: &Arrived,
        ends: u64,
        limit: usize,
        give: &mut impl FnMut(Item),
    ) -> Option<Answer> {
        if self.wakes > 0 {
            self.wakes = self.wakes.wrapping_sub(1);
            return Some(Answer::Woken);
        }
        match self.hand_out(arrived, limit, give) {
            0 => Some(Answer::End).filter(|_| self.is_end(ends)),
            given => Some(Answer::Items(given)),
        }
    }

    /// Hands out what is ready, at most `limit`, and says how many.
    #[inline(always)] // Mostly of one: the compiler thinks otherwise.
    pub(super) fn hand_out(
        &mut self,
        arrived: &Arrived,
        limit: usize,
        give: &mut impl FnMut(Item),
    ) -> usize {
        let mut given = 0_usize;
        while given < limit {
            if self.ready.is_empty() {
                self.take_arrived_inline(arrived);
            }
            let Some(entry) = self.ready.pop_front() else {
                break;
            };
            // SAFETY: what is ready was not taken out.
            unsafe { self.sources.take_out(entry) };
            // SAFETY: what is ready is alive, and this is under the lock.
            if let (Some(asynchron), tag) = unsafe { Entry::take_content(entry) } {
                give(Item { asynchron, tag });
            }
            // SAFETY: it was taken, and is not ready any more.
            unsafe { self.entries.free(entry) };
            given = given.wrapping_add(1);
        }
        self.pending = self.pending.wrapping_sub(given);
        given
    }

    fn has_items(&self) -> bool {
        !self.ready.is_empty() || self.is_reversing()
    }

    /// How many are ready.
    pub(super) fn len(&self) -> usize {
        self.ready.len()
    }
}
