//! Rule 7: a task that is not needed any more lets go of all at once, however long those before it take.

use crate::support::threads::{allow_threads, forbid_threads};
use crate::support::*;
use std::sync::Mutex;

/// Spawns a task that keeps its thread busy. It has begun once the first gate is open, and ends once the second is.
fn spawn_busy() -> [Gate; 2] {
    let gates = [Gate::new(), Gate::new()];
    let [entered, leave] = gates.clone();
    let status = spawn(&Handle::new(), move |_| {
        entered.open();
        leave.pass();
        0
    });
    assert_eq!(status, ASYNCHRON_OK);
    gates
}

/// From here on the only background thread there is and can be is busy, until the gate is opened: tasks lie.
fn only_one_thread() -> Gate {
    let [entered, leave] = spawn_busy();
    entered.pass();
    forbid_threads();
    leave
}

/// Runs `body` in a process of its own while tasks lie. Then waits until none does any more.
fn behind_a_task<F: FnOnce()>(body: F) {
    let ran = process::in_child_as::<F>(240, || {
        let leave = only_one_thread();
        body();
        leave.open();
        let last = Handle::new();
        assert_eq!(spawn(&last, |_| 0), ASYNCHRON_OK);
        assert_eq!(last.get(), Ok(vec![]), "the thread goes on");
    });
    ran.unwrap_or_else(|text| panic!("{text}"));
}

fn counted(drops: &Arc<AtomicUsize>) -> OnDrop<impl FnMut() + Send + use<>> {
    let drops = drops.clone();
    OnDrop(move || {
        drops.fetch_add(1, SeqCst);
    })
}

/// Spawns a function that must not run, and whose context counts its drops.
fn spawn_needless(a: &Handle, drops: &Arc<AtomicUsize>) {
    let count = counted(drops);
    let status = spawn(a, move |_| {
        let _ = &count;
        panic!("a function ran that is not needed")
    });
    assert_eq!(status, ASYNCHRON_OK);
}

/// What completes it otherwise.
const OTHERWISE: [fn(&Handle) -> asynchron_status_t; 3] =
    [Handle::cancel, |a| a.set(b"x"), |a| a.fail(1, "x")];

#[test]
fn the_context_is_dropped_when_the_call_that_completes_it_returns() {
    behind_a_task(|| {
        for complete in OTHERWISE {
            let (a, drops) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
            spawn_needless(&a, &drops);
            assert_eq!(drops.load(SeqCst), 0);
            assert_eq!(complete(&a), ASYNCHRON_OK);
            assert_eq!(drops.load(SeqCst), 1);
        }
    });
}

#[test]
fn its_asynchron_is_released_with_it() {
    behind_a_task(|| {
        let (tally, drops) = (Tally::new(), Arc::new(AtomicUsize::new(0)));
        let a = with_user_data(tally.ptr(), tally.drop_fn());
        spawn_needless(&a, &drops);
        a.cancel();
        assert_eq!(tally.drops(), 0);
        drop(a);
        assert_eq!(tally.drops(), 1);
    });
}

#[test]
fn a_task_for_what_is_complete_lets_go_at_once() {
    behind_a_task(|| {
        for complete in OTHERWISE {
            let (a, drops) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
            complete(&a);
            spawn_needless(&a, &drops);
            assert_eq!(drops.load(SeqCst), 1);
        }
    });
}

/// It may be cancelled in any order, and there is nothing left in the queue.
#[test]
fn fifty_thousand_cancelled_tasks_leave_no_memory_behind() {
    const N: usize = 50_000;
    let orders: [fn(usize) -> usize; 3] = [|i| i, |i| N - 1 - i, |i| i * 7919 % N];
    behind_a_task(|| {
        for order in orders {
            let drops = Arc::new(AtomicUsize::new(0));
            let round = || {
                let all = Handle::many(N);
                all.iter().for_each(|a| spawn_needless(a, &drops));
                (0..N).for_each(|i| assert_eq!(all[order(i)].cancel(), ASYNCHRON_OK));
            };
            let before = memory::in_use();
            round();
            assert_eq!(drops.load(SeqCst), N);
            let more = memory::in_use().saturating_sub(before);
            assert!(more < 128 * 1024, "{more} bytes are left");
            round();
            let more = memory::in_use().saturating_sub(before);
            assert!(more < 128 * 1024, "{more} bytes are left by the second round");
        }
    });
}

/// First come, first begun: also of those that are left, wherever the others lay.
#[test]
fn those_that_are_left_begin_in_their_order() {
    let gone: [fn(usize) -> bool; 5] =
        [|n| n % 3 == 0, |n| n % 3 != 1, |n| n < 150, |n| n >= 150, |n| n != 299];
    behind_a_task(|| {
        for gone in gone {
            let order = Arc::new(Mutex::new(vec![]));
            let all = Handle::many(300);
            // In two parts: some are taken out before the last have come.
            for part in [0..200, 200..300] {
                for n in part.clone() {
                    let order = order.clone();
                    spawn(&all[n], move |_| {
                        order.lock().unwrap().push(n);
                        0
                    });
                }
                part.filter(|&n| gone(n)).for_each(|n| _ = all[n].cancel());
            }
            let (last, ordered) = (Handle::new(), order.clone());
            let left: Vec<_> = (0..300).filter(|&n| !gone(n)).collect();
            spawn(&last, move |_| {
                assert_eq!(*ordered.lock().unwrap(), left);
                0
            });
        }
    });
}

/// The second of two tasks for the same: the first completes it, or another does while that runs.
#[test]
fn a_task_lets_go_while_another_for_the_same_runs() {
    behind_a_task(|| {
        let (a, drops) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
        (0..3).for_each(|_| spawn_needless(&a, &drops));
        let ran = call(&a, |me| {
            assert_eq!(drops.load(SeqCst), 0);
            Handle::shared(me).set(b"x") as i32
        });
        assert_eq!((ran, drops.load(SeqCst)), (ASYNCHRON_OK, 3));
    });
}

/// Rule 13: whoever holds a handle or not, a task that lies is somebody to deliver.
#[test]
fn a_task_that_lies_keeps_what_it_delivers_into() {
    let (seen, drops) = (Arc::new(Mutex::new(vec![])), Arc::new(AtomicUsize::new(0)));
    behind_a_task(|| {
        let (a, ended, count) = (Handle::new(), seen.clone(), counted(&drops));
        notify(&a, move |a| ended.lock().unwrap().push(unsafe { asynchron_poll(a) }));
        spawn(&a, move |_| {
            let _ = &count;
            0
        });
        drop(a);
        assert_eq!((seen.lock().unwrap().len(), drops.load(SeqCst)), (0, 0));
        let (last, seen) = (Handle::new(), seen.clone());
        spawn(&last, move |_| {
            assert_eq!(*seen.lock().unwrap(), [ASYNCHRON_OK]);
            0
        });
    });
}

/// Rules 3 and 4: no lock is held, and whoever waits has been told.
#[test]
fn the_drop_of_a_needless_context_may_call_anything() {
    behind_a_task(|| {
        let (a, report, drops) = (Handle::new(), Report::new(), Arc::new(AtomicUsize::new(0)));
        report.add(&a, 7);
        let lying = Handle::many(3);
        lying.iter().for_each(|other| spawn_needless(other, &drops));
        let (me, reported, others, inner) =
            (a.clone(), report.clone(), lying.clone(), drops.clone());
        let calls = OnDrop(move || {
            assert_eq!(me.poll(), ASYNCHRON_CANCELLED);
            assert_eq!(reported.next_tag(0), Ok(7));
            others.iter().for_each(|other| assert_eq!(other.cancel(), ASYNCHRON_OK));
            let new = Handle::new();
            spawn_needless(&new, &inner);
            spawn_needless(&me, &inner);
            new.cancel();
        });
        spawn(&a, move |_| {
            let _ = &calls;
            panic!("it is not needed")
        });
        assert_eq!(a.cancel(), ASYNCHRON_OK);
        assert_eq!(drops.load(SeqCst), 5);
    });
}

/// Each lets go of what the next one's context holds.
#[test]
fn a_hundred_thousand_tasks_let_go_through_each_other_in_constant_stack() {
    in_child(240, || {
        let (go, started) = (Gate::new(), Gate::new());
        let (may, runs) = (go.clone(), started.clone());
        let thread = std::thread::Builder::new().stack_size(64 * 1024).spawn(move || {
            runs.open();
            may.pass();
            let drops = Arc::new(AtomicUsize::new(0));
            let mut last = Handle::new();
            for _ in 0..100_000 {
                let (inner, drops, next) = (last, drops.clone(), Handle::new());
                let cancels = OnDrop(move || {
                    inner.cancel();
                    drops.fetch_add(1, SeqCst);
                });
                spawn(&next, move |_| {
                    let _ = &cancels;
                    panic!("it is not needed")
                });
                last = next;
            }
            last.cancel();
            assert_eq!(drops.load(SeqCst), 100_000);
        });
        started.pass();
        let leave = only_one_thread();
        go.open();
        thread.unwrap().join().unwrap();
        leave.open();
    });
}

/// A cancel inside a callback: the context goes after that, as everything that is due does.
#[test]
fn inside_a_callback_it_lets_go_when_that_has_returned() {
    behind_a_task(|| {
        let (a, b, drops) = (Handle::new(), Handle::new(), Arc::new(AtomicUsize::new(0)));
        spawn_needless(&a, &drops);
        let (cancelled, seen) = (a.clone(), drops.clone());
        notify(&b, move |_| {
            cancelled.cancel();
            assert_eq!(seen.load(SeqCst), 0);
        });
        b.set(b"x");
        assert_eq!(drops.load(SeqCst), 1);
    });
}

/// The thread comes to it between the cancel and what that does when the callback has returned.
#[test]
fn its_turn_may_come_while_the_callback_that_cancels_it_goes_on() {
    in_child(60, || {
        memory::quarantine();
        let mut leave = only_one_thread();
        for _ in 0..100 {
            let (tally, drops) = (Tally::new(), Arc::new(AtomicUsize::new(0)));
            let (a, b) = (with_user_data(tally.ptr(), tally.drop_fn()), Handle::new());
            spawn_needless(&a, &drops);
            // When this one has begun, the other is not in the queue any more.
            let [passed, next] = spawn_busy();
            let (mut a, seen) = (Some(a), drops.clone());
            notify(&b, move |_| {
                a.take().unwrap().cancel();
                leave.open();
                passed.pass();
                assert_eq!(seen.load(SeqCst), 0);
            });
            b.set(b"x");
            assert_eq!((drops.load(SeqCst), tally.drops()), (1, 1));
            leave = next;
        }
        leave.open();
        memory::check_quarantine();
    });
}

/// The child has none of the parent's threads, nor its queue: but a copy of what lay there.
#[test]
fn in_the_child_of_a_fork_a_cancelled_task_of_the_parent_s_lets_go() {
    behind_a_task(|| {
        let (all, drops) = (Handle::many(200), Arc::new(AtomicUsize::new(0)));
        all.iter().for_each(|a| spawn_needless(a, &drops));
        // A process is bound by the same limit. Nobody asks for a thread meanwhile.
        allow_threads();
        let child = unsafe { libc::fork() };
        if child == 0 {
            all.iter().for_each(|a| _ = a.cancel());
            unsafe { libc::_exit(i32::from(drops.load(SeqCst) != 200)) };
        }
        let mut status = -1;
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0, "all 200 contexts were dropped there");
        assert_eq!(drops.load(SeqCst), 0, "and none here");
        all.iter().for_each(|a| _ = a.cancel());
        assert_eq!(drops.load(SeqCst), 200);
    });
}

struct Subject {
    handles: [Mutex<Option<Handle>>; 2],
    drops: Arc<AtomicUsize>,
    ran: Arc<AtomicUsize>,
}

impl Subject {
    fn new() -> Self {
        let a = Handle::new();
        let handles = [a.clone(), a].map(|a| Mutex::new(Some(a)));
        Self { handles, drops: Arc::default(), ran: Arc::default() }
    }

    fn spawn(&self, a: &Handle) {
        let (count, ran) = (counted(&self.drops), self.ran.clone());
        let status = spawn(a, move |_| {
            let _ = &count;
            ran.fetch_add(1, SeqCst);
            0
        });
        assert_eq!(status, ASYNCHRON_OK);
    }

    fn take(&self, n: usize) -> Handle {
        self.handles[n].lock().unwrap().take().unwrap()
    }

    /// Exactly one of the two has happened, and once.
    fn check(self, cancelled: bool) {
        until(|| self.drops.load(SeqCst) != 0);
        let ran = self.ran.load(SeqCst);
        assert!(ran == 1 || (ran == 0 && cancelled));
        assert_eq!(self.drops.load(SeqCst), 1);
    }
}

/// Its turn comes just then.
#[test]
fn a_cancel_meets_the_thread_that_takes_the_task() {
    in_child(240, || {
        memory::quarantine();
        race(
            20_000,
            |_| {
                let subject = Subject::new();
                subject.spawn(subject.handles[0].lock().unwrap().as_ref().unwrap());
                subject
            },
            &[&|s: &Subject| _ = s.take(0).cancel(), &|s| drop(s.take(1))],
            |s| s.check(true),
        );
        memory::check_quarantine();
    });
}

/// Each that runs has the next one cancelled, to which its thread comes at the same moment.
#[test]
fn a_cancel_runs_beside_the_thread_that_takes_one_after_the_other() {
    in_child(240, || {
        memory::quarantine();
        const N: usize = 5_000;
        for _ in 0..20 {
            let (all, next) = (Handle::many(N), Arc::new(AtomicUsize::new(0)));
            let counts: Vec<[Arc<AtomicUsize>; 2]> = (0..N).map(|_| Default::default()).collect();
            let go = Gate::new();
            for n in 0..N {
                let [drops, ran] = counts[n].clone();
                let (count, next, go) = (counted(&drops), next.clone(), go.clone());
                let status = spawn(&all[n], move |_| {
                    let _ = &count;
                    if n == 0 {
                        go.pass();
                    }
                    ran.fetch_add(1, SeqCst);
                    next.store(n + 1, SeqCst);
                    0
                });
                assert_eq!(status, ASYNCHRON_OK);
            }
            go.open();
            let mut cancelled = vec![false; N];
            while !all.iter().rev().take(2).all(|a| a.poll() != ASYNCHRON_PENDING) {
                let n = next.load(SeqCst);
                if n != 0 && n < N && !cancelled[n] {
                    cancelled[n] = all[n].cancel() == ASYNCHRON_OK;
                }
                std::hint::spin_loop();
            }
            drop(all);
            for (n, [drops, ran]) in counts.into_iter().enumerate() {
                until(|| drops.load(SeqCst) != 0);
                assert!(ran.load(SeqCst) == 1 || (ran.load(SeqCst) == 0 && cancelled[n]), "{n}");
                assert_eq!(drops.load(SeqCst), 1, "{n}");
            }
        }
        memory::check_quarantine();
    });
}

/// It is being queued just then.
#[test]
fn a_cancel_meets_the_thread_that_spawns() {
    in_child(240, || {
        memory::quarantine();
        race(
            20_000,
            |_| Subject::new(),
            &[&|s: &Subject| s.spawn(&s.take(0)), &|s| _ = s.take(1).cancel()],
            |s| s.check(true),
        );
        memory::check_quarantine();
    });
}

/// Neighbours in the queue leave it at the same moment, while a thread takes some and others come.
#[test]
fn cancels_of_neighbours_meet() {
    in_child(240, || {
        memory::quarantine();
        const N: usize = 24;
        let part = |all: &Vec<Subject>, from: usize| {
            (from..N).step_by(3).for_each(|n| _ = all[n].take(1).cancel());
        };
        race(
            2_000,
            |_| {
                let all: Vec<_> = (0..N).map(|_| Subject::new()).collect();
                all.iter().step_by(2).for_each(|s| s.spawn(&s.take(0)));
                all
            },
            &[
                &|all: &Vec<Subject>| {
                    all.iter().skip(1).step_by(2).for_each(|s| s.spawn(&s.take(0)))
                },
                &|all| part(all, 0),
                &|all| part(all, 1),
            ],
            |all| {
                all.into_iter().enumerate().for_each(|(n, s)| s.check(n % 3 != 2));
            },
        );
        memory::check_quarantine();
    });
}

/// Refused for want of a thread just when it is cancelled: the context is dropped once, whatever is said.
#[test]
fn a_cancel_meets_a_refusal() {
    in_child(240, || {
        race(
            5_000,
            |round| {
                if round == 0 {
                    forbid_threads();
                }
                Subject::new()
            },
            &[
                &|s: &Subject| {
                    let count = counted(&s.drops);
                    let status = spawn(&s.take(0), move |_| {
                        let _ = &count;
                        panic!("there is no thread")
                    });
                    assert!(matches!(status, ASYNCHRON_OK | ASYNCHRON_E_SYSTEM));
                },
                &|s| assert_eq!(s.take(1).cancel(), ASYNCHRON_OK),
            ],
            |s| assert_eq!(s.drops.load(SeqCst), 1),
        );
    });
}
