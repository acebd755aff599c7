//! No abort, and nothing on standard error: whatever is misused, and with no memory, too.

use crate::{child, limit};

/// The tests that are run again, by the names of their modules.
const MODULES: [&str; 14] = [
    "library::",
    "handles::",
    "deliver::",
    "collect::",
    "compute::",
    "callbacks::",
    "reports::",
    "many::",
    "steps::",
    "groups::",
    "contexts::",
    "handover::",
    "memory::",
    "quiet::",
];

#[test]
fn nothing_is_written_to_standard_error() {
    limit::within(|watch| {
        for module in MODULES {
            watch.step("run again", module);
            child::run(&[module], "everything");
        }
    });
}
