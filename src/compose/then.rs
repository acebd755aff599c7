//! Going on after one: `then` after its value, `after` however it ends.

use std::mem::offset_of;
use std::ptr::NonNull;

use super::JoinFn;
use crate::compute;
use crate::core::cell::Asynchron;
use crate::core::due::Job;
use crate::core::handle::Handle;
use crate::core::listener::{Kind, Listener, Told};
use crate::core::memory::{NoMemory, try_box};
use crate::core::outcome::Outcome;
use crate::core::tell::tell_late;
use crate::core::user::Owned;

/// By whether only after a value, and whether it lies behind what it delivers into.
static KINDS: [[Kind; 2]; 2] = [
    [Kind::RunTold(Next::run::<false, false>), Kind::RunTold(Next::run::<false, true>)],
    [Kind::RunTold(Next::run::<true, false>), Kind::RunTold(Next::run::<true, true>)],
];

/// What goes on after one source. If what it delivers into is made for it, it lies behind that, in one
/// allocation, which goes with the asynchron's last reference; else in an [`Apart`].
#[repr(C)]
pub(crate) struct Next {
    function: JoinFn,
    ctx: Owned,
    /// Once told, a [`Told`] lies there. Last, for a chain is walked faster so (docs/performance.md).
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
        // SAFETY: the source is complete, and the node not listed.
        unsafe { tell_late(node, source) };
    }
    Ok(into)
}

impl Next {
    fn new(step: Step, joined: bool) -> Self {
        let Step { function, ctx, only_value } = step;
        let [always, after_value] = &KINDS;
        let [apart, behind] = if only_value { after_value } else { always };
        Self { listener: Listener::new(if joined { behind } else { apart }), function, ctx }
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
        let apart = Apart { next: Self::new(step, false), into: into.clone() };
        let apart = try_box(apart).map_err(|_| NoMemory)?;
        Ok((into, Self::node(NonNull::from(Box::leak(apart)).cast())))
    }

    fn joined(step: Step) -> Result<(Handle, NonNull<Listener>), NoMemory> {
        let (into, room) = Asynchron::create_joined()?;
        // SAFETY: there is room for it, which is ours.
        unsafe { room.write(Self::new(step, true)) };
        Ok((into, Self::node(room)))
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

/// What it has instead of a value.
fn error_of(source: &Asynchron) -> Option<Outcome> {
    let (slot, tag) = source.outcome()?;
    // SAFETY: complete, so the slot holds what the tag says.
    unsafe { slot.share_error(tag) }
}
