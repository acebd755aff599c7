//! Several together: wait for any, wait for all, go on after one or after them all.

use std::ffi::c_void;

use crate::core::cell::Asynchron;

pub(crate) mod after;
pub(crate) mod then;
pub(crate) mod wait_all;
pub(crate) mod wait_any;

/// Computes a value from complete sources: 0, or an error code.
pub(crate) type JoinFn =
    unsafe extern "C-unwind" fn(*mut Asynchron, *const *mut Asynchron, usize, *mut c_void) -> i32;
