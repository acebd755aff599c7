//! Rule 30: once asynchron_wait_returned() has returned, no function of it runs, and what that used is free.

use crate::support::threads::takes_at_least;
use crate::support::*;

fn wait_returned(a: &Handle, timeout_ns: u64) -> asynchron_status_t {
    unsafe { asynchron_wait_returned(a.raw(), timeout_ns) }
}

/// What a function says and does that a test looks at from outside.
#[derive(Clone)]
struct Work {
    begun: Gate,
    goes_on: Gate,
    ended: Arc<AtomicBool>,
    /// What its context holds.
    held: Arc<()>,
}

impl Work {
    fn new() -> Self {
        let (begun, goes_on) = (Gate::new(), Gate::new());
        Self { begun, goes_on, ended: Arc::default(), held: Arc::default() }
    }

    fn run(&self) -> i32 {
        self.begun.open();
        self.goes_on.pass();
        self.ended.store(true, SeqCst);
        0
    }

    /// As a function, with a context that holds something.
    fn function(&self) -> impl FnMut(*mut asynchron_t) -> i32 + Send + 'static {
        let mine = self.clone();
        move |_| mine.run()
    }

    /// The same of a step.
    fn step(&self) -> impl FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32 + Send + 'static {
        let mine = self.clone();
        move |_, _| mine.run()
    }

    fn is_over(&self) -> bool {
        self.ended.load(SeqCst) && Arc::strong_count(&self.held) == 1
    }
}

/// Whoever cancels it, once the function has begun, waits for the end of that; `begin` has it begin.
#[track_caller]
fn outlives_its_asynchron(a: &Handle, begin: impl FnOnce(&Work)) {
    outlives(a, &Work::new(), begin);
}

#[track_caller]
fn outlives(a: &Handle, work: &Work, begin: impl FnOnce(&Work)) {
    begin(work);
    work.begun.pass();
    assert_eq!(wait_returned(a, 0), ASYNCHRON_TIMEOUT);
    assert_eq!(a.cancel(), ASYNCHRON_OK);
    assert_eq!(wait_returned(a, 0), ASYNCHRON_TIMEOUT);
    takes_at_least(5 * MS, || assert_eq!(wait_returned(a, 5 * MS), ASYNCHRON_TIMEOUT));
    let (its, watched) = (a.clone(), work.clone());
    let held = Arc::downgrade(&watched.held);
    drop(watched.held);
    let waits = start(move || {
        let status = wait_returned(&its, LONG);
        (status, watched.ended.load(SeqCst), held.strong_count())
    })
    .asleep();
    work.goes_on.open();
    // One is the test's own.
    assert_eq!(waits.join(), (ASYNCHRON_OK, true, 1));
    assert_eq!(wait_returned(a, 0), ASYNCHRON_OK);
    assert_eq!(a.poll(), ASYNCHRON_CANCELLED);
}

#[test]
fn where_no_function_runs_it_returns_at_once() {
    let a = Handle::new();
    assert_eq!(wait_returned(&a, ASYNCHRON_FOREVER), ASYNCHRON_OK);
    unsafe { asynchron_start(a.raw()) };
    assert_eq!(wait_returned(&a, ASYNCHRON_FOREVER), ASYNCHRON_OK);
    a.set(b"x");
    assert_eq!(wait_returned(&a, ASYNCHRON_FOREVER), ASYNCHRON_OK);
    let demand = on_demand(|_| panic!("it ran"));
    assert_eq!(wait_returned(&demand, LONG), ASYNCHRON_OK);
    assert_eq!(demand.cancel(), ASYNCHRON_OK);
    assert_eq!(wait_returned(&demand, 0), ASYNCHRON_OK);
    assert_eq!(unsafe { asynchron_wait_returned(null_mut(), 0) }, ASYNCHRON_E_INVALID);
}

#[test]
fn a_spawned_function_outlives_its_asynchron() {
    within(60, || {
        let a = Handle::new();
        outlives_its_asynchron(&a, |work| {
            assert_eq!(spawn(&a, work.function()), ASYNCHRON_OK);
        });
    });
}

#[test]
fn one_on_an_executor_outlives_its_asynchron() {
    within(60, || {
        let (a, executor) = (Handle::new(), Executor::threads(1));
        outlives_its_asynchron(&a, |work| {
            assert_eq!(spawn_on(&executor, &a, work.function()), ASYNCHRON_OK);
        });
    });
}

#[test]
fn one_of_a_posted_task_outlives_its_asynchron() {
    within(60, || {
        let (a, tasks) = (Handle::new(), Tasks::default());
        let executor = tasks.executor();
        outlives_its_asynchron(&a, |work| {
            assert_eq!(spawn_on(&executor, &a, work.function()), ASYNCHRON_OK);
            std::thread::spawn(move || assert_eq!(tasks.run(), 1));
        });
    });
}

#[test]
fn one_on_demand_outlives_its_asynchron() {
    within(60, || {
        let work = Work::new();
        let a = on_demand(work.function());
        outlives(&a, &work, |_| {
            let its = a.clone();
            std::thread::spawn(move || its.get());
        });
    });
}

#[test]
fn one_that_was_called_outlives_its_asynchron() {
    within(60, || {
        let a = Handle::new();
        let its = a.clone();
        outlives_its_asynchron(&a, |work| {
            // Of a call, the context stays the caller's, and so does what it holds.
            let function = Work { held: Arc::default(), ..work.clone() }.function();
            std::thread::spawn(move || assert_eq!(call(&its, function), ASYNCHRON_OK));
        });
    });
}

#[test]
fn one_of_then_outlives_its_asynchron() {
    within(60, || {
        let (source, work) = (Handle::new(), Work::new());
        let a = then(&source, None, work.step());
        outlives(&a, &work, |_| {
            std::thread::spawn(move || source.set(b"x"));
        });
    });
}

#[test]
fn one_of_after_outlives_its_asynchron() {
    within(60, || {
        let (sources, work) = (Handle::many(2), Work::new());
        let a = after(&sources, None, work.step());
        outlives(&a, &work, |_| {
            std::thread::spawn(move || sources.iter().for_each(|source| _ = source.set(b"x")));
        });
    });
}

/// Most deliver inside, and are not through with it then.
#[test]
fn who_has_the_value_may_find_the_function_at_work() {
    within(60, || {
        let (a, work) = (Handle::new(), Work::new());
        let (mine, gate) = (work.clone(), Gate::new());
        let passes = gate.clone();
        let delivers = move |a| {
            passes.pass();
            assert_eq!(unsafe { asynchron_set_bytes(a, b"x".as_ptr().cast(), 1) }, ASYNCHRON_OK);
            mine.run()
        };
        assert_eq!(spawn(&a, delivers), ASYNCHRON_OK);
        until(|| a.state() == ASYNCHRON_STATE_RUNNING);
        // It sleeps before it is complete, and again after that.
        let its = a.clone();
        let waits = start(move || wait_returned(&its, LONG)).asleep();
        gate.open();
        assert_eq!(a.get(), Ok(b"x".to_vec()));
        let waits = waits.asleep();
        assert!(!work.is_over());
        work.goes_on.open();
        assert_eq!(waits.join(), ASYNCHRON_OK);
        assert!(work.is_over());
    });
}

#[test]
fn a_drop_that_lasts_is_waited_for() {
    struct Lasts(Gate, Gate, Arc<AtomicBool>);
    impl Drop for Lasts {
        fn drop(&mut self) {
            self.0.open();
            self.1.pass();
            self.2.store(true, SeqCst);
        }
    }
    within(60, || {
        let (a, begun, goes_on, over) = (Handle::new(), Gate::new(), Gate::new(), Arc::default());
        let lasts = Lasts(begun.clone(), goes_on.clone(), Arc::clone(&over));
        let function = move |a| {
            let _ = &lasts;
            unsafe { asynchron_set_bytes(a, null(), 0) };
            0
        };
        assert_eq!(spawn(&a, function), ASYNCHRON_OK);
        begun.pass();
        assert_eq!((a.poll(), wait_returned(&a, MS)), (ASYNCHRON_OK, ASYNCHRON_TIMEOUT));
        let waits = start(move || (wait_returned(&a, LONG), over.load(SeqCst))).asleep();
        goes_on.open();
        assert_eq!(waits.join(), (ASYNCHRON_OK, true));
    });
}

#[test]
fn inside_the_function_and_its_drop_it_is_a_deadlock() {
    struct Asks(*mut asynchron_t, Arc<AtomicUsize>);
    unsafe impl Send for Asks {}
    impl Asks {
        fn ask(&self) {
            for timeout_ns in [0, LONG] {
                let status = unsafe { asynchron_wait_returned(self.0, timeout_ns) };
                assert_eq!(status, ASYNCHRON_E_DEADLOCK);
                self.1.fetch_add(1, SeqCst);
            }
        }
    }
    impl Drop for Asks {
        fn drop(&mut self) {
            self.ask();
        }
    }
    within(60, || {
        let (a, asked) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
        let asks = Asks(a.raw(), asked.clone());
        let in_callback = Asks(a.raw(), asked.clone());
        // It runs where the function delivers, so inside of that.
        notify(&a, move |_| in_callback.ask());
        let function = move |a| {
            asks.ask();
            unsafe { asynchron_set_bytes(a, null(), 0) };
            asks.ask();
            0
        };
        assert_eq!(spawn(&a, function), ASYNCHRON_OK);
        assert_eq!(a.get(), Ok(vec![]));
        assert_eq!(wait_returned(&a, LONG), ASYNCHRON_OK);
        // Twice each: the function at two places, its drop, the callback and the drop of that.
        assert_eq!(asked.load(SeqCst), 10);
    });
}

/// Its function has returned before they run.
#[test]
fn callbacks_of_what_the_return_completes_find_it_returned() {
    let (a, told) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
    let (its, seen) = (a.clone(), told.clone());
    notify(&a, move |_| {
        assert_eq!(wait_returned(&its, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        seen.fetch_add(1, SeqCst);
    });
    assert_eq!(call(&a, |_| 0), ASYNCHRON_OK);
    assert_eq!(told.load(SeqCst), 1);
}

#[test]
fn a_function_that_follows_another_has_returned_while_that_is_pending() {
    within(60, || {
        let (a, source, work) = (Handle::new(), Handle::new(), Work::new());
        let (mine, followed) = (work.clone(), source.clone());
        let follows = move |a| {
            assert_eq!(unsafe { asynchron_follow(a, followed.raw()) }, ASYNCHRON_OK);
            mine.run()
        };
        assert_eq!(spawn(&a, follows), ASYNCHRON_OK);
        work.begun.pass();
        assert_eq!(wait_returned(&a, MS), ASYNCHRON_TIMEOUT);
        let (first, second) = (a.clone(), a.clone());
        let waits = start(move || wait_returned(&first, LONG)).asleep();
        let gets = start(move || second.get()).asleep();
        work.goes_on.open();
        assert_eq!(waits.join(), ASYNCHRON_OK);
        assert!(work.is_over());
        assert_eq!(a.state(), ASYNCHRON_STATE_RUNNING);
        let gets = gets.asleep();
        source.set(b"x");
        assert_eq!(gets.join(), Ok(b"x".to_vec()));
    });
}

/// What its context drops may complete it first.
#[test]
fn a_function_whose_task_is_discarded_has_returned() {
    for delivers in [false, true] {
        let tasks = Tasks::default();
        let (executor, sources) = (tasks.executor(), Handle::many(2));
        let (spawned, next, joined) = (Handle::new(), Handle::new(), Handle::new());
        let owned = |a: &Handle| {
            let mine = a.clone();
            OnDrop(move || {
                // For itself: a wait would last for ever.
                assert_eq!(wait_returned(&mine, LONG), ASYNCHRON_E_DEADLOCK);
                assert_eq!(mine.wait(LONG), ASYNCHRON_E_DEADLOCK);
                let _ = delivers && mine.set(b"x") == ASYNCHRON_OK;
            })
        };
        let step = |a: &Handle| {
            let owned = owned(a);
            let mut options = step_options(0, move |_, _| {
                let _ = &owned;
                panic!("it ran")
            });
            options.executor = executor.raw();
            options
        };
        let raws = handle::raws(&sources);
        let (all, n, none) = (raws.as_ptr(), raws.len(), null_mut());
        let (one, two) = (step(&next), step(&joined));
        let status = unsafe { asynchron_then_with(raws[0], next.raw(), &one, none) };
        assert_eq!(status, ASYNCHRON_OK);
        let status = unsafe { asynchron_after_with(all, n, joined.raw(), &two, none) };
        assert_eq!(status, ASYNCHRON_OK);
        let its = owned(&spawned);
        let function = move |_| {
            let _ = &its;
            panic!("it ran")
        };
        assert_eq!(spawn_on(&executor, &spawned, function), ASYNCHRON_OK);
        sources.iter().for_each(|source| _ = source.set(b"x"));
        assert_eq!(tasks.discard(), 3);
        let end = if delivers { ASYNCHRON_OK } else { ASYNCHRON_FAILED };
        for a in [spawned, next, joined] {
            assert_eq!((a.poll(), wait_returned(&a, MS)), (end, ASYNCHRON_OK));
        }
    }
}

/// A close() inside a callback: what never began is dropped before the wait is over, also if it only looks.
#[test]
fn inside_a_callback_what_is_due_runs_first() {
    for timeout_ns in [0, LONG] {
        let (source, work) = (Handle::new(), Work::new());
        let into = then(&source, None, work.step());
        let (closes, over) = (Handle::new(), Arc::new(AtomicBool::new(false)));
        let (its, seen, held) = (into.clone(), over.clone(), Arc::downgrade(&work.held));
        notify(&closes, move |_| {
            its.cancel();
            assert_eq!(held.strong_count(), 2, "it waits for its turn");
            assert_eq!(wait_returned(&its, timeout_ns), ASYNCHRON_OK);
            assert_eq!(held.strong_count(), 1, "its context is in use");
            seen.store(true, SeqCst);
        });
        closes.set(b"x");
        assert!(over.load(SeqCst));
    }
}

/// Whoever waits for a return does not want the value; nor does it count for who has waited when that is asked for.
#[test]
fn who_waits_for_the_return_does_not_keep_it_wanted() {
    within(60, || {
        let (a, work) = (Handle::new(), Work::new());
        assert_eq!(spawn(&a, work.function()), ASYNCHRON_OK);
        work.begun.pass();
        let plain = unsafe { asynchron_promise_create(a.raw(), 0) };
        let lent = unsafe { asynchron_promise_asynchron(plain) } as usize;
        let waits =
            start(move || unsafe { asynchron_wait_returned(lent as *mut asynchron_t, LONG) })
                .asleep();
        let minded =
            unsafe { asynchron_promise_create(a.raw(), ASYNCHRON_PROMISE_CANCEL_UNWANTED) };
        let lent = unsafe { asynchron_promise_asynchron(minded) };
        assert_eq!(unsafe { asynchron_poll(lent) }, ASYNCHRON_PENDING);
        drop(a);
        assert_eq!(unsafe { asynchron_poll(lent) }, ASYNCHRON_CANCELLED);
        work.goes_on.open();
        assert_eq!(waits.join(), ASYNCHRON_OK);
        unsafe { asynchron_promise_release(plain) };
        unsafe { asynchron_promise_release(minded) };
    });
}

/// What the library keeps for a running function it does not keep any more, so a holder is one.
#[test]
fn what_follows_after_its_function_has_returned_is_wanted_by_its_holder() {
    let (a, source) = (Handle::new(), Handle::new());
    let promise = unsafe { asynchron_promise_create(a.raw(), ASYNCHRON_PROMISE_CANCEL_UNWANTED) };
    let lent = unsafe { asynchron_promise_asynchron(promise) };
    let second = a.clone();
    assert_eq!(call(&a, |a| unsafe { asynchron_follow(a, source.raw()) } as i32), ASYNCHRON_OK);
    drop(second);
    assert_eq!(a.poll(), ASYNCHRON_PENDING, "it has a holder");
    drop(a);
    assert_eq!(unsafe { asynchron_poll(lent) }, ASYNCHRON_CANCELLED, "nobody holds it");
    unsafe { asynchron_promise_release(promise) };
}

/// The context lies where the caller's stack ends; after the wait it is overwritten. With a cancel that comes before,
/// within or after the function, and a delivery in it.
#[test]
fn what_the_function_used_is_the_callers_after_the_wait() {
    unsafe extern "C" fn uses(a: *mut asynchron_t, ctx: *mut c_void) -> i32 {
        let number = unsafe { &*ctx.cast::<AtomicU64>() };
        for _ in 0..20 {
            assert_eq!(number.load(SeqCst), 7, "it was overwritten");
        }
        if number.load(SeqCst) == 7 {
            unsafe { asynchron_set_bytes(a, null(), 0) };
        }
        assert_eq!(number.load(SeqCst), 7, "it was overwritten");
        0
    }
    within(300, || {
        let finished = AtomicUsize::new(0);
        race(
            3000,
            |_| (Handle::new(), AtomicU64::new(7)),
            &[
                &|(a, number): &(Handle, AtomicU64)| {
                    let ctx = std::ptr::from_ref(number).cast_mut().cast();
                    let status = unsafe { asynchron_spawn(a.raw(), Some(uses), ctx, None) };
                    assert_eq!(status, ASYNCHRON_OK);
                    // Sometimes it has begun.
                    std::thread::yield_now();
                    if a.cancel() == ASYNCHRON_ALREADY {
                        finished.fetch_add(1, SeqCst);
                    }
                    assert_eq!(wait_returned(a, LONG), ASYNCHRON_OK);
                    number.store(8, SeqCst);
                },
                &|(a, _)| {
                    // Another may wait, too, and sees the same end.
                    a.wait(LONG);
                    assert_eq!(wait_returned(a, LONG), ASYNCHRON_OK);
                },
            ],
            |(a, _)| assert_ne!(a.poll(), ASYNCHRON_PENDING),
        );
    });
}
