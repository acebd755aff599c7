//! The background threads.
//!
//! As many tasks run at a time as there are processors. A thread whose task sleeps in one of our
//! waits does not count, so tasks that wait for tasks make room for them; and a task that has lain
//! for 10 ms gets a thread more, so those that block by other means starve nobody. A task is handed
//! straight to a thread that rests, or to a new one; it is queued only when all places are taken.
//! Threads that have rested for a second end.

use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering::*};

use crate::compute::{self, Function};
use crate::core::cell::{Asynchron, Handle};
use crate::core::lock::{Guard, Lock};
use crate::core::memory::{NoMemory, try_box};
use crate::core::user::Owned;
use crate::sys;

/// How long a task lies before it gets a thread of its own, in nanoseconds.
const PATIENCE: u64 = 10_000_000;
/// How long a thread rests before it ends, in nanoseconds.
const REST: u64 = 1_000_000_000;

struct Task {
    next: *mut Task,
    /// When it was queued.
    since: u64,
    a: Handle,
    function: Function,
    ctx: Owned,
}

/// Why a task was refused.
pub(crate) enum Refused {
    NoMemory,
    NoThread,
}

/// Has `function` compute the value of `a` on a background thread.
pub(crate) fn spawn(a: &Asynchron, function: Function, ctx: Owned) -> Result<(), Refused> {
    let task = Task { next: ptr::null_mut(), since: 0, a: Handle::retain(a), function, ctx };
    let task = try_box(task).map_err(|_| Refused::NoMemory)?;
    let pool = Pool::get().map_err(|NoMemory| Refused::NoMemory)?;
    pool.submit(NonNull::from(Box::leak(task))).map_err(|task| {
        // SAFETY: the pool has given it back.
        drop(unsafe { Box::from_raw(task.as_ptr()) });
        Refused::NoThread
    })
}

struct Pool {
    inner: Lock<Inner>,
}

struct Inner {
    /// Tasks without a thread, the oldest first. Only while all places are taken.
    first: *mut Task,
    last: *mut Task,
    /// Threads at rest, the one that came last first: it is the warmest.
    resting: *mut Worker,
    /// All threads.
    threads: usize,
    /// Those that run a task and do not sleep in one of our waits.
    active: usize,
    /// How many may be active before a task has to lie.
    places: usize,
    /// Whether a thread watches over how long the oldest task has lain.
    watched: bool,
    /// When the last thread was added because a task had lain too long.
    extended: u64,
}

// SAFETY: tasks may run on any thread; workers are reached under the pool's lock.
unsafe impl Send for Inner {}

/// A thread of the pool, on its own stack.
struct Worker {
    pool: &'static Pool,
    /// Whether it rests, and its neighbours there: under the pool's lock.
    rests: Cell<bool>,
    prev: Cell<*mut Worker>,
    next: Cell<*mut Worker>,
    /// What it was woken for: a task, or NULL to watch. Written before `called`.
    task: Cell<*mut Task>,
    called: AtomicU32,
}

thread_local! {
    /// The worker that this thread is.
    static WORKER: Cell<*const Worker> = const { Cell::new(ptr::null()) };
}

/// A child of a fork has none of its parent's threads: it begins anew.
static POOL: AtomicPtr<Pool> = AtomicPtr::new(ptr::null_mut());

extern "C" fn forget_pool() {
    // ORDERING: a child begins with one thread.
    POOL.store(ptr::null_mut(), Relaxed);
}

impl Pool {
    fn get() -> Result<&'static Self, NoMemory> {
        static PREPARED: AtomicBool = AtomicBool::new(false);

        // ORDERING: Acquire sees the pool behind the pointer.
        // SAFETY: once stored it lives for ever.
        if let Some(pool) = unsafe { POOL.load(Acquire).as_ref() } {
            return Ok(pool);
        }
        // ORDERING: it stands alone; a second registration would do no harm.
        if !PREPARED.swap(true, Relaxed) && !sys::at_fork(forget_pool) {
            // ORDERING: as above.
            PREPARED.store(false, Relaxed);
            return Err(NoMemory);
        }
        let inner = Inner {
            first: ptr::null_mut(),
            last: ptr::null_mut(),
            resting: ptr::null_mut(),
            threads: 0,
            active: 0,
            places: sys::processors(),
            watched: false,
            extended: 0,
        };
        let made = Box::into_raw(try_box(Self { inner: Lock::new(inner) }).map_err(|_| NoMemory)?);
        // ORDERING: Release publishes the pool; Acquire, on failure, sees the other's.
        let pool = match POOL.compare_exchange(ptr::null_mut(), made, Release, Acquire) {
            Ok(_) => made,
            Err(theirs) => {
                // SAFETY: `made` was stored nowhere.
                drop(unsafe { Box::from_raw(made) });
                theirs
            }
        };
        // SAFETY: it is not NULL, and lives for ever.
        Ok(unsafe { &*pool })
    }

    /// Gives the task back if there is no thread and none can be had.
    fn submit(&'static self, task: NonNull<Task>) -> Result<(), NonNull<Task>> {
        let mut inner = self.inner.lock();
        if inner.active < inner.places {
            return self.hand_over(inner, task);
        }
        inner.queue(task);
        self.watch(inner);
        Ok(())
    }

    /// Gives the task to a thread at rest, or to a new one; else queues it, if there are threads.
    fn hand_over(
        &'static self,
        mut inner: Guard<'_, Inner>,
        task: NonNull<Task>,
    ) -> Result<(), NonNull<Task>> {
        inner.active = inner.active.wrapping_add(1);
        let Err(mut inner) = self.call(inner, task.as_ptr()) else {
            return Ok(());
        };
        inner.active = inner.active.wrapping_sub(1);
        if inner.threads == 0 {
            return Err(task);
        }
        // None rests, so all are busy, and look at the queue before they rest.
        inner.queue(task);
        Ok(())
    }

    /// Sees to it that somebody watches how long the oldest task lies.
    fn watch(&'static self, mut inner: Guard<'_, Inner>) {
        if inner.watched || inner.first.is_null() {
            return;
        }
        inner.watched = true;
        if let Err(mut inner) = self.call(inner, ptr::null_mut()) {
            // Nothing more can be done: those that are busy will come to it.
            inner.watched = false;
        }
    }

    /// Has a thread at rest, or a new one, do what the task says. If none can be had, returns the
    /// lock: while it was free to start a thread, another may have come to rest, but none does now.
    fn call<'a>(
        &'static self,
        mut inner: Guard<'a, Inner>,
        task: *mut Task,
    ) -> Result<(), Guard<'a, Inner>> {
        if inner.resting.is_null() {
            inner.threads = inner.threads.wrapping_add(1);
            drop(inner);
            if sys::start_thread(Worker::main, task.cast()) {
                return Ok(());
            }
            inner = self.inner.lock();
            inner.threads = inner.threads.wrapping_sub(1);
        }
        // SAFETY: workers at rest are alive until they have been called.
        let Some(worker) = (unsafe { inner.resting.as_ref() }) else {
            return Err(inner);
        };
        inner.stop_resting(worker);
        worker.task.set(task);
        let called: *const AtomicU32 = &worker.called;
        // ORDERING: Release hands over the task.
        worker.called.store(1, Release);
        drop(inner);
        sys::wake(called, u32::MAX, 1);
        Ok(())
    }
}

impl Inner {
    fn queue(&mut self, task: NonNull<Task>) {
        let task = task.as_ptr();
        // SAFETY: the task is ours, and in no queue.
        unsafe {
            (*task).next = ptr::null_mut();
            (*task).since = sys::now();
        }
        if self.first.is_null() {
            self.first = task;
        } else {
            // SAFETY: a queued task is alive.
            unsafe { (*self.last).next = task };
        }
        self.last = task;
    }

    fn next(&mut self) -> Option<NonNull<Task>> {
        let task = NonNull::new(self.first)?;
        // SAFETY: a queued task is alive.
        self.first = unsafe { task.as_ref() }.next;
        Some(task)
    }

    fn rest(&mut self, worker: &Worker) {
        worker.rests.set(true);
        worker.prev.set(ptr::null_mut());
        worker.next.set(self.resting);
        // SAFETY: workers at rest are alive.
        if let Some(next) = unsafe { self.resting.as_ref() } {
            next.prev.set(ptr::from_ref(worker).cast_mut());
        }
        self.resting = ptr::from_ref(worker).cast_mut();
    }

    fn stop_resting(&mut self, worker: &Worker) {
        worker.rests.set(false);
        let (prev, next) = (worker.prev.get(), worker.next.get());
        // SAFETY: workers at rest are alive.
        match unsafe { prev.as_ref() } {
            Some(prev) => prev.next.set(next),
            None => self.resting = next,
        }
        // SAFETY: as above.
        if let Some(next) = unsafe { next.as_ref() } {
            next.prev.set(prev);
        }
    }
}

impl Worker {
    /// The whole life of a thread; `task` is its first, or NULL to watch.
    extern "C" fn main(task: *mut c_void) -> *mut c_void {
        // ORDERING: stored before this thread was started.
        // SAFETY: once stored it lives for ever; a fork in between leaves no such thread.
        let Some(pool) = (unsafe { POOL.load(Acquire).as_ref() }) else {
            return ptr::null_mut();
        };
        let worker = Self {
            pool,
            rests: Cell::new(false),
            prev: Cell::new(ptr::null_mut()),
            next: Cell::new(ptr::null_mut()),
            task: Cell::new(ptr::null_mut()),
            called: AtomicU32::new(0),
        };
        WORKER.set(&worker);
        // Catches nothing of ours. It is there so that an exception out of the program's code
        // finds a handler, and so gets as far as to be reported.
        let _ = catch_unwind(AssertUnwindSafe(|| worker.work(task.cast())));
        WORKER.set(ptr::null());
        ptr::null_mut()
    }

    fn work(&self, first: *mut Task) {
        let mut task = NonNull::new(first);
        loop {
            let Some(now) = task.or_else(|| self.watch()) else {
                match self.rest() {
                    Some(called) => task = called,
                    None => return,
                }
                continue;
            };
            // SAFETY: handed to this thread alone.
            let Task { a, function, ctx, .. } = *unsafe { Box::from_raw(now.as_ptr()) };
            if a.state().start().is_ok() {
                compute::run(&a, ctx, compute::plain(function));
            } else {
                drop(ctx);
            }
            drop(a);
            if !self.is_current() {
                // A fork inside the task: what is left of this thread is not the pool's.
                return;
            }
            let mut inner = self.pool.inner.lock();
            task = inner.next();
            if task.is_none() {
                inner.active = inner.active.wrapping_sub(1);
                inner.rest(self);
                drop(inner);
                match self.rest() {
                    Some(called) => task = called,
                    None => return,
                }
            }
        }
    }

    /// Rests until it is called: for a task, or (`Some(None)`) to watch. `None`: it was not, and
    /// has left the pool.
    fn rest(&self) -> Option<Option<NonNull<Task>>> {
        let until = sys::deadline_after(REST);
        // ORDERING: Acquire takes the task over.
        while self.called.load(Acquire) == 0 {
            if sys::has_passed(until) {
                let mut inner = self.pool.inner.lock();
                if self.rests.get() {
                    inner.stop_resting(self);
                    inner.threads = inner.threads.wrapping_sub(1);
                    return None;
                }
                // Called just now, under the lock.
            } else {
                sys::wait(&self.called, 0, u32::MAX, until);
            }
        }
        // ORDERING: this thread's own until it rests again, under the lock.
        self.called.store(0, Relaxed);
        Some(NonNull::new(self.task.replace(ptr::null_mut())))
    }

    /// Watches until the oldest task has lain too long, and returns it; or until there is none, and
    /// then is at rest.
    fn watch(&self) -> Option<NonNull<Task>> {
        loop {
            let mut inner = self.pool.inner.lock();
            // SAFETY: a queued task is alive.
            let Some(oldest) = (unsafe { inner.first.as_ref() }) else {
                inner.watched = false;
                inner.rest(self);
                return None;
            };
            let due = oldest.since.max(inner.extended).saturating_add(PATIENCE);
            let now = sys::now();
            if now >= due {
                let task = inner.next();
                inner.active = inner.active.wrapping_add(1);
                inner.extended = now;
                inner.watched = false;
                self.pool.watch(inner);
                return task;
            }
            drop(inner);
            sys::wait(&self.called, 0, u32::MAX, Some(due));
        }
    }

    fn is_current(&self) -> bool {
        // ORDERING: only a fork changes it, on the thread that forks.
        ptr::eq(POOL.load(Relaxed), self.pool)
    }
}

/// While it lives, this thread sleeps. If it is one of the pool's, another may take its place.
pub(crate) struct Sleeping(Option<&'static Pool>);

impl Sleeping {
    pub(crate) fn begin() -> Self {
        // SAFETY: set by this thread's `main`, which is still on the stack.
        let worker = unsafe { WORKER.get().as_ref() }.filter(|worker| worker.is_current());
        let Some(pool) = worker.map(|worker| worker.pool) else {
            return Self(None);
        };
        let mut inner = pool.inner.lock();
        inner.active = inner.active.wrapping_sub(1);
        if inner.active < inner.places {
            if let Some(task) = inner.next() {
                // There are threads: this one is one of them, so nothing is given back.
                let _ = pool.hand_over(inner, task);
            }
        }
        Self(Some(pool))
    }
}

impl Drop for Sleeping {
    fn drop(&mut self) {
        if let Some(pool) = self.0 {
            let mut inner = pool.inner.lock();
            inner.active = inner.active.wrapping_add(1);
        }
    }
}
