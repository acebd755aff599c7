//! Where tasks lie: many in one allocation, since one for each would cost nearly half as much as all the rest.

use std::alloc::Layout;
use std::mem::{MaybeUninit, offset_of};
use std::ptr::{self, NonNull};

use super::crew::Crew;
use super::task::Task;
use crate::base::memory::{NoMemory, allocate};
use crate::sync::{AtomicU32, Ordering::*, race};
use crate::sys;

const ROOMS: u32 = 64;
/// So many chunks are kept for later.
const KEPT: u32 = 16;

/// Each room is used once, until all have been.
#[repr(C)]
pub(super) struct Chunk {
    /// Whose tasks these are; alive while there are any, in its own process.
    pub(super) crew: NonNull<Crew>,
    /// How many rooms have been left.
    left: AtomicU32,
    /// In which process it was made: in the child of a fork it is no executor's any more.
    pub(super) process: u32,
    /// The next of those that are kept.
    next: *mut Chunk,
}

/// A chunk, and its rooms behind it.
#[repr(C)]
struct Whole {
    chunk: Chunk,
    rooms: [MaybeUninit<Task>; ROOMS as usize],
}

impl Chunk {
    /// Makes one for later, without the executor's lock.
    #[cold]
    pub(super) fn add_to(crew: &Crew) -> Result<(), NoMemory> {
        let made = allocate(Layout::new::<Whole>())?.cast();
        let chunk = Self {
            crew: NonNull::from(crew),
            left: AtomicU32::new(0),
            process: crew.process,
            next: ptr::null_mut(),
        };
        // SAFETY: there is room for it, which is ours.
        unsafe { made.write(chunk) };
        // SAFETY: nobody knows it yet.
        unsafe { Self::keep_or_free(made) };
        Ok(())
    }

    /// # Safety
    /// `this` is alive, and there are so many rooms before this one.
    unsafe fn room(this: NonNull<Self>, before: u32) -> NonNull<Task> {
        // SAFETY: as the caller promises.
        let rooms = unsafe { this.byte_add(offset_of!(Whole, rooms)) }.cast::<Task>();
        // SAFETY: there are so many rooms, as the caller promises.
        unsafe { rooms.add(before as usize) }
    }

    /// # Safety
    /// A task of this chunk is gone, and its room is used no more.
    pub(super) unsafe fn release_room(this: NonNull<Self>) {
        // SAFETY: alive until all rooms have been left.
        let left = unsafe { &(*this.as_ptr()).left };
        race::release(left);
        // ORDERING: Release hands this room to whoever keeps or frees the chunk, Acquire takes all others.
        if left.fetch_add(1, AcqRel) == ROOMS.wrapping_sub(1) {
            race::acquire(left);
            // SAFETY: all rooms have been left, so nobody knows it any more.
            unsafe { Self::keep_or_free(this) };
        }
    }

    /// # Safety
    /// Nobody knows it any more.
    #[cold]
    unsafe fn keep_or_free(this: NonNull<Self>) {
        // SAFETY: as the caller promises.
        let is_current = sys::is_this_process(unsafe { (*this.as_ptr()).process });
        // SAFETY: as the caller promises.
        let crew = unsafe { (*this.as_ptr()).crew };
        let is_kept = is_current && {
            // SAFETY: whoever has left the last room keeps the executor alive until this returns, in its own process.
            let crew = unsafe { crew.as_ref() };
            // SAFETY: ALONE: all its rooms have been left.
            unsafe { crew.keep(this) }
        };
        if !is_kept {
            // SAFETY: nobody knows it any more.
            unsafe { Self::free(this) };
        }
    }

    /// # Safety
    /// Nobody knows it any more.
    unsafe fn free(this: NonNull<Self>) {
        // SAFETY: allocated as a box would be.
        drop(unsafe { Box::from_raw(this.cast::<Whole>().as_ptr()) });
    }
}

/// The rooms that are free.
pub(super) struct Rooms {
    /// Where the next task will lie; NULL if no chunk is begun.
    chunk: *mut Chunk,
    used: u32,
    /// Chunks without tasks.
    kept: *mut Chunk,
    kept_len: u32,
}

impl Rooms {
    pub(super) const NONE: Self =
        Self { chunk: ptr::null_mut(), used: 0, kept: ptr::null_mut(), kept_len: 0 };

    /// The next room, and its chunk. The same again, unless it is [used](Self::use_next). `None`: another chunk is
    /// [wanted](Chunk::add_to).
    pub(super) fn next(&mut self) -> Option<(NonNull<Task>, NonNull<Chunk>)> {
        let chunk = NonNull::new(self.chunk).or_else(|| self.begin_chunk())?;
        // SAFETY: it is alive, since it has rooms that were not left: fewer are used than there are.
        let room = unsafe { Chunk::room(chunk, self.used) };
        Some((room, chunk))
    }

    #[cold]
    fn begin_chunk(&mut self) -> Option<NonNull<Chunk>> {
        let kept = NonNull::new(self.kept)?;
        // SAFETY: what is kept is alive, and nobody else knows it.
        self.kept = unsafe { (*kept.as_ptr()).next };
        self.kept_len = self.kept_len.wrapping_sub(1);
        self.chunk = kept.as_ptr();
        self.used = 0;
        Some(kept)
    }

    /// The room that was the next is used now.
    pub(super) fn use_next(&mut self) {
        self.used = self.used.wrapping_add(1);
        if self.used == ROOMS {
            self.chunk = ptr::null_mut();
        }
    }

    /// Keeps a chunk for later; false if there are enough.
    ///
    /// # Safety
    /// All its rooms have been left. If the answer is true, it is not the caller's any more.
    pub(super) unsafe fn keep(&mut self, chunk: NonNull<Chunk>) -> bool {
        let keep = self.kept_len < KEPT;
        if keep {
            // SAFETY: as the caller promises.
            let kept = unsafe { &mut *chunk.as_ptr() };
            kept.left = AtomicU32::new(0);
            kept.next = self.kept;
            self.kept = chunk.as_ptr();
            self.kept_len = self.kept_len.wrapping_add(1);
        }
        keep
    }
}

/// With the executor that they are of: all tasks are gone.
impl Drop for Rooms {
    fn drop(&mut self) {
        if let Some(begun) = NonNull::new(self.chunk) {
            // SAFETY: its used rooms have been left, and the others are nobody's.
            unsafe { Chunk::free(begun) };
        }
        while let Some(kept) = NonNull::new(self.kept) {
            // SAFETY: what is kept is alive, and nobody else knows it.
            self.kept = unsafe { (*kept.as_ptr()).next };
            // SAFETY: nobody else knows it.
            unsafe { Chunk::free(kept) };
        }
    }
}
