//! Rule 12: what is computed from those that come before.

use crate::support::*;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, ThreadId};

/// What a join function was called with.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    into: usize,
    sources: Vec<(usize, asynchron_status_t)>,
    thread: ThreadId,
}

type Join = Box<dyn FnMut(*mut asynchron_t, &[*mut asynchron_t]) -> i32 + Send>;

/// A join function that tells what it saw and returns `code`.
fn recorder(code: i32) -> (Join, Receiver<Seen>) {
    let (send, seen) = channel();
    (Box::new(move |into, sources: &[_]| record(&send, into, sources, code)), seen)
}

fn record(send: &Sender<Seen>, into: *mut asynchron_t, s: &[*mut asynchron_t], code: i32) -> i32 {
    let sources = s.iter().map(|s| (*s as usize, unsafe { asynchron_poll(*s) })).collect();
    send.send(Seen { into: into as usize, sources, thread: thread::current().id() }).unwrap();
    code
}

#[test]
fn after_runs_once_all_are_complete_however_they_ended() {
    within(60, || {
        let (f, seen) = recorder(0);
        let all = Handle::many(3);
        // Duplicates are legal, and passed on as they are.
        let sources = [all[0].clone(), all[1].clone(), all[0].clone(), all[2].clone()];
        let into = after(&sources, None, f);
        all[1].cancel();
        all[2].fail(1, "x");
        assert!(seen.try_recv().is_err());
        assert_eq!(into.poll(), ASYNCHRON_PENDING);
        let last = all[0].clone();
        let thread = thread::spawn(move || {
            last.set(b"x");
            thread::current().id()
        });
        let thread = thread.join().unwrap();
        let (ok, failed) = (ASYNCHRON_OK, ASYNCHRON_FAILED);
        let statuses = [ok, ASYNCHRON_CANCELLED, ok, failed];
        let sources = sources.iter().zip(statuses).map(|(a, s)| (a.raw() as usize, s)).collect();
        let expected = Seen { into: into.raw() as usize, sources, thread };
        assert_eq!(seen.try_iter().collect::<Vec<_>>(), [expected]);
        assert_eq!(into.get(), Ok(vec![]));
    });
}

/// The thread that completes the last one runs the function, whichever that is; and it runs once.
#[test]
fn the_last_completer_runs_it() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Vec<Handle>, Handle, Mutex<Receiver<Seen>>, Mutex<Vec<ThreadId>>);
        let deliver = |s: &Subject, n: usize| {
            s.0[n].set(b"x");
            s.3.lock().unwrap().push(thread::current().id());
        };
        race(
            3000,
            |_| {
                let (all, (f, seen)) = (Handle::many(3), recorder(0));
                let into = after(&all, None, f);
                (all, into, Mutex::new(seen), Mutex::default())
            },
            &[&|s: &Subject| deliver(s, 0), &|s| deliver(s, 1), &|s| deliver(s, 2)],
            |(_, into, seen, threads): Subject| {
                let seen: Vec<_> = seen.into_inner().unwrap().try_iter().collect();
                assert_eq!(seen.len(), 1);
                assert!(seen[0].sources.iter().all(|(_, status)| *status == ASYNCHRON_OK));
                assert!(threads.into_inner().unwrap().contains(&seen[0].thread));
                assert_eq!(into.poll(), ASYNCHRON_OK);
            },
        );
    });
}

#[test]
fn at_once_and_here_when_there_is_nothing_to_wait_for() {
    let complete = Handle::many(2);
    complete[0].set(b"x");
    complete[1].cancel();
    let here = thread::current().id();
    for (sources, n) in [(&[][..], 0), (&complete[..], 2)] {
        let (f, seen) = recorder(0);
        let into = after(sources, None, f);
        let seen: Vec<_> = seen.try_iter().collect();
        assert_eq!((seen.len(), seen[0].sources.len(), seen[0].thread), (1, n, here));
        assert_eq!(into.get(), Ok(vec![]));
    }
    let (f, seen) = recorder(0);
    let into = then(&complete[0], None, f);
    assert_eq!((seen.try_iter().count(), into.get()), (1, Ok(vec![])));
}

#[test]
fn what_the_function_delivers_or_returns_is_the_outcome() {
    for joins in 0..2 {
        let run = |f: Join| {
            let a = Handle::new();
            let into = match joins {
                0 => then(&a, None, f),
                _ => after(std::slice::from_ref(&a), None, f),
            };
            a.set(b"x");
            into
        };
        assert_eq!(run(Box::new(|_, _| 0)).get(), Ok(vec![]));
        assert_eq!(run(Box::new(|_, _| -3)).error().map(|e| e.code), Ok(-3));
        assert_eq!(
            run(Box::new(|i, _| Handle::shared(i).set(b"y") as i32)).get(),
            Ok(b"y".to_vec())
        );
        let late = run(Box::new(|i, _| {
            Handle::shared(i).fail(9, "nine");
            5
        }));
        assert_eq!(late.error().map(|e| (e.code, e.message)), Ok((9, "nine".to_owned())));
    }
}

#[test]
fn then_passes_a_failure_on_whole_and_shares_its_payload() {
    within(60, || {
        let (tally, (f, seen)) = (Tally::new(), recorder(0));
        let a = Handle::new();
        let into = then(&a, None, f);
        let mut last = into.clone();
        for _ in 0..10 {
            last = then(&last, None, |_, _| 0);
        }
        let (domain, message) = (c"the domain".as_ptr(), c"the message".as_ptr());
        let (p, drop_fn) = (tally.ptr(), tally.drop_fn());
        unsafe { asynchron_fail_with(a.raw(), 12, domain, message, p, drop_fn) };
        let error = Failure {
            code: 12,
            domain: "the domain".into(),
            message: "the message".into(),
            payload: p as usize,
        };
        for failed in [&a, &into, &last] {
            assert_eq!((failed.poll(), failed.error().as_ref()), (ASYNCHRON_FAILED, Ok(&error)));
        }
        assert_eq!(seen.try_iter().count(), 0, "not a value");
        // Whoever is left has it whole; with the last one it goes, once.
        drop(a);
        drop(into);
        assert_eq!((last.error(), tally.drops()), (Ok(error), 0));
        drop(last);
        assert_eq!(tally.drops(), 1);
    });
}

#[test]
fn then_passes_a_cancel_on() {
    for early in [false, true] {
        let ((f, seen), a) = (recorder(0), Handle::new());
        let reason = || unsafe { asynchron_cancel_with(a.raw(), c"why".as_ptr()) };
        if early {
            reason();
        }
        let into = then(&a, None, f);
        if !early {
            reason();
        }
        assert_eq!((into.poll(), into.state()), (ASYNCHRON_CANCELLED, ASYNCHRON_STATE_CANCELLED));
        assert_eq!(into.error().map(|e| (e.code, e.message)), Ok((0, "why".to_owned())));
        assert_eq!(seen.try_iter().count(), 0);
    }
}

/// The reference returned is one more, to `into` itself when that is given.
#[test]
fn both_return_a_reference_to_into() {
    let (tally, a) = (Tally::new(), Handle::new());
    let into = with_user_data(tally.ptr(), tally.drop_fn());
    let one = then(&a, Some(&into), |_, _| 0);
    let two = after(std::slice::from_ref(&a), Some(&into), |_, _| 0);
    assert_eq!((one.raw(), two.raw()), (into.raw(), into.raw()));
    a.set(b"x");
    for handle in [into, one, two] {
        assert_eq!(tally.drops(), 0);
        assert_eq!(handle.poll(), ASYNCHRON_OK);
    }
    assert_eq!(tally.drops(), 1);
}

#[test]
fn misuse_is_null_and_changes_nothing() {
    unsafe extern "C" fn never(
        _: *mut asynchron_t,
        _: *const *mut asynchron_t,
        _: usize,
        _: *mut c_void,
    ) -> i32 {
        std::process::abort()
    }
    let f: asynchron_join_fn_t = Some(never);
    let (a, b) = (Handle::new(), Handle::new());
    let list = [a.raw(), b.raw()];
    let with_null = [a.raw(), null_mut()];
    let tally = Tally::new();
    let (p, drop, none) = (tally.ptr(), tally.drop_fn(), null_mut());
    unsafe {
        assert!(asynchron_after(list.as_ptr(), 2, b.raw(), f, p, drop).is_null());
        assert!(asynchron_after(with_null.as_ptr(), 2, none, f, p, drop).is_null());
        assert!(asynchron_after(null(), 2, none, f, p, drop).is_null());
        assert!(asynchron_after(list.as_ptr(), 2, none, None, p, drop).is_null());
        assert!(asynchron_then(a.raw(), a.raw(), f, p, drop).is_null());
        assert!(asynchron_then(null_mut(), none, f, p, drop).is_null());
        assert!(asynchron_then(a.raw(), none, None, p, drop).is_null());
    }
    assert_eq!(tally.drops(), 7);
    assert_eq!((a.set(b"x"), b.poll()), (ASYNCHRON_OK, ASYNCHRON_PENDING));
}

#[test]
fn cancelling_into_does_not_touch_the_sources() {
    for joins in 0..2 {
        let (tally, (f, _seen)) = (Tally::new(), recorder(0));
        let all = Handle::many(2);
        let into = if joins == 0 { then(&all[0], None, f) } else { after(&all, None, f) };
        assert_eq!(into.cancel(), ASYNCHRON_OK);
        assert!(all.iter().all(|a| a.state() == ASYNCHRON_STATE_PENDING));
        assert_eq!(all[0].set_pointer(tally.ptr(), tally.drop_fn()), ASYNCHRON_OK);
        assert_eq!(all[1].fail(4, "x"), ASYNCHRON_OK);
        assert_eq!((all[0].poll(), all[1].poll()), (ASYNCHRON_OK, ASYNCHRON_FAILED));
        assert_eq!(into.poll(), ASYNCHRON_CANCELLED);
        drop(all);
        assert_eq!(tally.drops(), 1);
    }
}

/// Nobody else has the sources any more: they live until the function has returned, and not longer.
#[test]
fn a_source_is_kept_from_its_completion_until_the_function_returned() {
    within(60, || {
        let values = [Tally::new(), Tally::new()];
        let [a, b] = values.map(|t| with_user_data(t.ptr(), t.drop_fn()));
        let (send, seen) = channel();
        let into = after(&[a.clone(), b.clone()], None, move |_, s| {
            let drops = values.map(Tally::drops);
            let got = [s[0], s[1]].map(|s| Handle::shared(s).get());
            send.send((drops, got)).unwrap();
            0
        });
        a.set(b"A");
        drop(a);
        assert_eq!(values[0].drops(), 0);
        b.set(b"B");
        assert_eq!(seen.try_recv(), Ok(([0, 0], [Ok(b"A".to_vec()), Ok(b"B".to_vec())])));
        assert_eq!(values.map(Tally::drops), [1, 0], "one is still ours");
        drop(b);
        assert_eq!(values.map(Tally::drops), [1, 1], "whatever becomes of {:?}", into.poll());
    });
}

/// The registration alone does not keep a pending source: nobody is left to deliver it.
#[test]
fn a_pending_source_is_not_kept() {
    within(60, || {
        let user = Tally::new();
        let [a, b] = [with_user_data(user.ptr(), user.drop_fn()), Handle::new()];
        let (send, seen) = channel();
        let into = after(&[a.clone(), b.clone()], None, move |_, s| {
            let error = Handle::shared(s[0]).error().map(|e| e.code);
            send.send((error, user.drops())).unwrap();
            0
        });
        drop(a);
        assert_eq!(into.poll(), ASYNCHRON_PENDING);
        b.set(b"x");
        assert_eq!(seen.try_recv(), Ok((Ok(ASYNCHRON_E_BROKEN as i32), 0)));
        assert_eq!((into.poll(), user.drops()), (ASYNCHRON_OK, 1));
        let a = Handle::new();
        let into = then(&a, None, |_, _| 0);
        drop(a);
        assert_eq!(into.error().map(|e| e.code), Ok(ASYNCHRON_E_BROKEN as i32));
    });
}

/// Two that each come after the other keep each other, and one delivery lets go of both.
#[test]
fn a_circle_lasts_until_one_is_delivered() {
    let (tallies, runs) = ([Tally::new(), Tally::new()], Arc::new(AtomicUsize::new(0)));
    let [a, b] = tallies.map(|tally| with_user_data(tally.ptr(), tally.drop_fn()));
    for (source, into) in [(&a, &b), (&b, &a)] {
        let inside = runs.clone();
        then(source, Some(into), move |_, _| {
            inside.fetch_add(1, SeqCst);
            0
        });
    }
    let kept = a.raw();
    drop((a, b));
    assert_eq!(tallies.map(Tally::drops), [0, 0]);
    // Nobody but the circle holds it; that does for a reference of the test's.
    let a = Handle::shared(kept);
    assert_eq!(a.set(b"x"), ASYNCHRON_OK);
    drop(a);
    // The second has nothing to compute: what it was to deliver into is delivered.
    assert_eq!((tallies.map(Tally::drops), runs.load(SeqCst)), ([1, 1], 1));
}
