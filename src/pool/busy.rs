//! Which of the pool's threads use the processors: a task that lies behind those gets no other thread.
//!
//! A thread's processor clock tells, and where it stands still, whether the thread is runnable all the same: among
//! many that compute, some get no time for 10 ms. Read without a lock, by whoever watches: threads are known by the
//! system's numbers, and of one that has gone there is nothing to read.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

use crate::sys;

/// More threads than that are not looked at, and count as not using a processor: a look at one costs a microsecond, and
/// some more if it sleeps, and whoever watches looks at all every 10 ms.
const MOST: usize = 1024;

pub(super) struct Busy {
    threads: [Thread; MOST],
}

struct Thread {
    /// The system's number, or 0.
    number: AtomicU32,
    /// What its processor clock showed when it was last read, in nanoseconds. The watch's own.
    used: AtomicU64,
}

/// Not in the pool, since that is made on the stack of whoever spawns first.
pub(super) static BUSY: Busy = Busy::new();

impl Busy {
    const fn new() -> Self {
        Self {
            threads: [const { Thread { number: AtomicU32::new(0), used: AtomicU64::new(0) } };
                MOST],
        }
    }

    /// From here on the calling thread is one of those that are looked at, until it [leaves](Self::leave).
    pub(super) fn enter(&self) -> Option<usize> {
        let mine = sys::thread_number();
        self.threads.iter().position(|thread| {
            // ORDERING: the number stands alone.
            thread.number.compare_exchange(0, mine, Relaxed, Relaxed).is_ok()
        })
    }

    /// After a fork the place may be another thread's: that of the child's own pool.
    pub(super) fn leave(&self, place: Option<usize>) {
        if let Some(thread) = place.and_then(|place| self.threads.get(place)) {
            // ORDERING: the number stands alone.
            let _ = thread.number.compare_exchange(sys::thread_number(), 0, Relaxed, Relaxed);
        }
    }

    /// In the child of a fork there are none.
    pub(super) fn forget(&self) {
        for thread in &self.threads {
            // ORDERING: a child begins with one thread.
            thread.number.store(0, Relaxed);
        }
    }

    /// Whether at least so many, besides the calling thread, have used a processor for `least` nanoseconds since
    /// the last call, or are runnable.
    pub(super) fn are(&self, enough: usize, least: u64) -> bool {
        let mine = sys::thread_number();
        let mut busy = 0_usize;
        for thread in &self.threads {
            // ORDERING: the number stands alone.
            let number = thread.number.load(Relaxed);
            if number == 0 || number == mine {
                continue;
            }
            let Some(used) = sys::processor_time(number) else {
                continue;
            };
            // ORDERING: one thread watches at a time; what another read before is as good.
            let before = thread.used.swap(used, Relaxed);
            let computes = used.saturating_sub(before) >= least;
            if computes || (busy < enough && sys::is_runnable(number)) {
                busy = busy.wrapping_add(1);
            }
        }
        busy >= enough
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// A thread that forks inside a task goes on in the child, whose own pool knows nothing of it.
    #[test]
    fn in_a_child_of_a_fork_who_leaves_takes_nothing_from_those_that_came_since() {
        static BUSY: Busy = Busy::new();
        let before = BUSY.enter();
        BUSY.forget();
        let other = std::thread::spawn(|| (BUSY.enter(), sys::thread_number()));
        let (place, number) = other.join().unwrap();
        assert_eq!(place, before, "it has the same place");
        BUSY.leave(before);
        // ORDERING: no other thread is left.
        assert_eq!(BUSY.threads[place.unwrap()].number.load(Relaxed), number);
    }
}
