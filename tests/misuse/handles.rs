//! The table's rows: handles.

use std::ffi::{CStr, c_void};
use std::mem::offset_of;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{Longer, OPTIONS, mark, works};
use crate::scene::Scene;
use crate::table::*;
use crate::tally::{DROP, FN};

const FIRST_RELEASE: usize = offset_of!(asynchron_options_t, reserve);

#[test]
fn misuse_of_handles() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = created();
    rows.extend(created_with());
    rows.extend(asked());
    rows
}

fn created() -> Vec<Row> {
    rows! {
        asynchron_create {
            "NULL name" => POINTER, |_| named(null(), None);
            "empty name" => POINTER, |_| named(c"".as_ptr(), Some(c""));
            "a name that is no UTF-8" => POINTER,
                |_| named(c"\xff\xfe".as_ptr(), Some(c"\xff\xfe"));
        }
    }
}

fn created_with() -> Vec<Row> {
    rows! {
        asynchron_create_with {
            "NULL options" => E_INVALID, |s| asynchron_create_with(null(), &mut s.handle);
            "NULL options and NULL out" => E_INVALID, |_| asynchron_create_with(null(), null_mut());
            "NULL out" => E_INVALID.drops(2),
                |s| asynchron_create_with(&full(s.thing()), null_mut());
            "NULL out, NULL to drop" => E_INVALID.drops(2),
                |_| asynchron_create_with(&full(null_mut()), null_mut());
            "size 0" => E_INVALID, |s| with_size(s, 0);
            "size 0, and NULL out" => E_INVALID,
                |s| asynchron_create_with(
                    &asynchron_options_t { size: 0, ..full(s.thing()) },
                    null_mut(),
                );
            "size too small: 1" => E_INVALID, |s| with_size(s, 1);
            "size too small: of size" => E_INVALID, |s| with_size(s, size_of::<usize>());
            "size too small: by 1" => E_INVALID, |s| with_size(s, FIRST_RELEASE - 1);
            "the size of the first release" => OK.drops(2),
                |s| with(&asynchron_options_t { size: FIRST_RELEASE, reserve: usize::MAX, ..full(s.thing()) });
            "room for nothing" => OK.drops(2), |s| with(&with_room(s, 0));
            "room for as much as may be" => OK.drops(2), |s| with(&with_room(s, 64 << 20));
            "room for too much: by 1" => E_INVALID.drops(2),
                |s| with(&with_room(s, (64 << 20) + 1));
            "room for too much: what no memory has" => E_INVALID.drops(2),
                |s| with(&with_room(s, usize::MAX));
            "room for too much, NULL to drop" => E_INVALID.drops(2),
                |_| with(&asynchron_options_t { reserve: usize::MAX, ..full(null_mut()) });
            "room for too much, and NULL out" => E_INVALID.drops(2),
                |s| asynchron_create_with(&with_room(s, usize::MAX), null_mut());
            "an hour to live" => OK.drops(2), |s| with(&with_time(s, 3_600_000_000_000));
            "more time than there is" => OK.drops(2), |s| with(&with_time(s, u64::MAX - 1));
            "as if forever were given" => OK.drops(2), |s| with(&with_time(s, ASYNCHRON_FOREVER));
            "time, and room for too much" => E_INVALID.drops(2),
                |s| with(&asynchron_options_t { reserve: usize::MAX, ..with_time(s, 1) });
            "time, and NULL out" => E_INVALID.drops(2),
                |s| asynchron_create_with(&with_time(s, 1), null_mut());
            "larger with a zero tail" => OK.drops(2), |s| {
                longer(s, 16, [0; 16])
            };
            "larger with a zero tail: by 1" => OK.drops(2), |s| {
                longer(s, 1, [0; 16])
            };
            "larger with a zero tail: what follows is no part" => OK.drops(2),
                |s| longer(s, 1, [0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
            "larger with a non-zero tail: first" => E_INVALID.drops(2),
                |s| longer(s, 16, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            "larger with a non-zero tail: last" => E_INVALID.drops(2),
                |s| longer(s, 16, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            "larger with a non-zero tail: by 1" => E_INVALID.drops(2),
                |s| longer(s, 1, [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            "larger with a non-zero tail, and NULL out" => E_INVALID.drops(2), |s| {
                let mut options = Longer { known: full(s.thing()), tail: [1; 16] };
                options.known.size += 16;
                asynchron_create_with((&raw const options).cast(), null_mut())
            };
            "nothing set but the size" => OK, |_| with(&OPTIONS);
            "NULL to drop: both" => OK.drops(2), |_| with(&full(null_mut()));
            "NULL drops" => OK, |s| {
                let mut options = full(s.thing());
                (options.drop_user_data, options.drop_on_demand_ctx) = (None, None);
                with(&options)
            };
            "NULL function on demand, its ctx dropped all the same" => OK.drops(2),
                |s| with(&asynchron_options_t { on_demand: None, ..full(s.thing()) });
        }
    }
}

fn asked() -> Vec<Row> {
    rows! {
        asynchron_retain {
            "NULL handle" => NULL, |_| asynchron_retain(null_mut());
        }
        asynchron_release {
            "NULL handle" => NOTHING, |_| asynchron_release(null_mut());
        }
        asynchron_drop {
            "NULL a" => NOTHING, |_| asynchron_drop(null_mut());
        }
        asynchron_drop_guarded {
            "NULL guarded" => NOTHING, |_| asynchron_drop_guarded(null_mut());
            "neither keeper nor drop" => NOTHING, |_| {
                let mut nothing = asynchron_guarded_t { keeper: null_mut(), drop: None };
                asynchron_drop_guarded((&raw mut nothing).cast());
            };
        }
        asynchron_state {
            "NULL handle" => STATE_PENDING, |_| asynchron_state(null());
        }
        asynchron_poll {
            "NULL handle" => E_INVALID, |_| asynchron_poll(null());
        }
        asynchron_name {
            "NULL handle" => EMPTY_TEXT, |_| asynchron_name(null_mut());
        }
        asynchron_user_data {
            "NULL handle" => NULL, |_| asynchron_user_data(null());
            "none was given" => NULL, |_| {
                let a = asynchron_create(null());
                let none = asynchron_user_data(a);
                works(a);
                none
            };
        }
        asynchron_is_shared {
            "NULL handle" => number(0), |_| asynchron_is_shared(null());
        }
        asynchron_is_held {
            "NULL handle" => number(0), |_| asynchron_is_held(null());
        }
        asynchron_is_on_demand {
            "NULL handle" => number(0), |_| asynchron_is_on_demand(null());
        }
    }
}

/// Options with everything set; two things are handed over, or NULL twice.
fn full(thing: *mut c_void) -> asynchron_options_t {
    asynchron_options_t {
        name: c"full".as_ptr(),
        user_data: thing,
        drop_user_data: DROP,
        on_demand: FN,
        on_demand_ctx: thing,
        drop_on_demand_ctx: DROP,
        ..OPTIONS
    }
}

fn with_time(s: &mut Scene, expire_after_ns: u64) -> asynchron_options_t {
    asynchron_options_t { expire_after_ns, ..full(s.thing()) }
}

fn with_room(s: &mut Scene, reserve: usize) -> asynchron_options_t {
    asynchron_options_t { reserve, ..full(s.thing()) }
}

fn with_size(s: &mut Scene, size: usize) -> asynchron_status_t {
    unsafe {
        asynchron_create_with(&asynchron_options_t { size, ..full(s.thing()) }, &mut s.handle)
    }
}

/// The handle that these options make, if they do, must work.
fn with(options: *const asynchron_options_t) -> asynchron_status_t {
    let mut a = mark();
    let status = unsafe { asynchron_create_with(options, &mut a) };
    if status == ASYNCHRON_OK {
        works(a);
    } else {
        assert_eq!(a, mark(), "out was written");
    }
    status
}

fn longer(s: &mut Scene, by: usize, tail: [u8; 16]) -> asynchron_status_t {
    let mut options = Longer { known: full(s.thing()), tail };
    options.known.size += by;
    with((&raw const options).cast())
}

/// A handle made with this name has this name, or one of the library's.
fn named(name: *const std::ffi::c_char, expected: Option<&CStr>) -> *mut asynchron_t {
    let a = unsafe { asynchron_create(name) };
    let found = unsafe { CStr::from_ptr(asynchron_name(a)) };
    match expected {
        Some(expected) => assert_eq!(found, expected),
        None => assert!(found.to_bytes().starts_with(b"asynchron-"), "{found:?}"),
    }
    works(a)
}
