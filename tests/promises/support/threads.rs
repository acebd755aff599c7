//! Threads of the tests: time limits, gates, and threads known to be asleep.

use super::*;
use std::sync::{Condvar, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Runs `body` in a thread; fails the test when it takes longer. The stuck thread is left behind.
pub fn within<T: Send + 'static>(seconds: u64, body: impl FnOnce() -> T + Send + 'static) -> T {
    within_stack(seconds, 2 << 20, body)
}

/// The same with a stack of so many bytes.
pub fn within_stack<T: Send + 'static>(
    seconds: u64,
    stack: usize,
    body: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, result) = mpsc::channel();
    let name = thread::current().name().unwrap_or("test").to_owned();
    let thread = thread::Builder::new().name(name).stack_size(stack);
    let thread = thread.spawn(move || done.send(body())).unwrap();
    match result.recv_timeout(Duration::from_secs(seconds)) {
        Ok(value) => value,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("hangs: not done after {seconds} s"),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}

/// Closed until opened; then open for good.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn new() -> Self {
        Gate::default()
    }

    pub fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub fn pass(&self) {
        let guard = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(guard, |open| !*open).unwrap());
    }

    pub fn is_open(&self) -> bool {
        *self.0.0.lock().unwrap()
    }
}

/// Waits until `condition` holds. The limit is that of the test around it.
pub fn until(condition: impl Fn() -> bool) {
    let mut spins = 0u32;
    while !condition() {
        spins += 1;
        if spins < 100 { thread::yield_now() } else { thread::sleep(Duration::from_micros(200)) }
    }
}

/// A thread that does one thing, which is expected to block.
pub struct Waiter<T> {
    thread: JoinHandle<T>,
    tid: Arc<AtomicUsize>,
}

/// Starts a thread whose sleep can be observed.
pub fn start<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> Waiter<T> {
    let tid = Arc::new(AtomicUsize::new(0));
    let mine = tid.clone();
    let thread = thread::spawn(move || {
        mine.store(unsafe { libc::gettid() } as usize, SeqCst);
        body()
    });
    Waiter { thread, tid }
}

impl<T> Waiter<T> {
    /// Returns once the thread sleeps inside what it was started for. There is nothing else in it that sleeps.
    pub fn asleep(self) -> Self {
        until(|| self.tid.load(SeqCst) != 0 && (self.thread.is_finished() || self.sleeps()));
        assert!(!self.thread.is_finished(), "it returned where it should have blocked");
        self
    }

    pub fn has_begun(&self) -> bool {
        self.tid.load(SeqCst) != 0
    }

    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    fn sleeps(&self) -> bool {
        // "tid (name) S ...": the state follows the last parenthesis. Twice, as one look may catch a short lock.
        let state = || {
            let path = format!("/proc/self/task/{}/stat", self.tid.load(SeqCst));
            let stat = std::fs::read_to_string(path).unwrap_or_default();
            stat.rsplit(')').next().and_then(|s| s.trim().chars().next())
        };
        let asleep = |c: Option<char>| c == Some('S');
        asleep(state()) && {
            thread::sleep(Duration::from_millis(2));
            asleep(state())
        }
    }

    /// How often it has gone to sleep so far.
    pub fn naps(&self) -> u64 {
        let path = format!("/proc/self/task/{}/status", self.tid.load(SeqCst));
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        line.unwrap().trim().parse().unwrap()
    }

    pub fn join(self) -> T {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Asserts that `f` takes at least so many nanoseconds, and not minutes.
pub fn takes_at_least<T>(nanoseconds: u64, f: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let value = f();
    let took = begin.elapsed();
    assert!(took >= Duration::from_nanos(nanoseconds), "took only {took:?}");
    assert!(took < Duration::from_secs(60), "took {took:?}");
    value
}

/// From here on this process can start no thread: the limit of a user who is not root.
pub fn forbid_threads() {
    unsafe {
        if libc::getuid() == 0 {
            // Root is bound by no such limit; the user nobody is.
            assert_eq!(libc::setgid(65_534), 0);
            assert_eq!(libc::setuid(65_534), 0);
        }
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        assert_eq!(libc::getrlimit(libc::RLIMIT_NPROC, &mut limit), 0);
        limit.rlim_cur = 0;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NPROC, &limit), 0);
    }
    assert!(thread::Builder::new().spawn(|| ()).is_err(), "this test needs the limit to work");
}

pub fn allow_threads() {
    unsafe {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        assert_eq!(libc::getrlimit(libc::RLIMIT_NPROC, &mut limit), 0);
        limit.rlim_cur = limit.rlim_max;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NPROC, &limit), 0);
    }
}
