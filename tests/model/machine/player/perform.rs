//! What each operation asks of the world: of what is at hand, if there is any.

use asynchron::capi::{asynchron_state_t::*, asynchron_status_t::*};

use super::*;

impl Player {
    pub(super) fn perform(&self, op: Op) {
        {
            let mut now = self.now.borrow_mut();
            if now.parted.is_some() || now.done == OPS {
                return;
            }
            now.done += 1;
        }
        // None: there is nothing to do it with.
        let _ = self.try_perform(op);
    }

    fn try_perform(&self, op: Op) -> Option<()> {
        match op {
            Op::Create { named } => self.create(|made| Call::Create { made, name: named })?,
            Op::CreateWith { drop_data, on_demand, drop_ctx, reserve } => {
                let user_data = self.hand(None, drop_data);
                let ctx = on_demand.map(|does| self.hand(Some(does), drop_ctx));
                let (on_demand, reserve) = (ctx, reserve.into());
                let made =
                    self.create(|made| Call::CreateWith { made, user_data, on_demand, reserve });
                let mut now = self.now.borrow_mut();
                match made {
                    Some(()) => {
                        let made = now.made - 1;
                        now.on_demand.extend(ctx.map(|_| made));
                    }
                    None => now.things.truncate(user_data.thing),
                }
            }
            Op::Timer { fires } => {
                let timeout_ns = if fires { 0 } else { u64::MAX };
                self.create(|made| Call::Timer { made, timeout_ns })?;
            }
            Op::Retain(a) => self.at(a).map(|a| self.hold(self.ask(Call::Retain(a))))?,
            Op::Release(n) => {
                let a = self.let_go_of(n)?;
                self.ask(Call::Release(a));
            }
            Op::State(a) => self.on(a, Call::State)?,
            Op::Poll(a) => self.on(a, Call::Poll)?,
            Op::Name(a) => self.on(a, Call::Name)?,
            Op::UserData(a) => self.on(a, Call::UserData)?,
            Op::IsOnDemand(a) => self.on(a, Call::IsOnDemand)?,
            Op::IsShared(n) => self.on_held(n, Call::IsShared)?,
            Op::IsHeld(n) => self.on_held(n, Call::IsHeld)?,
            Op::Progress { a, done, total } => {
                self.on(a, |a| Call::Progress { a, done: done.into(), total: total.into() })?;
            }
            Op::ExpireAfter { a, limit } => {
                let (a, timeout_ns) = (self.at(a)?, [0, HOUR, u64::MAX][usize::from(limit % 3)]);
                self.deliver(a, Call::ExpireAfter { a, timeout_ns });
            }
            Op::ProgressOf(a) => self.on(a, Call::ProgressOf)?,
            Op::Error(a) => self.on(a, Call::Error)?,
            Op::SetBytes { a, len } => {
                let (a, from, len) = (self.at(a)?, self.make(), len.into());
                self.deliver(a, Call::SetBytes { a, from: from % 200, len });
            }
            Op::SetPointer { a, drop } => {
                let a = self.at(a)?;
                self.deliver(a, Call::SetPointer { a, owned: self.hand(None, drop) });
            }
            Op::SetBuffer { a, len, drop } => {
                let (a, from, len) = (self.at(a)?, self.make() % 200, len.into());
                self.deliver(a, Call::SetBuffer { a, from, len, owned: self.hand(None, drop) });
            }
            Op::Fail { a, code, message } => {
                let a = self.at(a)?;
                self.deliver(a, Call::Fail { a, code: code.into(), message });
            }
            Op::FailWith { a, code, domain, message, drop } => {
                let (a, code) = (self.at(a)?, code.into());
                let payload = self.hand(None, drop);
                self.deliver(a, Call::FailWith { a, code, domain, message, payload });
            }
            Op::Cancel(a) => self.at(a).map(|a| _ = self.deliver(a, Call::Cancel(a)))?,
            Op::CancelWith { a, reason } => {
                let a = self.at(a)?;
                self.deliver(a, Call::CancelWith { a, reason });
            }
            Op::CancelPending { a, reason } => {
                let a = self.at(a)?;
                self.deliver(a, Call::CancelPending { a, reason });
            }
            // If that makes no circle.
            Op::Follow { into, a } => {
                let (into, of) = (self.at(into)?, self.at(a)?);
                (of <= into).then_some(())?;
                self.using(&[into, of], Call::Follow { into, of });
                self.now.borrow_mut().started.push(into);
            }
            Op::Start(a) => {
                let a = self.at(a)?;
                self.using(&[a], Call::Start(a));
                self.now.borrow_mut().started.push(a);
            }
            Op::WaitReturned(a) => self.on(a, Call::WaitReturned)?,
            Op::Take(n) => {
                let a = self.let_go_of(n)?;
                let answer = self.ask(Call::Take(a));
                let mut now = self.now.borrow_mut();
                if let Answer::Value(Value::Pointer(taken)) = answer {
                    // It is the program's again.
                    now.things[taken].drop = None;
                } else {
                    now.held.push(a);
                }
            }
            Op::RunDue => _ = self.ask(Call::RunDue),
            Op::Spawn { a, does, drop } => {
                let (a, ctx) = (self.at(a)?, self.hand(Some(does), drop));
                self.using(&[a], Call::Spawn { a, ctx });
            }
            Op::RetainExecutor => _ = self.ask(Call::RetainExecutor),
            Op::Refuse(refuses) => _ = self.ask(Call::Refuse(refuses)),
            Op::Task { nth, discard } => _ = self.ask(Call::Task { nth: nth.into(), discard }),
            Op::Get { a, time } => self.on(a, |a| Call::Get(a, self.until(a, time)))?,
            Op::Wait { a, time } => self.on(a, |a| Call::Wait(a, self.until(a, time)))?,
            Op::GetBytes { a, cap } => {
                let a = self.at(a).filter(|&a| self.until(a, Time::Forever) == Until::Done)?;
                self.using(&[a], Call::GetBytes { a, cap: cap.into() });
            }
            Op::Call { a, does } => {
                let a = self.at(a)?;
                self.using(&[a], Call::Compute(a, self.hand(Some(does), None).thing));
            }
            Op::Notify { a, does } => {
                let a = self.at(a)?;
                self.using(&[a], Call::Notify(a, self.hand(Some(does), None).thing));
            }
            Op::NotifyWith { a, does, drop, token, if_pending, ways, posted } => {
                let (a, ctx) = (self.at(a)?, self.hand(Some(does), drop));
                let token = token.then(|| {
                    let mut now = self.now.borrow_mut();
                    let token = now.tokens.len();
                    now.tokens.push((token, a));
                    token
                });
                let ways = ways_of(ways);
                self.using(&[a], Call::NotifyWith { a, ctx, token, if_pending, ways, posted });
            }
            Op::Unnotify { token, of_another, wait } => {
                let (token, of) = {
                    let now = self.now.borrow();
                    let n = usize::from(token).checked_rem(now.tokens.len())?;
                    // The latest is the first.
                    now.tokens[now.tokens.len() - 1 - n]
                };
                let a = of_another.map_or(Some(of), |another| self.at(another))?;
                let at_hand = {
                    let now = self.now.borrow();
                    now.held.contains(&a) || now.given.last().is_some_and(|all| all.contains(&a))
                };
                at_hand.then(|| self.using(&[a], Call::Unnotify { a, token, wait }))?;
            }
            Op::WaitAny { few, time } => {
                let of = self.few(few);
                let until = if matches!(time, Time::Zero) { Until::Now } else { Until::Soon };
                self.using(&of.clone(), Call::WaitAny(of, until));
            }
            Op::WaitAll(few) => {
                let of = self.few(few);
                self.using(&of.clone(), Call::WaitAll(of, Until::Now));
            }
            Op::After { few, into, does, drop, with, posted } => {
                let of = self.few(few);
                let (into, made, ctx) = self.step(&of, into, does, drop);
                let used: Vec<Id> = of.iter().copied().chain(into).collect();
                self.hold(self.using(&used, Call::After { of, into, made, ctx, with, posted }));
            }
            Op::Then { a, into, does, drop, with, posted } => {
                let of = self.at(a)?;
                let (into, made, ctx) = self.step(&[of], into, does, drop);
                let used: Vec<Id> = into.into_iter().chain([of]).collect();
                let with = with.map(ways_of);
                self.hold(self.using(&used, Call::Then { of, into, made, ctx, with, posted }));
            }
            Op::Promise { a, cancel_unwanted } => {
                let room = self.now.borrow().promises.len() < HELD;
                let a = room.then(|| self.at(a))??;
                self.using(&[a], Call::Promise { a, cancel_unwanted });
                self.now.borrow_mut().promises.push(a);
            }
            Op::PromiseRetain(n) => {
                let a = self.promise(n).filter(|_| self.now.borrow().promises.len() < HELD)?;
                self.ask(Call::PromiseRetain(a));
                self.now.borrow_mut().promises.push(a);
            }
            Op::PromiseRelease(n) => {
                let a = self.promise(n)?;
                self.let_go_of_promise(a);
            }
            Op::Group { rule, few, into, cancel_rest } => {
                let of = self.few(few);
                let (into, made) = (self.into(&of, into), self.make());
                let used: Vec<Id> = of.iter().copied().chain(into).collect();
                self.hold(self.using(&used, Call::Group { rule, of, into, made, cancel_rest }));
            }
            _ => self.try_perform_on_report(op)?,
        }
        Some(())
    }

    fn try_perform_on_report(&self, op: Op) -> Option<()> {
        let soon = |time| if matches!(time, Time::Zero) { Until::Now } else { Until::Soon };
        match op {
            Op::ReportCreate(few) => {
                let of = self.few(few);
                let room = self.now.borrow().reports.len() < REPORTS;
                let made = room.then(|| self.make())?;
                self.using(&of.clone(), Call::ReportCreate { made, of });
                self.now.borrow_mut().reports.push(made);
            }
            Op::ReportRetain(r) => {
                let r = self.report(r)?;
                self.using_report(r, &[], Call::ReportRetain(r));
                self.now.borrow_mut().reports.push(r);
            }
            Op::ReportRelease(n) => {
                let r = {
                    let mut now = self.now.borrow_mut();
                    let n = usize::from(n).checked_rem(now.reports.len())?;
                    let may_go = Self::may_go(&now.reports, &now.used_reports, now.reports[n]);
                    may_go.then(|| now.reports.remove(n))?
                };
                self.ask(Call::ReportRelease(r));
            }
            Op::ReportAdd { r, a } => {
                let (r, a) = (self.report(r)?, self.at(a)?);
                let tag = self.hand(None, None).thing;
                self.using_report(r, &[a], Call::ReportAdd { r, a, tag });
            }
            Op::ReportRemove { r, a } => {
                let (r, a) = (self.report(r)?, self.at(a)?);
                self.using_report(r, &[a], Call::ReportRemove { r, a });
            }
            Op::ReportNext { r, time } => {
                let r = self.report(r)?;
                self.hold(self.using_report(r, &[], Call::ReportNext(r, soon(time))));
            }
            Op::ReportNextBatch { r, cap, time } => {
                let r = self.report(r)?;
                let batch = Call::ReportNextBatch { r, cap: (cap % 5).into(), until: soon(time) };
                self.hold(self.using_report(r, &[], batch));
            }
            Op::ReportPending(r) => self.on_report(r, Call::ReportPending)?,
            Op::ReportWake(r) => self.on_report(r, Call::ReportWake)?,
            Op::ReportClose(r) => self.on_report(r, Call::ReportClose)?,
            Op::ReportRearm(r) => self.on_report(r, Call::ReportRearm)?,
            Op::ReportReadable(r) => self.on_report(r, Call::ReportReadable)?,
            Op::ReportWatch { r, watch } => self.on_report(r, |r| Call::ReportWatch(r, watch))?,
            _ => unreachable!("{op:?} is not about a report"),
        }
        Some(())
    }

    /// What the nth of the promises is of.
    fn promise(&self, n: u8) -> Option<Id> {
        let now = self.now.borrow();
        usize::from(n).checked_rem(now.promises.len()).map(|n| now.promises[n])
    }

    pub(super) fn let_go_of_promise(&self, a: Id) {
        {
            let mut now = self.now.borrow_mut();
            let at = now.promises.iter().position(|&promise| promise == a);
            at.into_iter().for_each(|at| _ = now.promises.remove(at));
        }
        self.ask(Call::PromiseRelease(a));
    }

    fn create(&self, call: impl FnOnce(Id) -> Call) -> Option<()> {
        let room = self.now.borrow().held.len() < HELD;
        let made = room.then(|| self.make())?;
        self.ask(call(made));
        self.now.borrow_mut().held.push(made);
        Some(())
    }

    fn on(&self, a: At, call: impl FnOnce(Id) -> Call) -> Option<()> {
        let a = self.at(a)?;
        self.using(&[a], call(a));
        Some(())
    }

    /// Of what the program itself has a reference, which no call uses that has not returned: that may make another of it,
    /// sooner or later.
    fn on_held(&self, n: At, call: impl FnOnce(Id) -> Call) -> Option<()> {
        let a = {
            let now = self.now.borrow();
            let n = usize::from(n).checked_rem(now.held.len())?;
            Some(now.held[n]).filter(|a| !now.used.contains(a))?
        };
        self.using(&[a], call(a));
        Some(())
    }

    fn on_report(&self, r: In, call: impl FnOnce(Id) -> Call) -> Option<()> {
        let r = self.report(r)?;
        self.using_report(r, &[], call(r));
        Some(())
    }

    /// What it delivers into, if that makes no circle.
    fn into(&self, of: &[Id], into: Option<At>) -> Option<Id> {
        let into = into.and_then(|into| self.at(into));
        into.filter(|into| of.iter().all(|source| source <= into))
    }

    fn step(
        &self,
        of: &[Id],
        into: Option<At>,
        does: Does,
        drop: Frees,
    ) -> (Option<Id>, Id, Owned) {
        (self.into(of, into), self.make(), self.hand(Some(does), drop))
    }

    /// A call that uses these until it returns.
    fn using(&self, handles: &[Id], call: Call) -> Answer {
        let before = {
            let mut now = self.now.borrow_mut();
            let before = now.used.len();
            now.used.extend(handles);
            before
        };
        let answer = self.ask(call);
        self.now.borrow_mut().used.truncate(before);
        answer
    }

    fn using_report(&self, r: Id, a: &[Id], call: Call) -> Answer {
        self.now.borrow_mut().used_reports.push(r);
        let answer = self.using(a, call);
        self.now.borrow_mut().used_reports.pop();
        answer
    }

    /// Once it has won, its handle is not used any more.
    fn deliver(&self, a: Id, call: Call) -> Answer {
        let pending = self.world.ask(&Call::Poll(a)) == Answer::Is(ASYNCHRON_PENDING as i32);
        self.using(if pending { &[] } else { std::slice::from_ref(&a) }, call)
    }

    /// One of the references that are held, for a call that gives it up.
    fn let_go_of(&self, n: At) -> Option<Id> {
        let mut now = self.now.borrow_mut();
        let n = usize::from(n).checked_rem(now.held.len())?;
        Self::may_go(&now.held, &now.used, now.held[n]).then(|| now.held.remove(n))
    }

    /// What is held of this may go: it is not the last that a call uses.
    fn may_go(held: &[Id], used: &[Id], id: Id) -> bool {
        !used.contains(&id) || held.iter().filter(|&&one| one == id).count() > 1
    }

    fn until(&self, a: Id, time: Time) -> Until {
        let pending = Answer::Is(ASYNCHRON_STATE_PENDING as i32);
        match time {
            Time::Zero => Until::Now,
            Time::Brief => Until::Soon,
            Time::Forever if self.now.borrow().started.contains(&a) => Until::Soon,
            // Its function may have it follow another.
            Time::Forever if self.program.follows() => Until::Soon,
            Time::Forever if self.now.borrow().on_demand.contains(&a) => Until::Done,
            Time::Forever if self.world.ask(&Call::State(a)) == pending => Until::Soon,
            Time::Forever => Until::Done,
        }
    }

    fn hold(&self, answer: Answer) {
        let mut now = self.now.borrow_mut();
        match answer {
            Answer::Handle(Some(a)) => now.held.push(a),
            Answer::Items(items) => now.held.extend(items.into_iter().map(|(a, _)| a)),
            _ => {}
        }
    }
}

/// Of three bits, the flags `ASYNCHRON_ON_…`.
fn ways_of(bits: u8) -> u64 {
    u64::from(bits & 7) << 1
}
