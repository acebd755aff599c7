//! The examples are programs that a reader can build and that check themselves: each compiles
//! without a warning as C99, C11 and C17, links with the shared and with the static library, and
//! says by its exit status that all is well.

#![cfg(unix)]

mod common;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use common::compiler::{self, C_STANDARDS};
use common::library::Form;
use common::{LIMIT, ok, root, run};

#[test]
fn every_example_compiles_without_a_warning_and_passes_its_own_check() {
    let examples = examples();
    let jobs: Vec<(&Path, &str)> = examples
        .iter()
        .flat_map(|example| C_STANDARDS.map(|standard| (example.as_path(), standard)))
        .collect();
    for form in Form::BOTH {
        form.link_args(); // once, before the threads ask for it
    }
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let take = || jobs.get(next.fetch_add(1, Ordering::Relaxed));
                while let Some((example, standard)) = take() {
                    let failed = build_and_run(example, standard);
                    failures.lock().unwrap().extend(failed);
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let (count, all) = (failures.len(), failures.join("\n\n"));
    assert!(failures.is_empty(), "{count} failed\n\n{all}");
}

fn examples() -> Vec<PathBuf> {
    let dir = root().join("examples-c");
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut examples: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    examples.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    examples.sort();
    assert!(
        examples.iter().any(|path| path.ends_with("cksum.c")),
        "where are the examples? {examples:?}"
    );
    examples
}

/// Compiles once, links and runs with each form of the library; what went wrong, in words.
fn build_and_run(example: &Path, standard: &str) -> Vec<String> {
    let name = example.file_stem().unwrap().to_str().unwrap();
    let base = common::out_dir().join(format!("{name}-{standard}"));
    let object = base.with_extension("o");
    if let Err(e) = compiler::object(example, standard, &[], &object) {
        return vec![format!("{name}.c as {standard}: {e}")];
    }
    let link_and_run = |form: Form| {
        let program = base.with_extension(form.name());
        compiler::link(&[&object], false, form, &program)?;
        let mut command = compiler::run_command(&program, form);
        if name == "cksum" {
            command.args(["Cargo.toml", "include/asynchron.h", "examples-c/cksum.c"]);
        }
        run::succeed(command, LIMIT)
    };
    let outcomes = Form::BOTH.map(|form| (form, link_and_run(form)));
    let failed = |(form, outcome): (Form, Result<_, String>)| {
        Some(format!("{name}.c as {standard}, {form:?}: {}", outcome.err()?))
    };
    outcomes.into_iter().filter_map(failed).collect()
}

#[test]
fn the_two_forms_are_what_their_names_say() {
    let source = root().join("examples-c/cksum.c");
    for form in Form::BOTH {
        let program = ok(compiler::program(&source, "c99", form));
        // The names of the shared libraries that a program needs are plain text in it.
        let bytes = std::fs::read(&program).unwrap();
        let name = format!("libasynchron{}", std::env::consts::DLL_SUFFIX);
        let needs_it = bytes.windows(name.len()).any(|window| window == name.as_bytes());
        assert_eq!(needs_it, form == Form::Shared, "{form:?}");
    }
}
