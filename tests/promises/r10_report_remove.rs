//! Rule 10, what is taken out of a report: the oldest of it, at the same price however much there is.

use crate::support::*;
use std::collections::VecDeque;
use std::hint::black_box;

/// Of this thread alone, however busy the machine is.
fn processor_time() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) }, 0);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How much more processor time one costs than the other, in turns.
fn ratio(rounds: usize, mut one: impl FnMut(), mut other: impl FnMut()) -> f64 {
    fn time(work: &mut impl FnMut()) -> f64 {
        let begin = processor_time();
        work();
        processor_time() - begin
    }
    median((0..rounds).map(|_| time(&mut one) / time(&mut other)).collect())
}

const MANY: usize = 200_000;
const FEW: usize = 100;
/// Far more than caches can make of it, and far less than the ratio of many to few.
const LIMIT: f64 = 60.0;

/// A report of so many, complete or not, that has sorted them if it wants to.
fn holding(n: usize, ready: bool) -> (Report, Vec<Handle>) {
    let (r, all) = (Report::new(), Handle::many(n));
    all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
    if ready {
        all.iter().for_each(|a| assert_eq!(a.set(b"x"), ASYNCHRON_OK));
    }
    assert_eq!(r.remove(&Handle::new()), ASYNCHRON_END);
    (r, all)
}

#[test]
fn to_remove_one_costs_the_same_however_many_there_are() {
    within(160, || {
        for ready in [true, false] {
            let (many, few) = (holding(MANY, ready), holding(FEW, ready));
            let take_out = |(r, all): &(Report, Vec<Handle>)| {
                // The youngest, and those in the middle: a search would come to them last.
                for a in all.iter().rev().step_by(7).take(10) {
                    assert_eq!(r.remove(a), ASYNCHRON_OK);
                }
                for a in all.iter().rev().step_by(7).take(10) {
                    r.add(a, 0);
                }
            };
            let ratio = ratio(21, || take_out(&many), || take_out(&few));
            assert!(ratio < LIMIT, "{ratio} times as long, ready: {ready}");
            let absent = Handle::new();
            let ask =
                |r: &Report| (0..20).for_each(|_| assert_eq!(r.remove(&absent), ASYNCHRON_END));
            let ratio = self::ratio(21, || ask(&many.0), || ask(&few.0));
            assert!(ratio < LIMIT, "{ratio} times as long for what is not in it, ready: {ready}");
        }
    });
}

#[test]
fn to_remove_one_costs_the_same_however_many_others_listen_to_it() {
    within(160, || {
        let listened = |n: usize| {
            let (a, others) = (Handle::new(), Report::new());
            (0..n).for_each(|tag| others.add(&a, tag));
            (a, others, Report::new())
        };
        let (many, few) = (listened(MANY / 2), listened(FEW / 2));
        let take_out = |(a, _, mine): &(Handle, Report, Report)| {
            for tag in 0..20 {
                mine.add(a, tag);
                assert_eq!(mine.remove(a), ASYNCHRON_OK);
            }
        };
        let ratio = ratio(21, || take_out(&many), || take_out(&few));
        assert!(ratio < LIMIT, "{ratio} times as long");
    });
}

/// Each is paid for once at most, whenever that is.
#[test]
fn to_empty_a_report_by_removing_takes_time_in_proportion() {
    within(160, || {
        let emptied = |n: usize| {
            let begin = processor_time();
            let (r, all) = holding(n, true);
            all.iter().rev().for_each(|a| assert_eq!(r.remove(a), ASYNCHRON_OK));
            assert_eq!((r.pending(), r.next_tag(0)), (0, Err(ASYNCHRON_END)));
            // The same asynchron again and again.
            (0..n).for_each(|tag| r.add(&all[0], tag));
            (0..n).for_each(|_| assert_eq!(r.remove(&all[0]), ASYNCHRON_OK));
            black_box(&r);
            (processor_time() - begin) / n as f64
        };
        let each = median((0..3).map(|_| emptied(MANY) / emptied(MANY / 100)).collect());
        assert!(each < 15.0, "each of a hundred times as many takes {each} times as long");
    });
}

/// What a report is to do, played by one thread.
#[derive(Default)]
struct Model {
    /// Source and tag, in the order of adding.
    held: Vec<(usize, usize)>,
    /// The tags of those that are ready, in the order of arrival.
    ready: VecDeque<usize>,
}

impl Model {
    fn complete(&mut self, source: usize) {
        self.ready.extend(self.held.iter().filter(|one| one.0 == source).map(|one| one.1));
    }

    fn add(&mut self, source: usize, tag: usize, complete: bool) {
        self.held.push((source, tag));
        if complete {
            self.ready.push_back(tag);
        }
    }

    fn remove(&mut self, source: usize) -> bool {
        let Some(oldest) = self.held.iter().position(|one| one.0 == source) else {
            return false;
        };
        let (_, tag) = self.held.remove(oldest);
        self.ready.retain(|one| *one != tag);
        true
    }

    fn next(&mut self) -> Option<usize> {
        let tag = self.ready.pop_front()?;
        self.held.retain(|one| one.1 != tag);
        Some(tag)
    }
}

fn readable(fd: i32) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    unsafe { libc::poll(&mut poll, 1, 0) == 1 }
}

/// Also of those that were added when it was complete, of many sources, with what is yielded in between.
#[test]
fn the_oldest_of_it_is_removed_whatever_was_done_before() {
    within(160, || {
        for seed in 0..300_u64 {
            let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            let mut random = move |n: usize| {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                (x % n as u64) as usize
            };
            let (r, all) = (Report::new(), Handle::many([1, 3, 40, 200][seed as usize % 4]));
            let (mut model, mut fd) = (Model::default(), -1);
            let asks = random(300);
            for tag in 0..1200 {
                let source = random(all.len());
                let a = &all[source];
                let complete = a.poll() != ASYNCHRON_PENDING;
                match random(100) {
                    0..55 => {
                        r.add(a, tag);
                        model.add(source, tag, complete);
                    }
                    55..60 if !complete => {
                        a.set(b"x");
                        model.complete(source);
                    }
                    60..80 if tag > asks => assert_eq!(r.next_tag(0).ok(), model.next()),
                    80..82 if tag > asks => fd = r.fd(),
                    _ if tag > asks / 2 => {
                        let is_there = model.remove(source);
                        let status = if is_there { ASYNCHRON_OK } else { ASYNCHRON_END };
                        assert_eq!(r.remove(a), status);
                    }
                    _ => {}
                }
                assert_eq!(r.pending(), model.held.len());
                assert!(fd < 0 || readable(fd) != model.ready.is_empty());
            }
            while let Some(tag) = model.next() {
                assert_eq!(r.next_tag(0), Ok(tag));
            }
        }
    });
}

/// Each takes another one, and what none took is yielded.
#[test]
fn threads_that_remove_the_same_take_one_each() {
    in_child(160, || {
        memory::quarantine();
        type Subject = (Report, Handle, AtomicUsize);
        let remove = |(r, a, taken): &Subject| match r.remove(a) {
            ASYNCHRON_OK => _ = taken.fetch_add(1, SeqCst),
            other => assert_eq!(other, ASYNCHRON_END),
        };
        race(
            10_000,
            |round| {
                let (r, a) = (Report::new(), Handle::new());
                (0..round % 4).for_each(|tag| r.add(&a, tag));
                (r, a, AtomicUsize::new(0))
            },
            &[
                &|(_, a, _): &Subject| assert_eq!(a.set(b"x"), ASYNCHRON_OK),
                &remove,
                &remove,
                &|(r, a, taken): &Subject| {
                    r.add(a, 9);
                    if r.next_tag(0).is_ok() {
                        taken.fetch_add(1, SeqCst);
                    }
                },
            ],
            |(r, a, taken)| {
                let left = r.pending();
                assert_eq!(std::iter::from_fn(|| r.next_tag(0).ok()).count(), left);
                assert_eq!((r.next_tag(0), r.remove(&a)), (Err(ASYNCHRON_END), ASYNCHRON_END));
                assert!(taken.load(SeqCst) + left <= 4);
                drop(r);
            },
        );
        memory::check_quarantine();
    });
}

/// What was on its way when it was removed does not keep memory for ever, nor the report's end.
#[test]
fn what_is_removed_on_its_way_leaves_nothing_behind() {
    in_child(160, || {
        let again = |rounds: usize| {
            let kept = Report::new();
            race(
                rounds,
                |_| {
                    let a = Handle::new();
                    (0..8).for_each(|tag| kept.add(&a, tag));
                    a
                },
                &[&|a: &Handle| assert_eq!(a.set(b"x"), ASYNCHRON_OK), &|a: &Handle| {
                    (0..8).for_each(|_| assert_eq!(kept.remove(a), ASYNCHRON_OK))
                }],
                |_| assert_eq!((kept.pending(), kept.next_tag(0)), (0, Err(ASYNCHRON_END))),
            );
        };
        again(2000);
        let before = memory::in_use();
        again(10_000);
        let after = memory::in_use();
        assert!(after < before + 20_000, "grew from {before} to {after} bytes");
    });
}
