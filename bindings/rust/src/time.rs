//! Times: how long a call waits, deadlines, timers.

use std::time::Duration;

use crate::error::{Result, check_of};
use crate::{Asynchron, Error, ffi};

/// What the library counts in. More than it can count, and all of it, is for ever.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(ffi::ASYNCHRON_FOREVER)
}

impl Asynchron {
    /// One that completes with the empty value once that time is over; never, for [`Duration::MAX`].
    ///
    /// ```
    /// # use asynchron_c::Asynchron;
    /// # use std::time::Duration;
    /// assert!(Asynchron::timer(Duration::from_millis(1)).unwrap().get().unwrap().is_empty());
    /// ```
    pub fn timer(time: Duration) -> Result<Asynchron> {
        // SAFETY: any number is allowed. The reference returned is ours.
        let made = unsafe { Asynchron::owned(ffi::asynchron_timer(nanoseconds(time))) };
        made.map_err(|_| Error::System)
    }

    /// Has it fail once that time is over, unless it is complete by then: see [`Failure::is_expired`]. A later call
    /// replaces the deadline, and [`Duration::MAX`] takes it back.
    ///
    /// ```
    /// # use asynchron_c::{Asynchron, Error};
    /// # use std::time::Duration;
    /// let a = Asynchron::new().unwrap();
    /// a.expire_after(Duration::from_millis(1)).unwrap();
    /// let Err(Error::Failed(why)) = a.get() else { panic!() };
    /// assert!(why.is_expired());
    /// ```
    ///
    /// [`Failure::is_expired`]: crate::Failure::is_expired
    pub fn expire_after(&self, time: Duration) -> Result<()> {
        // SAFETY: the handle is valid.
        check_of(unsafe { ffi::asynchron_expire_after(self.as_raw(), nanoseconds(time)) }, self)
    }
}
