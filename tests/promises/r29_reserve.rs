//! Rule 29: where room was reserved, set_bytes of at most so many bytes neither allocates nor fails without memory.

use crate::support::*;
use std::mem::offset_of;

const MOST: usize = 64 << 20;

/// Also: it lies in the asynchron's own block, aligned as malloc's, and the last release frees that.
#[test]
fn set_bytes_of_what_was_reserved_needs_no_memory() {
    let program = process::compile("reserve.c", &[]);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

/// What is freed is not touched again, whatever is registered on it, and whoever is the last.
#[test]
fn what_has_room_ends_as_any_other() {
    in_child(60, || {
        memory::quarantine();
        for len in [0, 8, 64, 100, 101] {
            let value = vec![7; len];
            let tally = Tally::new();
            let (user_data, drop_user_data) = (tally.ptr(), tally.drop_fn());
            let a = create_with(&asynchron_options_t {
                user_data,
                drop_user_data,
                reserve: 100,
                ..OPTIONS
            });
            let (report, bare) = (Report::new(), reserved(100));
            report.add(&a, 0);
            for one in [&a, &bare] {
                // The first callback is lent the asynchron, and lets go of it last.
                let (expected, again) = (value.clone(), one.clone());
                notify(one, move |a| {
                    let seen = Handle::shared(a);
                    assert_eq!(
                        (seen.get().unwrap(), again.poll()),
                        (expected.clone(), ASYNCHRON_OK)
                    );
                });
            }
            let waiters = [a.clone(), bare.clone()].map(|one| start(move || one.get().unwrap()));
            assert_eq!((a.set(&value), bare.set(&value)), (ASYNCHRON_OK, ASYNCHRON_OK));
            drop((a, bare));
            for waiter in waiters {
                assert_eq!(waiter.join(), value);
            }
            drop(report);
            until(|| tally.drops() == 1);
        }
        // Broken: nobody is left to deliver.
        let (a, told) = (reserved(100), Arc::new(AtomicUsize::new(0)));
        let count = told.clone();
        notify(&a, move |a| {
            assert_eq!(unsafe { asynchron_poll(a) }, ASYNCHRON_FAILED);
            count.fetch_add(1, SeqCst);
        });
        drop(a);
        assert_eq!(told.load(SeqCst), 1);
        memory::check_quarantine();
    });
}

#[test]
fn over_64_mebibytes_is_refused_and_what_was_handed_over_is_dropped() {
    for reserve in [MOST + 1, MOST + 16, u32::MAX as usize, isize::MAX as usize, usize::MAX] {
        let (user, ctx, mut out) = (Tally::new(), Arc::new(AtomicUsize::new(0)), null_mut());
        let count = ctx.clone();
        let guard = OnDrop(move || _ = count.fetch_add(1, SeqCst));
        let options = demanding(OPTIONS, move |_| {
            let _ = &guard;
            0
        });
        let options = asynchron_options_t {
            user_data: user.ptr(),
            drop_user_data: user.drop_fn(),
            reserve,
            ..options
        };
        assert_eq!(unsafe { asynchron_create_with(&options, &mut out) }, ASYNCHRON_E_INVALID);
        assert_eq!((out, user.drops(), ctx.load(SeqCst)), (null_mut(), 1, 1));
    }
    assert_eq!(reserved(MOST).set(b"x"), ASYNCHRON_OK);
}

/// A program that was built with the first release has no such field.
#[test]
fn the_struct_of_the_first_release_reserves_nothing() {
    let size = offset_of!(asynchron_options_t, reserve);
    let a = create_with(&asynchron_options_t { size, reserve: usize::MAX, ..OPTIONS });
    assert_eq!((a.set(&[1; 100]), a.get()), (ASYNCHRON_OK, Ok(vec![1; 100])));
}

/// One wins, whole, and whoever was too late sees that, also where another kind of outcome is faster.
#[test]
fn of_several_that_fill_the_room_one_wins() {
    within(120, || {
        for len in [33, 100, 20_000] {
            let values = [1, 2, 3].map(|n| vec![n; len]);
            let set = |a: &Handle, n: usize| {
                let status = a.set(&values[n]);
                let won = status == ASYNCHRON_OK;
                assert!(won || status != ASYNCHRON_ALREADY || a.get().unwrap() != values[n]);
                assert!(status != ASYNCHRON_CANCELLED || a.poll() == ASYNCHRON_CANCELLED);
                usize::from(won)
            };
            let wins = Arc::new(AtomicUsize::new(0));
            let count = |won| _ = wins.fetch_add(won, SeqCst);
            race(
                3_000,
                |round| (reserved(len), round),
                &[&|(a, _)| count(set(a, 0)), &|(a, _)| count(set(a, 1)), &|(a, round)| {
                    count(match round % 3 {
                        0 => set(a, 2),
                        1 => usize::from(a.cancel() == ASYNCHRON_OK),
                        _ => usize::from(a.set(b"small") == ASYNCHRON_OK),
                    });
                }],
                |(a, _)| {
                    assert_eq!(wins.swap(0, SeqCst), 1);
                    match a.get() {
                        Ok(value) => assert!(value == b"small" || values.contains(&value)),
                        Err(status) => assert_eq!(status, ASYNCHRON_CANCELLED),
                    }
                },
            );
        }
    });
}

/// A waiter may let go of it as soon as it has the value, which lies in what it frees.
#[test]
fn a_waiter_releases_what_has_room_right_after_the_wait() {
    in_child(120, || {
        memory::quarantine();
        for _ in 0..3_000 {
            let a = reserved(100).into_raw() as usize;
            let waiter = start(move || {
                let a = Handle::owned(a as *mut asynchron_t);
                assert_eq!(a.get().unwrap(), [5; 100]);
            });
            let value = [5_u8; 100];
            let status = unsafe { asynchron_set_bytes(a as *mut _, value.as_ptr().cast(), 100) };
            assert_eq!(status, ASYNCHRON_OK);
            waiter.join();
        }
        memory::check_quarantine();
    });
}
