//! One background thread: runs what it is summoned for, rests, watches.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{self, NonNull};

use super::busy::BUSY;
use super::crew::{Crew, Inner};
use super::executor::{Counted, Executor};
use super::queue::Place;
use crate::base::patience::Patience;
use crate::base::program::with_handler;
use crate::one::inside;
use crate::one::wait::{self, Sleeper};
use crate::sync::{AtomicU32, Ordering::*, race};
use crate::sys::{self, TimeLimit};

/// How long a task lies before it gets a thread of its own, in nanoseconds.
const PATIENCE: u64 = 10_000_000;
/// Processor time within the patience that makes a thread one which uses the processors.
const USED: u64 = PATIENCE / 10;
/// How long nothing may begin behind threads that compute, in nanoseconds: they may wait, in a loop, for just what
/// lies. Twice as long each further time.
const STALL: u64 = 1_000_000_000;
/// How long a thread sleeps in one of our waits before it looks whether the tasks that lie are still watched
/// over, in nanoseconds.
const DOUBT: u64 = 100_000_000;
/// How often a thread that has come to rest looks before it sleeps.
const YIELDS: u32 = if cfg!(shuttle) { 2 } else { 32 };
/// How long a thread rests before it ends, in nanoseconds.
const REST: u64 = 1_000_000_000;

/// What a thread is summoned for.
#[derive(Clone, Copy)]
pub(super) enum Duty {
    /// To look at the queue, as one of those that are active.
    Look,
    /// To watch over how long the oldest task has been queued.
    Watch,
}

/// A thread of an executor, on its own stack.
pub(super) struct Worker {
    /// There while it has this thread. In the child of a fork, inside of a task, it may be gone, and is not used.
    executor: NonNull<Executor>,
    /// Whether this was the last thread, and has the executor's last reference.
    last: Cell<bool>,
    /// The process in which it began: in the child of a fork it is no executor's.
    process: u32,
    /// Whether it rests, and its neighbours there: under the executor's lock.
    pub(super) rests: Cell<bool>,
    pub(super) before: Cell<*mut Worker>,
    pub(super) behind: Cell<*mut Worker>,
    /// Written before `summoned`.
    pub(super) duty: Cell<Duty>,
    summoned: AtomicU32,
}

const AWAKE: u32 = 0;
const SUMMONED: u32 = 1;
const ASLEEP: u32 = 2;

impl Worker {
    /// Starts a thread for this duty; false when none can be had.
    pub(super) fn start(crew: &Crew, duty: Duty) -> bool {
        let main = match duty {
            Duty::Look => Self::look_first,
            Duty::Watch => Self::watch_first,
        };
        let executor = crew.executor();
        let arg = ptr::from_ref(executor).cast_mut();
        sys::start_thread(main, arg.cast(), executor.terms.stack_size)
    }

    extern "C" fn look_first(executor: *mut c_void) -> *mut c_void {
        Self::main(executor, Duty::Look)
    }

    extern "C" fn watch_first(executor: *mut c_void) -> *mut c_void {
        Self::main(executor, Duty::Watch)
    }

    /// The whole life of a thread.
    fn main(executor: *mut c_void, first: Duty) -> *mut c_void {
        let Some(started_for) = NonNull::new(executor.cast::<Executor>()) else {
            return ptr::null_mut();
        };
        // SAFETY: this thread was counted before it was started, and keeps it.
        let executor = unsafe { started_for.as_ref() };
        // SAFETY: a thread was started for it.
        let crew = unsafe { executor.crew() };
        let process = crew.process;
        sys::become_neutral(crew.number(), &executor.terms.name);
        let worker = Self {
            executor: started_for,
            last: Cell::new(false),
            process,
            rests: Cell::new(false),
            before: Cell::new(ptr::null_mut()),
            behind: Cell::new(ptr::null_mut()),
            duty: Cell::new(Duty::Look),
            summoned: AtomicU32::new(AWAKE),
        };
        let sleeper: &dyn Sleeper = &worker;
        // SAFETY: it is forgotten before it goes.
        unsafe { wait::set_sleeper(&sleeper) };
        let place = if executor.terms.is_limited() { None } else { BUSY.enter() };
        let frame = worker.crew().frame();
        with_handler(|| inside::run_within(frame, || worker.work(first)));
        BUSY.leave(place);
        wait::forget_sleeper();
        if worker.last.get() {
            // The executor goes here, and frees what is the program's.
            // SAFETY: the reference is this thread's.
            let last = unsafe { Counted::from_raw(started_for) };
            with_handler(|| drop(last));
        }
        ptr::null_mut()
    }

    fn is_current(&self) -> bool {
        sys::is_this_process(self.process)
    }

    /// In the process in which it began, until this thread ends.
    fn executor(&self) -> &Executor {
        // SAFETY: it has this thread.
        unsafe { self.executor.as_ref() }
    }

    /// As above.
    fn crew(&self) -> &Crew {
        // SAFETY: it was made before this thread began.
        unsafe { self.executor().crew() }
    }

    fn work(&self, first: Duty) {
        let mut duty = Some(first);
        while let Some(what) = duty {
            let task = match what {
                Duty::Look => self.next(),
                Duty::Watch => self.watch(),
            };
            let Some(task) = task else {
                duty = self.rest();
                continue;
            };
            // SAFETY: it was just taken out of the queue, so it is alive, and its place this thread's.
            let run = unsafe { Place::of(task) }.kind.run;
            // SAFETY: just taken out of the queue.
            unsafe { run(task) };
            if !self.is_current() {
                // A fork inside the task: what is left of this thread is not the executor's.
                return;
            }
            duty = Some(Duty::Look);
        }
    }

    /// The oldest task that lies; if there is none, is at rest.
    #[inline(always)]
    fn next(&self) -> Option<NonNull<Place>> {
        let crew = self.crew();
        // ORDERING: a hint, see there.
        if crew.too_many.load(Relaxed) != 0 && self.gives_way() {
            return None;
        }
        match crew.take_oldest() {
            Ok(task) => Some(task),
            Err(mut inner) => {
                inner.active = inner.active.wrapping_sub(1);
                inner.rest(self);
                crew.tell_if_quiet(inner);
                None
            }
        }
    }

    /// Rests, if more run than places, since one that slept has woken: those will come to what lies.
    #[cold]
    fn gives_way(&self) -> bool {
        let crew = self.crew();
        let mut inner = crew.inner.lock();
        let gives_way = inner.active > inner.places;
        if gives_way {
            inner.active = inner.active.wrapping_sub(1);
            inner.rest(self);
        }
        // ORDERING: under the lock; see `note_too_many`.
        crew.too_many.store(u32::from(inner.active > inner.places), Relaxed);
        gives_way
    }

    /// Rests until it is summoned. `None`: it was not, and has left the pool.
    fn rest(&self) -> Option<Duty> {
        // ORDERING: Acquire takes the duty over.
        let summoned = || self.summoned.load(Acquire) == SUMMONED;
        let patience = Patience::spin(REST, summoned).filter(|_| !linger(summoned));
        if let Some(patience) = patience {
            let mut until = sys::time_limit_after(REST);
            while !summoned() {
                if !sys::has_passed(until) {
                    self.sleep(until);
                    continue;
                }
                let crew = self.crew();
                let mut inner = crew.inner.lock();
                if self.rests.get() {
                    inner.stop_resting(self);
                    if crew.has_tasks(&inner) && !self.is_one_too_many(&inner) {
                        inner.active = inner.active.wrapping_add(1);
                        return Some(Duty::Look);
                    }
                    // From here on the executor may be gone.
                    self.last.set(inner.lose_thread());
                    return None;
                }
                // Somebody has taken it from those at rest, and is about to summon it.
                until = None;
            }
            patience.has_slept(true);
        }
        race::acquire(&raw const self.summoned);
        // ORDERING: this thread's own until it rests again, under the lock.
        self.summoned.store(AWAKE, Relaxed);
        Some(self.duty.replace(Duty::Look))
    }

    fn is_one_too_many(&self, inner: &Inner) -> bool {
        self.executor().terms.is_limited() && inner.active >= inner.places
    }

    /// Whoever summons a thread that has not said that it sleeps need not wake it.
    fn sleep(&self, until: TimeLimit) {
        // ORDERING: announces the sleep; whoever summons swaps the same word.
        if self.summoned.compare_exchange(AWAKE, ASLEEP, Relaxed, Relaxed).is_ok() {
            sys::wait(&self.summoned, ASLEEP, u32::MAX, until);
            // ORDERING: unless it was summoned, which stays to be seen.
            let _ = self.summoned.compare_exchange(ASLEEP, AWAKE, Relaxed, Relaxed);
        }
    }

    /// Has a thread that rested do what it is summoned for.
    ///
    /// # Safety
    /// It has been taken from those at rest, and its duty is set. It may be gone afterwards.
    pub(super) unsafe fn wake(this: NonNull<Self>) {
        // SAFETY: it rests until it is summoned.
        let summoned = unsafe { &this.as_ref().summoned };
        let address: *const AtomicU32 = summoned;
        race::release(address);
        // ORDERING: Release hands over the duty.
        if summoned.swap(SUMMONED, Release) == ASLEEP {
            sys::wake(address, u32::MAX, 1);
        }
    }

    /// Watches until the oldest task has been queued too long, and returns it; or until there is none, and
    /// then is at rest. One that was queued before this thread slept has been queued as long as it slept:
    /// so no task needs a time of its own.
    fn watch(&self) -> Option<NonNull<Place>> {
        let (mut newest, mut before, mut stalled) = (0, u64::MAX, 0_u64);
        // From here on counts what they use.
        BUSY.are(0, USED);
        let crew = self.crew();
        loop {
            let begun = crew.begun();
            let mut inner = crew.inner.lock();
            if !crew.has_tasks(&inner) {
                inner.watched = false;
                inner.stalls = 0;
                inner.rest(self);
                return None;
            }
            let (oldest, places, stalls) = (crew.oldest(&inner), inner.places, inner.stalls);
            let is_overdue = oldest <= newest;
            if !is_overdue {
                newest = inner.queued;
            }
            drop(inner);
            let computing = BUSY.are(places, USED);
            stalled = if begun == before { stalled.wrapping_add(PATIENCE) } else { 0 };
            before = begun;
            let stuck = stalled >= STALL.checked_shl(stalls).unwrap_or(u64::MAX);
            if is_overdue && (!computing || stuck) {
                return self.take_watched(computing);
            }
            let until = sys::time_limit_after(PATIENCE);
            while !sys::has_passed(until) {
                sys::wait(&self.summoned, AWAKE, u32::MAX, until);
            }
        }
    }

    /// Ends the watch with the oldest task, if it has not been taken meanwhile.
    fn take_watched(&self, stuck: bool) -> Option<NonNull<Place>> {
        let crew = self.crew();
        // First, so that at no time there seems to be nothing left that runs.
        let mut inner = crew.inner.lock();
        inner.active = inner.active.wrapping_add(1);
        drop(inner);
        match crew.take_oldest() {
            Ok(task) => {
                let mut inner = crew.inner.lock();
                inner.watched = false;
                inner.stalls = inner.stalls.saturating_add(u32::from(stuck));
                crew.watch(inner);
                Some(task)
            }
            Err(mut inner) => {
                inner.active = inner.active.wrapping_sub(1);
                inner.watched = false;
                inner.rest(self);
                crew.tell_if_quiet(inner);
                None
            }
        }
    }
}

/// Looks for a while longer, and lets other threads run meanwhile: a wake-up costs the one that summons
/// more than that.
fn linger(look: impl Fn() -> bool) -> bool {
    (0..YIELDS).any(|_| {
        sys::let_others_run();
        look()
    })
}

/// While it sleeps in one of our waits, another thread may take its place.
impl Sleeper for Worker {
    #[cold]
    fn fall_asleep(&self) -> bool {
        if !self.is_current() {
            return false;
        }
        let crew = self.crew();
        let mut inner = crew.inner.lock();
        inner.active = inner.active.wrapping_sub(1);
        // Before the lock is given back: something still runs.
        inner.sleeping = inner.sleeping.wrapping_add(1);
        crew.fill_place(inner);
        true
    }

    /// While a task lies, a sleeping thread looks again, since it may be just that task which it waits for: soon, if
    /// no thread can be had to watch it, and seldom else, since whoever watches may find no other when it takes a
    /// task. (Where no more than so many may run, nobody watches: a thread is wanted if there is a place.)
    #[cold]
    fn until(&self, limit: TimeLimit) -> TimeLimit {
        let crew = self.crew();
        let inner = crew.inner.lock();
        if !crew.has_tasks(&inner) {
            return limit;
        }
        let served = if self.executor().terms.is_limited() {
            crew.fill_place(inner)
        } else {
            crew.watch(inner)
        };
        let doubt = if served { DOUBT } else { PATIENCE };
        sys::time_limit_after(doubt).min(limit.or(Some(u64::MAX)))
    }

    #[cold]
    fn wake_up(&self) {
        let crew = self.crew();
        let mut inner = crew.inner.lock();
        inner.active = inner.active.wrapping_add(1);
        inner.sleeping = inner.sleeping.wrapping_sub(1);
        if inner.active > inner.places {
            crew.note_too_many();
        }
    }
}
