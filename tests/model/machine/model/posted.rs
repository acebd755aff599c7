//! What runs where an executor of the program's has it run.

use super::one::{After, Failure, Job};
use super::*;

impl Model {
    /// Hands it over; or has it back, if that is refused.
    pub fn post(&self, job: Job) -> Option<Job> {
        if self.refuses.get() {
            return Some(job);
        }
        self.posted.borrow_mut().push(job);
        None
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
