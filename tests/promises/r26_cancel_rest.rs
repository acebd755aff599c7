//! Rule 26: with ASYNCHRON_CANCEL_REST all sources that are not complete are cancelled as "unneeded" once what they are
//! for is complete, however that came.

use std::ptr;
use std::sync::Mutex;

use crate::support::*;

const GROUPS: [GroupFn; 3] = [asynchron_all, asynchron_any, asynchron_race];
const REST: u64 = ASYNCHRON_CANCEL_REST;

fn is_unneeded(a: &Handle) -> bool {
    a.poll() == ASYNCHRON_CANCELLED
        && a.error().is_ok_and(|e| (e.code, &*e.domain, &*e.message) == (0, "", "unneeded"))
}

/// Ends a source so that it decides.
fn decide(as_one: GroupFn, source: &Handle) {
    if ptr::fn_addr_eq(as_one, asynchron_all as GroupFn) {
        source.fail(1, "no");
    } else {
        source.set(b"mine");
    }
}

#[test]
fn the_rest_is_cancelled_when_one_decides() {
    for as_one in GROUPS {
        for before in [false, true] {
            for winner in 0..7 {
                let sources = Handle::many(7);
                if before {
                    decide(as_one, &sources[winner]);
                }
                let made = group(as_one, &sources, None, REST);
                decide(as_one, &sources[winner]);
                assert_ne!(made.poll(), ASYNCHRON_PENDING);
                assert_eq!(made.poll(), sources[winner].poll());
                for (index, source) in sources.iter().enumerate() {
                    assert_eq!(is_unneeded(source), index != winner);
                    let kept = index == winner && made.poll() == ASYNCHRON_OK;
                    assert_eq!(unsafe { asynchron_is_shared(source.raw()) }, i32::from(kept));
                }
            }
        }
    }
}

#[test]
fn the_rest_is_cancelled_when_it_completes_otherwise() {
    let ends: [fn(&Handle); 3] = [|a| _ = a.cancel(), |a| _ = a.set(b"x"), |a| _ = a.fail(1, "")];
    for as_one in GROUPS {
        for end in ends {
            for before in [false, true] {
                let (sources, into) = (Handle::many(3), Handle::new());
                if before {
                    end(&into);
                }
                let made = group(as_one, &sources, Some(&into), REST);
                assert_eq!(made.raw(), into.raw());
                end(&into);
                sources.iter().for_each(|source| assert!(is_unneeded(source)));
            }
        }
    }
}

#[test]
fn a_source_that_is_complete_keeps_what_it_has_and_one_that_runs_is_cancelled_too() {
    let sources = Handle::many(3);
    sources[1].set(b"kept");
    let made = group(asynchron_all, &sources, None, REST);
    assert_eq!(unsafe { asynchron_start(sources[2].raw()) }, ASYNCHRON_OK);
    made.cancel();
    assert_eq!(sources[1].get(), Ok(b"kept".to_vec()));
    assert!(is_unneeded(&sources[0]) && is_unneeded(&sources[2]));
}

/// Also before those that were there before the group.
#[test]
fn the_rest_is_cancelled_before_any_callback_runs() {
    within(60, || {
        for as_one in GROUPS {
            for outside in [false, true] {
                let (sources, into) = (Handle::many(6), Handle::new());
                let seen = Arc::new(AtomicUsize::new(0));
                let look = |a: &Handle| {
                    let (all, seen, into) =
                        (handle::raws(&sources), seen.clone(), into.raw() as usize);
                    let all: Vec<_> = all.into_iter().map(|a| a as usize).collect();
                    notify(a, move |_| {
                        let polls = all.iter().map(|a| unsafe { asynchron_poll(*a as *mut _) });
                        assert!(polls.into_iter().all(|status| status != ASYNCHRON_PENDING));
                        let into = unsafe { asynchron_poll(into as *mut _) };
                        assert_ne!(into, ASYNCHRON_PENDING);
                        seen.fetch_add(1, SeqCst);
                    });
                };
                look(&into);
                sources.iter().for_each(look);
                let made = group(as_one, &sources, Some(&into), REST);
                sources.iter().for_each(look);
                look(&into);
                if outside {
                    made.cancel();
                } else {
                    decide(as_one, &sources[3]);
                }
                assert_eq!(seen.load(SeqCst), 14);
            }
        }
    });
}

/// A thread that waits for a source is woken, and so is one that waits for what it is for.
#[test]
fn those_who_wait_for_the_rest_are_woken() {
    within(60, || {
        let sources = Handle::many(2);
        let made = group(asynchron_race, &sources, None, REST);
        let (first, second) = (sources[0].clone(), made.clone());
        let waiters =
            [start(move || first.wait(LONG)).asleep(), start(move || second.wait(LONG)).asleep()];
        sources[1].set(b"x");
        assert!(waiters.into_iter().all(|waiter| waiter.join() == ASYNCHRON_OK));
        assert!(is_unneeded(&sources[0]));
    });
}

/// What is cancelled may be that of another group, whose rest is cancelled, too, and so on.
#[test]
fn a_hundred_thousand_in_a_row_are_cancelled_in_constant_stack() {
    const LINKS: usize = 100_000;
    in_child(170, || {
        threads::within_stack(170, 256 << 10, || {
            for as_one in GROUPS {
                let first = Handle::new();
                let mut last = first.clone();
                for _ in 0..LINKS {
                    last = group(as_one, &[last], None, REST);
                }
                assert_eq!(last.cancel(), ASYNCHRON_OK);
                assert!(is_unneeded(&first));
                // The other way, and by their ends.
                let first = Handle::new();
                let mut last = first.clone();
                for _ in 0..LINKS {
                    last = group(as_one, &[last], None, REST);
                }
                drop(first);
                assert_eq!(last.error().map(|e| e.code), Ok(ASYNCHRON_E_BROKEN as i32));
            }
        })
    });
}

#[test]
fn a_hundred_thousand_sources_of_one_are_cancelled() {
    in_child(170, || {
        threads::within_stack(170, 256 << 10, || {
            let sources = Handle::many(100_000);
            let made = group(asynchron_race, &sources, None, REST);
            sources[77_777].set(b"x");
            assert_eq!(made.get(), Ok(b"x".to_vec()));
            assert_eq!(sources.iter().filter(|source| is_unneeded(source)).count(), 99_999);
        })
    });
}

/// Nobody else has a handle of it: the callback alone keeps it, and may keep it for longer.
#[test]
fn what_is_cancelled_may_be_kept_by_its_callback() {
    let sources = Handle::many(2);
    let made = group(asynchron_race, &sources, None, REST);
    let kept = Arc::new(Mutex::new(None));
    let keeps = kept.clone();
    notify(&sources[0], move |a| *keeps.lock().unwrap() = Some(Handle::shared(a)));
    sources[1].set(b"x");
    drop(sources);
    assert!(is_unneeded(kept.lock().unwrap().as_ref().unwrap()));
    assert_eq!(made.get(), Ok(b"x".to_vec()));
}
