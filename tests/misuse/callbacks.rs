//! The table's rows: callbacks.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{Longer, notify_options, works};
use crate::scene::Scene;
use crate::table::*;
use crate::tally::{DROP, NOTIFY};

#[test]
fn misuse_of_callbacks() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = notify();
    rows.extend(notify_with());
    rows.extend(size_and_flags());
    rows.extend(unnotify());
    rows
}

fn notify() -> Vec<Row> {
    rows! {
        asynchron_notify {
            "NULL handle" => E_INVALID, |_| asynchron_notify(null_mut(), NOTIFY, null_mut());
            "NULL function" => E_INVALID, |s| asynchron_notify(s.pending, None, s.thing());
            "NULL function, on a ready one" => E_INVALID,
                |s| asynchron_notify(s.ready, None, null_mut());
            "NULL ctx" => OK.runs(1), |_| {
                let a = asynchron_create(null());
                let status = asynchron_notify(a, NOTIFY, null_mut());
                works(a);
                status
            };
            "NULL ctx, on a failed one" => OK.runs(1),
                |s| asynchron_notify(s.failed, NOTIFY, null_mut());
        }
    }
}

fn notify_with() -> Vec<Row> {
    rows! {
        asynchron_notify_with {
            "NULL handle" => E_INVALID.drops(1), |s| {
                let options = full(s.thing());
                asynchron_notify_with(null_mut(), &options, &mut s.token)
            };
            "NULL handle and NULL to drop" => E_INVALID.drops(1),
                |s| asynchron_notify_with(null_mut(), &full(null_mut()), &mut s.token);
            "NULL options" => E_INVALID, |s| asynchron_notify_with(s.pending, null(), &mut s.token);
            "NULL options and NULL handle" => E_INVALID,
                |s| asynchron_notify_with(null_mut(), null(), &mut s.token);
            "NULL function" => E_INVALID.drops(1), |s| {
                let options = without_function(s.thing());
                asynchron_notify_with(s.pending, &options, &mut s.token)
            };
            "NULL function, on a ready one" => E_INVALID.drops(1), |s| {
                let options = without_function(s.thing());
                asynchron_notify_with(s.ready, &options, &mut s.token)
            };
            "NULL token" => OK.drops(1).runs(1), |s| registered(s.thing(), null_mut());
            "NULL to drop" => OK.drops(1).runs(1), |_| {
                let mut token = 0;
                let status = registered(null_mut(), &mut token);
                assert_ne!(token, 0, "the token");
                status
            };
            "if pending, on a ready one" => ALREADY.drops(1), |s| {
                let options = flagged(s.thing(), ASYNCHRON_NOTIFY_IF_PENDING);
                asynchron_notify_with(s.ready, &options, &mut s.token)
            };
            "if pending, on a failed one, NULL to drop" => ALREADY.drops(1), |s| {
                let options = flagged(null_mut(), ASYNCHRON_NOTIFY_IF_PENDING);
                asynchron_notify_with(s.failed, &options, &mut s.token)
            };
            "if pending, on a cancelled one, NULL token" => ALREADY.drops(1), |s| {
                let options = flagged(s.thing(), ASYNCHRON_NOTIFY_IF_PENDING);
                asynchron_notify_with(s.cancelled, &options, null_mut())
            };
        }
    }
}

fn size_and_flags() -> Vec<Row> {
    rows! {
        asynchron_notify_with {
            "size 0" => E_INVALID, |s| with_size(s, 0);
            "size 0, and NULL handle" => E_INVALID, |s| {
                let mut options = full(s.thing());
                options.size = 0;
                asynchron_notify_with(null_mut(), &options, &mut s.token)
            };
            "size too small: of size" => E_INVALID, |s| with_size(s, size_of::<usize>());
            "size too small: by 1" => E_INVALID,
                |s| with_size(s, std::mem::offset_of!(asynchron_notify_options_t, executor) - 1);
            "larger with a zero tail" => OK.drops(1).runs(1), |s| longer(s, [0; 16]);
            "larger with a non-zero tail: first" => E_INVALID.drops(1),
                |s| longer(s, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            "larger with a non-zero tail: last" => E_INVALID.drops(1),
                |s| longer(s, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            "unknown flag: the next" => E_INVALID.drops(1),
                |s| asynchron_notify_with(s.pending, &flagged(s.thing(), 16), &mut s.token);
            "unknown flag: the last" => E_INVALID.drops(1),
                |s| asynchron_notify_with(s.pending, &flagged(s.thing(), 1 << 63), &mut s.token);
            "unknown flag: beyond 32 bits" => E_INVALID.drops(1),
                |s| asynchron_notify_with(s.pending, &flagged(s.thing(), 1 << 32), &mut s.token);
            "unknown flag: with a known one, on a ready one" => E_INVALID.drops(1), |s| {
                let options = flagged(s.thing(), ASYNCHRON_NOTIFY_IF_PENDING | 16);
                asynchron_notify_with(s.ready, &options, &mut s.token)
            };
            "unknown flag: all, NULL to drop" => E_INVALID.drops(1),
                |s| asynchron_notify_with(s.ready, &flagged(null_mut(), u64::MAX), &mut s.token);
        }
    }
}

fn unnotify() -> Vec<Row> {
    rows! {
        asynchron_unnotify {
            "NULL handle" => E_INVALID, |s| asynchron_unnotify(null_mut(), s.token_of_pending);
            "NULL handle, token 0" => E_INVALID, |_| asynchron_unnotify(null_mut(), 0);
            "unknown token: 0" => ALREADY, |s| asynchron_unnotify(s.pending, 0);
            "unknown token: the greatest" => ALREADY, |s| asynchron_unnotify(s.pending, u64::MAX);
            "unknown token: one beside a known one" => ALREADY,
                |s| asynchron_unnotify(s.pending, s.token_of_pending.wrapping_add(1));
            "unknown token: of another handle" => ALREADY,
                |s| asynchron_unnotify(s.ready, s.token_of_pending);
            "unknown token: of a pending one to another" => ALREADY, |s| {
                let a = asynchron_create(null());
                let status = asynchron_unnotify(a, s.token_of_pending);
                works(a);
                status
            };
            "unknown token: used before" => ALREADY.drops(1),
                |s| used_before(s, asynchron_unnotify);
        }
        asynchron_try_unnotify {
            "NULL handle" => E_INVALID, |s| asynchron_try_unnotify(null_mut(), s.token_of_pending);
            "NULL handle, token 0" => E_INVALID, |_| asynchron_try_unnotify(null_mut(), 0);
            "unknown token: 0" => ALREADY, |s| asynchron_try_unnotify(s.pending, 0);
            "unknown token: the greatest" => ALREADY,
                |s| asynchron_try_unnotify(s.pending, u64::MAX);
            "unknown token: one beside a known one" => ALREADY,
                |s| asynchron_try_unnotify(s.pending, s.token_of_pending.wrapping_add(1));
            "unknown token: of another handle" => ALREADY,
                |s| asynchron_try_unnotify(s.cancelled, s.token_of_pending);
            "unknown token: used before" => ALREADY.drops(1),
                |s| used_before(s, asynchron_try_unnotify);
        }
        asynchron_run_due {
            "outside of callbacks" => NOTHING, |_| asynchron_run_due();
        }
    }
}

fn full(thing: *mut c_void) -> asynchron_notify_options_t {
    flagged(thing, 0)
}

fn flagged(thing: *mut c_void, flags: u64) -> asynchron_notify_options_t {
    asynchron_notify_options_t { drop_ctx: DROP, flags, ..notify_options(NOTIFY, thing) }
}

fn without_function(thing: *mut c_void) -> asynchron_notify_options_t {
    asynchron_notify_options_t { drop_ctx: DROP, ..notify_options(None, thing) }
}

fn with_size(s: &mut Scene, size: usize) -> asynchron_status_t {
    let options = asynchron_notify_options_t { size, ..full(s.thing()) };
    unsafe { asynchron_notify_with(s.pending, &options, &mut s.token) }
}

/// Registers on a handle of its own, which is then used.
unsafe fn registered(thing: *mut c_void, token: *mut u64) -> asynchron_status_t {
    unsafe {
        let a = asynchron_create(null());
        let status = asynchron_notify_with(a, &full(thing), token);
        works(a);
        status
    }
}

fn longer(s: &mut Scene, tail: [u8; 16]) -> asynchron_status_t {
    let mut options = Longer { known: full(s.thing()), tail };
    options.known.size += tail.len();
    let (a, mut token) = unsafe { (asynchron_create(null()), u64::MAX) };
    let status = unsafe { asynchron_notify_with(a, (&raw const options).cast(), &mut token) };
    assert_eq!(token != u64::MAX, status == ASYNCHRON_OK, "the token");
    works(a);
    status
}

type Unnotify = unsafe extern "C" fn(*mut asynchron_t, u64) -> asynchron_status_t;

/// Takes a registration off `pending` twice; the answer is the second one.
unsafe fn used_before(s: &Scene, unnotify: Unnotify) -> asynchron_status_t {
    let mut token = 0;
    unsafe {
        assert_eq!(asynchron_notify_with(s.pending, &full(s.thing()), &mut token), ASYNCHRON_OK);
        assert_eq!(unnotify(s.pending, token), ASYNCHRON_OK);
        unnotify(s.pending, token)
    }
}
