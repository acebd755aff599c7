//! Rule 5, the order: inside a callback, what is due joins the end of the thread's queue; a wait there that would
//! block runs what is due first.

use crate::support::handle::{wait_all, wait_any};
use crate::support::*;
use std::sync::Mutex;

/// The order in which things happened.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn has(&self, what: &str) -> bool {
        self.0.lock().unwrap().contains(&what)
    }

    fn assert(&self, expected: &[&str]) {
        assert_eq!(*self.0.lock().unwrap(), expected);
    }

    /// A callback that notes its name.
    fn on(&self, a: &Handle, name: &'static str) {
        let log = self.clone();
        notify(a, move |_| log.note(name));
    }
}

#[test]
fn callbacks_of_a_completion_inside_a_callback_run_after_those_due() {
    within(60, || {
        let (log, a, b, c) = (Log::default(), Handle::new(), Handle::new(), Handle::new());
        let (l, b2, c2) = (log.clone(), b.clone(), c.clone());
        notify(&a, move |_| {
            l.note("a1 begins");
            c2.set(b"x");
            b2.set(b"x");
            // Visible at once, to waits and reports, too.
            assert_eq!((b2.poll(), b2.get()), (ASYNCHRON_OK, Ok(b"x".to_vec())));
            assert_eq!(wait_any(std::slice::from_ref(&b2), ASYNCHRON_FOREVER), Ok(0));
            assert_eq!(wait_all(&[b2.clone(), c2.clone()], ASYNCHRON_FOREVER), ASYNCHRON_OK);
            assert!(Report::of(std::slice::from_ref(&c2)).next(0).is_ok());
            l.note("a1 ends");
        });
        log.on(&a, "a2");
        log.on(&b, "b1");
        log.on(&b, "b2");
        log.on(&c, "c1");
        let (l, d) = (log.clone(), Handle::new());
        log.on(&d, "d1");
        notify(&c, move |_| {
            l.note("c2");
            d.cancel();
        });
        log.on(&c, "c3");
        log.on(&a, "a3");
        a.set(b"x");
        log.assert(&["a1 begins", "a1 ends", "a2", "a3", "c1", "c2", "c3", "b1", "b2", "d1"]);
    });
}

#[test]
fn at_once_inside_a_callback_is_the_end_of_the_queue() {
    within(60, || {
        let (log, a, complete) = (Log::default(), Handle::new(), Handle::new());
        complete.set(b"x");
        let (l, done) = (log.clone(), complete.clone());
        notify(&a, move |a| {
            l.note("a1 begins");
            l.on(&done, "registered on another");
            l.on(&Handle::shared(a), "registered on itself");
            let (m, n) = (l.clone(), l.clone());
            drop(after(&[], None, move |_, _| {
                m.note("after nothing");
                0
            }));
            drop(then(&done, None, move |_, _| {
                n.note("then");
                0
            }));
            l.note("a1 ends");
        });
        log.on(&a, "a2");
        a.set(b"x");
        let (first, rest) = (["a1 begins", "a1 ends", "a2"], ["registered on another"]);
        let own = ["registered on itself", "after nothing", "then"];
        log.assert(&[&first[..], &rest, &own].concat());
    });
}

type Wait = fn(&Handle, u64) -> bool;

/// Every wait there is, true when it ended with completion.
const WAITS: [Wait; 6] = [
    |d, ns| d.get_timeout(ns).is_ok(),
    |d, ns| d.wait(ns) == ASYNCHRON_OK,
    |d, ns| wait_any(&[Handle::new(), d.clone()], ns) == Ok(1),
    |d, ns| wait_all(&[d.clone(), d.clone()], ns) == ASYNCHRON_OK,
    |d, ns| Report::of(std::slice::from_ref(d)).next(ns).is_ok(),
    |d, ns| {
        let (mut item, mut n) = (asynchron_item_t { asynchron: null_mut(), tag: null_mut() }, 0);
        let r = Report::of(std::slice::from_ref(d));
        let status = unsafe { asynchron_report_next_batch(r.raw(), ns, &mut item, 1, &mut n) };
        unsafe { asynchron_release(item.asynchron) };
        status == ASYNCHRON_OK && n == 1
    },
];

/// The first callback waits for what only the last one in the queue delivers.
#[test]
fn a_wait_inside_a_callback_runs_what_is_due_first() {
    for wait in WAITS {
        // A nanosecond is over before the wait begins: it has run what is due all the same.
        for timeout in [1, LONG, ASYNCHRON_FOREVER] {
            within(60, move || {
                let log = Log::default();
                let [a, b, d] = std::array::from_fn(|_| Handle::new());
                let (l, b2, d2) = (log.clone(), b.clone(), d.clone());
                notify(&a, move |_| {
                    l.note("a1 waits");
                    b2.set(b"x");
                    l.note(if wait(&d2, timeout) { "a1 has it" } else { "a1 has it not" });
                });
                log.on(&a, "a2");
                let l = log.clone();
                notify(&b, move |_| {
                    l.note("b1 delivers");
                    d.set(b"x");
                });
                log.on(&b, "b2");
                a.set(b"x");
                // What runs between the delivery and the wait's end is not promised.
                assert!(log.has("b2"));
                log.0.lock().unwrap().retain(|what| *what != "b2");
                log.assert(&["a1 waits", "a2", "b1 delivers", "a1 has it"]);
            });
        }
    }
}

#[test]
fn get_and_get_bytes_inside_a_callback() {
    for bytes in [false, true] {
        within(60, move || {
            let (a, d) = (Handle::new(), Handle::new());
            let (d2, got) = (d.clone(), Arc::new(Mutex::new(None)));
            let result = got.clone();
            notify(&a, move |_| {
                let (mut byte, mut len) = (0u8, 0);
                *result.lock().unwrap() = Some(if bytes {
                    let p = (&raw mut byte).cast();
                    match unsafe { asynchron_get_bytes(d2.raw(), p, 1, &mut len) } {
                        ASYNCHRON_OK => Ok(vec![byte]),
                        other => Err(other),
                    }
                } else {
                    d2.get()
                });
            });
            notify(&a, move |_| _ = d.set(b"y"));
            a.set(b"x");
            assert_eq!(*got.lock().unwrap(), Some(Ok(b"y".to_vec())));
        });
    }
}

/// When what is due does not help, the wait blocks like any other: another thread delivers, or time runs out.
#[test]
fn a_wait_inside_a_callback_still_blocks() {
    for wait in WAITS {
        within(60, move || {
            let log = Log::default();
            let [a, d, never] = std::array::from_fn(|_| Handle::new());
            let (l, d2) = (log.clone(), d.clone());
            notify(&a, move |_| {
                let late = threads::takes_at_least(5 * MS, || wait(&never, 5 * MS));
                l.note(if late { "never came" } else { "timeout" });
                l.note(if wait(&d2, ASYNCHRON_FOREVER) { "came" } else { "did not come" });
            });
            log.on(&a, "a2");
            let waiter = start(move || a.set(b"x"));
            until(|| log.has("timeout"));
            let waiter = waiter.asleep();
            d.set(b"x");
            waiter.join();
            log.assert(&["a2", "timeout", "came"]);
        });
    }
}

/// Waits nest in what they run, too.
#[test]
fn waits_inside_waits_inside_callbacks() {
    within(60, || {
        let all = Handle::many(50);
        let done = Arc::new(AtomicUsize::new(0));
        let a = Handle::new();
        for pair in all.windows(2) {
            let (mine, next, done) = (pair[0].clone(), pair[1].clone(), done.clone());
            notify(&a, move |_| {
                // Only the callbacks queued behind this one can deliver `next`.
                assert_eq!(next.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
                mine.set(b"x");
                done.fetch_add(1, SeqCst);
            });
        }
        let last = all[49].clone();
        notify(&a, move |_| _ = last.set(b"x"));
        a.set(b"x");
        assert_eq!(done.load(SeqCst), 49);
        assert!(all.iter().all(|a| a.poll() == ASYNCHRON_OK));
    });
}
