//! How a step after several lies in memory: this, its links, and perhaps a tail, in one block.

use std::alloc::{Layout, dealloc};
use std::mem::{self, offset_of};
use std::ptr::NonNull;
use std::slice;

use super::super::JoinFn;
use super::tail::Tail;
use super::{AFTER_NEEDLESS, ATTACHED, After, SENT};
use crate::base::memory::NoMemory;
use crate::base::program::Owned;
use crate::one::asynchron::Asynchron;
use crate::one::handle::Handle;
use crate::one::link::{Known, Link};
use crate::one::listener::Listener;
use crate::pool::Errand;
use crate::sync::AtomicU32;

impl After {
    /// The layout, and where the tail begins.
    pub(super) fn layout(n: u32, sent: bool) -> Result<(Layout, usize), NoMemory> {
        let links = Layout::array::<Link>(n.max(1) as usize).map_err(|_| NoMemory)?;
        let (layout, offset) = Layout::new::<Self>().extend(links).map_err(|_| NoMemory)?;
        debug_assert!(offset == size_of::<Self>());
        if !sent {
            return Ok((layout, 0));
        }
        layout.extend(Layout::new::<Tail>()).map_err(|_| NoMemory)
    }

    /// # Safety
    /// `this` has room for it and `n` links, as many as there are sources, and is the caller's.
    pub(super) unsafe fn write(
        this: NonNull<Self>,
        sources: &[&Asynchron],
        n: u32,
        known: Known,
        into: Handle,
        function: JoinFn,
        ctx: Owned,
    ) {
        let left = AtomicU32::new(ATTACHED | n.wrapping_add(1));
        let needless = Listener::new(&AFTER_NEEDLESS);
        // SAFETY: as the caller promises.
        unsafe {
            this.write(Self { left, n, into, function, ctx, unused: Default::default(), needless })
        };
        for ((link, source), index) in Self::links(this, n).zip(sources).zip(0..) {
            // SAFETY: there is room for one each.
            unsafe { link.write(Link::new(source, known, index)) };
        }
    }

    /// # Safety
    /// As for `left`.
    pub(super) unsafe fn is_sent(this: NonNull<Self>) -> bool {
        // SAFETY: as the caller promises; it is never written again.
        unsafe { (*this.as_ptr()).n & SENT != 0 }
    }

    pub(super) fn links(this: NonNull<Self>, n: u32) -> impl Iterator<Item = NonNull<Link>> {
        // They follow at once: see `layout`.
        let first = this.as_ptr().wrapping_add(1).cast::<Link>();
        (0..n as usize).filter_map(move |index| NonNull::new(first.wrapping_add(index)))
    }

    /// Not by way of a reference to all of it: a job may lie in front, which others write.
    ///
    /// # Safety
    /// `this` is alive.
    pub(super) unsafe fn left<'a>(this: NonNull<Self>) -> &'a AtomicU32 {
        // SAFETY: as the caller promises.
        unsafe { &(*this.as_ptr()).left }
    }

    /// # Safety
    /// As for `left`.
    pub(super) unsafe fn n(this: NonNull<Self>) -> u32 {
        // SAFETY: as the caller promises; it is never written again.
        unsafe { (*this.as_ptr()).n & !SENT }
    }

    /// # Safety
    /// As for `left`. The context is the caller's, and is not dropped where it lies.
    pub(super) unsafe fn take_ctx(this: NonNull<Self>) -> Owned {
        // SAFETY: as the caller promises.
        let ctx = unsafe { this.byte_add(offset_of!(Self, ctx)) }.cast::<Owned>();
        // SAFETY: it is there, and read once, as the caller promises.
        unsafe { ctx.read() }
    }

    pub(super) fn needless(this: NonNull<Self>) -> NonNull<Listener> {
        // SAFETY: a field of `this`.
        unsafe { this.byte_add(offset_of!(Self, needless)) }.cast()
    }

    /// # Safety
    /// The link is an after's.
    pub(super) unsafe fn of_link(link: NonNull<Link>) -> NonNull<Self> {
        // SAFETY: alive, and this is never written again.
        let index = unsafe { Link::info(link) } as usize;
        // SAFETY: so many are before it.
        let first = unsafe { link.sub(index) };
        // SAFETY: they follow at once.
        unsafe { first.cast::<Self>().sub(1) }
    }

    /// The sources as an array: each one's link knows it, and they are moved to the front.
    ///
    /// # Safety
    /// All have been told; nobody else knows the links any more. They stay while it is used.
    pub(super) unsafe fn gather<'a>(this: NonNull<Self>, n: u32) -> &'a [*mut Asynchron] {
        let array = this.as_ptr().wrapping_add(1).cast::<*mut Asynchron>();
        for (index, link) in Self::links(this, n).enumerate() {
            // SAFETY: TOLD: not written since.
            let source = unsafe { Link::source(link) }.as_ptr();
            // SAFETY: not looked at any more.
            unsafe { Link::end(link) };
            // An element of the array lies in a link that has been read.
            // SAFETY: there are as many links, each larger than an element.
            let element = unsafe { array.add(index) };
            // SAFETY: ALONE: it lies within the links, which nobody else knows any more.
            unsafe { element.write(source) };
        }
        // SAFETY: written just now.
        unsafe { slice::from_raw_parts(array, n as usize) }
    }

    /// # Safety
    /// ALONE: nobody else knows it any more, and the context was taken out.
    pub(super) unsafe fn free(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        mem::forget(unsafe { Self::take_apart(this) });
    }

    /// Gives up what it keeps, and returns the context.
    ///
    /// # Safety
    /// ALONE: nobody else knows it any more.
    pub(super) unsafe fn take_apart(this: NonNull<Self>) -> Owned {
        // SAFETY: as the caller promises.
        let n = unsafe { Self::n(this) };
        for link in Self::links(this, n) {
            // SAFETY: ALONE: nobody else uses the links.
            if unsafe { Link::was_told(link) } {
                // SAFETY: TOLD: a reference is kept for it.
                drop(unsafe { Link::take_source(link) });
            }
            // SAFETY: not looked at any more.
            unsafe { Link::end(link) };
        }
        // SAFETY: ALONE: it is there; if it was taken out before, the caller forgets it.
        let ctx = unsafe { Self::take_ctx(this) };
        // SAFETY: nothing else is left of it.
        drop(unsafe { Self::free_block(this) });
        ctx
    }

    /// # Safety
    /// ALONE: nobody else knows it any more; the context was taken out, and the sources given up.
    pub(super) unsafe fn free_block(this: NonNull<Self>) -> Handle {
        // SAFETY: as the caller promises.
        let into = unsafe { this.byte_add(offset_of!(Self, into)) }.cast::<Handle>();
        // SAFETY: ALONE: taken out once.
        let into = unsafe { into.read() };
        // SAFETY: ALONE: it is still there.
        let n = unsafe { Self::n(this) };
        // For models alone, whose atomics notice their end: there is nothing else to drop.
        // SAFETY: a field of it.
        let left = unsafe { this.byte_add(offset_of!(Self, left)) }.cast::<AtomicU32>();
        // SAFETY: ALONE: nobody counts any more.
        unsafe { left.drop_in_place() };
        // SAFETY: ALONE: it is still there.
        if unsafe { Self::is_sent(this) } {
            // SAFETY: it is there yet, and has a tail.
            let errand = unsafe { Tail::of(this) };
            // SAFETY: the step's part in it ends here.
            unsafe { Errand::release(errand) };
        } else if let Ok((layout, _)) = Self::layout(n, false) {
            // SAFETY: allocated with this layout, and used no more.
            unsafe { dealloc(this.as_ptr().cast(), layout) };
        }
        into
    }
}
