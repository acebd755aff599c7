//! Linux: futex, eventfd, CLOCK_MONOTONIC.

use std::ptr;
use std::sync::atomic::AtomicU32;

use super::TimeLimit;
use super::cancel::uncancelled;
use super::fork::Process;
use super::wakeup;

const NANOS_PER_SEC: u64 = 1_000_000_000;

/// Monotonic nanoseconds, on the clock that futex deadlines are measured by.
///
/// Apart, as all that a wait without a limit does not need: after a switch of threads the processor
/// fetches its code anew, line by line.
#[cold]
#[inline(never)]
pub(crate) fn now() -> u64 {
    let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `at` is a live timespec for the call to fill.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut at) };
    // The clock counts from boot: its seconds are positive and far below 2^34.
    (at.tv_sec as u64).wrapping_mul(NANOS_PER_SEC).wrapping_add(at.tv_nsec as u64)
}

/// Sleeps while `*word == expected`, until a [`wake`] whose mask shares a bit with `mask`, or the
/// time limit. May return early: the caller looks again.
#[inline]
pub(crate) fn wait(word: &AtomicU32, expected: u32, mask: u32, limit: TimeLimit) {
    let asks = wakeup::begin(word);
    match limit {
        None => futex_wait(word, expected, mask, None),
        Some(at) => wait_until(word, expected, mask, at),
    }
    if asks {
        wakeup::end();
    }
}

#[cold]
#[inline(never)]
fn wait_until(word: &AtomicU32, expected: u32, mask: u32, at: u64) {
    let at = libc::timespec {
        tv_sec: (at / NANOS_PER_SEC).try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: (at % NANOS_PER_SEC) as _,
    };
    futex_wait(word, expected, mask, Some(&at));
}

#[inline]
fn futex_wait(word: &AtomicU32, expected: u32, mask: u32, at: Option<&libc::timespec>) {
    let at = at.map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word is live for the call, and the timespec is null or live.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
            expected,
            at,
            ptr::null::<u32>(),
            mask,
        );
    }
}

/// Wakes at most `count` of those that sleep on `word` with a bit of `mask`. Returns how many.
///
/// Takes an address and never looks behind it: the word may be gone already. A sleeper that has
/// since come to sleep there for another reason looks again and sleeps on.
pub(crate) fn wake(word: *const AtomicU32, mask: u32, count: i32) -> u32 {
    wakeup::wake(word);
    // SAFETY: a private `FUTEX_WAKE` uses the address as a key alone.
    let woken = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word,
            libc::FUTEX_WAKE_BITSET | libc::FUTEX_PRIVATE_FLAG,
            count,
            ptr::null::<libc::timespec>(),
            ptr::null::<u32>(),
            mask,
        )
    };
    u32::try_from(woken).unwrap_or(0)
}

/// A descriptor that is readable from `ring` to `silence`: an eventfd.
///
/// A child of a fork shares it with its parent, and must leave it alone. Nor is it closed there: the
/// program may have closed the number, and another descriptor may have it by now, which cannot be told.
pub(crate) struct Bell {
    fd: libc::c_int,
    process: Process,
}

impl Bell {
    /// `None`: no descriptor can be had.
    pub(crate) fn new() -> Option<Self> {
        let process = Process::this()?;
        // SAFETY: a plain system call without pointers.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        (fd >= 0).then_some(Self { fd, process })
    }

    /// Whether this process made it, and not one that it was forked from.
    pub(crate) fn is_ours(&self) -> bool {
        self.process.is_this()
    }

    pub(crate) fn fd(&self) -> libc::c_int {
        self.fd
    }

    // Bare system calls: libc's own are cancellation points, and a thread must not end under a lock. (These two
    // order nothing that the lock does not.)

    pub(crate) fn ring(&self) {
        let one = 1_u64;
        // SAFETY: writes the eight bytes of `one`. It cannot fail: the counter never comes near 2^64.
        unsafe { libc::syscall(libc::SYS_write, self.fd, &raw const one, size_of::<u64>()) };
    }

    /// While it rings: whoever watches for a change sees one, and it is readable all the time.
    pub(crate) fn ring_again(&self) {
        self.ring();
    }

    /// Never waits, also if somebody who has a copy of the descriptor had all of them block, as Go's `File.Fd` does.
    pub(crate) fn silence(&self) {
        let mut count = 0_u64;
        let into = libc::iovec { iov_base: (&raw mut count).cast(), iov_len: size_of::<u64>() };
        let (here, no_wait) = (-1_isize, libc::RWF_NOWAIT);
        // SAFETY: reads into the eight bytes of `count`, which resets the counter.
        let read = unsafe {
            libc::syscall(libc::SYS_preadv2, self.fd, &raw const into, 1, here, here, no_wait)
        };
        // Linux before 5.8 does not know that of an eventfd.
        if read < 0 && sys_error() != libc::EAGAIN && is_readable(self.fd) {
            // SAFETY: reads into the eight bytes of `count`.
            unsafe { libc::syscall(libc::SYS_read, self.fd, &raw mut count, size_of::<u64>()) };
        }
    }
}

fn sys_error() -> libc::c_int {
    // SAFETY: a plain query.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: it is this thread's.
    unsafe { *errno }
}

fn is_readable(fd: libc::c_int) -> bool {
    let mut watched = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let none: *const libc::sigset_t = std::ptr::null();
    // SAFETY: reads and writes the one entry; the time is there, and there is no mask.
    unsafe { libc::syscall(libc::SYS_ppoll, &raw mut watched, 1, &raw const at_once, none, 0) == 1 }
}

impl Drop for Bell {
    fn drop(&mut self) {
        if self.is_ours() {
            // A copy of the descriptor, as a child of a fork has, would be readable for ever.
            self.silence();
            // By libc's function, so that a race detector learns of it: the next descriptor may have the same number.
            // SAFETY: the descriptor is ours and is not used again.
            uncancelled(|| unsafe { libc::close(self.fd) });
        }
    }
}
