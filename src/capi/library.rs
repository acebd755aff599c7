//! The library

use std::ffi::c_char;

use super::types::asynchron_status_t::*;

/// What `ASYNCHRON_VERSION_NUMBER` is in the header of this build.
#[expect(clippy::indexing_slicing, reason = "worked out by the compiler, which would say so")]
pub const ASYNCHRON_VERSION_NUMBER: u32 = {
    const fn number(text: &str) -> u32 {
        let mut value = 0;
        let mut index = 0;
        while index < text.len() {
            value = value * 10 + (text.as_bytes()[index] - b'0') as u32;
            index += 1;
        }
        value
    }
    number(env!("CARGO_PKG_VERSION_MAJOR")) * 10_000
        + number(env!("CARGO_PKG_VERSION_MINOR")) * 100
        + number(env!("CARGO_PKG_VERSION_PATCH"))
};

/// The version of the library that is running: major * 10000 + minor * 100 + patch, as
/// ASYNCHRON_VERSION_NUMBER is for the header.
///
/// - Returns: the number: 100 for 0.1.0.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn asynchron_version() -> u32 {
    ASYNCHRON_VERSION_NUMBER
}

/// The timeout that never runs out: ASYNCHRON_FOREVER, for languages that do not see the macro.
///
/// - Returns: 2^64 - 1.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn asynchron_forever() -> u64 {
    super::ASYNCHRON_FOREVER
}

/// A status in words, for a log.
///
/// - Needs: any number.
/// - Ownership: the text is a constant.
/// - Returns: never NULL; "unknown status" for a number that is no status.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn asynchron_status_string(status: i32) -> *const c_char {
    const NAMES: [(super::asynchron_status_t, &std::ffi::CStr); 15] = [
        (ASYNCHRON_OK, c"ok"),
        (ASYNCHRON_FAILED, c"failed"),
        (ASYNCHRON_CANCELLED, c"cancelled"),
        (ASYNCHRON_PENDING, c"pending"),
        (ASYNCHRON_TIMEOUT, c"timed out"),
        (ASYNCHRON_ALREADY, c"already done"),
        (ASYNCHRON_END, c"nothing left"),
        (ASYNCHRON_WOKEN, c"woken"),
        (ASYNCHRON_E_INVALID, c"invalid argument"),
        (ASYNCHRON_E_NOMEM, c"out of memory"),
        (ASYNCHRON_E_DEADLOCK, c"would wait for itself"),
        (ASYNCHRON_E_SYSTEM, c"the system refused a thread or a descriptor"),
        (ASYNCHRON_E_INTERNAL, c"internal error"),
        (ASYNCHRON_E_BROKEN, c"nobody left to deliver"),
        (ASYNCHRON_E_CLOSED, c"closed"),
    ];
    let name = NAMES.iter().find(|(known, _)| *known as i32 == status);
    name.map_or(c"unknown status", |(_, name)| name).as_ptr()
}
