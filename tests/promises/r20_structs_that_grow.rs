//! Rule 20: option structs have a size. Larger than known is accepted if the unknown tail is zero; unknown flags are not.

use crate::support::*;
use std::mem::offset_of;

const PAGE: usize = 4096;

/// Two pages, the second of which nobody may touch.
struct Edge(*mut u8);

impl Edge {
    fn new() -> Self {
        let (rw, private) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        unsafe {
            let page = libc::mmap(null_mut(), 2 * PAGE, rw, private, -1, 0);
            assert_ne!(page, libc::MAP_FAILED);
            assert_eq!(libc::mprotect(page.byte_add(PAGE), PAGE, libc::PROT_NONE), 0);
            Edge(page.cast())
        }
    }

    /// The place whose first `size` bytes are the last that can be read. The first word is set to `size`.
    fn place(&self, size: usize) -> *mut u8 {
        let at = unsafe { self.0.add(PAGE - size) };
        let word = size.to_ne_bytes();
        unsafe {
            at.write_bytes(0, size);
            at.copy_from(word.as_ptr(), word.len().min(size));
        }
        at
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        unsafe { libc::munmap(self.0.cast(), 2 * PAGE) };
    }
}

unsafe extern "C" fn never(_: *mut asynchron_t, _: *mut c_void) {}

type Try = fn(*mut u8) -> asynchron_status_t;

fn create(options: *mut u8) -> asynchron_status_t {
    let mut out = null_mut();
    let status = unsafe { asynchron_create_with(options.cast(), &mut out) };
    assert_eq!(out.is_null(), status != ASYNCHRON_OK);
    unsafe { asynchron_release(out) };
    status
}

fn register(options: *mut u8) -> asynchron_status_t {
    let a = Handle::new();
    let status = unsafe { asynchron_notify_with(a.raw(), options.cast(), null_mut()) };
    a.set(b"x");
    status
}

/// Fills in the fields that the struct must have, and gives it a counted drop.
fn fill_create(at: *mut u8, tally: Tally) {
    let o = at.cast::<asynchron_options_t>();
    unsafe {
        (&raw mut (*o).user_data).write_unaligned(tally.ptr());
        (&raw mut (*o).drop_user_data).write_unaligned(tally.drop_fn());
        (&raw mut (*o).on_demand_ctx).write_unaligned(tally.ptr());
        (&raw mut (*o).drop_on_demand_ctx).write_unaligned(tally.drop_fn());
    }
}

fn fill_notify(at: *mut u8, tally: Tally) {
    let o = at.cast::<asynchron_notify_options_t>();
    unsafe {
        (&raw mut (*o).r#fn).write_unaligned(Some(never));
        (&raw mut (*o).ctx).write_unaligned(tally.ptr());
        (&raw mut (*o).drop_ctx).write_unaligned(tally.drop_fn());
    }
}

/// The first release's size and the known one, how many drops it has, how to fill it and how to use it.
type Known = (usize, usize, usize, fn(*mut u8, Tally), Try);

fn structs() -> [Known; 2] {
    [
        (
            offset_of!(asynchron_options_t, reserve),
            size_of::<asynchron_options_t>(),
            2,
            fill_create,
            create,
        ),
        (
            offset_of!(asynchron_notify_options_t, executor),
            size_of::<asynchron_notify_options_t>(),
            1,
            fill_notify,
            register,
        ),
    ]
}

/// Sizes that keep the struct aligned as C aligns it.
fn sizes(from: usize, to: usize) -> impl Iterator<Item = usize> {
    (from..to).step_by(align_of::<usize>())
}

#[test]
fn a_struct_that_is_too_small_is_refused_unread() {
    let edge = Edge::new();
    for (first, known, _, fill, attempt) in structs() {
        for size in sizes(size_of::<usize>(), first) {
            assert_eq!(attempt(edge.place(size)), ASYNCHRON_E_INVALID);
        }
        // And for its size alone: here all could be read, and would be dropped.
        let tally = Tally::new();
        for size in 0..first {
            let at = edge.place(known);
            fill(at, tally);
            unsafe { at.cast::<usize>().write_unaligned(size) };
            assert_eq!(attempt(at), ASYNCHRON_E_INVALID);
        }
        // A size that is nonsense is no invitation to read that far.
        for size in [PAGE + 1, isize::MAX as usize, usize::MAX] {
            let at = edge.place(known);
            fill(at, tally);
            unsafe { at.cast::<usize>().write_unaligned(size) };
            assert_eq!(attempt(at), ASYNCHRON_E_INVALID);
        }
        assert_eq!(tally.drops(), 0, "it was not read, so nothing was handed over");
    }
}

#[test]
fn only_that_many_bytes_are_read() {
    let edge = Edge::new();
    for (first, known, drops, fill, attempt) in structs() {
        for size in sizes(first, known + 300) {
            let (at, tally) = (edge.place(size), Tally::new());
            fill(at, tally);
            assert_eq!((attempt(at), tally.drops()), (ASYNCHRON_OK, drops));
        }
    }
}

/// A tail that means something to a later release cannot be ignored: refused, and what was handed over is dropped.
#[test]
fn larger_than_known_only_with_zeroes() {
    let edge = Edge::new();
    for (_, known, drops, fill, attempt) in structs() {
        for tail in [1, 8, 64, 1000] {
            for at_byte in [0, tail / 2, tail - 1] {
                let size = (known + tail).next_multiple_of(align_of::<usize>());
                let (at, tally) = (edge.place(size), Tally::new());
                fill(at, tally);
                unsafe { at.add(known + at_byte).write(1) };
                assert_eq!((attempt(at), tally.drops()), (ASYNCHRON_E_INVALID, drops));
            }
        }
    }
}

#[test]
fn unknown_flags_are_refused() {
    let a = Handle::new();
    let known = ASYNCHRON_NOTIFY_IF_PENDING;
    let on = ASYNCHRON_ON_VALUE | ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL;
    for bit in 0..64 {
        let (flag, dropped) = (1u64 << bit, Arc::new(AtomicUsize::new(0)));
        if flag & (known | on) != 0 {
            continue;
        }
        for flags in [flag, flag | known] {
            let count = dropped.clone();
            let guard = OnDrop(move || _ = count.fetch_add(1, SeqCst));
            let f = move |_: *mut asynchron_t| _ = &guard;
            assert_eq!(notify_flags(&a, flags, f, null_mut()), ASYNCHRON_E_INVALID);
        }
        assert_eq!(dropped.load(SeqCst), 2);
    }
    let (ran, none) = (Arc::new(AtomicUsize::new(0)), null_mut());
    let inside = ran.clone();
    let f = move |_| _ = inside.fetch_add(1, SeqCst);
    assert_eq!(notify_flags(&a, known, f, none), ASYNCHRON_OK);
    a.set(b"x");
    assert_eq!(notify_flags(&a, known, |_| panic!("complete"), none), ASYNCHRON_ALREADY);
    assert_eq!(ran.load(SeqCst), 1, "nothing that was refused is called");
}
