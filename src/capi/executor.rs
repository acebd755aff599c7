//! Executors
//!
//! An executor decides on which thread something runs: on threads of its own, or of the program's.
//! Take one for what computes, and another for calls that block, so that neither waits for the
//! other; give a plug-in its own, and shut that down before the plug-in is unloaded; or have
//! callbacks run in the program's own loop.
//!
//! Handles, what was given to it and callbacks registered with it keep an executor. In the child of
//! a fork every executor is empty, and open or closed as it was, and what was spawned on it before does
//! not keep it.

use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::ptr::{self, NonNull};

use super::asynchron_status_t::{self, *};
use super::compute::status_of_spawn;
use super::options::{self, Options};
use super::types::{
    asynchron_drop_fn_t, asynchron_executor_t, asynchron_fn_t, asynchron_t, asynchron_task_t,
    drop_fn, plain_fn,
};
use super::{catch_panic, handle, status_of_wait_error, text};
use crate::base::program::Owned;
use crate::pool::{Counted, Errand, Executor, PostFn, Terms, TermsKind};
use crate::sys::THREAD_NAME;

/// A flag of asynchron_executor_shutdown(): what has not begun is cancelled.
pub const ASYNCHRON_SHUTDOWN_CANCEL: u64 = 1;

/// Takes a task: 0 means that asynchron_task_run() or asynchron_task_discard() will be called for
/// it, once, on any thread; it may have been called already, inside this function. Any other number
/// refuses the task, which is then not yours.
///
/// It is called without a lock of the library, on whatever thread spawns or completes, also on
/// several at a time. So it should do no more than add the task to a queue and wake whoever runs it.
pub type asynchron_post_fn_t =
    Option<unsafe extern "C" fn(task: *mut asynchron_task_t, ctx: *mut c_void) -> i32>;

/// How asynchron_executor_create() makes an executor. Zero it, set size, then what you need.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_executor_options_t {
    /// sizeof(asynchron_executor_options_t)
    pub size: usize,
    /// Its threads are named so, cut to 15 bytes; NULL or "": as those of asynchron_spawn().
    pub name: *const c_char,
    /// How many tasks run at a time, at most; 0: as many as processors.
    pub threads: usize,
    /// Bytes of each thread's stack, raised to the least that a thread needs; 0: the system's.
    pub stack_size: usize,
    /// 0. Unknown flags are refused.
    pub flags: u64,
    /// For threads of your own: is given each task. threads and stack_size are ignored then.
    pub post: asynchron_post_fn_t,
    /// Handed over: passed to post.
    pub ctx: *mut c_void,
    /// Frees ctx, with the executor; NULL: never.
    pub drop_ctx: asynchron_drop_fn_t,
}

// SAFETY: integers, pointers and nullable function pointers: all zero is valid.
unsafe impl Options for asynchron_executor_options_t {
    const FIRST_SIZE: usize = offset_of!(Self, drop_ctx) + size_of::<asynchron_drop_fn_t>();
}

/// An executor as it came in.
///
/// # Safety
/// NULL, or an executor that lives as long as the call.
pub(super) unsafe fn executor<'a>(e: *const asynchron_executor_t) -> Option<&'a Executor> {
    // SAFETY: a pointer to an executor is one to an `Executor`; the caller vouches for this one.
    unsafe { e.cast::<Executor>().as_ref() }
}

/// Makes an executor.
///
/// Without `post`, it has threads of its own, made when needed, and at most `threads` of its tasks
/// run at a time, in the order in which they came. One that sleeps in a wait of this library does
/// not count, so tasks that wait for tasks of the same executor never lock it up, also if `threads`
/// is 1. One that wakes goes on at once, even if that is one more than `threads`; nothing begins
/// until fewer run. One that blocks by other means counts. The threads are as those of
/// asynchron_spawn(), but for name and stack, and end when they have rested for a second.
///
/// With `post`, every task is given to that function, for a thread or a loop of your own to run.
///
/// - Needs: `options` with size set; `out` writable. A size larger than this header's is accepted
///   if all that this header does not know is zero.
/// - Ownership: the name is copied. ctx is handed over, whatever is returned, unless the size is
///   refused: then nothing was read. The reference in `*out` is yours:
///   asynchron_executor_release() it.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, a size too small or over 4096, an unknown
///   flag, or a field that this library does not know and that is not zero; ASYNCHRON_E_NOMEM.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_executor_create(
    options: *const asynchron_executor_options_t,
    out: *mut *mut asynchron_executor_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for as many bytes as the size says.
        let Some(options::Read { options, unknown }) = (unsafe { options::read(options) }) else {
            return ASYNCHRON_E_INVALID;
        };
        let ctx = Owned { ptr: options.ctx, drop: drop_fn(options.drop_ctx) };
        if unknown || options.flags != 0 || out.is_null() {
            return ASYNCHRON_E_INVALID;
        }
        let kind = match post_fn(options.post) {
            Some(post) => TermsKind::Post(post),
            None => TermsKind::Threads(options.threads),
        };
        // SAFETY: the caller vouches for the text.
        let name = cut(unsafe { text(options.name) }.to_bytes());
        let terms = Terms { kind, name, stack_size: options.stack_size, ctx };
        let Ok(made) = Executor::create(terms) else {
            return ASYNCHRON_E_NOMEM;
        };
        // SAFETY: the caller vouches that it may be written.
        unsafe { out.write(made.into_raw().as_ptr().cast()) };
        ASYNCHRON_OK
    })
}

/// As much of a name as a thread may have, and zeroes.
fn cut(name: &[u8]) -> [u8; THREAD_NAME] {
    let mut cut = [0; THREAD_NAME];
    for (to, from) in cut.iter_mut().take(THREAD_NAME - 1).zip(name) {
        *to = *from;
    }
    cut
}

fn post_fn(function: asynchron_post_fn_t) -> Option<PostFn> {
    // SAFETY: the ABIs differ only in that an exception may come out, and pointers to either type are the same.
    function.map(|f| unsafe {
        std::mem::transmute::<
            unsafe extern "C" fn(*mut asynchron_task_t, *mut c_void) -> i32,
            PostFn,
        >(f)
    })
}

/// The executor of asynchron_spawn(): see there for how many of its tasks run at a time.
///
/// - Ownership: a new reference, which is yours: asynchron_executor_release() it.
/// - Returns: the executor, always the same, never NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub extern "C" fn asynchron_executor_default() -> *mut asynchron_executor_t {
    let default = Executor::default().map(Counted::retain);
    default.map_or(ptr::null_mut(), |default| default.into_raw().as_ptr().cast())
}

/// Takes one more reference.
///
/// - Needs: `e`, an executor, or NULL.
/// - Ownership: the new reference is yours: asynchron_executor_release() it.
/// - Returns: `e`; NULL for NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_executor_retain(
    e: *mut asynchron_executor_t,
) -> *mut asynchron_executor_t {
    // SAFETY: the caller vouches for the executor.
    if let Some(e) = unsafe { executor(e) } {
        let _ = Counted::retain(e).into_raw();
    }
    e
}

/// Gives up one reference. What was given to the executor still runs; when nothing of it is left, it
/// goes, and its drop_ctx runs, on whatever thread is done with it last: its own threads keep it as
/// long as they rest. NULL does nothing.
///
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_executor_release(e: *mut asynchron_executor_t) {
    catch_panic((), || {
        if let Some(e) = NonNull::new(e.cast::<Executor>()) {
            // SAFETY: the caller gives this reference up.
            drop(unsafe { Counted::from_raw(e) });
        }
    });
}

/// Closes an executor, for ever, and waits until all that it was given has returned: the functions,
/// their drop_ctx, and what they completed. So what those use can be freed or unloaded afterwards.
///
/// With ASYNCHRON_SHUTDOWN_CANCEL, what has not begun is cancelled: asynchrons that are pending, with
/// the reason "shut down"; their functions never run. Queued callbacks run on this thread. Without,
/// all still runs.
///
/// From the call on asynchron_spawn_on() returns ASYNCHRON_E_CLOSED, also inside the executor's own
/// tasks. With `post`, it waits until each task that was accepted has been run, discarded or
/// cancelled; a cancelled one must still be run or discarded, and does nothing.
///
/// Shutting down does not take callbacks and steps back. One whose asynchron is still pending runs
/// later, as one without an executor: on the thread that completes it. To end a loop of your own:
///
/// 1. Take back what is registered with it by asynchron_unnotify(), or cancel those asynchrons.
/// 2. Run the tasks in the queue, until each callback that is left has run.
/// 3. Shut down with a timeout of 0; until that is ASYNCHRON_OK, run what is in the queue.
/// 4. Release the executor.
///
/// The default executor can be shut down, too: by the program alone, as its last act. Then
/// asynchron_spawn() returns ASYNCHRON_E_CLOSED.
///
/// - Threads: blocks, but not with a timeout of 0. Inside a callback it first runs what is due on this
///   thread. Two tasks that shut down each other's executor wait for ever.
/// - Returns: ASYNCHRON_OK: nothing of it runs any more; ASYNCHRON_TIMEOUT: something does: ask
///   again; ASYNCHRON_E_DEADLOCK: inside a task of this executor, which would wait for itself. Then
///   the executor is as it was. With a timeout of 0 it is closed, and ASYNCHRON_TIMEOUT returned.
///   ASYNCHRON_E_INVALID: NULL, or an unknown flag.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_executor_shutdown(
    e: *mut asynchron_executor_t,
    flags: u64,
    timeout_ns: u64,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the executor.
        let executor = unsafe { executor(e) };
        let Some(e) = executor.filter(|_| flags & !ASYNCHRON_SHUTDOWN_CANCEL == 0) else {
            return ASYNCHRON_E_INVALID;
        };
        // What runs inside may release the caller's.
        let e = Counted::retain(e);
        match e.shut_down(flags & ASYNCHRON_SHUTDOWN_CANCEL != 0, timeout_ns) {
            Ok(()) => ASYNCHRON_OK,
            Err(error) => status_of_wait_error(error),
        }
    })
}

/// As asynchron_spawn(), but `fn` runs where this executor has it run.
///
/// - Needs: `fn` not NULL.
/// - Ownership: as asynchron_spawn().
/// - Returns: as asynchron_spawn(), and ASYNCHRON_E_CLOSED: the executor was shut down;
///   ASYNCHRON_E_SYSTEM, too, if its `post` refuses.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_spawn_on(
    e: *mut asynchron_executor_t,
    a: *mut asynchron_t,
    r#fn: asynchron_fn_t,
    ctx: *mut c_void,
    drop_ctx: asynchron_drop_fn_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        let ctx = Owned { ptr: ctx, drop: drop_fn(drop_ctx) };
        // SAFETY: the caller vouches for the executor.
        let Some(e) = (unsafe { executor(e) }) else {
            return ASYNCHRON_E_INVALID;
        };
        // SAFETY: the caller vouches for the handle.
        let (Some(a), Some(function)) = (unsafe { handle(a) }, plain_fn(r#fn)) else {
            return ASYNCHRON_E_INVALID;
        };
        status_of_spawn(e.spawn(a, function, ctx))
    })
}

/// Runs a task that a `post` accepted: the function of asynchron_spawn_on(), a callback, or the
/// function of a step. If that is not needed any more, does nothing. Inside a callback, a callback
/// or a step runs at the end of the queue of this thread instead. NULL does nothing.
///
/// - Ownership: `task` is gone afterwards.
/// - Threads: runs it inside this call, on whatever thread calls.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_task_run(task: *mut asynchron_task_t) {
    catch_panic((), || {
        if let Some(task) = NonNull::new(task.cast::<Errand>()) {
            // SAFETY: the caller vouches that it was accepted, and calls once.
            unsafe { Errand::run(task) };
        }
    });
}

/// Gives a task back that a `post` accepted, without running it: an asynchron that it would have
/// computed fails with domain "asynchron" and code ASYNCHRON_E_BROKEN; a callback's ctx is dropped.
/// NULL does nothing.
///
/// - Ownership: `task` is gone afterwards.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_task_discard(task: *mut asynchron_task_t) {
    catch_panic((), || {
        if let Some(task) = NonNull::new(task.cast::<Errand>()) {
            // SAFETY: the caller vouches that it was accepted, and calls once.
            unsafe { Errand::discard(task) };
        }
    });
}
