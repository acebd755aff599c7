//! An executor: on which terms it runs things, whether it is closed, and its crew.
//!
//! The default one is a static, the others are allocated and counted. What keeps one of those: handles, registrations,
//! whoever is ending something of it, and its threads. What is queued needs no count of its own, since there is a thread
//! then. Threads need none, either, while there is another reference: whoever gives up the last one leaves it to them,
//! and the last of them gives that up.
//!
//! A child of a fork has none of its parent's threads, and what was queued there is not its own: the crew is made anew
//! by the first that needs it in a new process. Being closed stays. Since no thread is counted, the last handle that is
//! released there frees the executor; what its parent's crew has allocated stays, as it may be just changing.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::mem::{self, ManuallyDrop, MaybeUninit};
use std::ops::Deref;
use std::ptr::NonNull;

use super::busy::BUSY;
use super::crew::Crew;
use super::errand::Errand;
use crate::base::backoff::Backoff;
use crate::base::memory::{NoMemory, try_box};
use crate::base::program::Owned;
use crate::base::refs::Refs;
use crate::sync::{AtomicU32, Ordering::*};
use crate::sys::{self, THREAD_NAME};

pub(crate) struct Executor {
    pub(super) terms: Terms,
    /// `None`: it is there for ever.
    refs: Option<Refs>,
    /// In which process the crew was made; [`MAKING`] beside that: it is being made. 0: never.
    process: AtomicU32,
    /// 1: nothing new is accepted. Changes under the lock of the crew, or where there is no crew yet.
    closed: AtomicU32,
    crew: UnsafeCell<MaybeUninit<Crew>>,
}

// SAFETY: the crew is made by one thread, before others see the process's number; the rest is atomic, or stays.
unsafe impl Sync for Executor {}
// SAFETY: it may be used by any thread.
unsafe impl Send for Executor {}

/// Beside the number of a process.
const MAKING: u32 = 1 << 31;

/// On which terms an executor runs what it is given.
pub(crate) struct Terms {
    pub(crate) kind: TermsKind,
    /// The threads' name, up to a zero; empty: the library's.
    pub(crate) name: [u8; THREAD_NAME],
    /// Of a thread's stack, in bytes; 0: the system's.
    pub(crate) stack_size: usize,
    /// Dropped with the executor.
    pub(crate) ctx: Owned,
}

pub(crate) enum TermsKind {
    /// As many as processors; more where those block.
    #[cfg_attr(loom, expect(dead_code, reason = "a model has no threads of ours"))]
    Default,
    /// At most so many run at a time; 0: as many as processors.
    Threads(usize),
    /// The program's own threads: each errand is given to this function, with the context.
    Post(PostFn),
}

/// Takes an errand, which will be run or discarded, once: 0; or refuses it.
pub(crate) type PostFn = unsafe extern "C-unwind" fn(NonNull<Errand>, *mut c_void) -> i32;

impl Terms {
    /// How many may run before others have to lie.
    pub(super) fn places(&self) -> usize {
        match self.kind {
            TermsKind::Threads(places) if places > 0 => places,
            _ => sys::processors(),
        }
    }

    /// Whether it is never more than that.
    pub(super) fn is_limited(&self) -> bool {
        !matches!(self.kind, TermsKind::Default)
    }
}

#[cfg(not(loom))]
static DEFAULT: Executor = Executor {
    terms: Terms {
        kind: TermsKind::Default,
        name: [0; THREAD_NAME],
        stack_size: 0,
        ctx: Owned::NOTHING,
    },
    refs: None,
    process: AtomicU32::new(0),
    closed: AtomicU32::new(0),
    crew: UnsafeCell::new(MaybeUninit::uninit()),
};

impl Executor {
    /// The one that runs what is spawned without naming another. There is none in a model.
    #[inline]
    pub(crate) fn default() -> Option<&'static Self> {
        #[cfg(not(loom))]
        return Some(&DEFAULT);
        #[cfg(loom)]
        return None;
    }

    /// Makes one; the terms' context is dropped if that fails.
    pub(crate) fn create(terms: Terms) -> Result<Counted, NoMemory> {
        let made = Self {
            terms,
            refs: Some(Refs::new()),
            process: AtomicU32::new(0),
            closed: AtomicU32::new(0),
            crew: UnsafeCell::new(MaybeUninit::uninit()),
        };
        let made = Counted(NonNull::from(Box::leak(try_box(made).map_err(|_| NoMemory)?)));
        // From here on a child of a fork has it empty.
        made.ready()?;
        Ok(made)
    }

    /// The crew of this process, made on first use.
    #[inline]
    pub(super) fn ready(&self) -> Result<&Crew, NoMemory> {
        // ORDERING: Acquire sees the crew that was made before this number was stored.
        if !sys::is_this_process(self.process.load(Acquire)) {
            self.make_crew()?;
        }
        // SAFETY: it was made.
        Ok(unsafe { self.crew() })
    }

    /// The crew.
    ///
    /// # Safety
    /// It was made in this process: it is not made again.
    #[inline]
    pub(super) unsafe fn crew(&self) -> &Crew {
        // SAFETY: as the caller promises.
        let crew = unsafe { &*self.crew.get() };
        // SAFETY: as the caller promises.
        unsafe { crew.assume_init_ref() }
    }

    /// The process whose crew it has, if that is this one; else 0.
    pub(super) fn process(&self) -> u32 {
        // ORDERING: Acquire sees the crew that was made before this number was stored.
        let process = self.process.load(Acquire);
        if sys::is_this_process(process) { process } else { 0 }
    }

    /// For whoever knows that it was made.
    pub(super) fn with_crew<R>(&self, work: impl FnOnce(&Crew) -> R) -> R {
        // SAFETY: as the caller knows; in a child of a fork it is there, too, if only as a copy.
        work(unsafe { self.crew() })
    }

    #[cold]
    #[inline(never)]
    fn make_crew(&self) -> Result<(), NoMemory> {
        let this = sys::process_number().ok_or(NoMemory)?;
        let mut backoff = Backoff::new();
        loop {
            // ORDERING: Acquire sees the crew that another thread has made.
            let seen = self.process.load(Acquire);
            if seen == this {
                return Ok(());
            }
            if seen == this | MAKING {
                backoff.wait();
                continue;
            }
            // ORDERING: nothing is handed over by it: what there was belongs to another process.
            if self.process.compare_exchange(seen, this | MAKING, Relaxed, Relaxed).is_ok() {
                break;
            }
        }
        if !self.terms.is_limited() {
            BUSY.forget();
        }
        // What a parent's crew had is left as it is: its locks may be held for ever.
        // SAFETY: nobody else is here in this process, and none of this process has used it yet.
        unsafe { self.crew.get().write(MaybeUninit::new(Crew::new(self, this))) };
        // ORDERING: Release publishes the crew.
        self.process.store(this, Release);
        Ok(())
    }

    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        // ORDERING: the lock of the crew orders it.
        self.closed.load(Relaxed) != 0
    }

    /// Under the lock of the crew.
    pub(super) fn close(&self) {
        // ORDERING: the lock of the crew orders it.
        self.closed.store(1, Relaxed);
    }

    /// # Safety
    /// There was no other reference than the caller's, which ends here.
    #[cold]
    unsafe fn end(this: NonNull<Self>) {
        // SAFETY: the caller's reference keeps it.
        let executor = unsafe { this.as_ref() };
        // ORDERING: the reference count orders it.
        let is_current = sys::is_this_process(executor.process.load(Relaxed));
        // In the child of a fork the threads are not there, and the lock may be held for ever.
        if is_current && executor.with_crew(Crew::leave_to_threads) {
            // It may be gone already.
            return;
        }
        // While there were threads, somebody may have come who ends something of it.
        if executor.refs.as_ref().is_some_and(Refs::release) {
            // SAFETY: that was the last reference, and there are no threads.
            unsafe { Self::free(this) };
        }
    }

    /// # Safety
    /// Its last reference is gone, and so are its threads.
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: made by a box; nobody uses it any more.
        let mut executor = unsafe { Box::from_raw(this.as_ptr()) };
        let process = mem::replace(&mut executor.process, AtomicU32::new(0));
        // ORDERING: this thread's alone.
        if sys::is_this_process(process.load(Relaxed)) {
            // SAFETY: it was made in this process, and nobody uses it any more.
            unsafe { executor.crew.get_mut().assume_init_drop() };
        }
    }
}

/// A counted reference to an executor.
#[repr(transparent)]
pub(crate) struct Counted(NonNull<Executor>);

// SAFETY: it may be used and released by any thread.
unsafe impl Send for Counted {}
// SAFETY: it may be used by any thread, also by several.
unsafe impl Sync for Counted {}

impl Counted {
    /// A new reference to what the caller may use just now.
    pub(crate) fn retain(executor: &Executor) -> Self {
        if let Some(refs) = &executor.refs {
            refs.retain();
        }
        Self(NonNull::from(executor))
    }

    /// Takes over a reference from a bare pointer.
    ///
    /// # Safety
    /// The caller owns that reference and gives it up.
    pub(crate) unsafe fn from_raw(raw: NonNull<Executor>) -> Self {
        Self(raw)
    }

    /// Gives the reference away as a bare pointer.
    pub(crate) fn into_raw(self) -> NonNull<Executor> {
        ManuallyDrop::new(self).0
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::retain(self)
    }
}

impl Deref for Counted {
    type Target = Executor;

    fn deref(&self) -> &Executor {
        // SAFETY: this reference keeps it alive.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.refs.as_ref().is_some_and(Refs::release) {
            // SAFETY: this was the last reference.
            unsafe { Executor::end(self.0) };
        }
    }
}
