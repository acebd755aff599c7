//! Rule 4: a completion is visible first, then blocked threads and reports learn, then callbacks run, in the order
//! registered, each exactly once, with the handle retained.

use crate::support::handle::{wait_all, wait_any};
use crate::support::*;
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

type Complete = fn(&Handle) -> asynchron_status_t;

const COMPLETIONS: [(Complete, asynchron_status_t); 3] = [
    (|a| a.set_number(7), ASYNCHRON_OK),
    (|a| a.fail(7, "seven"), ASYNCHRON_FAILED),
    (Handle::cancel, ASYNCHRON_CANCELLED),
];

#[test]
fn callbacks_run_in_the_order_registered_each_once() {
    for (complete, outcome) in COMPLETIONS {
        within(60, move || {
            let a = Handle::new();
            let order = Arc::new(Mutex::new(Vec::new()));
            let me = thread::current().id();
            for n in 0..100 {
                let order = order.clone();
                let raw = a.raw() as usize;
                notify(&a, move |b| {
                    let visible = unsafe { asynchron_poll(b) } == outcome;
                    let here = thread::current().id() == me;
                    order.lock().unwrap().push((n, b as usize == raw, visible, here));
                });
            }
            assert!(order.lock().unwrap().is_empty());
            complete(&a);
            let ran = order.lock().unwrap().clone();
            assert_eq!(ran, (0..100).map(|n| (n, true, true, true)).collect::<Vec<_>>());
            complete(&a);
            assert_eq!(order.lock().unwrap().len(), 100);
        });
    }
}

/// asynchron_notify itself, which has no drop for its context.
#[test]
fn the_context_is_passed_through() {
    unsafe extern "C" fn add_seven(a: *mut asynchron_t, ctx: *mut c_void) {
        let ctx = unsafe { &*ctx.cast::<AtomicUsize>() };
        ctx.fetch_add(if unsafe { asynchron_poll(a) } == ASYNCHRON_OK { 7 } else { 100 }, SeqCst);
    }
    let (a, sum) = (Handle::new(), AtomicUsize::new(0));
    let ctx = std::ptr::from_ref(&sum).cast_mut().cast();
    assert_eq!(unsafe { asynchron_notify(a.raw(), Some(add_seven), ctx) }, ASYNCHRON_OK);
    assert_eq!(unsafe { asynchron_notify(a.raw(), Some(add_seven), ctx) }, ASYNCHRON_OK);
    assert_eq!(sum.load(SeqCst), 0);
    a.set(b"x");
    assert_eq!(sum.load(SeqCst), 14);
    assert_eq!(unsafe { asynchron_notify(a.raw(), Some(add_seven), ctx) }, ASYNCHRON_OK);
    assert_eq!(sum.load(SeqCst), 21);
}

/// A callback that does not return keeps nobody else waiting.
#[test]
fn waiters_and_reports_learn_before_callbacks_run() {
    for (complete, _) in COMPLETIONS {
        within(60, move || {
            let a = Handle::new();
            let (entered, leave) = (Gate::new(), Gate::new());
            let (inside, go) = (entered.clone(), leave.clone());
            notify(&a, move |_| {
                inside.open();
                go.pass();
            });
            let report = Report::of(std::slice::from_ref(&a));
            let fd = report.fd();
            let waiters = every_waiter(&a);
            let (deliverer, b) = (leave.clone(), a.clone());
            let deliverer = start(move || {
                complete(&b);
                deliverer.is_open()
            });
            // All of this while the callback stands at its gate.
            entered.pass();
            waiters.into_iter().for_each(|w| assert!(w.join()));
            assert_ne!(a.poll(), ASYNCHRON_PENDING);
            let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
            assert_eq!(unsafe { libc::poll(&mut poll, 1, -1) }, 1);
            assert!(report.next(ASYNCHRON_FOREVER).is_ok());
            assert!(!deliverer.is_finished());
            leave.open();
            assert!(deliverer.join(), "set returned before its callbacks had run");
        });
    }
}

/// Each returns whether it was woken by the completion.
fn every_waiter(a: &Handle) -> Vec<Waiter<bool>> {
    let [b, c, d, e, f, g] = std::array::from_fn(|_| a.clone());
    let report = Report::of(std::slice::from_ref(a));
    let waiters = vec![
        start(move || b.get() != Err(ASYNCHRON_TIMEOUT)),
        start(move || c.get_timeout(LONG) != Err(ASYNCHRON_TIMEOUT)),
        start(move || d.wait(ASYNCHRON_FOREVER) == ASYNCHRON_OK),
        start(move || wait_any(&[Handle::new(), e], ASYNCHRON_FOREVER) == Ok(1)),
        start(move || wait_all(&[f, g], ASYNCHRON_FOREVER) == ASYNCHRON_OK),
        start(move || report.next(ASYNCHRON_FOREVER).is_ok()),
    ];
    waiters.into_iter().map(Waiter::asleep).collect()
}

/// And does not keep looking: a thread that waits costs nothing.
#[test]
fn every_waiter_sleeps() {
    within(60, || {
        let a = Handle::new();
        let waiters = every_waiter(&a);
        let before: Vec<_> = waiters.iter().map(Waiter::naps).collect();
        thread::sleep(Duration::from_millis(100));
        for (waiter, before) in waiters.iter().zip(before) {
            let naps = waiter.naps() - before;
            assert!(naps < 20, "woke {naps} times in vain");
        }
        a.set(b"x");
        assert!(waiters.into_iter().all(Waiter::join));
    });
}

/// Whatever was registered first: when a callback runs, every report has the item already.
#[test]
fn reports_learn_first_even_when_they_came_last() {
    within(60, || {
        let (a, r) = (Handle::new(), Report::new());
        let found = Arc::new(Mutex::new(Vec::new()));
        for _ in 0..2 {
            let (found, r) = (found.clone(), r.clone());
            notify(&a, move |_| found.lock().unwrap().push(r.next_tag(0)));
        }
        r.add(&a, 1);
        r.add(&a, 2);
        a.set(b"x");
        assert_eq!(*found.lock().unwrap(), [Ok(1), Ok(2)]);
    });
}

/// The callback lets go of the last reference there is, and goes on using the handle it was given.
#[test]
fn the_handle_is_retained_while_a_callback_runs() {
    in_child(60, || {
        memory::quarantine();
        for _ in 0..1000 {
            let (tally, raw) = (Tally::new(), Handle::new().into_raw());
            let (send, seen) = channel();
            let a = Handle::shared(raw);
            notify(&a, move |a| {
                unsafe { asynchron_release(a) };
                let mut v = asynchron_value_t { data: null(), len: 9 };
                let status = unsafe { asynchron_get(a, &mut v) };
                send.send((status, v.data as usize, tally.drops())).unwrap();
            });
            drop(a);
            // The reference that set is called with is the one that the callback releases.
            let p = tally.ptr();
            assert_eq!(unsafe { asynchron_set_pointer(raw, p, tally.drop_fn()) }, ASYNCHRON_OK);
            assert_eq!(seen.recv(), Ok((ASYNCHRON_OK, p as usize, 0)));
            assert_eq!(tally.drops(), 1);
        }
        memory::check_quarantine();
    });
}

#[test]
fn registered_after_completion_runs_at_once_and_here() {
    for (complete, outcome) in COMPLETIONS {
        within(60, move || {
            let a = Handle::new();
            let b = a.clone();
            start(move || complete(&b)).join();
            let (send, ran) = channel();
            let me = thread::current().id();
            notify(&a, move |a| {
                let here = thread::current().id() == me;
                send.send((here, unsafe { asynchron_poll(a) })).unwrap();
            });
            assert_eq!(ran.try_recv(), Ok((true, outcome)), "it has run when notify returns");
            assert!(ran.try_recv().is_err());
        });
    }
}

/// A registration that meets a completion: whichever comes first, the callback runs once, and sees it complete.
#[test]
fn registering_against_completing() {
    in_child(120, || {
        type Subject = (Handle, Arc<AtomicUsize>);
        let register = |s: &Subject| {
            let ran = s.1.clone();
            notify(&s.0, move |a| {
                let complete = unsafe { asynchron_poll(a) } == ASYNCHRON_OK;
                ran.fetch_add(if complete { 1 } else { 1000 }, SeqCst);
            });
        };
        let complete = |s: &Subject| assert_eq!(s.0.set(b"x"), ASYNCHRON_OK);
        race(
            20_000,
            |_| (Handle::new(), Arc::default()),
            &[&complete, &register],
            |s: Subject| assert_eq!(s.1.load(SeqCst), 1),
        );
        memory::quarantine();
        race(
            5000,
            |_| (Handle::new(), Arc::default()),
            &[&complete, &register, &|s| {
                register(s);
                register(s);
            }],
            |s: Subject| assert_eq!(s.1.load(SeqCst), 3),
        );
    });
}

/// A waiter that goes to sleep just when the value comes still gets it: each kind of wait, many times.
#[test]
fn no_wakeup_is_lost() {
    in_child(170, || {
        type Wait = fn(&Handle) -> bool;
        let waits: [Wait; 5] = [
            |a| a.number() == Ok(7),
            |a| a.wait(LONG) == ASYNCHRON_OK,
            |a| wait_any(&[Handle::new(), a.clone()], ASYNCHRON_FOREVER) == Ok(1),
            |a| wait_all(&[a.clone(), a.clone()], ASYNCHRON_FOREVER) == ASYNCHRON_OK,
            |a| Report::of(std::slice::from_ref(a)).next(ASYNCHRON_FOREVER).is_ok(),
        ];
        for wait in waits {
            race(
                10_000,
                |_| Handle::new(),
                &[&|a: &Handle| assert_eq!(a.set_number(7), ASYNCHRON_OK), &|a| assert!(wait(a))],
                drop,
            );
            race(
                500,
                |_| Handle::new(),
                &[
                    &|a: &Handle| assert!(wait(a)),
                    &|a| assert_eq!(a.set_number(7), ASYNCHRON_OK),
                    &|a| assert!(wait(a)),
                    &|a| assert!(wait(a)),
                ],
                drop,
            );
        }
    });
}

/// Also those of a source whose completion is not the last one.
#[test]
fn an_after_of_several_runs_when_the_reports_of_each_have_learned() {
    const REPORTS: usize = 2000;
    within(120, || {
        race(
            100,
            |_| {
                let sources = Handle::many(2);
                let reports: Vec<_> = (0..REPORTS).map(|_| Report::of(&sources[..1])).collect();
                let reports = Arc::new(reports);
                let seen = reports.clone();
                let joined = after(&sources, None, move |_, _| {
                    let learned = seen.iter().rev().step_by(100).all(|r| r.next(0).is_ok());
                    if learned { 0 } else { 1 }
                });
                (sources, reports, joined)
            },
            &[
                &|(sources, ..): &(Vec<Handle>, Arc<Vec<Report>>, Handle)| {
                    sources[0].set(b"x");
                },
                &|(sources, ..): &(Vec<Handle>, Arc<Vec<Report>>, Handle)| {
                    while sources[0].poll() == ASYNCHRON_PENDING {
                        std::hint::spin_loop();
                    }
                    sources[1].set(b"x");
                },
            ],
            |(_, _, joined)| assert_eq!(joined.get(), Ok(vec![])),
        );
    });
}

thread_local! {
    /// How many user data this thread has dropped.
    static DROPPED: Cell<usize> = const { Cell::new(0) };
}

unsafe extern "C" fn count_here(_: *mut c_void) {
    DROPPED.set(DROPPED.get() + 1);
}

/// Cancels what a step delivers into. Whether the step was still in its source's list: then it keeps that alive no
/// longer.
fn takes_off_a_step_not_yet_told(into: Handle) -> bool {
    let before = DROPPED.get();
    let cancelled = into.cancel() == ASYNCHRON_OK;
    drop(into);
    cancelled && DROPPED.get() > before
}

/// However many there are, the lock is not held until all of them have been told: calls of other threads take it and
/// return while there are still some that have not. Nothing is timed: calls that wait for all return when there are none.
#[test]
fn others_do_not_wait_while_many_are_told() {
    in_child(120, || {
        const MANY: usize = 200_000;
        const ENOUGH: usize = 10;
        const OTHERS: usize = 8;
        let calls_that_did_not_wait = || {
            let a = Handle::new();
            let intos: Vec<_> = (0..MANY)
                .map(|_| with_user_data(null_mut(), Some(count_here)))
                .inspect(|into| drop(then(&a, Some(into), |_, _| 0)))
                .collect();
            let mut intos = intos.into_iter();
            let others: Vec<_> = (0..OTHERS)
                .map(|_| {
                    let other = a.clone();
                    let intos: Vec<_> = intos.by_ref().take(MANY / OTHERS).collect();
                    start(move || {
                        // Woken before the steps are told.
                        other.wait(ASYNCHRON_FOREVER);
                        let in_the_midst = |into| {
                            // It takes the lock, and finds that there is no such callback.
                            assert_eq!(other.try_unnotify(1), ASYNCHRON_ALREADY);
                            takes_off_a_step_not_yet_told(into)
                        };
                        intos.into_iter().rev().map(in_the_midst).take_while(|is| *is).count()
                    })
                })
                .collect();
            let others: Vec<_> = others.into_iter().map(Waiter::asleep).collect();
            a.set(b"x");
            others.into_iter().map(Waiter::join).sum::<usize>()
        };
        // On a busy machine no other thread gets a processor in the midst of some rounds.
        let enough = (0..50).any(|_| calls_that_did_not_wait() >= ENOUGH);
        assert!(enough, "no others had the lock before all were told");
    });
}
