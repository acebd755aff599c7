//! Rule 24: a callback that is for some ways of ending runs only if it ended so, and lets go of its context in any case.

use crate::support::*;

const NONE: u64 = 0;
const ALL: u64 = ASYNCHRON_ON_VALUE | ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL;

/// How an asynchron ends, and the flag for that.
type End = (fn(&Handle), u64);

const ENDS: [End; 5] = [
    (|a| _ = a.set(b"x"), ASYNCHRON_ON_VALUE),
    (|a| _ = call(a, |_| 0), ASYNCHRON_ON_VALUE),
    (|a| _ = a.fail(1, "x"), ASYNCHRON_ON_FAILURE),
    (|a| _ = call(a, |_| 7), ASYNCHRON_ON_FAILURE),
    (|a| _ = a.cancel(), ASYNCHRON_ON_CANCEL),
];

/// All the ways there are to ask, each with whether fn is to run at this end.
fn asked(end: u64) -> impl Iterator<Item = (u64, bool)> {
    (NONE..=ALL).step_by(2).map(move |ways| (ways, ways == NONE || ways & end != 0))
}

/// Registers a function that counts its runs, with a context that counts its drops.
fn register(
    a: &Handle,
    flags: u64,
    token: *mut u64,
) -> (asynchron_status_t, [Arc<AtomicUsize>; 2]) {
    let counts = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let [runs, drops] = counts.clone();
    let dropped = OnDrop(move || _ = drops.fetch_add(1, SeqCst));
    let f = move |_: *mut asynchron_t| {
        let _ = &dropped;
        runs.fetch_add(1, SeqCst);
    };
    (notify_flags(a, flags, f, token), counts)
}

fn numbers(counts: &[Arc<AtomicUsize>; 2]) -> [usize; 2] {
    counts.each_ref().map(|count| count.load(SeqCst))
}

#[test]
fn it_runs_only_if_it_ended_so_and_its_context_is_dropped_at_the_completion() {
    for (end, way) in ENDS {
        for (ways, runs) in asked(way) {
            for with_token in [false, true] {
                let (a, mut token) = (Handle::new(), 0);
                let out = if with_token { &raw mut token } else { null_mut() };
                let (status, counts) = register(&a, ways, out);
                assert_eq!((status, numbers(&counts)), (ASYNCHRON_OK, [0, 0]));
                end(&a);
                assert_eq!(numbers(&counts), [runs.into(), 1], "{ways}");
                let status = unsafe { asynchron_unnotify(a.raw(), token) };
                assert_eq!(status, ASYNCHRON_ALREADY, "it is not there any more");
            }
        }
    }
}

#[test]
fn on_a_complete_one_it_runs_at_once_or_its_context_is_dropped() {
    for (end, way) in ENDS {
        for (ways, runs) in asked(way) {
            let a = Handle::new();
            end(&a);
            let (status, counts) = register(&a, ways, null_mut());
            assert_eq!((status, numbers(&counts)), (ASYNCHRON_OK, [runs.into(), 1]));
            // What is only for a pending one comes first.
            let flags = ways | ASYNCHRON_NOTIFY_IF_PENDING;
            let (status, counts) = register(&a, flags, null_mut());
            assert_eq!((status, numbers(&counts)), (ASYNCHRON_ALREADY, [0, 1]));
        }
    }
}

#[test]
fn it_can_be_taken_back() {
    for ways in (NONE..=ALL).step_by(2) {
        let (a, mut token) = (Handle::new(), 0);
        let (status, counts) = register(&a, ways, &mut token);
        assert_eq!(status, ASYNCHRON_OK);
        assert_eq!(unsafe { asynchron_unnotify(a.raw(), token) }, ASYNCHRON_OK);
        assert_eq!(numbers(&counts), [0, 1]);
        assert_eq!(a.set(b"x"), ASYNCHRON_OK);
        assert_eq!(numbers(&counts), [0, 1]);
    }
}

#[test]
fn one_that_broke_ended_by_a_failure() {
    for (ways, runs) in asked(ASYNCHRON_ON_FAILURE) {
        let a = Handle::new();
        let (_, counts) = register(&a, ways, null_mut());
        drop(a);
        assert_eq!(numbers(&counts), [runs.into(), 1]);
    }
}

/// Those that do not run keep their place all the same.
#[test]
fn they_are_told_in_the_order_in_which_they_were_registered() {
    let a = Handle::new();
    let order = Arc::new(std::sync::Mutex::new(vec![]));
    for n in 0..24_u64 {
        let (ran, dropped) = (order.clone(), order.clone());
        let dropped = OnDrop(move || dropped.lock().unwrap().push((n, "dropped")));
        let f = move |_: *mut asynchron_t| {
            let _ = &dropped;
            ran.lock().unwrap().push((n, "ran"));
        };
        let (flags, mut token) = (n % 8 * 2, 0);
        let token = if n % 3 == 0 { &raw mut token } else { null_mut() };
        assert_eq!(notify_flags(&a, flags, f, token), ASYNCHRON_OK);
    }
    assert_eq!(a.cancel(), ASYNCHRON_OK);
    let expected = (0..24).flat_map(|n| {
        let runs = n % 8 == 0 || (n % 8 * 2) & ASYNCHRON_ON_CANCEL != 0;
        runs.then_some((n, "ran")).into_iter().chain([(n, "dropped")])
    });
    assert_eq!(*order.lock().unwrap(), expected.collect::<Vec<_>>());
}
