//! Several together
//!
//! Hold every handle in an array for the length of the call. The same one may be there twice.

use std::ffi::c_void;
use std::ptr;

use super::asynchron_status_t::{self, *};
use super::callbacks::{ON_FLAGS, ways};
use super::executor::executor;
use super::options::{self, Options};
use super::types::{
    asynchron_drop_fn_t, asynchron_executor_t, asynchron_join_fn_t, asynchron_t, drop_fn, join_fn,
};
use super::{catch_panic, handle, handles, status_of_wait_error};
use crate::base::memory::NoMemory;
use crate::base::program::Owned;
use crate::listen::JoinFn;
use crate::listen::after::after;
use crate::listen::all::wait_all;
use crate::listen::any::wait_any;
use crate::listen::then::{Step, then, then_on};
use crate::listen::ways::Ways;
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::pool::Counted;

/// Waits until any of several is complete, however it ended. Leaves nothing behind on the others.
/// Does not start a function on demand.
///
/// - Needs: `as`, an array of `n` handles, at least 1, none of them NULL; `index` writable, or
///   NULL.
/// - Threads: blocks, but not with a timeout of 0.
/// - Returns: ASYNCHRON_OK: `*index` is that of a complete one: the lowest, if several were
///   complete at the call; ASYNCHRON_TIMEOUT; ASYNCHRON_E_DEADLOCK: this thread is computing all of
///   them; ASYNCHRON_E_INVALID; ASYNCHRON_E_NOMEM: only with many handles.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_wait_any(
    r#as: *const *mut asynchron_t,
    n: usize,
    timeout_ns: u64,
    index: *mut usize,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the array.
        let Some(all) = (unsafe { handles(r#as, n) }).filter(|all| !all.is_empty()) else {
            return ASYNCHRON_E_INVALID;
        };
        match wait_any(all, timeout_ns) {
            Ok(Ok(complete)) => {
                if !index.is_null() {
                    // SAFETY: the caller vouches that it may be written.
                    unsafe { *index = complete };
                }
                ASYNCHRON_OK
            }
            Ok(Err(error)) => status_of_wait_error(error),
            Err(NoMemory) => ASYNCHRON_E_NOMEM,
        }
    })
}

/// Waits until all of several are complete, however they ended. Does not start a function on
/// demand.
///
/// - Needs: `as`, an array of `n` handles, none of them NULL.
/// - Threads: blocks, but not with a timeout of 0.
/// - Returns: ASYNCHRON_OK: all are complete, or there are none; ASYNCHRON_TIMEOUT;
///   ASYNCHRON_E_DEADLOCK: this thread is computing one of them; ASYNCHRON_E_INVALID.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_wait_all(
    r#as: *const *mut asynchron_t,
    n: usize,
    timeout_ns: u64,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the array.
        let Some(all) = (unsafe { handles(r#as, n) }) else {
            return ASYNCHRON_E_INVALID;
        };
        match wait_all(all.iter().copied(), timeout_ns) {
            Ok(()) => ASYNCHRON_OK,
            Err(error) => status_of_wait_error(error),
        }
    })
}

/// Has `fn` compute the value of `into` once all of several are complete, however they ended. `fn`
/// runs on the thread that completes the last one; inside this call, if none is left to wait for.
///
/// What `fn` returns means what asynchron_fn_t says. A failure of a source does not pass on by
/// itself. If `into` is not pending by then, `fn` does not run. Cancelling `into` does not cancel
/// the sources. A function on demand is not started.
///
/// - Needs: `as`, an array of `n` handles, none of them NULL or `into`; `into`, or NULL to have one
///   made; `fn` not NULL.
/// - Ownership: the reference returned is yours; you may release it at once, and `fn` still runs,
///   since `into` is kept until then. A complete source is kept until `fn` has returned. A pending
///   source is not kept: when its last handle goes, it fails as broken, and `fn` sees that. If two
///   wait for each other in this way, neither is freed until somebody delivers one of them. `ctx`
///   is handed over; `drop_ctx`(ctx) runs after `fn`, or as soon as it is known that `fn` never
///   runs; with `drop_ctx` NULL nobody frees it. When `into` completes otherwise (by a cancel, say),
///   all sources are let go, and `drop_ctx` runs among the callbacks of `into`.
/// - Threads: `fn` may run inside this call.
/// - Returns: a new reference to `into`; NULL for a NULL, for `into` among the sources, or if there
///   is no memory.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_after(
    r#as: *const *mut asynchron_t,
    n: usize,
    into: *mut asynchron_t,
    r#fn: asynchron_join_fn_t,
    ctx: *mut c_void,
    drop_ctx: asynchron_drop_fn_t,
) -> *mut asynchron_t {
    catch_panic(ptr::null_mut(), || {
        let ctx = Owned { ptr: ctx, drop: drop_fn(drop_ctx) };
        // SAFETY: the caller vouches for the array.
        let Some(sources) = (unsafe { handles(r#as, n) }) else {
            return ptr::null_mut();
        };
        // SAFETY: the caller vouches for the handle.
        unsafe {
            go_on(sources, into, r#fn, |into, function| after(sources, into, function, ctx, None))
        }
    })
}

/// Has `fn` compute the value of `into` from the value of `a`. If `a` fails or is cancelled, `fn`
/// does not run, and `into` ends the same way; a failure passes on whole, with its payload shared.
/// Cancelling `into` does not cancel `a`.
///
/// - Needs: `a` not NULL nor `into`; `into`, or NULL to have one made; `fn` not NULL: it gets an
///   array of the one source.
/// - Ownership: as for asynchron_after().
/// - Threads: `fn` may run inside this call.
/// - Returns: a new reference to `into`; NULL for a NULL, for `into` that is `a`, or if there is no
///   memory.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_then(
    a: *mut asynchron_t,
    into: *mut asynchron_t,
    r#fn: asynchron_join_fn_t,
    ctx: *mut c_void,
    drop_ctx: asynchron_drop_fn_t,
) -> *mut asynchron_t {
    catch_panic(ptr::null_mut(), || {
        let ctx = Owned { ptr: ctx, drop: drop_fn(drop_ctx) };
        // SAFETY: the caller vouches for the handle.
        let Some(source) = (unsafe { handle(a) }) else {
            return ptr::null_mut();
        };
        // SAFETY: the caller vouches for `into`.
        unsafe {
            go_on(&[source], into, r#fn, |into, function| {
                then(source, into, Step { function, ctx, ways: Ways::VALUE })
            })
        }
    })
}

/// How asynchron_then_with() and asynchron_after_with() go on. Zero it, set size, then what you need.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_step_options_t {
    /// sizeof(asynchron_step_options_t)
    pub size: usize,
    /// What to call.
    pub r#fn: asynchron_join_fn_t,
    /// Handed over: passed to fn.
    pub ctx: *mut c_void,
    /// Frees ctx, when fn has returned, or never will run; NULL: never.
    pub drop_ctx: asynchron_drop_fn_t,
    /// 0, or of ASYNCHRON_ON_VALUE, ASYNCHRON_ON_FAILURE and ASYNCHRON_ON_CANCEL those that are
    /// wanted, joined by |. Unknown flags are refused. asynchron_after_with() takes none. With 0, fn
    /// runs however the source ended, unlike that of asynchron_then(): for what asynchron_then()
    /// does, give ASYNCHRON_ON_VALUE.
    pub flags: u64,
    /// Which runs fn, once the sources are complete: it keeps its place among what that has to run.
    /// If the executor refuses it or is shut down by then, fn runs as without one. NULL: fn runs on
    /// the thread that completes the last source.
    pub executor: *mut asynchron_executor_t,
}

// SAFETY: integers, pointers and nullable function pointers: all zero is valid.
unsafe impl Options for asynchron_step_options_t {
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// asynchron_after() with options.
///
/// - Needs: `as`, an array of `n` handles, none of them NULL or `into`; `into`, or NULL to have one
///   made; `options` with size and fn set. A size larger than this header's is accepted if all that
///   this header does not know is zero. `out` writable; NULL if `into` is given and no reference to
///   it is needed.
/// - Ownership: as for asynchron_after(), and ctx is handed over, whatever is returned, unless the
///   size is refused: then nothing was read. The reference in `*out` is yours.
/// - Threads: fn may run inside this call.
/// - Returns: ASYNCHRON_OK: `*out` is a new reference to `into`; ASYNCHRON_E_INVALID: a NULL, `into`
///   among the sources, a size too small or over 4096, any flag, or a field that this library does
///   not know and that is not zero; ASYNCHRON_E_NOMEM.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_after_with(
    r#as: *const *mut asynchron_t,
    n: usize,
    into: *mut asynchron_t,
    options: *const asynchron_step_options_t,
    out: *mut *mut asynchron_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for as many bytes as the size says.
        let Some((step, executor)) = (unsafe { step(options, 0) }) else {
            return ASYNCHRON_E_INVALID;
        };
        // SAFETY: the caller vouches for the array.
        let Some(sources) = (unsafe { handles(r#as, n) }) else {
            return ASYNCHRON_E_INVALID;
        };
        let Step { function, ctx, .. } = step;
        // SAFETY: the caller vouches for `into` and `out`.
        unsafe {
            go_on_with(sources, into, out, |into| after(sources, into, function, ctx, executor))
        }
    })
}

/// asynchron_then() for the ways of ending that you choose.
///
/// With ASYNCHRON_ON_VALUE alone it is asynchron_then(). With ASYNCHRON_ON_FAILURE, `fn` runs if
/// `a` failed: what other languages call catch. ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL recovers
/// from both. If `a` did not end in a way that was given, `fn` does not run, and `into` ends as `a`
/// did: with its value, which stays where it is and is shared, its whole error, or its cancel with
/// the reason. With no flag, `fn` runs however `a` ended: what other languages call finally.
///
/// - Needs: `a` not NULL nor `into`; `into`, or NULL to have one made; `options` with size and fn
///   set: fn gets an array of the one source. A size larger than this header's is accepted if all
///   that this header does not know is zero. `out` writable; NULL if `into` is given and no
///   reference to it is needed.
/// - Ownership: as for asynchron_after(), and ctx is handed over, whatever is returned, unless the
///   size is refused: then nothing was read. The reference in `*out` is yours.
/// - Threads: fn may run inside this call.
/// - Returns: ASYNCHRON_OK: `*out` is a new reference to `into`; ASYNCHRON_E_INVALID: a NULL, `into`
///   that is `a`, a size too small or over 4096, an unknown flag, or a field that this library does
///   not know and that is not zero; ASYNCHRON_E_NOMEM.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_then_with(
    a: *mut asynchron_t,
    into: *mut asynchron_t,
    options: *const asynchron_step_options_t,
    out: *mut *mut asynchron_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for as many bytes as the size says.
        let Some((step, executor)) = (unsafe { step(options, ON_FLAGS) }) else {
            return ASYNCHRON_E_INVALID;
        };
        // SAFETY: the caller vouches for the handle.
        let Some(source) = (unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        // SAFETY: the caller vouches for `into` and `out`.
        unsafe {
            go_on_with(&[source], into, out, |into| match executor {
                Some(executor) => then_on(executor, source, into, step),
                None => then(source, into, step),
            })
        }
    })
}

/// What the options ask for; `None`: they are refused, and what was handed over is dropped.
///
/// # Safety
/// NULL, or a `size_t` that says how many bytes are there to read.
unsafe fn step(
    options: *const asynchron_step_options_t,
    known: u64,
) -> Option<(Step, Option<Counted>)> {
    // SAFETY: as the caller promises.
    let options::Read { options, unknown } = unsafe { options::read(options) }?;
    let ctx = Owned { ptr: options.ctx, drop: drop_fn(options.drop_ctx) };
    if unknown || options.flags & !known != 0 {
        return None;
    }
    // SAFETY: the caller vouches for the executor.
    let executor = unsafe { executor(options.executor) }.map(Counted::retain);
    let step = Step { function: join_fn(options.r#fn)?, ctx, ways: ways(options.flags) };
    Some((step, executor))
}

/// # Safety
/// `into` is NULL or a handle that lives as long as the call; `out` is NULL or may be written.
unsafe fn go_on_with(
    sources: &[&Asynchron],
    into: *mut asynchron_t,
    out: *mut *mut asynchron_t,
    begin: impl FnOnce(Option<&Asynchron>) -> Result<Handle, NoMemory>,
) -> asynchron_status_t {
    // SAFETY: as the caller promises.
    let into = unsafe { handle(into) };
    if is_among(into, sources) || (into.is_none() && out.is_null()) {
        return ASYNCHRON_E_INVALID;
    }
    let Ok(into) = begin(into) else {
        return ASYNCHRON_E_NOMEM;
    };
    if !out.is_null() {
        // SAFETY: as the caller promises.
        unsafe { out.write(into.into_raw().cast()) };
    }
    ASYNCHRON_OK
}

fn is_among(into: Option<&Asynchron>, sources: &[&Asynchron]) -> bool {
    into.is_some_and(|into| sources.iter().any(|source| ptr::eq(*source, into)))
}

/// # Safety
/// `into` is NULL or a handle that lives as long as the call.
#[inline]
unsafe fn go_on(
    sources: &[&Asynchron],
    into: *mut asynchron_t,
    function: asynchron_join_fn_t,
    begin: impl FnOnce(Option<&Asynchron>, JoinFn) -> Result<Handle, NoMemory>,
) -> *mut asynchron_t {
    let Some(function) = join_fn(function) else {
        return ptr::null_mut();
    };
    // SAFETY: as the caller promises.
    let into = unsafe { handle(into) };
    if is_among(into, sources) {
        return ptr::null_mut();
    }
    begin(into, function).map_or(ptr::null_mut(), Handle::into_raw).cast()
}
