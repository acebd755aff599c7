//! Rule 26, from several threads: one decides, all are told, and nothing is left or freed twice.

use std::sync::Mutex;

use crate::support::*;

const ROUNDS: usize = 1_000;
const REST: u64 = ASYNCHRON_CANCEL_REST;

type Place = Mutex<Option<Handle>>;

fn take(place: &Place) -> Handle {
    place.lock().unwrap().take().unwrap()
}

#[test]
fn two_sources_complete_at_once() {
    in_child(170, || {
        memory::quarantine();
        for as_one in [asynchron_all, asynchron_any, asynchron_race] {
            for flags in [0, REST] {
                let payload = Tally::new();
                race(
                    ROUNDS,
                    |_| {
                        let sources = Handle::many(3);
                        let made = group(as_one, &sources, None, flags);
                        (sources, made)
                    },
                    &[
                        &|s: &(Vec<Handle>, Handle)| {
                            s.0[0].set_pointer(payload.ptr(), payload.drop_fn());
                        },
                        &|s: &(Vec<Handle>, Handle)| _ = s.0[1].fail(2, "two"),
                        &|s: &(Vec<Handle>, Handle)| _ = s.0[2].set(b"three"),
                    ],
                    |(sources, made)| {
                        assert_ne!(made.poll(), ASYNCHRON_PENDING);
                        assert!(sources.iter().all(|a| a.poll() != ASYNCHRON_PENDING));
                    },
                );
                assert!(flags == REST || payload.drops() == ROUNDS);
            }
        }
        memory::check_quarantine();
    });
}

#[test]
fn the_rest_is_cancelled_while_it_completes_and_its_last_handles_go() {
    in_child(170, || {
        memory::quarantine();
        let (told, kept) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(vec![])));
        for others in [0, 1, 6] {
            told.store(0, SeqCst);
            type Subject = (Place, Place, Place);
            race(
                ROUNDS,
                |_| {
                    let sources = Handle::many(2);
                    for source in &sources {
                        for _ in 0..others {
                            let (told, kept) = (told.clone(), kept.clone());
                            notify(source, move |a| {
                                told.fetch_add(1, SeqCst);
                                kept.lock().unwrap().push(Handle::shared(a));
                            });
                        }
                    }
                    let made = group(asynchron_race, &sources, None, REST);
                    let mut sources = sources.into_iter().map(|a| Mutex::new(Some(a)));
                    let mut next = || sources.next().unwrap();
                    (next(), next(), Mutex::new(Some(made)))
                },
                &[
                    &|s: &Subject| _ = take(&s.0).set(b"x"),
                    &|s: &Subject| drop(take(&s.1)),
                    &|s: &Subject| _ = take(&s.2).cancel(),
                ],
                drop,
            );
            kept.lock().unwrap().clear();
            assert_eq!(told.load(SeqCst), 2 * others * ROUNDS, "each ran once");
        }
        memory::check_quarantine();
    });
}

#[test]
fn it_is_cancelled_while_it_is_made_and_while_a_source_completes() {
    in_child(170, || {
        memory::quarantine();
        for as_one in [asynchron_all, asynchron_any, asynchron_race] {
            race(
                ROUNDS,
                |_| (Handle::many(3), Handle::new()),
                &[
                    &|s: &(Vec<Handle>, Handle)| drop(group(as_one, &s.0, Some(&s.1), REST)),
                    &|s: &(Vec<Handle>, Handle)| _ = s.1.cancel(),
                    &|s: &(Vec<Handle>, Handle)| _ = s.0[1].set(b"x"),
                ],
                |(sources, into)| {
                    assert_ne!(into.poll(), ASYNCHRON_PENDING);
                    assert!(sources.iter().all(|a| a.poll() != ASYNCHRON_PENDING));
                    let all = sources.iter().chain([&into]);
                    let shared = all.filter(|a| unsafe { asynchron_is_shared(a.raw()) } != 0);
                    // Where that won, what it delivers into shares the value of one.
                    assert!(shared.count() <= 1, "nothing is left");
                },
            );
        }
        memory::check_quarantine();
    });
}

/// Two groups have the same sources, and each cancels what the other one waits for.
#[test]
fn two_groups_over_the_same_sources_end_at_once() {
    in_child(170, || {
        memory::quarantine();
        type Subject = ([Place; 3], Handle, Handle);
        race(
            ROUNDS,
            |_| {
                let sources = Handle::many(3);
                let one = group(asynchron_any, &sources, None, REST);
                let two = group(asynchron_all, &sources, None, REST);
                let mut sources = sources.into_iter();
                ([0; 3].map(|_| Mutex::new(sources.next())), one, two)
            },
            &[&|s: &Subject| _ = s.1.cancel(), &|s: &Subject| _ = s.2.cancel(), &|s: &Subject| {
                s.0.iter().for_each(|place| drop(take(place)))
            }],
            drop,
        );
        memory::check_quarantine();
    });
}
