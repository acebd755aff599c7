//! How many bytes a thread has allocated and not freed: what is left of a program when all has been given up is a leak,
//! or was freed with another layout than it was allocated with.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::{null, null_mut};
use std::sync::Once;

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// What the process has once, and keeps: the table that tokens lead to, which only grows, here as far as any program needs;
/// and the clock.
pub fn make_what_stays() {
    static ONCE: Once = Once::new();

    unsafe extern "C" fn nothing(_: *mut asynchron_t, _: *mut std::ffi::c_void) {}

    ONCE.call_once(|| {
        let options = asynchron_notify_options_t {
            size: size_of::<asynchron_notify_options_t>(),
            r#fn: Some(nothing),
            ctx: null_mut(),
            drop_ctx: None,
            flags: 0,
            executor: std::ptr::null_mut(),
        };
        // SAFETY: a new handle, which is used until it is released.
        let a = unsafe { asynchron_create(null()) };
        for _ in 0..10_000 {
            // SAFETY: as above.
            let status = unsafe { asynchron_notify_with(a, &options, &mut 0) };
            assert_eq!(status, ASYNCHRON_OK);
        }
        // SAFETY: as above.
        assert_eq!(unsafe { asynchron_expire_after(a, 3_600_000_000_000) }, ASYNCHRON_OK);
        // SAFETY: its one reference.
        unsafe { asynchron_release(a) };
    });
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

/// Bytes allocated and not freed by this thread, with as many deadlines kept for the next as there ever are.
pub fn live() -> isize {
    let armed: Vec<_> = (0..40)
        .map(|_| {
            // SAFETY: a new handle.
            let a = unsafe { asynchron_create(null()) };
            // SAFETY: used until it is released.
            assert_eq!(unsafe { asynchron_expire_after(a, 3_600_000_000_000) }, ASYNCHRON_OK);
            a
        })
        .collect();
    for a in armed {
        // SAFETY: its one reference.
        unsafe { asynchron_release(a) };
    }
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
