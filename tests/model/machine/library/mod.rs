//! The library as a world: every call by its C function.

mod names;
mod outs;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};
use std::rc::Rc;

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use super::call::*;
use names::{NAMES, Names, compute, drop_of, join, on_complete, pointer, post, thing};

pub struct Library {
    names: Rc<Names>,
    /// Whose tasks the player runs.
    executor: *mut asynchron_executor_t,
    reports: RefCell<BTreeMap<Id, *mut asynchron_report_t>>,
    /// Those of each asynchron.
    promises: RefCell<BTreeMap<Id, *mut asynchron_promise_t>>,
}

impl Library {
    pub fn new() -> Self {
        let names = Rc::<Names>::default();
        NAMES.set(Some(names.clone()));
        let options = asynchron_executor_options_t {
            size: size_of::<asynchron_executor_options_t>(),
            name: null(),
            threads: 0,
            stack_size: 0,
            flags: 0,
            post: Some(post),
            ctx: null_mut(),
            drop_ctx: None,
        };
        let mut executor = null_mut();
        // SAFETY: both are there during the call.
        let status = unsafe { asynchron_executor_create(&options, &raw mut executor) };
        assert_eq!(status, ASYNCHRON_OK);
        Self { names, executor, reports: RefCell::default(), promises: RefCell::default() }
    }

    /// The executor, if it is to be that one.
    fn executor(&self, posted: bool) -> *mut asynchron_executor_t {
        if posted { self.executor } else { null_mut() }
    }

    fn r(&self, r: Id) -> *mut asynchron_report_t {
        self.reports.borrow().get(&r).copied().unwrap_or(null_mut())
    }

    fn p(&self, a: Id) -> *mut asynchron_promise_t {
        self.promises.borrow().get(&a).copied().unwrap_or(null_mut())
    }

    fn all(&self, of: &[Id]) -> Vec<*mut asynchron_t> {
        of.iter().map(|&a| self.names.of(a)).collect()
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        NAMES.take();
        // SAFETY: made by `new`.
        unsafe { asynchron_executor_release(self.executor) };
    }
}

/// A text, and room for it during the call.
struct Text(Option<CString>);

fn text(given: bool, text: &str) -> Text {
    Text(given.then(|| CString::new(text).unwrap_or_default()))
}

impl Text {
    fn ptr(&self) -> *const c_char {
        self.0.as_ref().map_or(null(), |text| text.as_ptr())
    }
}

fn timeout(until: Until) -> u64 {
    match until {
        Until::Now => 0,
        Until::Soon => 1,
        Until::Done => ASYNCHRON_FOREVER,
    }
}

fn is(status: asynchron_status_t) -> Answer {
    Answer::Is(status as i32)
}

fn step_options(
    ctx: Owned,
    flags: u64,
    executor: *mut asynchron_executor_t,
) -> asynchron_step_options_t {
    asynchron_step_options_t {
        size: size_of::<asynchron_step_options_t>(),
        r#fn: Some(join),
        ctx: pointer(ctx.thing),
        drop_ctx: drop_of(ctx),
        flags,
        executor,
    }
}

fn bytes(from: usize, len: usize) -> *const std::ffi::c_void {
    BYTES[from..from + len].as_ptr().cast()
}

impl World for Library {
    fn left(&self) -> Option<usize> {
        None
    }

    fn ask(&self, call: &Call) -> Answer {
        let (names, at) = (&self.names, |a| self.names.of(a));
        // SAFETY: the player holds a reference to whatever it asks for.
        unsafe {
            match *call {
                Call::Create { made, name } => {
                    let a = asynchron_create(text(name, NAME).ptr());
                    names.met(made, a);
                    Answer::Handle((!a.is_null()).then_some(made))
                }
                Call::CreateWith { made, user_data, on_demand, reserve } => {
                    let options = asynchron_options_t {
                        size: size_of::<asynchron_options_t>(),
                        name: null(),
                        user_data: pointer(user_data.thing),
                        drop_user_data: drop_of(user_data),
                        on_demand: on_demand.map(|_| compute as _),
                        on_demand_ctx: on_demand.map_or(null_mut(), |ctx| pointer(ctx.thing)),
                        drop_on_demand_ctx: on_demand.and_then(drop_of),
                        reserve,
                        expire_after_ns: 0,
                    };
                    let mut out = null_mut();
                    let status = asynchron_create_with(&options, &mut out);
                    names.met(made, out);
                    is(status)
                }
                Call::Timer { made, timeout_ns } => {
                    let a = asynchron_timer(timeout_ns);
                    names.met(made, a);
                    Answer::Handle((!a.is_null()).then_some(made))
                }
                Call::Retain(a) => Answer::Handle(Some(names.name(asynchron_retain(at(a))))),
                Call::Release(a) => {
                    asynchron_release(at(a));
                    Answer::Nothing
                }
                Call::State(a) => Answer::Is(asynchron_state(at(a)) as i32),
                Call::Poll(a) => is(asynchron_poll(at(a))),
                Call::Name(a) => {
                    let name = outs::text(asynchron_name(at(a)));
                    let number = name.strip_prefix("asynchron-");
                    let unnamed = number.is_some_and(|number| number.parse::<u64>().is_ok());
                    Answer::Text(if unnamed { UNNAMED.into() } else { name })
                }
                Call::UserData(a) => Answer::Data(thing(asynchron_user_data(at(a)))),
                Call::IsOnDemand(a) => Answer::Is(asynchron_is_on_demand(at(a))),
                Call::IsShared(a) => Answer::Is(asynchron_is_shared(at(a))),
                Call::IsHeld(a) => Answer::Is(asynchron_is_held(at(a))),
                Call::ExpireAfter { a, timeout_ns } => {
                    is(asynchron_expire_after(at(a), timeout_ns))
                }
                Call::Progress { a, done, total } => is(asynchron_progress(at(a), done, total)),
                Call::ProgressOf(a) => {
                    outs::progress(|done, total| asynchron_progress_of(at(a), done, total))
                }
                Call::SetBytes { a, from, len } => {
                    is(asynchron_set_bytes(at(a), bytes(from, len), len))
                }
                Call::SetPointer { a, owned } => {
                    is(asynchron_set_pointer(at(a), pointer(owned.thing), drop_of(owned)))
                }
                Call::SetBuffer { a, from, len, owned } => {
                    let (owner, drop) = (pointer(owned.thing), drop_of(owned));
                    is(asynchron_set_buffer(at(a), bytes(from, len), len, owner, drop))
                }
                Call::Fail { a, code, message } => {
                    is(asynchron_fail(at(a), code, text(message, MESSAGE).ptr()))
                }
                Call::FailWith { a, code, domain, message, payload } => {
                    let (domain, message) = (text(domain, DOMAIN), text(message, MESSAGE));
                    let (ptr, drop) = (pointer(payload.thing), drop_of(payload));
                    is(asynchron_fail_with(at(a), code, domain.ptr(), message.ptr(), ptr, drop))
                }
                Call::Cancel(a) => is(asynchron_cancel(at(a))),
                Call::CancelWith { a, reason } => {
                    is(asynchron_cancel_with(at(a), text(reason, MESSAGE).ptr()))
                }
                Call::CancelPending { a, reason } => {
                    is(asynchron_cancel_pending(at(a), text(reason, MESSAGE).ptr()))
                }
                Call::Follow { into, of } => is(asynchron_follow(at(into), at(of))),
                Call::Start(a) => is(asynchron_start(at(a))),
                Call::WaitReturned(a) => is(asynchron_wait_returned(at(a), ASYNCHRON_FOREVER)),
                Call::Take(a) => outs::pointer(|out| asynchron_take(at(a), out)),
                Call::RunDue => {
                    asynchron_run_due();
                    Answer::Nothing
                }
                Call::Spawn { a, ctx } => {
                    let (executor, ptr, drop) = (self.executor, pointer(ctx.thing), drop_of(ctx));
                    is(asynchron_spawn_on(executor, at(a), Some(compute), ptr, drop))
                }
                Call::Refuse(refuses) => {
                    names.refuses.set(refuses);
                    Answer::Nothing
                }
                Call::RetainExecutor => {
                    let same = asynchron_executor_retain(self.executor) == self.executor;
                    asynchron_executor_release(self.executor);
                    Answer::Number(same.into())
                }
                Call::Task { nth, discard } => {
                    let (task, n) = names.take_task(nth);
                    if discard {
                        asynchron_task_discard(task)
                    } else {
                        asynchron_task_run(task)
                    }
                    Answer::Number(n)
                }
                Call::Get(a, Until::Done) => outs::value(|out| asynchron_get(at(a), out)),
                Call::Get(a, until) => {
                    outs::value(|out| asynchron_get_timeout(at(a), timeout(until), out))
                }
                Call::GetBytes { a, cap } => {
                    outs::bytes(cap, |buf, len| asynchron_get_bytes(at(a), buf, cap, len))
                }
                Call::Wait(a, until) => is(asynchron_wait(at(a), timeout(until))),
                Call::Error(a) => outs::error(|out| asynchron_error(at(a), out)),
                Call::Compute(a, ctx) => is(asynchron_call(at(a), Some(compute), pointer(ctx))),
                Call::Notify(a, ctx) => {
                    is(asynchron_notify(at(a), Some(on_complete), pointer(ctx)))
                }
                Call::NotifyWith { a, ctx, token, if_pending, ways, posted } => {
                    let options = asynchron_notify_options_t {
                        size: size_of::<asynchron_notify_options_t>(),
                        r#fn: Some(on_complete),
                        ctx: pointer(ctx.thing),
                        drop_ctx: drop_of(ctx),
                        flags: u64::from(if_pending) | ways,
                        executor: self.executor(posted),
                    };
                    let room = token.map_or(null_mut(), |token| names.new_token(token, ctx.thing));
                    let status = asynchron_notify_with(at(a), &options, room);
                    let written = token.is_some_and(|token| names.token(token) != 0);
                    if token.is_some() && written != (status == ASYNCHRON_OK) {
                        super::player::fault(
                            "a token was written, or not, against the rule".into(),
                        );
                    }
                    is(status)
                }
                Call::Unnotify { a, token, wait: true } => {
                    is(asynchron_unnotify(at(a), names.token(token)))
                }
                Call::Unnotify { a, token, wait: false } => {
                    is(asynchron_try_unnotify(at(a), names.token(token)))
                }
                Call::WaitAny(ref of, until) => {
                    let all = self.all(of);
                    let complete = |n| {
                        all.get(n).is_some_and(|&a: &*mut _| asynchron_poll(a) != ASYNCHRON_PENDING)
                    };
                    outs::index((0..all.len()).any(complete), complete, |index| {
                        asynchron_wait_any(all.as_ptr(), all.len(), timeout(until), index)
                    })
                }
                Call::WaitAll(ref of, until) => {
                    let all = self.all(of);
                    is(asynchron_wait_all(all.as_ptr(), all.len(), timeout(until)))
                }
                Call::After { ref of, into, made, ctx, with, posted } => {
                    let (all, to) = (self.all(of), self.into(into, made, ctx));
                    let (sources, n, ptr) = (all.as_ptr(), all.len(), pointer(ctx.thing));
                    if with {
                        let options = step_options(ctx, 0, self.executor(posted));
                        return self.written(into, made, |out| {
                            asynchron_after_with(sources, n, to, &options, out)
                        });
                    }
                    let a = asynchron_after(sources, n, to, Some(join), ptr, drop_of(ctx));
                    self.returned(into, made, a)
                }
                Call::Then { of, into, made, ctx, with, posted } => {
                    let (to, ptr) = (self.into(into, made, ctx), pointer(ctx.thing));
                    if let Some(ways) = with {
                        let options = step_options(ctx, ways, self.executor(posted));
                        return self.written(into, made, |out| {
                            asynchron_then_with(at(of), to, &options, out)
                        });
                    }
                    let a = asynchron_then(at(of), to, Some(join), ptr, drop_of(ctx));
                    self.returned(into, made, a)
                }
                Call::Promise { a, cancel_unwanted } => {
                    let flags = if cancel_unwanted { ASYNCHRON_PROMISE_CANCEL_UNWANTED } else { 0 };
                    let p = asynchron_promise_create(at(a), flags);
                    let same =
                        self.promises.borrow_mut().insert(a, p).is_none_or(|known| known == p);
                    let of = asynchron_promise_asynchron(p);
                    Answer::Handle((same && !of.is_null()).then(|| names.name(of)))
                }
                Call::PromiseRetain(a) => {
                    asynchron_promise_retain(self.p(a));
                    Answer::Nothing
                }
                Call::PromiseRelease(a) => {
                    asynchron_promise_release(self.p(a));
                    Answer::Nothing
                }
                Call::Group { rule, ref of, into, made, cancel_rest } => {
                    let all = self.all(of);
                    let to = into.map_or(null_mut(), at);
                    let group = match rule {
                        Rule::All => asynchron_all,
                        Rule::Any => asynchron_any,
                        Rule::Race => asynchron_race,
                    };
                    let flags = if cancel_rest { ASYNCHRON_CANCEL_REST } else { 0 };
                    self.returned(into, made, group(all.as_ptr(), all.len(), to, flags))
                }
                _ => self.ask_report(call),
            }
        }
    }
}

impl Library {
    fn into(&self, into: Option<Id>, made: Id, ctx: Owned) -> *mut asynchron_t {
        if into.is_none() {
            self.names.is_coming(made, ctx.thing);
        }
        into.map_or(null_mut(), |into| self.names.of(into))
    }

    fn ask_report(&self, call: &Call) -> Answer {
        let (names, at) = (&self.names, |a| self.names.of(a));
        // SAFETY: the player holds a reference to whatever it asks for.
        unsafe {
            match *call {
                Call::ReportCreate { made, ref of } => {
                    let all = self.all(of);
                    let r = asynchron_report_create(all.as_ptr(), all.len());
                    self.reports.borrow_mut().insert(made, r);
                    Answer::Handle((!r.is_null()).then_some(made))
                }
                Call::ReportRetain(r) => {
                    let same = asynchron_report_retain(self.r(r)) == self.r(r);
                    Answer::Handle(same.then_some(r))
                }
                Call::ReportRelease(r) => {
                    asynchron_report_release(self.r(r));
                    Answer::Nothing
                }
                Call::ReportAdd { r, a, tag } => {
                    is(asynchron_report_add(self.r(r), at(a), pointer(tag)))
                }
                Call::ReportRemove { r, a } => is(asynchron_report_remove(self.r(r), at(a))),
                Call::ReportNext(r, until) => outs::items(names, |out| {
                    (asynchron_report_next(self.r(r), timeout(until), out), None)
                }),
                Call::ReportNextBatch { r, cap, until } => outs::items(names, |out| {
                    let (r, timeout, mut n) = (self.r(r), timeout(until), usize::MAX);
                    (asynchron_report_next_batch(r, timeout, out, cap, &mut n), Some(n))
                }),
                Call::ReportPending(r) => Answer::Number(asynchron_report_pending(self.r(r))),
                Call::ReportWake(r) => is(asynchron_report_wake(self.r(r))),
                Call::ReportClose(r) => is(asynchron_report_close(self.r(r))),
                Call::ReportRearm(r) => is(asynchron_report_rearm(self.r(r))),
                Call::ReportWatch(r, watch) => is(asynchron_report_watch(self.r(r), watch.into())),
                Call::ReportReadable(r) => {
                    let fd = asynchron_report_fd(self.r(r));
                    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
                    Answer::Number(libc::poll(&mut poll, 1, 0).try_into().unwrap_or(usize::MAX))
                }
                _ => unreachable!("{call:?} is not about a report"),
            }
        }
    }

    /// The reference to what is delivered into, or why there is none.
    fn written(
        &self,
        into: Option<Id>,
        made: Id,
        go_on: impl FnOnce(*mut *mut asynchron_t) -> asynchron_status_t,
    ) -> Answer {
        let mut out = null_mut();
        match go_on(&raw mut out) {
            ASYNCHRON_OK => self.returned(into, made, out),
            other => is(other),
        }
    }

    /// The reference to what is delivered into.
    fn returned(&self, into: Option<Id>, made: Id, a: *mut asynchron_t) -> Answer {
        if a.is_null() {
            return Answer::Handle(None);
        }
        if into.is_none() {
            self.names.met(made, a);
        }
        Answer::Handle(Some(self.names.name(a)))
    }
}
