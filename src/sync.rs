//! Atomics and cells as the rest of the library takes them: the standard library's; or, in a build
//! with `--cfg loom`, those of the model checker, which tries every order of what threads do with
//! them; or, with `--cfg shuttle`, those of another, which tries some orders of far more. How threads
//! sleep there is a matter of the floor above.

#[cfg(not(any(loom, shuttle)))]
pub(crate) use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

#[cfg(shuttle)]
pub(crate) use shuttle::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

pub(crate) use std::sync::atomic::Ordering;

pub(crate) mod race;

#[cfg(loom)]
mod model;
#[cfg(loom)]
pub use model::*;

/// The standard library's, but says whether the pointer is for reading alone.
#[cfg(not(loom))]
#[repr(transparent)]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(loom))]
impl<T> UnsafeCell<T> {
    #[inline(always)]
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> *mut T {
        self.0.get()
    }

    #[inline(always)]
    pub(crate) fn get_to_read(&self) -> *const T {
        self.0.get()
    }
}
