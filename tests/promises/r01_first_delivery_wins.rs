//! Rule 1: set, fail and cancel race; one wins, the others learn so from their status.

use crate::support::handle::{wait_all, wait_any};
use crate::support::*;
use std::sync::Mutex;

/// Every way to complete one, with what the others learn when it has won.
const WAYS: usize = 7;
/// A pointer like any other.
const PLACE: usize = 0x1234;

fn deliver(a: &Handle, way: usize) -> asynchron_status_t {
    let p = null_mut();
    match way {
        0 => a.set(b"0"),
        1 => a.set_pointer(PLACE as *mut c_void, None),
        2 => unsafe { asynchron_set_buffer(a.raw(), c"2".as_ptr().cast(), 1, p, None) },
        3 => unsafe { asynchron_fail(a.raw(), 3, c"3".as_ptr()) },
        4 => unsafe { asynchron_fail_with(a.raw(), 4, c"d".as_ptr(), c"4".as_ptr(), p, None) },
        5 => a.cancel(),
        _ => unsafe { asynchron_cancel_with(a.raw(), c"6".as_ptr()) },
    }
}

/// What a delivery learns that came after `winner`.
fn too_late(winner: usize) -> asynchron_status_t {
    if winner >= 5 { ASYNCHRON_CANCELLED } else { ASYNCHRON_ALREADY }
}

/// The outcome is the one that `winner` delivered, all of it.
fn assert_outcome(a: &Handle, winner: usize) {
    let mut v = asynchron_value_t { data: null(), len: 7 };
    let status = unsafe { asynchron_get(a.raw(), &mut v) };
    assert_eq!(status, a.poll());
    let error = |code, domain: &str, message: &str| Failure {
        code,
        domain: domain.into(),
        message: message.into(),
        payload: 0,
    };
    let (state, expected, value_or_error) = match winner {
        0 | 2 => (ASYNCHRON_STATE_READY, ASYNCHRON_OK, Err(winner)),
        1 => (ASYNCHRON_STATE_READY, ASYNCHRON_OK, Err(1)),
        3 => (ASYNCHRON_STATE_READY, ASYNCHRON_FAILED, Ok(error(3, "", "3"))),
        4 => (ASYNCHRON_STATE_READY, ASYNCHRON_FAILED, Ok(error(4, "d", "4"))),
        5 => (ASYNCHRON_STATE_CANCELLED, ASYNCHRON_CANCELLED, Ok(error(0, "", ""))),
        _ => (ASYNCHRON_STATE_CANCELLED, ASYNCHRON_CANCELLED, Ok(error(0, "", "6"))),
    };
    assert_eq!((a.state(), status), (state, expected));
    match value_or_error {
        Ok(error) => assert_eq!(a.error(), Ok(error)),
        Err(1) => assert_eq!((v.data as usize, v.len), (PLACE, 0)),
        Err(way) => {
            assert_eq!(v.len, 1);
            assert_eq!(unsafe { *v.data.cast::<u8>() }, b'0' + way as u8);
        }
    }
}

#[test]
fn a_second_delivery_is_refused_and_changes_nothing() {
    for first in 0..WAYS {
        for second in 0..WAYS {
            let a = Handle::new();
            assert_eq!(deliver(&a, first), ASYNCHRON_OK);
            assert_outcome(&a, first);
            assert_eq!(deliver(&a, second), too_late(first), "{second} after {first}");
            assert_outcome(&a, first);
        }
    }
}

/// Two or three threads deliver at once: one is told OK, the others who was first, and a loser's next look finds it
/// complete already.
#[test]
fn one_wins_a_race() {
    // In a process of its own: two that both win may end it.
    in_child(120, || {
        type Subject = (Handle, Mutex<Vec<(usize, asynchron_status_t)>>);
        let party = |a: &Subject, way: usize| {
            let status = deliver(&a.0, way);
            let seen = a.0.poll();
            assert_ne!(seen, ASYNCHRON_PENDING, "delivered or refused, and yet pending");
            a.1.lock().unwrap().push((way, status));
        };
        let check = |(a, told): Subject| {
            let told = told.into_inner().unwrap();
            let winners: Vec<_> = told.iter().filter(|(_, s)| *s == ASYNCHRON_OK).collect();
            assert_eq!(winners.len(), 1, "{told:?}");
            let winner = winners[0].0;
            for (way, status) in &told {
                assert!(*way == winner || *status == too_late(winner), "{told:?}");
            }
            assert_outcome(&a, winner);
        };
        let setup = |_| (Handle::new(), Mutex::new(Vec::new()));
        for x in 0..WAYS {
            for y in x + 1..WAYS {
                race(1500, setup, &[&|a| party(a, x), &|a| party(a, y)], check);
            }
        }
        for z in [0, 3, 5] {
            let (x, y) = ((z + 1) % WAYS, (z + 4) % WAYS);
            race(500, setup, &[&|a| party(a, x), &|a| party(a, y), &|a| party(a, z)], check);
        }
    });
}

/// Starts every kind of waiter on `a`, and returns when all of them sleep.
fn every_waiter(a: &Handle) -> Vec<Waiter<Result<usize, asynchron_status_t>>> {
    let status = |s| if s == ASYNCHRON_OK { Ok(0) } else { Err(s) };
    let [b, c, d, e, f, g, h] = std::array::from_fn(|_| a.clone());
    let other = Handle::new();
    let report = Report::of(std::slice::from_ref(a));
    let mut buffer = [0u8; 8];
    let waiters = vec![
        start(move || b.get().map(|_| 0)),
        start(move || c.get_timeout(LONG).map(|_| 0)),
        start(move || {
            let p = buffer.as_mut_ptr().cast();
            status(unsafe { asynchron_get_bytes(d.raw(), p, 8, null_mut()) })
        }),
        start(move || status(e.wait(ASYNCHRON_FOREVER))),
        start(move || status(f.wait(LONG))),
        start(move || wait_any(&[other, g], ASYNCHRON_FOREVER)),
        start(move || status(wait_all(&[h], ASYNCHRON_FOREVER))),
        start(move || report.next(ASYNCHRON_FOREVER).map(|_| 0)),
    ];
    waiters.into_iter().map(Waiter::asleep).collect()
}

/// The statuses that the waiters return, in their order, are those of the outcome or OK.
fn assert_woken(waiters: Vec<Waiter<Result<usize, asynchron_status_t>>>, by: asynchron_status_t) {
    let got: Vec<_> = waiters.into_iter().map(Waiter::join).collect();
    let outcome = if by == ASYNCHRON_OK { Ok(0) } else { Err(by) };
    assert_eq!(got, [outcome, outcome, outcome, Ok(0), Ok(0), Ok(1), Ok(0), Ok(0)]);
}

#[test]
fn a_cancel_wakes_every_kind_of_waiter_as_a_value_does() {
    for (way, status) in [
        (0, ASYNCHRON_OK),
        (3, ASYNCHRON_FAILED),
        (5, ASYNCHRON_CANCELLED),
        (6, ASYNCHRON_CANCELLED),
    ] {
        within(60, move || {
            let a = Handle::new();
            let calls = Arc::new(AtomicUsize::new(0));
            let (one, two, three) = (calls.clone(), calls.clone(), calls.clone());
            notify(&a, move |a| {
                let complete = unsafe { asynchron_poll(a) } == status;
                one.fetch_add(if complete { 1 } else { 100 }, SeqCst);
            });
            let joined = after(std::slice::from_ref(&a), None, move |_, _| {
                two.fetch_add(10, SeqCst);
                0
            });
            let followed = then(&a, None, move |_, _| {
                three.fetch_add(1000, SeqCst);
                0
            });
            let waiters = every_waiter(&a);
            assert_eq!(deliver(&a, way), ASYNCHRON_OK);
            assert_woken(waiters, status);
            assert_eq!(calls.load(SeqCst), if way == 0 { 1011 } else { 11 });
            assert_eq!((joined.poll(), followed.poll()), (ASYNCHRON_OK, status));
        });
    }
}

#[test]
fn anyone_may_deliver_also_a_running_one() {
    for way in 0..WAYS {
        within(60, move || {
            let (a, inside, leave) = (Handle::new(), Gate::new(), Gate::new());
            let (entered, go) = (inside.clone(), leave.clone());
            let tally = Tally::new();
            let b = a.clone();
            let runner = start(move || {
                let late = AtomicUsize::new(0);
                let status = call(&b, |me| {
                    entered.open();
                    go.pass();
                    let p = (tally.ptr(), tally.drop_fn());
                    late.store(unsafe { asynchron_set_pointer(me, p.0, p.1) } as usize, SeqCst);
                    0
                });
                (status, late.into_inner())
            });
            inside.pass();
            assert_eq!((a.state(), a.poll()), (ASYNCHRON_STATE_RUNNING, ASYNCHRON_PENDING));
            assert_eq!(a.wait(0), ASYNCHRON_TIMEOUT);
            assert_eq!(deliver(&a, way), ASYNCHRON_OK);
            assert_outcome(&a, way);
            leave.open();
            assert_eq!(runner.join(), (ASYNCHRON_OK, too_late(way) as usize));
            assert_outcome(&a, way);
            assert_eq!(tally.drops(), 1);
        });
    }
}

#[test]
fn a_failed_one_is_ready() {
    let a = Handle::new();
    assert_eq!((a.state(), a.poll()), (ASYNCHRON_STATE_PENDING, ASYNCHRON_PENDING));
    a.fail(1, "x");
    assert_eq!((a.state(), a.poll()), (ASYNCHRON_STATE_READY, ASYNCHRON_FAILED));
}
