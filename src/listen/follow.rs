//! Completing as another does: an asynchron that follows its source.
//!
//! Whoever completes the source completes all that follow it, and those that follow these, before any of the program's
//! code runs: by one loop, however long the chain ([`Chain`]).

use std::mem::offset_of;
use std::ptr::NonNull;

use crate::base::memory::try_box;
use crate::one::asynchron::Asynchron;
use crate::one::chain::Chain;
use crate::one::handle::Handle;
use crate::one::jobs::Job;
use crate::one::link::{Detached, Known, Link, Listed};
use crate::one::listener::{Kind, Listener};
use crate::one::outcome::Outcome;
use crate::one::publish::Telling;
use crate::one::share::share_or_return;
use crate::one::step::StepClaim;

/// The source completes.
static FOLLOW: Kind = Kind::Pass { mark: Link::mark, pass: Follow::pass };
/// What follows completes otherwise.
static FOLLOW_NEEDLESS: Kind = Kind::Step { take: Follow::take, source: &FOLLOW };

/// It is freed by whoever takes it off what follows: the thread that completes the source, or, if another completes
/// what follows, the one that does. If it was told just then, the later of the two frees it.
#[repr(C)]
struct Follow {
    /// So that nothing lies between the next two where pointers have 32 bits.
    unused: [u32; (usize::BITS == 32) as usize],
    /// In the list of what follows.
    needless: Listener,
    /// In the list of the source, where it finds the other: see [`Link`].
    link: Link,
    into: Handle,
    /// Once that is complete, if it is to be given up with the rest: where the program's code may run.
    source: Option<Handle>,
}

const _: () =
    assert!(offset_of!(Follow, needless) + size_of::<Listener>() == offset_of!(Follow, link));

/// Why one does not follow.
pub(crate) enum FollowError {
    /// It is complete.
    Late,
    NoMemory,
}

/// Has `into`, which is another, complete as `source` does; at once, if that is complete.
pub(crate) fn follow(into: &Asynchron, source: &Asynchron) -> Result<(), FollowError> {
    if into.state().load().is_complete() {
        return Err(FollowError::Late);
    }
    if source.state().load().is_complete() {
        // SAFETY: ALIVE: the caller has a reference.
        let done = unsafe { Asynchron::complete_as(NonNull::from(into), Handle::retain(source)) };
        return done.map_err(|_| FollowError::Late);
    }
    let follow = Follow {
        unused: Default::default(),
        needless: Listener::new(&FOLLOW_NEEDLESS),
        link: Link::new(source, Known::ToOthers, 0),
        into: Handle::retain(into),
        source: None,
    };
    let this = try_box(follow).map_err(|_| FollowError::NoMemory)?;
    let this = NonNull::from(Box::leak(this));
    // SAFETY: in no list, and it stays until it was told or taken off.
    if !unsafe { into.listen_as_follower(Follow::needless(this)) } {
        // SAFETY: ALONE: nobody else knows it.
        unsafe { Follow::free(this) };
        return Err(FollowError::Late);
    }
    // SAFETY: new, and it stays until it was told or taken off.
    match unsafe { Link::list(Follow::link(this), source, Known::ToOthers) } {
        Listed::Yes => {}
        Listed::Complete => {
            source.retain();
            // SAFETY: it is in no list, and counts as told.
            unsafe { Chain::start(Follow::link(this).cast()) };
        }
        // SAFETY: ALONE: whoever took it off has done its part.
        Listed::Off => unsafe { Follow::free(this) },
    }
    Ok(())
}

impl Follow {
    fn needless(this: NonNull<Self>) -> NonNull<Listener> {
        // SAFETY: it is a field of `this`.
        unsafe { this.byte_add(offset_of!(Self, needless)) }.cast()
    }

    fn link(this: NonNull<Self>) -> NonNull<Link> {
        // SAFETY: it is a field of `this`.
        unsafe { this.byte_add(offset_of!(Self, link)) }.cast()
    }

    /// # Safety
    /// What lies there now was the node in the list of what follows, of a `Follow`.
    unsafe fn of_needless(job: NonNull<Job>) -> NonNull<Self> {
        // SAFETY: as the caller promises.
        unsafe { job.byte_sub(offset_of!(Self, needless)) }.cast()
    }

    /// # Safety
    /// The field, or what lies there now, is a link of a `Follow`.
    unsafe fn of_link<T>(field: NonNull<T>) -> NonNull<Self> {
        // SAFETY: as the caller promises.
        unsafe { field.byte_sub(offset_of!(Self, link)) }.cast()
    }

    /// The source is complete.
    ///
    /// # Safety
    /// As for [`Kind::Pass`]; the node is a link's.
    unsafe fn pass(node: NonNull<Listener>, chain: &Chain) {
        // SAFETY: the node is the link of a `Follow`.
        let this = unsafe { Self::of_link(node) };
        // SAFETY: neither of the two who may free it has.
        let into: &Asynchron = unsafe { &(*this.as_ptr()).into };
        // SAFETY: it was listed there.
        let claimed = unsafe { into.claim_by(Self::needless(this)) };
        if let StepClaim::Gone = claimed {
            // SAFETY: nobody else uses the links any more.
            return unsafe { chain.run_later(node.cast(), Self::end_late) };
        }
        // SAFETY: TOLD: the reference that is kept for it is taken over.
        let source = unsafe { Link::take_source(node.cast()) };
        let rest = if let StepClaim::Yes(held) = claimed {
            let (outcome, rest) = share_or_return(source);
            // It is complete, so there is one.
            let outcome = outcome.unwrap_or_else(|| Outcome::Broken);
            // SAFETY: CLAIMED; what is in here is given up later.
            unsafe { chain.complete(into, held, outcome) };
            rest
        } else {
            Some(source)
        };
        // SAFETY: ALONE: off both lists.
        unsafe { (*this.as_ptr()).source = rest };
        // SAFETY: ALONE: off both lists.
        unsafe { chain.run_later(Self::needless(this).cast(), Self::end) };
    }

    /// # Safety
    /// ALONE, and the job lies where its first node was.
    unsafe fn end(job: NonNull<Job>) {
        // SAFETY: as the caller promises.
        let this = unsafe { Self::of_needless(job) };
        // SAFETY: as the caller promises.
        unsafe { Self::free(this) };
    }

    /// What follows was complete otherwise when the source was.
    ///
    /// # Safety
    /// The job lies where the link was of one that was told; called once.
    unsafe fn end_late(job: NonNull<Job>) {
        let link = job.cast::<Link>();
        // SAFETY: TOLD: a reference is kept for it.
        let source = unsafe { Link::take_source(link) };
        // SAFETY: this thread has not done its part.
        if unsafe { Link::finish_part(link) } {
            // SAFETY: a link of a `Follow`.
            let this = unsafe { Self::of_link(job) };
            // SAFETY: ALONE: the other has done its part.
            unsafe { Self::free(this) };
        }
        drop(source);
    }

    /// What follows is complete.
    ///
    /// # Safety
    /// As for [`Kind::Take`].
    unsafe fn take(node: NonNull<Listener>, _: &Asynchron, telling: &mut Telling) {
        // SAFETY: as the caller promises.
        unsafe { telling.run_later(node, Self::detach) };
    }

    /// # Safety
    /// The job lies where the links of a `Follow` were that was taken off what follows; called once.
    unsafe fn detach(job: NonNull<Job>) {
        // SAFETY: a node of a `Follow`.
        let this = unsafe { Self::of_needless(job) };
        let link = Self::link(this);
        // SAFETY: this thread has not done its part.
        let alone = match unsafe { Link::detach(link) } {
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
    /// ALONE: nobody else knows it any more.
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: it was made by a box.
        drop(unsafe { Box::from_raw(this.as_ptr()) });
    }
}
