//! What the contestants written in Rust share: the same as harness.h, which says what it is for.

use std::cell::Cell;
use std::hint::spin_loop;
use std::mem::{size_of, take, zeroed};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering::*};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

pub mod channels;

/// A workload: its name, the processors it runs on, and what it does, given the effort.
pub type Workload = (&'static str, usize, fn(f64));

pub fn result(name: &str, value: f64) {
    println!("{name} {value:.3}");
}

/// So many, or with less effort fewer.
pub fn share(effort: f64, n: usize) -> usize {
    (n as f64 * effort.clamp(0.01, 1.0)) as usize
}

/// Times of equal batches, of which the median counts. The first only warms up.
pub struct Batches {
    at: Vec<f64>,
    /// What the first one took.
    pub first: Option<f64>,
    until: Instant,
}

impl Batches {
    pub fn new(effort: f64) -> Self {
        let until = Instant::now() + Duration::from_secs_f64(effort / 10.0);
        Self { at: Vec::with_capacity(4096), first: None, until }
    }

    /// Whether to run one more: at least three, and for EFFORT tenths of a second.
    pub fn more(&self) -> bool {
        self.at.len() < 3 || (self.at.len() < 2048 && Instant::now() < self.until)
    }

    /// Adds a batch of `ops` that has just ended.
    pub fn add(&mut self, begun: Instant, ops: usize) {
        self.add_time(begun.elapsed().as_nanos() as f64, ops);
    }

    /// Adds a batch of `ops` that took so many nanoseconds.
    pub fn add_time(&mut self, took: f64, ops: usize) {
        let each = took / ops as f64;
        if self.first.is_some() {
            self.at.push(each);
        }
        self.first.get_or_insert(each);
    }

    pub fn median(mut self) -> f64 {
        self.at.sort_by(f64::total_cmp);
        self.at[self.at.len() / 2]
    }
}

/// Runs `work` in batches of `ops`; nanoseconds an operation.
pub fn timed(effort: f64, ops: usize, mut work: impl FnMut(usize)) -> f64 {
    let mut batches = Batches::new(effort);
    while batches.more() {
        let begun = Instant::now();
        work(ops);
        batches.add(begun, ops);
    }
    batches.median()
}

pub fn this_thread() -> libc::pthread_t {
    // SAFETY: only asks.
    unsafe { libc::pthread_self() }
}

/// What a thread that has not ended has used of a processor, in nanoseconds.
pub fn processor_time(thread: libc::pthread_t) -> f64 {
    // SAFETY: all zeroes is a time; the thread is there, and both calls write what they are given room for.
    unsafe {
        let (mut clock, mut time): (_, libc::timespec) = (0, zeroed());
        assert_eq!(libc::pthread_getcpuclockid(thread, &mut clock), 0);
        assert_eq!(libc::clock_gettime(clock, &mut time), 0);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    }
}

/// Keeps the processor busy for so long.
pub fn work_for(time: Duration) {
    if !time.is_zero() {
        let until = Instant::now() + time;
        while Instant::now() < until {}
    }
}

/// Which thread the far one is, once it has begun.
pub struct Far(OnceLock<libc::pthread_t>);

impl Far {
    pub fn new() -> Self {
        Self(OnceLock::new())
    }

    pub fn set(&self, thread: libc::pthread_t) {
        self.0.set(thread).expect("one far side");
    }

    pub fn wait(&self) -> libc::pthread_t {
        loop {
            match self.0.get() {
                Some(thread) => return *thread,
                None => std::thread::yield_now(),
            }
        }
    }
}

/// Bytes of the heap in use, malloc's own beside each block included.
pub fn heap() -> f64 {
    // SAFETY: only asks.
    let m = unsafe { libc::mallinfo2() };
    (m.uordblks + m.hblkhd) as f64
}

static CPUS: OnceLock<Vec<usize>> = OnceLock::new();

fn confine(cpus: &[usize]) {
    // SAFETY: all zeroes is an empty set, and the calls stay inside it.
    unsafe {
        let mut set: libc::cpu_set_t = zeroed();
        cpus.iter().for_each(|cpu| libc::CPU_SET(*cpu, &mut set));
        assert_eq!(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set), 0);
    }
}

/// Confines the process to its first processor (1) or to its first two (2).
fn place(many: usize) {
    // SAFETY: as above.
    let may: libc::cpu_set_t = unsafe {
        let mut set = zeroed();
        assert_eq!(libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set), 0);
        set
    };
    // SAFETY: as above.
    let allowed = |cpu: &usize| unsafe { libc::CPU_ISSET(*cpu, &may) };
    let cpus = (0..libc::CPU_SETSIZE as usize).filter(allowed).take(many);
    confine(CPUS.get_or_init(|| cpus.collect()));
}

/// Two threads, each on a processor of its own (`places` 2) or both on the first (1).
pub fn both<A: Send>(
    places: usize,
    first: impl FnOnce() -> A + Send,
    second: impl FnOnce() + Send,
) -> A {
    let cpus = CPUS.get().expect("placed");
    let cpu = |n: usize| cpus[n.min(places - 1).min(cpus.len() - 1)];
    std::thread::scope(|scope| {
        let one = scope.spawn(move || {
            confine(&[cpu(0)]);
            first()
        });
        scope.spawn(move || {
            confine(&[cpu(1)]);
            second()
        });
        one.join().expect("the first thread")
    })
}

/// Where threads on processors of their own wait for each other without sleeping.
pub fn meet(count: &AtomicUsize, until: usize) {
    count.fetch_add(1, AcqRel);
    while count.load(Acquire) < until {
        spin_loop();
    }
}

/// Two threads: `waiter` gives senders away, again and again, and waits; the other, which begins at
/// that moment, has `send` send each of them its number.
pub fn race<S: Send, A: Send>(
    waiter: impl FnOnce(&dyn Fn(Vec<S>)) -> A + Send,
    send: fn(S, usize),
) -> A {
    let met = AtomicUsize::new(0);
    let senders = Mutex::new(Vec::new());
    let give_away = || {
        let meeting = Cell::new(0);
        let give = |all| {
            *senders.lock().expect("no panic") = all;
            meeting.set(meeting.get() + 2);
            meet(&met, meeting.get());
        };
        let answer = waiter(&give);
        give(Vec::new());
        answer
    };
    let complete = || {
        for meeting in (2..).step_by(2) {
            meet(&met, meeting);
            let all = take(&mut *senders.lock().expect("no panic"));
            if all.is_empty() {
                return;
            }
            all.into_iter().enumerate().for_each(|(i, sender)| send(sender, i));
        }
    };
    both(2, give_away, complete)
}

/// Random numbers (xorshift), the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for i in (1..all.len()).rev() {
            all.swap(i, self.below(i + 1));
        }
    }
}

/// The program: see harness.h.
pub fn bench(all: &[Workload]) -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let Some(asked) = args.get(1) else {
        all.iter().for_each(|(name, ..)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    let Some((_, cpus, run)) = all.iter().find(|(name, ..)| name == asked) else {
        eprintln!("no such workload here: {asked}");
        return ExitCode::FAILURE;
    };
    place(*cpus);
    // malloc is cheaper while a process has but one thread: none has.
    std::thread::spawn(|| {
        loop {
            std::thread::park();
        }
    });
    run(args.get(2).map_or(1.0, |effort| effort.parse().expect("a number")));
    ExitCode::SUCCESS
}
