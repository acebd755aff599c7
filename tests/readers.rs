//! What reads C headers reads ours: foreign function interfaces the one that is made for them, and programs
//! that make bindings the one for compilers, of which they keep all the constants, or the data.
//!
//! A reader that is not installed is skipped, and that is said on standard error. `ASYNCHRON_READERS`
//! lists those, separated by spaces, for which that is a failure.

#![cfg(unix)]

mod common;

use std::io::Write;
use std::path::Path;
use std::process::Command;

use common::library::Form;
use common::{LIMIT, compiler, header, made, ok, out_dir, root, run};

#[test]
fn cffi_reads_the_header_and_uses_it() {
    use_it("cffi", "python3", &["-B", "-c", "import cffi"], "read.py", &header::ffi_path());
}

#[test]
fn luajit_reads_the_header_and_uses_it() {
    use_it("luajit", "luajit", &["-v"], "read.lua", &header::ffi_path());
}

#[test]
fn php_reads_the_header_and_uses_it() {
    use_it("php", "php", &["-r", "new ReflectionClass('FFI');"], "read.php", &header::ffi_path());
}

#[test]
fn bindings_are_made_of_the_data_alone() {
    let probe = ["-B", "-c", "import ctypes"];
    use_it("ctypes", "python3", &probe, "read_json.py", &header::data_path());
}

#[test]
fn null_is_refused_exactly_where_the_data_does_not_allow_it() {
    let probe = ["-B", "-c", "import ctypes"];
    use_it("ctypes", "python3", &probe, "nulls.py", &header::data_path());
}

#[test]
fn gcc_keeps_all_constants_in_an_ada_specification() {
    if !works(command("gcc", &["--version"])) {
        return skip("ada", "there is no gcc");
    }
    let dir = made(out_dir().join("ada"));
    let at = |name: &str| dir.join(name);
    // It speaks of a header that is named, not of what that includes.
    let copy = std::fs::copy(header::path(), at("asynchron.h"));
    copy.unwrap_or_else(|e| panic!("cannot copy the header: {e}"));
    let mut gcc = command("gcc", &["-std=c99", "-fsyntax-only", "-fdump-ada-spec", "asynchron.h"]);
    gcc.current_dir(&dir);
    ok(run::succeed(gcc, LIMIT));
    let text = read(&at("asynchron_h.ads"));
    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    // It puts the enum's tag in front.
    let has = |name: &str| words.iter().any(|word| word.ends_with(name));
    holds_all(has, &text);
}

#[test]
fn h2pas_keeps_all_constants_of_both_headers() {
    // Without arguments it would read what is typed.
    if !works(command("sh", &["-c", "command -v h2pas"])) {
        return skip("h2pas", "it is not installed");
    }
    // It has no preprocessor, and knows no attributes.
    let unit = header::snippet("pascal.c", "#include <asynchron.h>\n");
    let mut preprocess = compiler::command("c99");
    preprocess.args(["-E", "-P", "-DASYNCHRON_MUST_USE="]).arg(unit);
    let preprocessed = ok(run::succeed(preprocess, LIMIT)).stdout;
    for (name, text) in [("whole", preprocessed), ("ffi", read(&header::ffi_path()))] {
        let unit = out_dir().join(format!("{name}.pas"));
        let mut h2pas = command("h2pas", &[]);
        h2pas.arg(header::snippet(&format!("{name}.h"), &text)).arg("-o").arg(&unit);
        ok(run::succeed(h2pas, LIMIT));
        let text = read(&unit);
        holds_all(|name| text.contains(&format!("{name} := ")), &text);
    }
}

/// Runs a program that reads the header, or the data, and calls the library.
fn use_it(reader: &str, program: &str, probe: &[&str], script: &str, what: &Path) {
    if !works(command(program, probe)) {
        return skip(reader, "it is not installed");
    }
    let mut command = command(program, &[]);
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(root().join("tests/readers").join(script));
    command.arg(what).arg(Form::Shared.file());
    let ran = ok(run::succeed(command, LIMIT));
    assert!(ran.stdout.starts_with("read by ") && ran.stderr.is_empty(), "{}", ran.describe());
}

fn holds_all(has: impl Fn(&str) -> bool, text: &str) {
    let constants = header::declared().enumerators;
    assert_eq!(constants.len(), 19);
    let lost: Vec<_> = constants.iter().filter(|name| !has(name)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}\n{text}");
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn works(command: Command) -> bool {
    run::succeed(command, LIMIT).is_ok()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}

/// Says past the test's capture that this one was not run.
fn skip(reader: &str, why: &str) {
    let message = format!("skipped: {reader}: {why}");
    let must = std::env::var("ASYNCHRON_READERS").unwrap_or_default();
    assert!(!must.split_whitespace().any(|name| name == reader), "{message}");
    let _ = writeln!(std::io::stderr(), "{message}");
}
