//! Rule 22: inside the function that computes it, to follow counts as having delivered.

use crate::support::*;

fn follow_in(a: *mut asynchron_t, source: &Handle, returns: i32) -> i32 {
    assert_eq!(unsafe { asynchron_follow(a, source.raw()) }, ASYNCHRON_OK);
    returns
}

/// Starts a function that has its asynchron follow `source`, in every way; returns that asynchron, once the function has
/// returned.
const WAYS: [fn(&Handle, i32) -> Handle; 5] = [
    |source, returns| {
        let a = Handle::new();
        assert_eq!(call(&a, |a| follow_in(a, source, returns)), ASYNCHRON_OK);
        a
    },
    |source, returns| {
        let (a, source, done) = (Handle::new(), source.clone(), Gate::new());
        let its = OnDrop({
            let done = done.clone();
            move || done.open()
        });
        assert_eq!(
            spawn(&a, move |a| {
                let _ = &its;
                follow_in(a, &source, returns)
            }),
            ASYNCHRON_OK
        );
        done.pass();
        a
    },
    |source, returns| {
        let (first, source) = (Handle::new(), source.clone());
        let a = then(&first, None, move |a, _| follow_in(a, &source, returns));
        first.set(b"first");
        a
    },
    |source, returns| {
        let (first, source) = (Handle::many(2), source.clone());
        let a = after(&first, None, move |a, _| follow_in(a, &source, returns));
        for one in &first {
            one.set(b"first");
        }
        a
    },
    |source, returns| {
        let source = source.clone();
        let a = on_demand(move |a| follow_in(a, &source, returns));
        assert_eq!(a.get_timeout(1), Err(ASYNCHRON_TIMEOUT));
        a
    },
];

/// It is not known when exactly a spawned function's return is looked at.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(2));
}

#[test]
fn what_the_function_returns_is_ignored_and_it_runs_until_the_source_is_complete() {
    within(60, || {
        for way in WAYS {
            for returns in [0, 7] {
                let source = Handle::new();
                let a = way(&source, returns);
                settle();
                assert_eq!((a.state(), a.poll()), (ASYNCHRON_STATE_RUNNING, ASYNCHRON_PENDING));
                source.set(b"value");
                assert_eq!(a.get(), Ok(b"value".to_vec()));
                assert_eq!(a.state(), ASYNCHRON_STATE_READY);
            }
        }
    });
}

#[test]
fn a_source_that_is_complete_delivers_at_once() {
    within(60, || {
        for way in WAYS.into_iter().take(4) {
            let source = Handle::new();
            source.fail(3, "no");
            let a = way(&source, 0);
            assert_eq!(a.wait(LONG), ASYNCHRON_OK);
            assert_eq!(a.error(), source.error());
        }
    });
}

#[test]
fn it_may_still_be_cancelled_or_delivered_or_break() {
    within(60, || {
        for way in WAYS {
            let source = Handle::new();
            let a = way(&source, 0);
            assert_eq!(a.cancel(), ASYNCHRON_OK);
            assert_eq!(source.poll(), ASYNCHRON_PENDING);
            let a = way(&source, 0);
            assert_eq!(a.set(b"mine"), ASYNCHRON_OK);
            let a = way(&source, 0);
            drop(source);
            let error = a.error();
            if error == Err(ASYNCHRON_PENDING) {
                // The function's context has the other handle of the source, until it is dropped.
                assert_eq!(a.wait(LONG), ASYNCHRON_OK);
            }
            assert_eq!(a.error().map(|e| e.code), Ok(ASYNCHRON_E_BROKEN as i32));
        }
    });
}

#[test]
fn also_if_it_was_said_before_or_by_another() {
    within(60, || {
        let source = Handle::new();
        let before = Handle::new();
        assert_eq!(before.follow(&source), ASYNCHRON_OK);
        assert_eq!(before.state(), ASYNCHRON_STATE_PENDING);
        let mut ran = false;
        let status = call(&before, |_| {
            ran = true;
            9
        });
        assert_eq!((status, ran), (ASYNCHRON_OK, true), "a pending one runs");
        assert_eq!(before.state(), ASYNCHRON_STATE_RUNNING);
        let (other, theirs) = (Handle::new(), source.clone());
        let into = other.clone();
        let status = call(&other, move |_| {
            let (into, source) = (into.clone(), theirs.clone());
            std::thread::spawn(move || assert_eq!(into.follow(&source), ASYNCHRON_OK))
                .join()
                .unwrap();
            9
        });
        assert_eq!(status, ASYNCHRON_OK);
        assert_eq!(other.poll(), ASYNCHRON_PENDING);
        source.set_number(4);
        assert_eq!((before.number(), other.number()), (Ok(4), Ok(4)));
    });
}

#[test]
fn a_call_that_was_refused_delivers_nothing() {
    within(60, || {
        let a = Handle::new();
        assert_eq!(call(&a, |a| unsafe { asynchron_follow(a, a) as i32 }), ASYNCHRON_OK);
        assert_eq!(a.error().map(|e| e.code), Ok(ASYNCHRON_E_INVALID as i32));
        let source = Handle::new();
        let a = Handle::new();
        let status = call(&a, |a| unsafe {
            asynchron_set_bytes(a, null(), 0);
            asynchron_follow(a, source.raw()) as i32
        });
        assert_eq!((status, a.get()), (ASYNCHRON_OK, Ok(vec![])));
    });
}

/// Waiting for it there is waiting for oneself, as ever; outside, all wait for the source.
#[test]
fn waiting_for_it_inside_is_a_deadlock_and_outside_is_not() {
    within(60, || {
        let source = Handle::new();
        let a = Handle::new();
        call(&a, |a| {
            follow_in(a, &source, 0);
            assert_eq!(Handle::shared(a).get(), Err(ASYNCHRON_E_DEADLOCK));
            0
        });
        let waits = a.clone();
        let waiter = start(move || waits.get()).asleep();
        source.set(b"x");
        assert_eq!(waiter.join(), Ok(b"x".to_vec()));
    });
}

/// A function that goes on by others, step by step, as a loop without a stack.
#[test]
fn a_loop_of_spawned_steps_that_follow_each_other_keeps_nothing() {
    in_child(170, || {
        fn step(a: *mut asynchron_t, left: u64) -> i32 {
            if left == 0 {
                return unsafe { asynchron_set_bytes(a, b"end".as_ptr().cast(), 3) as i32 };
            }
            let next = Handle::new();
            spawn(&next, move |next| step(next, left - 1));
            unsafe { asynchron_follow(a, next.raw()) as i32 }
        }
        let a = Handle::new();
        spawn(&a, |a| step(a, 20_000));
        assert_eq!(a.get(), Ok(b"end".to_vec()));
    });
}
