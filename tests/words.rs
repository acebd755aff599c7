//! Plain words: what a pass over all text has removed does not come back, and a name means one thing.

mod common;

use std::fs;
use std::path::PathBuf;

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
    (" he ", "it; that thread; whoever does"),
    (" him ", "it; that thread; whoever does"),
];

/// Where people read.
const PLACES: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    ".ci",
    "adapters",
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

/// All texts, but for this one, which has the words themselves.
fn texts() -> Vec<PathBuf> {
    let texts = |place| files_of(&root().join(place), KINDS);
    let all: Vec<_> =
        PLACES.iter().flat_map(texts).filter(|path| !path.ends_with("tests/words.rs")).collect();
    assert!(all.len() > 400, "only {} texts", all.len());
    all
}

/// The words of a text, without what marks comments.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let marks = ['/', '*', '!', '#', '>'];
    text.split_whitespace().filter(move |word| !word.trim_matches(marks).is_empty())
}

/// In the text as it reads, however its lines are broken.
#[test]
fn what_a_person_reads_is_in_plain_words() {
    let mut found = Vec::new();
    for path in texts() {
        let text = fs::read_to_string(&path).unwrap().to_lowercase();
        let text = words_of(&text).collect::<Vec<_>>().join(" ");
        for (word, instead) in WORDS.iter().filter(|(word, _)| text.contains(word)) {
            let path = path.strip_prefix(root()).unwrap().display();
            found.push(format!("{path}: \"{word}\"; better: {instead}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The first words of a sentence that begins with "Who" and asks nothing.
fn told_of_who(text: &str) -> Option<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    let words: Vec<_> = words_of(&lines).collect();
    let starts = words.iter().enumerate().filter(|(_, word)| **word == "Who");
    starts.map(|(at, _)| &words[at..]).find_map(|rest| {
        let end = rest.iter().find(|word| word.ends_with(['.', ':', ';', '?']));
        let asks = end.is_some_and(|word| word.ends_with('?'));
        (!asks).then(|| rest[..rest.len().min(5)].join(" "))
    })
}

/// A thread is no person: "Whoever", or "a thread that". A heading may say what it answers.
#[test]
fn who_begins_a_question_alone() {
    let mut found = Vec::new();
    for path in texts() {
        if let Some(words) = told_of_who(&fs::read_to_string(&path).unwrap()) {
            found.push(format!("{}: \"{words}\"", path.strip_prefix(root()).unwrap().display()));
        }
    }
    assert!(found.is_empty(), "better: Whoever, or a thread that:\n{}", found.join("\n"));
    assert_eq!(told_of_who("/// It is so. Who\n/// waits is told.").unwrap(), "Who waits is told.");
    assert_eq!(told_of_who("## Who does it\n\nA thread. Who else? Whoever asks."), None);
}

/// Types that are named alike because they are alike: what is behind the lock of something, the guard of such a lock, and
/// where something lies, in an executor's queue and in the wheel.
const ALIKE: &[&str] = &["Guard", "Inner", "Place"];

/// The name that a line at the margin gives to a type or to a static. (What is declared further in has its name for a
/// function, a module of tests or a macro's block alone.)
fn named(line: &str) -> Option<&str> {
    if line.starts_with(' ') {
        return None;
    }
    let line = line.strip_prefix("pub").unwrap_or(line);
    let line =
        if line.starts_with('(') { line.split_once(')')?.1 } else { line }.trim_start_matches(' ');
    let line = line.strip_prefix("unsafe ").unwrap_or(line);
    let kinds = ["struct ", "enum ", "union ", "trait ", "type ", "static "];
    let name = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    let name = name.strip_prefix("mut ").unwrap_or(name);
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next()
}

/// What stands for each system, or for a model, stands in `src/sys/` and `src/sync/`.
#[test]
fn no_two_types_or_statics_have_the_same_name() {
    let mut found: Vec<(String, String)> = Vec::new();
    for path in files_of(&root().join("src"), &["rs"]) {
        let file = path.strip_prefix(root().join("src")).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        for name in text.lines().filter_map(named).filter(|name| !ALIKE.contains(name)) {
            let other = |(other, there): &&(String, String)| {
                other == name
                    && !["sys/", "sync"]
                        .iter()
                        .any(|of| file.starts_with(of) && there.starts_with(of))
            };
            if let Some((_, there)) = found.iter().find(other) {
                panic!("{name} has one meaning in {there} and another in {file}");
            }
            found.push((name.to_owned(), file.clone()));
        }
    }
    assert!(found.len() > 150, "only {} types", found.len());
    let statics = found.iter().filter(|(name, _)| *name == name.to_uppercase()).count();
    assert!(statics > 30, "only {statics} statics");
}

#[test]
fn a_type_or_static_is_seen_however_it_is_written() {
    for line in [
        "struct A;",
        "pub(crate) enum A {",
        "pub unsafe trait A {}",
        "pub(in super::super) type A = u8;",
        "union A {",
        "static A: u8 = 0;",
        "pub(super) static mut A: u8 = 0;",
    ] {
        assert_eq!(named(line), Some("A"), "{line}");
    }
    for line in
        ["    type A = u8;", "structure", "pub fn a() {}", "/// struct A", "    static A: u8 = 0;"]
    {
        assert_eq!(named(line), None, "{line}");
    }
}
