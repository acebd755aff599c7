//! Rule 10, reports and threads: each item goes to one next, each wake too, and nobody waits for nothing.

use crate::support::*;
use std::sync::Mutex;
use std::sync::atomic::AtomicIsize;
use std::sync::mpsc::channel;
use std::thread;

#[test]
fn woken_before_items_before_end_before_timeout() {
    within(60, || {
        for timeout in [0, MS, ASYNCHRON_FOREVER] {
            let (r, a, b) = (Report::new(), Handle::new(), Handle::new());
            assert_eq!(r.next_tag(timeout), Err(ASYNCHRON_END), "of nothing");
            r.wake();
            r.wake();
            r.add(&a, 1);
            r.add(&b, 2);
            a.set(b"x");
            assert_eq!(r.next_tag(timeout), Err(ASYNCHRON_WOKEN));
            assert_eq!(r.next_tag(timeout), Err(ASYNCHRON_WOKEN), "as many as wakes");
            assert_eq!(r.next_tag(timeout), Ok(1));
            if timeout != ASYNCHRON_FOREVER {
                assert_eq!(r.next_tag(timeout), Err(ASYNCHRON_TIMEOUT));
            }
            r.wake();
            b.cancel();
            assert_eq!((r.next_tag(timeout), r.next_tag(timeout)), (Err(ASYNCHRON_WOKEN), Ok(2)));
            r.wake();
            assert_eq!(r.next_tag(timeout), Err(ASYNCHRON_WOKEN), "WOKEN before END");
            assert_eq!(r.next_tag(timeout), Err(ASYNCHRON_END));
            // END is no state: more can be added.
            r.add(&a, 3);
            assert_eq!((r.next_tag(timeout), r.next_tag(timeout)), (Ok(3), Err(ASYNCHRON_END)));
        }
    });
}

/// Several threads blocked in next.
fn blocked(r: &Report, n: usize) -> Vec<Waiter<Result<usize, asynchron_status_t>>> {
    (0..n)
        .map(|_| {
            let r = r.clone();
            start(move || r.next_tag(ASYNCHRON_FOREVER))
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(Waiter::asleep)
        .collect()
}

fn join(waiters: Vec<Waiter<Result<usize, asynchron_status_t>>>) -> Vec<String> {
    let mut results: Vec<_> = waiters.into_iter().map(|w| format!("{:?}", w.join())).collect();
    results.sort();
    results
}

const END: &str = "Err(ASYNCHRON_END)";
const WOKEN: &str = "Err(ASYNCHRON_WOKEN)";

#[test]
fn the_end_reaches_those_already_blocked() {
    // The last item is taken by one of them.
    within(60, || {
        let (r, a) = (Report::new(), Handle::new());
        r.add(&a, 1);
        let waiters = blocked(&r, 4);
        a.set(b"x");
        assert_eq!(join(waiters), [END, END, END, "Ok(1)"]);
    });
    // The last one is taken out while it is pending.
    within(60, || {
        let (r, a, b) = (Report::new(), Handle::new(), Handle::new());
        r.add(&a, 1);
        r.add(&b, 2);
        let waiters = blocked(&r, 3);
        r.remove(&a);
        let waiters: Vec<_> = waiters.into_iter().map(Waiter::asleep).collect();
        r.remove(&b);
        assert_eq!(join(waiters), [END, END, END]);
    });
    // And by a batch.
    within(60, || {
        let (r, a) = (Report::new(), Handle::new());
        r.add(&a, 1);
        let other = r.clone();
        let batch = start(move || {
            let (mut item, mut n) =
                (asynchron_item_t { asynchron: null_mut(), tag: null_mut() }, 9);
            let (out, forever) = (&raw mut item, ASYNCHRON_FOREVER);
            let s = unsafe { asynchron_report_next_batch(other.raw(), forever, out, 1, &mut n) };
            unsafe { asynchron_release(item.asynchron) };
            (s, n)
        });
        let batch = batch.asleep();
        let waiters = blocked(&r, 2);
        r.remove(&a);
        assert_eq!((batch.join(), join(waiters)), ((ASYNCHRON_END, 0), vec![END.to_owned(); 2]));
    });
}

/// Whether the last one is yielded or taken out; what is added at once stays pending.
#[test]
fn the_end_reaches_all_that_were_blocked_also_if_something_is_added_at_once() {
    within(120, || {
        for round in 0..6 {
            let (r, last, added) = (Report::new(), Handle::new(), Handle::new());
            r.add(&last, 1);
            let waiters = blocked(&r, 80);
            let mut told = vec![END; 80];
            match round % 3 {
                0 => _ = r.remove(&last),
                1 => {
                    // It is there and taken before any of them can be.
                    r.wake();
                    r.remove(&last);
                    told[79] = WOKEN;
                }
                _ => {
                    let other = r.clone();
                    last.set(b"x");
                    until(|| other.pending() == 0);
                    told[79] = "Ok(1)";
                }
            }
            r.add(&added, 2);
            assert_eq!(join(waiters), told);
            assert_eq!(r.next_tag(0), Err(ASYNCHRON_TIMEOUT), "it is for those blocked then alone");
            added.set(b"x");
            assert_eq!((r.next_tag(0), r.next_tag(0)), (Ok(2), Err(ASYNCHRON_END)));
        }
    });
}

/// What is due on the thread that asks runs before it sleeps, and may take the last one out.
#[test]
fn the_end_reaches_one_whose_own_callback_adds_something_at_once() {
    within(60, || {
        let (r, a, last) = (Report::new(), Handle::new(), Handle::new());
        r.add(&last, 1);
        let (asks, takes, (tell, told)) = (r.clone(), r.clone(), channel());
        notify(&a, move |_| tell.send(asks.next_tag(1)).unwrap());
        let added = last.clone();
        notify(&a, move |_| {
            takes.remove(&last);
            takes.add(&last, 2);
        });
        a.set(b"x");
        assert_eq!(told.recv(), Ok(Err(ASYNCHRON_END)));
        assert_eq!(r.next_tag(0), Err(ASYNCHRON_TIMEOUT), "it is for the one that asked before");
        added.set(b"x");
        assert_eq!((r.next_tag(0), r.next_tag(0)), (Ok(2), Err(ASYNCHRON_END)));
    });
}

/// Some were put in order by an earlier call, and far more have arrived since.
#[test]
fn a_batch_has_all_that_have_arrived_also_if_many_did_after_the_first() {
    within(60, || {
        for (before, after, cap) in [(1, 40, 2), (1, 40, 60), (3, 100, 200), (40, 40, 80)] {
            let (r, all) = (Report::new(), Handle::many(before + after + 1));
            all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
            all[..=before].iter().for_each(|a| _ = a.set(b"x"));
            assert_eq!(r.next_tag(0), Ok(0));
            all[before + 1..].iter().for_each(|a| _ = a.set(b"x"));
            let mut items = vec![asynchron_item_t { asynchron: null_mut(), tag: null_mut() }; cap];
            let mut n = 0;
            let out = items.as_mut_ptr();
            let status = unsafe { asynchron_report_next_batch(r.raw(), 0, out, cap, &mut n) };
            assert_eq!((status, n), (ASYNCHRON_OK, cap.min(before + after)));
            for (tag, item) in items[..n].iter().enumerate() {
                assert_eq!(item.tag as usize, tag + 1);
                drop(Handle::owned(item.asynchron));
            }
        }
    });
}

/// It is handed out in several steps.
#[test]
fn a_large_batch_is_whole_and_in_order_and_its_end_is_told() {
    within(60, || {
        for (n, cap) in [(31, 100), (32, 32), (33, 100), (64, 64), (100, 65), (1000, 1000)] {
            let (r, all, given) = (Report::new(), Handle::many(n), n.min(cap));
            all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
            let fd = r.fd();
            all.iter().for_each(|a| _ = a.set(b"x"));
            let nothing = || asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
            let mut items: Vec<_> = (0..n).map(|_| nothing()).collect();
            let (out, mut got) = (items.as_mut_ptr(), 0);
            r.wake();
            let mut batch =
                || unsafe { asynchron_report_next_batch(r.raw(), 0, out, cap, &mut got) };
            assert_eq!((batch(), batch()), (ASYNCHRON_WOKEN, ASYNCHRON_OK));
            assert_eq!((got, r.pending()), (given, n - given));
            for (tag, item) in items.iter().take(given).enumerate() {
                assert_eq!((item.tag as usize, item.asynchron), (tag, all[tag].raw()));
                unsafe { asynchron_release(item.asynchron) };
            }
            let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
            assert_eq!(unsafe { libc::poll(&mut poll, 1, 0) }, i32::from(given < n));
            let next = r.next_tag(0);
            assert_eq!(next, if given < n { Ok(given) } else { Err(ASYNCHRON_END) });
        }
    });
}

#[test]
fn each_wake_wakes_one_and_is_not_lost() {
    within(60, || {
        let (r, a) = (Report::new(), Handle::new());
        r.add(&a, 1);
        let waiters = blocked(&r, 5);
        for _ in 0..3 {
            r.wake();
        }
        until(|| waiters.iter().filter(|w| w.is_finished()).count() == 3);
        let (woken, rest): (Vec<_>, Vec<_>) = waiters.into_iter().partition(Waiter::is_finished);
        assert_eq!(join(woken), [WOKEN; 3]);
        let rest = rest.into_iter().map(Waiter::asleep).collect();
        assert_eq!(r.next_tag(0), Err(ASYNCHRON_TIMEOUT), "three wakes woke three");
        a.set(b"x");
        assert_eq!(join(rest), [END, "Ok(1)"]);
        // Sticky: nobody is there when they come.
        r.add(&Handle::new(), 2);
        for _ in 0..1000 {
            r.wake();
        }
        for _ in 0..1000 {
            assert_eq!(r.next_tag(0), Err(ASYNCHRON_WOKEN));
        }
        assert_eq!(r.next_tag(0), Err(ASYNCHRON_TIMEOUT));
    });
}

/// k wakes from several threads make k nexts in several threads return WOKEN, and no more.
#[test]
fn wakes_are_counted() {
    within(120, || {
        let (r, woken) = (Report::new(), AtomicUsize::new(0));
        let never = Handle::new();
        r.add(&never, 0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..20_000).for_each(|_| r.wake()));
                scope.spawn(|| {
                    while woken.load(SeqCst) < 40_000 {
                        if r.next_tag(MS) == Err(ASYNCHRON_WOKEN) {
                            woken.fetch_add(1, SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!((woken.load(SeqCst), r.next_tag(0)), (40_000, Err(ASYNCHRON_TIMEOUT)));
    });
}

/// Threads in next share the items of threads that complete them; at the end all learn of it.
#[test]
fn each_item_goes_to_one() {
    within(120, || {
        const N: usize = 40_000;
        let (r, all) = (Report::new(), Handle::many(N));
        all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
        let seen: Vec<AtomicUsize> = (0..N).map(|_| AtomicUsize::new(0)).collect();
        thread::scope(|scope| {
            for part in 0..2 {
                let all = &all;
                scope.spawn(move || all.iter().skip(part).step_by(2).for_each(|a| _ = a.set(b"x")));
            }
            for _ in 0..3 {
                scope.spawn(|| {
                    loop {
                        match r.next(ASYNCHRON_FOREVER) {
                            Ok((a, tag)) => {
                                assert_eq!((a.raw(), a.poll()), (all[tag].raw(), ASYNCHRON_OK));
                                seen[tag].fetch_add(1, SeqCst);
                            }
                            Err(end) => return assert_eq!(end, ASYNCHRON_END),
                        }
                    }
                });
            }
        });
        assert!(seen.iter().all(|n| n.load(SeqCst) == 1));
    });
}

/// One that is removed while it completes is either gone or an item, never both.
#[test]
fn remove_against_completion() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Report, Handle, Mutex<Option<asynchron_status_t>>);
        race(
            4000,
            |_| {
                let (r, a) = (Report::new(), Handle::new());
                r.add(&a, 1);
                r.add(&a, 2);
                (r, a, Mutex::new(None))
            },
            &[
                &|(_, a, _): &Subject| assert_eq!(a.set(b"x"), ASYNCHRON_OK),
                &|(r, a, _)| assert_eq!(r.remove(a), ASYNCHRON_OK),
                &|(r, _, got)| *got.lock().unwrap() = r.next_tag(0).err(),
            ],
            |(r, a, got): Subject| {
                let taken = got.into_inner().unwrap().is_none();
                let rest: Vec<_> = std::iter::from_fn(|| r.next_tag(0).ok()).collect();
                assert_eq!(rest.len() + usize::from(taken), 1, "{rest:?} after {taken}");
                assert_eq!((r.pending(), r.remove(&a)), (0, ASYNCHRON_END));
            },
        );
    });
}

/// The count is right at every moment in between: it never shows more than was added or less than is left.
#[test]
fn pending_while_threads_are_at_it() {
    within(120, || {
        let (r, left) = (Report::new(), AtomicIsize::new(0));
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..20_000 {
                    let a = Handle::new();
                    a.set(b"x");
                    left.fetch_add(1, SeqCst);
                    r.add(&a, 0);
                    assert!(r.pending() <= 20_000);
                }
            });
            scope.spawn(|| {
                let mut taken = 0;
                while taken < 20_000 {
                    match r.next_tag(MS) {
                        Ok(_) => {
                            taken += 1;
                            left.fetch_sub(1, SeqCst);
                        }
                        Err(s) => assert!(s == ASYNCHRON_END || s == ASYNCHRON_TIMEOUT),
                    }
                }
            });
        });
        assert_eq!((r.pending(), left.load(SeqCst)), (0, 0));
    });
}
