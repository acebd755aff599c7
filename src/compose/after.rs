//! Going on after several: `after`, once all of its sources are complete.

use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;
use std::slice;

use super::JoinFn;
use super::then::{Step, then};
use crate::compute;
use crate::core::cell::Asynchron;
use crate::core::due::{self, Decided, Job, Jobs, RunFn};
use crate::core::handle::Handle;
use crate::core::listener::{Kind, Listener, Told};
use crate::core::memory::{NoMemory, allocate};
use crate::core::user::Owned;
use crate::sync::{AtomicU32, Ordering::*};

pub(crate) static AFTER: Kind = Kind::Decide(After::count);

/// This, then a node for each source, and one more if there are none.
#[repr(C, align(8))]
pub(crate) struct After {
    /// Sources that are not complete, and 1 until all of them are listened to.
    left: AtomicU32,
    n: u32,
    into: Handle,
    function: JoinFn,
    ctx: Owned,
}

/// Has `function` run once all sources are complete, however they ended. Returns a reference to what it
/// delivers into.
pub(crate) fn after(
    sources: &[&Asynchron],
    into: Option<&Asynchron>,
    function: JoinFn,
    ctx: Owned,
) -> Result<Handle, NoMemory> {
    if let [source] = sources {
        return then(source, into, Step { function, ctx, only_value: false });
    }
    let n: u32 = sources.len().try_into().map_err(|_| NoMemory)?;
    let into = into.map_or_else(Asynchron::create, |into| Ok(Handle::retain(into)))?;
    let room = allocate(After::layout(n)?)?.cast::<After>();
    // SAFETY: the room is as large as the layout, and ours.
    unsafe { After::write(room, n, into.clone(), function, ctx) };
    let jobs = Jobs::new();
    for (node, source) in After::nodes(room, n).zip(sources) {
        // SAFETY: a node of its own, which stays until all sources were counted.
        if !unsafe { source.listen(node) } {
            source.keep();
            // SAFETY: it is complete, and not listened to. Nothing is left to run: this thread's own count
            // is missing.
            let _ = unsafe { After::count(node, NonNull::from(*source)) };
        }
    }
    // SAFETY: this thread's own count was still missing.
    if let Some((job, run)) = unsafe { After::count_down(room) } {
        // SAFETY: nobody else uses it any more.
        unsafe { jobs.push(job, Some(run)) };
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

    /// # Safety
    /// `this` has room for it and `n` nodes, and is the caller's.
    unsafe fn write(this: NonNull<Self>, n: u32, into: Handle, function: JoinFn, ctx: Owned) {
        let left = AtomicU32::new(n.wrapping_add(1));
        // SAFETY: as the caller promises.
        unsafe { this.write(Self { left, n, into, function, ctx }) };
        for node in Self::nodes(this, n) {
            // SAFETY: there is room for one each.
            unsafe { node.write(Listener::after(this)) };
        }
    }

    fn nodes(this: NonNull<Self>, n: u32) -> impl Iterator<Item = NonNull<Listener>> {
        // They follow at once: see `layout`.
        let first = this.as_ptr().wrapping_add(1).cast::<Listener>();
        (0..n as usize).filter_map(move |index| NonNull::new(first.wrapping_add(index)))
    }

    /// A source is complete, and all others were told: counts it. It is kept until the function has returned.
    /// Returns the job by which that is to run on this thread, if this was the last source.
    ///
    /// # Safety
    /// The node is an after's, in no list, and called for once; the source is kept for it.
    unsafe fn count(node: NonNull<Listener>, source: NonNull<Asynchron>) -> Decided {
        // SAFETY: this source's count is missing.
        let this = unsafe { Listener::after_of(node) }?;
        // SAFETY: as above; not used as a listener any more.
        unsafe { Told::write_source(node, source) };
        // SAFETY: as above.
        unsafe { Self::count_down(this) }
    }

    /// What the last to count has to run: a job in the first node, which nobody uses any more.
    ///
    /// # Safety
    /// The count that the caller takes away is its own.
    unsafe fn count_down(this: NonNull<Self>) -> Decided {
        // ORDERING: Release hands over what this source's thread did, Acquire takes what all the
        // others handed over, for whoever is the last.
        // SAFETY: alive while a count is left.
        let last = unsafe { this.as_ref() }.left.fetch_sub(1, AcqRel) == 1;
        // SAFETY: there is always a first node.
        last.then(|| (unsafe { this.add(1) }.cast(), Self::run as RunFn))
    }

    /// # Safety
    /// The job lies in the first node of an `After` whose sources have all been counted; called once.
    unsafe fn run(job: NonNull<Job>) {
        // SAFETY: the first node follows at once.
        let this = unsafe { job.cast::<Self>().sub(1) };
        // SAFETY: nobody else knows it any more: it is moved out once.
        let Self { into, function, ctx, n, .. } = unsafe { this.read() };
        // SAFETY: all sources have been counted.
        let sources = unsafe { Self::gather(this, n) };
        if into.start().is_ok() {
            let (all, len) = (sources.as_ptr(), sources.len());
            // SAFETY: the program gave this function together with this context.
            compute::run(&into, ctx, |a, ctx| unsafe { function(a, all, len, ctx) });
        } else {
            drop(ctx);
        }
        for source in sources.iter().copied().filter_map(NonNull::new) {
            // SAFETY: the reference that `tell` took is given up.
            drop(unsafe { Handle::from_raw(source) });
        }
        if let Ok(layout) = Self::layout(n) {
            // SAFETY: allocated with this layout, and used no more.
            unsafe { dealloc(this.as_ptr().cast(), layout) };
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
            let source = unsafe { Told::source(node) }.as_ptr();
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
