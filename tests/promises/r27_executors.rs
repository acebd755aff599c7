//! Rule 27: executors with threads of their own.

use crate::support::process::try_in_child;
use crate::support::*;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

/// How many are inside at a time, and how many there were at most.
#[derive(Clone, Default)]
struct Crowd(Arc<(AtomicUsize, AtomicUsize)>);

impl Crowd {
    fn visit(&self, body: impl FnOnce()) {
        let now = self.0.0.fetch_add(1, SeqCst) + 1;
        self.0.1.fetch_max(now, SeqCst);
        body();
        self.0.0.fetch_sub(1, SeqCst);
    }

    fn most(&self) -> usize {
        self.0.1.load(SeqCst)
    }
}

fn name_of_this_thread() -> String {
    let mut name = [0_u8; 16];
    unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    CStr::from_bytes_until_nul(&name).unwrap().to_str().unwrap().to_owned()
}

#[test]
fn no_more_tasks_run_at_a_time_than_it_has_threads() {
    within(120, || {
        for threads in [1, 2, 3] {
            let (executor, crowd) = (Executor::threads(threads), Crowd::default());
            let all = Handle::many(60);
            for a in &all {
                let crowd = crowd.clone();
                let task = move |_: *mut asynchron_t| {
                    // Blocked by other means: that adds no thread, also after the 10 ms of asynchron_spawn().
                    crowd.visit(|| thread::sleep(Duration::from_millis(2)));
                    0
                };
                assert_eq!(executor.spawn(a, task), ASYNCHRON_OK);
            }
            assert_eq!(handle::wait_all(&all, LONG), ASYNCHRON_OK);
            assert!(crowd.most() <= threads, "{} at a time on {threads}", crowd.most());
        }
    });
}

/// Each of so many waits for all the others, by means that the library does not see.
#[test]
fn as_many_run_at_a_time_as_it_has_threads() {
    within(60, || {
        let (executor, meet) = (Executor::threads(5), Arc::new(std::sync::Barrier::new(5)));
        let all = Handle::many(5);
        for a in &all {
            let meet = meet.clone();
            assert_eq!(
                executor.spawn(a, move |_| {
                    meet.wait();
                    0
                }),
                ASYNCHRON_OK
            );
        }
        assert_eq!(handle::wait_all(&all, LONG), ASYNCHRON_OK);
    });
}

#[test]
fn first_come_first_served() {
    within(60, || {
        let (executor, order) = (Executor::threads(1), Arc::new(Mutex::new(Vec::new())));
        let (gate, all) = (Gate::new(), Handle::many(1000));
        for (n, a) in all.iter().enumerate() {
            let (order, gate) = (order.clone(), gate.clone());
            let task = move |_: *mut asynchron_t| {
                gate.pass();
                order.lock().unwrap().push(n);
                0
            };
            assert_eq!(executor.spawn(a, task), ASYNCHRON_OK);
        }
        gate.open();
        assert_eq!(handle::wait_all(&all, LONG), ASYNCHRON_OK);
        assert!(order.lock().unwrap().iter().copied().eq(0..1000));
    });
}

/// Each waits for the one spawned after it, on one thread at a time.
#[test]
fn tasks_that_wait_for_tasks_of_the_same_executor_never_lock_it_up() {
    within(120, || {
        let (executor, all, gate) = (Executor::threads(1), Handle::many(100), Gate::new());
        for n in 0..all.len() {
            let (next, gate) = (all.get(n + 1).cloned(), gate.clone());
            let status = executor.spawn(&all[n], move |me| {
                gate.pass();
                let below = next.as_ref().map_or(0, |next| next.number().unwrap());
                Handle::shared(me).set_number(below + 1) as i32
            });
            assert_eq!(status, ASYNCHRON_OK);
        }
        gate.open();
        assert_eq!(all[0].number(), Ok(100));
    });
}

/// One sleeps, a second runs in its place; when the first has woken, both run; the third begins when both are done.
#[test]
fn what_wakes_goes_on_at_once_and_nothing_begins_until_fewer_run() {
    within(120, || {
        for _ in 0..50 {
            let executor = Executor::threads(1);
            let (wakes, all) = (Handle::new(), Handle::many(3));
            let (goes_on, second_begins) = (Gate::new(), Gate::new());
            let (ends, second_ends) = (Gate::new(), Gate::new());
            let third_begun = Arc::new(AtomicBool::new(false));
            let (woken, on, end) = (wakes.clone(), goes_on.clone(), ends.clone());
            let first = move |_: *mut asynchron_t| {
                woken.wait(ASYNCHRON_FOREVER);
                on.open();
                end.pass();
                0
            };
            assert_eq!(executor.spawn(&all[0], first), ASYNCHRON_OK);
            let (begins, end) = (second_begins.clone(), second_ends.clone());
            let second = move |_: *mut asynchron_t| {
                begins.open();
                end.pass();
                0
            };
            assert_eq!(executor.spawn(&all[1], second), ASYNCHRON_OK);
            second_begins.pass();
            let begun = third_begun.clone();
            let third = move |_: *mut asynchron_t| {
                begun.store(true, SeqCst);
                0
            };
            assert_eq!(executor.spawn(&all[2], third), ASYNCHRON_OK);
            wakes.set(b"");
            goes_on.pass();
            second_ends.open();
            assert_eq!(all[1].wait(LONG), ASYNCHRON_OK);
            thread::sleep(Duration::from_millis(1));
            assert!(!third_begun.load(SeqCst), "it began while the first one ran");
            ends.open();
            assert_eq!(all[2].wait(LONG), ASYNCHRON_OK);
        }
    });
}

#[test]
fn its_threads_have_its_name_cut_to_fifteen_bytes() {
    within(60, || {
        for (given, seen) in [("short", "short"), ("0123456789abcdefghi", "0123456789abcde")] {
            let (executor, a) = (Executor::named(given), Handle::new());
            let task = move |me| Handle::shared(me).set(name_of_this_thread().as_bytes()) as i32;
            assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
            assert_eq!(a.get().unwrap(), seen.as_bytes());
        }
        let (executor, a) = (Executor::threads(1), Handle::new());
        let task = move |me| Handle::shared(me).set(name_of_this_thread().as_bytes()) as i32;
        assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
        assert_eq!(a.get().unwrap(), b"asynchron/1");
    });
}

fn stack_of_a_thread(stack_size: usize) -> u64 {
    let options = asynchron_executor_options_t { stack_size, threads: 1, ..EXECUTOR_OPTIONS };
    let (executor, a) = (Executor::create(&options), Handle::new());
    let task = |me| unsafe {
        let mut attr = std::mem::zeroed();
        assert_eq!(libc::pthread_getattr_np(libc::pthread_self(), &mut attr), 0);
        let (mut low, mut size) = (null_mut(), 0);
        assert_eq!(libc::pthread_attr_getstack(&attr, &mut low, &mut size), 0);
        libc::pthread_attr_destroy(&mut attr);
        Handle::shared(me).set_number(size as u64) as i32
    };
    assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
    a.number().unwrap()
}

/// In a process of its own: the system gives a thread the larger stack of one that has ended, too.
#[test]
fn its_threads_have_stacks_of_its_size_and_never_too_small_ones() {
    try_in_child(60, || {
        let mib = 1 << 20;
        assert!((3 * mib..4 * mib).contains(&stack_of_a_thread(3 * mib as usize)));
        assert!(stack_of_a_thread(3 * mib as usize + 1) > 3 * mib);
        assert!((16 << 10..mib).contains(&stack_of_a_thread(1)));
        // So much there is not.
        let options = asynchron_executor_options_t { stack_size: usize::MAX, ..EXECUTOR_OPTIONS };
        let (executor, a) = (Executor::create(&options), Handle::new());
        assert_eq!(executor.spawn(&a, |_| 0), ASYNCHRON_E_SYSTEM);
        assert_eq!(a.poll(), ASYNCHRON_PENDING);
    })
    .unwrap();
}

#[test]
fn what_is_queued_still_runs_when_the_last_handle_has_gone() {
    within(60, || {
        let (tally, gate, all) = (Tally::new(), Gate::new(), Handle::many(100));
        let executor = Executor::create(&asynchron_executor_options_t {
            threads: 1,
            ctx: tally.ptr(),
            drop_ctx: tally.drop_fn(),
            ..EXECUTOR_OPTIONS
        });
        for a in &all {
            let gate = gate.clone();
            assert_eq!(
                executor.spawn(a, move |_| {
                    gate.pass();
                    0
                }),
                ASYNCHRON_OK
            );
        }
        drop(executor);
        assert_eq!((all[0].poll(), tally.drops()), (ASYNCHRON_PENDING, 0));
        gate.open();
        assert_eq!(handle::wait_all(&all, LONG), ASYNCHRON_OK);
        // Its threads have rested long enough, and with the last of them it goes.
        until(|| tally.drops() == 1);
    });
}

fn counted(tally: &Tally) -> Executor {
    let (ctx, drop_ctx) = (tally.ptr(), tally.drop_fn());
    Executor::create(&asynchron_executor_options_t {
        threads: 1,
        ctx,
        drop_ctx,
        ..EXECUTOR_OPTIONS
    })
}

/// A thread rests for a second: the handles are released around that time, one after the other.
#[test]
fn whichever_comes_last_its_last_handle_or_its_last_thread_it_goes_once() {
    within(120, || {
        for _ in 0..3 {
            let tallies: Vec<_> = (0..200).map(|_| Tally::new()).collect();
            let executors: Vec<_> = tallies.iter().map(counted).collect();
            for executor in &executors {
                let a = Handle::new();
                assert_eq!(executor.spawn(&a, |_| 0), ASYNCHRON_OK);
                assert_eq!(a.wait(LONG), ASYNCHRON_OK);
            }
            thread::sleep(Duration::from_millis(900));
            for executor in executors {
                drop(executor);
                thread::sleep(Duration::from_micros(500));
            }
            until(|| tallies.iter().all(|tally| tally.drops() > 0));
            assert!(tallies.iter().all(|tally| tally.drops() == 1));
        }
    });
}

/// Whoever cancels what lies there drops its context, which takes longer than the last thread stays.
#[test]
fn what_is_being_ended_keeps_it_when_its_threads_have_gone() {
    struct Slow(Gate, Gate);
    impl Drop for Slow {
        fn drop(&mut self) {
            self.0.open();
            self.1.pass();
        }
    }
    try_in_child(120, || {
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let before = threads();
        for handle_first in [false, true] {
            let (tally, all, begun) = (Tally::new(), Handle::many(2), Gate::new());
            let mut executor = Some(counted(&tally));
            let (ends, drops, dropped) = (Gate::new(), Gate::new(), Gate::new());
            let (begins, end) = (begun.clone(), ends.clone());
            let busy = move |_: *mut asynchron_t| {
                begins.open();
                end.pass();
                0
            };
            assert_eq!(executor.as_ref().unwrap().spawn(&all[0], busy), ASYNCHRON_OK);
            begun.pass();
            let slow = Slow(drops.clone(), dropped.clone());
            let lies = move |_: *mut asynchron_t| {
                let _ = &slow;
                0
            };
            assert_eq!(executor.as_ref().unwrap().spawn(&all[1], lies), ASYNCHRON_OK);
            let cancelled = all[1].clone();
            let cancels = thread::spawn(move || cancelled.cancel());
            drops.pass();
            if handle_first {
                executor = None;
            }
            ends.open();
            until(|| threads() <= before + 1);
            drop(executor);
            assert_eq!(tally.drops(), 0, "it is being looked at");
            dropped.open();
            assert_eq!(cancels.join().unwrap(), ASYNCHRON_OK);
            assert_eq!(tally.drops(), 1);
        }
    })
    .unwrap();
}

/// Not counted in the process of the other tests, whose threads come and go.
#[test]
fn the_threads_of_an_executor_that_is_gone_end_and_no_memory_stays() {
    let round = || {
        let (executor, all) = (Executor::threads(3), Handle::many(200));
        for a in &all {
            assert_eq!(executor.spawn(a, |_| 0), ASYNCHRON_OK);
        }
        assert_eq!(handle::wait_all(&all, LONG), ASYNCHRON_OK);
    };
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    try_in_child(120, move || {
        let before = threads();
        let hundred = || {
            (0..100).for_each(|_| round());
            until(|| threads() <= before);
        };
        // What the system keeps for its threads, however many there are, it has after the first hundred.
        hundred();
        let used = memory::in_use();
        hundred();
        // An executor has more than that.
        until(|| memory::in_use() < used + 100 * 500);
    })
    .unwrap();
}

#[test]
fn the_default_executor_is_that_of_spawn() {
    within(60, || {
        let (executor, a) = (Executor::default(), Handle::new());
        assert_eq!(executor.raw(), Executor::default().raw());
        let task = |me| Handle::shared(me).set(name_of_this_thread().as_bytes()) as i32;
        assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
        assert!(a.get().unwrap().starts_with(b"asynchron/"));
        // Released once too often it would be gone.
        for _ in 0..10 {
            drop(executor.clone());
        }
    });
}

/// As for spawn: what does not run is dropped at once, by whoever completes it.
#[test]
fn the_context_of_a_needless_task_is_dropped_at_once() {
    within(60, || {
        let (executor, gate, busy) = (Executor::threads(1), Gate::new(), Handle::new());
        let opens = gate.clone();
        assert_eq!(
            executor.spawn(&busy, move |_| {
                opens.pass();
                0
            }),
            ASYNCHRON_OK
        );
        let (a, owned) = (Handle::new(), Arc::new(()));
        let its = owned.clone();
        assert_eq!(
            executor.spawn(&a, move |_| {
                let _ = &its;
                panic!("it ran")
            }),
            ASYNCHRON_OK
        );
        assert_eq!(Arc::strong_count(&owned), 2);
        a.cancel();
        assert_eq!(Arc::strong_count(&owned), 1);
        gate.open();
        assert_eq!(busy.wait(LONG), ASYNCHRON_OK);
    });
}

/// Many threads give tasks to an executor that is released meanwhile.
#[test]
fn spawning_from_many_threads_and_releasing_meanwhile_loses_nothing() {
    within(120, || {
        for _ in 0..200 {
            let (executor, count) = (Executor::threads(2), Arc::new(AtomicUsize::new(0)));
            let spawners: Vec<_> = (0..4)
                .map(|_| {
                    let (executor, count) = (executor.clone(), count.clone());
                    thread::spawn(move || {
                        for n in 0..20 {
                            let (a, count) = (Handle::new(), count.clone());
                            let task = move |_: *mut asynchron_t| {
                                count.fetch_add(1, SeqCst);
                                0
                            };
                            assert_eq!(executor.spawn(&a, task), ASYNCHRON_OK);
                            if n % 5 == 0 {
                                a.wait(LONG);
                            }
                        }
                    })
                })
                .collect();
            drop(executor);
            for spawner in spawners {
                spawner.join().unwrap();
            }
            until(|| count.load(SeqCst) == 80);
        }
    });
}

/// A child of a fork has none of the threads and nothing of the queue, and can use the executor like its parent.
#[test]
fn in_a_child_of_a_fork_every_executor_is_empty_and_works() {
    try_in_child(120, || {
        let (executor, gate, lies) = (Executor::threads(1), Gate::new(), Handle::new());
        let (busy, opens) = (Handle::new(), gate.clone());
        assert_eq!(
            executor.spawn(&busy, move |_| {
                opens.pass();
                0
            }),
            ASYNCHRON_OK
        );
        assert_eq!(executor.spawn(&lies, |_| 0), ASYNCHRON_OK);
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            let a = Handle::new();
            assert_eq!(
                executor.spawn(&a, |me| Handle::shared(me).set_number(7) as i32),
                ASYNCHRON_OK
            );
            assert_eq!(a.number(), Ok(7));
            assert_eq!(executor.shutdown(0, LONG), ASYNCHRON_OK, "only its own were there");
            assert_eq!(lies.poll(), ASYNCHRON_PENDING);
            assert_eq!(executor.spawn(&Handle::new(), |_| 0), ASYNCHRON_E_CLOSED);
            let grandchild = unsafe { libc::fork() };
            if grandchild == 0 {
                assert_eq!(executor.spawn(&Handle::new(), |_| 0), ASYNCHRON_E_CLOSED);
                unsafe { libc::_exit(0) };
            }
            let mut status = 1;
            assert_eq!(unsafe { libc::waitpid(grandchild, &mut status, 0) }, grandchild);
            unsafe { libc::_exit(status) };
        }
        let mut status = 1;
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
        gate.open();
        assert_eq!(lies.wait(LONG), ASYNCHRON_OK);
        assert_eq!(executor.spawn(&Handle::new(), |_| 0), ASYNCHRON_OK, "the parent's is open");
    })
    .unwrap();
}

/// Its threads and what lies are the parent's, and keep nothing there. Also under valgrind, if there is one.
#[test]
fn in_a_child_of_a_fork_an_executor_goes_with_its_last_handle() {
    let program = process::compile("fork_executors.c", &[]);
    process::run(process::command(&program, &[]), 170).assert_quiet_success();
    if let Some(command) = process::under_valgrind_but_for_leaks(&program, &[]) {
        process::run(command, 170).assert_quiet_success();
    }
}

/// No thread can be had, and no other could run it.
#[test]
fn where_the_system_refuses_a_thread_spawn_on_is_refused_and_changes_nothing() {
    try_in_child(60, || {
        let (executor, a, tally) = (Executor::threads(1), Handle::new(), Tally::new());
        threads::forbid_threads();
        unsafe extern "C" fn runs(_: *mut asynchron_t, _: *mut c_void) -> i32 {
            panic!("it ran")
        }
        let (raw, drop_ctx) = (executor.raw(), tally.drop_fn());
        let status = unsafe { asynchron_spawn_on(raw, a.raw(), Some(runs), tally.ptr(), drop_ctx) };
        assert_eq!((status, tally.drops()), (ASYNCHRON_E_SYSTEM, 1));
        assert_eq!(a.poll(), ASYNCHRON_PENDING);
        assert_eq!(executor.shutdown(0, 0), ASYNCHRON_OK, "nothing is left of it");
    })
    .unwrap();
}
