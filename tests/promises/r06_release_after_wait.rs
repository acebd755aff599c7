//! Rule 6: a waiter may release the last reference as soon as its wait returns, even while the deliverer is still
//! inside set; set touches the object no more then.

use crate::support::handle::{wait_all, wait_any};
use crate::support::*;
use std::ptr::with_exposed_provenance_mut;
use std::thread;

/// The subject's reference goes to the waiter, which alone decides when it ends. The deliverer has none.
struct Shared(*mut asynchron_t);

// SAFETY: the handle may be used from any thread.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

type Wait = fn(*mut asynchron_t);

fn own(a: *mut asynchron_t) -> Handle {
    Handle::owned(a)
}

/// Each takes over the reference and releases it as soon as it may.
const WAITS: [(&str, Wait); 10] = [
    ("get", |a| drop(own(a).get())),
    ("get_timeout", |a| drop(own(a).get_timeout(LONG))),
    ("get_bytes", |a| {
        let mut buffer = [0u8; 64];
        let a = own(a);
        _ = unsafe { asynchron_get_bytes(a.raw(), buffer.as_mut_ptr().cast(), 64, null_mut()) };
    }),
    ("wait", |a| _ = own(a).wait(ASYNCHRON_FOREVER)),
    ("wait_any", |a| _ = wait_any(&[own(a), Handle::new()], ASYNCHRON_FOREVER)),
    ("wait_all", |a| _ = wait_all(&[own(a)], ASYNCHRON_FOREVER)),
    ("report", |a| {
        let report = Report::of(&[own(a)]);
        drop(report.next(ASYNCHRON_FOREVER));
    }),
    ("batch", |a| {
        let report = Report::of(&[own(a)]);
        let (mut item, mut n) = (asynchron_item_t { asynchron: null_mut(), tag: null_mut() }, 0);
        let (r, forever) = (report.raw(), ASYNCHRON_FOREVER);
        _ = unsafe { asynchron_report_next_batch(r, forever, &mut item, 1, &mut n) };
        drop(own(item.asynchron));
    }),
    ("then", |a| {
        // Registered while it is delivered: whichever thread counts last runs it, and frees the source.
        let a = own(a);
        let into = then(&a, None, |_, _| 0);
        a.wait(ASYNCHRON_FOREVER);
        drop(a);
        into.wait(ASYNCHRON_FOREVER);
    }),
    ("poll", |a| {
        let a = own(a);
        until(|| a.poll() != ASYNCHRON_PENDING);
    }),
];

fn deliver(a: *mut asynchron_t, round: usize) {
    let long = [1u8; 40];
    unsafe {
        match round % 4 {
            0 => asynchron_set_bytes(a, long.as_ptr().cast(), 8),
            1 => asynchron_set_bytes(a, long.as_ptr().cast(), 40),
            2 => asynchron_fail(a, 1, c"x".as_ptr()),
            _ => asynchron_cancel(a),
        }
    };
}

/// A callback that cannot be taken back.
fn notify_for_good(a: &Handle, f: impl FnMut(*mut asynchron_t) + Send + 'static) {
    assert_eq!(notify_flags(a, 0, f, null_mut()), ASYNCHRON_OK);
}

/// The waiter's thread releases, and uses the memory for another one at once: that one must stay as it is.
fn rounds(n: usize) {
    for (_, wait) in WAITS {
        for listeners in 0..3 {
            race(
                n,
                |round| {
                    let a = own(unsafe { asynchron_create(null()) });
                    let seen = |a: *mut asynchron_t| {
                        assert_ne!(unsafe { asynchron_poll(a) }, ASYNCHRON_PENDING)
                    };
                    match listeners {
                        1 => _ = notify(&a, seen),
                        2 => notify_for_good(&a, seen),
                        _ => {}
                    }
                    (Shared(a.into_raw()), round)
                },
                &[&|(a, round): &(Shared, usize)| deliver(a.0, *round), &|(a, _)| {
                    wait(a.0);
                    let next = Handle::many(3);
                    thread::yield_now();
                    for a in &next {
                        assert_eq!(a.poll(), ASYNCHRON_PENDING, "hit by another one's delivery");
                        assert_eq!(a.set(b"x"), ASYNCHRON_OK);
                    }
                }],
                drop,
            );
        }
    }
}

/// Freed memory is used again at once.
#[test]
fn the_memory_may_be_used_again() {
    in_child(170, || rounds(2000));
}

/// Freed memory is filled with nonsense, and looked after: a late read or write shows.
#[test]
fn nobody_looks_at_it_again() {
    in_child(170, || {
        memory::quarantine();
        rounds(1000);
        memory::check_quarantine();
    });
}

/// Many waiters, each with a reference of its own: the last one out frees it, whoever that is.
#[test]
fn the_last_of_many_waiters_releases() {
    in_child(170, || {
        memory::quarantine();
        let (get, wait_any) = (WAITS[0].1, WAITS[4].1);
        race(
            3000,
            |round| {
                let a = Handle::new().into_raw();
                unsafe { asynchron_retain(a) };
                (Shared(a), round)
            },
            &[&|(a, round): &(Shared, usize)| deliver(a.0, *round), &|s| get(s.0.0), &|s| {
                wait_any(s.0.0);
            }],
            drop,
        );
        memory::check_quarantine();
    });
}

/// The callback retains it and hands it on, while the waiter, who has the only other reference, releases: it ends
/// with whoever is the last of the three.
#[test]
fn a_callback_hands_it_on_while_the_last_is_released() {
    in_child(170, || {
        memory::quarantine();
        race(
            20_000,
            |round| {
                let a = Handle::new();
                let handed_on = Arc::new(AtomicUsize::new(0));
                let hand_on = handed_on.clone();
                notify_for_good(&a, move |a| {
                    unsafe { asynchron_retain(a) };
                    hand_on.store(a.expose_provenance(), SeqCst);
                });
                (Shared(a.into_raw()), handed_on, round)
            },
            &[
                &|(a, _, round): &(Shared, Arc<AtomicUsize>, usize)| deliver(a.0, *round),
                &|(a, _, _)| drop(own(a.0).get()),
                &|(_, handed_on, _)| {
                    until(|| handed_on.load(SeqCst) != 0);
                    let a = own(with_exposed_provenance_mut(handed_on.load(SeqCst)));
                    assert_ne!(a.poll(), ASYNCHRON_PENDING);
                },
            ],
            drop,
        );
        memory::check_quarantine();
    });
}

/// The same from C, over the shared library; under valgrind, where there is one, every access is checked.
#[test]
fn from_c_and_under_valgrind() {
    let program = process::compile("release_after_wait.c", &[]);
    process::run(process::command(&program, &["2000"]), 120).assert_quiet_success();
    if let Some(command) = process::under_valgrind(&program, &["100"]) {
        let ran = process::run(command, 170);
        assert!(ran.status.success(), "{}\n{}", ran.stdout, ran.stderr);
    }
}

/// Whoever is alone with it may do what others must not see: take its value out, for one.
#[test]
fn the_only_one_that_holds_it_knows_that_there_is_no_other() {
    within(60, || {
        let shared = |a: &Handle| unsafe { asynchron_is_shared(a.raw()) };
        let a = Handle::new();
        assert_eq!(shared(&a), 0);
        let other = a.clone();
        assert_eq!((shared(&a), shared(&other)), (1, 1));
        drop(other);
        let report = Report::new();
        report.add(&a, 0);
        assert_eq!(shared(&a), 1, "a report keeps it");
        drop(report);
        // A callback is lent it, by no reference that is counted: but it might make one.
        let gates = Box::new((Gate::new(), Gate::new()));
        extern "C" fn stay(_: *mut asynchron_t, gates: *mut c_void) {
            let (inside, leave) = unsafe { &*gates.cast::<(Gate, Gate)>() };
            inside.open();
            leave.pass();
        }
        let ctx = (&raw const *gates).cast_mut().cast();
        assert_eq!(unsafe { asynchron_notify(a.raw(), Some(stay), ctx) }, ASYNCHRON_OK);
        let raw = a.raw() as usize;
        let sets = start(move || unsafe { asynchron_set_bytes(raw as *mut _, null(), 0) });
        gates.0.pass();
        assert_eq!(shared(&a), 1, "a callback has it");
        gates.1.open();
        sets.join();
        assert_eq!(shared(&a), 0);
    });
}
