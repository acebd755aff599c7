//! Rule 5: a completion made inside a callback is visible at once, but its own callbacks join the end of a queue of
//! the thread. So chains of any length need constant stack.

use crate::support::callbacks::release_it;
use crate::support::process::in_child_as;
use crate::support::threads::within_stack;
use crate::support::*;

const LINKS: usize = 1_000_000;
const STACK: usize = 256 << 10;

/// Runs on a small stack, in a process of its own: where the stack does not do, that one ends.
fn on_a_small_stack<F: FnOnce() + Send + 'static>(body: F) {
    in_child_as::<F>(170, || within_stack(170, STACK, body))
        .unwrap_or_else(|text| panic!("{text}"));
}

/// `first` and the end of a chain of thens that starts at it, each adding one.
fn chain_of_thens(links: usize) -> (Handle, Handle) {
    let first = Handle::new();
    let mut last = first.clone();
    for _ in 0..links {
        last = then(&last, None, |into, sources| {
            let n = Handle::shared(sources[0]).number().unwrap();
            let sum = (n + 1).to_ne_bytes();
            unsafe { asynchron_set_bytes(into, sum.as_ptr().cast(), sum.len()) };
            0
        });
    }
    (first, last)
}

#[test]
fn a_million_thens_complete_and_are_released() {
    on_a_small_stack(|| {
        let (first, last) = chain_of_thens(LINKS);
        assert_eq!(first.set_number(1), ASYNCHRON_OK);
        assert_eq!(last.number(), Ok(LINKS as u64 + 1));
    });
}

#[test]
fn a_failure_and_a_cancel_run_down_a_million_thens() {
    on_a_small_stack(|| {
        let (first, last) = chain_of_thens(LINKS / 2);
        first.fail(5, "five");
        assert_eq!(last.error().map(|e| e.code), Ok(5));
        let (first, last) = chain_of_thens(LINKS / 2);
        first.cancel();
        assert_eq!(last.poll(), ASYNCHRON_CANCELLED);
    });
}

/// The last reference to the first of them goes while all wait for it.
#[test]
fn an_incomplete_chain_of_a_million_is_released() {
    on_a_small_stack(|| {
        let (first, last) = chain_of_thens(LINKS);
        drop(first);
        assert_eq!(last.error().map(|e| e.code), Ok(ASYNCHRON_E_BROKEN_CODE));
        drop(last);
        // And from the other end: what nobody waits for any more is still computed.
        let (first, last) = chain_of_thens(LINKS / 4);
        drop(last);
        first.set_number(1);
    });
}

const ASYNCHRON_E_BROKEN_CODE: i32 = ASYNCHRON_E_BROKEN as i32;

#[test]
fn a_chain_of_afters() {
    on_a_small_stack(|| {
        let first = Handle::new();
        let mut last = first.clone();
        for _ in 0..LINKS / 4 {
            last = after(&[last.clone(), last.clone()], None, |_, _| 0);
        }
        first.fail(1, "x");
        assert_eq!(last.poll(), ASYNCHRON_OK);
    });
}

#[test]
fn a_chain_of_callbacks_that_deliver() {
    on_a_small_stack(|| {
        let links = LINKS / 4;
        let all = Handle::many(links);
        for pair in all.windows(2) {
            let next = pair[1].clone();
            notify(&pair[0], move |_| assert_eq!(next.set(b"x"), ASYNCHRON_OK));
        }
        all[0].set(b"x");
        assert!(all.iter().all(|a| a.poll() == ASYNCHRON_OK));
    });
}

/// Every callback registers the next one, on one that is complete: at once would nest.
#[test]
fn a_chain_of_registrations() {
    static LEFT: AtomicUsize = AtomicUsize::new(LINKS);
    unsafe extern "C" fn once_more(a: *mut asynchron_t, _: *mut c_void) {
        if LEFT.fetch_sub(1, SeqCst) > 1 {
            let status = unsafe { asynchron_notify(a, Some(once_more), null_mut()) };
            assert_eq!(status, ASYNCHRON_OK);
        }
    }
    on_a_small_stack(|| {
        let a = Handle::new();
        a.set(b"x");
        let status = unsafe { asynchron_notify(a.raw(), Some(once_more), null_mut()) };
        assert_eq!(status, ASYNCHRON_OK);
        assert_eq!(LEFT.load(SeqCst), 0);
    });
}

/// One owns the next, in every way in which it can: their drops release, inside a release, inside a release.
#[test]
fn drops_that_release() {
    type Own = fn(Handle) -> Handle;
    let ways: [(Own, usize); 4] = [
        (|next| own(next, |a, p| unsafe { asynchron_set_pointer(a, p, Some(release_it)) }), LINKS),
        (
            |next| own(next, |a, p| unsafe { asynchron_set_buffer(a, p, 8, p, Some(release_it)) }),
            LINKS,
        ),
        (
            |next| {
                own(next, |a, p| unsafe {
                    asynchron_fail_with(a, 1, null(), null(), p, Some(release_it))
                })
            },
            LINKS / 2,
        ),
        (|next| with_user_data(next.into_raw().cast(), Some(release_it)), LINKS),
    ];
    on_a_small_stack(move || {
        for (own, links) in ways {
            let dropped = Tally::new();
            let mut first = Handle::new();
            first.set_pointer(dropped.ptr(), dropped.drop_fn());
            for _ in 0..links {
                first = own(first);
            }
            assert_eq!(dropped.drops(), 0);
            drop(first);
            assert_eq!(dropped.drops(), 1, "the whole chain is gone when release returns");
        }
    });
}

fn own(next: Handle, give: fn(*mut asynchron_t, *mut c_void) -> asynchron_status_t) -> Handle {
    let a = Handle::new();
    assert_eq!(give(a.raw(), next.into_raw().cast()), ASYNCHRON_OK);
    a
}

/// A report holds one whose value owns the next report, and so on.
#[test]
fn a_chain_through_reports() {
    unsafe extern "C" fn release_report(p: *mut c_void) {
        unsafe { asynchron_report_release(p.cast()) }
    }
    on_a_small_stack(|| {
        let dropped = Tally::new();
        let first = Handle::new();
        first.set_pointer(dropped.ptr(), dropped.drop_fn());
        let mut report = unsafe { asynchron_report_create(&first.raw(), 1) };
        drop(first);
        for _ in 0..LINKS / 10 {
            let a = Handle::new();
            a.set_pointer(report.cast(), Some(release_report));
            report = unsafe { asynchron_report_create(&a.raw(), 1) };
        }
        assert_eq!(dropped.drops(), 0);
        unsafe { asynchron_report_release(report) };
        assert_eq!(dropped.drops(), 1);
    });
}
