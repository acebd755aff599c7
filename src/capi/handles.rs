//! Handles
//!
//! A handle is a counted reference to an asynchron.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::offset_of;

use super::asynchron_state_t::{self, *};
use super::asynchron_status_t::{self, *};
use super::options::{self, Options};
use super::time::status_of_armed;
use super::types::{
    asynchron_drop_fn_t, asynchron_fn_t, asynchron_guarded_t, asynchron_t, drop_fn, plain_fn,
};
use super::{catch_panic, handle, status_of_outcome, text};
use crate::base::memory::NoMemory;
use crate::base::program::Owned;
use crate::compute;
use crate::one::asynchron::Asynchron;
use crate::one::demand::Demand;
use crate::one::extras::Extras;
use crate::one::handle::Handle;
use crate::one::room::Reserve;
use crate::time;

/// What asynchron_create_with() makes. Zero it, set size, then what you need.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct asynchron_options_t {
    /// sizeof(asynchron_options_t)
    pub size: usize,
    /// Copied; NULL for none.
    pub name: *const c_char,
    /// Handed over: what asynchron_user_data() returns.
    pub user_data: *mut c_void,
    /// Frees user_data, with the last reference; NULL: never.
    pub drop_user_data: asynchron_drop_fn_t,
    /// Computes the value, on the thread of the first that asks for it; NULL for none.
    pub on_demand: asynchron_fn_t,
    /// Handed over: passed to on_demand.
    pub on_demand_ctx: *mut c_void,
    /// Frees on_demand_ctx: when on_demand has returned, or once something else completes the
    /// asynchron; NULL: never.
    pub drop_on_demand_ctx: asynchron_drop_fn_t,
    /// Room for a value of so many bytes, at most 64 MiB, in the asynchron's own memory; 0 for none.
    /// asynchron_set_bytes() of at most so many then needs no memory. (Since 0.2.0.)
    pub reserve: usize,
    /// As asynchron_expire_after() with that timeout, in nanoseconds; 0 for none. (Since 0.2.0.)
    pub expire_after_ns: u64,
}

// SAFETY: integers, pointers and nullable function pointers: all zero is valid.
unsafe impl Options for asynchron_options_t {
    const FIRST_SIZE: usize =
        offset_of!(Self, drop_on_demand_ctx) + size_of::<asynchron_drop_fn_t>();
}

/// Makes a pending asynchron.
///
/// - Needs: `name`, a string, or NULL for none.
/// - Ownership: `name` is copied. The reference returned is yours: asynchron_release() it.
/// - Returns: the handle; NULL if there is no memory.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_create(name: *const c_char) -> *mut asynchron_t {
    catch_panic(std::ptr::null_mut(), || {
        let made = if name.is_null() {
            Asynchron::create()
        } else {
            // SAFETY: the caller vouches for the text.
            create_named(unsafe { text(name) })
        };
        made.map_or(std::ptr::null_mut(), Handle::into_raw).cast()
    })
}

#[cold]
#[inline(never)]
fn create_named(name: &CStr) -> Result<Handle, NoMemory> {
    Extras::new(Some(name), Owned::NOTHING, None)
        .and_then(|extras| Asynchron::create_with(extras, Reserve::NOTHING))
}

/// Makes a pending asynchron with user data, with room for its value, or with a function that
/// computes its value on demand.
///
/// With `reserve`, what the value needs is allocated here, in one piece with the asynchron, and not
/// when it is delivered: asynchron_set_bytes() of at most so many bytes allocates nothing, and never
/// returns ASYNCHRON_E_NOMEM. That is faster, and lets a thread deliver that must not allocate. The
/// room stays until the last reference goes, whatever is delivered.
///
/// The function on demand is run by the first asynchron_get(), asynchron_get_bytes(),
/// asynchron_get_timeout() or asynchron_wait() on it, unless the timeout is 0. It runs on that
/// thread and to its end, even if the timeout is shorter. All others wait for that run. Nothing
/// else starts it: no report, no callback, no asynchron_then() or asynchron_after(), no
/// asynchron_wait_any() or asynchron_wait_all(). asynchron_call() and asynchron_spawn() run the
/// function that they are given instead.
///
/// - Needs: `options` with size set; `out` writable. A size larger than this header's is accepted
///   if all that this header does not know is zero.
/// - Ownership: the name is copied. user_data and on_demand_ctx are handed over, whatever is
///   returned, unless the size is refused: then nothing was read. The reference in `*out` is yours:
///   asynchron_release() it.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL, a size too small or over 4096, a `reserve`
///   over 64 MiB, or a field that this library does not know and that is not zero;
///   ASYNCHRON_E_NOMEM; ASYNCHRON_E_SYSTEM: no thread can be had for `expire_after_ns`.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_create_with(
    options: *const asynchron_options_t,
    out: *mut *mut asynchron_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for as many bytes as the size says.
        let Some(options::Read { options, unknown }) = (unsafe { options::read(options) }) else {
            return ASYNCHRON_E_INVALID;
        };
        let user_data = Owned { ptr: options.user_data, drop: drop_fn(options.drop_user_data) };
        let ctx = Owned { ptr: options.on_demand_ctx, drop: drop_fn(options.drop_on_demand_ctx) };
        let Some(reserve) = Reserve::new(options.reserve).filter(|_| !unknown && !out.is_null())
        else {
            return ASYNCHRON_E_INVALID;
        };
        // SAFETY: the caller vouches for the text.
        let name = (!options.name.is_null()).then(|| unsafe { text(options.name) });
        let made = Demand::new(plain_fn(options.on_demand), ctx).and_then(|demand| {
            if name.is_none() && user_data.is_nothing() && demand.is_none() {
                return Asynchron::create_reserved(reserve);
            }
            let extras = Extras::new(name, user_data, demand)?;
            Asynchron::create_with(extras, reserve)
        });
        let Ok(made) = made else {
            return ASYNCHRON_E_NOMEM;
        };
        if options.expire_after_ns != 0 {
            let armed = status_of_armed(&made, time::expire_after(&made, options.expire_after_ns));
            if armed != ASYNCHRON_OK {
                return armed;
            }
        }
        // SAFETY: not NULL; the caller vouches that it may be written.
        unsafe { *out = made.into_raw().cast() };
        ASYNCHRON_OK
    })
}

/// Takes one more reference.
///
/// - Needs: `a`, a handle, or NULL.
/// - Ownership: the new reference is yours: asynchron_release() it. If the count would overflow, it
///   stays as it is, and the asynchron is never freed.
/// - Returns: `a`; NULL for NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_retain(a: *mut asynchron_t) -> *mut asynchron_t {
    // SAFETY: the caller vouches for the handle.
    if let Some(a) = unsafe { handle(a) } {
        std::mem::forget(Handle::retain(a));
    }
    a
}

/// Gives up one reference. The last one frees the value, the error and the user data by their
/// drops: now, or, inside a callback or a drop, when that has returned.
///
/// If the last reference goes before the asynchron is complete, and callbacks, asynchron_then() or
/// asynchron_after() are registered on it, it first fails with the domain "asynchron" and the code
/// ASYNCHRON_E_BROKEN, and they run. A report holds a reference, so an asynchron in a report does
/// not end that way.
///
/// Releasing is not cancelling: a function that computes the value goes on. Releasing what
/// asynchron_then() or asynchron_after() returned takes nothing back: the step still runs.
/// Cancelling it does not reach the source: cancel the source too, if nobody else needs it.
///
/// - Needs: `a`, a handle whose reference is yours, or NULL, which is ignored.
/// - Ownership: the reference is gone: do not use it again.
/// - Threads: may also be called while a thread exits.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_release(a: *mut asynchron_t) {
    catch_panic((), || {
        if let Some(a) = std::ptr::NonNull::new(a) {
            // SAFETY: the caller gives up its reference.
            unsafe { Asynchron::release(a.cast()) };
        }
    });
}

/// asynchron_release() as a drop: for a handle that is handed over as a value, a context or user
/// data.
///
/// - Needs: `a`, a handle, or NULL, which is ignored.
/// - Ownership: the reference is gone.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_drop(a: *mut c_void) {
    // SAFETY: as the caller promises.
    unsafe { asynchron_release(a.cast()) };
}

/// A drop for what a plug-in hands over, so that the plug-in can tell when its code is no longer in
/// use. Pass it as the drop, with a pointer to a struct of yours that begins with
/// asynchron_guarded_t. It calls guarded->drop(guarded), and after that has returned, it releases
/// guarded->keeper.
///
/// The keeper is an asynchron that nobody delivers, and each struct has a reference of its own to
/// it. To unload the plug-in, first call asynchron_after() with the keeper as the source, a
/// function that returns 0, and drop_ctx NULL. Then release your own reference, and wait for what
/// asynchron_after() returned: it completes when the last reference is gone. The last code to run
/// is then the library's, not the plug-in's.
///
/// This counts what was handed over with this drop. It does not count threads of the plug-in's
/// own, nor a call that the host is making into it.
///
/// - Needs: `guarded`, a pointer to an asynchron_guarded_t, or NULL, which is ignored.
/// - Ownership: the keeper's reference is gone; the struct is freed by its own drop.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_drop_guarded(guarded: *mut c_void) {
    catch_panic((), || {
        if guarded.is_null() {
            return;
        }
        // SAFETY: the caller's struct begins with this; its drop, which may free it, runs after.
        let asynchron_guarded_t { keeper, drop } =
            unsafe { guarded.cast::<asynchron_guarded_t>().read() };
        std::mem::drop(Owned { ptr: guarded, drop: drop_fn(drop) });
        // SAFETY: the reference came with the struct.
        unsafe { asynchron_release(keeper) };
    });
}

/// The state at this moment.
///
/// - Needs: `a`, a handle, or NULL.
/// - Returns: the state; ASYNCHRON_STATE_PENDING for NULL. A failed one is ASYNCHRON_STATE_READY.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_state(a: *const asynchron_t) -> asynchron_state_t {
    // SAFETY: the caller vouches for the handle.
    let Some(a) = (unsafe { handle(a) }) else {
        return ASYNCHRON_STATE_PENDING;
    };
    let seen = a.state().load_for_detectors();
    if !seen.is_complete() {
        time::look_after_fork();
        if seen.is_running() { ASYNCHRON_STATE_RUNNING } else { ASYNCHRON_STATE_PENDING }
    } else if seen.form().is_cancelled() {
        ASYNCHRON_STATE_CANCELLED
    } else {
        ASYNCHRON_STATE_READY
    }
}

/// Whether it is complete, and how it ended. Does not wait, and does not start a function on
/// demand.
///
/// - Returns: ASYNCHRON_PENDING: not complete, perhaps a function is running; ASYNCHRON_OK: there
///   is a value; ASYNCHRON_FAILED; ASYNCHRON_CANCELLED; ASYNCHRON_E_INVALID: NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_poll(a: *const asynchron_t) -> asynchron_status_t {
    // SAFETY: the caller vouches for the handle.
    let Some(a) = (unsafe { handle(a) }) else {
        return ASYNCHRON_E_INVALID;
    };
    let Some((_, form)) = a.outcome() else {
        time::look_after_fork();
        return ASYNCHRON_PENDING;
    };
    status_of_outcome(form)
}

/// The name that it was given, or "asynchron-N", which is made when first asked for and then kept.
///
/// - Needs: `a`, a handle, or NULL.
/// - Ownership: borrowed: valid while you hold the handle.
/// - Returns: never NULL; "" for NULL, or if there is no memory to make a name.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_name(a: *mut asynchron_t) -> *const c_char {
    catch_panic(c"".as_ptr(), || {
        // SAFETY: the caller vouches for the handle.
        unsafe { handle(a) }
            .and_then(|a| a.extras_or_new().ok()?.name().ok())
            .unwrap_or(c"".as_ptr())
    })
}

/// The user data that asynchron_create_with() was given.
///
/// - Needs: `a`, a handle, or NULL.
/// - Ownership: borrowed: valid while you hold the handle.
/// - Returns: the pointer; NULL if there is none, and for NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_user_data(a: *const asynchron_t) -> *mut c_void {
    // SAFETY: the caller vouches for the handle.
    unsafe { handle(a) }.and_then(Asynchron::extras).map_or(std::ptr::null_mut(), Extras::user_data)
}

/// Whether anybody but you holds a reference.
///
/// 0 stays 0 as long as you give your handle to nobody: only one who holds a reference can make
/// another. 1 may become 0 at any moment. References that the library holds count, too: for a
/// function, a callback or a step that has not returned, for a report, for a task in the queue.
///
/// - Needs: `a`, a handle whose reference is yours, or NULL.
/// - Returns: 0: yours is the only reference; 1: there may be others. 0 for NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_is_shared(a: *const asynchron_t) -> c_int {
    // SAFETY: the caller vouches for the handle.
    unsafe { handle(a) }.is_some_and(Asynchron::is_shared).into()
}

/// Whether anybody but you and promises holds a reference: as asynchron_is_shared(), but promises do
/// not count.
///
/// 0 need not stay 0: whoever has a promise can make a reference, and sees then what you did before
/// this call.
///
/// - Needs: `a`, a handle whose reference is yours, or NULL.
/// - Returns: 0: beside yours there are promises at most; 1: there may be others. 0 for NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_is_held(a: *const asynchron_t) -> c_int {
    // SAFETY: the caller vouches for the handle.
    unsafe { handle(a) }.is_some_and(|a| a.is_shared() && !a.is_shared_by_promises_alone()).into()
}

/// Whether it has a function on demand that has not been started: then the next asynchron_get(),
/// asynchron_get_timeout(), asynchron_get_bytes() or asynchron_wait() runs it, and nothing else
/// does.
///
/// - Needs: `a`, a handle, or NULL.
/// - Returns: 1, or 0: it has none, or it was started, delivered or cancelled. 0 for NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_is_on_demand(a: *const asynchron_t) -> c_int {
    // SAFETY: the caller vouches for the handle.
    unsafe { handle(a) }.is_some_and(compute::waits_for_demand).into()
}
