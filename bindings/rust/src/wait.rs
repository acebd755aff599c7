//! Awaiting: a waker that is registered as a callback, and taken back when the future is dropped.

use std::ffi::c_void;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::calls::{Handed, shielded};
use crate::collect::NotTaken;
use crate::error::{Error, Result};
use crate::ffi::{self, asynchron_t};
use crate::{Asynchron, Value, notify};

/// Where a callback finds whom to wake. Callback and future hold it together, so neither waits for the other.
#[derive(Default)]
pub(crate) struct Slot(Mutex<Option<Waker>>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No code of the program's runs under the lock: neither the clone of a waker nor its drop.
    pub fn set(&self, waker: &Waker) {
        if self.lock().as_ref().is_some_and(|there| there.will_wake(waker)) {
            return;
        }
        let new = waker.clone();
        let old = self.lock().replace(new);
        drop(old);
    }

    pub fn clear(&self) {
        let old = self.lock().take();
        drop(old);
    }

    fn wake(&self) {
        let waker = self.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The callback.
///
/// # Safety
///
/// As C calls it; `ctx` is of `Arc::into_raw`.
unsafe extern "C" fn wake(_: *mut asynchron_t, ctx: *mut c_void) {
    // SAFETY: the context lives until its drop is called, after this.
    let slot = unsafe { &*ctx.cast::<Slot>() };
    // A waker is the program's code: a panic in it ends here.
    let _ = shielded(|| slot.wake());
}

/// Drops the callback's share of the slot.
///
/// # Safety
///
/// `ctx` is of `Arc::into_raw`, and this share of it is not used any more.
unsafe extern "C" fn drop_slot(ctx: *mut c_void) {
    // SAFETY: the caller vouches for it. What is in there is a waker, so the program's code.
    let _ = shielded(|| drop(unsafe { Arc::from_raw(ctx.cast::<Slot>()) }));
}

/// Has `slot` woken once `a` is complete. Returns the token.
pub(crate) fn wake_on(a: &Asynchron, slot: &Arc<Slot>, flags: u64) -> Result<u64> {
    let ctx = Arc::into_raw(slot.clone()).cast_mut().cast();
    let context = Handed { ctx, drop: Some(drop_slot) };
    notify::register(a, Some(wake), context, flags, None)
}

/// Takes it back without waiting: what runs at this moment has the slot for itself.
pub(crate) fn unwake(a: &Asynchron, token: u64) {
    // SAFETY: the handle is valid, and the token is of it.
    let _ = unsafe { ffi::asynchron_try_unnotify(a.as_raw(), token) };
}

/// What the futures below have in common.
#[derive(Default)]
struct Listener(Option<(Arc<Slot>, u64)>);

impl Listener {
    /// Ready when `a` is complete, however it ended.
    fn poll(&mut self, a: &Asynchron, context: &Context<'_>) -> Poll<Result<()>> {
        if a.is_complete() {
            self.stop(a);
            return Poll::Ready(Ok(()));
        }
        if let Some((slot, _)) = &self.0 {
            slot.set(context.waker());
            // It may have become complete before that, and have woken the waker that was there.
            return if a.is_complete() { Poll::Ready(Ok(())) } else { Poll::Pending };
        }
        let slot = Arc::new(Slot::default());
        slot.set(context.waker());
        match wake_on(a, &slot, ffi::ASYNCHRON_NOTIFY_IF_PENDING) {
            Ok(token) => self.0 = Some((slot, token)),
            Err(Error::Already) => return Poll::Ready(Ok(())),
            Err(error) => return Poll::Ready(Err(error)),
        }
        // A function on demand is started by a wait alone, which blocks: so one of the library's threads does that.
        if a.is_on_demand() {
            let a = a.clone();
            if let Err(error) = Asynchron::spawn(move |_| a.wait()) {
                return Poll::Ready(Err(error));
            }
        }
        Poll::Pending
    }

    fn stop(&mut self, a: &Asynchron) {
        if let Some((slot, token)) = self.0.take() {
            slot.clear();
            unwake(a, token);
        }
    }
}

/// The future of a borrowed handle, which gives the borrowed value: `(&a).await`.
///
/// Dropping it leaves nothing behind, and the asynchron as it is: so it may be one of the branches of a `select!`.
#[must_use = "a future does nothing until it is awaited"]
pub struct Wait<'a> {
    a: &'a Asynchron,
    listener: Listener,
}

impl<'a> Future for Wait<'a> {
    type Output = Result<Value<'a>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Value<'a>>> {
        let a = self.a;
        self.listener.poll(a, context).map(|done| {
            done?;
            a.try_get().unwrap_or(Err(Error::Pending))
        })
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.listener.stop(self.a);
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wait({:?})", self.a)
    }
}

impl<'a> IntoFuture for &'a Asynchron {
    type Output = Result<Value<'a>>;
    type IntoFuture = Wait<'a>;

    fn into_future(self) -> Wait<'a> {
        Wait { a: self, listener: Listener::default() }
    }
}

/// A handle with a value: what awaiting a handle gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready(Asynchron);

impl Ready {
    /// The value, borrowed.
    pub fn value(&self) -> Value<'_> {
        match self.0.try_get() {
            Some(Ok(value)) => value,
            // It was made because there is a value, which never changes.
            _ => unreachable!("a value has gone"),
        }
    }

    /// The handle.
    pub fn into_inner(self) -> Asynchron {
        self.0
    }

    /// Takes an object out: see [`Asynchron::take`].
    pub fn take<T: Send + 'static>(self) -> std::result::Result<T, NotTaken> {
        self.0.take()
    }
}

/// The future of a handle of its own, which can go to a task: `a.await`. As [`Wait`], but it gives a [`Ready`].
#[must_use = "a future does nothing until it is awaited"]
pub struct OwnedWait {
    /// None after the end.
    a: Option<Asynchron>,
    listener: Listener,
}

impl Future for OwnedWait {
    type Output = Result<Ready>;

    /// # Panics
    ///
    /// After it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Ready>> {
        let this = &mut *self;
        let a = this.a.as_ref().expect("polled after it was ready");
        let Poll::Ready(done) = this.listener.poll(a, context) else {
            return Poll::Pending;
        };
        this.listener.stop(a);
        let done = done.and_then(|()| a.try_get().unwrap_or(Err(Error::Pending)).map(drop));
        let a = this.a.take();
        Poll::Ready(done.map(|()| Ready(a.expect("it was there"))))
    }
}

impl Drop for OwnedWait {
    fn drop(&mut self) {
        if let Some(a) = &self.a {
            self.listener.stop(a);
        }
    }
}

impl fmt::Debug for OwnedWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnedWait({:?})", self.a)
    }
}

/// On any executor, without a thread that waits:
///
/// ```
/// use asynchron_c::Asynchron;
///
/// # fn main() -> asynchron_c::Result<()> {
/// # smol::block_on(async {
/// let a = Asynchron::spawn(|_| 42u64)?;
/// assert_eq!((&a).await?.number::<u64>()?, 42); // borrows the handle
/// assert_eq!(a.await?.value().number::<u64>()?, 42); // takes it
/// # Ok(())
/// # })
/// # }
/// ```
impl IntoFuture for Asynchron {
    type Output = Result<Ready>;
    type IntoFuture = OwnedWait;

    fn into_future(self) -> OwnedWait {
        OwnedWait { a: Some(self), listener: Listener::default() }
    }
}
