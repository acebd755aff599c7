//! In the block that every thread is born with: the initial-exec model of thread-local storage
//! (Drepper, "ELF Handling For Thread-Local Storage"), which stable Rust reaches by assembler alone.
//!
//! glibc keeps room in that block for libraries that are loaded late, of which this takes three words.

use std::arch::{asm, global_asm};
use std::ffi::c_void;

use super::SLOTS;

// Hidden, but for the whole static library: named as the compiler names `sys::thread_local::slots`.
global_asm!(
    ".pushsection .tbss.asynchron_slots, \"awT\", @nobits",
    ".hidden _ZN9asynchron3sys12thread_local5slotsE",
    ".globl _ZN9asynchron3sys12thread_local5slotsE",
    ".type _ZN9asynchron3sys12thread_local5slotsE, @object",
    ".size _ZN9asynchron3sys12thread_local5slotsE, {size}",
    ".p2align 3",
    "_ZN9asynchron3sys12thread_local5slotsE: .zero {size}",
    ".popsection",
    size = const SLOTS * size_of::<*mut c_void>(),
);

/// The first of this thread's slots.
#[inline]
fn slots() -> *mut *mut c_void {
    let slots;
    // SAFETY: adds what the linker knows, how far from the thread pointer the slots lie, to the thread
    // pointer, which every thread has in its first word.
    unsafe {
        asm!(
            "mov {slots}, qword ptr fs:[0]",
            "add {slots}, qword ptr [rip + _ZN9asynchron3sys12thread_local5slotsE@GOTTPOFF]",
            slots = out(reg) slots,
            options(pure, nomem, nostack),
        );
    }
    slots
}

pub(crate) struct ThreadLocal {
    index: usize,
}

impl ThreadLocal {
    pub(crate) const fn new(index: usize) -> Self {
        assert!(index < SLOTS);
        Self { index }
    }

    /// NULL, unless this thread has stored.
    #[inline]
    pub(crate) fn get(&self) -> *mut c_void {
        // SAFETY: one of the slots.
        let slot = unsafe { slots().add(self.index) };
        // SAFETY: it is there as long as the thread, and only this thread uses it.
        unsafe { slot.read() }
    }

    /// Stores, and says that it could.
    #[inline]
    pub(crate) fn set(&self, value: *mut c_void) -> bool {
        // SAFETY: one of the slots.
        let slot = unsafe { slots().add(self.index) };
        // SAFETY: it is there as long as the thread, and only this thread uses it.
        unsafe { slot.write(value) };
        true
    }
}
