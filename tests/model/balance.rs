//! How many bytes a thread has allocated and not freed: what is left of a program when all has been given up is a leak,
//! or was freed with another layout than it was allocated with.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// Bytes allocated and not freed by this thread.
pub fn live() -> isize {
    LIVE.get()
}

fn count(by: isize) {
    // A layout made of garbage is as large as it likes.
    let _ = LIVE.try_with(|live| live.set(live.get().wrapping_add(by)));
}

// SAFETY: the system's, which is asked as it was asked.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(ptr, layout) }
    }
}
