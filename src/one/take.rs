//! Taking a pointer out of its asynchron again, with the last handle.

use std::ffi::c_void;

use super::asynchron::Asynchron;
use super::handle::Handle;
use super::outcome::Tag;

/// Why nothing was taken.
pub(crate) enum TakeError {
    Incomplete,
    /// It ended without a value, so.
    NoValue(Tag),
    /// Another kind of value.
    NoPointer,
    /// There is another reference.
    Shared,
}

impl Asynchron {
    /// The pointer that was handed over, whose drop does not run any more. For the holder of a reference, which is to be
    /// given up next.
    pub(crate) fn take_pointer(&self) -> Result<*mut c_void, TakeError> {
        let (slot, tag) = self.outcome().ok_or(TakeError::Incomplete)?;
        if !tag.is_value() {
            return Err(TakeError::NoValue(tag));
        }
        // SAFETY: PUBLISHED: the slot holds what the tag says.
        let origin = unsafe { slot.origin(tag) }.map(Handle::as_non_null);
        // SAFETY: ALIVE: the slot has a reference.
        let origin = origin.map(|origin| unsafe { origin.as_ref() });
        let holder = origin.unwrap_or(self);
        if !holder.outcome().is_some_and(|(_, tag)| tag.is_pointer()) {
            return Err(TakeError::NoPointer);
        }
        if self.is_shared() || origin.is_some_and(Self::is_shared) {
            return Err(TakeError::Shared);
        }
        // SAFETY: LAST: there is no other reference, nor to `self`, whose the one to the holder may be. So nobody can make
        // one, and the slot is this thread's alone.
        let slot = unsafe { &mut *holder.slot.get() };
        // SAFETY: the tag says that it holds a pointer.
        Ok(unsafe { slot.take_pointer() })
    }
}
