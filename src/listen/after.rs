//! Going on after several: `after`, once all of its sources are complete.

mod block;
mod tail;

use std::mem::offset_of;
use std::ptr::NonNull;

use self::tail::Tail;
use super::JoinFn;
use super::then::{Step, then, then_on};
use super::ways::Ways;
use crate::base::memory::{NoMemory, allocate};
use crate::base::program::Owned;
use crate::compute;
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::jobs::{self, Decided, Job, Jobs};
use crate::one::link::{Detached, Known, Link, Listed};
use crate::one::listener::{Interest, Kind, Listener};
use crate::one::publish::Telling;
use crate::one::step::Begun;
use crate::pool::{self, Counted, Ending};
use crate::sync::{AtomicU32, Ordering::*, race};

/// A source completes.
static AFTER: Kind =
    Kind::Decide { mark: Link::mark, decide: After::count, interest: Interest::Yes };
/// What it delivers into completes otherwise.
static AFTER_NEEDLESS: Kind = Kind::Step { take: After::take, source: &AFTER };

/// This, then a link for each source, and one more if there are none; then, if an executor runs it, a [`Tail`].
///
/// It is freed by whoever takes it off what it delivers into: the thread that completes its last source, or, if
/// another completes that, the one that does. If sources are being counted just then, the last of all frees it.
#[repr(C, align(8))]
pub(crate) struct After {
    /// Sources that are not counted, and 1 until all of them are listened to; and [`ATTACHED`].
    left: AtomicU32,
    /// So many sources; and [`SENT`].
    n: u32,
    into: Handle,
    function: JoinFn,
    ctx: Owned,
    /// So that nothing follows the next field where pointers have 32 bits.
    unused: [u32; (usize::BITS == 32) as usize],
    /// In the list of what it delivers into. Last, where its links find it: see [`Link`].
    needless: Listener,
}

const _: () = assert!(offset_of!(After, needless) + size_of::<Listener>() == size_of::<After>());

/// Nobody has taken it off its sources.
const ATTACHED: u32 = 1 << 31;
/// An executor runs it.
const SENT: u32 = 1 << 31;

/// Has `function` run once all sources are complete, however they ended. Returns a reference to what it
/// delivers into.
pub(crate) fn after(
    sources: &[&Asynchron],
    into: Option<&Asynchron>,
    function: JoinFn,
    ctx: Owned,
    executor: Option<Counted>,
) -> Result<Handle, NoMemory> {
    if let [source] = sources {
        let step = Step { function, ctx, ways: Ways::ALL };
        return match executor {
            Some(executor) => then_on(executor, source, into, step),
            None => then(source, into, step),
        };
    }
    let n = u32::try_from(sources.len()).ok().filter(|n| *n < Link::MOST).ok_or(NoMemory)?;
    let known = if into.is_some() { Known::ToOthers } else { Known::ToNobody };
    let into = into.map_or_else(Asynchron::create, |into| Ok(Handle::retain(into)))?;
    let sent = executor.is_some();
    let room = allocate(After::layout(n, sent)?.0)?.cast::<After>();
    // SAFETY: the room is as large as the layout, and ours.
    unsafe { After::write(room, sources, n, known, into.clone(), function, ctx) };
    if let Some(executor) = executor {
        // SAFETY: there is room for a tail.
        unsafe { Tail::write(room, executor) };
    }
    if known == Known::ToNobody {
        // SAFETY: nobody knows either.
        unsafe { into.listen_first(After::needless(room)) };
    // SAFETY: in no list, and it stays until it was told or taken off.
    } else if !unsafe { into.listen(After::needless(room)) } {
        // SAFETY: it is complete, so nobody knows the step, of which no source was told.
        drop(unsafe { After::take_apart(room) });
        return Ok(into);
    }
    for (link, source) in After::links(room, n).zip(sources) {
        // SAFETY: a link of its own, which stays until all sources were counted.
        if let Listed::Complete = unsafe { Link::list(link, source, known) } {
            source.retain();
            // SAFETY: it counts as told. Nothing is left to run: this thread's own count is missing.
            let _ = unsafe { After::count_down(room) };
        }
    }
    // SAFETY: this thread's own count was still missing.
    if let Some((job, run)) = unsafe { After::count_down(room) } {
        let jobs = Jobs::new();
        // SAFETY: nobody else uses it any more.
        unsafe { jobs.push(job, Some(run)) };
        jobs::run(jobs);
    }
    Ok(into)
}

impl After {
    /// A source is complete, and all others were told: counts it. It is kept until the function has returned.
    /// Returns the job by which that is to run on this thread, if this was the last source.
    ///
    /// # Safety
    /// The node is an after's, in no list, and called for once; the source is kept for it.
    unsafe fn count(node: NonNull<Listener>, _: NonNull<Asynchron>) -> Decided {
        // SAFETY: this source's count is missing.
        let this = unsafe { Self::of_link(node.cast()) };
        // SAFETY: this source's count is missing, and is this call's own.
        unsafe { Self::count_down(this) }
    }

    /// What the last to count has to run: a job in the first link, which is in no list any more. That one's
    /// count stays, and so does all of this.
    ///
    /// # Safety
    /// The count that the caller takes away is its own.
    unsafe fn count_down(this: NonNull<Self>) -> Decided {
        // SAFETY: alive while a count is left.
        let left = unsafe { Self::left(this) };
        race::release(left);
        // ORDERING: Acquire takes what all the others handed over, for whoever is the last.
        let mut seen = left.load(Acquire);
        while seen & !ATTACHED != 1 {
            // ORDERING: Release hands over what this source's thread did; Acquire as above.
            match left.compare_exchange_weak(seen, seen.wrapping_sub(1), Release, Acquire) {
                Ok(_) => return None,
                Err(now) => seen = now,
            }
        }
        race::acquire(left);
        // SAFETY: the caller's count keeps it.
        let run = if unsafe { Self::is_sent(this) } { Tail::send } else { Self::run };
        // SAFETY: there is always a first link.
        Some((unsafe { this.add(1) }.cast(), run))
    }

    /// # Safety
    /// The job lies in the first link of an `After` whose sources have all been counted but the last; called
    /// once.
    unsafe fn run(job: NonNull<Job>) {
        // SAFETY: the first link follows at once.
        let this = unsafe { job.cast::<Self>().sub(1) };
        // SAFETY: as the caller promises.
        unsafe { Self::go_on(this, true) };
    }

    /// Runs the function; or, if not, has what it delivers into fail, since nobody else will deliver.
    ///
    /// # Safety
    /// All sources have been counted but the last, whose count is the caller's; called once.
    #[inline]
    unsafe fn go_on(this: NonNull<Self>, runs: bool) {
        // SAFETY: the count of this thread keeps it.
        let into = unsafe { &(*this.as_ptr()).into };
        // SAFETY: it was listed there, and is alive.
        let begun = unsafe { into.begin(Self::needless(this), true) };
        if begun == Begun::Gone {
            // SAFETY: the count of this thread keeps it.
            let left = unsafe { Self::left(this) };
            race::release(left);
            // ORDERING: Release hands over what this thread did, Acquire takes what the other did.
            if left.fetch_sub(1, AcqRel) == 1 {
                race::acquire(left);
                // SAFETY: whoever took it off is through with it, and has its context.
                unsafe { Self::free(this) };
            }
            return;
        }
        // SAFETY: ALONE: nobody else knows it any more.
        let function = unsafe { (*this.as_ptr()).function };
        // SAFETY: ALONE: it was taken off both sides.
        let n = unsafe { Self::n(this) };
        // SAFETY: ALONE: the context is taken out once.
        let ctx = unsafe { Self::take_ctx(this) };
        if begun == Begun::Started && runs {
            // SAFETY: all sources have been told.
            let sources = unsafe { Self::gather(this, n) };
            let (all, len) = (sources.as_ptr(), sources.len());
            // SAFETY: the program gave this function together with this context.
            compute::run(into, ctx, |a, ctx| unsafe { function(a, all, len, ctx) });
            for source in sources.iter().copied().filter_map(NonNull::new) {
                // SAFETY: the reference that was kept is given up.
                drop(unsafe { Handle::from_raw(source) });
            }
            // SAFETY: nobody else knows it, and nothing is left but this.
            drop(unsafe { Self::free_block(this) });
        } else {
            if begun == Begun::Started {
                pool::discard(into, ctx);
            } else {
                drop(ctx);
                into.lose_step();
            }
            // SAFETY: nobody else knows it, and the context was taken out.
            unsafe { Self::free(this) };
        }
    }

    /// What it delivers into is complete.
    ///
    /// # Safety
    /// As for [`Kind::Take`].
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: it is that field.
        let this = unsafe { node.byte_sub(offset_of!(Self, needless)) }.cast::<Self>();
        // SAFETY: `ATTACHED` keeps it.
        if unsafe { Self::is_sent(this) } {
            // SAFETY: it has a tail, and this thread has taken it off.
            unsafe { Tail::begin_ending(this) };
        }
        // SAFETY: as the caller promises.
        unsafe { telling.run_later(node, Self::detach) };
    }

    /// # Safety
    /// The job lies where the links of an `After` were that was taken off what it delivers into; called once.
    unsafe fn detach(job: NonNull<Job>) {
        // SAFETY: it is that field.
        let this = unsafe { job.byte_sub(offset_of!(Self, needless)) }.cast::<Self>();
        // SAFETY: `ATTACHED` keeps it until this thread takes that away, and the context is its own.
        let ctx = unsafe { Self::take_ctx(this) };
        // SAFETY: `ATTACHED` keeps it.
        let sent = unsafe { Self::is_sent(this) };
        // SAFETY: it has a tail, of which `take` has begun this.
        let ending = sent.then(|| unsafe { Tail::take_ending(this) });
        // SAFETY: `ATTACHED` keeps it.
        let n = unsafe { Self::n(this) };
        let mut off = 0_u32;
        for link in Self::links(this, n) {
            // SAFETY: `ATTACHED` keeps them; this thread took the step off what it delivers into.
            if !matches!(unsafe { Link::detach(link) }, Detached::Told) {
                off = off.wrapping_add(1); // at most n
            }
        }
        Ending::drop_within(ending.as_ref(), ctx);
        let mine = ATTACHED | off;
        // SAFETY: `ATTACHED` keeps it until the next operation on this.
        let left = unsafe { Self::left(this) };
        race::release(left);
        // ORDERING: Release hands over what this thread did, Acquire takes what all others did.
        if left.fetch_sub(mine, AcqRel) == mine {
            race::acquire(left);
            // SAFETY: nobody else is left.
            unsafe { Self::free(this) };
        }
    }
}
