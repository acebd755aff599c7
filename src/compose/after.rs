//! Going on after others: `after` once all of its sources are complete, `then` after a value.

use std::alloc::{Layout, dealloc};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering::*};

use crate::compute;
use crate::core::cell::{Asynchron, Handle};
use crate::core::due::{self, Job, Jobs};
use crate::core::listener::Listener;
use crate::core::memory::{NoMemory, allocate};
use crate::core::outcome::Outcome;
use crate::core::user::Owned;

/// Computes a value from complete sources: 0, or an error code.
pub(crate) type JoinFn =
    unsafe extern "C-unwind" fn(*mut Asynchron, *const *mut Asynchron, usize, *mut c_void) -> i32;

/// One allocation: this, then a listener for each source, then the sources' array for the function.
#[repr(C)]
pub(crate) struct After {
    /// First, so that the job's address is this one's.
    job: Job,
    /// Sources that are not complete, and 1 until all of them are listened to.
    left: AtomicUsize,
    into: Handle,
    function: JoinFn,
    ctx: Owned,
    /// Whether a failure or a cancel of the source passes on instead.
    only_value: bool,
    n: usize,
}

/// Where things lie in the allocation.
struct Parts {
    layout: Layout,
    nodes: usize,
    sources: usize,
}

impl Parts {
    fn of(n: usize) -> Option<Self> {
        let nodes = Layout::array::<Listener>(n).ok()?;
        let sources = Layout::array::<*mut Asynchron>(n).ok()?;
        let (layout, nodes) = Layout::new::<After>().extend(nodes).ok()?;
        let (layout, sources) = layout.extend(sources).ok()?;
        Some(Self { layout, nodes, sources })
    }
}

/// What is to be done, and with what.
pub(crate) struct Step {
    pub(crate) function: JoinFn,
    pub(crate) ctx: Owned,
    pub(crate) only_value: bool,
}

/// Has `step` run once all sources are complete. Returns a reference to what it delivers into.
pub(crate) fn after(
    sources: &[&Asynchron],
    into: Option<&Asynchron>,
    step: Step,
) -> Result<Handle, NoMemory> {
    let into = match into {
        Some(into) => Handle::retain(into),
        None => Asynchron::create()?,
    };
    let (this, nodes) = After::create(sources, into.clone(), step)?;
    for (index, source) in sources.iter().enumerate() {
        // SAFETY: there is a listener for each source.
        let node = unsafe { nodes.add(index) };
        // SAFETY: it stays until all sources were counted.
        if !unsafe { source.listen(node) } {
            let mut none = Jobs::EMPTY;
            // SAFETY: alive: this thread's own count, taken back below, is still missing.
            unsafe { After::count(this, source, &mut none) };
        }
    }
    let mut jobs = Jobs::EMPTY;
    // SAFETY: alive until this count.
    unsafe { After::count_down(this, &mut jobs) };
    due::run(jobs);
    Ok(into)
}

impl After {
    fn create(
        sources: &[&Asynchron],
        into: Handle,
        step: Step,
    ) -> Result<(NonNull<Self>, NonNull<Listener>), NoMemory> {
        let n = sources.len();
        let parts = Parts::of(n).ok_or(NoMemory)?;
        let room = allocate(parts.layout)?;
        let this = room.cast::<Self>();
        // SAFETY: both offsets lie inside the room, or at its end if there are no sources.
        let nodes = unsafe { room.add(parts.nodes) }.cast::<Listener>();
        // SAFETY: as above.
        let array = unsafe { room.add(parts.sources) }.cast::<*mut Asynchron>();
        for (index, source) in sources.iter().enumerate() {
            // SAFETY: there is room for one each.
            unsafe { nodes.add(index).write(Listener::after(this)) };
            // SAFETY: as above.
            unsafe { array.add(index).write(std::ptr::from_ref(*source).cast_mut()) };
        }
        let Step { function, ctx, only_value } = step;
        let left = AtomicUsize::new(n.wrapping_add(1));
        let job = Job::new(Self::run);
        let after = Self { job, left, into, function, ctx, only_value, n };
        // SAFETY: the room begins with space for it.
        unsafe { this.write(after) };
        Ok((this, nodes))
    }

    /// A source is complete, or is just being completed under its lock. It is kept from now until the
    /// function has returned. False: it need not stay in the source's list.
    ///
    /// # Safety
    /// Called once for each source, by the asynchron that held its listener.
    pub(crate) unsafe fn count(this: NonNull<Self>, source: &Asynchron, jobs: &mut Jobs) -> bool {
        // Before the count: whoever is the last gives the reference up.
        source.keep();
        // SAFETY: this count was still missing, so it is alive.
        unsafe { Self::count_down(this, jobs) };
        false
    }

    /// # Safety
    /// The count that the caller takes away is its own.
    unsafe fn count_down(this: NonNull<Self>, jobs: &mut Jobs) {
        // ORDERING: Release hands over what this source's thread did, Acquire takes what all the
        // others handed over, for whoever is the last.
        // SAFETY: alive while a count is left.
        if unsafe { this.as_ref() }.left.fetch_sub(1, AcqRel) == 1 {
            // SAFETY: its job runs once.
            unsafe { jobs.push(this.cast()) };
        }
    }

    /// # Safety
    /// The job is that of an `After` whose sources are all complete; called once.
    unsafe fn run(job: NonNull<Job>) {
        let room = job.cast::<Self>();
        // SAFETY: nobody else knows it any more: it is moved out once.
        let Self { into, function, ctx, only_value, n, .. } = unsafe { room.read() };
        let Some(parts) = Parts::of(n) else {
            return; // It was allocated by the same parts.
        };
        // SAFETY: the array lies there in the room.
        let sources = unsafe { room.byte_add(parts.sources) }.cast::<*mut Asynchron>();
        // SAFETY: as above, and every source in it is retained.
        let array = unsafe { slice::from_raw_parts(sources.as_ptr(), n) };
        for source in array {
            // SAFETY: as above.
            unsafe { &**source }.state().until_published();
        }
        match if only_value { error_of(array) } else { None } {
            Some(error) => {
                drop(ctx);
                // SAFETY: the handle keeps it alive. If another was first, that one stays.
                let _ = unsafe { Asynchron::complete(into.as_non_null(), error) };
            }
            None if into.state().start().is_ok() => {
                // SAFETY: the program gave this function together with this context.
                compute::run(&into, ctx, |a, ctx| unsafe { function(a, array.as_ptr(), n, ctx) });
            }
            None => drop(ctx),
        }
        for source in array.iter().copied().filter_map(NonNull::new) {
            // SAFETY: the reference that `count` took is given up.
            drop(unsafe { Handle::from_raw(source) });
        }
        // SAFETY: allocated with this layout, and used no more.
        unsafe { dealloc(room.as_ptr().cast(), parts.layout) };
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
