//! Rule 9: where no thread can be had, and that background threads keep no process alive.

use crate::support::threads::{allow_threads, forbid_threads};
use crate::support::*;

#[test]
fn no_thread_and_none_to_be_had_is_a_status() {
    in_child(60, || {
        forbid_threads();
        let (a, tally) = (Handle::new(), Tally::new());
        for n in 1..4 {
            unsafe extern "C" fn never(_: *mut asynchron_t, _: *mut c_void) -> i32 {
                std::process::abort()
            }
            let (p, drop) = (tally.ptr(), tally.drop_fn());
            let status = unsafe { asynchron_spawn(a.raw(), Some(never), p, drop) };
            assert_eq!((status, tally.drops()), (ASYNCHRON_E_SYSTEM, n));
            assert_eq!(a.state(), ASYNCHRON_STATE_PENDING, "nothing has changed");
        }
        // It is as good as new, here and in the background once there are threads again.
        assert_eq!((call(&a, |_| 0), a.get()), (ASYNCHRON_OK, Ok(vec![])));
        allow_threads();
        let b = Handle::new();
        assert_eq!(spawn(&b, |me| Handle::shared(me).set(b"x") as i32), ASYNCHRON_OK);
        assert_eq!(b.get(), Ok(b"x".to_vec()));
    });
}

/// Several threads are refused at the same moment: none of them is told that its task will run.
#[test]
fn nobody_is_promised_a_thread_that_does_not_come() {
    in_child(120, || {
        let party = |a: &Vec<Handle>, n: usize| {
            assert_eq!(spawn(&a[n], |_| 0), ASYNCHRON_E_SYSTEM);
        };
        race(
            2000,
            |round| {
                if round == 0 {
                    forbid_threads();
                }
                Handle::many(5)
            },
            &[&|a| party(a, 0), &|a| party(a, 1), &|a| party(a, 2), &|a| party(a, 3), &|a| {
                party(a, 4)
            }],
            |all| assert!(all.iter().all(|a| a.state() == ASYNCHRON_STATE_PENDING)),
        );
    });
}

/// With a thread at work, which will come back, spawning goes on.
#[test]
fn one_thread_is_enough() {
    in_child(60, || {
        let (entered, leave, first) = (Gate::new(), Gate::new(), Handle::new());
        let (inside, go) = (entered.clone(), leave.clone());
        spawn(&first, move |_| {
            inside.open();
            go.pass();
            0
        });
        entered.pass();
        forbid_threads();
        let all = Handle::many(100);
        for a in &all {
            assert_eq!(spawn(a, |_| 0), ASYNCHRON_OK);
        }
        leave.open();
        assert_eq!(handle::wait_all(&all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
    });
}

/// The only thread sleeps until a task has run that lies because there is no other: it goes on asking for one.
#[test]
fn a_task_that_lies_gets_a_thread_once_there_are_some() {
    in_child(60, || {
        let (entered, leave, inner) = (Gate::new(), Gate::new(), Handle::new());
        let (inside, go, awaited) = (entered.clone(), leave.clone(), inner.clone());
        let outer = Handle::new();
        spawn(&outer, move |_| {
            inside.open();
            go.pass();
            awaited.wait(ASYNCHRON_FOREVER) as i32
        });
        entered.pass();
        forbid_threads();
        assert_eq!(spawn(&inner, |_| 0), ASYNCHRON_OK, "there is one thread");
        leave.open();
        assert_eq!(outer.wait(50 * MS), ASYNCHRON_TIMEOUT);
        allow_threads();
        assert_eq!(outer.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
    });
}

/// A thread that rests does not leave a task to those that are still being started. Ten tries, as the machine may be
/// busy: in time, it runs at once.
#[test]
fn what_was_accepted_runs_also_if_the_threads_being_started_never_come() {
    let program = process::compile("threads_fail_to_come.c", &[]);
    for _ in 0..10 {
        let ran = process::run(process::command(&program, &[]), 60);
        if ran.status.code() != Some(3) {
            return ran.assert_quiet_success();
        }
    }
    panic!("late, each time");
}

/// Nor does one that waits for it rely on a thread that is being started and never comes.
#[test]
fn one_that_waits_asks_again_if_the_thread_being_started_never_comes() {
    let program = process::compile("no_watcher_comes.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

/// Nor on one that watched, and found no other to watch when it took a task.
#[test]
fn one_that_waits_notices_that_nobody_watches_any_more() {
    let program = process::compile("watch_is_lost.c", &[]);
    process::run(process::command(&program, &[]), 90).assert_quiet_success();
}

/// Those that are being started count.
#[test]
fn no_more_are_started_while_they_are_on_their_way() {
    let program = process::compile("threads_come_slowly.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

/// main returns while a task blocks for ever, one in a wait of ours, one idles: the process ends at once, with main's
/// status, and nobody is joined.
#[test]
fn a_blocked_task_does_not_keep_the_process_alive() {
    let program = process::compile("exit_while_blocked.c", &[]);
    for way in ["return", "exit"] {
        let ran = process::run(process::command(&program, &[way]), 60);
        assert_eq!(ran.status.code(), Some(7), "{}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stderr, "");
    }
}
