//! Going on after one: `then` after its value, `after` however it ends.

mod sent;

use std::mem::{self, offset_of};
use std::ptr::NonNull;

pub(crate) use self::sent::then_on;
use self::sent::{SENT_STEP_NEEDLESS, SentStep};
use super::JoinFn;
use super::ways::Ways;
use crate::base::memory::{NoMemory, try_box};
use crate::base::program::Owned;
use crate::compute;
use crate::one::asynchron::{Annex, Asynchron};
use crate::one::handle::Handle;
use crate::one::jobs::{self, Job, Jobs};
use crate::one::link::{Detached, Known, Link, Listed};
use crate::one::listener::{Interest, Kind, Listener};
use crate::one::publish::Telling;
use crate::one::share::share_or_return;
use crate::one::step::Begun;
use crate::pool;

/// The source completes.
static THEN: Kind = Kind::RunMarked { mark: Link::mark, run: Next::run, interest: Interest::Yes };
/// What it delivers into completes otherwise.
static THEN_NEEDLESS: Kind = Kind::Step { take: Next::take, source: &THEN };

/// What goes on after one source. If what it delivers into is made for it, it lies behind that, in one
/// allocation, which goes with the asynchron's last reference; else in an [`Apart`].
///
/// It is freed by whoever takes it off what it delivers into: the thread on which its turn comes, or, if another
/// completes that, the one that does. If it was told just then, the later of the two frees it.
#[repr(C)]
pub(crate) struct Next {
    function: JoinFn,
    ctx: Owned,
    /// In the list of what it delivers into, of which it has a reference.
    needless: Listener,
    /// In the list of the source. Last, for a chain is walked faster so (docs/performance.md).
    link: Link,
}

// So the link finds it: see [`Link`].
const _: () = assert!(offset_of!(Next, needless) + size_of::<Listener>() == offset_of!(Next, link));
const _: () = assert!(size_of::<Next>() <= size_of::<Annex>());
#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(size_of::<Next>() == size_of::<Annex>());

/// In a link's info: it lies behind what it delivers into.
const JOINED: u32 = 1 << 31;
/// It lies in a [`SentStep`].
const SENT: u32 = 1 << 30;
/// From here on, the ways of ending for which the function is.
const WAYS_SHIFT: u32 = Link::MOST.trailing_zeros();

/// One in an allocation of its own.
#[repr(C)]
struct Apart {
    next: Next,
    into: Handle,
}

/// What is to be done, and with what.
pub(crate) struct Step {
    pub(crate) function: JoinFn,
    pub(crate) ctx: Owned,
    /// How the source is to end for that; else what it delivers into ends as the source did.
    pub(crate) ways: Ways,
}

/// Has `step` run once the source is complete. Returns a reference to what it delivers into.
pub(crate) fn then(
    source: &Asynchron,
    into: Option<&Asynchron>,
    step: Step,
) -> Result<Handle, NoMemory> {
    let Some(into) = into else {
        let (into, this) = Next::joined(source, step)?;
        // SAFETY: it is listed where it delivers into, since just now, and nowhere else.
        unsafe { Next::listen(this, source, Known::ToNobody) };
        return Ok(into);
    };
    let this = Next::apart(source, into, step)?;
    // SAFETY: in no list, and it stays until it was told or taken off.
    if unsafe { into.listen(Next::field(this, offset_of!(Next, needless))) } {
        // SAFETY: it is listed where it delivers into, since just now, and nowhere else.
        unsafe { Next::listen(this, source, Known::ToOthers) };
    } else {
        // SAFETY: it is complete, so nobody knows the step.
        drop(unsafe { Box::from_raw(this.cast::<Apart>().as_ptr()) });
    }
    Ok(Handle::retain(into))
}

impl Next {
    /// `sent` is [`SENT`], or 0.
    fn new(source: &Asynchron, step: Step, known: Known, sent: u32) -> Self {
        let Step { function, ctx, ways } = step;
        let joined = if known == Known::ToNobody { JOINED } else { 0 };
        let info = joined | sent | (u32::from(ways.bits()) << WAYS_SHIFT);
        let link = Link::new(source, known, info);
        let needless = if sent == SENT { &SENT_STEP_NEEDLESS } else { &THEN_NEEDLESS };
        Self { function, ctx, needless: Listener::new(needless), link }
    }

    fn field<T>(this: NonNull<Self>, offset: usize) -> NonNull<T> {
        // SAFETY: it is a field of `this`.
        unsafe { this.byte_add(offset) }.cast()
    }

    /// # Safety
    /// The field, or what lies there now, is a `Next`'s.
    unsafe fn of_field<T>(field: NonNull<T>, offset: usize) -> NonNull<Self> {
        // SAFETY: as the caller promises.
        unsafe { field.byte_sub(offset) }.cast()
    }

    fn apart(source: &Asynchron, into: &Asynchron, step: Step) -> Result<NonNull<Self>, NoMemory> {
        let next = Self::new(source, step, Known::ToOthers, 0);
        let apart = try_box(Apart { next, into: Handle::retain(into) }).map_err(|_| NoMemory)?;
        Ok(NonNull::from(Box::leak(apart)).cast())
    }

    fn joined(source: &Asynchron, step: Step) -> Result<(Handle, NonNull<Self>), NoMemory> {
        let (into, room) = Asynchron::create_joined()?;
        let room = room.cast::<Self>();
        // SAFETY: there is room for it, which is ours.
        unsafe { room.write(Self::new(source, step, Known::ToNobody, 0)) };
        // SAFETY: nobody else knows either.
        unsafe { into.listen_first(Self::field(room, offset_of!(Self, needless))) };
        Ok((into, room))
    }

    /// # Safety
    /// It is listed where it delivers into, and nowhere else.
    unsafe fn listen(this: NonNull<Self>, source: &Asynchron, known: Known) {
        let link = Self::field(this, offset_of!(Self, link));
        // SAFETY: as the caller promises.
        match unsafe { Link::list(link, source, known) } {
            Listed::Yes => {}
            Listed::Complete => {
                source.retain();
                // SAFETY: alive, and it is never written again.
                let sent = unsafe { Link::info(link) } & SENT != 0;
                let jobs = Jobs::new();
                // SAFETY: it is in no list, and counts as told.
                unsafe {
                    jobs.push(link.cast(), Some(if sent { SentStep::send } else { Self::run }))
                };
                jobs::run(jobs);
            }
            // SAFETY: whoever took it off has done its part, and has its context.
            Listed::Off => unsafe { Self::free(this) },
        }
    }

    /// # Safety
    /// The job lies where the links of a `Next` were that has been told; called once.
    unsafe fn run(job: NonNull<Job>) {
        // SAFETY: as the caller promises.
        unsafe { Self::go_on(job.cast(), true) };
    }

    /// Runs the function; or, if not, has what it delivers into fail, since nobody else will deliver.
    ///
    /// # Safety
    /// The link was told; called once.
    #[inline]
    unsafe fn go_on(link: NonNull<Link>, runs: bool) {
        // SAFETY: TOLD: a reference is kept for it.
        let source = unsafe { Link::take_source(link) };
        // SAFETY: the link is the `link` of a `Next`.
        let this = unsafe { Self::of_field(link, offset_of!(Self, link)) };
        // SAFETY: neither of the two who may free it has.
        let info = unsafe { Link::info(link) };
        let passes_on = passes_on(&source, info);
        // SAFETY: the reference of the `Next` keeps it alive.
        let into = unsafe { Self::into_of(this, info) };
        // SAFETY: ALIVE by the reference of the `Next`.
        let into = unsafe { into.as_ref() };
        let needless = Self::field(this, offset_of!(Self, needless));
        // SAFETY: it was listed there.
        let begun = unsafe { into.begin(needless, !passes_on) };
        if begun == Begun::Gone {
            // SAFETY: this thread has not done its part.
            if unsafe { Link::finish_part(link) } {
                // SAFETY: the other has done its part, and has its context.
                unsafe { Self::free(this) };
            }
            return;
        }
        // SAFETY: ALONE: off both lists.
        let (into, function, ctx) = unsafe { Self::take_apart(this) };
        if passes_on {
            drop(ctx);
            let (outcome, rest) = share_or_return(source);
            if let Some(outcome) = outcome {
                // SAFETY: ALIVE: the handle is a reference. If another was first, that one stays.
                let _ = unsafe { Asynchron::complete(into.as_non_null(), outcome) };
            }
            drop(rest);
        } else if begun == Begun::Started && runs {
            let sources = [source.as_ptr()];
            // SAFETY: the program gave this function together with this context.
            compute::run(&into, ctx, |a, ctx| unsafe { function(a, sources.as_ptr(), 1, ctx) });
            drop(source);
        } else if begun == Begun::Started {
            pool::discard(&into, ctx);
            drop(source);
        } else {
            drop(ctx);
            drop(source);
            into.lose_step();
        }
        drop(into);
    }

    /// What it delivers into is complete.
    ///
    /// # Safety
    /// As for [`Kind::Take`].
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: as the caller promises.
        unsafe { telling.run_later(node, Self::let_go) };
    }

    /// # Safety
    /// As for `detach`.
    unsafe fn let_go(job: NonNull<Job>) {
        // SAFETY: as the caller promises.
        unsafe { Self::detach(job, drop) };
    }

    /// # Safety
    /// The job lies where the links of a `Next` were that was taken off what it delivers into; called once.
    #[inline]
    unsafe fn detach(job: NonNull<Job>, drop_ctx: impl FnOnce(Owned)) {
        // SAFETY: the job lies where the `needless` of a `Next` was.
        let this = unsafe { Self::of_field(job, offset_of!(Self, needless)) };
        // SAFETY: since it was taken off, the context is this thread's.
        let ctx = unsafe { Self::field::<Owned>(this, offset_of!(Self, ctx)).read() };
        let link = Self::field(this, offset_of!(Self, link));
        // SAFETY: this thread has not done its part.
        let detached = unsafe { Link::detach(link) };
        drop_ctx(ctx);
        let alone = match detached {
            Detached::Off => true,
            // SAFETY: this thread has not done its part.
            Detached::Told => unsafe { Link::finish_part(link) },
            Detached::Never => false,
        };
        if alone {
            // SAFETY: ALONE: nobody else knows it any more.
            unsafe { Self::free(this) };
        }
    }

    /// # Safety
    /// `this` has not given up its reference.
    unsafe fn into_of(this: NonNull<Self>, info: u32) -> NonNull<Asynchron> {
        if info & JOINED != 0 {
            // SAFETY: it lies behind what it delivers into.
            unsafe { this.cast::<Asynchron>().sub(1) }
        } else {
            // SAFETY: it lies in an `Apart`.
            unsafe { &(*this.cast::<Apart>().as_ptr()).into }.as_non_null()
        }
    }

    /// Frees it, but for what it is made of.
    ///
    /// # Safety
    /// ALONE: nobody else knows it any more.
    #[inline(always)] // Into its callers: the compiler thinks otherwise.
    unsafe fn take_apart(this: NonNull<Self>) -> (Handle, JoinFn, Owned) {
        // SAFETY: as the caller promises.
        let info = unsafe { Link::info(Self::field(this, offset_of!(Self, link))) };
        if info & JOINED != 0 {
            // SAFETY: joined, it has not given up its reference.
            let into = unsafe { Self::into_of(this, JOINED) };
            // SAFETY: the reference of the `Next` is taken over.
            let into = unsafe { Handle::from_raw(into) };
            // What is left of it goes with the asynchron, and is not dropped.
            // SAFETY: ALONE: it is read once, and is not dropped afterwards.
            let Self { function, ctx, .. } = unsafe { this.read() };
            (into, function, ctx)
        } else if info & SENT != 0 {
            // SAFETY: as the caller promises, of this kind.
            unsafe { SentStep::take_apart(this) }
        } else {
            // SAFETY: it lies in an `Apart`.
            let apart = unsafe { Box::from_raw(this.cast::<Apart>().as_ptr()) };
            let Apart { next: Self { function, ctx, .. }, into } = *apart;
            (into, function, ctx)
        }
    }

    /// # Safety
    /// As for `take_apart`; the context was taken out.
    #[cold]
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let (into, _, ctx) = unsafe { Self::take_apart(this) };
        mem::forget(ctx);
        drop(into);
    }
}

/// Whether the function is not for how the source ended.
#[inline]
fn passes_on(source: &Asynchron, info: u32) -> bool {
    let ways = Ways::from_bits((info >> WAYS_SHIFT) as u8);
    !source.outcome().is_some_and(|(_, form)| ways.has(form))
}
