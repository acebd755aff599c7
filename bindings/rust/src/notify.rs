//! Callbacks, and guards that take them back.

use std::fmt;
use std::mem::size_of;
use std::ptr;

use crate::calls::{self, Handed};
use crate::error::{Error, Result};
use crate::ffi::asynchron_notify_fn_t;
use crate::{Asynchron, Ending, Executor, ffi};

/// Registers what is handed over. Returns the token.
pub(crate) fn register(
    a: &Asynchron,
    function: asynchron_notify_fn_t,
    context: Handed,
    flags: u64,
    executor: Option<&Executor>,
) -> Result<u64> {
    let (ctx, drop_ctx) = context.give();
    let options = ffi::asynchron_notify_options_t {
        size: size_of::<ffi::asynchron_notify_options_t>(),
        r#fn: function,
        ctx,
        drop_ctx,
        flags,
        executor: executor.map_or(ptr::null_mut(), Executor::as_raw),
    };
    let mut token = 0;
    // SAFETY: the handle is valid, the options are for the length of the call, and what they hand over is C's.
    match unsafe { ffi::asynchron_notify_with(a.as_raw(), &options, &mut token) } {
        ffi::ASYNCHRON_OK => Ok(token),
        other => Err(Error::of_status(other)),
    }
}

/// A callback that can be taken back: see [`Asynchron::subscribe`].
#[must_use = "the callback is taken back when this is dropped"]
pub struct Registration {
    a: Asynchron,
    token: u64,
}

impl Registration {
    /// Takes the callback back, and says whether it never ran and never will. If it is running on another thread, waits
    /// for it: afterwards nobody uses what it captured. Two callbacks that take each other back while both run would
    /// wait for ever. Inside the callback itself it does not wait.
    pub fn cancel(mut self) -> bool {
        let back = self.take_back();
        self.token = 0;
        back
    }

    /// Leaves the callback registered for good.
    pub fn keep(mut self) {
        // No token is 0, so there is nothing that dropping takes back.
        self.token = 0;
    }

    fn take_back(&self) -> bool {
        // SAFETY: the handle is valid, and the token is of it.
        unsafe { ffi::asynchron_unnotify(self.a.as_raw(), self.token) == ffi::ASYNCHRON_OK }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if self.token != 0 {
            self.take_back();
        }
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration({:?})", self.a)
    }
}

impl Asynchron {
    /// Has `code` called once it is complete: on the thread that completes it, or here, if it is.
    ///
    /// ```
    /// use asynchron_c::Asynchron;
    /// use std::sync::mpsc;
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let (a, (send, receive)) = (Asynchron::new()?, mpsc::channel());
    /// a.notify(move |a| send.send(a.get().unwrap().number::<u64>().unwrap()).unwrap())?;
    /// a.set(5u64)?;
    /// assert_eq!(receive.recv(), Ok(5));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// That may be any thread, so what it captures is `Send`:
    ///
    /// ```compile_fail,E0277
    /// # use asynchron_c::Asynchron;
    /// let here = std::rc::Rc::new(5u8);
    /// Asynchron::new().unwrap().notify(move |_| println!("{here}")).unwrap();
    /// ```
    pub fn notify<F>(&self, code: F) -> Result<()>
    where
        F: FnOnce(&Asynchron) + Send + 'static,
    {
        register(self, Some(calls::notified::<F>), Handed::once(code), 0, None)?;
        Ok(())
    }

    /// The same, for those ways of ending alone, and where an executor has it run. The guard takes it back when it is
    /// dropped, and counts as a handle.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Ending};
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let a = Asynchron::new()?;
    /// let guard = a.subscribe(Ending::CANCEL, None, |_| println!("nobody needs it"))?;
    /// assert!(guard.cancel(), "it has not run");
    /// # Ok(())
    /// # }
    /// ```
    pub fn subscribe<F>(
        &self,
        ending: Ending,
        executor: Option<&Executor>,
        code: F,
    ) -> Result<Registration>
    where
        F: FnOnce(&Asynchron) + Send + 'static,
    {
        let (function, context) = (Some(calls::notified::<F> as _), Handed::once(code));
        let token = register(self, function, context, ending.flags(), executor)?;
        Ok(Registration { a: self.clone(), token })
    }
}
