//! The table's rows: compute.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{Longer, mark, value_of, works};
use crate::table::*;
use crate::tally::{DROP, FN};

#[test]
fn misuse_of_computing() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = call();
    rows.extend(spawn());
    rows.extend(executors());
    rows.extend(spawn_on());
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
        asynchron_wait_returned {
            "NULL handle" => E_INVALID, |_| asynchron_wait_returned(null_mut(), 0);
            "NULL handle, for ever" => E_INVALID,
                |_| asynchron_wait_returned(null_mut(), ASYNCHRON_FOREVER);
            "a pending one" => OK, |s| asynchron_wait_returned(s.pending, ASYNCHRON_FOREVER);
            "a ready one" => OK, |s| asynchron_wait_returned(s.ready, ASYNCHRON_FOREVER);
            "a failed one" => OK, |s| asynchron_wait_returned(s.failed, ASYNCHRON_FOREVER);
            "a cancelled one" => OK, |s| asynchron_wait_returned(s.cancelled, ASYNCHRON_FOREVER);
            "inside its function" => E_DEADLOCK, |_| {
                let a = asynchron_create(null());
                let mut inside = ASYNCHRON_OK;
                assert_eq!(
                    asynchron_call(a, Some(wait_inside), (&raw mut inside).cast()),
                    ASYNCHRON_OK
                );
                asynchron_release(a);
                inside
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

/// An executor with a thread.
pub const CREATE: asynchron_executor_options_t = asynchron_executor_options_t {
    size: size_of::<asynchron_executor_options_t>(),
    name: null(),
    threads: 1,
    stack_size: 0,
    flags: 0,
    post: None,
    ctx: null_mut(),
    drop_ctx: None,
};

/// Makes an executor, which is to have what was handed over; and releases it.
pub unsafe fn created(options: *const asynchron_executor_options_t) -> asynchron_status_t {
    unsafe {
        let mut e = null_mut();
        let status = asynchron_executor_create(options, &mut e);
        asynchron_executor_release(e);
        status
    }
}

/// By a caller whose struct is longer.
unsafe fn longer(ctx: *mut c_void, last: u8) -> asynchron_status_t {
    let mut tail = [0; 16];
    tail[15] = last;
    let size = size_of::<Longer<asynchron_executor_options_t>>();
    let known = asynchron_executor_options_t { size, ctx, drop_ctx: DROP, ..CREATE };
    let longer = Longer { known, tail };
    unsafe { created((&raw const longer).cast()) }
}

/// Does something with an executor.
unsafe fn with<R>(work: impl FnOnce(*mut asynchron_executor_t) -> R) -> R {
    unsafe {
        let mut e = null_mut();
        assert_eq!(asynchron_executor_create(&CREATE, &mut e), ASYNCHRON_OK);
        let result = work(e);
        asynchron_executor_release(e);
        result
    }
}

fn executors() -> Vec<Row> {
    rows! {
        asynchron_executor_create {
            "NULL options" => E_INVALID, |_| {
                let mut e = mark();
                let status = asynchron_executor_create(null(), &mut e);
                assert_eq!(e, mark());
                status
            };
            "NULL out" => E_INVALID.drops(1), |s| asynchron_executor_create(
                &asynchron_executor_options_t { ctx: s.thing(), drop_ctx: DROP, ..CREATE },
                null_mut(),
            );
            "unknown flag" => E_INVALID.drops(1), |s| created(
                &asynchron_executor_options_t { ctx: s.thing(), drop_ctx: DROP, flags: 1, ..CREATE },
            );
            "size 0" => E_INVALID, |s| created(
                &asynchron_executor_options_t { ctx: s.thing(), drop_ctx: DROP, size: 0, ..CREATE },
            );
            "size too small" => E_INVALID, |s| created(
                &asynchron_executor_options_t { ctx: s.thing(), drop_ctx: DROP, size: 8, ..CREATE },
            );
            "size over 4096" => E_INVALID, |s| created(
                &asynchron_executor_options_t { ctx: s.thing(), drop_ctx: DROP, size: 4097, ..CREATE },
            );
            "larger with a zero tail" => OK.drops(1), |s| longer(s.thing(), 0);
            "larger with a non-zero tail" => E_INVALID.drops(1), |s| longer(s.thing(), 1);
            "as many threads as a number holds" => OK.drops(1), |s| created(
                &asynchron_executor_options_t {
                    ctx: s.thing(),
                    drop_ctx: DROP,
                    threads: usize::MAX,
                    ..CREATE
                },
            );
            "NULL drop" => OK, |s| created(
                &asynchron_executor_options_t { ctx: s.thing(), ..CREATE },
            );
            "NULL to drop" => OK.drops(1), |_| created(
                &asynchron_executor_options_t { drop_ctx: DROP, ..CREATE },
            );
        }
        asynchron_executor_default {
            "released more often than it was returned" => POINTER, |_| {
                let e = asynchron_executor_default();
                asynchron_executor_release(e);
                asynchron_executor_release(e);
                asynchron_executor_retain(asynchron_executor_default())
            };
        }
        asynchron_executor_retain {
            "NULL executor" => NULL, |_| asynchron_executor_retain(null_mut());
        }
        asynchron_executor_release {
            "NULL executor" => NOTHING, |_| asynchron_executor_release(null_mut());
        }
        asynchron_executor_shutdown {
            "NULL executor" => E_INVALID, |_| asynchron_executor_shutdown(null_mut(), 0, 0);
            "unknown flag" => E_INVALID, |_| with(|e| asynchron_executor_shutdown(e, 2, 0));
            "twice" => OK, |_| with(|e| {
                assert_eq!(asynchron_executor_shutdown(e, 0, 0), ASYNCHRON_OK);
                asynchron_executor_shutdown(e, 1, ASYNCHRON_FOREVER)
            });
        }
        asynchron_task_run {
            "NULL task" => NOTHING, |_| asynchron_task_run(null_mut());
        }
        asynchron_task_discard {
            "NULL task" => NOTHING, |_| asynchron_task_discard(null_mut());
        }
    }
}

fn spawn_on() -> Vec<Row> {
    rows! {
        asynchron_spawn_on {
            "NULL executor" => E_INVALID.drops(1),
                |s| asynchron_spawn_on(null_mut(), s.pending, FN, s.thing(), DROP);
            "NULL handle" => E_INVALID.drops(1),
                |s| with(|e| asynchron_spawn_on(e, null_mut(), FN, s.thing(), DROP));
            "NULL function" => E_INVALID.drops(1),
                |s| with(|e| asynchron_spawn_on(e, s.pending, None, s.thing(), DROP));
            "NULL to drop" => E_INVALID.drops(1),
                |s| with(|e| asynchron_spawn_on(e, s.pending, None, null_mut(), DROP));
            "NULL drop" => E_INVALID,
                |s| with(|e| asynchron_spawn_on(e, null_mut(), FN, s.thing(), None));
            "on a closed one" => E_CLOSED.drops(1), |s| with(|e| {
                assert_eq!(asynchron_executor_shutdown(e, 0, 0), ASYNCHRON_OK);
                asynchron_spawn_on(e, s.pending, FN, s.thing(), DROP)
            });
        }
    }
}

unsafe extern "C" fn call_again(a: *mut asynchron_t, status: *mut c_void) -> i32 {
    let status = status.cast::<asynchron_status_t>();
    unsafe { status.write(asynchron_call(a, FN, null_mut())) };
    0
}

unsafe extern "C" fn wait_inside(a: *mut asynchron_t, status: *mut c_void) -> i32 {
    let status = status.cast::<asynchron_status_t>();
    unsafe { status.write(asynchron_wait_returned(a, ASYNCHRON_FOREVER)) };
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
