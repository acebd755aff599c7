//! The producers' share.

use asynchron::capi::ASYNCHRON_ON_CANCEL;

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
        let delivered = self.with(a, |one| {
            one.function || one.waits_for_demand() || one.listeners.iter().any(Listener::delivers)
        });
        if !delivered {
            let code = ASYNCHRON_E_BROKEN as i32;
            let _ = self.complete(a, Failure::outcome(code, BROKEN_DOMAIN, BROKEN, None));
        }
    }

    /// From here on it is cancelled when nobody wants it.
    pub fn mind(&self, a: Id) {
        self.with(a, |one| one.minded = true);
        self.look_whether_wanted(a);
    }

    /// What kept it wanted was given up.
    pub fn look_whether_wanted(&self, a: Id) {
        if self.is_unwanted(a, 0) {
            let _ = self.complete(a, Outcome::UNWANTED);
        }
    }

    /// Nothing listens but what delivers, and all references but so many are of those who deliver.
    pub fn is_unwanted(&self, a: Id, own: usize) -> bool {
        self.with(a, |one| {
            let steps = one.listeners.iter().filter(|listener| listener.delivers()).count();
            let delivering = usize::from(one.promises > 0) + usize::from(one.function) + steps;
            let minded = one.minded && one.outcome.is_none();
            minded
                && !one.listeners.iter().any(Listener::is_interest)
                && one.refs == delivering + own
        })
    }
}

impl Listener {
    /// Into what it listens to.
    fn delivers(&self) -> bool {
        use Listener::{FollowNeedless, GroupNeedless, Needless, Spawned};
        matches!(self, Needless(_) | FollowNeedless(_) | GroupNeedless(_) | Spawned(_))
    }

    fn is_interest(&self) -> bool {
        match self {
            Self::Callback(registered) => registered.ways != ASYNCHRON_ON_CANCEL,
            Self::Demand(_) => false,
            other => !other.delivers(),
        }
    }
}
