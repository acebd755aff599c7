//! References: who is the last, and what happens then.

use crate::support::*;

/// The waiter has the only reference; the other thread, which sets, has none.
fn waiter_releases(prepare: impl Fn(A), wait: impl Fn(A)) {
    let a = A::new();
    prepare(a);
    let other = thread::spawn(move || assert_eq!(a.set(1), ASYNCHRON_OK));
    wait(a);
    other.join().unwrap();
}

#[test]
fn a_get_may_be_followed_by_the_last_release_at_once() {
    two_threads(|| {
        waiter_releases(
            |_| (),
            |a| {
                assert_eq!(a.value(), 1);
                a.release();
            },
        )
    });
}

#[test]
fn a_poll_may_be_followed_by_the_last_release_at_once() {
    two_threads(|| {
        waiter_releases(
            |_| (),
            |a| {
                while a.poll() == ASYNCHRON_PENDING {
                    thread::yield_now();
                }
                a.release();
            },
        )
    });
}

#[test]
fn a_wait_any_may_be_followed_by_the_last_release_at_once() {
    two_threads(|| {
        waiter_releases(
            |_| (),
            |a| {
                let status = unsafe { asynchron_wait_any(&a.0, 1, FOREVER, null_mut()) };
                assert_eq!(status, ASYNCHRON_OK);
                a.release();
            },
        )
    });
}

#[test]
fn a_report_s_item_and_the_report_may_be_released_at_once() {
    two_threads(|| {
        waiter_releases(
            |_| (),
            |a| {
                let report = unsafe { asynchron_report_create(&a.0, 1) };
                a.release();
                let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
                let status = unsafe { asynchron_report_next(report, FOREVER, &mut item) };
                assert_eq!(status, ASYNCHRON_OK);
                A(item.asynchron).release();
                unsafe { asynchron_report_release(report) };
            },
        )
    });
}

#[test]
fn with_a_callback_too_a_get_may_be_followed_by_the_last_release_at_once() {
    two_threads(|| {
        let told = Told::counts();
        let its = told.clone();
        waiter_releases(
            move |a| its.notify(a),
            |a| {
                assert_eq!(a.value(), 1);
                a.release();
            },
        );
        assert_eq!(told.runs(), 1);
    });
}

#[test]
fn with_a_callback_that_can_be_taken_back_it_is_the_same() {
    two_threads(|| {
        let told = Told::counts();
        let its = told.clone();
        waiter_releases(
            move |a| _ = its.notify_with(a),
            |a| {
                assert_eq!(a.value(), 1);
                a.release();
            },
        );
        assert_eq!((told.runs(), told.drops()), (1, 1));
    });
}

/// Some are told after publishing, when the waiter may have released it.
#[test]
fn with_more_callbacks_than_are_told_at_once_it_is_the_same() {
    two_threads(|| {
        let all: Vec<_> = (0..6).map(|_| Told::counts()).collect();
        let its = all.clone();
        waiter_releases(
            move |a| its.iter().for_each(|told| told.notify(a)),
            |a| {
                assert_eq!(a.value(), 1);
                a.release();
            },
        );
        assert!(all.iter().all(|told| told.runs() == 1));
    });
}

#[test]
fn of_two_that_release_one_is_the_last() {
    two_threads(|| {
        let a = A::new();
        let dropped = Told::counts();
        assert_eq!(a.set_dropping(dropped.ctx()), ASYNCHRON_OK);
        a.retain();
        let other = thread::spawn(move || a.release());
        a.release();
        other.join().unwrap();
        assert_eq!(dropped.drops(), 1);
    });
}

#[test]
fn the_last_of_two_releases_tells_those_that_listen_that_nobody_is_left() {
    two_threads(|| {
        let a = A::new().retain();
        let told = Told::new(|a| assert_eq!(a.poll(), ASYNCHRON_FAILED));
        told.notify(a);
        let other = thread::spawn(move || a.release());
        a.release();
        other.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

#[test]
fn two_may_release_while_a_callback_retains_and_releases() {
    more_threads(|| {
        let a = A::new();
        let told = Told::new(|a| {
            a.retain();
            assert_eq!(a.get_timeout(0), (ASYNCHRON_OK, Some(1)));
            a.release();
        });
        told.notify(a);
        a.retain();
        let one = thread::spawn(move || a.release());
        // This thread's own reference goes to the second.
        assert_eq!(a.retain().set(1), ASYNCHRON_OK);
        let two = thread::spawn(move || a.release());
        a.release();
        one.join().unwrap();
        two.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

#[test]
fn a_callback_may_end_while_the_last_handle_is_released() {
    two_threads(|| {
        let a = A::new();
        let dropped = Told::counts();
        let told = Told::counts();
        told.notify(a);
        let ctx = dropped.ctx();
        let sets = thread::spawn(move || {
            assert_eq!(a.set_dropping(ctx), ASYNCHRON_OK);
        });
        while a.poll() == ASYNCHRON_PENDING {
            thread::yield_now();
        }
        a.release();
        sets.join().unwrap();
        assert_eq!((told.runs(), dropped.drops()), (1, 1));
    });
}

#[test]
fn two_callbacks_may_end_while_the_last_handles_are_released() {
    two_threads(|| {
        let a = A::new();
        let dropped = Told::counts();
        let (first, second) = (Told::counts(), Told::counts());
        first.notify(a);
        second.notify(a);
        a.retain();
        let ctx = dropped.ctx();
        let sets = thread::spawn(move || {
            assert_eq!(a.set_dropping(ctx), ASYNCHRON_OK);
            a.release();
        });
        while a.poll() == ASYNCHRON_PENDING {
            thread::yield_now();
        }
        a.release();
        sets.join().unwrap();
        assert_eq!((first.runs(), second.runs(), dropped.drops()), (1, 1, 1));
    });
}
