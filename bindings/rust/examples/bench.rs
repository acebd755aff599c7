//! What a value costs that is set by one thread and taken by another, beside tokio's oneshot, in one run.
//!
//!     cargo run --release --example bench             about half a minute
//!     cargo run --release --example bench -- --smoke  a moment: whether it works

use std::env;
use std::future::Future;
use std::hint::black_box;
use std::time::{Duration, Instant};

use asynchron_c::Asynchron;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// How many are awaited at once.
const OPEN: usize = 1000;

fn here_asynchron(n: u64) {
    for number in 0..n {
        let a = Asynchron::new().unwrap();
        a.set(number).unwrap();
        black_box(a.get().unwrap().number::<u64>().unwrap());
    }
}

fn here_oneshot(n: u64) {
    for number in 0..n {
        let (send, mut receive) = oneshot::channel();
        send.send(number).unwrap();
        black_box(receive.try_recv().unwrap());
    }
}

/// Has `await_one` await `n` values, OPEN at a time, that a thread outside of the runtime sets.
fn elsewhere<S, F>(runtime: &Runtime, n: u64, make: impl Fn() -> (S, F), set: fn(S, u64))
where
    S: Send + 'static,
    F: Future<Output = u64> + Send + 'static,
{
    let (send, receive) = std::sync::mpsc::channel::<Vec<S>>();
    let producer = std::thread::spawn(move || {
        for senders in receive {
            (0..).zip(senders).for_each(|(number, sender)| set(sender, number));
        }
    });
    runtime.block_on(async {
        for _ in 0..n / OPEN as u64 {
            let (senders, futures): (Vec<_>, Vec<_>) = (0..OPEN).map(|_| make()).unzip();
            let tasks: Vec<_> = futures.into_iter().map(|f| tokio::spawn(f)).collect();
            send.send(senders).unwrap();
            let mut sum = 0;
            for task in tasks {
                sum += task.await.unwrap();
            }
            assert_eq!(sum, (0..OPEN as u64).sum());
        }
    });
    drop(send);
    producer.join().unwrap();
}

fn pair_asynchron() -> (Asynchron, impl Future<Output = u64> + Send + 'static) {
    let a = Asynchron::new().unwrap();
    (a.clone(), async move { a.await.unwrap().value().number::<u64>().unwrap() })
}

fn pair_oneshot() -> (oneshot::Sender<u64>, impl Future<Output = u64> + Send + 'static) {
    let (send, receive) = oneshot::channel();
    (send, async move { receive.await.unwrap() })
}

/// What a binding does that knows no better: a thread for each wait.
fn naive(runtime: &Runtime, n: u64) {
    let make = || {
        let a = Asynchron::new().unwrap();
        let waits = a.clone();
        let task =
            tokio::task::spawn_blocking(move || waits.get().unwrap().number::<u64>().unwrap());
        (a, async move { task.await.unwrap() })
    };
    elsewhere(runtime, n, make, |a, number| a.set(number).unwrap());
}

fn time(code: impl FnOnce()) -> Duration {
    let start = Instant::now();
    code();
    start.elapsed()
}

/// The median of five rounds of each, in turn.
fn compare(what: &str, n: u64, ours: impl Fn(u64), theirs: impl Fn(u64)) {
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        our_times.push(time(|| ours(n)));
        their_times.push(time(|| theirs(n)));
    }
    our_times.sort();
    their_times.sort();
    let each = |times: &[Duration]| times[2].as_nanos() as f64 / n as f64;
    let (ours, theirs) = (each(&our_times), each(&their_times));
    println!("{what:36} {ours:8.0} ns {theirs:8.0} ns    {:.2}", ours / theirs);
}

fn main() {
    let smoke = env::args().any(|argument| argument == "--smoke");
    let (many, some) = if smoke { (10_000, 2_000) } else { (5_000_000, 500_000) };
    println!("{:36} {:>11} {:>11}    ratio", "each", "asynchron", "oneshot");
    compare("create, set, get on one thread", many, here_asynchron, here_oneshot);
    let runtime =
        Builder::new_multi_thread().worker_threads(1).max_blocking_threads(OPEN).build().unwrap();
    compare(
        "awaited, set by another thread",
        some,
        |n| elsewhere(&runtime, n, pair_asynchron, |a, number| a.set(number).unwrap()),
        |n| elsewhere(&runtime, n, pair_oneshot, |s, number| s.send(number).unwrap()),
    );
    let ours = |n| elsewhere(&runtime, n, pair_asynchron, |a, number| a.set(number).unwrap());
    println!("{:36} {:>11} {:>11}", "", "await", "threads");
    compare("1,000 open waits, beside a thread each", some / 10, ours, |n| naive(&runtime, n));
}
