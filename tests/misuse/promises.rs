//! The table's rows: promises.

use std::ptr::{null, null_mut};

use asynchron::capi::*;

use crate::table::*;

#[test]
fn misuse_of_promises() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    rows! {
        asynchron_promise_create {
            "NULL handle" => NULL, |_| asynchron_promise_create(null_mut(), 0);
            "NULL handle and an unknown flag" => NULL,
                |_| asynchron_promise_create(null_mut(), 1 << 63);
            "unknown flag" => NULL, |s| asynchron_promise_create(s.pending, 1 << 63);
            "all flags" => NULL, |s| asynchron_promise_create(s.pending, u64::MAX);
            "unknown flag, of a complete one" => NULL, |s| asynchron_promise_create(s.ready, 2);
            "all flags there are, of a complete one" => POINTER, |s| given_up(
                asynchron_promise_create(s.ready, ASYNCHRON_PROMISE_CANCEL_UNWANTED),
            );
            "of a ready one" => POINTER, |s| given_up(asynchron_promise_create(s.ready, 0));
            "of a failed one" => POINTER, |s| given_up(asynchron_promise_create(s.failed, 0));
            "of a cancelled one" => POINTER, |s| given_up(asynchron_promise_create(s.cancelled, 0));
        }
        asynchron_promise_retain {
            "NULL promise" => NULL, |_| asynchron_promise_retain(null_mut());
        }
        asynchron_promise_release {
            "NULL promise" => NOTHING, |_| asynchron_promise_release(null_mut());
        }
        asynchron_promise_asynchron {
            "NULL promise" => NULL, |_| asynchron_promise_asynchron(null());
        }
    }
}

/// It means nothing, and leaves nothing behind.
pub fn given_up(p: *mut asynchron_promise_t) -> *mut asynchron_promise_t {
    unsafe { asynchron_promise_release(p) };
    p
}
