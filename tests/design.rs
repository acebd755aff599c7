//! docs/design.md and docs/reliability.md name files and functions of `src/`, CONTRIBUTING.md files, and the glossary
//! words: these are there.

mod common;

use std::path::Path;

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

/// The function in which a mutant is, as cargo-mutants says it, and the type that it belongs to. Of a constant, neither.
fn place_of(mutant: &str) -> (Option<&str>, Option<&str>) {
    let replaced = mutant.strip_prefix("replace ").and_then(|rest| rest.split(' ').next());
    let replaced = replaced.filter(|name| *name != "match").unwrap_or("");
    let path = mutant.rsplit_once(" in ").map_or(replaced, |(_, path)| path);
    let (of, function) = path.rsplit_once("::").map_or((None, path), |(of, name)| (Some(of), name));
    let of = of.map(|of| of.split('<').next().unwrap_or(of));
    (of, Some(function).filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())))
}

#[test]
fn the_mutants_that_are_listed_are_of_functions_that_are_there() {
    let page = samples::read(&root().join("docs/reliability.md"));
    let section = page.split("\n## ").find(|section| section.starts_with("Mutants\n"));
    let section = section.expect("docs/reliability.md has the mutants");
    let mutants: Vec<_> = quoted(section).filter_map(|name| name.split_once(".rs: ")).collect();
    assert!(mutants.len() > 40, "hardly a mutant is listed");
    let mut missing = Vec::new();
    for (file, mutant) in mutants {
        let text =
            std::fs::read_to_string(root().join(format!("src/{file}.rs"))).unwrap_or_default();
        let (of, function) = place_of(mutant);
        if text.is_empty()
            || function.is_some_and(|function| !defines(&text, function))
            || of.is_some_and(|of| !text.contains(of))
        {
            missing.push(format!("{file}.rs: {mutant}"));
        }
    }
    assert!(
        missing.is_empty(),
        "docs/reliability.md lists what is not there:\n{}",
        missing.join("\n")
    );
}

/// A name of a file with something in capitals, such as NAME, stands for several.
#[test]
fn contributing_names_files_that_are_there() {
    let page = samples::read(&root().join("CONTRIBUTING.md"));
    let places = ["src/", "tests/", "docs/", "include/", "packaging/", "reliability/"];
    let named = |name: &&str| {
        places.iter().any(|place| name.starts_with(place))
            && !name.contains(|c: char| c.is_ascii_uppercase() || " *".contains(c))
    };
    let names: Vec<_> = quoted(&page).filter(named).collect();
    assert!(names.len() > 30, "hardly a file is named: {names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !root().join(name).exists()).collect();
    assert!(missing.is_empty(), "CONTRIBUTING.md names what is not there: {missing:?}");
}

/// All words in the files of a directory, however deep, each after a space.
fn texts(dir: &Path, all: &mut String) {
    for entry in std::fs::read_dir(dir).expect("the directory is there") {
        let path = entry.expect("a directory can be read").path();
        if path.is_dir() {
            texts(&path, all);
        } else if path != root().join("docs/guide/glossary.md") {
            let text = samples::read(&path).to_lowercase();
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
            for word in words.filter(|word| !word.is_empty()) {
                all.push(' ');
                all.push_str(word);
            }
        }
    }
}

/// The words that a section of the glossary explains: what is bold.
fn explained(section: &str) -> impl Iterator<Item = &str> {
    section.split("**").skip(1).step_by(2)
}

#[test]
fn the_glossary_explains_words_that_are_used() {
    let page = samples::read(&root().join("docs/guide/glossary.md"));
    for (title, places) in
        [("In the header", ["include", "docs/guide"].as_slice()), ("In the sources", &["src"])]
    {
        let section = page.split("\n## ").find_map(|section| section.strip_prefix(title));
        let words: Vec<_> = explained(section.expect("the section is there")).collect();
        assert!(words.len() > 20, "{title}: hardly a word");
        let mut text = String::new();
        for place in places {
            texts(&root().join(place), &mut text);
        }
        let unused: Vec<_> =
            words.iter().filter(|word| !text.contains(&format!(" {word}"))).collect();
        assert!(unused.is_empty(), "{title}, but used nowhere: {unused:?}");
    }
}
