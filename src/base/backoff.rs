//! Waiting for a few instructions of another thread: not worth a wake-up, which would cost that
//! thread more.

use std::hint;

use crate::sys;

const SPINS: u32 = 64;
/// In nanoseconds.
const NAP: u64 = 20_000;

pub(crate) struct Backoff(u32);

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self(SPINS)
    }

    /// A moment; a nap, if there were many already: the other must have lost its processor. With but
    /// one processor it has.
    #[cold]
    pub(crate) fn wait(&mut self) {
        if self.0 > 0 && sys::runs_in_parallel() {
            self.0 = self.0.wrapping_sub(1);
            hint::spin_loop();
        } else {
            nap();
        }
    }
}

/// A nap that nobody ends.
#[cold]
pub(crate) fn nap() {
    sys::nap(NAP);
}
