//! valgrind's helgrind and drd: requests by a sequence of instructions that does nothing elsewhere, and that valgrind
//! knows (valgrind.h, helgrind.h and drd.h of valgrind 3.19; the numbers are part of its interface).

use std::ffi::c_void;
use std::ptr;

/// The name of a tool, in the upper half of its requests.
const fn tool(name: [u8; 2]) -> usize {
    (name[0] as usize) << 24 | (name[1] as usize) << 16
}

const HELGRIND: usize = tool(*b"HG");
const DRD: usize = tool(*b"DR");

/// Both know these.
const BEFORE: usize = HELGRIND + 256 + 33;
const AFTER: usize = HELGRIND + 256 + 34;

/// How many of so many bytes at an address are addressable.
const HELGRIND_ADDRESSABLE: usize = HELGRIND + 256 + 46;
/// The number of the thread that asks.
const DRD_THREAD: usize = DRD;

/// Whether the program runs under one of the two. Under valgrind's other tools nothing is to be told.
pub(super) fn is_there() -> bool {
    let byte = 0_u8;
    let addressable = request([HELGRIND_ADDRESSABLE, ptr::from_ref(&byte).addr(), 0, 1, 0, 0]);
    addressable == 1 || request([DRD_THREAD, 0, 0, 0, 0, 0]) != 0
}

pub(super) fn acquire(address: *const c_void) {
    request([AFTER, address.addr(), 0, 0, 0, 0]);
}

pub(super) fn release(address: *const c_void) {
    request([BEFORE, address.addr(), 0, 0, 0, 0]);
}

/// What the tool answers; 0, where there is none, or it does not know the request.
#[cfg(target_arch = "x86_64")]
fn request(request: [usize; 6]) -> usize {
    let answer;
    // SAFETY: without valgrind, a register is turned round by 128 bits, and another exchanged with itself.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            inout("rdx") 0_usize => answer,
            in("rax") request.as_ptr(),
            options(nostack),
        );
    }
    answer
}

/// The same.
#[cfg(target_arch = "aarch64")]
fn request(request: [usize; 6]) -> usize {
    let answer;
    // SAFETY: without valgrind, a register is turned round by 128 bits, and another set to itself.
    unsafe {
        std::arch::asm!(
            "ror x12, x12, #3",
            "ror x12, x12, #13",
            "ror x12, x12, #51",
            "ror x12, x12, #61",
            "orr x10, x10, x10",
            inout("x3") 0_usize => answer,
            in("x4") request.as_ptr(),
            options(nostack),
        );
    }
    answer
}

/// Not known.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn request(_: [usize; 6]) -> usize {
    0
}
