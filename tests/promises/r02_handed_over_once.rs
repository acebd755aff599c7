//! Rule 2: what is handed over is the library's from the call on, whatever it returns: its drop runs exactly once.

use crate::support::*;
use std::cell::Cell;

thread_local!(static NULL_DROPS: Cell<usize> = const { Cell::new(0) });

/// For pointers that are NULL: counts on the calling thread.
unsafe extern "C" fn count_null(p: *mut c_void) {
    assert!(p.is_null());
    NULL_DROPS.set(NULL_DROPS.get() + 1);
}

type Deliver = fn(*mut asynchron_t, *mut c_void, asynchron_drop_fn_t) -> asynchron_status_t;

/// The three deliveries that hand something over.
const DELIVERIES: [Deliver; 3] = [
    |a, p, drop| unsafe { asynchron_set_pointer(a, p, drop) },
    |a, p, drop| unsafe { asynchron_set_buffer(a, c"x".as_ptr().cast(), 1, p, drop) },
    |a, p, drop| unsafe { asynchron_fail_with(a, 1, null(), null(), p, drop) },
];

/// The same with data that is refused.
const REFUSED: [Deliver; 2] = [
    |a, p, drop| unsafe { asynchron_set_buffer(a, null(), 1, p, drop) },
    |a, p, drop| unsafe { asynchron_set_buffer(a, c"x".as_ptr().cast(), usize::MAX, p, drop) },
];

/// Runs `path` with a counted pointer and with NULL, and expects one drop of each by its end.
pub fn once(what: &str, path: impl Fn(*mut c_void, asynchron_drop_fn_t)) {
    let tally = Tally::new();
    path(tally.ptr(), tally.drop_fn());
    assert_eq!(tally.drops(), 1, "{what}");
    NULL_DROPS.set(0);
    path(null_mut(), Some(count_null));
    assert_eq!(NULL_DROPS.get(), 1, "{what}, the pointer NULL");
    // A drop that is NULL: the library never frees it. This pointer could not be.
    path(0x1234 as *mut c_void, None);
}

#[test]
fn values_and_payloads() {
    for deliver in DELIVERIES {
        once("collected", |p, drop| {
            let a = Handle::new();
            assert_eq!(deliver(a.raw(), p, drop), ASYNCHRON_OK);
            let _ = a.get();
            let _ = a.get();
        });
        once("never collected", |p, drop| {
            deliver(Handle::new().raw(), p, drop);
        });
        once("too late", |p, drop| {
            let a = Handle::new();
            a.set(b"first");
            assert_eq!(deliver(a.raw(), p, drop), ASYNCHRON_ALREADY);
        });
        once("cancelled before", |p, drop| {
            let a = Handle::new();
            a.cancel();
            assert_eq!(deliver(a.raw(), p, drop), ASYNCHRON_CANCELLED);
        });
        once("no handle", |p, drop| {
            assert_eq!(deliver(null_mut(), p, drop), ASYNCHRON_E_INVALID);
        });
        once("inside its function, cancelled", |p, drop| {
            call(&Handle::new(), |me| unsafe {
                asynchron_cancel(me);
                deliver(me, p, drop) as i32
            });
        });
    }
    for deliver in REFUSED {
        once("refused", |p, drop| {
            let a = Handle::new();
            assert_eq!(deliver(a.raw(), p, drop), ASYNCHRON_E_INVALID);
            assert_eq!(a.poll(), ASYNCHRON_PENDING);
        });
    }
}

/// What was accepted lives as long as the handle; what was refused is not kept.
#[test]
fn a_value_lives_as_long_as_the_last_handle() {
    for deliver in DELIVERIES {
        let (kept, refused) = (Tally::new(), Tally::new());
        let a = Handle::new();
        deliver(a.raw(), kept.ptr(), kept.drop_fn());
        deliver(a.raw(), refused.ptr(), refused.drop_fn());
        assert_eq!((kept.drops(), refused.drops()), (0, 1));
        let b = a.clone();
        drop(a);
        assert_eq!(kept.drops(), 0);
        drop(b);
        assert_eq!((kept.drops(), refused.drops()), (1, 1));
    }
}

#[test]
fn every_racer_s_value_is_dropped_once() {
    in_child(60, || {
        memory::quarantine();
        type Subject = (Handle, [Tally; 3]);
        let party = |s: &Subject, n: usize| {
            DELIVERIES[n](s.0.raw(), s.1[n].ptr(), s.1[n].drop_fn());
        };
        race(
            3000,
            |_| (Handle::new(), std::array::from_fn(|_| Tally::new())),
            &[&|s| party(s, 0), &|s| party(s, 1), &|s| party(s, 2)],
            |(a, tallies): Subject| {
                assert_eq!(tallies.map(Tally::drops).iter().sum::<usize>(), 2);
                drop(a);
                assert_eq!(tallies.map(Tally::drops), [1; 3]);
            },
        );
    });
}
