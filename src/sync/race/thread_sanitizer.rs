//! ThreadSanitizer: two functions of its runtime, if that is in the process.
//!
//! They are weak references, which the dynamic linker finds, or leaves NULL, before any code runs.
//!
//! Go has a runtime of its own in what `go build -race` makes, with functions of the same names for other arguments. They
//! are not called: the third reference tells.

use std::ffi::c_void;

type Tell = unsafe extern "C" fn(*mut c_void);

#[repr(C)]
struct Functions {
    acquire: Option<Tell>,
    release: Option<Tell>,
    /// Of Go's runtime alone. Never called.
    of_go: Option<Tell>,
}

std::arch::global_asm!(
    ".weak __tsan_acquire",
    ".weak __tsan_release",
    ".weak __tsan_go_start",
    ".pushsection .data.rel.ro.asynchron_thread_sanitizer, \"aw\", %progbits",
    ".balign 8",
    ".globl _asynchron_thread_sanitizer",
    ".hidden _asynchron_thread_sanitizer",
    "_asynchron_thread_sanitizer:",
    ".8byte __tsan_acquire",
    ".8byte __tsan_release",
    ".8byte __tsan_go_start",
    ".popsection",
);

unsafe extern "C" {
    #[link_name = "_asynchron_thread_sanitizer"]
    static FUNCTIONS: Functions;
}

/// The functions, if they are those for C.
fn functions() -> Option<(Tell, Tell)> {
    // SAFETY: written by the dynamic linker alone.
    let Functions { acquire, release, of_go } = unsafe { &FUNCTIONS };
    if of_go.is_some() { None } else { acquire.zip(*release) }
}

pub(super) fn is_there() -> bool {
    functions().is_some()
}

pub(super) fn acquire(address: *const c_void) {
    if let Some((acquire, _)) = functions() {
        // SAFETY: it takes any address.
        unsafe { acquire(address.cast_mut()) };
    }
}

pub(super) fn release(address: *const c_void) {
    if let Some((_, release)) = functions() {
        // SAFETY: it takes any address.
        unsafe { release(address.cast_mut()) };
    }
}
