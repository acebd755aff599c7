//! Several as one: `all`, `any` and `race`. What a group delivers into completes as one of its sources does.
//!
//! Whoever completes a source, or what the group delivers into, does all that follows from it before any of the program's
//! code runs: by one loop, however many groups lie in a row ([`Chain`]).

use std::alloc::{Layout, dealloc};
use std::mem::offset_of;
use std::ptr::NonNull;

use crate::base::memory::{NoMemory, allocate};
use crate::one::asynchron::Asynchron;
use crate::one::chain::Chain;
use crate::one::handle::Handle;
use crate::one::jobs::Job;
use crate::one::link::{Detached, Known, Link, Listed};
use crate::one::listener::{Kind, Listener};
use crate::one::outcome::Outcome;
use crate::one::share::share;
use crate::one::state::Held;
use crate::one::step::StepClaim;
use crate::sync::{AtomicU32, Ordering::*, race};

/// A source completes.
static GROUP: Kind = Kind::Pass { mark: Link::mark, pass: Group::pass };
/// What it delivers into completes otherwise.
static GROUP_NEEDLESS: Kind = Kind::PassingStep { pass: Group::pass_needless, source: &GROUP };

/// Which of several sources decides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The first without a value; if all have one, the empty value.
    All,
    /// The first with a value, or the last of all.
    Any,
    /// The first.
    Race,
}

/// What becomes of the other sources.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    GoesOn,
    IsCancelled,
}

/// This, then a link for each source.
#[repr(C, align(8))]
struct Group {
    /// Those who have a part in this: each source until it is through with it or was let go, what it delivers into,
    /// and whoever makes it. The last one frees it.
    parts: AtomicU32,
    /// Sources that may still decide otherwise.
    open: AtomicU32,
    into: Handle,
    n: u32,
    rule: Rule,
    rest: Rest,
    /// In the list of what it delivers into. Last, where its links find it: see [`Link`].
    needless: Listener,
}

const _: () = assert!(offset_of!(Group, needless) + size_of::<Listener>() == size_of::<Group>());

/// An index of a link has so many bits, with two to spare for sums.
const MOST: usize = 1 << 28;

/// Has `into` complete as the rule says, and the rest of the sources be cancelled then, if it is to be. Returns a reference
/// to `into`, which is none of the sources.
pub(crate) fn group(
    sources: &[&Asynchron],
    into: Option<&Asynchron>,
    rule: Rule,
    rest: Rest,
) -> Result<Handle, NoMemory> {
    let into = into.map_or_else(Asynchron::create, |into| Ok(Handle::retain(into)))?;
    let decided = decided(sources, rule);
    if decided.is_some() || into.state().load().is_complete() {
        let chain = Chain::new();
        if let Some(outcome) = decided {
            chain.complete_other(&into, outcome);
        }
        rest.end(sources, &chain);
        chain.run();
        return Ok(into);
    }
    let n = u32::try_from(sources.len()).ok().filter(|_| sources.len() <= MOST).ok_or(NoMemory)?;
    let this = allocate(Group::layout(n)?)?.cast::<Group>();
    // SAFETY: the room is as large as the layout, and ours.
    unsafe { Group::write(this, sources, n, into.clone(), rule, rest) };
    let chain = Chain::new();
    // SAFETY: in no list, and it stays until it was told or taken off.
    if unsafe { into.listen(Group::needless(this)) } {
        for (link, source) in Group::links(this, n).zip(sources) {
            // SAFETY: new, and it stays until it was told or taken off.
            match unsafe { Link::list(link, source, Known::ToOthers) } {
                Listed::Yes => {}
                Listed::Complete => {
                    source.retain();
                    // SAFETY: it is in no list, and counts as told.
                    unsafe { chain.pass_later(link.cast()) };
                }
                // Whoever took it off could not know whether the source is there.
                Listed::Off => rest.end(&[source], &chain),
            }
        }
        chain.run();
        // SAFETY: the part of whoever makes it.
        unsafe { Group::part(this, 1) };
    } else {
        rest.end(sources, &chain);
        // SAFETY: ALONE: nobody else knows it.
        unsafe { Group::free(this) };
        chain.run();
    }
    Ok(into)
}

/// What those that are complete decide together: the lowest index is the first, the highest the last.
fn decided(sources: &[&Asynchron], rule: Rule) -> Option<Outcome> {
    let mut open = sources.len();
    for source in sources {
        let Some((_, form)) = source.outcome() else {
            continue;
        };
        open = open.wrapping_sub(1); // at most so many
        if rule.is_decided_by(form.is_value()) || (open == 0 && rule == Rule::Any) {
            return share(Handle::retain(source));
        }
    }
    (open == 0).then_some(Outcome::Empty)
}

impl Rule {
    /// Whether one that ended so decides at once, whatever the others do.
    fn is_decided_by(self, has_value: bool) -> bool {
        match self {
            Self::All => !has_value,
            Self::Any => has_value,
            Self::Race => true,
        }
    }
}

impl Rest {
    fn end(self, sources: &[&Asynchron], chain: &Chain) {
        if self == Self::IsCancelled {
            for source in sources {
                chain.complete_other(source, Outcome::unneeded());
            }
        }
    }
}

impl Group {
    fn layout(n: u32) -> Result<Layout, NoMemory> {
        let links = Layout::array::<Link>(n as usize).map_err(|_| NoMemory)?;
        let (layout, offset) = Layout::new::<Self>().extend(links).map_err(|_| NoMemory)?;
        debug_assert!(offset == size_of::<Self>());
        Ok(layout)
    }

    /// # Safety
    /// `this` has room for it and `n` links, as many as there are sources, and is the caller's.
    unsafe fn write(
        this: NonNull<Self>,
        sources: &[&Asynchron],
        n: u32,
        into: Handle,
        rule: Rule,
        rest: Rest,
    ) {
        let (parts, open) = (AtomicU32::new(n.wrapping_add(2)), AtomicU32::new(n));
        let needless = Listener::new(&GROUP_NEEDLESS);
        // SAFETY: as the caller promises.
        unsafe { this.write(Self { parts, open, into, n, rule, rest, needless }) };
        for ((link, source), index) in Self::links(this, n).zip(sources).zip(0..) {
            // SAFETY: there is room for one each.
            unsafe { link.write(Link::new(source, Known::ToOthers, index)) };
        }
    }

    fn links(this: NonNull<Self>, n: u32) -> impl Iterator<Item = NonNull<Link>> {
        // They follow at once: see `layout`.
        let first = this.as_ptr().wrapping_add(1).cast::<Link>();
        (0..n as usize).filter_map(move |index| NonNull::new(first.wrapping_add(index)))
    }

    fn needless(this: NonNull<Self>) -> NonNull<Listener> {
        // SAFETY: a field of `this`.
        unsafe { this.byte_add(offset_of!(Self, needless)) }.cast()
    }

    /// # Safety
    /// The link, or the job that lies there now, is a group's.
    unsafe fn of_link<T>(link: NonNull<T>) -> NonNull<Self> {
        let link = link.cast::<Link>();
        // SAFETY: alive, and this is never written again.
        let index = unsafe { Link::info(link) } as usize;
        // SAFETY: so many are before it.
        let first = unsafe { link.sub(index) };
        // SAFETY: they follow at once.
        unsafe { first.cast::<Self>().sub(1) }
    }

    /// Not by way of a reference to all of it: others may write its node.
    ///
    /// # Safety
    /// The caller has a part in it.
    unsafe fn into_of<'a>(this: NonNull<Self>) -> &'a Handle {
        // SAFETY: as the caller promises.
        unsafe { &(*this.as_ptr()).into }
    }

    /// A source is complete.
    ///
    /// # Safety
    /// As for [`Kind::Pass`]; the node is a link's.
    unsafe fn pass(node: NonNull<Listener>, chain: &Chain) {
        // SAFETY: this source has a part in it.
        let this = unsafe { Self::of_link(node) };
        // SAFETY: TOLD: it knows its source yet.
        let source = unsafe { Link::source(node.cast()) };
        // SAFETY: TOLD: a reference is kept for it.
        let source = unsafe { source.as_ref() };
        // SAFETY: this source has a part in it, and is counted once.
        if let Some(outcome) = unsafe { Self::decision(this, source) } {
            // SAFETY: this source has a part in it.
            let into = unsafe { Self::into_of(this) };
            // SAFETY: it was listed there, and is alive.
            match unsafe { into.claim_by(Self::needless(this)) } {
                StepClaim::Yes(held) => {
                    // SAFETY: CLAIMED.
                    unsafe { chain.complete(into, held, outcome) };
                    // SAFETY: this thread took it off.
                    unsafe { Self::let_go(this, chain) };
                }
                // SAFETY: this thread took it off.
                StepClaim::Late => unsafe { Self::let_go(this, chain) },
                StepClaim::Gone => {}
            }
        }
        // SAFETY: TOLD: nobody else uses its links any more.
        unsafe { chain.run_later(node.cast(), Self::leave_source) };
    }

    /// How it ends, if this source decides that.
    ///
    /// # Safety
    /// The source has a part in it, is complete, and was not asked before.
    unsafe fn decision(this: NonNull<Self>, source: &Asynchron) -> Option<Outcome> {
        // SAFETY: as the caller promises.
        let rule = unsafe { (*this.as_ptr()).rule };
        let has_value = source.outcome().is_some_and(|(_, form)| form.is_value());
        if !rule.is_decided_by(has_value) {
            // SAFETY: as the caller promises.
            let open = unsafe { &(*this.as_ptr()).open };
            race::release(open);
            // ORDERING: Release hands over what this source's producer did, Acquire takes what all others did: whoever
            // sees the end sees it all.
            if open.fetch_sub(1, AcqRel) != 1 {
                return None;
            }
            race::acquire(open);
            if rule == Rule::All {
                return Some(Outcome::Empty);
            }
        }
        share(Handle::retain(source))
    }

    /// The source may be released now.
    ///
    /// # Safety
    /// The job lies where the links of one were that has passed on; called once.
    unsafe fn leave_source(job: NonNull<Job>) {
        // SAFETY: this source has a part in it.
        let this = unsafe { Self::of_link(job) };
        // SAFETY: TOLD: the reference that is kept for it is taken over, once.
        drop(unsafe { Link::take_source(job.cast()) });
        // SAFETY: that part is this source's.
        unsafe { Self::part(this, 1) };
    }

    /// What it delivers into is complete.
    ///
    /// # Safety
    /// As for [`Kind::PassingStep`].
    unsafe fn pass_needless(node: NonNull<Listener>, chain: &Chain) {
        // SAFETY: it is that field.
        let this = unsafe { node.byte_sub(offset_of!(Self, needless)) }.cast::<Self>();
        // SAFETY: whoever completed that took it off.
        unsafe { Self::let_go(this, chain) };
    }

    /// Leaves the sources, and cancels those that it is to.
    ///
    /// # Safety
    /// The caller took it off what it delivers into, whose part is still there.
    unsafe fn let_go(this: NonNull<Self>, chain: &Chain) {
        // SAFETY: as the caller promises; neither changes.
        let n = unsafe { (*this.as_ptr()).n };
        // SAFETY: as the caller promises; neither changes.
        let rest = unsafe { (*this.as_ptr()).rest };
        let end = |address: NonNull<Asynchron>, held: Held| {
            // SAFETY: LOCKED: it is there until that is unlocked.
            let source = unsafe { address.as_ref() };
            let outcome = if held.is_complete() {
                None
            } else if rest == Rest::IsCancelled {
                Some(Outcome::unneeded())
            } else {
                source.is_to_be_cancelled(&held).then(Outcome::unwanted)
            };
            match outcome {
                // SAFETY: CLAIMED; and marked, because its last handle may be just being given up.
                Some(outcome) => unsafe { chain.complete_unkept(address, held.retaken(), outcome) },
                None => _ = source.state().unlock(held),
            }
        };
        let mut off = 0_u32;
        for link in Self::links(this, n) {
            // SAFETY: a part is left; this thread took it off what it delivers into.
            if !matches!(unsafe { Link::detach_and(link, end) }, Detached::Told) {
                off = off.wrapping_add(1); // at most n
            }
        }
        // SAFETY: those parts are of the sources that it has left; there is another.
        unsafe { Self::part(this, off) };
        // SAFETY: taken off, so nobody else uses its links.
        unsafe { chain.run_later(Self::needless(this).cast(), Self::leave_into) };
    }

    /// # Safety
    /// The job lies where the links of one were that was taken off what it delivers into; called once.
    unsafe fn leave_into(job: NonNull<Job>) {
        // SAFETY: it is that field.
        let this = unsafe { job.byte_sub(offset_of!(Self, needless)) }.cast::<Self>();
        // SAFETY: that part is this one's.
        unsafe { Self::part(this, 1) };
    }

    /// Gives up so many parts. The last one frees it.
    ///
    /// # Safety
    /// They are the caller's, and are used no more.
    unsafe fn part(this: NonNull<Self>, mine: u32) {
        // SAFETY: alive while a part is left.
        let parts = unsafe { &(*this.as_ptr()).parts };
        race::release(parts);
        // ORDERING: Release hands over what this thread did, Acquire takes what all others did.
        if parts.fetch_sub(mine, AcqRel) == mine {
            race::acquire(parts);
            // SAFETY: ALONE: nobody else is left.
            unsafe { Self::free(this) };
        }
    }

    /// # Safety
    /// ALONE: nobody else knows it any more, and no source is kept for it.
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let n = unsafe { (*this.as_ptr()).n };
        for link in Self::links(this, n) {
            // SAFETY: not looked at any more.
            unsafe { Link::end(link) };
        }
        // SAFETY: ALONE: read once, and not dropped where it lies.
        let Self { into, .. } = unsafe { this.read() };
        if let Ok(layout) = Self::layout(n) {
            // SAFETY: allocated with this layout, and used no more.
            unsafe { dealloc(this.as_ptr().cast(), layout) };
        }
        drop(into);
    }
}
