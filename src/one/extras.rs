//! What only few asynchrons have: a name, user data, a function on demand, progress, promises.

use std::ffi::{CStr, c_char, c_void};
use std::io::Write;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;

use super::demand::Demand;
use super::progress::Progress;
use super::promises::Promises;
use crate::base::lock::Line;
use crate::base::memory::{Bytes, NoMemory, try_box};
use crate::base::program::Owned;
use crate::sync::{AtomicPtr, Ordering::*, UnsafeCell, race};

/// So long is a generated name, at most, with its NUL.
pub(super) const GENERATED: usize = 32;

pub(crate) struct Extras {
    /// A C string of our own, or NULL until somebody asks.
    name: AtomicPtr<u8>,
    /// Of a generated name; 0 until somebody needs it.
    number: AtomicU64,
    user_data: Owned,
    /// NULL until there is some; then it stays.
    progress: AtomicPtr<Progress>,
    /// The same.
    promises: AtomicPtr<Promises>,
    has_demand: bool,
    /// Its promises lie behind it, in the same allocation.
    with_promises: bool,
    /// While it is in the list of the asynchron, whose lock it needs.
    demand: UnsafeCell<Option<NonNull<Demand>>>,
}

/// Those of an asynchron that had none before its first promise.
#[repr(C)]
struct WithPromises {
    extras: Extras,
    promises: Promises,
}

impl Extras {
    pub(crate) fn new(
        name: Option<&CStr>,
        user_data: Owned,
        demand: Option<Box<Demand>>,
    ) -> Result<Self, NoMemory> {
        let name = match name {
            Some(name) => text(name.to_bytes_with_nul())?,
            None => ptr::null_mut(),
        };
        Ok(Self {
            name: AtomicPtr::new(name),
            number: AtomicU64::new(0),
            user_data,
            progress: AtomicPtr::new(ptr::null_mut()),
            promises: AtomicPtr::new(ptr::null_mut()),
            with_promises: false,
            has_demand: demand.as_ref().is_some_and(|demand| demand.function.is_some()),
            demand: UnsafeCell::new(demand.map(|demand| NonNull::from(Box::leak(demand)))),
        })
    }

    pub(crate) fn nothing() -> Self {
        Self {
            name: AtomicPtr::new(ptr::null_mut()),
            number: AtomicU64::new(0),
            user_data: Owned::NOTHING,
            progress: AtomicPtr::new(ptr::null_mut()),
            promises: AtomicPtr::new(ptr::null_mut()),
            has_demand: false,
            with_promises: false,
            demand: UnsafeCell::new(None),
        }
    }

    /// Nothing but promises.
    pub(super) fn with_promises(promises: Promises) -> Result<NonNull<Self>, NoMemory> {
        let mut extras = Self::nothing();
        extras.with_promises = true;
        let made = try_box(WithPromises { extras, promises }).map_err(|_| NoMemory)?;
        let made = NonNull::from(Box::leak(made));
        // SAFETY: ALONE: made just now.
        let promises = unsafe { &raw mut (*made.as_ptr()).promises };
        let extras = made.cast::<Self>();
        // ORDERING: nobody else knows them yet.
        // SAFETY: ALONE: made just now.
        unsafe { extras.as_ref() }.promises.store(promises, Relaxed);
        Ok(extras)
    }

    /// # Safety
    /// ALONE: made by a box or by [`Self::with_promises`], and used no more.
    #[inline]
    pub(super) unsafe fn free(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let me = unsafe { this.as_ref() };
        // ORDERING: nobody else can ask for them any more.
        let promises = me.promises.load(Relaxed);
        if !promises.is_null() {
            if me.with_promises {
                // SAFETY: it lies at the beginning of such a box.
                return drop(unsafe { Box::from_raw(this.cast::<WithPromises>().as_ptr()) });
            }
            // SAFETY: it was a box, and nobody can reach it any more.
            drop(unsafe { Box::from_raw(promises) });
        }
        // SAFETY: it was a box, as the caller promises.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
    }

    pub(crate) fn user_data(&self) -> *mut c_void {
        self.user_data.ptr
    }

    /// The name, made now if there is none.
    pub(crate) fn name(&self) -> Result<*const c_char, NoMemory> {
        // ORDERING: Acquire sees the text behind the pointer that another thread stored.
        let known = self.name.load(Acquire);
        if !known.is_null() {
            race::acquire(&raw const self.name);
            return Ok(known.cast());
        }
        let mut line = [0; GENERATED];
        let made = text(self.generate(&mut line, "\0"))?;
        race::release(&raw const self.name);
        // ORDERING: Release publishes the text; Acquire, on failure, sees the other's.
        match self.name.compare_exchange(ptr::null_mut(), made, Release, Acquire) {
            Ok(_) => Ok(made.cast()),
            Err(theirs) => {
                race::acquire(&raw const self.name);
                // SAFETY: `made` was not stored anywhere.
                unsafe { free_text(made) };
                Ok(theirs.cast())
            }
        }
    }

    /// Writes the name that is made of the number.
    fn generate<'a>(&self, line: &'a mut [u8; GENERATED], end: &str) -> &'a [u8] {
        let mut rest = &mut line[..];
        // It fits.
        let _ = write!(rest, "asynchron-{}{end}", self.number());
        let left = rest.len();
        line.get(..GENERATED.saturating_sub(left)).unwrap_or_default()
    }

    fn number(&self) -> u64 {
        static COUNT: Line<AtomicU64> = Line(AtomicU64::new(0));

        // ORDERING: the number stands alone.
        let known = self.number.load(Relaxed);
        if known != 0 {
            return known;
        }
        // ORDERING: it only has to be new.
        let new = COUNT.fetch_add(1, Relaxed).wrapping_add(1);
        // ORDERING: the number stands alone; the first stays.
        match self.number.compare_exchange(0, new, Relaxed, Relaxed) {
            Ok(_) => new,
            Err(theirs) => theirs,
        }
    }

    /// The bytes of the name; what is generated needs no memory here.
    pub(super) fn name_or_number<'a>(&'a self, line: &'a mut [u8; GENERATED]) -> &'a [u8] {
        self.given_name().map_or_else(|| self.generate(line, ""), CStr::to_bytes)
    }

    /// How long that is, at most.
    pub(super) fn name_len(&self) -> usize {
        self.given_name().map_or(GENERATED, CStr::count_bytes)
    }

    fn given_name(&self) -> Option<&CStr> {
        // ORDERING: Acquire sees the text behind the pointer that another thread stored.
        let known = self.name.load(Acquire);
        race::acquire(&raw const self.name);
        // SAFETY: a C string of our own, which stays until the extras go.
        (!known.is_null()).then(|| unsafe { CStr::from_ptr(known.cast()) })
    }

    pub(crate) fn progress(&self) -> Option<&Progress> {
        // ORDERING: Acquire sees what it began with.
        let progress = self.progress.load(Acquire);
        race::acquire(&raw const self.progress);
        // SAFETY: it was a box, and stays until the extras go.
        unsafe { progress.as_ref() }
    }

    /// To be called once: by whoever has the asynchron CLAIMED, and found none.
    pub(crate) fn begin_progress(&self, progress: Box<Progress>) {
        race::release(&raw const self.progress);
        // ORDERING: Release shows what it begins with.
        self.progress.store(Box::into_raw(progress), Release);
    }

    #[inline]
    pub(crate) fn promises(&self) -> Option<&Promises> {
        // ORDERING: Acquire sees what it began with.
        let promises = self.promises.load(Acquire);
        race::acquire(&raw const self.promises);
        // SAFETY: it was a box, and stays until the extras go.
        unsafe { promises.as_ref() }
    }

    /// Has these be its promises; or returns them, if there are some by now.
    pub(crate) fn begin_promises(&self, promises: Box<Promises>) -> Result<(), Box<Promises>> {
        let made = Box::into_raw(promises);
        race::release(&raw const self.promises);
        // ORDERING: Release shows what it begins with.
        match self.promises.compare_exchange(ptr::null_mut(), made, Release, Relaxed) {
            Ok(_) => Ok(()),
            // SAFETY: it was a box, and was stored nowhere.
            Err(_) => Err(unsafe { Box::from_raw(made) }),
        }
    }

    pub(crate) fn has_demand(&self) -> bool {
        self.has_demand
    }

    /// Where the function on demand listens, until it is taken off the list.
    ///
    /// # Safety
    /// The asynchron is LOCKED, or ALONE.
    #[expect(clippy::mut_from_ref, reason = "it is the caller's alone")]
    pub(super) unsafe fn demand(&self) -> &mut Option<NonNull<Demand>> {
        // SAFETY: as the caller promises: nobody else may look at it now.
        unsafe { &mut *self.demand.get() }
    }
}

impl Drop for Extras {
    fn drop(&mut self) {
        // ORDERING: nobody else can ask for it any more.
        let name = self.name.load(Relaxed);
        if !name.is_null() {
            // SAFETY: the name is ours, and is used no more.
            unsafe { free_text(name) };
        }
        // SAFETY: ALONE: nobody else can ask for it any more.
        if let Some(demand) = unsafe { self.demand() }.take() {
            // SAFETY: it was a box, and was never listed: else it would have been taken off.
            drop(unsafe { Box::from_raw(demand.as_ptr()) });
        }
        // ORDERING: nobody else can ask for progress any more.
        let progress = self.progress.load(Relaxed);
        if !progress.is_null() {
            // SAFETY: it was a box, and nobody can reach it any more.
            drop(unsafe { Box::from_raw(progress) });
        }
    }
}

/// A copy of a text that ends with its NUL.
fn text(with_nul: &[u8]) -> Result<*mut u8, NoMemory> {
    let copy = Bytes::copy_of(with_nul)?;
    Ok(std::mem::ManuallyDrop::new(copy).data.as_ptr())
}

/// # Safety
/// `text` was made by [`text`] and is used no more.
unsafe fn free_text(text: *mut u8) {
    // SAFETY: it ends with its NUL.
    let len = unsafe { CStr::from_ptr(text.cast()) }.count_bytes().wrapping_add(1);
    if let Some(data) = NonNull::new(text) {
        drop(Bytes { data, len });
    }
}
