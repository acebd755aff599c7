//! Promises: giving up the last one, against whoever else is at the same asynchron.

use crate::support::*;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[derive(Clone, Copy)]
struct P(*mut asynchron_promise_t);

// SAFETY: that is what the library promises.
unsafe impl Send for P {}

impl P {
    fn of(a: A) -> Self {
        Self(unsafe { asynchron_promise_create(a.0, 0) })
    }

    /// One by which it is cancelled when nobody wants it.
    fn minding(a: A) -> Self {
        Self(unsafe { asynchron_promise_create(a.0, ASYNCHRON_PROMISE_CANCEL_UNWANTED) })
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

#[test]
fn of_two_last_handles_one_makes_it_unwanted() {
    two_threads(|| {
        let a = A::new();
        let p = P::minding(a);
        let theirs = a.retain();
        let other = thread::spawn(move || theirs.release());
        a.release();
        other.join().unwrap();
        assert_eq!(p.asynchron().poll(), ASYNCHRON_CANCELLED);
        p.release();
    });
}

#[test]
fn the_last_handle_against_a_promise_that_begins_to_mind() {
    two_threads(|| {
        let a = A::new();
        let p = P::of(a);
        let other = thread::spawn(move || a.release());
        let minding = P::minding(p.asynchron());
        other.join().unwrap();
        assert_eq!(p.asynchron().poll(), ASYNCHRON_CANCELLED);
        minding.release();
        p.release();
    });
}

/// Either it is cancelled, or the producer's own handle was there first, and it is cancelled with that.
#[test]
fn the_last_handle_against_a_producer_that_retains() {
    two_threads(|| {
        let a = A::new();
        let p = P::minding(a);
        let other = thread::spawn(move || a.release());
        let producers = p.asynchron().retain();
        other.join().unwrap();
        producers.release();
        assert_eq!(p.asynchron().poll(), ASYNCHRON_CANCELLED);
        p.release();
    });
}

#[test]
fn the_last_handle_against_a_callback() {
    two_threads(|| {
        let told = Told::counts();
        let a = A::new();
        let p = P::minding(a);
        let other = thread::spawn(move || a.release());
        told.notify(p.asynchron());
        other.join().unwrap();
        let expected = match p.asynchron().poll() {
            ASYNCHRON_CANCELLED => 1,
            ASYNCHRON_PENDING => 0,
            status => panic!("{status:?}"),
        };
        assert_eq!(told.runs(), expected);
        p.asynchron().set(1);
        p.release();
        assert_eq!(told.runs(), 1);
    });
}

#[test]
fn the_last_handle_against_a_wait() {
    two_threads(|| {
        let a = A::new();
        let p = P::minding(a);
        let other = thread::spawn(move || a.release());
        let (waited, _) = p.asynchron().get_timeout(A_MOMENT);
        assert!(matches!(waited, ASYNCHRON_TIMEOUT | ASYNCHRON_CANCELLED), "{waited:?}");
        other.join().unwrap();
        assert_eq!(p.asynchron().poll(), ASYNCHRON_CANCELLED);
        p.release();
    });
}

/// It may have been asleep when that promise is made: then it is called, and counted.
#[test]
fn a_wait_against_a_promise_that_begins_to_mind() {
    two_threads(|| {
        let a = A::new();
        let p = P::of(a);
        let other = thread::spawn(move || p.asynchron().get().0);
        let minding = P::minding(a);
        a.release();
        minding.asynchron().set(1);
        let waited = other.join().unwrap();
        assert!(matches!(waited, ASYNCHRON_OK | ASYNCHRON_CANCELLED), "{waited:?}");
        p.release();
        minding.release();
    });
}

/// Which make what has it, and a name: once.
#[test]
fn the_first_promise_against_another_first_one_and_a_name() {
    for named in [false, true] {
        two_threads(move || {
            let a = A::new();
            let other = thread::spawn(move || {
                if named {
                    assert!(!unsafe { asynchron_name(a.0) }.is_null());
                    return None;
                }
                Some(P::of(a))
            });
            let p = P::of(a);
            let theirs = other.join().unwrap();
            assert!(theirs.is_none_or(|theirs| theirs.0 == p.0));
            assert_eq!(unsafe { (asynchron_is_shared(a.0), asynchron_is_held(a.0)) }, (1, 0));
            p.release();
            assert_eq!(a.poll(), if named { ASYNCHRON_FAILED } else { ASYNCHRON_PENDING });
            if let Some(theirs) = theirs {
                theirs.release();
            }
            assert_eq!((a.poll(), unsafe { asynchron_is_shared(a.0) }), (ASYNCHRON_FAILED, 0));
            a.release();
        });
    }
}

/// Whoever is told so has written something before. Whoever makes a handle by a promise later sees that. A handle that
/// was made before is told of, also if it is left alone, or with promises that were made since.
#[test]
fn that_promises_alone_share_it_is_true_of_all_that_came_before() {
    for anew in [false, true] {
        two_threads(move || {
            let a = A::new();
            let p = P::of(a);
            let said = Arc::new(AtomicU32::new(0));
            let sees = said.clone();
            let other = thread::spawn(move || {
                let mine = p.asynchron();
                mine.retain();
                // ORDERING: none: the library orders it.
                let seen = sees.load(Relaxed);
                p.release();
                let last = anew.then(|| P::of(mine));
                (mine, last, seen == 1)
            });
            // ORDERING: none: the library orders it.
            said.store(1, Relaxed);
            let alone = unsafe { asynchron_is_held(a.0) } == 0;
            let (mine, last, saw) = other.join().unwrap();
            assert!(saw || !alone, "a handle that was made before is not seen");
            mine.release();
            if let Some(last) = last {
                last.release();
            }
            a.release();
        });
    }
}

#[test]
fn the_last_handle_against_a_delivery() {
    two_threads(|| {
        let a = A::new();
        let p = P::minding(a);
        let other = thread::spawn(move || a.release());
        let set = p.asynchron().set(1);
        assert!(matches!(set, ASYNCHRON_OK | ASYNCHRON_CANCELLED), "{set:?}");
        p.release();
        other.join().unwrap();
    });
}
