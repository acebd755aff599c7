//! Rule 18: what happened before a delivery happens before whatever follows a call that saw it. Plain data is written
//! before, and read after, in every way to see a completion, many times.

use crate::common::library::Form;
use crate::common::{self, compiler};
use crate::support::handle::{wait_all, wait_any};
use crate::support::*;
use std::cell::UnsafeCell;
use std::io::Write;

/// Plain memory, several cache lines of it, that only the order of calls protects.
struct Plain(UnsafeCell<[usize; 64]>);

// SAFETY: read only after a call has seen the delivery that came after the writes.
unsafe impl Sync for Plain {}

impl Plain {
    fn new() -> Self {
        Plain(UnsafeCell::new([0; 64]))
    }

    fn write(&self, n: usize) {
        unsafe { (*self.0.get()).iter_mut().for_each(|word| *word = n) }
    }

    fn assert(&self, n: usize) {
        let words = unsafe { &*self.0.get() };
        assert!(words.iter().all(|word| *word == n), "{words:?}");
    }
}

type See = fn(&Handle);

fn until_ok(ok: impl Fn() -> bool) {
    while !ok() {
        std::hint::spin_loop();
        std::thread::yield_now();
    }
}

/// Every call by which a completion can be seen.
const SEEN_BY: [See; 15] = [
    |a| until_ok(|| a.poll() != ASYNCHRON_PENDING),
    |a| until_ok(|| a.state() != ASYNCHRON_STATE_PENDING),
    |a| _ = a.get(),
    |a| until_ok(|| a.get_timeout(0) != Err(ASYNCHRON_TIMEOUT)),
    |a| until_ok(|| a.get_timeout(500) != Err(ASYNCHRON_TIMEOUT)),
    |a| _ = a.wait(ASYNCHRON_FOREVER),
    |a| until_ok(|| a.wait(0) == ASYNCHRON_OK),
    |a| _ = wait_any(&[Handle::new(), a.clone()], ASYNCHRON_FOREVER),
    |a| until_ok(|| wait_any(std::slice::from_ref(a), 0).is_ok()),
    |a| _ = wait_all(&[a.clone(), a.clone()], ASYNCHRON_FOREVER),
    |a| drop(Report::of(std::slice::from_ref(a)).next(ASYNCHRON_FOREVER)),
    |a| until_ok(|| a.error() != Err(ASYNCHRON_PENDING)),
    |a| {
        let mut buffer = [0u8; 64];
        let p = buffer.as_mut_ptr().cast();
        _ = unsafe { asynchron_get_bytes(a.raw(), p, 64, null_mut()) };
    },
    // A refused delivery has seen the one that was first. It is a try that must come too late.
    |a| {
        until_ok(|| a.poll() != ASYNCHRON_PENDING);
        assert_ne!(a.cancel(), ASYNCHRON_OK);
    },
    |a| {
        let flag = ASYNCHRON_NOTIFY_IF_PENDING;
        until_ok(|| notify_flags(a, flag, |_| (), null_mut()) == ASYNCHRON_ALREADY);
    },
];

#[test]
fn every_call_that_sees_a_delivery() {
    in_child(170, || {
        memory::quarantine();
        let deliveries: [fn(&Handle); 4] = [
            |a| _ = a.set(b"x"),
            |a| _ = a.set(&[1; 40]),
            |a| _ = a.fail(1, "x"),
            |a| _ = a.cancel(),
        ];
        type Subject = (Handle, Plain, usize);
        for see in SEEN_BY {
            race(
                2000,
                |round| (Handle::new(), Plain::new(), round + 1),
                &[
                    &|(a, plain, n): &Subject| {
                        plain.write(*n);
                        deliveries[n % 4](a);
                    },
                    &|(a, plain, n)| {
                        see(a);
                        plain.assert(*n);
                    },
                ],
                drop,
            );
        }
    });
}

/// A refused delivery learns who was first only after the whole of it is there to see.
#[test]
fn a_refused_delivery_has_seen_the_first() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, [Plain; 2]);
        let party = |s: &Subject, me: usize| {
            s.1[me].write(7);
            let status = if me == 0 { s.0.set(b"x") } else { s.0.cancel() };
            if status != ASYNCHRON_OK {
                s.1[1 - me].assert(7);
            }
        };
        race(
            10_000,
            |_| (Handle::new(), [Plain::new(), Plain::new()]),
            &[&|s| party(s, 0), &|s| party(s, 1)],
            drop,
        );
    });
}

/// A callback registered on another thread runs after what came before the delivery, and after what came before its
/// registration.
#[test]
fn callbacks() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, Arc<[Plain; 2]>);
        race(
            5000,
            |_| (Handle::new(), Arc::new([Plain::new(), Plain::new()])),
            &[
                &|(a, plain): &Subject| {
                    plain[0].write(1);
                    a.set(b"x");
                },
                &|(a, plain)| {
                    plain[1].write(2);
                    let seen = plain.clone();
                    notify(a, move |_| {
                        seen[0].assert(1);
                        seen[1].assert(2);
                    });
                },
            ],
            drop,
        );
    });
}

/// The function of an after sees what all the deliverers did, not only the last.
#[test]
fn after_sees_all_deliverers() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Vec<Handle>, Arc<[Plain; 3]>, Handle);
        let party = |s: &Subject, n: usize| {
            s.1[n].write(n + 1);
            s.0[n].set(b"x");
        };
        race(
            4000,
            |_| {
                let (all, plain) = (Handle::many(3), Arc::new([(); 3].map(|()| Plain::new())));
                let seen = plain.clone();
                let into = after(&all, None, move |_, _| {
                    (0..3).for_each(|n| seen[n].assert(n + 1));
                    0
                });
                (all, plain, into)
            },
            &[&|s| party(s, 0), &|s| party(s, 1), &|s| party(s, 2)],
            |s: Subject| assert_eq!(s.2.poll(), ASYNCHRON_OK),
        );
    });
}

/// A spawned function sees what came before the spawn; whoever gets its value sees what it did.
#[test]
fn spawned_functions() {
    within(120, || {
        for n in 1..3000 {
            let plain = Arc::new([Plain::new(), Plain::new()]);
            let (a, inside) = (Handle::new(), plain.clone());
            plain[0].write(n);
            spawn(&a, move |_| {
                inside[0].assert(n);
                inside[1].write(n);
                0
            });
            a.wait(ASYNCHRON_FOREVER);
            plain[1].assert(n);
        }
    });
}

/// When unnotify returns, the callback's work is there to see.
#[test]
fn unnotify_sees_what_the_callback_did() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, u64, Arc<Plain>);
        race(
            5000,
            |_| {
                let (a, plain) = (Handle::new(), Arc::new(Plain::new()));
                let inside = plain.clone();
                let token = notify(&a, move |_| inside.write(3));
                (a, token, plain)
            },
            &[&|s: &Subject| _ = s.0.set(b"x"), &|s| match s.0.unnotify(s.1) {
                ASYNCHRON_OK => s.2.assert(0),
                _ => s.2.assert(3),
            }],
            drop,
        );
    });
}

/// The last one to release sees what the others did before they released: it runs the drop.
#[test]
fn release() {
    unsafe extern "C" fn check(p: *mut c_void) {
        let plain = unsafe { Box::from_raw(p.cast::<[Plain; 2]>()) };
        plain.iter().for_each(|plain| plain.assert(5));
    }
    in_child(120, || {
        memory::quarantine();
        type Subject = ([usize; 2], usize);
        let party = |(a, plain): &Subject, n: usize| {
            let plain = unsafe { &*(*plain as *const [Plain; 2]) };
            plain[n].write(5);
            unsafe { asynchron_release(a[n] as *mut asynchron_t) };
        };
        race(
            8000,
            |_| {
                let plain = Box::into_raw(Box::new([Plain::new(), Plain::new()]));
                let a = with_user_data(plain.cast(), Some(check));
                ([a.clone().into_raw() as usize, a.into_raw() as usize], plain as usize)
            },
            &[&|s| party(s, 0), &|s| party(s, 1)],
            drop,
        );
    });
}

/// It is told by the library what that orders, and does not see into it. (packaging/test/races.sh has other compilers,
/// forms and detectors, and planted races.)
#[test]
fn to_thread_sanitizer_what_is_handed_over_is_no_race() {
    let tsan = "-fsanitize=thread".to_owned();
    let races = common::root().join("tests/c/races");
    let program = common::out_dir().join("handed_over");
    let objects = ["handed_over", "main"].map(|name| {
        let object = common::out_dir().join(format!("{name}-tsan.o"));
        let source = races.join(format!("{name}.c"));
        common::ok(compiler::object(&source, "gnu11", &[&tsan, "-g"], &object));
        object
    });
    let objects = [objects[0].as_path(), objects[1].as_path()];
    if compiler::link_with(&objects, &[tsan], false, Form::Shared, &program).is_err() {
        let _ = std::io::stderr().write_all(b"skipped: no ThreadSanitizer\n");
        return;
    }
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

/// A race detector of another language has the same names for other functions.
#[test]
#[cfg(target_os = "linux")]
fn to_the_race_detector_of_go_nothing_is_told() {
    let name = "other_runtime";
    let (program, object) =
        (common::out_dir().join(name), common::out_dir().join("other_runtime.o"));
    let source = common::root().join("tests/c/races/other_runtime.c");
    common::ok(compiler::object(&source, "c99", &[], &object));
    let visible = ["-rdynamic".to_owned()];
    common::ok(compiler::link_with(&[&object], &visible, false, Form::Shared, &program));
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}
