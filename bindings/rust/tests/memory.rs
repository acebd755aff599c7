//! A million lifecycles leave memory as it was. Alone in its program, since it looks at the memory of all of it.

mod common;

use std::fs;
use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use asynchron_c::{Asynchron, Ending, Object, Promise, Stream};
use common::limit;

/// Bytes that the process has in memory.
fn resident() -> usize {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// What is left of each round would be 16 bytes at least.
fn flat(rounds: usize, round: impl Fn(u64)) {
    (0..rounds as u64 / 10).for_each(&round);
    let before = resident();
    (0..rounds as u64).for_each(&round);
    let grown = resident().saturating_sub(before);
    assert!(grown < rounds * 16, "{grown} bytes more after {rounds} rounds");
}

#[test]
#[cfg(target_os = "linux")]
fn a_million_lifecycles_leave_memory_flat() {
    let _limit = limit();
    flat(1_000_000, |number| {
        let a = Asynchron::new().unwrap();
        a.set(number).unwrap();
        assert_eq!(a.get().unwrap().number::<u64>(), Ok(number));
    });
    flat(100_000, |number| {
        let a = Asynchron::options().user_data(number).create().unwrap();
        let promise: Promise = a.promise().unwrap();
        promise.set(Object(number)).unwrap();
        drop(promise);
        assert_eq!(a.take::<u64>().unwrap(), number);
    });
    flat(100_000, |number| {
        let a = Asynchron::new().unwrap();
        let b = a.then(move |_, _| vec![0; 100 + number as usize % 10]).unwrap();
        drop(b.subscribe(Ending::ANY, None, move |_| assert_eq!(number, 0)).unwrap());
        a.set(()).unwrap();
        assert!(b.get().unwrap().bytes().len() >= 100);
    });
    let context = &mut Context::from_waker(Waker::noop());
    let context = std::sync::Mutex::new(context);
    flat(100_000, |number| {
        let a = Asynchron::new().unwrap();
        let mut context = context.lock().unwrap();
        let mut stream = Stream::new().unwrap();
        stream.add(&a, 0).unwrap();
        let mut waits = [pin!((&a).into_future()), pin!((&a).into_future())];
        assert!(waits.iter_mut().all(|wait| wait.as_mut().poll(&mut context).is_pending()));
        // One is dropped in the middle, the other is ready.
        let [kept, _] = &mut waits;
        a.set(number).unwrap();
        assert!(kept.as_mut().poll(&mut context).is_ready());
        assert!(matches!(stream.poll_next(&mut context), Poll::Ready(Some(_))));
    }); // What gives up on one that stays pending leaves nothing on it.
    let pending = Asynchron::new().unwrap();
    flat(200_000, |_| {
        let mut context = context.lock().unwrap();
        assert!(pin!((&pending).into_future()).poll(&mut context).is_pending());
        let mut stream = Stream::new().unwrap();
        stream.add(&pending, 0).unwrap();
        drop(pending.subscribe(Ending::ANY, None, |_| panic!("it was taken back")).unwrap());
    });
}
