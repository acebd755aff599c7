//! What a race detector is told.
//!
//! ThreadSanitizer sees what the program was compiled to show, and not what this library does; helgrind and drd see
//! that, but not in which order it is. So whatever one thread hands to another through this library would look like a
//! race. A detector that is there is told of each order that the library makes: what happened before a [`release`] of
//! an address happened before what follows an [`acquire`] of the same.
//!
//! Each operation that is not `Relaxed` tells what its ordering says: but not on the shortest ways to set, get and
//! release, which would become slower. Those are not taken by what is created while a detector is there.

#[cfg(race_detectors)]
mod detectors;
#[cfg(race_detectors)]
mod thread_sanitizer;
#[cfg(race_detectors)]
mod valgrind;

/// Where none is known.
#[cfg(not(race_detectors))]
mod detectors {
    use std::ffi::c_void;

    pub(super) const fn mask() -> u32 {
        0
    }

    pub(super) const fn acquire(_: *const c_void) {}

    pub(super) const fn release(_: *const c_void) {}
}

/// All bits if there is one, else none.
#[inline(always)]
pub(crate) fn mask() -> u32 {
    detectors::mask()
}

/// What this thread did so far happens before what follows an [`acquire`] of the same address. To be told
/// before the operation that hands it over.
#[inline(always)]
pub(crate) fn release<T>(address: *const T) {
    if mask() != 0 {
        detectors::release(address.cast());
    }
}

/// What happened before a [`release`] of the same address happens before what follows on this thread. To be told
/// after the operation that takes it over.
#[inline(always)]
pub(crate) fn acquire<T>(address: *const T) {
    if mask() != 0 {
        detectors::acquire(address.cast());
    }
}
