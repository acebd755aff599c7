//! The README's commands are there, and what it and the guides name exists. tests/docs has their
//! programs.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::header;
use common::root;
use common::samples;

fn readme() -> PathBuf {
    root().join("README.md")
}

#[test]
fn the_two_commands_are_shown() {
    let blocks = samples::of(&readme());
    let shell: String = blocks.into_iter().filter(|s| s.language == "sh").map(|s| s.text).collect();
    for command in ["make -C examples-c run", "cargo test"] {
        let shown =
            shell.lines().any(|line| line.split('#').next().unwrap_or_default().trim() == command);
        assert!(shown, "no ```sh block of README.md has the line `{command}`");
    }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// What the adapters for event loops define: a compiler finds them only where the loops' own headers are.
fn names_of_the_adapters() -> BTreeSet<String> {
    let headers = common::files_of(&root().join("include/asynchron"), &["h"]);
    assert!(headers.len() > 8, "only {headers:?}");
    let text: String = headers.iter().map(|path| samples::read(path)).collect();
    let is_defined = |line: &&str| line.starts_with("static inline ") || line.starts_with('}');
    let words = text.lines().filter(is_defined).flat_map(words_of);
    words.filter(|word| word.starts_with("asynchron_")).map(str::to_owned).collect()
}

#[test]
fn every_name_that_it_or_a_guide_mentions_is_in_the_header() {
    let declared = header::declared();
    let macros = header::macros("c99", "#include <asynchron.h>\n");
    let known: BTreeSet<_> = [
        declared.functions,
        declared.types,
        declared.tags,
        declared.enumerators,
        macros,
        names_of_the_adapters(),
    ]
    .into_iter()
    .flatten()
    .collect();
    // What a program or a build may set is known to the header, the build or a package by its use only; the last is the
    // name of the crate for Rust.
    let settings = [
        "ASYNCHRON_LIBRARY",
        "ASYNCHRON_PLUGIN",
        "ASYNCHRON_SHARED",
        "ASYNCHRON_UPDATE_HEADER",
        "asynchron_portable",
        "asynchron_c",
    ];
    // The header of the Python package is for C, too.
    let of_python = samples::read(&root().join("bindings/python/include/asynchron/python.h"));
    let of_python: BTreeSet<_> = words_of(&of_python).collect();
    let guide = root().join("docs/guide");
    for page in samples::pages().iter().filter(|p| **p == readme() || p.starts_with(&guide)) {
        let text = samples::read(page);
        // A name that ends with an underscore stands for a family: asynchron_report_*.
        let ours = |word: &&str| word.to_ascii_lowercase().starts_with("asynchron_");
        let names = words_of(&text).filter(ours).filter(|word| !word.ends_with('_'));
        let is_known = |name: &&str| {
            known.contains(*name) || settings.contains(name) || of_python.contains(name)
        };
        let unknown: BTreeSet<_> = names.filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{page:?} names what the header has not: {unknown:?}");
    }
}
