//! What most tests need: options, the outcome of an asynchron, a normal use of one.

use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut, without_provenance_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

/// What an out parameter holds before the call; no call may read it.
pub const MARK: usize = 0x5eed;

/// The same for a pointer.
pub fn mark<T>() -> *mut T {
    without_provenance_mut(MARK)
}

/// Options that ask for nothing.
pub const OPTIONS: asynchron_options_t = asynchron_options_t {
    size: size_of::<asynchron_options_t>(),
    name: null(),
    user_data: null_mut(),
    drop_user_data: None,
    on_demand: None,
    on_demand_ctx: null_mut(),
    drop_on_demand_ctx: None,
    reserve: 0,
    expire_after_ns: 0,
};

/// Options to register `callback`.
pub fn notify_options(
    callback: asynchron_notify_fn_t,
    ctx: *mut c_void,
) -> asynchron_notify_options_t {
    asynchron_notify_options_t {
        size: size_of::<asynchron_notify_options_t>(),
        r#fn: callback,
        ctx,
        drop_ctx: None,
        flags: 0,
        executor: null_mut(),
    }
}

/// A handle that threads may share.
#[derive(Clone, Copy)]
pub struct Shared(pub *mut asynchron_t);
unsafe impl Send for Shared {}
unsafe impl Sync for Shared {}

impl Shared {
    pub fn get(self) -> *mut asynchron_t {
        self.0
    }
}

/// A report that threads may share.
#[derive(Clone, Copy)]
pub struct SharedReport(pub *mut asynchron_report_t);
unsafe impl Send for SharedReport {}

impl SharedReport {
    pub fn get(self) -> *mut asynchron_report_t {
        self.0
    }
}

/// A struct of a later release: the known fields, and a tail.
#[repr(C)]
pub struct Longer<T> {
    pub known: T,
    pub tail: [u8; 16],
}

/// A normal use of `a`, up to its release; `a` itself, to be compared with NULL.
pub fn works(a: *mut asynchron_t) -> *mut asynchron_t {
    unsafe {
        assert_eq!(asynchron_poll(a), ASYNCHRON_PENDING);
        assert_eq!(asynchron_set_bytes(a, c"used".as_ptr().cast(), 4), ASYNCHRON_OK);
        assert_eq!(value_of(a), (ASYNCHRON_OK, b"used".to_vec()));
        asynchron_release(a);
    }
    a
}

pub fn value_of(a: *mut asynchron_t) -> (asynchron_status_t, Vec<u8>) {
    let mut value = asynchron_value_t { data: null(), len: 0 };
    let status = unsafe { asynchron_get_timeout(a, 0, &mut value) };
    if status != ASYNCHRON_OK || value.len == 0 {
        return (status, Vec::new());
    }
    let bytes = unsafe { std::slice::from_raw_parts(value.data.cast::<u8>(), value.len) };
    (status, bytes.to_vec())
}

pub fn error_of(a: *mut asynchron_t) -> (asynchron_status_t, i32, std::ffi::CString) {
    let mut error = asynchron_error_t { code: 0, domain: null(), message: null(), payload: null() };
    let status = unsafe { asynchron_error(a, &mut error) };
    if status != ASYNCHRON_OK {
        return (status, 0, c"".to_owned());
    }
    assert!(!error.domain.is_null() && !error.message.is_null(), "a string is never NULL");
    (status, error.code, unsafe { CStr::from_ptr(error.message) }.to_owned())
}
