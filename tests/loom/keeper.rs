//! Memory that is freed stays unused until the model begins anew, and is overwritten: so whoever uses it after that is
//! found, and not only where somebody else has got it meanwhile.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};

/// Makes no sense as anything that the library or loom keeps there.
const FREED: u8 = 0xDE;

thread_local! {
    /// A model's threads are all on the thread of its test.
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    static KEPT: RefCell<Vec<(*mut u8, Layout)>> = const { RefCell::new(Vec::new()) };
}

/// Lets go of what the last round has kept, and keeps what this one frees.
pub fn begin() {
    end();
    KEEPS.set(true);
}

pub fn end() {
    KEEPS.set(false);
    for (room, layout) in KEPT.take() {
        // SAFETY: freed by its owner, and kept since.
        unsafe { System.dealloc(room, layout) };
    }
}

struct Keeper;

#[global_allocator]
static KEEPER: Keeper = Keeper;

// SAFETY: the system's, but what is freed is given back later.
unsafe impl GlobalAlloc for Keeper {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, room: *mut u8, layout: Layout) {
        if KEEPS.try_with(Cell::get) == Ok(true) {
            let kept = KEPT.with(|kept| {
                // It is borrowed while it grows.
                let Ok(mut kept) = kept.try_borrow_mut() else { return false };
                // SAFETY: its owner uses it no more.
                unsafe { room.write_bytes(FREED, layout.size()) };
                kept.push((room, layout));
                true
            });
            if kept {
                return;
            }
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(room, layout) };
    }
}
