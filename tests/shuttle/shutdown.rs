//! Shutting an executor down, against whatever else is at it.

use crate::support::*;

/// What was accepted has returned, and is dropped.
#[test]
fn a_shutdown_returns_when_all_that_was_accepted_has() {
    check(|| {
        let e = E::of(2);
        let (mine, theirs) = (Task::short(), Task::short());
        let other = theirs.clone();
        let accepted = Rc::new(std::cell::Cell::new(false));
        let note = accepted.clone();
        spawn(move || note.set(e.may_accept(&other)));
        e.accept(&mine);
        e.shut_down(0);
        assert!(mine.is_over());
        end();
        assert!(!accepted.get() || theirs.is_over());
        assert!(!e.may_accept(&Task::short()));
        e.release();
    });
}

#[test]
fn a_shutdown_that_cancels_leaves_nothing_that_lies_or_runs() {
    check(|| {
        let e = E::of(1);
        let tasks = [Task::short(), Task::short(), Task::short()];
        for task in &tasks {
            e.accept(task);
        }
        e.shut_down(ASYNCHRON_SHUTDOWN_CANCEL);
        for task in &tasks {
            let ran = task.is_over();
            assert_eq!(ran, task.a.poll() == ASYNCHRON_OK, "cancelled while it ran");
        }
        assert_eq!(elapsed(), 0, "time has passed");
        e.release();
        end();
    });
}

#[test]
fn of_two_that_shut_down_each_finds_nothing_left() {
    check(|| {
        let e = E::of(1);
        let tasks = [Task::short(), Task::short()];
        let theirs = tasks.clone();
        for task in &tasks {
            e.accept(task);
        }
        spawn(move || {
            e.shut_down(ASYNCHRON_SHUTDOWN_CANCEL);
            theirs.iter().for_each(|task| {
                task.is_over();
            });
        });
        e.shut_down(0);
        tasks.iter().for_each(|task| {
            task.is_over();
        });
        assert_eq!(elapsed(), 0, "time has passed");
        end();
        e.release();
    });
}

/// What takes it out of the queue is a thread of the program's, which is waited for, too.
#[test]
fn a_shutdown_waits_for_what_is_being_cancelled_just_then() {
    check(|| {
        let e = E::of(1);
        let task = Task::short();
        let theirs = task.clone();
        e.accept(&task);
        spawn(move || {
            let _ = theirs.a.cancel();
        });
        e.shut_down(0);
        assert_eq!(task.drops(), 1, "its context is there after the shutdown");
        task.runs();
        end();
        e.release();
    });
}

/// A task that sleeps is not active, but neither is it over.
#[test]
fn a_shutdown_waits_for_what_sleeps() {
    check(|| {
        let e = E::of(1);
        let a = A::new();
        let sleeps = Task::new(move || assert_eq!(a.get(), ASYNCHRON_CANCELLED));
        e.accept(&sleeps);
        spawn(move || assert_eq!(a.cancel(), ASYNCHRON_OK));
        e.shut_down(0);
        assert!(sleeps.is_over());
        assert_eq!(elapsed(), 0, "time has passed");
        e.release();
        end();
        a.release();
    });
}
