//! The C interface, as `asynchron.h` declares it: names, arguments and structs are those of the header, which says what
//! each of them does. Made from `bindings/asynchron.json` by `tests/ffi.rs`.
//!
//! Only a program that does itself what this crate has no safe form of needs it, with the handles that
//! [`Asynchron::as_raw`](crate::Asynchron::as_raw) gives.

#![allow(missing_docs, non_camel_case_types)]

use std::ffi::{c_char, c_int, c_void};
use std::mem::{align_of, offset_of, size_of};

pub const ASYNCHRON_FOREVER: u64 = u64::MAX;
pub const ASYNCHRON_SHUTDOWN_CANCEL: u64 = 1;
pub const ASYNCHRON_PROMISE_CANCEL_UNWANTED: u64 = 1;
pub const ASYNCHRON_NOTIFY_IF_PENDING: u64 = 1;
pub const ASYNCHRON_ON_VALUE: u64 = 2;
pub const ASYNCHRON_ON_FAILURE: u64 = 4;
pub const ASYNCHRON_ON_CANCEL: u64 = 8;
pub const ASYNCHRON_CANCEL_REST: u64 = 1;

pub type asynchron_status_t = i32;
pub const ASYNCHRON_OK: asynchron_status_t = 0;
pub const ASYNCHRON_FAILED: asynchron_status_t = 1;
pub const ASYNCHRON_CANCELLED: asynchron_status_t = 2;
pub const ASYNCHRON_PENDING: asynchron_status_t = 3;
pub const ASYNCHRON_TIMEOUT: asynchron_status_t = 4;
pub const ASYNCHRON_ALREADY: asynchron_status_t = 5;
pub const ASYNCHRON_END: asynchron_status_t = 6;
pub const ASYNCHRON_WOKEN: asynchron_status_t = 7;
pub const ASYNCHRON_E_INVALID: asynchron_status_t = -1;
pub const ASYNCHRON_E_NOMEM: asynchron_status_t = -2;
pub const ASYNCHRON_E_DEADLOCK: asynchron_status_t = -3;
pub const ASYNCHRON_E_SYSTEM: asynchron_status_t = -4;
pub const ASYNCHRON_E_INTERNAL: asynchron_status_t = -5;
pub const ASYNCHRON_E_BROKEN: asynchron_status_t = -6;
pub const ASYNCHRON_E_CLOSED: asynchron_status_t = -7;

pub type asynchron_state_t = i32;
pub const ASYNCHRON_STATE_PENDING: asynchron_state_t = 0;
pub const ASYNCHRON_STATE_RUNNING: asynchron_state_t = 1;
pub const ASYNCHRON_STATE_READY: asynchron_state_t = 2;
pub const ASYNCHRON_STATE_CANCELLED: asynchron_state_t = 3;

#[repr(C)]
pub struct asynchron_executor_t {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct asynchron_promise_t {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct asynchron_report_t {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct asynchron_t {
    _opaque: [u8; 0],
}

#[repr(C)]
pub struct asynchron_task_t {
    _opaque: [u8; 0],
}

pub type asynchron_drop_fn_t = Option<unsafe extern "C" fn(*mut c_void)>;
pub type asynchron_fn_t = Option<unsafe extern "C" fn(me: *mut asynchron_t, ctx: *mut c_void) -> i32>;
pub type asynchron_join_fn_t = Option<unsafe extern "C" fn(
        me: *mut asynchron_t, sources: *const *mut asynchron_t, n: usize, ctx: *mut c_void,
    ) -> i32>;
pub type asynchron_notify_fn_t = Option<unsafe extern "C" fn(a: *mut asynchron_t, ctx: *mut c_void)>;
pub type asynchron_post_fn_t = Option<unsafe extern "C" fn(task: *mut asynchron_task_t, ctx: *mut c_void) -> i32>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_value_t {
    pub data: *const c_void,
    pub len: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_error_t {
    pub code: i32,
    pub domain: *const c_char,
    pub message: *const c_char,
    pub payload: *const c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_item_t {
    pub asynchron: *mut asynchron_t,
    pub tag: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_guarded_t {
    pub keeper: *mut asynchron_t,
    pub drop: asynchron_drop_fn_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_options_t {
    pub size: usize,
    pub name: *const c_char,
    pub user_data: *mut c_void,
    pub drop_user_data: asynchron_drop_fn_t,
    pub on_demand: asynchron_fn_t,
    pub on_demand_ctx: *mut c_void,
    pub drop_on_demand_ctx: asynchron_drop_fn_t,
    pub reserve: usize,
    pub expire_after_ns: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_executor_options_t {
    pub size: usize,
    pub name: *const c_char,
    pub threads: usize,
    pub stack_size: usize,
    pub flags: u64,
    pub post: asynchron_post_fn_t,
    pub ctx: *mut c_void,
    pub drop_ctx: asynchron_drop_fn_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_notify_options_t {
    pub size: usize,
    pub r#fn: asynchron_notify_fn_t,
    pub ctx: *mut c_void,
    pub drop_ctx: asynchron_drop_fn_t,
    pub flags: u64,
    pub executor: *mut asynchron_executor_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_step_options_t {
    pub size: usize,
    pub r#fn: asynchron_join_fn_t,
    pub ctx: *mut c_void,
    pub drop_ctx: asynchron_drop_fn_t,
    pub flags: u64,
    pub executor: *mut asynchron_executor_t,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<asynchron_value_t>() == 16);
    assert!(align_of::<asynchron_value_t>() == 8);
    assert!(offset_of!(asynchron_value_t, data) == 0);
    assert!(offset_of!(asynchron_value_t, len) == 8);
    assert!(size_of::<asynchron_error_t>() == 32);
    assert!(align_of::<asynchron_error_t>() == 8);
    assert!(offset_of!(asynchron_error_t, code) == 0);
    assert!(offset_of!(asynchron_error_t, domain) == 8);
    assert!(offset_of!(asynchron_error_t, message) == 16);
    assert!(offset_of!(asynchron_error_t, payload) == 24);
    assert!(size_of::<asynchron_item_t>() == 16);
    assert!(align_of::<asynchron_item_t>() == 8);
    assert!(offset_of!(asynchron_item_t, asynchron) == 0);
    assert!(offset_of!(asynchron_item_t, tag) == 8);
    assert!(size_of::<asynchron_guarded_t>() == 16);
    assert!(align_of::<asynchron_guarded_t>() == 8);
    assert!(offset_of!(asynchron_guarded_t, keeper) == 0);
    assert!(offset_of!(asynchron_guarded_t, drop) == 8);
    assert!(size_of::<asynchron_options_t>() == 72);
    assert!(align_of::<asynchron_options_t>() == 8);
    assert!(offset_of!(asynchron_options_t, size) == 0);
    assert!(offset_of!(asynchron_options_t, name) == 8);
    assert!(offset_of!(asynchron_options_t, user_data) == 16);
    assert!(offset_of!(asynchron_options_t, drop_user_data) == 24);
    assert!(offset_of!(asynchron_options_t, on_demand) == 32);
    assert!(offset_of!(asynchron_options_t, on_demand_ctx) == 40);
    assert!(offset_of!(asynchron_options_t, drop_on_demand_ctx) == 48);
    assert!(offset_of!(asynchron_options_t, reserve) == 56);
    assert!(offset_of!(asynchron_options_t, expire_after_ns) == 64);
    assert!(size_of::<asynchron_executor_options_t>() == 64);
    assert!(align_of::<asynchron_executor_options_t>() == 8);
    assert!(offset_of!(asynchron_executor_options_t, size) == 0);
    assert!(offset_of!(asynchron_executor_options_t, name) == 8);
    assert!(offset_of!(asynchron_executor_options_t, threads) == 16);
    assert!(offset_of!(asynchron_executor_options_t, stack_size) == 24);
    assert!(offset_of!(asynchron_executor_options_t, flags) == 32);
    assert!(offset_of!(asynchron_executor_options_t, post) == 40);
    assert!(offset_of!(asynchron_executor_options_t, ctx) == 48);
    assert!(offset_of!(asynchron_executor_options_t, drop_ctx) == 56);
    assert!(size_of::<asynchron_notify_options_t>() == 48);
    assert!(align_of::<asynchron_notify_options_t>() == 8);
    assert!(offset_of!(asynchron_notify_options_t, size) == 0);
    assert!(offset_of!(asynchron_notify_options_t, r#fn) == 8);
    assert!(offset_of!(asynchron_notify_options_t, ctx) == 16);
    assert!(offset_of!(asynchron_notify_options_t, drop_ctx) == 24);
    assert!(offset_of!(asynchron_notify_options_t, flags) == 32);
    assert!(offset_of!(asynchron_notify_options_t, executor) == 40);
    assert!(size_of::<asynchron_step_options_t>() == 48);
    assert!(align_of::<asynchron_step_options_t>() == 8);
    assert!(offset_of!(asynchron_step_options_t, size) == 0);
    assert!(offset_of!(asynchron_step_options_t, r#fn) == 8);
    assert!(offset_of!(asynchron_step_options_t, ctx) == 16);
    assert!(offset_of!(asynchron_step_options_t, drop_ctx) == 24);
    assert!(offset_of!(asynchron_step_options_t, flags) == 32);
    assert!(offset_of!(asynchron_step_options_t, executor) == 40);
};

unsafe extern "C" {
    pub fn asynchron_version() -> u32;
    pub fn asynchron_forever() -> u64;
    pub fn asynchron_status_string(status: i32) -> *const c_char;
    pub fn asynchron_create(name: *const c_char) -> *mut asynchron_t;
    pub fn asynchron_create_with(
        options: *const asynchron_options_t, out: *mut *mut asynchron_t,
    ) -> asynchron_status_t;
    pub fn asynchron_retain(a: *mut asynchron_t) -> *mut asynchron_t;
    pub fn asynchron_release(a: *mut asynchron_t);
    pub fn asynchron_drop(a: *mut c_void);
    pub fn asynchron_drop_guarded(guarded: *mut c_void);
    pub fn asynchron_state(a: *const asynchron_t) -> asynchron_state_t;
    pub fn asynchron_poll(a: *const asynchron_t) -> asynchron_status_t;
    pub fn asynchron_name(a: *mut asynchron_t) -> *const c_char;
    pub fn asynchron_user_data(a: *const asynchron_t) -> *mut c_void;
    pub fn asynchron_is_shared(a: *const asynchron_t) -> c_int;
    pub fn asynchron_is_held(a: *const asynchron_t) -> c_int;
    pub fn asynchron_is_on_demand(a: *const asynchron_t) -> c_int;
    pub fn asynchron_set_bytes(a: *mut asynchron_t, data: *const c_void, len: usize) -> asynchron_status_t;
    pub fn asynchron_set_pointer(
        a: *mut asynchron_t, ptr: *mut c_void, drop: asynchron_drop_fn_t,
    ) -> asynchron_status_t;
    pub fn asynchron_set_buffer(
        a: *mut asynchron_t, data: *const c_void, len: usize, owner: *mut c_void, drop: asynchron_drop_fn_t,
    ) -> asynchron_status_t;
    pub fn asynchron_fail(a: *mut asynchron_t, code: i32, message: *const c_char) -> asynchron_status_t;
    pub fn asynchron_fail_with(
        a: *mut asynchron_t, code: i32, domain: *const c_char, message: *const c_char, payload: *mut c_void,
        drop: asynchron_drop_fn_t,
    ) -> asynchron_status_t;
    pub fn asynchron_cancel(a: *mut asynchron_t) -> asynchron_status_t;
    pub fn asynchron_cancel_with(a: *mut asynchron_t, reason: *const c_char) -> asynchron_status_t;
    pub fn asynchron_cancel_pending(a: *mut asynchron_t, reason: *const c_char) -> asynchron_status_t;
    pub fn asynchron_follow(into: *mut asynchron_t, source: *mut asynchron_t) -> asynchron_status_t;
    pub fn asynchron_get(a: *mut asynchron_t, out: *mut asynchron_value_t) -> asynchron_status_t;
    pub fn asynchron_get_timeout(
        a: *mut asynchron_t, timeout_ns: u64, out: *mut asynchron_value_t,
    ) -> asynchron_status_t;
    pub fn asynchron_get_bytes(
        a: *mut asynchron_t, buf: *mut c_void, cap: usize, len: *mut usize,
    ) -> asynchron_status_t;
    pub fn asynchron_wait(a: *mut asynchron_t, timeout_ns: u64) -> asynchron_status_t;
    pub fn asynchron_error(a: *mut asynchron_t, out: *mut asynchron_error_t) -> asynchron_status_t;
    pub fn asynchron_take(a: *mut asynchron_t, ptr: *mut *mut c_void) -> asynchron_status_t;
    pub fn asynchron_call(a: *mut asynchron_t, r#fn: asynchron_fn_t, ctx: *mut c_void) -> asynchron_status_t;
    pub fn asynchron_start(a: *mut asynchron_t) -> asynchron_status_t;
    pub fn asynchron_wait_returned(a: *mut asynchron_t, timeout_ns: u64) -> asynchron_status_t;
    pub fn asynchron_spawn(
        a: *mut asynchron_t, r#fn: asynchron_fn_t, ctx: *mut c_void, drop_ctx: asynchron_drop_fn_t,
    ) -> asynchron_status_t;
    pub fn asynchron_executor_create(
        options: *const asynchron_executor_options_t, out: *mut *mut asynchron_executor_t,
    ) -> asynchron_status_t;
    pub fn asynchron_executor_default() -> *mut asynchron_executor_t;
    pub fn asynchron_executor_retain(e: *mut asynchron_executor_t) -> *mut asynchron_executor_t;
    pub fn asynchron_executor_release(e: *mut asynchron_executor_t);
    pub fn asynchron_executor_shutdown(
        e: *mut asynchron_executor_t, flags: u64, timeout_ns: u64,
    ) -> asynchron_status_t;
    pub fn asynchron_spawn_on(
        e: *mut asynchron_executor_t, a: *mut asynchron_t, r#fn: asynchron_fn_t, ctx: *mut c_void,
        drop_ctx: asynchron_drop_fn_t,
    ) -> asynchron_status_t;
    pub fn asynchron_task_run(task: *mut asynchron_task_t);
    pub fn asynchron_task_discard(task: *mut asynchron_task_t);
    pub fn asynchron_progress(a: *mut asynchron_t, done: u64, total: u64) -> asynchron_status_t;
    pub fn asynchron_progress_of(a: *const asynchron_t, done: *mut u64, total: *mut u64) -> asynchron_status_t;
    pub fn asynchron_promise_create(a: *mut asynchron_t, flags: u64) -> *mut asynchron_promise_t;
    pub fn asynchron_promise_retain(p: *mut asynchron_promise_t) -> *mut asynchron_promise_t;
    pub fn asynchron_promise_release(p: *mut asynchron_promise_t);
    pub fn asynchron_promise_asynchron(p: *const asynchron_promise_t) -> *mut asynchron_t;
    pub fn asynchron_notify(a: *mut asynchron_t, r#fn: asynchron_notify_fn_t, ctx: *mut c_void) -> asynchron_status_t;
    pub fn asynchron_notify_with(
        a: *mut asynchron_t, options: *const asynchron_notify_options_t, token: *mut u64,
    ) -> asynchron_status_t;
    pub fn asynchron_unnotify(a: *mut asynchron_t, token: u64) -> asynchron_status_t;
    pub fn asynchron_try_unnotify(a: *mut asynchron_t, token: u64) -> asynchron_status_t;
    pub fn asynchron_run_due();
    pub fn asynchron_report_create(handles: *const *mut asynchron_t, n: usize) -> *mut asynchron_report_t;
    pub fn asynchron_report_retain(r: *mut asynchron_report_t) -> *mut asynchron_report_t;
    pub fn asynchron_report_release(r: *mut asynchron_report_t);
    pub fn asynchron_report_add(
        r: *mut asynchron_report_t, a: *mut asynchron_t, tag: *mut c_void,
    ) -> asynchron_status_t;
    pub fn asynchron_report_remove(r: *mut asynchron_report_t, a: *mut asynchron_t) -> asynchron_status_t;
    pub fn asynchron_report_next(
        r: *mut asynchron_report_t, timeout_ns: u64, out: *mut asynchron_item_t,
    ) -> asynchron_status_t;
    pub fn asynchron_report_next_batch(
        r: *mut asynchron_report_t, timeout_ns: u64, out: *mut asynchron_item_t, cap: usize, n: *mut usize,
    ) -> asynchron_status_t;
    pub fn asynchron_report_pending(r: *const asynchron_report_t) -> usize;
    pub fn asynchron_report_wake(r: *mut asynchron_report_t) -> asynchron_status_t;
    pub fn asynchron_report_close(r: *mut asynchron_report_t) -> asynchron_status_t;
    pub fn asynchron_report_rearm(r: *mut asynchron_report_t) -> asynchron_status_t;
    pub fn asynchron_report_fd(r: *mut asynchron_report_t) -> c_int;
    pub fn asynchron_report_watch(r: *mut asynchron_report_t, watch: c_int) -> asynchron_status_t;
    pub fn asynchron_expire_after(a: *mut asynchron_t, timeout_ns: u64) -> asynchron_status_t;
    pub fn asynchron_timer(timeout_ns: u64) -> *mut asynchron_t;
    pub fn asynchron_wait_any(
        handles: *const *mut asynchron_t, n: usize, timeout_ns: u64, index: *mut usize,
    ) -> asynchron_status_t;
    pub fn asynchron_wait_all(handles: *const *mut asynchron_t, n: usize, timeout_ns: u64) -> asynchron_status_t;
    pub fn asynchron_after(
        handles: *const *mut asynchron_t, n: usize, into: *mut asynchron_t, r#fn: asynchron_join_fn_t, ctx: *mut c_void,
        drop_ctx: asynchron_drop_fn_t,
    ) -> *mut asynchron_t;
    pub fn asynchron_then(
        a: *mut asynchron_t, into: *mut asynchron_t, r#fn: asynchron_join_fn_t, ctx: *mut c_void,
        drop_ctx: asynchron_drop_fn_t,
    ) -> *mut asynchron_t;
    pub fn asynchron_after_with(
        handles: *const *mut asynchron_t, n: usize, into: *mut asynchron_t, options: *const asynchron_step_options_t,
        out: *mut *mut asynchron_t,
    ) -> asynchron_status_t;
    pub fn asynchron_then_with(
        a: *mut asynchron_t, into: *mut asynchron_t, options: *const asynchron_step_options_t,
        out: *mut *mut asynchron_t,
    ) -> asynchron_status_t;
    pub fn asynchron_all(
        handles: *const *mut asynchron_t, n: usize, into: *mut asynchron_t, flags: u64,
    ) -> *mut asynchron_t;
    pub fn asynchron_any(
        handles: *const *mut asynchron_t, n: usize, into: *mut asynchron_t, flags: u64,
    ) -> *mut asynchron_t;
    pub fn asynchron_race(
        handles: *const *mut asynchron_t, n: usize, into: *mut asynchron_t, flags: u64,
    ) -> *mut asynchron_t;
}
