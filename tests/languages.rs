//! The table of docs/languages.md and the programs in tests/hosts that show what it says: none without the other.

mod common;

use std::collections::BTreeSet;

use common::root;
use common::samples::read;

/// What programs share, and what runs them.
const SHARED: &[&str] = &["Makefile", "given", "run"];

/// What every program is asked.
const QUESTIONS: &[&str] =
    &["version", "forever", "max", "blocking", "interrupt", "callback", "exit", "caught"];

/// The words of a list in the makefile.
fn listed(name: &str) -> BTreeSet<String> {
    let text = read(&root().join("tests/hosts/Makefile")).replace("\\\n", " ");
    let lists = text.lines().filter_map(|line| line.split_once(":="));
    let lists = lists.filter(|(list, _)| list.trim() == name);
    lists.flat_map(|(_, words)| words.split_whitespace()).map(str::to_owned).collect()
}

fn hosts() -> BTreeSet<String> {
    &listed("HOSTS") | &listed("OTHER_HOSTS")
}

/// The rows, each as its cells.
fn rows() -> Vec<Vec<String>> {
    let page = read(&root().join("docs/languages.md"));
    let lines = page.lines().filter(|line| line.starts_with("| ") && line.contains("| `lang-"));
    lines
        .map(|line| line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect())
        .collect()
}

fn name_of(row: &[String]) -> String {
    row[1].trim_matches('`').strip_prefix("lang-").unwrap().to_owned()
}

#[test]
fn each_row_has_its_program_and_each_program_its_row() {
    let in_table: BTreeSet<_> = rows().iter().map(|row| name_of(row)).collect();
    assert_eq!(in_table.len(), rows().len(), "a host has two rows");
    assert!(in_table.len() >= 25, "only {in_table:?}");
    assert_eq!(in_table, hosts(), "the table, and what the makefile runs");

    let entries = std::fs::read_dir(root().join("tests/hosts")).expect("the hosts are there");
    let paths = entries.map(|entry| entry.unwrap().path());
    let stems: BTreeSet<_> =
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let shared = SHARED.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(stems, &hosts() | &shared, "the programs, and what the makefile runs");
}

#[test]
fn each_program_is_asked_all() {
    for host in hosts() {
        let entries = std::fs::read_dir(root().join("tests/hosts")).expect("the hosts are there");
        let paths = entries.map(|entry| entry.unwrap().path());
        let sources = paths.filter(|path| path.file_stem().unwrap() == host.as_str());
        let text: String = sources.map(|path| read(&path)).collect();
        let missing: Vec<_> = QUESTIONS.iter().filter(|q| !text.contains(**q)).collect();
        assert!(missing.is_empty(), "{host} does not answer {missing:?}");
    }
}

#[test]
fn each_row_says_all_that_the_columns_ask() {
    let known: &[(usize, &[&str])] = &[
        (5, &["the thread", "all"]),
        (6, &["at once", "after the wait", "no"]),
        (7, &["works", "later", "never"]),
        (8, &["ends", "hangs", "no threads"]),
        (9, &["success", "failure", "ends the program", "never", "no exceptions"]),
    ];
    for row in rows() {
        assert_eq!(row.len(), 13, "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        for &(column, words) in known {
            let word = row[column].split([':', ';', ',']).next().unwrap();
            assert!(words.contains(&word), "{}: {word:?} is none of {words:?}", row[0]);
        }
        let version = row[12].chars().any(|c| c.is_ascii_digit());
        assert!(version, "{}: no version", row[0]);
        let numbered = row[10] == "no pool" || row[10].starts_with(|c: char| c.is_ascii_digit());
        assert!(numbered, "{}: how many at once?", row[0]);
    }
}
