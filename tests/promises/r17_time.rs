//! Rule 17: time is monotonic, relative nanoseconds, saturating; a timeout is the wait's, never the asynchron's.

use crate::support::handle::{wait_all, wait_any};
use crate::support::threads::takes_at_least;
use crate::support::*;
use std::thread;
use std::time::{Duration, Instant};

type Wait = fn(&Handle, u64) -> asynchron_status_t;

fn status<T>(result: Result<T, asynchron_status_t>) -> asynchron_status_t {
    result.err().unwrap_or(ASYNCHRON_OK)
}

/// Every wait that has a timeout.
const WAITS: [Wait; 6] = [
    |a, ns| status(a.get_timeout(ns)),
    |a, ns| a.wait(ns),
    |a, ns| status(wait_any(&[Handle::new(), a.clone()], ns)),
    |a, ns| wait_all(&[a.clone(), a.clone()], ns),
    |a, ns| status(Report::of(std::slice::from_ref(a)).next(ns)),
    |a, ns| {
        let (mut item, mut n) = (asynchron_item_t { asynchron: null_mut(), tag: null_mut() }, 0);
        let r = Report::of(std::slice::from_ref(a));
        let status = unsafe { asynchron_report_next_batch(r.raw(), ns, &mut item, 1, &mut n) };
        unsafe { asynchron_release(item.asynchron) };
        status
    },
];

#[test]
fn a_wait_lasts_as_long_as_it_was_told() {
    for wait in WAITS {
        within(120, move || {
            let a = Handle::new();
            for ns in [1, 999, MS, 20 * MS, 120 * MS] {
                assert_eq!(takes_at_least(ns, || wait(&a, ns)), ASYNCHRON_TIMEOUT);
            }
            // The asynchron knows nothing of it.
            assert_eq!((a.state(), a.set(b"x")), (ASYNCHRON_STATE_PENDING, ASYNCHRON_OK));
            assert_eq!(wait(&a, 0), ASYNCHRON_OK);
        });
    }
}

/// A timeout of one waiter is nobody else's.
#[test]
fn a_timeout_is_the_wait_s() {
    within(60, || {
        let a = Handle::new();
        let waiters: Vec<_> = WAITS
            .map(|wait| {
                let a = a.clone();
                start(move || wait(&a, ASYNCHRON_FOREVER))
            })
            .into_iter()
            .map(Waiter::asleep)
            .collect();
        for wait in WAITS {
            assert_eq!(wait(&a, MS), ASYNCHRON_TIMEOUT);
        }
        assert!(waiters.iter().all(|w| !w.is_finished()));
        a.set(b"x");
        assert!(waiters.into_iter().all(|w| w.join() == ASYNCHRON_OK));
    });
}

/// A poll that returned at once a thousand times would have taken 1000 times the shortest sleep otherwise; above all,
/// it is not endless.
#[test]
fn zero_polls() {
    for wait in WAITS {
        within(60, move || {
            let a = Handle::new();
            for _ in 0..1000 {
                assert_eq!(wait(&a, 0), ASYNCHRON_TIMEOUT);
            }
            a.cancel();
            assert!([ASYNCHRON_OK, ASYNCHRON_CANCELLED].contains(&wait(&a, 0)));
        });
    }
}

#[test]
fn timeouts_beyond_all_clocks_do_not_overflow() {
    for ns in
        [u64::MAX - 1, u64::MAX / 2 + 1, i64::MAX as u64, i64::MAX as u64 - 1, 1 << 62, 1 << 60]
    {
        within(60, move || {
            let a = Handle::new();
            let waiters = WAITS.map(|wait| {
                let a = a.clone();
                start(move || wait(&a, ns))
            });
            // Not over at once, as it would be after an overflow.
            let waiters = waiters.map(Waiter::asleep);
            a.set(b"x");
            assert!(waiters.into_iter().all(|w| w.join() == ASYNCHRON_OK));
        });
    }
}

#[test]
fn complete_beats_timed_out() {
    for wait in WAITS {
        within(60, move || {
            let a = Handle::new();
            a.set(b"x");
            for ns in [0, 1, MS, ASYNCHRON_FOREVER] {
                assert_eq!(wait(&a, ns), ASYNCHRON_OK);
            }
        });
        // Both hold: what the wait runs first inside a callback outlasts the timeout, and delivers.
        within(60, move || {
            let (a, b, got) = (Handle::new(), Handle::new(), Arc::new(AtomicUsize::new(99)));
            let (subject, result) = (b.clone(), got.clone());
            notify(&a, move |_| result.store(wait(&subject, MS) as usize, SeqCst));
            notify(&a, move |_| {
                std::thread::sleep(Duration::from_millis(10));
                b.set(b"x");
            });
            a.set(b"x");
            assert_eq!(got.load(SeqCst), ASYNCHRON_OK as usize);
        });
    }
}

/// One processor for all threads of this process: whoever is woken keeps the others from going on.
fn on_one_processor() {
    unsafe {
        let mut one: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(libc::sched_getcpu() as usize, &mut one);
        assert_eq!(libc::sched_setaffinity(0, size_of_val(&one), &one), 0);
    }
}

/// Complete for one is complete for all: what a get has seen before a wait_any's time is up, that wait_any has to
/// tell, though the deliverer has not come to tell it.
#[test]
fn complete_for_one_waiter_beats_timed_out_for_another() {
    in_child(120, || {
        on_one_processor();
        const NS: u64 = 300_000;
        for _ in 0..300 {
            let a = Handle::new();
            let (b, c, done) = (a.clone(), a.clone(), Arc::new(AtomicBool::new(false)));
            let over = done.clone();
            let first = start(move || {
                c.wait(ASYNCHRON_FOREVER);
                let seen = Instant::now();
                while !over.load(SeqCst) && seen.elapsed() < Duration::from_nanos(3 * NS) {
                    std::hint::spin_loop();
                }
                seen
            });
            let first = first.asleep();
            let other = start(move || {
                let begin = Instant::now();
                let result = wait_any(&[Handle::new(), b], NS);
                done.store(true, SeqCst);
                (begin + Duration::from_nanos(NS), result)
            });
            until(|| other.has_begun());
            a.set(b"x");
            let (seen, (deadline, result)) = (first.join(), other.join());
            assert!(result == Ok(1) || seen > deadline, "seen {:?} early", deadline - seen);
        }
    });
}

/// A wait that ends by its timeout just when the delivery comes tells one or the other; and after OK it is complete.
#[test]
fn timeouts_against_deliveries() {
    in_child(120, || {
        memory::quarantine();
        for wait in WAITS {
            race(
                1000,
                |_| Handle::new(),
                &[&|a: &Handle| _ = a.set(b"x"), &|a| match wait(a, 2000) {
                    ASYNCHRON_OK => assert_eq!(a.poll(), ASYNCHRON_OK),
                    other => assert_eq!(other, ASYNCHRON_TIMEOUT),
                }],
                |a| assert_eq!(wait(&a, 0), ASYNCHRON_OK),
            );
        }
    });
}

/// Signals interrupt system calls. They make no wait shorter, and none of them lost.
#[test]
fn signals_do_not_end_a_wait() {
    in_child(120, || {
        extern "C" fn nothing(_: libc::c_int) {}
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
            assert_eq!(libc::sigaction(libc::SIGUSR1, &action, null_mut()), 0);
        }
        let pid = unsafe { libc::getpid() };
        for wait in WAITS {
            for ns in [50 * MS, ASYNCHRON_FOREVER] {
                let a = Handle::new();
                let (b, tid) = (a.clone(), Arc::new(AtomicUsize::new(0)));
                let mine = tid.clone();
                let waiter = start(move || {
                    mine.store(unsafe { libc::gettid() } as usize, SeqCst);
                    let begin = Instant::now();
                    (wait(&b, ns), begin.elapsed())
                });
                until(|| tid.load(SeqCst) != 0);
                let mut signals = 0;
                while !waiter.is_finished() && (signals < 100 || ns != ASYNCHRON_FOREVER) {
                    let to = tid.load(SeqCst) as i32;
                    unsafe { libc::syscall(libc::SYS_tgkill, pid, to, libc::SIGUSR1) };
                    std::thread::sleep(Duration::from_micros(100));
                    signals += 1;
                }
                if ns == ASYNCHRON_FOREVER {
                    assert!(!waiter.is_finished(), "a signal ended it");
                    a.set(b"x");
                    assert_eq!(waiter.join().0, ASYNCHRON_OK);
                } else {
                    let (status, took) = waiter.join();
                    assert_eq!(status, ASYNCHRON_TIMEOUT);
                    assert!(took >= Duration::from_nanos(ns), "after {took:?}");
                }
            }
        }
    });
}

/// The time of day may be set at any moment. It is of no concern.
#[test]
fn the_time_of_day_does_not_matter() {
    let program = process::compile("clock_jumps.c", &[]);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

/// The timeout is that of the whole call: it does not begin anew with each asynchron.
#[test]
fn several_share_one_timeout() {
    within(120, || {
        // With a timeout for each it would be a minute, and then OK.
        let (all, over) = (Handle::many(200), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                for a in all.iter().take_while(|_| !over.load(SeqCst)) {
                    thread::sleep(Duration::from_millis(300));
                    a.set(b"x");
                }
            });
            assert_eq!(wait_all(&all, 800 * MS), ASYNCHRON_TIMEOUT);
            over.store(true, SeqCst);
        });
    });
}
