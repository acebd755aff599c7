//! A hint to the processor: what lies there is needed soon.

/// Of most processors.
const CACHE_LINE: usize = 64;

/// Has the processor fetch an object, without waiting for it. Any address will do: nothing is read.
#[inline]
pub(crate) fn prefetch<T>(object: *const T) {
    for offset in (0..size_of::<T>()).step_by(CACHE_LINE) {
        prefetch_line(object.wrapping_byte_add(offset).cast());
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn prefetch_line(at: *const i8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every x86-64 has the instruction, which never faults.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(at) };
}

#[cfg(target_arch = "aarch64")]
#[inline]
fn prefetch_line(at: *const i8) {
    // SAFETY: the instruction never faults, and changes nothing that a program can see.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{at}]", at = in(reg) at, options(nostack, preserves_flags, readonly));
    }
}

/// Where there is no such instruction that is known here.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline]
fn prefetch_line(_: *const i8) {}
