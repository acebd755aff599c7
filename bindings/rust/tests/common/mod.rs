//! What the tests have in common.

#![allow(dead_code)]

pub mod c;

use std::panic::Location;
use std::process::abort;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::task::{Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

/// Far more than a test needs on a busy machine.
pub const LONG: Duration = Duration::from_secs(60);

/// A test that holds it for longer than that hangs, and ends the program.
#[must_use]
#[track_caller]
pub fn limit() -> Sender<()> {
    let place = *Location::caller();
    let (keep, gone) = channel();
    thread::spawn(move || {
        if gone.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
            eprintln!("the test at {place} hangs");
            abort();
        }
    });
    keep
}

/// Waits for what another thread does after it delivered.
#[track_caller]
pub fn eventually(mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONG, "it never holds");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Counts how often it is dropped.
#[derive(Debug, Clone, Default)]
pub struct Drops(Arc<AtomicUsize>);

impl Drops {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    pub fn witness(&self) -> Witness {
        Witness(self.0.clone())
    }
}

/// Is counted when it is dropped.
#[derive(Debug)]
pub struct Witness(Arc<AtomicUsize>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waker that counts.
#[derive(Default)]
pub struct Counter(AtomicUsize);

impl Counter {
    pub fn new() -> (Arc<Counter>, Waker) {
        let counter = Arc::new(Counter::default());
        (counter.clone(), counter.into())
    }

    pub fn woken(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
