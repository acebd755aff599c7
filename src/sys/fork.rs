//! Which process this is, as a child of a fork must know of what it shares with its parent.
//!
//! Counted, and not asked of the system: that needs no system call, and a number of a process comes again.
//! (vfork and posix_spawn run no handlers. Between those and exec a child may call nothing of ours, and
//! exec closes all descriptors that are ours.)

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::*};

use super::at_fork;

/// The forks between the process that loaded the library and this one, and one more.
static FORKS: AtomicU32 = AtomicU32::new(1);

extern "C" fn count_fork() {
    // ORDERING: a child begins with one thread.
    FORKS.fetch_add(1, Relaxed);
}

/// A number that neither this process's parent has nor its children, and not 0. `None`: they could not be told apart, without
/// memory; once they could, they always can.
pub(crate) fn process_number() -> Option<u32> {
    Process::this().map(|process| process.0)
}

/// Whether that is this process's number.
#[inline]
pub(crate) fn is_this_process(number: u32) -> bool {
    Process(number).is_this()
}

/// A process, as opposed to its parent and its children.
#[derive(Clone, Copy)]
pub(super) struct Process(u32);

impl Process {
    /// This one. `None`: it could not be told from its children, without memory.
    pub(super) fn this() -> Option<Self> {
        static COUNTED: AtomicBool = AtomicBool::new(false);

        // ORDERING: Acquire pairs with the Release below.
        if !COUNTED.load(Acquire) {
            // Two threads may both register: a fork counts twice then, which is as good.
            if !at_fork(count_fork) {
                return None;
            }
            // ORDERING: Release shows that it is registered.
            COUNTED.store(true, Release);
        }
        // ORDERING: changes in a fork alone.
        Some(Self(FORKS.load(Relaxed)))
    }

    pub(super) fn is_this(self) -> bool {
        // ORDERING: as above.
        self.0 == FORKS.load(Relaxed)
    }
}
