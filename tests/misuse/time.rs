//! The table's rows: time.

use std::ptr::null_mut;

use asynchron::capi::*;

use crate::table::*;

const HOUR: u64 = 3_600_000_000_000;

#[test]
fn misuse_of_time() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    rows! {
        asynchron_expire_after {
            "NULL handle" => E_INVALID, |_| asynchron_expire_after(null_mut(), HOUR);
            "NULL handle, now" => E_INVALID, |_| asynchron_expire_after(null_mut(), 0);
            "of a complete one" => ALREADY, |s| asynchron_expire_after(s.ready, HOUR);
            "of a complete one, now" => ALREADY, |s| asynchron_expire_after(s.ready, 0);
            "of a failed one" => ALREADY, |s| asynchron_expire_after(s.failed, HOUR);
            "of a cancelled one" => CANCELLED, |s| asynchron_expire_after(s.cancelled, HOUR);
            "of a cancelled one, never" => CANCELLED,
                |s| asynchron_expire_after(s.cancelled, ASYNCHRON_FOREVER);
            "never, and it had none" => OK,
                |s| asynchron_expire_after(s.pending, ASYNCHRON_FOREVER);
            "later than there is time" => OK,
                |s| asynchron_expire_after(s.pending, u64::MAX - 1);
        }
        asynchron_timer {
            "one that never fires" => POINTER, |_| released(asynchron_timer(ASYNCHRON_FOREVER));
            "later than there is time" => POINTER, |_| released(asynchron_timer(u64::MAX - 1));
            "one that has fired" => POINTER, |_| released(asynchron_timer(0));
        }
    }
}

fn released(timer: *mut asynchron_t) -> *mut asynchron_t {
    unsafe { asynchron_release(timer) };
    timer
}
