//! Rule 28: shutting an executor down.

use crate::support::process::try_in_child;
use crate::support::*;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

const CANCEL: u64 = ASYNCHRON_SHUTDOWN_CANCEL;

/// Holds the only thread of an executor.
fn busy(executor: &Executor) -> (Handle, Gate) {
    let (a, gate, begun) = (Handle::new(), Gate::new(), Gate::new());
    let (opens, begins) = (gate.clone(), begun.clone());
    let task = move |_: *mut asynchron_t| {
        begins.open();
        opens.pass();
        0
    };
    assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
    begun.pass();
    (a, gate)
}

#[test]
fn nothing_new_is_accepted_and_what_was_queued_runs() {
    within(60, || {
        let executor = Executor::threads(1);
        let ((_, gate), all, count) =
            (busy(&executor), Handle::many(50), Arc::new(AtomicUsize::new(0)));
        for a in &all {
            let count = count.clone();
            let task = move |_: *mut asynchron_t| {
                count.fetch_add(1, SeqCst);
                0
            };
            assert_eq!(executor.spawn(a, task), ASYNCHRON_OK);
        }
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_TIMEOUT);
        assert_eq!(executor.shutdown(0, MS), ASYNCHRON_TIMEOUT, "ask again");
        let (a, owned) = (Handle::new(), Arc::new(()));
        let its = owned.clone();
        let refused = executor.spawn(&a, move |_| {
            let _ = &its;
            0
        });
        assert_eq!(refused, ASYNCHRON_E_CLOSED);
        assert_eq!((a.poll(), Arc::strong_count(&owned)), (ASYNCHRON_PENDING, 1));
        gate.open();
        assert_eq!(executor.shutdown(0, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        assert_eq!(count.load(SeqCst), 50);
        assert_eq!(executor.shutdown(CANCEL, 0), ASYNCHRON_OK, "it is idle already");
    });
}

#[test]
fn an_unused_executor_shuts_down_at_once() {
    let executor = Executor::threads(0);
    assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
    assert_eq!(executor.spawn(&Handle::new(), |_| 0), ASYNCHRON_E_CLOSED);
}

#[test]
fn with_cancel_what_has_not_begun_is_cancelled_and_says_why() {
    within(60, || {
        let executor = Executor::threads(1);
        let ((running, gate), all, owned) = (busy(&executor), Handle::many(30), Arc::new(()));
        for a in &all {
            let its = owned.clone();
            let status = executor.spawn(a, move |_| {
                let _ = &its;
                panic!("it ran")
            });
            assert_eq!(status, ASYNCHRON_OK);
        }
        // Begun by other means: it is not cancelled, but its function does not run.
        assert_eq!(unsafe { asynchron_start(all[3].raw()) }, ASYNCHRON_OK);
        assert_eq!(executor.shutdown(CANCEL, 0), ASYNCHRON_TIMEOUT);
        assert_eq!(Arc::strong_count(&owned), 1, "every context was dropped");
        for (n, a) in all.iter().enumerate() {
            if n == 3 {
                assert_eq!((a.poll(), a.set_number(1)), (ASYNCHRON_PENDING, ASYNCHRON_OK));
                continue;
            }
            assert_eq!(a.poll(), ASYNCHRON_CANCELLED);
            let error = a.error().unwrap();
            assert_eq!((error.code, &*error.domain, &*error.message), (0, "", "shut down"));
        }
        assert_eq!(running.poll(), ASYNCHRON_PENDING);
        gate.open();
        assert_eq!(executor.shutdown(0, LONG), ASYNCHRON_OK);
        assert_eq!(running.poll(), ASYNCHRON_OK);
    });
}

/// The reason is passed on as any other.
#[test]
fn steps_after_a_cancelled_task_have_the_reason_too() {
    within(60, || {
        let executor = Executor::threads(1);
        let ((_, gate), a) = (busy(&executor), Handle::new());
        let next = then(&a, None, |_, _| panic!("it ran"));
        assert_eq!(executor.spawn(&a, |_| 0), ASYNCHRON_OK);
        assert_eq!(executor.shutdown(CANCEL, 0), ASYNCHRON_TIMEOUT);
        assert_eq!(next.error().unwrap().message, "shut down");
        gate.open();
    });
}

/// fn, its drop_ctx, and what completing runs.
#[test]
fn it_waits_until_all_has_returned() {
    within(120, || {
        for _ in 0..300 {
            let (executor, running) = (Executor::threads(2), Arc::new(AtomicUsize::new(0)));
            let all = Handle::many(6);
            for a in &all {
                let inside = running.clone();
                notify(a, move |_| {
                    inside.fetch_add(1, SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                });
                let (inside, dropping) = (running.clone(), running.clone());
                let on_drop = OnDrop(move || {
                    dropping.fetch_add(1, SeqCst);
                    thread::yield_now();
                    dropping.fetch_sub(1, SeqCst);
                });
                let task = move |_: *mut asynchron_t| {
                    let _ = &on_drop;
                    inside.fetch_add(1, SeqCst);
                    thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                    0
                };
                assert_eq!(executor.spawn(a, task), ASYNCHRON_OK);
            }
            assert_eq!(executor.shutdown(0, LONG), ASYNCHRON_OK);
            assert_eq!(running.load(SeqCst), 0);
            assert!(all.iter().all(|a| a.poll() == ASYNCHRON_OK));
        }
    });
}

/// A context that is being dropped on a thread which cancelled, since its turn had not come.
#[test]
fn it_waits_for_contexts_that_other_threads_drop() {
    within(60, || {
        let executor = Executor::threads(1);
        let ((_, gate), a) = (busy(&executor), Handle::new());
        let (dropping, may_end, ended) =
            (Gate::new(), Gate::new(), Arc::new(AtomicBool::new(false)));
        let (begins, ends, has_ended) = (dropping.clone(), may_end.clone(), ended.clone());
        let on_drop = OnDrop(move || {
            begins.open();
            ends.pass();
            has_ended.store(true, SeqCst);
        });
        let task = move |_: *mut asynchron_t| {
            let _ = &on_drop;
            0
        };
        assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
        let cancels = thread::spawn(move || a.cancel());
        dropping.pass();
        gate.open();
        assert_eq!(executor.shutdown(0, 50 * MS), ASYNCHRON_TIMEOUT);
        let theirs = executor.clone();
        let waits = start(move || (theirs.shutdown(0, LONG), ended.load(SeqCst))).asleep();
        may_end.open();
        assert_eq!(waits.join(), (ASYNCHRON_OK, true));
        assert_eq!(cancels.join().unwrap(), ASYNCHRON_OK);
    });
}

#[test]
fn inside_a_task_of_its_own_it_is_a_deadlock_and_the_executor_stays_open() {
    within(60, || {
        let (executor, a) = (Executor::threads(2), Handle::new());
        let own = executor.clone();
        let task = move |_: *mut asynchron_t| {
            assert_eq!(own.shutdown(0, LONG), ASYNCHRON_E_DEADLOCK);
            assert_eq!(own.shutdown(CANCEL, ASYNCHRON_FOREVER), ASYNCHRON_E_DEADLOCK);
            let next = Handle::new();
            assert_eq!(own.spawn(&next, |_| 0), ASYNCHRON_OK, "it is as it was");
            assert_eq!(next.wait(LONG), ASYNCHRON_OK);
            assert_eq!(own.shutdown(0, 0), ASYNCHRON_TIMEOUT);
            assert_eq!(own.spawn(&Handle::new(), |_| 0), ASYNCHRON_E_CLOSED);
            0
        };
        assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
        assert_eq!(a.wait(LONG), ASYNCHRON_OK);
        assert_eq!(executor.shutdown(0, LONG), ASYNCHRON_OK);
    });
}

/// What a task completes runs inside of it.
#[test]
fn in_a_callback_that_a_task_runs_it_is_a_deadlock_too() {
    within(60, || {
        let (executor, a) = (Executor::threads(1), Handle::new());
        let own = executor.clone();
        notify(&a, move |_| assert_eq!(own.shutdown(0, LONG), ASYNCHRON_E_DEADLOCK));
        assert_eq!(executor.spawn(&a, |_| 0), ASYNCHRON_OK);
        assert_eq!(a.wait(LONG), ASYNCHRON_OK);
        assert_eq!(executor.shutdown(0, LONG), ASYNCHRON_OK);
    });
}

#[test]
fn inside_a_task_of_another_executor_it_waits() {
    within(60, || {
        let (outer, inner, a) = (Executor::threads(1), Executor::threads(1), Handle::new());
        let (running, gate) = busy(&inner);
        let other = inner.clone();
        let task = move |_: *mut asynchron_t| other.shutdown(0, LONG) as i32;
        assert_eq!(outer.spawn(&a, task), ASYNCHRON_OK);
        // It sleeps in a wait of the library, so another task of the same executor runs meanwhile.
        let meanwhile = Handle::new();
        assert_eq!(outer.spawn(&meanwhile, |_| 0), ASYNCHRON_OK);
        assert_eq!(meanwhile.wait(LONG), ASYNCHRON_OK);
        assert_eq!(a.poll(), ASYNCHRON_PENDING);
        gate.open();
        assert_eq!((a.wait(LONG), running.poll()), (ASYNCHRON_OK, ASYNCHRON_OK));
        assert_eq!(outer.shutdown(0, LONG), ASYNCHRON_OK);
    });
}

/// A callback whose turn has not come may be just what a task waits for.
#[test]
fn inside_a_callback_it_first_runs_what_is_due() {
    within(60, || {
        let (executor, first, due) = (Executor::threads(1), Handle::new(), Handle::new());
        let (task, waits_for) = (Handle::new(), Handle::new());
        let needed = waits_for.clone();
        assert_eq!(executor.spawn(&task, move |_| needed.wait(LONG) as i32), ASYNCHRON_OK);
        notify(&due, move |_| _ = waits_for.set(b""));
        let (own, done) = (executor.clone(), Arc::new(AtomicBool::new(false)));
        let is_done = done.clone();
        notify(&first, move |_| {
            due.set(b"");
            assert_eq!(own.shutdown(0, LONG), ASYNCHRON_OK);
            is_done.store(true, SeqCst);
        });
        first.set(b"");
        assert!(done.load(SeqCst));
        assert_eq!(task.poll(), ASYNCHRON_OK);
    });
}

#[test]
fn several_may_wait_for_the_same_executor() {
    within(60, || {
        let executor = Executor::threads(1);
        let (_, gate) = busy(&executor);
        let all: Vec<_> = (0..4)
            .map(|_| {
                let executor = executor.clone();
                start(move || executor.shutdown(0, ASYNCHRON_FOREVER)).asleep()
            })
            .collect();
        gate.open();
        for one in all {
            assert_eq!(one.join(), ASYNCHRON_OK);
        }
    });
}

/// What spawn accepts runs before shutdown has returned; what it does not accept never runs.
#[test]
fn spawns_that_meet_a_shutdown_are_accepted_and_run_or_refused() {
    within(120, || {
        let (mut accepted, mut refused) = (0, 0);
        for round in 0..2000 {
            let (executor, gate) = (Executor::threads(1 + round % 2), Arc::new(Barrier::new(2)));
            let (theirs, opens) = (executor.clone(), gate.clone());
            let spawns = thread::spawn(move || {
                opens.wait();
                let run = |_| {
                    let (a, ran) = (Handle::new(), Arc::new(AtomicBool::new(false)));
                    let runs = ran.clone();
                    let task = move |_: *mut asynchron_t| {
                        runs.store(true, SeqCst);
                        0
                    };
                    (theirs.spawn(&a, task), a, ran)
                };
                (0..5).map(run).collect::<Vec<_>>()
            });
            gate.wait();
            let flags = if round % 3 == 0 { CANCEL } else { 0 };
            assert_eq!(executor.shutdown(flags, LONG), ASYNCHRON_OK);
            for (status, a, ran) in spawns.join().unwrap() {
                match status {
                    ASYNCHRON_OK => {
                        accepted += 1;
                        let how = a.poll();
                        assert!(
                            how == ASYNCHRON_OK || (flags == CANCEL && how == ASYNCHRON_CANCELLED)
                        );
                        assert_eq!(ran.load(SeqCst), how == ASYNCHRON_OK);
                    }
                    status => {
                        refused += 1;
                        assert_eq!(status, ASYNCHRON_E_CLOSED);
                        assert_eq!((a.poll(), ran.load(SeqCst)), (ASYNCHRON_PENDING, false));
                    }
                }
            }
        }
        assert!(accepted > 0 && refused > 0, "{accepted} were accepted, {refused} refused");
    });
}

/// Its last act: nothing of the library's runs while the program's own data goes.
#[test]
fn the_default_executor_may_be_shut_down_too() {
    try_in_child(60, || {
        let (count, all) = (Arc::new(AtomicUsize::new(0)), Handle::many(100));
        for a in &all {
            let count = count.clone();
            let task = move |_: *mut asynchron_t| {
                thread::sleep(Duration::from_micros(100));
                count.fetch_add(1, SeqCst);
                0
            };
            assert_eq!(spawn(a, task), ASYNCHRON_OK);
        }
        let default = Executor::default();
        assert_eq!(default.shutdown(0, LONG), ASYNCHRON_OK);
        assert_eq!(count.load(SeqCst), 100);
        assert_eq!(spawn(&Handle::new(), |_| 0), ASYNCHRON_E_CLOSED);
        assert_eq!(default.spawn(&Handle::new(), |_| 0), ASYNCHRON_E_CLOSED);
    })
    .unwrap();
}

/// Some lie behind others that block: a thread more watches over them, and takes one when its time has come.
#[test]
fn the_default_executor_is_not_done_while_a_watched_task_is_taken() {
    try_in_child(60, || {
        let (count, all) = (Arc::new(AtomicUsize::new(0)), Handle::many(40));
        for a in &all {
            let count = count.clone();
            let task = move |_: *mut asynchron_t| {
                thread::sleep(Duration::from_millis(15));
                count.fetch_add(1, SeqCst);
                0
            };
            assert_eq!(spawn(a, task), ASYNCHRON_OK);
        }
        assert_eq!(Executor::default().shutdown(0, LONG), ASYNCHRON_OK);
        assert_eq!(count.load(SeqCst), 40);
    })
    .unwrap();
}

/// In the child nothing of the parent's runs, and the thread that forked is inside nothing any more.
#[test]
fn in_a_child_of_a_fork_inside_a_task_it_has_nothing_to_wait_for() {
    try_in_child(60, || {
        let (executor, a) = (Executor::threads(1), Handle::new());
        let own = executor.clone();
        let task = move |_: *mut asynchron_t| unsafe {
            let child = libc::fork();
            if child == 0 {
                let status = own.shutdown(0, LONG);
                libc::_exit(i32::from(status != ASYNCHRON_OK));
            }
            let mut status = 1;
            libc::waitpid(child, &mut status, 0);
            status
        };
        assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
        assert_eq!(a.wait(LONG), ASYNCHRON_OK);
        assert_eq!(executor.spawn(&Handle::new(), |_| 0), ASYNCHRON_OK);
    })
    .unwrap();
}

/// How many kinds of things an executor may be handed: a function, two kinds of steps, and a callback.
const KINDS: usize = 4;

/// Hands one over, with a context that does `on_drop`. What is returned ends it before it has begun.
fn hand_over(
    executor: &Executor,
    kind: usize,
    on_drop: impl FnMut() + Send + 'static,
) -> impl FnOnce() + Send + 'static {
    let owned = OnDrop(on_drop);
    let (a, sources) = (Handle::new(), Handle::many(2));
    let mut token = 0;
    let status = match kind {
        0 => spawn_on(executor, &a, move |_| {
            let _ = &owned;
            panic!("it ran")
        }),
        1 | 2 => {
            let mut options = step_options(0, move |_, _| {
                let _ = &owned;
                panic!("it ran")
            });
            options.executor = executor.raw();
            let raws = handle::raws(&sources);
            unsafe { asynchron_after_with(raws.as_ptr(), kind, a.raw(), &options, null_mut()) }
        }
        _ => notify_on(
            executor,
            &sources[0],
            0,
            move |_| {
                let _ = &owned;
                panic!("it ran")
            },
            &mut token,
        ),
    };
    assert_eq!(status, ASYNCHRON_OK);
    sources.iter().for_each(|source| _ = source.set(b"x"));
    move || {
        let ended = if token == 0 { a.cancel() } else { sources[0].unnotify(token) };
        assert_eq!(ended, ASYNCHRON_OK);
    }
}

#[test]
fn it_waits_for_the_contexts_of_steps_and_callbacks_that_other_threads_drop() {
    within(60, || {
        for (kind, posts) in (0..KINDS).flat_map(|kind| [(kind, false), (kind, true)]) {
            let tasks = Tasks::default();
            let executor = if posts { tasks.executor() } else { Executor::threads(1) };
            let occupied = (!posts).then(|| busy(&executor));
            let (dropping, goes_on) = (Gate::new(), Gate::new());
            let gates = (dropping.clone(), goes_on.clone());
            let end = hand_over(&executor, kind, move || {
                gates.0.open();
                gates.1.pass();
            });
            let ender = start(end);
            dropping.pass();
            if let Some((a, gate)) = occupied {
                gate.open();
                assert_eq!(a.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
            }
            assert_eq!(tasks.run(), usize::from(posts));
            for flags in [0, CANCEL] {
                assert_eq!(executor.shutdown(flags, 5 * MS), ASYNCHRON_TIMEOUT, "{kind} {posts}");
            }
            goes_on.open();
            assert_eq!(executor.shutdown(0, ASYNCHRON_FOREVER), ASYNCHRON_OK);
            ender.join();
        }
    });
}

/// It would wait for itself, whoever drops it, and however that came.
#[test]
fn inside_what_is_dropped_for_it_it_is_a_deadlock() {
    within(60, || {
        for (kind, how) in (0..KINDS).flat_map(|kind| (0..3).map(move |how| (kind, how))) {
            let tasks = Tasks::default();
            let executor = tasks.executor();
            let (its, answers) = (executor.clone(), Arc::new(Mutex::new(Vec::new())));
            let noted = answers.clone();
            let end = hand_over(&executor, kind, move || {
                noted.lock().unwrap().push(its.shutdown(0, ASYNCHRON_FOREVER));
            });
            match how {
                0 => end(),
                1 => assert_eq!(tasks.discard(), 1),
                // A callback runs then, which this one does not allow.
                _ if kind == 3 => end(),
                _ => assert_eq!(executor.shutdown(CANCEL, 0), ASYNCHRON_OK),
            }
            assert_eq!(*answers.lock().unwrap(), [ASYNCHRON_E_DEADLOCK], "{kind} {how}");
            tasks.run();
            assert_eq!(executor.shutdown(0, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        }
    });
}
