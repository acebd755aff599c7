//! Awaiting: on tokio, on smol and by hand; dropped in the middle, woken for nothing, complete before the first poll.

mod common;

use std::future::{Future, IntoFuture};
use std::pin::{Pin, pin};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use asynchron_c::{Asynchron, Error, Failure, Object, OwnedWait};
use common::{Counter, Drops, eventually, limit};
use tokio::runtime::Builder;

fn tokio_run<F: Future>(future: F) -> F::Output {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

fn poll_with<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

fn later(a: &Asynchron, number: u64) {
    let a = a.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        a.set(number)
    });
}

#[test]
fn a_value_is_awaited_on_tokio() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    later(&a, 5);
    tokio_run(async {
        assert_eq!((&a).await.unwrap().number::<u64>(), Ok(5));
        let handle = a.clone();
        let task = tokio::spawn(async move { handle.await.unwrap().value().number::<u64>() });
        assert_eq!(task.await.unwrap(), Ok(5));
    });
}

#[test]
fn a_value_is_awaited_on_smol() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    later(&a, 5);
    let handle = a.clone();
    let task = smol::spawn(async move { handle.await.unwrap().value().number::<u64>() });
    assert_eq!(smol::block_on(task), Ok(5));
    assert_eq!(smol::block_on(a.into_future()).unwrap().value().number::<u64>(), Ok(5));
}

#[test]
fn a_failure_and_a_cancel_are_awaited() {
    let _limit = limit();
    smol::block_on(async {
        let failure = Failure::new(7, "no luck").domain("mine");
        let a = Asynchron::new().unwrap();
        a.fail(failure.clone()).unwrap();
        assert_eq!((&a).await.unwrap_err(), Error::Failed(failure.clone()));
        assert_eq!(a.await.unwrap_err(), Error::Failed(failure));
        let a = Asynchron::new().unwrap();
        a.cancel_with("enough").unwrap();
        assert_eq!(a.await.unwrap_err(), Error::Cancelled { reason: "enough".into() });
    });
}

#[test]
fn an_object_is_taken_out_of_what_was_awaited() {
    let _limit = limit();
    let text = smol::block_on(async {
        let a = Asynchron::spawn(|_| Object(String::from("mine"))).unwrap();
        let mut ready = a.await.unwrap();
        // The function's own reference is there until it has returned.
        loop {
            match ready.take::<String>() {
                Ok(text) => return text,
                Err(refused) => {
                    assert_eq!(refused.why, Error::Already);
                    ready = refused.handle.await.unwrap();
                    thread::yield_now();
                }
            }
        }
    });
    assert_eq!(text, "mine");
}

#[test]
fn what_is_complete_before_the_first_poll_registers_nothing() {
    let a = Asynchron::new().unwrap();
    a.set(5u64).unwrap();
    let (counter, waker) = Counter::new();
    let mut wait = pin!((&a).into_future());
    assert!(poll_with(wait.as_mut(), &waker).is_ready());
    drop(waker);
    assert_eq!((Arc::strong_count(&counter), counter.woken()), (1, 0));
}

#[test]
fn a_spurious_wake_finds_it_pending_and_changes_nothing() {
    let a = Asynchron::new().unwrap();
    let (counter, waker) = Counter::new();
    let mut wait = pin!((&a).into_future());
    for _ in 0..100 {
        assert!(poll_with(wait.as_mut(), &waker).is_pending());
    }
    assert_eq!(counter.woken(), 0);
    a.set(5u64).unwrap();
    assert_eq!(counter.woken(), 1, "once, however often it was polled");
    let Poll::Ready(Ok(value)) = poll_with(wait.as_mut(), &waker) else { panic!() };
    assert_eq!(value.number::<u64>(), Ok(5));
}

#[test]
fn the_waker_of_the_last_poll_is_the_one_that_is_woken() {
    let a = Asynchron::new().unwrap();
    let ((old, old_waker), (new, new_waker)) = (Counter::new(), Counter::new());
    let mut wait = pin!((&a).into_future());
    assert!(poll_with(wait.as_mut(), &old_waker).is_pending());
    assert!(poll_with(wait.as_mut(), &new_waker).is_pending());
    drop(old_waker);
    assert_eq!(Arc::strong_count(&old), 1, "the old waker is not kept");
    a.set(5u64).unwrap();
    assert_eq!((old.woken(), new.woken()), (0, 1));
}

#[test]
fn a_future_that_is_dropped_leaves_nothing_behind() {
    let a = Asynchron::new().unwrap();
    let (counter, waker) = Counter::new();
    {
        let mut borrowed = pin!((&a).into_future());
        let mut owned: OwnedWait = a.clone().into_future();
        assert!(poll_with(borrowed.as_mut(), &waker).is_pending());
        assert!(poll_with(Pin::new(&mut owned), &waker).is_pending());
        assert!(a.is_shared());
    }
    drop(waker);
    assert_eq!(Arc::strong_count(&counter), 1, "no waker is kept");
    assert!(!a.is_shared(), "no handle is kept");
    a.set(5u64).unwrap();
    assert_eq!(counter.woken(), 0);
}

#[test]
fn a_future_may_be_dropped_while_it_completes() {
    let _limit = limit();
    let drops = Drops::default();
    const ROUNDS: usize = 2000;
    let barrier = Barrier::new(2);
    let (send, receive) = std::sync::mpsc::channel::<Asynchron>();
    thread::scope(|scope| {
        scope.spawn(|| {
            for a in receive {
                barrier.wait();
                a.set(Object(drops.witness())).unwrap();
            }
        });
        for round in 0..ROUNDS {
            let a = Asynchron::new().unwrap();
            let (counter, waker) = Counter::new();
            let mut wait = a.clone().into_future();
            assert!(poll_with(Pin::new(&mut wait), &waker).is_pending());
            send.send(a).unwrap();
            barrier.wait();
            for _ in 0..round % 64 {
                std::hint::spin_loop();
            }
            drop(wait);
            drop(waker);
            eventually(|| Arc::strong_count(&counter) == 1);
        }
        drop(send);
    });
    assert_eq!(drops.count(), ROUNDS);
}

#[test]
fn a_waker_may_be_replaced_while_it_completes() {
    let _limit = limit();
    let barrier = Barrier::new(2);
    let (send, receive) = std::sync::mpsc::channel::<Asynchron>();
    thread::scope(|scope| {
        scope.spawn(|| {
            for a in receive {
                barrier.wait();
                a.set(5u64).unwrap();
            }
        });
        for _ in 0..2000 {
            let a = Asynchron::new().unwrap();
            let ((_old, old_waker), (new, new_waker)) = (Counter::new(), Counter::new());
            let mut wait = pin!((&a).into_future());
            assert!(poll_with(wait.as_mut(), &old_waker).is_pending());
            send.send(a.clone()).unwrap();
            barrier.wait();
            // Either this poll sees the value, or the new waker is told of it.
            if poll_with(wait.as_mut(), &new_waker).is_pending() {
                eventually(|| new.woken() == 1);
                assert!(poll_with(wait.as_mut(), &new_waker).is_ready());
            }
        }
        drop(send);
    });
}

/// A waker that completes an asynchron when it is cloned: between the looks that a poll takes.
mod meddler {
    use super::*;
    use std::task::{RawWaker, RawWakerVTable};

    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, |_| {}, |_| {}, |_| {});

    unsafe fn clone(data: *const ()) -> RawWaker {
        // SAFETY: it is of `of`, whose asynchron is held for longer.
        let _ = unsafe { &*data.cast::<Asynchron>() }.set(5u64);
        RawWaker::new(data, &TABLE)
    }

    /// To be dropped before `a` is.
    pub fn of(a: &Asynchron) -> Waker {
        // SAFETY: the functions do nothing but what is above.
        unsafe { Waker::new((&raw const *a).cast(), &TABLE) }
    }
}

#[test]
fn what_completes_while_the_waker_is_replaced_is_seen() {
    let a = Asynchron::new().unwrap();
    let (old, old_waker) = Counter::new();
    let mut wait = pin!((&a).into_future());
    assert!(poll_with(wait.as_mut(), &old_waker).is_pending());
    let waker = meddler::of(&a);
    assert!(poll_with(wait.as_mut(), &waker).is_ready(), "the new waker is never woken");
    assert_eq!(old.woken(), 1);
    // The same for the first waker.
    let a = Asynchron::new().unwrap();
    let mut wait = pin!((&a).into_future());
    assert!(poll_with(wait.as_mut(), &meddler::of(&a)).is_ready());
}

#[test]
fn a_branch_of_select_that_loses_can_be_awaited_again() {
    let _limit = limit();
    tokio_run(async {
        let (slow, fast) = (Asynchron::new().unwrap(), Asynchron::new().unwrap());
        later(&fast, 1);
        let mut wait = (&slow).into_future();
        tokio::select! {
            _ = &mut wait => panic!("it is not complete"),
            value = &fast => assert_eq!(value.unwrap().number::<u64>(), Ok(1)),
        }
        tokio::select! {
            _ = &slow => panic!("it is not complete"),
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
        }
        later(&slow, 2);
        assert_eq!(wait.await.unwrap().number::<u64>(), Ok(2));
        assert_eq!((&slow).await.unwrap().number::<u64>(), Ok(2));
    });
}

#[test]
fn ten_thousand_are_awaited_at_once_and_completed_by_threads_of_c() {
    let _limit = limit();
    const N: usize = 10_000;
    let handles: Vec<_> = (0..N).map(|_| Asynchron::new().unwrap()).collect();
    let sum = tokio_run(async {
        let tasks: Vec<_> = handles
            .iter()
            .map(|a| {
                let a = a.clone();
                tokio::spawn(async move { a.await.unwrap().value().number::<u64>().unwrap() })
            })
            .collect();
        let at: Vec<_> = handles.iter().map(Asynchron::as_raw).collect();
        // SAFETY: the handles are held until the threads have ended, as the helper promises for its return.
        assert_eq!(unsafe { (common::c::helper().complete)(at.as_ptr(), N, 4) }, 1);
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        sum
    });
    assert_eq!(sum, (0..N as u64).sum());
}

#[test]
fn awaiting_starts_a_function_on_demand_elsewhere() {
    let _limit = limit();
    let here = thread::current().id();
    let a = Asynchron::options()
        .on_demand(move |_| u64::from(thread::current().id() != here))
        .create()
        .unwrap();
    assert_eq!(smol::block_on((&a).into_future()).unwrap().number::<u64>(), Ok(1));
}

#[test]
fn a_task_may_await_while_others_of_its_thread_go_on() {
    let _limit = limit();
    // One thread for both: the second can only complete the first if awaiting does not block.
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let a = Asynchron::new().unwrap();
        let producer = a.clone();
        let task = tokio::spawn(async move { producer.set(5u64) });
        assert_eq!((&a).await.unwrap().number::<u64>(), Ok(5));
        task.await.unwrap().unwrap();
    });
}

#[test]
fn a_future_of_a_broken_promise_fails() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    let promise = a.promise().unwrap();
    thread::spawn(move || drop(promise));
    let Err(Error::Failed(why)) = smol::block_on(a.into_future()) else { panic!() };
    assert!(why.is_broken());
}

#[test]
fn a_waker_that_panics_does_not_unwind_into_c() {
    struct Bad;
    impl std::task::Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("a bad waker");
        }
    }
    let a = Asynchron::new().unwrap();
    let mut wait = pin!((&a).into_future());
    assert!(poll_with(wait.as_mut(), &Arc::new(Bad).into()).is_pending());
    a.set(5u64).unwrap();
    assert!(poll_with(wait.as_mut(), Waker::noop()).is_ready());
}

#[test]
fn futures_can_go_to_other_threads() {
    fn sendable<T: Send + Sync>(_: &T) {}
    let a = Asynchron::new().unwrap();
    sendable(&(&a).into_future());
    sendable(&a.clone().into_future());
    sendable(&a);
}
