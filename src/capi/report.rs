//! Many, in completion order
//!
//! A report keeps a reference to each asynchron that it holds, yields them in the order in which
//! their completions arrived, and hands that reference over with the item. Any number of threads
//! may ask for the next; each item goes to one of them.
//!
//! When nothing is left, all who ask get ASYNCHRON_END. To have them wait between additions, keep
//! one pending asynchron in it. A report that is freed leaves nothing behind on what has not
//! completed. It does not free tags.

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};

use super::asynchron_status_t::{self, *};
use super::types::{asynchron_item_t, asynchron_report_t, asynchron_t};
use super::{catch_panic, handle, handles};
use crate::listen::report::{Answer, Item, Refused, Report};
use crate::one::handle::Handle;

/// A report as it came in.
///
/// # Safety
/// NULL, or a report that lives as long as the call.
unsafe fn report<'a>(r: *const asynchron_report_t) -> Option<&'a Report> {
    // SAFETY: a pointer to a report is one to a `Report`; the caller vouches for this one.
    unsafe { r.cast::<Report>().as_ref() }
}

/// Makes a report over `n` asynchrons, each with the tag NULL.
///
/// - Needs: `as`, an array of `n` handles, none of them NULL. One that is there twice is yielded
///   twice.
/// - Ownership: the handles stay yours; the report takes references of its own. The report returned
///   is yours: asynchron_report_release() it.
/// - Returns: the report; NULL for a NULL in the array, or if there is no memory.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_create(
    r#as: *const *mut asynchron_t,
    n: usize,
) -> *mut asynchron_report_t {
    catch_panic(ptr::null_mut(), || {
        // SAFETY: the caller vouches for the array.
        let Some(all) = (unsafe { handles(r#as, n) }) else {
            return ptr::null_mut();
        };
        let Ok(report) = Report::create(n) else {
            return ptr::null_mut();
        };
        for a in all {
            // SAFETY: the report is ours.
            if unsafe { report.as_ref() }.add(a, ptr::null_mut()).is_err() {
                // SAFETY: the report is ours, and used no more.
                unsafe { Report::release(report) };
                return ptr::null_mut();
            }
        }
        report.as_ptr().cast()
    })
}

/// Takes one more reference.
///
/// - Needs: `r`, a report, or NULL.
/// - Ownership: the new reference is yours: asynchron_report_release() it.
/// - Returns: `r`; NULL for NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_retain(
    r: *mut asynchron_report_t,
) -> *mut asynchron_report_t {
    // SAFETY: the caller vouches for the report.
    if let Some(r) = unsafe { report(r) } {
        r.retain();
    }
    r
}

/// Gives up one reference. With the last one the report stops listening, releases what it still
/// holds, and closes its descriptor, which no event loop must be watching then.
///
/// - Needs: `r`, a report whose reference is yours, or NULL, which is ignored.
/// - Ownership: the reference is gone: do not use it again.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_release(r: *mut asynchron_report_t) {
    catch_panic((), || {
        if let Some(r) = NonNull::new(r) {
            // SAFETY: the caller gives up its reference.
            unsafe { Report::release(r.cast()) };
        }
    });
}

/// Adds one. If it is complete already, it is yielded after all that have arrived.
///
/// - Needs: any `tag`, also NULL. One that is added twice is yielded twice.
/// - Ownership: `a` stays yours; the report takes a reference of its own. `tag` is only passed on.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_E_CLOSED: by
///   asynchron_report_close(); ASYNCHRON_E_NOMEM.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_add(
    r: *mut asynchron_report_t,
    a: *mut asynchron_t,
    tag: *mut c_void,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for both.
        let (Some(r), Some(a)) = (unsafe { report(r) }, unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        match r.add(a, tag) {
            Ok(()) => ASYNCHRON_OK,
            Err(refused) => why(refused),
        }
    })
}

#[cold]
fn why(refused: Refused) -> asynchron_status_t {
    match refused {
        Refused::Closed => ASYNCHRON_E_CLOSED,
        Refused::NoMemory => ASYNCHRON_E_NOMEM,
    }
}

/// Takes one out that has not been yielded, complete or not. If it was added more than once, the
/// oldest.
///
/// - Ownership: the report's reference is released.
/// - Threads: the cost does not depend on how much the report holds, nor on how many others listen
///   to `a`. Each entry that was added since the last removal adds a small cost, once.
/// - Returns: ASYNCHRON_OK; ASYNCHRON_END: it is not in the report; ASYNCHRON_E_INVALID: a NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_remove(
    r: *mut asynchron_report_t,
    a: *mut asynchron_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for both.
        let (Some(r), Some(a)) = (unsafe { report(r) }, unsafe { handle(a) }) else {
            return ASYNCHRON_E_INVALID;
        };
        if r.remove(a) { ASYNCHRON_OK } else { ASYNCHRON_END }
    })
}

/// Waits until one has completed, and yields it.
///
/// - Needs: `out` writable.
/// - Ownership: the reference in `*out` is yours: asynchron_release() it.
/// - Threads: blocks, but not with a timeout of 0. Any number of threads may ask.
/// - Returns, the first that applies: ASYNCHRON_E_INVALID: a NULL; ASYNCHRON_WOKEN: by
///   asynchron_report_wake(); ASYNCHRON_OK: `*out` is written; ASYNCHRON_END: nothing is left in
///   it; ASYNCHRON_TIMEOUT.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_next(
    r: *mut asynchron_report_t,
    timeout_ns: u64,
    out: *mut asynchron_item_t,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the report, and for room for one item.
        unsafe { next(r, timeout_ns, out, 1) }.0
    })
}

/// Waits until one has completed, and yields all that have by then, at most `cap`.
///
/// - Needs: `out` writable for `cap` items, at least 1; `n` writable.
/// - Ownership: the references in the first `*n` items are yours: asynchron_release() them.
/// - Threads: blocks, but not with a timeout of 0. Any number of threads may ask.
/// - Returns: ASYNCHRON_OK: `*n` items, at least 1, are written; else `*n` is 0: ASYNCHRON_WOKEN:
///   by asynchron_report_wake(), which comes before items; ASYNCHRON_END: nothing is left in it;
///   ASYNCHRON_TIMEOUT; ASYNCHRON_E_INVALID: a NULL, or `cap` is 0.
/// - Since: 0.1.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_next_batch(
    r: *mut asynchron_report_t,
    timeout_ns: u64,
    out: *mut asynchron_item_t,
    cap: usize,
    n: *mut usize,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        if n.is_null() {
            return ASYNCHRON_E_INVALID;
        }
        // SAFETY: not NULL; the caller vouches that it may be written.
        unsafe { *n = 0 };
        // SAFETY: the caller vouches for the report, and for room for `cap` items.
        let (status, given) = unsafe { next(r, timeout_ns, out, cap) };
        // SAFETY: not NULL; the caller vouches that it may be written.
        unsafe { *n = given };
        status
    })
}

/// # Safety
/// `r` is NULL or a report that lives as long as the call; `out` is NULL or has room for `cap`.
unsafe fn next(
    r: *mut asynchron_report_t,
    timeout_ns: u64,
    out: *mut asynchron_item_t,
    cap: usize,
) -> (asynchron_status_t, usize) {
    // SAFETY: as the caller promises.
    let Some(r) = (unsafe { report(r) }).filter(|_| !out.is_null() && cap > 0) else {
        return (ASYNCHRON_E_INVALID, 0);
    };
    let mut free = out;
    let give = |Item { asynchron, tag }: Item| {
        let item = asynchron_item_t { asynchron: Handle::into_raw(asynchron).cast(), tag };
        // SAFETY: it is called at most `cap` times.
        unsafe { free.write(item) };
        // SAFETY: so the end of the array at most.
        free = unsafe { free.add(1) };
    };
    match r.next(timeout_ns, cap, give) {
        Answer::Items(given) => (ASYNCHRON_OK, given),
        Answer::Woken => (ASYNCHRON_WOKEN, 0),
        Answer::End => (ASYNCHRON_END, 0),
        Answer::Timeout => (ASYNCHRON_TIMEOUT, 0),
    }
}

/// How many were added and not yet yielded, complete or not.
///
/// - Needs: `r`, a report, or NULL.
/// - Returns: the number; 0 for NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_pending(r: *const asynchron_report_t) -> usize {
    // SAFETY: the caller vouches for the report.
    catch_panic(0, || unsafe { report(r) }.map_or(0, Report::pending))
}

/// Has one asynchron_report_next(), now or later, return ASYNCHRON_WOKEN. Each wake ends one of
/// them.
///
/// - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: NULL.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_wake(r: *mut asynchron_report_t) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the report.
        let Some(r) = (unsafe { report(r) }) else {
            return ASYNCHRON_E_INVALID;
        };
        r.wake();
        ASYNCHRON_OK
    })
}

/// Closes it for good: nothing can be added any more. What it holds is still yielded, then all who
/// ask get ASYNCHRON_END. As soon as nothing is left, now or later, the descriptor is readable and
/// stays so: that is how an event loop learns of the end.
///
/// - Ownership: the report stays yours: asynchron_report_release() it.
/// - Threads: it may be closed while others add, ask or deliver. What was added is yielded; an
///   asynchron_report_add() that comes too late says so.
/// - Returns: ASYNCHRON_OK, also if it was closed before; ASYNCHRON_E_INVALID: NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_close(r: *mut asynchron_report_t) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the report.
        let Some(r) = (unsafe { report(r) }) else {
            return ASYNCHRON_E_INVALID;
        };
        r.close();
        ASYNCHRON_OK
    })
}

/// Makes the descriptor ring once more if it is readable. If there is nothing, or no descriptor was
/// made, this does nothing.
///
/// It is for edge-triggered event loops (EPOLLET, a multishot poll of io_uring, Go's), which are
/// told only when something comes. Such a loop may take some items, let its other sources have
/// their turn, and be told again: it calls this whenever it has taken any, also if it thinks that
/// nothing is left. The last of these calls has it told of the end of a closed report.
///
/// - Returns: ASYNCHRON_OK; ASYNCHRON_E_INVALID: NULL.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_rearm(r: *mut asynchron_report_t) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the report.
        let Some(r) = (unsafe { report(r) }) else {
            return ASYNCHRON_E_INVALID;
        };
        r.rearm();
        ASYNCHRON_OK
    })
}

/// A descriptor for an event loop, to watch with poll(2), epoll or kqueue. It is readable exactly
/// while there is an item or a wake. When nothing is left, it is readable only if the report was
/// closed, and stays so. A report has one, made when first asked for: an eventfd on Linux, a pipe
/// elsewhere; close-on-exec and non-blocking. In a child of fork() ask again: the parent's does not
/// tell what happens there.
///
/// When it is readable, ask with a timeout of 0 until nothing comes, or until so many have come that
/// the loop's timers are due, some 64: producers may be faster than the loop, which then would never
/// get to anything else. A level-triggered loop is told of the rest in its next turn. An
/// edge-triggered one calls asynchron_report_rearm() after that.
///
/// Stop watching first, then release the report: its descriptor is closed with the last reference,
/// and the number is soon used again. One more callback may come where the loop had taken the event
/// before you stopped: in loops of your own over epoll, kqueue or poll, which hold an array of events,
/// and in io_uring, which completes the poll that is taken back. Have it find that you have stopped.
/// libuv, GLib, libevent, libev and sd-event call no more. asynchron/uv.h and its siblings do all
/// this for a loop.
///
/// - Ownership: it belongs to the report, and is valid while you hold that: poll it, never read or
///   close it.
/// - Returns: the descriptor, 0 or above; ASYNCHRON_E_INVALID: NULL; ASYNCHRON_E_SYSTEM: the system
///   has none left.
/// - Since: 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_fd(r: *mut asynchron_report_t) -> c_int {
    catch_panic(ASYNCHRON_E_INTERNAL as c_int, || {
        // SAFETY: the caller vouches for the report.
        let Some(r) = (unsafe { report(r) }) else {
            return ASYNCHRON_E_INVALID as c_int;
        };
        r.fd().unwrap_or(ASYNCHRON_E_SYSTEM as c_int)
    })
}

/// Says that an event loop watches the descriptor, or does so no more. Two loops that watch one
/// report would each get some of its items; so whoever attaches a report to a loop, as the adapters
/// do, asks first. That is all this does. In a child of fork() nobody watches yet.
///
/// - Needs: `watch`: 0, it has ended; anything else, it begins.
/// - Returns: ASYNCHRON_OK: it begins now, or has ended; ASYNCHRON_ALREADY: a loop watches it, and
///   nothing has changed; ASYNCHRON_E_INVALID: NULL; ASYNCHRON_E_SYSTEM: the system has no
///   descriptor left.
/// - Since: 0.2.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_report_watch(
    r: *mut asynchron_report_t,
    watch: c_int,
) -> asynchron_status_t {
    catch_panic(ASYNCHRON_E_INTERNAL, || {
        // SAFETY: the caller vouches for the report.
        let Some(r) = (unsafe { report(r) }) else {
            return ASYNCHRON_E_INVALID;
        };
        if watch == 0 {
            r.end_watch();
            return ASYNCHRON_OK;
        }
        match r.fd() {
            None => ASYNCHRON_E_SYSTEM,
            Some(_) if r.begin_watch() => ASYNCHRON_OK,
            Some(_) => ASYNCHRON_ALREADY,
        }
    })
}
