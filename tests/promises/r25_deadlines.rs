//! Rule 25: a deadline fails what is not complete by then, never early, and keeps nothing.

use crate::support::*;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const HOUR: u64 = 3_600 * SEC;

pub fn expire_after(a: &Handle, timeout_ns: u64) -> asynchron_status_t {
    unsafe { asynchron_expire_after(a.raw(), timeout_ns) }
}

fn has_expired(a: &Handle) {
    let error = a.error().unwrap();
    assert_eq!((error.code, error.domain.as_str()), (ASYNCHRON_TIMEOUT as i32, "asynchron"));
    assert_eq!((a.poll(), a.state()), (ASYNCHRON_FAILED, ASYNCHRON_STATE_READY));
}

#[test]
fn it_fails_by_then_and_never_early() {
    within(60, || {
        for ns in [1, 1000, 65_536, MS, 3 * MS + 1, 20 * MS, 70 * MS] {
            let (a, begun) = (Handle::new(), Instant::now());
            assert_eq!(expire_after(&a, ns), ASYNCHRON_OK);
            assert_eq!(a.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
            assert!(begun.elapsed() >= Duration::from_nanos(ns), "{ns}: {:?}", begun.elapsed());
            has_expired(&a);
        }
    });
}

/// Many at once, in an order that is not that of their times.
#[test]
fn of_many_none_is_early_and_none_is_forgotten() {
    within(60, || {
        let all = Handle::many(2000);
        let arm = |(i, a)| {
            let timeout = (i as u64 * 7919 % 2000) * MS / 10;
            let until = Instant::now() + Duration::from_nanos(timeout);
            assert_eq!(expire_after(a, timeout + 1), ASYNCHRON_OK);
            until
        };
        let untils: Vec<_> = all.iter().enumerate().map(arm).collect();
        let report = Report::new();
        for (i, a) in all.iter().enumerate() {
            report.add(a, i);
        }
        for _ in 0..all.len() {
            let (a, tag) = report.next(ASYNCHRON_FOREVER).unwrap();
            assert!(Instant::now() >= untils[tag], "{tag} is early");
            has_expired(&a);
        }
    });
}

#[test]
fn what_is_complete_by_then_does_not_fail() {
    within(60, || {
        let ends: [fn(&Handle) -> asynchron_status_t; 3] =
            [|a| a.set(b"value"), |a| a.fail(7, "no"), Handle::cancel];
        for end in ends {
            let (a, other) = (Handle::new(), Handle::new());
            assert_eq!(expire_after(&a, 20 * MS), ASYNCHRON_OK);
            assert_eq!(end(&a), ASYNCHRON_OK);
            let before = (a.poll(), a.error());
            assert_eq!(expire_after(&other, 40 * MS), ASYNCHRON_OK);
            assert_eq!(other.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
            assert_eq!((a.poll(), a.error()), before);
        }
    });
}

#[test]
fn of_a_complete_one_it_says_how_that_ended() {
    let of = |end: fn(&Handle) -> asynchron_status_t| {
        let a = Handle::new();
        assert_eq!(end(&a), ASYNCHRON_OK);
        [0, 1, HOUR, ASYNCHRON_FOREVER].map(|timeout| expire_after(&a, timeout))
    };
    assert_eq!(of(|a| a.set(b"value")), [ASYNCHRON_ALREADY; 4]);
    assert_eq!(of(|a| a.fail(7, "no")), [ASYNCHRON_ALREADY; 4]);
    assert_eq!(of(Handle::cancel), [ASYNCHRON_CANCELLED; 4]);
    assert_eq!(unsafe { asynchron_expire_after(null_mut(), 0) }, ASYNCHRON_E_INVALID);
}

#[test]
fn with_no_time_at_all_it_fails_at_once() {
    for before in [ASYNCHRON_FOREVER, HOUR] {
        let (a, runs) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
        assert_eq!(expire_after(&a, before), ASYNCHRON_OK);
        let counts = runs.clone();
        notify(&a, move |_| _ = counts.fetch_add(1, SeqCst));
        assert_eq!(expire_after(&a, 0), ASYNCHRON_OK);
        assert_eq!(runs.load(SeqCst), 1, "on this thread");
        has_expired(&a);
    }
}

#[test]
fn a_later_call_replaces_it_and_forever_takes_it_back() {
    within(60, || {
        let (sooner, later, never) = (Handle::new(), Handle::new(), Handle::new());
        assert_eq!(expire_after(&sooner, HOUR), ASYNCHRON_OK);
        assert_eq!(expire_after(&sooner, 10 * MS), ASYNCHRON_OK);
        for timeout in [10 * MS, HOUR] {
            assert_eq!(expire_after(&later, timeout), ASYNCHRON_OK);
        }
        for timeout in [ASYNCHRON_FOREVER, 10 * MS, ASYNCHRON_FOREVER] {
            assert_eq!(expire_after(&never, timeout), ASYNCHRON_OK);
        }
        // Beyond what the clock will ever show.
        assert_eq!(expire_after(&never, u64::MAX - 1), ASYNCHRON_OK);
        assert_eq!(sooner.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        has_expired(&sooner);
        assert_eq!(never.wait(50 * MS), ASYNCHRON_TIMEOUT);
        assert_eq!(later.poll(), ASYNCHRON_PENDING);
    });
}

/// While it runs, too; what the function returns is too late.
#[test]
fn one_that_is_running_expires_too() {
    within(60, || {
        let a = Handle::new();
        assert_eq!(expire_after(&a, 10 * MS), ASYNCHRON_OK);
        let status = call(&a, |me| {
            while unsafe { asynchron_poll(me) } == ASYNCHRON_PENDING {
                std::thread::sleep(Duration::from_millis(1));
            }
            0
        });
        assert_eq!(status, ASYNCHRON_OK);
        has_expired(&a);
    });
}

/// The last reference goes: nothing breaks, nobody is told, nothing is left; nor does another at that address fail.
#[test]
fn it_keeps_nothing_and_nothing_of_it_is_left() {
    in_child(60, || {
        memory::quarantine();
        let timer = Handle::new();
        assert_eq!(expire_after(&timer, MS), ASYNCHRON_OK); // what is made once, is
        assert_eq!(timer.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        let tally = Tally::new();
        for round in 0..2000 {
            let a = create_with(&asynchron_options_t {
                user_data: tally.ptr(),
                drop_user_data: tally.drop_fn(),
                ..OPTIONS
            });
            assert_eq!(expire_after(&a, MS + round), ASYNCHRON_OK);
            drop(a);
            assert_eq!(tally.drops(), round as usize + 1);
            let next = Handle::new();
            assert_eq!(next.poll(), ASYNCHRON_PENDING);
            if round % 500 == 0 {
                assert_eq!(next.wait(3 * MS), ASYNCHRON_TIMEOUT, "it was another's deadline");
            }
        }
        memory::check_quarantine();
    });
}

/// A callback counts as ever: it is told that nobody was left.
#[test]
fn beside_a_callback_the_last_release_still_breaks() {
    let (a, seen) = (Handle::new(), Arc::new(Mutex::new(None)));
    let sees = seen.clone();
    notify(&a, move |a| *sees.lock().unwrap() = Some(handle::failure_of(a).unwrap().code));
    assert_eq!(expire_after(&a, HOUR), ASYNCHRON_OK);
    drop(a);
    assert_eq!(*seen.lock().unwrap(), Some(ASYNCHRON_E_BROKEN as i32));
}

/// Whoever is first: the deadline, a delivery, the end of the last reference.
#[test]
fn expiring_races_with_all_that_may_come_first() {
    in_child(120, || {
        memory::quarantine();
        let told = Arc::new(AtomicUsize::new(0));
        let counts = told.clone();
        race(
            3_000,
            |round| {
                let a = Handle::new();
                if round % 3 > 0 {
                    let counts = counts.clone();
                    notify(&a, move |_| _ = counts.fetch_add(1, SeqCst));
                } else {
                    counts.fetch_add(1, SeqCst);
                }
                assert_eq!(expire_after(&a, 1 + round as u64 % 150_000), ASYNCHRON_OK);
                Mutex::new(Some(a))
            },
            &[
                &|a: &Mutex<Option<Handle>>| {
                    let lent = a.lock().unwrap().as_ref().map(Handle::clone);
                    if let Some(a) = lent {
                        a.set(b"value");
                    }
                },
                &|a| drop(a.lock().unwrap().take()),
                &|a: &Mutex<Option<Handle>>| {
                    let lent = a.lock().unwrap().as_ref().map(Handle::clone);
                    if let Some(a) = lent {
                        let _ = expire_after(&a, 50_000);
                    }
                },
            ],
            |_| (),
        );
        until(|| told.load(SeqCst) == 3_000);
        memory::check_quarantine();
    });
}

/// Nobody holds it, and at just that time the deadline comes.
#[test]
fn expiring_races_with_the_last_release() {
    in_child(120, || {
        memory::quarantine();
        let (told, rounds) = (Arc::new(AtomicUsize::new(0)), 5_000);
        for round in 0..rounds {
            let (a, counts) = (Handle::new(), told.clone());
            if round % 2 == 0 {
                notify(&a, move |_| _ = counts.fetch_add(1, SeqCst));
            } else {
                counts.fetch_add(1, SeqCst);
            }
            assert_eq!(expire_after(&a, 100_000), ASYNCHRON_OK);
            let until = Instant::now() + Duration::from_nanos(60_000 + round % 300 * 1000);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            drop(a);
        }
        until(|| told.load(SeqCst) == rounds as usize);
        memory::check_quarantine();
    });
}

#[test]
fn while_a_callback_runs_another_thread_serves() {
    within(60, || {
        let (first, gate) = (Handle::new(), Gate::new());
        let (inside, passes) = (Arc::new(AtomicUsize::new(0)), gate.clone());
        let enters = inside.clone();
        notify(&first, move |_| {
            enters.fetch_add(1, SeqCst);
            passes.pass();
        });
        assert_eq!(expire_after(&first, MS), ASYNCHRON_OK);
        until(|| inside.load(SeqCst) == 1);
        for _ in 0..20 {
            let other = Handle::new();
            assert_eq!(expire_after(&other, MS), ASYNCHRON_OK);
            assert_eq!(other.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        }
        gate.open();
    });
}

/// In a callback of one, which waits for the other.
#[test]
fn a_callback_may_wait_for_another_deadline() {
    within(60, || {
        let (first, second) = (Handle::new(), Handle::new());
        let (waits, done) = (second.clone(), Gate::new());
        let opens = done.clone();
        notify(&first, move |_| {
            assert_eq!(waits.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
            opens.open();
        });
        assert_eq!(expire_after(&second, 30 * MS), ASYNCHRON_OK);
        assert_eq!(expire_after(&first, MS), ASYNCHRON_OK);
        done.pass();
        has_expired(&second);
    });
}

/// What listens besides learns as of any failure; also more than are told at once.
#[test]
fn all_that_listen_are_told_in_their_order() {
    within(60, || {
        for many in [1, 2, 3, 4, 5, 20] {
            let (a, order) = (Handle::new(), Arc::new(Mutex::new(Vec::new())));
            for i in 0..many {
                let order = order.clone();
                notify(&a, move |_| order.lock().unwrap().push(i));
                if i == many / 2 {
                    assert_eq!(expire_after(&a, 5 * MS), ASYNCHRON_OK);
                }
            }
            let report = Report::of(std::slice::from_ref(&a));
            let all: Vec<_> = (0..many).collect();
            drop(a);
            report.next(ASYNCHRON_FOREVER).unwrap();
            until(|| order.lock().unwrap().len() == many);
            assert_eq!(*order.lock().unwrap(), all);
        }
    });
}

#[test]
fn a_step_hands_the_failure_on() {
    within(60, || {
        let a = Handle::new();
        let then = unsafe { asynchron_then(a.raw(), null_mut(), Some(never), null_mut(), None) };
        let then = Handle::owned(then);
        assert_eq!(expire_after(&a, MS), ASYNCHRON_OK);
        assert_eq!(then.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        assert_eq!(a.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        assert_eq!(then.error(), a.error());
        has_expired(&then);
    });
}

unsafe extern "C" fn never(
    _: *mut asynchron_t,
    _: *const *mut asynchron_t,
    _: usize,
    _: *mut c_void,
) -> i32 {
    unreachable!("there is no value")
}

#[test]
fn the_option_is_as_the_call() {
    within(60, || {
        let begun = Instant::now();
        let a = create_with(&asynchron_options_t { expire_after_ns: 5 * MS, ..OPTIONS });
        assert_eq!(a.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        assert!(begun.elapsed() >= Duration::from_millis(5));
        has_expired(&a);
        for none in [0, ASYNCHRON_FOREVER] {
            let a = create_with(&asynchron_options_t { expire_after_ns: none, ..OPTIONS });
            assert_eq!(a.wait(5 * MS), ASYNCHRON_TIMEOUT);
        }
    });
}

/// The thread ends when nothing was armed for long, and comes again.
#[test]
fn the_thread_rests_and_comes_again() {
    in_child(60, || {
        let expire = || {
            let a = Handle::new();
            assert_eq!(expire_after(&a, MS), ASYNCHRON_OK);
            assert_eq!(a.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        };
        for _ in 0..3 {
            expire();
            until(|| std::fs::read_dir("/proc/self/task").unwrap().count() <= 2);
        }
    });
}

/// It is armed there, too, whatever the parent's threads were doing, and whatever the child calls first.
#[test]
#[cfg_attr(
    asynchron_portable,
    ignore = "where there are no futexes, a child of a fork must not use the library"
)]
fn a_deadline_holds_in_the_child_of_a_fork() {
    let program = process::compile("fork_time.c", &[]);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}
