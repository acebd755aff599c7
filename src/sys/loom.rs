//! Models: the threads are loom's, they sleep by its locks, and time passes when somebody looks.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use loom::sync::{Condvar, Mutex};
use loom::{thread, thread_local};

use super::TimeLimit;
use crate::sync::{self, AtomicU32, Ordering::*};

const NANOS_PER_LOOK: u64 = 1_000_000_000;

/// Every look at the clock finds it a second later: a wait with a time limit takes as many looks as
/// its seconds.
pub(crate) fn now() -> u64 {
    std::thread_local!(static NOW: Cell<u64> = const { Cell::new(0) });
    NOW.set(NOW.get() + NANOS_PER_LOOK);
    NOW.get()
}

pub(crate) fn pause(_times: u32) {
    thread::yield_now();
}

pub(crate) fn make_way(_nanos: u64) {
    thread::yield_now();
}

/// A moment may always be over.
pub(crate) fn wait_a_moment(_word: &AtomicU32, _expected: u32, _mask: u32, _nanos: u64) {
    sync::nap();
}

pub(crate) fn nap(_nanos: u64) {
    sync::nap();
}

struct Parked {
    key: usize,
    mask: u32,
    woken: Arc<Condvar>,
}

loom::lazy_static! {
    /// Those that sleep, the one that came first first.
    static ref ASLEEP: Mutex<Vec<Parked>> = Mutex::new(Vec::new());
}

/// Sleeps while `*word == expected`, until a [`wake`] whose mask shares a bit with `mask`. With a
/// time limit, only lets the others run.
pub(crate) fn wait(word: &AtomicU32, expected: u32, mask: u32, limit: TimeLimit) {
    if limit.is_some() {
        return thread::yield_now();
    }
    let key = ptr::from_ref(word).addr();
    let mut asleep = ASLEEP.lock().unwrap();
    // ORDERING: as of the system's: whoever changes the word comes to the lock after that.
    if word.load(Relaxed) != expected {
        return;
    }
    let woken = Arc::new(Condvar::new());
    asleep.push(Parked { key, mask, woken: Arc::clone(&woken) });
    let mut asleep = woken.wait(asleep).unwrap();
    asleep.retain(|one| !Arc::ptr_eq(&one.woken, &woken));
}

/// Wakes at most `count` of those that sleep on `word` with a bit of `mask`. Returns how many.
pub(crate) fn wake(word: *const AtomicU32, mask: u32, count: i32) -> u32 {
    let mut asleep = ASLEEP.lock().unwrap();
    let mut woken = 0;
    for _ in 0..count {
        let Some(at) = asleep.iter().position(|one| one.key == word.addr() && one.mask & mask != 0)
        else {
            break;
        };
        asleep.remove(at).woken.notify_one();
        woken += 1;
    }
    woken
}

thread_local! {
    static SLOTS: [Cell<*mut c_void>; 3] = [const { Cell::new(ptr::null_mut()) }; 3];
}

/// As the system's.
pub(crate) struct ThreadLocal(usize);

impl ThreadLocal {
    pub(crate) const fn new(index: usize) -> Self {
        Self(index)
    }

    pub(crate) fn get(&self) -> *mut c_void {
        SLOTS.with(|slots| slots[self.0].get())
    }

    pub(crate) fn set(&self, value: *mut c_void) -> bool {
        SLOTS.with(|slots| slots[self.0].set(value));
        true
    }
}

pub(crate) fn this_thread() -> usize {
    SLOTS.with(|slots| ptr::from_ref(slots).addr())
}

/// The threads of a model take turns: looking again and again only makes it larger.
pub(crate) fn processors() -> usize {
    1
}

pub(crate) fn runs_in_parallel() -> bool {
    false
}

/// There are no background threads in a model.
pub(crate) fn start_thread(
    _: extern "C" fn(*mut c_void) -> *mut c_void,
    _: *mut c_void,
    _: usize,
) -> bool {
    false
}

/// Others may run.
pub(crate) fn let_others_run() {
    thread::yield_now();
}

pub(crate) fn wake_up_time() -> u64 {
    0
}

pub(crate) fn measure_sometimes(_: u64) {}
