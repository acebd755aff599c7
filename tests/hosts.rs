//! The table of hosts in docs/guide/event-loops.md and the programs that show what it says: none without the other.

mod common;

use std::collections::BTreeSet;

use common::root;

/// What programs share, and what runs them.
const SHARED: &[&str] = &["hosts", "python_report", "run", "taken"];

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The words of the variables of a makefile that have one of these names.
fn listed(makefile: &str, names: &[&str]) -> BTreeSet<String> {
    let text = text(makefile).replace("\\\n", " ");
    let lists = text.lines().filter_map(|line| line.split_once(":="));
    let lists = lists.filter(|(name, _)| names.contains(&name.trim()));
    let words = lists.flat_map(|(_, words)| words.split([' ', ',', ')', '\t']));
    words.filter(|word| !word.is_empty() && !word.contains('$')).map(str::to_owned).collect()
}

fn loops() -> BTreeSet<String> {
    listed("adapters/Makefile", &["LOOPS"])
}

fn others() -> BTreeSet<String> {
    let variables = ["HOSTS", "OTHER_HOSTS", "NODE_HOSTS"];
    let words = listed("adapters/hosts/hosts.mk", &variables);
    words.into_iter().filter(|word| !word.contains('/')).collect()
}

/// The rows, each as its cells.
fn rows() -> Vec<Vec<String>> {
    let page = text("docs/guide/event-loops.md");
    let lines = page.lines().filter(|line| line.starts_with("| ") && line.contains("| `host-"));
    lines
        .map(|line| line.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect())
        .collect()
}

#[test]
fn each_row_has_its_program_and_each_program_its_row() {
    let rows = rows();
    let named =
        |row: &Vec<String>| row[1].trim_matches('`').strip_prefix("host-").unwrap().to_owned();
    let in_table: BTreeSet<_> = rows.iter().map(named).collect();
    assert_eq!(in_table.len(), rows.len(), "a host has two rows");
    assert!(others().len() >= 13 && loops().len() >= 7, "{:?} {:?}", others(), loops());
    assert_eq!(in_table, &loops() | &others(), "the table, and what the makefiles run");

    let entries = std::fs::read_dir(root().join("adapters/hosts")).expect("the hosts are there");
    let paths = entries.map(|entry| entry.unwrap().path());
    let stems: BTreeSet<_> =
        paths.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let shared = SHARED.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(stems, &others() | &shared, "the programs, and what the makefile runs");
}

#[test]
fn each_row_says_all_that_the_columns_ask() {
    for row in rows() {
        assert_eq!(row.len(), 7, "{row:?}");
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let version = row[6].chars().any(|c| c.is_ascii_digit());
        assert!(version, "{}: no version", row[0]);
        let what = row[4].split([':', ';']).next().unwrap();
        assert!(["nothing", "spins", "held", "not watched"].contains(&what), "{row:?}");
    }
}

/// What is fetched for them is of one version each, which its row has.
#[test]
fn what_is_fetched_is_pinned_to_the_version_of_its_row() {
    let packages = listed("adapters/hosts/hosts.mk", &["NPM_PACKAGES", "PIP_PACKAGES"]);
    assert!(packages.len() >= 7, "{packages:?}");
    let tried: Vec<_> = rows().into_iter().map(|row| row[6].clone()).collect();
    for package in packages {
        let version = package.rsplit(['@', '=']).next().unwrap();
        let short = version.rsplit_once('.').unwrap().0;
        let found = tried.iter().any(|tried| tried.contains(version) || tried == short);
        assert!(found && version != package, "{package}: no row was tried with it");
    }
}
