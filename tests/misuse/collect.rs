//! The table's rows: collect.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::mark;
use crate::tally::DROP;

use crate::table::*;

#[test]
fn misuse_of_collecting() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = value();
    rows.extend(copy());
    rows.extend(wait());
    rows.extend(error());
    rows
}

fn value() -> Vec<Row> {
    rows! {
        asynchron_get {
            "NULL handle" => E_INVALID, |s| asynchron_get(null_mut(), &mut s.value);
            "NULL handle and NULL out" => E_INVALID, |_| asynchron_get(null_mut(), null_mut());
            "NULL out" => OK, |s| asynchron_get(s.ready, null_mut());
            "NULL out, of a failed one" => FAILED, |s| asynchron_get(s.failed, null_mut());
            "of a failed one" => FAILED, |s| asynchron_get(s.failed, &mut s.value);
            "of a cancelled one" => CANCELLED, |s| asynchron_get(s.cancelled, &mut s.value);
        }
        asynchron_get_timeout {
            "NULL handle" => E_INVALID,
                |s| asynchron_get_timeout(null_mut(), ASYNCHRON_FOREVER, &mut s.value);
            "NULL handle, no time" => E_INVALID,
                |s| asynchron_get_timeout(null_mut(), 0, &mut s.value);
            "NULL out" => OK, |s| asynchron_get_timeout(s.ready, ASYNCHRON_FOREVER, null_mut());
            "NULL out, of a pending one" => TIMEOUT,
                |s| asynchron_get_timeout(s.pending, 0, null_mut());
            "of a pending one, no time" => TIMEOUT,
                |s| asynchron_get_timeout(s.pending, 0, &mut s.value);
            "of a pending one, little time" => TIMEOUT,
                |s| asynchron_get_timeout(s.pending, 1000, &mut s.value);
            "of a failed one" => FAILED, |s| asynchron_get_timeout(s.failed, 0, &mut s.value);
            "of a cancelled one" => CANCELLED,
                |s| asynchron_get_timeout(s.cancelled, 0, &mut s.value);
        }
    }
}

fn copy() -> Vec<Row> {
    rows! {
        asynchron_get_bytes {
            "NULL handle" => E_INVALID,
                |s| asynchron_get_bytes(null_mut(), s.bytes.as_mut_ptr().cast(), 16, &mut s.number);
            "NULL handle, and all else" => E_INVALID,
                |_| asynchron_get_bytes(null_mut(), null_mut(), 0, null_mut());
            "NULL buf" => E_INVALID,
                |s| asynchron_get_bytes(s.ready, null_mut(), 16, &mut s.number);
            "NULL buf of no capacity" => E_INVALID,
                |s| asynchron_get_bytes(s.ready, null_mut(), 0, &mut s.number);
            "NULL buf and NULL len" => E_INVALID,
                |s| asynchron_get_bytes(s.ready, null_mut(), usize::MAX, null_mut());
            "NULL buf, of a pending one: without waiting" => E_INVALID,
                |s| asynchron_get_bytes(s.pending, null_mut(), 16, &mut s.number);
            "NULL buf, of a failed one" => E_INVALID,
                |s| asynchron_get_bytes(s.failed, null_mut(), 16, &mut s.number);
            "NULL len" => OK, |s| {
                let mut own = [0u8; 5];
                let status = asynchron_get_bytes(s.ready, own.as_mut_ptr().cast(), 5, null_mut());
                assert_eq!(&own, b"done\0");
                status
            };
            "NULL len, too small" => E_INVALID,
                |s| asynchron_get_bytes(s.ready, s.bytes.as_mut_ptr().cast(), 3, null_mut());
            "too small: len is what it needs" => E_INVALID,
                |s| needs_four(s.ready, s.bytes.as_mut_ptr().cast(), 3);
            "cap 0 asks for the size" => E_INVALID,
                |s| needs_four(s.ready, s.bytes.as_mut_ptr().cast(), 0);
            "cap 0, an empty value" => OK, |s| {
                let a = asynchron_create(std::ptr::null());
                asynchron_set_bytes(a, std::ptr::null(), 0);
                let mut len = 7;
                let status = asynchron_get_bytes(a, s.bytes.as_mut_ptr().cast(), 0, &mut len);
                assert_eq!(len, 0);
                asynchron_release(a);
                status
            };
            "of a failed one" => FAILED,
                |s| asynchron_get_bytes(s.failed, s.bytes.as_mut_ptr().cast(), 16, &mut s.number);
            "of a cancelled one, cap 0" => CANCELLED,
                |s| asynchron_get_bytes(s.cancelled, s.bytes.as_mut_ptr().cast(), 0, &mut s.number);
        }
    }
}

fn wait() -> Vec<Row> {
    rows! {
        asynchron_wait {
            "NULL handle" => E_INVALID, |_| asynchron_wait(null_mut(), ASYNCHRON_FOREVER);
            "NULL handle, no time" => E_INVALID, |_| asynchron_wait(null_mut(), 0);
            "for a pending one, no time" => TIMEOUT, |s| asynchron_wait(s.pending, 0);
            "for a failed one" => OK, |s| asynchron_wait(s.failed, ASYNCHRON_FOREVER);
            "for a cancelled one, no time" => OK, |s| asynchron_wait(s.cancelled, 0);
        }
    }
}

fn error() -> Vec<Row> {
    rows! {
        asynchron_error {
            "NULL handle" => E_INVALID, |s| asynchron_error(null_mut(), &mut s.error);
            "NULL handle and NULL out" => E_INVALID, |_| asynchron_error(null_mut(), null_mut());
            "NULL out" => E_INVALID, |s| asynchron_error(s.failed, null_mut());
            "NULL out, of a cancelled one" => E_INVALID,
                |s| asynchron_error(s.cancelled, null_mut());
            "NULL out, of a pending one" => E_INVALID, |s| asynchron_error(s.pending, null_mut());
            "of a pending one" => PENDING, |s| asynchron_error(s.pending, &mut s.error);
            "of a value" => E_INVALID, |s| asynchron_error(s.ready, &mut s.error);
        }
        asynchron_take {
            "NULL handle" => E_INVALID, |_| asynchron_take(null_mut(), &mut mark());
            "NULL handle and NULL ptr" => E_INVALID, |_| asynchron_take(null_mut(), null_mut());
            "NULL ptr" => E_INVALID.drops(1), |s| {
                let a = asynchron_create(null());
                assert_eq!(asynchron_set_pointer(a, s.thing(), DROP), ASYNCHRON_OK);
                let status = asynchron_take(a, null_mut());
                asynchron_release(a);
                status
            };
            "NULL ptr, of a pending one" => E_INVALID, |s| asynchron_take(s.pending, null_mut());
            "of a pending one" => PENDING, |s| asynchron_take(s.pending, &mut mark());
            "of a failed one" => FAILED, |s| asynchron_take(s.failed, &mut mark());
            "of a cancelled one" => CANCELLED, |s| asynchron_take(s.cancelled, &mut mark());
            "of a copy" => E_INVALID, |s| asynchron_take(s.ready, &mut mark());
            "of one that others hold, too" => ALREADY.drops(1), |s| {
                let a = asynchron_create(null());
                assert_eq!(asynchron_set_pointer(a, s.thing(), DROP), ASYNCHRON_OK);
                let (other, mut taken) = (asynchron_retain(a), mark());
                let status = asynchron_take(a, &mut taken);
                assert_eq!(taken, mark());
                asynchron_release(other);
                asynchron_release(a);
                status
            };
        }
    }
}

/// A call with room for less than the four bytes of `ready`.
unsafe fn needs_four(a: *mut asynchron_t, buf: *mut c_void, cap: usize) -> asynchron_status_t {
    let mut len = 7;
    let status = unsafe { asynchron_get_bytes(a, buf, cap, &mut len) };
    assert_eq!(len, 4, "what it needs");
    status
}
