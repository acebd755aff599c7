//! Plain words: what a pass over all text has removed does not come back.

mod common;

use std::fs;

use common::{files_of, root};

/// What is not said, and what is instead.
const WORDS: &[(&str, &str)] = &[
    ("want of memory", "out of memory; without memory"),
    ("is total", "checks its arguments"),
    ("has lain", "has been queued"),
    ("without a bound", "no upper limit"),
    ("and the like", "name it, or leave it out"),
    ("needs: nothing", "leave the line out"),
    ("ownership: nothing", "leave the line out"),
    ("looks for about", "spins for about"),
    ("gives up for good", "to give up for good, cancel it"),
    ("may go without", "needs no"),
    ("of whom it need not", "unlinks listeners that need no further tracking"),
    ("how manieth", "its index"),
    ("seems to compute", "looks busy"),
    ("if you want the value no more", "if you no longer need the value"),
    ("keep each other for ever", "neither is freed until"),
];

/// Where people read.
const PLACES: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ".ci",
    "benches",
    "docs",
    "examples-c",
    "findings",
    "fuzz/fuzz_targets",
    "include",
    "packaging",
    "reliability",
    "src",
    "tests",
];

const KINDS: &[&str] =
    &["md", "h", "hpp", "c", "cpp", "rs", "txt", "py", "sh", "js", "go", "java", "patch", "run"];

/// In the text as it reads, however its lines are broken.
#[test]
fn what_a_person_reads_is_in_plain_words() {
    let mut found = Vec::new();
    let texts = |place| files_of(&root().join(place), KINDS);
    // These are the words themselves.
    let all: Vec<_> =
        PLACES.iter().flat_map(texts).filter(|path| !path.ends_with("tests/words.rs")).collect();
    assert!(all.len() > 400, "only {} texts", all.len());
    for path in all {
        let text = fs::read_to_string(&path).unwrap().to_lowercase();
        let marks = ['/', '*', '!', '#', '>'];
        let words = text.split_whitespace().filter(|word| !word.trim_matches(marks).is_empty());
        let text = words.collect::<Vec<_>>().join(" ");
        for (word, instead) in WORDS.iter().filter(|(word, _)| text.contains(word)) {
            let path = path.strip_prefix(root()).unwrap().display();
            found.push(format!("{path}: \"{word}\"; better: {instead}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
