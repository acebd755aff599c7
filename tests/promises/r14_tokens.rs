//! Rule 14: a token leads to its callback at once, to no other, and never again once that is gone.

use crate::support::*;
use std::collections::HashSet;
use std::time::Instant;

unsafe extern "C" fn nothing(_: *mut asynchron_t, _: *mut c_void) {}

/// Registers a callback that counts its drop, if it is given a tally.
fn register(a: &Handle, tally: Option<Tally>) -> u64 {
    let mut token = 0;
    let options = asynchron_notify_options_t {
        size: size_of::<asynchron_notify_options_t>(),
        r#fn: Some(nothing),
        ctx: tally.map_or(null_mut(), |tally| tally.ptr()),
        drop_ctx: tally.and_then(|tally| tally.drop_fn()),
        flags: 0,
        executor: std::ptr::null_mut(),
    };
    assert_eq!(unsafe { asynchron_notify_with(a.raw(), &options, &mut token) }, ASYNCHRON_OK);
    token
}

/// The median time of taking back one that so many were registered after: the lower of several tries.
fn time_to_take_back(a: &Handle, registered: usize) -> u128 {
    let tokens: Vec<_> = (0..registered).map(|_| register(a, None)).collect();
    let mut times: Vec<_> = tokens[..301]
        .iter()
        .map(|token| {
            let begun = Instant::now();
            assert_eq!(a.unnotify(*token), ASYNCHRON_OK);
            begun.elapsed().as_nanos()
        })
        .collect();
    for token in &tokens[301..] {
        assert_eq!(a.unnotify(*token), ASYNCHRON_OK);
    }
    times.sort_unstable();
    times[times.len() / 2].max(1)
}

/// A search would take 200 times as long, and more: what is not in the cache takes a few times as long.
#[test]
fn a_callback_is_found_by_its_token_without_a_search() {
    within(120, || {
        let a = Handle::new();
        let ratios = (0..5).map(|_| {
            let few = time_to_take_back(&a, 1_000);
            time_to_take_back(&a, 200_000) as f64 / few as f64
        });
        let least = ratios.fold(f64::MAX, f64::min);
        assert!(least < 60.0, "200,000 took {least:.1} times as long as 1,000");
    });
}

#[test]
fn a_token_of_another_asynchron_is_unknown() {
    let [a, b] = [Handle::new(), Handle::new()];
    let dropped = [Tally::new(), Tally::new()];
    let (of_a, of_b) = (register(&a, Some(dropped[0])), register(&b, Some(dropped[1])));
    for (handle, token) in [(&a, of_b), (&b, of_a)] {
        assert_eq!(handle.unnotify(token), ASYNCHRON_ALREADY);
        assert_eq!(handle.try_unnotify(token), ASYNCHRON_ALREADY);
    }
    assert_eq!(dropped.map(|tally| tally.drops()), [0, 0]);
    assert_eq!((a.unnotify(of_a), b.unnotify(of_b)), (ASYNCHRON_OK, ASYNCHRON_OK));
    assert_eq!(dropped.map(|tally| tally.drops()), [1, 1]);
}

/// Whatever it was registered on, and however it went: taken back, run, broken off, refused.
#[test]
fn a_token_that_is_gone_is_unknown_for_ever() {
    within(120, || {
        let mut gone = HashSet::new();
        for round in 0..300 {
            let a = Handle::new();
            let tokens: Vec<_> = (0..200).map(|_| register(&a, None)).collect();
            for token in tokens.iter().step_by(3) {
                assert_eq!(a.unnotify(*token), ASYNCHRON_OK);
            }
            assert!(tokens.iter().all(|token| gone.insert(*token)), "a token came twice");
            if round % 2 == 0 {
                a.set(b"x");
                assert!(tokens.iter().all(|token| a.unnotify(*token) == ASYNCHRON_ALREADY));
            }
        }
        // As many again, where those were.
        let (a, dropped) = (Handle::new(), Tally::new());
        let tokens: Vec<_> = (0..400).map(|_| register(&a, Some(dropped))).collect();
        assert!(gone.iter().all(|token| a.try_unnotify(*token) == ASYNCHRON_ALREADY));
        assert_eq!(dropped.drops(), 0);
        assert!(tokens.iter().all(|token| a.unnotify(*token) == ASYNCHRON_OK));
        assert_eq!(dropped.drops(), 400);
    });
}

/// Numbers that may be anything, and never were anybody's.
#[test]
fn a_number_that_is_no_token_is_unknown() {
    let a = Handle::new();
    let token = register(&a, None);
    for bit in 0..64 {
        for wrong in [token ^ (1 << bit), 1 << bit, u64::MAX << bit, u64::MAX >> bit] {
            if wrong != token {
                assert_eq!(a.try_unnotify(wrong), ASYNCHRON_ALREADY, "{wrong:#x} for {token:#x}");
            }
        }
    }
    assert_eq!(a.unnotify(token), ASYNCHRON_OK);
}

/// While others register and take back on another asynchron, where the same places are used again and again.
#[test]
fn a_stale_token_takes_back_nothing_while_others_register() {
    in_child(120, || {
        memory::quarantine();
        let dropped = Tally::new();
        race(
            3_000,
            |_| {
                let (a, b) = (Handle::new(), Handle::new());
                let stale: Vec<_> = (0..8).map(|_| register(&a, None)).collect();
                assert!(stale.iter().all(|token| a.unnotify(*token) == ASYNCHRON_OK));
                (a, b, stale)
            },
            &[
                &|(a, b, stale): &(Handle, Handle, Vec<u64>)| {
                    for token in stale {
                        assert_eq!(a.unnotify(*token), ASYNCHRON_ALREADY);
                        assert_eq!(b.unnotify(*token), ASYNCHRON_ALREADY);
                    }
                },
                &|(a, _, _)| {
                    for _ in 0..8 {
                        assert_eq!(a.unnotify(register(a, Some(dropped))), ASYNCHRON_OK);
                    }
                },
                &|(_, b, _)| {
                    let tokens: Vec<_> = (0..8).map(|_| register(b, Some(dropped))).collect();
                    assert!(tokens.iter().all(|token| b.unnotify(*token) == ASYNCHRON_OK));
                },
            ],
            drop,
        );
        assert_eq!(dropped.drops(), 2 * 8 * 3_000);
    });
}

/// Several threads, each with tokens of its own on one asynchron: every one is found, and no other.
#[test]
fn threads_that_take_back_their_own_do_not_meet_others() {
    within(120, || {
        let (a, dropped) = (Handle::new(), Tally::new());
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let a = &a;
                scope.spawn(move || {
                    for round in 0..2_000 {
                        let mine: Vec<_> = (0..5).map(|_| register(a, Some(dropped))).collect();
                        let order = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]];
                        for index in order[(round + thread) % 3] {
                            assert_eq!(a.unnotify(mine[index]), ASYNCHRON_OK);
                            assert_eq!(a.unnotify(mine[index]), ASYNCHRON_ALREADY);
                        }
                    }
                });
            }
        });
        assert_eq!(dropped.drops(), 4 * 2_000 * 5);
    });
}
