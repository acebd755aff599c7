//! Functions that compute a value: on this thread, on the library's, or by other means.

use std::ffi::c_void;

use crate::calls::{self, Handed};
use crate::deliver::Deliver;
use crate::error::{Result, check, check_of};
use crate::{Asynchron, Executor, ffi};

impl Asynchron {
    /// One whose value is computed by `code` on a background thread of the library. What it returns is delivered: see
    /// [`Deliver`]. It is given the asynchron, to see a cancel by [`is_complete`](Asynchron::is_complete), or to tell
    /// of its progress. A panic becomes a failure with the domain `"panic"` and its message.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Error};
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let sum = Asynchron::spawn(|_| (1..=10u64).sum::<u64>())?;
    /// assert_eq!(sum.get()?.number::<u64>()?, 55);
    ///
    /// let bad = Asynchron::spawn(|_| "x".parse::<i32>())?;
    /// assert!(matches!(bad.get(), Err(Error::Failed(why)) if why.message.contains("invalid digit")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What it captures goes to another thread, so it is `Send`:
    ///
    /// ```compile_fail,E0277
    /// # use asynchron_c::Asynchron;
    /// let here = std::rc::Rc::new(5u8);
    /// let a = Asynchron::spawn(move |_| *here);
    /// ```
    pub fn spawn<F, R>(code: F) -> Result<Asynchron>
    where
        F: FnOnce(&Asynchron) -> R + Send + 'static,
        R: Deliver,
    {
        let a = Asynchron::new()?;
        a.compute(code)?;
        Ok(a)
    }

    /// Has `code` compute this one on a background thread, unless it is not pending when its turn comes.
    pub fn compute<F, R>(&self, code: F) -> Result<()>
    where
        F: FnOnce(&Asynchron) -> R + Send + 'static,
        R: Deliver,
    {
        let (ctx, drop) = Handed::once(code).give();
        let function = Some(calls::compute::<F, R> as _);
        // SAFETY: function, context and drop belong together, and what is Send may go to another thread.
        check(unsafe { ffi::asynchron_spawn(self.as_raw(), function, ctx, drop) })
    }

    /// The same, where an executor has it run.
    pub fn compute_on<F, R>(&self, executor: &Executor, code: F) -> Result<()>
    where
        F: FnOnce(&Asynchron) -> R + Send + 'static,
        R: Deliver,
    {
        let (ctx, drop) = Handed::once(code).give();
        let function = Some(calls::compute::<F, R> as _);
        // SAFETY: as in `compute`; the executor is valid.
        check(unsafe {
            ffi::asynchron_spawn_on(executor.as_raw(), self.as_raw(), function, ctx, drop)
        })
    }

    /// Has `code` compute it here and now. It may borrow. If it is not pending, `code` does not run, and the call says
    /// why.
    ///
    /// ```
    /// # use asynchron_c::{Asynchron, Error};
    /// let (a, numbers) = (Asynchron::new().unwrap(), [1u64, 2, 3]);
    /// a.call(|_| numbers.iter().sum::<u64>()).unwrap();
    /// assert_eq!(a.get().unwrap().number::<u64>(), Ok(6));
    /// assert_eq!(a.call(|_| 7u64), Err(Error::Already));
    /// ```
    pub fn call<F, R>(&self, code: F) -> Result<()>
    where
        F: FnOnce(&Asynchron) -> R,
        R: Deliver,
    {
        let mut code = Some(code);
        let ctx: *mut c_void = (&raw mut code).cast();
        // SAFETY: the function runs during the call alone, on this thread, so the context is there, and need not be
        // Send.
        let status =
            unsafe { ffi::asynchron_call(self.as_raw(), Some(calls::compute::<F, R>), ctx) };
        check_of(status, self)
    }

    /// Says that its value is being computed by means of your own: it is running from then on.
    pub fn start(&self) -> Result<()> {
        // SAFETY: the handle is valid.
        check_of(unsafe { ffi::asynchron_start(self.as_raw()) }, self)
    }

    /// Says how far the work is: any two numbers, which are read together. A total of 0 is not known.
    ///
    /// ```
    /// # use asynchron_c::Asynchron;
    /// let a = Asynchron::new().unwrap();
    /// assert_eq!(a.progress_of(), None);
    /// a.progress(3, u64::MAX).unwrap();
    /// assert_eq!(a.progress_of(), Some((3, u64::MAX)));
    /// ```
    pub fn progress(&self, done: u64, total: u64) -> Result<()> {
        // SAFETY: the handle is valid.
        check_of(unsafe { ffi::asynchron_progress(self.as_raw(), done, total) }, self)
    }

    /// How far the work is, if anybody has said so.
    pub fn progress_of(&self) -> Option<(u64, u64)> {
        let (mut done, mut total) = (0, 0);
        // SAFETY: the handle is valid, and both numbers are writable.
        let status = unsafe { ffi::asynchron_progress_of(self.as_raw(), &mut done, &mut total) };
        (status == ffi::ASYNCHRON_OK).then_some((done, total))
    }
}
