//! Those who learn that an asynchron completes: registered on it, or blocked in a wait for it.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::Duration;

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::{OPTIONS, Shared, SharedReport, notify_options};
use crate::ledger::requests_of;
use crate::tally::{DROP, JOIN, NOTIFY};

/// What has to be ended and released after the completion.
#[derive(Default)]
pub struct Audience {
    pub reports: Vec<*mut asynchron_report_t>,
    handles: Vec<*mut asynchron_t>,
    /// Each returns how often it asked for memory that it should not have.
    blocked: Vec<JoinHandle<usize>>,
}

impl Audience {
    pub fn leave(self) {
        for thread in self.blocked {
            assert_eq!(thread.join().unwrap(), 0, "a blocked thread asked for memory");
        }
        for report in self.reports {
            unsafe { asynchron_report_release(report) };
        }
        for a in self.handles {
            unsafe { asynchron_release(a) };
        }
    }
}

pub type Gather = fn(*mut asynchron_t, &mut Audience);

pub const GATHER: [(&str, Gather); 7] = [
    ("nobody", |_, _| ()),
    ("callbacks", |a, _| callbacks(a)),
    ("a callback that completes another", |a, audience| nested(a, audience)),
    ("reports", |a, audience| reports(a, audience)),
    ("after and then", |a, audience| joins(a, audience)),
    ("blocked waiters", |a, audience| waiters(a, audience)),
    ("all of them", |a, audience| {
        for gather in [|a, _: &mut Audience| callbacks(a), nested, reports, joins, waiters] {
            gather(a, audience);
        }
    }),
];

pub fn callbacks(a: *mut asynchron_t) {
    for _ in 0..3 {
        let options =
            asynchron_notify_options_t { drop_ctx: DROP, ..notify_options(NOTIFY, null_mut()) };
        assert_eq!(unsafe { asynchron_notify_with(a, &options, null_mut()) }, ASYNCHRON_OK);
    }
}

/// Inside the callback, a wait blocks, too; it first runs what is due.
fn nested(a: *mut asynchron_t, audience: &mut Audience) {
    unsafe extern "C" fn cancel_and_wait(a: *mut asynchron_t, other: *mut c_void) {
        unsafe {
            let never = asynchron_user_data(other.cast()).cast();
            asynchron_cancel(other.cast());
            asynchron_wait(never, 100_000);
            asynchron_wait(a, ASYNCHRON_FOREVER);
        }
    }
    unsafe {
        let (never, mut other) = (asynchron_create(null()), null_mut());
        let options = asynchron_options_t { user_data: never.cast(), ..OPTIONS };
        assert_eq!(asynchron_create_with(&options, &mut other), ASYNCHRON_OK);
        callbacks(other);
        assert_eq!(asynchron_notify(a, Some(cancel_and_wait), other.cast()), ASYNCHRON_OK);
        audience.handles.extend([never, other]);
    }
}

fn reports(a: *mut asynchron_t, audience: &mut Audience) {
    unsafe {
        audience.reports.push(asynchron_report_create([a, a].as_ptr(), 2));
        let polled = asynchron_report_create(&a, 1);
        assert!(asynchron_report_fd(polled) >= 0);
        audience.reports.push(polled);
    }
}

fn joins(a: *mut asynchron_t, audience: &mut Audience) {
    unsafe {
        let after = asynchron_after([a, a].as_ptr(), 2, null_mut(), JOIN, null_mut(), DROP);
        let then = asynchron_then(a, null_mut(), JOIN, null_mut(), DROP);
        let next = asynchron_then(then, null_mut(), JOIN, null_mut(), DROP);
        audience.handles.extend([after, then, next]);
    }
}

fn waiters(a: *mut asynchron_t, audience: &mut Audience) {
    // With how often each asks for memory, at most: wait_any asks once, and does without if there is none.
    type Wait = unsafe fn(*mut asynchron_t, *mut asynchron_report_t);
    let waits: [(usize, Wait); 5] = [
        (0, |a, _| unsafe {
            let _ = asynchron_get(a, null_mut());
        }),
        (0, |a, _| unsafe {
            let _ = asynchron_get_timeout(a, 10_000_000_000, null_mut());
        }),
        (0, |a, _| unsafe {
            asynchron_wait(a, ASYNCHRON_FOREVER);
        }),
        (1, |a, _| unsafe {
            asynchron_wait_any([a, a].as_ptr(), 2, ASYNCHRON_FOREVER, null_mut());
        }),
        (0, |_, report| unsafe {
            let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
            let status = asynchron_report_next(report, ASYNCHRON_FOREVER, &mut item);
            assert_eq!(status, ASYNCHRON_OK);
            asynchron_release(item.asynchron);
        }),
    ];
    let report = unsafe { asynchron_report_create(&a, 1) };
    audience.reports.push(report);
    let (shared, report) = (Shared(a), SharedReport(report));
    let all_begin = Arc::new(Barrier::new(waits.len() + 1));
    for (most, wait) in waits {
        let all_begin = Arc::clone(&all_begin);
        audience.blocked.push(std::thread::spawn(move || {
            let (a, report) = (shared.get(), report.get());
            sleep_once();
            all_begin.wait();
            requests_of(|| unsafe { wait(a, report) }).1.saturating_sub(most)
        }));
    }
    all_begin.wait();
    // Most are blocked by now; if one is not, it finds the completion there.
    std::thread::sleep(Duration::from_millis(10));
}

/// Where the library sleeps in parking_lot_core's table, that makes room for a thread which sleeps for the
/// first time. On Linux nothing has to be made.
pub fn sleep_once() {
    if cfg!(any(not(target_os = "linux"), asynchron_portable)) {
        unsafe {
            let never = asynchron_create(null());
            assert_eq!(asynchron_wait(never, 1_000_000), ASYNCHRON_TIMEOUT);
            asynchron_release(never);
        }
    }
}
