//! One asynchron: its outcome, its listeners in their order, its references; and what is due.

use asynchron::capi::asynchron_state_t::{self, *};
use asynchron::capi::{ASYNCHRON_ON_CANCEL, ASYNCHRON_ON_FAILURE, ASYNCHRON_ON_VALUE};

use super::follow::Follow;
use super::group::Group;
use super::posted::Spawned;
use super::*;

pub struct One {
    pub refs: usize,
    pub named: bool,
    pub user_data: Option<Owned>,
    pub progress: Option<(u64, u64)>,
    pub running: bool,
    /// It follows another, or did.
    pub follows: bool,
    /// A function of the program's runs for it.
    pub function: bool,
    /// How many promises there are, and whether there ever was one.
    pub promises: usize,
    pub promised: bool,
    /// When nobody wants it, it is cancelled.
    pub minded: bool,
    /// It was made with options, or has a name, progress or a promise.
    pub extras: bool,
    pub outcome: Option<Outcome>,
    pub listeners: Vec<Listener>,
    /// The callbacks that can be taken back, from their registration until they have run.
    pub removable: Vec<(Id, Stage, Owned)>,
}

pub enum Outcome {
    Value(Value, Option<Owned>),
    /// That of another, of which there is a reference.
    Shared(Value, Id),
    Failed(Rc<Failure>),
    Cancelled(&'static str),
}

impl Outcome {
    /// Of the rest, once one of several has decided.
    pub const UNNEEDED: Self = Self::Cancelled("unneeded");
    pub const UNWANTED: Self = Self::Cancelled("unwanted");
}

/// Shared by those that it was passed on to.
pub struct Failure {
    code: i32,
    domain: &'static str,
    message: &'static str,
    payload: Option<Owned>,
}

pub enum Listener {
    Callback(Registered),
    /// A slot of a report.
    Entry(Id, usize),
    After(Rc<After>),
    /// Of what a step delivers into.
    Needless(Rc<After>),
    /// The function on demand, which nobody has asked for.
    Demand(Owned),
    Follow(Rc<Follow>),
    /// Of what follows.
    FollowNeedless(Rc<Follow>),
    Source(Rc<Group>),
    /// Of what a group delivers into.
    GroupNeedless(Rc<Group>),
    /// Of what a task of the executor's is to compute.
    Spawned(Rc<Spawned>),
}

#[derive(Clone, Copy)]
pub struct Registered {
    pub ctx: Owned,
    pub token: Option<Id>,
    /// It runs only if it ended in one of these; 0: however it ended.
    pub ways: u64,
    /// Where the executor has it run.
    pub posted: bool,
}

pub struct After {
    pub of: Vec<Id>,
    pub into: Id,
    pub ctx: Owned,
    /// If its one source ended in none of these, that passes on; 0: it never does.
    pub ways: u64,
    /// Sources that are not complete, and 1 until all of them are listened to.
    pub left: Cell<usize>,
    /// The places of those that it was taken off; empty while none was.
    pub off: RefCell<Vec<usize>>,
    pub needless: Cell<Needless>,
    /// The function runs where the executor has it run.
    pub posted: bool,
}

/// How far it is with what goes on otherwise.
#[derive(Clone, Copy, PartialEq)]
pub enum Needless {
    No,
    /// What it delivers into is complete.
    Due,
    /// One of both has run: what goes on, and what takes it off. The other ends it.
    Left,
}

#[derive(PartialEq)]
pub enum Stage {
    Registered,
    Due,
    Running,
}

pub enum Job {
    Callback(Id, Registered),
    After(Rc<After>),
    /// Where its executor has it run.
    RunAfter(Rc<After>),
    RunSpawned(Rc<Spawned>),
    LetGoOfSpawned(Rc<Spawned>),
    Detach(Rc<After>),
    Drop(Owned),
    /// Gives up what follows, and the source, if that is not kept.
    EndFollow(Id, Option<Id>),
    LeaveFollow(Rc<Follow>),
    DetachFollow(Rc<Follow>),
    LeaveSource(Rc<Group>, Id),
    LeaveGroup(Rc<Group>),
}

impl Failure {
    pub fn outcome(
        code: i32,
        domain: &'static str,
        message: &'static str,
        payload: Option<Owned>,
    ) -> Outcome {
        Outcome::Failed(Rc::new(Self { code, domain, message, payload }))
    }
}

impl One {
    pub fn new() -> Self {
        Self {
            refs: 1,
            named: false,
            user_data: None,
            progress: None,
            running: false,
            follows: false,
            function: false,
            promises: 0,
            promised: false,
            minded: false,
            extras: false,
            outcome: None,
            listeners: Vec::new(),
            removable: Vec::new(),
        }
    }

    pub fn state(&self) -> asynchron_state_t {
        match self.outcome {
            Some(Outcome::Cancelled(_)) => ASYNCHRON_STATE_CANCELLED,
            Some(_) => ASYNCHRON_STATE_READY,
            None if self.running => ASYNCHRON_STATE_RUNNING,
            None => ASYNCHRON_STATE_PENDING,
        }
    }

    /// Where the function on demand listens, if the next who asks starts it.
    fn demand(&self) -> Option<usize> {
        let pending = self.state() == ASYNCHRON_STATE_PENDING;
        let demand = |listener: &Listener| matches!(listener, Listener::Demand(_));
        self.listeners.iter().position(demand).filter(|_| pending)
    }

    /// Whether it ended in one of these ways; 0 stands for all.
    fn ended_in(&self, ways: u64) -> bool {
        let way = match self.outcome {
            Some(Outcome::Value(..) | Outcome::Shared(..)) => ASYNCHRON_ON_VALUE,
            Some(Outcome::Failed(_)) => ASYNCHRON_ON_FAILURE,
            Some(Outcome::Cancelled(_)) => ASYNCHRON_ON_CANCEL,
            None => 0,
        };
        ways == 0 || ways & way != 0
    }

    pub fn waits_for_demand(&self) -> bool {
        self.demand().is_some()
    }

    /// The context of the function on demand, which is not needed by others any more.
    pub fn take_demand(&mut self) -> Option<Owned> {
        let at = self.demand()?;
        match self.listeners.remove(at) {
            Listener::Demand(ctx) => Some(ctx),
            _ => None,
        }
    }

    pub fn progress(&self) -> Answer {
        let Some((done, total)) = self.progress else {
            return is(ASYNCHRON_END);
        };
        Answer::Progress { done, total }
    }

    pub fn error(&self) -> Answer {
        let (code, domain, message, payload) = match &self.outcome {
            Some(Outcome::Failed(why)) => (why.code, why.domain, why.message, why.payload),
            Some(Outcome::Cancelled(reason)) => (0, "", *reason, None),
            Some(Outcome::Value(..) | Outcome::Shared(..)) => return is(ASYNCHRON_E_INVALID),
            None => return is(ASYNCHRON_PENDING),
        };
        let (domain, message) = (domain.into(), message.into());
        Answer::Error { code, domain, message, payload: payload.map(|owned| owned.thing) }
    }

    /// The one that holds the value, if it is another.
    pub fn origin(&self) -> Option<Id> {
        match self.outcome {
            Some(Outcome::Shared(_, origin)) => Some(origin),
            _ => None,
        }
    }

    /// What was handed over as the value.
    pub fn pointer(&self) -> Option<&Owned> {
        match &self.outcome {
            Some(Outcome::Value(Value::Pointer(_), owned)) => owned.as_ref(),
            _ => None,
        }
    }

    pub fn let_go_of_pointer(&mut self) {
        if let Some(Outcome::Value(Value::Pointer(_), owned)) = &mut self.outcome {
            *owned = None;
        }
    }

    /// The context of a callback that has not begun, and now never will.
    pub fn take_back(&mut self, token: Id) -> Option<Owned> {
        let found = |(t, stage, _): &(Id, Stage, Owned)| *t == token && *stage != Stage::Running;
        let at = self.removable.iter().position(found)?;
        let of_token = |l: &Listener| matches!(l, Listener::Callback(r) if r.token == Some(token));
        self.listeners.retain(|listener| !of_token(listener));
        Some(self.removable.remove(at).2)
    }

    /// Whether it goes to that stage: it does not, if it was taken back.
    fn step(&mut self, token: Id, stage: Stage) -> bool {
        let found = self.removable.iter_mut().find(|(t, ..)| *t == token);
        found.map(|(_, now, _)| *now = stage).is_some()
    }
}

impl Model {
    pub fn with<R>(&self, a: Id, work: impl FnOnce(&mut One) -> R) -> R {
        work(self.all.borrow_mut().get_mut(&a).expect("only what is alive is asked for"))
    }

    pub fn is_complete(&self, a: Id) -> bool {
        self.with(a, |one| one.outcome.is_some())
    }

    pub fn is_inside(&self, a: Id) -> bool {
        self.inside.borrow().contains(&a)
    }

    pub fn poll(&self, a: Id) -> asynchron_status_t {
        self.with(a, |one| match one.outcome {
            Some(Outcome::Value(..) | Outcome::Shared(..)) => ASYNCHRON_OK,
            Some(Outcome::Failed(_)) => ASYNCHRON_FAILED,
            Some(Outcome::Cancelled(_)) => ASYNCHRON_CANCELLED,
            None => ASYNCHRON_PENDING,
        })
    }

    pub fn value(&self, a: Id) -> Option<Value> {
        self.with(a, |one| match &one.outcome {
            Some(Outcome::Value(value, _) | Outcome::Shared(value, _)) => Some(value.clone()),
            _ => None,
        })
    }

    /// From PENDING to RUNNING.
    pub fn start(&self, a: Id) -> bool {
        self.with(a, |one| {
            let pending = one.state() == ASYNCHRON_STATE_PENDING;
            one.running |= pending;
            pending
        })
    }

    /// Runs the function of one that was started; its return completes it, unless something else has, or it follows.
    pub fn compute(&self, a: Id, sources: &[Id], ctx: Owned) {
        self.inside.borrow_mut().push(a);
        self.with(a, |one| one.function = true);
        let code = player::ran(a, sources, ctx.thing);
        self.drop_owned(ctx);
        self.inside.borrow_mut().pop();
        let outcome = match code {
            0 => Outcome::Value(Value::Empty, None),
            _ => Failure::outcome(code, "", "", None),
        };
        if !self.with(a, |one| one.follows) {
            let _ = self.complete(a, outcome);
        }
        self.with(a, |one| one.function = false);
    }

    /// Visible first; then reports learn; then all that follow are complete, and all that follow those; then callbacks
    /// run, here or at the end of what is due.
    pub fn complete(&self, a: Id, outcome: Outcome) -> Result<(), Outcome> {
        if self.is_complete(a) {
            return Err(outcome);
        }
        let mut passing = Passing::new();
        self.tell(a, outcome, &mut passing);
        self.pass_all(passing);
        Ok(())
    }

    /// All that are told complete those that they are to; then what is due runs.
    pub fn pass_all(&self, mut passing: Passing) {
        while let Some(pass) = passing.pop_front() {
            match pass {
                Pass::Follow(follow) => self.pass(follow, &mut passing),
                Pass::Source(group, source) => self.pass_source(group, source, &mut passing),
                Pass::Needless(group) => self.let_go(&group, &mut passing),
            }
        }
        self.run_due();
    }

    /// Tells all that listen, unless it is complete.
    pub fn tell_other(&self, a: Id, outcome: Outcome, passing: &mut Passing) {
        if self.is_complete(a) {
            self.drop_outcome(outcome);
        } else {
            self.tell(a, outcome, passing);
        }
    }

    pub fn tell(&self, a: Id, outcome: Outcome, passing: &mut Passing) {
        let listeners = self.with(a, |one| {
            one.outcome = Some(outcome);
            std::mem::take(&mut one.listeners)
        });
        for listener in listeners {
            match listener {
                Listener::Callback(registered) => self.make_due(a, registered),
                Listener::Entry(r, slot) => self.arrive(r, slot),
                Listener::After(after) => {
                    self.with(a, |one| one.refs += 1);
                    self.count(after);
                }
                Listener::Needless(after) => {
                    after.needless.set(Needless::Due);
                    self.jobs.borrow_mut().push_back(Job::Detach(after));
                }
                Listener::Demand(ctx) => self.jobs.borrow_mut().push_back(Job::Drop(ctx)),
                Listener::Follow(follow) => {
                    self.with(a, |one| one.refs += 1);
                    passing.push_back(Pass::Follow(follow));
                }
                Listener::FollowNeedless(follow) => {
                    follow.needless.set(Needless::Due);
                    self.jobs.borrow_mut().push_back(Job::DetachFollow(follow));
                }
                Listener::Source(group) => {
                    self.with(a, |one| one.refs += 1);
                    passing.push_back(Pass::Source(group, a));
                }
                Listener::GroupNeedless(group) => passing.push_back(Pass::Needless(group)),
                Listener::Spawned(spawned) => {
                    self.jobs.borrow_mut().push_back(Job::LetGoOfSpawned(spawned));
                }
            }
        }
    }

    pub fn register(&self, a: Id, registered: Registered) {
        self.with(a, |one| {
            let known = registered.token.map(|token| (token, Stage::Registered, registered.ctx));
            one.removable.extend(known);
        });
        if self.is_complete(a) {
            self.make_due(a, registered);
            self.run_due();
        } else {
            self.with(a, |one| one.listeners.push(Listener::Callback(registered)));
        }
    }

    fn make_due(&self, a: Id, registered: Registered) {
        self.with(a, |one| {
            one.refs += 1;
            registered.token.map(|token| one.step(token, Stage::Due))
        });
        let is_for = registered.posted && self.with(a, |one| one.ended_in(registered.ways));
        let job = Job::Callback(a, registered);
        let job = if is_for { self.post(job) } else { Some(job) };
        self.jobs.borrow_mut().extend(job);
    }

    pub fn listen(&self, after: Rc<After>) {
        self.with(after.into, |one| one.listeners.push(Listener::Needless(after.clone())));
        for &source in &after.of {
            if self.is_complete(source) {
                self.with(source, |one| one.refs += 1);
                self.count(after.clone());
            } else {
                self.with(source, |one| one.listeners.push(Listener::After(after.clone())));
            }
        }
        self.count(after);
        self.run_due();
    }

    fn count(&self, after: Rc<After>) {
        after.left.set(after.left.get() - 1);
        if after.left.get() == 0 {
            self.jobs.borrow_mut().push_back(Job::After(after));
        }
    }

    /// One after the other, never inside each other.
    pub fn run_due(&self) {
        if !self.running_due.replace(true) {
            self.drain();
            self.running_due.set(false);
        }
    }

    /// The same inside of a callback, and only there.
    pub fn drain_inside(&self) {
        if self.running_due.get() {
            self.drain();
        }
    }

    /// What was let go is freed before the next callback runs.
    pub fn drain(&self) {
        loop {
            let dead = self.dead.borrow_mut().pop();
            if let Some(dead) = dead {
                self.free(dead);
                continue;
            }
            let job = self.jobs.borrow_mut().pop_front();
            match job {
                Some(Job::Callback(a, registered)) => self.run_callback(a, registered),
                Some(Job::After(after)) => self.go_on_there(after),
                Some(Job::RunAfter(after)) => self.run_after(&after, true),
                Some(Job::RunSpawned(spawned)) => self.end_spawned(&spawned, true),
                Some(Job::LetGoOfSpawned(spawned)) => self.let_go_of_spawned(&spawned),
                Some(Job::Detach(after)) => self.detach(&after),
                Some(Job::Drop(ctx)) => self.drop_owned(ctx),
                Some(Job::EndFollow(into, rest)) => self.end_follow(into, rest),
                Some(Job::LeaveFollow(follow)) => self.leave_follow(&follow),
                Some(Job::DetachFollow(follow)) => self.detach_follow(&follow),
                Some(Job::LeaveSource(group, source)) => self.leave_source(&group, source),
                Some(Job::LeaveGroup(group)) => self.leave_group(&group),
                None => return,
            }
        }
    }

    pub fn run_callback(&self, a: Id, registered: Registered) {
        let Registered { ctx, token, ways, posted } = registered;
        let begins = self.begin_callback(a, token);
        if begins && self.with(a, |one| one.ended_in(ways)) {
            player::ran(a, &[], ctx.thing);
        }
        if token.is_none() && !posted {
            self.release(a);
            self.drop_owned(ctx);
            return;
        }
        self.end_callback(a, registered, begins);
    }

    /// One that others find or hold until then.
    pub fn end_callback(&self, a: Id, Registered { ctx, token, .. }: Registered, begins: bool) {
        if begins {
            self.drop_owned(ctx);
            self.with(a, |one| one.removable.retain(|(t, ..)| Some(*t) != token));
        }
        self.release(a);
    }

    /// Unless it was taken back.
    pub fn begin_callback(&self, a: Id, token: Option<Id>) -> bool {
        token.is_none_or(|token| self.with(a, |one| one.step(token, Stage::Running)))
    }

    /// Takes it off those sources that have not told it, and drops its context.
    fn detach(&self, after: &Rc<After>) {
        for (place, &source) in after.of.iter().enumerate() {
            let found = |l: &Listener| matches!(l, Listener::After(a) if Rc::ptr_eq(a, after));
            if self.take_off(source, found) {
                after.off.borrow_mut().push(place);
                self.look_whether_wanted(source);
            }
        }
        self.drop_owned(after.ctx);
        // If it was told by all, it is due, or was.
        let off = after.off.borrow().len();
        if off > 0 || after.needless.get() == Needless::Left {
            self.end_needless(after);
        }
        after.needless.set(Needless::Left);
    }

    /// Whether it was in that list yet. One that has told it may be gone.
    pub fn take_off(&self, source: Id, own: impl Fn(&Listener) -> bool) -> bool {
        self.all.borrow_mut().get_mut(&source).is_some_and(|source| {
            let at = source.listeners.iter().position(own);
            at.map(|at| source.listeners.remove(at)).is_some()
        })
    }

    fn end_needless(&self, after: &After) {
        if after.of.len() != 1 {
            self.release_told(after);
        }
        self.release(after.into);
    }

    fn release_told(&self, after: &After) {
        let off = after.off.borrow().clone();
        let told = after.of.iter().enumerate().filter(|(place, _)| !off.contains(place));
        told.for_each(|(_, &source)| self.release(source));
    }

    fn run_needless(&self, after: &After) {
        if after.needless.replace(Needless::Left) == Needless::Left {
            self.end_needless(after);
        }
        if after.of.len() == 1 {
            self.release_told(after);
        }
    }

    pub fn run_after(&self, after: &Rc<After>, runs: bool) {
        if after.needless.get() != Needless::No {
            return self.run_needless(after);
        }
        let needless = |l: &Listener| matches!(l, Listener::Needless(a) if Rc::ptr_eq(a, after));
        self.with(after.into, |one| one.listeners.retain(|listener| !needless(listener)));
        let into = after.into;
        if let Some(source) = self.passes_on(after) {
            self.drop_owned(after.ctx);
            let (outcome, rest) = self.share(source);
            self.complete(into, outcome).unwrap_or_else(|late| self.drop_outcome(late));
            rest.into_iter().for_each(|source| self.release(source));
        } else if self.start(into) {
            if runs {
                self.compute(into, &after.of, after.ctx);
            } else {
                self.discard(into, after.ctx);
            }
            self.release_all(&after.of);
        } else {
            self.drop_owned(after.ctx);
            // One alone is given up before, several are after.
            let (one, several) = after.of.split_at(usize::from(after.of.len() == 1));
            self.release_all(one);
            self.lose_step(into);
            self.release_all(several);
        }
        self.release(into);
    }

    fn release_all(&self, all: &[Id]) {
        all.iter().for_each(|&a| self.release(a));
    }

    /// The source that ended otherwise than the function is for.
    pub fn passes_on(&self, after: &After) -> Option<Id> {
        let one_source = after.of.first().copied().filter(|_| after.ways != 0);
        one_source.filter(|&source| self.with(source, |one| !one.ended_in(after.ways)))
    }

    /// With the last reference it is freed; but if somebody is listening, it breaks first.
    pub fn release(&self, a: Id) {
        if self.is_unwanted(a, 1) {
            let _ = self.complete(a, Outcome::UNWANTED);
        }
        let (last, listened, at_once) = self.with(a, |one| {
            one.refs -= 1;
            let at_once = one.origin().is_some() && !one.extras;
            (one.refs == 0, !one.listeners.is_empty(), at_once)
        });
        if last && listened {
            self.with(a, |one| one.refs = 1);
            let code = ASYNCHRON_E_BROKEN as i32;
            let _ = self.complete(a, Failure::outcome(code, BROKEN_DOMAIN, BROKEN, None));
            self.release(a);
        } else if last && at_once {
            self.free(a);
        } else if last {
            self.dead.borrow_mut().push(a);
            self.run_due();
        }
    }

    fn free(&self, a: Id) {
        let one = self.all.borrow_mut().remove(&a).expect("freed once");
        one.outcome.into_iter().for_each(|outcome| self.drop_outcome(outcome));
        one.user_data.into_iter().for_each(|owned| self.drop_owned(owned));
    }

    pub fn drop_outcome(&self, outcome: Outcome) {
        match outcome {
            Outcome::Value(_, Some(owned)) => self.drop_owned(owned),
            Outcome::Shared(_, origin) => self.release(origin),
            Outcome::Failed(why) => {
                let payload = Rc::into_inner(why).and_then(|why| why.payload);
                payload.into_iter().for_each(|payload| self.drop_owned(payload));
            }
            _ => {}
        }
    }

    pub fn drop_owned(&self, owned: Owned) {
        if owned.drop {
            player::dropped(owned.thing);
        }
    }
}
