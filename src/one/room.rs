//! Room behind the object, in the same block, for a value that is too long to lie inside: delivering that needs no
//! memory.
//!
//! It is filled without the lock, since the system may have to fetch what is copied from a disk. So one thread takes it
//! first, for ever. Another that would fill it waits until the asynchron is complete, by the first or by
//! whoever was faster, and comes too late. But not for long: the first may wait for a disk, or have left its copy by
//! longjmp() out of a handler of faults.

use std::alloc::Layout;
use std::ptr::{self, NonNull};

use super::asynchron::Asynchron;
use super::handle::Handle;
use super::outcome::{Slot, Span};
use super::state::State;
use crate::base::memory::{MALLOC_ALIGN, NoMemory, allocate};
use crate::base::patience;
use crate::base::refs::Refs;
use crate::sync::{AtomicU32, Ordering::*};
use crate::sys;

/// So many nanoseconds one who would fill the room, too, waits for the first: far longer than a copy takes.
const MOMENT: u64 = 10_000_000;

/// What lies between the object and the bytes.
#[repr(C)]
struct Room {
    size: u32,
    taken: AtomicU32,
}

impl Room {
    const MOST: usize = 64 << 20;

    /// From the beginning of the object.
    const OFFSET: usize = match Asynchron::LAYOUT.extend(Layout::new::<Self>()) {
        Ok((_, offset)) => offset,
        Err(_) => panic!("too large"),
    };
    const BYTES: usize = (Self::OFFSET + size_of::<Self>()).next_multiple_of(MALLOC_ALIGN);

    /// That of the whole block.
    fn layout(size: u32) -> Option<Layout> {
        Layout::from_size_align(Self::BYTES.wrapping_add(size as usize), MALLOC_ALIGN).ok()
    }
}

// The description fills what the object leaves of a cache line.
#[cfg(all(target_pointer_width = "64", not(any(loom, shuttle))))]
const _: () = assert!(Room::BYTES == 64);

/// How many bytes are to be reserved.
#[derive(Clone, Copy)]
pub(crate) struct Reserve(u32);

impl Reserve {
    pub(crate) const NOTHING: Self = Self(0);

    /// `None`: more than may be.
    #[inline]
    pub(crate) fn new(size: usize) -> Option<Self> {
        // At most MOST, so it fits.
        (size <= Room::MOST).then_some(Self(size as u32))
    }
}

impl Asynchron {
    /// Makes one with room for a value. What lies inside the object anyhow needs none.
    #[inline]
    pub(crate) fn create_reserved(Reserve(size): Reserve) -> Result<Handle, NoMemory> {
        if size as usize <= Slot::INSIDE {
            return Self::create();
        }
        let block = allocate(Room::layout(size).ok_or(NoMemory)?)?;
        // For `whole`.
        block.as_ptr().expose_provenance();
        // SAFETY: the block is larger than the object, and ours.
        unsafe { Self::write(block.cast(), State::new_with_room(), Refs::new()) };
        // SAFETY: within the block.
        let room = unsafe { block.add(Room::OFFSET) }.cast::<Room>();
        // SAFETY: there is room for it, aligned for it, and ours.
        unsafe { room.write(Room { size, taken: AtomicU32::new(0) }) };
        // SAFETY: the first reference is the caller's.
        Ok(unsafe { Handle::from_raw(block.cast()) })
    }

    /// The block that begins with `this`: by way of references to the object, that may reach no further than it does.
    pub(super) fn whole(this: NonNull<Self>) -> NonNull<u8> {
        let whole = ptr::with_exposed_provenance_mut(this.addr().get());
        NonNull::new(whole).unwrap_or(this.cast())
    }

    /// Delivers a copy in the room. False if another was first; `None` if there is no room, if it is too small, or if
    /// another has taken it and does not come to an end.
    ///
    /// # Safety
    /// As for [`Self::complete`].
    #[inline]
    pub(crate) unsafe fn complete_in_room(this: NonNull<Self>, bytes: &[u8]) -> Option<bool> {
        // SAFETY: ALIVE until it is PUBLISHED.
        if !unsafe { this.as_ref() }.state().load().has_room() {
            return None;
        }
        // SAFETY: as the caller promises; there is room.
        unsafe { Self::fill_room(this, bytes) }
    }

    /// # Safety
    /// As for [`Self::complete`]; there is room.
    #[inline(never)]
    unsafe fn fill_room(this: NonNull<Self>, bytes: &[u8]) -> Option<bool> {
        let whole = Self::whole(this);
        // SAFETY: within the block.
        let room = unsafe { whole.add(Room::OFFSET) }.cast::<Room>();
        // SAFETY: ALIVE until it is PUBLISHED, and with it the room, which was written before anyone knew the object.
        let room = unsafe { room.as_ref() };
        if bytes.len() > room.size as usize {
            return None;
        }
        // ORDERING: the first alone gets it, and it is empty: nothing is handed over.
        if room.taken.swap(1, Relaxed) != 0 {
            // SAFETY: ALIVE: whoever comes too late holds a reference of its own.
            let complete = unsafe { this.as_ref() }.is_soon_complete();
            return complete.then_some(false);
        }
        // SAFETY: within the block.
        let to = unsafe { whole.add(Room::BYTES) };
        // SAFETY: they fit, and this thread alone has taken the room. What is there was never handed out, so they
        // do not overlap.
        unsafe { to.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        let span = Span { data: to.as_ptr().cast(), len: bytes.len() };
        // SAFETY: as the caller promises; the bytes lie in the block.
        Some(unsafe { Self::complete_span(this, span) })
    }

    /// Another fills the room, and then it is complete. False: not within a moment.
    #[cold]
    #[inline(never)]
    fn is_soon_complete(&self) -> bool {
        let complete = || self.state.load().is_complete();
        if patience::look_briefly(complete) {
            return true;
        }
        let limit = sys::time_limit_after(MOMENT);
        while !complete() {
            if sys::has_passed(limit) {
                return false;
            }
            self.state.park(limit);
        }
        true
    }

    /// Frees the block.
    ///
    /// # Safety
    /// LAST: there is room behind the object, and nothing else is left of it.
    #[inline(never)]
    pub(super) unsafe fn free_with_room(this: NonNull<Self>) {
        let whole = Self::whole(this);
        // SAFETY: within the block.
        let room = unsafe { whole.add(Room::OFFSET) }.cast::<Room>();
        // SAFETY: LAST: nobody else can reach it.
        let size = unsafe { room.as_ref() }.size;
        // For models alone, as in `free_block`.
        // SAFETY: LAST: nobody else can reach it.
        unsafe { room.drop_in_place() };
        if let Some(layout) = Room::layout(size) {
            // SAFETY: allocated with this layout.
            unsafe { Self::free_block(whole.cast(), layout) };
        }
    }
}
