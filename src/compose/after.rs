//! Going on after others: `after` once all of its sources are complete, `then` after a value.

use std::alloc::{Layout, dealloc};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::slice;

use crate::compute;
use crate::core::cell::Asynchron;
use crate::core::due::{self, Job, Jobs, RunFn};
use crate::core::handle::Handle;
use crate::core::listener::Listener;
use crate::core::memory::{NoMemory, allocate};
use crate::core::outcome::Outcome;
use crate::core::user::Owned;
use crate::sync::{AtomicU32, Ordering::*};

/// Computes a value from complete sources: 0, or an error code.
pub(crate) type JoinFn =
    unsafe extern "C-unwind" fn(*mut Asynchron, *const *mut Asynchron, usize, *mut c_void) -> i32;

/// This, then a node for each source, at least one. If what it delivers into is made for it, all lies
/// behind that, in one allocation, which goes with the asynchron's last reference; else in one of its
/// own.
#[repr(C, align(8))]
pub(crate) struct After {
    /// Sources that are not complete, and 1 until all of them are listened to. Not used for one.
    left: AtomicU32,
    n: u32,
    into: Handle,
    function: JoinFn,
    ctx: Owned,
}

/// What lies where a source's node was, once it has been counted. Only the first is run.
#[repr(C)]
struct Counted {
    job: Job,
    source: *mut Asynchron,
}

impl Counted {
    /// # Safety
    /// The node is the caller's alone, and is used as a listener no more.
    unsafe fn write_source(node: NonNull<Listener>, source: NonNull<Asynchron>) {
        // SAFETY: as the caller promises.
        unsafe { (*node.cast::<Self>().as_ptr()).source = source.as_ptr() };
    }
}

// The job lies where the links were, the source where it says whose node it is.
const _: () = assert!(size_of::<Counted>() == size_of::<Listener>());

/// What is to be done, and with what.
pub(crate) struct Step {
    pub(crate) function: JoinFn,
    pub(crate) ctx: Owned,
    /// Whether a failure or a cancel of the source passes on instead.
    pub(crate) only_value: bool,
}

/// Has `step` run once all sources are complete. Returns a reference to what it delivers into.
pub(crate) fn after(
    sources: &[&Asynchron],
    into: Option<&Asynchron>,
    step: Step,
) -> Result<Handle, NoMemory> {
    let n: u32 = sources.len().try_into().map_err(|_| NoMemory)?;
    let layout = After::layout(n)?;
    let ([into, its], room) = match into {
        Some(into) => ([(); 2].map(|()| Handle::retain(into)), allocate(layout)?),
        None => Asynchron::create_before(layout)?,
    };
    let room = room.cast::<After>();
    // SAFETY: the room is as large as the layout, and ours.
    unsafe { After::write(room, n, its, step) };
    let mut jobs = Jobs::new();
    for (node, source) in After::nodes(room, n).zip(sources) {
        // SAFETY: a node of its own, which stays until all sources were counted.
        if !unsafe { source.listen(node) } {
            // SAFETY: it is complete, and not listened to.
            unsafe { After::tell(node, source, &jobs) };
            jobs = After::count(jobs, NonNull::from(*source));
        }
    }
    if n != 1 {
        // SAFETY: this thread's own count was still missing.
        if let Some((job, run)) = unsafe { After::count_down(room) } {
            // SAFETY: nobody else uses it any more.
            unsafe { jobs.push(job, Some(run)) };
        }
    }
    due::run(jobs);
    Ok(into)
}

impl After {
    fn layout(n: u32) -> Result<Layout, NoMemory> {
        let nodes = Layout::array::<Listener>(n.max(1) as usize).map_err(|_| NoMemory)?;
        let (layout, offset) = Layout::new::<Self>().extend(nodes).map_err(|_| NoMemory)?;
        debug_assert!(offset == size_of::<Self>());
        Ok(layout)
    }

    /// Of one that lies behind what it delivers into.
    ///
    /// # Safety
    /// `this` was written; it may have run.
    pub(crate) unsafe fn layout_of(this: NonNull<Self>) -> Option<Layout> {
        // SAFETY: the number stays.
        Self::layout(unsafe { (*this.as_ptr()).n }).ok()
    }

    /// # Safety
    /// `this` has room for it and `n` nodes, and is the caller's.
    unsafe fn write(this: NonNull<Self>, n: u32, into: Handle, step: Step) {
        let Step { function, ctx, only_value } = step;
        let left = AtomicU32::new(n.wrapping_add(1));
        // SAFETY: as the caller promises.
        unsafe { this.write(Self { left, n, into, function, ctx }) };
        for node in Self::nodes(this, n) {
            // SAFETY: there is room for one each.
            unsafe { node.write(Listener::after(this, only_value)) };
        }
    }

    fn nodes(this: NonNull<Self>, n: u32) -> impl Iterator<Item = NonNull<Listener>> {
        // They follow at once: see `layout`.
        let first = this.as_ptr().wrapping_add(1).cast::<Listener>();
        (0..n as usize).filter_map(move |index| NonNull::new(first.wrapping_add(index)))
    }

    /// A source is complete, or is just being completed under its lock. It is kept from now until the
    /// function has returned. With one source, the job is to run the function; with several it is
    /// for [`Self::count`] to decide.
    ///
    /// # Safety
    /// Called once for each source, by the asynchron that held its node, or would have.
    pub(crate) unsafe fn tell(node: NonNull<Listener>, source: &Asynchron, jobs: &Jobs) {
        // SAFETY: the node is an after's, whose source has not been counted: both are alive.
        let Some((this, only_value)) = (unsafe { Listener::after_of(node) }) else {
            return;
        };
        source.keep();
        // SAFETY: as above.
        let run: Option<RunFn> = match (unsafe { (*this.as_ptr()).n }, only_value) {
            (1, true) => Some(Self::run::<true>),
            (1, false) => Some(Self::run::<false>),
            _ => None,
        };
        if run.is_some() {
            // SAFETY: in no list, and not used as a listener any more.
            unsafe { Counted::write_source(node, source.into()) };
        }
        // SAFETY: nobody else uses the node before it has been counted.
        unsafe { jobs.push(node.cast(), run) };
    }

    /// Counts `source` in each of those that [`Self::tell`] was called for, once all others have been
    /// told of its completion. Leaves those jobs by which a function is to run on this thread,
    /// because the last source is counted.
    pub(crate) fn count(jobs: Jobs, source: NonNull<Asynchron>) -> Jobs {
        jobs.decide(|job| {
            let node = job.cast::<Listener>();
            // SAFETY: only the nodes of afters are undecided, and this source's count is missing.
            let (this, _) = unsafe { Listener::after_of(node) }?;
            // SAFETY: as above; not used as a listener any more.
            unsafe { Counted::write_source(node, source) };
            // SAFETY: as above.
            unsafe { Self::count_down(this) }
        })
    }

    /// What the last to count has to run: a job in the first node, which nobody uses any more.
    ///
    /// # Safety
    /// The count that the caller takes away is its own.
    unsafe fn count_down(this: NonNull<Self>) -> Option<(NonNull<Job>, RunFn)> {
        // ORDERING: Release hands over what this source's thread did, Acquire takes what all the
        // others handed over, for whoever is the last.
        // SAFETY: alive while a count is left.
        let last = unsafe { this.as_ref() }.left.fetch_sub(1, AcqRel) == 1;
        // SAFETY: there is always a first node.
        last.then(|| (unsafe { this.add(1) }.cast(), Self::run::<false> as RunFn))
    }

    /// # Safety
    /// The job lies in the first node of an `After` whose sources have all been counted; called once.
    unsafe fn run<const ONLY_VALUE: bool>(job: NonNull<Job>) {
        // SAFETY: the first node follows at once.
        let this = unsafe { job.cast::<Self>().sub(1) };
        // SAFETY: nobody else knows it any more: it is moved out once.
        let Self { into, function, ctx, n, .. } = unsafe { this.read() };
        // SAFETY: all sources have been counted.
        let sources = unsafe { Self::gather(this, n) };
        match if ONLY_VALUE { error_of(sources) } else { None } {
            Some(error) => {
                drop(ctx);
                // SAFETY: the handle keeps it alive. If another was first, that one stays.
                let _ = unsafe { Asynchron::complete(into.as_non_null(), error) };
            }
            None if into.state().start().is_ok() => {
                let (all, len) = (sources.as_ptr(), sources.len());
                // SAFETY: the program gave this function together with this context.
                compute::run(&into, ctx, |a, ctx| unsafe { function(a, all, len, ctx) });
            }
            None => drop(ctx),
        }
        for source in sources.iter().copied().filter_map(NonNull::new) {
            // SAFETY: the reference that `count` took is given up.
            drop(unsafe { Handle::from_raw(source) });
        }
        if !into.is_before(this) {
            if let Ok(layout) = Self::layout(n) {
                // SAFETY: allocated with this layout, and used no more.
                unsafe { dealloc(this.as_ptr().cast(), layout) };
            }
        }
        drop(into);
    }

    /// The sources as an array: each one's node holds it, and they are moved to the front.
    ///
    /// # Safety
    /// All have been counted; nobody else knows the nodes any more. They stay while it is used.
    unsafe fn gather<'a>(this: NonNull<Self>, n: u32) -> &'a [*mut Asynchron] {
        let array = this.as_ptr().wrapping_add(1).cast::<*mut Asynchron>();
        for (index, node) in Self::nodes(this, n).enumerate() {
            // SAFETY: written when it was counted.
            let source = unsafe { (*node.cast::<Counted>().as_ptr()).source };
            // An element of the array lies in a node that has been read.
            // SAFETY: there are as many nodes, each larger than an element.
            let element = unsafe { array.add(index) };
            // SAFETY: as above.
            unsafe { element.write(source) };
        }
        // SAFETY: written just now.
        unsafe { slice::from_raw_parts(array, n as usize) }
    }
}

/// What the first source has instead of a value.
fn error_of(sources: &[*mut Asynchron]) -> Option<Outcome> {
    // SAFETY: every source in the array is retained.
    let source = sources.first().and_then(|source| unsafe { source.as_ref() })?;
    let (slot, tag) = source.outcome()?;
    // SAFETY: complete, so the slot holds what the tag says.
    unsafe { slot.share_error(tag) }
}
