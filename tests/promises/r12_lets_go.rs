//! Rule 12: a step that is not needed any more lets go of all at once, however long its sources live.

use crate::support::*;
use std::sync::Mutex;

/// How a step is made: of which sources, and into what.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Then,
    ThenInto,
    AfterOne,
    AfterSeveral,
    AfterSeveralInto,
}

use Way::*;

const WAYS: [Way; 5] = [Then, ThenInto, AfterOne, AfterSeveral, AfterSeveralInto];

impl Way {
    /// A step on these sources, or on the first.
    fn step<F>(self, sources: &[Handle], f: F) -> Handle
    where
        F: FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32 + Send + 'static,
    {
        let own = Handle::new();
        match self {
            Then => then(&sources[0], None, f),
            ThenInto => then(&sources[0], Some(&own), f),
            AfterOne => after(&sources[..1], None, f),
            AfterSeveral => after(sources, None, f),
            AfterSeveralInto => after(sources, Some(&own), f),
        }
    }

    /// One whose function must not run, and whose context counts its drops.
    fn needless(self, sources: &[Handle], drops: &Arc<AtomicUsize>) -> Handle {
        let count = counted(drops);
        self.step(sources, move |_, _| {
            let _ = &count;
            panic!("a function ran that is not needed")
        })
    }
}

fn counted(drops: &Arc<AtomicUsize>) -> OnDrop<impl FnMut() + Send + use<>> {
    let drops = drops.clone();
    OnDrop(move || {
        drops.fetch_add(1, SeqCst);
    })
}

/// What completes it otherwise.
const OTHERWISE: [fn(&Handle) -> asynchron_status_t; 3] =
    [Handle::cancel, |into| into.set(b"x"), |into| into.fail(1, "x")];

#[test]
fn races_on_a_source_that_lives_long_leave_no_memory_behind() {
    for way in WAYS {
        in_child(300, move || {
            let long = Handle::many(3);
            let round = || {
                let loser = Arc::new(way.step(&long, |_, _| 0));
                let quick = Handle::new();
                let cancels = loser.clone();
                let winner = then(&quick, None, move |_, _| {
                    assert_eq!(cancels.cancel(), ASYNCHRON_OK);
                    0
                });
                quick.set(b"x");
                assert_eq!(winner.get(), Ok(vec![]));
            };
            (0..1_000).for_each(|_| round());
            let before = memory::in_use();
            (0..50_000).for_each(|_| round());
            let more = memory::in_use().saturating_sub(before);
            assert!(more < 64 * 1024, "{way:?} left {more} bytes behind");
            long.iter().for_each(|source| assert_eq!(source.set(b"x"), ASYNCHRON_OK));
        });
    }
}

#[test]
fn the_context_is_dropped_when_the_call_that_completes_into_returns() {
    within(60, || {
        for way in WAYS {
            for complete in OTHERWISE {
                let (sources, drops) = (Handle::many(3), Arc::new(AtomicUsize::new(0)));
                let into = way.needless(&sources, &drops);
                assert_eq!(drops.load(SeqCst), 0);
                assert_eq!(complete(&into), ASYNCHRON_OK);
                assert_eq!(drops.load(SeqCst), 1, "{way:?}");
                assert_eq!(sources[0].poll(), ASYNCHRON_PENDING);
                sources.iter().for_each(|source| assert_eq!(source.set(b"x"), ASYNCHRON_OK));
                assert_eq!(drops.load(SeqCst), 1, "{way:?}");
            }
        }
    });
}

/// By the last handle of a source of its own, or by passing on.
#[test]
fn a_step_lets_go_when_into_is_completed_by_another_step() {
    within(60, || {
        for way in WAYS {
            let (sources, drops) = (Handle::many(3), Arc::new(AtomicUsize::new(0)));
            let into = way.needless(&sources, &drops);
            let other = Handle::new();
            let same = then(&other, Some(&into), |_, _| 0);
            drop(other);
            assert_eq!(same.error().map(|why| why.code), Ok(ASYNCHRON_E_BROKEN as i32));
            assert_eq!(drops.load(SeqCst), 1, "{way:?}");
        }
    });
}

#[test]
fn a_step_into_what_is_complete_lets_go_at_once() {
    within(60, || {
        for several in [1, 3] {
            let (sources, drops) = (Handle::many(several), Arc::new(AtomicUsize::new(0)));
            let into = Handle::new();
            into.cancel();
            let count = counted(&drops);
            let same = after(&sources, Some(&into), move |_, _| {
                let _ = &count;
                panic!("it is complete")
            });
            assert_eq!(same.raw(), into.raw());
            assert_eq!(drops.load(SeqCst), 1);
            sources.iter().for_each(|source| assert_eq!(source.set(b"x"), ASYNCHRON_OK));
        }
    });
}

#[test]
fn several_steps_into_the_same_let_go_together() {
    within(60, || {
        let (sources, into) = (Handle::many(7), Handle::new());
        let drops = Arc::new(AtomicUsize::new(0));
        for source in &sources {
            let count = counted(&drops);
            let _ = then(source, Some(&into), move |_, _| {
                let _ = &count;
                0
            });
        }
        sources[3].set(b"x"); // This one runs, and so all others are not needed.
        assert_eq!(into.get(), Ok(vec![]));
        assert_eq!(drops.load(SeqCst), 7);
    });
}

#[test]
fn a_step_that_has_let_go_is_unknown_to_its_sources() {
    within(60, || {
        for way in WAYS {
            let (sources, drops) = (Handle::many(3), Arc::new(AtomicUsize::new(0)));
            let before = way.step(&sources, |_, _| 0);
            let into = way.needless(&sources, &drops);
            let behind = way.step(&sources, |_, _| 0);
            into.cancel();
            // One that was told already is kept no longer, and one that is pending never was.
            drop(into);
            for source in sources {
                assert_eq!(source.set(b"x"), ASYNCHRON_OK);
            }
            assert_eq!([before.get(), behind.get()], [Ok(vec![]), Ok(vec![])], "{way:?}");
            assert_eq!(drops.load(SeqCst), 1);
        }
    });
}

#[test]
fn a_source_that_was_complete_is_released_with_the_step() {
    within(60, || {
        for into in [None, Some(Handle::new())] {
            let tally = Tally::new();
            let sources = [with_user_data(tally.ptr(), tally.drop_fn()), Handle::new()];
            let into = after(&sources, into.as_ref(), |_, _| 0);
            sources[0].set(b"x");
            let [complete, _pending] = sources;
            drop(complete);
            assert_eq!(tally.drops(), 0, "the step keeps it");
            into.cancel();
            assert_eq!(tally.drops(), 1);
        }
    });
}

/// The callback comes before the step: both are due, and the step finds that it is not needed.
#[test]
fn into_may_be_cancelled_inside_a_callback_of_the_source() {
    within(60, || {
        for way in WAYS {
            for registered_first in [true, false] {
                let (source, drops) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
                let into = Arc::new(Mutex::new(None::<Handle>));
                let theirs = into.clone();
                let cancels = move |_: *mut asynchron_t| {
                    theirs.lock().unwrap().as_ref().map(Handle::cancel);
                };
                let sources = vec![source.clone(); 2];
                let mut cancels = Some(cancels);
                if registered_first {
                    notify(&source, cancels.take().unwrap());
                }
                let count = counted(&drops);
                let made = way.step(&sources, move |_, _| {
                    let _ = &count;
                    0
                });
                *into.lock().unwrap() = Some(made.clone());
                if let Some(cancels) = cancels {
                    notify(&source, cancels);
                }
                source.set(b"x");
                assert_eq!(drops.load(SeqCst), 1, "{way:?}");
                let ended = if registered_first { ASYNCHRON_CANCELLED } else { ASYNCHRON_OK };
                assert_eq!(made.poll(), ended, "{way:?}");
            }
        }
    });
}

/// Rules 3 and 4: no lock is held, and whoever waits has been woken.
#[test]
fn the_drop_of_a_needless_context_may_call_anything() {
    within(60, || {
        for way in WAYS {
            let sources = Handle::many(2);
            let (all, seen) = (sources.clone(), Arc::new(AtomicUsize::new(0)));
            let report = Report::new();
            let into = Arc::new(Mutex::new(None::<Handle>));
            let (of_into, reported, saw) = (into.clone(), report.clone(), seen.clone());
            let drop_all = OnDrop(move || {
                let into = of_into.lock().unwrap().take().unwrap();
                assert_eq!(into.poll(), ASYNCHRON_CANCELLED);
                assert_eq!(reported.next_tag(0), Ok(7), "reports learn before");
                all.iter().for_each(|source| {
                    let _ = then(source, None, |_, _| 0);
                    assert_eq!(source.set(b"x"), ASYNCHRON_OK);
                });
                saw.fetch_add(1, SeqCst);
            });
            let made = way.step(&sources, move |_, _| {
                let _ = &drop_all;
                panic!("it is not needed")
            });
            report.add(&made, 7);
            *into.lock().unwrap() = Some(made.clone());
            made.cancel();
            assert_eq!(seen.load(SeqCst), 1, "{way:?}");
        }
    });
}

/// Each lets go of what the next one's context holds.
#[test]
fn a_hundred_thousand_steps_let_go_through_each_other_in_constant_stack() {
    in_child(120, || {
        let thread = std::thread::Builder::new().stack_size(64 * 1024);
        let works = thread.spawn(|| {
            let (source, drops) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
            let mut last = then(&source, None, |_, _| 0);
            for _ in 0..100_000 {
                let (inner, drops) = (last, drops.clone());
                let cancels = OnDrop(move || {
                    inner.cancel();
                    drops.fetch_add(1, SeqCst);
                });
                last = then(&source, None, move |_, _| {
                    let _ = &cancels;
                    0
                });
            }
            last.cancel();
            assert_eq!(drops.load(SeqCst), 100_000);
        });
        works.unwrap().join().unwrap();
    });
}

type Taken = Mutex<Option<Handle>>;

fn release(place: &Taken) {
    drop(place.lock().unwrap().take());
}

/// Into is cancelled, while the sources complete or go with their last handles, and into's own goes, too.
#[test]
fn a_cancel_meets_the_sources_and_the_last_releases() {
    for way in WAYS {
        in_child(240, move || {
            memory::quarantine();
            struct Subject {
                sources: [Taken; 2],
                into: [Taken; 2],
                drops: Arc<AtomicUsize>,
            }
            let take = |place: &Taken| place.lock().unwrap().take().unwrap();
            race(
                1_500,
                |round| {
                    let (sources, drops) = (Handle::many(2), Arc::new(AtomicUsize::new(0)));
                    let count = counted(&drops);
                    let into = way.step(&sources, move |_, _| {
                        let _ = &count;
                        0
                    });
                    if round % 3 == 0 {
                        sources[1].set(b"x");
                    }
                    let into = [into.clone(), into].map(|into| Mutex::new(Some(into)));
                    let sources = <[Handle; 2]>::try_from(sources).ok().unwrap();
                    Subject { sources: sources.map(|s| Mutex::new(Some(s))), into, drops }
                },
                &[
                    &|s: &Subject| {
                        take(&s.into[0]).cancel();
                    },
                    &|s| {
                        let source = take(&s.sources[0]);
                        source.set(b"x");
                    },
                    &|s| {
                        release(&s.sources[1]);
                        release(&s.into[1]);
                    },
                ],
                |s| {
                    let drops = s.drops.clone();
                    drop(s);
                    assert_eq!(drops.load(SeqCst), 1);
                },
            );
            memory::check_quarantine();
        });
    }
}

/// What the step delivers into is known to others while the step is being made.
#[test]
fn a_cancel_meets_the_making_of_a_step() {
    for several in [1, 2] {
        in_child(240, move || {
            memory::quarantine();
            type Subject = (Vec<Handle>, Handle, Arc<AtomicUsize>);
            race(
                1_500,
                |_| (Handle::many(several), Handle::new(), Arc::new(AtomicUsize::new(0))),
                &[
                    &|(sources, into, drops): &Subject| {
                        let count = counted(drops);
                        let _ = after(sources, Some(into), move |_, _| {
                            let _ = &count;
                            0
                        });
                    },
                    &|(_, into, _)| {
                        into.cancel();
                    },
                    &|(sources, ..)| {
                        sources[0].set(b"x");
                    },
                ],
                |(sources, into, drops): Subject| {
                    assert_eq!(drops.load(SeqCst), 1);
                    assert_ne!(into.poll(), ASYNCHRON_PENDING);
                    drop(sources);
                },
            );
            memory::check_quarantine();
        });
    }
}

/// A chain's middle is both: what one step delivers into, and another one's source.
#[test]
fn a_cancel_at_the_end_of_a_chain_meets_its_beginning() {
    in_child(240, || {
        memory::quarantine();
        race(
            1_500,
            |_| {
                let (first, drops) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
                let middle = then(&first, None, |_, _| 0);
                let count = counted(&drops);
                let last = then(&middle, None, move |_, _| {
                    let _ = &count;
                    0
                });
                drop(middle);
                (first, last, drops)
            },
            &[
                &|(first, ..): &(Handle, Handle, Arc<AtomicUsize>)| {
                    first.set(b"x");
                },
                &|(_, last, _)| {
                    last.cancel();
                },
            ],
            |(first, last, drops)| {
                assert_ne!(last.poll(), ASYNCHRON_PENDING);
                assert_eq!(drops.load(SeqCst), 1);
                drop((first, last));
            },
        );
        memory::check_quarantine();
    });
}
