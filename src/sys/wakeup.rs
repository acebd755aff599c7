//! How long it takes to wake a thread that sleeps, measured now and then where one is woken anyhow.
//!
//! A thread that is about to sleep asks for it. Whoever wakes it says when; it reads the clock once more when it runs.
//! Only what goes from one processor to another counts: a thread that is woken on the same one could not have spun.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::now;

/// On a cache line of its own: it is written now and then, and what lies beside it is read all the time.
#[repr(align(64))]
struct Measure {
    /// In nanoseconds. Before anything is known it is what it may be at most, so that it is tried whether spinning helps.
    takes: AtomicU32,
    /// How often it was measured; up to [`ENOUGH`].
    measured: AtomicU32,
    /// Whether the next that sleeps is to ask.
    wanted: AtomicBool,
    /// The word on which the one that asks sleeps.
    asked: AtomicUsize,
    /// When that was woken, and by which processor, in the lowest bits.
    woken: AtomicU64,
}

static MEASURE: Measure = Measure {
    takes: AtomicU32::new(MOST),
    measured: AtomicU32::new(0),
    wanted: AtomicBool::new(true),
    asked: AtomicUsize::new(0),
    woken: AtomicU64::new(0),
};

const LEAST: u32 = 2_000;
const MOST: u32 = 50_000;
const ENOUGH: u32 = 16;
const PROCESSOR: u64 = 0xff;

// ORDERING, for all of it: hints. Each number stands alone; what is torn apart by another that asks is a wrong measure
// among many.

/// What it takes, in nanoseconds, as far as is known.
pub(crate) fn wake_up_time() -> u64 {
    // ORDERING: a hint.
    MEASURE.takes.load(Relaxed).into()
}

/// Has it measured soon, if that is due: always at first, and then for one in 64.
pub(crate) fn measure_sometimes(now: u64) {
    // ORDERING: a hint.
    if MEASURE.measured.load(Relaxed) < ENOUGH || (now >> 8) & 63 == 0 {
        // ORDERING: a hint.
        MEASURE.wanted.store(true, Relaxed);
    }
}

/// The caller is about to sleep on this word. True: it asks, and is to call [`end`] when it runs again.
#[inline]
pub(super) fn begin(word: *const std::sync::atomic::AtomicU32) -> bool {
    // ORDERING: a hint.
    if !MEASURE.wanted.load(Relaxed) {
        return false;
    }
    ask(word.addr());
    true
}

#[cold]
fn ask(word: usize) {
    // ORDERING: hints.
    MEASURE.wanted.store(false, Relaxed);
    MEASURE.woken.store(0, Relaxed);
    MEASURE.asked.store(word, Relaxed);
}

/// The caller is about to wake those that sleep on this word.
#[inline]
pub(super) fn wake(word: *const std::sync::atomic::AtomicU32) {
    // ORDERING: a hint.
    if MEASURE.asked.load(Relaxed) == word.addr() {
        answer();
    }
}

#[cold]
fn answer() {
    // ORDERING: hints.
    MEASURE.asked.store(0, Relaxed);
    MEASURE.woken.store((now() & !PROCESSOR) | (processor() & PROCESSOR), Relaxed);
}

/// The one that asked runs again.
#[cold]
pub(super) fn end() {
    // ORDERING: a hint.
    let woken = MEASURE.woken.swap(0, Relaxed);
    if woken == 0 || woken & PROCESSOR == processor() & PROCESSOR {
        return;
    }
    let took = now().saturating_sub(woken & !PROCESSOR);
    let took = u32::try_from(took).unwrap_or(MOST).clamp(LEAST, MOST);
    // ORDERING: hints.
    let measured =
        MEASURE.measured.fetch_add(u32::from(MEASURE.measured.load(Relaxed) < ENOUGH), Relaxed);
    let before = MEASURE.takes.load(Relaxed);
    // A step of an eighth either way comes to the middle one in the end.
    let after = match measured {
        0 => took,
        _ if took < before => before.saturating_sub(before / 8).max(took),
        _ => before.saturating_add(before / 8).min(took),
    };
    MEASURE.takes.store(after, Relaxed);
}

#[cfg(target_os = "linux")]
fn processor() -> u64 {
    // SAFETY: a plain query.
    u64::try_from(unsafe { libc::sched_getcpu() }).unwrap_or(0)
}

/// As if all were one's own.
#[cfg(not(target_os = "linux"))]
fn processor() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // ORDERING: the number stands alone.
    NEXT.fetch_add(1, Relaxed)
}
