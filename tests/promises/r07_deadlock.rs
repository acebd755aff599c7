//! Rule 7, the end: waiting for `self` inside its own function, nested or not, is E_DEADLOCK at any timeout.

use crate::support::handle::{wait_all, wait_any};
use crate::support::*;
use std::sync::Mutex;

const TIMEOUTS: [u64; 4] = [0, LONG, u64::MAX - 1, ASYNCHRON_FOREVER];

/// What every wait for `own`, which waits for itself, returns.
fn waits(own: &Handle) -> Vec<asynchron_status_t> {
    let mut statuses = Vec::new();
    let (complete, pending) = (Handle::new(), Handle::new());
    complete.set(b"x");
    let ok = |s: Result<Vec<u8>, _>| s.err().unwrap_or(ASYNCHRON_OK);
    statuses.push(ok(own.get()));
    let mut byte = 0u8;
    let p = (&raw mut byte).cast();
    statuses.push(unsafe { asynchron_get_bytes(own.raw(), p, 1, null_mut()) });
    for timeout in TIMEOUTS {
        statuses.push(ok(own.get_timeout(timeout)));
        statuses.push(own.wait(timeout));
        statuses.push(wait_all(std::slice::from_ref(own), timeout));
        statuses.push(wait_all(&[complete.clone(), pending.clone(), own.clone()], timeout));
        statuses.push(wait_any(&[own.clone(), own.clone()], timeout).unwrap_err());
    }
    statuses
}

fn assert_all_deadlock(statuses: &[asynchron_status_t]) {
    assert!(!statuses.is_empty(), "it did not get there");
    assert!(statuses.iter().all(|s| *s == ASYNCHRON_E_DEADLOCK), "{statuses:?}");
}

type Statuses = Arc<Mutex<Vec<asynchron_status_t>>>;

#[test]
fn inside_call() {
    within(60, || {
        let (a, statuses) = (Handle::new(), Statuses::default());
        let inside = statuses.clone();
        assert_eq!(
            call(&a, |me| {
                *inside.lock().unwrap() = waits(&Handle::shared(me));
                0
            }),
            ASYNCHRON_OK
        );
        assert_all_deadlock(&statuses.lock().unwrap());
        assert_eq!(a.get(), Ok(vec![]), "the refused waits changed nothing");
    });
}

#[test]
fn inside_spawn() {
    within(60, || {
        let (a, statuses) = (Handle::new(), Statuses::default());
        let inside = statuses.clone();
        spawn(&a, move |me| {
            *inside.lock().unwrap() = waits(&Handle::shared(me));
            0
        });
        a.wait(ASYNCHRON_FOREVER);
        assert_all_deadlock(&statuses.lock().unwrap());
    });
}

#[test]
fn inside_a_function_on_demand() {
    within(60, || {
        let statuses = Statuses::default();
        let inside = statuses.clone();
        let a = on_demand(move |me| {
            *inside.lock().unwrap() = waits(&Handle::shared(me));
            0
        });
        assert_eq!(a.get(), Ok(vec![]));
        assert_all_deadlock(&statuses.lock().unwrap());
    });
}

/// The function of an after or a then computes `into`: it waits for itself there, too.
#[test]
fn inside_after_and_then() {
    for joins in 0..2 {
        within(60, move || {
            let (a, statuses) = (Handle::new(), Statuses::default());
            let inside = statuses.clone();
            let run = move |into: *mut asynchron_t, _: &[*mut asynchron_t]| {
                *inside.lock().unwrap() = waits(&Handle::shared(into));
                0
            };
            let into = match joins {
                0 => then(&a, None, run),
                _ => after(std::slice::from_ref(&a), None, run),
            };
            a.set(b"x");
            assert_all_deadlock(&statuses.lock().unwrap());
            assert_eq!(into.get(), Ok(vec![]));
        });
    }
}

/// A function that calls a function that computes another one on demand that has a callback: all inside the first.
#[test]
fn nested() {
    within(60, || {
        let (a, b) = (Handle::new(), Handle::new());
        let statuses = Statuses::default();
        let inside = statuses.clone();
        let outer = a.clone();
        let c = on_demand(move |me| {
            let other = Handle::new();
            let (outer, inside) = (outer.clone(), inside.clone());
            let me = Handle::shared(me);
            notify(&other, move |_| {
                inside.lock().unwrap().extend(waits(&outer));
                inside.lock().unwrap().extend(waits(&me));
            });
            other.set(b"x");
            0
        });
        let inner = b.clone();
        call(&a, move |me| {
            let me = Handle::shared(me);
            call(&inner, |own| {
                statuses.lock().unwrap().extend(waits(&me));
                statuses.lock().unwrap().extend(waits(&Handle::shared(own)));
                c.wait(ASYNCHRON_FOREVER);
                statuses.lock().unwrap().extend(waits(&me));
                0
            });
            // The inner one is through: waiting for it is no deadlock.
            assert_eq!(inner.wait(0), ASYNCHRON_OK);
            let statuses = statuses.lock().unwrap();
            assert_eq!(statuses.len(), 5 * waits(&me).len());
            assert_all_deadlock(&statuses);
            0
        });
        assert_eq!((a.poll(), b.poll()), (ASYNCHRON_OK, ASYNCHRON_OK));
    });
}

/// Complete is complete, inside its own function, too.
#[test]
fn not_once_it_is_delivered() {
    within(60, || {
        let a = Handle::new();
        call(&a, |me| {
            let me = Handle::shared(me);
            me.set(b"x");
            assert_eq!(me.get(), Ok(b"x".to_vec()));
            for timeout in TIMEOUTS {
                assert_eq!(me.get_timeout(timeout), Ok(b"x".to_vec()));
                assert_eq!(me.wait(timeout), ASYNCHRON_OK);
                assert_eq!(wait_all(std::slice::from_ref(&me), timeout), ASYNCHRON_OK);
                assert_eq!(wait_any(&[Handle::new(), me.clone()], timeout), Ok(1));
            }
            0
        });
    });
}

/// It is the own ones only: other threads wait for a running one as they like.
#[test]
fn not_on_another_thread() {
    within(60, || {
        let (a, entered, leave) = (Handle::new(), Gate::new(), Gate::new());
        let (b, inside, go) = (a.clone(), entered.clone(), leave.clone());
        let runner = start(move || {
            call(&b, |_| {
                inside.open();
                go.pass();
                0
            })
        });
        entered.pass();
        assert_eq!((a.wait(0), a.wait(MS)), (ASYNCHRON_TIMEOUT, ASYNCHRON_TIMEOUT));
        let b = a.clone();
        // This thread has a function of its own running; it does not wait for that one.
        let waiter = start(move || call(&Handle::new(), |_| b.wait(ASYNCHRON_FOREVER) as i32));
        let waiter = waiter.asleep();
        leave.open();
        assert_eq!((waiter.join(), runner.join()), (ASYNCHRON_OK, ASYNCHRON_OK));
    });
}

/// wait_any: it is a deadlock when all are own ones; with any other one among them there is hope.
#[test]
fn wait_any_with_some_own_ones() {
    within(60, || {
        let (a, b, entered) = (Handle::new(), Handle::new(), Gate::new());
        let (me, other, inside) = (a.clone(), b.clone(), entered.clone());
        let runner = start(move || {
            let mut results = Vec::new();
            call(&a, |_| {
                let mixed = [a.clone(), b.clone()];
                results.push(wait_any(&mixed, 0));
                results.push(threads::takes_at_least(MS, || wait_any(&mixed, MS)));
                call(&Handle::new(), |inner| {
                    let both = [a.clone(), Handle::shared(inner)];
                    results.push(wait_any(&both, ASYNCHRON_FOREVER));
                    0
                });
                inside.open();
                results.push(wait_any(&mixed, ASYNCHRON_FOREVER));
                results.push(wait_any(&mixed, 0));
                0
            });
            results
        });
        entered.pass();
        let runner = runner.asleep();
        other.set(b"x");
        let (late, dead) = (Err(ASYNCHRON_TIMEOUT), Err(ASYNCHRON_E_DEADLOCK));
        assert_eq!(runner.join(), [late, late, dead, Ok(1), Ok(1)]);
        assert_eq!(me.poll(), ASYNCHRON_OK);
    });
    // And when the own one is what completes, by a cancel from outside.
    within(60, || {
        let (a, entered) = (Handle::new(), Gate::new());
        let (b, inside) = (a.clone(), entered.clone());
        let runner = start(move || {
            let mut result = Err(ASYNCHRON_OK);
            call(&b, |_| {
                inside.open();
                result = wait_any(&[b.clone(), Handle::new()], ASYNCHRON_FOREVER);
                0
            });
            result
        });
        entered.pass();
        let runner = runner.asleep();
        a.cancel();
        assert_eq!(runner.join(), Ok(0));
    });
}
