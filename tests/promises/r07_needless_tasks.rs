//! Rule 7: a task whose asynchron is complete before its turn comes is dropped by whoever completes it, not when its
//! turn comes.

use crate::support::*;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::thread;

/// Keeps all threads busy with computing, so that what is queued behind them stays there for a second at least.
struct Busy {
    go_on: Arc<AtomicBool>,
    all: Vec<Handle>,
}

impl Busy {
    fn new() -> Self {
        let (go_on, begun) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
        let all = Handle::many(thread::available_parallelism().unwrap().get());
        for a in &all {
            let (go_on, begun) = (go_on.clone(), begun.clone());
            let compute = move |_| {
                begun.fetch_add(1, SeqCst);
                while go_on.load(SeqCst) {
                    std::hint::spin_loop();
                }
                0
            };
            assert_eq!(spawn(a, compute), ASYNCHRON_OK);
        }
        until(|| begun.load(SeqCst) == all.len());
        Self { go_on, all }
    }

    fn end(self) {
        self.go_on.store(false, SeqCst);
        assert_eq!(handle::wait_all(&self.all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
    }
}

/// What a task did: how often it ran, and how often its context was dropped.
#[derive(Clone, Default)]
struct Seen(Arc<[AtomicUsize; 2]>);

impl Seen {
    fn spawn(&self, a: &Handle) {
        let (ran, drops) = (self.0.clone(), self.0.clone());
        let count = OnDrop(move || {
            drops[1].fetch_add(1, SeqCst);
        });
        let status = spawn(a, move |_| {
            let _owned = &count;
            ran[0].fetch_add(1, SeqCst);
            0
        });
        assert_eq!(status, ASYNCHRON_OK);
    }

    fn ran(&self) -> usize {
        self.0[0].load(SeqCst)
    }

    fn drops(&self) -> usize {
        self.0[1].load(SeqCst)
    }
}

/// What completes it otherwise.
const OTHERWISE: [fn(&Handle) -> asynchron_status_t; 3] =
    [Handle::cancel, |a| a.set(b"x"), |a| a.fail(1, "x")];

#[test]
fn its_context_is_dropped_when_the_call_that_completes_it_returns() {
    in_child(120, || {
        let busy = Busy::new();
        for complete in OTHERWISE {
            let (a, seen) = (Handle::new(), Seen::default());
            seen.spawn(&a);
            assert_eq!(complete(&a), ASYNCHRON_OK);
            // With a second for this, its turn has hardly come.
            assert!(seen.drops() == 1 || seen.ran() == 1, "it is kept");
        }
        busy.end();
    });
}

#[test]
fn fifty_thousand_of_them_leave_nothing_behind() {
    in_child(120, || {
        let busy = Busy::new();
        let round = || {
            let (a, seen) = (Handle::new(), Seen::default());
            seen.spawn(&a);
            a.cancel();
        };
        (0..1_000).for_each(|_| round());
        let before = memory::in_use();
        (0..50_000).for_each(|_| round());
        let more = memory::in_use().saturating_sub(before);
        assert!(more < 64 * 1024, "{more} bytes are kept");
        busy.end();
    });
}

/// From the front, the middle and the end of the queue, while others come and go.
#[test]
fn the_others_keep_their_order() {
    in_child(120, || {
        for keep in [2, 3, 7] {
            let busy = Busy::new();
            let began = Arc::new(Mutex::new(Vec::new()));
            let all = Handle::many(600);
            for (number, a) in all.iter().enumerate() {
                let began = began.clone();
                let status = spawn(a, move |_| {
                    began.lock().unwrap().push(number);
                    0
                });
                assert_eq!(status, ASYNCHRON_OK);
                // One that is there already, and, now and then, the newest.
                let other = number / 2;
                if other % keep != 0 {
                    all[other].cancel();
                }
                if number % 50 == 49 {
                    a.cancel();
                }
            }
            busy.end();
            assert_eq!(handle::wait_all(&all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
            let began = began.lock().unwrap();
            let places = thread::available_parallelism().unwrap().get() + 1;
            // Threads overtake each other by as many tasks as there are threads, at most.
            let mut most = 0;
            for number in began.iter() {
                assert!(number + 8 * places >= most, "{number} after {most}");
                most = most.max(*number);
            }
        }
    });
}

#[test]
fn a_cancel_meets_the_thread_on_which_the_turn_comes() {
    in_child(170, || {
        memory::quarantine();
        race(
            20_000,
            |_| {
                let (a, seen) = (Handle::new(), Seen::default());
                (a, seen)
            },
            &[&|(a, seen): &(Handle, Seen)| seen.spawn(a), &|(a, _)| {
                std::hint::spin_loop();
                a.cancel();
            }],
            |(a, seen)| {
                a.wait(ASYNCHRON_FOREVER);
                until(|| seen.drops() == 1);
                assert!(seen.ran() <= 1);
            },
        );
        memory::check_quarantine();
    });
}

#[test]
fn the_drop_of_its_context_may_call_anything() {
    in_child(60, || {
        let busy = Busy::new();
        let (a, others) = (Handle::new(), Handle::many(2));
        let (mine, theirs) = (a.clone(), others.clone());
        let drops = Arc::new(AtomicUsize::new(0));
        let count = drops.clone();
        let at_end = OnDrop(move || {
            assert_eq!(mine.cancel(), ASYNCHRON_CANCELLED);
            assert_eq!(spawn(&mine, |_| panic!("it is complete")), ASYNCHRON_OK);
            assert_eq!(spawn(&theirs[0], |_| 0), ASYNCHRON_OK);
            assert_eq!(spawn(&theirs[1], |_| 0), ASYNCHRON_OK);
            assert_eq!(theirs[1].cancel(), ASYNCHRON_OK);
            count.fetch_add(1, SeqCst);
        });
        let status = spawn(&a, move |_| {
            let _owned = &at_end;
            0
        });
        assert_eq!(status, ASYNCHRON_OK);
        a.cancel();
        until(|| drops.load(SeqCst) == 1);
        busy.end();
        assert_eq!(others[0].get(), Ok(vec![]));
    });
}

/// Two may be spawned to compute the same: the first one does, and the other is needed no more.
#[test]
fn the_second_of_two_for_the_same_is_dropped_with_the_firsts_completion() {
    in_child(60, || {
        let busy = Busy::new();
        let (a, first, second) = (Handle::new(), Seen::default(), Seen::default());
        first.spawn(&a);
        second.spawn(&a);
        busy.end();
        assert_eq!(a.get(), Ok(vec![]));
        until(|| first.drops() + second.drops() == 2);
        assert_eq!(first.ran() + second.ran(), 1);
    });
}
