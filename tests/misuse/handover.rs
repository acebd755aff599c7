//! What is handed over is the library's from the call on, whatever the call returns: its drop runs
//! exactly once on every path, also for NULL, and never for a NULL drop.
//!
//! Here are values and payloads; `contexts.rs` has what comes with functions, and the table has
//! misuse.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::Shared;
use crate::limit;
use crate::scene::Scene;
use crate::table::*;
use crate::tally::{self, DROP};

/// Ways to hand over a value or a payload.
type Deliver = unsafe fn(*mut asynchron_t, *mut c_void, asynchron_drop_fn_t) -> asynchron_status_t;

const DELIVER: [(&str, Deliver); 4] = [
    ("set_pointer", |a, thing, drop| unsafe { asynchron_set_pointer(a, thing, drop) }),
    ("set_buffer", |a, thing, drop| unsafe {
        asynchron_set_buffer(a, c"data".as_ptr().cast(), 4, thing, drop)
    }),
    ("fail_with", |a, thing, drop| unsafe {
        asynchron_fail_with(a, 3, c"domain".as_ptr(), c"why".as_ptr(), thing, drop)
    }),
    ("fail_with, no strings", |a, thing, drop| unsafe {
        asynchron_fail_with(a, 3, null(), null(), thing, drop)
    }),
];

#[test]
fn a_value_is_kept_until_the_last_reference_goes() {
    limit::within(|watch| {
        for (name, deliver) in DELIVER {
            for collected in [false, true] {
                watch.step(name, "a value is kept");
                with_and_without_drop(|s, thing, drop, drops| unsafe {
                    let a = asynchron_retain(asynchron_create(null()));
                    assert_eq!(deliver(a, thing, drop), ASYNCHRON_OK);
                    if collected {
                        let _ = asynchron_get(a, null_mut());
                    }
                    asynchron_release(a);
                    assert_eq!(s.drops(), 0, "dropped while a reference is left");
                    asynchron_release(a);
                    assert_eq!(s.drops(), drops);
                });
            }
        }
    });
}

#[test]
fn a_rejected_value_is_dropped_before_the_call_returns() {
    limit::within(|watch| {
        for (name, deliver) in DELIVER {
            watch.step(name, "a rejected value");
            with_and_without_drop(|s, thing, drop, drops| unsafe {
                let before = tally::null_drops();
                let rejected = [
                    (s.ready, ASYNCHRON_ALREADY),
                    (s.failed, ASYNCHRON_ALREADY),
                    (s.cancelled, ASYNCHRON_CANCELLED),
                    (null_mut(), ASYNCHRON_E_INVALID),
                ];
                for (times, (a, status)) in (1..).zip(rejected) {
                    assert_eq!(deliver(a, thing, drop), status);
                    assert_eq!(s.drops() - before, drops * times);
                }
            });
        }
    });
}

/// Runs `body` with a thing and with NULL to drop, with a drop and without; its last argument is
/// how often one hand-over is dropped.
fn with_and_without_drop(body: impl Fn(&Scene, *mut c_void, asynchron_drop_fn_t, u32)) {
    for drop in [DROP, None] {
        for null_thing in [false, true] {
            let run = || {
                tally::reset();
                let s = Scene::new();
                let thing = if null_thing { null_mut() } else { s.thing() };
                body(&s, thing, drop, u32::from(drop.is_some()));
                s.release();
            };
            without_leak(run).unwrap();
        }
    }
}

#[test]
fn what_a_cancelled_function_delivers_is_dropped() {
    unsafe extern "C" fn cancel_then_deliver(a: *mut asynchron_t, thing: *mut c_void) -> i32 {
        unsafe {
            asynchron_cancel(a);
            asynchron_set_pointer(a, thing, DROP);
            asynchron_fail_with(a, 1, null(), null(), thing, DROP);
        }
        1
    }
    hold(rows! {
        asynchron_call {
            "cancelled while running" => CANCELLED.drops(2), |s| {
                let a = asynchron_create(null());
                assert_eq!(
                    asynchron_call(a, Some(cancel_then_deliver), s.thing()),
                    ASYNCHRON_OK
                );
                let status = asynchron_get(a, null_mut());
                asynchron_release(a);
                status
            };
        }
    });
}

#[test]
fn of_deliveries_that_race_one_is_kept() {
    limit::within(|_| {
        for round in 0..300 {
            tally::reset();
            let a = Shared(unsafe { asynchron_create(null()) });
            let start = std::sync::Barrier::new(4);
            let won = std::thread::scope(|threads| {
                let runners: Vec<_> = DELIVER
                    .map(|(_, deliver)| {
                        let (a, start) = (&a, &start);
                        threads.spawn(move || {
                            start.wait();
                            unsafe { deliver(a.0, null_mut(), DROP) }
                        })
                    })
                    .into_iter()
                    .collect();
                let statuses = runners.into_iter().map(|runner| runner.join().unwrap());
                statuses.filter(|status| *status == ASYNCHRON_OK).count()
            });
            assert_eq!((won, tally::null_drops()), (1, 3), "round {round}");
            unsafe { asynchron_release(a.0) };
            assert_eq!(tally::null_drops(), 4, "round {round}");
        }
    });
}
