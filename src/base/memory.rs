//! Allocation that can fail without ending the program.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::NonNull;

/// There is no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoMemory;

/// As malloc aligns.
pub(crate) const MALLOC_ALIGN: usize = if size_of::<usize>() == 8 { 16 } else { 8 };

/// Room for `layout`, which must not be empty.
pub(crate) fn allocate(layout: Layout) -> Result<NonNull<u8>, NoMemory> {
    debug_assert!(layout.size() > 0);
    // SAFETY: the layout is not empty.
    NonNull::new(unsafe { alloc(layout) }).ok_or(NoMemory)
}

/// A box, or the value back.
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>, T> {
    match allocate(Layout::new::<T>()) {
        Ok(room) => {
            let room = room.cast::<T>().as_ptr();
            // SAFETY: the room fits a T, is ours, and was allocated as Box would.
            unsafe { room.write(value) };
            // SAFETY: allocated as Box would, and now initialised.
            Ok(unsafe { Box::from_raw(room) })
        }
        Err(NoMemory) => Err(value),
    }
}

/// Bytes copied to memory of their own, aligned as malloc's. Not empty.
#[repr(C)]
pub(crate) struct Bytes {
    pub(crate) data: NonNull<u8>,
    pub(crate) len: usize,
}

impl Bytes {
    pub(crate) fn copy_of(bytes: &[u8]) -> Result<Self, NoMemory> {
        let layout = Self::layout(bytes.len()).ok_or(NoMemory)?;
        let data = allocate(layout)?;
        // SAFETY: the room is as long as the bytes, and new, so they cannot overlap.
        unsafe { data.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(Self { data, len: bytes.len() })
    }

    fn layout(len: usize) -> Option<Layout> {
        Layout::from_size_align(len, MALLOC_ALIGN).ok().filter(|_| len > 0)
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if let Some(layout) = Self::layout(self.len) {
            // SAFETY: allocated by `copy_of` with this layout; nobody uses it after its owner.
            unsafe { dealloc(self.data.as_ptr(), layout) };
        }
    }
}
