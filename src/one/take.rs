//! Taking a pointer out of its asynchron again, with the last handle.

use std::ffi::c_void;

use super::asynchron::Asynchron;
use super::form::Form;
use super::handle::Handle;

/// Why nothing was taken.
pub(crate) enum TakeError {
    Incomplete,
    /// It ended without a value, so.
    NoValue(Form),
    /// Another kind of value.
    NoPointer,
    /// There is another reference.
    Shared,
}

impl Asynchron {
    /// The pointer that was handed over, whose drop does not run any more. For the holder of a reference, which is to be
    /// given up next.
    pub(crate) fn take_pointer(&self) -> Result<*mut c_void, TakeError> {
        let (slot, form) = self.outcome().ok_or(TakeError::Incomplete)?;
        if !form.is_value() {
            return Err(TakeError::NoValue(form));
        }
        // SAFETY: PUBLISHED: the slot holds what the form says.
        let origin = unsafe { slot.origin(form) }.map(Handle::as_non_null);
        // SAFETY: ALIVE: the slot has a reference.
        let origin = origin.map(|origin| unsafe { origin.as_ref() });
        let holder = origin.unwrap_or(self);
        if !holder.outcome().is_some_and(|(_, form)| form.is_pointer()) {
            return Err(TakeError::NoPointer);
        }
        if self.is_shared() || origin.is_some_and(Self::is_shared) {
            return Err(TakeError::Shared);
        }
        // SAFETY: LAST: there is no other reference, nor to `self`, whose the one to the holder may be. So nobody can make
        // one, and the slot is this thread's alone.
        let slot = unsafe { &mut *holder.slot.get() };
        // SAFETY: the form says that it holds a pointer.
        Ok(unsafe { slot.take_pointer() })
    }
}
