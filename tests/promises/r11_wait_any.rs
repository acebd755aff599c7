//! Rule 11: wait_any and wait_all.

use crate::support::handle::{raws, wait_all, wait_any};
use crate::support::*;

#[test]
fn of_nothing() {
    let (mut index, a) = (77, Handle::new());
    let one = a.raw();
    for timeout in [0, ASYNCHRON_FOREVER] {
        unsafe {
            for list in [null(), &raw const one] {
                assert_eq!(asynchron_wait_any(list, 0, timeout, &mut index), ASYNCHRON_E_INVALID);
                assert_eq!(asynchron_wait_all(list, 0, timeout), ASYNCHRON_OK);
            }
        }
    }
    assert_eq!(index, 77);
}

#[test]
fn the_lowest_of_those_complete_at_entry() {
    let all = Handle::many(8);
    assert_eq!(wait_any(&all, 0), Err(ASYNCHRON_TIMEOUT));
    for (n, lowest) in [(6, 6), (7, 6), (3, 3), (5, 3), (1, 1), (0, 0)] {
        match n % 3 {
            0 => all[n].set(b"x"),
            1 => all[n].fail(1, "x"),
            _ => all[n].cancel(),
        };
        for timeout in [0, MS, ASYNCHRON_FOREVER] {
            assert_eq!(wait_any(&all, timeout), Ok(lowest));
        }
    }
    let mut list = raws(&all);
    let any = |list: &[*mut asynchron_t], index| unsafe {
        asynchron_wait_any(list.as_ptr(), list.len(), ASYNCHRON_FOREVER, index)
    };
    list.reverse();
    let mut index = 0;
    assert_eq!((any(&list, &mut index), index), (ASYNCHRON_OK, 0), "7 is complete, too");
    assert_eq!(any(&list, null_mut()), ASYNCHRON_OK, "the index may be NULL");
}

#[test]
fn one_that_completes_later() {
    for ways in 0..3 {
        within(60, move || {
            let all = Handle::many(6);
            let mine = all.clone();
            let waiter = start(move || wait_any(&mine, ASYNCHRON_FOREVER)).asleep();
            match ways {
                0 => all[4].set(b"x"),
                1 => all[4].fail(1, "x"),
                _ => all[4].cancel(),
            };
            assert_eq!(waiter.join(), Ok(4));
        });
    }
}

#[test]
fn duplicates() {
    within(60, || {
        let [a, b] = std::array::from_fn(|_| Handle::new());
        let twice = [a.clone(), a.clone(), b.clone(), a.clone(), b.clone()];
        assert_eq!(wait_any(&twice, MS), Err(ASYNCHRON_TIMEOUT));
        assert_eq!(wait_all(&twice, MS), ASYNCHRON_TIMEOUT);
        let list = twice.clone();
        let waiter = start(move || wait_any(&list, ASYNCHRON_FOREVER)).asleep();
        let list = twice.clone();
        let all = start(move || wait_all(&list, ASYNCHRON_FOREVER)).asleep();
        b.set(b"x");
        assert!(matches!(waiter.join(), Ok(2 | 4)));
        assert_eq!(wait_any(&twice, 0), Ok(2));
        let all = all.asleep();
        a.set(b"x");
        assert_eq!((all.join(), wait_any(&twice, 0)), (ASYNCHRON_OK, Ok(0)));
    });
}

#[test]
fn wait_all_waits_for_all_however_they_end() {
    within(60, || {
        let all = Handle::many(5);
        let mine = all.clone();
        let mut waiter = start(move || wait_all(&mine, ASYNCHRON_FOREVER)).asleep();
        for (n, last) in [(4, false), (0, false), (2, false), (1, false), (3, true)] {
            assert_eq!(
                (wait_all(&all, 0), wait_all(&all, 1)),
                (ASYNCHRON_TIMEOUT, ASYNCHRON_TIMEOUT)
            );
            match n % 3 {
                0 => all[n].set(b"x"),
                1 => all[n].fail(1, "x"),
                _ => all[n].cancel(),
            };
            if !last {
                waiter = waiter.asleep();
            }
        }
        assert_eq!((waiter.join(), wait_all(&all, 0)), (ASYNCHRON_OK, ASYNCHRON_OK));
    });
}

/// Several complete at once, and are the last thing that happens to them: the index is of one that is complete.
#[test]
fn racing_completions() {
    in_child(120, || {
        memory::quarantine();
        race(
            4000,
            |_| Handle::many(20),
            &[
                &|all: &Vec<Handle>| assert_eq!(all[13].set(b"x"), ASYNCHRON_OK),
                &|all| assert_eq!(all[2].cancel(), ASYNCHRON_OK),
                &|all| {
                    let index = wait_any(all, ASYNCHRON_FOREVER).unwrap();
                    assert!(index == 13 || index == 2);
                    assert_ne!(all[index].poll(), ASYNCHRON_PENDING);
                },
            ],
            |all| assert_eq!(wait_any(&all, 0), Ok(2)),
        );
    });
}

/// More than any stack holds.
#[test]
fn many_at_once() {
    within(60, || {
        let all = Handle::many(50_000);
        let mine = all.clone();
        let waiter = start(move || wait_any(&mine, ASYNCHRON_FOREVER)).asleep();
        all[49_999].set(b"x");
        assert_eq!(waiter.join(), Ok(49_999));
        let mine = all.clone();
        let waiter = start(move || wait_all(&mine, ASYNCHRON_FOREVER)).asleep();
        all.iter().for_each(|a| _ = a.set(b"x"));
        assert_eq!(waiter.join(), ASYNCHRON_OK);
    });
}

/// A million waits over the same long-lived handles leave the memory as it was, and so do those that really block.
#[test]
fn nothing_stays_registered() {
    in_child(170, || {
        let all = Handle::many(64);
        let list = raws(&all);
        let any = |timeout| unsafe { asynchron_wait_any(list.as_ptr(), 64, timeout, null_mut()) };
        let wait =
            |n: usize, timeout| (0..n).for_each(|_| assert_eq!(any(timeout), ASYNCHRON_TIMEOUT));
        wait(1000, 0);
        wait(20, 1000);
        let before = memory::in_use();
        wait(1_000_000, 0);
        wait(10_000, 1000);
        for _ in 0..1000 {
            assert_eq!(wait_all(&all, 1000), ASYNCHRON_TIMEOUT);
        }
        let after = memory::in_use();
        assert!(after < before + 50_000, "grew from {before} to {after} bytes");
    });
}

/// What one wait left behind would be touched by a later completion: by then it is gone.
#[test]
fn completions_after_a_timeout_touch_nothing() {
    in_child(120, || {
        memory::quarantine();
        race(
            3000,
            |_| Handle::many(40),
            &[
                &|all: &Vec<Handle>| all.iter().for_each(|a| _ = a.set(b"x")),
                // It leaves with the first, while the others are being delivered.
                &|all| _ = wait_any(all, ASYNCHRON_FOREVER),
                &|all| _ = (wait_any(all, 1000), wait_all(all, 1000)),
            ],
            drop,
        );
        memory::check_quarantine();
    });
}
