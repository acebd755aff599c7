//! Rule 10, what a report holds and in which order it gives it away.

use crate::support::*;
use std::cell::RefCell;
use std::thread;

fn no_item() -> asynchron_item_t {
    asynchron_item_t { asynchron: null_mut(), tag: null_mut() }
}

/// The tags of a batch, whose references are released.
fn batch(r: &Report, timeout: u64, cap: usize) -> Result<Vec<usize>, asynchron_status_t> {
    let mut items: Vec<_> = (0..cap).map(|_| no_item()).collect();
    let mut n = usize::MAX;
    let out = items.as_mut_ptr();
    match unsafe { asynchron_report_next_batch(r.raw(), timeout, out, cap, &mut n) } {
        ASYNCHRON_OK => Ok(items[..n]
            .iter()
            .map(|item| {
                drop(Handle::owned(item.asynchron));
                item.tag as usize
            })
            .collect()),
        other => {
            assert_eq!(n, 0);
            Err(other)
        }
    }
}

fn all_tags(r: &Report) -> Vec<usize> {
    std::iter::from_fn(|| r.next_tag(0).ok()).collect()
}

/// A report of pending ones, whose tags are their numbers.
fn numbered(n: usize) -> (Report, Vec<Handle>) {
    let (r, all) = (Report::new(), Handle::many(n));
    all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
    (r, all)
}

#[test]
fn items_come_in_the_order_of_their_completion() {
    within(60, || {
        let (r, all) = numbered(5);
        assert_eq!((r.pending(), r.next_tag(0)), (5, Err(ASYNCHRON_TIMEOUT)));
        all[3].set(b"x");
        let (item, tag) = r.next(0).unwrap();
        assert_eq!((item.raw(), tag), (all[3].raw(), 3));
        assert_eq!((r.pending(), r.next_tag(0)), (4, Err(ASYNCHRON_TIMEOUT)));
        all[4].fail(1, "x");
        all[0].cancel();
        assert_eq!(r.next_tag(0), Ok(4));
        all[2].set(b"x");
        assert_eq!((r.next_tag(0), r.next_tag(0)), (Ok(0), Ok(2)));
        assert_eq!((r.pending(), r.next_tag(0)), (1, Err(ASYNCHRON_TIMEOUT)));
    });
    within(60, || {
        let (r, all) = numbered(6);
        for tag in [3, 0, 4, 5, 1, 2] {
            all[tag].set(b"x");
        }
        assert_eq!(r.pending(), 6, "ready ones count until they are taken");
        assert_eq!(all_tags(&r), [3, 0, 4, 5, 1, 2]);
        assert_eq!((r.pending(), r.next_tag(0)), (0, Err(ASYNCHRON_END)));
    });
}

/// Arrival counts: one that was complete when it was added comes after those that were here.
#[test]
fn the_order_is_that_of_arrival_at_this_report() {
    let (r, all) = numbered(2);
    let early = Handle::new();
    early.set(b"x");
    all[1].set(b"x");
    r.add(&early, 7);
    all[0].set(b"x");
    assert_eq!(all_tags(&r), [1, 7, 0]);
    // Another report gets them in another order, from the same completions.
    let other = Report::of(&[all[0].clone(), early]);
    other.add(&all[1], 1);
    assert_eq!(other.next(0).unwrap().0.raw(), all[0].raw());
    assert_eq!(all_tags(&other), [0, 1], "created from a list, without tags");
}

#[test]
fn a_batch_is_the_same_in_one_step() {
    within(60, || {
        let (r, all) = numbered(7);
        assert_eq!(batch(&r, 0, 3), Err(ASYNCHRON_TIMEOUT));
        for tag in [6, 5, 4, 3] {
            all[tag].set(b"x");
        }
        assert_eq!(batch(&r, ASYNCHRON_FOREVER, 3), Ok(vec![6, 5, 4]));
        assert_eq!(batch(&r, ASYNCHRON_FOREVER, 3), Ok(vec![3]), "what there is, without a wait");
        let late = start(move || batch(&r, ASYNCHRON_FOREVER, 100)).asleep();
        all[0].set(b"x");
        assert_eq!(late.join(), Ok(vec![0]));
    });
    let (r, all) = numbered(1);
    all[0].set(b"x");
    r.wake();
    assert_eq!(batch(&r, 0, 9), Err(ASYNCHRON_WOKEN));
    assert_eq!((batch(&r, 0, 9), batch(&r, 0, 9)), (Ok(vec![0]), Err(ASYNCHRON_END)));
}

#[test]
fn added_twice_it_is_yielded_twice() {
    for early in [true, false] {
        let (r, a) = (Report::new(), Handle::new());
        if early {
            a.set(b"x");
        }
        for tag in 1..4 {
            r.add(&a, tag);
        }
        a.set(b"x");
        assert_eq!((r.pending(), all_tags(&r)), (3, vec![1, 2, 3]));
    }
}

#[test]
fn remove_takes_the_oldest_of_it_ready_or_not() {
    for ready in [0, 1, 2] {
        let (r, a, b) = (Report::new(), Handle::new(), Handle::new());
        if ready == 0 {
            a.set(b"x");
        }
        r.add(&b, 10);
        for tag in 1..5 {
            r.add(&a, tag);
        }
        if ready == 1 {
            a.set(b"x");
        }
        assert_eq!((r.remove(&a), r.pending()), (ASYNCHRON_OK, 4));
        if ready == 0 {
            assert_eq!(r.next_tag(0), Ok(2));
            assert_eq!(r.remove(&a), ASYNCHRON_OK);
            assert_eq!(all_tags(&r), [4]);
        } else {
            assert_eq!(r.remove(&a), ASYNCHRON_OK);
            a.set(b"x");
            assert_eq!(all_tags(&r), [3, 4]);
        }
        assert_eq!(r.remove(&a), ASYNCHRON_END, "not in it any more");
        assert_eq!((r.remove(&b), r.remove(&b)), (ASYNCHRON_OK, ASYNCHRON_END));
        b.set(b"x");
        assert_eq!((r.pending(), r.next_tag(0)), (0, Err(ASYNCHRON_END)));
    }
    // What was removed does not come back by its completion, and can be added anew.
    let (r, a) = (Report::new(), Handle::new());
    r.add(&a, 1);
    r.remove(&a);
    r.add(&a, 2);
    a.set(b"x");
    assert_eq!(all_tags(&r), [2]);
}

#[test]
fn a_reference_is_kept_and_handed_over_with_the_item() {
    let tally = Tally::new();
    let (r, a) = (Report::new(), Handle::new());
    let callbacks = Arc::new(AtomicUsize::new(0));
    let ran = callbacks.clone();
    notify(&a, move |_| _ = ran.fetch_add(1, SeqCst));
    r.add(&a, 0);
    let raw = a.raw();
    drop(a);
    assert_eq!((callbacks.load(SeqCst), tally.drops()), (0, 0), "the report's is not the last");
    unsafe { asynchron_set_pointer(raw, tally.ptr(), tally.drop_fn()) };
    let (item, _) = r.next(0).unwrap();
    drop(r);
    assert_eq!((item.raw(), tally.drops(), callbacks.load(SeqCst)), (raw, 0, 1));
    drop(item);
    assert_eq!(tally.drops(), 1);
}

/// Removed, or left in a report that goes: the report's reference goes, too.
#[test]
fn what_is_not_taken_is_released() {
    for (ready, removed) in [(true, true), (true, false), (false, true), (false, false)] {
        let (value, user) = (Tally::new(), Tally::new());
        let (r, a) = (Report::new(), with_user_data(user.ptr(), user.drop_fn()));
        r.add(&a, 0);
        if ready {
            a.set_pointer(value.ptr(), value.drop_fn());
        }
        let raw = a.raw();
        drop(a);
        let kept = r.clone();
        drop(r);
        assert_eq!(user.drops(), 0);
        if removed {
            assert_eq!(unsafe { asynchron_report_remove(kept.raw(), raw) }, ASYNCHRON_OK);
        } else {
            drop(kept);
        }
        assert_eq!((value.drops(), user.drops()), (usize::from(ready), 1));
    }
}

/// A report that is gone leaves nothing on what is still pending: no memory, and nothing that would be touched.
#[test]
fn a_report_released_while_its_sources_are_pending() {
    in_child(120, || {
        let sources = Handle::many(100);
        let again = |rounds: usize| {
            for _ in 0..rounds {
                let r = Report::of(&sources);
                assert_eq!(r.next_tag(0), Err(ASYNCHRON_TIMEOUT));
                let other = Report::of(&sources[..50]);
                r.remove(&sources[3]);
                drop(r);
                assert_eq!((other.pending(), other.next_tag(1)), (50, Err(ASYNCHRON_TIMEOUT)));
            }
        };
        again(50);
        let before = memory::in_use();
        again(500);
        let after = memory::in_use();
        assert!(after < before + 20_000, "grew from {before} to {after} bytes");
        memory::quarantine();
        again(50);
        for a in &sources {
            a.set(b"x");
        }
        memory::check_quarantine();
    });
}

/// Its sources complete while the report goes.
#[test]
fn releasing_a_report_against_completions() {
    in_child(120, || {
        memory::quarantine();
        race(
            4000,
            |_| {
                let all = Handle::many(4);
                let list = handle::raws(&all);
                let r = unsafe { asynchron_report_create(list.as_ptr(), list.len()) };
                (all, r as usize)
            },
            &[
                &|(all, _): &(Vec<Handle>, usize)| all.iter().for_each(|a| _ = a.set(b"x")),
                &|(_, r)| unsafe { asynchron_report_release(*r as *mut asynchron_report_t) },
            ],
            drop,
        );
        memory::check_quarantine();
    });
}

/// A million pending, completed by another thread in a shuffled order, come in exactly that order.
#[test]
fn a_million_in_shuffled_order() {
    within(170, || {
        const N: usize = 1_000_000;
        let (r, mut all) = numbered(N);
        let mut order: Vec<usize> = (0..N).collect();
        let mut x = 88172645463325252u64;
        for i in (1..N).rev() {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            order.swap(i, (x % (i as u64 + 1)) as usize);
        }
        assert_eq!(r.pending(), N);
        let expected = order.clone();
        let deliverer = thread::spawn(move || {
            for n in order {
                assert_eq!(all[n].set_number(n as u64), ASYNCHRON_OK);
            }
            all.clear();
        });
        for (i, n) in expected.iter().enumerate() {
            let (item, tag) = r.next(ASYNCHRON_FOREVER).unwrap();
            assert_eq!((tag, i), (*n, i));
            assert_eq!(item.number(), Ok(*n as u64));
        }
        assert_eq!(r.next_tag(ASYNCHRON_FOREVER), Err(ASYNCHRON_END));
        deliverer.join().unwrap();
    });
}

/// Also if the second was added between the completion and the news of it.
#[test]
fn the_oldest_is_removed_however_adding_meets_completing() {
    within(60, || {
        race(
            20_000,
            |_| {
                let (r, a) = (Report::new(), Handle::new());
                r.add(&a, 1);
                (r, a)
            },
            &[
                &|(_, a): &(Report, Handle)| {
                    a.set(b"x");
                },
                &|(r, a): &(Report, Handle)| {
                    while a.poll() == ASYNCHRON_PENDING {
                        std::hint::spin_loop();
                    }
                    r.add(a, 2);
                },
            ],
            |(r, a)| {
                assert_eq!(r.remove(&a), ASYNCHRON_OK);
                assert_eq!(r.next_tag(0), Ok(2));
            },
        );
    });
}

/// Also if one that was found incomplete has completed before it could be listened to.
#[test]
fn the_oldest_are_removed_however_many_are_added_meanwhile() {
    type Subject = (Report, Handle, usize);
    within(60, || {
        race(
            10_000,
            |round| {
                let (r, a) = (Report::new(), Handle::new());
                // Those that listen already make its completion take long.
                (0..100).for_each(|tag| r.add(&a, tag));
                (r, a, round % 100)
            },
            &[
                &|(_, a, _): &Subject| assert_eq!(a.set(b"x"), ASYNCHRON_OK),
                &|(r, a, _): &Subject| (100..200).for_each(|tag| r.add(a, tag)),
            ],
            |(r, a, oldest)| {
                (0..oldest).for_each(|_| assert_eq!(r.remove(&a), ASYNCHRON_OK));
                let mut left: Vec<_> = std::iter::from_fn(|| r.next_tag(0).ok()).collect();
                left.sort();
                assert_eq!(left, (oldest..200).collect::<Vec<_>>());
            },
        );
    });
}

/// Room for what is added comes as it is needed, and is used again.
#[test]
fn a_report_takes_memory_in_proportion() {
    in_child(60, || {
        const N: usize = 20_000;
        let (r, all) = (Report::new(), Handle::many(N));
        let before = memory::in_use();
        for round in 0..3 {
            all.iter().for_each(|a| r.add(a, 0));
            let each = (memory::in_use() - before) / N;
            assert!(each < 200, "{each} bytes each in round {round}");
            all.iter().for_each(|a| assert_eq!(r.remove(a), ASYNCHRON_OK));
        }
    });
}
#[test]
fn what_is_left_is_released_in_the_order_of_adding() {
    thread_local!(static DROPPED: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) });
    unsafe extern "C" fn note(value: *mut c_void) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(value as usize));
    }
    // More than there is room for at first.
    let r = Report::new();
    for number in 1..200 {
        let a = Handle::new();
        a.set_pointer(number as *mut c_void, Some(note));
        r.add(&a, 0);
    }
    drop(r);
    assert_eq!(DROPPED.take(), (1..200).collect::<Vec<_>>());
}
