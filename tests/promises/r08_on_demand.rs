//! Rule 8: the first get, get_bytes, get_timeout or wait runs the function on demand; nothing else does.

use crate::support::handle::{wait_all, wait_any};
use crate::support::*;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;

/// One that delivers 7 and counts how often its function runs.
fn counted() -> (Handle, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let inside = runs.clone();
    let a = on_demand(move |me| {
        inside.fetch_add(1, SeqCst);
        Handle::shared(me).set(b"7") as i32
    });
    (a, runs)
}

type Demand = fn(&Handle) -> bool;

/// What starts the function; each is true when it came back with the outcome.
const DEMANDS: [Demand; 6] = [
    |a| a.get() == Ok(b"7".to_vec()),
    |a| unsafe { asynchron_get(a.raw(), null_mut()) } == ASYNCHRON_OK,
    |a| a.get_timeout(1) == Ok(b"7".to_vec()),
    |a| a.wait(ASYNCHRON_FOREVER) == ASYNCHRON_OK,
    |a| a.wait(1) == ASYNCHRON_OK,
    |a| {
        let (mut buffer, mut len) = ([0u8; 4], 0);
        let p = buffer.as_mut_ptr().cast();
        let status = unsafe { asynchron_get_bytes(a.raw(), p, 4, &mut len) };
        (status, len, buffer[0]) == (ASYNCHRON_OK, 1, b'7')
    },
];

#[test]
fn each_of_the_four_starts_it_here() {
    for demand in DEMANDS {
        within(60, move || {
            let me = thread::current().id();
            let seen = Arc::new(Mutex::new(Vec::new()));
            let inside = seen.clone();
            let a = on_demand(move |a| {
                let here = thread::current().id() == me;
                inside.lock().unwrap().push((here, unsafe { asynchron_state(a) }));
                Handle::shared(a).set(b"7") as i32
            });
            assert_eq!((a.state(), a.poll()), (ASYNCHRON_STATE_PENDING, ASYNCHRON_PENDING));
            assert!(demand(&a));
            assert!(demand(&a));
            assert_eq!(*seen.lock().unwrap(), [(true, ASYNCHRON_STATE_RUNNING)]);
        });
    }
}

/// The function itself counts against no timeout: it runs to its end, and complete beats timed out.
#[test]
fn it_runs_to_its_end() {
    within(60, || {
        for bytes in [false, true] {
            let a = on_demand(|_| {
                thread::sleep(std::time::Duration::from_millis(5));
                0
            });
            if bytes {
                assert_eq!(a.get_timeout(MS), Ok(vec![]));
            } else {
                assert_eq!(a.wait(MS), ASYNCHRON_OK);
            }
        }
    });
}

#[test]
fn nothing_else_starts_it() {
    within(60, || {
        let (a, runs) = counted();
        let list = [a.clone(), a.clone()];
        let report = Report::of(&list);
        a.state();
        a.poll();
        unsafe { asynchron_name(a.raw()) };
        unsafe { asynchron_user_data(a.raw()) };
        assert_eq!(a.error(), Err(ASYNCHRON_PENDING));
        assert_eq!((a.get_timeout(0), a.wait(0)), (Err(ASYNCHRON_TIMEOUT), ASYNCHRON_TIMEOUT));
        for timeout in [0, 2 * MS] {
            assert_eq!(wait_any(&list, timeout), Err(ASYNCHRON_TIMEOUT));
            assert_eq!(wait_all(&list, timeout), ASYNCHRON_TIMEOUT);
            assert_eq!(report.next_tag(timeout), Err(ASYNCHRON_TIMEOUT));
        }
        let p = std::ptr::null_mut();
        assert_eq!(unsafe { asynchron_get_bytes(a.raw(), p, 4, null_mut()) }, ASYNCHRON_E_INVALID);
        let token = notify(&a, |_| ());
        let (joined, followed) = (after(&list, None, |_, _| 0), then(&a, None, |_, _| 0));
        assert_eq!(a.unnotify(token), ASYNCHRON_OK);
        assert_eq!((runs.load(SeqCst), a.state()), (0, ASYNCHRON_STATE_PENDING));
        // And all of these learn, once it is asked for.
        assert_eq!(a.get(), Ok(b"7".to_vec()));
        assert_eq!((joined.poll(), followed.poll()), (ASYNCHRON_OK, ASYNCHRON_OK));
        assert_eq!((report.next_tag(0), runs.load(SeqCst)), (Ok(0), 1));
    });
}

/// Many ask at once: one run, on the thread of one that asked, and everyone has its value.
#[test]
fn everyone_else_waits_for_that_run() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, Arc<AtomicUsize>);
        // Not those with the timeout of a nanosecond: it is over before another thread's run is.
        for demand in [DEMANDS[0], DEMANDS[1], DEMANDS[3], DEMANDS[5]] {
            let ask = |s: &Subject, demand: Demand| assert!(demand(&s.0));
            race(
                1500,
                |_| counted(),
                &[&|s| ask(s, demand), &|s| ask(s, DEMANDS[0]), &|s| ask(s, DEMANDS[3])],
                |s: Subject| assert_eq!(s.1.load(SeqCst), 1),
            );
        }
    });
    within(60, || {
        let (entered, leave) = (Gate::new(), Gate::new());
        let (inside, go) = (entered.clone(), leave.clone());
        let a = on_demand(move |me| {
            inside.open();
            go.pass();
            Handle::shared(me).set(b"7") as i32
        });
        let b = a.clone();
        let runner = start(move || DEMANDS[0](&b));
        entered.pass();
        // Those have a timeout that means something: the function runs elsewhere.
        assert_eq!((a.wait(MS), a.get_timeout(MS)), (ASYNCHRON_TIMEOUT, Err(ASYNCHRON_TIMEOUT)));
        let waiters = [0, 1, 3, 5].map(|n| {
            let b = a.clone();
            start(move || DEMANDS[n](&b)).asleep()
        });
        leave.open();
        assert!(waiters.into_iter().all(Waiter::join) && runner.join());
    });
}

#[test]
fn a_failure_reaches_everyone() {
    within(60, || {
        let runs = Arc::new(AtomicUsize::new(0));
        let inside = runs.clone();
        let a = on_demand(move |_| {
            inside.fetch_add(1, SeqCst);
            42
        });
        let b = a.clone();
        assert_eq!(a.get(), Err(ASYNCHRON_FAILED));
        assert_eq!(start(move || b.get()).join(), Err(ASYNCHRON_FAILED));
        assert_eq!((a.error().map(|e| e.code), runs.load(SeqCst)), (Ok(42), 1));
    });
}

#[test]
fn call_and_spawn_run_the_function_they_are_given() {
    for spawned in [false, true] {
        within(60, move || {
            let (a, runs) = counted();
            if spawned {
                spawn(&a, |me| Handle::shared(me).set(b"other") as i32);
                // Until the task has its turn, a get would be the first to ask.
                until(|| a.poll() != ASYNCHRON_PENDING);
            } else {
                call(&a, |me| Handle::shared(me).set(b"other") as i32);
            }
            assert_eq!((a.get(), runs.load(SeqCst)), (Ok(b"other".to_vec()), 0));
        });
    }
}

/// Delivered or cancelled before anybody asked: it never runs.
#[test]
fn it_does_not_run_on_a_complete_one() {
    let (a, runs) = counted();
    a.set(b"x");
    assert_eq!(a.get(), Ok(b"x".to_vec()));
    let (b, more) = counted();
    b.cancel();
    assert_eq!(b.get(), Err(ASYNCHRON_CANCELLED));
    assert_eq!((runs.load(SeqCst), more.load(SeqCst)), (0, 0));
}

/// While it runs for one, a cancel lets everyone else go; the one that runs it comes back after its end.
#[test]
fn cancelled_while_it_runs() {
    within(60, || {
        let (entered, leave, (send, seen)) = (Gate::new(), Gate::new(), channel());
        let (inside, go) = (entered.clone(), leave.clone());
        let a = on_demand(move |me| {
            inside.open();
            go.pass();
            send.send(Handle::shared(me).set(b"late")).unwrap();
            0
        });
        let (b, c) = (a.clone(), a.clone());
        let runner = start(move || b.get());
        entered.pass();
        let waiter = start(move || c.get()).asleep();
        a.cancel();
        assert_eq!(waiter.join(), Err(ASYNCHRON_CANCELLED));
        assert!(!runner.is_finished());
        leave.open();
        assert_eq!(runner.join(), Err(ASYNCHRON_CANCELLED));
        assert_eq!(seen.recv(), Ok(ASYNCHRON_CANCELLED));
    });
}

/// One that asks for another that asks for another.
#[test]
fn functions_on_demand_nest() {
    within(60, || {
        let mut last = counted().0;
        for _ in 0..100 {
            let below = last.clone();
            last = on_demand(move |me| {
                let value = below.get().unwrap();
                Handle::shared(me).set(&value) as i32
            });
        }
        assert_eq!(last.get(), Ok(b"7".to_vec()));
    });
}

/// Until it is started, delivered or cancelled: so a language that must not block there can tell.
#[test]
fn whether_a_get_would_run_a_function_is_known() {
    within(60, || {
        let asks = |a: &Handle| unsafe { asynchron_is_on_demand(a.raw()) };
        assert_eq!(asks(&Handle::new()), 0);
        let ends: [fn(&Handle); 3] = [|a| _ = a.get(), |a| _ = a.set(b"1"), |a| _ = a.cancel()];
        for end in ends {
            let a = counted().0;
            assert_eq!(asks(&a), 1);
            end(&a);
            assert_eq!(asks(&a), 0);
        }
        let a = on_demand(move |me| unsafe { asynchron_is_on_demand(me) });
        assert_eq!(a.get(), Ok(Vec::new()), "it is running, and 0 is success");
    });
}
