//! Out of memory: whatever asks for memory is refused it, request by request, until it succeeds.
//! A refusal changes nothing, drops what was handed over exactly once, and leaks nothing.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::OnceLock;

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{OPTIONS, notify_options};
use crate::compute::{CREATE, created};
use crate::ledger::{Deny, denied};
use crate::limit;
use crate::promises::given_up;
use crate::scene::Scene;
use crate::steps::full;
use crate::table::*;
use crate::tally::{self, DROP, FN, JOIN, NOTIFY};
use crate::trial::{hold_with_or_without_memory, hold_without_memory, trials};

/// More than lies inside an asynchron, all of which is 64 bytes.
static LONG: [u8; 100] = [7; 100];
const MANY: usize = 1000;
const HOUR: u64 = 3_600_000_000_000;

#[test]
fn handles_without_memory() {
    hold_without_memory(trials! {
        asynchron_create {
            "unnamed" => NULL, POINTER, |s| kept(s, asynchron_create(null()));
            "named" => NULL, POINTER, |s| kept(s, asynchron_create(c"named".as_ptr()));
        }
        asynchron_create_with {
            "everything given" => E_NOMEM.drops(2), OK.drops(2), |s| {
                let options = everything(s);
                asynchron_create_with(&options, &mut s.handle)
            };
            "room alone" => E_NOMEM, OK, |s| {
                let options = asynchron_options_t { reserve: 64, ..OPTIONS };
                asynchron_create_with(&options, &mut s.handle)
            };
            "everything given, and room" => E_NOMEM.drops(2), OK.drops(2), |s| {
                let options = asynchron_options_t { reserve: 4096, ..everything(s) };
                asynchron_create_with(&options, &mut s.handle)
            };
        }
        asynchron_name {
            "made when first asked" => EMPTY_TEXT, TEXT, |s| asynchron_name(s.unnamed);
        }
    });
}

/// Options with all but room.
fn everything(s: &Scene) -> asynchron_options_t {
    asynchron_options_t {
        name: c"named".as_ptr(),
        user_data: s.thing(),
        drop_user_data: DROP,
        on_demand: FN,
        on_demand_ctx: s.thing(),
        drop_on_demand_ctx: DROP,
        ..OPTIONS
    }
}

#[test]
fn deliveries_without_memory() {
    hold_without_memory(trials! {
        asynchron_set_bytes {
            "64 bytes" => E_NOMEM, OK, |s| asynchron_set_bytes(s.pending, LONG.as_ptr().cast(), 64);
            "100 bytes" => E_NOMEM, OK,
                |s| asynchron_set_bytes(s.pending, LONG.as_ptr().cast(), 100);
        }
        asynchron_fail {
            "a message" => E_NOMEM, OK, |s| asynchron_fail(s.pending, 1, c"why".as_ptr());
        }
        asynchron_fail_with {
            "domain and message" => E_NOMEM.drops(1), OK.drops(1),
                |s| asynchron_fail_with(
                    s.pending,
                    1,
                    c"domain".as_ptr(),
                    c"why".as_ptr(),
                    s.thing(),
                    DROP,
                );
            "a domain, NULL to drop" => E_NOMEM.drops(1), OK.drops(1),
                |s| asynchron_fail_with(s.pending, 1, c"domain".as_ptr(), null(), null_mut(), DROP);
        }
        asynchron_cancel_with {
            "a reason" => E_NOMEM, OK, |s| asynchron_cancel_with(s.pending, c"why".as_ptr());
        }
    });
}

#[test]
fn callbacks_without_memory() {
    at_once();
    hold_without_memory(trials! {
        asynchron_notify {
            "on a pending one" => E_NOMEM, OK.runs(1),
                |s| asynchron_notify(s.pending, NOTIFY, null_mut());
        }
        asynchron_notify_with {
            "on a pending one" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = asynchron_notify_options_t {
                    drop_ctx: DROP,
                    ..notify_options(NOTIFY, s.thing())
                };
                asynchron_notify_with(s.pending, &options, null_mut())
            };
            "on an executor" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = asynchron_notify_options_t {
                    drop_ctx: DROP,
                    executor: at_once(),
                    ..notify_options(NOTIFY, s.thing())
                };
                asynchron_notify_with(s.pending, &options, &mut s.token)
            };
        }
    });
}

#[test]
fn producers_without_memory() {
    hold_without_memory(trials! {
        asynchron_promise_create {
            "the first" => NULL, POINTER, |s| given_up(asynchron_promise_create(s.unnamed, 0));
            "that cancels what nobody wants" => NULL, POINTER, |s| given_up(
                asynchron_promise_create(s.unnamed, ASYNCHRON_PROMISE_CANCEL_UNWANTED),
            );
        }
        asynchron_progress {
            "the first" => E_NOMEM, OK, |s| asynchron_progress(s.unnamed, 1, 2);
        }
        asynchron_follow {
            "a pending one" => E_NOMEM, OK, |s| asynchron_follow(s.pending, s.unnamed);
        }
    });
}

macro_rules! groups {
    ($group:ident) => {
        trials! {
            $group {
                "one pending" => NULL, POINTER,
                    |s| kept(s, $group(&s.pending, 1, null_mut(), 0));
                "one pending, into another" => NULL, POINTER,
                    |s| kept(s, $group(&s.pending, 1, s.unnamed, ASYNCHRON_CANCEL_REST));
                "1000" => NULL, POINTER,
                    |s| kept(s, $group([s.pending; MANY].as_ptr(), MANY, null_mut(), 0));
                "all complete" => NULL, POINTER,
                    |s| kept(s, $group([s.ready, s.failed].as_ptr(), 2, null_mut(), 0));
            }
        }
    };
}

#[test]
fn groups_without_memory() {
    hold_without_memory(groups!(asynchron_all));
    hold_without_memory(groups!(asynchron_any));
    hold_without_memory(groups!(asynchron_race));
}

#[test]
fn steps_with_options_without_memory() {
    at_once();
    hold_without_memory(trials! {
        asynchron_then_with {
            "a pending one" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = full(s.thing());
                asynchron_then_with(s.pending, null_mut(), &options, &mut s.handle)
            };
            "a pending one, into another, NULL to drop" => E_NOMEM.drops(1), OK.drops(1).runs(1),
                |s| asynchron_then_with(s.pending, s.unnamed, &full(null_mut()), null_mut());
            "a pending one, on an executor" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = there(s);
                asynchron_then_with(s.pending, null_mut(), &options, &mut s.handle)
            };
            "a ready one" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = full(s.thing());
                asynchron_then_with(s.ready, null_mut(), &options, &mut s.handle)
            };
            "a ready one, on an executor" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = there(s);
                asynchron_then_with(s.ready, null_mut(), &options, &mut s.handle)
            };
        }
        asynchron_after_with {
            "one pending" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = full(s.thing());
                asynchron_after_with(&s.pending, 1, null_mut(), &options, &mut s.handle)
            };
            "1000, into another, on an executor" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let (all, options) = ([s.pending; MANY], there(s));
                asynchron_after_with(all.as_ptr(), MANY, s.unnamed, &options, null_mut())
            };
            "nothing" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = full(s.thing());
                asynchron_after_with(null(), 0, null_mut(), &options, &mut s.handle)
            };
        }
    });
}

#[test]
fn executors_without_memory() {
    at_once();
    hold_without_memory(trials! {
        asynchron_executor_create {
            "with threads" => E_NOMEM.drops(1), OK.drops(1), |s| created(
                &asynchron_executor_options_t { ctx: s.thing(), drop_ctx: DROP, ..CREATE },
            );
            "with a function to post" => E_NOMEM.drops(1), OK.drops(1), |s| created(
                &asynchron_executor_options_t { ctx: s.thing(), drop_ctx: DROP, ..AT_ONCE },
            );
        }
        asynchron_spawn_on {
            "a function" => E_NOMEM.drops(1), OK.drops(1).runs(1),
                |s| asynchron_spawn_on(at_once(), s.unnamed, FN, s.thing(), DROP);
        }
    });
}

const AT_ONCE: asynchron_executor_options_t =
    asynchron_executor_options_t { post: Some(run_at_once), ..CREATE };

unsafe extern "C" fn run_at_once(task: *mut asynchron_task_t, _ctx: *mut c_void) -> i32 {
    unsafe { asynchron_task_run(task) };
    0
}

/// An executor that runs at once what it is given. A test that has it in a trial asks for it before memory runs out.
fn at_once() -> *mut asynchron_executor_t {
    struct Kept(*mut asynchron_executor_t);
    unsafe impl Send for Kept {}
    unsafe impl Sync for Kept {}
    static KEPT: OnceLock<Kept> = OnceLock::new();
    let make = || {
        let mut e = null_mut();
        assert_eq!(unsafe { asynchron_executor_create(&AT_ONCE, &mut e) }, ASYNCHRON_OK);
        Kept(e)
    };
    KEPT.get_or_init(make).0
}

/// Step options with that executor.
fn there(s: &Scene) -> asynchron_step_options_t {
    asynchron_step_options_t { executor: at_once(), ..full(s.thing()) }
}

#[test]
fn reports_without_memory() {
    hold_without_memory(trials! {
        asynchron_report_create {
            "of nothing" => NULL, POINTER, |_| released(asynchron_report_create(null(), 0));
            "of three" => NULL, POINTER,
                |s| released(asynchron_report_create([s.ready, s.pending, s.failed].as_ptr(), 3));
            "of 1000" => NULL, POINTER, |s| {
                released(asynchron_report_create([s.unnamed; MANY].as_ptr(), MANY))
            };
        }
        asynchron_report_add {
            "a pending one" => E_NOMEM, OK, |s| asynchron_report_add(s.empty, s.pending, s.thing());
            "a ready one" => E_NOMEM, OK, |s| asynchron_report_add(s.empty, s.ready, s.thing());
        }
    });
}

#[test]
fn many_without_memory() {
    hold_without_memory(trials! {
        asynchron_wait_any {
            "of 1000" => E_NOMEM, TIMEOUT, |s| {
                asynchron_wait_any([s.pending; MANY].as_ptr(), MANY, 1_000_000, &mut s.number)
            };
        }
        asynchron_after {
            "one pending" => NULL.drops(1), POINTER.drops(1).runs(1),
                |s| kept(s, asynchron_after(&s.pending, 1, null_mut(), JOIN, s.thing(), DROP));
            "one pending, into another, NULL to drop" => NULL.drops(1), POINTER.drops(1).runs(1),
                |s| kept(s, asynchron_after(&s.pending, 1, s.unnamed, JOIN, null_mut(), DROP));
            "1000" => NULL.drops(1), POINTER.drops(1).runs(1), |s| {
                kept(
                    s,
                    asynchron_after(
                        [s.pending; MANY].as_ptr(),
                        MANY,
                        null_mut(),
                        JOIN,
                        s.thing(),
                        DROP,
                    ),
                )
            };
            "all complete" => NULL.drops(1), POINTER.drops(1).runs(1),
                |s| kept(s, asynchron_after(&s.failed, 1, null_mut(), JOIN, s.thing(), DROP));
            "nothing" => NULL.drops(1), POINTER.drops(1).runs(1),
                |s| kept(s, asynchron_after(null(), 0, null_mut(), JOIN, s.thing(), DROP));
        }
        asynchron_then {
            "a pending one" => NULL.drops(1), POINTER.drops(1),
                |s| kept(s, asynchron_then(s.pending, null_mut(), JOIN, s.thing(), DROP));
            "a pending one, into another" => NULL.drops(1), POINTER.drops(1),
                |s| kept(s, asynchron_then(s.pending, s.unnamed, JOIN, s.thing(), DROP));
            "a ready one" => NULL.drops(1), POINTER.drops(1).runs(1),
                |s| kept(s, asynchron_then(s.ready, null_mut(), JOIN, s.thing(), DROP));
            "a failed one" => NULL.drops(1), POINTER.drops(1),
                |s| kept(s, asynchron_then(s.failed, null_mut(), JOIN, null_mut(), DROP));
        }
    });
}

/// These need not ask for memory; if they do, a refusal is as clean as any.
#[test]
fn what_may_do_without_memory() {
    hold_with_or_without_memory(trials! {
        asynchron_call {
            "a function" => E_NOMEM, OK.runs(1), |s| asynchron_call(s.unnamed, FN, null_mut());
        }
        asynchron_spawn {
            "a function" => E_NOMEM.drops(1), OK.drops(1).runs(1),
                |s| asynchron_spawn(s.unnamed, FN, s.thing(), DROP);
            "a function, NULL ctx" => E_NOMEM.drops(1), OK.drops(1).runs(1),
                |s| asynchron_spawn(s.unnamed, FN, null_mut(), DROP);
        }
        asynchron_expire_after {
            "an hour" => E_NOMEM, OK, |s| asynchron_expire_after(s.unnamed, HOUR);
        }
        asynchron_timer {
            "of an hour" => NULL, POINTER, |s| {
                let timer = kept(s, asynchron_timer(HOUR));
                // It keeps itself until then.
                asynchron_cancel(timer);
                timer
            };
        }
        asynchron_notify {
            "on a ready one" => E_NOMEM, OK.runs(1),
                |s| asynchron_notify(s.ready, NOTIFY, null_mut());
        }
        asynchron_notify_with {
            "on a failed one" => E_NOMEM.drops(1), OK.drops(1).runs(1), |s| {
                let options = asynchron_notify_options_t {
                    drop_ctx: DROP,
                    ..notify_options(NOTIFY, s.thing())
                };
                asynchron_notify_with(s.failed, &options, null_mut())
            };
        }
        asynchron_set_bytes {
            "17 bytes" => E_NOMEM, OK,
                |s| asynchron_set_bytes(s.pending, LONG.as_ptr().cast(), 17);
        }
        asynchron_fail_with {
            "a payload alone" => E_NOMEM.drops(1), OK.drops(1),
                |s| asynchron_fail_with(s.pending, 1, null(), null(), s.thing(), DROP);
        }
        asynchron_wait_all {
            "1000" => E_NOMEM, TIMEOUT, |s| {
                asynchron_wait_all([s.pending; MANY].as_ptr(), MANY, 1_000_000)
            };
        }
        asynchron_report_fd {
            "made on first use" => number(ASYNCHRON_E_NOMEM as i64), number(0),
                |s| asynchron_report_fd(s.report).min(0);
        }
    });
}

/// Inside a callback, what is registered on a complete one is due later, and kept until then.
#[test]
fn registering_inside_a_callback_without_memory() {
    unsafe extern "C" fn register(a: *mut asynchron_t, status: *mut c_void) {
        let options =
            asynchron_notify_options_t { drop_ctx: DROP, ..notify_options(NOTIFY, null_mut()) };
        let call = || unsafe { asynchron_notify_with(a, &options, null_mut()) };
        unsafe { *status.cast() = denied(Deny::From(1), call).0 };
    }
    limit::within(|_| {
        tally::reset();
        let mut status = ASYNCHRON_E_INTERNAL;
        unsafe {
            let a = asynchron_create(null());
            asynchron_cancel(a);
            let ctx = (&raw mut status).cast();
            assert_eq!(asynchron_notify(a, Some(register), ctx), ASYNCHRON_OK);
            asynchron_release(a);
        }
        let runs = u32::from(status == ASYNCHRON_OK);
        assert!([ASYNCHRON_OK, ASYNCHRON_E_NOMEM].contains(&status), "{status:?}");
        assert_eq!((tally::runs(), tally::null_drops()), (runs, 1));
    });
}

/// The scene releases it in the end.
fn kept(s: &mut Scene, a: *mut asynchron_t) -> *mut asynchron_t {
    if !a.is_null() {
        s.handle = a;
    }
    a
}

unsafe fn released(r: *mut asynchron_report_t) -> *mut asynchron_report_t {
    unsafe { asynchron_report_release(r) };
    r
}
