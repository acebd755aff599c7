//! Rule 27: executors that are threads or a loop of the program's.

use crate::support::process::try_in_child;
use crate::support::*;
use std::sync::Mutex;
use std::thread;

const CANCEL: u64 = ASYNCHRON_SHUTDOWN_CANCEL;

#[test]
fn what_is_spawned_runs_where_the_program_runs_it() {
    let tasks = Tasks::default();
    let (executor, a) = (tasks.executor(), Handle::new());
    let here = thread::current().id();
    let task = move |me| {
        assert_eq!(thread::current().id(), here);
        Handle::shared(me).set_number(5) as i32
    };
    assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
    assert_eq!((tasks.len(), a.poll()), (1, ASYNCHRON_PENDING));
    assert_eq!(tasks.run(), 1);
    assert_eq!(a.number(), Ok(5));
}

#[test]
fn what_post_refuses_is_as_if_it_was_never_spawned() {
    let tasks = Tasks::default();
    let (executor, a, owned) = (tasks.executor(), Handle::new(), Arc::new(()));
    tasks.refuse();
    let its = owned.clone();
    let status = executor.spawn(&a, move |_| {
        let _ = &its;
        panic!("it ran")
    });
    assert_eq!((status, a.poll()), (ASYNCHRON_E_SYSTEM, ASYNCHRON_PENDING));
    assert_eq!(Arc::strong_count(&owned), 1);
    assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK, "nothing was accepted");
}

#[test]
fn a_discarded_task_fails_its_asynchron_as_broken() {
    let tasks = Tasks::default();
    let (executor, a, owned) = (tasks.executor(), Handle::new(), Arc::new(()));
    let its = owned.clone();
    let status = executor.spawn(&a, move |_| {
        let _ = &its;
        panic!("it ran")
    });
    assert_eq!(status, ASYNCHRON_OK);
    assert_eq!(tasks.discard(), 1);
    let error = a.error().unwrap();
    let code = ASYNCHRON_E_BROKEN as i32;
    assert_eq!((error.code, &*error.domain, a.poll()), (code, "asynchron", ASYNCHRON_FAILED));
    assert_eq!(Arc::strong_count(&owned), 1);
}

#[test]
fn discarding_fails_only_what_running_would_have_started() {
    let tasks = Tasks::default();
    let executor = tasks.executor();
    let (running, complete) = (Handle::new(), Handle::new());
    assert_eq!(executor.spawn(&running, |_| panic!("it ran")), ASYNCHRON_OK);
    assert_eq!(executor.spawn(&complete, |_| panic!("it ran")), ASYNCHRON_OK);
    assert_eq!(unsafe { asynchron_start(running.raw()) }, ASYNCHRON_OK);
    complete.set_number(1);
    assert_eq!(tasks.discard(), 2);
    assert_eq!((running.poll(), complete.number()), (ASYNCHRON_PENDING, Ok(1)));
    running.cancel();
}

#[test]
fn the_context_of_a_needless_posted_task_is_dropped_at_once() {
    for run in [true, false] {
        let tasks = Tasks::default();
        let (executor, a, owned) = (tasks.executor(), Handle::new(), Arc::new(()));
        let its = owned.clone();
        let status = executor.spawn(&a, move |_| {
            let _ = &its;
            panic!("it ran")
        });
        assert_eq!(status, ASYNCHRON_OK);
        a.cancel();
        assert_eq!(Arc::strong_count(&owned), 1);
        // It must still be run or discarded.
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_TIMEOUT);
        assert_eq!(if run { tasks.run() } else { tasks.discard() }, 1);
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
    }
}

#[test]
fn on_a_complete_one_nothing_is_posted() {
    let tasks = Tasks::default();
    let (executor, a) = (tasks.executor(), Handle::new());
    a.set_number(1);
    assert_eq!(executor.spawn(&a, |_| panic!("it ran")), ASYNCHRON_OK);
    assert_eq!(tasks.run(), 0);
}

/// An executor that runs or discards what it is given at once.
fn inline(run: bool) -> Executor {
    unsafe extern "C" fn post(task: *mut asynchron_task_t, ctx: *mut c_void) -> i32 {
        unsafe {
            if ctx.is_null() { asynchron_task_discard(task) } else { asynchron_task_run(task) }
        }
        0
    }
    let ctx = if run { std::ptr::dangling_mut() } else { null_mut() };
    Executor::create(&asynchron_executor_options_t { post: Some(post), ctx, ..EXECUTOR_OPTIONS })
}

#[test]
fn post_may_run_or_discard_inside_itself() {
    within(60, || {
        let a = Handle::new();
        let executor = inline(true);
        assert_eq!(executor.spawn(&a, |me| Handle::shared(me).set_number(3) as i32), ASYNCHRON_OK);
        assert_eq!(a.number(), Ok(3));
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
        let b = Handle::new();
        assert_eq!(inline(false).spawn(&b, |_| panic!("it ran")), ASYNCHRON_OK);
        assert_eq!(b.error().unwrap().code, ASYNCHRON_E_BROKEN as i32);
    });
}

#[test]
fn null_is_neither_run_nor_discarded() {
    unsafe {
        asynchron_task_run(null_mut());
        asynchron_task_discard(null_mut());
    }
}

#[test]
fn tasks_keep_the_executor_and_the_last_of_all_drops_its_context() {
    let tasks = Tasks::default();
    let (executor, a, b) = (tasks.executor(), Handle::new(), Handle::new());
    assert_eq!(executor.spawn(&a, |_| 0), ASYNCHRON_OK);
    assert_eq!(executor.spawn(&b, |_| 0), ASYNCHRON_OK);
    drop(executor);
    assert!(tasks.are_kept());
    b.cancel();
    assert_eq!(tasks.run(), 2);
    assert!(!tasks.are_kept());
    assert_eq!(a.poll(), ASYNCHRON_OK);
}

#[test]
fn shutdown_waits_for_what_post_accepted() {
    within(60, || {
        let tasks = Tasks::default();
        let (executor, a, b) = (tasks.executor(), Handle::new(), Handle::new());
        assert_eq!(executor.spawn(&a, |_| 0), ASYNCHRON_OK);
        assert_eq!(executor.spawn(&b, |_| 0), ASYNCHRON_OK);
        let theirs = executor.clone();
        let waits = start(move || theirs.shutdown(0, LONG)).asleep();
        assert_eq!(executor.spawn(&Handle::new(), |_| 0), ASYNCHRON_E_CLOSED);
        unsafe { asynchron_task_run(tasks.take()) };
        let waits = waits.asleep();
        unsafe { asynchron_task_discard(tasks.take()) };
        assert_eq!(waits.join(), ASYNCHRON_OK);
        assert_eq!((a.poll(), b.poll()), (ASYNCHRON_OK, ASYNCHRON_FAILED));
    });
}

#[test]
fn a_cancelled_task_must_still_be_run_or_discarded_and_does_nothing() {
    within(60, || {
        let tasks = Tasks::default();
        let (executor, all) = (tasks.executor(), Handle::many(4));
        for a in &all {
            assert_eq!(executor.spawn(a, |_| panic!("it ran")), ASYNCHRON_OK);
        }
        assert_eq!(executor.shutdown(CANCEL, LONG), ASYNCHRON_OK);
        for a in &all {
            assert_eq!(a.error().unwrap().message, "shut down");
        }
        drop(executor);
        assert!(tasks.are_kept());
        unsafe { asynchron_task_run(tasks.take()) };
        assert_eq!(tasks.discard(), 3);
        assert!(!tasks.are_kept());
    });
}

#[test]
fn inside_a_posted_task_shutdown_is_a_deadlock() {
    within(60, || {
        let tasks = Tasks::default();
        let (executor, a) = (tasks.executor(), Handle::new());
        let own = executor.clone();
        let task = move |_: *mut asynchron_t| {
            assert_eq!(own.shutdown(0, LONG), ASYNCHRON_E_DEADLOCK);
            assert_eq!(own.spawn(&Handle::new(), |_| 0), ASYNCHRON_OK);
            assert_eq!(own.shutdown(0, 0), ASYNCHRON_TIMEOUT);
            0
        };
        assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
        assert_eq!(tasks.run(), 2);
        assert_eq!((a.poll(), executor.shutdown(0, LONG)), (ASYNCHRON_OK, ASYNCHRON_OK));
    });
}

/// Each of run, cancel of the asynchron, and shutdown with cancel meets the others.
#[test]
fn run_cancel_and_shutdown_meet() {
    within(120, || {
        for round in 0..3000 {
            let tasks = Tasks::default();
            let (executor, a) = (tasks.executor(), Handle::new());
            let (ran, owned) = (Arc::new(AtomicUsize::new(0)), Arc::new(()));
            let (runs, its) = (ran.clone(), owned.clone());
            let task = move |_: *mut asynchron_t| {
                let _ = &its;
                runs.fetch_add(1, SeqCst);
                0
            };
            assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
            let gate = Arc::new(std::sync::Barrier::new(3));
            let (first, theirs, discard) = (gate.clone(), tasks.clone(), round % 3 == 0);
            let settles = thread::spawn(move || {
                first.wait();
                if discard { theirs.discard() } else { theirs.run() }
            });
            let (second, shuts) = (gate.clone(), executor.clone());
            let shuts = thread::spawn(move || {
                second.wait();
                shuts.shutdown(CANCEL, LONG)
            });
            gate.wait();
            a.cancel();
            assert_eq!((settles.join().unwrap(), shuts.join().unwrap()), (1, ASYNCHRON_OK));
            drop(executor);
            assert!(!tasks.are_kept());
            assert_eq!(Arc::strong_count(&owned), 1);
            assert!(ran.load(SeqCst) <= 1 && a.poll() != ASYNCHRON_PENDING);
        }
    });
}

/// The tasks of a parent are not the child's executor's; but they are there, and may be run.
#[test]
fn in_a_child_of_a_fork_a_post_executor_is_empty_too() {
    try_in_child(60, || {
        let tasks = Tasks::default();
        let (executor, a) = (tasks.executor(), Handle::new());
        assert_eq!(executor.spawn(&a, |_| 0), ASYNCHRON_OK);
        let child = unsafe { libc::fork() };
        if child == 0 {
            assert_eq!(tasks.run(), 1);
            assert_eq!(a.poll(), ASYNCHRON_OK);
            let b = Handle::new();
            assert_eq!(executor.spawn(&b, |_| 0), ASYNCHRON_OK);
            assert_eq!(executor.shutdown(0, 0), ASYNCHRON_TIMEOUT);
            assert_eq!(tasks.run(), 1);
            assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
            unsafe { libc::_exit(0) };
        }
        let mut status = 1;
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
        assert_eq!((tasks.run(), executor.shutdown(0, 0)), (1, ASYNCHRON_OK));
    })
    .unwrap();
}

#[test]
fn a_callback_is_handed_over_at_completion_in_order_of_registration() {
    let tasks = Tasks::default();
    let (executor, a) = (tasks.executor(), Handle::new());
    let order = Arc::new(Mutex::new(Vec::new()));
    let say = |n: usize| {
        let order = order.clone();
        move |_: *mut asynchron_t| order.lock().unwrap().push(n)
    };
    for n in 0..20 {
        assert_eq!(notify_on(&executor, &a, 0, say(n), null_mut()), ASYNCHRON_OK);
    }
    notify(&a, say(100));
    assert_eq!(tasks.len(), 0);
    a.set(b"");
    assert_eq!((tasks.len(), &**order.lock().unwrap()), (20, &[100][..]));
    assert_eq!(notify_on(&executor, &a, 0, say(20), null_mut()), ASYNCHRON_OK);
    assert_eq!(tasks.run(), 21);
    assert!(order.lock().unwrap().iter().copied().eq([100].into_iter().chain(0..21)));
}

#[test]
fn a_callback_runs_on_the_threads_of_its_executor() {
    within(60, || {
        let (executor, a, here) = (Executor::threads(1), Handle::new(), thread::current().id());
        let (said, told) = std::sync::mpsc::channel();
        for _ in 0..2 {
            let said = said.clone();
            let tell = move |_: *mut asynchron_t| said.send(thread::current().id()).unwrap();
            assert_eq!(notify_on(&executor, &a, 0, tell, null_mut()), ASYNCHRON_OK);
        }
        a.set(b"");
        for _ in 0..2 {
            assert_ne!(told.recv().unwrap(), here);
        }
        assert_eq!(executor.shutdown(0, LONG), ASYNCHRON_OK);
    });
}

/// Refused, closed while it was registered, or closed before: exactly once in any case, here.
#[test]
fn where_it_is_refused_or_closed_a_callback_runs_as_without_an_executor() {
    for close in [true, false] {
        let tasks = Tasks::default();
        let (executor, a, count) = (tasks.executor(), Handle::new(), Arc::new(AtomicUsize::new(0)));
        let counts = count.clone();
        let callback = move |_: *mut asynchron_t| _ = counts.fetch_add(1, SeqCst);
        let mut token = 0;
        assert_eq!(notify_on(&executor, &a, 0, callback, &mut token), ASYNCHRON_OK);
        if close {
            assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK, "a registration is no task");
        } else {
            tasks.refuse();
        }
        a.set(b"");
        assert_eq!((tasks.len(), count.load(SeqCst), a.unnotify(token)), (0, 1, ASYNCHRON_ALREADY));
        let counts = count.clone();
        let late = move |_: *mut asynchron_t| _ = counts.fetch_add(1, SeqCst);
        assert_eq!(notify_on(&executor, &a, 0, late, null_mut()), ASYNCHRON_OK);
        assert_eq!(count.load(SeqCst), 2);
        drop(executor);
        assert!(!tasks.are_kept());
    }
}

#[test]
fn a_posted_callback_that_has_not_begun_can_be_taken_back() {
    for run in [true, false] {
        let tasks = Tasks::default();
        let (executor, a, owned) = (tasks.executor(), Handle::new(), Arc::new(()));
        let (its, mut token) = (owned.clone(), 0);
        let callback = move |_: *mut asynchron_t| {
            let _ = &its;
            panic!("it ran")
        };
        assert_eq!(notify_on(&executor, &a, 0, callback, &mut token), ASYNCHRON_OK);
        a.set(b"");
        assert_eq!((tasks.len(), a.unnotify(token)), (1, ASYNCHRON_OK));
        assert_eq!((Arc::strong_count(&owned), a.unnotify(token)), (1, ASYNCHRON_ALREADY));
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_TIMEOUT, "its task is still there");
        assert_eq!(if run { tasks.run() } else { tasks.discard() }, 1);
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
    }
}

#[test]
fn a_discarded_callback_drops_its_context_and_fails_nothing() {
    let tasks = Tasks::default();
    let (executor, a, owned) = (tasks.executor(), Handle::new(), Arc::new(()));
    let (its, mut token) = (owned.clone(), 0);
    let callback = move |_: *mut asynchron_t| {
        let _ = &its;
        panic!("it ran")
    };
    assert_eq!(notify_on(&executor, &a, 0, callback, &mut token), ASYNCHRON_OK);
    a.set_number(1);
    assert_eq!(tasks.discard(), 1);
    assert_eq!((Arc::strong_count(&owned), a.number()), (1, Ok(1)));
    assert_eq!(a.unnotify(token), ASYNCHRON_ALREADY);
}

/// Once it is taken back, nobody uses its context: neither the callback nor the drop.
#[test]
fn taking_back_a_callback_that_is_being_discarded_waits_for_its_drop() {
    struct Lasts(Gate, Gate, Arc<AtomicBool>);
    impl Drop for Lasts {
        fn drop(&mut self) {
            self.0.open();
            self.1.pass();
            self.2.store(true, SeqCst);
        }
    }
    within(60, || {
        let tasks = Tasks::default();
        let (executor, a, mut token) = (tasks.executor(), Handle::new(), 0);
        let (begun, goes_on, over) = (Gate::new(), Gate::new(), Arc::default());
        let lasts = Lasts(begun.clone(), goes_on.clone(), Arc::clone(&over));
        let callback = move |_: *mut asynchron_t| {
            let _ = &lasts;
            panic!("it ran")
        };
        assert_eq!(notify_on(&executor, &a, 0, callback, &mut token), ASYNCHRON_OK);
        a.set_number(1);
        let discards = start(move || tasks.discard());
        begun.pass();
        assert_eq!(a.try_unnotify(token), ASYNCHRON_PENDING);
        let its = a.clone();
        let waits = start(move || (its.unnotify(token), over.load(SeqCst))).asleep();
        goes_on.open();
        assert_eq!(waits.join(), (ASYNCHRON_ALREADY, true));
        assert_eq!((discards.join(), a.try_unnotify(token)), (1, ASYNCHRON_ALREADY));
    });
}

#[test]
fn queued_callbacks_run_on_the_thread_that_shuts_down_with_cancel() {
    within(60, || {
        let tasks = Tasks::default();
        let (executor, a, here) = (tasks.executor(), Handle::new(), thread::current().id());
        let count = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let counts = count.clone();
            let callback = move |_: *mut asynchron_t| {
                assert_eq!(thread::current().id(), here);
                counts.fetch_add(1, SeqCst);
            };
            assert_eq!(notify_on(&executor, &a, 0, callback, null_mut()), ASYNCHRON_OK);
        }
        a.set(b"");
        assert_eq!(count.load(SeqCst), 0);
        assert_eq!(executor.shutdown(CANCEL, 0), ASYNCHRON_OK);
        assert_eq!((count.load(SeqCst), tasks.run(), count.load(SeqCst)), (3, 3, 3));
    });
}

#[test]
fn registrations_keep_the_executor_until_they_are_taken_back_or_have_run() {
    let tasks = Tasks::default();
    let (executor, a) = (tasks.executor(), Handle::new());
    let mut token = 0;
    assert_eq!(notify_on(&executor, &a, 0, |_| (), &mut token), ASYNCHRON_OK);
    drop(executor);
    assert!(tasks.are_kept());
    assert_eq!(a.unnotify(token), ASYNCHRON_OK);
    assert!(!tasks.are_kept());

    let (executor, a) = (tasks.executor(), Handle::new());
    assert_eq!(notify_on(&executor, &a, 0, |_| (), null_mut()), ASYNCHRON_OK);
    drop(executor);
    // Nobody is left to deliver: it breaks, and is handed over all the same.
    drop(a);
    assert_eq!((tasks.are_kept(), tasks.run(), tasks.are_kept()), (true, 1, false));
}

#[test]
fn if_pending_on_a_complete_one_hands_nothing_over() {
    let tasks = Tasks::default();
    let (executor, a) = (tasks.executor(), Handle::new());
    a.set(b"");
    let (flags, mut token) = (ASYNCHRON_NOTIFY_IF_PENDING, 7);
    let status = notify_on(&executor, &a, flags, |_| panic!("it ran"), &mut token);
    assert_eq!((status, token, tasks.len()), (ASYNCHRON_ALREADY, 7, 0));
    drop(executor);
    assert!(!tasks.are_kept());
}

/// A loop that runs what it is given at once: each callback completes the next.
#[test]
fn many_callbacks_through_a_post_that_runs_them_at_once_need_no_stack() {
    within(300, || {
        let (executor, all) = (inline(true), Handle::many(100_001));
        for pair in all.windows(2) {
            let next = pair[1].clone();
            let callback = move |_: *mut asynchron_t| _ = next.set(b"");
            assert_eq!(notify_on(&executor, &pair[0], 0, callback, null_mut()), ASYNCHRON_OK);
        }
        all[0].set(b"");
        assert_eq!(all.last().unwrap().poll(), ASYNCHRON_OK);
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
    });
}

/// Completing, taking back, running and shutting down meet: it runs once, or was taken back.
#[test]
fn completing_unnotify_and_shutdown_meet() {
    within(120, || {
        for round in 0..3000 {
            let executor = Executor::threads(1);
            let (a, ran, owned) = (Handle::new(), Arc::new(AtomicUsize::new(0)), Arc::new(()));
            let (runs, its, mut token) = (ran.clone(), owned.clone(), 0);
            let callback = move |_: *mut asynchron_t| {
                let _ = &its;
                runs.fetch_add(1, SeqCst);
            };
            assert_eq!(notify_on(&executor, &a, 0, callback, &mut token), ASYNCHRON_OK);
            let gate = Arc::new(std::sync::Barrier::new(3));
            let (first, completes) = (gate.clone(), a.clone());
            let completes = thread::spawn(move || {
                first.wait();
                completes.set(b"")
            });
            let (second, shuts) = (gate.clone(), executor.clone());
            let shuts = thread::spawn(move || {
                second.wait();
                shuts.shutdown(if round % 2 == 0 { CANCEL } else { 0 }, LONG)
            });
            gate.wait();
            let removed = a.unnotify(token);
            assert_eq!(
                (completes.join().unwrap(), shuts.join().unwrap()),
                (ASYNCHRON_OK, ASYNCHRON_OK)
            );
            assert_eq!(Arc::strong_count(&owned), 1);
            assert_eq!(ran.load(SeqCst), usize::from(removed == ASYNCHRON_ALREADY));
        }
    });
}
