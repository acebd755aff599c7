//! docs/contract.md has the rules, each with the tests that hold it: no rule without a test, no test of a rule that is
//! not there, no name of a test that is not, and no file of models or of misuse that is under no rule.

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::{files_of, root, samples};

/// One rule, as the page has it.
struct Rule {
    number: u32,
    /// As the page names them, seen from the repository.
    tests: Vec<String>,
}

fn rules() -> Vec<Rule> {
    let mut rules = Vec::<Rule>::new();
    for line in samples::read(&root().join("docs/contract.md")).lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let number = heading.split_once(". ").and_then(|(number, _)| number.parse().ok());
            let number = number.unwrap_or_else(|| panic!("not a rule: {line}"));
            rules.push(Rule { number, tests: Vec::new() });
        } else if let Some(rule) = rules.last_mut() {
            let quoted = line.split('`').skip(1).step_by(2);
            rule.tests.extend(quoted.filter(|q| q.starts_with("tests/")).map(str::to_owned));
        }
    }
    rules
}

/// The Rust files of the tests, however deep, but for this one.
fn test_files() -> Vec<PathBuf> {
    let mut files = files_of(&root().join("tests"), &["rs"]);
    files.retain(|path| *path != root().join("tests/contract.rs"));
    files
}

/// The files that are named after a rule, with its number: `r07_deadlock.rs` after rule 7.
fn named_after_a_rule() -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for path in test_files() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are plain");
        let Some((number, _)) = name.strip_prefix('r').and_then(|rest| rest.split_once('_')) else {
            continue;
        };
        if let Ok(number) = number.parse() {
            let seen = path.strip_prefix(root()).expect("it is in the repository");
            found.push((number, seen.to_str().expect("names are plain").to_owned()));
        }
    }
    assert!(!found.is_empty(), "no test is named after a rule");
    found
}

/// The numbers of the rules that a text cites: "Rule 7", "rules 4 and 5".
fn cited(text: &str) -> BTreeSet<u32> {
    let text = text.to_ascii_lowercase();
    let words: Vec<_> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut numbers = BTreeSet::new();
    for (i, word) in words.iter().enumerate() {
        if matches!(*word, "rule" | "rules") {
            let list = words[i + 1..].iter().filter(|word| !matches!(**word, "and" | "to" | "or"));
            numbers.extend(list.map_while(|word| word.parse::<u32>().ok()));
        }
    }
    numbers
}

/// A new rule takes the next number, and the last is raised here.
#[test]
fn the_rules_are_numbered_in_order() {
    let numbers: Vec<_> = rules().iter().map(|rule| rule.number).collect();
    assert_eq!(numbers, (1..=31).collect::<Vec<_>>());
}

#[test]
fn every_rule_has_a_test_that_is_named_after_it() {
    let named = named_after_a_rule();
    for rule in rules() {
        let is_its_own = |test: &String| named.contains(&(rule.number, test.clone()));
        assert!(rule.tests.iter().any(is_its_own), "rule {} names no test of its own", rule.number);
    }
}

#[test]
fn every_test_that_is_named_after_a_rule_stands_below_that_rule() {
    let rules = rules();
    for (number, test) in named_after_a_rule() {
        let rule = rules.iter().find(|rule| rule.number == number);
        let rule = rule.unwrap_or_else(|| panic!("{test}: there is no rule {number}"));
        assert!(rule.tests.contains(&test), "rule {number} does not name {test}");
    }
}

/// But for the allocator of the misuse tests, which has a test of itself.
#[test]
fn every_model_and_every_test_of_misuse_stands_below_a_rule() {
    let named: BTreeSet<_> = rules().into_iter().flat_map(|rule| rule.tests).collect();
    let mut seen = 0;
    for path in ["loom", "shuttle", "misuse"].map(|name| root().join("tests").join(name)) {
        for path in files_of(&path, &["rs"]) {
            let has_tests = samples::read(&path).lines().any(|line| line.trim() == "#[test]");
            let file = path.strip_prefix(root()).expect("it is in the repository");
            let file = file.to_str().expect("names are plain");
            if has_tests && file != "tests/misuse/ledger.rs" {
                assert!(named.contains(file), "no rule names {file}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "only {seen} files");
}

#[test]
fn every_test_that_the_page_names_is_there() {
    for rule in rules() {
        for test in &rule.tests {
            assert!(root().join(test).is_file(), "rule {}: there is no {test}", rule.number);
        }
    }
}

/// A file that no program includes would hold nothing.
#[test]
fn every_test_that_the_page_names_is_part_of_a_test_program() {
    for rule in rules() {
        for test in &rule.tests {
            let path = root().join(test);
            let main = samples::read(&path.with_file_name("main.rs"));
            let module = path.file_stem().and_then(|stem| stem.to_str()).expect("names are plain");
            let includes = main.lines().any(|line| line.trim() == format!("mod {module};"));
            assert!(includes, "rule {}: nothing includes {test}", rule.number);
        }
    }
}

#[test]
fn every_rule_that_a_test_cites_is_there() {
    let numbers: BTreeSet<_> = rules().iter().map(|rule| rule.number).collect();
    let mut seen = BTreeSet::new();
    for path in test_files() {
        let text = samples::read(&path);
        let comments: Vec<_> =
            text.lines().filter_map(|line| line.trim_start().strip_prefix("//")).collect();
        let cited = cited(&comments.join(" "));
        let unknown: Vec<_> = cited.difference(&numbers).collect();
        assert!(
            unknown.is_empty(),
            "{} cites rules that are not there: {unknown:?}",
            path.display()
        );
        seen.extend(cited);
    }
    assert_eq!(seen, numbers, "rules that a test cites");
}

#[test]
fn a_citation_is_recognised() {
    assert_eq!(cited("Rule 7, the end; rules 4 and 5"), BTreeSet::from([4, 5, 7]));
    assert_eq!(cited("Rule 19, for every example's scenario: 3 of them"), BTreeSet::from([19]));
    assert!(cited("the rules of 1970").is_empty());
}
