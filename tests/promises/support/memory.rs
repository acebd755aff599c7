//! The allocator of the test program. In a process that asks for it, freed blocks are filled with a pattern and kept
//! for a while: whoever still reads them finds nonsense, and whoever still writes them is found out.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};

pub struct Quarantine;

#[global_allocator]
static ALLOCATOR: Quarantine = Quarantine;

const POISON: u8 = 0xDD;
const KEPT: usize = 2048;
const LARGEST: usize = 1024;

static ON: AtomicBool = AtomicBool::new(false);
static RING: Mutex<Ring> = Mutex::new(Ring { blocks: [None; KEPT], next: 0 });

struct Ring {
    blocks: [Option<(usize, Layout)>; KEPT],
    next: usize,
}

/// From here on, in this process.
pub fn quarantine() {
    ON.store(true, SeqCst);
}

/// Looks at every block that is kept.
pub fn check_quarantine() {
    let ring = ring();
    for (block, layout) in ring.blocks.iter().flatten() {
        check(*block as *mut u8, *layout);
    }
}

fn ring() -> MutexGuard<'static, Ring> {
    RING.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn check(block: *mut u8, layout: Layout) {
    let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
    if bytes.iter().any(|&b| b != POISON) {
        let text = b"memory was written after it was freed\n";
        unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
        std::process::abort();
    }
}

// SAFETY: the system's allocator does the work; a block is merely freed later.
unsafe impl GlobalAlloc for Quarantine {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !ON.load(SeqCst) || layout.size() > LARGEST {
            return unsafe { System.realloc(block, layout, size) };
        }
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(block, size.min(layout.size()));
                self.dealloc(block, layout);
            }
            new
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !ON.load(SeqCst) || layout.size() > LARGEST {
            return unsafe { System.dealloc(block, layout) };
        }
        unsafe { block.write_bytes(POISON, layout.size()) };
        let mut ring = ring();
        let at = ring.next;
        ring.next = (at + 1) % KEPT;
        let oldest = ring.blocks[at].replace((block as usize, layout));
        drop(ring);
        if let Some((oldest, layout)) = oldest {
            let oldest = oldest as *mut u8;
            check(oldest, layout);
            unsafe { System.dealloc(oldest, layout) };
        }
    }
}

/// Bytes in use on the C heap, of this process.
pub fn in_use() -> usize {
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}
