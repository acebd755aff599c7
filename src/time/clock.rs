//! The clock: what is armed, and who serves it.

#[cfg(not(loom))]
use std::ptr;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::*;

use super::TimeError;
use super::node::Node;
use super::spares::Spares;
use super::wheel::{LAST, Wheel};
use crate::base::memory::NoMemory;
use crate::base::spin::{SpinGuard, SpinLock};
use crate::one::asynchron::Asynchron;
use crate::one::listener::Listener;
use crate::sync::AtomicU32;
use crate::sys;

/// The wheel's unit of time is so many bits of a nanosecond: 65.5 microseconds.
const TICK: u32 = 16;

const _: () = assert!(u64::MAX >> TICK == LAST);

/// The first tick that is not before that point.
pub(super) fn tick_after(at: u64) -> u64 {
    // The clock of a model goes on from round to round, in each of which the same has to happen.
    if cfg!(loom) {
        return 1;
    }
    (at >> TICK).saturating_add(u64::from(at & ((1 << TICK) - 1) != 0))
}

/// The last tick that is not after that point.
pub(super) fn tick_before(at: u64) -> u64 {
    at >> TICK
}

/// When a tick is.
pub(super) fn start_of(tick: u64) -> u64 {
    tick.saturating_mul(1 << TICK)
}

pub(super) struct Clock {
    pub(super) inner: SpinLock<Inner>,
    /// Changes whenever the thread that serves is to look again.
    pub(super) called: AtomicU32,
    /// Changes whenever one of those at rest is to serve.
    pub(super) relieved: AtomicU32,
    spares: Spares,
}

pub(super) struct Inner {
    pub(super) wheel: Wheel,
    /// Whether a thread serves: it looks again by itself before it sleeps, or sleeps until `until`.
    pub(super) served: bool,
    /// The tick at which the thread that serves looks again; 0 while it does not sleep.
    pub(super) until: u64,
    /// Threads at rest: the first of them that finds that none serves does.
    pub(super) resting: usize,
    /// Threads that have been started, less those that have come.
    pub(super) coming: i32,
}

/// Whom to tell, without the lock, that there is something to do.
#[must_use]
pub(super) enum Told {
    Nobody,
    WhoServes,
    WhoRests,
}

#[cfg(not(loom))]
static CLOCK: std::sync::atomic::AtomicPtr<Clock> =
    std::sync::atomic::AtomicPtr::new(ptr::null_mut());

#[cfg(loom)]
loom::lazy_static! {
    static ref CLOCK: Clock = crate::sync::global(Clock::new);
}

impl Clock {
    fn new() -> Self {
        let inner = Inner { wheel: Wheel::new(), served: false, until: 0, resting: 0, coming: 0 };
        Self {
            inner: SpinLock::new(inner),
            called: AtomicU32::new(0),
            relieved: AtomicU32::new(0),
            spares: Spares::new(),
        }
    }

    /// The clock of this process, if there is one already.
    #[cfg(not(loom))]
    #[inline]
    pub(super) fn current() -> Option<&'static Self> {
        // ORDERING: Acquire sees the clock behind the pointer.
        // SAFETY: once stored it lives for ever.
        unsafe { CLOCK.load(Acquire).as_ref() }
    }

    #[cfg(loom)]
    pub(super) fn current() -> Option<&'static Self> {
        Some(&CLOCK)
    }

    /// The clock of this process, made on first use.
    #[inline]
    pub(super) fn get() -> Result<&'static Self, NoMemory> {
        match Self::current() {
            Some(clock) => Ok(clock),
            None => Self::make(),
        }
    }

    #[cfg(loom)]
    fn make() -> Result<&'static Self, NoMemory> {
        Err(NoMemory)
    }

    #[cfg(not(loom))]
    #[cold]
    fn make() -> Result<&'static Self, NoMemory> {
        use super::fork;
        use crate::base::memory::try_box;

        // From here on every fork takes the lock.
        if !fork::prepare() {
            return Err(NoMemory);
        }
        let made = Box::into_raw(try_box(Self::new()).map_err(|_| NoMemory)?);
        // ORDERING: Release publishes the clock; Acquire, on failure, sees the other's.
        let publish = || CLOCK.compare_exchange(ptr::null_mut(), made, Release, Acquire);
        let clock = match fork::publish(publish) {
            Ok(_) => made,
            Err(theirs) => {
                // SAFETY: `made` was stored nowhere.
                drop(unsafe { Box::from_raw(made) });
                theirs
            }
        };
        // SAFETY: it is not NULL, and lives for ever.
        Ok(unsafe { &*clock })
    }

    #[inline]
    pub(super) fn lock(&self) -> SpinGuard<'_, Inner> {
        self.inner.lock()
    }

    /// Has `a` expire at that tick.
    pub(super) fn arm(&'static self, a: &Asynchron, tick: u64) -> Result<(), TimeError> {
        // What a thread knows to be there needs no other node.
        let mut node = None;
        if self.spares.is_empty() && !a.state().load().has_deadline() {
            node = Some(Node::deadline(a)?);
        }
        loop {
            let armed = a.with_deadline(|armed, list| {
                let mut inner = self.lock();
                if !inner.is_served() {
                    return (Err(NotArmed::NotServed), armed.is_some());
                }
                let place = if let Some(deadline) = armed {
                    // SAFETY: LISTED: it is alive.
                    let place = unsafe { Node::place(deadline.cast()) };
                    // SAFETY: it is armed.
                    unsafe { inner.wheel.take_out(place) };
                    place
                } else {
                    let spare = || self.spares.take(a, &mut inner);
                    let Some(deadline) = node.take().or_else(spare) else {
                        return (Err(NotArmed::NoNode), false);
                    };
                    // SAFETY: ALONE, and freed only after it has left.
                    unsafe { list.push_first(deadline.cast()) };
                    // SAFETY: it is alive.
                    unsafe { Node::place(deadline) }
                };
                // SAFETY: it lies in no wheel now, and leaves before it is freed.
                unsafe { inner.wheel.put(place, tick) };
                (Ok(inner.tell_of(tick)), true)
            });
            let result = match armed {
                Some(Ok(told)) => {
                    self.tell(told);
                    Ok(())
                }
                Some(Err(NotArmed::NotServed)) if self.start_serving() => continue,
                Some(Err(NotArmed::NotServed)) => Err(TimeError::NoThread),
                Some(Err(NotArmed::NoNode)) => {
                    node = Some(Node::deadline(a)?);
                    continue;
                }
                None => Err(TimeError::Complete),
            };
            if let Some(node) = node {
                // SAFETY: ALONE: it was not listed.
                unsafe { Node::free(node) };
            }
            return result;
        }
    }

    /// Disarms a deadline. False: it is kept, for the next that is armed.
    ///
    /// # Safety
    /// It is armed, and its asynchron LOCKED; it has just been taken off the list.
    #[inline]
    pub(super) unsafe fn disarm(&self, deadline: NonNull<Node>) -> bool {
        let mut inner = self.lock();
        // SAFETY: it is alive.
        let place = unsafe { Node::place(deadline) };
        // SAFETY: it is armed.
        unsafe { inner.wheel.take_out(place) };
        // SAFETY: ALONE: it has left.
        !unsafe { self.spares.keep(deadline, &mut inner) }
    }

    /// Has a timer complete at that tick, which nobody else knows yet.
    pub(super) fn start_timer(
        &'static self,
        timer: &Asynchron,
        tick: u64,
    ) -> Result<(), TimeError> {
        let node = Node::timer(timer)?;
        loop {
            let armed = timer.unless_complete(|list| {
                let mut inner = self.lock();
                if !inner.is_served() {
                    return None;
                }
                timer.retain();
                // SAFETY: new, and freed only after it has left.
                unsafe { list.push(node.cast::<Listener>()) };
                // SAFETY: it is alive.
                let place = unsafe { Node::place(node) };
                // SAFETY: it lies in no wheel, and leaves before it is freed.
                unsafe { inner.wheel.put(place, tick) };
                Some(inner.tell_of(tick))
            });
            if let Some(told) = armed.flatten() {
                self.tell(told);
                return Ok(());
            }
            if !self.start_serving() {
                // SAFETY: ALONE: it was not listed.
                unsafe { Node::free(node) };
                return Err(TimeError::NoThread);
            }
        }
    }

    #[inline]
    pub(super) fn tell(&self, told: Told) {
        let word = match told {
            Told::Nobody => return,
            Told::WhoServes => &self.called,
            Told::WhoRests => &self.relieved,
        };
        // ORDERING: whoever is woken takes the lock, which orders the rest.
        word.fetch_add(1, Relaxed);
        sys::wake(word, u32::MAX, 1);
    }
}

enum NotArmed {
    NotServed,
    NoNode,
}

impl Inner {
    /// Whether there is a thread that will come to look.
    #[inline]
    pub(super) fn is_served(&self) -> bool {
        self.served || self.resting > 0 || self.coming > 0 || cfg!(loom)
    }

    /// Whom to tell that there is something to do at that tick.
    #[inline]
    fn tell_of(&mut self, tick: u64) -> Told {
        if !self.served {
            // One that comes looks by itself.
            return if self.resting > 0 { Told::WhoRests } else { Told::Nobody };
        }
        if tick >= self.until {
            return Told::Nobody;
        }
        self.until = tick;
        Told::WhoServes
    }
}
