//! Rule 24: a step that is for some ways of ending runs only if its source ended so; else what it delivers into ends as
//! the source did.

use crate::support::*;

const ALL: u64 = ASYNCHRON_ON_VALUE | ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL;
const LONG: &[u8] = &[7; 1000];

/// How a source ends, and the flag for that.
type End = (fn(&Handle), u64);

const ENDS: [End; 6] = [
    (|a| _ = a.set(b""), ASYNCHRON_ON_VALUE),
    (|a| _ = a.set(b"x"), ASYNCHRON_ON_VALUE),
    (|a| _ = a.set(LONG), ASYNCHRON_ON_VALUE),
    (|a| _ = a.fail(1, "why"), ASYNCHRON_ON_FAILURE),
    (|a| _ = call(a, |_| 7), ASYNCHRON_ON_FAILURE),
    (|a| _ = unsafe { asynchron_cancel_with(a.raw(), c"reason".as_ptr()) }, ASYNCHRON_ON_CANCEL),
];

/// A step for some ways, and how often its function has run and its context was dropped.
fn step(
    source: &Handle,
    into: Option<&Handle>,
    flags: u64,
) -> (Handle, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    let (runs, drops) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (ran, dropped) = (runs.clone(), drops.clone());
    let dropped = OnDrop(move || _ = dropped.fetch_add(1, SeqCst));
    let next = then_with(source, into, flags, move |me, sources| {
        let _ = &dropped;
        assert_eq!(sources.len(), 1);
        ran.fetch_add(1, SeqCst);
        Handle::shared(me).set(b"from fn") as i32
    });
    (next, runs, drops)
}

/// Where the value lies, if there is one.
fn place(a: &Handle) -> Option<(*const c_void, usize)> {
    let mut value = asynchron_value_t { data: null(), len: 0 };
    let status = unsafe { asynchron_get(a.raw(), &mut value) };
    (status == ASYNCHRON_OK).then_some((value.data, value.len))
}

#[test]
fn it_runs_only_if_the_source_ended_so_and_else_the_outcome_is_shared() {
    for (end, way) in ENDS {
        for flags in (0..=ALL).step_by(2) {
            for before in [false, true] {
                let (source, own) = (Handle::new(), Handle::new());
                if before {
                    end(&source);
                }
                let steps = [step(&source, None, flags), step(&source, Some(&own), flags)];
                if !before {
                    end(&source);
                }
                let runs = flags == 0 || flags & way != 0;
                for (next, ran, drops) in steps {
                    assert_eq!((ran.load(SeqCst), drops.load(SeqCst)), (runs.into(), 1));
                    if runs {
                        assert_eq!(next.get(), Ok(b"from fn".to_vec()));
                        continue;
                    }
                    assert_eq!((next.state(), next.poll()), (source.state(), source.poll()));
                    assert_eq!((next.get(), next.error()), (source.get(), source.error()));
                    assert_eq!(place(&next), place(&source), "nothing is copied");
                }
            }
        }
    }
}

/// What is shared stays when the source has gone.
#[test]
fn what_is_shared_outlives_the_source_s_last_handle() {
    let source = Handle::new();
    let (next, ..) = step(&source, None, ASYNCHRON_ON_FAILURE);
    let tally = Tally::new();
    assert_eq!(source.set_pointer(tally.ptr(), tally.drop_fn()), ASYNCHRON_OK);
    drop(source);
    assert_eq!((place(&next), tally.drops()), (Some((tally.ptr().cast_const(), 0)), 0));
    drop(next);
    assert_eq!(tally.drops(), 1);
}

#[test]
fn a_source_that_breaks_ended_by_a_failure() {
    for (flags, runs) in [(ASYNCHRON_ON_FAILURE, 1), (ASYNCHRON_ON_VALUE, 0), (0, 1)] {
        let source = Handle::new();
        let (next, ran, drops) = step(&source, None, flags);
        drop(source);
        assert_eq!((ran.load(SeqCst), drops.load(SeqCst)), (runs, 1));
        assert_eq!(next.poll(), if runs == 1 { ASYNCHRON_OK } else { ASYNCHRON_FAILED });
    }
}

/// A value that skips a hundred catches, and a failure that skips a hundred steps, in one chain.
#[test]
fn an_outcome_passes_through_all_that_are_not_for_it() {
    const N: usize = 100_000;
    within(120, || {
        for flags in [ASYNCHRON_ON_FAILURE, ASYNCHRON_ON_FAILURE | ASYNCHRON_ON_CANCEL] {
            let source = Handle::new();
            let mut last = source.clone();
            for _ in 0..N {
                last = then_with(&last, None, flags, |_, _| panic!("there is no failure"));
            }
            assert_eq!(source.set(b"through"), ASYNCHRON_OK);
            assert_eq!(place(&last), place(&source));
        }
    });
}

#[test]
fn after_with_is_after() {
    let sources = [Handle::new(), Handle::new()];
    let raw = sources.each_ref().map(Handle::raw);
    let into = Handle::new();
    let options = step_options(0, |me, sources| {
        assert_eq!(sources.len(), 2);
        Handle::shared(me).set(b"both") as i32
    });
    let mut out = null_mut();
    let status = unsafe { asynchron_after_with(raw.as_ptr(), 2, into.raw(), &options, &mut out) };
    assert_eq!((status, out), (ASYNCHRON_OK, into.raw()));
    drop(Handle::owned(out));
    sources[0].set(b"x");
    assert_eq!(into.poll(), ASYNCHRON_PENDING);
    sources[1].cancel();
    assert_eq!(into.get(), Ok(b"both".to_vec()));
}
