//! The table's rows: compute.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{value_of, works};
use crate::table::*;
use crate::tally::{DROP, FN};

#[test]
fn misuse_of_computing() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = call();
    rows.extend(spawn());
    rows
}

fn call() -> Vec<Row> {
    rows! {
        asynchron_call {
            "NULL handle" => E_INVALID, |_| asynchron_call(null_mut(), FN, null_mut());
            "NULL handle and NULL function" => E_INVALID,
                |_| asynchron_call(null_mut(), None, null_mut());
            "NULL function" => E_INVALID, |s| asynchron_call(s.pending, None, s.thing());
            "NULL function, on a ready one" => E_INVALID,
                |s| asynchron_call(s.ready, None, null_mut());
            "NULL ctx" => OK.runs(1), |_| {
                let a = asynchron_create(null());
                let status = asynchron_call(a, FN, null_mut());
                assert_eq!(value_of(a), (ASYNCHRON_OK, vec![]));
                asynchron_release(a);
                status
            };
            "on a ready one" => ALREADY, |s| asynchron_call(s.ready, FN, null_mut());
            "on a failed one" => ALREADY, |s| asynchron_call(s.failed, FN, null_mut());
            "on a cancelled one" => CANCELLED, |s| asynchron_call(s.cancelled, FN, null_mut());
            "on a running one" => ALREADY, |_| {
                let a = asynchron_create(null());
                let mut again = ASYNCHRON_OK;
                assert_eq!(
                    asynchron_call(a, Some(call_again), (&raw mut again).cast()),
                    ASYNCHRON_OK
                );
                asynchron_release(a);
                again
            };
        }
        asynchron_start {
            "NULL handle" => E_INVALID, |_| asynchron_start(null_mut());
            "a ready one" => ALREADY, |s| asynchron_start(s.ready);
            "a failed one" => ALREADY, |s| asynchron_start(s.failed);
            "a cancelled one" => CANCELLED, |s| asynchron_start(s.cancelled);
            "a running one" => ALREADY, |_| {
                let a = asynchron_create(null());
                assert_eq!(asynchron_start(a), ASYNCHRON_OK);
                let again = asynchron_start(a);
                works(a);
                again
            };
        }
    }
}

fn spawn() -> Vec<Row> {
    rows! {
        asynchron_spawn {
            "NULL handle" => E_INVALID.drops(1),
                |s| asynchron_spawn(null_mut(), FN, s.thing(), DROP);
            "NULL handle and NULL to drop" => E_INVALID.drops(1),
                |_| asynchron_spawn(null_mut(), FN, null_mut(), DROP);
            "NULL handle and NULL drop" => E_INVALID,
                |s| asynchron_spawn(null_mut(), FN, s.thing(), None);
            "NULL function" => E_INVALID.drops(1),
                |s| asynchron_spawn(s.pending, None, s.thing(), DROP);
            "NULL function and NULL to drop" => E_INVALID.drops(1),
                |s| asynchron_spawn(s.pending, None, null_mut(), DROP);
            "NULL function, on a ready one" => E_INVALID.drops(1),
                |s| asynchron_spawn(s.ready, None, s.thing(), DROP);
            "NULL to drop" => OK.drops(1).runs(1), |_| spawned(FN, null_mut(), DROP);
            "NULL drop" => OK.runs(1), |s| spawned(FN, s.thing(), None);
        }
    }
}

unsafe extern "C" fn call_again(a: *mut asynchron_t, status: *mut c_void) -> i32 {
    let status = status.cast::<asynchron_status_t>();
    unsafe { status.write(asynchron_call(a, FN, null_mut())) };
    0
}

/// Spawns with a handle of its own, and waits for its end; the ctx is dropped before that.
unsafe fn spawned(
    function: asynchron_fn_t,
    ctx: *mut c_void,
    drop_ctx: asynchron_drop_fn_t,
) -> asynchron_status_t {
    unsafe {
        let a = asynchron_create(null());
        let status = asynchron_spawn(a, function, ctx, drop_ctx);
        assert_eq!(asynchron_wait(a, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        assert_eq!(value_of(a), (ASYNCHRON_OK, vec![]));
        asynchron_release(a);
        status
    }
}
