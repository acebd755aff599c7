//! Completing as another asynchron did, with what that one holds.
//!
//! Nothing is copied. A value stays in the asynchron where it was delivered, its origin, which is kept by all that
//! share it; those between are not. A failure has a count of its own, and is shared without its asynchron.

use std::ptr::NonNull;

use super::asynchron::Asynchron;
use super::handle::Handle;
use super::outcome::{Outcome, Shared, Span};

/// The outcome of `source` once more, for another; `None` while it is incomplete.
pub(crate) fn share(source: Handle) -> Option<Outcome> {
    share_or_return(source).0
}

/// The same, and the handle back if the outcome does not keep it: to give up where that may be the end of the source.
#[inline]
pub(crate) fn share_or_return(source: Handle) -> (Option<Outcome>, Option<Handle>) {
    let Some((slot, form)) = source.outcome() else {
        return (None, Some(source));
    };
    // SAFETY: PUBLISHED: the slot holds what the form says.
    let Some((data, len)) = (unsafe { slot.value(form) }) else {
        // SAFETY: PUBLISHED: the slot holds what the form says.
        return (unsafe { slot.share_error(form) }, Some(source));
    };
    if data.is_null() && form.is_plain() {
        return (Some(Outcome::Empty), Some(source));
    }
    let span = Span { data, len };
    // SAFETY: PUBLISHED: the slot holds what the form says.
    match unsafe { slot.origin(form) }.cloned() {
        Some(origin) => (Some(Outcome::Shared(Shared { span, origin })), Some(source)),
        None => (Some(Outcome::Shared(Shared { span, origin: source })), None),
    }
}

impl Asynchron {
    /// Completes `this` as `source` did, which is complete. If another was first, returns the outcome, as
    /// [`Self::complete`] does.
    ///
    /// # Safety
    /// As for [`Self::complete`].
    pub(crate) unsafe fn complete_as(this: NonNull<Self>, source: Handle) -> Result<(), Outcome> {
        match share(source) {
            // SAFETY: as the caller promises.
            Some(outcome) => unsafe { Self::complete(this, outcome) },
            None => Err(Outcome::Empty),
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
