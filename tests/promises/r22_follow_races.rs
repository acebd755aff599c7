//! Rule 22, from several threads: one of them wins, all that follow learn it, and nothing is left or freed twice.

use crate::support::*;

const ROUNDS: usize = 5_000;

#[test]
fn two_sources_and_a_cancel_at_once() {
    in_child(120, || {
        memory::quarantine();
        let payload = Tally::new();
        type Subject = (Handle, Handle, Handle, Handle);
        race(
            ROUNDS,
            |_| {
                let (into, one, two) = (Handle::new(), Handle::new(), Handle::new());
                assert_eq!(into.follow(&one), ASYNCHRON_OK);
                assert_eq!(into.follow(&two), ASYNCHRON_OK);
                let last = Handle::new();
                assert_eq!(last.follow(&into), ASYNCHRON_OK);
                (into, one, two, last)
            },
            &[
                &|s: &Subject| {
                    s.1.set_pointer(payload.ptr(), payload.drop_fn());
                },
                &|s: &Subject| {
                    s.2.fail(1, "two");
                },
                &|s: &Subject| {
                    s.0.cancel();
                },
            ],
            |(into, one, two, last)| {
                let status = last.poll();
                assert_ne!(status, ASYNCHRON_PENDING);
                assert_eq!(into.poll(), status);
                drop((one, two, into));
                assert_eq!(last.poll(), status);
            },
        );
        assert_eq!(payload.drops(), ROUNDS);
        memory::check_quarantine();
    });
}

#[test]
fn to_follow_while_either_side_completes_or_ends() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, std::sync::Mutex<Option<Handle>>, Handle);
        race(
            ROUNDS,
            |_| {
                let source = Handle::new();
                (Handle::new(), std::sync::Mutex::new(Some(source.clone())), source)
            },
            &[
                &|s: &Subject| {
                    let status = s.0.follow(&s.2);
                    assert!(matches!(status, ASYNCHRON_OK | ASYNCHRON_CANCELLED), "{status:?}");
                },
                &|s: &Subject| {
                    if let Some(source) = s.1.lock().unwrap().take() {
                        source.set(b"value");
                    }
                },
                &|s: &Subject| {
                    s.0.cancel();
                },
            ],
            |(into, _, source)| {
                assert_ne!(into.poll(), ASYNCHRON_PENDING);
                drop(source);
                if into.poll() == ASYNCHRON_OK {
                    assert_eq!(into.get(), Ok(b"value".to_vec()));
                }
                assert_eq!(unsafe { asynchron_is_shared(into.raw()) }, 0, "nothing is left");
            },
        );
        memory::check_quarantine();
    });
}

#[test]
fn the_last_handle_of_the_source_goes_while_what_follows_is_cancelled() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, std::sync::Mutex<Option<Handle>>);
        race(
            ROUNDS,
            |_| {
                let (into, source) = (Handle::new(), Handle::new());
                assert_eq!(into.follow(&source), ASYNCHRON_OK);
                (into, std::sync::Mutex::new(Some(source)))
            },
            &[&|s: &Subject| drop(s.1.lock().unwrap().take()), &|s: &Subject| {
                s.0.cancel();
            }],
            |(into, _)| assert!(matches!(into.poll(), ASYNCHRON_CANCELLED | ASYNCHRON_FAILED)),
        );
        memory::check_quarantine();
    });
}

#[test]
fn both_of_a_circle_complete_at_once() {
    in_child(120, || {
        memory::quarantine();
        race(
            ROUNDS,
            |_| {
                let (one, two) = (Handle::new(), Handle::new());
                assert_eq!(one.follow(&two), ASYNCHRON_OK);
                assert_eq!(two.follow(&one), ASYNCHRON_OK);
                (one, two)
            },
            &[
                &|s: &(Handle, Handle)| {
                    s.0.set_number(1);
                },
                &|s: &(Handle, Handle)| {
                    s.1.set_number(2);
                },
            ],
            |(one, two)| {
                let (one, two) = (one.number().unwrap(), two.number().unwrap());
                assert!([1, 2].contains(&one) && [1, 2].contains(&two));
            },
        );
        memory::check_quarantine();
    });
}

/// As soon as a waiter has it, all handles may go: the value stays for the others that share it.
#[test]
fn a_waiter_releases_what_it_waited_for_while_others_are_told() {
    in_child(120, || {
        memory::quarantine();
        let payload = Tally::new();
        type Subject = (std::sync::Mutex<Option<Handle>>, std::sync::Mutex<Option<Handle>>);
        race(
            ROUNDS,
            |_| {
                let (source, between, last) = (Handle::new(), Handle::new(), Handle::new());
                assert_eq!(between.follow(&source), ASYNCHRON_OK);
                assert_eq!(last.follow(&between), ASYNCHRON_OK);
                (std::sync::Mutex::new(Some(source)), std::sync::Mutex::new(Some(last)))
            },
            &[
                &|s: &Subject| {
                    let source = s.0.lock().unwrap().take().unwrap();
                    source.set_pointer(payload.ptr(), payload.drop_fn());
                },
                &|s: &Subject| {
                    let last = s.1.lock().unwrap().take().unwrap();
                    assert_eq!(last.get(), Ok(vec![]));
                },
            ],
            drop,
        );
        assert_eq!(payload.drops(), ROUNDS);
        memory::check_quarantine();
    });
}
