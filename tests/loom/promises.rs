//! Promises: who gives up the last one, against whoever else is at the same asynchron.

use crate::support::*;

#[derive(Clone, Copy)]
struct P(*mut asynchron_promise_t);

// SAFETY: that is what the library promises.
unsafe impl Send for P {}

impl P {
    fn of(a: A) -> Self {
        Self(unsafe { asynchron_promise_create(a.0, 0) })
    }

    fn asynchron(self) -> A {
        A(unsafe { asynchron_promise_asynchron(self.0) })
    }

    fn release(self) {
        unsafe { asynchron_promise_release(self.0) }
    }
}

#[test]
fn of_the_last_promise_and_a_delivery_one_wins() {
    two_threads(|| {
        let a = A::new();
        let p = P::of(a);
        let other = thread::spawn(move || p.release());
        let expected = match a.set(1) {
            ASYNCHRON_OK => ASYNCHRON_OK,
            ASYNCHRON_ALREADY => ASYNCHRON_FAILED,
            status => panic!("set: {status:?}"),
        };
        assert_eq!(a.poll(), expected);
        other.join().unwrap();
        a.release();
    });
}

#[test]
fn the_last_promise_wakes_who_waits_and_may_be_the_last_to_use_it() {
    two_threads(|| {
        let a = A::new();
        let p = P::of(a);
        let other = thread::spawn(move || p.release());
        assert_eq!(a.get(), (ASYNCHRON_FAILED, None));
        a.release();
        other.join().unwrap();
    });
}

#[test]
fn of_the_last_handle_and_the_last_promise_one_frees_it() {
    two_threads(|| {
        let told = Told::counts();
        let a = A::new();
        told.notify(a);
        let p = P::of(a);
        let other = thread::spawn(move || p.release());
        a.release();
        other.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

#[test]
fn of_two_promises_given_up_at_once_one_is_the_last() {
    two_threads(|| {
        let told = Told::counts();
        let a = A::new();
        told.notify(a);
        let (mine, theirs) = (P::of(a), P::of(a));
        a.release();
        let other = thread::spawn(move || theirs.release());
        mine.release();
        other.join().unwrap();
        assert_eq!(told.runs(), 1);
    });
}

#[test]
fn a_promise_made_while_the_last_one_goes_is_of_the_same() {
    two_threads(|| {
        let a = A::new();
        let p = P::of(a);
        let other = thread::spawn(move || p.release());
        let more = P::of(a);
        assert_eq!(more.asynchron(), a);
        a.release();
        more.release();
        other.join().unwrap();
    });
}
