//! Rule 27: a step with an executor is handed to it once its sources are complete, and runs exactly once in any case.

use crate::support::*;
use std::sync::Mutex;
use std::thread;

const CANCEL: u64 = ASYNCHRON_SHUTDOWN_CANCEL;

/// How a step is made: of how many sources, and into what.
#[derive(Clone, Copy, Debug)]
struct Way {
    sources: usize,
    into: bool,
}

const WAYS: [Way; 6] = [
    Way { sources: 1, into: false },
    Way { sources: 1, into: true },
    Way { sources: 2, into: false },
    Way { sources: 3, into: true },
    Way { sources: 0, into: false },
    Way { sources: 0, into: true },
];

/// A step, its sources, how often its function has run, and how often its context was dropped.
struct Made {
    sources: Vec<Handle>,
    next: Handle,
    runs: Arc<AtomicUsize>,
    drops: Arc<AtomicUsize>,
}

impl Made {
    fn complete_sources(&self) {
        self.sources.iter().for_each(|source| assert_eq!(source.set(b"x"), ASYNCHRON_OK));
    }

    fn numbers(&self) -> (usize, usize) {
        (self.runs.load(SeqCst), self.drops.load(SeqCst))
    }
}

impl Way {
    fn make(self, executor: &Executor) -> Made {
        let sources = Handle::many(self.sources);
        let (runs, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (ran, dropped) = (runs.clone(), drops.clone());
        let dropped = OnDrop(move || _ = dropped.fetch_add(1, SeqCst));
        let n = self.sources;
        let mut options = step_options(0, move |me, sources| {
            let _ = &dropped;
            assert_eq!(sources.len(), n);
            ran.fetch_add(1, SeqCst);
            Handle::shared(me).set(b"from fn") as i32
        });
        options.executor = executor.raw();
        let (own, mut out) = (Handle::new(), null_mut());
        let into = if self.into { own.raw() } else { null_mut() };
        let all = handle::raws(&sources);
        let status = match all[..] {
            [source] => unsafe { asynchron_then_with(source, into, &options, &mut out) },
            _ => unsafe { asynchron_after_with(all.as_ptr(), n, into, &options, &mut out) },
        };
        assert_eq!(status, ASYNCHRON_OK);
        Made { sources, next: Handle::owned(out), runs, drops }
    }
}

#[test]
fn a_step_runs_where_the_program_runs_it() {
    for way in WAYS {
        let tasks = Tasks::default();
        let executor = tasks.executor();
        let made = way.make(&executor);
        assert_eq!(tasks.len(), usize::from(way.sources == 0), "{way:?}");
        made.complete_sources();
        assert_eq!((tasks.len(), made.numbers()), (1, (0, 0)), "{way:?}");
        assert_eq!(
            (made.next.state(), made.next.poll()),
            (ASYNCHRON_STATE_PENDING, ASYNCHRON_PENDING)
        );
        assert_eq!(tasks.run(), 1);
        assert_eq!((made.next.get(), made.numbers()), (Ok(b"from fn".to_vec()), (1, 1)));
        drop(executor);
        assert!(!tasks.are_kept(), "nothing keeps the executor any more");
    }
}

#[test]
fn where_it_is_refused_it_runs_as_without_an_executor() {
    for way in WAYS {
        for closed in [false, true] {
            let tasks = Tasks::default();
            let executor = tasks.executor();
            if closed {
                assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
            } else {
                tasks.refuse();
            }
            let made = way.make(&executor);
            made.complete_sources();
            assert_eq!((made.next.get(), made.numbers()), (Ok(b"from fn".to_vec()), (1, 1)));
            assert_eq!(tasks.len(), 0);
        }
    }
}

/// As with any step. Where the program runs it inside a callback, it runs after that.
#[test]
fn callbacks_of_what_a_step_on_an_executor_completes_run_after_it() {
    for sources in 1..3 {
        for inside in [false, true] {
            let (tasks, order) = (Tasks::default(), Arc::new(Mutex::new(Vec::new())));
            let note = |what: &'static str| {
                let order = order.clone();
                move || order.lock().unwrap().push(what)
            };
            let (executor, other, sources) =
                (tasks.executor(), Handle::new(), Handle::many(sources));
            let (begins, ends, told, outer) =
                (note("begins"), note("ends"), note("told"), note("outer"));
            notify(&other, move |_| told());
            let mut options = step_options(0, move |_, _| {
                begins();
                other.set(b"x");
                ends();
                0
            });
            options.executor = executor.raw();
            let (all, into) = (handle::raws(&sources), Handle::new());
            let (n, to, out) = (all.len(), into.raw(), null_mut());
            let status = unsafe { asynchron_after_with(all.as_ptr(), n, to, &options, out) };
            assert_eq!(status, ASYNCHRON_OK);
            sources.iter().for_each(|source| _ = source.set(b"x"));
            if inside {
                let around = Handle::new();
                notify(&around, move |_| {
                    assert_eq!(tasks.run(), 1);
                    outer();
                });
                around.set(b"x");
            } else {
                assert_eq!(tasks.run(), 1);
            }
            let expected = ["outer", "begins", "ends", "told"];
            assert_eq!(*order.lock().unwrap(), expected[usize::from(!inside)..]);
            assert_eq!(into.get(), Ok(vec![]));
        }
    }
}

#[test]
fn a_discarded_step_fails_what_it_delivers_into_as_broken() {
    for way in WAYS {
        let tasks = Tasks::default();
        let executor = tasks.executor();
        let made = way.make(&executor);
        made.complete_sources();
        assert_eq!(tasks.discard(), 1);
        let error = made.next.error().unwrap();
        let code = ASYNCHRON_E_BROKEN as i32;
        assert_eq!((error.code, &*error.domain, made.numbers()), (code, "asynchron", (0, 1)));
    }
}

#[test]
fn one_that_is_not_needed_lets_go_at_once_and_its_task_does_nothing() {
    for way in WAYS {
        for run in [false, true] {
            let tasks = Tasks::default();
            let executor = tasks.executor();
            let made = way.make(&executor);
            made.complete_sources();
            assert_eq!((tasks.len(), made.next.cancel()), (1, ASYNCHRON_OK));
            assert_eq!(made.numbers(), (0, 1));
            assert_eq!(executor.shutdown(0, 0), ASYNCHRON_TIMEOUT, "it was accepted");
            assert_eq!(if run { tasks.run() } else { tasks.discard() }, 1);
            assert_eq!((made.next.state(), made.numbers()), (ASYNCHRON_STATE_CANCELLED, (0, 1)));
            assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
        }
    }
}

#[test]
fn taken_off_before_its_sources_are_complete_nothing_is_posted() {
    for way in WAYS.into_iter().filter(|way| way.sources > 0) {
        let tasks = Tasks::default();
        let executor = tasks.executor();
        let made = way.make(&executor);
        assert_eq!(made.next.set(b"y"), ASYNCHRON_OK);
        assert_eq!(made.numbers(), (0, 1));
        drop(executor);
        assert!(!tasks.are_kept(), "nothing keeps the executor any more");
        made.complete_sources();
        assert_eq!((tasks.len(), made.numbers()), (0, (0, 1)));
    }
}

#[test]
fn shutting_down_cancels_what_has_not_begun() {
    for way in WAYS {
        let tasks = Tasks::default();
        let executor = tasks.executor();
        let made = way.make(&executor);
        made.complete_sources();
        // The task must still be run or discarded, and does nothing.
        assert_eq!(executor.shutdown(CANCEL, 0), ASYNCHRON_OK);
        assert_eq!((made.next.state(), made.numbers()), (ASYNCHRON_STATE_CANCELLED, (0, 1)));
        assert_eq!(made.next.error().unwrap().message, "shut down");
        assert_eq!(tasks.run(), 1);
        assert_eq!((made.next.state(), made.numbers()), (ASYNCHRON_STATE_CANCELLED, (0, 1)));
    }
}

/// What a step is not for is no concern of its executor's.
#[test]
fn what_passes_on_does_so_on_the_thread_that_completes() {
    let tasks = Tasks::default();
    let (executor, source) = (tasks.executor(), Handle::new());
    let mut options = step_options(ASYNCHRON_ON_FAILURE, |_, _| panic!("it ran"));
    options.executor = executor.raw();
    let mut out = null_mut();
    let status = unsafe { asynchron_then_with(source.raw(), null_mut(), &options, &mut out) };
    let next = Handle::owned(out);
    assert_eq!((status, source.set(b"value")), (ASYNCHRON_OK, ASYNCHRON_OK));
    assert_eq!((next.get(), tasks.len()), (Ok(b"value".to_vec()), 0));
}

#[test]
fn a_source_that_breaks_is_complete() {
    for way in WAYS.into_iter().filter(|way| way.sources > 0) {
        let tasks = Tasks::default();
        let executor = tasks.executor();
        let mut made = way.make(&executor);
        made.sources.clear();
        assert_eq!((tasks.run(), made.next.get()), (1, Ok(b"from fn".to_vec())));
    }
}

#[test]
fn on_threads_of_an_executor_steps_run_in_their_order_and_not_here() {
    within(120, || {
        let executor = Executor::threads(1);
        let (source, here) = (Handle::new(), thread::current().id());
        let order = Arc::new(std::sync::Mutex::new(vec![]));
        let steps: Vec<_> = (0..100)
            .map(|n| {
                let order = order.clone();
                let mut options = step_options(0, move |_, _| {
                    assert_ne!(thread::current().id(), here);
                    order.lock().unwrap().push(n);
                    0
                });
                options.executor = executor.raw();
                let (raw, mut out) = (source.raw(), null_mut());
                let made = unsafe { asynchron_then_with(raw, null_mut(), &options, &mut out) };
                assert_eq!(made, ASYNCHRON_OK);
                Handle::owned(out)
            })
            .collect();
        source.set(b"x");
        assert_eq!(handle::wait_all(&steps, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
        assert_eq!(executor.shutdown(0, ASYNCHRON_FOREVER), ASYNCHRON_OK);
    });
}

/// Completed, cancelled, and run or discarded at the same time.
#[test]
fn however_they_meet_it_runs_at_most_once_and_its_context_is_dropped_once() {
    for way in WAYS.into_iter().filter(|way| way.sources > 0) {
        within(170, move || {
            race(
                1_000,
                |round| {
                    let tasks = Tasks::default();
                    let executor = tasks.executor();
                    (way.make(&executor), tasks, executor, round)
                },
                &[
                    &|(made, ..): &(Made, Tasks, Executor, usize)| made.complete_sources(),
                    &|(made, ..): &(Made, Tasks, Executor, usize)| _ = made.next.cancel(),
                    &|(_, tasks, _, round): &(Made, Tasks, Executor, usize)| {
                        _ = if round % 2 == 0 { tasks.run() } else { tasks.discard() };
                    },
                ],
                |(made, tasks, executor, _)| {
                    tasks.run();
                    assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK);
                    let (runs, drops) = made.numbers();
                    assert!(runs <= 1 && drops == 1, "{runs} {drops}");
                    assert_ne!(made.next.poll(), ASYNCHRON_PENDING);
                    drop((made, executor));
                    assert!(!tasks.are_kept());
                },
            );
        });
    }
}
