//! Without memory each call says so, and what was handed over is dropped once.
//!
//! This program's `malloc` refuses the C library on a thread that asks for it; Rust's own memory comes from behind it.

#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod common;

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::future::IntoFuture;
use std::pin::pin;
use std::ptr;
use std::task::{Context, Poll, Waker};

use asynchron_c::{
    Asynchron, Ending, Error, Executor, Failure, Object, Report, Rest, State, Stream,
};
use common::{Drops, limit};

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_calloc(n: usize, size: usize) -> *mut c_void;
    fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void;
    fn free(it: *mut c_void);
}

thread_local! {
    static REFUSES: Cell<bool> = const { Cell::new(false) };
}

fn refuses() -> bool {
    REFUSES.try_with(Cell::get).unwrap_or(false)
}

#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut c_void {
    // SAFETY: any size is allowed.
    if refuses() { ptr::null_mut() } else { unsafe { __libc_malloc(size) } }
}

#[unsafe(no_mangle)]
extern "C" fn calloc(n: usize, size: usize) -> *mut c_void {
    // SAFETY: any sizes are allowed.
    if refuses() { ptr::null_mut() } else { unsafe { __libc_calloc(n, size) } }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller vouches for the pointer.
    if refuses() { ptr::null_mut() } else { unsafe { __libc_realloc(old, size) } }
}

#[unsafe(no_mangle)]
extern "C" fn aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    // SAFETY: any sizes are allowed.
    if refuses() { ptr::null_mut() } else { unsafe { __libc_memalign(alignment, size) } }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    let made = aligned_alloc(alignment, size);
    if made.is_null() {
        return 12; // ENOMEM
    }
    // SAFETY: the caller vouches for `out`.
    unsafe { *out = made };
    0
}

/// Rust's memory, which is never refused.
struct Behind;

// SAFETY: all of it is the C library's, aligned as asked.
unsafe impl GlobalAlloc for Behind {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: any sizes are allowed.
        unsafe { __libc_memalign(layout.align(), layout.size()).cast() }
    }

    unsafe fn dealloc(&self, it: *mut u8, _: Layout) {
        // SAFETY: it was allocated above.
        unsafe { free(it.cast()) }
    }
}

#[global_allocator]
static MEMORY: Behind = Behind;

/// Runs it while the C library gets no memory on this thread.
fn without<R>(code: impl FnOnce() -> R) -> R {
    REFUSES.set(true);
    let result = code();
    REFUSES.set(false);
    result
}

#[test]
fn what_cannot_be_made_is_an_error() {
    assert_eq!(without(Asynchron::new).err(), Some(Error::NoMemory));
    assert_eq!(without(|| Asynchron::named("name")).err(), Some(Error::NoMemory));
    assert_eq!(without(Report::new).err(), Some(Error::NoMemory));
    assert_eq!(without(|| Executor::new("name", 1)).err(), Some(Error::NoMemory));
    let a = Asynchron::new().unwrap();
    assert_eq!(without(|| a.promise()).err(), Some(Error::NoMemory));
    assert_eq!(without(|| a.then(|_, _| ())).err(), Some(Error::NoMemory));
    let of = std::slice::from_ref(&a);
    assert_eq!(without(|| Asynchron::all(of, Rest::Keep)).err(), Some(Error::NoMemory));
    assert!(!a.is_shared());
}

#[test]
fn what_cannot_be_delivered_changes_nothing() {
    let a = Asynchron::new().unwrap();
    assert_eq!(without(|| a.set([0; 100])), Err(Error::NoMemory));
    assert_eq!(without(|| a.fail(Failure::new(5, "message"))), Err(Error::NoMemory));
    assert_eq!(without(|| a.cancel_with("reason")), Err(Error::NoMemory));
    assert_eq!(without(|| a.progress(1, 2)), Err(Error::NoMemory));
    assert_eq!(a.state(), State::Pending);
    without(|| a.set(5u64)).unwrap();
    assert_eq!(a.get().unwrap().number::<u64>(), Ok(5));
}

#[test]
fn what_was_handed_over_is_dropped_once() {
    let _limit = limit();
    let (a, drops) = (Asynchron::new().unwrap(), Drops::default());
    let executor = Executor::default_executor();
    let mut count = 0;
    let mut refused = |error: Option<Error>| {
        count += 1;
        assert_eq!((error, drops.count()), (Some(Error::NoMemory), count));
    };
    let witness = drops.witness();
    refused(without(|| a.then(move |_, _| drop(witness))).err());
    let witness = drops.witness();
    refused(without(|| Asynchron::after(&[], None, move |_, _| drop(witness))).err());
    let witness = drops.witness();
    refused(without(|| a.notify(move |_| drop(witness))).err());
    let witness = drops.witness();
    refused(without(|| a.subscribe(Ending::ANY, None, move |_| drop(witness))).err());
    let witness = drops.witness();
    refused(without(|| a.compute(move |_| drop(witness))).err());
    let witness = drops.witness();
    refused(without(|| a.compute_on(&executor, move |_| drop(witness))).err());
    let witness = drops.witness();
    refused(without(|| Asynchron::options().user_data(witness).create()).err());
    let witness = drops.witness();
    refused(without(|| Asynchron::options().on_demand(move |_| drop(witness)).create()).err());
    let witness = drops.witness();
    refused(
        without(|| {
            Executor::with_post(move |task| {
                let _witness = &witness;
                Err(task)
            })
        })
        .err(),
    );
    assert!(!a.is_shared());
    without(|| a.set(Object(drops.witness()))).unwrap();
}

#[test]
fn what_is_awaited_says_so_and_can_be_awaited_again() {
    let context = &mut Context::from_waker(Waker::noop());
    let a = Asynchron::new().unwrap();
    let polled = without(|| pin!((&a).into_future()).poll(context).map(Result::err));
    assert_eq!(polled, Poll::Ready(Some(Error::NoMemory)));
    let mut stream = Stream::new().unwrap();
    assert_eq!(without(|| stream.add(&a, 1)), Err(Error::NoMemory));
    assert_eq!((stream.pending(), a.is_shared()), (0, false));
    stream.add(&a, 2).unwrap();
    // What is in it already stays.
    assert_eq!(without(|| stream.add(&a, 3)), Err(Error::NoMemory));
    a.set(5u8).unwrap();
    assert!(matches!(stream.poll_next(context), Poll::Ready(Some(item)) if item.tag == 2));
    assert_eq!(stream.poll_next(context), Poll::Ready(None));
    assert!(matches!(pin!((&a).into_future()).poll(context), Poll::Ready(Ok(_))));
}

#[test]
fn a_panic_without_memory_for_its_message_is_a_failure_still() {
    let a = Asynchron::new().unwrap();
    a.call(|_| -> () {
        REFUSES.set(true);
        std::panic::resume_unwind(Box::new("a message"));
    })
    .unwrap();
    REFUSES.set(false);
    let Err(Error::Failed(why)) = a.get() else { panic!() };
    assert_eq!((why.code, &*why.message), (1, ""));
}
