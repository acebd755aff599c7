//! What is due on this thread: callbacks to run, and objects to free whose drops may do anything.
//!
//! Both run one after the other from one loop, never inside each other, so that a callback that
//! completes, or a drop that releases, adds to the end of a queue where it would have nested. Both
//! lie in the queue by links of their own: nothing is allocated.

use std::cell::Cell;
use std::ptr::{self, NonNull};

use super::asynchron::Asynchron;
use super::inside::PerThread;

/// The part of something that runs that lies in the queue.
#[repr(C)]
pub(crate) struct Job {
    next: *mut Job,
    /// `None` while it is not known yet whether it is to run here.
    run: Option<RunFn>,
}

/// Gets the job back, once, and owns it.
pub(crate) type RunFn = unsafe fn(NonNull<Job>);

/// What is to run on this thread, if anything.
pub(crate) type Decided = Option<(NonNull<Job>, RunFn)>;

/// A queue of jobs, first in first out, of one thread.
pub(crate) struct Jobs {
    first: Cell<*mut Job>,
    last: Cell<*mut Job>,
}

impl Jobs {
    pub(crate) const fn new() -> Self {
        Self { first: Cell::new(ptr::null_mut()), last: Cell::new(ptr::null_mut()) }
    }

    /// # Safety
    /// There is room for a job, which nobody else uses until it runs, or was left out by
    /// [`Self::decide`].
    pub(crate) unsafe fn push(&self, job: NonNull<Job>, run: Option<RunFn>) {
        // SAFETY: as the caller promises.
        unsafe { job.write(Job { next: ptr::null_mut(), run }) };
        self.append(job.as_ptr(), job.as_ptr());
    }

    /// Asks `decide` of each undecided job which one is to run in its place, and what. If the answer is
    /// none, the job may be gone after that.
    pub(crate) fn decide(self, decide: impl Fn(NonNull<Job>) -> Decided) -> Self {
        let decided = Self::new();
        while let Some(job) = self.pop() {
            // SAFETY: QUEUED: it is alive.
            let run = unsafe { job.as_ref() }.run;
            if let Some((job, run)) = run.map(|run| (job, run)).or_else(|| decide(job)) {
                // SAFETY: it is to run here, so nobody else uses it.
                unsafe { decided.push(job, Some(run)) };
            }
        }
        decided
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.get().is_null()
    }

    /// Takes over all of the others.
    pub(super) fn push_all(&self, others: Self) {
        if !others.is_empty() {
            self.append(others.first.get(), others.last.get());
        }
    }

    fn append(&self, first: *mut Job, last: *mut Job) {
        if self.first.get().is_null() {
            self.first.set(first);
        } else {
            // SAFETY: QUEUED: the last one is alive.
            unsafe { (*self.last.get()).next = first };
        }
        self.last.set(last);
    }

    pub(super) fn pop(&self) -> Option<NonNull<Job>> {
        let job = NonNull::new(self.first.get())?;
        // SAFETY: QUEUED: it is alive.
        self.first.set(unsafe { job.as_ref().next });
        Some(job)
    }
}

/// The queue of a thread: what is due on it.
pub(super) struct ThreadQueue {
    jobs: Jobs,
    /// Objects without references, linked through themselves.
    dead: Cell<Option<NonNull<Asynchron>>>,
    /// Whether it is being run further up the stack: whoever adds to it then leaves it at that.
    running: Cell<bool>,
}

/// Adds the jobs to this thread's queue, and runs it unless it is being run further up the stack.
pub(crate) fn run(jobs: Jobs) {
    let (first, last) = (jobs.first.get(), jobs.last.get());
    if !first.is_null() {
        PerThread::with(|thread| {
            thread.queue.jobs.append(first, last);
            thread.queue.run_unless_running();
        });
    }
}

/// The same of one job.
///
/// # Safety
/// As for [`Jobs::push`]; `run` is called once.
#[inline]
pub(crate) unsafe fn run_one(job: NonNull<Job>, run: RunFn) {
    let jobs = Jobs::new();
    // SAFETY: as the caller promises.
    unsafe { jobs.push(job, Some(run)) };
    self::run(jobs);
}

/// Frees the object: here, or after what is running further up the stack.
///
/// # Safety
/// LAST: its last reference is gone.
pub(crate) unsafe fn bury(dead: NonNull<Asynchron>) {
    PerThread::with(|thread| {
        // SAFETY: nobody else can reach the object.
        unsafe { Asynchron::link_dead(dead, thread.queue.dead.get()) };
        thread.queue.dead.set(Some(dead));
        thread.queue.run_unless_running();
    });
}

/// Inside a callback: runs what is due on this thread. True if there was anything. For whoever is about to block: that
/// may be just what it waits for.
#[inline]
pub(crate) fn run_due() -> bool {
    // If it is not being run further up, there is nothing in it.
    PerThread::current().is_some_and(|thread| thread.queue.drain())
}

impl ThreadQueue {
    pub(super) const fn nothing() -> Self {
        Self { jobs: Jobs::new(), dead: Cell::new(None), running: Cell::new(false) }
    }

    fn run_unless_running(&self) {
        if !self.running.replace(true) {
            let _ends = RunEnds(self);
            self.drain();
        }
    }

    #[inline(never)]
    fn drain(&self) -> bool {
        let mut any = false;
        loop {
            if let Some(dead) = self.dead.get() {
                // SAFETY: it was buried here, and is taken out before it is freed.
                self.dead.set(unsafe { Asynchron::next_dead(dead) });
                // SAFETY: LAST: its last reference is gone; it is freed once.
                unsafe { Asynchron::free(dead) };
            } else if let Some(job) = self.jobs.pop() {
                // SAFETY: QUEUED: it is alive.
                if let Some(run) = unsafe { job.as_ref() }.run {
                    // SAFETY: QUEUED: this is its one run.
                    unsafe { run(job) };
                }
            } else {
                return any;
            }
            any = true;
        }
    }
}

struct RunEnds<'a>(&'a ThreadQueue);

impl Drop for RunEnds<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.running.set(false);
    }
}
