//! The handle, a counted reference to an asynchron, and the loan, one that is not counted.

use std::mem;
use std::ops::Deref;
use std::ptr::NonNull;

use super::asynchron::Asynchron;

#[repr(transparent)]
pub(crate) struct Handle(NonNull<Asynchron>);

// SAFETY: the object may be used and released by any thread.
unsafe impl Send for Handle {}
// SAFETY: the object may be used by any thread, also by several.
unsafe impl Sync for Handle {}

impl Handle {
    /// Takes over a reference from a bare pointer.
    ///
    /// # Safety
    /// The caller owns that reference and gives it up.
    pub(crate) unsafe fn from_raw(raw: NonNull<Asynchron>) -> Self {
        Self(raw)
    }

    /// A new reference to what the caller may use just now.
    #[inline]
    pub(crate) fn retain(a: &Asynchron) -> Self {
        a.retain();
        Self(NonNull::from(a))
    }

    /// Gives the reference away as a bare pointer.
    pub(crate) fn into_raw(self) -> *mut Asynchron {
        mem::ManuallyDrop::new(self).0.as_ptr()
    }

    pub(crate) fn as_non_null(&self) -> NonNull<Asynchron> {
        self.0
    }

    pub(crate) fn as_ptr(&self) -> *mut Asynchron {
        self.0.as_ptr()
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        Self::retain(self)
    }
}

impl Deref for Handle {
    type Target = Asynchron;

    #[inline]
    fn deref(&self) -> &Asynchron {
        // SAFETY: ALIVE: this is a reference.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Handle {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: this reference is ours and is used no more.
        unsafe { Asynchron::release(self.0) };
    }
}

/// The reference of the callback that the object is lent to: see the state word.
pub(crate) struct Loan(NonNull<Asynchron>);

impl Loan {
    /// # Safety
    /// LENT to the caller, who makes one of it.
    pub(crate) unsafe fn from_raw(raw: NonNull<Asynchron>) -> Self {
        Self(raw)
    }
}

impl Drop for Loan {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: LENT: to this one, and used no more.
        unsafe { Asynchron::give_back(self.0) };
    }
}
