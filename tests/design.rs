//! docs/design.md names files and functions of `src/`, and these are there.

mod common;

use common::{root, samples};

/// What a text has in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What is wrong with what a section names: each `file.rs` is one of `src/`, and what follows it is in there; a
/// `function()` is defined there.
fn missing(section: &str) -> Vec<String> {
    let mut missing = Vec::new();
    let mut file = None;
    for name in quoted(section).filter(|name| *name != "src/" && !name.starts_with("tests/")) {
        if name.ends_with(".rs") {
            file = std::fs::read_to_string(root().join("src").join(name)).ok().map(|t| (name, t));
            if file.is_none() {
                missing.push(format!("src/{name}"));
            }
            continue;
        }
        let Some((path, text)) = &file else {
            missing.push(format!("{name}, before any file"));
            continue;
        };
        let found = match name.strip_suffix("()") {
            Some(function) => defines(text, function),
            None => text.contains(name),
        };
        if !found {
            missing.push(format!("{name} in src/{path}"));
        }
    }
    missing
}

/// Also a generic one.
fn defines(text: &str, function: &str) -> bool {
    text.match_indices(&format!("fn {function}"))
        .any(|(at, found)| text[at + found.len()..].starts_with(['(', '<']))
}

#[test]
fn the_way_of_a_value_leads_through_files_and_functions_that_are_there() {
    let page = samples::read(&root().join("docs/design.md"));
    let section = page.split("\n## ").find(|section| section.starts_with("The way of a value\n"));
    let section = section.expect("docs/design.md has the way of a value");
    assert!(quoted(section).count() > 40, "hardly anything is named");
    let missing = missing(section);
    assert!(missing.is_empty(), "docs/design.md names what is not there:\n{}", missing.join("\n"));
}

#[test]
fn what_is_not_there_is_missed() {
    assert_eq!(missing("`one/state.rs`: `publish()`, `State`"), Vec::<String>::new());
    let wrong = "`claim()`; `one/state.rs`: `claims()`, `Stated`; `one/nowhere.rs`";
    assert_eq!(missing(wrong).len(), 4);
}
