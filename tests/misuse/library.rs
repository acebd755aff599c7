//! The table's rows: the library itself.

use asynchron::capi::*;

use crate::table::{Row, TEXT, hold, number, rows};

#[test]
fn misuse_of_the_library() {
    hold(rows());
}

pub fn rows() -> Vec<Row> {
    rows! {
        asynchron_version {
            "takes nothing" => number(ASYNCHRON_VERSION_NUMBER as i64), |_| asynchron_version();
        }
        asynchron_forever {
            "takes nothing" => number(1), |_| i32::from(asynchron_forever() == ASYNCHRON_FOREVER);
        }
        asynchron_status_string {
            "status out of range: above" => TEXT, |_| asynchron_status_string(8);
            "status out of range: far above" => TEXT, |_| asynchron_status_string(i32::MAX);
            "status out of range: below" => TEXT, |_| asynchron_status_string(-8);
            "status out of range: far below" => TEXT, |_| asynchron_status_string(i32::MIN);
            "the lowest" => TEXT, |_| asynchron_status_string(-7);
            "the highest" => TEXT, |_| asynchron_status_string(7);
        }
    }
}
