//! The memory of a chunk of rows.

#[cfg(not(loom))]
use std::alloc::alloc_zeroed;
use std::alloc::{Layout, dealloc};
use std::ptr::NonNull;

#[cfg(loom)]
use super::Table;
use super::TokenRow;
#[cfg(not(loom))]
use crate::base::lock::Line;
use crate::base::memory::NoMemory;

/// They begin with a cache line, at the next one in their memory: to ask for memory that does would have all of it
/// written at once. What is left of a line before them says where that memory begins.
#[cfg(not(loom))]
pub(super) fn allocate_rows(layout: Layout, _: usize) -> Result<NonNull<TokenRow>, NoMemory> {
    let whole = with_a_line_before(layout).ok_or(NoMemory)?;
    // SAFETY: the layout is not empty.
    let begin = NonNull::new(unsafe { alloc_zeroed(whole) }).ok_or(NoMemory)?;
    let skipped = LINE.wrapping_sub(begin.addr().get() % LINE);
    // SAFETY: a line more than the rows need was allocated.
    let rows = unsafe { begin.add(skipped) }.cast::<TokenRow>();
    // SAFETY: at least as much was skipped, since memory is aligned for a pointer.
    let before = unsafe { rows.cast::<NonNull<u8>>().sub(1) };
    // SAFETY: it lies in what was skipped.
    unsafe { before.write(begin) };
    Ok(rows)
}

#[cfg(not(loom))]
pub(super) const LINE: usize = align_of::<Line<u8>>();

#[cfg(not(loom))]
fn with_a_line_before(layout: Layout) -> Option<Layout> {
    Layout::from_size_align(layout.size().checked_add(LINE)?, align_of::<NonNull<u8>>()).ok()
}

/// # Safety
/// Made by [`allocate_rows`], and known to nobody else.
#[cfg(not(loom))]
pub(super) unsafe fn free_rows(rows: *mut TokenRow, layout: Layout, _: usize) {
    // SAFETY: as in `allocate_rows`.
    let before = unsafe { rows.cast::<NonNull<u8>>().sub(1) };
    // SAFETY: it was written there.
    let begin = unsafe { before.read() };
    if let Some(whole) = with_a_line_before(layout) {
        // SAFETY: as the caller promises.
        unsafe { dealloc(begin.as_ptr(), whole) };
    }
}

#[cfg(loom)]
pub(super) fn allocate_rows(layout: Layout, chunk: usize) -> Result<NonNull<TokenRow>, NoMemory> {
    let first = crate::base::memory::allocate(layout)?.cast::<TokenRow>();
    crate::sync::global(|| {
        for index in 0..Table::len(chunk) {
            // SAFETY: there is room for so many.
            unsafe { first.add(index).write(TokenRow::new()) };
        }
    });
    Ok(first)
}

/// # Safety
/// Made by [`allocate_rows`], and known to nobody else.
#[cfg(loom)]
pub(super) unsafe fn free_rows(rows: *mut TokenRow, layout: Layout, chunk: usize) {
    crate::sync::global(|| {
        for index in 0..Table::len(chunk) {
            // SAFETY: as the caller promises.
            unsafe { rows.add(index).drop_in_place() };
        }
    });
    // SAFETY: as the caller promises.
    unsafe { dealloc(rows.cast(), layout) };
}
