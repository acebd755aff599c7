//! Waiting until a function has returned: whoever waits may free what it used, however the asynchron has ended.

use crate::support::*;

/// Runs the function here.
fn call(a: A, told: &Rc<Told>) -> asynchron_status_t {
    unsafe { asynchron_call(a.0, Some(Told::called), told.ctx()) }
}

/// Its function has returned, if it ran: what it wrote is this thread's.
fn free_after_return(a: A, told: &Told) {
    assert_eq!(a.wait_returned(FOREVER), ASYNCHRON_OK);
    told.plain.write(3);
}

#[test]
fn who_cancels_waits_until_the_function_has_returned() {
    two_threads(|| {
        let told = Told::counts();
        let (a, its) = (A::new(), told.clone());
        let other = thread::spawn(move || call(a, &its));
        let cancelled = a.cancel();
        free_after_return(a, &told);
        match other.join().unwrap() {
            ASYNCHRON_OK => assert_eq!(told.runs(), 1),
            status => assert_eq!((status, cancelled), (ASYNCHRON_CANCELLED, ASYNCHRON_OK)),
        }
        a.release();
    });
}

#[test]
fn who_has_the_value_waits_until_the_function_that_delivered_it_has_returned() {
    two_threads(|| {
        let told = Told::new(|a| assert_eq!(a.set(1), ASYNCHRON_OK));
        let (a, its) = (A::new(), told.clone());
        let other = thread::spawn(move || {
            assert_eq!(call(a, &its), ASYNCHRON_OK);
        });
        assert_eq!(a.value(), 1);
        free_after_return(a, &told);
        other.join().unwrap();
        a.release();
    });
}

#[test]
fn what_the_return_completes_has_returned() {
    two_threads(|| {
        let told = Told::counts();
        let (a, its) = (A::new(), told.clone());
        let other = thread::spawn(move || {
            assert_eq!(call(a, &its), ASYNCHRON_OK);
        });
        assert_eq!(a.get(), (ASYNCHRON_OK, None));
        assert_eq!(a.wait_returned(0), ASYNCHRON_OK);
        told.plain.write(3);
        other.join().unwrap();
        a.release();
    });
}

/// One waits for the value, one for the return, and a third cancels: whoever sleeps is woken.
#[test]
fn who_waits_for_the_value_and_who_waits_for_the_return_both_wake() {
    more_threads(|| {
        let told = Told::counts();
        let (a, its) = (A::new(), told.clone());
        let runs = thread::spawn(move || call(a, &its));
        let waits = thread::spawn(move || a.get());
        a.cancel();
        free_after_return(a, &told);
        runs.join().unwrap();
        let (status, _) = waits.join().unwrap();
        assert!(status == ASYNCHRON_OK || status == ASYNCHRON_CANCELLED);
        a.release();
    });
}

/// Publishing takes away that somebody waits, so that one says it again before the function has returned.
#[test]
fn who_waits_for_the_return_before_it_is_delivered_wakes_for_the_return() {
    two_threads(|| {
        let told = Told::new(|a| assert_eq!(a.set(1), ASYNCHRON_OK));
        let (a, its) = (A::new(), told.clone());
        let other = thread::spawn(move || call(a, &its));
        while unsafe { asynchron_state(a.0) } == asynchron_state_t::ASYNCHRON_STATE_PENDING {
            thread::yield_now();
        }
        free_after_return(a, &told);
        assert_eq!(a.poll(), ASYNCHRON_OK);
        assert_eq!(other.join().unwrap(), ASYNCHRON_OK);
        a.release();
    });
}

/// Nobody completes it: the return alone wakes whoever waits for that.
#[test]
fn a_function_that_follows_another_has_returned_before_that_completes() {
    two_threads(|| {
        let (a, source) = (A::new(), A::new());
        let told = Told::new(move |a| {
            assert_eq!(unsafe { asynchron_follow(a.0, source.0) }, ASYNCHRON_OK);
        });
        let its = told.clone();
        let other = thread::spawn(move || call(a, &its));
        while unsafe { asynchron_state(a.0) } == asynchron_state_t::ASYNCHRON_STATE_PENDING {
            thread::yield_now();
        }
        free_after_return(a, &told);
        assert_eq!(other.join().unwrap(), ASYNCHRON_OK);
        assert_eq!(a.poll(), ASYNCHRON_PENDING);
        assert_eq!(source.set(1), ASYNCHRON_OK);
        assert_eq!(a.value(), 1);
        a.release();
        source.release();
    });
}

/// Whoever of both has the context, it was dropped.
#[test]
fn a_step_has_returned_and_dropped_its_context_or_never_begins() {
    two_threads(|| {
        let told = Told::counts();
        let source = A::new();
        let into = A(unsafe {
            let (f, drop) = (Some(Told::joined as _), Some(Told::dropped as _));
            asynchron_then(source.0, null_mut(), f, told.ctx(), drop)
        });
        let other = thread::spawn(move || {
            source.set(1);
            source.release();
        });
        into.cancel();
        free_after_return(into, &told);
        assert_eq!(told.drops(), 1);
        other.join().unwrap();
        into.release();
    });
}
