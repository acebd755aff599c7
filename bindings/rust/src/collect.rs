//! Waiting on a thread, and what is there then.

use std::ffi::CStr;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr;
use std::time::Duration;

use crate::error::{self, Error, Failure, Result, check};
use crate::time::nanoseconds;
use crate::{Asynchron, Value, ffi, object};

/// The handle is given back where nothing could be taken out.
#[derive(Debug)]
pub struct NotTaken {
    /// The handle, as it was.
    pub handle: Asynchron,
    /// Why: [`Error::Already`] while others hold it, too, if only for a moment; [`Error::Kind`], if the value is of
    /// another type.
    pub why: Error,
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value was not taken: {}", self.why)
    }
}

impl std::error::Error for NotTaken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.why)
    }
}

impl Asynchron {
    /// Waits on this thread until it is complete, and borrows its value. In `async` code, await it instead.
    pub fn get(&self) -> Result<Value<'_>> {
        self.get_in(ffi::ASYNCHRON_FOREVER)
    }

    /// The same, for at most that time: then it is [`Error::Timeout`].
    pub fn get_timeout(&self, time: Duration) -> Result<Value<'_>> {
        self.get_in(nanoseconds(time))
    }

    /// Its value, or why there is none, if it is complete. Does not wait.
    ///
    /// ```
    /// # use asynchron_c::Asynchron;
    /// let a = Asynchron::new().unwrap();
    /// assert!(a.try_get().is_none());
    /// a.set(5u8).unwrap();
    /// assert_eq!(a.try_get().unwrap().unwrap().number::<u8>(), Ok(5));
    /// ```
    pub fn try_get(&self) -> Option<Result<Value<'_>>> {
        match self.get_in(0) {
            Err(Error::Timeout) => None,
            outcome => Some(outcome),
        }
    }

    fn get_in(&self, timeout: u64) -> Result<Value<'_>> {
        let mut value = ffi::asynchron_value_t { data: ptr::null(), len: 0 };
        // SAFETY: the handle is valid, and `value` writable.
        match unsafe { ffi::asynchron_get_timeout(self.as_raw(), timeout, &mut value) } {
            // SAFETY: the call has given it, and the borrow of this handle lasts as long as the value.
            ffi::ASYNCHRON_OK => Ok(unsafe { Value::of(value) }),
            other => Err(Error::of(other, self)),
        }
    }

    /// Waits until it is complete, however it ends.
    pub fn wait(&self) -> Result<()> {
        self.wait_in(ffi::ASYNCHRON_FOREVER)
    }

    /// The same, for at most that time: then it is [`Error::Timeout`].
    pub fn wait_timeout(&self, time: Duration) -> Result<()> {
        self.wait_in(nanoseconds(time))
    }

    fn wait_in(&self, timeout: u64) -> Result<()> {
        // SAFETY: the handle is valid.
        check(unsafe { ffi::asynchron_wait(self.as_raw(), timeout) })
    }

    /// Waits until no function of it runs any more, nor is what that captured in use: a cancel does not end a function.
    pub fn wait_returned(&self, time: Duration) -> Result<()> {
        // SAFETY: the handle is valid.
        check(unsafe { ffi::asynchron_wait_returned(self.as_raw(), nanoseconds(time)) })
    }

    /// Why there is no value, if it failed or was cancelled.
    pub fn error(&self) -> Option<Error> {
        let mut error = ffi::asynchron_error_t {
            code: 0,
            domain: ptr::null(),
            message: ptr::null(),
            payload: ptr::null(),
        };
        // SAFETY: the handle is valid, and `error` writable.
        check(unsafe { ffi::asynchron_error(self.as_raw(), &mut error) }).ok()?;
        // It is complete by now, so this is how it ended.
        // SAFETY: the handle is valid.
        let cancelled = unsafe { ffi::asynchron_poll(self.as_raw()) == ffi::ASYNCHRON_CANCELLED };
        // SAFETY: the call went well, so no string is NULL, and they are valid while the handle is held.
        let text = |text| error::text_of(unsafe { CStr::from_ptr(text) }).into_owned();
        let message = text(error.message);
        Some(if cancelled {
            Error::Cancelled { reason: message }
        } else {
            Error::Failed(Failure { code: error.code, domain: text(error.domain), message })
        })
    }

    /// Takes an object out again that was delivered as [`Object`](crate::Object), with the last handle.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Error, Object};
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let a = Asynchron::new()?;
    /// a.set(Object(String::from("mine")))?;
    /// let other = a.clone();
    /// let refused = a.take::<String>().unwrap_err();
    /// assert_eq!(refused.why, Error::Already);
    /// drop(other);
    /// assert_eq!(refused.handle.take::<String>().unwrap(), "mine");
    /// # Ok(())
    /// # }
    /// ```
    pub fn take<T: Send + 'static>(self) -> std::result::Result<T, NotTaken> {
        let why = match self.try_get() {
            None => Error::Pending,
            Some(Err(why)) => why,
            Some(Ok(value)) => match value.pointer() {
                Some(pointer) if object::is::<T>(pointer.as_ptr()) => {
                    let mut taken = ptr::null_mut();
                    // SAFETY: the handle is valid, and `taken` writable.
                    match unsafe { ffi::asynchron_take(self.as_raw(), &mut taken) } {
                        ffi::ASYNCHRON_OK => {
                            // The reference is gone with that.
                            let _ = ManuallyDrop::new(self);
                            // SAFETY: it is the pointer that was looked up, now ours, and its drop does not run.
                            return Ok(unsafe { object::taken(taken) });
                        }
                        other => Error::of(other, &self),
                    }
                }
                _ => Error::Kind,
            },
        };
        Err(NotTaken { handle: self, why })
    }
}
