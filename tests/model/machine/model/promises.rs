//! The producers' share.

use super::one::{Failure, Listener};
use super::*;

impl Model {
    /// Together they have one reference.
    pub fn promise(&self, a: Id) {
        self.with(a, |one| {
            (one.extras, one.promised) = (true, true);
            one.refs += usize::from(one.promises == 0);
            one.promises += 1;
        });
    }

    pub fn release_promise(&self, a: Id) {
        let last = self.with(a, |one| {
            one.promises -= 1;
            one.promises == 0
        });
        if last {
            self.break_unless_delivered(a);
            self.release(a);
        }
    }

    /// A step does not deliver into it after all.
    pub fn lose_step(&self, a: Id) {
        if self.with(a, |one| one.promised && one.promises == 0) {
            self.break_unless_delivered(a);
        }
    }

    fn break_unless_delivered(&self, a: Id) {
        let step = |listener: &Listener| {
            use Listener::{FollowNeedless, GroupNeedless, Needless};
            matches!(listener, Needless(_) | FollowNeedless(_) | GroupNeedless(_))
        };
        let delivered = self.with(a, |one| {
            one.function || one.waits_for_demand() || one.listeners.iter().any(step)
        });
        if !delivered {
            let code = ASYNCHRON_E_BROKEN as i32;
            let _ = self.complete(a, Failure::outcome(code, BROKEN_DOMAIN, BROKEN, None));
        }
    }
}
