//! A hierarchical timing wheel: what is to happen at a time, found in the order of the times.
//!
//! Eight wheels, each with a slot for each value of one digit of the time, which has 64 of them. Each thing lies in the
//! wheel of the highest digit in which its time differs from that of the wheel, which is the last time that was looked
//! at; and there in the slot of that digit. Putting it there, and taking it out, is a few instructions, however many
//! there are. When the wheel's time comes to a slot of one of the higher wheels, what lies there is sorted into the
//! lower ones: each thing seven times at most. (G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels", 1987,
//! scheme 7.)
//!
//! Nothing here takes longer than a few things take: what lies in one slot is sorted a few at a time, so that others
//! can have the wheel in between.

use std::ptr::{self, NonNull};

const LEVELS: usize = 8;
/// A digit's.
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
const DIGIT: u64 = (1 << BITS) - 1;

/// So many are sorted at a time.
const FEW: usize = 8;

/// Where in the wheel something lies. Its links are the wheel's owner's.
#[repr(C)]
pub(super) struct Place {
    prev: *mut Place,
    next: *mut Place,
    /// Its time, and in the highest bits the level that it lies on.
    when: u64,
}

const LEVEL_SHIFT: u32 = 60;
/// The last of all times.
pub(super) const LAST: u64 = (1 << (BITS * LEVELS as u32)) - 1;

impl Place {
    pub(super) const NOWHERE: Self = Self { prev: ptr::null_mut(), next: ptr::null_mut(), when: 0 };

    fn time(&self) -> u64 {
        self.when & LAST
    }

    fn level(&self) -> usize {
        (self.when >> LEVEL_SHIFT) as usize
    }
}

fn shift(index: usize) -> u32 {
    BITS.wrapping_mul(index as u32)
}

/// The digit of a time that says in which slot of a level it lies.
fn digit(time: u64, index: usize) -> usize {
    (time >> shift(index) & DIGIT) as usize
}

/// A wheel of one digit. What lies in a slot is a ring, the one that came first first.
struct Level {
    /// A bit for each slot in which something lies.
    occupied: u64,
    slots: [*mut Place; SLOTS],
}

pub(super) struct Wheel {
    now: u64,
    /// How many lie in it.
    len: usize,
    levels: [Level; LEVELS],
}

/// What there is to do.
pub(super) enum Turn {
    /// Its time has come. It lies there still.
    Due(NonNull<Place>),
    /// Some were sorted: ask again.
    Sorted,
    /// Nothing before this time; `None`: nothing lies in the wheel. (By then there may be only some to be sorted.)
    Rest(Option<u64>),
}

// SAFETY: what lies in it is reached by whoever has the wheel.
unsafe impl Send for Wheel {}

impl Wheel {
    pub(super) const fn new() -> Self {
        const NONE: Level = Level { occupied: 0, slots: [ptr::null_mut(); SLOTS] };
        Self { now: 0, len: 0, levels: [const { NONE }; LEVELS] }
    }

    #[cfg(not(loom))]
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts it where it is found at that time; or at once, if that is over.
    ///
    /// # Safety
    /// The place is alive, and lies in no wheel; it stays until it was taken out.
    #[inline]
    pub(super) unsafe fn put(&mut self, place: NonNull<Place>, time: u64) {
        self.len = self.len.wrapping_add(1);
        // SAFETY: as the caller promises.
        unsafe { self.file(place, time) };
    }

    /// # Safety
    /// As for [`Self::put`].
    #[inline]
    unsafe fn file(&mut self, place: NonNull<Place>, time: u64) {
        let time = time.clamp(self.now, LAST);
        let highest = (self.now ^ time | DIGIT).ilog2();
        let index = (highest / BITS) as usize;
        let slot = digit(time, index);
        // There is one for each digit, and for each value of it.
        let Some(level) = self.levels.get_mut(index) else {
            return;
        };
        let Some(first) = level.slots.get_mut(slot) else {
            return;
        };
        let place = place.as_ptr();
        let when = time | (index as u64) << LEVEL_SHIFT;
        if first.is_null() {
            *first = place;
            level.occupied |= 1 << slot;
            // SAFETY: alive, and its links are the wheel's from here on.
            unsafe { place.write(Place { prev: place, next: place, when }) };
            return;
        }
        let next = *first;
        // SAFETY: what lies in the wheel is alive, and its links are the wheel's.
        let prev = unsafe { (*next).prev };
        // SAFETY: alive, and its links are the wheel's from here on.
        unsafe { place.write(Place { prev, next, when }) };
        // SAFETY: what lies in the wheel is alive, and its links are the wheel's.
        unsafe { (*prev).next = place };
        // SAFETY: what lies in the wheel is alive, and its links are the wheel's.
        unsafe { (*next).prev = place };
    }

    /// # Safety
    /// The place lies in this wheel.
    #[inline]
    pub(super) unsafe fn take_out(&mut self, place: NonNull<Place>) {
        self.len = self.len.wrapping_sub(1);
        // SAFETY: as the caller promises.
        unsafe { self.unlink(place) };
    }

    /// # Safety
    /// The place lies in this wheel.
    #[inline]
    unsafe fn unlink(&mut self, place: NonNull<Place>) {
        // SAFETY: as the caller promises, so it is alive, and its links are the wheel's.
        let lies = unsafe { place.as_ref() };
        let (prev, next, time, index) = (lies.prev, lies.next, lies.time(), lies.level());
        let slot = digit(time, index);
        if next == place.as_ptr() {
            if let Some(level) = self.levels.get_mut(index) {
                level.occupied &= !(1 << slot);
                if let Some(first) = level.slots.get_mut(slot) {
                    *first = ptr::null_mut();
                }
            }
            return;
        }
        // SAFETY: what lies in the wheel is alive, and its links are the wheel's.
        unsafe { (*prev).next = next };
        // SAFETY: what lies in the wheel is alive, and its links are the wheel's.
        unsafe { (*next).prev = prev };
        if let Some(first) = self.levels.get_mut(index).and_then(|level| level.slots.get_mut(slot))
        {
            if *first == place.as_ptr() {
                *first = next;
            }
        }
    }

    /// Puts it off until so long after the wheel's time.
    ///
    /// # Safety
    /// The place lies in this wheel.
    pub(super) unsafe fn put_off(&mut self, place: NonNull<Place>, by: u64) {
        // SAFETY: as the caller promises.
        unsafe { self.unlink(place) };
        // SAFETY: out of the wheel just now.
        unsafe { self.file(place, self.now.saturating_add(by)) };
    }

    /// What there is to do if it is so late now.
    pub(super) fn turn(&mut self, late: u64) -> Turn {
        loop {
            if let Some(index) = (1..LEVELS).find(|index| self.first_at_now(*index).is_some()) {
                self.sort_few(index);
                return Turn::Sorted;
            }
            if let Some(due) = self.first_at_now(0) {
                return Turn::Due(due);
            }
            let next = self.next();
            if next.is_none_or(|next| next > late) {
                self.now = self.now.max(late);
                return Turn::Rest(next);
            }
            self.now = next.unwrap_or(late);
        }
    }

    /// The first that lies on a level where the wheel's time is.
    fn first_at_now(&self, index: usize) -> Option<NonNull<Place>> {
        let slot = digit(self.now, index);
        NonNull::new(*self.levels.get(index)?.slots.get(slot)?)
    }

    /// Sorts some of what lies where the wheel's time is on a higher level: it agrees with that in one digit more.
    fn sort_few(&mut self, index: usize) {
        for _ in 0..FEW {
            let Some(place) = self.first_at_now(index) else {
                return;
            };
            // SAFETY: what lies in the wheel is alive.
            let time = unsafe { place.as_ref() }.time();
            // SAFETY: it lies in this wheel.
            unsafe { self.unlink(place) };
            // SAFETY: out of the wheel just now.
            unsafe { self.file(place, time) };
        }
    }

    /// When there is something to do, after the wheel's time: the slots where that is are empty.
    fn next(&self) -> Option<u64> {
        let of_level = |(index, level): (usize, &Level)| {
            // All that lies on a level lies ahead of the wheel's time there, and agrees with it in the digits above.
            (level.occupied != 0).then(|| {
                let shift = shift(index);
                let above = self.now >> shift & !DIGIT;
                (above | u64::from(level.occupied.trailing_zeros())) << shift
            })
        };
        self.levels.iter().enumerate().filter_map(of_level).min()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::cell::UnsafeCell;
    use std::collections::BTreeSet;

    use super::*;

    /// Numbers that look like chance, and are the same each time.
    struct Chance(u64);

    impl Chance {
        fn next(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (self.0 >> 33) % below
        }
    }

    fn at(places: &[UnsafeCell<Place>], index: usize) -> NonNull<Place> {
        NonNull::new(places[index].get()).unwrap()
    }

    fn index(places: &[UnsafeCell<Place>], place: NonNull<Place>) -> usize {
        (place.as_ptr().addr() - places.as_ptr().addr()) / size_of::<Place>()
    }

    fn places(n: usize) -> Vec<UnsafeCell<Place>> {
        (0..n).map(|_| UnsafeCell::new(Place::NOWHERE)).collect()
    }

    /// Against a sorted set, with times near and far.
    #[test]
    fn each_is_found_when_its_time_has_come_and_never_before() {
        let (mut wheel, mut chance) = (Wheel::new(), Chance(1));
        let places = places(500);
        let mut expected = BTreeSet::new();
        let mut times = vec![None; places.len()];
        let mut now = 0;
        for round in 0..20_000 {
            let some = chance.next(500) as usize;
            let place = at(&places, some);
            if let Some(time) = times[some].take() {
                expected.remove(&(time, some));
                // SAFETY: it lies in this wheel.
                unsafe { wheel.take_out(place) };
            } else {
                let far = chance.next(40);
                let time = (now + chance.next(1 << far)).min(LAST);
                expected.insert((time, some));
                times[some] = Some(time);
                // SAFETY: it lies nowhere, and stays.
                unsafe { wheel.put(place, time) };
            }
            if round % 7 == 0 {
                let soon = expected.first().map_or(now, |(time, _)| *time);
                let far = chance.next(20);
                now = if chance.next(2) == 0 { soon.max(now) } else { now + chance.next(1 << far) };
            }
            loop {
                match wheel.turn(now) {
                    Turn::Sorted => {}
                    Turn::Due(due) => {
                        let due_index = index(&places, due);
                        let time = times[due_index].take().unwrap();
                        let first = expected.first().unwrap().0;
                        assert!(
                            time <= now && time == first,
                            "{time}, first is {first}, now {now}"
                        );
                        expected.remove(&(time, due_index));
                        // SAFETY: it lies in this wheel.
                        unsafe { wheel.take_out(due) };
                    }
                    Turn::Rest(next) => {
                        let first = expected.first().map(|(time, _)| *time);
                        assert!(first.is_none_or(|first| first > now), "one was not found");
                        assert_eq!(next.is_none(), first.is_none());
                        assert!(next <= first && next.is_none_or(|next| next > now));
                        break;
                    }
                }
            }
            assert_eq!(wheel.len, expected.len());
        }
        assert!(now > 1 << 20, "{now}");
    }

    #[test]
    fn those_of_one_time_come_in_the_order_in_which_they_were_put_there() {
        let mut wheel = Wheel::new();
        let places = places(100);
        for index in 0..places.len() {
            // SAFETY: it lies nowhere, and stays.
            unsafe { wheel.put(at(&places, index), 5_000_000) };
        }
        let mut found = Vec::new();
        while !wheel.is_empty() {
            match wheel.turn(LAST) {
                Turn::Due(due) => {
                    found.push(index(&places, due));
                    // SAFETY: it lies in this wheel.
                    unsafe { wheel.take_out(due) };
                }
                Turn::Sorted => {}
                Turn::Rest(_) => panic!("something lies there"),
            }
        }
        assert_eq!(found, (0..places.len()).collect::<Vec<_>>());
    }

    /// However many lie in one slot, nobody has the wheel for longer than a few take.
    #[test]
    fn what_lies_in_one_slot_is_sorted_a_few_at_a_time() {
        let mut wheel = Wheel::new();
        let places = places(10 * FEW);
        for index in 0..places.len() {
            // SAFETY: it lies nowhere, and stays.
            unsafe { wheel.put(at(&places, index), 64 + index as u64 % 64) };
        }
        let sorted = std::iter::from_fn(|| matches!(wheel.turn(64), Turn::Sorted).then_some(()));
        assert_eq!(sorted.count(), 10);
    }

    #[test]
    fn what_was_put_off_comes_later_and_not_before() {
        let mut wheel = Wheel::new();
        let places = places(1);
        // SAFETY: it lies nowhere, and stays.
        unsafe { wheel.put(at(&places, 0), 0) };
        assert!(matches!(wheel.turn(1000), Turn::Due(_)));
        assert!(matches!(wheel.turn(1000), Turn::Due(_)), "it lies there still");
        // SAFETY: it lies in this wheel.
        unsafe { wheel.put_off(at(&places, 0), 100) };
        assert!(matches!(wheel.turn(99), Turn::Rest(Some(64..=100)) | Turn::Sorted));
        while let Turn::Sorted = wheel.turn(99) {}
        assert!(matches!(wheel.turn(99), Turn::Rest(Some(100))));
        assert!(matches!(wheel.turn(100), Turn::Due(_)));
    }

    /// A time that no clock shows, and one that is over.
    #[test]
    fn beyond_its_ends_there_are_the_last_time_and_now() {
        let mut wheel = Wheel::new();
        let places = places(2);
        assert!(matches!(wheel.turn(1000), Turn::Rest(None)));
        // SAFETY: it lies nowhere, and stays.
        unsafe { wheel.put(at(&places, 0), u64::MAX) };
        // SAFETY: it lies nowhere, and stays.
        unsafe { wheel.put(at(&places, 1), 3) };
        assert!(matches!(wheel.turn(1000), Turn::Due(due) if due == at(&places, 1)));
        // SAFETY: it lies in this wheel.
        unsafe { wheel.take_out(at(&places, 1)) };
        assert!(matches!(wheel.turn(1 << 40), Turn::Rest(Some(_)) | Turn::Sorted));
        while let Turn::Sorted = wheel.turn(LAST) {}
        assert!(matches!(wheel.turn(LAST), Turn::Due(due) if due == at(&places, 0)));
    }
}
