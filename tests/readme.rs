//! What the README shows works: its programs compile and run, its commands and the functions it
//! names exist.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;

use common::compiler;
use common::header;
use common::library::Form;
use common::{LIMIT, ok, root, run};

fn readme() -> String {
    let path = root().join("README.md");
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}

/// The fenced blocks of this language, each with the line on which it begins.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut inside, mut wanted) = (false, false);
    for (number, line) in text.lines().enumerate() {
        if let Some(info) = line.trim_start().strip_prefix("```") {
            inside = !inside;
            wanted = inside && info.trim() == language;
            if wanted {
                found.push((number + 2, String::new()));
            }
        } else if let (true, Some((_, block))) = (wanted, found.last_mut()) {
            block.push_str(line);
            block.push('\n');
        }
    }
    assert!(!inside, "README.md has a ``` without its end");
    found
}

#[test]
fn the_tour_compiles_and_runs() {
    let programs: Vec<_> =
        blocks(&readme(), "c").into_iter().filter(|(_, b)| b.contains("int main")).collect();
    assert!(!programs.is_empty(), "README.md has no ```c block with a main");
    for (number, text) in programs {
        // The compiler then speaks of the README's own lines.
        let source = header::snippet(
            &format!("tour-{number}.c"),
            &format!("#line {number} \"README.md\"\n{text}"),
        );
        for form in Form::BOTH {
            let program = ok(compiler::program(&source, "c99", form));
            ok(run::succeed(compiler::run_command(&program, form), LIMIT));
        }
    }
}

#[test]
fn the_two_commands_are_shown() {
    let shell: String = blocks(&readme(), "sh").into_iter().map(|(_, block)| block).collect();
    for command in ["make -C examples-c run", "cargo test"] {
        let shown =
            shell.lines().any(|line| line.split('#').next().unwrap_or_default().trim() == command);
        assert!(shown, "no ```sh block of README.md has the line `{command}`");
    }
}

#[test]
fn every_name_it_mentions_is_in_the_header() {
    let declared = header::declared();
    let macros = header::macros("c99", "#include <asynchron.h>\n");
    let known: BTreeSet<_> =
        [declared.functions, declared.types, declared.tags, declared.enumerators, macros]
            .into_iter()
            .flatten()
            .collect();
    let text = readme();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    // A name that ends with an underscore stands for a family: asynchron_report_*.
    let names = words
        .filter(|word| word.to_ascii_lowercase().starts_with("asynchron_") && !word.ends_with('_'));
    let unknown: BTreeSet<_> = names.filter(|name| !known.contains(*name)).collect();
    // What a program or a build may set is known to the header or the build by its use only.
    let settings = ["ASYNCHRON_SHARED", "ASYNCHRON_UPDATE_HEADER", "asynchron_portable"];
    let unknown: Vec<_> = unknown.into_iter().filter(|name| !settings.contains(name)).collect();
    assert!(unknown.is_empty(), "README.md names what the header has not: {unknown:?}");
}
