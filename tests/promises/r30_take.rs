//! Rule 30: the last handle takes the pointer that it was delivered, whose drop does not run then; whoever cannot take it
//! changes nothing.

use crate::support::*;
use std::sync::Barrier;
use std::thread;

fn take(a: &Handle) -> (asynchron_status_t, *mut c_void) {
    let mut ptr = std::ptr::without_provenance_mut(0x5eed);
    let status = unsafe { asynchron_take(a.raw(), &mut ptr) };
    (status, ptr)
}

/// Takes, and forgets the handle, which is gone.
fn taken(a: Handle) -> *mut c_void {
    let (status, ptr) = take(&a);
    assert_eq!(status, ASYNCHRON_OK);
    let _gone = a.into_raw();
    ptr
}

fn with_pointer(tally: Tally) -> Handle {
    let a = Handle::new();
    assert_eq!(a.set_pointer(tally.ptr(), tally.drop_fn()), ASYNCHRON_OK);
    a
}

#[test]
fn the_last_handle_takes_the_pointer_and_its_drop_does_not_run() {
    let tally = Tally::new();
    assert_eq!(taken(with_pointer(tally)), tally.ptr());
    assert_eq!(tally.drops(), 0);
}

#[test]
fn also_a_null_pointer_and_one_without_a_drop() {
    let tally = Tally::new();
    let a = Handle::new();
    a.set_pointer(null_mut(), tally.drop_fn());
    assert_eq!(taken(a), null_mut());
    let a = Handle::new();
    a.set_pointer(tally.ptr(), None);
    assert_eq!(taken(a), tally.ptr());
    assert_eq!(tally.drops(), 0);
}

/// What else it held goes with it, as with the last release.
#[test]
fn its_user_data_is_dropped_and_its_name_freed() {
    let (tally, data) = (Tally::new(), Tally::new());
    let a = with_user_data(data.ptr(), data.drop_fn());
    unsafe { asynchron_name(a.raw()) };
    a.set_pointer(tally.ptr(), tally.drop_fn());
    assert_eq!(taken(a), tally.ptr());
    assert_eq!((tally.drops(), data.drops()), (0, 1));
}

#[test]
fn what_cannot_be_taken_stays_as_it_is() {
    let unchanged = std::ptr::without_provenance_mut(0x5eed);
    let refused = |a: &Handle, status| assert_eq!(take(a), (status, unchanged));
    refused(&Handle::new(), ASYNCHRON_PENDING);
    let failed = Handle::new();
    failed.fail(7, "no");
    refused(&failed, ASYNCHRON_FAILED);
    assert_eq!(failed.error().unwrap().code, 7);
    let cancelled = Handle::new();
    cancelled.cancel();
    refused(&cancelled, ASYNCHRON_CANCELLED);
    for len in [0, 8, 100] {
        let copy = Handle::new();
        copy.set(&vec![1; len]);
        refused(&copy, ASYNCHRON_E_INVALID);
        assert_eq!(copy.get().unwrap().len(), len);
    }
    let tally = Tally::new();
    for (data, len) in [(tally.ptr().cast_const(), 1), (tally.ptr().cast_const(), 0), (null(), 0)] {
        let before = tally.drops();
        let buffer = Handle::new();
        let drop = tally.drop_fn();
        unsafe { asynchron_set_buffer(buffer.raw(), data, len, tally.ptr(), drop) };
        refused(&buffer, ASYNCHRON_E_INVALID);
        std::mem::drop(buffer);
        assert_eq!(tally.drops(), before + 1);
    }
}

#[test]
fn others_who_hold_it_keep_it() {
    let tally = Tally::new();
    let a = with_pointer(tally);
    let other = a.clone();
    assert_eq!(take(&a).0, ASYNCHRON_ALREADY);
    let report = Report::new();
    report.add(&a, 0);
    drop(other);
    assert_eq!(take(&a).0, ASYNCHRON_ALREADY, "a report has it");
    drop(report);
    assert_eq!(taken(a), tally.ptr());
    assert_eq!(tally.drops(), 0);
}

/// It has the handle that the callback runs with.
#[test]
fn a_callback_that_has_not_returned_counts_as_another() {
    let tally = Tally::new();
    let a = Handle::new();
    let seen = Arc::new(AtomicUsize::new(0));
    let its = seen.clone();
    notify(&a, move |a| {
        let mut ptr = null_mut();
        its.store(unsafe { asynchron_take(a, &mut ptr) } as usize, SeqCst);
    });
    a.set_pointer(tally.ptr(), tally.drop_fn());
    assert_eq!(seen.load(SeqCst), ASYNCHRON_ALREADY as usize);
    assert_eq!(taken(a), tally.ptr());
}

/// Several try at once, each with a handle of its own: one takes it at most; if none, it is dropped once.
#[test]
fn of_many_who_race_one_takes_it_at_most() {
    const THREADS: usize = 3;
    within(120, || {
        let mut takes = 0;
        for _ in 0..3000 {
            let tally = Tally::new();
            let a = with_pointer(tally);
            let barrier = Arc::new(Barrier::new(THREADS));
            let all: Vec<_> = (0..THREADS)
                .map(|_| {
                    let (a, barrier) = (a.clone(), barrier.clone());
                    thread::spawn(move || {
                        barrier.wait();
                        let got = take(&a).0 == ASYNCHRON_OK;
                        if got {
                            let _gone = a.into_raw();
                        }
                        usize::from(got)
                    })
                })
                .collect();
            drop(a);
            let got: usize = all.into_iter().map(|one| one.join().unwrap()).sum();
            assert!(got <= 1, "{got} have taken it");
            assert_eq!(tally.drops(), 1 - got);
            takes += got;
        }
        assert!(takes > 0, "it was never taken");
    });
}
