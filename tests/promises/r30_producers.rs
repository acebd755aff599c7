//! Rule 30: what producers with means of their own need: to say that they have begun, to cancel what has not, to run what
//! is due before they free what it uses, and a release that is a drop.

use crate::support::*;
use std::sync::Barrier;
use std::sync::Mutex;
use std::thread;

fn start(a: &Handle) -> asynchron_status_t {
    unsafe { asynchron_start(a.raw()) }
}

fn cancel_pending(a: &Handle, reason: &str) -> asynchron_status_t {
    let reason = CString::new(reason).unwrap();
    unsafe { asynchron_cancel_pending(a.raw(), reason.as_ptr()) }
}

#[test]
fn started_it_is_running_until_somebody_delivers() {
    let a = Handle::new();
    assert_eq!(start(&a), ASYNCHRON_OK);
    assert_eq!((a.state(), a.poll()), (ASYNCHRON_STATE_RUNNING, ASYNCHRON_PENDING));
    assert_eq!(start(&a), ASYNCHRON_ALREADY);
    assert_eq!(a.wait(1000), ASYNCHRON_TIMEOUT);
    assert_eq!(a.set_number(1), ASYNCHRON_OK);
    assert_eq!(start(&a), ASYNCHRON_ALREADY);
    assert_eq!(a.number(), Ok(1));
    let cancelled = Handle::new();
    cancelled.cancel();
    assert_eq!(start(&cancelled), ASYNCHRON_CANCELLED);
}

#[test]
fn once_started_no_function_runs_for_it() {
    within(60, || {
        let a = on_demand(|_| panic!("it ran"));
        assert_eq!(start(&a), ASYNCHRON_OK);
        assert_eq!(a.wait(1000), ASYNCHRON_TIMEOUT);
        assert_eq!(call(&a, |_| panic!("it ran")), ASYNCHRON_ALREADY);
        let dropped = Arc::new(());
        let its = dropped.clone();
        assert_eq!(
            spawn(&a, move |_| {
                let _ = &its;
                panic!("it ran")
            }),
            ASYNCHRON_OK
        );
        until(|| Arc::strong_count(&dropped) == 1);
        assert_eq!(a.cancel(), ASYNCHRON_OK);
    });
}

#[test]
fn only_what_has_not_begun_is_cancelled_by_cancel_pending() {
    let pending = Handle::new();
    assert_eq!(cancel_pending(&pending, "closed"), ASYNCHRON_OK);
    assert_eq!(pending.error().unwrap().message, "closed");
    assert_eq!(cancel_pending(&pending, "again"), ASYNCHRON_CANCELLED);
    let plain = Handle::new();
    assert_eq!(unsafe { asynchron_cancel_pending(plain.raw(), null()) }, ASYNCHRON_OK);
    assert_eq!(plain.error().unwrap().message, "");

    let started = Handle::new();
    start(&started);
    assert_eq!(cancel_pending(&started, "closed"), ASYNCHRON_ALREADY);
    assert_eq!(started.set_number(2), ASYNCHRON_OK);
    assert_eq!(cancel_pending(&started, "closed"), ASYNCHRON_ALREADY);

    let inside = Handle::new();
    let other = inside.clone();
    let within_it = move |_| {
        assert_eq!(cancel_pending(&other, ""), ASYNCHRON_ALREADY);
        0
    };
    assert_eq!(call(&inside, within_it), ASYNCHRON_OK);
    assert_eq!(inside.poll(), ASYNCHRON_OK);
}

/// A start and a cancel meet: one of both wins, and what is started is never cancelled by it.
#[test]
fn start_and_cancel_pending_exclude_each_other() {
    within(120, || {
        let mut started = 0;
        for _ in 0..3000 {
            let a = Handle::new();
            let barrier = Arc::new(Barrier::new(2));
            let (theirs, gate) = (a.clone(), barrier.clone());
            let starts = thread::spawn(move || {
                gate.wait();
                start(&theirs)
            });
            barrier.wait();
            let cancelled = cancel_pending(&a, "");
            match starts.join().unwrap() {
                ASYNCHRON_OK => {
                    assert_eq!(cancelled, ASYNCHRON_ALREADY);
                    assert_eq!(a.state(), ASYNCHRON_STATE_RUNNING);
                    started += 1;
                }
                status => assert_eq!((status, cancelled), (ASYNCHRON_CANCELLED, ASYNCHRON_OK)),
            }
        }
        assert!(started > 0, "it was never started");
    });
}

/// A close() inside a callback completes, has what is due run, and frees what it uses.
#[test]
fn inside_a_callback_what_is_due_runs_before_run_due_returns() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let say = |what: &'static str| {
        let order = order.clone();
        move || order.lock().unwrap().push(what)
    };
    let (first, second) = (Handle::new(), Handle::new());
    let (closes, said, after) = (second.clone(), say("due"), say("end of the callback"));
    notify(&second, move |_| said());
    notify(&first, move |_| {
        closes.set(b"x");
        asynchron_run_due();
        after();
    });
    let late = say("registered before it was due");
    notify(&first, move |_| late());
    first.set(b"x");
    let expected = ["registered before it was due", "due", "end of the callback"];
    assert_eq!(*order.lock().unwrap(), expected);
}

#[test]
fn outside_of_callbacks_run_due_does_nothing() {
    asynchron_run_due();
    let a = Handle::new();
    let mut in_a_function = |_: *mut asynchron_t| {
        asynchron_run_due();
        0
    };
    assert_eq!(call(&a, &mut in_a_function), ASYNCHRON_OK);
}

/// A handle as what another one holds.
#[test]
fn a_handle_is_handed_over_with_its_release_as_the_drop() {
    let tally = Tally::new();
    let inner = with_user_data(tally.ptr(), tally.drop_fn());
    let outer = Handle::new();
    assert_eq!(outer.set_pointer(inner.into_raw().cast(), Some(asynchron_drop)), ASYNCHRON_OK);
    assert_eq!(tally.drops(), 0);
    drop(outer);
    assert_eq!(tally.drops(), 1);
    unsafe { asynchron_drop(null_mut()) };
}
