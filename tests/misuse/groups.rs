//! The table's rows: all, any and race.

use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::scene::Scene;
use crate::table::*;

#[test]
fn misuse_of_groups() {
    hold(rows());
}

/// Those that are refused leave all as it was; so does one that is legal, once what it delivers into is released.
macro_rules! rows_of {
    ($function:ident, $of_nothing:expr) => {
        rows! {
            $function {
                "NULL array" => NULL,
                    |s| $function(null(), 1, s.pending, 0);
                "NULL in the array: first" => NULL,
                    |s| $function([null_mut(), s.ready].as_ptr(), 2, null_mut(), REST);
                "NULL in the array: last, of complete ones" => NULL,
                    |s| $function([s.ready, s.failed, null_mut()].as_ptr(), 3, s.pending, 0);
                "n over SIZE_MAX/2" => NULL,
                    |s| $function(&s.pending, usize::MAX, null_mut(), 0);
                "n over SIZE_MAX/2: in bytes" => NULL,
                    |s| $function(&s.pending, usize::MAX / 8, s.ready, REST);
                "into among the sources: alone" => NULL,
                    |s| $function(&s.pending, 1, s.pending, REST);
                "into among the sources: last" => NULL,
                    |s| $function([s.ready, s.failed, s.pending].as_ptr(), 3, s.pending, 0);
                "into among the sources: first, complete" => NULL,
                    |s| $function([s.ready, s.pending].as_ptr(), 2, s.ready, REST);
                "unknown flags" => NULL,
                    |s| $function(&s.ready, 1, null_mut(), 2);
                "unknown flags, beside a known one" => NULL,
                    |s| $function(&s.pending, 1, s.ready, REST | (1 << 63));
                "n = 0" => $of_nothing,
                    |s| ended($function(&s.pending, 0, null_mut(), REST));
                "n = 0 and NULL array" => $of_nothing,
                    |_| ended($function(null(), 0, null_mut(), 0));
                "into is complete" => POINTER,
                    |s| same(s, $function(&s.pending, 1, s.ready, 0));
            }
        }
    };
}

const REST: u64 = ASYNCHRON_CANCEL_REST;

pub fn rows() -> Vec<Row> {
    let mut rows = rows_of!(asynchron_all, POINTER);
    rows.extend(rows_of!(asynchron_any, NULL));
    rows.extend(rows_of!(asynchron_race, NULL));
    rows
}

/// It was complete on return.
fn ended(a: *mut asynchron_t) -> *mut asynchron_t {
    if !a.is_null() {
        assert_eq!(unsafe { asynchron_poll(a) }, ASYNCHRON_OK);
        unsafe { asynchron_release(a) };
    }
    a
}

fn same(s: &Scene, a: *mut asynchron_t) -> *mut asynchron_t {
    assert_eq!(a, s.ready);
    unsafe { asynchron_release(a) };
    a
}
