//! The workloads over one-shot channels that block, for whichever crate has them: see one.h.

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use crate::{
    Batches, Far, both, heap, meet, processor_time, race, result, share, this_thread, timed,
    work_for,
};

pub trait Channel: 'static {
    type Sender<T: Send>: Send;
    type Receiver<T: Send>: Send;

    fn pair<T: Send>() -> (Self::Sender<T>, Self::Receiver<T>);
    fn send<T: Send>(sender: Self::Sender<T>, value: T);
    fn receive<T: Send>(receiver: Self::Receiver<T>) -> T;
}

fn lifecycles<C: Channel>(ops: usize) {
    for i in 0..ops {
        let (sender, receiver) = black_box(C::pair());
        C::send(sender, i);
        assert_eq!(C::receive(receiver), i, "value");
    }
}

fn lifecycles64<C: Channel>(ops: usize) {
    for i in 0..ops {
        let (sender, receiver) = black_box(C::pair());
        C::send(sender, [i, 0, 0, 0, 0, 0, 0, i]);
        let got: [usize; 8] = C::receive(receiver);
        assert!(got[0] == i && got[7] == i, "values");
    }
}

pub fn lifecycle<C: Channel>(effort: f64) {
    result("lifecycle", timed(effort, 10_000, lifecycles::<C>));
}

pub fn lifecycle64<C: Channel>(effort: f64) {
    result("lifecycle64", timed(effort, 10_000, lifecycles64::<C>));
}

/// The memory for the value is in what is created anyhow.
pub fn reserve64<C: Channel>(effort: f64) {
    result("reserve64", timed(effort, 10_000, lifecycles64::<C>));
}

/// Exactly EFFORT times: the runner counts the instructions of two such runs.
pub fn counted<C: Channel>(effort: f64) {
    lifecycles::<C>(effort as usize);
    result("counted", effort);
}

pub fn contended<C: Channel>(effort: f64) {
    let here = AtomicUsize::new(0);
    let far = Mutex::new(0.0);
    let contender = || {
        meet(&here, 2);
        timed(effort, 10_000, lifecycles::<C>)
    };
    let near = both(2, contender, || *far.lock().expect("alone") = contender());
    result("contended", (near + *far.lock().expect("alone")) / 2.0);
}

struct Mail<C: Channel> {
    n: usize,
    /// By which the other side answers; none ends.
    next: Option<C::Sender<Mail<C>>>,
}

const HOPS: usize = 1000;
/// By then a thread that waits is asleep.
const REST: Duration = Duration::from_millis(1);

/// What is done before each answer, and whether the far side is to fall asleep before each batch.
#[derive(Clone, Copy)]
struct Handoff {
    work: Duration,
    cold: bool,
}

impl Handoff {
    /// Nanoseconds a hop, processor time of both threads, and nanoseconds a hop of the first batch.
    fn near_side<C: Channel>(
        self,
        effort: f64,
        first: C::Sender<Mail<C>>,
        far: &Far,
    ) -> (f64, f64, f64) {
        let (mut batches, mut processor) = (Batches::new(effort), Batches::new(effort));
        let (mut n, mut to) = (0, first);
        let far = far.wait();
        while batches.more() {
            if self.cold {
                std::thread::sleep(REST);
            }
            let used = processor_time(this_thread()) + processor_time(far);
            let begun = Instant::now();
            for _ in 0..HOPS / 2 {
                let (sender, receiver) = C::pair();
                work_for(self.work);
                C::send(to, Mail { n, next: Some(sender) });
                let answer = C::receive(receiver);
                assert_eq!(answer.n, n + 1, "answer");
                to = answer.next.expect("a way to answer");
                n += 2;
            }
            batches.add(begun, HOPS);
            let used = processor_time(this_thread()) + processor_time(far) - used;
            processor.add_time(used, HOPS);
        }
        C::send(to, Mail { n, next: None });
        let first = batches.first.unwrap_or_default();
        (batches.median(), processor.median(), first)
    }

    fn far_side<C: Channel>(self, first: C::Receiver<Mail<C>>, far: &Far) {
        far.set(this_thread());
        let mut receiver = first;
        for n in (0..).step_by(2) {
            let question = C::receive(receiver);
            assert_eq!(question.n, n, "question");
            let Some(to) = question.next else {
                return;
            };
            let (sender, next) = C::pair();
            work_for(self.work);
            C::send(to, Mail { n: n + 1, next: Some(sender) });
            receiver = next;
        }
    }

    fn run<C: Channel>(self, effort: f64, places: usize) -> (f64, f64, f64) {
        let (sender, receiver) = C::pair();
        let far = Far::new();
        both(
            places,
            || self.near_side::<C>(effort, sender, &far),
            || self.far_side::<C>(receiver, &far),
        )
    }
}

pub fn handoff_1<C: Channel>(effort: f64) {
    let warm = Handoff { work: Duration::ZERO, cold: false };
    result("handoff@1", warm.run::<C>(effort, 1).0);
}

/// With so many microseconds of work before each answer.
pub fn handoff_2<C: Channel, const WORK: u64>(effort: f64) {
    let cold = Handoff { work: Duration::from_micros(WORK), cold: true };
    let (time, processor, first) = cold.run::<C>(effort, 2);
    result(&format!("handoff@2/{WORK}"), time);
    result(&format!("handoff@2/{WORK} processor"), processor);
    result(&format!("handoff@2/{WORK} first"), first);
}

/// Both ends count as the pointer to it.
pub fn memory<C: Channel>(effort: f64) {
    let n = share(effort, 1_000_000);
    let before = heap();
    let all: Vec<_> = (0..n).map(|_| C::pair::<usize>()).collect();
    result("memory", (heap() - before) / n as f64);
    for (i, (sender, receiver)) in all.into_iter().enumerate() {
        C::send(sender, i);
        assert_eq!(C::receive(receiver), i, "value");
    }
}

/// A thousand, completed by another thread while this one waits.
pub fn wait_all<C: Channel>(effort: f64) {
    const N: usize = 1000;
    let waiter = |give: &dyn Fn(Vec<C::Sender<usize>>)| {
        let mut batches = Batches::new(effort);
        while batches.more() {
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..N).map(|_| C::pair::<usize>()).unzip();
            give(senders);
            let begun = Instant::now();
            let got: Vec<usize> = receivers.into_iter().map(C::receive).collect();
            batches.add(begun, N);
            assert!(got.into_iter().eq(0..N), "values");
        }
        batches.median()
    };
    result("wait_all/1000", race(waiter, C::send));
}

/// The table of all of these, for a program's `main`.
#[macro_export]
macro_rules! workloads_over_channels {
    ($channel:ty, $($more:expr),*) => {
        [
            ("lifecycle", 1, $crate::channels::lifecycle::<$channel>),
            ("lifecycle64", 1, $crate::channels::lifecycle64::<$channel>),
            ("reserve64", 1, $crate::channels::reserve64::<$channel>),
            ("counted", 1, $crate::channels::counted::<$channel>),
            ("contended", 2, $crate::channels::contended::<$channel>),
            ("handoff@1", 1, $crate::channels::handoff_1::<$channel>),
            ("handoff@2/0", 2, $crate::channels::handoff_2::<$channel, 0>),
            ("handoff@2/1", 2, $crate::channels::handoff_2::<$channel, 1>),
            ("handoff@2/5", 2, $crate::channels::handoff_2::<$channel, 5>),
            ("handoff@2/20", 2, $crate::channels::handoff_2::<$channel, 20>),
            ("memory", 1, $crate::channels::memory::<$channel>),
            ("wait_all/1000", 2, $crate::channels::wait_all::<$channel>),
            $($more),*
        ]
    };
}
