//! The table's rows: after_with and then_with.

use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{Longer, mark, value_of};
use crate::scene::Scene;
use crate::table::*;
use crate::tally::{DROP, JOIN};

#[test]
fn misuse_of_steps() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = after_with();
    rows.extend(then_with());
    rows
}

pub fn full(thing: *mut std::ffi::c_void) -> asynchron_step_options_t {
    asynchron_step_options_t {
        size: size_of::<asynchron_step_options_t>(),
        r#fn: JOIN,
        ctx: thing,
        drop_ctx: DROP,
        flags: 0,
        executor: null_mut(),
    }
}

fn flagged(thing: *mut std::ffi::c_void, flags: u64) -> asynchron_step_options_t {
    asynchron_step_options_t { flags, ..full(thing) }
}

fn without_function(thing: *mut std::ffi::c_void) -> asynchron_step_options_t {
    asynchron_step_options_t { r#fn: None, ..full(thing) }
}

fn after_with() -> Vec<Row> {
    rows! {
        asynchron_after_with {
            "NULL options" => E_INVALID,
                |s| asynchron_after_with(&s.pending, 1, null_mut(), null(), &mut s.handle);
            "NULL array" => E_INVALID.drops(1), |s| {
                let options = full(s.thing());
                asynchron_after_with(null(), 2, null_mut(), &options, &mut s.handle)
            };
            "NULL in the array" => E_INVALID.drops(1), |s| {
                let (options, all) = (full(s.thing()), [s.pending, null_mut()]);
                asynchron_after_with(all.as_ptr(), 2, s.ready, &options, &mut s.handle)
            };
            "n over SIZE_MAX/2" => E_INVALID.drops(1), |s| {
                let options = full(s.thing());
                asynchron_after_with(&s.pending, usize::MAX, null_mut(), &options, &mut s.handle)
            };
            "NULL function" => E_INVALID.drops(1), |s| {
                let options = without_function(s.thing());
                asynchron_after_with(&s.pending, 1, null_mut(), &options, &mut s.handle)
            };
            "into among the sources" => E_INVALID.drops(1), |s| {
                let (options, all) = (full(s.thing()), [s.ready, s.pending]);
                asynchron_after_with(all.as_ptr(), 2, s.pending, &options, &mut s.handle)
            };
            "NULL out: and no into" => E_INVALID.drops(1), |s| {
                asynchron_after_with(&s.pending, 1, null_mut(), &full(s.thing()), null_mut())
            };
            "a flag that is for then_with" => E_INVALID.drops(1), |s| {
                let options = flagged(s.thing(), ASYNCHRON_ON_VALUE);
                asynchron_after_with(&s.pending, 1, null_mut(), &options, &mut s.handle)
            };
            "unknown flag: NULL to drop" => E_INVALID.drops(1), |s| {
                let options = flagged(null_mut(), 1 << 63);
                asynchron_after_with(null(), 0, null_mut(), &options, &mut s.handle)
            };
            "size 0: unread" => E_INVALID, |s| {
                let options = asynchron_step_options_t { size: 0, ..full(s.thing()) };
                asynchron_after_with(&s.pending, 1, null_mut(), &options, &mut s.handle)
            };
            "size too small: by a byte, unread" => E_INVALID, |s| {
                let size = size_of::<asynchron_step_options_t>() - 1;
                let options = asynchron_step_options_t { size, ..full(s.thing()) };
                asynchron_after_with(&s.ready, 1, null_mut(), &options, &mut s.handle)
            };
            "larger with a zero tail" => OK.drops(1).runs(1), |s| longer(s, 0, after_longer);
            "larger with a non-zero tail" => E_INVALID.drops(1), |s| longer(s, 1, after_longer);
            "NULL out, with into" => OK.drops(1).runs(1), |s| {
                let a = asynchron_create(null());
                let status = asynchron_after_with(&s.ready, 1, a, &full(s.thing()), null_mut());
                asynchron_release(a);
                status
            };
            "n = 0, and NULL array" => OK.drops(1).runs(1), |s| {
                let mut a = mark();
                let status = asynchron_after_with(null(), 0, null_mut(), &full(s.thing()), &mut a);
                ended(a);
                status
            };
            "into is complete" => OK.drops(1), |s| {
                let options = full(s.thing());
                asynchron_after_with(&s.failed, 1, s.ready, &options, null_mut())
            };
        }
    }
}

fn then_with() -> Vec<Row> {
    rows! {
        asynchron_then_with {
            "NULL options" => E_INVALID,
                |s| asynchron_then_with(s.pending, null_mut(), null(), &mut s.handle);
            "NULL handle" => E_INVALID.drops(1), |s| {
                let options = full(s.thing());
                asynchron_then_with(null_mut(), null_mut(), &options, &mut s.handle)
            };
            "NULL handle, with into, NULL to drop" => E_INVALID.drops(1), |s| {
                asynchron_then_with(null_mut(), s.pending, &full(null_mut()), &mut s.handle)
            };
            "NULL function" => E_INVALID.drops(1), |s| {
                let options = without_function(s.thing());
                asynchron_then_with(s.ready, s.pending, &options, &mut s.handle)
            };
            "into among the sources" => E_INVALID.drops(1), |s| {
                let options = full(s.thing());
                asynchron_then_with(s.pending, s.pending, &options, &mut s.handle)
            };
            "into among the sources: complete, NULL out" => E_INVALID.drops(1), |s| {
                asynchron_then_with(s.ready, s.ready, &full(s.thing()), null_mut())
            };
            "NULL out: and no into" => E_INVALID.drops(1),
                |s| asynchron_then_with(s.ready, null_mut(), &full(s.thing()), null_mut());
            "the flag that is for callbacks" => E_INVALID.drops(1), |s| {
                let options = flagged(s.thing(), ASYNCHRON_NOTIFY_IF_PENDING);
                asynchron_then_with(s.pending, null_mut(), &options, &mut s.handle)
            };
            "unknown flag: the next" => E_INVALID.drops(1), |s| {
                let options = flagged(s.thing(), 16 | ASYNCHRON_ON_VALUE);
                asynchron_then_with(s.ready, null_mut(), &options, &mut s.handle)
            };
            "unknown flag: all, NULL to drop" => E_INVALID.drops(1), |s| {
                let options = flagged(null_mut(), u64::MAX);
                asynchron_then_with(s.ready, null_mut(), &options, &mut s.handle)
            };
            "size too small: by a byte, unread" => E_INVALID, |s| {
                let size = size_of::<asynchron_step_options_t>() - 1;
                let options = asynchron_step_options_t { size, ..full(s.thing()) };
                asynchron_then_with(s.ready, null_mut(), &options, &mut s.handle)
            };
            "size 0: unread" => E_INVALID, |s| {
                let options = asynchron_step_options_t { size: 0, ..full(s.thing()) };
                asynchron_then_with(s.ready, null_mut(), &options, &mut s.handle)
            };
            "size over 4096: unread" => E_INVALID, |s| {
                let options = asynchron_step_options_t { size: 4097, ..full(s.thing()) };
                asynchron_then_with(s.ready, null_mut(), &options, &mut s.handle)
            };
            "larger with a zero tail" => OK.drops(1).runs(1), |s| longer(s, 0, then_longer);
            "larger with a non-zero tail" => E_INVALID.drops(1), |s| longer(s, 1, then_longer);
            "into is complete" => OK.drops(1),
                |s| asynchron_then_with(s.failed, s.ready, &full(s.thing()), null_mut());
            "it ended otherwise" => OK.drops(1), |s| {
                let (mut a, options) = (mark(), flagged(s.thing(), ASYNCHRON_ON_FAILURE));
                let status = asynchron_then_with(s.ready, null_mut(), &options, &mut a);
                assert_eq!(value_of(a), (ASYNCHRON_OK, b"done".to_vec()));
                asynchron_release(a);
                status
            };
        }
    }
}

/// A step that has run, or ended as its source did: an empty value.
unsafe fn ended(into: *mut asynchron_t) {
    unsafe {
        assert_eq!(value_of(into), (ASYNCHRON_OK, vec![]));
        asynchron_release(into);
    }
}

type With =
    unsafe fn(&Scene, *const asynchron_step_options_t, *mut *mut asynchron_t) -> asynchron_status_t;

unsafe fn then_longer(
    s: &Scene,
    options: *const asynchron_step_options_t,
    out: *mut *mut asynchron_t,
) -> asynchron_status_t {
    unsafe { asynchron_then_with(s.ready, null_mut(), options, out) }
}

unsafe fn after_longer(
    s: &Scene,
    options: *const asynchron_step_options_t,
    out: *mut *mut asynchron_t,
) -> asynchron_status_t {
    unsafe { asynchron_after_with(&s.failed, 1, null_mut(), options, out) }
}

fn longer(s: &mut Scene, last: u8, with: With) -> asynchron_status_t {
    let mut tail = [0; 16];
    tail[15] = last;
    let mut options = Longer { known: full(s.thing()), tail };
    options.known.size += tail.len();
    let mut a = mark();
    unsafe {
        let status = with(s, (&raw const options).cast(), &mut a);
        if status == ASYNCHRON_OK {
            ended(a);
        } else {
            assert_eq!(a, mark(), "out was written");
        }
        status
    }
}
