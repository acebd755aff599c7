//! Callbacks and drops that only count. They must not panic: they are called from C.

use std::ffi::c_void;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use asynchron::capi::*;

/// Drops of NULL.
static NULL_DROPS: AtomicU32 = AtomicU32::new(0);
/// Runs of any function below.
static RUNS: AtomicU32 = AtomicU32::new(0);

/// A counter is the thing handed over; its drop counts in it.
pub const DROP: asynchron_drop_fn_t = Some(drop_counted);
pub const FN: asynchron_fn_t = Some(run_fn);
pub const JOIN: asynchron_join_fn_t = Some(run_join);
pub const NOTIFY: asynchron_notify_fn_t = Some(run_notify);

unsafe extern "C" fn drop_counted(thing: *mut c_void) {
    if thing.is_null() {
        NULL_DROPS.fetch_add(1, SeqCst);
    } else {
        unsafe { &*thing.cast::<AtomicU32>() }.fetch_add(1, SeqCst);
    }
}

unsafe extern "C" fn run_fn(_self: *mut asynchron_t, _ctx: *mut c_void) -> i32 {
    RUNS.fetch_add(1, SeqCst);
    0
}

unsafe extern "C" fn run_join(
    _self: *mut asynchron_t,
    _sources: *const *mut asynchron_t,
    _n: usize,
    _ctx: *mut c_void,
) -> i32 {
    RUNS.fetch_add(1, SeqCst);
    0
}

unsafe extern "C" fn run_notify(_a: *mut asynchron_t, _ctx: *mut c_void) {
    RUNS.fetch_add(1, SeqCst);
}

/// Counts in its ctx, which is a counter.
pub unsafe extern "C" fn count_in_ctx(_a: *mut asynchron_t, ctx: *mut c_void) {
    unsafe { &*ctx.cast::<AtomicU32>() }.fetch_add(1, SeqCst);
}

/// Drops of NULL, and runs, since the last `reset`.
pub fn null_drops() -> u32 {
    NULL_DROPS.load(SeqCst)
}

pub fn runs() -> u32 {
    RUNS.load(SeqCst)
}

pub fn reset() {
    NULL_DROPS.store(0, SeqCst);
    RUNS.store(0, SeqCst);
}
