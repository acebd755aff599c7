//! The table's rows: waiting for many, after and then.

use std::ptr::{null, null_mut};

use asynchron::capi::*;

use crate::common::value_of;
use crate::scene::Scene;
use crate::table::*;
use crate::tally::{DROP, JOIN};

const FOREVER: u64 = ASYNCHRON_FOREVER;

#[test]
fn misuse_of_many() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = wait_any();
    rows.extend(wait_all());
    rows.extend(after());
    rows.extend(then());
    rows
}

fn wait_any() -> Vec<Row> {
    rows! {
        asynchron_wait_any {
            "NULL array" => E_INVALID, |s| asynchron_wait_any(null(), 2, FOREVER, &mut s.number);
            "NULL in the array: first" => E_INVALID,
                |s| asynchron_wait_any([null_mut(), s.ready].as_ptr(), 2, FOREVER, &mut s.number);
            "NULL in the array: behind a complete one" => E_INVALID,
                |s| asynchron_wait_any(
                    [s.ready, s.pending, null_mut()].as_ptr(),
                    3,
                    FOREVER,
                    &mut s.number,
                );
            "NULL in the array: among pending ones" => E_INVALID,
                |s| asynchron_wait_any(
                    [s.pending, null_mut(), s.pending].as_ptr(),
                    3,
                    FOREVER,
                    &mut s.number,
                );
            "n = 0" => E_INVALID, |s| asynchron_wait_any(&s.ready, 0, FOREVER, &mut s.number);
            "n = 0 and NULL array" => E_INVALID,
                |s| asynchron_wait_any(null(), 0, FOREVER, &mut s.number);
            "n over SIZE_MAX/2" => E_INVALID,
                |s| asynchron_wait_any(&s.ready, usize::MAX, FOREVER, &mut s.number);
            "n over SIZE_MAX/2: in bytes" => E_INVALID,
                |s| asynchron_wait_any(&s.ready, usize::MAX / 8, 0, &mut s.number);
            "NULL index" => OK,
                |s| asynchron_wait_any([s.pending, s.failed].as_ptr(), 2, FOREVER, null_mut());
            "NULL index, nothing complete" => TIMEOUT,
                |s| asynchron_wait_any([s.pending, s.pending].as_ptr(), 2, 1000, null_mut());
            "nothing complete" => TIMEOUT,
                |s| asynchron_wait_any([s.pending, s.pending].as_ptr(), 2, 0, &mut s.number);
            "nothing complete, little time" => TIMEOUT,
                |s| asynchron_wait_any([s.pending, s.pending].as_ptr(), 2, 1000, &mut s.number);
        }
    }
}

fn wait_all() -> Vec<Row> {
    rows! {
        asynchron_wait_all {
            "NULL array" => E_INVALID, |_| asynchron_wait_all(null(), 2, FOREVER);
            "NULL in the array: behind complete ones" => E_INVALID,
                |s| asynchron_wait_all([s.ready, s.failed, null_mut()].as_ptr(), 3, FOREVER);
            "NULL in the array: behind a pending one" => E_INVALID,
                |s| asynchron_wait_all([s.pending, null_mut()].as_ptr(), 2, FOREVER);
            "NULL in the array: no time" => E_INVALID,
                |s| asynchron_wait_all([s.pending, null_mut()].as_ptr(), 2, 0);
            "n over SIZE_MAX/2" => E_INVALID, |s| asynchron_wait_all(&s.pending, usize::MAX, 0);
            "n over SIZE_MAX/2: in bytes" => E_INVALID,
                |s| asynchron_wait_all(&s.pending, usize::MAX / 8, FOREVER);
            "n = 0" => OK, |s| asynchron_wait_all(&s.pending, 0, FOREVER);
            "n = 0 and NULL array" => OK, |_| asynchron_wait_all(null(), 0, FOREVER);
            "one pending" => TIMEOUT,
                |s| asynchron_wait_all([s.ready, s.pending, s.failed].as_ptr(), 3, 1000);
        }
    }
}

fn after() -> Vec<Row> {
    rows! {
        asynchron_after {
            "NULL array" => NULL.drops(1),
                |s| asynchron_after(null(), 1, s.pending, JOIN, s.thing(), DROP);
            "NULL in the array: first" => NULL.drops(1),
                |s| asynchron_after(
                    [null_mut(), s.ready].as_ptr(),
                    2,
                    null_mut(),
                    JOIN,
                    s.thing(),
                    DROP,
                );
            "NULL in the array: last, of complete ones" => NULL.drops(1),
                |s| asynchron_after(
                    [s.ready, s.failed, null_mut()].as_ptr(),
                    3,
                    s.pending,
                    JOIN,
                    s.thing(),
                    DROP,
                );
            "NULL in the array: last, NULL to drop" => NULL.drops(1),
                |s| asynchron_after(
                    [s.pending, null_mut()].as_ptr(),
                    2,
                    null_mut(),
                    JOIN,
                    null_mut(),
                    DROP,
                );
            "n over SIZE_MAX/2" => NULL.drops(1),
                |s| asynchron_after(&s.pending, usize::MAX, null_mut(), JOIN, s.thing(), DROP);
            "n over SIZE_MAX/2: in bytes" => NULL.drops(1),
                |s| asynchron_after(&s.pending, usize::MAX / 8, s.ready, JOIN, s.thing(), DROP);
            "NULL function" => NULL.drops(1),
                |s| asynchron_after(
                    [s.pending, s.ready].as_ptr(),
                    2,
                    null_mut(),
                    None,
                    s.thing(),
                    DROP,
                );
            "NULL function, with into" => NULL.drops(1),
                |s| asynchron_after(
                    [s.ready, s.failed].as_ptr(),
                    2,
                    s.pending,
                    None,
                    s.thing(),
                    DROP,
                );
            "NULL function, n = 0" => NULL.drops(1),
                |s| asynchron_after(null(), 0, s.pending, None, s.thing(), DROP);
            "into among the sources: alone" => NULL.drops(1),
                |s| asynchron_after(&s.pending, 1, s.pending, JOIN, s.thing(), DROP);
            "into among the sources: last" => NULL.drops(1),
                |s| asynchron_after(
                    [s.ready, s.failed, s.pending].as_ptr(),
                    3,
                    s.pending,
                    JOIN,
                    s.thing(),
                    DROP,
                );
            "into among the sources: first, complete" => NULL.drops(1),
                |s| asynchron_after(
                    [s.ready, s.pending].as_ptr(),
                    2,
                    s.ready,
                    JOIN,
                    s.thing(),
                    DROP,
                );
            "into among the sources, NULL to drop" => NULL.drops(1),
                |s| asynchron_after(
                    [s.pending, s.pending].as_ptr(),
                    2,
                    s.pending,
                    JOIN,
                    null_mut(),
                    DROP,
                );
            "into among the sources, NULL drop" => NULL,
                |s| asynchron_after(&s.pending, 1, s.pending, JOIN, s.thing(), None);
            "n = 0" => POINTER.drops(1).runs(1),
                |s| ended(asynchron_after(&s.pending, 0, null_mut(), JOIN, s.thing(), DROP));
            "n = 0 and NULL array" => POINTER.drops(1).runs(1),
                |s| ended(asynchron_after(null(), 0, null_mut(), JOIN, s.thing(), DROP));
            "NULL to drop" => POINTER.drops(1).runs(1),
                |s| ended(asynchron_after(&s.failed, 1, null_mut(), JOIN, null_mut(), DROP));
            "NULL drop" => POINTER.runs(1),
                |s| ended(asynchron_after(&s.ready, 1, null_mut(), JOIN, s.thing(), None));
            "into is complete" => POINTER.drops(1),
                |s| complete(s, |s| asynchron_after(&s.failed, 1, s.ready, JOIN, s.thing(), DROP));
        }
    }
}

fn then() -> Vec<Row> {
    rows! {
        asynchron_then {
            "NULL handle" => NULL.drops(1),
                |s| asynchron_then(null_mut(), null_mut(), JOIN, s.thing(), DROP);
            "NULL handle, with into" => NULL.drops(1),
                |s| asynchron_then(null_mut(), s.pending, JOIN, s.thing(), DROP);
            "NULL handle and NULL to drop" => NULL.drops(1),
                |_| asynchron_then(null_mut(), null_mut(), JOIN, null_mut(), DROP);
            "NULL function" => NULL.drops(1),
                |s| asynchron_then(s.pending, null_mut(), None, s.thing(), DROP);
            "NULL function, of a ready one, with into" => NULL.drops(1),
                |s| asynchron_then(s.ready, s.pending, None, s.thing(), DROP);
            "NULL function and NULL to drop" => NULL.drops(1),
                |s| asynchron_then(s.failed, s.pending, None, null_mut(), DROP);
            "into among the sources" => NULL.drops(1),
                |s| asynchron_then(s.pending, s.pending, JOIN, s.thing(), DROP);
            "into among the sources: complete" => NULL.drops(1),
                |s| asynchron_then(s.ready, s.ready, JOIN, s.thing(), DROP);
            "into among the sources, NULL drop" => NULL,
                |s| asynchron_then(s.failed, s.failed, JOIN, s.thing(), None);
            "NULL to drop" => POINTER.drops(1).runs(1),
                |s| ended(asynchron_then(s.ready, null_mut(), JOIN, null_mut(), DROP));
            "NULL drop" => POINTER.runs(1),
                |s| ended(asynchron_then(s.ready, null_mut(), JOIN, s.thing(), None));
            "into is complete" => POINTER.drops(1),
                |s| complete(s, |s| asynchron_then(s.failed, s.ready, JOIN, s.thing(), DROP));
        }
    }
}

/// A join that has run: an empty value.
unsafe fn ended(into: *mut asynchron_t) -> *mut asynchron_t {
    unsafe {
        assert_eq!(value_of(into), (asynchron_status_t::ASYNCHRON_OK, vec![]));
        asynchron_release(into);
    }
    into
}

/// A join into `ready`, whose value stays.
fn complete(s: &mut Scene, join: fn(&mut Scene) -> *mut asynchron_t) -> *mut asynchron_t {
    let into = join(s);
    assert_eq!(into, s.ready);
    unsafe { asynchron_release(into) };
    into
}
