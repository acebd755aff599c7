//! Blocking: spin briefly, then park, until there is something or the time is up.

use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::{mem, ptr};

use super::asynchron::Asynchron;
use super::inside;
use super::jobs;
use super::state::Seen;
use crate::base::patience::Patience;
use crate::sys::{self, ThreadLocal, TimeLimit};

/// Why a wait ended without what it waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitError {
    Timeout,
    /// The thread would wait for itself.
    Deadlock,
}

/// For a thread with something to do when it falls asleep in a wait, such as to make room for another.
pub(crate) trait Sleeper {
    /// False: nothing is to be done this time.
    fn fall_asleep(&self) -> bool;

    /// When to wake at the latest, where the wait itself would at `limit`.
    fn until(&self, limit: TimeLimit) -> TimeLimit;

    /// It sleeps no more.
    fn wake_up(&self);
}

/// What this thread has to do, if anything: by the address of a reference.
static SLEEPER: ThreadLocal = ThreadLocal::new(1);

/// From here on this thread does what `sleeper` says, until [`forget_sleeper`]. (Without memory it may not.)
///
/// # Safety
/// It stays where it is until then.
pub(crate) unsafe fn set_sleeper(sleeper: &&dyn Sleeper) {
    SLEEPER.set(ptr::from_ref(sleeper).cast_mut().cast());
}

pub(crate) fn forget_sleeper() {
    SLEEPER.set(ptr::null_mut());
}

/// What any thread is to do before it sleeps, if anything. Set in the child of a fork, where a thread is missing.
static BEFORE_SLEEP: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());

/// From here on, every thread does this before it sleeps.
#[cfg(not(loom))]
pub(crate) fn before_sleep(what: Option<fn()>) {
    let what = what.map_or(ptr::null_mut(), |what| what as *mut ());
    // ORDERING: the function stands alone.
    BEFORE_SLEEP.store(what, Relaxed);
}

#[inline]
fn do_before_sleep() {
    // ORDERING: the function stands alone.
    let what = BEFORE_SLEEP.load(Relaxed);
    if !what.is_null() {
        // SAFETY: what is stored there is such a function.
        let what: fn() = unsafe { mem::transmute::<*mut (), fn()>(what) };
        what();
    }
}

/// While it lives, this thread sleeps.
struct Sleeping<'a>(Option<&'a dyn Sleeper>);

impl Sleeping<'_> {
    #[inline]
    fn begin() -> Self {
        // SAFETY: NULL, or what `set_sleeper` was given, and stays.
        let sleeper = unsafe { SLEEPER.get().cast::<&dyn Sleeper>().as_ref() };
        Self(sleeper.copied().filter(|sleeper| sleeper.fall_asleep()))
    }

    #[inline]
    fn until(&self, limit: TimeLimit) -> TimeLimit {
        self.0.map_or(limit, |sleeper| sleeper.until(limit))
    }
}

impl Drop for Sleeping<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(sleeper) = self.0 {
            sleeper.wake_up();
        }
    }
}

/// Blocks until `look` finds something, or `timeout_ns` have passed. `peek` says whether there may be something to be
/// found: it is asked again and again while the thread spins. `park` sleeps at most until the time limit it is given, and
/// may return at any time.
pub(crate) fn block_until<R>(
    timeout_ns: u64,
    peek: impl Fn() -> bool,
    mut look: impl FnMut() -> Option<R>,
    park: impl Fn(TimeLimit),
) -> Option<R> {
    if let Some(found) = look() {
        return Some(found);
    }
    if timeout_ns == 0 {
        return None;
    }
    let limit = sys::time_limit_after(timeout_ns);
    if jobs::run_due() {
        if let Some(found) = look() {
            return Some(found);
        }
    }
    let patience = Patience::spin(timeout_ns, peek);
    if patience.is_none() {
        if let Some(found) = look() {
            return Some(found);
        }
    }
    do_before_sleep();
    let found = sleep_until(limit, look, park);
    if let Some(patience) = patience {
        patience.has_slept(found.is_some());
    }
    found
}

fn sleep_until<R>(
    limit: TimeLimit,
    mut look: impl FnMut() -> Option<R>,
    park: impl Fn(TimeLimit),
) -> Option<R> {
    let sleeping = Sleeping::begin();
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if sys::has_passed(limit) {
            // What came while the clock was read beats the time that ran out.
            return look();
        }
        park(sleeping.until(limit));
    }
}

/// Blocks until the asynchron is complete.
#[inline]
pub(crate) fn until_complete(a: &Asynchron, timeout_ns: u64) -> Result<Seen, WaitError> {
    let state = a.state();
    let seen = state.load_for_detectors();
    if seen.is_complete() {
        return Ok(seen);
    }
    if inside::is_inside(a) {
        return Err(WaitError::Deadlock);
    }
    let peek = || state.load().is_complete();
    let mut counted = CountedWait::NOT_YET;
    let look = || {
        let seen = state.load_for_detectors();
        if seen.is_complete() {
            return Some(seen);
        }
        if seen.is_minded() && timeout_ns != 0 {
            counted.count(a);
        }
        counted.uncounted_before = true;
        None
    };
    block_until(timeout_ns, peek, look, |limit| state.park(limit)).ok_or(WaitError::Timeout)
}

/// Blocks until no function of the asynchron runs, and its context was dropped.
pub(crate) fn until_returned(a: &Asynchron, timeout_ns: u64) -> Result<(), WaitError> {
    if inside::is_inside(a) {
        return Err(WaitError::Deadlock);
    }
    // Where a function will never begin, the drop of its context may be due.
    jobs::run_due();
    let state = a.state();
    let look = || state.is_out_of_function().then_some(());
    let peek = || look().is_some();
    block_until(timeout_ns, peek, look, |limit| state.park_for_return(limit))
        .ok_or(WaitError::Timeout)
}

/// A wait for what is cancelled when nobody wants it: while it lasts, somebody does.
struct CountedWait<'a> {
    of: Option<&'a Asynchron>,
    /// Whether it began to wait before it was counted.
    uncounted_before: bool,
}

impl<'a> CountedWait<'a> {
    const NOT_YET: Self = Self { of: None, uncounted_before: false };

    #[cold]
    fn count(&mut self, a: &'a Asynchron) {
        if self.of.is_none() {
            a.begin_wait(self.uncounted_before);
            self.of = Some(a);
        }
    }
}

impl Drop for CountedWait<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(a) = self.of {
            a.end_wait();
        }
    }
}
