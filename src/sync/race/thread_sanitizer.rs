//! ThreadSanitizer: two functions of its runtime, if that is in the process.
//!
//! They are weak references, which the dynamic linker finds, or leaves NULL, before any code runs.

use std::ffi::c_void;

type Tell = unsafe extern "C" fn(*mut c_void);

#[repr(C)]
struct Functions {
    acquire: Option<Tell>,
    release: Option<Tell>,
}

std::arch::global_asm!(
    ".weak __tsan_acquire",
    ".weak __tsan_release",
    ".pushsection .data.rel.ro.asynchron_thread_sanitizer, \"aw\", %progbits",
    ".balign 8",
    ".globl _asynchron_thread_sanitizer",
    ".hidden _asynchron_thread_sanitizer",
    "_asynchron_thread_sanitizer:",
    ".8byte __tsan_acquire",
    ".8byte __tsan_release",
    ".popsection",
);

unsafe extern "C" {
    #[link_name = "_asynchron_thread_sanitizer"]
    static FUNCTIONS: Functions;
}

pub(super) fn is_there() -> bool {
    // SAFETY: written by the dynamic linker alone.
    unsafe { FUNCTIONS.acquire.is_some() && FUNCTIONS.release.is_some() }
}

pub(super) fn acquire(address: *const c_void) {
    // SAFETY: written by the dynamic linker alone.
    tell(unsafe { FUNCTIONS.acquire }, address);
}

pub(super) fn release(address: *const c_void) {
    // SAFETY: written by the dynamic linker alone.
    tell(unsafe { FUNCTIONS.release }, address);
}

fn tell(function: Option<Tell>, address: *const c_void) {
    if let Some(function) = function {
        // SAFETY: it takes any address.
        unsafe { function(address.cast_mut()) };
    }
}
