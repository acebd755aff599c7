//! Out parameters: an empty value is {NULL, 0}, whichever way it came; copied data is aligned as
//! malloc's; strings are never NULL. That nothing is written with any status but OK is checked by
//! every row of the table.

use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::limit;
use crate::scene::Scene;
use crate::table::*;
use crate::tally::FN;

type End = unsafe fn(*mut asynchron_t) -> asynchron_status_t;

fn written_value(a: *mut asynchron_t) -> asynchron_value_t {
    let mut value = asynchron_value_t { data: null(), len: 77 };
    assert_eq!(unsafe { asynchron_get(a, &mut value) }, ASYNCHRON_OK);
    value
}

#[test]
fn an_empty_value_is_null_and_0() {
    limit::within(|_| {
        let byte = 7u8;
        let data = (&raw const byte).cast::<c_void>();
        let ways: [unsafe fn(*mut asynchron_t, *const c_void) -> asynchron_status_t; 5] = unsafe {
            [
                |a, _| asynchron_set_bytes(a, null(), 0),
                |a, data| asynchron_set_bytes(a, data, 0),
                |a, _| asynchron_set_buffer(a, null(), 0, null_mut(), None),
                |a, data| asynchron_set_buffer(a, data, 0, null_mut(), None),
                |a, _| asynchron_call(a, FN, null_mut()),
            ]
        };
        for (way, deliver) in ways.iter().enumerate() {
            let a = unsafe { asynchron_create(null()) };
            assert_eq!(unsafe { deliver(a, data) }, ASYNCHRON_OK);
            let value = written_value(a);
            assert_eq!((value.data, value.len), (null(), 0), "way {way}");
            let (mut byte, mut len) = (9u8, 77);
            let status = unsafe { asynchron_get_bytes(a, (&raw mut byte).cast(), 1, &mut len) };
            assert_eq!((status, byte, len), (ASYNCHRON_OK, 9, 0), "way {way}");
            unsafe { asynchron_release(a) };
        }
    });
}

#[test]
fn copied_data_is_a_copy_and_aligned_as_mallocs() {
    limit::within(|_| {
        let aligned = if size_of::<usize>() == 8 { 16 } else { 8 };
        for len in 1..=200usize {
            let mut bytes: Vec<u8> = (0..len).map(|i| i as u8 ^ 0x5a).collect();
            let a = unsafe { asynchron_create(null()) };
            assert_eq!(unsafe { asynchron_set_bytes(a, bytes.as_ptr().cast(), len) }, ASYNCHRON_OK);
            bytes.fill(0);
            let value = written_value(a);
            assert_eq!(value.data.addr() % aligned, 0, "{len} bytes");
            assert_eq!(value.len, len);
            let found = unsafe { std::slice::from_raw_parts(value.data.cast::<u8>(), len) };
            assert!(
                found.iter().enumerate().all(|(i, byte)| *byte == i as u8 ^ 0x5a),
                "{len} bytes"
            );
            unsafe { asynchron_release(a) };
        }
    });
}

#[test]
fn a_pointer_and_a_buffer_come_back_as_they_were() {
    limit::within(|_| unsafe {
        let bytes = [1u8, 2, 3];
        let data = bytes.as_ptr().cast::<c_void>();
        let a = asynchron_create(null());
        assert_eq!(asynchron_set_pointer(a, data.cast_mut(), None), ASYNCHRON_OK);
        let value = written_value(a);
        assert_eq!((value.data, value.len), (data, 0));
        asynchron_release(a);

        let a = asynchron_create(null());
        assert_eq!(asynchron_set_buffer(a, data, 3, null_mut(), None), ASYNCHRON_OK);
        let value = written_value(a);
        assert_eq!((value.data, value.len), (data, 3));
        asynchron_release(a);
    });
}

#[test]
fn the_strings_of_an_error_are_never_null() {
    limit::within(|_| unsafe {
        let ends: [(End, i32, &CStr, &CStr); 6] = [
            (|a| asynchron_fail(a, 7, null()), 7, c"", c""),
            (|a| asynchron_fail(a, 7, c"why".as_ptr()), 7, c"", c"why"),
            (|a| asynchron_fail_with(a, 0, null(), null(), null_mut(), None), 0, c"", c""),
            (
                |a| asynchron_fail_with(a, -1, c"db".as_ptr(), null(), null_mut(), None),
                -1,
                c"db",
                c"",
            ),
            (|a| asynchron_cancel(a), 0, c"", c""),
            (|a| asynchron_cancel_with(a, c"enough".as_ptr()), 0, c"", c"enough"),
        ];
        for (end, code, domain, message) in ends {
            let a = asynchron_create(null());
            assert_eq!(end(a), ASYNCHRON_OK);
            let payload = (&raw const code).cast();
            let mut error =
                asynchron_error_t { code: 99, domain: null(), message: null(), payload };
            assert_eq!(asynchron_error(a, &mut error), ASYNCHRON_OK);
            assert_eq!((error.code, error.payload), (code, null()));
            assert_eq!(
                (CStr::from_ptr(error.domain), CStr::from_ptr(error.message)),
                (domain, message)
            );
            asynchron_release(a);
        }
    });
}

#[test]
fn nothing_is_written_where_waiting_would_deadlock() {
    hold(rows! {
        asynchron_get {
            "inside its own function" => E_DEADLOCK,
                |s| inside(s, |a, s| asynchron_get(a, &mut s.value));
        }
        asynchron_get_timeout {
            "inside its own function, no time" => E_DEADLOCK,
                |s| inside(s, |a, s| asynchron_get_timeout(a, 0, &mut s.value));
        }
        asynchron_get_bytes {
            "inside its own function" => E_DEADLOCK,
                |s| inside(
                    s,
                    |a,
                    s| { asynchron_get_bytes(a, s.bytes.as_mut_ptr().cast(), 16, &mut s.number) },
                );
        }
        asynchron_wait {
            "inside its own function, no time" => E_DEADLOCK,
                |s| inside(s, |a, _| asynchron_wait(a, 0));
        }
        asynchron_wait_any {
            "inside its own function" => E_DEADLOCK,
                |s| inside(
                    s,
                    |a,
                    s| { asynchron_wait_any([a, a].as_ptr(), 2, ASYNCHRON_FOREVER, &mut s.number) },
                );
        }
        asynchron_error {
            "inside its own function" => PENDING,
                |s| inside(s, |a, s| asynchron_error(a, &mut s.error));
        }
    });
}

type Ask = unsafe fn(*mut asynchron_t, &mut Scene) -> asynchron_status_t;

struct Inside<'s> {
    scene: &'s mut Scene,
    ask: Ask,
    status: asynchron_status_t,
}

/// Asks a handle of its own, inside the function that computes its value.
unsafe fn inside(scene: &mut Scene, ask: Ask) -> asynchron_status_t {
    unsafe extern "C" fn function(a: *mut asynchron_t, ctx: *mut c_void) -> i32 {
        let inside = unsafe { &mut *ctx.cast::<Inside>() };
        inside.status = unsafe { (inside.ask)(a, inside.scene) };
        0
    }
    let mut inside = Inside { scene, ask, status: ASYNCHRON_OK };
    unsafe {
        let a = asynchron_create(null());
        assert_eq!(asynchron_call(a, Some(function), (&raw mut inside).cast()), ASYNCHRON_OK);
        asynchron_release(a);
    }
    inside.status
}
