//! Several as one, and waiting for several.

use std::ptr;
use std::time::Duration;

use crate::error::{Result, check};
use crate::ffi::{self, asynchron_t};
use crate::step::array;
use crate::time::nanoseconds;
use crate::{Asynchron, Error};

/// What becomes of the sources of a group that are not needed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They go on.
    Keep,
    /// They are cancelled, with the reason "unneeded".
    Cancel,
}

type Group =
    unsafe extern "C" fn(*const *mut asynchron_t, usize, *mut asynchron_t, u64) -> *mut asynchron_t;

fn group(of: &[Asynchron], rest: Rest, make: Group) -> Result<Asynchron> {
    let flags = if rest == Rest::Cancel { ffi::ASYNCHRON_CANCEL_REST } else { 0 };
    // SAFETY: the handles are valid. The reference returned is ours.
    unsafe { Asynchron::owned(make(array(of), of.len(), ptr::null_mut(), flags)) }
}

impl Asynchron {
    /// Completes with the empty value once all have a value, or ends as the first that fails or is cancelled.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Rest};
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let of = [Asynchron::spawn(|_| 1u8)?, Asynchron::spawn(|_| 2u8)?];
    /// Asynchron::all(&of, Rest::Keep)?.get()?;
    /// assert_eq!(of[1].get()?.number::<u8>()?, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn all(of: &[Asynchron], rest: Rest) -> Result<Asynchron> {
        group(of, rest, ffi::asynchron_all)
    }

    /// Completes as the first that has a value does; if none has, as the last. There must be one at least.
    pub fn any(of: &[Asynchron], rest: Rest) -> Result<Asynchron> {
        if of.is_empty() {
            return Err(Error::Invalid);
        }
        group(of, rest, ffi::asynchron_any)
    }

    /// Completes as the first of them does, however that ends. There must be one at least.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Error, Rest};
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let of = [Asynchron::new()?, Asynchron::new()?];
    /// let first = Asynchron::race(&of, Rest::Cancel)?;
    /// of[1].set("fast")?;
    /// assert_eq!(first.get()?.text()?, "fast");
    /// assert_eq!(of[0].get().unwrap_err(), Error::Cancelled { reason: "unneeded".into() });
    /// # Ok(())
    /// # }
    /// ```
    pub fn race(of: &[Asynchron], rest: Rest) -> Result<Asynchron> {
        if of.is_empty() {
            return Err(Error::Invalid);
        }
        group(of, rest, ffi::asynchron_race)
    }

    /// Waits on this thread until any of them is complete, and says which: the first of several.
    pub fn wait_any(of: &[Asynchron], time: Duration) -> Result<usize> {
        let mut index = 0;
        // SAFETY: the handles are valid, and `index` is writable.
        check(unsafe {
            ffi::asynchron_wait_any(array(of), of.len(), nanoseconds(time), &mut index)
        })?;
        Ok(index)
    }

    /// Waits on this thread until all of them are complete, however they ended.
    pub fn wait_all(of: &[Asynchron], time: Duration) -> Result<()> {
        // SAFETY: the handles are valid.
        check(unsafe { ffi::asynchron_wait_all(array(of), of.len(), nanoseconds(time)) })
    }
}
