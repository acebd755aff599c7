//! Going on after one: `then` after its value, `after` however it ends.

use std::mem::{self, offset_of};
use std::ptr::{self, NonNull};

use super::{JoinFn, Told};
use crate::compute;
use crate::core::cell::Asynchron;
use crate::core::due::{self, Job, Jobs, RunFn};
use crate::core::handle::Handle;
use crate::core::listener::Listener;
use crate::core::memory::{NoMemory, try_box};
use crate::core::outcome::Outcome;
use crate::core::user::Owned;

/// What goes on after one source. If what it delivers into is made for it, it lies behind that, in one
/// allocation, which goes with the asynchron's last reference; else in an [`Apart`].
#[repr(C)]
pub(crate) struct Next {
    function: JoinFn,
    ctx: Owned,
    /// Knows what it delivers into, of which there is a reference for it. Once told, a [`Told`] lies there.
    /// Last, for a chain is walked faster so (docs/performance.md).
    listener: Listener,
}

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
    /// Whether a failure or a cancel of the source passes on instead.
    pub(crate) only_value: bool,
}

/// Has `step` run once the source is complete. Returns a reference to what it delivers into.
pub(crate) fn then(
    source: &Asynchron,
    into: Option<&Asynchron>,
    step: Step,
) -> Result<Handle, NoMemory> {
    let (into, node) = match into {
        Some(into) => Next::apart(into, step)?,
        None => Next::joined(step)?,
    };
    // SAFETY: in no list, and it stays until it was told.
    if !unsafe { source.listen(node) } {
        let jobs = Jobs::new();
        // SAFETY: the source is complete, and the node not listed.
        unsafe { Next::tell(node, source, &jobs) };
        due::run(jobs);
    }
    Ok(into)
}

impl Next {
    fn new(into: &Handle, step: Step) -> Self {
        let Step { function, ctx, only_value } = step;
        Self { listener: Listener::next(into.as_non_null(), only_value), function, ctx }
    }

    fn node(this: NonNull<Self>) -> NonNull<Listener> {
        // SAFETY: it is a field of `this`.
        unsafe { this.byte_add(offset_of!(Self, listener)) }.cast()
    }

    /// # Safety
    /// The node, or what lies there now, is a `Next`'s.
    unsafe fn of_node<T>(node: NonNull<T>) -> NonNull<Self> {
        // SAFETY: as the caller promises.
        unsafe { node.byte_sub(offset_of!(Self, listener)) }.cast()
    }

    fn apart(into: &Asynchron, step: Step) -> Result<(Handle, NonNull<Listener>), NoMemory> {
        let into = Handle::retain(into);
        let apart = Apart { next: Self::new(&into, step), into: into.clone() };
        let apart = try_box(apart).map_err(|_| NoMemory)?;
        Ok((into, Self::node(NonNull::from(Box::leak(apart)).cast())))
    }

    fn joined(step: Step) -> Result<(Handle, NonNull<Listener>), NoMemory> {
        let (into, room) = Asynchron::create_joined()?;
        // SAFETY: there is room for it, which is ours.
        unsafe { room.write(Self::new(&into, step)) };
        Ok((into, Self::node(room)))
    }

    /// The source is complete, or is just being completed under its lock. It is kept from now until the
    /// function has returned.
    ///
    /// # Safety
    /// Called once, by the asynchron that held the node, or would have.
    pub(crate) unsafe fn tell(node: NonNull<Listener>, source: &Asynchron, jobs: &Jobs) {
        // SAFETY: a `Next`'s node, alive until it has run.
        let Some((into, only_value)) = (unsafe { Listener::next_of(node) }) else {
            return;
        };
        source.keep();
        // SAFETY: as above.
        let this = unsafe { Self::of_node(node) };
        let is_behind = ptr::eq(into.as_ptr().wrapping_add(1).cast(), this.as_ptr());
        // An allocator might put an `Apart` just there, too, but not behind one that has its own.
        // SAFETY: alive by the reference of the `Next`.
        let joined = is_behind && unsafe { into.as_ref() }.state().load().is_joined();
        let run: RunFn = match (only_value, joined) {
            (true, true) => Self::run::<true, true>,
            (true, false) => Self::run::<true, false>,
            (false, true) => Self::run::<false, true>,
            (false, false) => Self::run::<false, false>,
        };
        // SAFETY: in no list, and not used as a listener any more.
        unsafe { Told::write_source(node, source.into()) };
        // SAFETY: as above.
        unsafe { jobs.push(node.cast(), Some(run)) };
    }

    /// # Safety
    /// The job lies where the node of a `Next` was that has been told; called once.
    unsafe fn run<const ONLY_VALUE: bool, const JOINED: bool>(job: NonNull<Job>) {
        // SAFETY: told, so its source is written.
        let source = unsafe { Told::source(job.cast()) };
        // SAFETY: the reference that was kept is taken over.
        let source = unsafe { Handle::from_raw(source) };
        // SAFETY: a `Next`'s.
        let this = unsafe { Self::of_node(job) };
        let (into, function, ctx) = if JOINED {
            // SAFETY: it lies behind what it delivers into.
            let into = unsafe { this.cast::<Asynchron>().sub(1) };
            // SAFETY: the reference of the `Next` is taken over.
            let into = unsafe { Handle::from_raw(into) };
            // SAFETY: read once. What is left of it goes with the asynchron, and is not dropped.
            let Self { function, ctx, .. } = unsafe { this.read() };
            (into, function, ctx)
        } else {
            // SAFETY: it lies in an `Apart`, which nobody else knows any more.
            let apart = unsafe { Box::from_raw(this.cast::<Apart>().as_ptr()) };
            let Apart { next: Self { function, ctx, .. }, into } = *apart;
            (into, function, ctx)
        };
        match if ONLY_VALUE { error_of(&source) } else { None } {
            Some(error) => {
                drop(ctx);
                // SAFETY: the handle keeps it alive. If another was first, that one stays.
                let _ = unsafe { Asynchron::complete(into.as_non_null(), error) };
            }
            None if into.start().is_ok() => {
                let sources = [source.as_ptr()];
                // SAFETY: the program gave this function together with this context.
                compute::run(&into, ctx, |a, ctx| unsafe { function(a, sources.as_ptr(), 1, ctx) });
            }
            None => drop(ctx),
        }
        drop(source);
        drop(into);
    }
}

// A told node is no listener any more, and a joined one is never dropped: so it must need no drop.
const _: () = assert!(!mem::needs_drop::<Listener>());

/// What it has instead of a value.
fn error_of(source: &Asynchron) -> Option<Outcome> {
    let (slot, tag) = source.outcome()?;
    // SAFETY: complete, so the slot holds what the tag says.
    unsafe { slot.share_error(tag) }
}
