//! Threads of the library's own: who takes what lies, rests, sleeps, watches.

use crate::support::*;

#[test]
fn what_two_submit_runs_once_and_needs_no_time() {
    check(|| {
        let e = E::of(2);
        let (mine, theirs) = (Task::short(), Task::short());
        let other = theirs.clone();
        spawn(move || {
            e.accept(&other);
            other.get();
        });
        e.accept(&mine);
        mine.get();
        theirs.get();
        assert_eq!(elapsed(), 0, "time has passed");
        end_after(e);
        assert!(mine.is_over() && theirs.is_over());
    });
}

/// Between the two the thread comes to rest, looks, and sleeps.
#[test]
fn a_thread_that_rests_is_woken_for_what_comes() {
    check(|| {
        let e = E::of(1);
        let tasks = [Task::short(), Task::short()];
        for task in &tasks {
            e.accept(task);
            task.get();
        }
        assert_eq!(elapsed(), 0, "time has passed");
        end_after(e);
        assert!(tasks.iter().all(|task| task.is_over()));
    });
}

/// The second comes just when the thread has rested for long enough.
#[test]
fn a_thread_that_ends_leaves_no_task_behind() {
    check(|| {
        let e = E::of(1);
        let tasks = [Task::short(), Task::short()];
        e.accept(&tasks[0]);
        tasks[0].get();
        compute(SECOND);
        e.accept(&tasks[1]);
        tasks[1].get();
        assert_eq!(elapsed(), SECOND, "time has passed");
        end_after(e);
        assert!(tasks.iter().all(|task| task.is_over()));
    });
}

/// They lie in both halves of the queue, also while one of them leaves it.
#[test]
fn what_is_cancelled_leaves_the_queue_and_the_others_run_in_order() {
    check(|| {
        let e = E::of(1);
        let order = Rc::new(std::cell::RefCell::new(Vec::new()));
        let tasks: Vec<_> = (0..4)
            .map(|i| {
                let order = order.clone();
                Task::new(move || order.borrow_mut().push(i))
            })
            .collect();
        for task in &tasks {
            e.accept(task);
        }
        let is_cancelled = tasks[2].a.cancel() == ASYNCHRON_OK;
        for task in [&tasks[0], &tasks[1], &tasks[3]] {
            task.get();
        }
        e.shut_down(0);
        assert_eq!(elapsed(), 0, "time has passed");
        let ran = tasks[2].is_over();
        assert!(ran || is_cancelled);
        assert!(order.borrow().is_sorted(), "{order:?}");
        assert_eq!(order.borrow().len(), 3 + usize::from(ran));
        end_after(e);
    });
}

#[test]
fn a_task_that_waits_for_another_makes_room_for_it() {
    check(|| {
        let e = E::of(1);
        let inner = Task::short();
        let theirs = inner.clone();
        let outer = Task::new(move || {
            e.accept(&theirs);
            theirs.get();
        });
        let last = Task::short();
        e.accept(&outer);
        e.accept(&last);
        outer.get();
        last.get();
        assert_eq!(elapsed(), 0, "time has passed");
        end_after(e);
        assert!(outer.is_over() && inner.is_over() && last.is_over());
    });
}

#[test]
fn behind_one_that_blocks_another_is_watched_and_begins() {
    check_one_in(2, || {
        let e = E::without_limit();
        let gate = Rc::new(Gate::closed());
        let (theirs, opens) = (gate.clone(), gate.clone());
        let blocks = Task::new(move || theirs.pass());
        let frees = Task::new(move || opens.open());
        e.accept(&blocks);
        e.accept(&frees);
        blocks.get();
        frees.get();
        assert!(elapsed() <= 40 * MILLISECOND, "it took {} ns", elapsed());
        end_after(e);
        assert!(blocks.is_over() && frees.is_over());
    });
}

#[test]
fn behind_one_that_computes_another_begins_after_a_second() {
    check_one_in(50, || {
        let e = E::without_limit();
        let gate = Rc::new(Gate::closed());
        let (theirs, opens) = (gate.clone(), gate.clone());
        let computes = Task::new(move || {
            while !theirs.is_open() {
                compute(100 * MILLISECOND);
            }
        });
        let frees = Task::new(move || opens.open());
        e.accept(&computes);
        e.accept(&frees);
        computes.get();
        frees.get();
        let begun_at_once = elapsed() == 0;
        let after_a_second = (SECOND..=SECOND + 200 * MILLISECOND).contains(&elapsed());
        assert!(begun_at_once || after_a_second, "it took {} ns", elapsed());
        end_after(e);
        assert!(computes.is_over() && frees.is_over());
    });
}

/// Releases it, and waits until its threads have ended.
fn end_after(e: E) {
    e.release();
    end();
}
