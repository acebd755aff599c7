//! The descriptor, which rings for an event loop.

use std::mem;

use super::{Arrived, Queue};
use crate::sys::Bell;

impl Queue {
    /// The descriptor's bell, made now if there is none. `None`: it cannot be had.
    pub(in super::super) fn bell_or_new(&mut self, arrived: &Arrived) -> Option<&Bell> {
        self.forget_parents_bell();
        if self.bell.is_none() {
            self.bell = Some(Bell::new()?);
            self.take_arrived(arrived);
        }
        self.update_bell();
        self.bell.as_ref()
    }

    /// In a child of a fork: what its parent listens to is not for the child to ring.
    fn forget_parents_bell(&mut self) {
        if self.bell.as_ref().is_some_and(|bell| !bell.is_ours()) {
            self.bell = None;
            self.watched = false;
            self.ringing = false;
        }
    }

    /// A loop begins to watch it. False: one does already.
    pub(in super::super) fn begin_watch(&mut self) -> bool {
        !mem::replace(&mut self.watched, true)
    }

    pub(in super::super) fn end_watch(&mut self) {
        self.watched = false;
    }

    /// The descriptor is readable exactly while there is an item or a wake, or the end of one that is closed.
    #[inline]
    pub(in super::super) fn update_bell(&mut self) {
        if self.bell.is_some() {
            self.ring_or_silence();
        }
    }

    #[inline(never)]
    fn ring_or_silence(&mut self) {
        self.forget_parents_bell();
        let Some(bell) = &self.bell else {
            return;
        };
        let due = self.wakes > 0 || self.has_items() || self.is_finished();
        if due != self.ringing {
            if due {
                bell.ring();
                self.fruitless = false;
            } else {
                bell.silence();
            }
            self.ringing = due;
        }
    }

    /// For an event loop that is told only of what changes: to it, the descriptor becomes readable once more.
    pub(in super::super) fn ring_again(&mut self) {
        self.forget_parents_bell();
        if let Some(bell) = self.bell.as_ref().filter(|_| self.ringing) {
            bell.ring_again();
        }
    }

    /// For one that found nothing. If that was so the last time, too, the descriptor may be readable without
    /// cause: another process may have it, and have written to it. An event loop would ask for ever.
    pub(in super::super) fn heal_bell(&mut self) {
        self.forget_parents_bell();
        let Some(bell) = self.bell.as_ref().filter(|_| !self.ringing) else {
            return;
        };
        // Not the first time: that is how a loop ends that takes all there is, and costs no system call.
        if mem::replace(&mut self.fruitless, true) {
            bell.silence();
        }
    }
}
