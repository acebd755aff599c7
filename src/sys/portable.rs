//! Every system but Linux: parking in a fixed table of the standard library's locks, a pipe to poll.
//!
//! Not parking_lot's: its own table grows with the threads, and ends the program when memory runs
//! out.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::Deadline;
#[cfg(unix)]
use super::fork::Process;

/// Monotonic nanoseconds since the library was first asked.
pub(crate) fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = START.get_or_init(Instant::now);
    // An offset, so that no deadline of a real clock is 0.
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
}

struct Bucket {
    lock: Mutex<()>,
    changed: Condvar,
}

const BUCKETS: usize = 64;

/// Words share a bucket by their address. A wake-up meant for a neighbour is an early return.
static TABLE: [Bucket; BUCKETS] =
    [const { Bucket { lock: Mutex::new(()), changed: Condvar::new() } }; BUCKETS];

impl Bucket {
    fn lock(&self) -> MutexGuard<'_, ()> {
        // Nothing panics under it, and there is nothing in it to be left half done.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::indexing_slicing, reason = "a remainder of BUCKETS is less than that")]
fn bucket(word: *const AtomicU32) -> &'static Bucket {
    // The low bits of an address are its alignment; a multiplicative hash spreads the rest.
    let hash = (word.addr() >> 2).wrapping_mul(0x9E37_79B9) >> 10;
    &TABLE[hash % BUCKETS]
}

/// Sleeps while `*word == expected`, until a [`wake`] or the deadline. May return early: the
/// caller looks again.
pub(crate) fn wait(word: &AtomicU32, expected: u32, _mask: u32, deadline: Deadline) {
    let bucket = bucket(word);
    let guard = bucket.lock();
    // ORDERING: the waker changes the word before it takes this lock, so either its change is
    // seen here, or its notify comes after this thread sleeps. The caller reads it again.
    if word.load(Ordering::Relaxed) != expected {
        return;
    }
    uncancelled(|| match deadline {
        None => drop(bucket.changed.wait(guard)),
        Some(at) => {
            let left = Duration::from_nanos(at.saturating_sub(now()));
            drop(bucket.changed.wait_timeout(guard, left));
        }
    });
}

/// Wakes all that sleep on `word`, and its neighbours in the bucket: the count and the mask are
/// what Linux can honour. Never looks behind the address: the word may be gone already.
pub(crate) fn wake(word: *const AtomicU32, _mask: u32, _count: i32) {
    let bucket = bucket(word);
    drop(bucket.lock());
    bucket.changed.notify_all();
}

/// Runs what is a cancellation point of the system's: there a thread that is being cancelled would end, and leave a
/// lock behind that it holds.
#[cfg(all(unix, not(target_os = "android")))]
fn uncancelled<R>(call: impl FnOnce() -> R) -> R {
    // Not declared for all systems by the crate.
    unsafe extern "C" {
        fn pthread_setcancelstate(state: libc::c_int, old: *mut libc::c_int) -> libc::c_int;
    }
    const DISABLE: libc::c_int = if cfg!(target_vendor = "apple") { 0 } else { 1 };

    let mut before = 0;
    // SAFETY: writes what the state was.
    unsafe { pthread_setcancelstate(DISABLE, &mut before) };
    let returned = call();
    // SAFETY: as above.
    unsafe { pthread_setcancelstate(before, &mut 0) };
    returned
}

/// No thread can be cancelled here.
#[cfg(any(not(unix), target_os = "android"))]
fn uncancelled<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// A descriptor that is readable from `ring` to `silence`: a pipe with a byte in it.
///
/// A child of a fork shares it with its parent, and must leave it alone. Nor is it closed there: the
/// program may have closed the numbers, and other descriptors may have them by now.
#[cfg(unix)]
pub(crate) struct Bell {
    read: libc::c_int,
    write: libc::c_int,
    process: Process,
}

#[cfg(unix)]
impl Bell {
    /// `None`: no descriptor can be had.
    pub(crate) fn new() -> Option<Self> {
        let process = Process::this()?;
        let mut ends = [-1; 2];
        // SAFETY: `ends` has room for the two descriptors.
        if unsafe { libc::pipe(ends.as_mut_ptr()) } != 0 {
            return None;
        }
        let [read, write] = ends;
        for fd in ends {
            // SAFETY: the descriptor was opened above and is ours.
            unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
            // SAFETY: as above.
            unsafe { libc::fcntl(fd, libc::F_SETFL, libc::O_NONBLOCK) };
        }
        Some(Self { read, write, process })
    }

    /// Whether this process made it, and not one that it was forked from.
    pub(crate) fn is_ours(&self) -> bool {
        self.process.is_this()
    }

    pub(crate) fn fd(&self) -> libc::c_int {
        self.read
    }

    pub(crate) fn ring(&self) {
        // SAFETY: writes one byte of a live constant; the pipe is empty and has room.
        uncancelled(|| unsafe { libc::write(self.write, [1_u8].as_ptr().cast(), 1) });
    }

    pub(crate) fn silence(&self) {
        // There is one byte, unless another process wrote more.
        let mut bytes = [0_u8; 64];
        // SAFETY: reads into the bytes, at most all of them.
        uncancelled(|| unsafe { libc::read(self.read, bytes.as_mut_ptr().cast(), bytes.len()) });
    }
}

#[cfg(unix)]
impl Drop for Bell {
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        // SAFETY: the descriptors are ours and are not used again.
        uncancelled(|| unsafe { libc::close(self.read) });
        // SAFETY: as above.
        uncancelled(|| unsafe { libc::close(self.write) });
    }
}

/// There is no descriptor to poll here.
#[cfg(not(unix))]
pub(crate) enum Bell {}

#[cfg(not(unix))]
impl Bell {
    pub(crate) fn new() -> Option<Self> {
        None
    }

    pub(crate) fn is_ours(&self) -> bool {
        match *self {}
    }

    pub(crate) fn fd(&self) -> libc::c_int {
        match *self {}
    }

    pub(crate) fn ring(&self) {
        match *self {}
    }

    pub(crate) fn silence(&self) {
        match *self {}
    }
}
