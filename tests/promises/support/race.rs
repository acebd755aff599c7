//! Races: several threads let go at the same moment, over and over.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::{hint, thread};

/// A barrier that spins first, so that the threads leave it as close together as the machine can.
struct Start {
    parties: usize,
    arrived: AtomicUsize,
    generation: AtomicUsize,
    broken: AtomicBool,
}

impl Start {
    fn wait(&self) {
        let generation = self.generation.load(SeqCst);
        if self.arrived.fetch_add(1, SeqCst) + 1 == self.parties {
            self.arrived.store(0, SeqCst);
            self.generation.store(generation + 1, SeqCst);
            return;
        }
        let mut spins = 0;
        while self.generation.load(SeqCst) == generation {
            assert!(!self.broken.load(SeqCst), "another party of the race has failed");
            spins += 1;
            if spins < 2_000 { hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

/// Tells the others when a party panics, so that they do not wait for it.
struct Alarm<'a>(&'a Start);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.broken.store(true, SeqCst);
        }
    }
}

struct Slot<S>(UnsafeCell<Option<S>>);

// SAFETY: written by the first party only, between the barriers at which the others stand.
unsafe impl<S: Send + Sync> Sync for Slot<S> {}

/// A little delay that differs from round to round, so that the parties meet at every distance.
fn jitter(round: usize, party: usize) {
    let mut x = (round as u64 * 8 + party as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x ^= x >> 29;
    let spins = if round % 2 == 0 { x % 40 } else { x % 600 };
    for _ in 0..spins {
        hint::spin_loop();
    }
}

/// In every round: makes a subject, lets every party loose on it at once, and checks it when all are done.
pub fn race<S: Send + Sync>(
    rounds: usize,
    setup: impl Fn(usize) -> S,
    parties: &[&(dyn Fn(&S) + Sync)],
    check: impl Fn(S),
) {
    let start = Start {
        parties: parties.len(),
        arrived: AtomicUsize::new(0),
        generation: AtomicUsize::new(0),
        broken: AtomicBool::new(false),
    };
    let slot = Slot(UnsafeCell::new(None));
    let (start, slot) = (&start, &slot);
    let play = |round: usize, party: usize| {
        start.wait();
        // SAFETY: nobody writes the slot between the two barriers.
        let subject = unsafe { (*slot.0.get()).as_ref() }.unwrap();
        jitter(round, party);
        parties[party](subject);
        start.wait();
    };
    thread::scope(|scope| {
        let play = &play;
        for party in 1..parties.len() {
            scope.spawn(move || {
                let _alarm = Alarm(start);
                (0..rounds).for_each(|round| play(round, party));
            });
        }
        let _alarm = Alarm(start);
        for round in 0..rounds {
            // SAFETY: the other parties are at, or on their way to, the first barrier of this round.
            unsafe { *slot.0.get() = Some(setup(round)) };
            play(round, 0);
            // SAFETY: all parties have passed the second barrier and look at the slot no more.
            check(unsafe { (*slot.0.get()).take() }.unwrap());
        }
    });
}
