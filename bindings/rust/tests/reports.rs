//! Reports: on a thread, awaited, and in a program's own loop.

mod common;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use asynchron_c::{Asynchron, Error, Next, Report, Stream};
use common::{Counter, limit};
use tokio::io::unix::AsyncFd;
use tokio::runtime::Builder;

#[test]
fn items_come_in_the_order_of_completion_with_their_tags() {
    let _limit = limit();
    let (report, all) = (Report::new().unwrap(), [(); 3].map(|()| Asynchron::new().unwrap()));
    let tags = [0, 5, usize::MAX];
    for (a, tag) in all.iter().zip(tags) {
        report.add(a, tag).unwrap();
    }
    for which in [2, 0, 1] {
        all[which].set(()).unwrap();
    }
    let came: Vec<_> = report.iter().map(|item| item.tag).collect();
    assert_eq!(came, [usize::MAX, 0, 5]);
    assert_eq!(report.next_timeout(Duration::MAX), Next::End);
}

#[test]
fn a_report_is_shared_by_threads_that_each_get_some() {
    let _limit = limit();
    let report = Report::of(&[]).unwrap();
    let all: Vec<_> = (0..1000).map(|_| Asynchron::new().unwrap()).collect();
    all.iter().for_each(|a| report.add(a, 1).unwrap());
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let report = report.clone();
            thread::spawn(move || report.iter().count())
        })
        .collect();
    all.iter().for_each(|a| a.set(()).unwrap());
    assert_eq!(workers.into_iter().map(|w| w.join().unwrap()).sum::<usize>(), 1000);
}

#[test]
fn a_wake_ends_a_loop_which_can_go_on() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    let report = Report::of(std::slice::from_ref(&a)).unwrap();
    report.wake();
    assert_eq!(report.iter().count(), 0);
    assert_eq!(report.next_timeout(Duration::ZERO), Next::Timeout);
    a.set(5u8).unwrap();
    assert_eq!(report.iter().next().unwrap().asynchron, a);
}

#[test]
fn what_was_removed_does_not_come_and_a_closed_one_takes_nothing() {
    let _limit = limit();
    let (report, a) = (Report::new().unwrap(), Asynchron::new().unwrap());
    report.add(&a, 1).unwrap();
    assert_eq!((report.pending(), report.remove(&a), report.remove(&a)), (1, true, false));
    report.close();
    assert_eq!(report.add(&a, 1), Err(Error::Closed));
    assert_eq!(report.iter().count(), 0);
}

#[test]
fn a_stream_yields_what_other_threads_complete() {
    let _limit = limit();
    const N: usize = 1000;
    let all: Vec<_> = (0..N).map(|_| Asynchron::new().unwrap()).collect();
    let mut stream = Stream::new().unwrap();
    for (tag, a) in all.iter().enumerate() {
        stream.add(a, tag).unwrap();
    }
    let thread = thread::spawn(move || all.iter().for_each(|a| a.set(5u64).unwrap()));
    let tags = Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(async {
        let mut tags = Vec::new();
        while let Some(item) = stream.next().await {
            assert_eq!(item.asynchron.get().unwrap().number::<u64>(), Ok(5));
            tags.push(item.tag);
        }
        tags
    });
    thread.join().unwrap();
    assert_eq!(tags, (0..N).collect::<Vec<_>>());
}

#[test]
fn a_stream_wakes_the_task_that_polled_it_last() {
    let (a, b) = (Asynchron::new().unwrap(), Asynchron::new().unwrap());
    let ((old, old_waker), (new, new_waker)) = (Counter::new(), Counter::new());
    let mut stream = Stream::new().unwrap();
    stream.add(&a, 1).unwrap();
    stream.add(&b, 2).unwrap();
    for waker in [&old_waker, &new_waker] {
        assert!(stream.poll_next(&mut Context::from_waker(waker)).is_pending());
    }
    b.set(()).unwrap();
    assert_eq!((old.woken(), new.woken()), (0, 1));
    let context = &mut Context::from_waker(&new_waker);
    assert!(matches!(stream.poll_next(context), Poll::Ready(Some(item)) if item.tag == 2));
    assert!(stream.poll_next(context).is_pending());
    a.set(()).unwrap();
    assert_eq!((old.woken(), new.woken()), (0, 2));
}

#[test]
fn a_stream_that_has_ended_may_be_given_more() {
    let _limit = limit();
    smol::block_on(async {
        let (mut stream, a) = (Stream::new().unwrap(), Asynchron::new().unwrap());
        assert!(stream.next().await.is_none());
        a.set(()).unwrap();
        stream.add(&a, 3).unwrap();
        stream.add(&a, 4).unwrap();
        assert_eq!(stream.pending(), 2);
        assert_eq!(stream.next().await.unwrap().tag, 3);
        assert_eq!(stream.next().await.unwrap().tag, 4);
        assert!(stream.next().await.is_none());
    });
}

#[test]
fn a_stream_that_is_dropped_leaves_nothing_behind() {
    let a = Asynchron::new().unwrap();
    let (counter, waker) = Counter::new();
    let mut stream = Stream::new().unwrap();
    stream.add(&a, 0).unwrap();
    // A future of it may be dropped first.
    assert!(pin!(stream.next()).poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(stream.poll_next(&mut Context::from_waker(&waker)), Poll::Pending);
    drop((stream, waker));
    assert_eq!(Arc::strong_count(&counter), 1, "no waker is kept");
    assert!(!a.is_shared(), "no handle is kept");
    a.set(()).unwrap();
    assert_eq!(counter.woken(), 0);
}

#[test]
fn the_descriptor_tells_a_loop_of_completions() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    let report = Report::of(std::slice::from_ref(&a)).unwrap();
    let descriptor = report.descriptor().unwrap();
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        // SAFETY: it owns the descriptor, which stays the same, as long as it is registered.
        let watched = unsafe { AsyncFd::register(descriptor) }.unwrap();
        let producer = thread::spawn(move || a.set(5u8));
        let _ready = watched.readable().await.unwrap();
        assert!(matches!(report.next_timeout(Duration::ZERO), Next::Item(_)));
        producer.join().unwrap().unwrap();
    });
}

#[test]
fn a_descriptor_keeps_its_report() {
    let _limit = limit();
    let a = Asynchron::new().unwrap();
    let descriptor = Report::of(std::slice::from_ref(&a)).unwrap().descriptor().unwrap();
    let watched = smol::Async::new_nonblocking(descriptor).unwrap();
    smol::block_on(async {
        a.set(5u8).unwrap();
        watched.readable().await.unwrap();
        assert_eq!(watched.get_ref().report().iter().next().unwrap().asynchron, a);
    });
}
