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
    let (slot, tag) = source.outcome()?;
    // SAFETY: PUBLISHED: the slot holds what the tag says.
    if let Some(error) = unsafe { slot.share_error(tag) } {
        return Some(error);
    }
    // SAFETY: PUBLISHED: the slot holds what the tag says.
    let (data, len) = unsafe { slot.value(tag) }?;
    if data.is_null() && tag.is_plain() {
        return Some(Outcome::Empty);
    }
    // SAFETY: PUBLISHED: the slot holds what the tag says.
    let origin = unsafe { slot.origin(tag) }.cloned().unwrap_or(source);
    Some(Outcome::Shared(Shared { span: Span { data, len }, origin }))
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
