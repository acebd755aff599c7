//! Which process this is, as a child of a fork must know of what it shares with its parent.
//!
//! Counted, and not asked of the system: that needs no system call, and a number of a process comes again.
//! (vfork and posix_spawn run no handlers. Between those and exec a child may call nothing of ours, and
//! exec closes all descriptors that are ours.)
//!
//! Handlers of the program that were registered before ours run first in the child. While a fork is under way, the thread
//! that forks asks the system after all, and counts as soon as it finds itself in the child.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::*};

use super::{at_fork, nap, this_thread};

/// The forks between the process that loaded the library and this one, and one more; or [`UNDER_WAY`] beside that.
static FORKS: AtomicU32 = AtomicU32::new(1);

/// A fork is under way: this may be the child already, which has not counted it.
const UNDER_WAY: u32 = 1 << 30;

/// The thread that forks, or sees to it that none does, or 0.
static FORKER: AtomicUsize = AtomicUsize::new(0);

/// The process that forks, as the system has it.
static PARENT: AtomicU32 = AtomicU32::new(0);

fn has_turn() -> bool {
    // ORDERING: any other thread's is another.
    FORKER.load(Relaxed) == this_thread()
}

/// One thread at a time. False: this one has its turn already.
fn take_turn() -> bool {
    if has_turn() {
        return false;
    }
    let this = this_thread();
    // ORDERING: Acquire sees what was done in the turns before.
    while FORKER.compare_exchange(0, this, Acquire, Relaxed).is_err() {
        // A fork takes far longer.
        nap(20_000);
    }
    true
}

fn end_turn() {
    // ORDERING: Release shows what was done to those whose turn comes.
    FORKER.store(0, Release);
}

extern "C" fn before_fork() {
    if take_turn() {
        // ORDERING: for this thread alone.
        PARENT.store(std::process::id(), Relaxed);
        // ORDERING: what others see of it makes no difference to them.
        FORKS.fetch_or(UNDER_WAY, Relaxed);
    }
}

extern "C" fn in_parent() {
    if has_turn() {
        // ORDERING: what others see of it makes no difference to them.
        FORKS.fetch_and(!UNDER_WAY, Relaxed);
        end_turn();
    }
}

extern "C" fn in_child() {
    // ORDERING: a child begins with one thread.
    let is_counted = has_turn() && FORKS.load(Relaxed) & UNDER_WAY == 0;
    if !is_counted {
        count_fork();
    }
    end_turn();
}

fn count_fork() {
    // ORDERING: a child begins with one thread.
    let forks = FORKS.load(Relaxed) & !UNDER_WAY;
    // ORDERING: a child begins with one thread.
    FORKS.store(forks.wrapping_add(1), Relaxed);
}

/// The number of this process, where that is not plain to see.
#[cold]
fn find_out(forks: u32) -> u32 {
    // ORDERING: written by this thread, if it has its turn.
    if has_turn() && PARENT.load(Relaxed) != std::process::id() {
        count_fork();
        // ORDERING: a child begins with one thread.
        return FORKS.load(Relaxed);
    }
    forks & !UNDER_WAY
}

/// Does this while no other thread forks. Also says whether this one does.
pub(crate) fn while_nobody_forks<R>(work: impl FnOnce() -> R) -> (R, bool) {
    let forks = !take_turn();
    let result = work();
    if !forks {
        end_turn();
    }
    (result, forks)
}

/// From now on processes are told apart; false without memory.
pub(crate) fn can_tell_processes() -> bool {
    Process::this().is_some()
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
            if !at_fork(before_fork, in_parent, in_child) {
                return None;
            }
            // ORDERING: Release shows that it is registered.
            COUNTED.store(true, Release);
        }
        // ORDERING: changes in a fork alone.
        let forks = FORKS.load(Relaxed);
        Some(Self(if forks & UNDER_WAY == 0 { forks } else { find_out(forks) }))
    }

    pub(super) fn is_this(self) -> bool {
        // ORDERING: changes in a fork alone.
        let forks = FORKS.load(Relaxed);
        self.0 == forks || forks & UNDER_WAY != 0 && self.0 == find_out(forks)
    }
}
