//! Whether there is a detector: found out once, when the library is loaded.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, Ordering::*};

use super::{thread_sanitizer, valgrind};

/// All bits if there is one.
static MASK: AtomicU32 = AtomicU32::new(0);

#[used]
#[unsafe(link_section = ".init_array")]
static LOOK_AT_LOAD: extern "C" fn() = look_at_load;

extern "C" fn look_at_load() {
    if thread_sanitizer::is_there() || valgrind::is_there() {
        // ORDERING: it never changes any more. What was created sooner is not watched.
        MASK.store(u32::MAX, Relaxed);
    }
}

#[inline(always)]
pub(super) fn mask() -> u32 {
    // ORDERING: it never changes once the library is loaded.
    MASK.load(Relaxed)
}

#[cold]
#[inline(never)]
pub(super) fn acquire(address: *const c_void) {
    thread_sanitizer::acquire(address);
    valgrind::acquire(address);
}

#[cold]
#[inline(never)]
pub(super) fn release(address: *const c_void) {
    thread_sanitizer::release(address);
    valgrind::release(address);
}
