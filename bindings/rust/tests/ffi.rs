//! src/ffi.rs says what the C header says: it is made from the same header, as data.
//!
//!     ASYNCHRON_UPDATE_FFI=1 cargo test --test ffi

mod generate;

use std::path::Path;
use std::{env, fs};

#[test]
fn the_declarations_are_those_of_the_header() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = fs::read_to_string(here.join("../asynchron.json")).unwrap();
    let made = generate::rust_of(&serde_json::from_str(&data).unwrap());
    let file = here.join("src/ffi.rs");
    if env::var_os("ASYNCHRON_UPDATE_FFI").is_some() {
        fs::write(&file, &made).unwrap();
    }
    let there = fs::read_to_string(&file).unwrap();
    let lines = there.lines().zip(made.lines()).enumerate();
    for (number, (there, made)) in lines {
        assert_eq!(there, made, "line {}: run with ASYNCHRON_UPDATE_FFI=1", number + 1);
    }
    assert_eq!(there.len(), made.len());
}
