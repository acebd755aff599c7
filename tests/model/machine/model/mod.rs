//! The contract, in plain Rust of one thread: what every call answers, what runs when, and what is freed when.
//!
//! Where the header leaves an order open, it is the library's: of several that a callback or a drop let go, the last
//! is freed first; of one, first the value, then the user data; a report releases what it holds in the order of its
//! slots, and uses a free slot again first.

mod follow;
mod group;
mod one;
mod posted;
mod promises;
mod report;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use asynchron::capi::ASYNCHRON_ON_VALUE;
use asynchron::capi::asynchron_status_t::{self, *};

use super::call::*;
use super::player;
use follow::Follow;
use group::Group;
use one::{After, Failure, Job, One, Outcome, Registered};
use report::Report;

/// Those that were told, and are to complete others.
pub enum Pass {
    Follow(Rc<Follow>),
    Source(Rc<Group>, Id),
    /// What the group delivers into is complete.
    Needless(Rc<Group>),
}

pub type Passing = VecDeque<Pass>;

/// No borrow lasts while code of the program's runs: it may ask anything.
#[derive(Default)]
pub struct Model {
    all: RefCell<BTreeMap<Id, One>>,
    reports: RefCell<BTreeMap<Id, Report>>,
    /// What is due: the callbacks in their order, and those that nobody holds any more.
    jobs: RefCell<VecDeque<Job>>,
    dead: RefCell<Vec<Id>>,
    running_due: Cell<bool>,
    /// Those whose functions are running.
    inside: RefCell<Vec<Id>>,
    /// What the executor has been given and has not run, and whether it refuses more.
    posted: RefCell<Vec<Job>>,
    refuses: Cell<bool>,
}

impl World for Model {
    fn left(&self) -> Option<usize> {
        Some(self.all.borrow().len() + self.reports.borrow().len())
    }

    fn ask(&self, call: &Call) -> Answer {
        match *call {
            Call::Create { made, name } => {
                self.create(made, One { named: name, extras: name, ..One::new() })
            }
            // Room changes nothing of what can be seen.
            Call::CreateWith { made, user_data, on_demand, reserve: _ } => {
                let listeners = on_demand.into_iter().map(one::Listener::Demand).collect();
                let made_with =
                    One { user_data: Some(user_data), listeners, extras: true, ..One::new() };
                self.create(made, made_with);
                is(ASYNCHRON_OK)
            }
            Call::Timer { made, timeout_ns } => {
                let outcome = (timeout_ns == 0).then_some(Outcome::Value(Value::Empty, None));
                self.create(made, One { outcome, ..One::new() })
            }
            Call::Retain(a) => {
                self.with(a, |one| one.refs += 1);
                Answer::Handle(Some(a))
            }
            Call::Release(a) => {
                self.release(a);
                Answer::Nothing
            }
            Call::State(a) => Answer::Is(self.with(a, |one| one.state()) as i32),
            Call::Poll(a) => is(self.poll(a)),
            Call::Name(a) => {
                let named = self.with(a, |one| {
                    one.extras = true;
                    one.named
                });
                Answer::Text(if named { NAME } else { UNNAMED }.into())
            }
            Call::UserData(a) => Answer::Data(self.with(a, |one| one.user_data.map(|o| o.thing))),
            Call::IsOnDemand(a) => Answer::Is(self.with(a, |one| one.waits_for_demand()) as i32),
            Call::IsShared(a) => Answer::Is(self.with(a, |one| one.refs > 1).into()),
            Call::IsHeld(a) => {
                let of_promises = |one: &mut One| usize::from(one.promises > 0);
                Answer::Is(self.with(a, |one| one.refs > 1 + of_promises(one)).into())
            }
            Call::Progress { a, done, total } => self.make_progress(a, done, total),
            Call::ProgressOf(a) => self.with(a, |one| one.progress()),
            Call::SetBytes { a, from, len } => {
                let copy = BYTES[from..from + len].to_vec();
                let value = if len == 0 { Value::Empty } else { Value::Copied(copy) };
                self.deliver(a, Outcome::Value(value, None))
            }
            Call::SetPointer { a, owned } => {
                self.deliver(a, Outcome::Value(Value::Pointer(owned.thing), Some(owned)))
            }
            Call::SetBuffer { a, from, len, owned } => {
                let value = if len == 0 { Value::Empty } else { Value::Lent { from, len } };
                self.deliver(a, Outcome::Value(value, Some(owned)))
            }
            Call::Fail { a, code, message } => {
                self.deliver(a, Failure::outcome(code, "", text(message, MESSAGE), None))
            }
            Call::FailWith { a, code, domain, message, payload } => {
                let (domain, message) = (text(domain, DOMAIN), text(message, MESSAGE));
                self.deliver(a, Failure::outcome(code, domain, message, Some(payload)))
            }
            Call::Cancel(a) => self.deliver(a, Outcome::Cancelled("")),
            Call::CancelWith { a, reason } => {
                self.deliver(a, Outcome::Cancelled(text(reason, MESSAGE)))
            }
            // Nobody sees a deadline, but the one that has come.
            Call::ExpireAfter { a, timeout_ns: 0 } => {
                let code = ASYNCHRON_TIMEOUT as i32;
                self.deliver(a, Failure::outcome(code, BROKEN_DOMAIN, EXPIRED, None))
            }
            Call::ExpireAfter { a, .. } if self.is_complete(a) => self.lost(a),
            Call::ExpireAfter { .. } => is(ASYNCHRON_OK),
            Call::CancelPending { a, reason } => {
                if self.with(a, |one| one.running) {
                    return self.lost(a);
                }
                self.deliver(a, Outcome::Cancelled(text(reason, MESSAGE)))
            }
            Call::Follow { into, of } => self.follow(into, of),
            Call::Start(a) => {
                if self.start(a) {
                    is(ASYNCHRON_OK)
                } else {
                    self.lost(a)
                }
            }
            Call::Take(a) => self.take(a),
            // Nobody else runs any.
            Call::WaitReturned(a) if self.inside.borrow().contains(&a) => is(ASYNCHRON_E_DEADLOCK),
            Call::WaitReturned(_) => {
                self.drain_inside();
                is(ASYNCHRON_OK)
            }
            Call::RunDue => {
                self.drain_inside();
                Answer::Nothing
            }
            Call::Get(a, until) => match self.wait(a, until) {
                ASYNCHRON_OK => self.value(a).map_or_else(|| is(self.poll(a)), Answer::Value),
                other => is(other),
            },
            Call::GetBytes { a, cap } => self.get_bytes(a, cap),
            Call::Wait(a, until) => is(self.wait(a, until)),
            Call::Error(a) => self.with(a, |one| one.error()),
            Call::Compute(a, ctx) => self.call(a, ctx),
            Call::Notify(a, ctx) => {
                let ctx = Owned { thing: ctx, drop: false };
                self.notify(a, Registered { ctx, token: None, ways: 0, posted: false }, false)
            }
            Call::NotifyWith { a, ctx, token, if_pending, ways, posted } => {
                self.notify(a, Registered { ctx, token, ways, posted }, if_pending)
            }
            Call::Spawn { a, ctx } => is(self.spawn(a, ctx)),
            Call::Refuse(refuses) => {
                self.refuses.set(refuses);
                Answer::Nothing
            }
            Call::RetainExecutor => Answer::Number(1),
            Call::Task { nth, discard } => self.end_task(nth, discard),
            Call::Unnotify { a, token, .. } => self.unnotify(a, token),
            Call::WaitAny(ref of, until) => self.wait_any(of, until),
            Call::WaitAll(ref of, until) => self.wait_all(of, until),
            Call::After { ref of, into, made, ctx, with, posted } => {
                of_step(self.go_on(of, into, made, ctx, 0, with && posted), with)
            }
            Call::Then { of, into, made, ctx, with, posted } => {
                let (ways, posted) = (with.unwrap_or(ASYNCHRON_ON_VALUE), with.is_some() && posted);
                of_step(self.go_on(&[of], into, made, ctx, ways, posted), with.is_some())
            }
            Call::Promise { a, cancel_unwanted } => {
                self.promise(a);
                if cancel_unwanted {
                    self.mind(a);
                }
                Answer::Handle(Some(a))
            }
            Call::PromiseRetain(a) => {
                self.promise(a);
                Answer::Nothing
            }
            Call::PromiseRelease(a) => {
                self.release_promise(a);
                Answer::Nothing
            }
            Call::Group { rule, ref of, into, made, cancel_rest } => {
                self.group(rule, of, into, made, cancel_rest)
            }
            _ => self.ask_report(call),
        }
    }
}

pub(super) fn is(status: asynchron_status_t) -> Answer {
    Answer::Is(status as i32)
}

/// What a step answers: with options, why there is none.
fn of_step(into: Option<Id>, with: bool) -> Answer {
    if with && into.is_none() { is(ASYNCHRON_E_INVALID) } else { Answer::Handle(into) }
}

fn text(given: bool, text: &'static str) -> &'static str {
    if given { text } else { "" }
}

/// The calls that are more than a look.
impl Model {
    pub fn new() -> Self {
        Self::default()
    }

    fn create(&self, made: Id, one: One) -> Answer {
        self.all.borrow_mut().insert(made, one);
        Answer::Handle(Some(made))
    }

    /// The first delivery wins; what comes too late is dropped by the call.
    fn deliver(&self, a: Id, outcome: Outcome) -> Answer {
        match self.complete(a, outcome) {
            Ok(()) => is(ASYNCHRON_OK),
            Err(late) => {
                let lost = self.lost(a);
                self.drop_outcome(late);
                lost
            }
        }
    }

    fn make_progress(&self, a: Id, done: u64, total: u64) -> Answer {
        if self.is_complete(a) {
            return self.lost(a);
        }
        self.with(a, |one| {
            one.extras = true;
            one.progress = Some((done, total));
        });
        is(ASYNCHRON_OK)
    }

    fn lost(&self, a: Id) -> Answer {
        is(if self.poll(a) == ASYNCHRON_CANCELLED {
            ASYNCHRON_CANCELLED
        } else {
            ASYNCHRON_ALREADY
        })
    }

    fn get_bytes(&self, a: Id, cap: usize) -> Answer {
        let waited = self.wait(a, Until::Done);
        let bytes = match self.value(a) {
            Some(Value::Copied(bytes)) => bytes,
            Some(Value::Lent { from, len }) => BYTES[from..from + len].to_vec(),
            Some(_) => Vec::new(),
            None if waited == ASYNCHRON_OK => return is(self.poll(a)),
            None => return is(waited),
        };
        let len = bytes.len();
        if len > cap {
            Answer::Bytes { status: ASYNCHRON_E_INVALID as i32, len, bytes: Vec::new() }
        } else {
            Answer::Bytes { status: ASYNCHRON_OK as i32, len, bytes }
        }
    }

    fn take(&self, a: Id) -> Answer {
        let refs = self.with(a, |one| one.refs);
        let taken = match self.poll(a) {
            ASYNCHRON_OK => {
                let origin = self.with(a, |one| one.origin()).unwrap_or(a);
                let refs = refs.max(self.with(origin, |one| one.refs));
                let pointer = self.with(origin, |one| one.pointer().copied());
                pointer.filter(|_| refs == 1).map(|pointer| (pointer, origin))
            }
            other => return is(other),
        };
        match (taken, self.value(a)) {
            (Some((pointer, origin)), _) => {
                self.with(origin, |one| one.let_go_of_pointer());
                self.release(a);
                Answer::Value(Value::Pointer(pointer.thing))
            }
            (None, Some(Value::Pointer(_))) => is(ASYNCHRON_ALREADY),
            _ => is(ASYNCHRON_E_INVALID),
        }
    }

    fn call(&self, a: Id, ctx: Thing) -> Answer {
        if !self.start(a) {
            return self.lost(a);
        }
        self.with(a, |one| one.refs += 1);
        self.compute(a, &[], Owned { thing: ctx, drop: false });
        self.release(a);
        is(ASYNCHRON_OK)
    }

    fn notify(&self, a: Id, registered: Registered, if_pending: bool) -> Answer {
        if self.is_complete(a) && if_pending {
            self.drop_owned(registered.ctx);
            return is(ASYNCHRON_ALREADY);
        }
        self.register(a, registered);
        is(ASYNCHRON_OK)
    }

    fn unnotify(&self, a: Id, token: Id) -> Answer {
        match self.with(a, |one| one.take_back(token)) {
            Some(ctx) => {
                self.drop_owned(ctx);
                self.look_whether_wanted(a);
                is(ASYNCHRON_OK)
            }
            None => is(ASYNCHRON_ALREADY),
        }
    }

    /// Only looks, but that a wait which would block first runs what is due, and starts what is on demand.
    fn wait(&self, a: Id, until: Until) -> asynchron_status_t {
        let asks = until != Until::Now;
        if let Some(ctx) = self.with(a, |one| if asks { one.take_demand() } else { None }) {
            let started = self.start(a);
            debug_assert!(started);
            self.with(a, |one| one.refs += 1);
            self.compute(a, &[], ctx);
            self.release(a);
        }
        self.wait_for(until, || self.is_complete(a), || self.is_inside(a))
    }

    fn wait_for(
        &self,
        until: Until,
        done: impl Fn() -> bool,
        deadlock: impl Fn() -> bool,
    ) -> asynchron_status_t {
        if done() {
            return ASYNCHRON_OK;
        }
        if deadlock() {
            return ASYNCHRON_E_DEADLOCK;
        }
        if until != Until::Now {
            self.drain();
        }
        if done() { ASYNCHRON_OK } else { ASYNCHRON_TIMEOUT }
    }

    fn wait_any(&self, of: &[Id], until: Until) -> Answer {
        if of.is_empty() {
            return is(ASYNCHRON_E_INVALID);
        }
        if let Some(first) = of.iter().position(|&a| self.is_complete(a)) {
            return Answer::Index(first);
        }
        let any = || of.iter().any(|&a| self.is_complete(a));
        match self.wait_for(until, any, || of.iter().all(|&a| self.is_inside(a))) {
            ASYNCHRON_OK => Answer::Index(ANY),
            other => is(other),
        }
    }

    fn wait_all(&self, of: &[Id], until: Until) -> Answer {
        let all = || of.iter().all(|&a| self.is_complete(a));
        let own = || of.iter().any(|&a| !self.is_complete(a) && self.is_inside(a));
        is(self.wait_for(until, all, own))
    }

    /// A reference to what is delivered into.
    fn retained_or_new(&self, into: Option<Id>, made: Id) -> Id {
        let into = into.unwrap_or_else(|| {
            self.create(made, One { refs: 0, ..One::new() });
            made
        });
        self.with(into, |one| one.refs += 1);
        into
    }

    fn go_on(
        &self,
        of: &[Id],
        into: Option<Id>,
        made: Id,
        ctx: Owned,
        ways: u64,
        posted: bool,
    ) -> Option<Id> {
        if into.is_some_and(|into| of.contains(&into)) {
            self.drop_owned(ctx);
            return None;
        }
        let into = self.retained_or_new(into, made);
        if self.is_complete(into) {
            self.drop_owned(ctx);
            return Some(into);
        }
        // Until the function has returned.
        self.with(into, |one| one.refs += 1);
        let (left, off) = (Cell::new(of.len() + 1), RefCell::default());
        let needless = Cell::new(one::Needless::No);
        let after = After { of: of.to_vec(), into, ctx, ways, left, off, needless, posted };
        self.listen(Rc::new(after));
        Some(into)
    }
}
