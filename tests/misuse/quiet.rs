//! What must not ask for memory: completing (beyond copying what the caller hands over),
//! cancelling, waiting for one, asking and releasing, whoever is registered or blocked meanwhile.
//! Each is done on a thread that has done nothing else, so nothing has been made ready for it.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::audience::{Audience, GATHER, callbacks, sleep_once};
use crate::common::{OPTIONS, Shared, SharedReport, notify_options};
use crate::ledger::{Deny, denied, deny_here, grant_here, requests_of};
use crate::limit;
use crate::table::without_leak;
use crate::tally::{DROP, FN, NOTIFY};

type Ask = unsafe fn(*mut asynchron_t);
type Complete = unsafe fn(*mut asynchron_t) -> asynchron_status_t;

static BYTES: [u8; 32] = [7; 32];

fn bytes() -> *const c_void {
    BYTES.as_ptr().cast()
}

const COMPLETE: [(&str, Complete); 9] = [
    ("set_bytes of none", |a| unsafe { asynchron_set_bytes(a, null(), 0) }),
    ("set_bytes of 1", |a| unsafe { asynchron_set_bytes(a, bytes(), 1) }),
    ("set_bytes of 16", |a| unsafe { asynchron_set_bytes(a, bytes(), 16) }),
    ("set_pointer", |a| unsafe { asynchron_set_pointer(a, null_mut(), DROP) }),
    ("set_buffer", |a| unsafe { asynchron_set_buffer(a, bytes(), 32, null_mut(), DROP) }),
    ("fail", |a| unsafe { asynchron_fail(a, 5, null()) }),
    ("cancel", |a| unsafe { asynchron_cancel(a) }),
    ("cancel_with", |a| unsafe { asynchron_cancel_with(a, null()) }),
    ("call", |a| unsafe { asynchron_call(a, FN, null_mut()) }),
];

/// Does `act` on a thread that has done nothing else; it must not ask for memory.
fn quietly(what: &str, a: *mut asynchron_t, act: impl FnOnce(*mut asynchron_t) + Send) {
    let shared = Shared(a);
    let asked = std::thread::scope(|threads| {
        let thread = threads.spawn(move || {
            let a = shared.get();
            sleep_once();
            requests_of(|| act(a)).1
        });
        thread.join().unwrap()
    });
    assert_eq!(asked, 0, "{what}: requests for memory");
}

#[test]
fn completing_asks_for_no_memory() {
    limit::within(|watch| {
        for (who, gather) in GATHER {
            for (how, complete) in COMPLETE {
                watch.step(how, who);
                without_leak(|| unsafe {
                    let (a, mut audience) = (asynchron_create(null()), Audience::default());
                    gather(a, &mut audience);
                    let what = format!("{how}, told: {who}");
                    quietly(&what, a, |a| assert_eq!(complete(a), ASYNCHRON_OK));
                    audience.leave();
                    asynchron_release(a);
                })
                .unwrap();
            }
        }
    });
}

#[test]
fn losing_asks_for_no_memory() {
    limit::within(|watch| {
        for (how, complete) in COMPLETE {
            watch.step(how, "loses");
            let a = unsafe { asynchron_create(null()) };
            unsafe { asynchron_cancel(a) };
            quietly(how, a, |a| assert_eq!(unsafe { complete(a) }, ASYNCHRON_CANCELLED));
            unsafe { asynchron_release(a) };
        }
    });
}

#[test]
fn asking_a_complete_one_asks_for_no_memory() {
    let ask: [(&'static str, Ask); 10] = [
        ("get", |a| unsafe {
            let mut value = asynchron_value_t { data: null(), len: 0 };
            assert_ne!(asynchron_get(a, &mut value), ASYNCHRON_E_NOMEM);
        }),
        ("get_timeout", |a| unsafe {
            assert_ne!(asynchron_get_timeout(a, 9, null_mut()), ASYNCHRON_TIMEOUT)
        }),
        ("get_bytes", |a| unsafe {
            let (mut room, mut len) = ([0u8; 32], 0);
            let status = asynchron_get_bytes(a, room.as_mut_ptr().cast(), 32, &mut len);
            assert_ne!(status, ASYNCHRON_E_NOMEM);
        }),
        ("wait", |a| unsafe { assert_eq!(asynchron_wait(a, ASYNCHRON_FOREVER), ASYNCHRON_OK) }),
        ("poll", |a| unsafe { assert_ne!(asynchron_poll(a), ASYNCHRON_PENDING) }),
        ("state", |a| unsafe {
            asynchron_state(a);
        }),
        ("error", |a| unsafe {
            let (domain, message) = (null(), null());
            let mut error = asynchron_error_t { code: 0, domain, message, payload: null() };
            asynchron_error(a, &mut error);
        }),
        ("unnotify", |a| unsafe { assert_eq!(asynchron_unnotify(a, 1 << 40), ASYNCHRON_ALREADY) }),
        ("try_unnotify", |a| unsafe {
            assert_eq!(asynchron_try_unnotify(a, 1 << 40), ASYNCHRON_ALREADY)
        }),
        ("retain and release", |a| unsafe { asynchron_release(asynchron_retain(a)) }),
    ];
    limit::within(move |watch| {
        for (how, complete) in COMPLETE {
            let a = unsafe { asynchron_create(null()) };
            assert_eq!(unsafe { complete(a) }, ASYNCHRON_OK);
            for (what, ask) in ask {
                watch.step(what, how);
                quietly(what, a, |a| unsafe { ask(a) });
            }
            quietly("the last release", a, |a| unsafe { asynchron_release(a) });
        }
    });
}

#[test]
fn waiting_out_a_timeout_asks_for_no_memory() {
    limit::within(|_| unsafe {
        let a = asynchron_create(null());
        for timeout in [0, 1, 1_000_000] {
            quietly("get_timeout", a, |a| {
                assert_eq!(asynchron_get_timeout(a, timeout, null_mut()), ASYNCHRON_TIMEOUT);
            });
            quietly("wait", a, |a| assert_eq!(asynchron_wait(a, timeout), ASYNCHRON_TIMEOUT));
        }
        asynchron_release(a);
    });
}

#[test]
fn unregistering_asks_for_no_memory() {
    limit::within(|_| unsafe {
        let a = asynchron_create(null());
        for unnotify in [asynchron_unnotify, asynchron_try_unnotify] {
            let mut token = 0;
            callbacks(a);
            let options = notify_options(NOTIFY, null_mut());
            assert_eq!(asynchron_notify_with(a, &options, &mut token), ASYNCHRON_OK);
            callbacks(a);
            quietly("unnotify", a, |a| assert_eq!(unnotify(a, token), ASYNCHRON_OK));
        }
        let report = SharedReport(asynchron_report_create([a, a].as_ptr(), 2));
        quietly("report_remove", a, move |a| {
            assert_eq!(asynchron_report_remove(report.get(), a), ASYNCHRON_OK);
        });
        asynchron_report_release(report.get());
        asynchron_release(a);
    });
}

#[test]
fn collecting_from_a_report_asks_for_no_memory() {
    limit::within(|_| unsafe {
        let a = asynchron_create(null());
        let report = SharedReport(asynchron_report_create([a; 8].as_ptr(), 8));
        asynchron_cancel(a);
        quietly("report_next", a, move |_| {
            let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
            assert_eq!(asynchron_report_next(report.get(), 0, &mut item), ASYNCHRON_OK);
            asynchron_release(item.asynchron);
        });
        quietly("report_next_batch", a, move |_| {
            let mut items =
                [const { asynchron_item_t { asynchron: null_mut(), tag: null_mut() } }; 5];
            let mut n = 0;
            let status =
                asynchron_report_next_batch(report.get(), 0, items.as_mut_ptr(), 5, &mut n);
            assert_eq!((status, n), (ASYNCHRON_OK, 5));
            for item in items {
                asynchron_release(item.asynchron);
            }
        });
        quietly("report_pending and report_wake", a, move |_| {
            assert_eq!(asynchron_report_pending(report.get()), 2);
            assert_eq!(asynchron_report_wake(report.get()), ASYNCHRON_OK);
        });
        quietly("report_watch", a, move |_| {
            assert_eq!(asynchron_report_watch(report.get(), 1), ASYNCHRON_OK);
            assert_eq!(asynchron_report_watch(report.get(), 0), ASYNCHRON_OK);
        });
        quietly("report_close and report_rearm", a, move |_| {
            assert_eq!(asynchron_report_close(report.get()), ASYNCHRON_OK);
            assert_eq!(asynchron_report_rearm(report.get()), ASYNCHRON_OK);
        });
        quietly("report_release", a, move |_| asynchron_report_release(report.get()));
        asynchron_release(a);
    });
}

#[test]
fn releasing_a_pending_one_that_nobody_can_deliver_any_more_asks_for_no_memory() {
    limit::within(|watch| {
        for (who, gather) in &GATHER[..5] {
            watch.step("the last release", who);
            let (a, mut audience) = (unsafe { asynchron_create(null()) }, Audience::default());
            gather(a, &mut audience);
            // Each report keeps a reference, so it would not be the last.
            for report in audience.reports.drain(..) {
                unsafe { asynchron_report_release(report) };
            }
            quietly(who, a, |a| unsafe { asynchron_release(a) });
            audience.leave();
        }
    });
}

#[test]
fn a_function_on_a_background_thread_ends_without_memory() {
    unsafe extern "C" fn fail_7(_self: *mut asynchron_t, _ctx: *mut c_void) -> i32 {
        deny_here(Deny::From(1));
        7
    }
    unsafe extern "C" fn grant(_a: *mut asynchron_t, refused: *mut c_void) {
        unsafe { &*refused.cast::<AtomicUsize>() }.store(grant_here() + 1, SeqCst);
    }
    limit::within(|_| unsafe {
        let (a, refused) = (asynchron_create(null()), AtomicUsize::new(0));
        let ctx = (&raw const refused).cast_mut().cast();
        assert_eq!(asynchron_notify(a, Some(grant), ctx), ASYNCHRON_OK);
        assert_eq!(asynchron_spawn(a, Some(fail_7), null_mut(), DROP), ASYNCHRON_OK);
        assert_eq!(asynchron_get(a, null_mut()), ASYNCHRON_FAILED);
        while refused.load(SeqCst) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(refused.load(SeqCst), 1, "asked for memory");
        asynchron_release(a);
    });
}

#[test]
fn a_function_on_demand_runs_without_memory_or_not_at_all() {
    limit::within(|_| unsafe {
        let options = asynchron_options_t { on_demand: FN, ..OPTIONS };
        let mut a = null_mut();
        assert_eq!(asynchron_create_with(&options, &mut a), ASYNCHRON_OK);
        let (status, _) = denied(Deny::From(1), || asynchron_get(a, null_mut()));
        assert!([ASYNCHRON_OK, ASYNCHRON_E_NOMEM].contains(&status), "{status:?}");
        assert_eq!(asynchron_get(a, null_mut()), ASYNCHRON_OK);
        asynchron_release(a);
    });
}
