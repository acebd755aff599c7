//! Rule 13: when the last reference to an incomplete one goes while something is registered on it, it completes as
//! FAILED, domain "asynchron", code ASYNCHRON_E_BROKEN. A callback runs exactly once or is unregistered.

use crate::support::*;
use std::sync::Mutex;
use std::sync::mpsc::channel;

fn assert_broken(error: &Failure) {
    assert_eq!((error.code, error.domain.as_str()), (ASYNCHRON_E_BROKEN as i32, "asynchron"));
    assert!(!error.message.is_empty());
    assert_eq!(error.payload, 0);
}

#[test]
fn callbacks_run_in_order_and_see_a_failure() {
    within(60, || {
        let user = Tally::new();
        let a = with_user_data(user.ptr(), user.drop_fn());
        let (send, seen) = channel();
        let raw = a.raw() as usize;
        for n in 0..3 {
            let send = send.clone();
            notify(&a, move |a| {
                let same = a as usize == raw;
                let a = Handle::shared(a);
                send.send((n, same, a.state(), a.poll(), a.get(), a.error(), user.drops()))
                    .unwrap();
            });
        }
        drop(a);
        for n in 0..3 {
            let (order, same, state, poll, get, error, drops) = seen.try_recv().unwrap();
            assert_eq!((order, same, drops), (n, true, 0));
            assert_eq!((state, poll), (ASYNCHRON_STATE_READY, ASYNCHRON_FAILED));
            assert_eq!(get, Err(ASYNCHRON_FAILED));
            assert_broken(&error.unwrap());
        }
        assert!(seen.try_recv().is_err());
        assert_eq!(user.drops(), 1);
    });
}

/// A callback may keep what it was given: then it lives on, failed.
#[test]
fn a_callback_may_retain_it() {
    in_child(60, || {
        memory::quarantine();
        for _ in 0..1000 {
            let (a, user) = (Handle::new(), Tally::new());
            let kept = Arc::new(Mutex::new(None));
            let slot = kept.clone();
            notify(&a, move |a| *slot.lock().unwrap() = Some(Handle::shared(a)));
            drop(a);
            let a = kept.lock().unwrap().take().unwrap();
            assert_broken(&a.error().unwrap());
            assert_eq!(a.set_pointer(user.ptr(), user.drop_fn()), ASYNCHRON_ALREADY);
            // Registered on it now, it runs at once, and the second last release is nothing special.
            let (send, seen) = channel();
            notify(&a, move |_| send.send(()).unwrap());
            drop(a);
            assert_eq!((seen.iter().count(), user.drops()), (1, 1));
        }
        memory::check_quarantine();
    });
}

#[test]
fn then_and_after_learn() {
    let a = Handle::new();
    let (followed, ran) = (then(&a, None, |_, _| 0), Arc::new(AtomicUsize::new(0)));
    let inside = ran.clone();
    let joined = after(std::slice::from_ref(&a), None, move |_, s| {
        inside.fetch_add(1, SeqCst);
        Handle::shared(s[0]).error().map_or(0, |e| e.code)
    });
    drop(a);
    assert_broken(&followed.error().unwrap());
    assert_eq!(ran.load(SeqCst), 1);
    assert_eq!(joined.error().map(|e| e.code), Ok(ASYNCHRON_E_BROKEN as i32));
}

/// The flag that wants pending ones only makes no difference: it was pending.
#[test]
fn callbacks_that_asked_for_pending_learn_too() {
    let (a, (send, seen)) = (Handle::new(), channel());
    let flag = ASYNCHRON_NOTIFY_IF_PENDING;
    let report = move |a| send.send(handle::failure_of(a)).unwrap();
    assert_eq!(notify_flags(&a, flag, report, null_mut()), ASYNCHRON_OK);
    drop(a);
    assert_broken(&seen.try_recv().unwrap().unwrap());
}

/// With nothing registered, or nothing any more, it just ends.
#[test]
fn without_anything_registered() {
    let user = Tally::new();
    drop(with_user_data(user.ptr(), user.drop_fn()));
    assert_eq!(user.drops(), 1);
    let (a, ran) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
    let inside = ran.clone();
    let token = notify(&a, move |_| _ = inside.fetch_add(1, SeqCst));
    assert_eq!(a.unnotify(token), ASYNCHRON_OK);
    drop(a);
    assert_eq!(ran.load(SeqCst), 0);
}

/// A report's reference is one, too; when the report goes it may be the last.
#[test]
fn the_last_reference_is_a_report_s() {
    let (a, r, (send, seen)) = (Handle::new(), Report::new(), channel());
    notify(&a, move |a| send.send(handle::failure_of(a)).unwrap());
    r.add(&a, 0);
    drop(a);
    assert!(seen.try_recv().is_err());
    assert_eq!(r.next_tag(0), Err(ASYNCHRON_TIMEOUT));
    drop(r);
    assert_broken(&seen.try_recv().unwrap().unwrap());
}

/// A running function holds a reference of its own: someone is left to deliver.
#[test]
fn a_running_function_is_somebody() {
    within(60, || {
        let (a, (send, seen), leave) = (Handle::new(), channel(), Gate::new());
        notify(&a, move |a| send.send(unsafe { asynchron_poll(a) }).unwrap());
        let go = leave.clone();
        spawn(&a, move |_| {
            go.pass();
            0
        });
        drop(a);
        assert!(seen.try_recv().is_err());
        leave.open();
        assert_eq!(seen.recv(), Ok(ASYNCHRON_OK));
    });
}

/// Two threads: one delivers and releases, the other releases. The callback runs once, with the value or without.
#[test]
fn the_callback_runs_once_whoever_is_last() {
    in_child(120, || {
        memory::quarantine();
        type Subject = ([usize; 2], Arc<AtomicUsize>);
        let release = |a: usize| unsafe { asynchron_release(a as *mut asynchron_t) };
        let setup = |_| {
            let (a, ran) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
            let inside = ran.clone();
            notify(&a, move |a| {
                let code = unsafe { asynchron_poll(a) };
                inside.fetch_add(if code == ASYNCHRON_OK { 1 } else { 100 }, SeqCst);
            });
            ([a.clone().into_raw() as usize, a.into_raw() as usize], ran)
        };
        race(
            3000,
            setup,
            &[
                &|(a, _): &Subject| {
                    unsafe { asynchron_set_bytes(a[0] as *mut asynchron_t, null(), 0) };
                    release(a[0]);
                },
                &|(a, _)| release(a[1]),
            ],
            |(_, ran)| assert_eq!(ran.load(SeqCst), 1),
        );
        race(
            3000,
            setup,
            &[&|(a, _): &Subject| release(a[0]), &|(a, _)| release(a[1])],
            |(_, ran)| assert_eq!(ran.load(SeqCst), 100),
        );
        memory::check_quarantine();
    });
}

/// Unregistered or run, never both and never neither: against delivering, and against letting go.
#[test]
fn unregistered_or_run() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Handle, u64, Arc<AtomicUsize>, AtomicUsize);
        race(
            4000,
            |_| {
                let (a, ran) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
                let inside = ran.clone();
                let token = notify(&a, move |_| _ = inside.fetch_add(1, SeqCst));
                (a, token, ran, AtomicUsize::new(0))
            },
            &[
                &|s: &Subject| assert_eq!(s.0.set(b"x"), ASYNCHRON_OK),
                &|s| match s.0.unnotify(s.1) {
                    ASYNCHRON_OK => s.3.store(1, SeqCst),
                    other => assert_eq!(other, ASYNCHRON_ALREADY),
                },
            ],
            |s: Subject| assert_eq!(s.2.load(SeqCst) + s.3.load(SeqCst), 1),
        );
    });
}
