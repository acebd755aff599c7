//! The word as it was at one moment, seen or held: what it says.

use super::super::form::Form;
use super::{
    BESIDE, BY_HAND, COMPLETE, CROWDED, EXTRAS, FOLLOWS, FORM_SHIFT, JOINED, LENT, LOAN_OVER,
    MINDED, OVER, RETAKEN, ROOM, RUNNING, STEPS, TIMED, WAITED, WATCHED,
};

/// The word as it was at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Seen(pub(super) u32);

impl Seen {
    #[inline]
    pub(crate) fn is_complete(self) -> bool {
        self.0 & COMPLETE != 0
    }

    pub(crate) fn is_running(self) -> bool {
        self.0 & (RUNNING | COMPLETE) == RUNNING
    }

    pub(crate) fn is_pending(self) -> bool {
        self.0 & (RUNNING | COMPLETE) == 0
    }

    /// Whether what its function returns completes it: it neither is complete nor follows another.
    #[inline]
    pub(crate) fn takes_return(self) -> bool {
        self.0 & (COMPLETE | FOLLOWS) == 0
    }

    /// Whether one of the program's functions was started for it and has not returned.
    #[inline]
    pub(crate) fn runs_function(self) -> bool {
        self.0 & (RUNNING | BY_HAND | OVER) == RUNNING
    }

    /// Whether a callback has it by a reference that is not counted.
    pub(crate) fn is_lent(self) -> bool {
        self.0 & LENT != 0
    }

    /// Whether a callback has it, or had it, by a reference that is not counted.
    pub(crate) fn was_lent(self) -> bool {
        self.0 & (LENT | LOAN_OVER) != 0
    }

    /// Whether a callback has it or had it, a race detector is told, or it is minded: giving up the last counted
    /// reference takes more then than to end it.
    #[inline]
    pub(crate) fn is_lent_or_watched_or_minded(self) -> bool {
        self.0 & (LENT | LOAN_OVER | WATCHED | MINDED) != 0
    }

    /// Whether a race detector is told, or it is minded.
    #[inline]
    pub(crate) fn is_watched_or_minded(self) -> bool {
        self.0 & (WATCHED | MINDED) != 0
    }

    /// Whether it is cancelled when nobody wants it any more.
    #[inline]
    pub(crate) fn is_minded(self) -> bool {
        self.0 & MINDED != 0
    }

    /// Whether a race detector is told what is done.
    #[inline]
    pub(crate) fn is_watched(self) -> bool {
        self.0 & WATCHED != 0
    }

    /// Whether there is nothing beside the object: no block that its outcome holds, no annex or room behind,
    /// no extras, no steps that may be taken off, no deadline.
    #[inline]
    pub(crate) fn is_bare(self) -> bool {
        self.0 & BESIDE == 0
    }

    /// Whether there is nothing but the annex behind the object.
    #[inline]
    pub(crate) fn is_only_joined(self) -> bool {
        self.0 & BESIDE == JOINED
    }

    /// Whether there is nothing but what its outcome holds.
    #[inline]
    pub(crate) fn only_holds(self) -> bool {
        self.0 & BESIDE == HOLDS
    }

    #[inline]
    pub(crate) fn has_extras(self) -> bool {
        self.0 & EXTRAS != 0
    }

    /// Whether steps may be taken off just now, by others than those with a reference.
    pub(crate) fn has_steps(self) -> bool {
        self.0 & (STEPS | RETAKEN) != 0
    }

    /// Whether there is nothing but the room behind the object, and what lies in it.
    #[inline]
    pub(crate) fn is_only_roomy(self) -> bool {
        self.0 & BESIDE == ROOM || (self.0 & (BESIDE & !HOLDS) == ROOM && self.form().is_in_room())
    }

    /// Whether the list may be in use just now by others than those with a reference, or there is room for a value.
    #[inline]
    pub(crate) fn has_steps_or_deadline_or_room(self) -> bool {
        self.0 & (STEPS | RETAKEN | TIMED | ROOM) != 0
    }

    /// Whether the first that listens is a deadline, or was until it was complete.
    #[inline]
    pub(crate) fn has_deadline(self) -> bool {
        self.0 & TIMED != 0
    }

    /// Whether room for a value lies behind the object.
    #[inline]
    pub(crate) fn has_room(self) -> bool {
        self.0 & ROOM != 0
    }

    /// Whether the block does not end with the object.
    pub(crate) fn goes_on(self) -> bool {
        self.0 & (JOINED | ROOM) != 0
    }

    /// What kind of outcome there is. Means nothing before completion.
    #[inline]
    pub(crate) fn form(self) -> Form {
        Form::from_bits(self.0 >> FORM_SHIFT)
    }
}

/// The lock, taken: the word as it was found, which nobody else changes.
#[must_use]
pub(crate) struct Held(pub(super) u32);

impl Held {
    #[inline]
    pub(crate) fn is_complete(&self) -> bool {
        self.0 & COMPLETE != 0
    }

    /// Whether others may be waiting for the lock.
    pub(crate) fn is_crowded(&self) -> bool {
        self.0 & CROWDED != 0
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.0 & (RUNNING | COMPLETE) == 0
    }

    #[inline]
    pub(crate) fn is_minded(&self) -> bool {
        self.0 & MINDED != 0
    }

    pub(crate) fn minded(self) -> Self {
        Self(self.0 | MINDED)
    }

    /// Whether one of the program's functions was started for it and has not returned.
    pub(crate) fn has_function(&self) -> bool {
        Seen(self.0).runs_function()
    }

    /// Its function has returned.
    #[inline]
    pub(crate) fn over(self) -> Self {
        Self(self.0 | OVER)
    }

    #[inline]
    pub(crate) fn has_extras(&self) -> bool {
        self.0 & EXTRAS != 0
    }

    pub(crate) fn with_extras(self) -> Self {
        Self(self.0 | EXTRAS)
    }

    pub(crate) fn with_steps(self) -> Self {
        Self(self.0 | STEPS)
    }

    pub(crate) fn without_steps(self) -> Self {
        Self(self.0 & !(STEPS | RETAKEN))
    }

    /// To be completed by a step that listened to it, of those that have no reference.
    pub(crate) fn retaken(self) -> Self {
        Self(self.0 | RETAKEN)
    }

    pub(crate) fn with_follow(self) -> Self {
        Self(self.0 | FOLLOWS)
    }

    /// Whether the first that listens is a deadline, or was until it was complete.
    #[inline]
    pub(crate) fn has_deadline(&self) -> bool {
        self.0 & TIMED != 0
    }

    #[inline]
    pub(crate) fn with_deadline(self) -> Self {
        Self(self.0 | TIMED)
    }

    #[inline]
    pub(crate) fn without_deadline(self) -> Self {
        Self(self.0 & !TIMED)
    }

    /// From PENDING to RUNNING, if it is that; and whether it was.
    #[inline]
    pub(crate) fn start(self) -> (Self, bool) {
        let pending = self.0 & (RUNNING | COMPLETE) == 0;
        (Self(if pending { self.0 | RUNNING } else { self.0 }), pending)
    }

    /// Lends it to a callback, once it is published.
    #[inline]
    pub(crate) fn lend(self) -> Self {
        Self(self.0 | LENT)
    }

    #[inline]
    pub(super) fn complete(&self, form: Form) -> Self {
        Self((self.0 & !(WAITED | STEPS)) | COMPLETE | (form.bits() << FORM_SHIFT))
    }
}

const HOLDS: u32 = Form::HOLDS << FORM_SHIFT;

const _: () = assert!((Form::MASK << FORM_SHIFT) >> FORM_SHIFT == Form::MASK);

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    /// That says how it is freed, and short ways come before the long one, which would do.
    #[test]
    fn what_lies_beside_the_object_is_known() {
        for case in 0..16 {
            let [joined, extras, holds, room] = [1, 2, 4, 8].map(|bit| case & bit != 0);
            let state = match (joined, room) {
                (true, true) => continue,
                (true, false) => State::new_joined(),
                (false, true) => State::new_with_room(),
                (false, false) => State::new(),
            };
            if extras {
                state.unlock(state.lock().with_extras());
            }
            let form = Form::from_bits(if holds { Form::HOLDS } else { 0 });
            state.publish(state.claim().unwrap(), form);
            let seen = state.load();
            assert_eq!([seen.goes_on(), seen.has_room()], [joined || room, room]);
            assert_eq!(seen.has_extras(), extras);
            let only = [seen.is_bare(), seen.is_only_joined(), seen.only_holds()];
            assert_eq!(only, [case == 0, case == 1, case == 4], "{case}");
        }
    }
}
