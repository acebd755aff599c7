//! What runs where an executor of the program's has it run.

use super::one::{After, Failure, Job, Listener};
use super::*;

/// The function of a task, until the program has run or discarded that, and who completed `a` otherwise has let go.
pub struct Spawned {
    a: Id,
    ctx: Owned,
    /// One of those two has.
    left: Cell<bool>,
}

impl Spawned {
    fn is(&self, listener: &Listener) -> bool {
        matches!(listener, Listener::Spawned(other) if std::ptr::eq(&**other, self))
    }
}

impl Model {
    /// Hands it over; or has it back, if that is refused.
    pub fn post(&self, job: Job) -> Option<Job> {
        if self.refuses.get() {
            return Some(job);
        }
        self.posted.borrow_mut().push(job);
        None
    }

    pub fn spawn(&self, a: Id, ctx: Owned) -> asynchron_status_t {
        if self.is_complete(a) {
            self.drop_owned(ctx);
            return ASYNCHRON_OK;
        }
        let spawned = Rc::new(Spawned { a, ctx, left: Cell::new(false) });
        self.with(a, |one| {
            one.refs += 1;
            one.listeners.push(Listener::Spawned(spawned.clone()));
        });
        match self.post(Job::RunSpawned(spawned.clone())) {
            None => ASYNCHRON_OK,
            Some(_) => {
                self.take_off(a, |l| spawned.is(l));
                self.drop_owned(ctx);
                self.lose_step(a);
                self.release(a);
                ASYNCHRON_E_SYSTEM
            }
        }
    }

    /// If it was completed otherwise, there is nothing to do.
    pub fn end_spawned(&self, spawned: &Spawned, runs: bool) {
        let a = spawned.a;
        if self.take_off(a, |l| spawned.is(l)) {
            if !self.start(a) {
                self.drop_owned(spawned.ctx);
                self.lose_step(a);
            } else if runs {
                self.compute(a, &[], spawned.ctx);
            } else {
                self.discard(a, spawned.ctx);
            }
            self.release(a);
        } else {
            self.leave_spawned(spawned);
        }
    }

    /// It was completed otherwise, and all others were told.
    pub fn let_go_of_spawned(&self, spawned: &Spawned) {
        self.drop_owned(spawned.ctx);
        self.leave_spawned(spawned);
    }

    /// The second of both gives up what it was to deliver into.
    fn leave_spawned(&self, spawned: &Spawned) {
        if spawned.left.replace(true) {
            self.release(spawned.a);
        }
    }

    /// All its sources are complete. What passes on does so here.
    pub fn go_on_there(&self, after: Rc<After>) {
        let is_for = after.posted && self.passes_on(&after).is_none();
        let job = Job::After(after);
        if let Some(Job::After(after)) = if is_for { self.post(job) } else { Some(job) } {
            self.run_after(&after, true);
        }
    }

    /// The program runs one, or discards it.
    pub fn end_task(&self, nth: usize, discard: bool) -> Answer {
        let (job, n) = {
            let mut posted = self.posted.borrow_mut();
            let n = posted.len();
            (nth.checked_rem(n).map(|at| posted.remove(at)), n)
        };
        match job {
            Some(Job::Callback(a, registered)) if discard => {
                let begins = self.begin_callback(a, registered.token);
                self.end_callback(a, registered, begins);
            }
            Some(Job::After(after)) if discard => self.run_after(&after, false),
            Some(Job::RunSpawned(spawned)) => self.end_spawned(&spawned, !discard),
            // As any callback or step.
            Some(job) => {
                let job = if let Job::After(after) = job { Job::RunAfter(after) } else { job };
                self.jobs.borrow_mut().push_back(job);
                self.run_due();
            }
            None => {}
        }
        Answer::Number(n)
    }

    /// As if the function of one that was started ran, and did nothing but fail.
    pub fn discard(&self, a: Id, ctx: Owned) {
        self.inside.borrow_mut().push(a);
        self.with(a, |one| one.function = true);
        self.drop_owned(ctx);
        self.inside.borrow_mut().pop();
        let code = ASYNCHRON_E_BROKEN as i32;
        let outcome = Failure::outcome(code, BROKEN_DOMAIN, BROKEN, None);
        let _ = self.complete(a, outcome);
        self.with(a, |one| one.function = false);
    }
}
