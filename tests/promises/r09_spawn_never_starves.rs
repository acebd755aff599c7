//! Rule 9: background threads are reused; there are more when all are blocked, in a wait of ours or otherwise.

use crate::support::process::{self, try_in_child};
use crate::support::*;
use std::collections::HashSet;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Two hundred tasks, each of which waits for the one spawned after it. None does before all are spawned: so nearly all
/// have to lie.
fn chain_of_waits() {
    let (all, gate) = (Handle::many(200), Gate::new());
    for n in 0..all.len() {
        let (next, gate) = (all.get(n + 1).cloned(), gate.clone());
        let status = spawn(&all[n], move |me| {
            gate.pass();
            let below = next.as_ref().map_or(0, |next| next.number().unwrap());
            Handle::shared(me).set_number(below + 1) as i32
        });
        assert_eq!(status, ASYNCHRON_OK);
    }
    gate.open();
    assert_eq!(all[0].number(), Ok(200));
}

#[test]
fn tasks_that_wait_for_tasks() {
    within(120, chain_of_waits);
}

/// A task that waits makes room at once, and not only after 10 ms. Ten tries, as the machine may be busy.
#[test]
fn blocked_in_our_waits_there_is_another_thread_at_once() {
    let mut last = Ok(());
    for _ in 0..10 {
        last = try_in_child(120, || {
            let begin = Instant::now();
            chain_of_waits();
            let took = begin.elapsed();
            // 200 threads, at 10 ms each, would be 2 seconds less what there is to start with.
            assert!(took < Duration::from_millis(1500), "took {took:?}");
        });
        if last.is_ok() {
            return;
        }
    }
    panic!("{}", last.unwrap_err());
}

/// Every kind of wait makes room, also in a callback that a task runs.
#[test]
fn every_wait_of_ours_makes_room() {
    type Wait = fn(&Handle);
    let waits: [Wait; 7] = [
        |a| _ = a.get(),
        |a| _ = a.get_timeout(LONG),
        |a| _ = a.wait(ASYNCHRON_FOREVER),
        |a| _ = handle::wait_any(&[Handle::new(), a.clone()], ASYNCHRON_FOREVER),
        |a| _ = handle::wait_all(&[a.clone(), a.clone()], ASYNCHRON_FOREVER),
        |a| _ = Report::of(std::slice::from_ref(a)).next(ASYNCHRON_FOREVER),
        |a| {
            let (b, inner) = (Handle::new(), a.clone());
            notify(&b, move |_| _ = inner.get());
            b.set(b"x");
        },
    ];
    for wait in waits {
        within(120, move || {
            let (last, all) = (Handle::new(), Handle::many(40));
            for a in &all {
                let last = last.clone();
                spawn(a, move |_| {
                    wait(&last);
                    0
                });
            }
            spawn(&last, |_| 0);
            assert_eq!(handle::wait_all(&all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        });
    }
}

struct Held {
    barrier: Barrier,
    free: AtomicBool,
}

/// Blocked where the library cannot see it, for as long as the last task has not run: at a barrier, in a sleep, or
/// busy. The last task gets its turn all the same.
#[test]
fn tasks_blocked_elsewhere_starve_nobody() {
    type Step = fn(&Held);
    let free: Step = |held| held.free.store(true, SeqCst);
    let pass: Step = |held| _ = held.barrier.wait();
    let sleep: Step = |held| {
        while !held.free.load(SeqCst) {
            thread::sleep(Duration::from_millis(1));
        }
    };
    let spin: Step = |held| {
        while !held.free.load(SeqCst) {
            std::hint::spin_loop();
        }
    };
    for (block, release, tasks) in [(pass, pass, 30), (sleep, free, 30), (spin, free, 3)] {
        within(120, move || {
            let barrier = Barrier::new(tasks + 1);
            let held = Arc::new(Held { barrier, free: AtomicBool::new(false) });
            let all = Handle::many(tasks + 1);
            for (n, a) in all.iter().enumerate() {
                let held = held.clone();
                spawn(a, move |_| {
                    if n < tasks {
                        block(&held)
                    } else {
                        release(&held)
                    }
                    0
                });
            }
            assert_eq!(handle::wait_all(&all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        });
    }
}

/// Tasks one after another are done by a few threads.
#[test]
fn threads_are_reused() {
    in_child(120, || {
        let threads = Arc::new(Mutex::new(HashSet::new()));
        for _ in 0..3000 {
            let (a, seen) = (Handle::new(), threads.clone());
            spawn(&a, move |_| {
                seen.lock().unwrap().insert(thread::current().id());
                0
            });
            a.wait(ASYNCHRON_FOREVER);
        }
        let distinct = threads.lock().unwrap().len();
        assert!(distinct < 100, "{distinct} threads for 3000 tasks");
    });
}

/// From many threads at once: every task runs, once.
#[test]
fn spawning_from_many_threads() {
    within(120, || {
        let ran = Arc::new(AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let all = Handle::many(2000);
                    for a in &all {
                        let ran = ran.clone();
                        spawn(a, move |_| {
                            ran.fetch_add(1, SeqCst);
                            0
                        });
                    }
                    assert_eq!(handle::wait_all(&all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
                });
            }
        });
        assert_eq!(ran.load(SeqCst), 8000);
    });
}

/// Tasks that come one by one to idle threads: no wake-up is lost, however the spawn and the thread's going to sleep
/// meet.
#[test]
fn an_idle_thread_is_woken() {
    within(120, || {
        for round in 0..3000u64 {
            let a = Handle::new();
            spawn(&a, |_| 0);
            assert_eq!(a.wait(LONG), ASYNCHRON_OK);
            for _ in 0..round % 200 {
                std::hint::spin_loop();
            }
        }
    });
}

/// Also while the thread that was started for the first of them has not come.
#[test]
fn first_come_first_begun() {
    let program = process::compile("first_come_first_begun.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

/// Those that compute get no more threads than there are processors, and one that watches; those that sleep where the
/// library cannot see it get one every 10 ms.
#[test]
fn threads_are_added_for_those_that_do_not_compute() {
    let program = process::compile("computing_adds_no_threads.c", &[]);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}
