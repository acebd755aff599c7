//! Rule 23: the producers' share in an asynchron. When the last promise goes, and nobody delivered, it fails.

use crate::support::handle::failure_of;
use crate::support::*;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

/// One promise.
struct Promise(*mut asynchron_promise_t);

// SAFETY: a promise may be used and released from any thread; that is what the library promises.
unsafe impl Send for Promise {}
// SAFETY: as above.
unsafe impl Sync for Promise {}

impl Promise {
    fn of(a: &Handle) -> Self {
        Self::with(a.raw(), 0)
    }

    fn with(a: *mut asynchron_t, flags: u64) -> Self {
        let p = unsafe { asynchron_promise_create(a, flags) };
        assert!(!p.is_null(), "no promise");
        Self(p)
    }

    /// One by which it is cancelled when nobody wants it.
    fn minding(a: &Handle) -> Self {
        Self::with(a.raw(), ASYNCHRON_PROMISE_CANCEL_UNWANTED)
    }

    fn poll(&self) -> asynchron_status_t {
        unsafe { asynchron_poll(self.asynchron()) }
    }

    fn assert_unwanted(&self) {
        assert_eq!(self.poll(), ASYNCHRON_CANCELLED);
        let failure = failure_of(self.asynchron()).unwrap();
        assert_eq!((failure.code, failure.message.as_str()), (0, "unwanted"));
    }

    fn asynchron(&self) -> *mut asynchron_t {
        unsafe { asynchron_promise_asynchron(self.0) }
    }

    fn set(&self, number: u64) -> asynchron_status_t {
        let bytes = number.to_ne_bytes();
        unsafe { asynchron_set_bytes(self.asynchron(), bytes.as_ptr().cast(), bytes.len()) }
    }
}

impl Clone for Promise {
    fn clone(&self) -> Self {
        assert_eq!(unsafe { asynchron_promise_retain(self.0) }, self.0);
        Self(self.0)
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        unsafe { asynchron_promise_release(self.0) }
    }
}

fn assert_broken(a: &Handle, name: &str) {
    let failure = a.error().expect("it failed");
    assert_eq!((failure.code, failure.domain.as_str()), (-6, "asynchron"));
    assert!(failure.message.contains(name), "{:?} does not name {name:?}", failure.message);
}

fn named(name: &str) -> Handle {
    let name = CString::new(name).unwrap();
    Handle::owned(unsafe { asynchron_create(name.as_ptr()) })
}

#[test]
fn when_the_last_promise_goes_it_fails_and_the_message_has_its_name() {
    let a = named("a sum");
    let p = Promise::of(&a);
    assert_eq!(p.asynchron(), a.raw());
    let more = [p.clone(), Promise::of(&a)];
    drop(p);
    assert_eq!(a.poll(), ASYNCHRON_PENDING);
    drop(more);
    assert_broken(&a, "a sum");

    let unnamed = Handle::new();
    drop(Promise::of(&unnamed));
    let name = unsafe { CStr::from_ptr(asynchron_name(unnamed.raw())) };
    assert_broken(&unnamed, name.to_str().unwrap());
}

#[test]
fn waiting_threads_wake_and_callbacks_run_when_the_last_promise_goes() {
    within(60, || {
        let a = Handle::new();
        let p = Promise::of(&a);
        let told = Arc::new(AtomicUsize::new(0));
        let count = told.clone();
        notify(&a, move |a| {
            assert_eq!(unsafe { asynchron_poll(a) }, ASYNCHRON_FAILED);
            count.fetch_add(1, SeqCst);
        });
        let waiter = {
            let a = a.clone();
            start(move || a.get()).asleep()
        };
        drop(p);
        assert_eq!(waiter.join(), Err(ASYNCHRON_FAILED));
        assert_eq!(told.load(SeqCst), 1);
    });
}

#[test]
fn a_promise_keeps_its_asynchron() {
    let (told, gone) = (Arc::new(AtomicUsize::new(0)), Tally::new());
    let a = with_user_data(gone.ptr(), gone.drop_fn());
    let p = Promise::of(&a);
    let count = told.clone();
    notify(&a, move |_| {
        count.fetch_add(1, SeqCst);
    });
    drop(a);
    assert_eq!((told.load(SeqCst), gone.drops()), (0, 0));
    assert_eq!(p.set(1), ASYNCHRON_OK);
    assert_eq!((told.load(SeqCst), gone.drops()), (1, 0));
    drop(p);
    assert_eq!(gone.drops(), 1);
}

#[test]
fn a_promise_of_a_complete_one_means_nothing() {
    let a = Handle::new();
    let p = Promise::of(&a);
    assert_eq!(a.set_number(1), ASYNCHRON_OK);
    drop(p);
    let late = Promise::of(&a);
    assert_eq!(late.set(2), ASYNCHRON_ALREADY);
    drop(late.clone());
    drop(late);
    assert_eq!(a.number(), Ok(1));
    let broken = Handle::new();
    drop(Promise::of(&broken));
    drop(Promise::of(&broken));
    assert_broken(&broken, "");
}

#[test]
fn without_promises_all_is_as_before() {
    let a = Handle::new();
    drop(a.clone());
    assert_eq!(a.poll(), ASYNCHRON_PENDING);
}

#[test]
fn it_does_not_fail_while_a_function_for_it_runs_or_is_queued() {
    within(60, || {
        let a = Handle::new();
        let p = Promise::of(&a);
        let mut last = Some(p);
        let status = call(&a, |me| {
            drop(last.take());
            assert_eq!(unsafe { asynchron_poll(me) }, ASYNCHRON_PENDING);
            7
        });
        assert_eq!((status, a.error().unwrap().code), (ASYNCHRON_OK, 7));

        let (gate, a) = (Gate::new(), Handle::new());
        let p = Promise::of(&a);
        // More than there are threads, so that some are queued.
        let all: Vec<_> = (0..200).map(|_| (Handle::new(), gate.clone())).collect();
        for (one, gate) in &all {
            let gate = gate.clone();
            let status = spawn(one, move |_| {
                gate.pass();
                0
            });
            assert_eq!(status, ASYNCHRON_OK);
        }
        assert_eq!(spawn(&a, |_| 8), ASYNCHRON_OK);
        drop(p);
        gate.open();
        assert_eq!(a.get(), Err(ASYNCHRON_FAILED));
        assert_eq!(a.error().unwrap().code, 8);
        for (one, _) in &all {
            assert_eq!(one.wait(LONG), ASYNCHRON_OK);
        }
    });
}

#[test]
fn it_does_not_fail_while_it_has_a_function_on_demand() {
    let a = on_demand(|_| 9);
    drop(Promise::of(&a));
    assert_eq!(a.poll(), ASYNCHRON_PENDING);
    assert_eq!(a.get(), Err(ASYNCHRON_FAILED));
    assert_eq!(a.error().unwrap().code, 9);
}

#[test]
fn it_does_not_fail_while_a_step_delivers_into_it() {
    // With a callback in front: steps are found behind others, too.
    for before in [false, true] {
        for n in [1, 2] {
            let (sources, into) = (Handle::many(n), Handle::new());
            if before {
                notify(&into, |_| ());
            }
            let step = after(&sources, Some(&into), |_, _| 3);
            drop(Promise::of(&into));
            assert_eq!(into.poll(), ASYNCHRON_PENDING);
            for source in &sources {
                source.set_number(1);
            }
            assert_eq!(step.error().unwrap().code, 3);
        }
    }
}

#[test]
fn who_started_it_by_its_own_means_has_promised_too() {
    let a = named("own means");
    let p = Promise::of(&a);
    assert_eq!(unsafe { asynchron_start(a.raw()) }, ASYNCHRON_OK);
    drop(p);
    assert_broken(&a, "own means");
}

/// Since it is RUNNING by the program's own means, neither the step's function nor the task runs.
#[test]
fn a_step_that_cannot_deliver_after_all_leaves_nobody() {
    within(60, || {
        for n in [1, 2] {
            let (sources, into) = (Handle::many(n), named("lost"));
            let p = Promise::of(&into);
            let step = after(&sources, Some(&into), |_, _| panic!("it ran"));
            assert_eq!(unsafe { asynchron_start(into.raw()) }, ASYNCHRON_OK);
            drop(p);
            assert_eq!(into.poll(), ASYNCHRON_PENDING);
            for source in &sources {
                source.set_number(1);
            }
            assert_broken(&step, "lost");
        }
        let a = named("lost");
        let p = Promise::of(&a);
        assert_eq!(unsafe { asynchron_start(a.raw()) }, ASYNCHRON_OK);
        assert_eq!(spawn(&a, |_| panic!("it ran")), ASYNCHRON_OK);
        drop(p);
        assert_eq!(a.wait(LONG), ASYNCHRON_OK);
        assert_broken(&a, "lost");
    });
}

#[test]
fn of_the_last_promise_and_a_delivery_one_wins() {
    struct Subject {
        a: Handle,
        p: Promise,
    }
    let threads = 2;
    within(120, move || {
        for round in 0..2_000_u64 {
            let a = Handle::new();
            let p = Promise::of(&a);
            let subject = Subject { a, p };
            let barrier = std::sync::Barrier::new(threads);
            let (barrier, Subject { a, p }) = (&barrier, subject);
            let a = &a;
            let status = thread::scope(|scope| {
                scope.spawn(move || {
                    barrier.wait();
                    drop(p);
                });
                barrier.wait();
                a.set_number(round)
            });
            match status {
                ASYNCHRON_OK => assert_eq!(a.number(), Ok(round)),
                ASYNCHRON_ALREADY => assert_broken(a, "asynchron-"),
                status => panic!("set: {status:?}"),
            }
        }
    });
}

#[test]
fn of_many_promises_given_up_at_once_the_last_breaks_it_once() {
    within(120, || {
        for _ in 0..500 {
            let (a, told) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
            let count = told.clone();
            notify(&a, move |_| {
                count.fetch_add(1, SeqCst);
            });
            let promises: Vec<_> = (0..4).map(|_| Promise::of(&a)).collect();
            let barrier = std::sync::Barrier::new(promises.len());
            thread::scope(|scope| {
                for p in promises {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        drop(p.clone());
                        drop(p);
                    });
                }
            });
            assert_broken(&a, "asynchron-");
            assert_eq!(told.load(SeqCst), 1);
        }
    });
}

/// Each first one of several threads makes what the others find.
#[test]
fn the_first_promises_of_several_threads_are_of_one_count() {
    within(120, || {
        for _ in 0..500 {
            let a = Handle::new();
            let barrier = std::sync::Barrier::new(3);
            let (a, barrier) = (&a, &barrier);
            let promises: Vec<_> = thread::scope(|scope| {
                let make = || {
                    barrier.wait();
                    Promise::of(a)
                };
                let threads: Vec<_> = (0..3).map(|_| scope.spawn(make)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert!(promises.iter().all(|p| p.0 == promises[0].0));
            for (left, p) in (0..3).rev().zip(promises) {
                drop(p);
                assert_eq!(a.poll() == ASYNCHRON_PENDING, left > 0);
            }
            assert_broken(a, "asynchron-");
        }
    });
}

#[test]
fn what_is_no_promise_is_refused() {
    let a = Handle::new();
    unsafe {
        assert!(asynchron_promise_create(null_mut(), 0).is_null());
        assert!(asynchron_promise_create(a.raw(), 1 << 63).is_null());
        assert!(asynchron_promise_retain(null_mut()).is_null());
        assert!(asynchron_promise_asynchron(null()).is_null());
        asynchron_promise_release(null_mut());
    }
    assert_eq!(unsafe { asynchron_is_shared(a.raw()) }, 0);
}

/// Whether it is shared, and whether others than promises hold it.
fn sharing(a: &Handle) -> (i32, i32) {
    unsafe { (asynchron_is_shared(a.raw()), asynchron_is_held(a.raw())) }
}

#[test]
fn whether_promises_alone_share_it_is_told() {
    for flags in [0, ASYNCHRON_PROMISE_CANCEL_UNWANTED] {
        let a = Handle::new();
        // The first ones, and others when those have gone.
        for _ in 0..3 {
            assert_eq!(sharing(&a), (0, 0));
            let p = Promise::with(a.raw(), flags);
            assert_eq!(sharing(&a), (1, 0));
            let more = p.clone();
            assert_eq!(sharing(&a), (1, 0), "together they have one");
            let held = a.clone();
            assert_eq!(sharing(&a), (1, 1));
            drop(p);
            drop(held);
            assert_eq!(sharing(&a), (1, 0));
            drop(more);
        }
    }
}

/// Never is another handle taken for the promises' own, while the last of them goes.
#[test]
fn a_handle_that_outlives_the_last_promise_is_not_taken_for_one() {
    within(60, || {
        for _ in 0..1000 {
            let a = Handle::new();
            assert_eq!(a.set(&1_u64.to_ne_bytes()), ASYNCHRON_OK);
            let p = Promise::of(&a);
            let (held, asked) = (AtomicBool::new(false), AtomicBool::new(false));
            thread::scope(|scope| {
                scope.spawn(|| {
                    let handle = unsafe { asynchron_retain(p.asynchron()) };
                    held.store(true, SeqCst);
                    drop(p);
                    while !asked.load(SeqCst) {
                        thread::yield_now();
                    }
                    unsafe { asynchron_release(handle) };
                });
                while !held.load(SeqCst) {
                    assert_eq!(sharing(&a).0, 1);
                }
                for _ in 0..20 {
                    assert_eq!(sharing(&a), (1, 1));
                }
                asked.store(true, SeqCst);
            });
            assert_eq!(sharing(&a), (0, 0));
        }
    });
}

#[test]
fn when_the_last_handle_goes_it_is_cancelled_as_unwanted() {
    let a = Handle::new();
    let (plain, p) = (Promise::of(&a), Promise::minding(&a));
    let more = a.clone();
    drop(a);
    assert_eq!(p.poll(), ASYNCHRON_PENDING);
    drop(more);
    p.assert_unwanted();
    assert_eq!(p.set(1), ASYNCHRON_CANCELLED);
    drop(p);
    plain.assert_unwanted();
}

#[test]
fn without_the_flag_it_stays_when_the_last_handle_goes() {
    let a = Handle::new();
    let p = Promise::of(&a);
    drop(a);
    assert_eq!(p.poll(), ASYNCHRON_PENDING);
}

#[test]
fn if_nobody_wants_it_when_the_promise_is_made_it_is_cancelled_at_once() {
    let a = Handle::new();
    let p = Promise::of(&a);
    drop(a);
    let minding = Promise::with(p.asynchron(), ASYNCHRON_PROMISE_CANCEL_UNWANTED);
    minding.assert_unwanted();
}

#[test]
fn it_stays_minded_when_the_promise_that_said_so_is_gone() {
    let a = Handle::new();
    let p = Promise::of(&a);
    drop(Promise::minding(&a));
    drop(a);
    p.assert_unwanted();
}

#[test]
fn what_is_minded_can_be_delivered_broken_taken_and_freed_as_any() {
    let gone = Tally::new();
    let a = with_user_data(gone.ptr(), gone.drop_fn());
    let p = Promise::minding(&a);
    assert_eq!(p.set(5), ASYNCHRON_OK);
    drop(p);
    assert_eq!(a.number(), Ok(5));
    assert_eq!(unsafe { asynchron_is_shared(a.raw()) }, 0);
    assert_eq!(gone.drops(), 0);
    drop(a);
    assert_eq!(gone.drops(), 1);

    let broken = named("minded");
    drop(Promise::minding(&broken));
    assert_broken(&broken, "minded");

    let (value, taken) = (Tally::new(), Handle::new());
    let p = Promise::minding(&taken);
    assert_eq!(taken.set_pointer(value.ptr(), value.drop_fn()), ASYNCHRON_OK);
    let mut out = null_mut();
    assert_eq!(unsafe { asynchron_take(taken.raw(), &mut out) }, ASYNCHRON_ALREADY);
    drop(p);
    assert_eq!(unsafe { asynchron_take(taken.into_raw(), &mut out) }, ASYNCHRON_OK);
    assert_eq!((out, value.drops()), (value.ptr(), 0));
}

#[test]
fn a_producer_that_retains_it_keeps_it_wanted() {
    let a = Handle::new();
    let p = Promise::minding(&a);
    let producers = Handle::shared(p.asynchron());
    drop(a);
    assert_eq!(p.poll(), ASYNCHRON_PENDING);
    drop(producers);
    p.assert_unwanted();
}

#[test]
fn a_callback_keeps_it_wanted_until_it_is_taken_back() {
    let a = Handle::new();
    let p = Promise::minding(&a);
    let token = notify(&a, |_| panic!("it ran"));
    drop(a);
    assert_eq!(p.poll(), ASYNCHRON_PENDING);
    assert_eq!(unsafe { asynchron_unnotify(p.asynchron(), token) }, ASYNCHRON_OK);
    p.assert_unwanted();
}

#[test]
fn a_report_keeps_it_wanted_until_it_is_removed() {
    for remove in [false, true] {
        let a = Handle::new();
        let p = Promise::minding(&a);
        let report = Report::new();
        assert_eq!(
            unsafe { asynchron_report_add(report.raw(), a.raw(), null_mut()) },
            ASYNCHRON_OK
        );
        drop(a);
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        if remove {
            let removed = unsafe { asynchron_report_remove(report.raw(), p.asynchron()) };
            assert_eq!(removed, ASYNCHRON_OK);
        }
        drop(report);
        p.assert_unwanted();
    }
}

#[test]
fn a_step_keeps_its_source_wanted_until_it_is_taken_off() {
    for n in [1, 2] {
        let a = Handle::new();
        let p = Promise::minding(&a);
        let mut sources = Handle::many(n);
        sources[0] = a;
        let step = after(&sources, None, |_, _| panic!("it ran"));
        drop(sources);
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        step.cancel();
        p.assert_unwanted();
    }
}

#[test]
fn who_delivers_does_not_keep_it_wanted() {
    within(60, || {
        // A step into it.
        let (source, into) = (Handle::new(), Handle::new());
        let p = Promise::minding(&into);
        drop(then(&source, Some(&into), |_, _| panic!("it ran")));
        drop(into);
        p.assert_unwanted();
        // A function that runs.
        let (gate, begun) = (Gate::new(), Gate::new());
        let a = Handle::new();
        let p = Promise::minding(&a);
        let (its_gate, its_begun) = (gate.clone(), begun.clone());
        let status = spawn(&a, move |_| {
            its_begun.open();
            its_gate.pass();
            0
        });
        assert_eq!(status, ASYNCHRON_OK);
        begun.pass();
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        drop(a);
        p.assert_unwanted();
        gate.open();
    });
}

#[test]
fn a_waiting_thread_keeps_it_wanted_until_its_time_is_up() {
    within(60, || {
        let a = Handle::new();
        let p = Promise::minding(&a);
        let its = p.clone();
        let waiter = start(move || {
            let waited = unsafe { asynchron_wait(its.asynchron(), ASYNCHRON_FOREVER) };
            (waited, its.poll())
        })
        .asleep();
        drop(a);
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        p.set(1);
        assert_eq!(waiter.join(), (ASYNCHRON_OK, ASYNCHRON_OK));

        for any in [false, true] {
            let a = Handle::new();
            let p = Promise::minding(&a);
            let its = p.clone();
            let waiter = start(move || {
                let a = its.asynchron();
                let waited = unsafe {
                    if any {
                        asynchron_wait_any(&a, 1, 200 * MS, null_mut())
                    } else {
                        asynchron_wait(a, 200 * MS)
                    }
                };
                (waited, its)
            });
            drop(a);
            // Whether it waited before that, or came too late, is up to the system.
            let (waited, its) = waiter.join();
            assert!(matches!(waited, ASYNCHRON_TIMEOUT | ASYNCHRON_OK), "{waited:?}");
            its.assert_unwanted();
        }
    });
}

#[test]
fn who_waits_for_all_wants_each() {
    within(60, || {
        let (first, a) = (Handle::new(), Handle::new());
        let p = Promise::minding(&a);
        let (its, another) = (p.clone(), first.clone());
        let waiter = start(move || {
            let all = [another.raw(), its.asynchron()];
            let waited = unsafe { asynchron_wait_all(all.as_ptr(), all.len(), ASYNCHRON_FOREVER) };
            (waited, its.poll())
        })
        .asleep();
        drop(a);
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        first.set(b"x");
        p.set(1);
        assert_eq!(waiter.join(), (ASYNCHRON_OK, ASYNCHRON_OK));
    });
}

#[test]
fn who_runs_its_function_on_demand_wants_it() {
    within(60, || {
        let (begun, goes_on) = (Gate::default(), Gate::default());
        let gates = (begun.clone(), goes_on.clone());
        let a = on_demand(move |_| {
            gates.0.open();
            gates.1.pass();
            0
        });
        let p = Promise::minding(&a);
        let its = p.clone();
        let waiter = start(move || {
            let got = unsafe { asynchron_get(its.asynchron(), null_mut()) };
            (got, its.poll())
        });
        begun.pass();
        drop(a);
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        goes_on.open();
        assert_eq!(waiter.join(), (ASYNCHRON_OK, ASYNCHRON_OK));
    });
}

#[test]
fn a_wait_whose_timing_out_makes_it_unwanted_says_that_its_time_is_up() {
    type Wait = fn(*mut asynchron_t) -> asynchron_status_t;
    let waits: [(&str, Wait); 5] = [
        ("wait", |a| unsafe { asynchron_wait(a, 50 * MS) }),
        ("get_timeout", |a| unsafe { asynchron_get_timeout(a, 50 * MS, null_mut()) }),
        ("wait_any", |a| unsafe { asynchron_wait_any(&a, 1, 50 * MS, null_mut()) }),
        ("wait_all", |a| unsafe { asynchron_wait_all(&a, 1, 50 * MS) }),
        ("wait_all, for another first", |a| {
            let another = Handle::new();
            unsafe { asynchron_wait_all([another.raw(), a].as_ptr(), 2, 50 * MS) }
        }),
    ];
    within(60, move || {
        for (name, wait) in waits {
            loop {
                let a = Handle::new();
                let p = Promise::minding(&a);
                let its = p.clone();
                let waiter = start(move || wait(its.asynchron())).asleep();
                drop(a);
                // If it is pending now, the waiting thread alone has kept it so.
                let was_kept = p.poll() == ASYNCHRON_PENDING;
                let waited = waiter.join();
                p.assert_unwanted();
                if was_kept {
                    assert_eq!(waited, ASYNCHRON_TIMEOUT, "{name}");
                    break;
                }
            }
        }
    });
}

#[test]
fn who_was_asleep_before_the_promise_was_made_keeps_it_wanted_too() {
    within(60, || {
        let a = Handle::new();
        let p = Promise::of(&a);
        let its = p.clone();
        let waiter = start(move || {
            let waited = unsafe { asynchron_wait(its.asynchron(), ASYNCHRON_FOREVER) };
            (waited, its.poll())
        })
        .asleep();
        let minding = Promise::minding(&a);
        drop(a);
        assert_eq!(minding.poll(), ASYNCHRON_PENDING);
        p.set(1);
        assert_eq!(waiter.join(), (ASYNCHRON_OK, ASYNCHRON_OK));
    });
}

#[test]
fn who_has_waited_in_vain_before_the_promise_was_made_does_not_count() {
    let a = Handle::new();
    assert_eq!(a.wait(MS), ASYNCHRON_TIMEOUT);
    let p = Promise::minding(&a);
    drop(a);
    p.assert_unwanted();
}

#[test]
fn of_many_handles_given_up_at_once_the_last_makes_it_unwanted() {
    within(120, || {
        for _ in 0..500 {
            let a = Handle::new();
            let p = Promise::minding(&a);
            let handles: Vec<_> = (0..3).map(|_| a.clone()).collect();
            drop(a);
            let barrier = std::sync::Barrier::new(handles.len());
            thread::scope(|scope| {
                for a in handles {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        drop(a.clone());
                        drop(a);
                    });
                }
            });
            p.assert_unwanted();
        }
    });
}

/// A function that has returned holds nothing, whatever it left to another to deliver.
#[test]
fn who_holds_it_keeps_it_wanted_after_its_function_has_it_follow_another() {
    within(60, || {
        let (a, source) = (Handle::new(), Handle::new());
        let p = Promise::minding(&a);
        let follow = |a| unsafe { asynchron_follow(a, source.raw()) as i32 };
        assert_eq!(call(&a, follow), ASYNCHRON_OK);
        drop(a.clone());
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        assert_eq!(unsafe { asynchron_wait(a.raw(), 1) }, ASYNCHRON_TIMEOUT);
        assert_eq!(p.poll(), ASYNCHRON_PENDING);
        drop(a);
        p.assert_unwanted();
    });
}

/// A link of a chain that goes when nothing wants it any more: its only promise, given up at once, said so.
fn link(a: Handle) -> Handle {
    drop(Promise::minding(&a));
    a
}

#[test]
fn a_chain_that_nobody_wants_any_more_is_cancelled_to_its_beginning() {
    for cancel in [false, true] {
        let source = Handle::new();
        let p = Promise::minding(&source);
        let first = link(then(&source, None, |_, _| panic!("it ran")));
        let second = link(then(&first, None, |_, _| panic!("it ran")));
        let end = link(after(&[second], None, |_, _| panic!("it ran")));
        drop((source, first));
        assert_eq!((p.poll(), end.poll()), (ASYNCHRON_PENDING, ASYNCHRON_PENDING));
        if cancel {
            assert_eq!(end.cancel(), ASYNCHRON_OK);
        }
        drop(end);
        p.assert_unwanted();
    }
}

#[test]
fn a_link_fails_with_its_source_and_not_as_the_promise_goes_that_was_given_up_at_once() {
    let source = named("source");
    let p = Promise::minding(&source);
    let end = link(then(&source, None, |_, _| panic!("it ran")));
    drop(source);
    assert_eq!(end.poll(), ASYNCHRON_PENDING);
    drop(p);
    assert_broken(&end, "source");
}

#[test]
fn a_cancel_reaches_what_a_step_has_its_link_follow() {
    for cancel in [false, true] {
        let (source, other) = (Handle::new(), Handle::new());
        let (p, its) = (Promise::minding(&source), Promise::minding(&other));
        let other = std::sync::Mutex::new(Some(other));
        let first = link(then(&source, None, move |into, _| {
            let other = other.lock().unwrap().take().unwrap();
            unsafe { asynchron_follow(into, other.raw()) as i32 }
        }));
        let end = link(then(&first, None, |_, _| panic!("it ran")));
        drop((source, first));
        assert_eq!(p.set(1), ASYNCHRON_OK);
        assert_eq!((its.poll(), end.poll()), (ASYNCHRON_PENDING, ASYNCHRON_PENDING));
        if cancel {
            assert_eq!(end.cancel(), ASYNCHRON_OK);
        }
        drop(end);
        its.assert_unwanted();
    }
}
