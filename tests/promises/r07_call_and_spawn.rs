//! Rule 7: a function computes the value, here (call) or on a background thread (spawn).

use crate::support::*;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;

/// Runs the function by call or by spawn, and returns when it is through.
fn run(a: &Handle, spawned: bool, mut f: impl FnMut(*mut asynchron_t) -> i32 + Send + 'static) {
    if !spawned {
        assert_eq!(call(a, f), ASYNCHRON_OK);
        return;
    }
    let (send, through) = channel();
    let at_end = OnDrop(move || send.send(()).unwrap());
    let status = spawn(a, move |me| {
        let _owned = &at_end;
        f(me)
    });
    assert_eq!(status, ASYNCHRON_OK);
    through.recv().unwrap();
    // The context is dropped before the completion by what fn returned: wait for that, too.
    a.wait(ASYNCHRON_FOREVER);
}

const BOTH: [bool; 2] = [false, true];

#[test]
fn pending_becomes_running_when_it_starts() {
    for spawned in BOTH {
        within(60, move || {
            let a = Handle::new();
            let (raw, me) = (a.raw() as usize, thread::current().id());
            let seen = Arc::new(Mutex::new(None));
            let inside = seen.clone();
            assert_eq!(a.state(), ASYNCHRON_STATE_PENDING);
            run(&a, spawned, move |b| {
                let here = thread::current().id() == me;
                let (state, poll) = unsafe { (asynchron_state(b), asynchron_poll(b)) };
                *inside.lock().unwrap() = Some((b as usize == raw, here, state, poll));
                0
            });
            let running = (ASYNCHRON_STATE_RUNNING, ASYNCHRON_PENDING);
            assert_eq!(*seen.lock().unwrap(), Some((true, !spawned, running.0, running.1)));
            assert_eq!(a.state(), ASYNCHRON_STATE_READY);
        });
    }
}

#[test]
fn what_the_function_delivers_or_returns_is_the_outcome() {
    type Fun = fn(*mut asynchron_t) -> i32;
    let nothing: [(Fun, i32); 4] =
        [(|_| 1, 1), (|_| -7, -7), (|_| i32::MIN, i32::MIN), (|_| 99, 99)];
    for spawned in BOTH {
        within(60, move || {
            let a = Handle::new();
            run(&a, spawned, |_| 0);
            let mut v = asynchron_value_t { data: 0x1234 as *const c_void, len: 1 };
            assert_eq!(unsafe { asynchron_get(a.raw(), &mut v) }, ASYNCHRON_OK);
            assert_eq!((v.data, v.len), (null(), 0), "returned 0 without delivering");
            for (f, code) in nothing {
                let a = Handle::new();
                run(&a, spawned, f);
                assert_eq!(a.error().map(|e| e.code), Ok(code));
                assert_eq!((a.poll(), a.get()), (ASYNCHRON_FAILED, Err(ASYNCHRON_FAILED)));
            }
            // Delivered: the return value means nothing any more.
            for code in [0, 5] {
                let a = Handle::new();
                run(&a, spawned, move |me| {
                    Handle::shared(me).set(b"value");
                    code
                });
                assert_eq!(a.get(), Ok(b"value".to_vec()));
                let a = Handle::new();
                run(&a, spawned, move |me| {
                    Handle::shared(me).fail(3, "three");
                    code
                });
                assert_eq!(a.error().map(|e| (e.code, e.message)), Ok((3, "three".to_owned())));
                let a = Handle::new();
                run(&a, spawned, move |me| {
                    Handle::shared(me).cancel();
                    code
                });
                assert_eq!(a.poll(), ASYNCHRON_CANCELLED);
            }
        });
    }
}

/// `return asynchron_set_bytes(self, …);`, with and without memory, by call, spawn and after.
#[test]
fn the_last_line_of_a_function_may_be_a_setter() {
    let program = process::compile("last_line.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

type Prepare = fn(&Handle);

#[test]
fn a_function_does_not_run_on_one_that_is_not_pending() {
    let complete: [(Prepare, asynchron_status_t); 4] = [
        (|a| _ = a.set(b"x"), ASYNCHRON_ALREADY),
        (|a| _ = a.fail(1, "x"), ASYNCHRON_ALREADY),
        (|a| _ = a.cancel(), ASYNCHRON_CANCELLED),
        (|a| _ = call(a, |_| 0), ASYNCHRON_ALREADY),
    ];
    for (prepare, told) in complete {
        within(60, move || {
            let a = Handle::new();
            prepare(&a);
            let before = (a.state(), a.get(), a.error());
            let ran = Arc::new(AtomicUsize::new(0));
            let inside = ran.clone();
            assert_eq!(call(&a, |_| inside.fetch_add(1, SeqCst) as i32), told);
            let (dropped, inside) = (Arc::new(AtomicUsize::new(0)), ran.clone());
            let count = dropped.clone();
            let at_drop = OnDrop(move || _ = count.fetch_add(1, SeqCst));
            let status = spawn(&a, move |_| {
                let _owned = &at_drop;
                inside.fetch_add(1, SeqCst) as i32
            });
            assert_eq!(status, ASYNCHRON_OK, "found out when its turn comes");
            until(|| dropped.load(SeqCst) == 1);
            assert_eq!((ran.load(SeqCst), dropped.load(SeqCst)), (0, 1));
            assert_eq!((a.state(), a.get(), a.error()), before);
        });
    }
}

#[test]
fn a_function_does_not_run_on_one_that_is_running() {
    for spawned in BOTH {
        within(60, move || {
            let (a, entered, leave) = (Handle::new(), Gate::new(), Gate::new());
            let (b, inside, go) = (a.clone(), entered.clone(), leave.clone());
            let runner = start(move || {
                run(&b, spawned, move |me| {
                    inside.open();
                    go.pass();
                    Handle::shared(me).set(b"first") as i32
                });
            });
            entered.pass();
            assert_eq!(call(&a, |_| panic!("runs beside another")), ASYNCHRON_ALREADY);
            let dropped = Gate::new();
            let (at_drop, ran) = (dropped.clone(), Arc::new(AtomicUsize::new(0)));
            let (at_drop, inside) = (OnDrop(move || at_drop.open()), ran.clone());
            let status = spawn(&a, move |_| {
                let _owned = &at_drop;
                inside.fetch_add(1, SeqCst) as i32
            });
            assert_eq!(status, ASYNCHRON_OK);
            dropped.pass();
            leave.open();
            runner.join();
            assert_eq!((a.get(), ran.load(SeqCst)), (Ok(b"first".to_vec()), 0));
        });
    }
}

/// Of several that start it at the same moment, one runs.
#[test]
fn one_of_several_starts_it() {
    in_child(60, || {
        memory::quarantine();
        type Subject = (Handle, Arc<AtomicUsize>, AtomicUsize);
        let caller = |s: &Subject| {
            let status = call(&s.0, |_| {
                s.1.fetch_add(1, SeqCst);
                0
            });
            s.2.fetch_add(usize::from(status == ASYNCHRON_OK), SeqCst);
        };
        let spawner = |s: &Subject| {
            let ran = s.1.clone();
            spawn(&s.0, move |_| {
                ran.fetch_add(1, SeqCst);
                0
            });
        };
        race(
            3000,
            |_| (Handle::new(), Arc::default(), AtomicUsize::new(0)),
            &[&caller, &caller, &spawner],
            |s: Subject| {
                s.0.wait(ASYNCHRON_FOREVER);
                assert_eq!(s.1.load(SeqCst), 1);
                assert!(s.2.load(SeqCst) <= 1);
            },
        );
    });
}

/// Waiters go at once; the function goes on, can see it, and what it delivers then is dropped.
#[test]
fn cancelling_a_running_one() {
    for spawned in BOTH {
        for deliver_late in BOTH {
            within(60, move || {
                let (a, entered, leave) = (Handle::new(), Gate::new(), Gate::new());
                let (b, inside, go) = (a.clone(), entered.clone(), leave.clone());
                let (tally, (send, seen)) = (Tally::new(), channel());
                let runner = start(move || {
                    run(&b, spawned, move |me| {
                        inside.open();
                        go.pass();
                        let me = Handle::shared(me);
                        let (p, drop) = (tally.ptr(), tally.drop_fn());
                        let late = deliver_late.then(|| me.set_pointer(p, drop));
                        send.send((me.poll(), me.state(), late)).unwrap();
                        5
                    });
                });
                entered.pass();
                let b = a.clone();
                let waiter = start(move || b.get()).asleep();
                assert_eq!(a.cancel(), ASYNCHRON_OK);
                assert_eq!(waiter.join(), Err(ASYNCHRON_CANCELLED));
                assert_eq!(a.state(), ASYNCHRON_STATE_CANCELLED);
                assert!(!runner.is_finished(), "the function goes on");
                leave.open();
                runner.join();
                let late = deliver_late.then_some(ASYNCHRON_CANCELLED);
                let cancelled = (ASYNCHRON_CANCELLED, ASYNCHRON_STATE_CANCELLED, late);
                assert_eq!(seen.recv(), Ok(cancelled));
                assert_eq!(a.state(), ASYNCHRON_STATE_CANCELLED);
                assert_eq!(tally.drops(), usize::from(deliver_late));
            });
        }
    }
}

/// The function needs nobody's handle: it runs, with a handle that is good, and callbacks learn.
#[test]
fn every_handle_may_be_released_after_spawn() {
    in_child(60, || {
        memory::quarantine();
        for round in 0..2000 {
            let (send, seen) = channel();
            let (value, user) = (Tally::new(), Tally::new());
            let (report, a) = (send.clone(), with_user_data(user.ptr(), user.drop_fn()));
            notify(&a, move |a| send.send(unsafe { asynchron_poll(a) }).unwrap());
            spawn(&a, move |me| {
                if round % 2 == 0 {
                    thread::yield_now();
                }
                report.send(unsafe { asynchron_poll(me) }).unwrap();
                let (p, drop) = (value.ptr(), value.drop_fn());
                unsafe { asynchron_set_pointer(me, p, drop) as i32 }
            });
            drop(a);
            let statuses: Vec<_> = seen.iter().collect();
            assert_eq!(statuses, [ASYNCHRON_PENDING, ASYNCHRON_OK]);
            until(|| user.drops() != 0);
            assert_eq!((value.drops(), user.drops()), (1, 1));
        }
        memory::check_quarantine();
    });
}

/// The same for call: the function may release the reference it was called with.
#[test]
fn a_called_function_may_release_its_handle() {
    in_child(60, || {
        memory::quarantine();
        for _ in 0..1000 {
            let user = Tally::new();
            let a = with_user_data(user.ptr(), user.drop_fn()).into_raw();
            let status = unsafe {
                unsafe extern "C" fn let_go(me: *mut asynchron_t, _: *mut c_void) -> i32 {
                    unsafe { asynchron_release(me) };
                    unsafe { asynchron_poll(me) as i32 }
                }
                asynchron_call(a, Some(let_go), null_mut())
            };
            assert_eq!((status, user.drops()), (ASYNCHRON_OK, 1));
        }
        memory::check_quarantine();
    });
}

/// Whoever comes between the claim and the publication of a cancel learns that it was cancelled.
#[test]
fn a_call_that_loses_to_a_cancel_says_cancelled_and_it_is_complete_by_then() {
    within(60, || {
        race(
            20_000,
            |_| Handle::new(),
            &[
                &|a: &Handle| {
                    a.cancel();
                },
                &|a: &Handle| match call(a, |_| 0) {
                    ASYNCHRON_OK => {}
                    other => {
                        assert_eq!((other, a.poll()), (ASYNCHRON_CANCELLED, ASYNCHRON_CANCELLED))
                    }
                },
            ],
            drop,
        );
    });
}
