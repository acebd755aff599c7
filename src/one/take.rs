//! Taking a pointer out of its asynchron again, with the last handle.

use std::ffi::c_void;

use super::asynchron::Asynchron;
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
        let (_, tag) = self.outcome().ok_or(TakeError::Incomplete)?;
        if !tag.is_value() {
            return Err(TakeError::NoValue(tag));
        }
        if !tag.is_pointer() {
            return Err(TakeError::NoPointer);
        }
        if self.is_shared() {
            return Err(TakeError::Shared);
        }
        // SAFETY: LAST: there is no other reference, so nobody can make one, and the slot is this thread's alone.
        let slot = unsafe { &mut *self.slot.get() };
        // SAFETY: the tag says that it holds a pointer.
        Ok(unsafe { slot.take_pointer() })
    }
}
