//! Executors that post into the program's own loop.

use crate::support::*;

#[test]
fn what_is_posted_runs_once_before_a_shutdown_returns() {
    check(|| posted(PostQueue::run_all, 0));
}

#[test]
fn what_is_posted_runs_or_is_cancelled_by_a_shutdown() {
    check(|| posted(PostQueue::run_all, ASYNCHRON_SHUTDOWN_CANCEL));
}

#[test]
fn what_is_discarded_is_over_before_a_shutdown_returns() {
    check(|| posted(PostQueue::discard_all, 0));
}

#[test]
fn what_is_discarded_and_cancelled_by_a_shutdown_is_dropped_once() {
    check(|| posted(PostQueue::discard_all, ASYNCHRON_SHUTDOWN_CANCEL));
}

/// A thread spawns one, cancels another, and then does with all what the program does; this one shuts down.
fn posted(finish: fn(&PostQueue), flags: u64) {
    let queue = Rc::new(PostQueue::default());
    let e = E::posting(&queue);
    let tasks = [Task::short(), Task::short()];
    e.accept(&tasks[0]);
    let accepted = Rc::new(std::cell::Cell::new(false));
    let (theirs, note, program) = (tasks.clone(), accepted.clone(), queue.clone());
    spawn(move || {
        note.set(e.may_accept(&theirs[1]));
        let _ = theirs[0].a.cancel();
        finish(&program);
    });
    e.shut_down(flags);
    assert_eq!(tasks[0].drops(), 1, "its context is there after the shutdown");
    tasks[0].runs();
    assert_eq!(elapsed(), 0, "time has passed");
    end();
    finish(&queue);
    assert_eq!(tasks[1].drops(), 1, "its context is there after all");
    assert!(accepted.get() || tasks[1].runs() == 0);
    assert!(!e.may_accept(&Task::short()));
    e.release();
}
