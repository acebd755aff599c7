//! Progress: two numbers that are written as one and read as one, without a lock.
//!
//! A writer takes a slot that nobody uses, writes its pair there, and then makes that the current one. A reader reads
//! the current slot, and looks again whether it was that all the time: if not, there is a newer pair by now. So a
//! thread that is stopped while it writes, or that a child of a fork does not have, keeps nobody waiting. Only when
//! all slots are taken does one wait, until any of those that write has done so.
//!
//! One word has it all: which slot is current, which are taken, and how many pairs there have been. Whoever reads
//! progress after the completion first closes the word, so that what was written before stays the last, even if a
//! writer has looked at the state before the completion and comes only now.

use super::asynchron::Asynchron;
use crate::base::backoff::Backoff;
use crate::base::memory::{NoMemory, try_box};
use crate::sync::{AtomicU64, Ordering::*, race};
use crate::sys;

/// With the word, all of one of malloc's blocks.
const PAIR_SLOTS: usize = if cfg!(loom) { 3 } else { 7 };

/// What is written and read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) done: u64,
    pub(crate) total: u64,
}

pub(crate) struct Progress {
    word: AtomicU64,
    slots: [PairSlot; PAIR_SLOTS],
}

struct PairSlot {
    done: AtomicU64,
    total: AtomicU64,
}

/// From the lowest bit: a bit for the slot that is current, and CLOSED; a bit for each that is taken; the number of
/// the process; and how often another slot has become current.
#[derive(Clone, Copy)]
struct Word(u64);

const ALL: u64 = (1 << PAIR_SLOTS) - 1;
/// No other slot becomes current any more.
const CLOSED: u64 = 1 << 7;
const TAKEN_SHIFT: u32 = 8;
const PROCESS_SHIFT: u32 = 16;
const PROCESS: u64 = 0xff << PROCESS_SHIFT;
/// A reader that is stopped for as long as it takes to count all the rest would mistake one pair for another: hours.
const COUNT_SHIFT: u32 = 24;

impl Word {
    fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    fn current(self) -> u64 {
        self.0 & ALL
    }

    /// One that is neither current nor taken; 0 if there is none.
    fn free(self) -> u64 {
        let free = ALL & !(self.0 | self.0 >> TAKEN_SHIFT);
        free & free.wrapping_neg()
    }

    fn with_taken(self, slot: u64) -> Self {
        Self(self.0 | slot << TAKEN_SHIFT)
    }

    fn with_current(self, slot: u64) -> Self {
        Self((self.0 & !(ALL | slot << TAKEN_SHIFT) | slot).wrapping_add(1 << COUNT_SHIFT))
    }

    /// The same in this process: in a child of a fork nobody is left of those that had taken a slot.
    fn in_this_process(self) -> Self {
        let process = process().unwrap_or(self.0 & PROCESS);
        if self.0 & PROCESS == process {
            return self;
        }
        Self(self.0 & !(PROCESS | ALL << TAKEN_SHIFT) | process)
    }

    /// Whether the same slot has been current all the time since.
    fn is_as_current_as(self, before: Self) -> bool {
        self.0 >> COUNT_SHIFT == before.0 >> COUNT_SHIFT
    }
}

/// The number of the process, where the word has it; `None` without memory, the first time.
fn process() -> Option<u64> {
    sys::process_number().map(|number| u64::from(number) << PROCESS_SHIFT & PROCESS)
}

impl Progress {
    fn new(pair: Pair) -> Result<Self, NoMemory> {
        let slot = |Pair { done, total }| PairSlot {
            done: AtomicU64::new(done),
            total: AtomicU64::new(total),
        };
        let nothing = Pair { done: 0, total: 0 };
        let current = process().ok_or(NoMemory)? | 1;
        let slots = std::array::from_fn(|n| slot(if n == 0 { pair } else { nothing }));
        Ok(Self { word: AtomicU64::new(current), slots })
    }

    /// By its bit, of which there is one.
    fn slot(&self, slot: u64) -> &PairSlot {
        self.slots.get(slot.trailing_zeros() as usize).unwrap_or(&self.slots[0])
    }

    /// False: it is closed.
    fn set(&self, pair: Pair) -> bool {
        let Some(slot) = self.take() else {
            return false;
        };
        self.slot(slot).write(pair);
        self.make_current(slot)
    }

    /// A slot for this thread alone; `None`: it is closed.
    fn take(&self) -> Option<u64> {
        let mut backoff = Backoff::new();
        // ORDERING: Acquire sees that it is complete, if it is closed.
        let mut seen = self.word.load(Acquire);
        loop {
            let word = Word(seen);
            if word.is_closed() {
                race::acquire(&raw const self.word);
                return None;
            }
            let word = word.in_this_process();
            let slot = word.free();
            if slot == 0 {
                backoff.wait();
                // ORDERING: Acquire sees that it is complete, if it is closed by now.
                seen = self.word.load(Acquire);
                continue;
            }
            // ORDERING: Acquire comes after all that was written there before, and sees that it is complete, if it is
            // closed.
            match self.word.compare_exchange(seen, word.with_taken(slot).0, Acquire, Acquire) {
                Ok(_) => return Some(slot),
                Err(changed) => seen = changed,
            }
        }
    }

    /// The slot was taken, and is given up. False: it is closed.
    fn make_current(&self, slot: u64) -> bool {
        race::release(&raw const self.word);
        // ORDERING: a guess, checked by the exchange; Acquire as in `take`.
        let mut seen = self.word.load(Acquire);
        loop {
            let word = Word(seen);
            if word.is_closed() {
                race::acquire(&raw const self.word);
                return false;
            }
            // ORDERING: Release shows the pair to whoever sees that it is current; Acquire as in `take`.
            match self.word.compare_exchange(seen, word.with_current(slot).0, AcqRel, Acquire) {
                Ok(_) => return true,
                Err(changed) => seen = changed,
            }
        }
    }

    /// What was written last.
    fn get(&self) -> Pair {
        loop {
            // ORDERING: Acquire sees the pair that became current.
            let before = Word(self.word.load(Acquire));
            let pair = self.slot(before.current()).read();
            // ORDERING: after the reading, which acquires: if a number is from a later writer, that one had taken
            // the slot before, which was then not current any more.
            let after = Word(self.word.load(Relaxed));
            if after.is_as_current_as(before) {
                race::acquire(&raw const self.word);
                return pair;
            }
        }
    }

    /// The same once it is complete: nothing is written after that.
    fn get_and_close(&self) -> Pair {
        // ORDERING: Acquire sees the pair that became current.
        let mut seen = self.word.load(Acquire);
        while !Word(seen).is_closed() {
            race::release(&raw const self.word);
            // ORDERING: Release shows to whoever finds it closed that it is complete; Acquire as above.
            match self.word.compare_exchange(seen, seen | CLOSED, AcqRel, Acquire) {
                Ok(_) => break,
                Err(changed) => seen = changed,
            }
        }
        race::acquire(&raw const self.word);
        self.slot(Word(seen).current()).read()
    }
}

impl PairSlot {
    fn write(&self, pair: Pair) {
        // ORDERING: Release, so that a reader that still was at this slot sees that it was taken: see `get`.
        self.done.store(pair.done, Release);
        // ORDERING: Release, as of what is done: see `get`.
        self.total.store(pair.total, Release);
    }

    fn read(&self) -> Pair {
        // ORDERING: Acquire, so that the look at the word comes after: see `get`.
        let done = self.done.load(Acquire);
        // ORDERING: Acquire, as of what is done: see `get`.
        Pair { done, total: self.total.load(Acquire) }
    }
}

/// Why progress was not written.
pub(crate) enum NoProgress {
    Complete,
    NoMemory,
}

impl From<NoMemory> for NoProgress {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl Asynchron {
    pub(crate) fn set_progress(&self, pair: Pair) -> Result<(), NoProgress> {
        if self.state().load_for_detectors().is_complete() {
            return Err(NoProgress::Complete);
        }
        let progress = match self.extras().and_then(|extras| extras.progress()) {
            Some(progress) => progress,
            None => match self.begin_progress(pair)? {
                Some(others) => others,
                None => return Ok(()),
            },
        };
        if progress.set(pair) { Ok(()) } else { Err(NoProgress::Complete) }
    }

    /// The first pair, unless another thread was faster: then what that has made.
    #[cold]
    fn begin_progress(&self, pair: Pair) -> Result<Option<&Progress>, NoProgress> {
        let made = try_box(Progress::new(pair)?).map_err(|_| NoMemory)?;
        let extras = self.extras_or_new()?;
        // So it is not complete: whoever has seen that and no progress will see none later.
        let held = self.state().claim().ok_or(NoProgress::Complete)?;
        // LOCKED, so there is one at most that begins.
        let others = extras.progress();
        let unused = match others {
            Some(_) => Some(made),
            None => {
                extras.begin_progress(made);
                None
            }
        };
        self.state().unlock(held);
        drop(unused);
        Ok(others)
    }

    /// `None`: none was ever set.
    pub(crate) fn progress(&self) -> Option<Pair> {
        // Before the progress: what is complete by now takes no more.
        let complete = self.state().load_for_detectors().is_complete();
        let progress = self.extras()?.progress()?;
        Some(if complete { progress.get_and_close() } else { progress.get() })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    fn pair(number: u64) -> Pair {
        Pair { done: number, total: !number }
    }

    #[test]
    fn with_its_word_it_is_one_of_mallocs_blocks() {
        assert_eq!(size_of::<Progress>(), 120);
    }

    #[test]
    fn a_writer_that_is_stopped_keeps_nobody() {
        let progress = Progress::new(pair(1)).unwrap();
        let stopped = progress.take().unwrap();
        progress.slot(stopped).done.store(2, Relaxed);
        for number in 3..100 {
            assert!(progress.set(pair(number)));
            assert_eq!(progress.get(), pair(number));
        }
        progress.slot(stopped).write(pair(2));
        assert!(progress.make_current(stopped));
        assert_eq!(progress.get(), pair(2), "it was the last, after all");
    }

    #[test]
    fn when_all_slots_are_taken_one_waits_for_any() {
        let progress = Arc::new(Progress::new(pair(0)).unwrap());
        let taken: Vec<u64> = (1..PAIR_SLOTS).map(|_| progress.take().unwrap()).collect();
        assert_eq!(Word(progress.word.load(Relaxed)).free(), 0);
        let (done, finished) = channel();
        let other = Arc::clone(&progress);
        thread::spawn(move || done.send(other.set(pair(9))));
        assert!(finished.recv_timeout(Duration::from_millis(20)).is_err(), "there is none");
        assert_eq!(progress.get(), pair(0), "who reads does not wait");
        progress.slot(taken[3]).write(pair(3));
        assert!(progress.make_current(taken[3]));
        assert_eq!(finished.recv_timeout(Duration::from_secs(60)), Ok(true));
        assert_eq!(progress.get(), pair(9));
    }

    /// Those that its parent's threads had taken are free in a child, whose number is another.
    #[test]
    fn a_child_of_a_fork_waits_for_no_thread_of_its_parents() {
        let progress = Progress::new(pair(0)).unwrap();
        for _ in 1..PAIR_SLOTS {
            progress.take().unwrap();
        }
        let word = progress.word.load(Relaxed);
        progress.word.store(word ^ (1 << PROCESS_SHIFT), Relaxed);
        for number in 1..20 {
            assert!(progress.set(pair(number)));
            assert_eq!(progress.get(), pair(number));
        }
    }

    #[test]
    fn what_is_closed_takes_no_more() {
        let progress = Progress::new(pair(1)).unwrap();
        let late = progress.take().unwrap();
        assert_eq!(progress.get_and_close(), pair(1));
        assert!(!progress.make_current(late) && !progress.set(pair(2)));
        assert_eq!((progress.get(), progress.get_and_close()), (pair(1), pair(1)));
    }
}
