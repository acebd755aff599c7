//! The examples are programs that a reader can build and that check themselves: each compiles
//! without a warning as C99, C11 and C17, or as C++11 and C++20, links with the shared and with the
//! static library, and says by its exit status that all is well. A plug-in is for the shared one alone,
//! which it has in common with the program that loads it.

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
        .flat_map(|example| {
            standards(example).iter().map(|standard| (example.as_path(), *standard))
        })
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

fn standards(example: &Path) -> &'static [&'static str] {
    if is_cpp(example) {
        let coroutines = example.file_stem().is_some_and(|name| name == "cpp_coroutine");
        if coroutines { &["c++20"] } else { &["c++11", "c++20"] }
    } else {
        &C_STANDARDS
    }
}

fn is_cpp(example: &Path) -> bool {
    example.extension().is_some_and(|extension| extension == "cpp")
}

fn is_plug_in(source: &Path) -> bool {
    source.to_string_lossy().ends_with("_plugin.c")
}

/// Those that are programs.
fn examples() -> Vec<PathBuf> {
    let dir = root().join("examples-c");
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut examples: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    examples.retain(|path| {
        let is_source =
            path.extension().is_some_and(|extension| extension == "c" || extension == "cpp");
        is_source && !is_plug_in(path)
    });
    examples.sort();
    for name in ["cksum.c", "cpp_coroutine.cpp", "plugin.c"] {
        let found = examples.iter().any(|path| path.ends_with(name));
        assert!(found, "where is {name}? {examples:?}");
    }
    examples
}

/// Compiles once, links and runs with each form of the library that it is for; what went wrong, in words.
fn build_and_run(example: &Path, standard: &str) -> Vec<String> {
    let file = example.file_name().unwrap().to_str().unwrap();
    let name = example.file_stem().unwrap().to_str().unwrap();
    let base = common::out_dir().join(format!("{name}-{standard}"));
    let object = base.with_extension("o");
    if let Err(e) = compiler::object(example, standard, &[], &object) {
        return vec![format!("{file} as {standard}: {e}")];
    }
    let plug_in = base.with_extension("so");
    let forms: &[Form] = if name == "plugin" {
        let source = root().join("examples-c/collatz_plugin.c");
        if let Err(e) = compiler::module(&source, standard, &plug_in) {
            return vec![format!("the plug-in as {standard}: {e}")];
        }
        &[Form::Shared]
    } else {
        &Form::BOTH
    };
    let link_and_run = |form: Form| {
        let program = base.with_extension(form.name());
        compiler::link(&[&object], is_cpp(example), form, &program)?;
        let mut command = compiler::run_command(&program, form);
        if name == "cksum" {
            command.args(["Cargo.toml", "include/asynchron.h", "examples-c/cksum.c"]);
        }
        if name == "plugin" {
            command.arg(&plug_in);
        }
        run::succeed(command, LIMIT)
    };
    let outcomes = forms.iter().map(|form| (*form, link_and_run(*form)));
    let failed = |(form, outcome): (Form, Result<_, String>)| {
        Some(format!("{file} as {standard}, {form:?}: {}", outcome.err()?))
    };
    outcomes.filter_map(failed).collect()
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
