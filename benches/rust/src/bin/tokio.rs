//! tokio's one-shot channels: those that block, and for completion order a task for each in a
//! JoinSet on a runtime of one thread.

use std::time::Instant;

use contestants::workloads_over_channels;
use contestants::{Batches, Random, Workload, bench, both, channels::Channel, race, result};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot::{self, Receiver, Sender};
use tokio::task::{JoinSet, yield_now};

struct Tokio;

impl Channel for Tokio {
    type Sender<T: Send> = Sender<T>;
    type Receiver<T: Send> = Receiver<T>;

    fn pair<T: Send>() -> (Self::Sender<T>, Self::Receiver<T>) {
        oneshot::channel()
    }

    fn send<T: Send>(sender: Self::Sender<T>, value: T) {
        sender.send(value).ok().expect("a receiver");
    }

    fn receive<T: Send>(receiver: Self::Receiver<T>) -> T {
        receiver.blocking_recv().expect("a value")
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

type Set = JoinSet<(usize, usize)>;

/// Adds one; the task begins to wait when the runtime first runs it.
fn add(set: &mut Set, at: usize) -> Sender<usize> {
    let (sender, receiver) = oneshot::channel();
    set.spawn(async move { (at, receiver.await.expect("a value")) });
    sender
}

/// Has all tasks begin to wait: each turn of the runtime runs a few dozen.
async fn begin(n: usize) {
    for _ in 0..=n / 32 {
        yield_now().await;
    }
}

async fn next(set: &mut Set) -> (usize, usize) {
    set.join_next().await.expect("one that is left").expect("no panic")
}

fn report(effort: f64, n: usize, name: &str) {
    let taker = |give: &dyn Fn(Vec<Sender<usize>>)| {
        let (mut takes, mut adds) = (Batches::new(effort), Batches::new(effort));
        while takes.more() {
            runtime().block_on(async {
                let mut set = Set::new();
                let begun = Instant::now();
                let mut senders: Vec<_> = (0..n).map(|at| add(&mut set, at)).collect();
                begin(n).await;
                adds.add(begun, n);
                Random(1).shuffle(&mut senders);
                give(senders);
                let begun = Instant::now();
                for i in 0..n {
                    assert_eq!(next(&mut set).await.1, i, "completion order");
                }
                takes.add(begun, n);
            });
        }
        (takes.median(), adds.median())
    };
    let (take, add) = race(taker, Tokio::send);
    result(name, take);
    result(&format!("{name} add"), add);
}

/// Tells the other thread to complete one, after it has put a new one in the place of the last.
struct Go {
    replaced: Option<(usize, Sender<usize>)>,
    next: Receiver<Go>,
}

fn completer(mut all: Vec<Option<Sender<usize>>>, first: Receiver<Go>) {
    let mut random = Random(1);
    let mut go = first;
    for i in 0.. {
        let Ok(Go { replaced, next }) = go.blocking_recv() else {
            return;
        };
        if let Some((at, sender)) = replaced {
            all[at] = Some(sender);
        }
        let at = random.below(all.len());
        Tokio::send(all[at].take().expect("a sender"), i);
        go = next;
    }
}

async fn taker(mut set: Set, first: Sender<Go>, effort: f64) -> f64 {
    const ROUNDS: usize = 100;
    let mut batches = Batches::new(effort);
    let (mut go, mut replaced) = (first, None);
    for i in (0..).step_by(ROUNDS) {
        if !batches.more() {
            break;
        }
        let begun = Instant::now();
        for i in i..i + ROUNDS {
            let (sender, receiver) = oneshot::channel();
            Tokio::send(go, Go { replaced, next: receiver });
            go = sender;
            let (at, value) = next(&mut set).await;
            assert_eq!(value, i, "the one that completed");
            replaced = Some((at, add(&mut set, at)));
        }
        batches.add(begun, ROUNDS);
    }
    batches.median()
}

fn any(effort: f64, n: usize, name: &str) {
    let (go, first) = oneshot::channel();
    let (give, take) = std::sync::mpsc::channel();
    let waiter = move || {
        runtime().block_on(async {
            let mut set = Set::new();
            let all = (0..n).map(|at| Some(add(&mut set, at))).collect();
            begin(n).await;
            give.send(all).expect("a completer");
            taker(set, go, effort).await
        })
    };
    let time = both(1, waiter, move || completer(take.recv().expect("senders"), first));
    result(name, time);
}

fn main() -> std::process::ExitCode {
    let all: &[Workload] = &workloads_over_channels!(
        Tokio,
        ("report/1000", 2, |effort| report(effort, 1000, "report/1000")),
        ("report/100000", 2, |effort| report(effort, 100_000, "report/100000")),
        ("report/1000000", 2, |effort| report(effort, 1_000_000, "report/1000000")),
        ("any/64", 1, |effort| any(effort, 64, "any/64")),
        ("any/1024", 1, |effort| any(effort, 1024, "any/1024"))
    );
    bench(all)
}
