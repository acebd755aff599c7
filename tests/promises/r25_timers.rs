//! Rule 25: a timer completes with the empty value, and is kept until then.

use super::r25_deadlines::expire_after;
use crate::support::*;
use std::time::{Duration, Instant};

const HOUR: u64 = 3_600 * SEC;

fn timer(timeout_ns: u64) -> Handle {
    Handle::owned(unsafe { asynchron_timer(timeout_ns) })
}

#[test]
fn it_completes_with_the_empty_value_and_never_early() {
    within(60, || {
        for ns in [1, MS, 30 * MS] {
            let begun = Instant::now();
            assert_eq!(timer(ns).get(), Ok(Vec::new()));
            assert!(begun.elapsed() >= Duration::from_nanos(ns));
        }
        assert_eq!(timer(0).poll(), ASYNCHRON_OK);
    });
}

#[test]
fn it_is_kept_until_it_fires() {
    within(60, || {
        let (runs, timer) = (Arc::new(AtomicUsize::new(0)), timer(10 * MS));
        let counts = runs.clone();
        notify(&timer, move |a| {
            assert_eq!(unsafe { asynchron_poll(a) }, ASYNCHRON_OK);
            counts.fetch_add(1, SeqCst);
        });
        drop(timer);
        until(|| runs.load(SeqCst) == 1);
    });
}

#[test]
fn or_until_it_is_cancelled_or_delivered() {
    in_child(60, || {
        memory::quarantine();
        let ends: [fn(&Handle) -> asynchron_status_t; 4] =
            [Handle::cancel, |a| a.set(b"early"), |a| a.fail(1, ""), |a| expire_after(a, 0)];
        for _ in 0..100 {
            for end in ends {
                let timer = timer(MS);
                let ended = end(&timer);
                assert!(matches!(ended, ASYNCHRON_OK | ASYNCHRON_ALREADY), "{ended:?}");
                until(|| unsafe { asynchron_is_shared(timer.raw()) } == 0);
            }
        }
        let timer = timer(HOUR);
        assert_eq!(unsafe { asynchron_is_shared(timer.raw()) }, 1);
        assert_eq!(timer.cancel(), ASYNCHRON_OK);
        assert_eq!(unsafe { asynchron_is_shared(timer.raw()) }, 0);
        memory::check_quarantine();
    });
}

#[test]
fn one_that_never_fires_is_not_kept() {
    let told = Arc::new(AtomicUsize::new(0));
    for never in [ASYNCHRON_FOREVER, u64::MAX - 1] {
        let (timer, counts) = (timer(never), told.clone());
        assert_eq!(
            (timer.poll(), unsafe { asynchron_is_shared(timer.raw()) }),
            (ASYNCHRON_PENDING, 0)
        );
        notify(&timer, move |a| {
            assert_eq!(handle::failure_of(a).unwrap().code, ASYNCHRON_E_BROKEN as i32);
            counts.fetch_add(1, SeqCst);
        });
    }
    assert_eq!(told.load(SeqCst), 2);
}

#[test]
fn its_time_is_not_its_deadline() {
    within(60, || {
        let (sooner, later) = (timer(HOUR), timer(10 * MS));
        assert_eq!(expire_after(&sooner, 5 * MS), ASYNCHRON_OK);
        assert_eq!(expire_after(&later, HOUR), ASYNCHRON_OK);
        assert_eq!(expire_after(&later, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        assert_eq!((sooner.get(), later.get()), (Err(ASYNCHRON_FAILED), Ok(Vec::new())));
        assert_eq!(sooner.error().unwrap().code, ASYNCHRON_TIMEOUT as i32);
    });
}

#[test]
fn firing_races_with_all_that_may_come_first() {
    in_child(120, || {
        memory::quarantine();
        race(
            2_000,
            |round| timer(1 + round as u64 % 150_000),
            &[
                &|timer: &Handle| _ = timer.cancel(),
                &|timer: &Handle| _ = expire_after(timer, 30_000),
                &|timer: &Handle| assert_eq!(timer.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK),
            ],
            |timer| assert_ne!(timer.poll(), ASYNCHRON_PENDING),
        );
        memory::check_quarantine();
    });
}
