//! A handle: making one, sharing it, and asking what it is.

use std::borrow::Cow;
use std::ffi::{CStr, c_void};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::{ManuallyDrop, size_of};
use std::ptr::{self, NonNull};
use std::time::Duration;

use crate::calls::{self, Handed};
use crate::deliver::Deliver;
use crate::error::{self, Result, check};
use crate::ffi::{self, asynchron_t};
use crate::time::nanoseconds;
use crate::{Error, object};

/// A value that arrives later: a counted reference, for any thread.
///
/// `clone` takes one more reference, and dropping gives it up.
///
/// ```
/// use asynchron_c::Asynchron;
/// use std::thread;
///
/// # fn main() -> asynchron_c::Result<()> {
/// let a = Asynchron::new()?;
/// let producer = a.clone();
/// thread::spawn(move || producer.set("hello"));
/// assert_eq!(a.get()?.text()?, "hello");
/// # Ok(())
/// # }
/// ```
#[repr(transparent)]
pub struct Asynchron(NonNull<asynchron_t>);

// SAFETY: the header says that every function may be called from any thread, on any handle. What a handle gives
// access to is bytes, which do not change, and objects, which are Send when they are handed over, and Sync where they
// are shared.
unsafe impl Send for Asynchron {}
// SAFETY: as above.
unsafe impl Sync for Asynchron {}

/// How an asynchron is at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has delivered or started it.
    Pending,
    /// A function is computing its value.
    Running,
    /// It has a value, or it failed.
    Ready,
    /// It was cancelled.
    Cancelled,
}

impl Asynchron {
    /// A pending one. Fails if there is no memory.
    pub fn new() -> Result<Asynchron> {
        // SAFETY: NULL is allowed for the name. The reference returned is ours.
        unsafe { Asynchron::owned(ffi::asynchron_create(ptr::null())) }
    }

    /// A pending one with a name, in which there must be no NUL.
    ///
    /// ```
    /// # use asynchron_c::{Asynchron, Error};
    /// assert_eq!(Asynchron::named("greeting").unwrap().name(), "greeting");
    /// assert_eq!(Asynchron::named("greet\0ing").unwrap_err(), Error::Nul);
    /// ```
    pub fn named(name: &str) -> Result<Asynchron> {
        let name = error::c_string(name)?;
        // SAFETY: the name is a string for the length of the call. The reference returned is ours.
        unsafe { Asynchron::owned(ffi::asynchron_create(name.as_ptr())) }
    }

    /// How to make one with more than that.
    pub fn options() -> Options {
        Options::default()
    }

    /// A handle that C has made.
    ///
    /// # Safety
    ///
    /// `raw` is a valid handle, not NULL, and its reference becomes this one's. Whoever else has handles of it keeps to
    /// the rules of the header: what is handed over is valid until its drop is called, and bytes do not change.
    pub unsafe fn from_raw(raw: *mut asynchron_t) -> Asynchron {
        debug_assert!(!raw.is_null());
        // SAFETY: the caller vouches for it.
        Asynchron(unsafe { NonNull::new_unchecked(raw) })
    }

    /// The handle for C, with this one's reference: `asynchron_release()`, or `from_raw`, gives it up.
    #[must_use = "the reference is given up by asynchron_release() or from_raw alone"]
    pub fn into_raw(self) -> *mut asynchron_t {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// The handle for C, lent: valid as long as this one is.
    pub fn as_raw(&self) -> *mut asynchron_t {
        self.0.as_ptr()
    }

    /// What a function of C has made, with its reference.
    ///
    /// # Safety
    ///
    /// `raw` is NULL, for no memory, or a handle whose reference is the caller's.
    pub(crate) unsafe fn owned(raw: *mut asynchron_t) -> Result<Asynchron> {
        NonNull::new(raw).map(Asynchron).ok_or(Error::NoMemory)
    }

    /// How it is at this moment.
    pub fn state(&self) -> State {
        // SAFETY: the handle is valid.
        match unsafe { ffi::asynchron_state(self.as_raw()) } {
            ffi::ASYNCHRON_STATE_RUNNING => State::Running,
            ffi::ASYNCHRON_STATE_READY => State::Ready,
            ffi::ASYNCHRON_STATE_CANCELLED => State::Cancelled,
            _ => State::Pending,
        }
    }

    /// Whether it was delivered or cancelled.
    pub fn is_complete(&self) -> bool {
        // SAFETY: the handle is valid.
        unsafe { ffi::asynchron_poll(self.as_raw()) != ffi::ASYNCHRON_PENDING }
    }

    /// The name that it was given, or one of the library's.
    pub fn name(&self) -> Cow<'_, str> {
        // SAFETY: it is never NULL, and valid while the handle is held, which the borrow sees to.
        error::text_of(unsafe { CStr::from_ptr(ffi::asynchron_name(self.as_raw())) })
    }

    /// What [`Options::user_data`] was given, if it is a `T`.
    pub fn user_data<T: Send + Sync + 'static>(&self) -> Option<&T> {
        // SAFETY: the handle is valid.
        let data = unsafe { ffi::asynchron_user_data(self.as_raw()) };
        // SAFETY: user data is freed with the last handle alone.
        unsafe { object::borrowed(data) }
    }

    /// Whether anybody but you holds a reference. The library's own count, too.
    pub fn is_shared(&self) -> bool {
        // SAFETY: the handle is valid.
        unsafe { ffi::asynchron_is_shared(self.as_raw()) != 0 }
    }

    /// Whether it has a function on demand that has not started.
    pub fn is_on_demand(&self) -> bool {
        // SAFETY: the handle is valid.
        unsafe { ffi::asynchron_is_on_demand(self.as_raw()) != 0 }
    }
}

impl Clone for Asynchron {
    fn clone(&self) -> Asynchron {
        // SAFETY: the handle is valid, so what is returned is the same, with a new reference.
        unsafe { Asynchron::from_raw(ffi::asynchron_retain(self.as_raw())) }
    }
}

impl Drop for Asynchron {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and gone afterwards.
        unsafe { ffi::asynchron_release(self.as_raw()) }
    }
}

/// Two handles are equal if they are of the same asynchron.
impl PartialEq for Asynchron {
    fn eq(&self, other: &Asynchron) -> bool {
        self.0 == other.0
    }
}

impl Eq for Asynchron {}

impl Hash for Asynchron {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Asynchron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asynchron({:?}, {:?})", self.name(), self.state())
    }
}

/// The function on demand, as C has it.
struct OnDemand {
    function: ffi::asynchron_fn_t,
    code: Handed,
}

/// How an asynchron is made: see [`Asynchron::options`].
///
/// ```
/// use asynchron_c::Asynchron;
///
/// # fn main() -> asynchron_c::Result<()> {
/// let a = Asynchron::options().name("answer").user_data(5u8).on_demand(|_| 42u32).create()?;
/// assert_eq!(a.user_data::<u8>(), Some(&5));
/// assert!(a.is_on_demand());
/// assert_eq!(a.get()?.number::<u32>()?, 42);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
#[must_use = "create() makes it"]
pub struct Options {
    name: Option<String>,
    user_data: Option<Handed>,
    on_demand: Option<OnDemand>,
    reserve: usize,
    expire_after: u64,
}

impl Options {
    /// Its name, in which there must be no NUL.
    pub fn name(mut self, name: impl Into<String>) -> Options {
        self.name = Some(name.into());
        self
    }

    /// What [`Asynchron::user_data`] gives, dropped with the last handle.
    pub fn user_data<T: Send + Sync + 'static>(mut self, data: T) -> Options {
        self.user_data = Some(object::handed(data));
        self
    }

    /// Computes the value, on the thread of the first that asks for it; once it is awaited, on one of the library's.
    pub fn on_demand<F, R>(mut self, code: F) -> Options
    where
        F: FnOnce(&Asynchron) -> R + Send + 'static,
        R: Deliver,
    {
        self.on_demand =
            Some(OnDemand { function: Some(calls::compute::<F, R>), code: Handed::once(code) });
        self
    }

    /// Room for a value of so many bytes: to deliver at most so many needs no memory then.
    pub fn reserve(mut self, bytes: usize) -> Options {
        self.reserve = bytes;
        self
    }

    /// As [`Asynchron::expire_after`]; a time of 0 sets no deadline.
    pub fn expire_after(mut self, time: Duration) -> Options {
        self.expire_after = nanoseconds(time);
        self
    }

    /// Makes it.
    pub fn create(self) -> Result<Asynchron> {
        let name = self.name.map(|name| error::c_string(&name)).transpose()?;
        let (user_data, drop_user_data) = give(self.user_data);
        let on_demand = self.on_demand.as_ref().and_then(|it| it.function);
        let (on_demand_ctx, drop_on_demand_ctx) = give(self.on_demand.map(|it| it.code));
        let options = ffi::asynchron_options_t {
            size: size_of::<ffi::asynchron_options_t>(),
            name: name.as_ref().map_or(ptr::null(), |name| name.as_ptr()),
            user_data,
            drop_user_data,
            on_demand,
            on_demand_ctx,
            drop_on_demand_ctx,
            reserve: self.reserve,
            expire_after_ns: self.expire_after,
        };
        let mut out = ptr::null_mut();
        // SAFETY: the options are valid for the length of the call, and what they hand over is not ours any more.
        check(unsafe { ffi::asynchron_create_with(&options, &mut out) })?;
        // SAFETY: the call went well, so `out` is a handle whose reference is ours.
        unsafe { Asynchron::owned(out) }
    }
}

fn give(handed: Option<Handed>) -> (*mut c_void, ffi::asynchron_drop_fn_t) {
    handed.map_or((ptr::null_mut(), None), Handed::give)
}
