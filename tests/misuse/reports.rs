//! The table's rows: reports.

use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::common::works;
use crate::table::*;

const FOREVER: u64 = ASYNCHRON_FOREVER;

#[test]
fn misuse_of_reports() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    let mut rows = create();
    rows.extend(add_and_remove());
    rows.extend(next());
    rows.extend(next_batch());
    rows.extend(others());
    rows
}

fn create() -> Vec<Row> {
    rows! {
        asynchron_report_create {
            "NULL array" => NULL, |_| asynchron_report_create(null(), 1);
            "NULL in the array: alone" => NULL,
                |_| asynchron_report_create([null_mut()].as_ptr(), 1);
            "NULL in the array: first" => NULL,
                |s| asynchron_report_create([null_mut(), s.pending, s.ready].as_ptr(), 3);
            "NULL in the array: last" => NULL,
                |s| asynchron_report_create(
                    [s.ready, s.pending, s.pending, null_mut()].as_ptr(),
                    4,
                );
            "n over SIZE_MAX/2" => NULL, |s| asynchron_report_create(&s.pending, usize::MAX);
            "n over SIZE_MAX/2: in bytes" => NULL,
                |s| asynchron_report_create(&s.pending, usize::MAX / 8);
            "n over SIZE_MAX/2 and NULL array" => NULL,
                |_| asynchron_report_create(null(), usize::MAX);
            "n = 0" => POINTER, |s| empty(asynchron_report_create(&s.pending, 0));
            "n = 0 and NULL array" => POINTER, |_| empty(asynchron_report_create(null(), 0));
        }
        asynchron_report_retain {
            "NULL report" => NULL, |_| asynchron_report_retain(null_mut());
        }
        asynchron_report_release {
            "NULL report" => NOTHING, |_| asynchron_report_release(null_mut());
        }
    }
}

fn add_and_remove() -> Vec<Row> {
    rows! {
        asynchron_report_add {
            "NULL report" => E_INVALID, |s| asynchron_report_add(null_mut(), s.pending, s.thing());
            "NULL handle" => E_INVALID, |s| asynchron_report_add(s.report, null_mut(), s.thing());
            "NULL handle and NULL report" => E_INVALID,
                |_| asynchron_report_add(null_mut(), null_mut(), null_mut());
            "NULL tag" => OK, |_| {
                let (r, a) = (asynchron_report_create(null(), 0), asynchron_create(null()));
                let status = asynchron_report_add(r, a, null_mut());
                assert_eq!(asynchron_report_pending(r), 1);
                asynchron_report_release(r);
                works(a);
                status
            };
            "to a closed one" => E_CLOSED, |s| {
                assert_eq!(asynchron_report_close(s.empty), ASYNCHRON_OK);
                asynchron_report_add(s.empty, s.pending, s.thing())
            };
            "a ready one, to a closed one that holds some" => E_CLOSED, |s| {
                assert_eq!(asynchron_report_close(s.report), ASYNCHRON_OK);
                asynchron_report_add(s.report, s.ready, s.thing())
            };
            "NULL handle, to a closed one" => E_INVALID, |s| {
                assert_eq!(asynchron_report_close(s.empty), ASYNCHRON_OK);
                asynchron_report_add(s.empty, null_mut(), s.thing())
            };
        }
        asynchron_report_remove {
            "NULL report" => E_INVALID, |s| asynchron_report_remove(null_mut(), s.pending);
            "NULL handle" => E_INVALID, |s| asynchron_report_remove(s.report, null_mut());
            "NULL handle, of nothing" => E_INVALID,
                |s| asynchron_report_remove(s.empty, null_mut());
            "a pending one that is not in it" => END,
                |s| asynchron_report_remove(s.empty, s.pending);
            "a ready one that is not in it" => END, |s| asynchron_report_remove(s.waiting, s.ready);
            "one that was removed before" => END, |s| {
                assert_eq!(
                    asynchron_report_add(s.waiting, s.failed, null_mut()),
                    ASYNCHRON_OK
                );
                assert_eq!(asynchron_report_remove(s.waiting, s.failed), ASYNCHRON_OK);
                asynchron_report_remove(s.waiting, s.failed)
            };
        }
    }
}

fn next() -> Vec<Row> {
    rows! {
        asynchron_report_next {
            "NULL report" => E_INVALID, |s| asynchron_report_next(null_mut(), FOREVER, &mut s.item);
            "NULL report and NULL out" => E_INVALID,
                |_| asynchron_report_next(null_mut(), FOREVER, null_mut());
            "NULL out: the item is not lost" => E_INVALID,
                |s| asynchron_report_next(s.report, FOREVER, null_mut());
            "NULL out, nothing complete: without waiting" => E_INVALID,
                |s| asynchron_report_next(s.waiting, FOREVER, null_mut());
            "NULL out, of nothing" => E_INVALID, |s| asynchron_report_next(s.empty, 0, null_mut());
            "NULL out: the wake is not lost" => WOKEN, |s| {
                assert_eq!(asynchron_report_wake(s.report), ASYNCHRON_OK);
                assert_eq!(
                    asynchron_report_next(s.report, 0, null_mut()),
                    ASYNCHRON_E_INVALID
                );
                asynchron_report_next(s.report, 0, &mut s.item)
            };
            "nothing complete" => TIMEOUT, |s| asynchron_report_next(s.waiting, 0, &mut s.item);
            "of nothing" => END, |s| asynchron_report_next(s.empty, FOREVER, &mut s.item);
        }
    }
}

fn next_batch() -> Vec<Row> {
    rows! {
        asynchron_report_next_batch {
            "NULL report" => E_INVALID,
                |s| zeroes(|n| {
                    asynchron_report_next_batch(null_mut(), FOREVER, s.items.as_mut_ptr(), 2, n)
                });
            "NULL report, and all else" => E_INVALID,
                |_| asynchron_report_next_batch(null_mut(), FOREVER, null_mut(), 0, null_mut());
            "NULL out: the items are not lost" => E_INVALID,
                |s| zeroes(|n| asynchron_report_next_batch(s.report, FOREVER, null_mut(), 2, n));
            "NULL out, cap 0" => E_INVALID,
                |s| zeroes(|n| asynchron_report_next_batch(s.report, FOREVER, null_mut(), 0, n));
            "NULL out, nothing complete: without waiting" => E_INVALID,
                |s| zeroes(|n| asynchron_report_next_batch(s.waiting, FOREVER, null_mut(), 2, n));
            "cap 0" => E_INVALID,
                |s| zeroes(
                    |n| asynchron_report_next_batch(s.report, FOREVER, s.items.as_mut_ptr(), 0, n),
                );
            "cap 0, of nothing" => E_INVALID,
                |s| zeroes(
                    |n| asynchron_report_next_batch(s.empty, FOREVER, s.items.as_mut_ptr(), 0, n),
                );
            "NULL n: the items are not lost" => E_INVALID,
                |s| asynchron_report_next_batch(
                    s.report,
                    FOREVER,
                    s.items.as_mut_ptr(),
                    2,
                    null_mut(),
                );
            "NULL n, nothing complete: without waiting" => E_INVALID,
                |s| asynchron_report_next_batch(
                    s.waiting,
                    FOREVER,
                    s.items.as_mut_ptr(),
                    2,
                    null_mut(),
                );
            "NULL n: the wake is not lost" => WOKEN, |s| {
                assert_eq!(asynchron_report_wake(s.waiting), ASYNCHRON_OK);
                let (items, none) = (s.items.as_mut_ptr(), null_mut());
                let refused = asynchron_report_next_batch(s.waiting, FOREVER, items, 2, none);
                assert_eq!(refused, ASYNCHRON_E_INVALID);
                zeroes(|n| asynchron_report_next_batch(s.waiting, FOREVER, items, 2, n))
            };
            "nothing complete" => TIMEOUT,
                |s| zeroes(
                    |n| asynchron_report_next_batch(s.waiting, 0, s.items.as_mut_ptr(), 2, n),
                );
            "of nothing" => END,
                |s| zeroes(
                    |n| asynchron_report_next_batch(s.empty, FOREVER, s.items.as_mut_ptr(), 2, n),
                );
        }
    }
}

fn others() -> Vec<Row> {
    rows! {
        asynchron_report_pending {
            "NULL report" => number(0), |_| asynchron_report_pending(null());
        }
        asynchron_report_wake {
            "NULL report" => E_INVALID, |_| asynchron_report_wake(null_mut());
        }
        asynchron_report_close {
            "NULL report" => E_INVALID, |_| asynchron_report_close(null_mut());
            "a closed one" => OK, |s| {
                assert_eq!(asynchron_report_close(s.empty), ASYNCHRON_OK);
                asynchron_report_close(s.empty)
            };
        }
        asynchron_report_rearm {
            "NULL report" => E_INVALID, |_| asynchron_report_rearm(null_mut());
            "without a descriptor" => OK, |s| asynchron_report_rearm(s.report);
            "with nothing there" => OK, |s| {
                assert!(asynchron_report_fd(s.waiting) >= 0);
                asynchron_report_rearm(s.waiting)
            };
        }
        asynchron_report_fd {
            "NULL report" => number(ASYNCHRON_E_INVALID as i64),
                |_| asynchron_report_fd(null_mut());
        }
        asynchron_report_watch {
            "NULL report" => E_INVALID, |_| asynchron_report_watch(null_mut(), 1);
            "NULL report that is watched no more" => E_INVALID, |_| asynchron_report_watch(null_mut(), 0);
            "neither 0 nor 1" => OK, |s| {
                assert_eq!(asynchron_report_watch(s.waiting, -1), ASYNCHRON_OK);
                assert_eq!(asynchron_report_watch(s.waiting, 2), ASYNCHRON_ALREADY);
                asynchron_report_watch(s.waiting, 0)
            };
            "one that is watched" => ALREADY, |s| {
                assert_eq!(asynchron_report_watch(s.waiting, 1), ASYNCHRON_OK);
                let status = asynchron_report_watch(s.waiting, 1);
                assert_eq!(asynchron_report_watch(s.waiting, 0), ASYNCHRON_OK);
                status
            };
            "one that nobody watches" => OK, |s| asynchron_report_watch(s.waiting, 0);
        }
    }
}

/// Uses and releases a report that should hold nothing.
unsafe fn empty(r: *mut asynchron_report_t) -> *mut asynchron_report_t {
    unsafe {
        assert_eq!(asynchron_report_pending(r), 0);
        let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
        assert_eq!(asynchron_report_next(r, FOREVER, &mut item), ASYNCHRON_END);
        asynchron_report_release(r);
    }
    r
}

/// Where the number of items is 0, whatever it was before.
fn zeroes(next_batch: impl FnOnce(*mut usize) -> asynchron_status_t) -> asynchron_status_t {
    let mut n = 7;
    let status = next_batch(&mut n);
    assert_eq!(n, 0, "the number of items");
    status
}
