//! Several as one.

use super::one::{Job, Listener, Outcome};
use super::*;

/// Between its sources and what completes as one of them does, of which it has a reference.
pub struct Group {
    rule: Rule,
    of: Vec<Id>,
    into: Id,
    cancel_rest: bool,
    /// Sources that may still decide otherwise.
    open: Cell<usize>,
    /// Each source until it was told and left, or taken off; what it delivers into; and the call that makes it.
    parts: Cell<usize>,
}

impl Rule {
    /// Whether one that ended so decides, whatever the others do.
    fn is_decided_by(self, has_value: bool) -> bool {
        match self {
            Rule::All => !has_value,
            Rule::Any => has_value,
            Rule::Race => true,
        }
    }
}

impl Model {
    pub fn group(
        &self,
        rule: Rule,
        of: &[Id],
        into: Option<Id>,
        made: Id,
        cancel_rest: bool,
    ) -> Answer {
        let misused = into.is_some_and(|into| of.contains(&into));
        if misused || (of.is_empty() && rule != Rule::All) {
            return Answer::Handle(None);
        }
        let into = self.retained_or_new(into, made);
        let mut passing = Passing::new();
        let decided = self.decided(of, rule);
        if decided.is_some() || self.is_complete(into) {
            decided.into_iter().for_each(|outcome| self.tell_other(into, outcome, &mut passing));
            if cancel_rest {
                of.iter().for_each(|&a| self.tell_other(a, Outcome::UNNEEDED, &mut passing));
            }
            self.pass_all(passing);
            return Answer::Handle(Some(into));
        }
        // Until nothing of it is left.
        self.with(into, |one| one.refs += 1);
        let (open, parts) = (Cell::new(of.len()), Cell::new(of.len() + 2));
        let group = Rc::new(Group { rule, of: of.to_vec(), into, cancel_rest, open, parts });
        self.with(into, |one| one.listeners.push(Listener::GroupNeedless(group.clone())));
        for &source in of {
            if self.is_complete(source) {
                self.with(source, |one| one.refs += 1);
                passing.push_back(Pass::Source(group.clone(), source));
            } else {
                let listener = Listener::Source(group.clone());
                self.with(source, |one| one.listeners.push(listener));
            }
        }
        self.pass_all(passing);
        self.leave_group(&group);
        Answer::Handle(Some(into))
    }

    /// What those that are complete decide together: the lowest is the first, the highest the last.
    fn decided(&self, of: &[Id], rule: Rule) -> Option<Outcome> {
        let has_value = |&a: &Id| self.value(a).is_some();
        let complete: Vec<Id> = of.iter().copied().filter(|&a| self.is_complete(a)).collect();
        let first = complete.iter().find(|a| rule.is_decided_by(has_value(a)));
        let all = complete.len() == of.len();
        match first.or(complete.last().filter(|_| all && rule == Rule::Any)) {
            Some(&source) => Some(self.share_kept(source)),
            None => all.then_some(Outcome::Value(Value::Empty, None)),
        }
    }

    /// The outcome of one that others keep meanwhile.
    fn share_kept(&self, source: Id) -> Outcome {
        self.with(source, |one| one.refs += 1);
        let (outcome, rest) = self.share(source);
        rest.into_iter().for_each(|source| self.release(source));
        outcome
    }

    /// A source is complete, and all others were told.
    pub fn pass_source(&self, group: Rc<Group>, source: Id, passing: &mut Passing) {
        if let Some(outcome) = self.decision(&group, source) {
            if self.is_complete(group.into) {
                // Whoever completed it lets go.
                self.drop_outcome(outcome);
            } else {
                let own =
                    |l: &Listener| matches!(l, Listener::GroupNeedless(g) if Rc::ptr_eq(g, &group));
                self.with(group.into, |one| one.listeners.retain(|listener| !own(listener)));
                self.tell(group.into, outcome, passing);
                self.let_go(&group, passing);
            }
        }
        self.jobs.borrow_mut().push_back(Job::LeaveSource(group, source));
    }

    fn decision(&self, group: &Group, source: Id) -> Option<Outcome> {
        if !group.rule.is_decided_by(self.value(source).is_some()) {
            group.open.set(group.open.get() - 1);
            if group.open.get() > 0 {
                return None;
            }
            if group.rule == Rule::All {
                return Some(Outcome::Value(Value::Empty, None));
            }
        }
        Some(self.share_kept(source))
    }

    /// What it delivers into is complete: takes it off the sources, and cancels those that it is to.
    pub fn let_go(&self, group: &Rc<Group>, passing: &mut Passing) {
        for source in &group.of {
            let own = |l: &Listener| matches!(l, Listener::Source(g) if Rc::ptr_eq(g, group));
            if self.take_off(*source, own) {
                group.parts.set(group.parts.get() - 1);
                if group.cancel_rest {
                    self.tell(*source, Outcome::UNNEEDED, passing);
                } else if self.is_unwanted(*source, 0) {
                    self.tell(*source, Outcome::UNWANTED, passing);
                }
            }
        }
        self.jobs.borrow_mut().push_back(Job::LeaveGroup(group.clone()));
    }

    pub fn leave_source(&self, group: &Group, source: Id) {
        self.release(source);
        self.leave_group(group);
    }

    /// The last one gives up what it delivers into.
    pub fn leave_group(&self, group: &Group) {
        group.parts.set(group.parts.get() - 1);
        if group.parts.get() == 0 {
            self.release(group.into);
        }
    }
}
