//! The producers' share in an asynchron: dropped without having delivered, it fails.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use crate::error::Result;
use crate::ffi::{self, asynchron_promise_t};
use crate::{Asynchron, Deliver, Error, Failure, calls};

/// A promise to deliver: give one to each thread, request or device that is to do so. When the last one is dropped
/// before that, the asynchron fails: see [`Failure::is_broken`]. `clone` makes one more.
///
/// ```
/// use asynchron_c::{Asynchron, Error};
/// use std::thread;
///
/// # fn main() -> asynchron_c::Result<()> {
/// let a = Asynchron::new()?;
/// let promise = a.promise()?;
/// thread::spawn(move || drop(promise));
/// assert!(matches!(a.get(), Err(Error::Failed(why)) if why.is_broken()));
/// # Ok(())
/// # }
/// ```
pub struct Promise {
    raw: NonNull<asynchron_promise_t>,
    /// Lent by it.
    asynchron: ManuallyDrop<Asynchron>,
}

// SAFETY: the header says that a promise is for any thread, as is what it lends.
unsafe impl Send for Promise {}
// SAFETY: as above.
unsafe impl Sync for Promise {}

impl Promise {
    /// A promise that C has made.
    ///
    /// # Safety
    ///
    /// `raw` is a valid promise, not NULL, which becomes this one; and as for [`Asynchron::from_raw`].
    pub unsafe fn from_raw(raw: *mut asynchron_promise_t) -> Promise {
        // SAFETY: the caller vouches for the promise, which keeps what it lends until it is given up.
        unsafe {
            let asynchron = calls::lent(ffi::asynchron_promise_asynchron(raw));
            Promise { raw: NonNull::new_unchecked(raw), asynchron }
        }
    }

    /// The promise for C: `asynchron_promise_release()`, or `from_raw`, gives it up.
    #[must_use = "the promise is given up by asynchron_promise_release() or from_raw alone"]
    pub fn into_raw(self) -> *mut asynchron_promise_t {
        ManuallyDrop::new(self).raw.as_ptr()
    }

    /// What was promised. A clone of it counts as somebody that wants the value.
    pub fn asynchron(&self) -> &Asynchron {
        &self.asynchron
    }

    /// Delivers: see [`Asynchron::set`].
    pub fn set(&self, value: impl Deliver) -> Result<()> {
        self.asynchron.set(value)
    }

    /// Delivers a failure: see [`Asynchron::fail`].
    pub fn fail(&self, failure: Failure) -> Result<()> {
        self.asynchron.fail(failure)
    }
}

impl Clone for Promise {
    fn clone(&self) -> Promise {
        // SAFETY: the promise is valid, so what is returned is one more of the same.
        unsafe { Promise::from_raw(ffi::asynchron_promise_retain(self.raw.as_ptr())) }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        // SAFETY: it is ours, and gone afterwards, with what it lends.
        unsafe { ffi::asynchron_promise_release(self.raw.as_ptr()) }
    }
}

impl fmt::Debug for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Promise({:?})", *self.asynchron)
    }
}

impl Asynchron {
    /// One more promise of it.
    pub fn promise(&self) -> Result<Promise> {
        self.promise_with(0)
    }

    /// One more promise of it, and from then on it is cancelled with the reason "unwanted" as soon as nobody but
    /// promises holds it, waits for it or listens to it.
    ///
    /// ```
    /// # use asynchron_c::{Asynchron, State};
    /// let a = Asynchron::new().unwrap();
    /// let promise = a.promise_if_wanted().unwrap();
    /// drop(a);
    /// assert_eq!(promise.asynchron().state(), State::Cancelled);
    /// ```
    pub fn promise_if_wanted(&self) -> Result<Promise> {
        self.promise_with(ffi::ASYNCHRON_PROMISE_CANCEL_UNWANTED)
    }

    fn promise_with(&self, flags: u64) -> Result<Promise> {
        // SAFETY: the handle is valid.
        let raw = unsafe { ffi::asynchron_promise_create(self.as_raw(), flags) };
        if raw.is_null() {
            return Err(Error::NoMemory);
        }
        // SAFETY: it is a promise, which is ours.
        Ok(unsafe { Promise::from_raw(raw) })
    }
}
