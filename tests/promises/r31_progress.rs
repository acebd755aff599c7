//! Rule 31: progress is two numbers, read together as they were written together, by anyone at any time.

use crate::support::*;
use std::sync::Mutex;
use std::thread;

fn progress(a: &Handle, done: u64, total: u64) -> asynchron_status_t {
    unsafe { asynchron_progress(a.raw(), done, total) }
}

fn progress_of(a: &Handle) -> Result<(u64, u64), asynchron_status_t> {
    let (mut done, mut total) = (77, 78);
    match unsafe { asynchron_progress_of(a.raw(), &mut done, &mut total) } {
        ASYNCHRON_OK => Ok((done, total)),
        other => {
            assert_eq!((done, total), (77, 78), "written, with {other:?}");
            Err(other)
        }
    }
}

/// One of a writer's pairs, none of which has a number of another.
fn write(a: &Handle, writer: u64, number: u64) -> asynchron_status_t {
    let done = writer << 32 | number;
    progress(a, done, !done)
}

/// Which writer's, and its number. `None`: there is none yet.
fn read(a: &Handle) -> Option<(usize, u64)> {
    let (done, total) = progress_of(a).ok()?;
    assert_eq!(done, !total, "a pair is mixed");
    Some(((done >> 32) as usize, done & 0xFFFF_FFFF))
}

/// Reads so often; of no writer does it see an earlier pair after a later one.
fn read_on(a: &Handle, times: usize) {
    let mut latest = [0; 16];
    for (writer, number) in (0..times).filter_map(|_| read(a)) {
        assert!(number >= latest[writer], "it goes back");
        latest[writer] = number;
    }
}

/// Threads that begin it together, and those that read meanwhile.
#[test]
fn a_pair_is_never_mixed() {
    const LAST: u64 = 20;
    within(120, || {
        let write_all = |a: &Handle, writer| {
            for number in 1..=LAST {
                assert_eq!(write(a, writer, number), ASYNCHRON_OK);
                assert!(read(a).is_some());
            }
        };
        race(
            2_000,
            |_| Handle::new(),
            &[&|a| write_all(a, 0), &|a| read_on(a, 60), &|a| write_all(a, 1), &|a| read_on(a, 60)],
            |a| assert_eq!(read(&a).map(|(_, number)| number), Some(LAST), "the last one wins"),
        );
    });
}

/// More threads than there are processors, so that many are stopped while they write.
#[test]
fn however_many_write() {
    const LAST: u64 = 20_000;
    within(120, || {
        let a = Handle::new();
        thread::scope(|threads| {
            for writer in 0..12 {
                let a = &a;
                threads.spawn(move || {
                    (1..=LAST).for_each(|number| assert_eq!(write(a, writer, number), ASYNCHRON_OK))
                });
            }
            for _ in 0..3 {
                threads.spawn(|| read_on(&a, LAST as usize));
            }
        });
        assert_eq!(read(&a).map(|(_, number)| number), Some(LAST));
    });
}

#[test]
fn it_stays_readable_after_every_completion() {
    type End = fn(&Handle) -> asynchron_status_t;
    let ends: [(End, _); 3] = [
        (|a| a.set(b"value"), ASYNCHRON_ALREADY),
        (|a| a.fail(5, "a failure"), ASYNCHRON_ALREADY),
        (|a| a.cancel(), ASYNCHRON_CANCELLED),
    ];
    for (end, too_late) in ends {
        let (a, without) = (Handle::new(), Handle::new());
        for (done, total) in [(0, 0), (1, 10), (10, 1), (u64::MAX, u64::MAX), (3, 10)] {
            assert_eq!(progress(&a, done, total), ASYNCHRON_OK);
            assert_eq!(progress_of(&a), Ok((done, total)));
        }
        assert_eq!((end(&a), end(&without)), (ASYNCHRON_OK, ASYNCHRON_OK));
        assert_eq!(progress_of(&a), Ok((3, 10)));
        assert_eq!((progress(&a, 4, 10), progress(&without, 4, 10)), (too_late, too_late));
        assert_eq!((progress_of(&a), progress_of(&without)), (Ok((3, 10)), Err(ASYNCHRON_END)));
    }
}

/// Whoever has seen it complete sees the last pair that was written before, and so does everybody later.
#[test]
fn after_the_completion_it_does_not_change() {
    struct Subject {
        a: Handle,
        begun: bool,
        /// How many the writer has written.
        written: Mutex<u64>,
        seen: Mutex<Option<(usize, u64)>>,
    }
    within(120, || {
        race(
            6_000,
            |round| {
                let (a, begun) = (Handle::new(), round % 2 == 0);
                assert!(!begun || write(&a, 0, 0) == ASYNCHRON_OK);
                Subject { a, begun, written: Mutex::new(0), seen: Mutex::new(None) }
            },
            &[
                &|s: &Subject| {
                    let refused = (1..).find(|&n| write(&s.a, 0, n) != ASYNCHRON_OK);
                    *s.written.lock().unwrap() = refused.unwrap() - 1;
                },
                &|s: &Subject| {
                    assert_eq!(s.a.set(b"value"), ASYNCHRON_OK);
                    *s.seen.lock().unwrap() = read(&s.a);
                },
                &|s: &Subject| {
                    until(|| s.a.poll() == ASYNCHRON_OK);
                    let seen = read(&s.a);
                    assert_eq!(seen, read(&s.a));
                },
            ],
            |s: Subject| {
                let written = *s.written.lock().unwrap();
                let last = (s.begun || written > 0).then_some((0, written));
                assert_eq!((read(&s.a), *s.seen.lock().unwrap()), (last, last));
            },
        );
    });
}

#[test]
fn none_was_ever_set() {
    within(60, || {
        let (named, mine) = (Handle::new(), with_user_data(null_mut(), None));
        unsafe { asynchron_name(named.raw()) };
        for a in [Handle::new(), named, mine, on_demand(|_| 0)] {
            assert_eq!(progress_of(&a), Err(ASYNCHRON_END));
            assert_eq!(a.get_timeout(0), Err(ASYNCHRON_TIMEOUT), "nothing was started");
            a.set(b"1");
            assert_eq!(progress_of(&a), Err(ASYNCHRON_END));
        }
    });
}

/// Whichever comes first, each is there, and there once.
#[test]
fn beside_a_name_user_data_and_a_function_on_demand() {
    within(60, || {
        let step = |a: &Handle, step: usize| match step {
            0 => _ = unsafe { asynchron_name(a.raw()) },
            1 => assert_eq!(progress(a, 1, 2), ASYNCHRON_OK),
            2 => assert_eq!(a.get(), Ok(b"7".to_vec())),
            _ => assert_eq!(unsafe { asynchron_user_data(a.raw()) }, null_mut()),
        };
        for order in 0..256_usize {
            let order = [order % 4, order / 4 % 4, order / 16 % 4, order / 64];
            if (0..4).any(|step| !order.contains(&step)) {
                continue;
            }
            let late = order.iter().position(|&s| s == 1) > order.iter().position(|&s| s == 2);
            let a = on_demand(|me| Handle::shared(me).set(b"7") as i32);
            for number in order {
                if !(late && number == 1) {
                    step(&a, number);
                }
            }
            let name = unsafe { CStr::from_ptr(asynchron_name(a.raw())) };
            assert!(name.to_bytes().starts_with(b"asynchron-"));
            let expected = if late { Err(ASYNCHRON_END) } else { Ok((1, 2)) };
            assert_eq!((progress_of(&a), a.get()), (expected, Ok(b"7".to_vec())));
        }
        let (named, ctx) = (with_user_data(null_mut(), None), Tally::new());
        let data = with_user_data(ctx.ptr(), ctx.drop_fn());
        for a in [&named, &data] {
            assert_eq!((progress(a, 3, 4), progress_of(a)), (ASYNCHRON_OK, Ok((3, 4))));
        }
        assert_eq!(unsafe { asynchron_user_data(data.raw()) }, ctx.ptr());
        drop(data);
        assert_eq!(ctx.drops(), 1);
    });
}

/// And names that are made at the same moment.
#[test]
fn a_name_and_progress_that_are_begun_together() {
    within(60, || {
        race(
            3_000,
            |_| Handle::new(),
            &[
                &|a| assert_eq!(progress(a, 1, 2), ASYNCHRON_OK),
                &|a| assert_ne!(unsafe { CStr::from_ptr(asynchron_name(a.raw())) }, c""),
                &|a| assert!(matches!(progress_of(a), Ok((1, 2)) | Err(ASYNCHRON_END))),
            ],
            |a| assert_eq!(progress_of(&a), Ok((1, 2))),
        );
    });
}

#[test]
fn it_wakes_nobody() {
    within(60, || {
        let (a, runs) = (Handle::new(), Arc::new(AtomicUsize::new(0)));
        let (waits, counts) = (a.clone(), runs.clone());
        let waiter = start(move || waits.get()).asleep();
        let report = Report::of(std::slice::from_ref(&a));
        notify(&a, move |_| _ = counts.fetch_add(1, SeqCst));
        let naps = waiter.naps();
        for done in 0..1000 {
            assert_eq!(progress(&a, done, 1000), ASYNCHRON_OK);
        }
        assert_eq!((waiter.naps(), runs.load(SeqCst)), (naps, 0));
        assert_eq!(report.next_tag(0), Err(ASYNCHRON_TIMEOUT));
        a.set(b"1");
        assert_eq!((waiter.join(), runs.load(SeqCst)), (Ok(b"1".to_vec()), 1));
    });
}

/// As a function reports it, and as who waits for that looks.
#[test]
fn from_inside_a_function() {
    within(60, || {
        let (half, go) = (Gate::new(), Gate::new());
        let (reached, goes) = (half.clone(), go.clone());
        let a = Handle::new();
        spawn(&a, move |me| {
            let me = Handle::shared(me);
            assert_eq!(progress(&me, 1, 2), ASYNCHRON_OK);
            reached.open();
            goes.pass();
            assert_eq!(progress(&me, 2, 2), ASYNCHRON_OK);
            me.set(b"value") as i32
        });
        half.pass();
        assert_eq!((progress_of(&a), a.poll()), (Ok((1, 2)), ASYNCHRON_PENDING));
        go.open();
        assert_eq!((a.get(), progress_of(&a)), (Ok(b"value".to_vec()), Ok((2, 2))));
    });
}

/// Whatever the parent's threads were writing at that moment, and however many of them.
#[test]
fn a_child_of_a_fork_reads_and_writes_on() {
    let program = process::compile("fork_progress.c", &[]);
    process::run(process::command(&program, &[]), 120).assert_quiet_success();
}

#[test]
fn both_numbers_are_read_or_none() {
    let a = Handle::new();
    let (mut done, mut total) = (77, 78);
    for _ in 0..2 {
        unsafe {
            assert_eq!(asynchron_progress_of(a.raw(), null_mut(), &mut total), ASYNCHRON_E_INVALID);
            assert_eq!(asynchron_progress_of(a.raw(), &mut done, null_mut()), ASYNCHRON_E_INVALID);
        }
        assert_eq!((done, total), (77, 78), "written by a call that was refused");
        assert_eq!(progress(&a, 1, 2), ASYNCHRON_OK);
    }
    assert_eq!(progress_of(&a), Ok((1, 2)));
}
