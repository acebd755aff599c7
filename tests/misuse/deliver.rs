//! The table's rows: deliver.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{error_of, value_of, works};
use crate::table::*;
use crate::tally::DROP;

const OVER: usize = usize::MAX / 2 + 1;

#[test]
fn misuse_of_delivering() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = bytes();
    rows.extend(pointer());
    rows.extend(buffer());
    rows.extend(failure());
    rows.extend(cancel());
    rows.extend(follow());
    rows
}

fn data() -> *const c_void {
    c"data".as_ptr().cast()
}

fn bytes() -> Vec<Row> {
    rows! {
        asynchron_set_bytes {
            "NULL handle" => E_INVALID, |_| asynchron_set_bytes(null_mut(), data(), 4);
            "NULL handle and NULL data" => E_INVALID,
                |_| asynchron_set_bytes(null_mut(), null(), 0);
            "NULL data with a length" => E_INVALID, |s| asynchron_set_bytes(s.pending, null(), 1);
            "NULL data with a length, to a ready one" => E_INVALID,
                |s| asynchron_set_bytes(s.ready, null(), 4);
            "NULL data with a length, to a cancelled one" => E_INVALID,
                |s| asynchron_set_bytes(s.cancelled, null(), 4);
            "length over SIZE_MAX/2" => E_INVALID, |s| asynchron_set_bytes(s.pending, data(), OVER);
            "length over SIZE_MAX/2: the greatest" => E_INVALID,
                |s| asynchron_set_bytes(s.pending, data(), usize::MAX);
            "length over SIZE_MAX/2 and NULL data" => E_INVALID,
                |s| asynchron_set_bytes(s.pending, null(), usize::MAX);
            "more than there is memory" => E_NOMEM,
                |s| asynchron_set_bytes(s.pending, data(), usize::MAX / 2);
            "NULL data without a length" => OK,
                |_| delivered(b"", |a| asynchron_set_bytes(a, null(), 0));
            "data without a length" => OK,
                |_| delivered(b"", |a| asynchron_set_bytes(a, data(), 0));
            "to a ready one" => ALREADY, |s| asynchron_set_bytes(s.ready, data(), 4);
            "to a failed one" => ALREADY, |s| asynchron_set_bytes(s.failed, data(), 4);
            "to a cancelled one" => CANCELLED, |s| asynchron_set_bytes(s.cancelled, data(), 4);
        }
    }
}

fn pointer() -> Vec<Row> {
    rows! {
        asynchron_set_pointer {
            "NULL handle" => E_INVALID.drops(1),
                |s| asynchron_set_pointer(null_mut(), s.thing(), DROP);
            "NULL handle and NULL to drop" => E_INVALID.drops(1),
                |_| asynchron_set_pointer(null_mut(), null_mut(), DROP);
            "NULL handle and NULL drop" => E_INVALID,
                |s| asynchron_set_pointer(null_mut(), s.thing(), None);
            "NULL to drop" => OK.drops(1),
                |_| delivered(b"", |a| asynchron_set_pointer(a, null_mut(), DROP));
            "NULL drop" => OK, |s| delivered(b"", |a| asynchron_set_pointer(a, s.thing(), None));
            "to a ready one" => ALREADY.drops(1),
                |s| asynchron_set_pointer(s.ready, s.thing(), DROP);
            "NULL to drop, to a failed one" => ALREADY.drops(1),
                |s| asynchron_set_pointer(s.failed, null_mut(), DROP);
            "to a cancelled one" => CANCELLED.drops(1),
                |s| asynchron_set_pointer(s.cancelled, s.thing(), DROP);
        }
    }
}

fn buffer() -> Vec<Row> {
    rows! {
        asynchron_set_buffer {
            "NULL handle" => E_INVALID.drops(1),
                |s| asynchron_set_buffer(null_mut(), data(), 4, s.thing(), DROP);
            "NULL handle and NULL to drop" => E_INVALID.drops(1),
                |_| asynchron_set_buffer(null_mut(), data(), 4, null_mut(), DROP);
            "NULL data with a length" => E_INVALID.drops(1),
                |s| asynchron_set_buffer(s.pending, null(), 4, s.thing(), DROP);
            "NULL data with a length, NULL drop" => E_INVALID,
                |s| asynchron_set_buffer(s.pending, null(), 4, s.thing(), None);
            "NULL data with a length, to a ready one" => E_INVALID.drops(1),
                |s| asynchron_set_buffer(s.ready, null(), 4, s.thing(), DROP);
            "length over SIZE_MAX/2" => E_INVALID.drops(1),
                |s| asynchron_set_buffer(s.pending, data(), OVER, s.thing(), DROP);
            "length over SIZE_MAX/2, NULL to drop" => E_INVALID.drops(1),
                |s| asynchron_set_buffer(s.pending, data(), usize::MAX, null_mut(), DROP);
            "NULL to drop" => OK.drops(1),
                |_| delivered(b"data", |a| asynchron_set_buffer(a, data(), 4, null_mut(), DROP));
            "NULL data without a length" => OK.drops(1),
                |s| delivered(b"", |a| asynchron_set_buffer(a, null(), 0, s.thing(), DROP));
            "data without a length" => OK.drops(1),
                |s| delivered(b"", |a| asynchron_set_buffer(a, data(), 0, s.thing(), DROP));
            "NULL drop" => OK,
                |s| delivered(b"data", |a| asynchron_set_buffer(a, data(), 4, s.thing(), None));
            "to a failed one" => ALREADY.drops(1),
                |s| asynchron_set_buffer(s.failed, data(), 4, s.thing(), DROP);
            "to a cancelled one" => CANCELLED.drops(1),
                |s| asynchron_set_buffer(s.cancelled, data(), 4, s.thing(), DROP);
        }
    }
}

fn failure() -> Vec<Row> {
    rows! {
        asynchron_fail {
            "NULL handle" => E_INVALID, |_| asynchron_fail(null_mut(), 1, c"why".as_ptr());
            "NULL handle and NULL message" => E_INVALID, |_| asynchron_fail(null_mut(), 1, null());
            "NULL message" => OK,
                |_| failed(i32::MIN, c"", |a| asynchron_fail(a, i32::MIN, null()));
            "code 0" => OK, |_| failed(0, c"why", |a| asynchron_fail(a, 0, c"why".as_ptr()));
            "a message that is no UTF-8" => OK,
                |_| failed(1, c"\xff\xfe", |a| asynchron_fail(a, 1, c"\xff\xfe".as_ptr()));
            "to a ready one" => ALREADY, |s| asynchron_fail(s.ready, 1, null());
            "to a failed one" => ALREADY, |s| asynchron_fail(s.failed, 1, c"why".as_ptr());
            "to a cancelled one" => CANCELLED, |s| asynchron_fail(s.cancelled, 1, null());
        }
        asynchron_fail_with {
            "NULL handle" => E_INVALID.drops(1),
                |s| asynchron_fail_with(
                    null_mut(),
                    1,
                    c"domain".as_ptr(),
                    c"why".as_ptr(),
                    s.thing(),
                    DROP,
                );
            "NULL handle and NULL to drop" => E_INVALID.drops(1),
                |_| asynchron_fail_with(null_mut(), 1, null(), null(), null_mut(), DROP);
            "NULL domain" => OK.drops(1),
                |s| failed(
                    1,
                    c"why",
                    |a| asynchron_fail_with(a, 1, null(), c"why".as_ptr(), s.thing(), DROP),
                );
            "NULL message" => OK.drops(1),
                |s| failed(
                    1,
                    c"",
                    |a| asynchron_fail_with(a, 1, c"domain".as_ptr(), null(), s.thing(), DROP),
                );
            "NULL to drop" => OK.drops(1),
                |_| failed(1, c"", |a| asynchron_fail_with(a, 1, null(), null(), null_mut(), DROP));
            "NULL drop" => OK,
                |s| failed(0, c"", |a| asynchron_fail_with(a, 0, null(), null(), s.thing(), None));
            "to a ready one" => ALREADY.drops(1),
                |s| asynchron_fail_with(
                    s.ready,
                    1,
                    c"domain".as_ptr(),
                    c"why".as_ptr(),
                    s.thing(),
                    DROP,
                );
            "to a failed one" => ALREADY.drops(1),
                |s| asynchron_fail_with(s.failed, 1, null(), c"why".as_ptr(), s.thing(), DROP);
            "to a cancelled one" => CANCELLED.drops(1),
                |s| asynchron_fail_with(s.cancelled, 1, null(), null(), null_mut(), DROP);
        }
    }
}

fn cancel() -> Vec<Row> {
    rows! {
        asynchron_cancel {
            "NULL handle" => E_INVALID, |_| asynchron_cancel(null_mut());
            "of a ready one" => ALREADY, |s| asynchron_cancel(s.ready);
            "of a failed one" => ALREADY, |s| asynchron_cancel(s.failed);
            "of a cancelled one" => CANCELLED, |s| asynchron_cancel(s.cancelled);
        }
        asynchron_cancel_with {
            "NULL handle" => E_INVALID, |_| asynchron_cancel_with(null_mut(), c"why".as_ptr());
            "NULL handle and NULL reason" => E_INVALID,
                |_| asynchron_cancel_with(null_mut(), null());
            "NULL reason" => OK, |_| failed(0, c"", |a| asynchron_cancel_with(a, null()));
            "of a ready one" => ALREADY, |s| asynchron_cancel_with(s.ready, c"why".as_ptr());
            "of a failed one" => ALREADY, |s| asynchron_cancel_with(s.failed, c"why".as_ptr());
            "of a cancelled one, whose reason stays" => CANCELLED,
                |s| asynchron_cancel_with(s.cancelled, c"why".as_ptr());
        }
        asynchron_cancel_pending {
            "NULL handle" => E_INVALID,
                |_| asynchron_cancel_pending(null_mut(), c"why".as_ptr());
            "NULL handle and NULL reason" => E_INVALID,
                |_| asynchron_cancel_pending(null_mut(), null());
            "NULL reason" => OK, |_| failed(0, c"", |a| asynchron_cancel_pending(a, null()));
            "of a running one" => ALREADY, |_| {
                let a = asynchron_create(null());
                asynchron_start(a);
                let status = asynchron_cancel_pending(a, c"why".as_ptr());
                works(a);
                status
            };
            "of a ready one" => ALREADY, |s| asynchron_cancel_pending(s.ready, c"why".as_ptr());
            "of a failed one" => ALREADY, |s| asynchron_cancel_pending(s.failed, c"why".as_ptr());
            "of a cancelled one, whose reason stays" => CANCELLED,
                |s| asynchron_cancel_pending(s.cancelled, c"why".as_ptr());
        }
    }
}

fn follow() -> Vec<Row> {
    rows! {
        asynchron_follow {
            "NULL handles" => E_INVALID, |_| asynchron_follow(null_mut(), null_mut());
            "NULL handle: into" => E_INVALID, |s| asynchron_follow(null_mut(), s.pending);
            "NULL handle: the source" => E_INVALID, |s| asynchron_follow(s.pending, null_mut());
            "NULL handle: the source of a ready one" => E_INVALID,
                |s| asynchron_follow(s.ready, null_mut());
            "into among the sources: itself" => E_INVALID, |s| asynchron_follow(s.pending, s.pending);
            "into among the sources: a ready one" => E_INVALID, |s| asynchron_follow(s.ready, s.ready);
            "into among the sources: a cancelled one" => E_INVALID, |s| asynchron_follow(s.cancelled, s.cancelled);
            "of a ready one" => ALREADY, |s| asynchron_follow(s.ready, s.pending);
            "of a ready one, what is ready, too" => ALREADY, |s| asynchron_follow(s.ready, s.failed);
            "of a failed one" => ALREADY, |s| asynchron_follow(s.failed, s.pending);
            "of a cancelled one" => CANCELLED, |s| asynchron_follow(s.cancelled, s.pending);
            "the same twice" => OK, |s| {
                let source = asynchron_create(null());
                let into = asynchron_create(null());
                let first = asynchron_follow(into, source);
                assert_eq!(first, ASYNCHRON_OK);
                let second = asynchron_follow(into, source);
                assert_eq!(asynchron_follow(into, s.ready), ASYNCHRON_OK);
                assert_eq!(value_of(into), value_of(s.ready));
                works(source);
                asynchron_release(into);
                second
            };
        }
    }
}

/// Delivers to a handle of its own, which must have this value then.
fn delivered(
    expected: &[u8],
    deliver: impl Fn(*mut asynchron_t) -> asynchron_status_t,
) -> asynchron_status_t {
    let a = unsafe { asynchron_create(null()) };
    let status = deliver(a);
    assert_eq!(value_of(a), (ASYNCHRON_OK, expected.to_vec()));
    unsafe { asynchron_release(a) };
    status
}

/// Ends a handle of its own, which must have this error then.
fn failed(
    code: i32,
    message: &std::ffi::CStr,
    deliver: impl Fn(*mut asynchron_t) -> asynchron_status_t,
) -> asynchron_status_t {
    let a = unsafe { asynchron_create(null()) };
    let status = deliver(a);
    assert_eq!(error_of(a), (ASYNCHRON_OK, code, message.to_owned()));
    unsafe { asynchron_release(a) };
    status
}
