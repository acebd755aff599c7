//! Rule 22: one that follows completes as its source does, and shares what that holds; however long the chain.

use crate::support::callbacks::release_it;
use crate::support::process::in_child_as;
use crate::support::threads::within_stack;
use crate::support::*;
use std::sync::Mutex;

/// Where the value lies, and how long it is.
fn place(a: &Handle) -> (usize, usize) {
    let mut value = asynchron_value_t { data: null(), len: 0 };
    assert_eq!(unsafe { asynchron_get(a.raw(), &mut value) }, ASYNCHRON_OK);
    (value.data as usize, value.len)
}

fn is_shared(a: &Handle) -> bool {
    unsafe { asynchron_is_shared(a.raw()) != 0 }
}

fn following(source: &Handle) -> Handle {
    let into = Handle::new();
    assert_eq!(into.follow(source), ASYNCHRON_OK);
    into
}

fn fail_with(a: &Handle, payload: Tally) -> asynchron_status_t {
    let (domain, message) = (c"domain".as_ptr(), c"message".as_ptr());
    unsafe { asynchron_fail_with(a.raw(), 7, domain, message, payload.ptr(), payload.drop_fn()) }
}

/// How a source ends, and the status of that.
type Ending = (asynchron_status_t, Box<dyn Fn(&Handle)>);

fn endings(payload: Tally) -> Vec<Ending> {
    let ok = |status| assert_eq!(status, ASYNCHRON_OK);
    let buffer = b"elsewhere";
    vec![
        (ASYNCHRON_OK, Box::new(move |a| ok(a.set(b"")))),
        (ASYNCHRON_OK, Box::new(move |a| ok(a.set(b"small")))),
        (ASYNCHRON_OK, Box::new(move |a| ok(a.set(&[7; 100])))),
        (ASYNCHRON_OK, Box::new(move |a| ok(a.set_pointer(payload.ptr(), payload.drop_fn())))),
        (
            ASYNCHRON_OK,
            Box::new(move |a| {
                let (data, owner, drop) = (buffer.as_ptr(), payload.ptr(), payload.drop_fn());
                ok(unsafe { asynchron_set_buffer(a.raw(), data.cast(), 9, owner, drop) });
            }),
        ),
        (ASYNCHRON_FAILED, Box::new(move |a| ok(a.fail(3, "")))),
        (ASYNCHRON_FAILED, Box::new(move |a| ok(fail_with(a, payload)))),
        (ASYNCHRON_CANCELLED, Box::new(move |a| ok(a.cancel()))),
        (
            ASYNCHRON_CANCELLED,
            Box::new(move |a| ok(unsafe { asynchron_cancel_with(a.raw(), c"why".as_ptr()) })),
        ),
    ]
}

#[test]
fn it_completes_as_the_source_before_and_after_with_the_very_same() {
    within(60, || {
        let payload = Tally::new();
        for (status, end) in endings(payload) {
            for (at, reserve) in [(0, 0), (1, 0), (0, 200), (1, 200)] {
                let dropped = payload.drops();
                let source = reserved(reserve);
                let early = (at == 0).then(|| (following(&source), following(&source)));
                if let Some((first, second)) = &early {
                    assert_eq!(
                        (first.poll(), first.state()),
                        (ASYNCHRON_PENDING, ASYNCHRON_STATE_PENDING)
                    );
                    assert_eq!(second.get_timeout(0), Err(ASYNCHRON_TIMEOUT));
                }
                end(&source);
                let (first, second) =
                    early.unwrap_or_else(|| (following(&source), following(&source)));
                let third = following(&second);
                drop(second);
                for into in [&first, &third] {
                    assert_eq!(into.poll(), status);
                    assert_eq!(into.state(), source.state());
                    assert_eq!(into.error(), source.error());
                    if status == ASYNCHRON_OK {
                        assert_eq!(place(into), place(&source));
                    }
                }
                let (value, error) = (source.get(), source.error());
                drop(source);
                drop(first);
                assert_eq!((third.get(), third.error()), (value, error), "what is shared is kept");
                assert_eq!(payload.drops(), dropped);
                drop(third);
                assert!(payload.drops() - dropped <= 1);
            }
        }
        assert_eq!(payload.drops(), 4 * 3, "each that was handed over, once");
    });
}

/// So a loop in which each step follows the one before keeps nothing.
#[test]
fn those_between_are_not_kept() {
    within(60, || {
        for after in [false, true] {
            let (origin, between) = (Tally::new(), Tally::new());
            let source = with_user_data(origin.ptr(), origin.drop_fn());
            let mut last = following(&source);
            if after {
                source.set(b"value");
            }
            for _ in 0..100 {
                let next = with_user_data(between.ptr(), between.drop_fn());
                assert_eq!(next.follow(&last), ASYNCHRON_OK);
                last = next;
            }
            if !after {
                source.set(b"value");
            }
            drop(source);
            assert_eq!((origin.drops(), between.drops()), (0, 99));
            assert_eq!(last.get(), Ok(b"value".to_vec()));
            drop(last);
            assert_eq!((origin.drops(), between.drops()), (1, 100));
        }
    });
}

#[test]
fn one_that_is_complete_follows_nobody_and_nothing_is_registered() {
    within(60, || {
        for complete in [false, true] {
            let source = Handle::new();
            if complete {
                source.set(b"x");
            }
            let (set, failed, cancelled) = (Handle::new(), Handle::new(), Handle::new());
            set.set(b"y");
            failed.fail(1, "");
            cancelled.cancel();
            assert_eq!(set.follow(&source), ASYNCHRON_ALREADY);
            assert_eq!(failed.follow(&source), ASYNCHRON_ALREADY);
            assert_eq!(cancelled.follow(&source), ASYNCHRON_CANCELLED);
            assert_eq!(set.get(), Ok(b"y".to_vec()));
            for one in [&source, &set, &failed, &cancelled] {
                assert!(!is_shared(one));
            }
        }
    });
}

#[test]
fn nobody_follows_itself_nor_nobody() {
    within(60, || {
        let a = Handle::new();
        for complete in [false, true] {
            if complete {
                a.set(b"x");
            }
            assert_eq!(a.follow(&a), ASYNCHRON_E_INVALID);
            assert_eq!(unsafe { asynchron_follow(a.raw(), null_mut()) }, ASYNCHRON_E_INVALID);
            assert_eq!(unsafe { asynchron_follow(null_mut(), a.raw()) }, ASYNCHRON_E_INVALID);
            assert!(!is_shared(&a));
        }
    });
}

/// All ways in which it ends otherwise.
#[test]
fn whoever_delivers_first_wins_and_nothing_is_left_on_the_sources() {
    in_child(120, || {
        let sources = Handle::many(3);
        let others: [fn(&Handle) -> asynchron_status_t; 4] = [
            Handle::cancel,
            |into| into.set(b"x"),
            |into| into.fail(1, "x"),
            |into| call(into, |_| 5),
        ];
        let round = |way: usize| {
            let into = Handle::new();
            for source in &sources {
                assert_eq!(into.follow(source), ASYNCHRON_OK);
                assert_eq!(into.follow(source), ASYNCHRON_OK, "twice is legal");
            }
            if way < 3 {
                assert_eq!(others[way](&into), ASYNCHRON_OK);
            } else {
                let first = Handle::new();
                into.follow(&first);
                first.set(b"x");
            }
            assert_ne!(into.poll(), ASYNCHRON_PENDING);
            assert!(!is_shared(&into), "the library holds it no more");
        };
        (0..1_000).for_each(|n| round(n % 4));
        let before = memory::in_use();
        (0..40_000).for_each(|n| round(n % 4));
        let more = memory::in_use().saturating_sub(before);
        assert!(more < 64 * 1024, "left {more} bytes behind");
        sources.iter().for_each(|source| {
            assert_eq!(source.poll(), ASYNCHRON_PENDING, "they are no concern of it");
            assert!(!is_shared(source));
            assert_eq!(source.set(b"late"), ASYNCHRON_OK);
        });
    });
}

#[test]
fn the_first_of_several_sources_wins() {
    within(60, || {
        for first in 0..3 {
            let sources = Handle::many(3);
            let into = Handle::new();
            sources.iter().for_each(|source| assert_eq!(into.follow(source), ASYNCHRON_OK));
            sources[first].set_number(first as u64);
            assert_eq!(into.number(), Ok(first as u64));
            for source in &sources {
                source.cancel();
            }
            assert_eq!(into.number(), Ok(first as u64));
        }
    });
}

#[test]
fn into_is_kept_and_a_pending_source_is_not() {
    within(60, || {
        let seen = Arc::new(AtomicUsize::new(0));
        let source = Handle::new();
        let into = following(&source);
        let last = following(&into);
        let its = seen.clone();
        notify(&into, move |a| {
            let failure = handle::failure_of(a).unwrap();
            assert_eq!(
                (failure.code, failure.domain.as_str()),
                (ASYNCHRON_E_BROKEN as i32, "asynchron")
            );
            its.fetch_add(1, SeqCst);
        });
        drop(into);
        drop(source);
        assert_eq!(seen.load(SeqCst), 1);
        assert_eq!(last.error().map(|e| e.code), Ok(ASYNCHRON_E_BROKEN as i32));
    });
}

#[test]
fn whoever_waits_in_any_way_learns_of_it() {
    within(60, || {
        let source = Handle::new();
        let into = following(&source);
        let report = Report::of(std::slice::from_ref(&into));
        let doubled = then(&into, None, |into, sources| {
            let n = Handle::shared(sources[0]).number().unwrap();
            unsafe { asynchron_set_bytes(into, (2 * n).to_ne_bytes().as_ptr().cast(), 8) as i32 }
        });
        let both = after(&[into.clone(), source.clone()], None, |_, _| 0);
        let blocked = into.clone();
        let waiter = start(move || blocked.number());
        let any = into.clone();
        let waiting = start(move || handle::wait_any(&[Handle::new(), any], LONG));
        source.set_number(21);
        assert_eq!(waiter.join(), Ok(21));
        assert_eq!(waiting.join(), Ok(1));
        assert_eq!(report.next(LONG).unwrap().0.raw(), into.raw());
        assert_eq!(doubled.number(), Ok(42));
        assert_eq!(both.poll(), ASYNCHRON_OK);
    });
}

/// All that follow are complete before any callback runs; then the callbacks of the source run, then theirs.
#[test]
fn all_that_follow_are_complete_before_any_callback_and_those_run_in_order() {
    within(60, || {
        let log = Arc::new(Mutex::new(Vec::new()));
        let all = Handle::many(4);
        let watch = |index: usize, nth: usize| {
            let (log, all) =
                (log.clone(), all.iter().map(|a| a.raw() as usize).collect::<Vec<_>>());
            notify(&all_at(&all, index), move |_| {
                for &a in &all {
                    assert_eq!(unsafe { asynchron_poll(a as *const _) }, ASYNCHRON_FAILED);
                }
                log.lock().unwrap().push((index, nth));
            });
        };
        watch(0, 0);
        watch(3, 0);
        assert_eq!(all[3].follow(&all[1]), ASYNCHRON_OK);
        watch(1, 0);
        assert_eq!(all[2].follow(&all[1]), ASYNCHRON_OK);
        watch(1, 1);
        assert_eq!(all[1].follow(&all[0]), ASYNCHRON_OK);
        watch(0, 1);
        watch(2, 0);
        watch(3, 1);
        all[0].fail(9, "x");
        let expected = [(0, 0), (0, 1), (1, 0), (1, 1), (3, 0), (3, 1), (2, 0)];
        assert_eq!(*log.lock().unwrap(), expected);
    });
}

fn all_at(all: &[usize], index: usize) -> Handle {
    Handle::shared(all[index] as *mut asynchron_t)
}

/// What drops when the last handles of those that follow go is the program's code, too.
#[test]
fn also_before_anything_is_dropped() {
    within(60, || {
        let source = Handle::new();
        let last = Handle::new();
        let (seen, watched) = (Arc::new(AtomicUsize::new(0)), last.raw() as usize);
        let its = seen.clone();
        let between = Handle::new();
        notify(&between, |_| ());
        let data = Box::into_raw(Box::new(move || {
            assert_eq!(unsafe { asynchron_poll(watched as *const _) }, ASYNCHRON_CANCELLED);
            its.fetch_add(1, SeqCst);
        }));
        unsafe extern "C" fn look<F: Fn()>(f: *mut c_void) {
            let look = unsafe { Box::from_raw(f.cast::<F>()) };
            look();
        }
        fn look_of<F: Fn()>(_: *mut F) -> asynchron_drop_fn_t {
            Some(look::<F>)
        }
        let lost = with_user_data(data.cast(), look_of(data));
        assert_eq!(lost.follow(&source), ASYNCHRON_OK);
        assert_eq!(between.follow(&source), ASYNCHRON_OK);
        assert_eq!(last.follow(&between), ASYNCHRON_OK);
        drop(lost);
        source.cancel();
        assert_eq!(seen.load(SeqCst), 1);
    });
}

/// Inside a callback it is visible at once, and its own callbacks join the end of the queue.
#[test]
fn inside_a_callback_it_is_visible_at_once_and_its_callbacks_are_due() {
    within(60, || {
        let (trigger, source, into) = (Handle::new(), Handle::new(), Handle::new());
        let ran = Arc::new(AtomicUsize::new(0));
        for a in [&source, &into] {
            let ran = ran.clone();
            notify(a, move |_| _ = ran.fetch_add(1, SeqCst));
        }
        assert_eq!(into.follow(&source), ASYNCHRON_OK);
        let (its, sources, second) = (ran.clone(), source.clone(), Handle::new());
        let late = second.clone();
        notify(&trigger, move |_| {
            sources.set(b"x");
            assert_eq!(into.get(), Ok(b"x".to_vec()));
            assert_eq!(late.follow(&into), ASYNCHRON_OK);
            assert_eq!(late.get(), Ok(b"x".to_vec()));
            assert_eq!(its.load(SeqCst), 0, "they are only due");
        });
        trigger.set(b"");
        assert_eq!(ran.load(SeqCst), 2);
        assert_eq!(second.get(), Ok(b"x".to_vec()));
    });
}

#[test]
fn a_circle_completes_when_one_of_it_does() {
    within(60, || {
        for size in [2, 3, 10] {
            for at in [0, size - 1] {
                let (data, payload) = (Tally::new(), Tally::new());
                let all: Vec<_> =
                    (0..size).map(|_| with_user_data(data.ptr(), data.drop_fn())).collect();
                for n in 0..size {
                    assert_eq!(all[n].follow(&all[(n + 1) % size]), ASYNCHRON_OK);
                }
                assert_eq!(all[at].set_pointer(payload.ptr(), payload.drop_fn()), ASYNCHRON_OK);
                for one in &all {
                    assert_eq!(place(one), (payload.ptr() as usize, 0));
                }
                drop(all);
                assert_eq!((data.drops(), payload.drops()), (size, 1), "nothing keeps itself");
            }
        }
    });
}

#[test]
fn it_starts_no_function_on_demand() {
    within(60, || {
        let source = on_demand(|_| panic!("nobody asked"));
        let into = following(&source);
        assert_eq!(into.get_timeout(MS), Err(ASYNCHRON_TIMEOUT));
        assert_eq!(source.state(), ASYNCHRON_STATE_PENDING);
        assert_eq!(source.set(b"x"), ASYNCHRON_OK);
        assert_eq!(into.get(), Ok(b"x".to_vec()));
    });
}

/// Name and progress are those of each one.
#[test]
fn only_the_outcome_is_passed_on() {
    within(60, || {
        let (source, data) = (Handle::new(), Tally::new());
        let into = with_user_data(data.ptr(), data.drop_fn());
        assert_eq!(unsafe { asynchron_progress(source.raw(), 1, 2) }, ASYNCHRON_OK);
        assert_eq!(into.follow(&source), ASYNCHRON_OK);
        let (mut done, mut total) = (0, 0);
        let none = unsafe { asynchron_progress_of(into.raw(), &mut done, &mut total) };
        assert_eq!(none, ASYNCHRON_END);
        source.set(b"x");
        let name = |a: &Handle| unsafe { CStr::from_ptr(asynchron_name(a.raw())) }.to_owned();
        assert_ne!(name(&into), name(&source));
        assert_eq!(unsafe { asynchron_user_data(into.raw()) }, data.ptr());
        assert_eq!(unsafe { asynchron_user_data(source.raw()) }, null_mut());
    });
}

#[test]
fn a_pointer_is_taken_through_it_once_nobody_else_shares_it() {
    within(60, || {
        let payload = Tally::new();
        let source = Handle::new();
        let (into, other) = (following(&source), following(&source));
        source.set_pointer(payload.ptr(), payload.drop_fn());
        let take = |a: &Handle| {
            let mut taken = null_mut();
            (unsafe { asynchron_take(a.raw(), &mut taken) }, taken)
        };
        assert_eq!(take(&into), (ASYNCHRON_ALREADY, null_mut()));
        drop(source);
        assert_eq!(take(&into), (ASYNCHRON_ALREADY, null_mut()), "the other shares it");
        drop(other);
        assert_eq!(take(&into), (ASYNCHRON_OK, payload.ptr()));
        let _gone = into.into_raw();
        assert_eq!(payload.drops(), 0);
    });
}

const LINKS: usize = 1_000_000;

/// Runs on a small stack, in a process of its own: where the stack does not do, that one ends.
fn on_a_small_stack<F: FnOnce() + Send + 'static>(body: F) {
    in_child_as::<F>(170, || within_stack(170, 256 << 10, body))
        .unwrap_or_else(|text| panic!("{text}"));
}

/// `first`, and the last of so many that each follow the one before.
fn chain(links: usize) -> (Handle, Handle) {
    let first = Handle::new();
    let mut last = first.clone();
    for _ in 0..links {
        last = following(&last);
    }
    (first, last)
}

#[test]
fn a_million_in_a_row_complete_and_are_released_in_constant_stack() {
    on_a_small_stack(|| {
        let (first, last) = chain(LINKS);
        assert_eq!(first.set_number(7), ASYNCHRON_OK);
        assert_eq!(last.number(), Ok(7));
        drop(first);
        assert_eq!(last.number(), Ok(7));
        let (first, last) = chain(LINKS / 2);
        first.fail(5, "five");
        assert_eq!(last.error().map(|e| e.code), Ok(5));
        let (first, last) = chain(LINKS / 2);
        drop(last);
        first.cancel();
    });
}

#[test]
fn a_million_in_a_row_are_released_while_they_wait_in_constant_stack() {
    on_a_small_stack(|| {
        let (first, last) = chain(LINKS);
        drop(first);
        assert_eq!(last.error().map(|e| e.code), Ok(ASYNCHRON_E_BROKEN as i32));
        drop(last);
        let (first, last) = chain(LINKS / 2);
        last.cancel();
        drop(last);
        drop(first);
    });
}

/// Each end releases the next: a drop of the program's at each.
#[test]
fn a_million_that_follow_and_whose_ends_release_the_next_in_constant_stack() {
    on_a_small_stack(|| {
        let mut last = Handle::new();
        let first = last.clone();
        for _ in 0..LINKS / 2 {
            let next = with_user_data(last.clone().into_raw().cast(), Some(release_it));
            assert_eq!(next.follow(&last), ASYNCHRON_OK);
            last = next;
        }
        first.set(b"x");
        assert_eq!(last.get(), Ok(b"x".to_vec()));
        drop(first);
        drop(last);
    });
}

#[test]
fn a_million_that_follow_one_complete_and_one_that_follows_a_million() {
    on_a_small_stack(|| {
        let source = Handle::new();
        let all: Vec<_> = (0..LINKS / 4).map(|_| following(&source)).collect();
        source.set(b"x");
        all.iter().for_each(|into| assert_eq!(into.poll(), ASYNCHRON_OK));
        let (into, sources) = (Handle::new(), Handle::many(LINKS / 4));
        sources.iter().for_each(|source| assert_eq!(into.follow(source), ASYNCHRON_OK));
        sources[LINKS / 8].set(b"y");
        assert_eq!(into.get(), Ok(b"y".to_vec()));
        assert!(!is_shared(&into));
    });
}
