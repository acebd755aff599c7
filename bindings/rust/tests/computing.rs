//! Functions, steps, groups, promises, executors and callbacks.

mod common;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use asynchron_c::{
    Asynchron, Ending, Error, Executor, Failure, Follow, Object, Rest, Shutdown, State, Task,
};
use common::{Drops, eventually, limit};

fn pending() -> Asynchron {
    Asynchron::new().unwrap()
}

#[test]
fn a_blocked_wait_does_not_freeze_others() {
    let _limit = limit();
    let (a, started) = (pending(), Barrier::new(9));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                started.wait();
                a.get().unwrap().number::<u64>().unwrap()
            });
        }
        started.wait();
        // The library's threads go on, and so does this one.
        let other = Asynchron::spawn(|_| 5u64).unwrap();
        assert_eq!(other.get().unwrap().number::<u64>(), Ok(5));
        a.set(1u64).unwrap();
    });
}

#[test]
fn tasks_that_wait_for_tasks_do_not_starve() {
    let _limit = limit();
    let executor = Executor::new("one", 1).unwrap();
    let (a, inner) = (pending(), executor.clone());
    a.compute_on(&executor, move |_| {
        let b = pending();
        b.compute_on(&inner, |_| 5u64)?;
        b.get()?.number::<u64>()
    })
    .unwrap();
    assert_eq!(a.get().unwrap().number::<u64>(), Ok(5));
}

#[test]
fn a_function_sees_a_cancel_and_what_it_captured_is_dropped_once() {
    let _limit = limit();
    let (drops, started) = (Drops::default(), Arc::new(Barrier::new(2)));
    let (witness, inside) = (drops.witness(), started.clone());
    let a = Asynchron::spawn(move |me| {
        let _witness = witness;
        inside.wait();
        eventually(|| me.is_complete());
        5u8
    })
    .unwrap();
    started.wait();
    assert_eq!((a.state(), a.cancel_pending("no")), (State::Running, Err(Error::Already)));
    a.cancel_with("enough").unwrap();
    a.wait_returned(common::LONG).unwrap();
    assert_eq!(drops.count(), 1);
    assert_eq!(a.get().unwrap_err(), Error::Cancelled { reason: "enough".into() });
    a.cancel().unwrap();
}

#[test]
fn a_thread_that_waits_for_itself_is_told() {
    let _limit = limit();
    let a = Asynchron::spawn(|me| me.get().map(drop)).unwrap();
    let Err(Error::Failed(why)) = a.get() else { panic!() };
    assert_eq!(why.message, Error::Deadlock.to_string());
}

#[test]
fn a_wait_with_a_timeout_says_so_and_changes_nothing() {
    let a = pending();
    let soon = Duration::from_millis(1);
    assert_eq!(a.get_timeout(soon).unwrap_err(), Error::Timeout);
    assert_eq!(a.wait_timeout(Duration::ZERO), Err(Error::Timeout));
    assert_eq!(Asynchron::wait_any(&[a.clone(), pending()], soon), Err(Error::Timeout));
    assert_eq!(Asynchron::wait_all(std::slice::from_ref(&a), soon), Err(Error::Timeout));
    a.set(5u8).unwrap();
    assert_eq!(a.get_timeout(Duration::ZERO).unwrap().number::<u8>(), Ok(5));
    assert_eq!(Asynchron::wait_any(&[pending(), a], Duration::MAX), Ok(1));
}

#[test]
fn a_deadline_passes_or_is_taken_back() {
    let _limit = limit();
    let late = Asynchron::options().expire_after(Duration::from_millis(1)).create().unwrap();
    assert!(matches!(late.get(), Err(Error::Failed(why)) if why.is_expired()));
    let a = pending();
    a.expire_after(Duration::from_secs(3600)).unwrap();
    a.expire_after(Duration::MAX).unwrap();
    let timer = Asynchron::timer(Duration::from_millis(1)).unwrap();
    timer.get().unwrap();
    assert_eq!(a.state(), State::Pending);
    assert_eq!(Asynchron::timer(Duration::MAX).unwrap().state(), State::Pending);
}

#[test]
fn what_is_computed_by_other_means_is_running() {
    let a = pending();
    a.start().unwrap();
    assert_eq!((a.state(), a.start()), (State::Running, Err(Error::Already)));
    a.progress(u64::MAX, u64::MAX).unwrap();
    a.set(()).unwrap();
    assert_eq!(a.progress(1, 2), Err(Error::Already));
    assert_eq!(a.progress_of(), Some((u64::MAX, u64::MAX)));
}

#[test]
fn a_function_may_follow_and_return_nothing() {
    let _limit = limit();
    let (source, a, b) = (pending(), pending(), pending());
    a.call(|me| me.follow(&source)).unwrap();
    b.call(|_| Follow(source.clone())).unwrap();
    assert_eq!(a.state(), State::Running);
    source.set(5u8).unwrap();
    assert_eq!((a.get().unwrap().number::<u8>(), b.get().unwrap().number::<u8>()), (Ok(5), Ok(5)));
}

#[test]
fn steps_run_for_the_endings_that_they_are_for() {
    let _limit = limit();
    let a = pending();
    let value = a.then(|_, _| 1u8).unwrap();
    let failure = a.step().when(Ending::FAILURE).then(|_, _| 2u8).unwrap();
    let finally = a.step().when(Ending::ANY).then(|_, _| 3u8).unwrap();
    let executor = Executor::new("steps", 1).unwrap();
    let elsewhere = a.step().when(Ending::ANY).on(&executor);
    let there = elsewhere.then(|_, _| Object(thread::current().id())).unwrap();
    let why = Failure::new(5, "no luck").domain("mine");
    a.fail(why.clone()).unwrap();
    assert_eq!(value.get().unwrap_err(), Error::Failed(why));
    assert_eq!(failure.get().unwrap().number::<u8>(), Ok(2));
    assert_eq!(finally.get().unwrap().number::<u8>(), Ok(3));
    let id = there.get().unwrap().object::<thread::ThreadId>().unwrap();
    assert_ne!(*id, thread::current().id());
    // Of none, it runs at once.
    let none = Asynchron::after(&[], None, |_, none| none.len() as u64).unwrap();
    assert_eq!(none.get().unwrap().number::<u64>(), Ok(0));
}

#[test]
fn groups_end_as_their_sources_say() {
    let _limit = limit();
    let of = [pending(), pending(), pending()];
    let all = Asynchron::all(&of, Rest::Keep).unwrap();
    let any = Asynchron::any(&of, Rest::Keep).unwrap();
    let race = Asynchron::race(&of, Rest::Keep).unwrap();
    of[1].fail(Failure::new(1, "first")).unwrap();
    of[2].set(2u8).unwrap();
    assert!(matches!(all.get(), Err(Error::Failed(why)) if why.message == "first"));
    assert!(matches!(race.get(), Err(Error::Failed(why)) if why.message == "first"));
    assert_eq!(any.get().unwrap().number::<u8>(), Ok(2));
    assert_eq!(of[0].state(), State::Pending);
    Asynchron::all(&of, Rest::Cancel).unwrap();
    assert_eq!(of[0].state(), State::Cancelled);
    assert!(Asynchron::all(&[], Rest::Keep).unwrap().get().unwrap().is_empty());
    assert_eq!(Asynchron::any(&[], Rest::Keep), Err(Error::Invalid));
    assert_eq!(Asynchron::race(&[], Rest::Keep), Err(Error::Invalid));
}

#[test]
fn a_promise_that_was_kept_is_not_broken() {
    let _limit = limit();
    let a = pending();
    let promises = [a.promise().unwrap(), a.promise().unwrap()];
    let [one, other] = promises;
    drop(one);
    assert_eq!(a.state(), State::Pending);
    thread::spawn(move || other.set("kept"));
    assert_eq!(a.get().unwrap().text(), Ok("kept"));
}

#[test]
fn a_callback_that_is_taken_back_never_runs() {
    let _limit = limit();
    let (a, drops) = (pending(), Drops::default());
    let (one, other, kept) = (drops.witness(), drops.witness(), drops.witness());
    let never = move |_: &Asynchron| {
        let _one = &one;
        panic!("it was taken back");
    };
    let guard = a.subscribe(Ending::ANY, None, never).unwrap();
    drop(guard);
    assert_eq!(drops.count(), 1);
    assert!(a.subscribe(Ending::ANY, None, move |_| drop(other)).unwrap().cancel());
    a.subscribe(Ending::VALUE, None, move |_| drop(kept)).unwrap().keep();
    assert_eq!(drops.count(), 2);
    a.set(()).unwrap();
    assert_eq!(drops.count(), 3);
    assert!(!a.is_shared());
}

#[test]
fn taking_a_callback_back_waits_for_it() {
    let _limit = limit();
    for _ in 0..50 {
        let (a, ended) = (pending(), Arc::new(Mutex::new(false)));
        let (inside, (send, started)) = (ended.clone(), channel());
        let callback = move |_: &Asynchron| {
            send.send(()).unwrap();
            thread::yield_now();
            *inside.lock().unwrap() = true;
        };
        let guard = a.subscribe(Ending::ANY, None, callback).unwrap();
        let producer = thread::spawn(move || a.set(()));
        started.recv().unwrap();
        assert!(!guard.cancel(), "it ran");
        assert!(*ended.lock().unwrap());
        assert_eq!(Arc::strong_count(&ended), 1, "what it captured is dropped");
        producer.join().unwrap().unwrap();
    }
}

/// An executor whose tasks this thread runs.
fn posted() -> (Executor, Receiver<Task>) {
    let (send, receive) = channel();
    let post = move |task| send.send(task).map_err(|refused| refused.0);
    (Executor::with_post(post).unwrap(), receive)
}

#[test]
fn an_executor_with_a_post_runs_where_the_program_has_it_run() {
    let _limit = limit();
    let (executor, tasks) = posted();
    let (here, a) = (thread::current().id(), pending());
    a.compute_on(&executor, move |_| u8::from(thread::current().id() == here)).unwrap();
    let (send, told) = channel();
    a.subscribe(Ending::ANY, Some(&executor), move |a| send.send(a.state()).unwrap())
        .unwrap()
        .keep();
    assert_eq!(a.state(), State::Pending);
    tasks.recv().unwrap().run();
    assert_eq!(a.get().unwrap().number::<u8>(), Ok(1));
    assert!(told.try_recv().is_err(), "the callback is a task, too");
    tasks.recv().unwrap().run();
    assert_eq!(told.recv(), Ok(State::Ready));
}

#[test]
fn a_task_that_is_dropped_breaks_and_one_that_is_refused_says_so() {
    let _limit = limit();
    let (drops, a) = (Drops::default(), pending());
    let (executor, tasks) = posted();
    let witness = drops.witness();
    a.compute_on(&executor, move |_| drop(witness)).unwrap();
    drop(tasks.recv().unwrap());
    assert!(matches!(a.get(), Err(Error::Failed(why)) if why.is_broken()));
    assert_eq!(drops.count(), 1);

    drop(tasks);
    let (a, witness) = (pending(), drops.witness());
    assert_eq!(a.compute_on(&executor, move |_| drop(witness)), Err(Error::System));
    assert_eq!((a.state(), drops.count()), (State::Pending, 2));
}

#[test]
fn an_executor_that_was_shut_down_takes_nothing() {
    let _limit = limit();
    let (executor, tasks) = posted();
    let a = pending();
    a.compute_on(&executor, |_| 5u8).unwrap();
    let soon = Duration::from_millis(1);
    assert_eq!(executor.shutdown(Shutdown::Finish, soon), Err(Error::Timeout));
    assert_eq!(a.state(), State::Pending);
    executor.shutdown(Shutdown::Cancel, Duration::MAX).unwrap();
    assert_eq!(a.get().unwrap_err(), Error::Cancelled { reason: "shut down".into() });
    // It must still be run, and does nothing.
    tasks.recv().unwrap().run();
    assert_eq!(pending().compute_on(&executor, |_| 5u8), Err(Error::Closed));
}

#[test]
fn handles_and_what_they_give_may_be_used_by_any_thread() {
    fn any<T: Send + Sync>() {}
    any::<Asynchron>();
    any::<asynchron_c::Options>();
    any::<asynchron_c::Promise>();
    any::<asynchron_c::Report>();
    any::<asynchron_c::Stream>();
    any::<Executor>();
    any::<asynchron_c::Registration>();
    any::<asynchron_c::Value<'static>>();
    any::<asynchron_c::Item>();
    any::<Error>();
    fn sendable<T: Send>() {}
    sendable::<Task>();
}
