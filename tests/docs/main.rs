//! What the pages show works: every program in them compiles, runs and prints what the page says
//! that it prints.
//!
//! A program in a language whose tools are not installed is skipped, and that is said on standard
//! error. `ASYNCHRON_SAMPLES` lists the languages, separated by spaces, for which that is a failure.

#![cfg(unix)]

mod c;
#[path = "../common/mod.rs"]
mod common;
mod scripts;

use std::io::Write;

use common::run::Ran;
use common::samples::{self, Sample};

/// The languages whose samples are run, and those of which nothing is: here, in the case of mjs, which are programs for
/// the npm package, and run by bindings/node/test/samples.test.js; of rust, run by bindings/rust/tests/guide.rs; and of
/// lua and ruby, run by the tests of bindings/lua and bindings/ruby.
const RUN: [&str; 6] = ["c", "cpp", "python", "go", "js", "java"];
const SHOWN: [&str; 9] = ["sh", "text", "toml", "cmake", "meson", "mjs", "rust", "lua", "ruby"];

fn every(language: &str) -> Vec<Sample> {
    let all = samples::pages();
    let found: Vec<_> =
        all.iter().flat_map(|page| samples::of(page)).filter(|s| s.language == language).collect();
    assert!(!found.is_empty(), "no page has a sample in {language}");
    found
}

/// The page is held to its word. Nothing may be printed on standard error.
fn check_output(sample: &Sample, ran: &Ran) {
    let place = sample.place();
    assert!(ran.stderr.is_empty(), "{place}: {}", ran.describe());
    if let Some(output) = &sample.output {
        assert_eq!(&ran.stdout, output, "{place} prints something else than the page says");
    }
}

/// Says past the test's capture that this one was not run.
fn skip(sample: &Sample, why: &str) {
    let message = format!("skipped: {} ({}): {why}", sample.place(), sample.language);
    let must = std::env::var("ASYNCHRON_SAMPLES").unwrap_or_default();
    assert!(!must.split_whitespace().any(|language| language == sample.language), "{message}");
    let _ = writeln!(std::io::stderr(), "{message}");
}

#[test]
fn every_block_says_what_it_is() {
    for sample in samples::pages().iter().flat_map(|page| samples::of(page)) {
        let (place, language) = (sample.place(), sample.language.as_str());
        assert!(RUN.contains(&language) || SHOWN.contains(&language), "{place}: ```{language}");
        // The manual says so of itself.
        let shows = sample.output.is_some()
            || !RUN.contains(&language)
            || c::is_addon(&sample)
            || c::is_plug_in(&sample);
        assert!(shows || !sample.page.starts_with("docs/guide"), "{place}: no output is shown");
    }
}
