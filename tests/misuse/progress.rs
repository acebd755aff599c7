//! The table's rows: progress.

use std::ptr::{null, null_mut};

use asynchron::capi::asynchron_status_t::*;
use asynchron::capi::*;

use crate::scene::Scene;
use crate::table::*;

#[test]
fn misuse_of_progress() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    rows! {
        asynchron_progress {
            "NULL handle" => E_INVALID, |_| asynchron_progress(null_mut(), 1, 2);
            "of a complete one" => ALREADY, |s| asynchron_progress(s.ready, 1, 2);
            "of a failed one" => ALREADY, |s| asynchron_progress(s.failed, 1, 2);
            "of a cancelled one" => CANCELLED, |s| asynchron_progress(s.cancelled, 1, 2);
            "more done than there is" => OK, |s| asynchron_progress(s.unnamed, u64::MAX, 0);
        }
        asynchron_progress_of {
            "NULL handle" => E_INVALID,
                |s| asynchron_progress_of(null(), &mut s.token, &mut s.token);
            "NULL handle, NULL done and NULL total" => E_INVALID,
                |_| asynchron_progress_of(null(), null_mut(), null_mut());
            "NULL done" => E_INVALID, |s| {
                let mut total = 77;
                let status = some(s, |a| asynchron_progress_of(a, null_mut(), &mut total));
                assert_eq!(total, 77);
                status
            };
            "NULL total" => E_INVALID, |s| {
                let mut done = 77;
                let status = some(s, |a| asynchron_progress_of(a, &mut done, null_mut()));
                assert_eq!(done, 77);
                status
            };
            "NULL done and NULL total" => E_INVALID,
                |s| some(s, |a| asynchron_progress_of(a, null_mut(), null_mut()));
            "none was set" => END,
                |s| asynchron_progress_of(s.pending, &mut s.token, &mut s.token);
            "none was set, of a complete one" => END,
                |s| asynchron_progress_of(s.ready, &mut s.token, &mut s.token);
            "none was set, NULL done and NULL total" => E_INVALID,
                |s| asynchron_progress_of(s.unnamed, null_mut(), null_mut());
        }
    }
}

/// Asks one whose progress is 1 of 2.
fn some(
    s: &mut Scene,
    ask: impl FnOnce(*mut asynchron_t) -> asynchron_status_t,
) -> asynchron_status_t {
    assert_eq!(unsafe { asynchron_progress(s.pending, 1, 2) }, ASYNCHRON_OK);
    ask(s.pending)
}
