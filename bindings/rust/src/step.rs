//! What follows: functions that compute one asynchron once others are complete.

use std::mem::size_of;
use std::ops::BitOr;
use std::ptr;

use crate::calls::{self, Handed};
use crate::deliver::Deliver;
use crate::error::{Result, check};
use crate::{Asynchron, Executor, ffi};

/// Ways of ending, joined by `|`.
///
/// ```
/// # use asynchron_c::Ending;
/// assert_eq!(Ending::FAILURE | Ending::CANCEL | Ending::VALUE, Ending::ANY);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending(u64);

impl Ending {
    /// With a value.
    pub const VALUE: Ending = Ending(ffi::ASYNCHRON_ON_VALUE);
    /// With a failure.
    pub const FAILURE: Ending = Ending(ffi::ASYNCHRON_ON_FAILURE);
    /// By a cancel.
    pub const CANCEL: Ending = Ending(ffi::ASYNCHRON_ON_CANCEL);
    /// However it ends.
    pub const ANY: Ending =
        Ending(ffi::ASYNCHRON_ON_VALUE | ffi::ASYNCHRON_ON_FAILURE | ffi::ASYNCHRON_ON_CANCEL);

    pub(crate) fn flags(self) -> u64 {
        self.0
    }
}

impl BitOr for Ending {
    type Output = Ending;

    fn bitor(self, other: Ending) -> Ending {
        Ending(self.0 | other.0)
    }
}

/// How a step goes: see [`Asynchron::step`].
#[derive(Debug, Clone)]
#[must_use = "then() makes the step"]
pub struct Step<'a> {
    source: &'a Asynchron,
    ending: Ending,
    executor: Option<&'a Executor>,
}

impl<'a> Step<'a> {
    /// The ways of ending of the source for which the function runs; for others, it is passed over.
    pub fn when(self, ending: Ending) -> Step<'a> {
        Step { ending, ..self }
    }

    /// Where the function runs, if not on the thread that completes the source.
    pub fn on(self, executor: &'a Executor) -> Step<'a> {
        Step { executor: Some(executor), ..self }
    }

    /// Makes the step. `code` is given the asynchron that it computes, and the source, which is complete.
    pub fn then<F, R>(self, code: F) -> Result<Asynchron>
    where
        F: FnOnce(&Asynchron, &Asynchron) -> R + Send + 'static,
        R: Deliver,
    {
        let of_one = move |me: &Asynchron, sources: &[Asynchron]| code(me, &sources[0]);
        let options = options(of_one, self.ending.flags(), self.executor);
        let mut out = ptr::null_mut();
        // SAFETY: the source is valid, and the options are for the length of the call; what they hand over is C's.
        check(unsafe {
            ffi::asynchron_then_with(self.source.as_raw(), ptr::null_mut(), &options, &mut out)
        })?;
        // SAFETY: the call went well, so `out` is a handle whose reference is ours.
        unsafe { Asynchron::owned(out) }
    }
}

/// What C is told of a step. The closure is C's from here on.
fn options<F, R>(code: F, flags: u64, executor: Option<&Executor>) -> ffi::asynchron_step_options_t
where
    F: FnOnce(&Asynchron, &[Asynchron]) -> R + Send + 'static,
    R: Deliver,
{
    let (ctx, drop_ctx) = Handed::once(code).give();
    ffi::asynchron_step_options_t {
        size: size_of::<ffi::asynchron_step_options_t>(),
        r#fn: Some(calls::join::<F, R>),
        ctx,
        drop_ctx,
        flags,
        executor: executor.map_or(ptr::null_mut(), Executor::as_raw),
    }
}

/// An array of handles for C. A slice of none may begin anywhere.
pub(crate) fn array(of: &[Asynchron]) -> *const *mut ffi::asynchron_t {
    of.as_ptr().cast()
}

impl Asynchron {
    /// One that `code` computes from the value of this one, on the thread that completes it. A failure and a cancel
    /// pass on by themselves.
    ///
    /// ```
    /// use asynchron_c::Asynchron;
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let a = Asynchron::new()?;
    /// let twice = a.then(|_, a| Ok::<_, asynchron_c::Error>(2 * a.get()?.number::<u64>()?))?;
    /// a.set(21u64)?;
    /// assert_eq!(twice.get()?.number::<u64>()?, 42);
    /// # Ok(())
    /// # }
    /// ```
    pub fn then<F, R>(&self, code: F) -> Result<Asynchron>
    where
        F: FnOnce(&Asynchron, &Asynchron) -> R + Send + 'static,
        R: Deliver,
    {
        self.step().then(code)
    }

    /// A step with more to say: for other ways of ending, or on an executor.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Ending, Failure};
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let a = Asynchron::new()?;
    /// let mended = a.step().when(Ending::FAILURE).then(|_, _| "instead")?;
    /// a.fail(Failure::new(1, "broken"))?;
    /// assert_eq!(mended.get()?.text()?, "instead");
    /// # Ok(())
    /// # }
    /// ```
    pub fn step(&self) -> Step<'_> {
        Step { source: self, ending: Ending::VALUE, executor: None }
    }

    /// One that `code` computes once all of several are complete, however they ended; on an executor, or on the thread
    /// that completes the last.
    ///
    /// ```
    /// use asynchron_c::Asynchron;
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let both = [Asynchron::new()?, Asynchron::new()?];
    /// let sum = Asynchron::after(&both, None, |_, both| {
    ///     let numbers = both.iter().map(|a| a.get()?.number::<u64>());
    ///     numbers.sum::<Result<u64, asynchron_c::Error>>()
    /// })?;
    /// both[1].set(2u64)?;
    /// both[0].set(1u64)?;
    /// assert_eq!(sum.get()?.number::<u64>()?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn after<F, R>(of: &[Asynchron], executor: Option<&Executor>, code: F) -> Result<Asynchron>
    where
        F: FnOnce(&Asynchron, &[Asynchron]) -> R + Send + 'static,
        R: Deliver,
    {
        let options = options(code, 0, executor);
        let mut out = ptr::null_mut();
        // SAFETY: the handles are valid, and the options are for the length of the call; what they hand over is C's.
        check(unsafe {
            ffi::asynchron_after_with(array(of), of.len(), ptr::null_mut(), &options, &mut out)
        })?;
        // SAFETY: the call went well, so `out` is a handle whose reference is ours.
        unsafe { Asynchron::owned(out) }
    }
}
