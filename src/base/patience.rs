//! How long a wait spins before it sleeps: each thread learns that from how its recent waits ended.
//!
//! To spin for as long as a sleep would cost is never worse than twice the best that one can do without knowing when the
//! answer comes (A. R. Karlin, M. S. Manasse, L. A. McGeoch, S. Owicki, "Competitive Randomized Algorithms for Non-Uniform
//! Problems", 1990). What came of recent waits tells more than that, as in the adaptive mutexes of Solaris and HotSpot:
//! where answers come later, not to spin at all is best. `docs/waiting.md` has the rule and its worst case.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::lock::Line;
use crate::sys::{self, ThreadLocal};

/// So many looks in each wait, and nothing is learned: a choice when building, by ASYNCHRON_SPINS.
const FIXED: Option<u32> = match option_env!("ASYNCHRON_SPINS") {
    None => None,
    Some(number) => match u32::from_str_radix(number, 10) {
        Ok(number) => Some(number),
        Err(_) => panic!("ASYNCHRON_SPINS is not a number"),
    },
};

/// The looks of a wait of which nothing is known: about 2 microseconds, what a hand-over between two processors takes
/// at most.
const FIRST_LOOKS: u32 = 50;
/// That long, in nanoseconds.
const SHORT: u64 = 2_000;
/// So many between two looks at the clock.
const LOOKS: u32 = 16;

/// What this thread knows of its waits: a [`Memory`], as a pointer.
static MEMORY: ThreadLocal = ThreadLocal::new(2);

/// What threads that have not waited yet begin with: what came of the first waits of others, and what others do by now.
static COMMON: Line<AtomicU32> = Line(AtomicU32::new(0));

/// How a wait ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    /// While it spun.
    Spinning,
    /// It spun as long as it pays, and the answer had not come.
    InVain,
    /// It slept, and the answer came within the time for which it pays to spin.
    Soon,
    /// It slept, and the answer came later, or not at all.
    Late,
}

/// What a thread remembers of its waits. Zero: nothing.
///
/// ```text
/// bit 0..8    the last eight, the newest first: 1, if the answer came within the time for which it pays to spin
///     8..12   how often it has spun in vain of late
///     12..28  how many waits are to sleep at once, without a look at the clock
///     28      whether there was any
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Memory(u32);

/// What the next wait is to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Advice {
    /// Nothing is known.
    LookABit,
    Spin,
    Sleep,
    /// And nothing is to be learned from it.
    SleepUnseen,
}

impl Memory {
    const NEW: Self = Self(KNOWN | 0b1111);
    const ENDS: u32 = 0xff;
    const VAIN_SHIFT: u32 = 8;
    const MOST_VAIN: u32 = 6;
    const SLEEPS_SHIFT: u32 = 12;
    const SLEEPS: u32 = 0xffff;
    const FIRST_SLEEPS: u32 = 4;

    /// So many of eight may have come late for the next to spin: it pays where more than two thirds come soon.
    const TOLERATED: u32 = 2;
    /// When all eight came late, only each 16th is timed.
    const SELDOM: u32 = 15;

    fn advice(self) -> Advice {
        if self.0 == 0 {
            Advice::LookABit
        } else if self.sleeps() != 0 {
            Advice::SleepUnseen
        } else if self.enough_came_soon() {
            Advice::Spin
        } else {
            Advice::Sleep
        }
    }

    /// At most [two](Self::TOLERATED) came late: without an instruction that counts bits, which not all processors have.
    fn enough_came_soon(self) -> bool {
        let without_one = |late: u32| late & late.wrapping_sub(1);
        (0..Self::TOLERATED).fold(!self.0 & Self::ENDS, |late, _| without_one(late)) == 0
    }

    /// What it is after a wait that slept unseen.
    fn after_unseen(self) -> Self {
        Self(self.0.wrapping_sub(1 << Self::SLEEPS_SHIFT))
    }

    /// What it is after a wait that ended so.
    fn after(self, end: End) -> Self {
        let before = if self.0 == 0 { Self::NEW } else { self };
        let came_soon = matches!(end, End::Spinning | End::Soon);
        let ends = ((before.0 << 1) | u32::from(came_soon)) & Self::ENDS;
        let vain = before.vain();
        let (vain, sleeps) = match end {
            End::Spinning => (vain.saturating_sub(1), 0),
            // The first may be chance. From then on four times as many sleep at once each time.
            End::InVain => {
                let sleeps = if vain == 0 { 0 } else { 4_u32.saturating_pow(vain) };
                ((vain.wrapping_add(1)).min(Self::MOST_VAIN), sleeps)
            }
            End::Soon => (vain, 0),
            End::Late => (vain, if ends == 0 { Self::SELDOM } else { 0 }),
        };
        Self(KNOWN | ends | vain << Self::VAIN_SHIFT | sleeps << Self::SLEEPS_SHIFT)
    }

    /// How often it has spun in vain of late.
    fn vain(self) -> u32 {
        (self.0 >> Self::VAIN_SHIFT) & 0xf
    }

    /// How many waits are to sleep unseen.
    fn sleeps(self) -> u32 {
        (self.0 >> Self::SLEEPS_SHIFT) & Self::SLEEPS
    }

    fn of_this_thread() -> Self {
        match MEMORY.get().addr() as u32 {
            // ORDERING: a hint.
            0 => Self(COMMON.load(Relaxed)),
            known => Self(known),
        }
    }

    /// What a thread goes on with after its first wait. How many waits sleep unseen is no other's to say, or threads that
    /// wait a few times would never learn; but where spinning was in vain again and again, it is not tried at once.
    fn for_one(self) -> Self {
        let sleeps = if self.vain() > 1 { self.sleeps().min(Self::FIRST_SLEEPS) } else { 0 };
        Self(self.0 & !(Self::SLEEPS << Self::SLEEPS_SHIFT) | sleeps << Self::SLEEPS_SHIFT)
    }

    /// For this thread; and for those that begin, if this was its first wait, or if it has learned to do otherwise.
    fn keep(self, learned: bool) {
        let first = MEMORY.get().is_null();
        let own = if first { self.for_one() } else { self };
        MEMORY.set(std::ptr::without_provenance_mut(own.0 as usize));
        // ORDERING: a hint.
        if first || (learned && Self(COMMON.load(Relaxed)).advice() != self.advice()) {
            // ORDERING: a hint.
            COMMON.store(self.0, Relaxed);
        }
    }
}

const KNOWN: u32 = 1 << 28;

/// A wait that is about to sleep.
pub(crate) struct Patience {
    memory: Memory,
    /// When it fell asleep, if that is to be learned from.
    asleep: Option<u64>,
    /// Whether it has spun in vain.
    vain: bool,
}

impl Patience {
    /// Spins for as long as it pays, and for `most` nanoseconds at most, until `look` says that there is something.
    /// If there is nothing, returns what has to know how the sleep ends.
    #[inline]
    pub(crate) fn spin(most: u64, look: impl Fn() -> bool) -> Option<Self> {
        // What ends so soon anyhow tells nothing.
        if most < SHORT || !sys::runs_in_parallel() {
            return Some(Self::BLIND);
        }
        if let Some(looks) = FIXED {
            return (!look_often(looks, &look)).then_some(Self::BLIND);
        }
        let memory = Memory::of_this_thread();
        let advice = memory.advice();
        let found = match advice {
            Advice::Spin => spin_for(sys::wake_up_time().saturating_mul(2).min(most), &look),
            Advice::LookABit => look_often(FIRST_LOOKS, &look),
            Advice::Sleep => false,
            Advice::SleepUnseen => {
                memory.after_unseen().keep(false);
                return Some(Self::BLIND);
            }
        };
        if found {
            memory.after(End::Spinning).keep(true);
            return None;
        }
        Some(Self { memory, asleep: Some(sys::now()), vain: advice == Advice::Spin })
    }

    /// Nothing is learned from it.
    const BLIND: Self = Self { memory: Memory(0), asleep: None, vain: false };

    /// It has slept, and there is something, or nothing within the time limit.
    #[inline]
    pub(crate) fn has_slept(self, found: bool) {
        if let Some(since) = self.asleep {
            self.learn(since, found);
        }
    }

    #[cold]
    fn learn(self, since: u64, found: bool) {
        let took = sys::now().saturating_sub(since);
        sys::measure_sometimes(since);
        let end = if self.vain {
            End::InVain
        } else if found && took <= sys::wake_up_time().saturating_mul(3) {
            End::Soon
        } else {
            End::Late
        };
        self.memory.after(end).keep(true);
    }
}

/// Looks for what another thread is about to do, for a moment.
pub(crate) fn look_briefly(look: impl Fn() -> bool) -> bool {
    sys::runs_in_parallel() && look_often(FIRST_LOOKS, &look)
}

#[inline]
fn look_often(times: u32, look: &impl Fn() -> bool) -> bool {
    (0..times).any(|_| {
        sys::pause(1);
        look()
    })
}

#[inline]
fn spin_for(nanos: u64, look: &impl Fn() -> bool) -> bool {
    // Most answers that spinning is for come before the first look at the clock.
    if look_often(LOOKS, look) {
        return true;
    }
    let until = sys::now().saturating_add(nanos);
    loop {
        if look_often(LOOKS, look) {
            return true;
        }
        if sys::now() >= until {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ends: &[End]) -> Memory {
        ends.iter().fold(Memory(0), |memory, end| memory.after(*end))
    }

    /// So many waits in a row sleep at once and unseen.
    fn unseen(mut memory: Memory) -> u32 {
        let mut waits = 0;
        while memory.advice() == Advice::SleepUnseen {
            memory = memory.after_unseen();
            waits += 1;
        }
        waits
    }

    #[test]
    fn the_first_wait_looks_a_bit() {
        assert_eq!(Memory(0).advice(), Advice::LookABit);
    }

    #[test]
    fn two_answers_that_come_soon_make_it_spin() {
        assert_eq!(after(&[End::Soon, End::Soon]).advice(), Advice::Spin);
        assert_eq!(after(&[End::Spinning, End::Spinning]).advice(), Advice::Spin);
    }

    #[test]
    fn one_that_comes_late_ends_the_first_looks() {
        assert_eq!(after(&[End::Late]).advice(), Advice::Sleep);
    }

    /// It spins where more than two thirds come soon.
    #[test]
    fn with_one_late_among_four_it_spins_and_with_two_it_sleeps() {
        let four = |late: usize| {
            (0..16).map(|i| if i % 4 < late { End::Late } else { End::Soon }).collect::<Vec<_>>()
        };
        assert_eq!(after(&four(1)).advice(), Advice::Spin);
        assert_eq!(after(&four(2)).advice(), Advice::Sleep);
    }

    #[test]
    fn when_all_come_late_one_in_sixteen_is_timed() {
        let late = after(&[End::Late; 20]);
        assert_eq!(unseen(late), 15);
        let again = after(&[&[End::Late; 20][..], &[End::Soon; 6]].concat());
        assert_eq!(again.advice(), Advice::Spin, "it learns that they come soon now");
    }

    /// Its threads may have but one processor, or the others' work is never done by then.
    #[test]
    fn spinning_in_vain_again_and_again_costs_less_and_less() {
        let (mut memory, mut spins, mut waits) = (after(&[End::Soon; 8]), 0, 0_u32);
        while waits < 100_000 {
            let end = match memory.advice() {
                Advice::SleepUnseen => {
                    waits += unseen(memory);
                    while memory.advice() == Advice::SleepUnseen {
                        memory = memory.after_unseen();
                    }
                    continue;
                }
                Advice::Spin => {
                    spins += 1;
                    End::InVain
                }
                _ => End::Soon,
            };
            memory = memory.after(end);
            waits += 1;
        }
        assert!(spins <= 32, "{spins}");
    }

    /// So many waits of one after the other of threads that wait so often each, all answered soon, until one spins.
    fn until_one_spins(common: &mut Memory, waits_each: u32) -> Option<u32> {
        let mut waits = 0;
        while waits < 100_000 {
            let mut own = None;
            for _ in 0..waits_each {
                waits += 1;
                let memory = own.unwrap_or(*common);
                let (after, learned) = match memory.advice() {
                    Advice::Spin => return Some(waits),
                    Advice::SleepUnseen => (memory.after_unseen(), false),
                    _ => (memory.after(End::Soon), true),
                };
                // As `keep` does.
                if own.is_none() || (learned && common.advice() != after.advice()) {
                    *common = after;
                }
                own = Some(if own.is_none() { after.for_one() } else { after });
            }
        }
        None
    }

    #[test]
    fn threads_that_wait_seldom_learn_from_each_other() {
        for waits_each in [1, 2, 5, 24] {
            let mut common = after(&[End::Late; 30]);
            let found = until_one_spins(&mut common, waits_each);
            assert!(found.is_some_and(|waits| waits <= 50), "{waits_each} each: {found:?}");
        }
    }

    #[test]
    fn what_one_has_learned_of_spinning_in_vain_holds_for_those_that_begin() {
        let mut common = after(&[&[End::Soon; 8][..], &[End::InVain; 4]].concat());
        assert!(until_one_spins(&mut common, 1).is_some_and(|waits| waits > 60));
    }

    #[test]
    fn one_spin_in_vain_is_taken_for_chance() {
        let chance = after(&[&[End::Spinning; 8][..], &[End::InVain]].concat());
        assert_eq!(chance.advice(), Advice::Spin);
        assert_eq!(
            after(&[&[End::Spinning; 8][..], &[End::InVain; 2]].concat()).advice(),
            Advice::SleepUnseen
        );
    }
}
