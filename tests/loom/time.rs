//! Rule 25: a deadline expires, while others complete, disarm or release its asynchron. There is no thread that serves
//! in a model: one of the model's does.

use crate::support::*;

const HOUR: u64 = 3_600_000_000_000;

fn expire_after(a: A, timeout_ns: u64) -> asynchron_status_t {
    unsafe { asynchron_expire_after(a.0, timeout_ns) }
}

fn armed() -> A {
    let a = A::new();
    assert_eq!(expire_after(a, HOUR), ASYNCHRON_OK);
    a
}

#[test]
fn expiring_and_delivering_one_of_them_wins() {
    two_threads(|| {
        let a = armed();
        let server = thread::spawn(asynchron::serve_all);
        let set = a.set(1);
        let poll = a.poll();
        server.join().unwrap();
        match set {
            ASYNCHRON_OK => assert_eq!((poll, a.poll()), (ASYNCHRON_OK, ASYNCHRON_OK)),
            other => {
                assert_eq!(other, ASYNCHRON_ALREADY);
                assert_eq!((poll, a.poll()), (ASYNCHRON_FAILED, ASYNCHRON_FAILED));
            }
        }
        a.release();
    });
}

#[test]
fn who_takes_it_back_in_time_has_it_pending() {
    two_threads(|| {
        let a = armed();
        let server = thread::spawn(asynchron::serve_all);
        match expire_after(a, FOREVER) {
            ASYNCHRON_OK => assert_eq!(a.poll(), ASYNCHRON_PENDING),
            other => assert_eq!((other, a.poll()), (ASYNCHRON_ALREADY, ASYNCHRON_FAILED)),
        }
        server.join().unwrap();
        a.release();
    });
}

#[test]
fn expiring_and_the_last_release() {
    two_threads(|| {
        let a = armed();
        let server = thread::spawn(asynchron::serve_all);
        a.release();
        server.join().unwrap();
    });
}

/// To whom it is told once, that it broke or that it expired, with the asynchron alive meanwhile.
#[test]
fn expiring_and_the_last_release_where_somebody_listens() {
    two_threads(|| {
        let told = Told::new(|a| assert_eq!(a.poll(), ASYNCHRON_FAILED));
        let a = armed();
        told.notify(a);
        let server = thread::spawn(asynchron::serve_all);
        a.release();
        server.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

/// The callback retains it, and another keeps that.
#[test]
fn a_callback_may_keep_what_nobody_else_does() {
    two_threads(|| {
        let place = Place::new();
        let keeps = place.clone();
        let told = Told::new(move |a| keeps.leave(a.retain()));
        let a = armed();
        told.notify(a);
        let server = thread::spawn(asynchron::serve_all);
        a.release();
        server.join().unwrap();
        let kept = place.take().expect("it was told");
        assert_eq!(kept.poll(), ASYNCHRON_FAILED);
        kept.release();
    });
}

#[test]
fn a_replacement_and_expiring() {
    two_threads(|| {
        let a = armed();
        let server = thread::spawn(asynchron::serve_all);
        let again = expire_after(a, 2 * HOUR);
        server.join().unwrap();
        match again {
            ASYNCHRON_OK => assert!(matches!(a.poll(), ASYNCHRON_PENDING | ASYNCHRON_FAILED)),
            other => assert_eq!((other, a.poll()), (ASYNCHRON_ALREADY, ASYNCHRON_FAILED)),
        }
        a.release();
    });
}

#[test]
fn expiring_delivering_and_releasing() {
    more_threads(|| {
        let a = armed();
        let (one, two) = (a.retain(), a.retain());
        let server = thread::spawn(asynchron::serve_all);
        let other = thread::spawn(move || {
            one.set(1);
            one.release();
        });
        a.release();
        two.release();
        server.join().unwrap();
        other.join().unwrap();
    });
}

fn sets(a: A) -> thread::JoinHandle<()> {
    let a = a.retain();
    thread::spawn(move || {
        assert_eq!(a.set(1), ASYNCHRON_OK);
        a.release();
    })
}

#[test]
fn a_delivery_and_who_takes_the_deadline_back() {
    two_threads(|| {
        let a = armed();
        let other = sets(a);
        match expire_after(a, FOREVER) {
            ASYNCHRON_OK => {}
            other => assert_eq!((other, a.poll()), (ASYNCHRON_ALREADY, ASYNCHRON_OK)),
        }
        assert_eq!(a.value(), 1);
        a.release();
        other.join().unwrap();
    });
}

/// Of what was armed just then, nothing comes any more.
#[test]
fn a_delivery_and_who_arms() {
    two_threads(|| {
        let a = A::new();
        let other = sets(a);
        match expire_after(a, HOUR) {
            ASYNCHRON_OK => {}
            other => assert_eq!((other, a.poll()), (ASYNCHRON_ALREADY, ASYNCHRON_OK)),
        }
        other.join().unwrap();
        asynchron::serve_all();
        assert_eq!(a.value(), 1);
        a.release();
    });
}

#[test]
fn expiring_delivering_and_taking_back() {
    more_threads(|| {
        let a = armed();
        let its = a.retain();
        let server = thread::spawn(asynchron::serve_all);
        let other = thread::spawn(move || {
            let set = its.set(1);
            its.release();
            set
        });
        let taken_back = expire_after(a, FOREVER);
        server.join().unwrap();
        match other.join().unwrap() {
            ASYNCHRON_OK => assert_eq!(a.value(), 1),
            other => {
                assert_eq!((other, a.poll()), (ASYNCHRON_ALREADY, ASYNCHRON_FAILED));
                assert_eq!(taken_back, ASYNCHRON_ALREADY, "it had been taken back, and expired");
            }
        }
        a.release();
    });
}

#[test]
fn two_that_arm_the_same() {
    two_threads(|| {
        let a = A::new();
        let b = a.retain();
        let other = thread::spawn(move || {
            assert_eq!(expire_after(b, HOUR), ASYNCHRON_OK);
            b.release();
        });
        assert_eq!(expire_after(a, 2 * HOUR), ASYNCHRON_OK);
        a.release();
        other.join().unwrap();
    });
}

#[test]
fn a_timer_fires_while_it_is_cancelled() {
    two_threads(|| {
        let timer = A(unsafe { asynchron_timer(HOUR) });
        let server = thread::spawn(asynchron::serve_all);
        let cancel = timer.cancel();
        server.join().unwrap();
        match cancel {
            ASYNCHRON_OK => assert_eq!(timer.poll(), ASYNCHRON_CANCELLED),
            other => assert_eq!((other, timer.poll()), (ASYNCHRON_ALREADY, ASYNCHRON_OK)),
        }
        timer.release();
    });
}

/// Its last handle goes while it fires; with a deadline of its own.
#[test]
fn a_timer_fires_while_it_is_released_and_expires() {
    two_threads(|| {
        let told = Told::counts();
        let timer = A(unsafe { asynchron_timer(HOUR) });
        assert_eq!(expire_after(timer, 2 * HOUR), ASYNCHRON_OK);
        told.notify(timer);
        let server = thread::spawn(asynchron::serve_all);
        timer.release();
        server.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}
