//! Why what is unsafe is sound is said where it stands, by invariants that the state word's file defines.

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{files_of, root};

/// Words in capitals that are no invariants.
const OTHERS: [&str; 2] = ["NULL", "NUL"];

/// The invariants: each begins an item of the list in the head of the file, `- **NAME**: …`.
fn defined() -> BTreeSet<String> {
    let file = root().join("src/one/state.rs");
    let text = fs::read_to_string(file).unwrap();
    let items = text.lines().filter_map(|line| line.strip_prefix("//! - **"));
    items.filter_map(|item| Some(item.split_once("**: ")?.0.to_owned())).collect()
}

/// The words in capitals, but for what is quoted as code.
fn cited(line: &str) -> impl Iterator<Item = &str> {
    let prose = line.split('`').step_by(2);
    let words = prose.flat_map(|prose| prose.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// The lines of a file that say why something is sound, or what a caller has to promise, with their numbers and
/// whether a comment begins there.
fn reasons(text: &str) -> Vec<(usize, bool, &str)> {
    let (mut reasons, mut before) = (Vec::new(), "");
    for (number, line) in (1..).zip(text.lines().map(str::trim_start)) {
        let marks = if line.starts_with("///") { "///" } else { "//" };
        let Some(said) = line.strip_prefix(marks).map(str::trim) else {
            before = "";
            continue;
        };
        if let Some(reason) = said.strip_prefix("SAFETY:") {
            before = marks;
            reasons.push((number, true, reason.trim_start()));
        } else if said == "# Safety" {
            before = marks;
        } else if said.starts_with("ORDERING:") || said.starts_with('#') {
            before = "";
        } else if before == marks {
            reasons.push((number, false, said));
        }
    }
    reasons
}

/// Whether it sends the reader away, to a place that it does not name.
fn points_elsewhere(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    ["as above", "the same."].iter().any(|words| reason.starts_with(words))
}

/// Whether it says so little that it could stand anywhere: a word or two, which cite nothing and name nothing.
fn says_nothing(reason: &str) -> bool {
    reason.split_whitespace().count() < 3 && reason.ends_with('.') && cited(reason).count() == 0
}

/// What is wrong in the text of a file.
fn faults(text: &str, defined: &BTreeSet<String>) -> Vec<(usize, String)> {
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let reason = line.trim_start().strip_prefix("// ORDERING:").map(str::trim);
        if reason.is_some_and(points_elsewhere) {
            faults.push((number, "says of an ordering what another says".to_owned()));
        }
    }
    for (number, begins, reason) in reasons(text) {
        if begins && points_elsewhere(reason) {
            faults.push((number, "says \"as above\"".to_owned()));
        } else if begins && says_nothing(reason) {
            faults.push((number, format!("says nothing: {reason}")));
        }
        let unknown =
            cited(reason).filter(|word| !defined.contains(*word) && !OTHERS.contains(word));
        faults.extend(unknown.map(|word| (number, format!("cites {word}, which is not defined"))));
    }
    faults
}

#[test]
fn every_reason_stands_alone_says_something_and_cites_invariants_that_are_defined() {
    let (defined, mut wrong) = (defined(), Vec::new());
    let mut uncited = defined.clone();
    let all = files_of(&root().join("src"), &["rs"]);
    assert!(all.len() > 40, "only {} sources", all.len());
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display();
        for (number, fault) in faults(&text, &defined) {
            wrong.push(format!("{name}:{number} {fault}"));
        }
        for (_, _, reason) in reasons(&text) {
            for word in cited(reason) {
                uncited.remove(word);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(uncited.is_empty(), "src/one/state.rs: nothing cites {uncited:?}");
}

#[test]
fn every_fault_is_seen() {
    let defined = BTreeSet::from(["LOCKED".to_owned()]);
    let found = |text| faults(text, &defined).into_iter().map(|(number, _)| number).collect();
    let at = |text| -> Vec<usize> { found(text) };
    assert_eq!(at("x\n    // SAFETY: as above.\n"), [2]);
    assert_eq!(at("// SAFETY: As above, and more.\n"), [1]);
    assert_eq!(at("// SAFETY: fine so far,\n// and CLAIMED.\nunsafe {}\n// A WORD\n"), [2]);
    assert_eq!(at("/// A WORD.\n///\n/// # Safety\n/// It is\n/// OWNED.\nfn f() {}\n"), [5]);
    assert_eq!(at("// SAFETY: LOCKED: not NULL, nor `OTHER`, as the caller promises.\n"), []);
    assert_eq!(at("// SAFETY: fine so far.\n// ORDERING: a WORD.\n"), []);
    assert_eq!(at("// ORDERING: as above.\nx\n    // ORDERING: the same.\n"), [1, 3]);
    assert_eq!(at("// SAFETY: new.\nx\n// SAFETY: read once.\n"), [1, 3]);
    assert_eq!(at("// SAFETY: LOCKED.\n// ORDERING: as in `lock`.\n"), []);
}
