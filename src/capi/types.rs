//! Statuses and types
//!
//! Both enums are int32_t wide, and their values never change.

use std::ffi::{c_char, c_void};

use crate::base::program::DropFn;
use crate::listen::JoinFn;
use crate::listen::callback::NotifyFn;
use crate::one::demand::Function;

/// What a call answers. 0 and above: what happened, or how the asynchron or the report is. Below 0:
/// the call was refused and has changed nothing.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum asynchron_status_t {
    /// Done; there is a value.
    ASYNCHRON_OK = 0,
    /// The asynchron failed: ask asynchron_error().
    ASYNCHRON_FAILED = 1,
    /// The asynchron was cancelled.
    ASYNCHRON_CANCELLED = 2,
    /// It is not complete.
    ASYNCHRON_PENDING = 3,
    /// The time ran out first.
    ASYNCHRON_TIMEOUT = 4,
    /// Too late: it is delivered, or started, or has run.
    ASYNCHRON_ALREADY = 5,
    /// Nothing is left.
    ASYNCHRON_END = 6,
    /// asynchron_report_wake() was called.
    ASYNCHRON_WOKEN = 7,
    /// An argument is NULL or invalid.
    ASYNCHRON_E_INVALID = -1,
    /// Out of memory.
    ASYNCHRON_E_NOMEM = -2,
    /// The thread would wait for itself.
    ASYNCHRON_E_DEADLOCK = -3,
    /// The system refuses a thread or a descriptor.
    ASYNCHRON_E_SYSTEM = -4,
    /// A bug in this library. Please report it.
    ASYNCHRON_E_INTERNAL = -5,
    /// Never returned. The code of an asynchron that failed because nobody was left to deliver: its
    /// last handle or its last promise was released, or its task was discarded.
    ASYNCHRON_E_BROKEN = -6,
    /// The executor or the report was closed. (Since: 0.2.0)
    ASYNCHRON_E_CLOSED = -7,
}

/// The states of an asynchron. A failed one is READY, too.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum asynchron_state_t {
    /// Nobody has delivered or started it.
    ASYNCHRON_STATE_PENDING = 0,
    /// A function is computing its value.
    ASYNCHRON_STATE_RUNNING = 1,
    /// It has a value or an error.
    ASYNCHRON_STATE_READY = 2,
    /// It was cancelled.
    ASYNCHRON_STATE_CANCELLED = 3,
}

/// A timeout in nanoseconds that never runs out. A timeout of 0 does not wait.
pub const ASYNCHRON_FOREVER: u64 = u64::MAX;

/// A value that arrives later. Opaque and reference counted, for any thread.
pub struct asynchron_t {
    _opaque: [u8; 0],
}

/// Many asynchrons, in completion order. Opaque and reference counted, for any thread.
pub struct asynchron_report_t {
    _opaque: [u8; 0],
}

/// The producers' share in an asynchron. Opaque and counted, for any thread.
pub struct asynchron_promise_t {
    _opaque: [u8; 0],
}

/// Where something runs: on threads of its own, or of the program's. Opaque and reference counted,
/// for any thread.
pub struct asynchron_executor_t {
    _opaque: [u8; 0],
}

/// Something that an executor is to run. Opaque.
pub struct asynchron_task_t {
    _opaque: [u8; 0],
}

/// A value, borrowed: valid while you hold the handle that it came from. An empty value is
/// {NULL, 0}, however it was set; one set by asynchron_set_pointer() is {the pointer, 0}.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct asynchron_value_t {
    /// The bytes. Copied ones are aligned as malloc's.
    pub data: *const c_void,
    /// How many.
    pub len: usize,
}

/// A failure or a cancel, borrowed: valid while you hold the handle that it came from. No string is
/// ever NULL.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct asynchron_error_t {
    /// As given to the call that failed it, also 0. Of a cancel: 0.
    pub code: i32,
    /// Whose code that is; "" unless given. A failure that the library makes by itself, as when
    /// nobody is left to deliver, has "asynchron"; what a function returned has "", also if that was
    /// a status of the library.
    pub domain: *const c_char,
    /// For people; "" unless given. Of a cancel: the reason.
    pub message: *const c_char,
    /// Anything more, or NULL.
    pub payload: *const c_void,
}

/// What a report yields. The reference is yours: asynchron_release() it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct asynchron_item_t {
    /// The one that completed.
    pub asynchron: *mut asynchron_t,
    /// What it was added with.
    pub tag: *mut c_void,
}

/// Frees what you handed over. The library calls it exactly once, with the pointer that came with
/// it, also if that is NULL. It runs on the thread that is done with the pointer last, and never
/// under a lock of the library, so it may call anything. Where a drop may be NULL, the library then
/// never frees the pointer.
pub type asynchron_drop_fn_t = Option<unsafe extern "C" fn(*mut c_void)>;

/// What asynchron_drop_guarded() is given: your own struct begins with it.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct asynchron_guarded_t {
    /// A reference that is given up once drop has returned; NULL for none.
    pub keeper: *mut asynchron_t,
    /// Frees the struct; NULL for nothing.
    pub drop: asynchron_drop_fn_t,
}

/// Computes the value of `self`. It delivers by any of the setters, or has `self` follow another by
/// asynchron_follow(), and then what it returns is ignored. If it returns without having delivered,
/// that completes `self`: 0 with the empty value, any other number with a failure of that code,
/// domain "" and message "".
///
/// So when the function has returned, `self` is complete, or follows. Keeping `self` does not let
/// you deliver later. For a value that comes later have `self` follow the asynchron to which it is
/// delivered.
///
/// The last line may be `return asynchron_set_bytes(self, data, len);`, or any other setter, or
/// `return asynchron_follow(self, source);`. What it returns is ignored if `self` is complete then,
/// or follows: by that line (ASYNCHRON_OK), or since before it (ASYNCHRON_ALREADY,
/// ASYNCHRON_CANCELLED). If the call was refused, `self` fails with that status as its code, such
/// as ASYNCHRON_E_NOMEM.
///
/// `self` is valid during the call; retain it to keep it. Waiting for `self` inside is
/// ASYNCHRON_E_DEADLOCK. Nothing interrupts the function: call asynchron_poll(self) to notice a
/// cancel.
pub type asynchron_fn_t =
    Option<unsafe extern "C" fn(self_: *mut asynchron_t, ctx: *mut c_void) -> i32>;

/// As asynchron_fn_t, for asynchron_after() and asynchron_then(). `sources` are the `n` complete
/// asynchrons that it comes after, in their order, valid during the call. It runs as a callback
/// does: callbacks of what it completes run after it.
pub type asynchron_join_fn_t = Option<
    unsafe extern "C" fn(
        self_: *mut asynchron_t,
        sources: *const *mut asynchron_t,
        n: usize,
        ctx: *mut c_void,
    ) -> i32,
>;

/// Called when `a` is complete. `a` is valid during the call; retain it to keep it.
pub type asynchron_notify_fn_t =
    Option<unsafe extern "C" fn(a: *mut asynchron_t, ctx: *mut c_void)>;

// The library calls the program's functions by their "unwind" ABI, so that an exception that comes
// out of one can be reported, and knows its own object where C has an opaque one.

pub(super) fn drop_fn(function: asynchron_drop_fn_t) -> Option<DropFn> {
    // SAFETY: the ABIs differ only in that an exception may come out.
    function.map(|f| unsafe { std::mem::transmute::<unsafe extern "C" fn(*mut c_void), DropFn>(f) })
}

pub(super) fn plain_fn(function: asynchron_fn_t) -> Option<Function> {
    // SAFETY: the ABIs differ only in that an exception may come out, and pointers to either type are the same.
    function.map(|f| unsafe {
        std::mem::transmute::<unsafe extern "C" fn(*mut asynchron_t, *mut c_void) -> i32, Function>(
            f,
        )
    })
}

pub(super) fn join_fn(function: asynchron_join_fn_t) -> Option<JoinFn> {
    // SAFETY: the ABIs differ only in that an exception may come out, and pointers to either type are the same.
    function.map(|f| unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(
                *mut asynchron_t,
                *const *mut asynchron_t,
                usize,
                *mut c_void,
            ) -> i32,
            JoinFn,
        >(f)
    })
}

pub(super) fn notify_fn(function: asynchron_notify_fn_t) -> Option<NotifyFn> {
    // SAFETY: the ABIs differ only in that an exception may come out, and pointers to either type are the same.
    function.map(|f| unsafe {
        std::mem::transmute::<unsafe extern "C" fn(*mut asynchron_t, *mut c_void), NotifyFn>(f)
    })
}
