//! Programs that a fuzzer makes up, played on the model and on the library. See `tests/model/`.
//!
//! ```sh
//! cargo +nightly fuzz run model
//! ```
#![no_main]

#[path = "../../tests/model/machine/mod.rs"]
mod machine;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|program: machine::op::Program| {
    if let Err(parted) = machine::compare(&program) {
        panic!("{parted}");
    }
});
