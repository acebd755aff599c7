//! What becomes of the clock in the child of a fork: what is armed stays so, and no thread serves it, until one is missed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

use super::clock::{Clock, Inner};
use crate::base::spin::SpinGuard;
use crate::one::wait;
use crate::sys;

/// The thread that has the lock because it forks just now, or 0.
static FORKING: AtomicUsize = AtomicUsize::new(0);

/// In the child of a fork: something is armed, and no thread serves it yet.
static FORSAKEN: AtomicBool = AtomicBool::new(false);

/// So that the wheel is whole in the child.
extern "C" fn before_fork() {
    let this = sys::this_thread();
    // ORDERING: any other thread's is another. As long as the lock is held, this thread alone writes it.
    if let Some(clock) = Clock::current().filter(|_| FORKING.load(Relaxed) != this) {
        clock.inner.hold();
        // ORDERING: as above.
        FORKING.store(this, Relaxed);
    }
}

/// Takes over what [`before_fork`] holds, if there was a clock then.
fn held() -> Option<SpinGuard<'static, Inner>> {
    // ORDERING: any other thread finds that it is not this one.
    if FORKING.load(Relaxed) != sys::this_thread() {
        return None;
    }
    // ORDERING: as in `before_fork`.
    FORKING.store(0, Relaxed);
    // SAFETY: this thread has held it since before the fork.
    Clock::current().map(|clock| unsafe { clock.inner.end_hold() })
}

extern "C" fn in_parent() {
    drop(held());
}

/// What is armed is armed here, too, but none of those that served came along. No thread can be started inside a fork: the
/// child may be about to become another program.
extern "C" fn in_child() {
    let Some(mut inner) = held() else {
        return;
    };
    inner.served = false;
    inner.until = 0;
    inner.resting = 0;
    inner.coming = 0;
    if !inner.wheel.is_empty() {
        // ORDERING: a child begins with one thread.
        FORSAKEN.store(true, Relaxed);
        wait::before_sleep(Some(look_after));
    }
}

/// Has every fork from now on leave the clock whole; false without memory.
pub(super) fn prepare() -> bool {
    sys::at_fork_around(before_fork, in_parent, in_child)
}

/// In the child of a fork, has a thread serve what was armed before. Costs a load where there is nothing to do.
#[inline]
pub(crate) fn look_after_fork() {
    // ORDERING: a guess: whoever finds it true looks again under the lock.
    if FORSAKEN.load(Relaxed) {
        look_after();
    }
}

#[cold]
#[inline(never)]
fn look_after() {
    let Some(clock) = Clock::current() else {
        return;
    };
    let nothing_to_do = {
        let inner = clock.lock();
        inner.is_served() || inner.wheel.is_empty()
    };
    if nothing_to_do || clock.start_serving() {
        wait::before_sleep(None);
        // ORDERING: as above. If none could be had, the next call tries again.
        FORSAKEN.store(false, Relaxed);
    }
}
