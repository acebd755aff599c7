//! Completing as another does.

use super::one::{Job, Listener, Needless, Outcome};
use super::*;

/// Between its source and what follows, of which it has a reference.
pub struct Follow {
    source: Id,
    pub into: Id,
    pub needless: Cell<Needless>,
}

impl Model {
    pub fn follow(&self, into: Id, source: Id) -> Answer {
        if into == source {
            return is(ASYNCHRON_E_INVALID);
        }
        if self.is_complete(into) {
            return self.lost(into);
        }
        if self.is_complete(source) {
            self.with(source, |one| one.refs += 1);
            let (outcome, rest) = self.share(source);
            rest.into_iter().for_each(|source| self.release(source));
            return self.deliver(into, outcome);
        }
        let follow = Rc::new(Follow { source, into, needless: Cell::new(Needless::No) });
        self.with(into, |one| {
            one.refs += 1;
            one.follows = true;
            one.listeners.push(Listener::FollowNeedless(follow.clone()));
        });
        self.with(source, |one| one.listeners.push(Listener::Follow(follow)));
        is(ASYNCHRON_OK)
    }

    /// Its outcome for another, and the reference back if that does not keep it.
    pub fn share(&self, source: Id) -> (Outcome, Option<Id>) {
        let (outcome, rest) = self.with(source, |one| match &one.outcome {
            Some(Outcome::Value(Value::Empty, None)) => (Outcome::Value(Value::Empty, None), true),
            Some(Outcome::Value(value, _)) => (Outcome::Shared(value.clone(), source), false),
            Some(Outcome::Shared(value, origin)) => (Outcome::Shared(value.clone(), *origin), true),
            Some(Outcome::Failed(why)) => (Outcome::Failed(why.clone()), true),
            Some(Outcome::Cancelled(reason)) => (Outcome::Cancelled(reason), true),
            None => unreachable!("it is complete"),
        });
        if let (Outcome::Shared(_, origin), true) = (&outcome, rest) {
            self.with(*origin, |one| one.refs += 1);
        }
        (outcome, rest.then_some(source))
    }

    /// The source is complete, and all others were told.
    pub fn pass(&self, follow: Rc<Follow>, passing: &mut Passing) {
        if follow.needless.get() != Needless::No {
            return self.jobs.borrow_mut().push_back(Job::LeaveFollow(follow));
        }
        let own = |l: &Listener| matches!(l, Listener::FollowNeedless(f) if Rc::ptr_eq(f, &follow));
        self.with(follow.into, |one| one.listeners.retain(|listener| !own(listener)));
        let (outcome, rest) = self.share(follow.source);
        self.tell(follow.into, outcome, passing);
        self.jobs.borrow_mut().push_back(Job::EndFollow(follow.into, rest));
    }

    pub fn end_follow(&self, into: Id, rest: Option<Id>) {
        self.release(into);
        rest.into_iter().for_each(|source| self.release(source));
    }

    /// What follows was completed otherwise: the second of both ends it.
    pub fn leave_follow(&self, follow: &Follow) {
        if follow.needless.replace(Needless::Left) == Needless::Left {
            self.release(follow.into);
        }
        self.release(follow.source);
    }

    /// Takes it off the source, if that has not told it.
    pub fn detach_follow(&self, follow: &Rc<Follow>) {
        let own = |l: &Listener| matches!(l, Listener::Follow(f) if Rc::ptr_eq(f, follow));
        let off = self.take_off(follow.source, own);
        if off {
            self.look_whether_wanted(follow.source);
        }
        if off || follow.needless.replace(Needless::Left) == Needless::Left {
            self.release(follow.into);
        }
    }
}
