//! Where functions and callbacks run: on threads of an executor's own, or of the program's.

use std::ffi::c_void;
use std::fmt;
use std::mem::{ManuallyDrop, size_of};
use std::ptr::{self, NonNull};
use std::time::Duration;

use crate::calls::{Handed, shielded};
use crate::error::{self, Result, check};
use crate::ffi::{self, asynchron_executor_t, asynchron_task_t};
use crate::time::nanoseconds;

/// A counted reference to an executor, for any thread.
///
/// ```
/// use asynchron_c::{Asynchron, Executor, Shutdown};
/// use std::time::Duration;
///
/// # fn main() -> asynchron_c::Result<()> {
/// let executor = Executor::new("work", 2)?;
/// let a = Asynchron::new()?;
/// a.compute_on(&executor, |_| "done")?;
/// assert_eq!(a.get()?.text()?, "done");
/// executor.shutdown(Shutdown::Finish, Duration::MAX)?;
/// # Ok(())
/// # }
/// ```
pub struct Executor(NonNull<asynchron_executor_t>);

// SAFETY: the header says that an executor is for any thread; what runs there is Send.
unsafe impl Send for Executor {}
// SAFETY: as above.
unsafe impl Sync for Executor {}

/// What becomes of what an executor has not begun when it is shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// It still runs.
    Finish,
    /// It is cancelled, with the reason "shut down".
    Cancel,
}

/// Something that an executor with a `post` is to run, once, on any thread. Dropped instead, it is discarded: what it
/// would have computed fails as broken.
#[derive(Debug)]
#[must_use = "a task that is dropped is discarded"]
pub struct Task(NonNull<asynchron_task_t>);

// SAFETY: the header says that a task may be run on any thread; what it runs is Send.
unsafe impl Send for Task {}

impl Task {
    /// Runs it here.
    pub fn run(self) {
        // SAFETY: it was not run or discarded, and is gone afterwards.
        unsafe { ffi::asynchron_task_run(ManuallyDrop::new(self).0.as_ptr()) }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // SAFETY: it was not run or discarded, and is gone afterwards.
        unsafe { ffi::asynchron_task_discard(self.0.as_ptr()) }
    }
}

/// The post of C, for a closure.
///
/// # Safety
///
/// As C calls it; `ctx` is of `Handed::kept` for the same `F`.
unsafe extern "C" fn post<F>(task: *mut asynchron_task_t, ctx: *mut c_void) -> i32
where
    F: Fn(Task) -> std::result::Result<(), Task> + Send + Sync + 'static,
{
    // SAFETY: the context lives until its drop is called, with the executor. It is Sync.
    let code = unsafe { &*ctx.cast::<F>() };
    // SAFETY: C gives a task, never NULL.
    let task = Task(unsafe { NonNull::new_unchecked(task) });
    match shielded(|| code(task)) {
        Ok(Err(refused)) => {
            // It is C's again.
            let _ = ManuallyDrop::new(refused);
            1
        }
        // After a panic, the task is where the closure has put it, or was dropped with it.
        Ok(Ok(())) | Err(_) => 0,
    }
}

fn create(options: &ffi::asynchron_executor_options_t) -> Result<Executor> {
    let mut out = ptr::null_mut();
    // SAFETY: the options are for the length of the call, and what they hand over is C's.
    check(unsafe { ffi::asynchron_executor_create(options, &mut out) })?;
    // SAFETY: the call went well, so `out` is an executor whose reference is ours.
    Ok(unsafe { Executor::from_raw(out) })
}

impl Executor {
    /// One that runs so many tasks at a time, on threads of that name; 0 for as many as processors.
    pub fn new(name: &str, threads: usize) -> Result<Executor> {
        let name = error::c_string(name)?;
        create(&ffi::asynchron_executor_options_t {
            size: size_of::<ffi::asynchron_executor_options_t>(),
            name: name.as_ptr(),
            threads,
            stack_size: 0,
            flags: 0,
            post: None,
            ctx: ptr::null_mut(),
            drop_ctx: None,
        })
    }

    /// One whose tasks the program runs, on a thread or in a loop of its own. `post` is given each of them, on whatever
    /// thread spawns or completes; it should do no more than queue it, or give it back as `Err` to refuse it.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Executor, Task};
    /// use std::sync::mpsc;
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let (send, receive) = mpsc::channel::<Task>();
    /// let executor = Executor::with_post(move |task| send.send(task).map_err(|refused| refused.0))?;
    /// let a = Asynchron::new()?;
    /// a.compute_on(&executor, |_| "in my loop")?;
    /// receive.recv().unwrap().run();
    /// assert_eq!(a.get()?.text()?, "in my loop");
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_post<F>(code: F) -> Result<Executor>
    where
        F: Fn(Task) -> std::result::Result<(), Task> + Send + Sync + 'static,
    {
        let (ctx, drop_ctx) = Handed::kept(code).give();
        create(&ffi::asynchron_executor_options_t {
            size: size_of::<ffi::asynchron_executor_options_t>(),
            name: ptr::null(),
            threads: 0,
            stack_size: 0,
            flags: 0,
            post: Some(post::<F>),
            ctx,
            drop_ctx,
        })
    }

    /// That of [`Asynchron::spawn`](crate::Asynchron::spawn).
    pub fn default_executor() -> Executor {
        // SAFETY: it is never NULL, and the reference is ours.
        unsafe { Executor::from_raw(ffi::asynchron_executor_default()) }
    }

    /// An executor that C has made.
    ///
    /// # Safety
    ///
    /// `raw` is a valid executor, not NULL, and its reference becomes this one's.
    pub unsafe fn from_raw(raw: *mut asynchron_executor_t) -> Executor {
        // SAFETY: the caller vouches for it.
        Executor(unsafe { NonNull::new_unchecked(raw) })
    }

    /// The executor for C, with this one's reference.
    #[must_use = "the reference is given up by asynchron_executor_release() or from_raw alone"]
    pub fn into_raw(self) -> *mut asynchron_executor_t {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// The executor for C, lent.
    pub fn as_raw(&self) -> *mut asynchron_executor_t {
        self.0.as_ptr()
    }

    /// Closes it for good, and waits until all that it was given has returned, for at most that time: then it is
    /// [`Error::Timeout`](crate::Error::Timeout), and you may ask again.
    pub fn shutdown(&self, what: Shutdown, time: Duration) -> Result<()> {
        let flags = if what == Shutdown::Cancel { ffi::ASYNCHRON_SHUTDOWN_CANCEL } else { 0 };
        // SAFETY: the executor is valid.
        check(unsafe { ffi::asynchron_executor_shutdown(self.as_raw(), flags, nanoseconds(time)) })
    }
}

impl Clone for Executor {
    fn clone(&self) -> Executor {
        // SAFETY: the executor is valid, so what is returned is the same, with a new reference.
        unsafe { Executor::from_raw(ffi::asynchron_executor_retain(self.as_raw())) }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and gone afterwards.
        unsafe { ffi::asynchron_executor_release(self.as_raw()) }
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Executor({:p})", self.0)
    }
}
