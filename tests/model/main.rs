//! Random programs against a model of the contract, on one thread. `machine` plays them on both; this makes them up
//! by proptest, which reduces a program that fails to a few operations. `fuzz/` has a fuzzer make them up.
//!
//! ```sh
//! PROPTEST_CASES=100000 cargo test --release --test model
//! ```

#![cfg(unix)] // a report's descriptor is polled

mod balance;
mod generate;
mod limit;
mod machine;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

/// For a few seconds; PROPTEST_CASES says otherwise.
const CASES: u32 = 2000;

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if asked { default.cases } else { CASES },
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 20_000,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    /// The library does what the model does, in its order, and in the end nothing is left of it.
    #[test]
    fn the_library_does_as_the_contract_says(program in generate::program()) {
        limit::set(Some(&program));
        balance::make_what_stays();
        let before = balance::live();
        let compared = machine::compare(&program);
        prop_assert!(compared.is_ok(), "{}", compared.unwrap_err());
        drop(compared);
        prop_assert_eq!(balance::live(), before, "not all memory was freed");
        limit::set(None);
    }
}
