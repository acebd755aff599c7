//! Rule 10, closing: nothing can be added to a closed report; what it holds is yielded, and then its end, which makes
//! the descriptor readable for good. And a descriptor that is watched for changes rings again when it is asked to.

use crate::support::*;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const END: Result<usize, asynchron_status_t> = Err(ASYNCHRON_END);
const WOKEN: Result<usize, asynchron_status_t> = Err(ASYNCHRON_WOKEN);
const TIMEOUT: Result<usize, asynchron_status_t> = Err(ASYNCHRON_TIMEOUT);

fn readable(fd: i32) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let n = unsafe { libc::poll(&mut poll, 1, 0) };
    assert!(n >= 0 && poll.revents & !libc::POLLIN == 0, "{n}, {:#x}", poll.revents);
    n == 1
}

fn is_shared(a: &Handle) -> bool {
    unsafe { asynchron_is_shared(a.raw()) != 0 }
}

/// At most so many.
fn batch(r: &Report, timeout_ns: u64, cap: usize) -> Result<usize, asynchron_status_t> {
    let mut items = vec![asynchron_item_t { asynchron: null_mut(), tag: null_mut() }; cap];
    let mut n = 0;
    let out = items.as_mut_ptr();
    match unsafe { asynchron_report_next_batch(r.raw(), timeout_ns, out, cap, &mut n) } {
        ASYNCHRON_OK => {
            items[..n].iter().for_each(|item| drop(Handle::owned(item.asynchron)));
            Ok(n)
        }
        other => Err(other),
    }
}

#[test]
fn an_addition_to_a_closed_one_is_refused_and_changes_nothing() {
    within(60, || {
        let (r, a, done) = (Report::new(), Handle::new(), Handle::new());
        done.set(b"x");
        // With a place that is free, and without.
        r.add(&done, 0);
        assert_eq!(r.next_tag(0), Ok(0));
        for r in [r, Report::new()] {
            r.close();
            for _ in 0..2 {
                assert_eq!(r.try_add(&a, 1), ASYNCHRON_E_CLOSED);
                assert_eq!(r.try_add(&done, 2), ASYNCHRON_E_CLOSED);
                assert!(!is_shared(&a) && !is_shared(&done), "it keeps what it has refused");
                assert_eq!((r.pending(), r.remove(&a), r.next_tag(0)), (0, ASYNCHRON_END, END));
                // For good.
                r.close();
            }
        }
    });
}

#[test]
fn what_it_holds_is_yielded_then_its_end() {
    within(60, || {
        for timeout in [0, MS, ASYNCHRON_FOREVER] {
            let all = Handle::many(4);
            let r = Report::of(&all);
            all[1].set(b"x");
            r.close();
            assert_eq!((r.pending(), r.try_add(&all[0], 9)), (4, ASYNCHRON_E_CLOSED));
            r.wake();
            assert_eq!((r.next_tag(timeout), r.next_tag(timeout)), (WOKEN, Ok(0)));
            if timeout != ASYNCHRON_FOREVER {
                assert_eq!(r.next_tag(timeout), TIMEOUT, "some are still to come");
            }
            all[0].fail(1, "x");
            all[2].cancel();
            assert_eq!(batch(&r, timeout, 9), Ok(2));
            assert_eq!(r.remove(&all[3]), ASYNCHRON_OK);
            r.wake();
            assert_eq!((r.next_tag(timeout), batch(&r, timeout, 9)), (WOKEN, END));
            assert_eq!((r.next_tag(timeout), r.try_add(&all[3], 1)), (END, ASYNCHRON_E_CLOSED));
        }
    });
}

/// Several threads that sleep in next.
fn asleep(r: &Report, n: usize) -> Vec<Waiter<Result<usize, asynchron_status_t>>> {
    let waiters: Vec<_> = (0..n)
        .map(|_| {
            let r = r.clone();
            start(move || r.next_tag(ASYNCHRON_FOREVER))
        })
        .collect();
    waiters.into_iter().map(Waiter::asleep).collect()
}

#[test]
fn its_end_reaches_those_already_blocked() {
    within(60, || {
        let ends: [fn(&Report, &Handle); 3] =
            [|_, a| _ = a.set(b"x"), |r, a| _ = r.remove(a), |r, _| r.wake()];
        for (way, end) in ends.iter().enumerate() {
            let (r, a) = (Report::new(), Handle::new());
            r.add(&a, 1);
            let waiters = asleep(&r, 3);
            r.close();
            // What it holds is still to come, so they wait for it.
            let waiters: Vec<_> = waiters.into_iter().map(Waiter::asleep).collect();
            end(&r, &a);
            if way == 2 {
                until(|| waiters.iter().any(Waiter::is_finished));
                a.set(b"x");
            }
            let told: Vec<_> = waiters.into_iter().map(Waiter::join).collect();
            let count = |what| told.iter().filter(|&&told| told == what).count();
            let expected = [(1, 2, 0), (0, 3, 0), (1, 1, 1)][way];
            assert_eq!((count(Ok(1)), count(END), count(WOKEN)), expected, "{told:?}");
        }
    });
}

#[test]
fn its_end_makes_the_descriptor_readable_for_good() {
    within(60, || {
        // However the last one goes.
        let ends: [fn(&Report, &Handle); 4] = [
            |r, a| {
                a.set(b"x");
                assert_eq!(r.next_tag(0), Ok(7));
            },
            |r, a| {
                a.cancel();
                assert_eq!(batch(r, 0, 40), Ok(1));
            },
            |r, a| assert_eq!(r.remove(a), ASYNCHRON_OK),
            |r, a| {
                a.set(b"x");
                assert_eq!(r.remove(a), ASYNCHRON_OK);
            },
        ];
        for end in ends {
            for asked_for_first in [true, false] {
                let (r, a) = (Report::new(), Handle::new());
                if asked_for_first {
                    r.fd();
                }
                r.add(&a, 7);
                r.close();
                assert!(!readable(r.fd()), "some are still to come");
                end(&r, &a);
                for _ in 0..3 {
                    assert!(readable(r.fd()));
                    assert_eq!((r.next_tag(0), r.try_add(&a, 1)), (END, ASYNCHRON_E_CLOSED));
                }
                r.wake();
                assert!(readable(r.fd()));
                assert_eq!((r.next_tag(0), batch(&r, 0, 2)), (WOKEN, END));
                assert!(readable(r.fd()));
                r.close();
                assert!(readable(r.fd()));
            }
        }
    });
}

#[test]
fn closing_an_empty_one_makes_the_descriptor_readable() {
    let (before, after, woken) = (Report::new(), Report::new(), Report::new());
    assert!(!readable(before.fd()) && !readable(woken.fd()));
    woken.wake();
    [&before, &after, &woken].into_iter().for_each(Report::close);
    for r in [before, after] {
        assert!(readable(r.fd()));
        assert_eq!(r.next_tag(ASYNCHRON_FOREVER), END);
        assert!(readable(r.fd()));
    }
    assert_eq!((woken.next_tag(0), woken.next_tag(0)), (WOKEN, END));
    assert!(readable(woken.fd()));
}

/// More than are handed out, or put in order, at a time.
#[test]
fn closing_one_that_holds_much_loses_nothing() {
    within(60, || {
        for (with_fd, n) in [(false, 1000), (true, 1000), (false, 33), (true, 64)] {
            let all = Handle::many(n);
            let r = Report::of(&all);
            if with_fd {
                r.fd();
            }
            all[..n / 2].iter().for_each(|a| _ = a.set(b"x"));
            r.close();
            all[n / 2..].iter().for_each(|a| _ = a.set(b"x"));
            assert!(readable(r.fd()));
            assert_eq!((batch(&r, 0, n - 1), batch(&r, 0, n)), (Ok(n - 1), Ok(1)));
            assert!(readable(r.fd()));
            assert_eq!(batch(&r, 0, n), END);
        }
    });
}

#[test]
fn a_closed_one_that_is_released_leaves_nothing_behind() {
    within(60, || {
        let (a, done) = (Handle::new(), Handle::new());
        done.set(b"x");
        let r = Report::of(&[a.clone(), done.clone(), a.clone()]);
        let fd = r.fd();
        r.close();
        let other = r.clone();
        drop(r);
        assert!(is_shared(&a) && readable(fd));
        drop(other);
        assert!(!is_shared(&a) && !is_shared(&done));
        assert_eq!(a.set(b"x"), ASYNCHRON_OK);
    });
}

/// Closed while others add, deliver, ask, wake and remove: what was added is yielded or removed, once, each wake is
/// told, and whenever they rest the descriptor is right.
#[test]
fn closed_while_others_use_it() {
    in_child(120, || {
        memory::quarantine();
        struct Subject {
            r: Report,
            all: Vec<Handle>,
            added: AtomicUsize,
            gone: AtomicUsize,
            woken: AtomicUsize,
        }
        let take = |s: &Subject, timeout: u64| {
            let told = s.r.next_tag(timeout);
            s.gone.fetch_add(usize::from(told.is_ok()), SeqCst);
            s.woken.fetch_add(usize::from(told == WOKEN), SeqCst);
            told
        };
        race(
            6000,
            |round| {
                let (r, all) = (Report::new(), Handle::many(3));
                if round % 2 == 0 {
                    r.fd();
                }
                r.add(&all[0], 0);
                let zero = || AtomicUsize::new(0);
                Subject { r, all, added: AtomicUsize::new(1), gone: zero(), woken: zero() }
            },
            &[
                &|s: &Subject| {
                    for a in &s.all[1..] {
                        match s.r.try_add(a, 1) {
                            ASYNCHRON_OK => _ = s.added.fetch_add(1, SeqCst),
                            status => assert_eq!(status, ASYNCHRON_E_CLOSED),
                        }
                    }
                },
                &|s| s.all.iter().for_each(|a| _ = a.set(b"x")),
                // Ends only if it is told so: what it waits for is completed by another.
                &|s| while take(s, ASYNCHRON_FOREVER) != END {},
                &|s| {
                    s.r.close();
                    assert_eq!(s.r.try_add(&s.all[0], 2), ASYNCHRON_E_CLOSED);
                },
                &|s| {
                    s.r.rearm();
                    s.r.wake();
                    let removed = s.r.remove(&s.all[1]) == ASYNCHRON_OK;
                    s.gone.fetch_add(usize::from(removed), SeqCst);
                },
            ],
            |s: Subject| {
                let fd = s.r.fd();
                loop {
                    assert!(readable(fd), "an item, a wake or the end");
                    if take(&s, ASYNCHRON_FOREVER) == END {
                        break;
                    }
                }
                assert!(readable(fd), "the end");
                assert_eq!(s.gone.load(SeqCst), s.added.load(SeqCst));
                assert_eq!(s.woken.load(SeqCst), 1);
            },
        );
    });
}

/// An epoll that is told of changes only.
struct Edges(OwnedFd);

impl Edges {
    fn of(r: &Report) -> Self {
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        assert!(epoll >= 0);
        let edges = Self(unsafe { OwnedFd::from_raw_fd(epoll) });
        let mut event =
            libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET) as u32, u64: 0 };
        let add = libc::EPOLL_CTL_ADD;
        assert_eq!(unsafe { libc::epoll_ctl(epoll, add, r.fd(), &mut event) }, 0);
        edges
    }

    /// Whether it rings within the time; -1: some time.
    fn rings(&self, timeout_ms: i32) -> bool {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        let n = unsafe { libc::epoll_wait(self.0.as_raw_fd(), &mut event, 1, timeout_ms) };
        assert!(n >= 0 && (n == 0 || event.events == libc::EPOLLIN as u32));
        n == 1
    }

    /// Whether it has rung since it was last looked at. Once: then it is silent.
    fn have_rung(&self) -> bool {
        let rung = self.rings(0);
        assert!(!self.rings(0), "rings twice");
        rung
    }
}

#[test]
fn rearmed_it_rings_again_exactly_if_something_is_there() {
    within(60, || {
        let (r, all) = (Report::new(), Handle::many(3));
        all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
        // No descriptor was made, and none is made by this.
        r.rearm();
        let edges = Edges::of(&r);
        let rearmed = || {
            r.rearm();
            edges.have_rung()
        };
        assert!(!edges.have_rung() && !rearmed(), "nothing is there");
        all[0].set(b"x");
        assert!(edges.have_rung() && rearmed() && rearmed(), "an item");
        all[1].set(b"x");
        assert!(!edges.have_rung(), "it was readable all the time");
        assert!(r.next_tag(0) == Ok(0) && !edges.have_rung() && rearmed(), "one of two is left");
        assert!(r.next_tag(0) == Ok(1) && !edges.have_rung() && !rearmed(), "nothing is left");
        r.wake();
        assert!(edges.have_rung() && rearmed(), "a wake");
        assert!(r.next_tag(0) == WOKEN && !rearmed(), "nothing is left");
        all[2].set(b"x");
        assert!(edges.have_rung() && r.remove(&all[2]) == ASYNCHRON_OK);
        assert!(r.next_tag(0) == END && !rearmed(), "the end of one that is not closed");
        r.add(&Handle::new(), 0);
        assert!(!rearmed(), "one that is to come");
    });
}

#[test]
fn the_end_of_a_closed_one_rings_and_rings_again() {
    within(60, || {
        let (r, a) = (Report::new(), Handle::new());
        r.add(&a, 1);
        let edges = Edges::of(&r);
        let rearmed = || {
            r.rearm();
            edges.have_rung()
        };
        r.close();
        assert!(!edges.have_rung() && !rearmed(), "one is still to come");
        r.remove(&a);
        assert!(edges.have_rung() && rearmed() && rearmed(), "the end");
        assert!(r.next_tag(0) == END && !edges.have_rung() && rearmed(), "it stays the end");
        // The last item gives way to the end.
        let (r, a) = (Report::new(), Handle::new());
        r.add(&a, 1);
        r.close();
        let edges = Edges::of(&r);
        a.set(b"x");
        assert!(edges.have_rung() && r.next_tag(0) == Ok(1) && !edges.have_rung());
        r.rearm();
        assert!(edges.have_rung() && r.next_tag(0) == END);
        let r = Report::new();
        let edges = Edges::of(&r);
        r.close();
        assert!(edges.have_rung(), "of an empty one");
    });
}

/// A pipe must not fill up by it, and when nothing is left it is silent at once.
#[test]
fn rearmed_however_often_it_is_readable_exactly_while_something_is_there() {
    within(60, || {
        let (r, a) = (Report::new(), Handle::new());
        r.add(&a, 1);
        let fd = r.fd();
        a.set(b"x");
        let watches = {
            let over = Gate::new();
            let until_over = over.clone();
            let thread = std::thread::spawn(move || {
                while !until_over.is_open() {
                    assert!(readable(fd), "for a moment it was not");
                }
            });
            (over, thread)
        };
        let edges = Edges::of(&r);
        for _ in 0..100_000 {
            r.rearm();
        }
        assert!(edges.have_rung());
        r.rearm();
        assert!(edges.have_rung());
        watches.0.open();
        watches.1.join().unwrap();
        assert_eq!(r.next_tag(0), Ok(1));
        assert!(!readable(fd));
        r.rearm();
        assert!(!readable(fd));
        r.wake();
        assert!(readable(fd) && r.next_tag(0) == WOKEN && !readable(fd));
    });
}

/// It takes one for each ring, and rearms: it misses nothing, never finds nothing, and learns of the end.
#[test]
fn an_edge_triggered_loop_that_takes_one_at_a_time_misses_nothing() {
    within(120, || {
        const N: usize = 20_000;
        let r = Report::new();
        let edges = Edges::of(&r);
        let theirs = r.clone();
        let others = std::thread::spawn(move || {
            let all = Handle::many(N);
            std::thread::scope(|scope| {
                scope.spawn(|| all.iter().step_by(2).for_each(|a| _ = a.set(b"x")));
                for (n, a) in all.iter().enumerate() {
                    theirs.add(a, n);
                    if n % 100 == 0 {
                        theirs.wake();
                        std::thread::yield_now();
                    }
                }
                all.iter().skip(1).step_by(2).for_each(|a| _ = a.set(b"x"));
            });
            theirs.close();
        });
        let (mut taken, mut woken) = (0, 0);
        // An open one does not ring when nothing is left, but it may be closed by the time that one asks.
        let last = loop {
            assert!(edges.rings(-1));
            match r.next_tag(0) {
                Ok(_) => taken += 1,
                Err(ASYNCHRON_WOKEN) => woken += 1,
                Err(other) => break other,
            }
            r.rearm();
        };
        assert_eq!((last, taken, woken), (ASYNCHRON_END, N, N / 100));
        others.join().unwrap();
    });
}
