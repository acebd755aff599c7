//! Delivering: a value of any kind, a failure, a cancel.

use std::convert::Infallible;
use std::ffi::{CStr, c_void};
use std::ptr;

use crate::calls::Handed;
use crate::error::{self, Error, Failure, Result, check_of};
use crate::{Asynchron, ffi, object};

/// What can be delivered, and so what a function that computes a value may return.
///
/// Bytes, text and numbers go as bytes, which every language can read; `Vec`, `String` and [`Owned`] without a copy.
/// [`Object`] stays an object of Rust's. `Err` of a [`Result`](std::result::Result) becomes a failure: a [`Failure`] or
/// an [`Error`] as it is, any other error with code 1, its type as the domain, and its text as the message.
pub trait Deliver {
    /// Delivers it, unless it is too late: then it is [`Error::Already`] or [`Error::Cancelled`].
    fn deliver(self, to: &Asynchron) -> Result<()>;

    /// Delivers it as the result of the function that computes `of`. `()` leaves it at what the function has done.
    #[doc(hidden)]
    fn conclude(self, of: &Asynchron) -> Result<()>
    where
        Self: Sized,
    {
        self.deliver(of)
    }
}

/// An object of Rust's as a value: [`Value::object`](crate::Value::object) borrows it, and [`Asynchron::take`] takes
/// it out.
///
/// Any thread may drop it, so it is `Send`:
///
/// ```compile_fail,E0277
/// # use asynchron_c::{Asynchron, Object};
/// Asynchron::new().unwrap().set(Object(std::rc::Rc::new(5u8))).unwrap();
/// ```
///
/// Any thread may borrow it, for which it is `Sync`, too; what is not can be taken out alone:
///
/// ```compile_fail,E0277
/// # use asynchron_c::{Asynchron, Object};
/// # use std::cell::Cell;
/// let a = Asynchron::new().unwrap();
/// a.set(Object(Cell::new(5u8))).unwrap();
/// a.get().unwrap().object::<Cell<u8>>().unwrap();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<T>(pub T);

/// What has bytes, which are delivered where they are, and keeps them until the last handle is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owned<B>(pub B);

/// Completes as another one does: what a function returns whose value comes later.
///
/// ```
/// use asynchron_c::{Asynchron, Follow};
///
/// # fn main() -> asynchron_c::Result<()> {
/// let later = Asynchron::new()?;
/// let source = later.clone();
/// let a = Asynchron::spawn(move |_| Follow(source))?;
/// later.set("at last")?;
/// assert_eq!(a.get()?.text()?, "at last");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Follow(pub Asynchron);

impl Deliver for () {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        to.set_bytes(&[])
    }

    fn conclude(self, _: &Asynchron) -> Result<()> {
        Ok(())
    }
}

impl Deliver for &[u8] {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        to.set_bytes(self)
    }
}

impl<const N: usize> Deliver for [u8; N] {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        to.set_bytes(&self)
    }
}

impl Deliver for &str {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        to.set_bytes(self.as_bytes())
    }
}

/// With its NUL, as C wants to read it.
impl Deliver for &CStr {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        to.set_bytes(self.to_bytes_with_nul())
    }
}

impl Deliver for Vec<u8> {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        Owned(self).deliver(to)
    }
}

impl Deliver for String {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        Owned(self).deliver(to)
    }
}

impl<B: AsRef<[u8]> + Send + 'static> Deliver for Owned<B> {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        let handed = Handed::kept(self.0);
        // SAFETY: it is a box of that type, which is on the heap until C has it dropped. Nobody else touches it.
        let bytes = unsafe { (*handed.ctx.cast::<B>()).as_ref() };
        let (data, len) = (bytes.as_ptr().cast::<c_void>(), bytes.len());
        let (owner, drop) = handed.give();
        // SAFETY: the bytes are borrowed from what is in the box, so they last as long as that, which is C's from
        // here on.
        let status = unsafe { ffi::asynchron_set_buffer(to.as_raw(), data, len, owner, drop) };
        check_of(status, to)
    }
}

impl<T: Send + 'static> Deliver for Object<T> {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        let (it, drop) = object::handed(self.0).give();
        // SAFETY: pointer and drop belong together, and are C's from here on.
        check_of(unsafe { ffi::asynchron_set_pointer(to.as_raw(), it, drop) }, to)
    }
}

impl Deliver for Follow {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        to.follow(&self.0)
    }
}

impl Deliver for Failure {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        to.fail(self)
    }
}

impl Deliver for Infallible {
    fn deliver(self, _: &Asynchron) -> Result<()> {
        match self {}
    }
}

impl<V: Deliver, E: std::error::Error + 'static> Deliver for std::result::Result<V, E> {
    fn deliver(self, to: &Asynchron) -> Result<()> {
        match self {
            Ok(value) => value.deliver(to),
            Err(error) => deliver_error(error, to),
        }
    }

    fn conclude(self, of: &Asynchron) -> Result<()> {
        match self {
            Ok(value) => value.conclude(of),
            Err(error) => deliver_error(error, of),
        }
    }
}

/// An error of this crate's as what it came from; any other by its text.
fn deliver_error<E: std::error::Error + 'static>(error: E, to: &Asynchron) -> Result<()> {
    let any: &(dyn std::error::Error + 'static) = &error;
    let failure = match (any.downcast_ref::<Failure>(), any.downcast_ref::<Error>()) {
        (Some(failure), _) | (_, Some(Error::Failed(failure))) => failure.clone(),
        (_, Some(Error::Cancelled { reason })) => {
            return to.cancel_with(&reason.replace('\0', "\u{fffd}"));
        }
        _ => Failure::of_error(error),
    };
    check_of(to.fail_lossy(&failure), to)
}

impl Asynchron {
    /// Delivers a value of any kind: see [`Deliver`]. One delivery wins; what comes later is [`Error::Already`], or
    /// [`Error::Cancelled`].
    ///
    /// ```
    /// # use asynchron_c::{Asynchron, Error};
    /// # let a = Asynchron::new().unwrap();
    /// assert_eq!(a.set("first"), Ok(()));
    /// assert_eq!(a.set(2u64), Err(Error::Already));
    /// ```
    pub fn set(&self, value: impl Deliver) -> Result<()> {
        value.deliver(self)
    }

    /// A copy of these bytes.
    pub(crate) fn set_bytes(&self, bytes: &[u8]) -> Result<()> {
        // SAFETY: the bytes are readable for the length of the call, in which they are copied.
        let status =
            unsafe { ffi::asynchron_set_bytes(self.as_raw(), bytes.as_ptr().cast(), bytes.len()) };
        check_of(status, self)
    }

    /// Delivers a failure. Its strings must have no NUL inside.
    ///
    /// ```
    /// # use asynchron_c::{Asynchron, Error, Failure};
    /// # let a = Asynchron::new().unwrap();
    /// a.fail(Failure::new(28, "the disk is full").domain("disk")).unwrap();
    /// let Err(Error::Failed(why)) = a.get() else { panic!() };
    /// assert_eq!((why.code, &*why.domain, &*why.message), (28, "disk", "the disk is full"));
    /// ```
    pub fn fail(&self, failure: Failure) -> Result<()> {
        let (domain, message) =
            (error::c_string(&failure.domain)?, error::c_string(&failure.message)?);
        check_of(self.fail_c(failure.code, &domain, &message), self)
    }

    /// The same where nobody can be told of a NUL: it is shown as such. Returns the status.
    pub(crate) fn fail_lossy(&self, failure: &Failure) -> i32 {
        let domain = error::c_string_lossy(&failure.domain);
        self.fail_c(failure.code, &domain, &error::c_string_lossy(&failure.message))
    }

    fn fail_c(&self, code: i32, domain: &CStr, message: &CStr) -> i32 {
        let (domain, message) = (domain.as_ptr(), message.as_ptr());
        // SAFETY: the strings are valid for the length of the call, in which they are copied. There is no payload.
        unsafe {
            ffi::asynchron_fail_with(self.as_raw(), code, domain, message, ptr::null_mut(), None)
        }
    }

    /// Cancels it: `Ok` also if it was cancelled before, [`Error::Already`] if it was delivered.
    pub fn cancel(&self) -> Result<()> {
        // SAFETY: the handle is valid.
        cancelled(unsafe { ffi::asynchron_cancel(self.as_raw()) }, self)
    }

    /// The same, with a reason, in which there must be no NUL.
    pub fn cancel_with(&self, reason: &str) -> Result<()> {
        let reason = error::c_string(reason)?;
        // SAFETY: the reason is a string for the length of the call.
        cancelled(unsafe { ffi::asynchron_cancel_with(self.as_raw(), reason.as_ptr()) }, self)
    }

    /// The same, unless a function is computing it: then it is [`Error::Already`], too.
    pub fn cancel_pending(&self, reason: &str) -> Result<()> {
        let reason = error::c_string(reason)?;
        // SAFETY: the reason is a string for the length of the call.
        cancelled(unsafe { ffi::asynchron_cancel_pending(self.as_raw(), reason.as_ptr()) }, self)
    }

    /// Has it complete as `source` does, whose outcome it shares: at once, if that is complete. Keep `source` until
    /// then.
    pub fn follow(&self, source: &Asynchron) -> Result<()> {
        // SAFETY: both handles are valid.
        check_of(unsafe { ffi::asynchron_follow(self.as_raw(), source.as_raw()) }, self)
    }
}

fn cancelled(status: i32, a: &Asynchron) -> Result<()> {
    match check_of(status, a) {
        Err(Error::Cancelled { .. }) => Ok(()),
        other => other,
    }
}
