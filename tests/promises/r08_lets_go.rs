//! Rule 8: a function on demand that is not needed any more lets go of its context at once, however long its asynchron
//! lives.

use crate::support::*;

/// An asynchron, how often its function ran, and how often the context was dropped.
type Counted = (Handle, Arc<AtomicUsize>, Arc<AtomicUsize>);

/// One whose function counts its runs and delivers 7, and whose context counts its drops.
fn counted() -> Counted {
    let (runs, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (ran, dropped) = (runs.clone(), drops.clone());
    let count = OnDrop(move || {
        dropped.fetch_add(1, SeqCst);
    });
    let a = on_demand(move |me| {
        let _ = &count;
        ran.fetch_add(1, SeqCst);
        Handle::shared(me).set(b"7") as i32
    });
    (a, runs, drops)
}

/// What completes it without its function.
const OTHERWISE: [fn(&Handle); 6] = [
    |a| assert_eq!(a.cancel(), ASYNCHRON_OK),
    |a| assert_eq!(a.set(b"x"), ASYNCHRON_OK),
    |a| assert_eq!(a.fail(1, "x"), ASYNCHRON_OK),
    |a| assert_eq!(call(a, |_| 0), ASYNCHRON_OK),
    |a| {
        assert_eq!(unsafe { asynchron_start(a.raw()) }, ASYNCHRON_OK);
        assert_eq!(a.set(b"x"), ASYNCHRON_OK);
    },
    |a| {
        let cancelled = unsafe { asynchron_cancel_pending(a.raw(), null_mut()) };
        assert_eq!(cancelled, ASYNCHRON_OK);
    },
];

#[test]
fn the_context_is_dropped_when_the_call_that_completes_it_returns() {
    for complete in OTHERWISE {
        let (a, runs, drops) = counted();
        assert_eq!(drops.load(SeqCst), 0);
        complete(&a);
        assert_eq!((runs.load(SeqCst), drops.load(SeqCst)), (0, 1));
        assert_ne!(a.poll(), ASYNCHRON_PENDING);
        drop(a);
        assert_eq!(drops.load(SeqCst), 1);
    }
}

#[test]
fn also_a_context_without_a_function() {
    let tally = Tally::new();
    let options = asynchron_options_t {
        on_demand_ctx: tally.ptr(),
        drop_on_demand_ctx: tally.drop_fn(),
        ..OPTIONS
    };
    let a = create_with(&options);
    assert_eq!(tally.drops(), 0);
    assert_eq!(a.cancel(), ASYNCHRON_OK);
    assert_eq!(tally.drops(), 1);
    drop(create_with(&options));
    assert_eq!(tally.drops(), 2);
}

#[test]
fn a_task_that_completes_it_lets_go_of_it() {
    within(60, || {
        let (a, runs, drops) = counted();
        assert_eq!(spawn(&a, |_| 0), ASYNCHRON_OK);
        // Not by a wait, which would ask for the value.
        until(|| drops.load(SeqCst) == 1);
        assert_eq!((a.poll(), runs.load(SeqCst)), (ASYNCHRON_OK, 0));
    });
}

/// A callback that was registered runs as ever, whichever came first.
#[test]
fn callbacks_run_beside_it() {
    for complete in OTHERWISE {
        let (a, _, drops) = counted();
        let ran = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 {
            let ran = ran.clone();
            notify(&a, move |_| _ = ran.fetch_add(1, SeqCst));
        }
        complete(&a);
        assert_eq!((ran.load(SeqCst), drops.load(SeqCst)), (3, 1));
    }
}

#[test]
fn of_one_who_asks_and_one_who_completes_one_has_the_context() {
    within(120, || {
        race(
            20_000,
            |_| counted(),
            &[
                &|(a, ..): &Counted| _ = a.get(),
                &|(a, ..): &Counted| _ = a.cancel(),
                &|(a, ..): &Counted| _ = a.get(),
            ],
            |(a, runs, drops)| {
                assert!(runs.load(SeqCst) <= 1);
                assert_eq!(drops.load(SeqCst), 1);
                drop(a);
                assert_eq!(drops.load(SeqCst), 1);
            },
        );
    });
}
