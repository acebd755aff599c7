//! How long it takes to wake a thread that sleeps, measured now and then where one is woken anyhow.
//!
//! A thread that is about to sleep asks for it. Whoever wakes it says when; it reads the clock once more when it runs.
//! Only what goes from one processor to another counts: a thread that is woken on the same one could not have spun.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::now;

/// In nanoseconds. Before anything is known it is what it may be at most, so that it is tried whether spinning helps.
static TAKES: AtomicU32 = AtomicU32::new(MOST);
const LEAST: u32 = 2_000;
const MOST: u32 = 50_000;
/// How often it was measured; up to [`ENOUGH`].
static MEASURED: AtomicU32 = AtomicU32::new(0);
const ENOUGH: u32 = 16;

/// Whether the next that sleeps is to ask.
static WANTED: AtomicBool = AtomicBool::new(true);
/// The word on which the one that asks sleeps.
static ASKED: AtomicUsize = AtomicUsize::new(0);
/// When that was woken, and by which processor, in the lowest bits.
static WOKEN: AtomicU64 = AtomicU64::new(0);
const PROCESSOR: u64 = 0xff;

// ORDERING, for all of it: hints. Each number stands alone; what is torn apart by another that asks is a wrong measure
// among many.

/// What it takes, in nanoseconds, as far as is known.
pub(crate) fn wake_up_time() -> u64 {
    // ORDERING: a hint.
    TAKES.load(Relaxed).into()
}

/// Has it measured soon, if that is due: always at first, and then for one in 64.
pub(crate) fn measure_sometimes(now: u64) {
    // ORDERING: a hint.
    if MEASURED.load(Relaxed) < ENOUGH || (now >> 8) & 63 == 0 {
        // ORDERING: a hint.
        WANTED.store(true, Relaxed);
    }
}

/// The caller is about to sleep on this word. True: it asks, and is to call [`end`] when it runs again.
#[inline]
pub(super) fn begin(word: *const std::sync::atomic::AtomicU32) -> bool {
    // ORDERING: a hint.
    if !WANTED.load(Relaxed) {
        return false;
    }
    ask(word.addr());
    true
}

#[cold]
fn ask(word: usize) {
    // ORDERING: hints.
    WANTED.store(false, Relaxed);
    WOKEN.store(0, Relaxed);
    ASKED.store(word, Relaxed);
}

/// The caller is about to wake those that sleep on this word.
#[inline]
pub(super) fn wake(word: *const std::sync::atomic::AtomicU32) {
    // ORDERING: a hint.
    if ASKED.load(Relaxed) == word.addr() {
        answer();
    }
}

#[cold]
fn answer() {
    // ORDERING: hints.
    ASKED.store(0, Relaxed);
    WOKEN.store((now() & !PROCESSOR) | (processor() & PROCESSOR), Relaxed);
}

/// The one that asked runs again.
#[cold]
pub(super) fn end() {
    // ORDERING: a hint.
    let woken = WOKEN.swap(0, Relaxed);
    if woken == 0 || woken & PROCESSOR == processor() & PROCESSOR {
        return;
    }
    let took = now().saturating_sub(woken & !PROCESSOR);
    let took = u32::try_from(took).unwrap_or(MOST).clamp(LEAST, MOST);
    // ORDERING: hints.
    let measured = MEASURED.fetch_add(u32::from(MEASURED.load(Relaxed) < ENOUGH), Relaxed);
    let before = TAKES.load(Relaxed);
    // A step of an eighth either way comes to the middle one in the end.
    let after = match measured {
        0 => took,
        _ if took < before => before.saturating_sub(before / 8).max(took),
        _ => before.saturating_add(before / 8).min(took),
    };
    TAKES.store(after, Relaxed);
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
