//! Every system but Linux: parking in the table of parking_lot_core, a pipe to poll.
//!
//! In that table each sleeping thread has a place, which is found by the address of the word. Linux has futexes
//! instead, because of what the table cannot promise:
//!
//! - It allocates: for a thread's first sleep, which makes its place and may enlarge the table, and for the first
//!   wake-up, if there is no table yet. Where there is no memory, the program is aborted.
//! - A child of a fork gets a copy of the table, with places of threads that it does not have, and perhaps
//!   locked. It must neither sleep nor wake.
//! - A sleep must return. A thread that leaves it by longjmp(), or that ends in it, stays in the table.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use parking_lot_core::{DEFAULT_UNPARK_TOKEN, FilterOp, ParkToken, park, unpark_filter};

use super::TimeLimit;
use super::cancel::uncancelled;
#[cfg(unix)]
use super::fork::Process;
use super::wakeup;

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// Monotonic nanoseconds since the library was first asked.
pub(crate) fn now() -> u64 {
    // An offset, so that no time limit of a real clock is 0.
    u64::try_from(start().elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
}

/// The moment at which [`now`] is `at`. `None`: this clock does not get there.
fn moment(at: u64) -> Option<Instant> {
    start().checked_add(Duration::from_nanos(at.saturating_sub(1)))
}

/// The bits of a mask that are looked at: every mask has one of them.
const MASK: usize = 0xFF;

/// Beside the mask in the token of a place that is ours. A Rust program has one table for all that uses
/// parking_lot_core, and where a word of ours was there may be another's lock by the time it is woken.
const OURS: usize = u32::from_be_bytes(*b"ASY\0") as usize;

fn token(mask: u32) -> ParkToken {
    ParkToken(OURS | (mask as usize & MASK))
}

/// Sleeps while `*word == expected`, until a [`wake`] whose mask shares a bit with `mask`, or the
/// time limit. May return early: the caller looks again.
pub(crate) fn wait(word: &AtomicU32, expected: u32, mask: u32, limit: TimeLimit) {
    let until = limit.and_then(moment);
    // ORDERING: the waker changes the word before it locks the queue, under whose lock this runs. So either its
    // change is seen here, or it finds this thread in the queue. The caller reads the word again.
    let unchanged = || word.load(Ordering::Relaxed) == expected;
    let address = ptr::from_ref(word).addr();
    let asks = wakeup::begin(word);
    // SAFETY: the address is that of a word of ours, and what is called under the lock neither panics nor parks.
    uncancelled(|| unsafe { park(address, unchanged, || {}, |_, _| {}, token(mask), until) });
    if asks {
        wakeup::end();
    }
}

/// So many are woken at once without memory for a list of them.
const AT_ONCE: usize = 8;

/// Wakes at most `count` of those that sleep on `word` with a bit of `mask`, those first that came first.
/// Returns how many.
///
/// Takes an address and never looks behind it: the word may be gone already. A sleeper that has
/// since come to sleep there for another reason looks again and sleeps on.
pub(crate) fn wake(word: *const AtomicU32, mask: u32, count: i32) -> u32 {
    wakeup::wake(word);
    let all = usize::try_from(count).unwrap_or(0);
    let mut left = all;
    while left > 0 {
        let most = left.min(AT_ONCE);
        let woken = wake_some(word.addr(), mask, most);
        left = left.saturating_sub(woken);
        if woken < most {
            break;
        }
    }
    u32::try_from(all.saturating_sub(left)).unwrap_or(u32::MAX)
}

/// Returns how many it has woken.
fn wake_some(address: usize, mask: u32, most: usize) -> usize {
    let mut left = most;
    let choose = |ParkToken(found)| {
        if left == 0 {
            FilterOp::Stop
        } else if found & !MASK == OURS && found & token(mask).0 & MASK != 0 {
            left = left.saturating_sub(1);
            FilterOp::Unpark
        } else {
            FilterOp::Skip
        }
    };
    // SAFETY: the address is, or was, that of a word of ours, and only sleepers of ours are chosen. What is called
    // under the lock neither panics nor parks.
    unsafe { unpark_filter(address, choose, |_| DEFAULT_UNPARK_TOKEN) }.unparked_threads
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
            // SAFETY: the descriptor was opened above and is ours.
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

    /// While it rings: whoever watches for a change sees one, and it is readable all the time.
    pub(crate) fn ring_again(&self) {
        self.ring();
        // There are two bytes now. With one of them taken out, the pipe never fills up.
        let mut byte = 0_u8;
        // SAFETY: reads into the byte.
        uncancelled(|| unsafe { libc::read(self.read, (&raw mut byte).cast(), 1) });
    }

    /// Never waits, also if somebody who has a copy of the descriptor had all of them block.
    pub(crate) fn silence(&self) {
        let mut watched = libc::pollfd { fd: self.read, events: libc::POLLIN, revents: 0 };
        // SAFETY: reads and writes the one entry.
        if uncancelled(|| unsafe { libc::poll(&raw mut watched, 1, 0) }) != 1 {
            return;
        }
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
        // A copy of the descriptor, as a child of a fork has, would be readable for ever.
        self.silence();
        // SAFETY: the descriptors are ours and are not used again.
        uncancelled(|| unsafe { libc::close(self.read) });
        // SAFETY: the descriptor is ours and is not used again.
        uncancelled(|| unsafe { libc::close(self.write) });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use parking_lot_core::{ParkResult, UnparkToken, unpark_all};

    use super::*;

    /// Whatever locks of parking_lot keep there.
    #[test]
    fn a_sleeper_of_another_user_of_the_table_is_left_asleep() {
        static WORD: AtomicU32 = AtomicU32::new(0);
        let address = (&raw const WORD).addr();
        for theirs in [0, 1, 4, 8, 16, usize::MAX] {
            let (sleep, sleeps) = mpsc::channel();
            let (woke, woken) = mpsc::channel();
            thread::spawn(move || {
                let say = || sleep.send(()).unwrap();
                // SAFETY: nothing here panics under the lock, or parks.
                let how =
                    unsafe { park(address, || true, say, |_, _| {}, ParkToken(theirs), None) };
                woke.send(how)
            });
            sleeps.recv_timeout(Duration::from_secs(60)).unwrap();
            wake(&WORD, u32::MAX, i32::MAX);
            // SAFETY: only the thread above sleeps there.
            unsafe { unpark_all(address, UnparkToken(7)) };
            let how = woken.recv_timeout(Duration::from_secs(60));
            assert_eq!(how, Ok(ParkResult::Unparked(UnparkToken(7))), "token {theirs}");
        }
    }
}
